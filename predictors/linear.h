/* The linear predictor as a part of others: a base to correct, or a simpler companion to differ from.
 *
 * Its handle is one of hm_predictor_linear's operations (predictor.h).
 *
 * Shapes: rows as window.h lays them out; motion (nchannel). Units: atomic units. Errors: none. MPI: local.
 */
#ifndef HM_PREDICTORS_LINEAR_H
#define HM_PREDICTORS_LINEAR_H

#include "predictors/predictor.h"

extern const struct hm_predictor_ops hm_predictor_linear;

/* It has weights. */
bool hm_linear_fitted(const void *linear);
/* The motion it predicts for the step of `row`, which has at least history() consecutive rows before it. */
void hm_linear_predict_row(void *linear, const double *row, double *motion);

#endif
