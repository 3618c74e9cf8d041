/* Pair distributions, bonds, angles and mean square displacements against sums written out. */
#include "tests/io/made_runs.h"
#include "tests/test.h"

#include "io/analysis/structure.h"
#include "io/analysis/transport.h"
#include "io/rng.h"

#include <string.h>

static const int water[3] = {8, 1, 1};
static const double water_mass[3] = {29157, 1837, 1837};
static const size_t water_bonds[2][2] = {{1, 0}, {0, 2}};
enum { STEPS = 300, WARMUP = 40 };
#define BOX 9.0

/* A molecule whose atoms wander through a small box. */
static void wander(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    (void)recipe;
    for (uint32_t a = 0; a < 3; a++) {
        double three[3];
        hm_rng_normal3((struct hm_rng_key){5, 0, HM_RNG_TEST}, (uint64_t)step, a, three);
        for (size_t k = 0; k < 3; k++) {
            x[3 * a + k] =
                0.3 * three[k] + 0.05 * (double)step + (a == 1 ? 1.7 : 0) * (k == 0) + (a == 2 ? 1.8 : 0) * (k == 1);
            v[3 * a + k] = three[k];
        }
    }
    *potential = 0;
}

static void open_wanderer(double box, struct hm_run *run)
{
    const struct recipe recipe = {
        .natom = 3,
        .nbond = 2,
        .number = water,
        .mass = water_mass,
        .bonds = water_bonds,
        .box = box,
        .timestep = 1 * FS,
        .steps = STEPS,
        .warmup = WARMUP,
        .stride = 2,
        .move = wander,
        .status = "finished",
    };
    make_run("wander", &recipe);
    HM_ASSERT_OK(hm_run_open(made_run_path("wander"), run));
}

static double between(int64_t step, size_t i, size_t j, double box)
{
    double x[9], v[9], u, square = 0;
    wander(NULL, step, x, v, &u);
    for (size_t k = 0; k < 3; k++) {
        double d = x[3 * j + k] - x[3 * i + k];
        if (box > 0) d -= box * round(d / box);
        square += d * d;
    }
    return sqrt(square);
}

static void test_rdf(void)
{
    struct hm_run run;
    struct hm_rdf rdf;
    open_wanderer(BOX, &run);
    const struct hm_rdf_setup setup = {.range_angstrom = 2, .bins = 40};
    HM_ASSERT_OK(hm_rdf_compute(&run, &setup, &rdf));
    CU_ASSERT_EQUAL(rdf.npair, 3);
    CU_ASSERT_EQUAL(rdf.frames, (STEPS - WARMUP) / 2);
    CU_ASSERT_TRUE(rdf.normalised);
    HM_ASSERT_NEAR(rdf.width_angstrom, 0.05, 1e-15);
    for (size_t pair = 0; pair < 3; pair++) { /* O-O, O-H, H-H */
        double within = 0;
        CU_ASSERT_EQUAL(rdf.species[pair][0], pair == 2 ? 1 : 8);
        CU_ASSERT_EQUAL(rdf.species[pair][1], pair == 0 ? 8 : 1);
        for (size_t k = 0; k < rdf.bins; k++) {
            const double low = 0.05 * (double)k / HM_LENGTH_ANGSTROM,
                         high = 0.05 * (double)(k + 1) / HM_LENGTH_ANGSTROM;
            double count = 0;
            for (int64_t step = WARMUP; step < STEPS; step += 2)
                for (size_t j = 1; j < 3; j++)
                    for (size_t i = 0; i < j; i++) {
                        const double r = between(step, i, j, BOX);
                        if ((i == 0 ? 1U : 2U) == pair) count += r >= low && r < high;
                    }
            const double shell = 4 * PI / 3 * (pow(high, 3) - pow(low, 3)), pairs = pair == 1 ? 2 : pair == 2 ? 1 : 0;
            within += count / 130;
            const double g = pairs > 0 ? count * BOX * BOX * BOX / (130 * pairs * shell) : 0;
            HM_ASSERT_NEAR(rdf.g[pair * rdf.bins + k], g, 1e-10 * (1 + g));
            HM_ASSERT_NEAR(rdf.neighbours[pair * rdf.bins + k], pair == 2 ? within : within, 1e-12);
        }
        if (pair > 0) CU_ASSERT_TRUE(within > 0.5);
    }
    hm_rdf_release(&rdf);
    const struct hm_rdf_setup wide = {.range_angstrom = 2.5};
    CU_ASSERT_EQUAL(hm_rdf_compute(&run, &wide, &rdf), HM_BAD_USAGE);
    hm_status_clear();
    HM_ASSERT_OK(hm_rdf_compute(&run, NULL, &rdf));
    HM_ASSERT_NEAR(rdf.width_angstrom * (double)rdf.bins, BOX / 2 * HM_LENGTH_ANGSTROM, 1e-12);
    hm_rdf_release(&rdf);
    hm_run_close(&run);
}

/* Without a box it is the probability of a distance. */
static void test_rdf_of_a_molecule(void)
{
    struct hm_run run;
    struct hm_rdf rdf;
    open_wanderer(0, &run);
    HM_ASSERT_OK(hm_rdf_compute(&run, NULL, &rdf));
    CU_ASSERT_FALSE(rdf.normalised);
    HM_ASSERT_NEAR(rdf.width_angstrom, 0.05, 1e-15);
    for (size_t pair = 1; pair < 3; pair++) {
        double area = 0;
        for (size_t k = 0; k < rdf.bins; k++) area += rdf.g[pair * rdf.bins + k] * rdf.width_angstrom;
        HM_ASSERT_NEAR(area, 1, 1e-12);
        HM_ASSERT_NEAR(rdf.neighbours[(pair + 1) * rdf.bins - 1], pair == 1 ? 2 : 1, 1e-12);
    }
    hm_rdf_release(&rdf);
    hm_run_close(&run);
}

static void test_distributions(void)
{
    struct hm_run run;
    struct hm_distributions d;
    open_wanderer(0, &run);
    HM_ASSERT_OK(hm_distributions_compute(&run, &d));
    CU_ASSERT_EQUAL(d.count, 2);
    CU_ASSERT_EQUAL(d.frames, 130);
    CU_ASSERT_STRING_EQUAL(d.item[0].name, "H-O");
    CU_ASSERT_STRING_EQUAL(d.item[1].name, "H-O-H");
    double mean[2] = {0}, square[2] = {0};
    static double cells[2][2000];
    memset(cells, 0, sizeof cells);
    for (int64_t step = WARMUP; step < STEPS; step += 2) {
        const double a = between(step, 0, 1, 0), b = between(step, 0, 2, 0), c = between(step, 1, 2, 0);
        const double values[3] = {a * HM_LENGTH_ANGSTROM, b * HM_LENGTH_ANGSTROM,
                                  acos((a * a + b * b - c * c) / (2 * a * b)) * 180 / PI};
        for (size_t k = 0; k < 3; k++) {
            const size_t item = k / 2;
            mean[item] += values[k] / (item ? 130 : 260);
            square[item] += values[k] * values[k] / (item ? 130 : 260);
            cells[item][(size_t)(values[k] / (item ? 1 : 0.005))]++;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        const struct hm_distribution *item = &d.item[i];
        CU_ASSERT_EQUAL(item->natom, i + 2);
        CU_ASSERT_EQUAL(item->values, i ? 130 : 260);
        HM_ASSERT_NEAR(item->mean, mean[i], 1e-10);
        HM_ASSERT_NEAR(item->std, sqrt(square[i] - mean[i] * mean[i]), 1e-9);
        const size_t first = (size_t)(item->first / item->width + 0.5);
        CU_ASSERT_TRUE(item->bins > 5 && item->density[0] > 0 && item->density[item->bins - 1] > 0);
        for (size_t k = 0; k < item->bins; k++)
            HM_ASSERT_NEAR(item->density[k], cells[i][first + k] / ((double)item->values * item->width), 1e-9);
    }
    hm_distributions_release(&d);
    hm_run_close(&run);
}

static void test_msd(void)
{
    enum { FRAMES = (STEPS - WARMUP) / 2 };
    struct hm_run run;
    struct hm_msd msd;
    static double x[FRAMES][9];
    open_wanderer(BOX, &run);
    HM_ASSERT_OK(hm_msd_compute(&run, &msd));
    CU_ASSERT_EQUAL(msd.lags, FRAMES);
    CU_ASSERT_EQUAL(msd.ngroup, 3);
    HM_ASSERT_NEAR(msd.dt_ps, 0.002, 1e-15);
    for (size_t n = 0; n < FRAMES; n++) {
        double v[9], u;
        wander(NULL, WARMUP + 2 * (int64_t)n, x[n], v, &u);
    }
    for (size_t lag = 0; lag < FRAMES; lag++) {
        double sum[3] = {0};
        for (size_t n = 0; n + lag < FRAMES; n++)
            for (size_t k = 0; k < 9; k++) {
                const double square = pow((x[n + lag][k] - x[n][k]) * HM_LENGTH_ANGSTROM, 2) / (double)(FRAMES - lag);
                sum[k < 3 ? 0 : 1] += square / (k < 3 ? 1 : 2);
                sum[2] += square / 3;
            }
        for (size_t g = 0; g < 3; g++) HM_ASSERT_NEAR(msd.msd_angstrom2[g * FRAMES + lag], sum[g], 1e-11);
    }
    CU_ASSERT_EQUAL(msd.number[0], 8);
    CU_ASSERT_EQUAL(msd.number[1], 1);
    CU_ASSERT_EQUAL(msd.number[2], 0);
    CU_ASSERT_TRUE(msd.diffusion[2] > 0 && msd.diffusion_error[2] > 0);
    hm_msd_release(&msd);
    hm_run_close(&run);
}

/* A random walk: D = step^2 / 2 dt in each direction. */
static void walk(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    static double at[9];
    (void)recipe;
    for (uint32_t a = 0; a < 3; a++) {
        double three[3];
        hm_rng_normal3((struct hm_rng_key){6, 0, HM_RNG_TEST}, (uint64_t)step, a, three);
        for (size_t k = 0; k < 3; k++) {
            if (step == 0) at[3 * a + k] = 5.0 * a;
            x[3 * a + k] = at[3 * a + k] += 0.1 * three[k];
            v[3 * a + k] = 0;
        }
    }
    *potential = 0;
}

static void test_diffusion_of_a_walk(void)
{
    const struct recipe recipe = {
        .natom = 3,
        .number = water,
        .mass = water_mass,
        .box = BOX,
        .timestep = 1 * FS,
        .steps = 20000,
        .stride = 1,
        .move = walk,
        .status = "finished",
    };
    struct hm_run run;
    struct hm_msd msd;
    make_run("walk", &recipe);
    HM_ASSERT_OK(hm_run_open(made_run_path("walk"), &run));
    HM_ASSERT_OK(hm_msd_compute(&run, &msd));
    const double expected = pow(0.1 * HM_LENGTH_ANGSTROM, 2) / 2 / 1e-3; /* Angstrom^2/ps */
    HM_ASSERT_NEAR(msd.diffusion[2], expected, 3 * msd.diffusion_error[2] + 0.3 * expected);
    CU_ASSERT_TRUE(msd.diffusion_error[2] > 0.02 * expected && msd.diffusion_error[2] < expected);
    for (size_t k = 1; k < 20; k++)
        HM_ASSERT_NEAR(msd.msd_angstrom2[2 * msd.lags + k] / (6 * expected * 1e-3 * (double)k), 1, 0.05);
    hm_msd_release(&msd);
    hm_run_close(&run);
}

static void test_too_short(void)
{
    struct recipe recipe = diatomic_recipe();
    struct hm_run run;
    struct hm_msd msd;
    struct hm_rdf rdf;
    struct hm_distributions d;
    recipe.steps = recipe.stride; /* one frame */
    recipe.correlations = false;
    make_run("short", &recipe);
    HM_ASSERT_OK(hm_run_open(made_run_path("short"), &run));
    HM_ASSERT_OK(hm_msd_compute(&run, &msd));
    CU_ASSERT_EQUAL(msd.lags, 0);
    HM_ASSERT_OK(hm_rdf_compute(&run, NULL, &rdf));
    CU_ASSERT_EQUAL(rdf.frames, 1);
    HM_ASSERT_OK(hm_distributions_compute(&run, &d));
    CU_ASSERT_EQUAL(d.count, 1);
    CU_ASSERT_EQUAL(d.item[0].values, 1);
    hm_distributions_release(&d);
    hm_rdf_release(&rdf);
    hm_msd_release(&msd);
    hm_run_close(&run);
}

static const struct hm_test tests[] = {
    {"pair distributions in a box", test_rdf},         {"distances of a molecule", test_rdf_of_a_molecule},
    {"bonds and angles", test_distributions},          {"mean square displacement", test_msd},
    {"diffusion of a walk", test_diffusion_of_a_walk}, {"one frame", test_too_short},
};

int main(void)
{
    made_runs_start();
    return hm_test_main("structure", tests, sizeof tests / sizeof *tests);
}
