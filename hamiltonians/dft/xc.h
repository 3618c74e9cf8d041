/* Exchange and correlation on a grid of points around the atoms.
 *
 *   E_xc = sum_g w_g e(n, |grad n|^2 ...)(r_g)
 *   V_ab = dE_xc / dD_ab,   gradient: functions that move with their atoms, points that move with theirs, and weights
 *   w_g that change with all of them
 *
 * Shapes: D (nspin, nfunction, nfunction) of spin densities (nspin = 2) or the whole density (nspin = 1); V likewise,
 * symmetric; gradient (natom, 3), added to. Matrices, gradients, energies and electron counts are this member's share:
 * a sum over the team is the whole. Units: Hartree, bohr. Errors: HM_BAD_CONFIG (unknown functional or grid, what is
 * offered instead), HM_OUT_OF_MEMORY. Owns: the handle owns grid, values of functions at points and scratch. MPI:
 * local. Source: A. D. Becke, J. Chem. Phys. 88, 2547 (1988); J. A. Pople, P. M. W. Gill and B. G. Johnson, Chem. Phys.
 * Lett. 199, 557 (1992); B. G. Johnson, P. M. W. Gill and J. A. Pople, J. Chem. Phys. 98, 5612 (1993) (weights in the
 * gradient); libxc: S. Lehtola et al., SoftwareX 7, 1 (2018).
 */
#ifndef HM_HAMILTONIANS_DFT_XC_H
#define HM_HAMILTONIANS_DFT_XC_H

#include "hamiltonians/dft/basis.h"
#include "hamiltonians/dft/team.h"

struct hm_xc;

/* Reads hamiltonian.functional and hamiltonian.grid. nspin: 1 or 2. */
enum hm_status hm_xc_create(const struct hm_config *config, const struct hm_frame *frame, const struct hm_basis *basis,
                            int nspin, const struct hm_team *team, struct hm_xc **xc);
void hm_xc_destroy(struct hm_xc **xc);

/* Fraction of exact exchange in the functional; 0 of a pure one. */
double hm_xc_exchange_fraction(const struct hm_xc *xc);
/* Points of this member's share of the grid, after hm_xc_place: those that have weight and density. */
size_t hm_xc_points(const struct hm_xc *xc);

/* Atoms are at x from now on. */
enum hm_status hm_xc_place(struct hm_xc *xc, const double *x);
enum hm_status hm_xc_matrix(struct hm_xc *xc, const double *D, double *energy, double *electrons, double *V);
enum hm_status hm_xc_gradient(struct hm_xc *xc, const double *D, double *gradient);

#endif
