/* The leaders that are told what to run, and what goes over the wire. */
#include "scheduler/sweep/farm.h"

#include "scheduler/stop.h"
#include "scheduler/sweep/farm_internal.h"
#include "scheduler/sweep/folder.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void hm_sweep_put_task(struct hm_archive *archive, const struct hm_sweep_task *task)
{
    hm_archive_put_size(archive, task->run);
    hm_archive_put_int(archive, (int64_t)task->kind);
    hm_archive_put_text(archive, task->yaml);
    hm_archive_put_text(archive, task->name);
    hm_archive_put_text(archive, task->trajectory);
}

enum hm_status hm_sweep_get_task(struct hm_archive *archive, struct hm_sweep_task *task)
{
    int64_t kind;
    HM_TRY(hm_archive_get_size(archive, &task->run));
    HM_TRY(hm_archive_get_int(archive, &kind));
    task->kind = (enum hm_sweep_kind)kind;
    HM_TRY(hm_archive_get_text(archive, &task->yaml));
    HM_TRY(hm_archive_get_text(archive, &task->name));
    return hm_archive_get_text(archive, &task->trajectory);
}

void hm_sweep_put_outcome(struct hm_archive *archive, const struct hm_sweep_outcome *outcome)
{
    hm_archive_put_size(archive, outcome->row.run);
    hm_archive_put_int(archive, (int64_t)outcome->status);
    hm_archive_put_real(archive, outcome->seconds);
    hm_archive_put_text(archive, outcome->remark);
    hm_archive_put_text(archive, outcome->row.status);
    hm_archive_put_text(archive, outcome->row.reason ? outcome->row.reason : "");
    hm_archive_put_reals(archive, outcome->row.value, HM_SWEEP_FIELDS);
}

enum hm_status hm_sweep_get_outcome(struct hm_archive *archive, struct hm_sweep_outcome *outcome)
{
    int64_t status;
    const char *remark, *word, *reason;
    *outcome = (struct hm_sweep_outcome){.status = HM_OK};
    HM_TRY(hm_archive_get_size(archive, &outcome->row.run));
    HM_TRY(hm_archive_get_int(archive, &status));
    outcome->status = (enum hm_status)status;
    HM_TRY(hm_archive_get_real(archive, &outcome->seconds));
    HM_TRY(hm_archive_get_text(archive, &remark));
    HM_TRY(hm_archive_get_text(archive, &word));
    HM_TRY(hm_archive_get_text(archive, &reason));
    HM_TRY(hm_archive_get_reals(archive, outcome->row.value, HM_SWEEP_FIELDS));
    snprintf(outcome->remark, sizeof outcome->remark, "%s", remark);
    snprintf(outcome->row.status, sizeof outcome->row.status, "%s", word);
    if (*reason && !(outcome->row.reason = strdup(reason)))
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for a row of the sweep");
    return HM_OK;
}

struct leader {
    const struct hm_sweep_team *team;
    struct hm_driver_options options;
    struct hm_inbox inbox;
    struct hm_outbox ready, row;
    int lock; // on the folder; -1 before the first run
};

/* Between two steps: whether rank 0 wants everybody to stop. Other messages wait. */
static void look_for_halt(void *self)
{
    const struct leader *leader = self;
    int there = 0;
    MPI_Iprobe(0, (int)HM_MESSAGE_HALT, leader->team->sweep, &there, MPI_STATUS_IGNORE);
    if (!there) return;
    MPI_Recv(NULL, 0, MPI_BYTE, 0, (int)HM_MESSAGE_HALT, leader->team->sweep, MPI_STATUS_IGNORE);
    raise(SIGUSR1);
}

static enum hm_status say_ready(struct leader *leader)
{
    hm_outbox_open(&leader->ready);
    return hm_outbox_send(&leader->ready, leader->team->sweep, 0, HM_MESSAGE_READY);
}

static enum hm_status serve_run(struct leader *leader)
{
    struct hm_sweep_task task;
    struct hm_sweep_outcome outcome = {.status = HM_STOPPED};
    HM_TRY(hm_sweep_get_task(&leader->inbox.archive, &task));
    HM_TRY(say_ready(leader));
    if (leader->lock < 0) leader->lock = hm_sweep_folder_join(task.trajectory);
    if (hm_stop_requested())
        outcome.row.run = task.run;
    else
        hm_sweep_execute(leader->team, &task, &leader->options, &outcome);
    hm_sweep_put_outcome(hm_outbox_open(&leader->row), &outcome);
    hm_sweep_row_release(&outcome.row);
    return hm_outbox_send(&leader->row, leader->team->sweep, 0, HM_MESSAGE_ROW);
}

/* Until the inbox holds STOP. */
static enum hm_status serve(struct leader *leader)
{
    HM_TRY(say_ready(leader));
    for (;;) {
        HM_TRY(hm_inbox_receive(&leader->inbox, leader->team->sweep, 0));
        if (leader->inbox.kind == HM_MESSAGE_STOP) return HM_OK;
        if (leader->inbox.kind == HM_MESSAGE_HALT) {
            raise(SIGUSR1);
            continue;
        }
        HM_TRY(hm_inbox_check(&leader->inbox, HM_MESSAGE_RUN));
        HM_TRY(serve_run(leader));
    }
}

/* A leader that can do no more says so, and waits for the end like everybody else. */
static enum hm_status report_failure(struct leader *leader, enum hm_status failed)
{
    HM_TRY(hm_message_send_failure(leader->team->sweep, 0, failed));
    do HM_TRY(hm_inbox_receive(&leader->inbox, leader->team->sweep, 0));
    while (leader->inbox.kind != HM_MESSAGE_STOP);
    return hm_sweep_get_end(&leader->inbox.archive);
}

enum hm_status hm_sweep_farm_serve(const struct hm_sweep_team *team, const struct hm_driver_options *options)
{
    if (!team->leads) return hm_sweep_team_follow(team);
    struct leader leader = {
        .team = team, .options = *options, .ready = HM_OUTBOX_EMPTY, .row = HM_OUTBOX_EMPTY, .lock = -1};
    leader.options.idle = look_for_halt;
    leader.options.idle_self = &leader;
    enum hm_status status = serve(&leader);
    status = status == HM_OK ? hm_sweep_get_end(&leader.inbox.archive) : report_failure(&leader, status);
    const enum hm_status dismissed = hm_sweep_team_dismiss(team, status);
    if (leader.lock >= 0) close(leader.lock);
    hm_outbox_release(&leader.ready);
    hm_outbox_release(&leader.row);
    hm_inbox_release(&leader.inbox);
    return status == HM_OK ? dismissed : status;
}
