#include "hamiltonians/dft/hermite.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include <threads.h>

static const double pi = 3.14159265358979323846;

/* ---- the Boys function ----
 *
 * x < 36: F_M from a Taylor series about the nearest point of a table, F_M(x) = sum_k F_{M+k}(x_i) (x_i - x)^k / k!,
 * then downwards: F_m = (2 x F_{m+1} + exp(-x)) / (2m + 1), a sum of positive terms. Beyond: F_0 = sqrt(pi / x) / 2 to
 * all digits, then upwards, where (2m + 1) F_m >> exp(-x). */

static double table[HM_BOYS_POINTS][HM_BOYS_COLUMNS];

/* F_m(x) = exp(-x) sum_k (2x)^k / ((2m + 1) (2m + 3) ... (2m + 2k + 1)). */
static double boys_series(int m, double x)
{
    double term = 1.0 / (2 * m + 1), sum = term;
    for (int k = 1; term > 1e-18 * sum; k++) {
        term *= 2 * x / (2 * (m + k) + 1);
        sum += term;
    }
    return exp(-x) * sum;
}

static void fill_table(void)
{
    for (int i = 0; i < HM_BOYS_POINTS; i++) {
        const double x = (double)i / HM_BOYS_PER_UNIT, decay = exp(-x);
        table[i][HM_BOYS_COLUMNS - 1] = boys_series(HM_BOYS_COLUMNS - 1, x);
        for (int m = HM_BOYS_COLUMNS - 2; m >= 0; m--) table[i][m] = (2 * x * table[i][m + 1] + decay) / (2 * m + 1);
    }
}

const double *hm_boys_table(void)
{
    static once_flag filled = ONCE_FLAG_INIT;
    call_once(&filled, fill_table);
    return &table[0][0];
}

void hm_boys(int M, double x, double *F)
{
    assert(M >= 0 && M <= HM_HERMITE_MAX_L && x >= 0);
    const double decay = exp(-x);
    if (x > HM_BOYS_LIMIT) {
        const double half = 0.5 / x;
        F[0] = 0.5 * sqrt(pi / x);
        for (int m = 0; m < M; m++) F[m + 1] = ((2 * m + 1) * F[m] - decay) * half;
        return;
    }
    const int i = (int)(x * HM_BOYS_PER_UNIT + 0.5);
    const double *at = hm_boys_table() + (size_t)i * HM_BOYS_COLUMNS + M;
    const double step = (double)i / HM_BOYS_PER_UNIT - x;
    double sum = at[HM_BOYS_ORDER];
    for (int k = HM_BOYS_ORDER; k > 0; k--) sum = at[k - 1] + sum * step / k;
    F[M] = sum;
    for (int m = M - 1; m >= 0; m--) F[m] = (2 * x * F[m + 1] + decay) / (2 * m + 1);
}

/* ---- expansion of a product of two Gaussians ---- */

/* E_t^{i+1,j} = E_{t-1}^{ij} / 2p + (P - A) E_t^{ij} + (t + 1) E_{t+1}^{ij}, and the same for j with P - B. */
static void raise(int order, double half, double shift, const double *from, double *to)
{
    for (int t = 0; t <= order + 1; t++) {
        double value = t > 0 ? half * from[t - 1] : 0;
        if (t <= order) value += shift * from[t];
        if (t < order) value += (t + 1) * from[t + 1];
        to[t] = value;
    }
}

void hm_hermite_expand(int la, int lb, double a, double b, double AB, double *E)
{
    const double p = a + b, half = 0.5 / p, PA = -b / p * AB, PB = a / p * AB;
    const size_t row = (size_t)(la + lb + 1), rows = (size_t)(lb + 1);
    memset(E, 0, (size_t)(la + 1) * rows * row * sizeof *E);
    E[0] = exp(-a * b / p * AB * AB);
    for (int i = 0; i <= la; i++) {
        double *first = E + (size_t)i * rows * row;
        if (i > 0) raise(i - 1, half, PA, first - rows * row, first);
        for (int j = 1; j <= lb; j++)
            raise(i + j - 1, half, PB, first + (size_t)(j - 1) * row, first + (size_t)j * row);
    }
}

/* d/dAB of the same recursion: P - A = -b/p AB and P - B = a/p AB move too. */
void hm_hermite_expand_slope(int la, int lb, double a, double b, double AB, const double *E, double *S)
{
    const double p = a + b, half = 0.5 / p, PA = -b / p * AB, PB = a / p * AB;
    const size_t row = (size_t)(la + lb + 1), rows = (size_t)(lb + 1);
    memset(S, 0, (size_t)(la + 1) * rows * row * sizeof *S);
    S[0] = -2 * a * b / p * AB * E[0];
    for (int i = 0; i <= la; i++)
        for (int j = 0; j <= lb; j++) {
            if (i == 0 && j == 0) continue;
            const size_t here = ((size_t)i * rows + (size_t)j) * row, below = here - (j > 0 ? row : rows * row);
            raise(i + j - 1, half, j > 0 ? PB : PA, S + below, S + here);
            for (int t = 0; t < i + j; t++) S[here + (size_t)t] += (j > 0 ? a : -b) / p * E[below + (size_t)t];
        }
}

/* ---- R_tuv ----
 *
 * R^m_{t+1,u,v} = x R^{m+1}_{tuv} + t R^{m+1}_{t-1,u,v}, R^m_000 = (-2 alpha)^m F_m(alpha r^2), from m = L down to 0.
 *
 * Layers of equal n = t + u + v lie one after the other. In a layer's order the elements with t > 0 come first and are
 * those of layer n - 1 raised in t, one by one; then those with t = 0, u > 0: the last n of layer n - 1 raised in u;
 * then (0, 0, n). What a layer needs lies before it, so that each m overwrites the one above from the end. */

static void raise_layer(int n, const double r[3], double *R)
{
    const size_t here = hm_hermite_count(n - 1), below = hm_hermite_count(n - 2), second = hm_hermite_count(n - 3);
    double *to = R + here;
    const double *one = R + below, *two = R + second;
    const size_t raised = (size_t)(n * (n + 1) / 2), flat = raised - (size_t)n;
    size_t i = 0;
    for (int rest = 0; rest < n; rest++) /* rest = u + v */
        for (int v = 0; v <= rest; v++, i++) {
            const int t = n - rest;
            to[i] = r[0] * one[i] + (t > 1 ? (t - 1) * two[i] : 0);
        }
    for (int v = 0; v < n; v++) {
        const int u = n - v;
        to[raised + (size_t)v] = r[1] * one[flat + (size_t)v];
        if (u > 1) to[raised + (size_t)v] += (u - 1) * two[flat - (size_t)(n - 1) + (size_t)v];
    }
    to[raised + (size_t)n] = r[2] * one[flat + (size_t)n - 1];
    if (n > 1) to[raised + (size_t)n] += (n - 1) * two[flat - 1];
}

void hm_hermite_coulomb(int L, double alpha, const double r[3], double scale, double *R)
{
    double F[HM_HERMITE_MAX_L + 1];
    assert(L >= 0 && L <= HM_HERMITE_MAX_L);
    hm_boys(L, alpha * (r[0] * r[0] + r[1] * r[1] + r[2] * r[2]), F);
    for (int m = 0; m <= L; m++) {
        F[m] *= scale;
        scale *= -2 * alpha;
    }
    R[0] = F[L];
    for (int m = L - 1; m >= 0; m--) {
        for (int n = L - m; n > 0; n--) raise_layer(n, r, R);
        R[0] = F[m];
    }
}
