/* A study of how errors accumulate: at every `branch_every_steps` of the run, branches leave it from the state that is
 * there, and go on side by side for `branch_steps`:
 *
 *   exact      x_{n+1} from kicks dt F / m                    the trajectory that exact dynamics would take
 *   predicted  every kick is the committee's                  unforced, whatever a policy would say
 *   baseline   the first kick is the committee's, the rest exact: one error, and what dynamics makes of it
 *
 * What sets them apart after n unforced steps goes to the file (struct hm_study_record), at 1, 2, ... and then about 24
 * numbers of steps a decade. A thermostat gives all three the same random numbers.
 *
 * The run does not notice: a study has its own committee, scene and Hamiltonians, into which the run's state is copied
 * bit by bit. Its Hamiltonians work for the driver alone and begin every branch from nothing, so that a resumed run
 * repeats them; their calls are counted apart. A branch whose oracle fails, or that leaves physics, ends; the others go
 * on.
 *
 * Units: atomic units; the records those of the file.
 * Errors: HM_BAD_CONFIG, HM_OUT_OF_MEMORY; HM_STOPPED (interrupted; the run, stopped at this step, begins the branches
 *   again when it is resumed).
 * Owns: its copies and scratch; a step of a branch allocates nothing. The propagator is borrowed. Does not move.
 * MPI: driver only; local.
 */
#ifndef HM_SCHEDULER_STUDY_H
#define HM_SCHEDULER_STUDY_H

#include "scheduler/job.h"
#include "scheduler/scene.h"
#include "scheduler/step.h"

enum hm_branch_kind { HM_BRANCH_EXACT, HM_BRANCH_PREDICTED, HM_BRANCH_BASELINE, HM_BRANCH_COUNT };

struct hm_branch {
    bool there;             // false: has ended, or is not wanted
    struct hm_state *state; // NULL: not wanted
    struct hm_hamiltonian hamiltonian;
    double kinetic, potential; // at the latest sample
};

struct hm_study {
    int64_t every, length, first, last; // branches leave at first, first + every, ... <= last
    const struct hm_propagator *run;
    struct hm_scene scene;
    struct hm_committee committee;
    struct hm_branch branch[HM_BRANCH_COUNT];
    struct hm_archive copy;
    size_t nsample, nrecord;
    int64_t *sample;                                     // (nsample) unforced steps, ascending
    struct hm_study_record *record;                      // (nsample) of the branches under way
    double *scratch;                                     // behind the arrays below
    double *kick, *first_kick, *v_before, *v_on, *force; // (natom, 3)
    int64_t branches, oracle_calls;
    double seconds;
};

/* Whether the section `study` can be followed; nothing without one. */
enum hm_status hm_study_check(const struct hm_config *config);
/* `study->every` 0 without a section; then nothing else needs to be called. */
enum hm_status hm_study_create(const struct hm_job *job, const struct hm_propagator *run, struct hm_study *study);
void hm_study_release(struct hm_study *study);

/* Whether branches leave before this step of the run. */
bool hm_study_is_due(const struct hm_study *study, int64_t step);
/* There, with the lessons taken that the step begins with: follows the branches to their end, if the committee can
 * speak, and leaves `nrecord` records. */
enum hm_status hm_study_branch(struct hm_study *study, const struct hm_state *state);

#endif
