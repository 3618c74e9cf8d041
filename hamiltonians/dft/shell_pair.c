#include "hamiltonians/dft/shell_pair.h"

#include <string.h>

void hm_cartesian_powers(int l, int powers[HM_CARTESIAN_MAX][3])
{
    size_t n = 0;
    for (int i = l; i >= 0; i--)
        for (int j = l - i; j >= 0; j--, n++) {
            powers[n][0] = i;
            powers[n][1] = j;
            powers[n][2] = l - i - j;
        }
}

/* out (m, n) = C (m, k) in (k, n) */
static void from_left(size_t m, size_t k, size_t n, const double *C, const double *in, double *out)
{
    memset(out, 0, m * n * sizeof *out);
    for (size_t i = 0; i < m; i++)
        for (size_t r = 0; r < k; r++) {
            const double c = C[i * k + r];
            if (c == 0) continue;
            for (size_t j = 0; j < n; j++) out[i * n + j] += c * in[r * n + j];
        }
}

/* out (n, m) = in (n, k) C^T (k, m) */
static void from_right(size_t m, size_t k, size_t n, const double *C, const double *in, double *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) {
            double sum = 0;
            for (size_t r = 0; r < k; r++) sum += C[j * k + r] * in[i * k + r];
            out[i * m + j] = sum;
        }
}

void hm_block_scatter(const struct hm_basis *basis, const struct hm_shell *a, const struct hm_shell *b,
                      const double *block, double *matrix)
{
    double left[HM_BLOCK_MAX], right[HM_BLOCK_MAX];
    const size_t n = basis->nfunction, ka = hm_cartesian_count(a->l), kb = hm_cartesian_count(b->l);
    if (a->spherical) {
        from_left(a->count, ka, kb, hm_shell_spherical(a->l), block, left);
        block = left;
    }
    if (b->spherical) {
        from_right(b->count, kb, a->count, hm_shell_spherical(b->l), block, right);
        block = right;
    }
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            const double value = block[i * b->count + j];
            matrix[(a->first + i) * n + b->first + j] = value;
            matrix[(b->first + j) * n + a->first + i] = value;
        }
}

/* out (k, n) = C^T (k, m) in (m, n) */
static void back_left(size_t m, size_t k, size_t n, const double *C, const double *in, double *out)
{
    memset(out, 0, k * n * sizeof *out);
    for (size_t i = 0; i < m; i++)
        for (size_t r = 0; r < k; r++) {
            const double c = C[i * k + r];
            if (c == 0) continue;
            for (size_t j = 0; j < n; j++) out[r * n + j] += c * in[i * n + j];
        }
}

/* out (n, k) = in (n, m) C (m, k) */
static void back_right(size_t m, size_t k, size_t n, const double *C, const double *in, double *out)
{
    memset(out, 0, n * k * sizeof *out);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            for (size_t r = 0; r < k; r++) out[i * k + r] += in[i * m + j] * C[j * k + r];
}

void hm_block_gather(const struct hm_basis *basis, const struct hm_shell *a, const struct hm_shell *b,
                     const double *matrix, double *block)
{
    double taken[HM_BLOCK_MAX], half[HM_BLOCK_MAX];
    const size_t n = basis->nfunction, ka = hm_cartesian_count(a->l), kb = hm_cartesian_count(b->l);
    double *first = a->spherical || b->spherical ? taken : block;
    for (size_t i = 0; i < a->count; i++)
        memcpy(first + i * b->count, matrix + (a->first + i) * n + b->first, b->count * sizeof *first);
    double *second = b->spherical ? half : block;
    if (a->spherical)
        back_left(a->count, ka, b->count, hm_shell_spherical(a->l), first, second);
    else
        second = first;
    if (b->spherical) back_right(b->count, kb, ka, hm_shell_spherical(b->l), second, block);
}
