/* What the analysis says of rounds of strides, and the walk over tables that it stands on. */
#include "io/analysis/run.h"
#include "tests/io/made_runs.h"
#include "tests/test.h"

#include <math.h>

/* Strides of 20 steps after 100 exact ones: a round of 5, one of 5 that the gate refused, one of 3 and a stride that
 * led outside, one whose first had no solution; exact segments of 20 after these three, and 7 rounds up to step 1000.
 */
static void write_rounds(struct hm_trajectory *t)
{
    static const struct hm_round_record rounds[] = {
        {100, 0.01, 1e-9, 5, 5, 30, 2, 1}, {200, 0.2, 3e-9, 5, 5, 40, 1, 0},  {220, -0.03, 2e-9, 3, 4, 20, 2, 1},
        {300, NAN, NAN, 0, 1, 60, 1, 0},   {320, 0.02, 0, 5, 5, 30, 2, 1},    {420, 0.02, 0, 5, 5, 30, 1, 1},
        {520, 0.02, 0, 5, 5, 30, 1, 1},    {620, 0.02, 0, 5, 5, 30, 1, 1},    {720, 0.02, 0, 5, 5, 30, 1, 1},
        {820, 0.02, 0, 5, 5, 30, 1, 1},    {920, -0.04, 2e-9, 4, 4, 30, 1, 1}};
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) HM_ASSERT_OK(hm_trajectory_log_round(t, &rounds[i]));
    for (int64_t step = 0; step < 1000; step++) {
        const bool segment = (step >= 200 && step < 220) || (step >= 280 && step < 320), exact = step < 100 || segment;
        const struct hm_decision_record decision = {
            .step = step, .action = exact ? HM_INJECT : HM_ADVANCE, .committed = 1, .signal = NAN, .threshold = NAN};
        if (exact || step % 20 == 0) HM_ASSERT_OK(hm_trajectory_log_decision(t, &decision));
    }
}

static void test_rounds(void)
{
    static const char *const names[] = {"strides",
                                        "stride_fs",
                                        "stride_fraction",
                                        "rounds",
                                        "rounds_refused",
                                        "iterations_per_stride",
                                        "reversibility_max",
                                        "round_energy_drift_kT",
                                        "stride_failure_fraction"};
    struct recipe recipe = diatomic_recipe();
    recipe.steps = 1000;
    recipe.warmup = 100;
    make_run("none", &recipe);
    struct hm_analysis *a = analyze_run("none", NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) ASSERT_NULL(a, names[i]);
    hm_analysis_destroy(&a);
    recipe.logs = write_rounds;
    make_run("rounds", &recipe);
    a = analyze_run("rounds", NULL);
    ASSERT_VALUE(a, "strides", 42, 0);
    ASSERT_VALUE(a, "stride_fs", 20 * recipe.timestep * HM_TIME_FS, 1e-12);
    ASSERT_VALUE(a, "stride_fraction", 840.0 / 900, 1e-15);
    ASSERT_VALUE(a, "rounds", 11, 0);
    ASSERT_VALUE(a, "rounds_refused", 1, 0);
    ASSERT_VALUE(a, "iterations_per_stride", 360.0 / 49, 1e-12);
    ASSERT_VALUE(a, "stride_failure_fraction", 2.0 / 49, 1e-15);
    ASSERT_VALUE(a, "reversibility_max", 3e-9, 1e-20);
    ASSERT_VALUE(a, "round_energy_drift_kT", 0.04 / 2, 1e-12); /* it vibrates and does not turn: <K> is kT / 2 */
    ASSERT_VALUE(a, "injections", 60 + 14, 0);
    ASSERT_VALUE(a, "oracle_calls", 160 + 14, 0);
    ASSERT_VALUE(a, "rollbacks", 100, 0);
    ASSERT_VALUE(a, "longest_prediction_run", 680, 0);
    hm_analysis_destroy(&a);
}

/* ---- walking ---- */

struct walked {
    int64_t records, steps, next;
    bool ordered;
};

static void see_injection(void *self, const void *record)
{
    struct walked *w = self;
    const struct hm_injection_record *r = record;
    w->ordered = w->ordered && r->step == w->records && r->seconds == (double)r->step;
    w->records++;
}

static void see_decision(void *self, const struct hm_decision_record *d, size_t steps)
{
    struct walked *w = self;
    w->ordered = w->ordered && d->step == w->next;
    w->next = d->step + (int64_t)steps;
    w->records++;
    w->steps += (int64_t)steps;
}

static void write_injections(struct hm_trajectory *t)
{
    for (int64_t step = 0; step < 20001; step++) {
        const struct hm_injection_record record = {.step = step, .seconds = (double)step};
        HM_ASSERT_OK(hm_trajectory_log_injection(t, &record));
    }
}

/* Several slabs and a part of one, each record once and in its place; none of a table that is empty. */
static void test_walk(void)
{
    struct recipe recipe = diatomic_recipe();
    struct hm_run run;
    struct walked w = {.ordered = true}, none = {.ordered = true};
    recipe.steps = 100;
    recipe.logs = write_injections;
    make_run("walk", &recipe);
    HM_ASSERT_OK(hm_run_open(made_run_path("walk"), &run));
    HM_ASSERT_OK(hm_trajectory_walk(run.trajectory, HM_TABLE_INJECTIONS, see_injection, &w));
    CU_ASSERT_TRUE(w.ordered && w.records == 20001);
    HM_ASSERT_OK(hm_trajectory_walk(run.trajectory, HM_TABLE_ROUNDS, see_injection, &none));
    CU_ASSERT_EQUAL(none.records, 0);
    hm_run_close(&run);
}

/* A stride covers all steps up to what comes next, the last one up to the end of the run. */
static void test_walk_over_strides(void)
{
    struct recipe recipe = diatomic_recipe();
    struct hm_run run;
    struct walked w = {.ordered = true};
    recipe.steps = 1000;
    recipe.warmup = 100;
    recipe.logs = write_rounds;
    recipe.status = "finished";
    make_run("strides", &recipe);
    HM_ASSERT_OK(hm_run_open(made_run_path("strides"), &run));
    HM_ASSERT_OK(hm_run_walk_decisions(&run, see_decision, &w));
    CU_ASSERT_TRUE(w.ordered && w.steps == 1000 && w.records == 160 + 42);
    hm_run_close(&run);
}

static const struct hm_test tests[] = {
    {"rounds", test_rounds}, {"walk over a table", test_walk}, {"walk over strides", test_walk_over_strides}};

int main(void)
{
    made_runs_start();
    return hm_test_main("rounds", tests, sizeof tests / sizeof *tests);
}
