/* Density fitting: against exact integrals, its gradient against its own energy, stored integrals against recomputed
 * ones. */
#include "tests/hamiltonians/dft_integrals.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hm_team alone = {.size = 1};

/* Water, PBE/6-31G* by Psi4 1.3.2 (scf_type pk, unpruned (99,590)), its density in our order, rounded: the lower
 * triangle. Psi4's integrals give the two energies. */
static const int water_number[DFT_ATOMS] = {8, 1, 1};
static const double water[3 * DFT_ATOMS] = {0.0,
                                            0.0,
                                            0.22166487451620323,
                                            0.0,
                                            1.4309006221966674,
                                            -0.8866594980648129,
                                            0.09448630627289141,
                                            -1.473986377857106,
                                            -0.8503767564560227};
static const double water_coulomb = 46.796992718378, water_exchange = 17.881274972632;
static const double water_density[] = {
    2.07354834,  -0.17290433, 0.50133187,  0.00194182,  -0.00315390, 0.82237588,  -0.00069756, 0.00147638,  0.00943008,
    0.53684074,  -0.04495495, 0.07274978,  0.00747306,  0.00071457,  0.64736522,  -0.23414462, 0.55473681,  -0.01473393,
    0.00261655,  0.34317751,  0.72303601,  0.00176041,  -0.00326088, 0.65268468,  0.01250011,  0.00937668,  -0.01105706,
    0.51807589,  -0.00034150, 0.00067863,  0.01250627,  0.27158373,  0.00280542,  0.00212325,  0.01247568,  0.13747386,
    -0.04098060, 0.07587414,  0.00937192,  0.00294952,  0.43163703,  0.25741353,  0.00969352,  0.00314538,  0.28935443,
    -0.01173917, -0.01106962, 0.00335768,  0.00007615,  0.00175703,  -0.01065296, 0.00270026,  0.00008298,  0.00057778,
    0.00039367,  0.00091940,  -0.00204983, -0.00044376, 0.00297165,  0.00019630,  -0.00205506, -0.00031843, 0.00150069,
    0.00002613,  0.00004466,  0.00002563,  0.00017499,  -0.00058043, -0.08006236, -0.00037901, 0.00203643,  0.00164477,
    -0.06351954, -0.00093405, 0.00086601,  -0.00029325, 0.00005211,  0.00780974,  -0.02584564, 0.02037511,  0.00006621,
    -0.00072521, -0.00133863, 0.02109385,  -0.00001024, -0.00038426, 0.00026045,  -0.00032619, -0.00009330, -0.00006423,
    0.00103670,  0.00034115,  -0.00075773, -0.00038282, -0.06875550, -0.00029539, -0.00102980, -0.00094617, -0.03477557,
    -0.00053944, 0.00000502,  -0.00037886, -0.00003136, 0.00007037,  0.00880730,  -0.01390228, -0.00402292, -0.00077376,
    0.00009346,  -0.06207842, -0.02952083, -0.00095053, -0.00018993, -0.04121250, -0.00010397, -0.00003232, -0.00019801,
    0.00041305,  0.00000384,  0.00611776,  -0.03358201, 0.08269554,  0.00026880,  0.24769066,  -0.19814998, 0.00539277,
    0.00122800,  0.12447386,  -0.12518409, -0.00280211, 0.00087147,  -0.00087918, 0.00452607,  -0.03177698, 0.01979947,
    0.19726824,  0.01569481,  -0.03533094, 0.00087716,  0.14235669,  -0.13081549, -0.09072254, 0.00137966,  0.07153454,
    -0.08773247, 0.00014614,  0.00083778,  -0.00045057, -0.00079242, -0.01816803, 0.01246480,  0.10140708,  0.06515494,
    -0.03293462, 0.08102556,  0.01642513,  -0.25214954, -0.18952159, 0.00603971,  0.00942882,  -0.12812294, -0.12167024,
    -0.00272042, -0.00190249, -0.00291258, 0.00513277,  0.03226310,  0.01881082,  -0.03651312, -0.03297031, 0.19598168,
    0.01553737,  -0.03502861, 0.01031697,  -0.14730545, -0.12762085, -0.08976229, 0.00618020,  -0.07485452, -0.08681757,
    0.00015656,  -0.00077659, -0.00164776, -0.00037427, 0.01894285,  0.01207516,  -0.03320549, -0.01241538, 0.10260197,
    0.06658303};

static void fill_water(struct dft_integrals *s)
{
    const double *d = water_density;
    CU_ASSERT_EQUAL(sizeof water_density / sizeof *d, s->n * (s->n + 1) / 2);
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) s->D[i * s->n + j] = s->D[j * s->n + i] = *d++;
}

static void test_water(void)
{
    struct dft_integrals s;
    struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-11, .memory = DFT_STORE};
    if (!dft_start("basis: 6-31G*", NULL, water_number, water, options, &alone, &s)) return;
    fill_water(&s);
    HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, s.M));
    CU_ASSERT_TRUE(dft_within("Coulomb energy", dft_energy(&s, s.M), water_coulomb, 1e-9));
    HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, s.M));
    CU_ASSERT_TRUE(dft_within("exchange energy", dft_energy(&s, s.M), water_exchange, 1e-9));
    HM_ASSERT_OK(hm_coulomb_gradient(s.coulomb, s.D, s.gradient));
    double exact[3 * DFT_ATOMS];
    memcpy(exact, s.gradient, sizeof exact);
    dft_stop(&s);

    if (!dft_start("basis: 6-31G*", "auxiliary: auto", water_number, water, options, &alone, &s)) return;
    fill_water(&s);
    HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, s.M));
    const double error = dft_energy(&s, s.M) - water_coulomb;
    CU_ASSERT_TRUE(error < 0 && error > -1.5e-4); /* the fit is from below */
    HM_ASSERT_OK(hm_coulomb_gradient(s.coulomb, s.D, s.gradient));
    CU_ASSERT_TRUE(dft_largest_difference(3 * DFT_ATOMS, s.gradient, exact) < 1e-4);
    dft_stop(&s);
}

/* The fit's gradient belongs to the fit's energy; stored and recomputed integrals give the same. */
static void fit_of(const char *keys, const char *auxiliary)
{
    struct dft_integrals stored, computed;
    if (!dft_start_made(keys, auxiliary, (struct hm_coulomb_options){.threshold = 1e-14, .memory = DFT_STORE}, &stored))
        return;
    CU_ASSERT_PTR_NOT_NULL(stored.coulomb->fit->B);
    HM_ASSERT_OK(hm_coulomb_matrix(stored.coulomb, stored.D, stored.N));
    HM_ASSERT_OK(hm_coulomb_gradient(stored.coulomb, stored.D, stored.gradient));
    dft_check_gradient(auxiliary, &stored, hm_coulomb_matrix, 1e-8);
    if (!dft_start_made(keys, auxiliary, (struct hm_coulomb_options){.threshold = 1e-14}, &computed)) {
        dft_stop(&stored);
        return;
    }
    CU_ASSERT_PTR_NULL(computed.coulomb->fit->B);
    HM_ASSERT_OK(hm_coulomb_matrix(computed.coulomb, computed.D, computed.M));
    CU_ASSERT_TRUE(dft_largest_difference(stored.n * stored.n, stored.N, computed.M) < 1e-10);
    HM_ASSERT_OK(hm_coulomb_gradient(computed.coulomb, computed.D, computed.gradient));
    CU_ASSERT_TRUE(dft_largest_difference(3 * DFT_ATOMS, stored.gradient, computed.gradient) < 1e-10);
    dft_stop(&stored);
    dft_stop(&computed);
}

static void test_fit(void)
{
    dft_write(
        "fit.g94",
        "****\nH 0\nS 2 1.00\n 2.1 0.4\n 0.5 0.7\nP 1 1.00\n 1.1 1.0\nD 1 1.00\n 0.9 1.0\n****\n"
        "O 0\nS 1 1.00\n 9.1 1.0\nS 1 1.00\n 1.5 1.0\nP 1 1.00\n 2.1 1.0\nF 1 1.00\n 1.3 1.0\n"
        "G 1 1.00\n 1.9 1.0\n****\n"
        "Cl 0\nS 1 1.00\n 12.0 1.0\nS 1 1.00\n 0.9 1.0\nD 2 1.00\n 3.4 0.3\n 0.8 0.9\nG 1 1.00\n 0.8 1.0\n****\n");
    fit_of("basis: 6-31G*", "auxiliary: fit.g94, functions: spherical");
    fit_of(dft_made_spherical, "auxiliary: fit.g94, functions: cartesian");
}

static void test_faults(void)
{
    struct dft_integrals s;
    const double same[3 * DFT_ATOMS] = {0.1, -0.2, 0.3, 0.0, 1.43, -0.89, 0.0, 1.43, -0.89};
    if (!dft_start("basis: 6-31G*", "auxiliary: auto", water_number, water,
                   (struct hm_coulomb_options){.threshold = 1e-11}, &alone, &s))
        return;
    CU_ASSERT_EQUAL(hm_coulomb_place(s.coulomb, same), HM_ORACLE_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "auxiliary basis is linearly dependent"));
    HM_ASSERT_OK(hm_coulomb_place(s.coulomb, s.x));
    dft_stop(&s);
}

static const struct hm_test tests[] = {
    {"water: exact and fitted energies", test_water},
    {"the gradient of the fit is that of its energy", test_fit},
    {"a fit that cannot be solved", test_faults},
};
HM_TEST_MAIN("dft.fit", tests)
