/* The gradient of the self-consistent energy, and the dipole.
 *
 *   dE/dx = dE_nn/dx + sum D dh/dx - sum W dS/dx + dE_J/dx + dE_xc/dx - a dE_K/dx   at fixed D and W
 *   W = sum_i f_i eps_i c_i c_i^T   (Pulay's term: functions move with their atoms)
 *   mu = sum_A Z_A R_A - sum D <a| r |b>
 *
 * Shapes: gradient (natom, 3), dipole (3). Units: atomic units; the dipole about the origin. Errors: HM_OUT_OF_MEMORY.
 * Owns: nothing. MPI: collective over the team; whole on every member. Source: P. Pulay, Mol. Phys. 17, 197 (1969).
 */
#ifndef HM_HAMILTONIANS_DFT_GRADIENT_H
#define HM_HAMILTONIANS_DFT_GRADIENT_H

#include "hamiltonians/dft/scf.h"

/* The doubles of scratch it takes. */
size_t hm_scf_gradient_scratch(const struct hm_basis *basis);
enum hm_status hm_scf_gradient(struct hm_scf *scf, double *scratch, double *gradient, double dipole[3]);

#endif
