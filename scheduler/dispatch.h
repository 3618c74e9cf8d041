/* Oracles asked for exact labels, wherever they run.
 *
 * A request is submitted, polled until it is answered, or cancelled; a blocking question is submit and poll with a
 * polite wait in between (hm_dispatch_ask). Request r goes to group r mod G. Two implementations: inline (the driver
 * evaluates itself) and remote (oracle ranks).
 *
 * Faults are a normal thing. A call that fails, does not converge, is not finite or misses its deadline is logged, and
 * the request is called again, rung by rung of `oracle.on_failure`:
 *
 *   retry         the same once more, `oracle.retries` times, by the next group if there are several
 *   restart_scf   once, from nothing: the warm state is thrown away
 *   stop          the request has failed
 *
 * A deadline is `oracle.deadline`, or learned: 10 times the 95 % quantile of the calls so far, not less than 10 s, and
 * half an hour before there have been 5; nor less than the Hamiltonian takes to give up by itself, for one that watches
 * over another program and starts it again. It begins when the group is free to begin. A group that misses one is set
 * aside until its answer comes, which is dropped. Inline there is none: an evaluation cannot be interrupted from
 * within.
 *
 * Shapes: label->force (natom, 3), owned by the caller.
 * Units: atomic units; seconds.
 * Errors: HM_ORACLE_FAILED when all rungs were tried, or no group is left; HM_DIVERGED when a position is not finite,
 *   or every call of the request was not, though the Hamiltonian is a formula, so that it is not the oracle's fault;
 *   HM_STOPPED; HM_MPI_ERROR; HM_OUT_OF_MEMORY.
 * Owns: requests and messages in flight.
 * MPI: local to the driver (point-to-point with the oracle ranks).
 */
#ifndef HM_SCHEDULER_DISPATCH_H
#define HM_SCHEDULER_DISPATCH_H

#include "hamiltonians/hamiltonian.h"
#include "io/interrupt.h"

#include "io/records.h"

/* What comes back of a call. */
struct hm_answer {
    int64_t call;
    enum hm_status status; // HM_OK or HM_ORACLE_FAILED
    const char *text;      // of a failure; valid until the next receive
    struct hm_label label; // force is the caller's
};

/* The carrier of calls: none of these decides anything. */
struct hm_dispatch_ops {
    /* *sent tells whether the group could take the call. Never waits for another rank. */
    enum hm_status (*send)(void *self, int group, int64_t call, bool restart, const struct hm_frame *frame, bool *sent);
    enum hm_status (*receive)(void *self, int group, struct hm_answer *answer, bool *got);
    /* The group's warm state after its latest answer; nothing before the first. */
    enum hm_status (*save)(void *self, int group, struct hm_archive *warm);
    enum hm_status (*load)(void *self, int group, struct hm_archive *warm);
    void (*destroy)(void **self);
};

enum hm_rung { HM_RUNG_RETRY, HM_RUNG_RESTART };
enum { HM_RUNGS_MAX = 128 };

struct hm_dispatch_rules {
    double deadline; // 0: learned, but not less than
    double patience; // of the Hamiltonian itself
    bool analytic;   // what is not finite is so for everybody
    size_t nrung;    // calls of a request beyond the first
    enum hm_rung rung[HM_RUNGS_MAX];
};

/* Who writes faults down. */
struct hm_fault_log {
    enum hm_status (*write)(void *self, const struct hm_fault_record *record); // NULL: kept until there is somebody
    void *self;
};

struct hm_desk;

struct hm_dispatch {
    const struct hm_dispatch_ops *ops;
    void *self;
    int groups; // G; 0 inline
    struct hm_dispatch_rules rules;
    struct hm_interrupt interrupt;  // asked about every millisecond while a label is waited for
    int64_t step;                   // that questions are for: in messages and in the log
    int64_t calls;                  // labels received
    int64_t faults[HM_FAULT_COUNT]; // of this process
    bool no_place;                  // the latest request without a force: every call of it was answered, and none
                                    // converged or was finite: more likely the geometry than the oracle
    double seconds_oracle;          // evaluation time the oracles report
    double seconds_blocked;         // time the driver stood still for other ranks
    double seconds_inline;          // time the driver spent evaluating itself
    struct hm_desk *desk;           // open requests, and what is known of the groups
};

/* Labels are evaluated on submission, by the Hamiltonian borrowed here. Rules: a fault is the end. */
enum hm_status hm_dispatch_create_inline(struct hm_hamiltonian *hamiltonian, size_t natom,
                                         struct hm_dispatch *dispatch);
void hm_dispatch_destroy(struct hm_dispatch *dispatch);

/* The section `oracle`. */
enum hm_status hm_dispatch_configure(const struct hm_config *config, struct hm_dispatch *dispatch);
/* From now on; faults that nobody has written down yet are among them. */
enum hm_status hm_dispatch_log_faults(struct hm_dispatch *dispatch, struct hm_fault_log log);

/* The frame is copied; the ticket names the request. */
enum hm_status hm_dispatch_submit(struct hm_dispatch *dispatch, const struct hm_frame *frame, int64_t *ticket);
/* *done tells whether the label was there; then, and after a failure, the ticket is spent. *group is -1 inline. */
enum hm_status hm_dispatch_poll(struct hm_dispatch *dispatch, int64_t ticket, struct hm_label *label, int *group,
                                bool *done);
/* Forgets a request; its label is dropped when it comes. */
void hm_dispatch_cancel(struct hm_dispatch *dispatch, int64_t ticket);
/* Asked to stop, it waits a quarter of a second more for what comes soon. A question without an answer has not been
 * asked: the next has its ticket. */
enum hm_status hm_dispatch_ask(struct hm_dispatch *dispatch, const struct hm_frame *frame, struct hm_label *label,
                               int *group);

/* Whether a group still owes an answer: its ranks may not hear anything for long. */
bool hm_dispatch_is_owed(const struct hm_dispatch *dispatch);

/* Request counter and warm states, also of groups that are busy or silent: as they were after their latest answers. No
 * request may be open. Where fewer were saved than there are groups they are handed out again, in turn. */
enum hm_status hm_dispatch_save(struct hm_dispatch *dispatch, struct hm_archive *archive);
enum hm_status hm_dispatch_load(struct hm_dispatch *dispatch, struct hm_archive *archive);

#endif
