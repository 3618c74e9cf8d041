#include "predictors/levenberg.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* LAPACK, from OpenBLAS. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t length);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
             const int *ldb, int *info, size_t length);

enum { TRIES = 20 /* dampings of a step */, PATIENCE = 5 /* steps */ };

static const double FIRST_DAMPING = 1e-3, FALLS = 0.2, RISES = 2;
static const double LEAST_DIAGONAL = 1e-6; /* of D, over its mean */
static const double PROBE = 0.1;           /* of a step, for the second difference along it */
static const double MOST_BENT = 0.375;     /* |a| / |d| */
static const double WORTH = 1e-6;          /* of the sum of squares, in PATIENCE steps */

struct descent {
    const struct hm_squares *squares;
    size_t N, R;
    double *matrix, *factor;                        // (N, N)
    double *diagonal, *gradient, *step, *bend, *at; // (N)
    double *residual, *trial, *second;              // (R)
    double damping, sum;
};

static enum hm_status allocate(struct descent *d)
{
    const size_t N = d->N, R = d->R;
    d->matrix = malloc((2 * N * N + 5 * N + 3 * R) * sizeof(double));
    if (!d->matrix) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the normal matrix of %zu weights", N);
    d->factor = d->matrix + N * N;
    d->diagonal = d->factor + N * N;
    d->gradient = d->diagonal + N;
    d->step = d->gradient + N;
    d->bend = d->step + N;
    d->at = d->bend + N;
    d->residual = d->at + N;
    d->trial = d->residual + R;
    d->second = d->trial + R;
    return HM_OK;
}

static double squares_of(size_t n, const double *r)
{
    return cblas_ddot((int)n, r, 1, r, 1);
}

/* The residuals at w + t step. */
static void look(struct descent *d, double t, double *residual)
{
    for (size_t k = 0; k < d->N; k++) d->squares->weights[k] = d->at[k] + t * d->step[k];
    d->squares->residuals(d->squares->self, residual);
}

static double length(const struct descent *d, const double *v)
{
    double sum = 0;
    for (size_t k = 0; k < d->N; k++) sum += d->diagonal[k] * v[k] * v[k];
    return sqrt(sum);
}

/* v := -(J^T J + lambda D)^{-1} v, factorised. */
static void solve(const struct descent *d, double *v)
{
    const int N = (int)d->N, one = 1;
    int info;
    cblas_dscal(N, -1, v, 1);
    dpotrs_("U", &N, &one, d->factor, &N, v, &N, &info, 1);
}

/* What the second derivative along the step adds to it; false if that bends it too much to be believed. */
static bool accelerate(struct descent *d)
{
    look(d, PROBE, d->second);
    look(d, -PROBE, d->trial);
    for (size_t k = 0; k < d->R; k++)
        d->second[k] = (d->second[k] - 2 * d->residual[k] + d->trial[k]) / (PROBE * PROBE);
    memcpy(d->squares->weights, d->at, d->N * sizeof *d->at);
    d->squares->pull(d->squares->self, d->second, d->bend);
    solve(d, d->bend);
    if (!(length(d, d->bend) <= MOST_BENT * length(d, d->step))) return false;
    cblas_daxpy((int)d->N, 0.5, d->bend, 1, d->step, 1);
    return true;
}

/* Whether this damping gives a better point; `trial` are then its residuals. */
static bool try_damping(struct descent *d)
{
    const int N = (int)d->N;
    int info;
    memcpy(d->factor, d->matrix, d->N * d->N * sizeof *d->factor);
    for (size_t k = 0; k < d->N; k++) d->factor[k * d->N + k] += d->damping * d->diagonal[k];
    /* The lower triangle of rows is the upper one of Fortran's columns. */
    dpotrf_("U", &N, d->factor, &N, &info, 1);
    if (info != 0) return false;
    memcpy(d->step, d->gradient, d->N * sizeof *d->step);
    solve(d, d->step);
    if (!accelerate(d)) return false;
    look(d, 1, d->trial);
    return squares_of(d->R, d->trial) < d->sum;
}

/* One step; false if no damping made the sum less, and the weights are as they were. */
static bool iterate(struct descent *d)
{
    double mean = 0;
    for (size_t k = 0; k < d->N; k++) mean += d->matrix[k * d->N + k] / (double)d->N;
    for (size_t k = 0; k < d->N; k++) d->diagonal[k] = d->matrix[k * d->N + k] + LEAST_DIAGONAL * mean;
    memcpy(d->at, d->squares->weights, d->N * sizeof *d->at);
    d->squares->pull(d->squares->self, d->residual, d->gradient);
    for (int attempt = 0; attempt < TRIES; attempt++) {
        if (try_damping(d)) {
            d->damping *= FALLS;
            memcpy(d->residual, d->trial, d->R * sizeof *d->residual);
            d->sum = squares_of(d->R, d->residual);
            return true;
        }
        d->damping *= RISES;
    }
    memcpy(d->squares->weights, d->at, d->N * sizeof *d->at);
    return false;
}

enum hm_status hm_levenberg_run(const struct hm_squares *squares, int steps)
{
    struct descent d = {.squares = squares, .N = squares->nweight, .R = squares->nresidual, .damping = FIRST_DAMPING};
    enum hm_status status = allocate(&d);
    if (status != HM_OK) return status;
    squares->residuals(squares->self, d.residual);
    double before = d.sum = squares_of(d.R, d.residual);
    bool better = isfinite(d.sum);
    for (int k = 0; k < steps && better && status == HM_OK; k++) {
        status = squares->normal(squares->self, d.matrix);
        better = status == HM_OK && iterate(&d);
        if ((k + 1) % PATIENCE != 0) continue;
        better = better && d.sum < (1 - WORTH) * before;
        before = d.sum;
    }
    free(d.matrix);
    return status;
}
