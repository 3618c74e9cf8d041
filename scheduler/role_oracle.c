#include "scheduler/roles.h"

#include <stdlib.h>

struct oracle {
    struct hm_hamiltonian *hamiltonian;
    struct hm_frame frame;
    double *force; // (natom, 3) of the label
};

/* Every rank of the group evaluates; its leader answers. */
static bool leads(const struct hm_layout *layout)
{
    return layout->rank == hm_layout_group_leader(layout, layout->group);
}

static enum hm_status evaluate(struct hm_worker *worker, struct oracle *oracle)
{
    int64_t ticket;
    struct hm_label label = {.force = oracle->force};
    const size_t ncomponent = 3 * oracle->frame.natom;
    HM_TRY(hm_archive_get_int(&worker->inbox.archive, &ticket));
    HM_TRY(hm_archive_get_reals(&worker->inbox.archive, oracle->frame.cell, 9));
    HM_TRY(hm_archive_get_reals(&worker->inbox.archive, oracle->frame.x, ncomponent));
    HM_TRY(hm_hamiltonian_evaluate(oracle->hamiltonian, &oracle->frame, &label));
    if (!leads(worker->layout)) return HM_OK;

    struct hm_archive *reply = hm_outbox_open(&worker->outbox);
    hm_archive_put_int(reply, ticket);
    hm_archive_put_int(reply, (int64_t)label.status);
    hm_archive_put_int(reply, label.iterations);
    hm_archive_put_real(reply, label.seconds);
    hm_archive_put_real(reply, label.energy);
    hm_archive_put_reals(reply, label.virial, 9);
    hm_archive_put_reals(reply, label.dipole, 3);
    hm_archive_put_reals(reply, label.force, ncomponent);
    return hm_outbox_send(&worker->outbox, worker->layout->world, 0, HM_MESSAGE_LABEL);
}

static enum hm_status send_state(struct hm_worker *worker, const struct oracle *oracle)
{
    if (!leads(worker->layout)) return HM_OK;
    hm_hamiltonian_save(oracle->hamiltonian, hm_outbox_open(&worker->outbox));
    return hm_outbox_send(&worker->outbox, worker->layout->world, 0, HM_MESSAGE_STATE);
}

static enum hm_status serve(struct hm_worker *worker, void *role)
{
    struct oracle *oracle = role;
    switch (worker->inbox.kind) {
    case HM_MESSAGE_EVALUATE:
        return evaluate(worker, oracle);
    case HM_MESSAGE_SAVE:
        return send_state(worker, oracle);
    case HM_MESSAGE_LOAD:
        return hm_hamiltonian_load(oracle->hamiltonian, &worker->inbox.archive);
    default:
        return hm_fail(HM_INTERNAL, "an oracle got message %d", (int)worker->inbox.kind);
    }
}

enum hm_status hm_role_oracle(const struct hm_layout *layout, struct hm_hamiltonian *hamiltonian,
                              const struct hm_frame *frame)
{
    struct hm_worker worker = {.layout = layout, .outbox = HM_OUTBOX_EMPTY};
    struct oracle oracle = {.hamiltonian = hamiltonian};
    enum hm_status status = hm_frame_copy(frame, &oracle.frame);
    oracle.force = calloc(3 * frame->natom, sizeof *oracle.force);
    if (status == HM_OK && !oracle.force) status = hm_fail(HM_OUT_OF_MEMORY, "no memory for an oracle's label");
    status = hm_worker_run(&worker, status, serve, &oracle);
    hm_frame_release(&oracle.frame);
    free(oracle.force);
    return status;
}
