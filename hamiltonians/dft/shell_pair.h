/* Two shells of a basis as the loops over integrals take them: a block of Cartesian components, and its place in a
 * matrix.
 *
 * Shapes: block (cartesian_count(a.l), cartesian_count(b.l)), row-major; matrix (nfunction, nfunction).
 * Errors: none. Owns: nothing. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_SHELL_PAIR_H
#define HM_HAMILTONIANS_DFT_SHELL_PAIR_H

#include "hamiltonians/dft/basis.h"

enum {
    HM_CARTESIAN_MAX = (HM_AUXILIARY_MAX_L + 1) * (HM_AUXILIARY_MAX_L + 2) / 2,
    HM_BLOCK_MAX = HM_CARTESIAN_MAX * HM_CARTESIAN_MAX
};

/* exp(-38) is below the rounding of any integral of normalised functions. */
#define HM_PAIR_CUTOFF 38.0

/* Powers (i, j, k) of the components of a shell. */
void hm_cartesian_powers(int l, int powers[HM_CARTESIAN_MAX][3]);

/* The block as functions of the two shells, into the matrix and its mirror image. */
void hm_block_scatter(const struct hm_basis *basis, const struct hm_shell *a, const struct hm_shell *b,
                      const double *block, double *matrix);
/* The adjoint: weights of Cartesian components, so that sum block * integral = sum matrix * integral over this block.
 */
void hm_block_gather(const struct hm_basis *basis, const struct hm_shell *a, const struct hm_shell *b,
                     const double *matrix, double *block);

#endif
