/* The watch over the energy: it is known wherever an exact force is injected, and it must stay what it was.
 *
 *   E_n = V(x_n) + K_n - sum_i m_i kick_i^2 / 8 - heat    at exact steps: what leapfrog conserves, without its
 * oscillation deviation = | mean of a block of E - mean of E over the warm-up | / mean of K, the larger of block and
 * warm-up
 *
 * Blocks are of 50 injections; without a warm-up the first 50 are the reference. The scatter of the reference says what
 * a deviation is worth: an alarm is one beyond five standard errors and a thousandth. A predictor whose errors no
 * signal shows betrays itself here.
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
    double energy, kinetic, squares;    // means over the reference, and the sum of squared deviations of the energy
    int64_t reference;                  // steps in it
    double block_energy, block_kinetic; // sums over the block under way, of the energy's distance from the reference
    int64_t in_block;
    double latest, worst; // deviation of a block; 0 before
};

/* One exact step; `warmup` says that it belongs to the reference. `most` is the limit of a deviation. */
enum hm_status hm_vigil_step(struct hm_vigil *vigil, int64_t step, bool warmup, double energy, double kinetic,
                             double most);

bool hm_vigil_alarm(const struct hm_vigil *vigil);

void hm_vigil_save(const struct hm_vigil *vigil, struct hm_archive *archive);
enum hm_status hm_vigil_load(struct hm_vigil *vigil, struct hm_archive *archive);

#endif
