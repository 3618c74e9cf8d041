/* The step, inline on one rank. */
#include "hamiltonians/molecules.h"
#include "scheduler/teach.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <string.h>

#define LINEAR "integrator: {timestep: 0.25 fs, steps: 20000}\ntraining: {warmup_steps: 400}\n"

static void test_always_is_plain_leapfrog(void)
{
    enum { STEPS = 10000 };
    struct fixture f;
    struct hm_molecule hcl;
    double x[6], v[6];
    fixture_begin(&f, LINEAR "policy: {type: always}\n");
    CU_ASSERT_TRUE(hm_molecule_find("HCl", &hcl));
    HM_ASSERT_OK(fixture_advance(&f.simulation, STEPS));
    fixture_plain_leapfrog(&f.job.frame, hcl.k, hcl.r0, f.simulation.propagator.schedule.timestep, STEPS, x, v);
    CU_ASSERT_EQUAL(memcmp(x, f.simulation.state->frame.x, sizeof x), 0);
    CU_ASSERT_EQUAL(memcmp(v, f.simulation.state->frame.v, sizeof v), 0);
    CU_ASSERT_EQUAL(f.simulation.state->exact_steps, STEPS);
    fixture_end(&f);
}

static void restores(const char *extra, int64_t at, int64_t until)
{
    struct fixture f, g;
    struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
    fixture_begin(&f, extra);
    fixture_begin(&g, extra);
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
    fixture_end(&f);
    fixture_end(&g);
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
    restores(LINEAR "thermostat: {type: langevin, temperature: [300 K, 400 K], time_constant: 20 fs}\n", 450, 470);
    restores(LINEAR "thermostat: {type: bussi, temperature: 300 K, time_constant: 20 fs}\n", 450, 470);
    restores(LINEAR "predictor: {representation: cartesian, inputs: [velocity]}\npolicy: {frequency: 0.5}\n", 450, 470);
    static const char *const network =
        LINEAR "predictor: {type: lstm, layers: 1, hidden: 2, history: 4}\npolicy: {frequency: 0.1}\n";
    restores(network, 400, 420); /* weights at hand, state not yet primed */
    restores(network, 455, 520);
}

static void test_another_runs_snapshot_is_refused(void)
{
    struct fixture f, g;
    struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
    fixture_begin(&f, LINEAR);
    fixture_begin(&g, LINEAR "predictor: {type: zero}\n");
    HM_ASSERT_OK(hm_propagator_save(&f.simulation.propagator, f.simulation.state, &snapshot));
    CU_ASSERT_EQUAL(hm_propagator_load(&g.simulation.propagator, g.simulation.state, &snapshot), HM_BAD_INPUT);
    hm_archive_release(&snapshot);
    fixture_end(&f);
    fixture_end(&g);
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
    fixture_begin(&f, LINEAR);
    f.simulation.propagator.observer = (struct hm_observer){.step = watch_step, .self = &w};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 10400));
    CU_ASSERT_TRUE(w.consistent);
    CU_ASSERT_EQUAL(w.by_reason[HM_REASON_WARMUP], 400);
    CU_ASSERT_EQUAL(w.by_reason[HM_REASON_NOT_READY], 0);
    CU_ASSERT_EQUAL(w.injected, 500);
    CU_ASSERT_EQUAL(w.predicted, 9900);
    CU_ASSERT_EQUAL(f.simulation.state->injections, 100);
    CU_ASSERT_TRUE(w.largest_residual > 0 && w.largest_residual < 1e-6);
    CU_ASSERT_TRUE(f.simulation.state->weights_version >= 1);
    fixture_end(&f);
}

/* No warm-up: exact until an episode has enough samples to fit, then predictions. */
static void test_not_ready(void)
{
    struct fixture f;
    struct watch w = {.consistent = true};
    fixture_begin(&f, "integrator: {timestep: 0.25 fs, steps: 20000}\ntraining: {warmup_steps: 0}\n");
    f.simulation.propagator.observer = (struct hm_observer){.step = watch_step, .self = &w};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 1000));
    CU_ASSERT_TRUE(w.by_reason[HM_REASON_NOT_READY] >= 250 && w.by_reason[HM_REASON_NOT_READY] <= 350);
    CU_ASSERT_TRUE(w.predicted > 600);
    fixture_end(&f);
}

/* What is not finite is injected, measures no error, and recurrent state is rebuilt until it is finite again. */
static void test_non_finite_prediction_is_injected(void)
{
    static const double poison[] = {NAN, INFINITY};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        struct fixture_spy spy;
        struct watch w = {.consistent = true};
        fixture_begin(&f, LINEAR "policy: {type: never}\n");
        fixture_send_spy(&f.simulation, &spy);
        HM_ASSERT_OK(fixture_advance(&f.simulation, 500));
        const double residual = f.simulation.state->residual_relative;
        CU_ASSERT_EQUAL(spy.primed, 1);
        spy.factor = poison[i];
        f.simulation.propagator.observer = (struct hm_observer){.step = watch_step, .self = &w};
        HM_ASSERT_OK(fixture_advance(&f.simulation, 520));
        CU_ASSERT_EQUAL(w.by_reason[HM_REASON_GUARD], 20);
        CU_ASSERT_EQUAL(w.injected, 20);
        CU_ASSERT_EQUAL(memcmp(&f.simulation.state->residual_relative, &residual, sizeof residual), 0);
        CU_ASSERT_EQUAL(spy.primed, 1 + 19);
        spy.factor = 1;
        HM_ASSERT_OK(fixture_advance(&f.simulation, 530));
        CU_ASSERT_EQUAL(w.by_reason[HM_REASON_POLICY], 10);
        CU_ASSERT_EQUAL(w.predicted, 10);
        CU_ASSERT_EQUAL(spy.primed, 1 + 20);
        CU_ASSERT_TRUE(w.consistent);
        fixture_end(&f);
    }
}

/* Ten times the largest exact kick so far is the limit; an absurd kick is recorded, not applied. */
static void test_absurd_prediction_is_injected(void)
{
    size_t absurd = 0, accepted = 0;
    struct fixture f;
    struct fixture_spy spy;
    struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
    fixture_begin(&f, LINEAR "policy: {type: never}\n");
    fixture_send_spy(&f.simulation, &spy);
    HM_ASSERT_OK(fixture_advance(&f.simulation, 500));
    HM_ASSERT_OK(hm_propagator_save(&f.simulation.propagator, f.simulation.state, &snapshot));
    for (double factor = 1; factor < 1e4; factor *= 1.05) {
        struct watch w = {.consistent = true};
        snapshot.cursor = 0;
        HM_ASSERT_OK(hm_propagator_load(&f.simulation.propagator, f.simulation.state, &snapshot));
        const double limit = 10 * f.simulation.state->exact_kick_largest;
        spy.factor = factor;
        f.simulation.propagator.observer = (struct hm_observer){.step = watch_step, .self = &w};
        const enum hm_status status = hm_step(&f.simulation.propagator, f.simulation.state);
        double most = 0;
        for (size_t k = 0; k < 6; k++) most = fmax(most, fabs(f.simulation.propagator.kick_predicted[k]));
        if (most > limit) {
            HM_ASSERT_OK(status);
            CU_ASSERT_EQUAL(w.by_reason[HM_REASON_ABSURD], 1);
            CU_ASSERT_EQUAL(w.injected, 1);
            CU_ASSERT_TRUE(w.largest_residual > 1); /* its error is measured */
            absurd++;
        } else if (status == HM_OK) {
            CU_ASSERT_EQUAL(w.by_reason[HM_REASON_POLICY], 1);
            accepted++;
        }
    }
    CU_ASSERT_TRUE(absurd > 10 && accepted > 10);
    hm_archive_release(&snapshot);
    fixture_end(&f);
}

/* After the warm-up further exact steps: predicted and measured, but not yet decided by the policy, whose own time
 * begins afterwards. */
static void test_delayed_activation(void)
{
    struct fixture f;
    struct watch w = {.consistent = true};
    fixture_begin(&f, LINEAR "policy: {activate_after_steps: 300}\n");
    HM_ASSERT_OK(fixture_advance(&f.simulation, 400));
    f.simulation.propagator.observer = (struct hm_observer){.step = watch_step, .self = &w};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 700));
    CU_ASSERT_EQUAL(w.by_reason[HM_REASON_DELAYED], 300);
    CU_ASSERT_EQUAL(f.simulation.state->injections, 300);
    CU_ASSERT_TRUE(w.largest_residual > 0);
    HM_ASSERT_OK(fixture_advance(&f.simulation, 700 + 99)); /* one in a hundred: the last of each */
    CU_ASSERT_EQUAL(w.predicted, 99);
    HM_ASSERT_OK(fixture_advance(&f.simulation, 700 + 100));
    CU_ASSERT_EQUAL(w.injected, 301);
    CU_ASSERT_EQUAL(w.by_reason[HM_REASON_POLICY], 100);
    CU_ASSERT_TRUE(w.consistent);
    fixture_end(&f);
}

/* Recurrent state is built when new weights come, and then simply goes on: through bursts and predicted stretches. */
static void test_primed_after_new_weights(void)
{
    struct fixture f;
    struct fixture_spy spy;
    fixture_begin(&f, "integrator: {timestep: 0.25 fs, steps: 20000}\n"
                      "training: {warmup_steps: 400, episode_every_injections: 1000000}\n"
                      "predictor: {inputs: [velocity], history: 12}\npolicy: {frequency: 0.05}\n");
    fixture_send_spy(&f.simulation, &spy);
    HM_ASSERT_OK(fixture_advance(&f.simulation, 400));
    CU_ASSERT_EQUAL(f.simulation.state->weights_version, 1);
    CU_ASSERT_EQUAL(spy.predicted + spy.primed, 0); /* the lesson of step 399 is used from 400 on */
    HM_ASSERT_OK(fixture_advance(&f.simulation, 401));
    CU_ASSERT_TRUE(spy.primed == 1 && spy.exact_behind == 400);
    HM_ASSERT_OK(fixture_advance(&f.simulation, 400 + 5 * 260 + 1));
    CU_ASSERT_EQUAL(f.simulation.state->injections, 5 * 13);
    CU_ASSERT_EQUAL(spy.primed, 1);
    CU_ASSERT_EQUAL(spy.predicted, 5 * 260 + 1); /* asked at every step, injected or not */

    size_t bytes; /* new weights, in the middle of a predicted stretch */
    const void *parameters = spy.inner.ops->parameters(spy.inner.self, &bytes);
    struct hm_lesson lesson = {.parameters = parameters, .bytes = bytes};
    HM_ASSERT_OK(fixture_advance(&f.simulation, f.simulation.state->step + 50));
    HM_ASSERT_OK(hm_teach_take(&f.simulation.propagator, f.simulation.state, &lesson));
    CU_ASSERT_EQUAL(lesson.record.version, 2);
    HM_ASSERT_OK(fixture_advance(&f.simulation, f.simulation.state->step + 50));
    CU_ASSERT_EQUAL(spy.primed, 2);
    CU_ASSERT_EQUAL(spy.exact_behind, 0);

    lesson = (struct hm_lesson){.episode = true}; /* refused ones change nothing */
    HM_ASSERT_OK(hm_teach_take(&f.simulation.propagator, f.simulation.state, &lesson));
    HM_ASSERT_OK(fixture_advance(&f.simulation, f.simulation.state->step + 50));
    CU_ASSERT_EQUAL(lesson.record.version, 2);
    CU_ASSERT_EQUAL(spy.primed, 2);
    fixture_end(&f);
}

static void test_divergence_stops(void)
{
    struct fixture f;
    fixture_begin(&f, LINEAR "policy: {type: never}\n");
    HM_ASSERT_OK(fixture_advance(&f.simulation, 500));
    f.simulation.state->frame.v[0] = 1; /* 0.55 Angstrom a step */
    CU_ASSERT_EQUAL(fixture_advance(&f.simulation, 520), HM_DIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 500"));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "max_displacement"));
    fixture_end(&f);
}

static void test_non_finite_velocity_stops(void)
{
    for (size_t k = 0; k < 6; k++) {
        struct fixture f;
        fixture_begin(&f, LINEAR "policy: {type: never}\n");
        HM_ASSERT_OK(fixture_advance(&f.simulation, 500));
        f.simulation.state->frame.v[k] = NAN;
        CU_ASSERT_EQUAL(fixture_advance(&f.simulation, 520), HM_DIVERGED);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 500: a velocity is not finite"));
        fixture_end(&f);
    }
}

static void test_non_finite_force_stops(void)
{
    struct fixture f;
    fixture_begin(&f, LINEAR "policy: {type: always}\n");
    HM_ASSERT_OK(fixture_advance(&f.simulation, 50));
    f.simulation.state->frame.x[0] = INFINITY;
    CU_ASSERT_EQUAL(fixture_advance(&f.simulation, 60), HM_DIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 50"));
    fixture_end(&f);
}

/* Two trajectories in one process do not see each other. */
static void test_two_at_once(void)
{
    struct fixture f, g, alone;
    fixture_begin(&f, LINEAR);
    fixture_begin(&g, LINEAR "predictor: {inputs: [velocity], history: 12}\n");
    fixture_begin(&alone, LINEAR);
    for (int64_t step = 10; step <= 2000; step += 10) {
        HM_ASSERT_OK(fixture_advance(&f.simulation, step));
        HM_ASSERT_OK(fixture_advance(&g.simulation, step));
    }
    HM_ASSERT_OK(fixture_advance(&alone.simulation, 2000));
    CU_ASSERT_TRUE(fixture_same_state(f.simulation.state, alone.simulation.state));
    fixture_end(&f);
    fixture_end(&g);
    fixture_end(&alone);
}

static const struct hm_test tests[] = {
    {"always is plain leapfrog to the bit", test_always_is_plain_leapfrog},
    {"advance, restore, advance", test_advance_restore_advance},
    {"another run's snapshot is refused", test_another_runs_snapshot_is_refused},
    {"reasons", test_reasons},
    {"exact until the predictor is ready", test_not_ready},
    {"a non-finite prediction is injected", test_non_finite_prediction_is_injected},
    {"an absurd prediction is injected", test_absurd_prediction_is_injected},
    {"delayed activation", test_delayed_activation},
    {"primed after new weights", test_primed_after_new_weights},
    {"divergence stops", test_divergence_stops},
    {"a non-finite velocity stops", test_non_finite_velocity_stops},
    {"a non-finite force stops", test_non_finite_force_stops},
    {"two trajectories at once", test_two_at_once},
};

HM_TEST_MAIN("the step", tests)
