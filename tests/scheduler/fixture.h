/* What the scheduler's tests share: jobs from a few lines of YAML, and a plain leapfrog that knows nothing of Hamlet.
 */
#ifndef HM_TESTS_SCHEDULER_FIXTURE_H
#define HM_TESTS_SCHEDULER_FIXTURE_H

#include "scheduler/simulation.h"

/* A rotating, vibrating molecule at 300 K; `extra` is further YAML. Asserts success. */
void fixture_job(const char *extra, struct hm_job *job);

/* One rank, everything inline. */
void fixture_simulation(const struct hm_job *job, struct hm_layout *layout, struct hm_simulation *simulation);

/* Steps until state->step == `until`; returns the first status that is not HM_OK. */
enum hm_status fixture_advance(struct hm_simulation *simulation, int64_t until);

/* Leapfrog of a harmonic diatomic, written out: x, v (2, 3) advance from (x_0, v_0) to (x_n, v_{n-1/2}). */
void fixture_plain_leapfrog(const struct hm_frame *start, double k, double r0, double dt, int64_t steps, double *x,
                            double *v);

/* True if positions, velocities, step, window and weights version agree to the bit. */
bool fixture_same_state(const struct hm_state *a, const struct hm_state *b);

#endif
