/* What each kind of rank does until the driver says stop.
 *
 * A worker that can do no more tells the driver why (FAILED) and goes on waiting for STOP, so that every rank leaves
 * the same way.
 *
 * Errors: those of its method, also reported to the driver; HM_MPI_ERROR.
 * Owns: nothing of its arguments.
 * MPI: point-to-point with the driver; an oracle's Hamiltonian may be collective over its group.
 */
#ifndef HM_SCHEDULER_ROLES_H
#define HM_SCHEDULER_ROLES_H

#include "scheduler/apprentice.h"
#include "scheduler/job.h"
#include "scheduler/layout.h"
#include "scheduler/messages.h"

#include "hamiltonians/hamiltonian.h"

/* Evaluates frames with the topology of `frame`. */
enum hm_status hm_role_oracle(const struct hm_layout *layout, struct hm_hamiltonian *hamiltonian,
                              const struct hm_frame *frame);
/* Learns samples, studies in episodes, publishes parameters. */
enum hm_status hm_role_predictor(const struct hm_layout *layout, struct hm_apprentice *apprentice);
/* What both share: messages from the driver are handed to `serve` until it says stop. */
struct hm_worker {
    const struct hm_layout *layout;
    struct hm_inbox inbox;
    struct hm_outbox outbox;
};

/* `failed` is what already went wrong while the role was prepared. */
enum hm_status hm_worker_run(struct hm_worker *worker, enum hm_status failed,
                             enum hm_status (*serve)(struct hm_worker *worker, void *role), void *role);

struct hm_driver_options {
    bool overwrite;           // replace an existing trajectory
    bool quiet;               // no log
    bool terminal;            // a person watches: redraw the progress in place
    void (*idle)(void *self); // called about every millisecond between steps and while it waits; or NULL
    void *idle_self;
    const char *const (*provenance)[2]; // name, value; ends with {NULL, NULL}
    /* Ends this process and all other ranks at once, with everything written, when one of them does not answer any
     * more. NULL: MPI_Abort. */
    void (*abandon)(enum hm_status status);
};

/* Runs the job to its end, from its snapshot if it has one, and writes it down. The trajectory is kept whatever
 * happens; its status says what did. HM_STOPPED: a signal ended it, and there is a checkpoint (but not before step 0).
 * At the end every other rank's role is ended, too. */
enum hm_status hm_role_driver(const struct hm_layout *layout, const struct hm_job *job,
                              const struct hm_driver_options *options);

/* The whole run on every rank of `world`: the job is prepared on rank 0 (elsewhere empty), shared, and every rank plays
 * its role. All return the same status. Collective. */
enum hm_status hm_run(MPI_Comm world, struct hm_job *job, const struct hm_driver_options *options);

/* The driver's last: ends every other rank's role, after a run that came to `status`. `owed`: one of them has not
 * answered and may never do; if it does not leave soon, this does not return, but ends the whole job with the run's
 * exit code. */
enum hm_status hm_role_end(const struct hm_layout *layout, const struct hm_driver_options *options, bool owed,
                           enum hm_status status);
/* Driver only: ends every other rank's role. *ended false: not all have left theirs within `patience` seconds, and what
 * was sent to them stays in memory. */
enum hm_status hm_role_stop_others(const struct hm_layout *layout, double patience, bool *ended);

#endif
