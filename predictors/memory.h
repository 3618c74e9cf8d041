/* How far back a predictor should look: the first inflection of the velocity autocorrelation.
 *
 *   C(k) = sum_n sum_c u_c(n) u_c(n+k),  u_c(n) = coordinate_c(n+1) - coordinate_c(n)
 *
 * over the steps a window holds: about a quarter of the fastest strong vibration, after which the past adds little that
 * is not already said. Channel rates are bond rates under `pair` (rotation does not split them) and velocities under
 * `cartesian`.
 *
 * Units: steps. Errors: HM_OUT_OF_MEMORY. Owns: nothing. MPI: local.
 * Source: the best history length reported in "Machine Learning Velocities to Propagate Molecular Dynamics
 * Simulations", ChemRxiv (2025).
 */
#ifndef HM_PREDICTORS_MEMORY_H
#define HM_PREDICTORS_MEMORY_H

#include "predictors/window.h"

/* Where the window is too short to show an inflection, an eighth of it. */
enum hm_status hm_memory_length(const struct hm_window *window, size_t *steps);

#endif
