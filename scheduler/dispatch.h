/* Oracles asked for exact labels, wherever they run.
 *
 * A request is submitted, polled until its label is there, or cancelled; a blocking question is submit and poll with a
 * polite wait in between (hm_dispatch_ask). Requests go to group `request mod G`. Two implementations: inline (the
 * driver evaluates itself) and remote (oracle ranks).
 *
 * Shapes: label->force (natom, 3), owned by the caller.
 * Units: atomic units.
 * Errors: HM_ORACLE_FAILED when an oracle could not evaluate, with its own message; HM_MPI_ERROR; HM_OUT_OF_MEMORY.
 *   Labels that did not converge or are not finite are returned as data.
 * Owns: requests and messages in flight.
 * MPI: local to the driver (point-to-point with the oracle ranks).
 */
#ifndef HM_SCHEDULER_DISPATCH_H
#define HM_SCHEDULER_DISPATCH_H

#include "hamiltonians/hamiltonian.h"

struct hm_dispatch_ops {
    enum hm_status (*submit)(void *self, const struct hm_frame *frame, int64_t *ticket);
    enum hm_status (*poll)(void *self, int64_t ticket, struct hm_label *label, int *group, bool *done);
    void (*cancel)(void *self, int64_t ticket);
    enum hm_status (*save)(void *self, struct hm_archive *archive); // hm_dispatch_put_warm
    enum hm_status (*load)(void *self, struct hm_archive *archive);
    void (*destroy)(void **self);
};

struct hm_dispatch {
    const struct hm_dispatch_ops *ops;
    void *self;
    int groups;             // G; 0 inline
    int64_t calls;          // labels received
    double seconds_oracle;  // evaluation time the oracles report
    double seconds_blocked; // time the driver stood still for other ranks
    double seconds_inline;  // time the driver spent evaluating itself
};

/* Labels are evaluated on submission, by the Hamiltonian borrowed here. */
enum hm_status hm_dispatch_create_inline(struct hm_hamiltonian *hamiltonian, size_t natom,
                                         struct hm_dispatch *dispatch);
void hm_dispatch_destroy(struct hm_dispatch *dispatch);

/* The frame's positions and cell are copied; the ticket names the request. */
enum hm_status hm_dispatch_submit(struct hm_dispatch *dispatch, const struct hm_frame *frame, int64_t *ticket);
/* *done tells whether the label was there; then the ticket is spent. *group is -1 inline. */
enum hm_status hm_dispatch_poll(struct hm_dispatch *dispatch, int64_t ticket, struct hm_label *label, int *group,
                                bool *done);
/* Forgets a request; its label is dropped when it comes. */
void hm_dispatch_cancel(struct hm_dispatch *dispatch, int64_t ticket);
enum hm_status hm_dispatch_ask(struct hm_dispatch *dispatch, const struct hm_frame *frame, struct hm_label *label,
                               int *group);
enum hm_status hm_dispatch_save(struct hm_dispatch *dispatch, struct hm_archive *archive);
enum hm_status hm_dispatch_load(struct hm_dispatch *dispatch, struct hm_archive *archive);

/* Request counter and warm states, one after the other: what an oracle saves. */
void hm_dispatch_put_warm(struct hm_archive *archive, int64_t requests, size_t count, const struct hm_archive *warm);
/* `count` views of them. Where fewer were saved they are handed out again, in turn. */
enum hm_status hm_dispatch_get_warm(struct hm_archive *archive, int64_t *requests, size_t count,
                                    struct hm_archive *warm);

#endif
