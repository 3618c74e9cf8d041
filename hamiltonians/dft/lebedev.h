/* Lebedev rules: points on the unit sphere with octahedral symmetry.
 *
 *   (1 / 4 pi) int f dOmega ~ sum_i w_i f(r_i),   exact for polynomials up to the rule's degree;  sum_i w_i = 1
 *
 * Only rules whose weights are all positive: of 6 to 974 points, degrees 3 to 53.
 *
 * Shapes: r (points, 3), w (points). Units: none. Errors: none. Owns: nothing. MPI: local.
 * Source: V. I. Lebedev and D. N. Laikov, Dokl. Math. 59, 477 (1999).
 */
#ifndef HM_HAMILTONIANS_DFT_LEBEDEV_H
#define HM_HAMILTONIANS_DFT_LEBEDEV_H

#include <stddef.h>

enum { HM_LEBEDEV_MAX_POINTS = 974 };

/* The index-th rule, by rising number of points; 0 behind the last. `degree` may be NULL. */
size_t hm_lebedev_offered(size_t index, int *degree);
/* The rule of this many points, which must be offered. */
void hm_lebedev_rule(size_t points, double *r, double *w);

#endif
