/* One trajectory with everything it needs: the services of step.h, built from a job for the ranks there are.
 *
 * Nothing here is global, so a process may hold several. Output is not part of it: set propagator.observer.
 *
 * Units: atomic units.
 * Errors: those of the parts.
 * Owns: all parts; the job and the layout are borrowed and outlive it. Does not move after create.
 * MPI: driver only; local (remote parts talk point-to-point).
 */
#ifndef HM_SCHEDULER_SIMULATION_H
#define HM_SCHEDULER_SIMULATION_H

#include "scheduler/job.h"
#include "scheduler/layout.h"
#include "scheduler/scene.h"
#include "scheduler/step.h"

struct hm_simulation {
    struct hm_scene scene;
    struct hm_committee committee;     // the driver's copies, which predict
    struct hm_hamiltonian hamiltonian; // the inline oracle's; ops NULL when oracle ranks evaluate
    struct hm_apprentice apprentice;   // the inline trainer's; unused when a predictor rank trains
    struct hm_dispatch oracle;
    struct hm_trainer trainer;
    struct hm_policy policy;
    struct hm_state *state;
    struct hm_propagator propagator;
};

/* `interrupt` is asked in segments, while the driver itself studies and while lessons or labels are waited for. */
enum hm_status hm_simulation_create(const struct hm_job *job, const struct hm_layout *layout,
                                    struct hm_interrupt interrupt, struct hm_simulation *simulation);
/* Before step 0: the segments of `training.energies`, then hm_propagator_start. HM_STOPPED: interrupted, and of no use
 * any more. */
enum hm_status hm_simulation_start(struct hm_simulation *simulation, const struct hm_job *job);
void hm_simulation_release(struct hm_simulation *simulation);

#endif
