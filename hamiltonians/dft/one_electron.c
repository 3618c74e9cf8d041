#include "hamiltonians/dft/one_electron.h"

#include "hamiltonians/dft/one_electron_internal.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

/* Overlaps of x_A^i exp(-a x_A^2) with x_B^j exp(-b x_B^2), i <= la, j <= lb:
 *
 *   s_{i+1,j} = (P - A) s_ij + (i s_{i-1,j} + j s_{i,j-1}) / 2p
 */
static void overlap_line(int la, int lb, double a, double b, double A, double B, hm_line s)
{
    const double p = a + b, P = (a * A + b * B) / p, half = 0.5 / p;
    s[0][0] = sqrt(PI / p) * exp(-a * b / p * (A - B) * (A - B));
    for (int i = 0; i < la; i++) s[i + 1][0] = (P - A) * s[i][0] + (i ? half * i * s[i - 1][0] : 0);
    for (int j = 0; j < lb; j++)
        for (int i = 0; i <= la; i++) {
            s[i][j + 1] = (P - B) * s[i][j];
            if (i) s[i][j + 1] += half * i * s[i - 1][j];
            if (j) s[i][j + 1] += half * j * s[i][j - 1];
        }
}

/* -1/2 d^2/dx^2 on the second function; s goes up to lb + 2. */
static void kinetic_line(int la, int lb, double b, hm_line s, hm_line t)
{
    for (int i = 0; i <= la; i++)
        for (int j = 0; j <= lb; j++) {
            t[i][j] = b * (2 * j + 1) * s[i][j] - 2 * b * b * s[i][j + 2];
            if (j > 1) t[i][j] -= 0.5 * j * (j - 1) * s[i][j - 2];
        }
}

/* Of the derivative with respect to A: 2a x^{i+1} - i x^{i-1}. */
static void derivative_line(int la, int lb, double a, hm_line s, hm_line ds)
{
    for (int i = 0; i <= la; i++)
        for (int j = 0; j <= lb; j++) ds[i][j] = 2 * a * s[i + 1][j] - (i ? i * s[i - 1][j] : 0);
}

/* ---- matrices ---- */

enum kind { OVERLAP, DIPOLE };

/* Overlap (one block) or dipole (three). */
static void overlap_block(const struct hm_pair *pair, enum kind kind, double block[3][HM_BLOCK_MAX])
{
    const struct hm_shell *a = pair->a, *b = pair->b;
    const int more = kind == DIPOLE;
    const size_t nblock = kind == DIPOLE ? 3 : 1;
    for (size_t k = 0; k < nblock; k++) memset(block[k], 0, pair->na * pair->nb * sizeof **block);
    for (size_t p = 0; p < a->nprimitive; p++)
        for (size_t q = 0; q < b->nprimitive; q++) {
            hm_line s[3], r[3];
            const double ea = a->exponent[p], eb = b->exponent[q];
            if (ea * eb / (ea + eb) * pair->distance2 > HM_PAIR_CUTOFF) continue;
            const double c = a->coefficient[p] * b->coefficient[q];
            for (int k = 0; k < 3; k++) overlap_line(a->l, b->l + more, ea, eb, pair->A[k], pair->B[k], s[k]);
            for (int k = 0; k < 3 && more; k++)
                for (int i = 0; i <= a->l; i++)
                    for (int j = 0; j <= b->l; j++) r[k][i][j] = s[k][i][j + 1] + pair->B[k] * s[k][i][j];
            for (size_t m = 0, at = 0; m < pair->na; m++)
                for (size_t n = 0; n < pair->nb; n++, at++) {
                    const int *i = pair->power_a[m], *j = pair->power_b[n];
                    const double x = s[0][i[0]][j[0]], y = s[1][i[1]][j[1]], z = s[2][i[2]][j[2]];
                    if (kind == OVERLAP) {
                        block[0][at] += c * x * y * z;
                        continue;
                    }
                    block[0][at] += c * r[0][i[0]][j[0]] * y * z;
                    block[1][at] += c * x * r[1][i[1]][j[1]] * z;
                    block[2][at] += c * x * y * r[2][i[2]][j[2]];
                }
        }
}

/* block += T */
static void add_kinetic(const struct hm_pair *pair, double *block)
{
    const struct hm_shell *a = pair->a, *b = pair->b;
    for (size_t p = 0; p < a->nprimitive; p++)
        for (size_t q = 0; q < b->nprimitive; q++) {
            hm_line s[3], t[3];
            const double ea = a->exponent[p], eb = b->exponent[q];
            if (ea * eb / (ea + eb) * pair->distance2 > HM_PAIR_CUTOFF) continue;
            const double c = a->coefficient[p] * b->coefficient[q];
            for (int k = 0; k < 3; k++) {
                overlap_line(a->l, b->l + 2, ea, eb, pair->A[k], pair->B[k], s[k]);
                kinetic_line(a->l, b->l, eb, s[k], t[k]);
            }
            for (size_t m = 0, at = 0; m < pair->na; m++)
                for (size_t n = 0; n < pair->nb; n++, at++) {
                    const int *i = pair->power_a[m], *j = pair->power_b[n];
                    const double x = s[0][i[0]][j[0]], y = s[1][i[1]][j[1]], z = s[2][i[2]][j[2]];
                    block[at] += c * (t[0][i[0]][j[0]] * y * z + x * t[1][i[1]][j[1]] * z + x * y * t[2][i[2]][j[2]]);
                }
        }
}

void hm_pair_start(const struct hm_basis *basis, const double *x, size_t a, size_t b, struct hm_pair *pair)
{
    pair->a = &basis->shell[a];
    pair->b = &basis->shell[b];
    pair->A = x + 3 * pair->a->atom;
    pair->B = x + 3 * pair->b->atom;
    pair->na = hm_cartesian_count(pair->a->l);
    pair->nb = hm_cartesian_count(pair->b->l);
    pair->distance2 = 0;
    for (int k = 0; k < 3; k++) {
        pair->AB[k] = pair->A[k] - pair->B[k];
        pair->distance2 += pair->AB[k] * pair->AB[k];
    }
    hm_cartesian_powers(pair->a->l, pair->power_a);
    hm_cartesian_powers(pair->b->l, pair->power_b);
}

static void overlap_like(const struct hm_basis *basis, const double *x, const struct hm_team *team, enum kind kind,
                         double *matrix)
{
    const size_t n2 = basis->nfunction * basis->nfunction, nmatrix = kind == DIPOLE ? 3 : 1;
    double block[3][HM_BLOCK_MAX];
    struct hm_pair pair;
    memset(matrix, 0, nmatrix * n2 * sizeof *matrix);
    for (size_t a = 0, item = 0; a < basis->nshell; a++)
        for (size_t b = 0; b <= a; b++, item++) {
            if (!hm_team_mine(team, item)) continue;
            hm_pair_start(basis, x, a, b, &pair);
            overlap_block(&pair, kind, block);
            for (size_t k = 0; k < nmatrix; k++) hm_block_scatter(basis, pair.a, pair.b, block[k], matrix + k * n2);
        }
}

void hm_overlap_matrix(const struct hm_basis *basis, const double *x, const struct hm_team *team, double *S)
{
    overlap_like(basis, x, team, OVERLAP, S);
}

void hm_dipole_matrices(const struct hm_basis *basis, const double *x, const struct hm_team *team, double *X)
{
    overlap_like(basis, x, team, DIPOLE, X);
}

enum hm_status hm_core_matrix(const struct hm_basis *basis, const double *x, const int *number,
                              const struct hm_team *team, double *H)
{
    double block[HM_BLOCK_MAX];
    struct hm_pair pair;
    struct hm_nuclei nuclei;
    HM_TRY(hm_nuclei_create(basis->natom, x, number, &nuclei));
    memset(H, 0, basis->nfunction * basis->nfunction * sizeof *H);
    for (size_t a = 0, item = 0; a < basis->nshell; a++)
        for (size_t b = 0; b <= a; b++, item++) {
            if (!hm_team_mine(team, item)) continue;
            hm_pair_start(basis, x, a, b, &pair);
            memset(block, 0, pair.na * pair.nb * sizeof *block);
            add_kinetic(&pair, block);
            hm_nuclear_block(&pair, &nuclei, block);
            hm_block_scatter(basis, pair.a, pair.b, block, H);
        }
    hm_nuclei_destroy(&nuclei);
    return HM_OK;
}

/* ---- gradient ---- */

/* The derivative with respect to A of sum D T - W S over this block. */
static void overlap_gradient(const struct hm_pair *pair, const double *D, const double *W, double g[3])
{
    const struct hm_shell *a = pair->a, *b = pair->b;
    for (size_t p = 0; p < a->nprimitive; p++)
        for (size_t q = 0; q < b->nprimitive; q++) {
            hm_line s[3], t[3], ds[3], dt[3];
            const double ea = a->exponent[p], eb = b->exponent[q];
            if (ea * eb / (ea + eb) * pair->distance2 > HM_PAIR_CUTOFF) continue;
            const double c = a->coefficient[p] * b->coefficient[q];
            for (int k = 0; k < 3; k++) {
                overlap_line(a->l + 1, b->l + 2, ea, eb, pair->A[k], pair->B[k], s[k]);
                kinetic_line(a->l + 1, b->l, eb, s[k], t[k]);
                derivative_line(a->l, b->l, ea, s[k], ds[k]);
                derivative_line(a->l, b->l, ea, t[k], dt[k]);
            }
            for (size_t m = 0, at = 0; m < pair->na; m++)
                for (size_t n = 0; n < pair->nb; n++, at++)
                    for (int x = 0; x < 3; x++) {
                        const int y = (x + 1) % 3, z = (x + 2) % 3;
                        const int *i = pair->power_a[m], *j = pair->power_b[n];
                        const double sy = s[y][i[y]][j[y]], sz = s[z][i[z]][j[z]], dx = ds[x][i[x]][j[x]];
                        const double kinetic =
                            dt[x][i[x]][j[x]] * sy * sz + dx * (t[y][i[y]][j[y]] * sz + sy * t[z][i[z]][j[z]]);
                        g[x] += c * (D[at] * kinetic - W[at] * dx * sy * sz);
                    }
        }
}

/* The share of one pair: gA and gB. */
static void pair_gradient(const struct hm_basis *basis, const struct hm_pair *pair, const struct hm_nuclei *nuclei,
                          const double *D, const double *W, double gA[3], double gB[3])
{
    double density[HM_BLOCK_MAX], weighted[HM_BLOCK_MAX], g[3] = {0};
    const double twice = pair->a == pair->b ? 1 : 2;
    hm_block_gather(basis, pair->a, pair->b, D, density);
    for (size_t i = 0; i < pair->na * pair->nb; i++) density[i] *= twice;
    hm_nuclear_gradient(pair, nuclei, density, gA, gB);
    if (pair->a->atom == pair->b->atom) return;
    hm_block_gather(basis, pair->a, pair->b, W, weighted);
    for (size_t i = 0; i < pair->na * pair->nb; i++) weighted[i] *= twice;
    overlap_gradient(pair, density, weighted, g);
    for (int k = 0; k < 3; k++) {
        gA[k] += g[k];
        gB[k] -= g[k];
    }
}

enum hm_status hm_one_electron_gradient(const struct hm_basis *basis, const double *x, const int *number,
                                        const double *D, const double *W, const struct hm_team *team, double *gradient)
{
    struct hm_pair pair;
    struct hm_nuclei nuclei;
    HM_TRY(hm_nuclei_create(basis->natom, x, number, &nuclei));
    for (size_t a = 0, item = 0; a < basis->nshell; a++)
        for (size_t b = 0; b <= a; b++, item++) {
            double g[2][3] = {{0}};
            if (!hm_team_mine(team, item)) continue;
            hm_pair_start(basis, x, a, b, &pair);
            pair_gradient(basis, &pair, &nuclei, D, W, g[0], g[1]);
            for (size_t k = 0; k < 3; k++) {
                gradient[3 * pair.a->atom + k] += g[0][k];
                gradient[3 * pair.b->atom + k] += g[1][k];
            }
        }
    hm_nuclei_add_forces(&nuclei, basis->natom, gradient);
    hm_nuclei_destroy(&nuclei);
    return HM_OK;
}

/* ---- nuclei ---- */

double hm_nuclear_repulsion(size_t natom, const int *number, const double *x, double *gradient)
{
    double energy = 0;
    for (size_t i = 0; i < natom; i++)
        for (size_t j = 0; j < i; j++) {
            const double *xi = x + 3 * i, *xj = x + 3 * j;
            const double d[3] = {xi[0] - xj[0], xi[1] - xj[1], xi[2] - xj[2]};
            const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            const double pair = number[i] * number[j] / sqrt(r2);
            energy += pair;
            for (size_t k = 0; k < 3 && gradient; k++) {
                gradient[3 * i + k] -= pair / r2 * d[k];
                gradient[3 * j + k] += pair / r2 * d[k];
            }
        }
    return energy;
}
