#include "scheduler/roles.h"

#include "scheduler/wait.h"

#include "io/log.h"

#include <math.h>
#include <stdio.h>

static const double SECONDS_FOR_THE_SILENT = 0.7; // to a rank that owes an answer, to say goodbye

enum hm_status hm_worker_run(struct hm_worker *worker, enum hm_status failed,
                             enum hm_status (*serve)(struct hm_worker *worker, void *role), void *role)
{
    const MPI_Comm world = worker->layout->world;
    enum hm_status status = failed == HM_OK ? HM_OK : hm_message_send_failure(world, 0, failed);
    while (status == HM_OK) {
        status = hm_inbox_receive(&worker->inbox, world, 0);
        if (status != HM_OK) break;
        if (worker->inbox.kind == HM_MESSAGE_STOP) {
            hm_outbox_open(&worker->outbox);
            status = hm_outbox_send(&worker->outbox, world, 0, HM_MESSAGE_STOPPED);
            break;
        }
        if (failed != HM_OK) continue; /* said so already: wait for STOP */
        failed = serve(worker, role);
        if (failed != HM_OK) status = hm_message_send_failure(world, 0, failed);
    }
    hm_outbox_release(&worker->outbox);
    hm_inbox_release(&worker->inbox);
    return status != HM_OK ? status : failed;
}

/* Labels and lessons that nobody waits for any more are taken off the wire before a rank's last word. */
static enum hm_status drain(const struct hm_layout *layout, int rank, double until, struct hm_inbox *inbox, bool *ended)
{
    struct hm_wait wait = HM_WAIT_START;
    *ended = false;
    while (!*ended) {
        bool got;
        HM_TRY(hm_inbox_try(inbox, layout->world, rank, &got));
        *ended = got && inbox->kind == HM_MESSAGE_STOPPED;
        if (got) continue;
        if (hm_clock() > until) return HM_OK;
        hm_wait_pause(&wait);
    }
    return HM_OK;
}

enum hm_status hm_role_stop_others(const struct hm_layout *layout, double patience, bool *ended)
{
    struct hm_inbox inbox = {0};
    enum hm_status status = HM_OK;
    const double until = hm_clock() + patience;
    *ended = true;
    for (int rank = 1; rank < layout->size && status == HM_OK; rank++) {
        struct hm_outbox outbox = HM_OUTBOX_EMPTY;
        bool left;
        hm_outbox_open(&outbox);
        status = hm_outbox_send(&outbox, layout->world, rank, HM_MESSAGE_STOP);
        if (status == HM_OK) status = drain(layout, rank, until, &inbox, &left);
        if (status != HM_OK) break;
        if (left)
            hm_outbox_release(&outbox);
        else
            *ended = false;
    }
    hm_inbox_release(&inbox);
    return status;
}

enum hm_status hm_role_end(const struct hm_layout *layout, const struct hm_driver_options *options, bool owed,
                           enum hm_status status)
{
    char reason[16384]; /* of the run: waiting for the others may fail, too */
    bool ended;
    snprintf(reason, sizeof reason, "%s", hm_status_message());
    const enum hm_status stopped = hm_role_stop_others(layout, owed ? SECONDS_FOR_THE_SILENT : INFINITY, &ended);
    if (stopped == HM_OK && ended) return HM_OK;
    if (status != HM_OK) hm_fail(status, "%s", reason);
    if (ended) return stopped;
    if (options->abandon) options->abandon(status);
    MPI_Abort(layout->world, hm_status_exit_code(status));
    return status;
}
