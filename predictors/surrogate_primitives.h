/* The internal coordinates of a molecule: which there are, and where the exchanges of equal atoms send them.
 *
 * Fills primitive, nprimitive, nvariable, nlike, exchange and nexchange of a basis (surrogate_basis.h).
 *
 * Errors: HM_BAD_CONFIG, HM_OUT_OF_MEMORY. MPI: local.
 */
#ifndef HM_PREDICTORS_SURROGATE_PRIMITIVES_H
#define HM_PREDICTORS_SURROGATE_PRIMITIVES_H

#include "predictors/surrogate_basis.h"

enum hm_status hm_primitives_find(const struct hm_config *config, const struct hm_frame *frame, enum hm_basis_kind kind,
                                  struct hm_basis *basis);

static inline size_t hm_primitive_variables(const struct hm_primitive *primitive)
{
    return primitive->kind == HM_PRIMITIVE_DIHEDRAL ? 2 : 1;
}

/* Its value and gradient at x: distance (or its inverse), angle (or minus its cosine), dihedral (or its cosine). */
double hm_primitive_value(const struct hm_primitive *primitive, const struct hm_frame *box, const double *x,
                          double gradient[4][3]);

#endif
