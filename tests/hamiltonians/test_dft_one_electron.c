/* Integrals over one electron against Psi4's, against properties that hold for any basis, and their gradient against
 * differences. */
#include "tests/hamiltonians/dft_molecule.h"
#include "tests/test.h"

#include "hamiltonians/dft/one_electron.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NATOM = 3 };

static const int number[NATOM] = {8, 1, 17};
static const double place[3 * NATOM] = {0.1, -0.2, 0.3, 0.0, 1.43, -0.89, -2.9, 0.4, 1.7};
static const struct hm_team alone = {.size = 1};

/* All kinds of shells up to f, contracted and not. */
static const char made[] = "****\n"
                           "H 0\nS 2 1.00\n 1.31 0.43\n 0.32 0.71\nP 1 1.00\n 0.8 1.0\nF 1 1.00\n 0.9 1.0\n****\n"
                           "O 0\nSP 2 1.00\n 15.5 -0.11 0.07\n 3.6 0.42 0.34\nD 2 1.00\n 1.7 0.6\n 0.5 0.5\n"
                           "F 2 1.00\n 2.1 0.3\n 0.7 0.8\n****\n"
                           "Cl 0\nS 3 1.00\n 251.0 0.05\n 36.0 0.4\n 2.1 0.7\nP 2 1.00\n 4.0 0.6\n 0.4 0.5\n"
                           "D 1 1.00\n 0.65 1.0\nF 1 1.00\n 0.71 1.0\n****\n";
static const char made_spherical[] = "basis: made.g94, functions: spherical";
static const char made_cartesian[] = "basis: made.g94, functions: cartesian";

static bool make(const char *keys, struct dft_molecule *molecule)
{
    dft_write("made.g94", made);
    const enum hm_status status = dft_molecule_make(keys, NATOM, number, place, molecule);
    if (status != HM_OK) printf("\n      %s ", hm_status_message());
    CU_ASSERT_EQUAL(status, HM_OK);
    return status == HM_OK;
}

static bool within(const char *what, double actual, double expected, double tolerance)
{
    const bool holds = fabs(actual - expected) <= tolerance;
    if (!holds) printf("\n      %s: %.12g instead of %.12g ", what, actual, expected);
    return holds;
}

/* ---- reference ---- */

/* Psi4 1.3.2, psi4.core.MintsHelper of the geometry above (bohr, C1, not reoriented), its functions put in our order
 * and its dipole times -1 (it has the electron's charge). Of overlap, T + V, x, y, z: sum_ab M_ab sin(a+1) sin(b+1),
 * and the root of the sum of squares. */
static const struct reference {
    const char *keys;
    size_t nfunction;
    double sum[5], norm[5];
} references[] = {
    {"basis: sto-3g",
     15,
     {7.53890517976, -292.6749319836, -12.49080404015, -0.6888155431053, 6.494273197762},
     {4.091353966927, 189.7203407245, 9.207289931825, 2.683904763663, 5.702202412395}},
    {"basis: 6-31G*",
     36,
     {10.13312023353, -237.4857880664, -14.42187567139, 0.0161040273004, 7.201810386048},
     {7.755863258197, 203.9250605526, 16.14619304394, 6.177131920474, 10.53660314019}},
    {"basis: '6-31g(d,p)'",
     39,
     {12.51015731194, -261.1924431873, -15.72655302322, 0.7043126597646, 3.431349999757},
     {8.035740823603, 204.6822283381, 16.19672250146, 6.80643098286, 10.72394181585}},
    {"basis: def2-SVP",
     37,
     {15.27391541349, -399.59355042, -23.83945647866, 3.724628132798, 13.21151322272},
     {7.364444684256, 205.0984700722, 14.95613452368, 6.412719430258, 9.915565174696}},
    {made_cartesian,
     54,
     {10.04844987109, -128.8116317648, -6.680196119073, -1.124523615981, 4.957194360872},
     {6.784247311273, 112.4954232583, 11.75891127026, 6.751492821569, 8.32936133181}},
    {made_spherical,
     43,
     {22.10972460971, -222.6467178868, -18.89740701856, 9.585489207091, 15.8760177533},
     {6.8810607163, 105.7009322309, 12.23523775099, 6.347269851207, 8.408735610033}},
};

static void check_reference(const struct reference *reference)
{
    struct dft_molecule molecule;
    if (!make(reference->keys, &molecule)) return;
    const size_t n = molecule.basis.nfunction;
    double *M = calloc(5 * n * n, sizeof *M);
    CU_ASSERT_EQUAL(n, reference->nfunction);
    hm_overlap_matrix(&molecule.basis, place, &alone, M);
    HM_ASSERT_OK(hm_core_matrix(&molecule.basis, place, number, &alone, M + n * n));
    hm_dipole_matrices(&molecule.basis, place, &alone, M + 2 * n * n);
    for (size_t k = 0; k < 5; k++) {
        double sum = 0, norm = 0;
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++) {
                const double value = M[(k * n + a) * n + b];
                sum += value * sin((double)(a + 1)) * sin((double)(b + 1));
                norm += value * value;
            }
        CU_ASSERT_TRUE(within(reference->keys, sum, reference->sum[k], 1e-10 * fabs(reference->sum[k]) + 1e-11));
        CU_ASSERT_TRUE(within(reference->keys, sqrt(norm), reference->norm[k], 1e-11 * reference->norm[k]));
    }
    free(M);
    dft_molecule_release(&molecule);
}

static void test_reference(void)
{
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) check_reference(&references[i]);
}

/* ---- properties ---- */

/* All moved by d: overlap and T + V stay, the dipole changes by d times the overlap. */
static void test_translation(void)
{
    static const double d[3] = {0.7, -11.3, 4.9};
    struct dft_molecule molecule;
    if (!make(made_spherical, &molecule)) return;
    const size_t n = molecule.basis.nfunction, n2 = n * n;
    double x[3 * NATOM], *here = calloc(5 * n2, sizeof *here), *there = calloc(5 * n2, sizeof *there);
    for (size_t i = 0; i < 3 * NATOM; i++) x[i] = place[i] + d[i % 3];
    hm_overlap_matrix(&molecule.basis, place, &alone, here);
    hm_overlap_matrix(&molecule.basis, x, &alone, there);
    HM_ASSERT_OK(hm_core_matrix(&molecule.basis, place, number, &alone, here + n2));
    HM_ASSERT_OK(hm_core_matrix(&molecule.basis, x, number, &alone, there + n2));
    hm_dipole_matrices(&molecule.basis, place, &alone, here + 2 * n2);
    hm_dipole_matrices(&molecule.basis, x, &alone, there + 2 * n2);
    double worst[3] = {0};
    for (size_t i = 0; i < n2; i++) {
        worst[0] = fmax(worst[0], fabs(there[i] - here[i]));
        worst[1] = fmax(worst[1], fabs(there[n2 + i] - here[n2 + i]));
        for (size_t k = 0; k < 3; k++)
            worst[2] = fmax(worst[2], fabs(there[(2 + k) * n2 + i] - here[(2 + k) * n2 + i] - d[k] * here[i]));
    }
    CU_ASSERT_TRUE(within("overlap of a moved molecule", worst[0], 0, 1e-13));
    CU_ASSERT_TRUE(within("T + V of a moved molecule", worst[1], 0, 1e-11));
    CU_ASSERT_TRUE(within("dipole of a moved molecule", worst[2], 0, 1e-12));
    free(here);
    free(there);
    dft_molecule_release(&molecule);
}

/* The members' shares add up to the whole, and none is empty. */
static void test_team(void)
{
    struct dft_molecule molecule;
    if (!make(made_spherical, &molecule)) return;
    const size_t n = molecule.basis.nfunction, n2 = n * n;
    double *whole = calloc(n2, sizeof *whole), *share = calloc(n2, sizeof *share);
    HM_ASSERT_OK(hm_core_matrix(&molecule.basis, place, number, &alone, whole));
    for (int rank = 0; rank < 3; rank++) {
        const struct hm_team team = {.rank = rank, .size = 3};
        double norm = 0;
        HM_ASSERT_OK(hm_core_matrix(&molecule.basis, place, number, &team, share));
        for (size_t i = 0; i < n2; i++) {
            whole[i] -= share[i];
            norm += fabs(share[i]);
        }
        CU_ASSERT_TRUE(norm > 1);
    }
    for (size_t i = 0; i < n2; i++)
        if (whole[i] != 0) printf("\n      %g is missing in element %zu ", whole[i], i);
    for (size_t i = 0; i < n2; i++) CU_ASSERT_EQUAL(whole[i], 0);
    free(whole);
    free(share);
    dft_molecule_release(&molecule);
}

/* ---- gradient ---- */

static double energy(const struct hm_basis *basis, const double *x, const double *D, const double *W, double *scratch)
{
    const size_t n2 = basis->nfunction * basis->nfunction;
    double sum = hm_nuclear_repulsion(NATOM, number, x, NULL);
    HM_ASSERT_OK(hm_core_matrix(basis, x, number, &alone, scratch));
    for (size_t i = 0; i < n2; i++) sum += D[i] * scratch[i];
    hm_overlap_matrix(basis, x, &alone, scratch);
    for (size_t i = 0; i < n2; i++) sum -= W[i] * scratch[i];
    return sum;
}

static void check_gradient(const char *keys)
{
    struct dft_molecule molecule;
    if (!make(keys, &molecule)) return;
    const size_t n = molecule.basis.nfunction;
    double g[3 * NATOM] = {0}, shares[3 * NATOM] = {0}, net[3] = {0}, x[3 * NATOM];
    double *D = calloc(3 * n * n, sizeof *D), *W = D + n * n, *scratch = W + n * n;
    for (size_t a = 0; a < n; a++) /* symmetric, and all elements differ */
        for (size_t b = 0; b < n; b++) {
            D[a * n + b] = sin(1.0 + 0.3 * (double)(a + b) + 0.1 * (double)(a * b)) / 3;
            W[a * n + b] = cos(0.7 * (double)(a + b) + 0.2 * (double)(a * b)) / 3;
        }
    hm_nuclear_repulsion(NATOM, number, place, g);
    memcpy(shares, g, sizeof g);
    HM_ASSERT_OK(hm_one_electron_gradient(&molecule.basis, place, number, D, W, &alone, g));
    for (int rank = 0; rank < 2; rank++) {
        const struct hm_team team = {.rank = rank, .size = 2};
        HM_ASSERT_OK(hm_one_electron_gradient(&molecule.basis, place, number, D, W, &team, shares));
    }
    for (size_t i = 0; i < 3 * NATOM; i++) {
        static const double step = 2e-3, weight[2] = {2.0 / 3, -1.0 / 12};
        double difference = 0;
        memcpy(x, place, sizeof x);
        for (int k = 1; k <= 2; k++) {
            x[i] = place[i] + k * step;
            difference += weight[k - 1] * energy(&molecule.basis, x, D, W, scratch);
            x[i] = place[i] - k * step;
            difference -= weight[k - 1] * energy(&molecule.basis, x, D, W, scratch);
        }
        CU_ASSERT_TRUE(within(keys, g[i], difference / step, 2e-8));
        CU_ASSERT_TRUE(within("shares of a team", shares[i], g[i], 1e-10));
        net[i % 3] += g[i];
    }
    for (size_t k = 0; k < 3; k++) CU_ASSERT_TRUE(within("net force", net[k], 0, 1e-10));
    free(D);
    dft_molecule_release(&molecule);
}

static void test_gradient(void)
{
    check_gradient("basis: 6-31g*");
    check_gradient("basis: def2-svp");
    check_gradient(made_cartesian);
    check_gradient(made_spherical);
}

int main(void)
{
    static const struct hm_test tests[] = {
        {"the same matrices as Psi4", test_reference},
        {"a moved molecule", test_translation},
        {"shares of a team add up", test_team},
        {"gradient against differences", test_gradient},
    };
    return hm_test_main("one-electron integrals", tests, sizeof tests / sizeof *tests);
}
