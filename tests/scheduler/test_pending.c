/* A step whose oracle gave up is gone on with: at once, or from a snapshot elsewhere, with the bits of a run that had
 * no faults. */
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 1500 };

static const char *const flaky =
    "system: {initial_velocities: {temperature: 300 K, seed: 3}}\n"
    "hamiltonian: {type: flaky, failure: %s, seed: 5, hamiltonian: {type: harmonic, molecule: HCl}}\n"
    "integrator: {timestep: 0.25 fs, steps: 1500}\n"
    "oracle: {on_failure: [stop]}\n"
    "training: {warmup_steps: 300, episode_every_injections: 40}\n%s";

/* ---- what is seen of every step ---- */

struct seen {
    struct hm_decision decision;
    struct hm_signals signals;
    int32_t weights_version;
    bool predicted;
    double kick_predicted[6], v_before[6], residual;
};

struct diary {
    struct seen step[STEPS];
    int64_t count;
};

static struct diary clean, interrupted;

static enum hm_status write_down(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct diary *diary = self;
    CU_ASSERT_EQUAL(now->step, diary->count); /* each once */
    struct seen *seen = &diary->step[diary->count++];
    seen->decision.action = now->decision.action;
    seen->decision.reason = now->decision.reason;
    seen->decision.signal = now->decision.signal;
    seen->decision.threshold = now->decision.threshold;
    seen->signals.committee = now->signals.committee;
    seen->signals.base_difference = now->signals.base_difference;
    seen->signals.extremeness = now->signals.extremeness;
    seen->signals.outside = now->signals.outside;
    seen->weights_version = now->weights_version;
    seen->predicted = now->predicted;
    if (now->predicted) memcpy(seen->kick_predicted, now->kick_predicted, sizeof seen->kick_predicted);
    memcpy(seen->v_before, now->v_before, sizeof seen->v_before);
    seen->residual = state->residual_relative;
    return HM_OK;
}

/* ---- runs ---- */

static void create(struct fixture *f, const char *failure, const char *extra, struct diary *diary)
{
    char text[1024];
    snprintf(text, sizeof text, flaky, failure, extra);
    *f = (struct fixture){0};
    fixture_job_of(text, &f->job);
    HM_ASSERT_OK(hm_layout_plan(f->job.config, 0, 1, &f->layout));
    HM_ASSERT_OK(hm_simulation_create(&f->job, &f->layout, HM_NO_INTERRUPT, &f->simulation));
    f->simulation.propagator.observer = (struct hm_observer){.step = write_down, .self = diary};
}

static enum hm_status advance(struct fixture *f)
{
    return fixture_advance(&f->simulation, STEPS);
}

static void save(struct fixture *f, struct hm_archive *snapshot)
{
    hm_archive_clear(snapshot);
    HM_ASSERT_OK(hm_propagator_save(&f->simulation.propagator, f->simulation.state, snapshot));
}

/* Every other fault is survived where it happened, the rest by a simulation that knows nothing but the snapshot. */
static void advance_through_faults(struct fixture *f, const char *extra, int *faults)
{
    struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
    enum hm_status status;
    *faults = 0;
    while ((status = advance(f)) == HM_ORACLE_FAILED) {
        CU_ASSERT_TRUE(f->simulation.state->pending.there);
        if (++*faults % 2 == 0) continue;
        save(f, &snapshot);
        fixture_end(f);
        create(f, "0.05", extra, &interrupted);
        HM_ASSERT_OK(hm_propagator_load(&f->simulation.propagator, f->simulation.state, &snapshot));
        CU_ASSERT_TRUE(snapshot.cursor == snapshot.size && f->simulation.state->pending.there);
    }
    CU_ASSERT_EQUAL(status, HM_OK);
    CU_ASSERT_FALSE(f->simulation.state->pending.there);
    hm_archive_release(&snapshot);
}

static void compare(const char *extra)
{
    struct fixture without, with;
    int faults;
    memset(&clean, 0, sizeof clean);
    memset(&interrupted, 0, sizeof interrupted);
    create(&without, "0", extra, &clean);
    HM_ASSERT_OK(hm_simulation_start(&without.simulation, &without.job));
    HM_ASSERT_OK(advance(&without));
    create(&with, "0.05", extra, &interrupted);
    HM_ASSERT_OK(hm_simulation_start(&with.simulation, &with.job));
    advance_through_faults(&with, extra, &faults);
    if (faults < 10) printf("\n      %d faults ", faults);
    CU_ASSERT_TRUE(faults >= 10);
    CU_ASSERT_TRUE(fixture_same_state(with.simulation.state, without.simulation.state));
    CU_ASSERT_EQUAL(memcmp(&clean, &interrupted, sizeof clean), 0);
    fixture_end(&with);
    fixture_end(&without);
}

static void test_linear(void)
{
    compare("predictor: {type: linear}\npolicy: {type: periodic, frequency: 0.1, jitter: 0.3}\n");
}

static void test_recurrent_networks(void)
{
    compare("predictor: {type: lstm, layers: 1, hidden: 2, history: 4, committee: 2}\n"
            "policy: {type: threshold, signal: committee, above: 0.01, max_interval: 10}\n");
}

static void test_a_bath(void)
{
    compare("predictor: {type: linear}\npolicy: {type: residual, target: 0.001, interval: {min: 2, max: 20}}\n"
            "thermostat: {type: langevin, temperature: 300 K, time_constant: 50 fs}\n");
}

static const struct hm_test tests[] = {
    {"a line, and injections with jitter", test_linear},
    {"networks with a memory", test_recurrent_networks},
    {"a policy with a memory, in a bath", test_a_bath},
};

HM_TEST_MAIN("a step without a force", tests)
