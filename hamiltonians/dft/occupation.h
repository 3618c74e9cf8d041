/* How electrons fill orbitals.
 *
 *   integer:   the lowest ones
 *   smeared:   f_i = g / (1 + exp((eps_i - mu) / kT)),  sum f_i = N
 *              T S = -kT g sum_i [ p ln p + (1 - p) ln (1 - p) ],  p = f_i / g;   E - T S is what forces derive from
 *
 * Shapes: eps and f (n), eps ascending. Units: Hartree. Errors: none. Owns: nothing. MPI: local.
 * Source: N. D. Mermin, Phys. Rev. 137, A1441 (1965).
 */
#ifndef HM_HAMILTONIANS_DFT_OCCUPATION_H
#define HM_HAMILTONIANS_DFT_OCCUPATION_H

#include <stddef.h>

/* Fills n orbitals of `capacity` g electrons each; kT = 0: integer occupations (the last may be a fraction). Returns
 * T S. */
double hm_occupation_fill(size_t n, const double *eps, double electrons, double capacity, double kT, double *f);

#endif
