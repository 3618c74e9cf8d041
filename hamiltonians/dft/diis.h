/* Direct inversion in the iterative subspace: the combination of earlier Fock matrices whose residuals cancel best.
 *
 *   min | sum_k c_k e_k |^2,  sum_k c_k = 1        e = F D - D F in an orthonormal basis
 *
 * Vectors that make the problem singular are dropped, the oldest first.
 *
 * Shapes: F and e have `count` numbers each, of all spins. Units: Hartree. Errors: HM_OUT_OF_MEMORY. Owns: its vectors.
 * MPI: local. Source: P. Pulay, J. Comput. Chem. 3, 556 (1982).
 */
#ifndef HM_HAMILTONIANS_DFT_DIIS_H
#define HM_HAMILTONIANS_DFT_DIIS_H

#include "io/status.h"

#include <stddef.h>

enum { HM_DIIS_VECTORS = 8 };

struct hm_diis {
    size_t count;
    size_t size, newest;                              // vectors held, the last one's place
    double *F, *e;                                    // (HM_DIIS_VECTORS, count)
    double product[HM_DIIS_VECTORS][HM_DIIS_VECTORS]; // <e_k|e_l>
};

enum hm_status hm_diis_create(size_t count, struct hm_diis *diis);
void hm_diis_destroy(struct hm_diis *diis);
void hm_diis_reset(struct hm_diis *diis);
/* F becomes the combination of it and those before. */
void hm_diis_extrapolate(struct hm_diis *diis, double *F, const double *e);

#endif
