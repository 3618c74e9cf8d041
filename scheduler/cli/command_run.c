/* hamlet run FILE [-n N] [--set key=value]... [--baseline KIND] [--dry-run] [--overwrite] [--quiet] */
#include "scheduler/cli/command.h"
#include "scheduler/cli/run_baseline.h"
#include "scheduler/cli/start.h"

#include "io/log.h"
#include "io/units.h"

#include <stdio.h>

struct arguments {
    const char *file;
    int ranks; // -n; 0 = not given
    struct hm_words settings;
    enum hm_sweep_kind kind; // HM_SWEEP_RUN, or the baseline of it to run
    char summary[192];       // of the baseline
    bool dry_run, overwrite, quiet;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'n':
        return hm_command_fault(hm_start_read_ranks(argument, &a->ranks));
    case 's':
        return hm_command_fault(hm_words_add(&a->settings, argument));
    case 'b':
        a->kind = hm_sweep_baseline_find(argument);
        if (a->kind != HM_SWEEP_KINDS) return 0;
        return hm_command_fault(
            hm_fail(HM_BAD_USAGE, "--baseline takes %s, not '%.60s'", hm_sweep_baselines, argument));
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
    {"baseline", 'b', "KIND", 0,
     "run one of its baselines instead: exact, stretched, longest_stable, linear or respa; into <trajectory>.KIND.h5",
     0},
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
    struct arguments *a = self;
    if (a->kind == HM_SWEEP_RUN)
        HM_TRY(hm_job_prepare(a->file, a->settings.word, a->settings.count, job));
    else
        HM_TRY(hm_run_baseline_prepare(a->file, &a->settings, a->kind, sizeof a->summary, a->summary, job));
    HM_TRY(hm_job_check(job));
    const char *target = hm_config_path(job->config, "output.trajectory");
    if (job->replay.trajectory && hm_same_file(target, hm_config_path(job->config, "policy.log")))
        return hm_config_fault(job->config, "output.trajectory", "%s is the log to replay; name another output",
                               target);
    return hm_trajectory_check_target(target, a->overwrite);
}

static void describe(const struct arguments *a, const struct hm_job *job, const struct hm_layout *layout)
{
    const struct hm_config *config = job->config;
    const double timestep = hm_config_real(config, "integrator.timestep");
    const long long steps = (long long)hm_config_integer(config, "integrator.steps");
    if (a->kind != HM_SWEEP_RUN)
        printf("baseline    %s of %s: %s\n", hm_sweep_kind_names[a->kind], a->file, a->summary);
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
    if (status == HM_OK) status = hm_start_plan(&job, hm_start_count(a->ranks), &layout);
    if (status == HM_OK && hm_launched_rank() <= 0) describe(a, &job, &layout);
    hm_job_release(&job);
    return status;
}

static enum hm_status check(void *self, int ranks)
{
    return hm_start_check_job(&(struct hm_start_job){prepare, self}, ranks);
}

/* On rank 0, with a word about what it is. */
static enum hm_status prepare_aloud(void *self, struct hm_job *job)
{
    const struct arguments *a = self;
    struct hm_log log;
    HM_TRY(prepare(self, job));
    hm_log_start(&log, stdout, a->quiet);
    if (a->kind != HM_SWEEP_RUN)
        hm_log_line(&log, "%s baseline of %s: %s", hm_sweep_kind_names[a->kind], a->file, a->summary);
    return HM_OK;
}

static enum hm_status work(void *self, const struct hm_driver_options *driver)
{
    const struct arguments *a = self;
    const struct hm_start_job start = {prepare_aloud, self};
    return a->kind == HM_SWEEP_LONGEST_STABLE ? hm_run_baseline_search(&start, driver)
                                              : hm_start_run_job(&start, driver);
}

enum hm_status hm_command_run(int argc, char **argv)
{
    struct arguments a = {0};
    bool finished;
    char origin[4096];
    enum hm_status status = hm_command_parse(&parser, argc, argv, &a, &finished);
    if (status == HM_OK && !finished) {
        const struct hm_start start = {
            .check = check,
            .work = work,
            .self = &a,
            .argv = argv,
            .ranks = a.ranks,
            .overwrite = a.overwrite,
            .quiet = a.quiet,
            .origin = {a.kind == HM_SWEEP_RUN ? NULL : "baseline", origin},
        };
        snprintf(origin, sizeof origin, "%s of %s", hm_sweep_kind_names[a.kind], a.file);
        status = a.dry_run ? dry_run(&a) : hm_start_command(&start);
    }
    hm_words_release(&a.settings);
    return status;
}
