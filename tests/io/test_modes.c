/* Modes of a molecule that turns, moves and vibrates as it is told; eigenvectors against their definition. */
#include "tests/io/made_runs.h"
#include "tests/test.h"

#include "io/analysis/modes.h"
#include "io/rng.h"

#include <string.h>

enum { N = 9 };

static void test_eigen(void)
{
    double m[N * N], a[N * N], values[N], vectors[N * N];
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++) {
            double three[3];
            hm_rng_normal3((struct hm_rng_key){3, 0, HM_RNG_TEST}, i, (uint32_t)j, three);
            m[i * N + j] = m[j * N + i] = i < 7 ? three[0] : 0; /* two zeros among the eigenvalues */
        }
    memcpy(a, m, sizeof m);
    hm_symmetric_eigen(N, a, values, vectors);
    for (size_t k = 0; k < N; k++) {
        if (k > 0) CU_ASSERT_TRUE(values[k] <= values[k - 1]);
        for (size_t i = 0; i < N; i++) {
            double row = 0, product = 0;
            for (size_t j = 0; j < N; j++) {
                row += m[i * N + j] * vectors[k * N + j];
                product += vectors[i * N + j] * vectors[k * N + j];
            }
            HM_ASSERT_NEAR(row, values[k] * vectors[k * N + i], 1e-13);
            HM_ASSERT_NEAR(product, i == k, 1e-14);
        }
    }
}

static const int water[3] = {8, 1, 1};
static const double mass[3] = {29157, 1837, 1837};
static const double amplitude[2] = {0.01, 0.02}, rate[2] = {0.011, 0.0171};
static double turning = 1e-3;

/* Symmetric and antisymmetric stretches of hydrogens along x and y, the oxygen against them. */
static void displacement(size_t mode, double d[9])
{
    memset(d, 0, 9 * sizeof *d);
    d[3] = 1;
    d[7] = mode == 0 ? 1 : -1;
    for (size_t k = 0; k < 2; k++) d[k] = -(mass[1] * d[3 + k] + mass[2] * d[6 + k]) / mass[0];
}

/* It turns about z and flies, while its modes swing. */
static void swing(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    static const double rest[9] = {0, 0, 0, 1.8, 0, 0, 0, 1.8, 0};
    const double t = recipe->timestep * (double)step, angle = turning * t, c = cos(angle), s = sin(angle);
    double y[9], u[9], d[9];
    memcpy(y, rest, sizeof y);
    memset(u, 0, sizeof u);
    for (size_t m = 0; m < 2; m++) {
        displacement(m, d);
        for (size_t k = 0; k < 9; k++) {
            y[k] += amplitude[m] * sin(rate[m] * t) * d[k];
            u[k] += amplitude[m] * rate[m] * cos(rate[m] * t) * d[k];
        }
    }
    for (size_t i = 0; i < 9; i += 3) {
        x[i] = c * y[i] - s * y[i + 1] + 1e-4 * t;
        x[i + 1] = s * y[i] + c * y[i + 1];
        x[i + 2] = y[i + 2];
        v[i] = c * u[i] - s * u[i + 1] - turning * (s * y[i] + c * y[i + 1]) + 1e-4;
        v[i + 1] = s * u[i] + c * u[i + 1] + turning * (c * y[i] - s * y[i + 1]);
        v[i + 2] = u[i + 2];
    }
    *potential = 0;
}

static void open_swinger(const char *name, struct hm_run *run)
{
    const struct recipe recipe = {
        .natom = 3,
        .number = water,
        .mass = mass,
        .timestep = 0.5 * FS,
        .steps = 40000,
        .stride = 2,
        .move = swing,
        .status = "finished",
    };
    make_run(name, &recipe);
    HM_ASSERT_OK(hm_run_open(made_run_path(name), run));
}

/* Mean of m (a w cos wt)^2 in a mode. */
static double energy(size_t mode)
{
    double d[9], sum = 0;
    displacement(mode, d);
    for (size_t k = 0; k < 9; k++) sum += mass[k / 3] * d[k] * d[k];
    return sum * pow(amplitude[mode] * rate[mode], 2) / 2;
}

static void test_modes(void)
{
    struct hm_run run;
    struct hm_modes modes, same;
    turning = 0;
    open_swinger("still", &run);
    HM_ASSERT_OK(hm_modes_compute(&run, NULL, &modes));
    CU_ASSERT_EQUAL(modes.count, 3);
    /* The antisymmetric stretch turns the molecule a little, which is taken out of it. */
    HM_ASSERT_NEAR(modes.kt[1] / energy(0), 1, 2e-3);
    CU_ASSERT_TRUE(modes.kt[0] > 0.5 * energy(1) && modes.kt[0] <= energy(1) * 1.01);
    CU_ASSERT_TRUE(modes.kt[2] < 1e-3 * modes.kt[1]);
    double d[9], along = 0, length = 0;
    displacement(0, d);
    for (size_t k = 0; k < 9; k++) {
        along += sqrt(mass[k / 3]) * d[k] * modes.vector[9 + k];
        length += mass[k / 3] * d[k] * d[k];
    }
    HM_ASSERT_NEAR(fabs(along) / sqrt(length), 1, 1e-4);
    hm_run_close(&run);

    /* Turning and flying, it has the same modes; in those of the other run, too. */
    struct hm_modes turned;
    turning = 2e-3;
    open_swinger("turning", &run);
    HM_ASSERT_OK(hm_modes_compute(&run, NULL, &turned));
    HM_ASSERT_OK(hm_modes_compute(&run, &modes, &same));
    CU_ASSERT_EQUAL(same.count, 3);
    for (size_t k = 0; k < 2; k++) {
        HM_ASSERT_NEAR(turned.kt[k] / modes.kt[k], 1, 1e-2);
        HM_ASSERT_NEAR(same.kt[k] / modes.kt[k], 1, 1e-2);
    }
    CU_ASSERT_TRUE(turned.kt[2] < 1e-2 * turned.kt[1]);
    hm_modes_release(&turned);
    hm_modes_release(&same);
    hm_run_close(&run);

    struct recipe diatomic = diatomic_recipe();
    diatomic.steps = 5000;
    diatomic.warmup = 0;
    diatomic.correlations = false;
    make_run("diatomic", &diatomic);
    HM_ASSERT_OK(hm_run_open(made_run_path("diatomic"), &run));
    CU_ASSERT_EQUAL(hm_modes_compute(&run, &modes, &same), HM_BAD_INPUT);
    hm_status_clear();
    hm_modes_release(&modes);
    HM_ASSERT_OK(hm_modes_compute(&run, NULL, &modes));
    CU_ASSERT_EQUAL(modes.count, 1); /* linear: two rotations */
    HM_ASSERT_NEAR(modes.kt[0] / (2 * diatomic_mean_kinetic(&diatomic)), 1, 0.01);
    hm_modes_release(&modes);
    hm_run_close(&run);
}

static const struct hm_test tests[] = {
    {"eigenvectors", test_eigen},
    {"modes of a molecule", test_modes},
};

int main(void)
{
    made_runs_start();
    return hm_test_main("modes", tests, sizeof tests / sizeof *tests);
}
