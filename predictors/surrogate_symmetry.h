/* The permutations of atoms that leave a molecule as it is: same species, masses and bonds.
 *
 * Found by trying images atom by atom. Where there are more than `most` the molecule is taken to have none but the
 * identity: a fit without them is still right, it only needs more data.
 *
 * Shapes: permutation (count, natom), the identity first; bonds (nbond, 2).
 * Errors: HM_OUT_OF_MEMORY. Owns: the caller frees. MPI: local.
 */
#ifndef HM_PREDICTORS_SURROGATE_SYMMETRY_H
#define HM_PREDICTORS_SURROGATE_SYMMETRY_H

#include "io/frame.h"

enum hm_status hm_symmetry_find(const struct hm_frame *frame, const size_t (*bonds)[2], size_t nbond, size_t most,
                                size_t **permutation, size_t *count);

#endif
