/* Small helpers on row-major matrices that the networks of an action share.
 *
 * Shapes: as said. Units: none. Errors: none. Owns: nothing. MPI: local.
 */
#ifndef HM_PREDICTORS_MATRIX_H
#define HM_PREDICTORS_MATRIX_H

#include <cblas.h>
#include <stddef.h>

/* C (m, n) = beta C + op(A) op(B), k the length of the sums. */
static inline void hm_matrix_multiply(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, size_t m, size_t n, size_t k,
                                      const double *a, const double *b, double beta, double *c)
{
    const int lda = (int)(ta == CblasNoTrans ? k : m), ldb = (int)(tb == CblasNoTrans ? n : k);
    cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1, a, lda, b, ldb, beta, c, (int)n);
}

/* sum (n) += the rows (count, n) */
static inline void hm_matrix_add_rows(size_t count, size_t n, const double *rows, double *sum)
{
    for (size_t row = 0; row < count; row++)
        for (size_t k = 0; k < n; k++) sum[k] += rows[row * n + k];
}

#endif
