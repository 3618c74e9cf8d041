#include "hamiltonians/dft/matrix.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info);
extern void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b,
                   const int *ldb, int *info);

bool hm_matrix_work_create(size_t n, struct hm_matrix_work *work)
{
    const int order = (int)n, ask = -1;
    double nreal = 0, *none = &nreal;
    int ninteger = 0, info = 0;
    *work = (struct hm_matrix_work){.n = n};
    dsyevd_("V", "L", &order, none, &order, none, &nreal, &ask, &ninteger, &ask, &info);
    work->nreal = (int)nreal;
    work->ninteger = ninteger;
    work->real = calloc((size_t)work->nreal, sizeof *work->real);
    work->integer = calloc((size_t)work->ninteger, sizeof *work->integer);
    work->product = calloc(n * n, sizeof *work->product);
    work->scaled = calloc(n * n, sizeof *work->scaled);
    return work->real && work->integer && work->product && work->scaled;
}

void hm_matrix_work_destroy(struct hm_matrix_work *work)
{
    free(work->real);
    free(work->integer);
    free(work->product);
    free(work->scaled);
    *work = (struct hm_matrix_work){0};
}

void hm_matrix_multiply(size_t n, const double *A, const double *B, double *C)
{
    const int order = (int)n;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, order, order, order, 1, A, order, B, order, 0, C, order);
}

void hm_matrix_congruence(const double *A, const double *B, double *C, struct hm_matrix_work *work)
{
    hm_matrix_multiply(work->n, A, B, work->product);
    hm_matrix_multiply(work->n, work->product, A, C);
}

double hm_matrix_dot(size_t count, const double *a, const double *b)
{
    return cblas_ddot((int)count, a, 1, b, 1);
}

void hm_matrix_add(size_t count, double factor, const double *a, double *sum)
{
    cblas_daxpy((int)count, factor, a, 1, sum, 1);
}

double hm_matrix_largest(size_t count, const double *a)
{
    double largest = 0;
    for (size_t k = 0; k < count; k++) largest = fmax(largest, fabs(a[k]));
    return largest;
}

/* Zero times a finite number is zero. */
bool hm_matrix_is_finite(size_t count, const double *a)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += 0 * a[k];
    return sum == 0;
}

bool hm_matrix_eigen(double *A, double *w, struct hm_matrix_work *work)
{
    const int order = (int)work->n;
    int info = 0;
    dsyevd_("V", "L", &order, A, &order, w, work->real, &work->nreal, work->integer, &work->ninteger, &info);
    return info == 0;
}

void hm_matrix_compose(const double *U, const double *f, double *A, struct hm_matrix_work *work)
{
    const size_t n = work->n;
    const int order = (int)n;
    int rows = 0; /* those that count */
    for (size_t k = 0; k < n; k++) {
        if (f[k] == 0) continue;
        memcpy(work->product + (size_t)rows * n, U + k * n, n * sizeof *U);
        for (size_t j = 0; j < n; j++) work->scaled[(size_t)rows * n + j] = f[k] * U[k * n + j];
        rows++;
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, order, order, rows, 1, work->product, order, work->scaled,
                order, 0, A, order);
}

bool hm_matrix_solve(size_t k, double *A, double *b)
{
    const int order = (int)k, one = 1;
    int info = 0;
    dposv_("L", &order, &one, A, &order, b, &order, &info);
    return info == 0;
}
