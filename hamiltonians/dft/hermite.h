/* Hermite Gaussians, on which all integrals stand (McMurchie and Davidson).
 *
 *   Omega_ab = x_A^i x_B^j exp(-a x_A^2 - b x_B^2) = sum_t E_t^{ij} d^t/dPx^t exp(-p x_P^2),
 *   p = a + b, P = (a A + b B) / p
 *   [tuv | nuclear at C] = 2 pi / p   R_tuv(p, P - C)
 *   [tuv | t'u'v']       = 2 pi^(5/2) / (p q sqrt(p + q)) (-1)^(t'+u'+v') R_{t+t', u+u', v+v'}(pq / (p+q), P - Q)
 *   R_tuv(alpha, r) = d^t/dx^t d^u/dy^u d^v/dz^v F_0(alpha r^2)
 *
 * Shapes: R holds all t + u + v <= L, in the order of hm_hermite_index.
 * Units: bohr. Errors: none. Owns: nothing. MPI: local.
 * Source: L. E. McMurchie and E. R. Davidson, J. Comput. Phys. 26, 218 (1978); T. Helgaker, P. Jorgensen and J. Olsen,
 * Molecular Electronic-Structure Theory (Wiley, 2000), chapter 9.
 */
#ifndef HM_HAMILTONIANS_DFT_HERMITE_H
#define HM_HAMILTONIANS_DFT_HERMITE_H

#include <stddef.h>

enum { HM_HERMITE_MAX_L = 14 }; /* four f shells and their first derivatives: 4 * 3 + 1, rounded up */

/* Number of (t, u, v) with t + u + v <= L. */
static inline size_t hm_hermite_count(int L)
{
    return (size_t)((L + 1) * (L + 2) * (L + 3) / 6);
}

/* Place of (t, u, v): sorted by the sum n = t + u + v, then t descending, then u descending. */
static inline size_t hm_hermite_index(int t, int u, int v)
{
    const int n = t + u + v, rest = u + v;
    return (size_t)(n * (n + 1) * (n + 2) / 6 + rest * (rest + 1) / 2 + v);
}

/* Boys function F_m(x) = int_0^1 t^2m exp(-x t^2) dt, m = 0 ... M; relative error 1e-14 or so. M <= HM_HERMITE_MAX_L.
 */
void hm_boys(int M, double x, double *F);

/* The table behind it, for kernels that interpolate by themselves: F_m(i / HM_BOYS_PER_UNIT) in row i, column m.
 * A Taylor series of order HM_BOYS_ORDER from the nearest row is good to 1e-14. */
enum {
    HM_BOYS_LIMIT = 36,
    HM_BOYS_PER_UNIT = 16,
    HM_BOYS_ORDER = 6,
    HM_BOYS_POINTS = HM_BOYS_LIMIT * HM_BOYS_PER_UNIT + 1
};
enum { HM_BOYS_COLUMNS = HM_HERMITE_MAX_L + HM_BOYS_ORDER + 1 };
const double *hm_boys_table(void);

/* E_t^{ij} for i <= la, j <= lb, t <= i + j, of one direction: E[((i) * (lb + 1) + j) * (la + lb + 1) + t], with
 * AB = A - B in that direction; the prefactor exp(-a b / p AB^2) is included. */
void hm_hermite_expand(int la, int lb, double a, double b, double AB, double *E);

/* Their derivatives with respect to AB, at a fixed P: S_t^{ij}, in the same places. E is what hm_hermite_expand gave.
 */
void hm_hermite_expand_slope(int la, int lb, double a, double b, double AB, const double *E, double *S);

/* R_tuv for t + u + v <= L, each times `scale`. */
void hm_hermite_coulomb(int L, double alpha, const double r[3], double scale, double *R);

#endif
