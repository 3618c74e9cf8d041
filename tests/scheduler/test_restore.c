/* Energy restoring: the shadow energy of a harmonic HCl is brought back where it can be, and nothing else is touched.
 */
#include "scheduler/restore.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <string.h>

#define RESTORE                                                          \
    "integrator: {timestep: 0.25 fs, steps: 20000}\n"                    \
    "training: {warmup_steps: 400, episode_every_injections: 1000000}\n" \
    "injection: {restore_energy: true}\n"

/* ---- a run whose predictor is wrong ---- */

struct account {
    double timestep, reference;
    double noted;          // by the run itself
    double largest_given;  // |restored| relative to the reference
    double largest_miss;   // of the energy from the reference, in bursts that began with a restoring
    double largest_change; // of the energy from the reference, at first steps before they are restored
    size_t bursts, restored, elsewhere;
    bool behind_prediction, in_restored_burst;
};

static enum hm_status watch(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct account *a = self;
    const double energy = fixture_shadow_energy(&state->frame, now->x, now->v, a->timestep);
    const bool exact = now->decision.action == HM_INJECT, first = exact && a->behind_prediction;
    a->behind_prediction = !exact;
    if (now->step == 399) a->reference = energy;
    if (!exact || now->step < 400) return HM_OK;
    if (first) {
        a->bursts++;
        a->in_restored_burst = now->restored != 0;
        a->largest_given = fmax(a->largest_given, fabs(now->restored) / a->reference);
        a->largest_change = fmax(a->largest_change, fabs((energy - now->restored) / a->reference - 1));
    }
    a->restored += first && now->restored != 0;
    a->elsewhere += !first && now->restored != 0;
    if (a->in_restored_burst) a->largest_miss = fmax(a->largest_miss, fabs(energy / a->reference - 1));
    return HM_OK;
}

/* Along the bond only: there the shadow energy is conserved exactly. */
static void stop_rotation(struct hm_frame *frame)
{
    double d[3], r2 = 0, along = 0;
    for (size_t k = 0; k < 3; k++) d[k] = frame->x[k] - frame->x[3 + k];
    for (size_t k = 0; k < 3; k++) r2 += d[k] * d[k];
    for (size_t k = 0; k < 3; k++) along += (frame->v[k] - frame->v[3 + k]) * d[k] / r2;
    for (size_t k = 0; k < 3; k++) {
        frame->v[k] = along * d[k] * frame->mass[1] / (frame->mass[0] + frame->mass[1]);
        frame->v[3 + k] = -frame->v[k] * frame->mass[0] / frame->mass[1];
    }
}

static struct account run_wrongly(const char *extra, double factor)
{
    struct fixture f;
    struct fixture_spy spy;
    fixture_create(&f, extra);
    stop_rotation(&f.simulation.state->frame);
    HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
    fixture_send_spy(&f.simulation, &spy);
    spy.factor = factor;
    struct account a = {.timestep = f.simulation.propagator.schedule.timestep};
    f.simulation.propagator.observer = (struct hm_observer){.step = watch, .self = &a};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 400));
    a.noted = f.simulation.state->energy_reference;
    HM_ASSERT_OK(fixture_advance(&f.simulation, 400 + 40 * 260));
    fixture_end(&f);
    return a;
}

/* Bursts of 13 in cells of 260: at the first step of each the energy that the predictions took is given back to
 * rounding, and is there until the burst ends; but not at turning points. */
static void test_wrong_predictor(void)
{
    const struct account a = run_wrongly(RESTORE "policy: {frequency: 0.05}\n", 1.002);
    HM_ASSERT_NEAR(a.noted, a.reference, 1e-15 * a.reference);
    CU_ASSERT_EQUAL(a.bursts, 40);
    CU_ASSERT_TRUE(a.restored >= 30);
    CU_ASSERT_EQUAL(a.elsewhere, 0);
    CU_ASSERT_TRUE(a.largest_given > 1e-4);
    CU_ASSERT_TRUE(a.largest_miss <= 1e-12);
    HM_ASSERT_NEAR(a.largest_change, a.largest_given, 1e-12);
}

static void test_without_it_nothing_is_given(void)
{
    const struct account a = run_wrongly("integrator: {timestep: 0.25 fs, steps: 20000}\n"
                                         "training: {warmup_steps: 400, episode_every_injections: 1000000}\n"
                                         "injection: {burst: 13}\npolicy: {frequency: 0.05}\n",
                                         1.002);
    CU_ASSERT_EQUAL(a.bursts, 40);
    CU_ASSERT_EQUAL(a.restored + a.elsewhere, 0);
    CU_ASSERT_TRUE(a.largest_change > 1e-4);
}

/* ---- one step ---- */

/* A rotating molecule after the warm-up, at a step that the policy injects, as if a prediction lay behind. */
struct stage {
    struct fixture fixture;
    struct hm_archive snapshot;
    struct hm_step now;
    double v_saved[6];
};

static enum hm_status keep(void *self, const struct hm_state *state, const struct hm_step *now)
{
    (void)state;
    struct stage *stage = self;
    stage->now = *now;
    return HM_OK;
}

/* `steps` exact ones; the phase of the vibration is what they differ by. */
static void stage_create(struct stage *stage, const char *extra, int64_t steps)
{
    *stage = (struct stage){.snapshot = HM_ARCHIVE_EMPTY};
    fixture_begin(&stage->fixture, extra);
    struct hm_simulation *s = &stage->fixture.simulation;
    HM_ASSERT_OK(fixture_advance(s, steps));
    s->state->window->exact_behind = 0;
    s->propagator.observer = (struct hm_observer){.step = keep, .self = stage};
    HM_ASSERT_OK(hm_propagator_save(&s->propagator, s->state, &stage->snapshot));
}

static void stage_destroy(struct stage *stage)
{
    hm_archive_release(&stage->snapshot);
    fixture_end(&stage->fixture);
}

/* Back to the start, with the vibrational part of v_n times `factor`; the reference is the energy without that. */
static struct hm_state *rescale(struct stage *stage, double factor)
{
    struct hm_simulation *s = &stage->fixture.simulation;
    struct hm_propagator *p = &s->propagator;
    double v[6], motion[6], vibration[6];
    int group;
    stage->snapshot.cursor = 0;
    HM_ASSERT_OK(hm_propagator_load(p, s->state, &stage->snapshot));
    HM_ASSERT_OK(hm_propagator_ask(p, &s->state->frame, s->state->step, &group));
    for (size_t k = 0; k < 6; k++) v[k] = s->state->frame.v[k] + 0.5 * p->kick_exact[k];
    s->state->energy_reference = fixture_shadow_energy(&s->state->frame, s->state->frame.x, v, p->schedule.timestep);
    hm_representation_vibration(s->scene.representation, &s->state->frame, v, motion, vibration);
    for (size_t k = 0; k < 6; k++) s->state->frame.v[k] += (factor - 1) * vibration[k];
    memcpy(stage->v_saved, s->state->frame.v, sizeof stage->v_saved);
    return s->state;
}

static double energy_after(const struct stage *stage)
{
    const struct hm_simulation *s = &stage->fixture.simulation;
    return fixture_shadow_energy(&s->state->frame, stage->now.x, stage->now.v, s->propagator.schedule.timestep);
}

#define ONE_STEP RESTORE "policy: {type: always}\n"

/* Energy to rounding, momentum and angular momentum as they were. */
static void check_restored(struct stage *stage, double factor)
{
    struct hm_state *state = rescale(stage, factor);
    const struct hm_frame *frame = &state->frame;
    const double reference = state->energy_reference;
    double p[2][3], l[2][3], sum_p = 0, sum_l = 0;
    HM_ASSERT_OK(hm_step(&stage->fixture.simulation.propagator, state));
    HM_ASSERT_NEAR(energy_after(stage), reference, 1e-14 * reference);
    CU_ASSERT_EQUAL(stage->now.restored > 0, factor < 1); /* what was taken is given, what was added is taken */
    CU_ASSERT_TRUE(fabs(stage->now.restored) > 1e-4 * reference);

    const double *v[2] = {stage->v_saved, stage->now.v_before};
    for (int i = 0; i < 2; i++) {
        hm_linear_momentum(frame, v[i], p[i]);
        hm_angular_momentum(frame, stage->now.x, v[i], l[i]);
    }
    for (size_t k = 0; k < 6; k++) {
        sum_p += frame->mass[k / 3] * fabs(v[1][k]);
        sum_l += frame->mass[k / 3] * fabs(v[1][k]) * 3; /* no atom is 3 bohr from the origin */
    }
    for (size_t k = 0; k < 3; k++) {
        HM_ASSERT_NEAR(p[1][k], p[0][k], 1e-15 * sum_p);
        if (stage->fixture.simulation.scene.representation->kind == HM_REPRESENTATION_PAIR)
            HM_ASSERT_NEAR(l[1][k], l[0][k], 1e-15 * sum_l);
        HM_ASSERT_NEAR(state->frame.v[k] - stage->now.v_before[k], stage->now.kick[k], 1e-18); /* kicked from there */
    }
}

static void test_conserves(void)
{
    static const double factors[] = {0.75, 0.9, 0.99, 1.01, 1.1, 1.35};
    static const char *const extra[] = {ONE_STEP, ONE_STEP
                                        "predictor: {representation: cartesian, inputs: [velocity], history: 12}\n"};
    for (size_t e = 0; e < 2; e++)
        for (int64_t steps = 405; steps < 450; steps += 11) {
            struct stage stage;
            stage_create(&stage, extra[e], steps);
            for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) check_restored(&stage, factors[i]);
            stage_destroy(&stage);
        }
}

static double restored_after(struct stage *stage, double factor)
{
    HM_ASSERT_OK(hm_step(&stage->fixture.simulation.propagator, rescale(stage, factor)));
    return stage->now.restored;
}

/* lambda is 1 / factor: it may not exceed sqrt 2, nor fall below its inverse. */
static void test_only_while_velocity_can_carry_it(void)
{
    struct stage stage;
    stage_create(&stage, ONE_STEP, 410);
    CU_ASSERT_TRUE(restored_after(&stage, 0.71) > 0);
    CU_ASSERT_TRUE(restored_after(&stage, 0.70) == 0);
    CU_ASSERT_TRUE(restored_after(&stage, 1.41) < 0);
    CU_ASSERT_TRUE(restored_after(&stage, 1.42) == 0);
    CU_ASSERT_TRUE(restored_after(&stage, 0) == 0); /* a turning point: no vibrational velocity at all */
    CU_ASSERT_EQUAL(memcmp(stage.now.v_before, stage.v_saved, sizeof stage.v_saved), 0);
    stage_destroy(&stage);
}

/* Neither in the middle of a burst, nor in the warm-up, nor where the policy was not asked. */
static void test_only_at_the_first_step_of_a_burst(void)
{
    struct stage stage;
    stage_create(&stage, ONE_STEP, 410);
    struct hm_propagator *p = &stage.fixture.simulation.propagator;
    rescale(&stage, 0.9)->window->exact_behind = 1;
    HM_ASSERT_OK(hm_step(p, stage.fixture.simulation.state));
    CU_ASSERT_TRUE(stage.now.restored == 0);

    p->schedule.activate_steps = 1000;
    CU_ASSERT_TRUE(restored_after(&stage, 0.9) == 0);
    CU_ASSERT_EQUAL(stage.now.decision.reason, HM_REASON_DELAYED);
    p->schedule.activate_steps = 0;

    rescale(&stage, 0.9)->energy_reference = NAN; /* there was no warm-up to take it from */
    HM_ASSERT_OK(hm_step(p, stage.fixture.simulation.state));
    CU_ASSERT_TRUE(stage.now.restored == 0);
    stage_destroy(&stage);
}

/* The history must be rebuilt: nothing shorter will do. */
static void test_short_burst_is_refused(void)
{
    static const char *const needs = "rescaled velocities need a history that is rebuilt: injection.burst must be at "
                                     "least 13 (or auto), not 12";
    struct hm_job job;
    fixture_job(RESTORE, &job);
    HM_ASSERT_OK(hm_job_check(&job)); /* burst: auto is 13 here, where the predictor alone would do with 1 */
    hm_job_release(&job);
    fixture_job("integrator: {timestep: 0.25 fs, steps: 20000}\ninjection: {restore_energy: true, burst: 13}\n", &job);
    HM_ASSERT_OK(hm_job_check(&job));
    hm_job_release(&job);
    fixture_job("integrator: {timestep: 0.25 fs, steps: 20000}\ninjection: {restore_energy: true, burst: 12}\n", &job);
    CU_ASSERT_EQUAL(hm_job_check(&job), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "fixture.yaml:4:13: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), needs));
    CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
    hm_job_release(&job);
}

static const struct hm_test tests[] = {
    {"a wrong predictor", test_wrong_predictor},
    {"without it nothing is given", test_without_it_nothing_is_given},
    {"energy to rounding, momenta as they were", test_conserves},
    {"only while the velocity can carry it", test_only_while_velocity_can_carry_it},
    {"only at the first step of a burst", test_only_at_the_first_step_of_a_burst},
    {"a short burst is refused", test_short_burst_is_refused},
};

HM_TEST_MAIN("energy restoring", tests)
