/* The density to start from, out of those of earlier geometries.
 *
 *   min | S - sum_k c_k S_k |^2 + ridge sum_k c_k^2,  sum_k c_k = 1:   D' ~ sum_k c_k D_k'
 *
 * The overlap tells where a geometry lies among those before, near or far in time, so that no step length enters. D' is
 * the density in the symmetrically orthogonalised basis, which is smooth in the geometry; the sum of several is made
 * idempotent again by filling its natural orbitals.
 *
 * Shapes: S (n, n), D' (nspin, n, n). Units: none. Errors: HM_OUT_OF_MEMORY, HM_BAD_INPUT (a saved state that does not
 * fit). Owns: the history. MPI: local.
 * Source: P. Pulay and G. Fogarasi, Chem. Phys. Lett. 386, 272 (2004); E. Polack, A. Mikhalev, G. Dusson, B. Stamm and
 * F. Lipparini, Mol. Phys. 118, e1779834 (2020).
 */
#ifndef HM_HAMILTONIANS_DFT_EXTRAPOLATION_H
#define HM_HAMILTONIANS_DFT_EXTRAPOLATION_H

#include "io/archive.h"

#include <stdbool.h>
#include <stddef.h>

enum { HM_EXTRAPOLATION_MOST = 32 };

struct hm_extrapolation {
    size_t n, nspin;
    size_t capacity, count, newest;
    double *S, *D; // (capacity, n, n), (capacity, nspin, n, n): a ring
};

enum hm_status hm_extrapolation_create(size_t n, int nspin, size_t capacity, struct hm_extrapolation *past);
void hm_extrapolation_destroy(struct hm_extrapolation *past);
void hm_extrapolation_reset(struct hm_extrapolation *past);

/* What was found at the geometry of S. */
void hm_extrapolation_add(struct hm_extrapolation *past, const double *S, const double *D);
/* D' at S; false where nothing is known. Not idempotent yet. */
bool hm_extrapolation_predict(const struct hm_extrapolation *past, const double *S, double *D);

void hm_extrapolation_save(const struct hm_extrapolation *past, struct hm_archive *archive);
enum hm_status hm_extrapolation_load(struct hm_extrapolation *past, struct hm_archive *archive);

#endif
