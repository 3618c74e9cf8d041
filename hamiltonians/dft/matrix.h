/* Small dense matrices, square and row-major, over BLAS and LAPACK.
 *
 *   C = A B,  C = A B^T           A = sum_k w_k u_k u_k^T with rows u_k, w ascending
 *
 * Shapes: (n, n) unless said. Units: none. Errors: hm_matrix_eigen and _solve return false when LAPACK gives up; the
 * matrix must be finite. Owns: struct hm_matrix_work owns its scratch. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_MATRIX_H
#define HM_HAMILTONIANS_DFT_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

struct hm_matrix_work {
    size_t n;
    double *real; // of LAPACK's eigensolver
    int *integer;
    int nreal, ninteger;
    double *product; // (n, n)
    double *scaled;  // (n, n)
};

/* False without memory. */
bool hm_matrix_work_create(size_t n, struct hm_matrix_work *work);
void hm_matrix_work_destroy(struct hm_matrix_work *work);

void hm_matrix_multiply(size_t n, const double *A, const double *B, double *C);
/* C = A B A, of symmetric A and B. */
void hm_matrix_congruence(const double *A, const double *B, double *C, struct hm_matrix_work *work);
double hm_matrix_dot(size_t count, const double *a, const double *b);
void hm_matrix_add(size_t count, double factor, const double *a, double *sum);
double hm_matrix_largest(size_t count, const double *a);
bool hm_matrix_is_finite(size_t count, const double *a);

/* A is overwritten with the eigenvectors, one in each row; w (n). */
bool hm_matrix_eigen(double *A, double *w, struct hm_matrix_work *work);
/* A = sum_k f_k u_k u_k^T with the rows u_k of U. */
void hm_matrix_compose(const double *U, const double *f, double *A, struct hm_matrix_work *work);

/* Solves A x = b for a positive definite A (k, k), both overwritten; false where it is not. */
bool hm_matrix_solve(size_t k, double *A, double *b);

#endif
