/* One-electron integrals over a basis, and what they give to the gradient.
 *
 *   S_ab = <a|b>   T_ab = <a| -1/2 nabla^2 |b>   V_ab = -sum_C Z_C <a| 1/|r - C| |b>   X^k_ab = <a| r_k |b>
 *
 * Shapes: matrices (nfunction, nfunction), row-major, symmetric; x (natom, 3); dipole (3, nfunction, nfunction) about
 * the origin; gradient (natom, 3), added to. Only shell pairs that belong to this member of the team are computed; the
 * others are left zero, so that a sum over the team is the whole (hm_team_sum).
 * Units: atomic units. Errors: HM_OUT_OF_MEMORY. Owns: nothing. MPI: local.
 * Source: as hermite.h; overlap and kinetic energy by Obara and Saika, J. Chem. Phys. 84, 3963 (1986).
 */
#ifndef HM_HAMILTONIANS_DFT_ONE_ELECTRON_H
#define HM_HAMILTONIANS_DFT_ONE_ELECTRON_H

#include "hamiltonians/dft/basis.h"
#include "hamiltonians/dft/team.h"

void hm_overlap_matrix(const struct hm_basis *basis, const double *x, const struct hm_team *team, double *S);
/* T + V with the nuclear charges of `number`. */
enum hm_status hm_core_matrix(const struct hm_basis *basis, const double *x, const int *number,
                              const struct hm_team *team, double *H);
void hm_dipole_matrices(const struct hm_basis *basis, const double *x, const struct hm_team *team, double *X);
/* gradient += d/dx [ sum_ab D_ab (T + V)_ab - W_ab S_ab ] with D (density) and W (energy-weighted density) held fixed.
 */
enum hm_status hm_one_electron_gradient(const struct hm_basis *basis, const double *x, const int *number,
                                        const double *D, const double *W, const struct hm_team *team, double *gradient);

/* Repulsion of nuclei, and its gradient (added to, if not NULL), whole on every member. */
double hm_nuclear_repulsion(size_t natom, const int *number, const double *x, double *gradient);

#endif
