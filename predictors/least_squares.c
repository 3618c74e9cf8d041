#include "predictors/least_squares.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

enum { PANEL = 32 };

/* LAPACK, as Fortran calls it: its C interface is a package of its own. */
extern void dtpqrt_(const int *m, const int *n, const int *l, const int *nb, double *a, const int *lda, double *b,
                    const int *ldb, double *t, const int *ldt, double *work, int *info);
extern void dtrcon_(const char *norm, const char *uplo, const char *diag, const int *n, const double *a, const int *lda,
                    double *rcond, double *work, int *iwork, int *info);

enum hm_status hm_least_squares_create(size_t d, struct hm_least_squares *fit)
{
    const size_t n = d + 1;
    *fit = (struct hm_least_squares){.d = d};
    fit->factor = calloc(n * n, sizeof *fit->factor);
    fit->trial = calloc(n * n, sizeof *fit->trial);
    fit->ridge = calloc(d * n, sizeof *fit->ridge);
    fit->norm = calloc(n, sizeof *fit->norm);
    fit->scratch = calloc(2 * PANEL * n + 3 * n, sizeof *fit->scratch);
    fit->integers = calloc(n, sizeof *fit->integers);
    if (!fit->factor || !fit->trial || !fit->ridge || !fit->norm || !fit->scratch || !fit->integers) {
        hm_least_squares_release(fit);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for a fit of %zu coefficients", d);
    }
    openblas_set_num_threads(1);
    return HM_OK;
}

void hm_least_squares_release(struct hm_least_squares *fit)
{
    free(fit->factor);
    free(fit->trial);
    free(fit->ridge);
    free(fit->norm);
    free(fit->scratch);
    free(fit->integers);
    *fit = (struct hm_least_squares){0};
}

/* Rotates `block` (m, n) into the triangle of n columns; of its rows the last `trapezoid` begin with ever more zeros.
 */
static void rotate_in(const struct hm_least_squares *fit, double *triangle, size_t n, size_t m, size_t trapezoid,
                      double *block)
{
    const int columns = (int)n, rows = (int)m, zeros = (int)trapezoid, ld = (int)fit->d + 1;
    const int panel = columns < PANEL ? columns : PANEL;
    int info;
    dtpqrt_(&rows, &columns, &zeros, &panel, triangle, &ld, block, &rows, fit->scratch, &panel,
            &fit->scratch[PANEL * (fit->d + 1)], &info);
}

void hm_least_squares_add(struct hm_least_squares *fit, size_t m, double *block)
{
    if (m == 0) return;
    rotate_in(fit, fit->factor, fit->d + 1, m, 0, block);
    fit->rows += (double)m;
}

/* The first k columns, each over its norm so that the ridge is a multiple of the unit matrix, and the target. */
static void scale_columns(struct hm_least_squares *fit, size_t k)
{
    const size_t n = fit->d + 1;
    memset(fit->trial, 0, (k + 1) * n * sizeof *fit->trial);
    for (size_t j = 0; j < k; j++) {
        const double *from = &fit->factor[j * n];
        double *to = &fit->trial[j * n];
        fit->norm[j] = cblas_dnrm2((int)j + 1, from, 1);
        if (fit->norm[j] == 0)
            to[j] = 1; /* a column that was never seen stands alone */
        else
            for (size_t i = 0; i <= j; i++) to[i] = from[i] / fit->norm[j];
    }
    memcpy(&fit->trial[k * n], &fit->factor[fit->d * n], k * sizeof *fit->trial);
}

static double estimate_condition(const struct hm_least_squares *fit, size_t k)
{
    const int columns = (int)k, ld = (int)fit->d + 1;
    double reciprocal;
    int info;
    dtrcon_("1", "U", "N", &columns, fit->trial, &ld, &reciprocal, fit->scratch, fit->integers, &info);
    return 1 / reciprocal;
}

void hm_least_squares_solve(struct hm_least_squares *fit, size_t k, double lambda, double *weights, double *condition)
{
    scale_columns(fit, k);
    if (lambda > 0) {
        memset(fit->ridge, 0, k * (k + 1) * sizeof *fit->ridge);
        for (size_t j = 0; j < k; j++) fit->ridge[j * k + j] = lambda;
        rotate_in(fit, fit->trial, k + 1, k, k, fit->ridge);
    }
    *condition = estimate_condition(fit, k);
    memcpy(weights, &fit->trial[k * (fit->d + 1)], k * sizeof *weights);
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasNoTrans, CblasNonUnit, (int)k, fit->trial, (int)fit->d + 1, weights, 1);
    for (size_t j = 0; j < k; j++) weights[j] = fit->norm[j] > 0 ? weights[j] / fit->norm[j] : 0;
}

void hm_least_squares_save(const struct hm_least_squares *fit, struct hm_archive *archive)
{
    hm_archive_put_real(archive, fit->rows);
    hm_archive_put_reals(archive, fit->factor, (fit->d + 1) * (fit->d + 1));
}

enum hm_status hm_least_squares_load(struct hm_least_squares *fit, struct hm_archive *archive)
{
    HM_TRY(hm_archive_get_real(archive, &fit->rows));
    return hm_archive_get_reals(archive, fit->factor, (fit->d + 1) * (fit->d + 1));
}
