/* How the learned action is fitted: to pairs of points of a trajectory that lie one stride apart.
 *
 *   e_q = (q' - q) - dS/dp,  e_p = (p' - p) + dS/dq      at the midpoint, which the pair gives: nothing is solved
 *   loss = sum over pairs of (m w^2 |e_q|^2 + |e_p|^2 / m) / the same of what forces did in the
 * stride
 *
 * w makes both halves of the displacement equally large: one canonical scaling. Adam first, then L-BFGS to the end.
 * sqrt(loss) is the relative error that is reported.
 *
 * Shapes: a pair is a row q | p | q' | p' of 12 natom numbers.
 * Units: atomic units. Errors: HM_OUT_OF_MEMORY, HM_STOPPED (interrupted: the map is then between two states).
 * Owns: nothing. MPI: local.
 * Source: L-BFGS: J. Nocedal, Math. Comp. 35, 773 (1980), by liblbfgs (N. Okazaki).
 */
#ifndef HM_PREDICTORS_ACTION_FIT_H
#define HM_PREDICTORS_ACTION_FIT_H

#include "predictors/action_map.h"
#include "predictors/descent.h"

struct hm_action_pairs {
    size_t count;
    const double *rows; // (count, 12 natom)
};

struct hm_action_fit;

/* The scales of the map's displacements, from pairs as the trajectory gives them: w, their rms, and the norm of the
 * loss. */
void hm_action_fit_measure(struct hm_action_map *map, struct hm_action_pairs pairs, double stride);
/* Takes reach from the pairs and, if the map has none yet (unit 0), what its invariants and its unit are. */
enum hm_status hm_action_fit_create(struct hm_action_map *map, struct hm_action_pairs pairs,
                                    struct hm_action_fit **fit);
void hm_action_fit_destroy(struct hm_action_fit **fit);

/* sqrt(loss) over the pairs from `first` on, `count` of them, and, if asked for, the gradient of the loss. */
double hm_action_fit_error(struct hm_action_fit *fit, size_t first, size_t count, double *gradient);
enum hm_status hm_action_fit_run(struct hm_action_fit *fit, const struct hm_effort *effort);

#endif
