/* Two-electron integrals against Psi4's, their gradients against differences, density fitting against exact integrals,
 * one way of computing against the other. */
#include "hamiltonians/dft/coulomb_internal.h"
#include "tests/hamiltonians/dft_molecule.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NATOM = 3, EVERYTHING = 1 << 28 };

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
static const char spherical[] = "basis: made.g94, functions: spherical";
static const char cartesian[] = "basis: made.g94, functions: cartesian";

/* ---- a molecule with its integrals ---- */

struct system {
    struct dft_molecule molecule;
    struct hm_basis auxiliary;
    struct hm_coulomb *coulomb;
    size_t n;
    double *D, *M, *N; // (n, n)
    double x[3 * NATOM], gradient[3 * NATOM];
};

static void stop(struct system *s)
{
    hm_coulomb_destroy(&s->coulomb);
    hm_basis_destroy(&s->auxiliary);
    dft_molecule_release(&s->molecule);
    free(s->D);
    free(s->M);
    free(s->N);
    *s = (struct system){0};
}

/* With `auxiliary` (or NULL: exact) and a made-up density. */
static bool start(const char *keys, const char *auxiliary, const int *z, const double *x,
                  struct hm_coulomb_options options, struct system *s)
{
    *s = (struct system){0};
    dft_write("made.g94", made);
    enum hm_status status = dft_molecule_make(keys, NATOM, z, x, &s->molecule);
    if (status == HM_OK && auxiliary) {
        status = dft_auxiliary_make(auxiliary, &s->molecule.frame, &s->auxiliary);
        options.auxiliary = &s->auxiliary;
    }
    if (status == HM_OK) status = hm_coulomb_create(&s->molecule.basis, &options, &alone, &s->coulomb);
    if (status == HM_OK) status = hm_coulomb_place(s->coulomb, x);
    if (status != HM_OK) printf("\n      %s ", hm_status_message());
    CU_ASSERT_EQUAL(status, HM_OK);
    if (status != HM_OK) {
        stop(s);
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

static bool start_made(const char *keys, const char *auxiliary, struct hm_coulomb_options options, struct system *s)
{
    return start(keys, auxiliary, number, place, options, s);
}

static bool within(const char *what, double actual, double expected, double tolerance)
{
    const bool holds = fabs(actual - expected) <= tolerance;
    if (!holds) printf("\n      %s: %.13g instead of %.13g ", what, actual, expected);
    return holds;
}

/* 1/2 sum D M */
static double energy(const struct system *s, const double *M)
{
    double sum = 0;
    for (size_t i = 0; i < s->n * s->n; i++) sum += 0.5 * s->D[i] * M[i];
    return sum;
}

static double largest_difference(size_t count, const double *a, const double *b)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(a[i] - b[i]));
    return largest;
}

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
    {spherical,
     43,
     {511.9861446075, 458.0225400866, 150.2056438636, 0.3484071069451, -0.2543736322896},
     {237.9123420743, 34.17117053525, 21.03236861978, 0.2095508591494, -0.04158455657559}},
    {cartesian,
     54,
     {277.4722361167, 159.8510292101, 107.8384757015, -0.04754125190226, 0.04625654674957},
     {220.7084929025, 22.80657319021, 36.23030949353, 0.5292765728845, -0.1964205983185}},
};

static void compare(const struct reference *reference, const struct system *s, const double *M, const double *expected)
{
    const size_t n = s->n;
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            sum += M[i * n + j] * sin((double)(i + 1)) * sin((double)(j + 1));
            square += M[i * n + j] * M[i * n + j];
            CU_ASSERT_EQUAL(M[i * n + j], M[j * n + i]);
        }
    const double found[5] = {energy(s, M), sum, sqrt(square), M[n - 1], M[n / 2 * n + n / 3]};
    for (int i = 0; i < 5; i++) CU_ASSERT_TRUE(within(reference->keys, found[i], expected[i], 1e-9));
}

static void test_reference(void)
{
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        struct system s;
        const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-12, .memory = EVERYTHING};
        if (!start_made(references[i].keys, NULL, options, &s)) return;
        CU_ASSERT_EQUAL(s.n, references[i].nfunction);
        HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, s.M));
        compare(&references[i], &s, s.M, references[i].coulomb);
        HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, s.M));
        compare(&references[i], &s, s.M, references[i].exchange);
        stop(&s);
    }
}

/* ---- gradients ---- */

typedef enum hm_status (*matrix_fn)(struct hm_coulomb *, const double *, double *);

static double energy_at(struct system *s, matrix_fn matrix, int direction, double shift)
{
    double x[3 * NATOM];
    for (int k = 0; k < 3 * NATOM; k++) x[k] = s->x[k] + shift * sin(1.7 * (k + 1) * (direction + 1));
    HM_ASSERT_OK(hm_coulomb_place(s->coulomb, x));
    HM_ASSERT_OK(matrix(s->coulomb, s->D, s->M));
    return energy(s, s->M);
}

/* Along two directions in which all atoms move, and the net force. Four points: the error of the difference is
 * of order h^4. */
static void check_gradient(const char *what, struct system *s, matrix_fn matrix, double tolerance)
{
    const double h = 1e-3, *g = s->gradient;
    for (int direction = 0; direction < 2; direction++) {
        double slope = 0;
        for (int k = 0; k < 3 * NATOM; k++) slope += g[k] * sin(1.7 * (k + 1) * (direction + 1));
        const double near = energy_at(s, matrix, direction, h) - energy_at(s, matrix, direction, -h);
        const double far = energy_at(s, matrix, direction, 2 * h) - energy_at(s, matrix, direction, -2 * h);
        CU_ASSERT_TRUE(within(what, slope, (8 * near - far) / (12 * h), tolerance));
    }
    HM_ASSERT_OK(hm_coulomb_place(s->coulomb, s->x));
    for (size_t k = 0; k < 3; k++) HM_ASSERT_NEAR(g[k] + g[3 + k] + g[6 + k], 0, 1e-10);
}

static void gradients_of(const char *keys)
{
    struct system s;
    const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-14};
    if (!start_made(keys, NULL, options, &s)) return;
    HM_ASSERT_OK(hm_coulomb_gradient(s.coulomb, s.D, s.gradient));
    check_gradient("Coulomb", &s, hm_coulomb_matrix, 1e-8);
    memset(s.gradient, 0, sizeof s.gradient);
    HM_ASSERT_OK(hm_exchange_gradient(s.coulomb, 1, s.D, s.gradient));
    check_gradient("exchange", &s, hm_exchange_matrix, 1e-8);
    stop(&s);
}

static void test_scale(void)
{
    struct system s;
    double half[3 * NATOM] = {0};
    if (!start_made("basis: sto-3g", NULL, (struct hm_coulomb_options){.exchange = true, .threshold = 1e-12}, &s))
        return;
    HM_ASSERT_OK(hm_exchange_gradient(s.coulomb, 1, s.D, s.gradient));
    HM_ASSERT_OK(hm_exchange_gradient(s.coulomb, -0.5, s.D, half));
    for (size_t k = 0; k < 3 * NATOM; k++) HM_ASSERT_NEAR(half[k], -0.5 * s.gradient[k], 1e-10);
    stop(&s);
}

static void test_gradients(void)
{
    gradients_of("basis: 6-31G*");
    gradients_of(spherical); /* inside, all is Cartesian */
}

/* ---- fitting ---- */

/* Water, PBE/6-31G* by Psi4 1.3.2 (scf_type pk, unpruned (99,590)), its density in our order, rounded: the lower
 * triangle. Psi4's integrals give the two energies. */
static const int water_number[NATOM] = {8, 1, 1};
static const double water[3 * NATOM] = {0.0,
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

static void fill_water(struct system *s)
{
    const double *d = water_density;
    CU_ASSERT_EQUAL(sizeof water_density / sizeof *d, s->n * (s->n + 1) / 2);
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) s->D[i * s->n + j] = s->D[j * s->n + i] = *d++;
}

static void test_water(void)
{
    struct system s;
    struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-11, .memory = EVERYTHING};
    if (!start("basis: 6-31G*", NULL, water_number, water, options, &s)) return;
    fill_water(&s);
    HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, s.M));
    CU_ASSERT_TRUE(within("Coulomb energy", energy(&s, s.M), water_coulomb, 1e-9));
    HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, s.M));
    CU_ASSERT_TRUE(within("exchange energy", energy(&s, s.M), water_exchange, 1e-9));
    HM_ASSERT_OK(hm_coulomb_gradient(s.coulomb, s.D, s.gradient));
    double exact[3 * NATOM];
    memcpy(exact, s.gradient, sizeof exact);
    stop(&s);

    if (!start("basis: 6-31G*", "auxiliary: auto", water_number, water, options, &s)) return;
    fill_water(&s);
    HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, s.M));
    const double error = energy(&s, s.M) - water_coulomb;
    CU_ASSERT_TRUE(error < 0 && error > -1.5e-4); /* the fit is from below */
    HM_ASSERT_OK(hm_coulomb_gradient(s.coulomb, s.D, s.gradient));
    CU_ASSERT_TRUE(largest_difference(3 * NATOM, s.gradient, exact) < 1e-4);
    stop(&s);
}

/* The fit's gradient belongs to the fit's energy; stored and recomputed integrals give the same. */
static void fit_of(const char *keys, const char *auxiliary)
{
    struct system stored, computed;
    if (!start_made(keys, auxiliary, (struct hm_coulomb_options){.threshold = 1e-14, .memory = EVERYTHING}, &stored))
        return;
    CU_ASSERT_PTR_NOT_NULL(stored.coulomb->fit->B);
    HM_ASSERT_OK(hm_coulomb_matrix(stored.coulomb, stored.D, stored.N));
    HM_ASSERT_OK(hm_coulomb_gradient(stored.coulomb, stored.D, stored.gradient));
    check_gradient(auxiliary, &stored, hm_coulomb_matrix, 1e-8);
    if (!start_made(keys, auxiliary, (struct hm_coulomb_options){.threshold = 1e-14}, &computed)) {
        stop(&stored);
        return;
    }
    CU_ASSERT_PTR_NULL(computed.coulomb->fit->B);
    HM_ASSERT_OK(hm_coulomb_matrix(computed.coulomb, computed.D, computed.M));
    CU_ASSERT_TRUE(largest_difference(stored.n * stored.n, stored.N, computed.M) < 1e-10);
    HM_ASSERT_OK(hm_coulomb_gradient(computed.coulomb, computed.D, computed.gradient));
    CU_ASSERT_TRUE(largest_difference(3 * NATOM, stored.gradient, computed.gradient) < 1e-10);
    stop(&stored);
    stop(&computed);
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
    fit_of(spherical, "auxiliary: fit.g94, functions: cartesian");
}

/* ---- one way against the other ---- */

static void test_kernels(void)
{
    const struct hm_coulomb_kernels *kernels[] = {&hm_coulomb_kernels_portable, NULL, NULL};
    struct system s;
#if defined __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels[1] = &hm_coulomb_kernels_avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        kernels[2] = &hm_coulomb_kernels_avx512;
#endif
    const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-13};
    for (int fitted = 0; fitted < 2; fitted++) {
        double gradient[3 * NATOM];
        if (!start_made("basis: 6-31G*", fitted ? "auxiliary: auto" : NULL, options, &s)) return;
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
            CU_ASSERT_TRUE(largest_difference(s.n * s.n, s.M, J) < 1e-10);
            CU_ASSERT_TRUE(largest_difference(s.n * s.n, s.N, K) < 1e-10);
            CU_ASSERT_TRUE(largest_difference(3 * NATOM, s.gradient, gradient) < 1e-10);
        }
        free(J);
        stop(&s);
    }
}

/* Stored quartets are read back, and forgotten when atoms move. */
static void test_stored_quartets(void)
{
    struct system s, direct;
    double moved[3 * NATOM];
    if (!start_made("basis: 6-31G*", NULL,
                    (struct hm_coulomb_options){.exchange = true, .threshold = 1e-13, .memory = EVERYTHING}, &s))
        return;
    if (!start_made("basis: 6-31G*", NULL, (struct hm_coulomb_options){.exchange = true, .threshold = 1e-13},
                    &direct)) {
        stop(&s);
        return;
    }
    for (int k = 0; k < 3 * NATOM; k++) moved[k] = s.x[k] + 0.1 * sin(k + 1.0);
    for (int round = 0; round < 3; round++) {
        if (round == 2) {
            HM_ASSERT_OK(hm_coulomb_place(s.coulomb, moved));
            HM_ASSERT_OK(hm_coulomb_place(direct.coulomb, moved));
        }
        for (size_t i = 0; i < s.n * s.n; i++) direct.D[i] = s.D[i] *= 0.9;
        HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, s.M));
        HM_ASSERT_OK(hm_exchange_matrix(direct.coulomb, direct.D, direct.M));
        CU_ASSERT_TRUE(largest_difference(s.n * s.n, s.M, direct.M) < 1e-10);
    }
    stop(&s);
    stop(&direct);
}

/* What a coarse threshold leaves out is of its size, and no net force comes of it. */
static void test_threshold(void)
{
    struct system s, coarse;
    const double far[3 * NATOM] = {0.1, -0.2, 0.3, 0.0, 1.43, -0.89, -9.1, 3.4, 5.7};
    const struct hm_coulomb_options exact = {.exchange = true, .threshold = 1e-14};
    const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-5};
    if (!start("basis: 6-31G*", NULL, number, far, exact, &s)) return;
    if (!start("basis: 6-31G*", NULL, number, far, options, &coarse)) {
        stop(&s);
        return;
    }
    HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, s.M));
    HM_ASSERT_OK(hm_coulomb_matrix(coarse.coulomb, coarse.D, coarse.M));
    const double coulomb = largest_difference(s.n * s.n, s.M, coarse.M);
    CU_ASSERT_TRUE(coulomb > 0 && coulomb < 1e-3);
    HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, s.M));
    HM_ASSERT_OK(hm_exchange_matrix(coarse.coulomb, coarse.D, coarse.M));
    const double exchange = largest_difference(s.n * s.n, s.M, coarse.M);
    CU_ASSERT_TRUE(exchange > 0 && exchange < 1e-3);
    for (size_t i = 0; i < s.n; i++)
        for (size_t j = 0; j < i; j++) CU_ASSERT_EQUAL(coarse.M[i * s.n + j], coarse.M[j * s.n + i]);
    HM_ASSERT_OK(hm_coulomb_gradient(coarse.coulomb, coarse.D, coarse.gradient));
    HM_ASSERT_OK(hm_exchange_gradient(coarse.coulomb, 1, coarse.D, coarse.gradient));
    for (size_t k = 0; k < 3; k++)
        HM_ASSERT_NEAR(coarse.gradient[k] + coarse.gradient[3 + k] + coarse.gradient[6 + k], 0, 1e-11);
    stop(&s);
    stop(&coarse);
}

static void test_faults(void)
{
    struct system s;
    const double same[3 * NATOM] = {0.1, -0.2, 0.3, 0.0, 1.43, -0.89, 0.0, 1.43, -0.89};
    if (!start("basis: 6-31G*", "auxiliary: auto", water_number, water, (struct hm_coulomb_options){.threshold = 1e-11},
               &s))
        return;
    CU_ASSERT_EQUAL(hm_coulomb_place(s.coulomb, same), HM_ORACLE_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "auxiliary basis is linearly dependent"));
    HM_ASSERT_OK(hm_coulomb_place(s.coulomb, s.x));
    stop(&s);
}

static const struct hm_test tests[] = {
    {"Coulomb and exchange matrices as Psi4's integrals make them", test_reference},
    {"gradients are derivatives, s to f shells", test_gradients},
    {"a fraction of exchange", test_scale},
    {"water: exact and fitted energies", test_water},
    {"the gradient of the fit is that of its energy", test_fit},
    {"all kernels give the same", test_kernels},
    {"stored quartets", test_stored_quartets},
    {"thresholds", test_threshold},
    {"a fit that cannot be solved", test_faults},
};
HM_TEST_MAIN("dft.coulomb", tests)
