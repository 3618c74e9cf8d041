/* Attraction by nuclei, over Hermite Gaussians:
 *
 *   V_ab = sum_tuv E^x_t E^y_u E^z_v  sum_C -Z_C 2 pi / p R_tuv(p, P - C)
 *
 * and with h_tuv = sum_ab D_ab E^x_t E^y_u E^z_v its derivatives: sum h R_{t+1,u,v} as the pair moves against a
 * nucleus, E' of d/dA x_A^i = 2a x_A^{i+1} - i x_A^{i-1} in place of E as the first function moves alone.
 *
 * Sums over t, u, v go over cubes, in which the place of (t, u, v) takes no counting.
 */
#include "hamiltonians/dft/hermite.h"
#include "hamiltonians/dft/one_electron_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

enum {
    MAX_L = HM_BASIS_MAX_L,
    MAX_E = (MAX_L + 2) * (MAX_L + 1) * (2 * MAX_L + 2), // first function raised by one
    SIDE = 2 * MAX_L + 2,
    CUBE = SIDE * SIDE * SIDE,
};

struct primitives {
    double P[3], p, scale; // scale: coefficients and 2 pi / p
    double E[3][MAX_E];
};

/* ---- nuclei ---- */

enum hm_status hm_nuclei_create(size_t natom, const double *x, const int *number, struct hm_nuclei *nuclei)
{
    const size_t nblock = (natom + HM_CHARGE_LANES - 1) / HM_CHARGE_LANES, room = nblock * HM_CHARGE_LANES;
    *nuclei = (struct hm_nuclei){.kernels = hm_potential_kernels_available(0)};
    double *value = nuclei->storage = calloc(7 * room + 1, sizeof *value);
    if (!value) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu nuclei", natom);
    for (size_t i = 0; i < room; i++) {
        const size_t atom = i < natom ? i : 0;
        for (size_t k = 0; k < 3; k++) value[k * room + i] = x[3 * atom + k];
        value[3 * room + i] = i < natom ? -number[i] : 0;
    }
    nuclei->charges = (struct hm_charges){nblock, value, value + room, value + 2 * room, value + 3 * room};
    nuclei->force = value + 4 * room;
    return HM_OK;
}

void hm_nuclei_add_forces(const struct hm_nuclei *nuclei, size_t natom, double *gradient)
{
    const size_t room = nuclei->charges.nblock * HM_CHARGE_LANES;
    for (size_t i = 0; i < natom; i++)
        for (size_t k = 0; k < 3; k++) gradient[3 * i + k] -= nuclei->force[k * room + i];
}

void hm_nuclei_destroy(struct hm_nuclei *nuclei)
{
    free(nuclei->storage);
    *nuclei = (struct hm_nuclei){0};
}

/* ---- primitives ---- */

/* E up to la + raise; false: too far apart to matter. */
static bool start_primitives(const struct hm_pair *pair, size_t i, size_t j, int raise, struct primitives *pp)
{
    const struct hm_shell *a = pair->a, *b = pair->b;
    const double ea = a->exponent[i], eb = b->exponent[j];
    pp->p = ea + eb;
    pp->scale = a->coefficient[i] * b->coefficient[j] * 2 * PI / pp->p;
    if (ea * eb / pp->p * pair->distance2 > HM_PAIR_CUTOFF) return false;
    for (int k = 0; k < 3; k++) {
        pp->P[k] = (ea * pair->A[k] + eb * pair->B[k]) / pp->p;
        hm_hermite_expand(a->l + raise, b->l, ea, eb, pair->AB[k], pp->E[k]);
    }
    return true;
}

/* Between the order of hm_hermite_index and the cube, t + u + v <= L. */
static void to_cube(int L, const double *R, double *cube)
{
    for (int n = 0; n <= L; n++)
        for (int t = n; t >= 0; t--)
            for (int u = n - t; u >= 0; u--) cube[(t * SIDE + u) * SIDE + n - t - u] = *R++;
}

static void from_cube(int L, const double *cube, double *R)
{
    for (int n = 0; n <= L; n++)
        for (int t = n; t >= 0; t--)
            for (int u = n - t; u >= 0; u--) *R++ = cube[(t * SIDE + u) * SIDE + n - t - u];
}

/* ---- matrix ---- */

void hm_nuclear_block(const struct hm_pair *pair, const struct hm_nuclei *nuclei, double *block)
{
    struct primitives pp;
    double R[HM_POTENTIAL_COUNT], cube[CUBE];
    const int lb = pair->b->l, L = pair->a->l + lb;
    assert(L <= 2 * MAX_L);
    for (size_t p = 0; p < pair->a->nprimitive; p++)
        for (size_t q = 0; q < pair->b->nprimitive; q++) {
            if (!start_primitives(pair, p, q, 0, &pp)) continue;
            nuclei->kernels->potential(L, pp.p, pp.P, pp.scale, &nuclei->charges, R);
            to_cube(L, R, cube);
            for (size_t m = 0, at = 0; m < pair->na; m++)
                for (size_t n = 0; n < pair->nb; n++, at++) {
                    const int *i = pair->power_a[m], *j = pair->power_b[n];
                    const double *Ex = pp.E[0] + (i[0] * (lb + 1) + j[0]) * (L + 1);
                    const double *Ey = pp.E[1] + (i[1] * (lb + 1) + j[1]) * (L + 1);
                    const double *Ez = pp.E[2] + (i[2] * (lb + 1) + j[2]) * (L + 1);
                    double sum = 0;
                    for (int t = 0; t <= i[0] + j[0]; t++)
                        for (int u = 0; u <= i[1] + j[1]; u++) {
                            const double xy = Ex[t] * Ey[u], *line = cube + (t * SIDE + u) * SIDE;
                            for (int v = 0; v <= i[2] + j[2]; v++) sum += xy * Ez[v] * line[v];
                        }
                    block[at] += sum;
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

struct hermite_density {
    double h[HM_POTENTIAL_COUNT];        // t + u + v <= L
    double moved[3][HM_POTENTIAL_COUNT]; // with E' along x, y, z: up to L + 1
};

/* Adds one product of functions to cubes of h and the three of `moved`. */
static void add_product(const int top[3], const double *const e[3], const double *const d[3], double D,
                        double cube[4][CUBE])
{
    for (int t = 0; t <= top[0] + 1; t++)
        for (int u = 0; u <= top[1] + 1; u++) {
            const double xy = D * e[0][t] * e[1][u], dx = D * d[0][t] * e[1][u], dy = D * e[0][t] * d[1][u];
            const int line = (t * SIDE + u) * SIDE;
            for (int v = 0; v <= top[2] + 1; v++) {
                cube[0][line + v] += xy * e[2][v];
                cube[1][line + v] += dx * e[2][v];
                cube[2][line + v] += dy * e[2][v];
                cube[3][line + v] += xy * d[2][v];
            }
        }
}

static void hermite_density(const struct hm_pair *pair, const double *D, double E[3][MAX_E], double dE[3][MAX_E],
                            struct hermite_density *density)
{
    double cube[4][CUBE];
    const int lb = pair->b->l, L = pair->a->l + lb;
    for (size_t w = 0; w < 4; w++)
        for (int t = 0; t <= L + 1; t++)
            for (int u = 0; u <= L + 1; u++) memset(cube[w] + (t * SIDE + u) * SIDE, 0, SIDE * sizeof(double));
    for (size_t m = 0, at = 0; m < pair->na; m++)
        for (size_t n = 0; n < pair->nb; n++, at++) {
            const int *i = pair->power_a[m], *j = pair->power_b[n];
            const int top[3] = {i[0] + j[0], i[1] + j[1], i[2] + j[2]};
            const double *e[3], *d[3];
            for (int w = 0; w < 3; w++) {
                e[w] = E[w] + (i[w] * (lb + 1) + j[w]) * (L + 2);
                d[w] = dE[w] + (i[w] * (lb + 1) + j[w]) * (L + 2);
            }
            add_product(top, e, d, D[at], cube);
        }
    from_cube(L, cube[0], density->h);
    for (size_t w = 0; w < 3; w++) from_cube(L + 1, cube[w + 1], density->moved[w]);
}

/* The energy's derivative with respect to P: sum h_tuv R_{t+1,u,v} and so on. */
static void shift(int L, const double *h, const double *R, double g[3])
{
    g[0] = g[1] = g[2] = 0;
    for (int n = 0; n <= L; n++) {
        const double *above = R + hm_hermite_count(n);
        for (int rest = 0; rest <= n; rest++)
            for (int v = 0; v <= rest; v++, h++, above++) {
                g[0] += *h * above[0];
                g[1] += *h * above[rest + 1];
                g[2] += *h * above[rest + 2];
            }
    }
}

void hm_nuclear_gradient(const struct hm_pair *pair, const struct hm_nuclei *nuclei, const double *D, double gA[3],
                         double gB[3])
{
    struct primitives pp;
    struct hermite_density density;
    double dE[3][MAX_E], R[HM_POTENTIAL_COUNT];
    const int la = pair->a->l, lb = pair->b->l, L = la + lb;
    assert(L <= 2 * MAX_L);
    for (size_t p = 0; p < pair->a->nprimitive; p++)
        for (size_t q = 0; q < pair->b->nprimitive; q++) {
            double g[3];
            if (!start_primitives(pair, p, q, 1, &pp)) continue;
            for (int k = 0; k < 3; k++) differentiate(la, lb, pair->a->exponent[p], pp.E[k], dE[k]);
            hermite_density(pair, D, pp.E, dE, &density);
            nuclei->kernels->forces(L, pp.p, pp.P, pp.scale, &nuclei->charges, density.h, R, nuclei->force);
            shift(L, density.h, R, g);
            for (size_t k = 0; k < 3; k++) {
                double alone = 0;
                for (size_t i = 0; i < hm_hermite_count(L + 1); i++) alone += density.moved[k][i] * R[i];
                gA[k] += alone;
                gB[k] += g[k] - alone;
            }
        }
}
