/* hamlet sweep FILE [-n N] [--dry-run] [--quiet] */
#include "scheduler/cli/command.h"
#include "scheduler/cli/start.h"
#include "scheduler/sweep/farm.h"
#include "scheduler/sweep/folder.h"
#include "scheduler/sweep/report.h"

#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *file;
    int ranks; // -n; 0 = not given
    bool dry_run, quiet;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'n':
        return hm_command_fault(hm_start_read_ranks(argument, &a->ranks));
    case 'd':
        a->dry_run = true;
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->file)
            return hm_command_fault(hm_fail(HM_BAD_USAGE, "one sweep at a time: '%s' is one too many", argument));
        a->file = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return hm_command_fault(hm_fail(HM_BAD_USAGE, "which sweep? hamlet sweep FILE"));
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {
    {"ranks", 'n', "N", 0, "start under mpirun with N ranks", 0},
    {"dry-run", 'd', NULL, 0, "check everything and list the runs; write nothing", 0},
    {"quiet", 'q', NULL, 0, "no log, only errors", 0},
    {0},
};

static const struct argp parser = {
    options,
    parse_option,
    "FILE",
    "Run every configuration that FILE makes of a base configuration and some axes, and put what they come to into one "
    "table. The same command goes on with a sweep that was stopped or killed.",
    NULL,
    NULL,
    NULL};

struct sweep {
    struct hm_sweep_file file;
    struct hm_sweep_plan plan;
};

static void release(struct sweep *sweep)
{
    hm_sweep_plan_release(&sweep->plan);
    hm_sweep_file_release(&sweep->file);
}

/* Everything that can be known to be wrong before the first run. */
static enum hm_status prepare(const struct arguments *a, int ranks, struct sweep *sweep)
{
    *sweep = (struct sweep){0};
    HM_TRY(hm_sweep_file_load(a->file, &sweep->file));
    enum hm_status status = hm_sweep_plan_make(&sweep->file, ranks, &sweep->plan);
    if (status == HM_OK) status = hm_sweep_folder_check(&sweep->plan);
    if (status != HM_OK) release(sweep);
    return status;
}

static enum hm_status dry_run(const struct arguments *a)
{
    struct sweep sweep;
    struct hm_log log;
    const enum hm_status status = prepare(a, hm_start_count(a->ranks), &sweep);
    if (status == HM_OK && hm_launched_rank() <= 0) {
        hm_log_start(&log, stdout, false);
        hm_sweep_report_runs(&sweep.plan, stdout);
        hm_sweep_report_plan(&sweep.plan, &log);
        printf("Nothing was written.\n");
    }
    release(&sweep);
    return status;
}

static enum hm_status check(void *self, int ranks)
{
    struct sweep sweep;
    HM_TRY(prepare(self, ranks, &sweep));
    release(&sweep);
    return HM_OK;
}

/* ---- as a rank ---- */

static void summarize(const struct sweep *sweep, const struct hm_sweep_row *rows, struct hm_log *log)
{
    size_t done = 0, diverged = 0, failed = 0;
    for (size_t i = 0; i < sweep->plan.count; i++) {
        done += rows[i].run > 0;
        diverged += rows[i].run > 0 && strcmp(rows[i].status, "diverged") == 0;
        failed += rows[i].run > 0 && strcmp(rows[i].status, "failed") == 0;
    }
    if (log->quiet) return;
    fputc('\n', stdout);
    if (hm_sweep_report_table(&sweep->plan, rows, stdout) != HM_OK) hm_log_line(log, "%s", hm_status_message());
    hm_log_line(log, "\n%zu of %zu runs: %zu finished, %zu diverged, %zu failed", done, sweep->plan.count,
                done - diverged - failed, diverged, failed);
    hm_log_line(log, "written: %s/index.csv and index.h5, and a trajectory of each run", sweep->file.folder);
}

static enum hm_status lead(const struct hm_sweep_team *team, const struct sweep *sweep,
                           const struct hm_driver_options *driver, struct hm_log *log)
{
    struct hm_sweep_folder folder;
    struct hm_sweep_row *rows = calloc(sweep->plan.count + 1, sizeof *rows);
    if (!rows)
        return hm_sweep_farm_call_off(
            team, hm_fail(HM_OUT_OF_MEMORY, "no memory for the rows of %zu runs", sweep->plan.count));
    enum hm_status status = hm_sweep_folder_open(&sweep->plan, &folder);
    if (status == HM_OK) {
        hm_sweep_report_plan(&sweep->plan, log);
        if (team->size > 1)
            hm_log_line(log, "%d ranks: %d team%s of %d%s", team->size, team->teams, team->teams == 1 ? "" : "s",
                        team->ranks_per_team, team->size % team->ranks_per_team > 0 ? ", and some left over" : "");
        status = hm_sweep_farm_lead(team, &sweep->plan, driver, log, rows);
        hm_sweep_folder_close(&folder);
        if (status == HM_OK) summarize(sweep, rows, log);
    } else {
        hm_sweep_farm_call_off(team, status);
    }
    for (size_t i = 0; i < sweep->plan.count; i++) hm_sweep_row_release(&rows[i]);
    free(rows);
    return status;
}

/* Only rank 0 reads files; the others wait politely to hear how large the teams are, or why there are none. */
static enum hm_status share_team_size(enum hm_status prepared, int *ranks_per_run)
{
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int to = 1; rank == 0 && to < size; to++) {
        struct hm_outbox outbox = HM_OUTBOX_EMPTY;
        struct hm_archive *archive = hm_outbox_open(&outbox);
        hm_sweep_put_end(archive, prepared);
        hm_archive_put_int(archive, *ranks_per_run);
        const enum hm_status sent = hm_outbox_send(&outbox, MPI_COMM_WORLD, to, HM_MESSAGE_READY);
        hm_outbox_release(&outbox);
        HM_TRY(sent);
    }
    if (rank == 0) return prepared;
    struct hm_inbox inbox = {0};
    int64_t count = 1;
    enum hm_status status = hm_inbox_expect(&inbox, MPI_COMM_WORLD, 0, HM_MESSAGE_READY);
    if (status == HM_OK) status = hm_sweep_get_end(&inbox.archive);
    if (status == HM_OK) status = hm_archive_get_int(&inbox.archive, &count);
    *ranks_per_run = (int)count;
    hm_inbox_release(&inbox);
    return status;
}

static enum hm_status work(void *self, const struct hm_driver_options *driver)
{
    const struct arguments *a = self;
    int rank, size, ranks_per_run = 1;
    struct sweep sweep = {0};
    struct hm_sweep_team team;
    struct hm_log log;
    struct hm_driver_options each = *driver;
    each.overwrite = true; /* what is there is the sweep's own */
    each.quiet = true;
    each.terminal = false;
    hm_log_start(&log, stdout, a->quiet);
    log.terminal = driver->terminal;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    enum hm_status status = rank == 0 ? prepare(a, size, &sweep) : HM_OK;
    if (status == HM_OK && rank == 0) ranks_per_run = sweep.file.ranks_per_run;
    status = share_team_size(status, &ranks_per_run);
    if (status == HM_OK) {
        status = hm_sweep_team_create(MPI_COMM_WORLD, ranks_per_run, &team);
        if (status == HM_OK) status = rank == 0 ? lead(&team, &sweep, &each, &log) : hm_sweep_farm_serve(&team, &each);
        hm_sweep_team_release(&team);
    }
    release(&sweep);
    return status;
}

enum hm_status hm_command_sweep(int argc, char **argv)
{
    struct arguments a = {0};
    bool finished;
    const enum hm_status status = hm_command_parse(&parser, argc, argv, &a, &finished);
    if (status != HM_OK || finished) return status;
    if (a.dry_run) return dry_run(&a);
    const struct hm_start start = {
        .check = check, .work = work, .self = &a, .argv = argv, .ranks = a.ranks, .quiet = a.quiet};
    return hm_start_command(&start);
}
