/* Vibrational modes of a molecule from the covariance of its velocities, and the kinetic energy in each.
 *
 * Frames are turned onto one geometry x0 (least squares weighted by mass, which is Eckart's condition); of the
 * mass-weighted velocities u_i = sqrt(m_i) v_i, |u|^2 = 2K, translation and rotation are taken out, as they are where
 * the molecule is and where x0 is:
 *
 *   C = <u u^T> over frames after the warm-up        its eigenvectors e_k are modes, eigenvalues kT_k, the largest
 * first kT_k = e_k^T C e_k                               for modes of another run that are passed in
 *
 * In a canonical ensemble every kT_k is kT, whatever the directions. Without a bath modes keep what they have: a run is
 * judged in the modes of its reference, mode by mode.
 *
 * Shapes: vector (count, 3 natom) orthonormal rows, mass-weighted; count = 3 natom - 6, or - 5 of a linear molecule.
 * Units: atomic units. Errors: HM_IO_ERROR, HM_BAD_INPUT (modes of other atoms), HM_OUT_OF_MEMORY.
 * Owns: its arrays; release empties it. MPI: local.
 * Source: Eckart, Phys. Rev. 47, 552 (1935); Kearsley, Acta Cryst. A45, 208 (1989); Golub and Van Loan, Matrix
 * Computations, 8.5 (Jacobi).
 */
#ifndef HM_IO_ANALYSIS_MODES_H
#define HM_IO_ANALYSIS_MODES_H

#include "io/analysis/run.h"

enum { HM_MODES_ATOMS = 64 };

/* count 0: periodic, frozen atoms, one atom, more than HM_MODES_ATOMS, or no frame. */
struct hm_modes {
    size_t natom, count, frames;
    double *geometry; /* (natom, 3) x0, centre of mass at 0 */
    double *vector;
    double *kt; /* (count) */
};

/* `given` NULL: the run's own, about its first frame after the warm-up. */
enum hm_status hm_modes_compute(const struct hm_run *run, const struct hm_modes *given, struct hm_modes *modes);
void hm_modes_release(struct hm_modes *modes);

/* Eigenvalues, the largest first, and eigenvectors in rows of a symmetric matrix (n, n), which is overwritten. */
void hm_symmetric_eigen(size_t n, double *matrix, double *values, double *vectors);

#endif
