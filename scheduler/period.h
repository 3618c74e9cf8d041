/* The fastest vibration of a system where it starts: what bounds the time between impulses.
 *
 *   T_min = 2 pi / sqrt(lambda),   lambda the largest eigenvalue of M^{-1/2} H M^{-1/2}
 *
 * by power iteration; the products with the Hessian H are differences of two exact forces, about forty in all.
 *
 * Units: atomic units. No vibration at all: infinite.
 * Errors: HM_OUT_OF_MEMORY, those of the oracle. Owns: nothing. MPI: as hm_dispatch_ask.
 */
#ifndef HM_SCHEDULER_PERIOD_H
#define HM_SCHEDULER_PERIOD_H

#include "scheduler/dispatch.h"

enum hm_status hm_fastest_period(struct hm_dispatch *oracle, const struct hm_frame *frame, double *period);

/* `injection: {form: impulse}` at `policy.frequency` f gives an impulse every dt/f, of which a quarter of the fastest
 * period is the most that does not resonate: HM_BAD_CONFIG beyond it.
 * Source: Biesiadecki and Skeel, J. Comput. Phys. 109, 318 (1993), with a margin of two. */
enum hm_status hm_period_check(const struct hm_config *config, struct hm_dispatch *oracle,
                               const struct hm_frame *frame);

/* The lowest frequency that passes. */
double hm_period_frequency(double period, double timestep);

#endif
