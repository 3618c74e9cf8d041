/* The driver is its own oracle: a request is answered while it is submitted. One request at a time can be open. */
#include "scheduler/dispatch.h"

#include <stdlib.h>
#include <string.h>

struct inline_oracle {
    struct hm_hamiltonian *hamiltonian; // borrowed
    size_t natom;
    int64_t requests;
    struct hm_label label; // of the open request; force is ours
};

static enum hm_status submit(void *self, const struct hm_frame *frame, int64_t *ticket)
{
    struct inline_oracle *oracle = self;
    *ticket = oracle->requests++;
    return hm_hamiltonian_evaluate(oracle->hamiltonian, frame, &oracle->label);
}

static enum hm_status poll(void *self, int64_t ticket, struct hm_label *label, int *group, bool *done)
{
    struct inline_oracle *oracle = self;
    if (ticket != oracle->requests - 1)
        return hm_fail(HM_INTERNAL, "inline oracle: ticket %lld is spent", (long long)ticket);
    double *force = label->force;
    *label = oracle->label;
    label->force = force;
    memcpy(force, oracle->label.force, 3 * oracle->natom * sizeof *force);
    *group = -1;
    *done = true;
    return HM_OK;
}

static void cancel(void *self, int64_t ticket)
{
    (void)self;
    (void)ticket;
}

static enum hm_status save(void *self, struct hm_archive *archive)
{
    const struct inline_oracle *oracle = self;
    struct hm_archive warm = HM_ARCHIVE_EMPTY;
    hm_hamiltonian_save(oracle->hamiltonian, &warm);
    hm_dispatch_put_warm(archive, oracle->requests, 1, &warm);
    hm_archive_release(&warm);
    return archive->status;
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct inline_oracle *oracle = self;
    struct hm_archive warm;
    HM_TRY(hm_dispatch_get_warm(archive, &oracle->requests, 1, &warm));
    return hm_hamiltonian_load(oracle->hamiltonian, &warm);
}

static void destroy(void **self)
{
    struct inline_oracle *oracle = *self;
    free(oracle->label.force);
    free(oracle);
    *self = NULL;
}

static const struct hm_dispatch_ops inline_ops = {submit, poll, cancel, save, load, destroy};

enum hm_status hm_dispatch_create_inline(struct hm_hamiltonian *hamiltonian, size_t natom, struct hm_dispatch *dispatch)
{
    struct inline_oracle *oracle = calloc(1, sizeof *oracle);
    double *force = calloc(3 * natom, sizeof *force);
    if (!oracle || !force) {
        free(oracle);
        free(force);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the inline oracle");
    }
    oracle->hamiltonian = hamiltonian;
    oracle->natom = natom;
    oracle->label.force = force;
    *dispatch = (struct hm_dispatch){.ops = &inline_ops, .self = oracle};
    return HM_OK;
}
