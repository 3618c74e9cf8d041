/* Requests to oracle groups, non-blocking: request r goes to every rank of group r mod G, whose leader answers.
 *
 * Open requests wait in slots. Labels of one group come in the order of its requests; whichever label arrives is put
 * into its slot, so tickets may be polled in any order. */
#include "scheduler/remote.h"

#include "scheduler/messages.h"

#include <stdlib.h>
#include <string.h>

/* One being evaluated and one waiting. With more, a rank that cannot deliver a large label and a driver that cannot
 * deliver a large request would wait for each other. */
enum { REQUESTS_PER_GROUP = 2 };

struct slot {
    int64_t ticket; // -1: free
    bool answered, cancelled;
    struct hm_label label; // force is ours
};

struct remote_oracles {
    const struct hm_layout *layout; // borrowed
    size_t natom, nslot;
    int64_t requests;
    struct slot *slot;         // (nslot)
    double *force;             // (nslot, natom, 3)
    struct hm_archive request; // scratch
    struct hm_outbox *outbox;  // (size) one for every rank
    struct hm_inbox inbox;
};

static int group_of(const struct remote_oracles *o, int64_t ticket)
{
    return (int)(ticket % o->layout->ngroup);
}

static struct slot *find_slot(struct remote_oracles *o, int64_t ticket)
{
    for (size_t s = 0; s < o->nslot; s++)
        if (o->slot[s].ticket == ticket) return &o->slot[s];
    return NULL;
}

/* One message to each rank of a group. */
static enum hm_status send_to_group(struct remote_oracles *o, int group, enum hm_message kind,
                                    const struct hm_archive *message)
{
    const int leader = hm_layout_group_leader(o->layout, group);
    for (int rank = leader; rank < leader + o->layout->group_size; rank++) {
        struct hm_archive *archive = hm_outbox_open(&o->outbox[rank]);
        hm_archive_put(archive, message->bytes, message->size);
        HM_TRY(hm_outbox_send(&o->outbox[rank], o->layout->world, rank, kind));
    }
    return HM_OK;
}

static enum hm_status submit(void *self, const struct hm_frame *frame, int64_t *ticket)
{
    struct remote_oracles *o = self;
    struct slot *slot = find_slot(o, -1);
    if (!slot) return hm_fail(HM_INTERNAL, "more than %zu oracle requests are open", o->nslot);
    *ticket = slot->ticket = o->requests++;
    slot->answered = slot->cancelled = false;
    hm_archive_clear(&o->request);
    hm_archive_put_int(&o->request, *ticket);
    hm_archive_put_reals(&o->request, frame->cell, 9);
    hm_archive_put_reals(&o->request, frame->x, 3 * o->natom);
    return send_to_group(o, group_of(o, *ticket), HM_MESSAGE_EVALUATE, &o->request);
}

static enum hm_status read_label(struct remote_oracles *o)
{
    struct hm_archive *archive = &o->inbox.archive;
    int64_t ticket, status, iterations;
    HM_TRY(hm_archive_get_int(archive, &ticket));
    struct slot *slot = find_slot(o, ticket);
    if (!slot) return hm_fail(HM_INTERNAL, "a label came for request %lld, which is not open", (long long)ticket);
    struct hm_label *label = &slot->label;
    HM_TRY(hm_archive_get_int(archive, &status));
    HM_TRY(hm_archive_get_int(archive, &iterations));
    HM_TRY(hm_archive_get_real(archive, &label->seconds));
    HM_TRY(hm_archive_get_real(archive, &label->energy));
    HM_TRY(hm_archive_get_reals(archive, label->virial, 9));
    HM_TRY(hm_archive_get_reals(archive, label->dipole, 3));
    HM_TRY(hm_archive_get_reals(archive, label->force, 3 * o->natom));
    label->status = (enum hm_label_status)status;
    label->iterations = (int)iterations;
    slot->answered = true;
    if (slot->cancelled) slot->ticket = -1;
    return HM_OK;
}

static enum hm_status poll(void *self, int64_t ticket, struct hm_label *label, int *group, bool *done)
{
    struct remote_oracles *o = self;
    struct slot *slot = find_slot(o, ticket);
    *done = false;
    if (!slot) return hm_fail(HM_INTERNAL, "oracle request %lld is not open", (long long)ticket);
    while (!slot->answered) {
        bool got;
        const int leader = hm_layout_group_leader(o->layout, group_of(o, ticket));
        HM_TRY(hm_inbox_try(&o->inbox, o->layout->world, leader, &got));
        if (!got) return HM_OK;
        HM_TRY(hm_inbox_check(&o->inbox, HM_MESSAGE_LABEL));
        HM_TRY(read_label(o));
    }
    double *force = label->force;
    *label = slot->label;
    label->force = force;
    memcpy(force, slot->label.force, 3 * o->natom * sizeof *force);
    *group = group_of(o, ticket);
    slot->ticket = -1;
    *done = true;
    return HM_OK;
}

static void cancel(void *self, int64_t ticket)
{
    struct slot *slot = find_slot(self, ticket);
    if (!slot) return;
    slot->cancelled = true;
    if (slot->answered) slot->ticket = -1;
}

/* The request counter, then each group's warm state. No request may be open. */
static enum hm_status fetch_warm(struct remote_oracles *o, int group, struct hm_archive *warm)
{
    const struct hm_archive nothing = HM_ARCHIVE_EMPTY;
    HM_TRY(send_to_group(o, group, HM_MESSAGE_SAVE, &nothing));
    HM_TRY(hm_inbox_expect(&o->inbox, o->layout->world, hm_layout_group_leader(o->layout, group), HM_MESSAGE_STATE));
    hm_archive_put(warm, o->inbox.archive.bytes, o->inbox.archive.size);
    return warm->status;
}

static enum hm_status save(void *self, struct hm_archive *archive)
{
    struct remote_oracles *o = self;
    const size_t groups = (size_t)o->layout->ngroup;
    struct hm_archive *warm = calloc(groups, sizeof *warm);
    if (!warm) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the oracles' state");
    enum hm_status status = HM_OK;
    for (size_t g = 0; status == HM_OK && g < groups; g++) status = fetch_warm(o, (int)g, &warm[g]);
    if (status == HM_OK) hm_dispatch_put_warm(archive, o->requests, groups, warm);
    for (size_t g = 0; g < groups; g++) hm_archive_release(&warm[g]);
    free(warm);
    return status == HM_OK ? archive->status : status;
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct remote_oracles *o = self;
    const size_t groups = (size_t)o->layout->ngroup;
    struct hm_archive *warm = calloc(groups, sizeof *warm);
    if (!warm) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the oracles' state");
    enum hm_status status = hm_dispatch_get_warm(archive, &o->requests, groups, warm);
    for (size_t g = 0; status == HM_OK && g < groups; g++) status = send_to_group(o, (int)g, HM_MESSAGE_LOAD, &warm[g]);
    free(warm);
    return status;
}

static void destroy(void **self)
{
    struct remote_oracles *o = *self;
    if (!o) return;
    if (o->outbox)
        for (int rank = 0; rank < o->layout->size; rank++) hm_outbox_release(&o->outbox[rank]);
    hm_inbox_release(&o->inbox);
    hm_archive_release(&o->request);
    free(o->outbox);
    free(o->slot);
    free(o->force);
    free(o);
    *self = NULL;
}

static const struct hm_dispatch_ops remote_ops = {submit, poll, cancel, save, load, destroy};

enum hm_status hm_dispatch_create_remote(const struct hm_layout *layout, size_t natom, struct hm_dispatch *dispatch)
{
    struct remote_oracles *o = calloc(1, sizeof *o);
    if (!o) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the oracle queue");
    o->layout = layout;
    o->natom = natom;
    o->nslot = (size_t)layout->ngroup * REQUESTS_PER_GROUP;
    o->slot = calloc(o->nslot, sizeof *o->slot);
    o->force = calloc(o->nslot * 3 * natom, sizeof *o->force);
    o->outbox = calloc((size_t)layout->size, sizeof *o->outbox);
    for (int rank = 0; o->outbox && rank < layout->size; rank++) o->outbox[rank].request = MPI_REQUEST_NULL;
    if (!o->slot || !o->force || !o->outbox) {
        void *self = o;
        destroy(&self);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the oracle queue");
    }
    for (size_t s = 0; s < o->nslot; s++)
        o->slot[s] = (struct slot){.ticket = -1, .label.force = &o->force[s * 3 * natom]};
    *dispatch = (struct hm_dispatch){.ops = &remote_ops, .self = o, .groups = layout->ngroup};
    return HM_OK;
}
