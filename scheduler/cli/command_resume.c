/* hamlet resume CHECKPOINT [-n N] [--quiet] */
#include "scheduler/cli/command.h"
#include "scheduler/cli/launch.h"
#include "scheduler/cli/start.h"
#include "scheduler/snapshot.h"

#include <stdio.h>

struct arguments {
    const char *checkpoint;
    int ranks; // -n; 0 = as before
    bool quiet;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'n':
        return hm_command_fault(hm_start_read_ranks(argument, &a->ranks));
    case 'q':
        a->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->checkpoint)
            return hm_command_fault(hm_fail(HM_BAD_USAGE, "one checkpoint at a time: '%s' is one too many", argument));
        a->checkpoint = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return hm_command_fault(hm_fail(HM_BAD_USAGE, "resume from which checkpoint? hamlet resume RUN.chk"));
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {
    {"ranks", 'n', "N", 0, "go on with N ranks under mpirun; otherwise with as many as before", 0},
    {"quiet", 'q', NULL, 0, "no log, only errors", 0},
    {0},
};

static const struct argp parser = {
    options, parse_option, "CHECKPOINT", "Go on with a run that was stopped or killed, from its checkpoint.",
    NULL,    NULL,         NULL};

/* What was said by whoever looked first is not said again by the ranks it starts. */
static enum hm_status open_checkpoint(const struct arguments *a, bool speak, struct hm_job *job, int *ranks)
{
    char word[1024];
    HM_TRY(hm_snapshot_open(a->checkpoint, job, ranks, sizeof word, word));
    if (speak && *word) fprintf(stderr, "hamlet: %s\n", word);
    const enum hm_status status = hm_job_check(job);
    if (status != HM_OK) hm_job_release(job);
    return status;
}

static enum hm_status prepare(void *self, struct hm_job *job)
{
    int ranks;
    return open_checkpoint(self, hm_launch_expected_ranks() == 0, job, &ranks);
}

/* Without -n, the ranks of before. */
static enum hm_status settle_ranks(struct arguments *a)
{
    struct hm_job job;
    if (a->ranks > 0) return HM_OK;
    HM_TRY(open_checkpoint(a, false, &job, &a->ranks));
    hm_job_release(&job);
    return HM_OK;
}

static enum hm_status check(void *self, int ranks)
{
    return hm_start_check_job(&(struct hm_start_job){prepare, self}, ranks);
}

static enum hm_status work(void *self, const struct hm_driver_options *driver)
{
    return hm_start_run_job(&(struct hm_start_job){prepare, self}, driver);
}

enum hm_status hm_command_resume(int argc, char **argv)
{
    struct arguments a = {0};
    bool finished;
    const enum hm_status parsed = hm_command_parse(&parser, argc, argv, &a, &finished);
    if (parsed != HM_OK || finished) return parsed;
    if (!hm_start_is_launched()) HM_TRY(settle_ranks(&a));
    const struct hm_start start = {
        .check = check, .work = work, .self = &a, .argv = argv, .ranks = a.ranks, .quiet = a.quiet};
    return hm_start_command(&start);
}
