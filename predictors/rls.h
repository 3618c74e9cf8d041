/* Regularised recursive least squares in square-root form.
 *
 *   minimise  sum_k (y_k - w . x_k)^2 + N sum_j lambda_j w_j^2
 *
 * Each row (x, y) is rotated into an upper-triangular factor by Givens rotations, so the normal equations, whose
 * condition number is the square, are never formed: with nearly collinear features (an impulse history is almost a
 * function of the distance) they would lose every digit. The ridge enters at solve time and scales with the number of
 * rows.
 *
 * Shapes: features (d); factor (d, d + 1) row-major, the last column is the rotated target.
 * Units: whatever the caller normalised to; features of order one.
 * Errors: none; memory belongs to the caller.
 * MPI: local.
 * Source: Golub and Van Loan, Matrix Computations, 4th ed. (2013), 5.1.8 and 6.1.4; Haykin, Adaptive Filter Theory
 * (QR-RLS).
 */
#ifndef HM_PREDICTORS_RLS_H
#define HM_PREDICTORS_RLS_H

#include <stddef.h>

struct hm_rls {
    size_t d;
    double count;   // N, rows seen
    double *factor; // (d, d + 1), starts at zero
};

static inline size_t hm_rls_factor_size(size_t d)
{
    return d * (d + 1);
}
/* Doubles of scratch that hm_rls_add and hm_rls_solve need. */
static inline size_t hm_rls_scratch_size(size_t d)
{
    return (d + 1) * (d + 1);
}

void hm_rls_add(struct hm_rls *rls, const double *features, double target, double *scratch);
/* ridge (d) per feature; weights (d). A feature that was never seen gets weight 0. The factor is not changed. */
void hm_rls_solve(const struct hm_rls *rls, const double *ridge, double *scratch, double *weights);

#endif
