#include "scheduler/sweep/farm.h"

#include "scheduler/stop.h"
#include "scheduler/sweep/farm_internal.h"
#include "scheduler/sweep/folder.h"
#include "scheduler/sweep/report.h"
#include "scheduler/wait.h"

#include "io/checkpoint.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Another team as rank 0 sees it. */
struct crew {
    bool wants;         // said READY and got nothing since
    size_t outstanding; // runs it has
    struct hm_outbox run, halt;
};

struct farm {
    const struct hm_sweep_team *team;
    const struct hm_sweep_plan *plan;
    struct hm_driver_options options;
    struct hm_log *log;
    struct hm_sweep_row *rows;
    struct hm_sweep_journal *journal;
    struct hm_sweep_progress progress;
    struct hm_inbox inbox;
    struct crew *crew; // (teams); [0] is rank 0's own and unused
    size_t *order;     // (left) runs that nobody has yet are order[next ..]
    size_t next, left, outstanding;
    bool halted;
    enum hm_status status; // HM_OK as long as the sweep itself is well
    char reason[1024];
};

/* The sweep itself cannot go on: the first reason counts. */
static void give_up(struct farm *farm, enum hm_status status)
{
    if (status == HM_OK || farm->status != HM_OK) return;
    farm->status = status;
    snprintf(farm->reason, sizeof farm->reason, "%s", hm_status_message());
}

/* ---- rows ---- */

static enum hm_status remove_checkpoints(const struct farm *farm, size_t run)
{
    char checkpoint[PATH_MAX];
    HM_TRY(hm_sweep_folder_file(farm->plan, run, ".chk", sizeof checkpoint, checkpoint));
    return hm_checkpoint_remove(checkpoint);
}

/* For a reason that may be gone the next time (a full disk, an oracle), unlike a run that diverged. */
static bool has_failed(const struct hm_sweep_row *row)
{
    return strcmp(row->status, "failed") == 0;
}

/* The row is safe before the checkpoint goes. */
static enum hm_status keep_row(struct farm *farm, struct hm_sweep_outcome *outcome)
{
    struct hm_sweep_row *row = &farm->rows[outcome->row.run - 1];
    hm_sweep_row_release(row);
    *row = outcome->row;
    outcome->row = (struct hm_sweep_row){0};
    HM_TRY(hm_sweep_journal_append(farm->journal, row));
    if (!has_failed(row)) HM_TRY(remove_checkpoints(farm, row->run));
    farm->progress.done++;
    hm_sweep_report_row(farm->plan, row, outcome->seconds, outcome->remark, &farm->progress, farm->log);
    return HM_OK;
}

/* A rank that was signalled alone speaks for all. */
static void take_outcome(struct farm *farm, struct hm_sweep_outcome *outcome)
{
    farm->outstanding--;
    if (outcome->status == HM_STOPPED) {
        if (!hm_stop_requested()) raise(SIGUSR1);
    } else if (outcome->row.run < 1 || outcome->row.run > farm->plan->count) {
        give_up(farm, hm_fail(HM_INTERNAL, "a row of run %zu", outcome->row.run));
    } else {
        give_up(farm, keep_row(farm, outcome));
    }
    hm_sweep_row_release(&outcome->row);
}

/* ---- tasks ---- */

static bool goes_on(const struct farm *farm)
{
    return farm->status == HM_OK && !hm_stop_requested();
}

/* `path` holds the task's trajectory. */
static enum hm_status next_task(struct farm *farm, char path[PATH_MAX], struct hm_sweep_task *task)
{
    const size_t number = farm->order[farm->next++];
    const struct hm_sweep_run *run = &farm->plan->run[number - 1];
    *task = (struct hm_sweep_task){number, run->kind, run->yaml, farm->plan->file->base, path};
    return hm_sweep_folder_file(farm->plan, number, ".h5", PATH_MAX, path);
}

static enum hm_status send_task(struct farm *farm, int number)
{
    char path[PATH_MAX];
    struct hm_sweep_task task;
    struct crew *crew = &farm->crew[number];
    HM_TRY(next_task(farm, path, &task));
    hm_sweep_put_task(hm_outbox_open(&crew->run), &task);
    HM_TRY(hm_outbox_send(&crew->run, farm->team->sweep, hm_sweep_team_leader(farm->team, number), HM_MESSAGE_RUN));
    crew->wants = false;
    crew->outstanding++;
    farm->outstanding++;
    return HM_OK;
}

/* Runs in advance only as long as nobody else could begin them at once. */
static void hand_out(struct farm *farm)
{
    for (int number = 1; number < farm->team->teams; number++) {
        const size_t open = farm->left - farm->next, teams = (size_t)farm->team->teams;
        const struct crew *crew = &farm->crew[number];
        if (open == 0 || !goes_on(farm)) return;
        if (crew->wants && (crew->outstanding == 0 || open > teams)) give_up(farm, send_task(farm, number));
    }
}

/* ---- messages ---- */

static enum hm_status take_message(struct farm *farm)
{
    struct hm_sweep_outcome outcome;
    struct crew *crew = &farm->crew[farm->inbox.from / farm->team->ranks_per_team];
    if (farm->inbox.kind == HM_MESSAGE_READY) {
        crew->wants = true;
        return HM_OK;
    }
    if (farm->inbox.kind == HM_MESSAGE_FAILED) { /* nothing more will come from there */
        farm->outstanding -= crew->outstanding;
        crew->outstanding = 0;
    }
    HM_TRY(hm_inbox_check(&farm->inbox, HM_MESSAGE_ROW));
    crew->outstanding--;
    const enum hm_status status = hm_sweep_get_outcome(&farm->inbox.archive, &outcome);
    if (status == HM_OK) take_outcome(farm, &outcome);
    return status;
}

static void halt_all(struct farm *farm)
{
    if (farm->halted) return;
    farm->halted = true;
    for (int number = 1; number < farm->team->teams; number++) {
        hm_outbox_open(&farm->crew[number].halt);
        give_up(farm, hm_outbox_send(&farm->crew[number].halt, farm->team->sweep,
                                     hm_sweep_team_leader(farm->team, number), HM_MESSAGE_HALT));
    }
    if (!hm_stop_requested()) raise(SIGUSR1); /* rank 0's own run ends, too */
}

/* Answers whoever has said something; true if anybody had. Also called between two steps of rank 0's own run. */
static bool serve(struct farm *farm)
{
    bool any = false;
    for (bool got = true; got;) {
        got = false;
        if (farm->team->teams > 1) give_up(farm, hm_inbox_try(&farm->inbox, farm->team->sweep, MPI_ANY_SOURCE, &got));
        if (got) give_up(farm, take_message(farm));
        any = any || got;
    }
    if (!goes_on(farm)) halt_all(farm);
    hand_out(farm);
    return any;
}

static void serve_between_steps(void *self)
{
    serve(self);
}

/* ---- the whole ---- */

static void run_own(struct farm *farm)
{
    char path[PATH_MAX];
    struct hm_sweep_task task;
    struct hm_sweep_outcome outcome;
    const enum hm_status status = next_task(farm, path, &task);
    if (status != HM_OK) {
        give_up(farm, status);
        return;
    }
    farm->outstanding++;
    hm_sweep_execute(farm->team, &task, &farm->options, &outcome);
    take_outcome(farm, &outcome);
}

static void work(struct farm *farm)
{
    struct hm_wait wait = HM_WAIT_START;
    for (;;) {
        const bool any = serve(farm);
        const bool open = farm->next < farm->left && goes_on(farm);
        if (!open && farm->outstanding == 0) return;
        if (open)
            run_own(farm);
        else if (!any)
            hm_wait_pause(&wait);
        if (any || open) wait = (struct hm_wait)HM_WAIT_START;
    }
}

/* Of runs whose row was the last thing that an earlier attempt wrote. */
static enum hm_status tidy_up(const struct farm *farm)
{
    for (size_t i = 0; i < farm->plan->count; i++)
        if (farm->rows[i].run > 0) HM_TRY(remove_checkpoints(farm, i + 1));
    return HM_OK;
}

/* Searches first: they take longest. */
static enum hm_status make_order(struct farm *farm)
{
    farm->order = calloc(farm->plan->count + 1, sizeof *farm->order);
    farm->crew = calloc((size_t)farm->team->teams, sizeof *farm->crew);
    if (!farm->order || !farm->crew) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu runs", farm->plan->count);
    for (int number = 0; number < farm->team->teams; number++)
        farm->crew[number] = (struct crew){.run = HM_OUTBOX_EMPTY, .halt = HM_OUTBOX_EMPTY};
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < farm->plan->count; i++)
            if (farm->rows[i].run == 0 && (farm->plan->run[i].kind == HM_SWEEP_LONGEST_STABLE) == (pass == 0))
                farm->order[farm->left++] = i + 1;
    farm->progress = (struct hm_sweep_progress){.before = farm->plan->count - farm->left, .started = hm_clock()};
    farm->progress.done = farm->progress.before;
    return HM_OK;
}

static enum hm_status open_journal(struct farm *farm)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/index.csv", farm->plan->file->folder) >= PATH_MAX)
        return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", farm->plan->file->folder);
    return hm_sweep_journal_open(path, &farm->plan->columns, farm->rows, &farm->journal);
}

/* Whatever the sweep came to, the table holds what is known. */
static enum hm_status write_table(struct farm *farm)
{
    char csv[PATH_MAX], hdf5[PATH_MAX];
    snprintf(csv, sizeof csv, "%s/index.csv", farm->plan->file->folder);
    snprintf(hdf5, sizeof hdf5, "%s/index.h5", farm->plan->file->folder);
    HM_TRY(hm_sweep_journal_close(&farm->journal));
    HM_TRY(hm_sweep_table_write_csv(csv, &farm->plan->columns, farm->rows));
    return hm_sweep_table_write_hdf5(hdf5, &farm->plan->columns, farm->rows);
}

static enum hm_status end_of(const struct farm *farm)
{
    if (farm->status != HM_OK) return hm_fail(farm->status, "%s", farm->reason);
    if (farm->progress.done == farm->plan->count) return HM_OK;
    return hm_fail(HM_STOPPED, "stopped by signal %d after %zu of %zu runs; the same command goes on with the rest",
                   hm_stop_requested(), farm->progress.done, farm->plan->count);
}

/* Runs that failed in an earlier attempt are tried again, from their checkpoint if they have one; a later row of the
 * journal counts. */
static void forget_failures(struct farm *farm)
{
    size_t failures = 0;
    for (size_t i = 0; i < farm->plan->count; i++) {
        if (farm->rows[i].run == 0 || !has_failed(&farm->rows[i])) continue;
        hm_sweep_row_release(&farm->rows[i]);
        failures++;
    }
    if (failures > 0) hm_log_line(farm->log, "%zu runs failed the last time: they are tried again", failures);
}

static enum hm_status lead(struct farm *farm)
{
    HM_TRY(open_journal(farm));
    forget_failures(farm);
    HM_TRY(make_order(farm));
    HM_TRY(tidy_up(farm));
    if (farm->progress.before > 0)
        hm_log_line(farm->log, "%zu of %zu runs are in the table already", farm->progress.before, farm->plan->count);
    farm->options.idle = serve_between_steps;
    farm->options.idle_self = farm;
    work(farm);
    give_up(farm, write_table(farm));
    return end_of(farm);
}

/* The end, to every other leader and to what is left over. */
enum hm_status hm_sweep_farm_call_off(const struct hm_sweep_team *team, enum hm_status status)
{
    enum hm_status sent = hm_sweep_team_dismiss(team, status);
    for (int rank = 1; rank < team->size && sent == HM_OK; rank++) {
        if (rank < team->teams * team->ranks_per_team && rank % team->ranks_per_team != 0) continue;
        struct hm_outbox outbox = HM_OUTBOX_EMPTY;
        hm_sweep_put_end(hm_outbox_open(&outbox), status);
        sent = hm_outbox_send(&outbox, team->sweep, rank, HM_MESSAGE_STOP);
        hm_outbox_release(&outbox);
    }
    return status == HM_OK ? sent : status;
}

enum hm_status hm_sweep_farm_lead(const struct hm_sweep_team *team, const struct hm_sweep_plan *plan,
                                  const struct hm_driver_options *options, struct hm_log *log,
                                  struct hm_sweep_row *rows)
{
    struct farm farm = {.team = team, .plan = plan, .options = *options, .log = log, .rows = rows};
    enum hm_status status = lead(&farm);
    status = hm_sweep_farm_call_off(team, status);
    for (int number = 0; farm.crew && number < team->teams; number++) {
        hm_outbox_release(&farm.crew[number].run);
        hm_outbox_release(&farm.crew[number].halt);
    }
    hm_inbox_release(&farm.inbox);
    hm_sweep_journal_close(&farm.journal);
    free(farm.order);
    free(farm.crew);
    return status;
}
