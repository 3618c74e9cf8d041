/* Two-electron integrals against Psi4's, their gradients against differences, one way of computing against the other.
 */
#include "tests/hamiltonians/dft_integrals.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hm_team alone = {.size = 1};

/* ---- reference ---- */

/* Psi4 1.3.2, psi4.core.MintsHelper.ao_eri of the geometry above (bohr, C1, not reoriented), its functions put in our
 * order. Of J and K for D_ij = cos(0.7 (i+1) (j+1)) + delta_ij: 1/2 sum D M, sum_ab M_ab sin(a+1) sin(b+1), the root of
 * the sum of squares, M_0,n-1 and M_n/2,n/3. */
static const struct reference {
    const char *keys;
    size_t nfunction;
    double coulomb[5], exchange[5];
} references[] = {
    {"basis: sto-3g",
     15,
     {127.3129533376, 108.7843222678, 58.13822726083, -0.1120467782464, 0.1417383977525},
     {70.71180191257, 30.10068522282, 19.61890543825, -0.2192676297526, -0.1168358255052}},
    {"basis: 6-31G*",
     36,
     {392.8470330195, 215.828379575, 150.3206993819, 0.01043399894794, 0.009212730146431},
     {219.6187796669, 26.45407165713, 47.28882260104, 0.5535698422412, 0.5828201332327}},
    {"basis: def2-svp",
     37,
     {355.131777645, 290.618997308, 134.0710713661, -0.08418339480168, 0.1205711110282},
     {233.3325297993, 51.3350524236, 31.52231851735, 0.1580959790373, -0.5038686959206}},
    {dft_made_spherical,
     43,
     {511.9861446075, 458.0225400866, 150.2056438636, 0.3484071069451, -0.2543736322896},
     {237.9123420743, 34.17117053525, 21.03236861978, 0.2095508591494, -0.04158455657559}},
    {dft_made_cartesian,
     54,
     {277.4722361167, 159.8510292101, 107.8384757015, -0.04754125190226, 0.04625654674957},
     {220.7084929025, 22.80657319021, 36.23030949353, 0.5292765728845, -0.1964205983185}},
};

static void compare(const struct reference *reference, const struct dft_integrals *s, const double *M,
                    const double *expected)
{
    const size_t n = s->n;
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            sum += M[i * n + j] * sin((double)(i + 1)) * sin((double)(j + 1));
            square += M[i * n + j] * M[i * n + j];
            CU_ASSERT_EQUAL(M[i * n + j], M[j * n + i]);
        }
    const double found[5] = {dft_energy(s, M), sum, sqrt(square), M[n - 1], M[n / 2 * n + n / 3]};
    for (int i = 0; i < 5; i++) CU_ASSERT_TRUE(dft_within(reference->keys, found[i], expected[i], 1e-9));
}

static void test_reference(void)
{
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        struct dft_integrals s;
        const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-12, .memory = DFT_STORE};
        if (!dft_start_made(references[i].keys, NULL, options, &s)) return;
        CU_ASSERT_EQUAL(s.n, references[i].nfunction);
        HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, s.M));
        compare(&references[i], &s, s.M, references[i].coulomb);
        HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, s.M));
        compare(&references[i], &s, s.M, references[i].exchange);
        dft_stop(&s);
    }
}

/* ---- gradients ---- */

static void gradients_of(const char *keys)
{
    struct dft_integrals s;
    const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-14};
    if (!dft_start_made(keys, NULL, options, &s)) return;
    HM_ASSERT_OK(hm_coulomb_gradient(s.coulomb, s.D, s.gradient));
    dft_check_gradient("Coulomb", &s, hm_coulomb_matrix, 1e-8);
    memset(s.gradient, 0, sizeof s.gradient);
    HM_ASSERT_OK(hm_exchange_gradient(s.coulomb, 1, s.D, s.gradient));
    dft_check_gradient("exchange", &s, hm_exchange_matrix, 1e-8);
    dft_stop(&s);
}

static void test_scale(void)
{
    struct dft_integrals s;
    double half[3 * DFT_ATOMS] = {0};
    if (!dft_start_made("basis: sto-3g", NULL, (struct hm_coulomb_options){.exchange = true, .threshold = 1e-12}, &s))
        return;
    HM_ASSERT_OK(hm_exchange_gradient(s.coulomb, 1, s.D, s.gradient));
    HM_ASSERT_OK(hm_exchange_gradient(s.coulomb, -0.5, s.D, half));
    for (size_t k = 0; k < 3 * DFT_ATOMS; k++) HM_ASSERT_NEAR(half[k], -0.5 * s.gradient[k], 1e-10);
    dft_stop(&s);
}

static void test_gradients(void)
{
    gradients_of("basis: 6-31G*");
    gradients_of(dft_made_spherical); /* inside, all is Cartesian */
}

/* ---- one way against the other ---- */

static void test_kernels(void)
{
    const struct hm_coulomb_kernels *kernels[] = {&hm_coulomb_kernels_portable, NULL, NULL};
    struct dft_integrals s;
#if defined __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels[1] = &hm_coulomb_kernels_avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        kernels[2] = &hm_coulomb_kernels_avx512;
#endif
    const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-13};
    for (int fitted = 0; fitted < 2; fitted++) {
        double gradient[3 * DFT_ATOMS];
        if (!dft_start_made("basis: 6-31G*", fitted ? "auxiliary: auto" : NULL, options, &s)) return;
        double *J = calloc(2 * s.n * s.n, sizeof *J), *K = J + s.n * s.n;
        for (size_t i = 0; i < 3; i++) {
            if (!kernels[i]) continue;
            s.coulomb->kernels = kernels[i];
            memset(s.gradient, 0, sizeof s.gradient);
            HM_ASSERT_OK(hm_coulomb_place(s.coulomb, s.x));
            HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, i == 0 ? J : s.M));
            HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, i == 0 ? K : s.N));
            HM_ASSERT_OK(hm_coulomb_gradient(s.coulomb, s.D, s.gradient));
            HM_ASSERT_OK(hm_exchange_gradient(s.coulomb, 0.3, s.D, s.gradient));
            if (i == 0) {
                memcpy(gradient, s.gradient, sizeof gradient);
                continue;
            }
            CU_ASSERT_TRUE(dft_largest_difference(s.n * s.n, s.M, J) < 1e-10);
            CU_ASSERT_TRUE(dft_largest_difference(s.n * s.n, s.N, K) < 1e-10);
            CU_ASSERT_TRUE(dft_largest_difference(3 * DFT_ATOMS, s.gradient, gradient) < 1e-10);
        }
        free(J);
        dft_stop(&s);
    }
}

/* Stored quartets are read back, and forgotten when atoms move. */
static void test_stored_quartets(void)
{
    struct dft_integrals s, direct;
    double moved[3 * DFT_ATOMS];
    if (!dft_start_made("basis: 6-31G*", NULL,
                        (struct hm_coulomb_options){.exchange = true, .threshold = 1e-13, .memory = DFT_STORE}, &s))
        return;
    if (!dft_start_made("basis: 6-31G*", NULL, (struct hm_coulomb_options){.exchange = true, .threshold = 1e-13},
                        &direct)) {
        dft_stop(&s);
        return;
    }
    for (int k = 0; k < 3 * DFT_ATOMS; k++) moved[k] = s.x[k] + 0.1 * sin(k + 1.0);
    for (int round = 0; round < 3; round++) {
        if (round == 2) {
            HM_ASSERT_OK(hm_coulomb_place(s.coulomb, moved));
            HM_ASSERT_OK(hm_coulomb_place(direct.coulomb, moved));
        }
        for (size_t i = 0; i < s.n * s.n; i++) direct.D[i] = s.D[i] *= 0.9;
        HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, s.M));
        HM_ASSERT_OK(hm_exchange_matrix(direct.coulomb, direct.D, direct.M));
        CU_ASSERT_TRUE(dft_largest_difference(s.n * s.n, s.M, direct.M) < 1e-10);
    }
    dft_stop(&s);
    dft_stop(&direct);
}

/* What a coarse threshold leaves out is of its size, and no net force comes of it. */
static void test_threshold(void)
{
    struct dft_integrals s, coarse;
    const double far[3 * DFT_ATOMS] = {0.1, -0.2, 0.3, 0.0, 1.43, -0.89, -9.1, 3.4, 5.7};
    const struct hm_coulomb_options exact = {.exchange = true, .threshold = 1e-14};
    const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-5};
    if (!dft_start("basis: 6-31G*", NULL, dft_made_number, far, exact, &alone, &s)) return;
    if (!dft_start("basis: 6-31G*", NULL, dft_made_number, far, options, &alone, &coarse)) {
        dft_stop(&s);
        return;
    }
    HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, s.M));
    HM_ASSERT_OK(hm_coulomb_matrix(coarse.coulomb, coarse.D, coarse.M));
    const double coulomb = dft_largest_difference(s.n * s.n, s.M, coarse.M);
    CU_ASSERT_TRUE(coulomb > 0 && coulomb < 1e-3);
    HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, s.M));
    HM_ASSERT_OK(hm_exchange_matrix(coarse.coulomb, coarse.D, coarse.M));
    const double exchange = dft_largest_difference(s.n * s.n, s.M, coarse.M);
    CU_ASSERT_TRUE(exchange > 0 && exchange < 1e-3);
    for (size_t i = 0; i < s.n; i++)
        for (size_t j = 0; j < i; j++) CU_ASSERT_EQUAL(coarse.M[i * s.n + j], coarse.M[j * s.n + i]);
    HM_ASSERT_OK(hm_coulomb_gradient(coarse.coulomb, coarse.D, coarse.gradient));
    HM_ASSERT_OK(hm_exchange_gradient(coarse.coulomb, 1, coarse.D, coarse.gradient));
    for (size_t k = 0; k < 3; k++)
        HM_ASSERT_NEAR(coarse.gradient[k] + coarse.gradient[3 + k] + coarse.gradient[6 + k], 0, 1e-11);
    dft_stop(&s);
    dft_stop(&coarse);
}

static const struct hm_test tests[] = {
    {"Coulomb and exchange matrices as Psi4's integrals make them", test_reference},
    {"gradients are derivatives, s to f shells", test_gradients},
    {"a fraction of exchange", test_scale},
    {"all kernels give the same", test_kernels},
    {"stored quartets", test_stored_quartets},
    {"thresholds", test_threshold},
};
HM_TEST_MAIN("dft.coulomb", tests)
