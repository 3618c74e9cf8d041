/* hamlet: the program. Finds the command, runs it, says what went wrong, and turns the status into an exit code. */
#include "scheduler/cli/command.h"
#include "scheduler/cli/launch.h"
#include "scheduler/cli/manual.h"

#include "hamlet_build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name, *usage, *summary;
    enum hm_status (*run)(int argc, char **argv);
} commands[] = {
    {"run", "FILE [-n N] [--set K=V]... [--baseline B]", "run what a configuration describes, or a baseline of it",
     hm_command_run},
    {"resume", "RUN.chk [-n N]", "go on with a run from its checkpoint", hm_command_resume},
    {"sweep", "FILE [-n N]", "run what a base configuration and some axes make, into one table", hm_command_sweep},
    {"train", "FILE --from TRAJECTORY -o W.h5", "train its predictor on a recorded trajectory", hm_command_train},
    {"analyze", "RUN.h5 [--json] [--reference OTHER.h5]", "what a run says about itself", hm_command_analyze},
    {"report", "RUN.h5|SWEEP [-o F.html] [--reference O.h5]", "the same and more as one page with plots",
     hm_command_report},
    {"watch", "RUN.h5", "watch a run that is under way", hm_command_watch},
    {"validate", "FILE", "check a configuration and the files it names", hm_command_validate},
    {"explain", "[KEY]", "explain the keys of a configuration", hm_command_explain},
    {"energy", "GEOMETRY --hamiltonian '{type: ...}'", "energy and forces of one geometry", hm_command_energy},
    {"bench", "NAME [--json]", "measure this machine", hm_command_bench},
};

static void print_usage(FILE *out)
{
    fprintf(out, "Hamlet " HM_VERSION ": molecular dynamics that asks at every step, to predict or to inject?\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  hamlet %-8s %-41s %s\n", commands[i].name, commands[i].usage, commands[i].summary);
    fprintf(out, "\nhamlet COMMAND --help tells more about one.\n");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

/* Not listed: it is for the build. */
static enum hm_status write_manual(int argc, char **argv)
{
    struct hm_manual_command described[sizeof commands / sizeof *commands];
    const size_t count = sizeof commands / sizeof *commands;
    if (argc != 2) return hm_fail(HM_BAD_USAGE, "hamlet manual FOLDER");
    for (size_t i = 0; i < count; i++)
        described[i] = (struct hm_manual_command){commands[i].name, commands[i].summary, commands[i].run};
    return hm_manual_write(argv[1], HM_VERSION, described, count);
}

/* Only one rank speaks. */
static void print_failure(void)
{
    if (hm_launched_rank() > 0) return;
    const char *message = hm_status_message();
    fflush(stdout);
    if (*message) fprintf(stderr, "hamlet: %s\n", message); /* else argp, or the ranks, have said it */
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return hm_status_exit_code(HM_BAD_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("hamlet " HM_VERSION " (%s, %s, %s)\n", HM_BUILD_COMPILER, HM_BUILD_MPI, HM_BUILD_TYPE);
        return 0;
    }
    static const struct command manual = {"manual", "FOLDER", "", write_manual};
    const struct command *command = strcmp(argv[1], manual.name) == 0 ? &manual : find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "hamlet: there is no command '%s'; hamlet --help lists them\n", argv[1]);
        return hm_status_exit_code(HM_BAD_USAGE);
    }
    enum hm_status status = command->run(argc - 1, argv + 1);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == HM_OK)
        status = hm_fail(HM_IO_ERROR, "the output could not be written: %s", strerror(errno));
    if (status != HM_OK) print_failure();
    return hm_launch_report(hm_status_exit_code(status));
}
