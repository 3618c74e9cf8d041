/* Laws of growth from branches of known ones. */
#include "tests/io/made_runs.h"
#include "tests/test.h"

#include "io/analysis/growth.h"
#include "io/rng.h"

#include <string.h>

enum { BRANCHES = 40, LENGTH = 1000 };

/* What the branches that the next run gets do: a (1 + scatter normal) times n^p or exp(c n). */
static struct {
    double amplitude, exponent, rate, scatter;
    int64_t end; /* of every tenth branch; 0: none ends */
    bool baseline;
    uint32_t seed;
} law;

static double normal(uint64_t k)
{
    double three[3];
    hm_rng_normal3((struct hm_rng_key){11, 0, HM_RNG_TEST}, k, law.seed, three);
    return three[0];
}

static double grown(int64_t branch, int64_t n)
{
    const double exponent = law.exponent + law.scatter * normal((uint64_t)branch);
    const double size = law.amplitude * (1 + law.scatter * normal(1000 + (uint64_t)branch));
    return size * pow((double)n, exponent) * exp(law.rate * (double)n);
}

static void log_branches(struct hm_trajectory *trajectory)
{
    for (int64_t b = 0; b < BRANCHES; b++)
        for (int64_t n = 1; n <= LENGTH; n = n < 10                                     ? n + 1
                                             : (n * 11 + 9) / 10 > LENGTH && n < LENGTH ? LENGTH
                                                                                        : (n * 11 + 9) / 10) {
            const double d = law.end > 0 && b % 10 == 3 && n >= law.end ? NAN : grown(b, n);
            const struct hm_study_record record = {
                .step = 4000 + 1000 * b,
                .unforced = n,
                .position = d,
                .kinetic = b % 2 ? d : -d,
                .potential = 2 * d,
                .baseline_position = law.baseline ? law.amplitude : NAN,
                .baseline_kinetic = law.baseline ? law.amplitude : NAN,
                .baseline_potential = law.baseline ? law.amplitude : NAN,
                .exact_kinetic = 3 * (1 + sin(0.1 * (double)(n + b))),
                .oracle_calls = 2 * n,
            };
            HM_ASSERT_OK(hm_trajectory_log_study(trajectory, &record));
        }
}

static void study(const char *name, struct hm_run *run)
{
    struct recipe recipe = diatomic_recipe();
    recipe.steps = 1000;
    recipe.warmup = 0;
    recipe.correlations = false;
    recipe.logs = log_branches;
    make_run(name, &recipe);
    HM_ASSERT_OK(hm_run_open(made_run_path(name), run));
}

static struct hm_growth growth_of(struct hm_study_curves *curves)
{
    struct hm_run run;
    study("growth", &run);
    HM_ASSERT_OK(hm_study_curves_create(&run, 1, curves));
    hm_run_close(&run);
    return curves->predicted[HM_DIVERGENCE_POSITION].growth;
}

static bool holds(struct hm_interval i, double value)
{
    return i.low <= value && value <= i.high && i.low <= i.value && i.value <= i.high;
}

static void test_power(void)
{
    struct hm_study_curves c;
    memset(&law, 0, sizeof law);
    law.amplitude = 1e-7;
    law.exponent = 1.5;
    law.scatter = 0.05;
    const struct hm_growth g = growth_of(&c);
    CU_ASSERT_EQUAL(c.nbranch, BRANCHES);
    CU_ASSERT_EQUAL(c.branch_steps, LENGTH);
    CU_ASSERT_EQUAL(c.oracle_calls, 2 * LENGTH * BRANCHES);
    CU_ASSERT_EQUAL(c.ended, 0);
    CU_ASSERT_FALSE(c.has_baseline);
    HM_ASSERT_NEAR(c.timestep_fs, 0.5, 1e-12);
    CU_ASSERT_EQUAL(g.law, HM_LAW_POWER);
    CU_ASSERT_TRUE(g.aic_difference > 10);
    CU_ASSERT_TRUE(g.support > 0.99);
    CU_ASSERT_TRUE(holds(g.exponent, 1.52)); /* of the rms: its larger exponents count more */
    CU_ASSERT_TRUE(g.exponent.high - g.exponent.low > 0.01 && g.exponent.high - g.exponent.low < 0.1);
    HM_ASSERT_NEAR(g.one_step.value / 1e-7, 1, 0.1); /* the rms is not quite a straight line */
    CU_ASSERT_TRUE(isnan(g.saturated_after.value));
    CU_ASSERT_EQUAL(g.points, c.points);
    hm_study_curves_release(&c);
}

/* Without scatter the law comes out to rounding. */
static void test_exact_laws(void)
{
    struct hm_study_curves c;
    memset(&law, 0, sizeof law);
    law.amplitude = 3e-9;
    law.exponent = 2;
    struct hm_growth g = growth_of(&c);
    HM_ASSERT_NEAR(g.exponent.value, 2, 1e-12);
    HM_ASSERT_NEAR(g.exponent.high - g.exponent.low, 0, 1e-12);
    HM_ASSERT_NEAR(g.one_step.value / 3e-9, 1, 1e-10);
    const struct hm_growth k = c.predicted[HM_DIVERGENCE_KINETIC].growth;
    HM_ASSERT_NEAR(k.exponent.value, 2, 1e-12); /* signs do not matter */
    HM_ASSERT_NEAR(c.predicted[HM_DIVERGENCE_POTENTIAL].rms[0] / 6e-9, 1, 1e-12);
    HM_ASSERT_NEAR(c.predicted[HM_DIVERGENCE_TOTAL].rms[0] / 3e-9, sqrt(5), 1e-12); /* 2 + 1 or 2 - 1 times */
    HM_ASSERT_NEAR(k.saturation, 1 / sqrt(2), 0.05); /* a third of the spread of the kinetic energy */
    hm_study_curves_release(&c);

    law.exponent = 0;
    law.rate = 0.01;
    g = growth_of(&c);
    CU_ASSERT_EQUAL(g.law, HM_LAW_EXPONENTIAL);
    CU_ASSERT_EQUAL(g.support, 1);
    CU_ASSERT_TRUE(g.aic_difference < -10);
    HM_ASSERT_NEAR(g.rate_per_step.value, 0.01, 1e-12);
    HM_ASSERT_NEAR(g.rate_per_ps.value, 20, 1e-9);
    HM_ASSERT_NEAR(g.one_step.value / 3e-9, exp(0.01), 1e-10);
    hm_study_curves_release(&c);
}

/* Beyond a tenth of the bond nothing is fitted. */
static void test_saturation(void)
{
    struct hm_study_curves c;
    memset(&law, 0, sizeof law);
    law.amplitude = 1e-3;
    law.exponent = 1;
    const struct hm_growth g = growth_of(&c);
    HM_ASSERT_NEAR(g.saturation, 0.1 * 2.5 * HM_LENGTH_ANGSTROM, 1e-9); /* the first frame is at r0 + A */
    CU_ASSERT_TRUE(g.points < c.points);
    CU_ASSERT_TRUE(1e-3 * g.saturated_after.value > g.saturation);
    CU_ASSERT_TRUE(1e-3 * (double)c.unforced[g.points - 1] <= g.saturation);
    CU_ASSERT_EQUAL((double)c.unforced[g.points], g.saturated_after.value);
    HM_ASSERT_NEAR(g.exponent.value, 1, 1e-12);
    hm_study_curves_release(&c);
}

static void test_branches_that_end(void)
{
    struct hm_study_curves c;
    memset(&law, 0, sizeof law);
    law.amplitude = 1e-7;
    law.exponent = 1;
    law.end = 200;
    const struct hm_growth g = growth_of(&c);
    CU_ASSERT_EQUAL(c.ended, 4);
    for (size_t p = 0; p < c.points; p++) CU_ASSERT_EQUAL(c.alive[p], c.unforced[p] < 200 ? BRANCHES : BRANCHES - 4);
    CU_ASSERT_TRUE(c.unforced[g.points - 1] < 200 && c.unforced[g.points] >= 200);
    CU_ASSERT_TRUE(isfinite(c.predicted[0].rms[c.points - 1]));
    hm_study_curves_release(&c);
}

static void test_baseline_that_does_not_grow(void)
{
    struct hm_study_curves c;
    memset(&law, 0, sizeof law);
    law.amplitude = 1e-7;
    law.exponent = 1;
    law.baseline = true;
    growth_of(&c);
    CU_ASSERT_TRUE(c.has_baseline);
    HM_ASSERT_NEAR(c.baseline[HM_DIVERGENCE_POSITION].growth.exponent.value, 0, 1e-12);
    CU_ASSERT_EQUAL(c.baseline[HM_DIVERGENCE_POSITION].growth.law, HM_LAW_BOUNDED);
    HM_ASSERT_NEAR(c.baseline[HM_DIVERGENCE_POSITION].rms[c.points - 1], 1e-7, 1e-20);
    hm_study_curves_release(&c);
}

/* Of several runs the seeds are drawn, too: what differs between them widens the interval. */
static void test_several_runs(void)
{
    enum { RUNS = 4 };
    struct hm_run runs[RUNS];
    struct hm_study_curves c;
    for (size_t r = 0; r < RUNS; r++) {
        char name[16];
        snprintf(name, sizeof name, "seed%zu", r);
        memset(&law, 0, sizeof law);
        law.amplitude = 1e-7;
        law.exponent = 1.4 + 0.1 * (double)r;
        law.scatter = 0.01;
        law.seed = (uint32_t)r;
        study(name, &runs[r]);
    }
    HM_ASSERT_OK(hm_study_curves_create(runs, RUNS, &c));
    CU_ASSERT_EQUAL(c.nrun, RUNS);
    CU_ASSERT_EQUAL(c.nbranch, RUNS * BRANCHES);
    const struct hm_interval together = c.predicted[0].growth.exponent;
    CU_ASSERT_TRUE(holds(together, 1.62));
    CU_ASSERT_TRUE(together.high - together.low > 0.1);
    hm_study_curves_release(&c);
    HM_ASSERT_OK(hm_study_curves_create(&runs[1], 1, &c));
    const struct hm_interval alone = c.predicted[0].growth.exponent;
    CU_ASSERT_TRUE(holds(alone, 1.5));
    CU_ASSERT_TRUE(alone.high - alone.low < 0.03);
    hm_study_curves_release(&c);
    for (size_t r = 0; r < RUNS; r++) hm_run_close(&runs[r]);
}

static void test_no_study(void)
{
    struct recipe recipe = diatomic_recipe();
    struct hm_run run;
    struct hm_study_curves c;
    recipe.steps = 100;
    recipe.correlations = false;
    make_run("none", &recipe);
    HM_ASSERT_OK(hm_run_open(made_run_path("none"), &run));
    HM_ASSERT_OK(hm_study_curves_create(&run, 1, &c));
    CU_ASSERT_EQUAL(c.points, 0);
    CU_ASSERT_EQUAL(c.nbranch, 0);
    hm_study_curves_release(&c);
    hm_run_close(&run);
}

static const struct hm_test tests[] = {
    {"a power with scatter", test_power},
    {"laws without scatter", test_exact_laws},
    {"saturation", test_saturation},
    {"branches that end", test_branches_that_end},
    {"a baseline that does not grow", test_baseline_that_does_not_grow},
    {"several runs", test_several_runs},
    {"no study", test_no_study},
};

int main(void)
{
    made_runs_start();
    return hm_test_main("growth", tests, sizeof tests / sizeof *tests);
}
