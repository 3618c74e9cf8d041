/* The watch over the energy: it is known wherever an exact force is injected, and it must stay what it was.
 *
 *   E_n = V(x_n) + K_n - heat                          at exact steps
 *   deviation = | mean of a block of E - mean of E over the warm-up | / mean of K over the warm-up
 *
 * Blocks are of 50 injections, so that the oscillation leapfrog has is averaged out; without a warm-up the first block
 * is the reference. A predictor whose errors no signal shows betrays itself here.
 *
 * Units: atomic units; deviations are dimensionless.
 * Errors: HM_DIVERGED beyond the limit. Owns: nothing. MPI: local.
 */
#ifndef HM_SCHEDULER_VIGIL_H
#define HM_SCHEDULER_VIGIL_H

#include "io/archive.h"

#include <stdbool.h>
#include <stdint.h>

struct hm_vigil {
    double energy, kinetic; // sums over the reference
    int64_t reference;      // steps in them
    double sum;             // of the block under way
    int64_t in_block;
    double latest, worst; // deviation of a block; 0 before
};

/* One exact step; `warmup` says that it belongs to the reference. */
enum hm_status hm_vigil_step(struct hm_vigil *vigil, int64_t step, bool warmup, double energy, double kinetic,
                             double most);

void hm_vigil_save(const struct hm_vigil *vigil, struct hm_archive *archive);
enum hm_status hm_vigil_load(struct hm_vigil *vigil, struct hm_archive *archive);

#endif
