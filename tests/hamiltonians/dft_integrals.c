#include "tests/hamiltonians/dft_integrals.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int dft_made_number[DFT_ATOMS] = {8, 1, 17};
const double dft_made_place[3 * DFT_ATOMS] = {0.1, -0.2, 0.3, 0.0, 1.43, -0.89, -2.9, 0.4, 1.7};
const char dft_made_spherical[] = "basis: made.g94, functions: spherical";
const char dft_made_cartesian[] = "basis: made.g94, functions: cartesian";
static const struct hm_team alone = {.size = 1};

static const char made[] = "****\n"
                           "H 0\nS 2 1.00\n 1.31 0.43\n 0.32 0.71\nP 1 1.00\n 0.8 1.0\nF 1 1.00\n 0.9 1.0\n****\n"
                           "O 0\nSP 2 1.00\n 15.5 -0.11 0.07\n 3.6 0.42 0.34\nD 2 1.00\n 1.7 0.6\n 0.5 0.5\n"
                           "F 2 1.00\n 2.1 0.3\n 0.7 0.8\n****\n"
                           "Cl 0\nS 3 1.00\n 251.0 0.05\n 36.0 0.4\n 2.1 0.7\nP 2 1.00\n 4.0 0.6\n 0.4 0.5\n"
                           "D 1 1.00\n 0.65 1.0\nF 1 1.00\n 0.71 1.0\n****\n";

void dft_stop(struct dft_integrals *s)
{
    hm_coulomb_destroy(&s->coulomb);
    hm_basis_destroy(&s->auxiliary);
    dft_molecule_release(&s->molecule);
    free(s->D);
    free(s->M);
    free(s->N);
    *s = (struct dft_integrals){0};
}

bool dft_start(const char *keys, const char *auxiliary, const int *z, const double *x,
               struct hm_coulomb_options options, const struct hm_team *team, struct dft_integrals *s)
{
    *s = (struct dft_integrals){0};
    dft_write("made.g94", made);
    enum hm_status status = dft_molecule_make(keys, DFT_ATOMS, z, x, &s->molecule);
    if (status == HM_OK && auxiliary) {
        status = dft_auxiliary_make(auxiliary, &s->molecule.frame, &s->auxiliary);
        options.auxiliary = &s->auxiliary;
    }
    if (status == HM_OK) status = hm_coulomb_create(&s->molecule.basis, &options, team, &s->coulomb);
    if (status == HM_OK) status = hm_coulomb_place(s->coulomb, x);
    if (status != HM_OK) printf("\n      %s ", hm_status_message());
    CU_ASSERT_EQUAL(status, HM_OK);
    if (status != HM_OK) {
        dft_stop(s);
        return false;
    }
    memcpy(s->x, x, sizeof s->x);
    s->n = s->molecule.basis.nfunction;
    s->D = calloc(s->n * s->n, sizeof(double));
    s->M = calloc(s->n * s->n, sizeof(double));
    s->N = calloc(s->n * s->n, sizeof(double));
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->n; j++) s->D[i * s->n + j] = cos(0.7 * (double)((i + 1) * (j + 1))) + (i == j);
    return true;
}

bool dft_start_made(const char *keys, const char *auxiliary, struct hm_coulomb_options options, struct dft_integrals *s)
{
    return dft_start(keys, auxiliary, dft_made_number, dft_made_place, options, &alone, s);
}

bool dft_within(const char *what, double actual, double expected, double tolerance)
{
    const bool holds = fabs(actual - expected) <= tolerance;
    if (!holds) printf("\n      %s: %.13g instead of %.13g ", what, actual, expected);
    return holds;
}

double dft_energy(const struct dft_integrals *s, const double *M)
{
    double sum = 0;
    for (size_t i = 0; i < s->n * s->n; i++) sum += 0.5 * s->D[i] * M[i];
    return sum;
}

double dft_largest_difference(size_t count, const double *a, const double *b)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(a[i] - b[i]));
    return largest;
}

static double energy_at(struct dft_integrals *s, dft_matrix matrix, int direction, double shift)
{
    double x[3 * DFT_ATOMS];
    for (int k = 0; k < 3 * DFT_ATOMS; k++) x[k] = s->x[k] + shift * sin(1.7 * (k + 1) * (direction + 1));
    HM_ASSERT_OK(hm_coulomb_place(s->coulomb, x));
    HM_ASSERT_OK(matrix(s->coulomb, s->D, s->M));
    return dft_energy(s, s->M);
}

/* Four points: the error of the difference is of order h^4. */
void dft_check_gradient(const char *what, struct dft_integrals *s, dft_matrix matrix, double tolerance)
{
    const double h = 1e-3, *g = s->gradient;
    for (int direction = 0; direction < 2; direction++) {
        double slope = 0;
        for (int k = 0; k < 3 * DFT_ATOMS; k++) slope += g[k] * sin(1.7 * (k + 1) * (direction + 1));
        const double near = energy_at(s, matrix, direction, h) - energy_at(s, matrix, direction, -h);
        const double far = energy_at(s, matrix, direction, 2 * h) - energy_at(s, matrix, direction, -2 * h);
        CU_ASSERT_TRUE(dft_within(what, slope, (8 * near - far) / (12 * h), tolerance));
    }
    HM_ASSERT_OK(hm_coulomb_place(s->coulomb, s->x));
    for (size_t k = 0; k < 3; k++) HM_ASSERT_NEAR(g[k] + g[3 + k] + g[6 + k], 0, 1e-10);
}
