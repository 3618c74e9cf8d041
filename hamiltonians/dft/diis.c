#include "hamiltonians/dft/diis.h"

#include "hamiltonians/dft/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = HM_DIIS_MOST };

/* p_k: rounding; of another geometry, where residuals answer a little differently, a part of |dF|^2 / |de|^2 (what
 * hardly answered, a degenerate radical that turns, is not believed), and more where the difference was large. */
static const double rounding = 1e-13, otherness = 1e-3, nonlinearity = 100;

enum hm_status hm_diis_create(size_t count, struct hm_diis *diis)
{
    *diis = (struct hm_diis){.count = count};
    diis->F = calloc(MOST * count, sizeof *diis->F);
    diis->e = calloc(MOST * count, sizeof *diis->e);
    diis->last_F = calloc(count, sizeof *diis->last_F);
    diis->last_e = calloc(count, sizeof *diis->last_e);
    if (diis->F && diis->e && diis->last_F && diis->last_e) return HM_OK;
    hm_diis_destroy(diis);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for the Fock matrices of earlier cycles");
}

void hm_diis_destroy(struct hm_diis *diis)
{
    free(diis->F);
    free(diis->e);
    free(diis->last_F);
    free(diis->last_e);
    *diis = (struct hm_diis){0};
}

void hm_diis_reset(struct hm_diis *diis)
{
    diis->started = false;
    diis->size = diis->fresh = 0;
    diis->newest = MOST - 1;
}

void hm_diis_begin(struct hm_diis *diis)
{
    diis->started = false;
    diis->fresh = 0;
}

/* The place of the difference that is `age` cycles old. */
static size_t place(const struct hm_diis *diis, size_t age)
{
    return (diis->newest + MOST - age) % MOST;
}

/* What the newest difference has in common with those before. */
static void multiply_newest(struct hm_diis *diis)
{
    const size_t n = diis->count, p = diis->newest;
    for (size_t age = 0; age < diis->size; age++) {
        const size_t q = place(diis, age);
        diis->product[p][q] = diis->product[q][p] = hm_matrix_dot(n, diis->e + p * n, diis->e + q * n);
    }
}

static void push(struct hm_diis *diis, const double *F, const double *e)
{
    const size_t n = diis->count, p = (diis->newest + 1) % MOST;
    double *dF = diis->F + p * n, *de = diis->e + p * n;
    for (size_t k = 0; k < n; k++) de[k] = e[k] - diis->last_e[k];
    const double norm = sqrt(hm_matrix_dot(n, de, de));
    if (!(norm > 0) || !isfinite(norm)) return;
    for (size_t k = 0; k < n; k++) dF[k] = (F[k] - diis->last_F[k]) / norm;
    for (size_t k = 0; k < n; k++) de[k] /= norm;
    diis->norm[p] = norm;
    diis->answer[p] = hm_matrix_dot(n, dF, dF);
    diis->newest = p;
    if (diis->size < MOST) diis->size++;
    if (diis->fresh < MOST) diis->fresh++;
    multiply_newest(diis);
}

/* g of the `k` newest differences. */
static bool solve(const struct hm_diis *diis, size_t k, const double *e, double g[MOST])
{
    double A[MOST * MOST];
    for (size_t i = 0; i < k; i++) {
        const size_t p = place(diis, i);
        const double large = nonlinearity * diis->norm[p], answer = diis->answer[p];
        for (size_t j = 0; j < k; j++) A[i * k + j] = diis->product[p][place(diis, j)];
        A[i * k + i] += i < diis->fresh ? rounding : otherness * answer + large * large;
        g[i] = -hm_matrix_dot(diis->count, diis->e + p * diis->count, e);
    }
    return hm_matrix_solve(k, A, g) && hm_matrix_is_finite(k, g);
}

void hm_diis_extrapolate(struct hm_diis *diis, double *F, const double *e)
{
    const size_t n = diis->count;
    double g[MOST];
    if (diis->started) push(diis, F, e);
    memcpy(diis->last_F, F, n * sizeof *F);
    memcpy(diis->last_e, e, n * sizeof *e);
    diis->started = true;
    size_t k = diis->fresh < HM_DIIS_TRIES ? diis->size : diis->fresh < HM_DIIS_FRESH ? diis->fresh : HM_DIIS_FRESH;
    while (k > 0 && !solve(diis, k, e, g)) k--;
    for (size_t age = 0; age < k; age++) hm_matrix_add(n, g[age], diis->F + place(diis, age) * n, F);
}

/* "DIIS" | size | (norm, dF, de) from the oldest to the newest */
void hm_diis_save(const struct hm_diis *diis, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "DIIS");
    hm_archive_put_size(archive, diis->size);
    for (size_t age = diis->size; age-- > 0;) {
        const size_t p = place(diis, age);
        hm_archive_put_real(archive, diis->norm[p]);
        hm_archive_put_reals(archive, diis->F + p * diis->count, diis->count);
        hm_archive_put_reals(archive, diis->e + p * diis->count, diis->count);
    }
}

enum hm_status hm_diis_load(struct hm_diis *diis, struct hm_archive *archive)
{
    size_t size;
    HM_TRY(hm_archive_expect_tag(archive, "DIIS"));
    HM_TRY(hm_archive_get_size(archive, &size));
    if (size > MOST) return hm_fail(HM_BAD_INPUT, "the saved state of dft is damaged: %zu Fock matrices", size);
    hm_diis_reset(diis);
    for (size_t p = 0; p < size; p++) {
        HM_TRY(hm_archive_get_real(archive, &diis->norm[p]));
        HM_TRY(hm_archive_get_reals(archive, diis->F + p * diis->count, diis->count));
        HM_TRY(hm_archive_get_reals(archive, diis->e + p * diis->count, diis->count));
        diis->answer[p] = hm_matrix_dot(diis->count, diis->F + p * diis->count, diis->F + p * diis->count);
        diis->newest = p;
        diis->size = p + 1;
        multiply_newest(diis);
    }
    return HM_OK;
}
