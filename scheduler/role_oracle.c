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

static enum hm_status read_request(struct oracle *oracle, struct hm_archive *archive, int64_t *id)
{
    int64_t restart;
    HM_TRY(hm_archive_get_int(archive, id));
    HM_TRY(hm_archive_get_int(archive, &restart));
    if (restart) hm_hamiltonian_reset(oracle->hamiltonian);
    HM_TRY(hm_archive_get_reals(archive, oracle->frame.cell, 9));
    return hm_archive_get_reals(archive, oracle->frame.x, 3 * oracle->frame.natom);
}

static void put_label(const struct hm_label *label, size_t ncomponent, struct hm_archive *reply)
{
    hm_archive_put_int(reply, (int64_t)label->status);
    hm_archive_put_int(reply, label->iterations);
    hm_archive_put_real(reply, label->seconds);
    hm_archive_put_real(reply, label->energy);
    hm_archive_put_reals(reply, label->virial, 9);
    hm_archive_put_reals(reply, label->dipole, 3);
    hm_archive_put_reals(reply, label->force, ncomponent);
}

/* A call that failed is an answer like any other; what is worse than that ends the role. The leader speaks for all. */
static enum hm_status evaluate(struct hm_worker *worker, struct oracle *oracle)
{
    const struct hm_layout *layout = worker->layout;
    int64_t id;
    struct hm_label label = {.force = oracle->force};
    HM_TRY(read_request(oracle, &worker->inbox.archive, &id));
    enum hm_status status = hm_hamiltonian_evaluate(oracle->hamiltonian, &oracle->frame, &label);
    if (layout->group_size > 1) status = hm_agree(layout->group_comm, status);
    if (status != HM_OK && status != HM_ORACLE_FAILED) return status;
    if (!leads(layout)) return HM_OK;

    struct hm_archive *reply = hm_outbox_open(&worker->outbox);
    hm_archive_put_int(reply, id);
    hm_archive_put_int(reply, (int64_t)status);
    if (status == HM_OK)
        put_label(&label, 3 * oracle->frame.natom, reply);
    else
        hm_archive_put_text(reply, hm_status_message());
    hm_hamiltonian_save(oracle->hamiltonian, reply);
    return hm_outbox_send(&worker->outbox, layout->world, 0, HM_MESSAGE_LABEL);
}

static enum hm_status serve(struct hm_worker *worker, void *role)
{
    struct oracle *oracle = role;
    switch (worker->inbox.kind) {
    case HM_MESSAGE_EVALUATE:
        return evaluate(worker, oracle);
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
