/* The step, inline on one rank. */
#include "hamiltonians/molecules.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <string.h>

#define LINEAR "integrator: {timestep: 0.25 fs, steps: 20000}\ntraining: {warmup_steps: 400}\n"

struct fixture {
    struct hm_job job;
    struct hm_layout layout;
    struct hm_simulation simulation;
};

static void begin(struct fixture *f, const char *extra)
{
    fixture_job(extra, &f->job);
    fixture_simulation(&f->job, &f->layout, &f->simulation);
}

static void end(struct fixture *f)
{
    hm_simulation_release(&f->simulation);
    hm_job_release(&f->job);
}

static void test_always_is_plain_leapfrog(void)
{
    enum { STEPS = 10000 };
    struct fixture f;
    struct hm_molecule hcl;
    double x[6], v[6];
    begin(&f, LINEAR "policy: {type: always}\n");
    CU_ASSERT_TRUE(hm_molecule_find("HCl", &hcl));
    HM_ASSERT_OK(fixture_advance(&f.simulation, STEPS));
    fixture_plain_leapfrog(&f.job.frame, hcl.k, hcl.r0, f.simulation.propagator.schedule.timestep, STEPS, x, v);
    CU_ASSERT_EQUAL(memcmp(x, f.simulation.state->frame.x, sizeof x), 0);
    CU_ASSERT_EQUAL(memcmp(v, f.simulation.state->frame.v, sizeof v), 0);
    CU_ASSERT_EQUAL(f.simulation.state->exact_steps, STEPS);
    end(&f);
}

static void restores(const char *extra, int64_t at, int64_t until)
{
    struct fixture f, g;
    struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
    begin(&f, extra);
    begin(&g, extra);
    HM_ASSERT_OK(fixture_advance(&f.simulation, at));
    HM_ASSERT_OK(hm_propagator_save(&f.simulation.propagator, f.simulation.state, &snapshot));
    HM_ASSERT_OK(fixture_advance(&f.simulation, until));
    HM_ASSERT_OK(fixture_advance(&g.simulation, until)); /* never interrupted */
    CU_ASSERT_TRUE(fixture_same_state(f.simulation.state, g.simulation.state));

    HM_ASSERT_OK(hm_propagator_load(&f.simulation.propagator, f.simulation.state, &snapshot));
    CU_ASSERT_EQUAL(f.simulation.state->step, at);
    CU_ASSERT_FALSE(fixture_same_state(f.simulation.state, g.simulation.state));
    HM_ASSERT_OK(fixture_advance(&f.simulation, until));
    CU_ASSERT_TRUE(fixture_same_state(f.simulation.state, g.simulation.state));
    hm_archive_release(&snapshot);
    end(&f);
    end(&g);
}

/* In the warm-up, around the first episode, between injections, inside a burst, around a later episode. */
static void test_advance_restore_advance(void)
{
    static const int64_t at[] = {0, 10, 395, 400, 777, 899, 900, 5399, 5400, 5405};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        restores(LINEAR, at[i], at[i] + 10);
        restores(LINEAR "predictor: {inputs: [velocity], history: 12}\npolicy: {frequency: 0.05}\n", at[i],
                 at[i] + 300);
    }
    restores(LINEAR "predictor: {type: zero}\n", 450, 470);
    restores(LINEAR "predictor: {representation: cartesian, inputs: [velocity]}\npolicy: {frequency: 0.5}\n", 450, 470);
}

static void test_another_runs_snapshot_is_refused(void)
{
    struct fixture f, g;
    struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
    begin(&f, LINEAR);
    begin(&g, LINEAR "predictor: {type: zero}\n");
    HM_ASSERT_OK(hm_propagator_save(&f.simulation.propagator, f.simulation.state, &snapshot));
    CU_ASSERT_EQUAL(hm_propagator_load(&g.simulation.propagator, g.simulation.state, &snapshot), HM_BAD_INPUT);
    hm_archive_release(&snapshot);
    end(&f);
    end(&g);
}

/* ---- reasons and guards ---- */

struct watch {
    size_t by_reason[HM_REASON_COUNT];
    size_t injected, predicted;
    double largest_residual;
    bool consistent;
};

static enum hm_status watch_step(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct watch *w = self;
    const bool exact = now->decision.action == HM_INJECT;
    w->by_reason[now->decision.reason]++;
    w->injected += exact;
    w->predicted += !exact;
    w->consistent = w->consistent && exact == (now->label != NULL) && state->step == now->step + 1;
    /* v_{n+1/2} - v_{n-1/2} is the kick, and the on-step velocity lies half-way. */
    for (size_t k = 0; k < 6; k++) {
        const double middle = 0.5 * (now->v_before[k] + state->frame.v[k]);
        w->consistent = w->consistent && fabs(now->v[k] - middle) <= 1e-15 + 1e-12 * fabs(middle);
    }
    if (exact && now->predicted && state->residual_relative > w->largest_residual)
        w->largest_residual = state->residual_relative;
    return HM_OK;
}

static void test_reasons(void)
{
    struct fixture f;
    struct watch w = {.consistent = true};
    begin(&f, LINEAR);
    f.simulation.propagator.observer = (struct hm_observer){watch_step, &w};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 10400));
    CU_ASSERT_TRUE(w.consistent);
    CU_ASSERT_EQUAL(w.by_reason[HM_REASON_WARMUP], 400);
    CU_ASSERT_EQUAL(w.by_reason[HM_REASON_NOT_READY], 0);
    CU_ASSERT_EQUAL(w.injected, 500);
    CU_ASSERT_EQUAL(w.predicted, 9900);
    CU_ASSERT_EQUAL(f.simulation.state->injections, 100);
    CU_ASSERT_TRUE(w.largest_residual > 0 && w.largest_residual < 1e-6);
    CU_ASSERT_TRUE(f.simulation.state->weights_version >= 1);
    end(&f);
}

/* No warm-up: exact until an episode has enough samples to fit, then predictions. */
static void test_not_ready(void)
{
    struct fixture f;
    struct watch w = {.consistent = true};
    begin(&f, "integrator: {timestep: 0.25 fs, steps: 20000}\ntraining: {warmup_steps: 0}\n");
    f.simulation.propagator.observer = (struct hm_observer){watch_step, &w};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 1000));
    CU_ASSERT_TRUE(w.by_reason[HM_REASON_NOT_READY] >= 250 && w.by_reason[HM_REASON_NOT_READY] <= 350);
    CU_ASSERT_TRUE(w.predicted > 600);
    end(&f);
}

static void poison(struct hm_simulation *simulation, double value)
{
    size_t bytes;
    double *parameters = simulation->predictor.ops->parameters(simulation->predictor.self, &bytes);
    for (size_t i = 0; i < bytes / sizeof *parameters; i++) parameters[i] = value;
}

static void test_non_finite_prediction_is_injected(void)
{
    struct fixture f;
    struct watch w = {.consistent = true};
    begin(&f, LINEAR "policy: {type: never}\n");
    HM_ASSERT_OK(fixture_advance(&f.simulation, 500));
    poison(&f.simulation, NAN);
    f.simulation.propagator.observer = (struct hm_observer){watch_step, &w};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 520));
    CU_ASSERT_EQUAL(w.by_reason[HM_REASON_GUARD], 20);
    CU_ASSERT_EQUAL(w.injected, 20);
    end(&f);
}

static void test_divergence_stops(void)
{
    struct fixture f;
    begin(&f, LINEAR "policy: {type: never}\n");
    HM_ASSERT_OK(fixture_advance(&f.simulation, 500));
    f.simulation.state->frame.v[0] = 1; /* 0.55 Angstrom a step */
    CU_ASSERT_EQUAL(fixture_advance(&f.simulation, 520), HM_DIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 500"));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "max_displacement"));
    end(&f);
}

static void test_non_finite_velocity_stops(void)
{
    for (size_t k = 0; k < 6; k++) {
        struct fixture f;
        begin(&f, LINEAR "policy: {type: never}\n");
        HM_ASSERT_OK(fixture_advance(&f.simulation, 500));
        f.simulation.state->frame.v[k] = NAN;
        CU_ASSERT_EQUAL(fixture_advance(&f.simulation, 520), HM_DIVERGED);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 500: a velocity is not finite"));
        end(&f);
    }
}

static void test_non_finite_force_stops(void)
{
    struct fixture f;
    begin(&f, LINEAR "policy: {type: always}\n");
    HM_ASSERT_OK(fixture_advance(&f.simulation, 50));
    f.simulation.state->frame.x[0] = INFINITY;
    CU_ASSERT_EQUAL(fixture_advance(&f.simulation, 60), HM_DIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 50"));
    end(&f);
}

/* Two trajectories in one process do not see each other. */
static void test_two_at_once(void)
{
    struct fixture f, g, alone;
    begin(&f, LINEAR);
    begin(&g, LINEAR "predictor: {inputs: [velocity], history: 12}\n");
    begin(&alone, LINEAR);
    for (int64_t step = 10; step <= 2000; step += 10) {
        HM_ASSERT_OK(fixture_advance(&f.simulation, step));
        HM_ASSERT_OK(fixture_advance(&g.simulation, step));
    }
    HM_ASSERT_OK(fixture_advance(&alone.simulation, 2000));
    CU_ASSERT_TRUE(fixture_same_state(f.simulation.state, alone.simulation.state));
    end(&f);
    end(&g);
    end(&alone);
}

static const struct hm_test tests[] = {
    {"always is plain leapfrog to the bit", test_always_is_plain_leapfrog},
    {"advance, restore, advance", test_advance_restore_advance},
    {"another run's snapshot is refused", test_another_runs_snapshot_is_refused},
    {"reasons", test_reasons},
    {"exact until the predictor is ready", test_not_ready},
    {"a non-finite prediction is injected", test_non_finite_prediction_is_injected},
    {"divergence stops", test_divergence_stops},
    {"a non-finite velocity stops", test_non_finite_velocity_stops},
    {"a non-finite force stops", test_non_finite_force_stops},
    {"two trajectories at once", test_two_at_once},
};

HM_TEST_MAIN("the step", tests)
