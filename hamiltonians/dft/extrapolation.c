#include "hamiltonians/dft/extrapolation.h"

#include "hamiltonians/dft/matrix.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = HM_EXTRAPOLATION_MOST };

/* Of the squared changes of the overlap: what keeps the coefficients small, since densities are known to about the
 * convergence only. */
static const double ridge = 1e-12;

enum hm_status hm_extrapolation_create(size_t n, int nspin, size_t capacity, struct hm_extrapolation *past)
{
    *past = (struct hm_extrapolation){.n = n, .nspin = (size_t)nspin, .capacity = capacity};
    if (capacity == 0) return HM_OK;
    past->S = calloc(capacity * n * n, sizeof *past->S);
    past->D = calloc(capacity * past->nspin * n * n, sizeof *past->D);
    if (past->S && past->D) return HM_OK;
    hm_extrapolation_destroy(past);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu densities to extrapolate from", capacity);
}

void hm_extrapolation_destroy(struct hm_extrapolation *past)
{
    free(past->S);
    free(past->D);
    *past = (struct hm_extrapolation){0};
}

void hm_extrapolation_reset(struct hm_extrapolation *past)
{
    past->count = past->newest = 0;
}

/* The place of what was added `age` additions ago. */
static size_t place(const struct hm_extrapolation *past, size_t age)
{
    return (past->newest + past->capacity - age) % past->capacity;
}

static const double *overlap(const struct hm_extrapolation *past, size_t age)
{
    return past->S + place(past, age) * past->n * past->n;
}

void hm_extrapolation_add(struct hm_extrapolation *past, const double *S, const double *D)
{
    const size_t nn = past->n * past->n;
    if (past->capacity == 0) return;
    past->newest = past->count == 0 ? 0 : (past->newest + 1) % past->capacity;
    if (past->count < past->capacity) past->count++;
    memcpy(past->S + past->newest * nn, S, nn * sizeof *S);
    memcpy(past->D + past->newest * past->nspin * nn, D, past->nspin * nn * sizeof *D);
}

/* <S_k - S_0 | S_l - S_0> from sums of the differences themselves: products of the overlaps would leave few digits. */
static double product(size_t nn, const double *a, const double *b, const double *origin)
{
    double sum = 0;
    for (size_t k = 0; k < nn; k++) sum += (a[k] - origin[k]) * (b[k] - origin[k]);
    return sum;
}

/* Coefficients by age; the newest, S_0, takes what is missing to one. */
static bool coefficients(const struct hm_extrapolation *past, const double *S, double c[MOST])
{
    const size_t nn = past->n * past->n, k = past->count - 1;
    const double *origin = overlap(past, 0);
    double A[MOST * MOST], largest = 0;
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j <= i; j++)
            A[i * k + j] = A[j * k + i] = product(nn, overlap(past, i + 1), overlap(past, j + 1), origin);
        c[i + 1] = product(nn, overlap(past, i + 1), S, origin);
        if (A[i * k + i] > largest) largest = A[i * k + i];
    }
    for (size_t i = 0; i < k; i++) A[i * k + i] += ridge * largest;
    if (!hm_matrix_solve(k, A, c + 1)) return false;
    c[0] = 1;
    for (size_t i = 1; i <= k; i++) c[0] -= c[i];
    return hm_matrix_is_finite(k + 1, c);
}

bool hm_extrapolation_predict(const struct hm_extrapolation *past, const double *S, double *D)
{
    const size_t size = past->nspin * past->n * past->n;
    double c[MOST] = {1};
    if (past->count == 0) return false;
    const bool several = past->count > 1 && coefficients(past, S, c);
    memset(D, 0, size * sizeof *D);
    for (size_t age = 0; age < (several ? past->count : 1); age++)
        hm_matrix_add(size, several ? c[age] : 1, past->D + place(past, age) * size, D);
    return true;
}

/* "DENSITY" | count | (S, D') from the oldest to the newest */
void hm_extrapolation_save(const struct hm_extrapolation *past, struct hm_archive *archive)
{
    const size_t nn = past->n * past->n;
    hm_archive_put_tag(archive, "DENSITY");
    hm_archive_put_size(archive, past->count);
    for (size_t age = past->count; age-- > 0;) {
        hm_archive_put_reals(archive, overlap(past, age), nn);
        hm_archive_put_reals(archive, past->D + place(past, age) * past->nspin * nn, past->nspin * nn);
    }
}

enum hm_status hm_extrapolation_load(struct hm_extrapolation *past, struct hm_archive *archive)
{
    const size_t nn = past->n * past->n;
    size_t count;
    HM_TRY(hm_archive_expect_tag(archive, "DENSITY"));
    HM_TRY(hm_archive_get_size(archive, &count));
    if (count > past->capacity)
        return hm_fail(HM_BAD_INPUT, "the saved state of dft is damaged or of other settings: %zu densities", count);
    hm_extrapolation_reset(past);
    for (size_t k = 0; k < count; k++) {
        HM_TRY(hm_archive_get_reals(archive, past->S + k * nn, nn));
        HM_TRY(hm_archive_get_reals(archive, past->D + k * past->nspin * nn, past->nspin * nn));
        past->newest = k;
        past->count = k + 1;
    }
    return HM_OK;
}
