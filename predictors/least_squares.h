/* Least squares with many rows, in square-root form: a triangular factor that rows are rotated into, block by block.
 *
 *   minimise  sum_k (y_k - w . x_k)^2 + sum_j lambda^2 |x_j|^2 w_j^2
 *
 * |x_j|^2 is the sum of squares of column j, so that the ridge lambda is relative and does not depend on the scale of a
 * column. The factor of d columns holds the fits on any number k <= d of the first ones: ordered from the plain to the
 * refined, they are compared at no cost. Compare rls.h, for few columns and single rows.
 *
 * Shapes: factor (d + 1, d + 1) column-major, upper triangular; its last column is the rotated target. A block of m
 * rows is (m, d + 1) column-major. Units: the caller's. Errors: HM_OUT_OF_MEMORY; solving cannot fail: a column that
 * was never seen gets weight 0. Owns: factor and scratch. MPI: local. BLAS runs on one thread, so that the bits do not
 * depend on the number of cores. Source: Golub and Van Loan, Matrix Computations, 4th ed. (2013), 5.2 and 6.1.4; LAPACK
 * dtpqrt.
 */
#ifndef HM_PREDICTORS_LEAST_SQUARES_H
#define HM_PREDICTORS_LEAST_SQUARES_H

#include "io/archive.h"

struct hm_least_squares {
    size_t d;
    double rows;     // that went in
    double *factor;  // (d + 1, d + 1)
    double *trial;   // (d + 1, d + 1) scratch of a solution: the scaled factor
    double *ridge;   // (d, d + 1) scratch of a solution: what is rotated into it
    double *norm;    // (d + 1) of the columns
    double *scratch; // of the factorisation
    int *integers;   // (d + 1) scratch
};

enum hm_status hm_least_squares_create(size_t d, struct hm_least_squares *fit);
void hm_least_squares_release(struct hm_least_squares *fit);

/* The block is used up. */
void hm_least_squares_add(struct hm_least_squares *fit, size_t m, double *block);

/* weights (k) on the first k columns; *condition is that of the scaled and regularised factor, estimated. */
void hm_least_squares_solve(struct hm_least_squares *fit, size_t k, double lambda, double *weights, double *condition);

void hm_least_squares_save(const struct hm_least_squares *fit, struct hm_archive *archive);
enum hm_status hm_least_squares_load(struct hm_least_squares *fit, struct hm_archive *archive);

#endif
