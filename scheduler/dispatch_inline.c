/* The driver is its own oracle: a call is answered while it is sent. One request at a time can be open. */
#include "scheduler/dispatch_desk.h"

#include <stdlib.h>
#include <string.h>

struct inline_oracle {
    struct hm_hamiltonian *hamiltonian; // borrowed
    size_t natom;
    int64_t call;
    enum hm_status status;
    struct hm_label label; // force is ours
};

static enum hm_status call(void *self, int group, int64_t number, bool restart, const struct hm_frame *frame,
                           bool *sent)
{
    (void)group;
    struct inline_oracle *oracle = self;
    if (restart) hm_hamiltonian_reset(oracle->hamiltonian);
    oracle->call = number;
    oracle->status = hm_hamiltonian_evaluate(oracle->hamiltonian, frame, &oracle->label);
    *sent = true;
    return oracle->status == HM_ORACLE_FAILED ? HM_OK : oracle->status;
}

static enum hm_status receive(void *self, int group, struct hm_answer *answer, bool *got)
{
    (void)group;
    const struct inline_oracle *oracle = self;
    double *force = answer->label.force;
    answer->call = oracle->call;
    answer->status = oracle->status;
    answer->text = oracle->status == HM_OK ? "" : hm_status_message();
    answer->label = oracle->label;
    answer->label.force = force;
    memcpy(force, oracle->label.force, 3 * oracle->natom * sizeof *force);
    *got = true;
    return HM_OK;
}

static enum hm_status save(void *self, int group, struct hm_archive *warm)
{
    (void)group;
    const struct inline_oracle *oracle = self;
    hm_hamiltonian_save(oracle->hamiltonian, warm);
    return warm->status;
}

static enum hm_status load(void *self, int group, struct hm_archive *warm)
{
    (void)group;
    const struct inline_oracle *oracle = self;
    return hm_hamiltonian_load(oracle->hamiltonian, warm);
}

static void destroy(void **self)
{
    struct inline_oracle *oracle = *self;
    if (oracle) free(oracle->label.force);
    free(oracle);
    *self = NULL;
}

static const struct hm_dispatch_ops inline_ops = {call, receive, save, load, destroy};

enum hm_status hm_dispatch_create_inline(struct hm_hamiltonian *hamiltonian, size_t natom, struct hm_dispatch *dispatch)
{
    struct inline_oracle *oracle = calloc(1, sizeof *oracle);
    *dispatch = (struct hm_dispatch){.ops = &inline_ops, .self = oracle};
    if (oracle) oracle->label.force = calloc(3 * natom, sizeof *oracle->label.force);
    enum hm_status status = oracle && oracle->label.force
                                ? hm_desk_create(1, natom, 1, &dispatch->desk)
                                : hm_fail(HM_OUT_OF_MEMORY, "no memory for the inline oracle");
    if (status != HM_OK) {
        hm_dispatch_destroy(dispatch);
        return status;
    }
    oracle->hamiltonian = hamiltonian;
    oracle->natom = natom;
    return HM_OK;
}
