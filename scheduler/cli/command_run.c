/* hamlet run FILE [-n N] [--set key=value]... [--dry-run] [--overwrite] [--quiet] */
#include "scheduler/cli/command.h"
#include "scheduler/cli/launch.h"
#include "scheduler/cli/start.h"

#include "io/units.h"

#include "hamlet_build.h"

#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *file;
    int ranks; // -n; 0 = not given
    struct hm_words settings;
    bool dry_run, overwrite, quiet;
    char *const *all; // the command's own argument vector
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'n':
        return hm_command_fault(hm_start_read_ranks(argument, &a->ranks));
    case 's':
        return hm_command_fault(hm_words_add(&a->settings, argument));
    case 'd':
        a->dry_run = true;
        return 0;
    case 'o':
        a->overwrite = true;
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->file)
            return hm_command_fault(
                hm_fail(HM_BAD_USAGE, "one configuration file at a time: '%s' is one too many", argument));
        a->file = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return hm_command_fault(hm_fail(HM_BAD_USAGE, "run which configuration file? hamlet run FILE"));
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {
    {"ranks", 'n', "N", 0, "start under mpirun with N ranks", 0},
    {"set", 's', "KEY=VALUE", 0, "change one key of the configuration; may be repeated", 0},
    {"dry-run", 'd', NULL, 0, "check everything and say what would be done; write nothing", 0},
    {"overwrite", 'o', NULL, 0, "replace an existing trajectory", 0},
    {"quiet", 'q', NULL, 0, "no log, only errors", 0},
    {0},
};

static const struct argp parser = {
    options, parse_option, "FILE", "Run the molecular dynamics that FILE (YAML) describes.", NULL, NULL, NULL};

/* Everything that can be known to be wrong before the first step. */
static enum hm_status prepare(void *self, struct hm_job *job)
{
    const struct arguments *a = self;
    HM_TRY(hm_job_prepare(a->file, a->settings.word, a->settings.count, job));
    HM_TRY(hm_job_check(job));
    const char *target = hm_config_path(job->config, "output.trajectory");
    if (job->replay.trajectory && hm_same_file(target, hm_config_path(job->config, "policy.log")))
        return hm_config_fault(job->config, "output.trajectory", "%s is the log to replay; name another output",
                               target);
    return hm_trajectory_check_target(target, a->overwrite);
}

static void describe(const struct hm_job *job, const struct hm_layout *layout)
{
    const struct hm_config *config = job->config;
    const double timestep = hm_config_real(config, "integrator.timestep");
    const long long steps = (long long)hm_config_integer(config, "integrator.steps");
    printf("system      %zu atoms\n", job->frame.natom);
    printf("run         %lld steps of %g fs (%g ps)\n", steps, timestep * HM_TIME_FS,
           (double)steps * timestep * HM_TIME_PS);
    printf("hamiltonian %s\n", hm_config_text(config, "hamiltonian.type"));
    printf("predictor   %s\n", hm_config_text(config, "predictor.type"));
    printf("policy      %s\n", hm_config_text(config, "policy.type"));
    printf("ranks       1 driver, %d predictor, %d oracle groups of %d\n", layout->npredictor, layout->ngroup,
           layout->group_size);
    printf("trajectory  %s, a frame every %lld steps\n", hm_config_path(config, "output.trajectory"),
           (long long)hm_config_integer(config, "output.stride"));
    printf("Nothing was written.\n");
}

static enum hm_status dry_run(struct arguments *a)
{
    struct hm_job job;
    struct hm_layout layout;
    enum hm_status status = prepare(a, &job);
    const int there = hm_launched_size() > 0 ? hm_launched_size() : 1;
    if (status == HM_OK) status = hm_start_plan(&job, a->ranks > 0 ? a->ranks : there, &layout);
    if (status == HM_OK && hm_launched_rank() <= 0) describe(&job, &layout);
    hm_job_release(&job);
    return status;
}

enum hm_status hm_command_run(int argc, char **argv)
{
    struct arguments a = {.all = argv};
    bool finished;
    int code = 0;
    enum hm_status status = hm_command_parse(&parser, argc, argv, &a, &finished);
    if (status != HM_OK || finished) {
        hm_words_release(&a.settings);
        return status;
    }
    const struct hm_start start = {prepare, &a, argv, a.overwrite, a.quiet};
    if (hm_launch_expected_ranks() > 0) a.ranks = 0; /* they are there */
    if (a.dry_run)
        status = dry_run(&a);
    else if (a.ranks > 1 && hm_launched_rank() >= 0)
        status = hm_fail(HM_BAD_USAGE, "under mpirun the ranks are there already: leave out -n %d", a.ranks);
    else if (a.ranks > 1)
        status = hm_start_launch(&start, a.ranks, &code);
    else
        status = hm_start_here(&start);
    hm_words_release(&a.settings);
    if (status != HM_OK || code == 0) return status;
    hm_status_clear(); /* the ranks have said what there is to say */
    return hm_status_from_exit_code(code);
}
