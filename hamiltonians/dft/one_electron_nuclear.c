/* Attraction by nuclei, over Hermite Gaussians:
 *
 *   V_ab = sum_tuv E^x_t E^y_u E^z_v  sum_C -Z_C 2 pi / p R_tuv(p, P - C)
 *
 * and with h_tuv = sum_ab D_ab E^x_t E^y_u E^z_v its derivatives: sum h R_{t+1,u,v} as the pair moves against a
 * nucleus, E' of d/dA x_A^i = 2a x_A^{i+1} - i x_A^{i-1} in place of E as the first function moves alone.
 */
#include "hamiltonians/dft/hermite.h"
#include "hamiltonians/dft/one_electron_internal.h"

#include <string.h>

#define PI 3.14159265358979323846

enum {
    MAX_L = HM_BASIS_MAX_L,
    MAX_E = (MAX_L + 2) * (MAX_L + 1) * (2 * MAX_L + 2), // first function raised by one
    MAX_R = (2 * MAX_L + 2) * (2 * MAX_L + 3) * (2 * MAX_L + 4) / 6
};

struct primitives {
    double P[3], p, coefficient;
    double E[3][MAX_E];
};

/* E up to la + raise; false: too far apart to matter. */
static bool start_primitives(const struct hm_pair *pair, size_t i, size_t j, int raise, struct primitives *pp)
{
    const struct hm_shell *a = pair->a, *b = pair->b;
    const double ea = a->exponent[i], eb = b->exponent[j];
    pp->p = ea + eb;
    pp->coefficient = a->coefficient[i] * b->coefficient[j];
    if (ea * eb / pp->p * pair->distance2 > HM_PAIR_CUTOFF) return false;
    for (int k = 0; k < 3; k++) {
        pp->P[k] = (ea * pair->A[k] + eb * pair->B[k]) / pp->p;
        hm_hermite_expand(a->l + raise, b->l, ea, eb, pair->AB[k], pp->E[k]);
    }
    return true;
}

/* R (sum over all nuclei) */
static void potential(const struct primitives *pp, int L, size_t natom, const double *x, const int *number, double *R)
{
    double one[MAX_R];
    const size_t n = hm_hermite_count(L);
    memset(R, 0, n * sizeof *R);
    for (size_t c = 0; c < natom; c++) {
        const double r[3] = {pp->P[0] - x[3 * c], pp->P[1] - x[3 * c + 1], pp->P[2] - x[3 * c + 2]};
        hm_hermite_coulomb(L, pp->p, r, -number[c] * 2 * PI / pp->p * pp->coefficient, one);
        for (size_t i = 0; i < n; i++) R[i] += one[i];
    }
}

void hm_nuclear_block(const struct hm_pair *pair, size_t natom, const double *x, const int *number, double *block)
{
    struct primitives pp;
    double R[MAX_R];
    const int la = pair->a->l, lb = pair->b->l, L = la + lb;
    for (size_t p = 0; p < pair->a->nprimitive; p++)
        for (size_t q = 0; q < pair->b->nprimitive; q++) {
            if (!start_primitives(pair, p, q, 0, &pp)) continue;
            potential(&pp, L, natom, x, number, R);
            for (size_t m = 0, at = 0; m < pair->na; m++)
                for (size_t n = 0; n < pair->nb; n++, at++) {
                    const int *i = pair->power_a[m], *j = pair->power_b[n];
                    const double *Ex = pp.E[0] + (i[0] * (lb + 1) + j[0]) * (L + 1);
                    const double *Ey = pp.E[1] + (i[1] * (lb + 1) + j[1]) * (L + 1);
                    const double *Ez = pp.E[2] + (i[2] * (lb + 1) + j[2]) * (L + 1);
                    for (int t = 0; t <= i[0] + j[0]; t++)
                        for (int u = 0; u <= i[1] + j[1]; u++)
                            for (int v = 0; v <= i[2] + j[2]; v++)
                                block[at] += Ex[t] * Ey[u] * Ez[v] * R[hm_hermite_index(t, u, v)];
                }
        }
}

/* ---- gradient ---- */

/* E' of every (i, j), i <= la, in the layout of E raised by one. */
static void differentiate(int la, int lb, double a, const double *E, double *dE)
{
    const int row = (lb + 1) * (la + lb + 2);
    for (int i = 0; i <= la; i++)
        for (int k = 0; k < row; k++)
            dE[i * row + k] = 2 * a * E[(i + 1) * row + k] - (i ? i * E[(i - 1) * row + k] : 0);
}

/* h_tuv, and the same with E' in each direction: (4, hermite_count(L + 1)). */
static void hermite_density(const struct hm_pair *pair, const double *D, double E[3][MAX_E], double dE[3][MAX_E],
                            double h[4][MAX_R])
{
    const int lb = pair->b->l, n = pair->a->l + lb + 2;
    memset(h, 0, 4 * sizeof *h);
    for (size_t m = 0, at = 0; m < pair->na; m++)
        for (size_t k = 0; k < pair->nb; k++, at++) {
            const int *i = pair->power_a[m], *j = pair->power_b[k];
            const double *e[3], *d[3];
            for (int w = 0; w < 3; w++) {
                e[w] = E[w] + (i[w] * (lb + 1) + j[w]) * n;
                d[w] = dE[w] + (i[w] * (lb + 1) + j[w]) * n;
            }
            for (int t = 0; t <= i[0] + j[0] + 1; t++)
                for (int u = 0; u <= i[1] + j[1] + 1; u++)
                    for (int v = 0; v <= i[2] + j[2] + 1; v++) {
                        if (t + u + v > n - 1) continue;
                        const size_t tuv = hm_hermite_index(t, u, v);
                        h[0][tuv] += D[at] * e[0][t] * e[1][u] * e[2][v];
                        h[1][tuv] += D[at] * d[0][t] * e[1][u] * e[2][v];
                        h[2][tuv] += D[at] * e[0][t] * d[1][u] * e[2][v];
                        h[3][tuv] += D[at] * e[0][t] * e[1][u] * d[2][v];
                    }
        }
}

/* The energy's derivative with respect to P: sum h_tuv R_{t+1,u,v} and so on. */
static void shift(int L, const double *h, const double *R, double g[3])
{
    for (int k = 0; k < 3; k++) g[k] = 0;
    for (int n = 0, at = 0; n <= L; n++)
        for (int t = n; t >= 0; t--)
            for (int u = n - t; u >= 0; u--, at++) {
                const int v = n - t - u;
                g[0] += h[at] * R[hm_hermite_index(t + 1, u, v)];
                g[1] += h[at] * R[hm_hermite_index(t, u + 1, v)];
                g[2] += h[at] * R[hm_hermite_index(t, u, v + 1)];
            }
}

void hm_nuclear_gradient(const struct hm_pair *pair, size_t natom, const double *x, const int *number, const double *D,
                         double *gradient)
{
    struct primitives pp;
    double dE[3][MAX_E], h[4][MAX_R], R[MAX_R];
    const int la = pair->a->l, lb = pair->b->l, L = la + lb;
    const size_t nR = hm_hermite_count(L + 1);
    double *gA = gradient + 3 * pair->a->atom, *gB = gradient + 3 * pair->b->atom;
    for (size_t p = 0; p < pair->a->nprimitive; p++)
        for (size_t q = 0; q < pair->b->nprimitive; q++) {
            if (!start_primitives(pair, p, q, 1, &pp)) continue;
            for (int k = 0; k < 3; k++) differentiate(la, lb, pair->a->exponent[p], pp.E[k], dE[k]);
            hermite_density(pair, D, pp.E, dE, h);
            for (size_t c = 0; c < natom; c++) {
                const double r[3] = {pp.P[0] - x[3 * c], pp.P[1] - x[3 * c + 1], pp.P[2] - x[3 * c + 2]};
                double g[3];
                hm_hermite_coulomb(L + 1, pp.p, r, -number[c] * 2 * PI / pp.p * pp.coefficient, R);
                shift(L, h[0], R, g);
                for (size_t k = 0; k < 3; k++) {
                    double alone = 0;
                    for (size_t i = 0; i < nR; i++) alone += h[k + 1][i] * R[i];
                    gA[k] += alone;
                    gB[k] += g[k] - alone;
                    gradient[3 * c + k] -= g[k];
                }
            }
        }
}
