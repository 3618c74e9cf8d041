/* The arithmetic of the action's network: products of small matrices, and tanh of many numbers.
 *
 * One source, action_kernels.inc, is compiled for AVX-512, for AVX2 and in vectors of 16 bytes for any machine; all
 * give the same bits: a sum is one chain in the order of its terms, products are not fused, and the lanes of a vector
 * are different elements of the result. A library's matrix product, made for large ones, takes longer to begin than
 * a network of 24 units has to compute.
 *
 *   |tanh - exact| <= 4 |exact| rounding errors of 1; what is not a number stays so.
 *
 * Shapes: as each says, row-major. Units: dimensionless. Errors: none. Owns: nothing. MPI: local.
 */
#ifndef HM_PREDICTORS_ACTION_KERNELS_H
#define HM_PREDICTORS_ACTION_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

/* C (m, n) = begin + A (m, k) B (k, n); element (i, l) of A is a[i a_row + l a_column], so that it may be transposed.
 */
struct hm_action_product {
    size_t m, n, k;
    const double *a;
    size_t a_row, a_column;
    const double *b;
    const double *bias; // begin (n), of every row; NULL: 0
    bool add;           // begin with what is in C instead
    double *c;
};

struct hm_action_kernels {
    const char *instructions;
    void (*multiply)(const struct hm_action_product *product);
    void (*tanh)(size_t count, double *a); // in place
};

/* The first two exist on x86-64 only. */
extern const struct hm_action_kernels hm_action_kernels_avx512, hm_action_kernels_avx2, hm_action_kernels_portable;
/* Those this machine has, the fastest first; returns how many. */
enum { HM_ACTION_KERNELS = 3 };
size_t hm_action_kernels_find(const struct hm_action_kernels *found[HM_ACTION_KERNELS]);

#endif
