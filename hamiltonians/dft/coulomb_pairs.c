#include "hamiltonians/dft/coulomb_pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = HM_BASIS_MAX_L + 1, LINE = SIDE * SIDE * (HM_PAIR_MAX_L + 1) };

static const double prefactor = 5.914967172795612; /* sqrt(2) pi^(5/4) */

/* ---- families ---- */

static bool joins(const struct hm_family *family, const struct hm_shell *shell)
{
    return family->atom == shell->atom && family->nshell < HM_FAMILY_SHELLS &&
           family->nprimitive == shell->nprimitive &&
           memcmp(family->exponent, shell->exponent, shell->nprimitive * sizeof *shell->exponent) == 0;
}

static void collect_families(const struct hm_basis *basis, struct hm_pairs *pairs)
{
    for (size_t s = 0; s < basis->nshell; s++) {
        const struct hm_shell *shell = &basis->shell[s];
        size_t f = 0;
        while (f < pairs->nfamily && !joins(&pairs->family[f], shell)) f++;
        struct hm_family *family = &pairs->family[f];
        if (f == pairs->nfamily) {
            *family =
                (struct hm_family){.atom = shell->atom, .nprimitive = shell->nprimitive, .exponent = shell->exponent};
            pairs->nfamily++;
        }
        family->shell[family->nshell++] = shell;
        family->count += hm_cartesian_count(shell->l);
        if (shell->l > family->l) family->l = shell->l;
    }
}

static bool alike(const struct hm_family *one, const struct hm_family *other)
{
    if (one->nshell != other->nshell || one->nprimitive != other->nprimitive) return false;
    for (size_t s = 0; s < one->nshell; s++)
        if (one->shell[s]->l != other->shell[s]->l) return false;
    return true;
}

static void number_families(struct hm_pairs *pairs)
{
    for (size_t f = 0; f < pairs->nfamily; f++) {
        struct hm_family *family = &pairs->family[f];
        size_t like = 0;
        while (like < f && !alike(&pairs->family[like], family)) like++;
        family->kind = like < f ? pairs->family[like].kind : pairs->nkind++;
        family->first = pairs->ninner;
        pairs->ninner += family->count;
        if (family->l > pairs->max_l) pairs->max_l = family->l;
    }
}

/* ---- terms ---- */

struct power {
    int i[3];
    uint8_t shell;
};

static size_t list_powers(const struct hm_family *family, struct power *power)
{
    size_t n = 0;
    for (size_t s = 0; s < family->nshell; s++)
        for (int l = family->shell[s]->l, i = l; i >= 0; i--)
            for (int j = l - i; j >= 0; j--) power[n++] = (struct power){{i, j, l - i - j}, (uint8_t)s};
    return n;
}

/* The terms of one row; counts them if `term` is NULL. */
static size_t list_terms(const struct power *a, const struct power *b, int la, int lb, size_t row, struct hm_term *term)
{
    size_t n = 0, line[3];
    int top[3];
    for (int k = 0; k < 3; k++) {
        line[k] = (size_t)((a->i[k] * (lb + 1) + b->i[k]) * (la + lb + 1));
        top[k] = a->i[k] + b->i[k];
    }
    for (int t = 0; t <= top[0]; t++)
        for (int u = 0; u <= top[1]; u++)
            for (int v = 0; v <= top[2]; v++, n++) {
                if (!term) continue;
                term[n] = (struct hm_term){.row = (uint16_t)row,
                                           .tuv = (uint16_t)hm_hermite_index(t, u, v),
                                           .x = (uint16_t)(line[0] + (size_t)t),
                                           .y = (uint16_t)(line[1] + (size_t)u),
                                           .z = (uint16_t)(line[2] + (size_t)v),
                                           .a = a->shell,
                                           .b = b->shell};
            }
    return n;
}

static enum hm_status make_expansion(const struct hm_family *a, const struct hm_family *b,
                                     struct hm_expansion *expansion)
{
    struct power *power = malloc((a->count + b->count) * sizeof *power);
    if (!power) return hm_fail(HM_OUT_OF_MEMORY, "no memory for products of %zu and %zu functions", a->count, b->count);
    const size_t na = list_powers(a, power), nb = list_powers(b, power + na);
    size_t n = 0;
    for (size_t i = 0; i < na; i++)
        for (size_t j = 0; j < nb; j++) n += list_terms(&power[i], &power[na + j], a->l, b->l, 0, NULL);
    expansion->term = malloc(n * sizeof *expansion->term);
    expansion->by_tuv = malloc(n * sizeof *expansion->by_tuv);
    if (!expansion->term || !expansion->by_tuv) {
        free(power);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu terms of products", n);
    }
    for (size_t i = 0; i < na; i++)
        for (size_t j = 0; j < nb; j++)
            expansion->nterm +=
                list_terms(&power[i], &power[na + j], a->l, b->l, i * nb + j, expansion->term + expansion->nterm);
    free(power);
    n = 0;
    for (size_t tuv = 0; tuv < hm_hermite_count(a->l + b->l); tuv++)
        for (size_t i = 0; i < expansion->nterm; i++)
            if (expansion->term[i].tuv == tuv) expansion->by_tuv[n++] = (uint16_t)i;
    return HM_OK;
}

static enum hm_status make_pairs(struct hm_pairs *pairs)
{
    size_t n = 0, primitives = 0;
    for (size_t i = 0; i < pairs->nfamily; i++)
        for (size_t j = 0; j <= i; j++, n++) {
            const struct hm_family *a = &pairs->family[i], *b = &pairs->family[j];
            struct hm_expansion *expansion = &pairs->expansion[a->kind * pairs->nkind + b->kind];
            if (!expansion->term) HM_TRY(make_expansion(a, b, expansion));
            pairs->pair[n] = (struct hm_pair){.a = a, .b = b, .expansion = expansion, .l = a->l + b->l};
            primitives += a->nprimitive * b->nprimitive;
            if (expansion->nterm > pairs->max_term) pairs->max_term = expansion->nterm;
            if (a->count * b->count > pairs->max_row) pairs->max_row = a->count * b->count;
        }
    pairs->npair = n;
    pairs->primitive = malloc((primitives + 1) * sizeof *pairs->primitive);
    pairs->half = malloc((pairs->ninner * pairs->basis->nfunction + 1) * sizeof *pairs->half);
    pairs->turned = malloc((pairs->ninner * pairs->basis->nfunction + 1) * sizeof *pairs->turned);
    pairs->value = malloc((pairs->max_term + 1) * sizeof *pairs->value);
    if (!pairs->primitive || !pairs->half || !pairs->turned || !pairs->value)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu pairs of Gaussians", primitives);
    return HM_OK;
}

enum hm_status hm_pairs_create(const struct hm_basis *basis, struct hm_pairs *pairs)
{
    *pairs = (struct hm_pairs){.basis = basis};
    pairs->family = calloc(basis->nshell + 1, sizeof *pairs->family);
    if (!pairs->family) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu shells", basis->nshell);
    collect_families(basis, pairs);
    number_families(pairs);
    pairs->expansion = calloc(pairs->nkind * pairs->nkind + 1, sizeof *pairs->expansion);
    pairs->pair = calloc(pairs->nfamily * (pairs->nfamily + 1) / 2 + 1, sizeof *pairs->pair);
    enum hm_status status = HM_OK;
    if (!pairs->expansion || !pairs->pair)
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for pairs of %zu shells", basis->nshell);
    if (status == HM_OK) status = make_pairs(pairs);
    if (status != HM_OK) hm_pairs_destroy(pairs);
    return status;
}

void hm_pairs_destroy(struct hm_pairs *pairs)
{
    for (size_t i = 0; pairs->expansion && i < pairs->nkind * pairs->nkind; i++) {
        free(pairs->expansion[i].term);
        free(pairs->expansion[i].by_tuv);
    }
    free(pairs->expansion);
    free(pairs->family);
    free(pairs->pair);
    free(pairs->primitive);
    free(pairs->half);
    free(pairs->turned);
    free(pairs->value);
    *pairs = (struct hm_pairs){0};
}

/* ---- values ---- */

static void expand(const struct hm_pair *pair, size_t i, size_t j, double E[3][LINE], double S[3][LINE])
{
    const double a = pair->a->exponent[i], b = pair->b->exponent[j];
    for (int k = 0; k < 3; k++) {
        hm_hermite_expand(pair->a->l, pair->b->l, a, b, pair->AB[k], E[k]);
        if (S) hm_hermite_expand_slope(pair->a->l, pair->b->l, a, b, pair->AB[k], E[k], S[k]);
    }
}

static void list_coefficients(const struct hm_pair *pair, size_t i, size_t j, double *coefficient)
{
    const double scale = prefactor / (pair->a->exponent[i] + pair->b->exponent[j]);
    for (size_t s = 0; s < pair->a->nshell; s++)
        for (size_t t = 0; t < pair->b->nshell; t++)
            coefficient[s * HM_FAMILY_SHELLS + t] =
                scale * pair->a->shell[s]->coefficient[i] * pair->b->shell[t]->coefficient[j];
}

void hm_pair_values(const struct hm_pair *pair, size_t i, size_t j, double *value)
{
    double E[3][LINE], coefficient[HM_FAMILY_SHELLS * HM_FAMILY_SHELLS];
    expand(pair, i, j, E, NULL);
    list_coefficients(pair, i, j, coefficient);
    for (size_t n = 0; n < pair->expansion->nterm; n++) {
        const struct hm_term *term = &pair->expansion->term[n];
        value[n] = coefficient[term->a * HM_FAMILY_SHELLS + term->b] * E[0][term->x] * E[1][term->y] * E[2][term->z];
    }
}

void hm_pair_slopes(const struct hm_pair *pair, size_t i, size_t j, double *slope)
{
    double E[3][LINE], S[3][LINE], coefficient[HM_FAMILY_SHELLS * HM_FAMILY_SHELLS];
    const size_t nterm = pair->expansion->nterm;
    expand(pair, i, j, E, S);
    list_coefficients(pair, i, j, coefficient);
    for (size_t n = 0; n < nterm; n++) {
        const struct hm_term *term = &pair->expansion->term[n];
        const double c = coefficient[term->a * HM_FAMILY_SHELLS + term->b];
        slope[n] = c * S[0][term->x] * E[1][term->y] * E[2][term->z];
        slope[nterm + n] = c * E[0][term->x] * S[1][term->y] * E[2][term->z];
        slope[2 * nterm + n] = c * E[0][term->x] * E[1][term->y] * S[2][term->z];
    }
}

/* [tuv|tuv] = p^n (2t-1)!! (2u-1)!! (2v-1)!! / ((2n + 1) sqrt(2p)), n = t + u + v. */
void hm_hermite_norms(int l, double p, double *norm)
{
    static const double odd[] = {1, 1, 3, 15, 105, 945, 10395, 135135, 2027025};
    double power = 1 / sqrt(2 * p);
    for (int n = 0; n <= l; n++, power *= p)
        for (int t = n; t >= 0; t--)
            for (int u = n - t; u >= 0; u--) *norm++ = sqrt(power * odd[t] * odd[u] * odd[n - t - u] / (2 * n + 1));
}

/* ---- a geometry ---- */

double hm_pair_bound(const struct hm_pair *pair, double p, const double *value)
{
    double norm[84], largest = 0, row = 0; /* 84: t + u + v <= 6 */
    hm_hermite_norms(pair->l, p, norm);
    for (size_t n = 0; n < pair->expansion->nterm; n++) {
        const struct hm_term *term = &pair->expansion->term[n];
        if (n > 0 && term->row != term[-1].row) row = 0;
        row += fabs(value[n]) * norm[term->tuv];
        if (row > largest) largest = row;
    }
    return largest;
}

static void place_pair(struct hm_pairs *pairs, size_t index, const double *x, double threshold, double *value)
{
    struct hm_pair *pair = &pairs->pair[index];
    const double *A = x + 3 * pair->a->atom, *B = x + 3 * pair->b->atom;
    double square = 0;
    for (int k = 0; k < 3; k++) {
        pair->AB[k] = A[k] - B[k];
        square += pair->AB[k] * pair->AB[k];
    }
    pair->first = pairs->nprimitive;
    pair->bound = 0;
    for (size_t i = 0; i < pair->a->nprimitive; i++)
        for (size_t j = 0; j < pair->b->nprimitive; j++) {
            const double a = pair->a->exponent[i], b = pair->b->exponent[j], p = a + b;
            if (a * b / p * square > 80) continue; /* exp(-80) */
            struct hm_primitive_pair *primitive = &pairs->primitive[pairs->nprimitive];
            *primitive =
                (struct hm_primitive_pair){.p = p, .pair = (uint32_t)index, .i = (uint16_t)i, .j = (uint16_t)j};
            for (int k = 0; k < 3; k++) primitive->P[k] = (a * A[k] + b * B[k]) / p;
            hm_pair_values(pair, i, j, value);
            primitive->bound = hm_pair_bound(pair, p, value);
            pair->bound += primitive->bound;
            if (primitive->bound >= threshold) pairs->nprimitive++;
        }
    pair->count = pairs->nprimitive - pair->first;
}

void hm_pairs_place(struct hm_pairs *pairs, const double *x, double threshold)
{
    pairs->nprimitive = 0;
    for (size_t n = 0; n < pairs->npair; n++) place_pair(pairs, n, x, threshold, pairs->value);
}

/* ---- matrices ---- */

/* The transformation of one shell: Cartesian component i of function m, or the identity. */
static double component(const struct hm_shell *shell, size_t m, size_t i)
{
    return shell->spherical ? hm_shell_spherical(shell->l)[m * hm_cartesian_count(shell->l) + i] : m == i ? 1 : 0;
}

/* to[i] += C[m][i] from[m] for rows of `width` numbers, over all shells; backwards: to[m] += C[m][i] from[i]. */
static void transform_rows(const struct hm_pairs *pairs, bool backwards, const double *from, size_t width, double *to)
{
    for (size_t f = 0; f < pairs->nfamily; f++) {
        size_t first = pairs->family[f].first;
        for (size_t s = 0; s < pairs->family[f].nshell; s++) {
            const struct hm_shell *shell = pairs->family[f].shell[s];
            const size_t ncartesian = hm_cartesian_count(shell->l);
            for (size_t m = 0; m < shell->count; m++)
                for (size_t i = 0; i < ncartesian; i++) {
                    const double c = component(shell, m, i);
                    if (c == 0) continue;
                    const double *row = from + (backwards ? first + i : shell->first + m) * width;
                    double *sum = to + (backwards ? shell->first + m : first + i) * width;
                    for (size_t k = 0; k < width; k++) sum[k] += c * row[k];
                }
            first += ncartesian;
        }
    }
}

static void transpose(size_t rows, size_t columns, const double *from, double *to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}

void hm_pairs_density(const struct hm_pairs *pairs, const double *D, double *inner)
{
    const size_t n = pairs->basis->nfunction, m = pairs->ninner;
    memset(pairs->half, 0, m * n * sizeof *inner);
    memset(inner, 0, m * m * sizeof *inner);
    transform_rows(pairs, false, D, n, pairs->half);
    transpose(m, n, pairs->half, pairs->turned);
    transform_rows(pairs, false, pairs->turned, m, inner);
}

void hm_pairs_matrix(const struct hm_pairs *pairs, const double *inner, double *M)
{
    const size_t n = pairs->basis->nfunction, m = pairs->ninner;
    memset(pairs->half, 0, m * n * sizeof *inner);
    transform_rows(pairs, true, inner, m, pairs->half);
    transpose(n, m, pairs->half, pairs->turned);
    memset(M, 0, n * n * sizeof *M);
    transform_rows(pairs, true, pairs->turned, n, M);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) M[i * n + j] = M[j * n + i] = 0.5 * (M[i * n + j] + M[j * n + i]);
}

void hm_pair_rows(const struct hm_pairs *pairs, const struct hm_pair *pair, const double *inner, double *rows)
{
    const double factor = pair->a == pair->b ? 1 : 2;
    for (size_t i = 0; i < pair->a->count; i++) {
        const double *from = inner + (pair->a->first + i) * pairs->ninner + pair->b->first;
        for (size_t j = 0; j < pair->b->count; j++) *rows++ = factor * from[j];
    }
}
