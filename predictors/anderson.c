#include "predictors/anderson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = HM_ANDERSON_DEPTH };

enum hm_status hm_anderson_create(size_t n, struct hm_anderson *m)
{
    *m = (struct hm_anderson){.n = n};
    double *next = m->storage = calloc((3 + 3 * DEPTH) * n, sizeof *next);
    if (!next) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a fixed-point iteration of %zu numbers", n);
    m->y_before = next;
    m->f_before = next + n;
    m->left = next + 2 * n;
    m->basis = next + 3 * n;
    for (size_t j = 0; j < DEPTH; j++) {
        m->dy[j] = next + (3 + DEPTH + j) * n;
        m->df[j] = next + (3 + 2 * DEPTH + j) * n;
    }
    return HM_OK;
}

void hm_anderson_release(struct hm_anderson *m)
{
    free(m->storage);
    *m = (struct hm_anderson){0};
}

void hm_anderson_restart(struct hm_anderson *m)
{
    m->count = 0;
    m->begun = false;
}

/* In four chains: one would wait for every addition. */
static double dot(size_t n, const double *a, const double *b)
{
    double sum[4] = {0, 0, 0, 0};
    size_t k = 0;
    for (; k + 4 <= n; k += 4)
        for (size_t chain = 0; chain < 4; chain++) sum[chain] += a[k + chain] * b[k + chain];
    for (; k < n; k++) sum[0] += a[k] * b[k];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void remember(struct hm_anderson *m, const double *f, const double *y)
{
    if (m->begun) {
        m->newest = (m->newest + 1) % DEPTH;
        if (m->count < DEPTH) m->count++;
        for (size_t k = 0; k < m->n; k++) {
            m->dy[m->newest][k] = y[k] - m->y_before[k];
            m->df[m->newest][k] = f[k] - m->f_before[k];
        }
    }
    memcpy(m->y_before, y, m->n * sizeof *y);
    memcpy(m->f_before, f, m->n * sizeof *f);
    m->begun = true;
}

/* By Gram-Schmidt from the newest difference to the oldest; one that says nothing new is passed over. What is left of f
 * stays in m->left. Returns how many are used: their places in `used`, their coefficients in `gamma`. */
static size_t explain(struct hm_anderson *m, size_t used[DEPTH], double gamma[DEPTH])
{
    static const double NOTHING_NEW = 1e-12;
    const size_t n = m->n;
    double triangle[DEPTH][DEPTH];
    size_t rank = 0;
    for (size_t j = 0; j < m->count; j++) {
        const size_t place = (m->newest + DEPTH - j) % DEPTH;
        double *b = &m->basis[rank * n];
        memcpy(b, m->df[place], n * sizeof *b);
        for (size_t i = 0; i < rank; i++) {
            const double part = triangle[i][rank] = dot(n, &m->basis[i * n], b);
            for (size_t k = 0; k < n; k++) b[k] -= part * m->basis[i * n + k];
        }
        const double rest = triangle[rank][rank] = sqrt(dot(n, b, b));
        if (!(rest > NOTHING_NEW * sqrt(dot(n, m->df[place], m->df[place])))) continue;
        for (size_t k = 0; k < n; k++) b[k] /= rest;
        gamma[rank] = dot(n, b, m->left);
        for (size_t k = 0; k < n; k++) m->left[k] -= gamma[rank] * b[k];
        used[rank++] = place;
    }
    for (size_t i = rank; i-- > 0;) {
        for (size_t j = i + 1; j < rank; j++) gamma[i] -= triangle[i][j] * gamma[j];
        gamma[i] /= triangle[i][i];
    }
    return rank;
}

void hm_anderson_step(struct hm_anderson *m, const double *f, double *y)
{
    size_t used[DEPTH];
    double gamma[DEPTH];
    remember(m, f, y);
    memcpy(m->left, f, m->n * sizeof *f);
    const size_t rank = explain(m, used, gamma);
    for (size_t k = 0; k < m->n; k++) y[k] += m->left[k];
    for (size_t i = 0; i < rank; i++)
        for (size_t k = 0; k < m->n; k++) y[k] -= gamma[i] * m->dy[used[i]][k];
}
