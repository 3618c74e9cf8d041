/* Direct inversion in the iterative subspace: the step from the last Fock matrix along differences of earlier ones that
 * takes most of the residual away, where each difference of Fock matrices comes with its difference of residuals.
 *
 *   min | e_n + sum_k g_k de_k |^2 + sum_k p_k g_k^2 |de_k|^2      F = F_n + sum_k g_k dF_k,   e = F D - D F
 *
 * Among differences of the same geometry p = 0, which is Pulay's method. How a residual answers to a change of the
 * density differs little from one geometry to the next: differences of earlier geometries are kept, with a p that says
 * how far they are to be believed. They spare a warm start one or two cycles.
 *
 * Shapes: F and e have `count` numbers each, of all spins, in an orthonormal basis that is smooth in the geometry.
 * Units: Hartree. Errors: HM_OUT_OF_MEMORY, HM_BAD_INPUT (a saved state that does not fit). Owns: its vectors. MPI:
 * local. Source: P. Pulay, J. Comput. Chem. 3, 556 (1982); D. G. Anderson, J. ACM 12, 547 (1965).
 */
#ifndef HM_HAMILTONIANS_DFT_DIIS_H
#define HM_HAMILTONIANS_DFT_DIIS_H

#include "io/archive.h"

#include <stdbool.h>
#include <stddef.h>

/* Differences used of one geometry, held of all; of the geometry before others are left out. */
enum { HM_DIIS_FRESH = 7, HM_DIIS_MOST = 32, HM_DIIS_TRIES = 4 };

struct hm_diis {
    size_t count;
    bool started;                                    // there is a last F and e
    size_t size, newest, fresh;                      // differences held, the last one's place, those of this geometry
    double *F, *e;                                   // (HM_DIIS_MOST, count) differences, over the norm of that of e
    double *last_F, *last_e;                         // (count)
    double norm[HM_DIIS_MOST], answer[HM_DIIS_MOST]; // that was divided by; |dF|^2 over its square
    double product[HM_DIIS_MOST][HM_DIIS_MOST];      // <de_k|de_l>
};

enum hm_status hm_diis_create(size_t count, struct hm_diis *diis);
void hm_diis_destroy(struct hm_diis *diis);
void hm_diis_reset(struct hm_diis *diis); /* all is forgotten */
void hm_diis_begin(struct hm_diis *diis); /* at another geometry */
/* F becomes the combination of it and those before. */
void hm_diis_extrapolate(struct hm_diis *diis, double *F, const double *e);

/* Between geometries. */
void hm_diis_save(const struct hm_diis *diis, struct hm_archive *archive);
enum hm_status hm_diis_load(struct hm_diis *diis, struct hm_archive *archive);

#endif
