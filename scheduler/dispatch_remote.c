/* Calls to oracle groups as messages: to every rank of a group, whose leader answers. With each answer comes the warm
 * state that the group is left with, so that a checkpoint need not wait for those that are busy, or silent for good. */
#include "scheduler/dispatch_desk.h"
#include "scheduler/messages.h"
#include "scheduler/remote.h"

#include <stdlib.h>
#include <string.h>

/* One being evaluated and one waiting, for each group. */
enum { REQUESTS_PER_GROUP = 2 };

struct remote_oracles {
    const struct hm_layout *layout; // borrowed
    size_t natom;
    struct hm_archive request; // scratch
    struct hm_archive *warm;   // (ngroup) after the latest answer
    struct hm_outbox *outbox;  // (size) one for every rank
    struct hm_inbox inbox;
};

/* The first rank of a group, and the one after its last. */
static int first_rank(const struct remote_oracles *o, int group)
{
    return hm_layout_group_leader(o->layout, group);
}

static int end_rank(const struct remote_oracles *o, int group)
{
    return first_rank(o, group) + o->layout->group_size;
}

static bool is_ready(struct remote_oracles *o, int group)
{
    for (int rank = first_rank(o, group); rank < end_rank(o, group); rank++)
        if (!hm_outbox_ready(&o->outbox[rank])) return false;
    return true;
}

/* One message to each rank of a group that is ready. */
static enum hm_status send_to_group(struct remote_oracles *o, int group, enum hm_message kind,
                                    const struct hm_archive *message)
{
    for (int rank = first_rank(o, group); rank < end_rank(o, group); rank++) {
        struct hm_archive *archive = hm_outbox_open(&o->outbox[rank]);
        hm_archive_put(archive, message->bytes, message->size);
        HM_TRY(hm_outbox_send(&o->outbox[rank], o->layout->world, rank, kind));
    }
    return HM_OK;
}

static enum hm_status call(void *self, int group, int64_t number, bool restart, const struct hm_frame *frame,
                           bool *sent)
{
    struct remote_oracles *o = self;
    *sent = is_ready(o, group);
    if (!*sent) return HM_OK;
    hm_archive_clear(&o->request);
    hm_archive_put_int(&o->request, number);
    hm_archive_put_int(&o->request, restart);
    hm_archive_put_reals(&o->request, frame->cell, 9);
    hm_archive_put_reals(&o->request, frame->x, 3 * o->natom);
    return send_to_group(o, group, HM_MESSAGE_EVALUATE, &o->request);
}

static enum hm_status read_label(const struct remote_oracles *o, struct hm_archive *archive, struct hm_label *label)
{
    int64_t status, iterations;
    HM_TRY(hm_archive_get_int(archive, &status));
    HM_TRY(hm_archive_get_int(archive, &iterations));
    HM_TRY(hm_archive_get_real(archive, &label->seconds));
    HM_TRY(hm_archive_get_real(archive, &label->energy));
    HM_TRY(hm_archive_get_reals(archive, label->virial, 9));
    HM_TRY(hm_archive_get_reals(archive, label->dipole, 3));
    label->status = (enum hm_label_status)status;
    label->iterations = (int)iterations;
    return hm_archive_get_reals(archive, label->force, 3 * o->natom);
}

static enum hm_status keep_warm_state(struct remote_oracles *o, int group)
{
    const struct hm_archive *archive = &o->inbox.archive;
    struct hm_archive *warm = &o->warm[group];
    hm_archive_clear(warm);
    hm_archive_put(warm, archive->bytes + archive->cursor, archive->size - archive->cursor);
    return warm->status;
}

static enum hm_status read_answer(struct remote_oracles *o, int group, struct hm_answer *answer)
{
    struct hm_archive *archive = &o->inbox.archive;
    int64_t status;
    HM_TRY(hm_inbox_check(&o->inbox, HM_MESSAGE_LABEL));
    HM_TRY(hm_archive_get_int(archive, &answer->call));
    HM_TRY(hm_archive_get_int(archive, &status));
    answer->status = (enum hm_status)status;
    answer->text = "";
    HM_TRY(answer->status == HM_OK ? read_label(o, archive, &answer->label)
                                   : hm_archive_get_text(archive, &answer->text));
    return keep_warm_state(o, group);
}

/* The leader answers; any rank may say that it can do no more. */
static enum hm_status look(struct remote_oracles *o, int group, bool *got)
{
    *got = false;
    for (int rank = first_rank(o, group); rank < end_rank(o, group) && !*got; rank++)
        HM_TRY(hm_inbox_try(&o->inbox, o->layout->world, rank, got));
    return HM_OK;
}

static enum hm_status receive(void *self, int group, struct hm_answer *answer, bool *got)
{
    struct remote_oracles *o = self;
    HM_TRY(look(o, group, got));
    return *got ? read_answer(o, group, answer) : HM_OK;
}
static enum hm_status save(void *self, int group, struct hm_archive *warm)
{
    const struct remote_oracles *o = self;
    hm_archive_put(warm, o->warm[group].bytes, o->warm[group].size);
    return warm->status;
}

static enum hm_status load(void *self, int group, struct hm_archive *warm)
{
    struct remote_oracles *o = self;
    hm_archive_clear(&o->warm[group]);
    hm_archive_put(&o->warm[group], warm->bytes, warm->size);
    HM_TRY(o->warm[group].status);
    return send_to_group(o, group, HM_MESSAGE_LOAD, warm);
}

static void destroy(void **self)
{
    struct remote_oracles *o = *self;
    if (!o) return;
    if (o->outbox)
        for (int rank = 0; rank < o->layout->size; rank++) hm_outbox_release(&o->outbox[rank]);
    for (int group = 0; o->warm && group < o->layout->ngroup; group++) hm_archive_release(&o->warm[group]);
    hm_inbox_release(&o->inbox);
    hm_archive_release(&o->request);
    free(o->warm);
    free(o->outbox);
    free(o);
    *self = NULL;
}

static const struct hm_dispatch_ops remote_ops = {call, receive, save, load, destroy};

enum hm_status hm_dispatch_create_remote(const struct hm_layout *layout, size_t natom, struct hm_dispatch *dispatch)
{
    struct remote_oracles *o = calloc(1, sizeof *o);
    *dispatch = (struct hm_dispatch){.ops = &remote_ops, .self = o, .groups = layout->ngroup};
    if (!o) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the oracle queue");
    o->layout = layout;
    o->natom = natom;
    o->warm = calloc((size_t)layout->ngroup, sizeof *o->warm);
    o->outbox = calloc((size_t)layout->size, sizeof *o->outbox);
    for (int rank = 0; o->outbox && rank < layout->size; rank++) o->outbox[rank].request = MPI_REQUEST_NULL;
    const enum hm_status status =
        o->outbox && o->warm
            ? hm_desk_create(layout->ngroup, natom, (size_t)layout->ngroup * REQUESTS_PER_GROUP, &dispatch->desk)
            : hm_fail(HM_OUT_OF_MEMORY, "no memory for the oracle queue");
    if (status != HM_OK) hm_dispatch_destroy(dispatch);
    return status;
}
