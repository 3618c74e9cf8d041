#include "hamiltonians/dft/diis.h"

#include "hamiltonians/dft/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { M = HM_DIIS_VECTORS };

enum hm_status hm_diis_create(size_t count, struct hm_diis *diis)
{
    *diis = (struct hm_diis){.count = count};
    diis->F = calloc(M * count, sizeof *diis->F);
    diis->e = calloc(M * count, sizeof *diis->e);
    if (diis->F && diis->e) return HM_OK;
    hm_diis_destroy(diis);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for the Fock matrices of earlier cycles");
}

void hm_diis_destroy(struct hm_diis *diis)
{
    free(diis->F);
    free(diis->e);
    *diis = (struct hm_diis){0};
}

void hm_diis_reset(struct hm_diis *diis)
{
    diis->size = 0;
    diis->newest = M - 1;
}

/* The place of the vector that is `age` cycles old. */
static size_t place(const struct hm_diis *diis, size_t age)
{
    return (diis->newest + M - age) % M;
}

static void push(struct hm_diis *diis, const double *F, const double *e)
{
    const size_t n = diis->count, p = diis->newest = (diis->newest + 1) % M;
    if (diis->size < M) diis->size++;
    memcpy(diis->F + p * n, F, n * sizeof *F);
    memcpy(diis->e + p * n, e, n * sizeof *e);
    for (size_t age = 0; age < diis->size; age++) {
        const size_t q = place(diis, age);
        diis->product[p][q] = diis->product[q][p] = hm_matrix_dot(n, diis->e + p * n, diis->e + q * n);
    }
}

/* B c = 1, c scaled to the sum 1, is the stationary point. Each residual over its norm: B may range over 20 decades. */
static bool solve(const struct hm_diis *diis, double c[M])
{
    double B[M * M], norm[M], sum = 0;
    const size_t k = diis->size;
    for (size_t i = 0; i < k; i++) norm[i] = sqrt(diis->product[place(diis, i)][place(diis, i)]);
    for (size_t i = 0; i < k; i++) {
        if (!(norm[i] > 0)) return false;
        for (size_t j = 0; j < k; j++)
            B[i * k + j] = diis->product[place(diis, i)][place(diis, j)] / (norm[i] * norm[j]);
        B[i * k + i] += 1e-13;
        c[i] = 1 / norm[i];
    }
    if (!hm_matrix_solve(k, B, c)) return false;
    for (size_t i = 0; i < k; i++) sum += c[i] /= norm[i];
    for (size_t i = 0; i < k; i++) c[i] /= sum;
    return hm_matrix_is_finite(k, c) && hm_matrix_largest(k, c) < 1e4;
}

void hm_diis_extrapolate(struct hm_diis *diis, double *F, const double *e)
{
    double c[M];
    push(diis, F, e);
    while (diis->size > 1 && !solve(diis, c)) diis->size--;
    if (diis->size <= 1) return;
    memset(F, 0, diis->count * sizeof *F);
    for (size_t age = 0; age < diis->size; age++)
        hm_matrix_add(diis->count, c[age], diis->F + place(diis, age) * diis->count, F);
}
