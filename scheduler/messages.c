#include "scheduler/messages.h"

#include "scheduler/wait.h"

#include <limits.h>
#include <string.h>

/* Waits politely for a request; an outgoing message completes when the other side takes it. */
static void finish(MPI_Request *request)
{
    struct hm_wait wait = HM_WAIT_START;
    for (int done = 0;;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done) return;
        hm_wait_pause(&wait);
    }
}

bool hm_outbox_ready(struct hm_outbox *outbox)
{
    int delivered = 1;
    if (outbox->request != MPI_REQUEST_NULL) MPI_Test(&outbox->request, &delivered, MPI_STATUS_IGNORE);
    return delivered != 0;
}

struct hm_archive *hm_outbox_open(struct hm_outbox *outbox)
{
    finish(&outbox->request);
    hm_archive_clear(&outbox->archive);
    return &outbox->archive;
}

enum hm_status hm_outbox_send(struct hm_outbox *outbox, MPI_Comm comm, int to, enum hm_message kind)
{
    if (outbox->archive.status != HM_OK) return outbox->archive.status;
    if (outbox->archive.size > INT_MAX)
        return hm_fail(HM_MPI_ERROR, "a message of %zu bytes is more than MPI takes at once", outbox->archive.size);
    if (MPI_Isend(outbox->archive.bytes, (int)outbox->archive.size, MPI_BYTE, to, (int)kind, comm, &outbox->request) !=
        MPI_SUCCESS)
        return hm_fail(HM_MPI_ERROR, "cannot send to rank %d", to);
    return HM_OK;
}

void hm_outbox_release(struct hm_outbox *outbox)
{
    finish(&outbox->request);
    hm_archive_release(&outbox->archive);
}

enum hm_status hm_inbox_try(struct hm_inbox *inbox, MPI_Comm comm, int from, bool *got)
{
    int there = 0, bytes = 0;
    MPI_Message message;
    MPI_Status status;
    *got = false;
    /* Twice: Open MPI first looks at what it has, then fetches what has come meanwhile. Who sleeps in between would
     * find a message one sleep late. */
    for (int look = 0; look < 2 && !there; look++)
        if (MPI_Improbe(from, MPI_ANY_TAG, comm, &there, &message, &status) != MPI_SUCCESS)
            return hm_fail(HM_MPI_ERROR, "cannot look for messages");
    if (!there) return HM_OK;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    HM_TRY(hm_archive_resize(&inbox->archive, (size_t)bytes));
    if (MPI_Mrecv(inbox->archive.bytes, bytes, MPI_BYTE, &message, MPI_STATUS_IGNORE) != MPI_SUCCESS)
        return hm_fail(HM_MPI_ERROR, "cannot receive from rank %d", status.MPI_SOURCE);
    inbox->kind = (enum hm_message)status.MPI_TAG;
    inbox->from = status.MPI_SOURCE;
    *got = true;
    return HM_OK;
}

bool hm_message_waits(MPI_Comm comm, int from, enum hm_message kind)
{
    int there = 0;
    for (int look = 0; look < 2 && !there; look++) MPI_Iprobe(from, (int)kind, comm, &there, MPI_STATUS_IGNORE);
    return there != 0;
}

enum hm_status hm_inbox_receive(struct hm_inbox *inbox, MPI_Comm comm, int from)
{
    struct hm_wait wait = HM_WAIT_START;
    for (bool got = false;;) {
        HM_TRY(hm_inbox_try(inbox, comm, from, &got));
        if (got) return HM_OK;
        hm_wait_pause(&wait);
    }
}

enum hm_status hm_inbox_check(struct hm_inbox *inbox, enum hm_message kind)
{
    if (inbox->kind == kind) return HM_OK;
    if (inbox->kind != HM_MESSAGE_FAILED)
        return hm_fail(HM_INTERNAL, "rank %d sent message %d where %d was due", inbox->from, (int)inbox->kind,
                       (int)kind);
    int64_t code;
    const char *text;
    HM_TRY(hm_archive_get_int(&inbox->archive, &code));
    HM_TRY(hm_archive_get_text(&inbox->archive, &text));
    return hm_fail((enum hm_status)code, "%s (on rank %d)", text, inbox->from);
}

enum hm_status hm_inbox_expect(struct hm_inbox *inbox, MPI_Comm comm, int from, enum hm_message kind)
{
    HM_TRY(hm_inbox_receive(inbox, comm, from));
    return hm_inbox_check(inbox, kind);
}

void hm_inbox_release(struct hm_inbox *inbox)
{
    hm_archive_release(&inbox->archive);
}

enum hm_status hm_message_send_failure(MPI_Comm comm, int to, enum hm_status status)
{
    struct hm_outbox outbox = HM_OUTBOX_EMPTY;
    struct hm_archive *archive = hm_outbox_open(&outbox);
    hm_archive_put_int(archive, (int64_t)status);
    hm_archive_put_text(archive, hm_status_message());
    const enum hm_status sent = hm_outbox_send(&outbox, comm, to, HM_MESSAGE_FAILED);
    hm_outbox_release(&outbox);
    return sent;
}

enum hm_status hm_agree(MPI_Comm comm, enum hm_status status)
{
    enum { TEXT_BYTES = 16384 };
    struct {
        int code, rank;
    } mine = {(int)status, 0}, worst;
    static _Thread_local char text[TEXT_BYTES];
    MPI_Comm_rank(comm, &mine.rank);
    /* The largest code wins, then the lowest rank: MPI_MAXLOC's rule. */
    MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MAXLOC, comm);
    if (worst.code == (int)HM_OK) return HM_OK;
    if (mine.rank == worst.rank) {
        strncpy(text, hm_status_message(), TEXT_BYTES - 1);
        text[TEXT_BYTES - 1] = '\0';
    }
    MPI_Bcast(text, TEXT_BYTES, MPI_CHAR, worst.rank, comm);
    return hm_fail((enum hm_status)worst.code, "%s", text);
}
