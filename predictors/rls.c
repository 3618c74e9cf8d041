#include "predictors/rls.h"

#include <math.h>
#include <string.h>

/* Rotates the row (d + 1) into the triangle, from column `first` on; the row is used up. */
static void rotate_in(double *factor, size_t d, double *row, size_t first)
{
    for (size_t i = first; i < d; i++) {
        if (row[i] == 0) continue;
        double *diagonal_row = &factor[i * (d + 1)];
        const double h = hypot(diagonal_row[i], row[i]);
        const double cosine = diagonal_row[i] / h, sine = row[i] / h;
        for (size_t j = i; j <= d; j++) {
            const double old = diagonal_row[j];
            diagonal_row[j] = cosine * old + sine * row[j];
            row[j] = cosine * row[j] - sine * old;
        }
    }
}

void hm_rls_add(struct hm_rls *rls, const double *features, double target, double *scratch)
{
    memcpy(scratch, features, rls->d * sizeof *scratch);
    scratch[rls->d] = target;
    rotate_in(rls->factor, rls->d, scratch, 0);
    rls->count++;
}

void hm_rls_solve(const struct hm_rls *rls, const double *ridge, double *scratch, double *weights)
{
    const size_t d = rls->d;
    double *factor = scratch, *row = &scratch[hm_rls_factor_size(d)];
    memcpy(factor, rls->factor, hm_rls_factor_size(d) * sizeof *factor);
    for (size_t j = 0; j < d; j++) {
        memset(row, 0, (d + 1) * sizeof *row);
        row[j] = sqrt(ridge[j] * rls->count);
        rotate_in(factor, d, row, j);
    }
    for (size_t i = d; i-- > 0;) {
        double sum = factor[i * (d + 1) + d];
        for (size_t j = i + 1; j < d; j++) sum -= factor[i * (d + 1) + j] * weights[j];
        const double diagonal = factor[i * (d + 1) + i];
        weights[i] = diagonal == 0 ? 0 : sum / diagonal;
    }
}
