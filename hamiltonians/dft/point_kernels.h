/* Loops over the points of a batch, for several instruction sets.
 *
 * Arrays over points are contiguous. `n` is a multiple of HM_POINT_LANES, so that loops have no remainder.
 * A partition's cells (cells.h) are products of switching functions
 *
 *   s(mu) = (1 - f(f(f(mu)))) / 2,   f(x) = (3 x - x^3) / 2
 *
 * Shapes: given with each kernel. Units: atomic units. Errors: none. Owns: nothing. MPI: local; bits depend on the
 * instruction set. Source: of s: A. D. Becke, J. Chem. Phys. 88, 2547 (1988).
 */
#ifndef HM_HAMILTONIANS_DFT_POINT_KERNELS_H
#define HM_HAMILTONIANS_DFT_POINT_KERNELS_H

#include <stddef.h>

enum { HM_POINT_LANES = 8, HM_POINT_MAX_POWER = 5 };

/* Potential at the points, times weight: Y = local phi + toward . grad phi. */
struct hm_point_potential {
    const double *local, *toward[3];
};

struct hm_point_kernels {
    const char *name;

    /* d (3, n) = point - center, square (n) = d.d; point (3 arrays of n). Returns the least square. */
    double (*separate)(size_t n, const double *const point[3], const double center[3], double *d, double *square);

    /* exponential (n) = exp(-exponent square). */
    void (*exponential)(size_t n, double exponent, const double *square, double *exponential);

    /* R (order + 1, n): sum c exp, sum -2a c exp, sum 4 a^2 c exp; exponential (count, n) as made before. */
    void (*radial)(size_t n, size_t count, const double *exponent, const double *coefficient, const double *exponential,
                   int order, double *R);

    /* power (3, HM_POINT_MAX_POWER + 1, n): x^0 ... x^highest, and of y and z; d (3, n). */
    void (*powers)(size_t n, int highest, const double *d, double *power);

    /* A Cartesian component x^i y^j z^k R(r), and its derivatives (order 1: x y z; 2: xx xy xz yy yz zz besides), each
     * `block` doubles behind the one before. power (3, HM_POINT_MAX_POWER + 1, n): powers of d; R as above. */
    void (*component)(size_t n, const int powers[3], const double *power, const double *R, int order, double *value,
                      size_t block);

    /* rho (n) += phi X summed over functions; slope (3, n) += 2 grad phi X, if not NULL. phi (4 or 1, nfunction, n):
     * value and gradient; X (nfunction, n). */
    void (*density)(size_t n, size_t nfunction, const double *phi, const double *X, double *rho, double *slope);

    /* Y (nfunction, n); toward[0] NULL: no gradients. */
    void (*potential)(size_t n, size_t nfunction, const double *phi, const struct hm_point_potential *v, double *Y);

    /* change (3) += sum over points of grad phi Z + (toward . grad) grad phi X; phi, Z, X of one function, its
     * derivatives (4 or, with toward (3, n), 10) `block` apart. */
    void (*change)(size_t n, const double *phi, size_t block, const double *Z, const double *X, const double *toward,
                   double change[3]);

    /* cell_a (n) *= s(mu), cell_b (n) *= s(-mu), mu = (da - db) inverse. */
    void (*cell_pair)(size_t n, const double *da, const double *db, double inverse, double *cell_a, double *cell_b);

    /* ga, gb (n): how the energy changes with the logarithms of the two cells. pull_a (n) += dE/dmu inverse, pull_b (n)
     * -= the same, along_mu (n) = dE/dmu mu inverse. */
    void (*cell_pair_gradient)(size_t n, const double *da, const double *db, double inverse, const double *ga,
                               const double *gb, double *pull_a, double *pull_b, double *along_mu);

    /* PBE of a closed shell (point_pbe.inc): energy per volume and its derivatives, zero where n < least. */
    void (*pbe)(size_t points, double least, const double *n, const double *sigma, double *e, double *vn,
                double *vsigma);
};

extern const struct hm_point_kernels hm_point_kernels_portable;
#if defined __x86_64__
extern const struct hm_point_kernels hm_point_kernels_avx2, hm_point_kernels_avx512;
#endif

/* Those that this machine runs, the fastest first; NULL behind the last. */
const struct hm_point_kernels *hm_point_kernels_available(size_t index);

#endif
