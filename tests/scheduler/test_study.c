/* Branches of a study: against runs that take the same way, and the run that does not notice them. */
#include "scheduler/integrator.h"
#include "scheduler/study.h"
#include "scheduler/teach.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include "io/units.h"

#include <stdio.h>
#include <string.h>

#define STUDY "study: {branch_every_steps: 300, branch_steps: 200}\n"
#define LINEAR "integrator: {timestep: 0.25 fs, steps: 4000}\ntraining: {warmup_steps: 400}\npredictor: {history: 6}\n"
#define NETWORK                                                                     \
    "integrator: {timestep: 0.25 fs, steps: 1200}\ntraining: {warmup_steps: 400}\n" \
    "predictor: {type: lstm, layers: 1, hidden: 2, history: 4, committee: 2}\n"

static void study_of(struct fixture *f, struct hm_study *study)
{
    HM_ASSERT_OK(hm_study_create(&f->job, &f->simulation.propagator, study));
}

static void branch_now(struct fixture *f, struct hm_study *study)
{
    HM_ASSERT_OK(hm_teach_collect(&f->simulation.propagator, f->simulation.state));
    HM_ASSERT_OK(hm_study_branch(study, f->simulation.state));
}

/* ---- against other runs ---- */

enum { FIRST = 400, LENGTH = 200 };

/* On-step velocity, energy and position of every step of a run from FIRST on. */
struct track {
    double x[LENGTH + 1][6], kinetic[LENGTH + 1], potential[LENGTH + 1];
};

struct recorder {
    struct track *track;
    struct hm_hamiltonian *hamiltonian;
};

static enum hm_status record(void *self, const struct hm_state *state, const struct hm_step *step)
{
    const struct recorder *r = self;
    double force[6];
    struct hm_label label = {.force = force};
    struct hm_frame frame = state->frame;
    if (step->step < FIRST || step->step > FIRST + LENGTH) return HM_OK;
    const int64_t n = step->step - FIRST;
    frame.x = state->x_spare;
    HM_TRY(hm_hamiltonian_evaluate(r->hamiltonian, &frame, &label));
    memcpy(r->track->x[n], step->x, sizeof r->track->x[n]);
    r->track->kinetic[n] = hm_kinetic_energy(&state->frame, step->v);
    r->track->potential[n] = label.energy;
    return HM_OK;
}

static void follow(const char *extra, struct track *track)
{
    struct fixture f;
    struct hm_hamiltonian hamiltonian;
    fixture_begin(&f, extra);
    HM_ASSERT_OK(hm_hamiltonian_create(f.job.config, &f.job.frame, NULL, &hamiltonian));
    struct recorder recorder = {track, &hamiltonian};
    f.simulation.propagator.observer = (struct hm_observer){.step = record, .self = &recorder};
    HM_ASSERT_OK(fixture_advance(&f.simulation, FIRST + LENGTH + 1));
    hm_hamiltonian_destroy(&hamiltonian);
    fixture_end(&f);
}

static double apart(const struct track *a, const struct track *b, int64_t n)
{
    double square = 0;
    for (size_t k = 0; k < 6; k++) square += pow(a->x[n][k] - b->x[n][k], 2);
    return sqrt(square / 2) * HM_LENGTH_ANGSTROM;
}

/* The predicted branch is what a run that never injects does from there, the exact one what one that always does. */
static void takes_the_way_of_runs(const char *extra)
{
    static struct track predicted, exact;
    char text[1024];
    struct fixture f;
    struct hm_study study;
    snprintf(text, sizeof text, "%spolicy: {type: never}\n", extra);
    follow(text, &predicted);
    snprintf(text, sizeof text, "%spolicy: {type: always}\n" STUDY, extra);
    follow(text, &exact);
    fixture_begin(&f, text);
    study_of(&f, &study);
    HM_ASSERT_OK(fixture_advance(&f.simulation, FIRST));
    branch_now(&f, &study);
    CU_ASSERT_EQUAL(study.nrecord, study.nsample);
    CU_ASSERT_TRUE(study.nsample > 30);
    double largest = 0;
    for (size_t r = 0; r < study.nrecord; r++) {
        const struct hm_study_record *record = &study.record[r];
        const int64_t n = record->unforced;
        CU_ASSERT_EQUAL(record->step, FIRST);
        CU_ASSERT_EQUAL(record->position, apart(&predicted, &exact, n));
        CU_ASSERT_EQUAL(record->kinetic, (predicted.kinetic[n] - exact.kinetic[n]) * HM_ENERGY_KJ_PER_MOL);
        CU_ASSERT_EQUAL(record->potential, (predicted.potential[n] - exact.potential[n]) * HM_ENERGY_KJ_PER_MOL);
        CU_ASSERT_EQUAL(record->exact_kinetic, exact.kinetic[n] * HM_ENERGY_KJ_PER_MOL);
        CU_ASSERT_EQUAL(record->weights_version, f.simulation.state->weights_version);
        largest = fmax(largest, record->position);
    }
    CU_ASSERT_TRUE(largest > 0);
    /* Exact branch, baseline but for its first step, and the energies of the predicted one. */
    CU_ASSERT_EQUAL(study.record[study.nrecord - 1].oracle_calls, 2 * LENGTH + 1 + (int64_t)study.nsample);
    hm_study_release(&study);
    fixture_end(&f);
}

static void test_takes_the_way_of_runs(void)
{
    takes_the_way_of_runs(LINEAR);
    takes_the_way_of_runs(LINEAR "thermostat: {type: langevin, temperature: 300 K, time_constant: 20 fs}\n");
    takes_the_way_of_runs(NETWORK);
}

/* One predicted kick, then leapfrog written out. */
static void test_baseline(void)
{
    enum { N = 50 };
    struct fixture f;
    struct hm_study study;
    double x[2][6], v[2][6], force[6], kick[6];
    fixture_begin(&f, NETWORK "policy: {type: always}\n" STUDY);
    study_of(&f, &study);
    HM_ASSERT_OK(fixture_advance(&f.simulation, FIRST));
    branch_now(&f, &study);
    const struct hm_state *state = f.simulation.state;
    const double dt = f.simulation.propagator.schedule.timestep;
    struct hm_frame frame = state->frame;
    struct hm_label label = {.force = force};
    for (int b = 0; b < 2; b++) {
        memcpy(x[b], state->frame.x, sizeof x[b]);
        memcpy(v[b], state->frame.v, sizeof v[b]);
        frame.x = x[b];
        for (int n = 0; n < N; n++) {
            HM_ASSERT_OK(hm_hamiltonian_evaluate(&f.simulation.hamiltonian, &frame, &label));
            hm_force_to_kick(&frame, dt, force, kick);
            hm_leapfrog_kick(2, b == 1 && n == 0 ? study.first_kick : kick, v[b]);
            hm_leapfrog_drift(2, dt, v[b], x[b], x[b]);
        }
    }
    double square = 0;
    for (size_t k = 0; k < 6; k++) square += pow(x[1][k] - x[0][k], 2);
    size_t r = 0;
    while (study.record[r].unforced < N) r++;
    CU_ASSERT_EQUAL(study.record[r].unforced, N);
    CU_ASSERT_EQUAL(study.record[r].baseline_position, sqrt(square / 2) * HM_LENGTH_ANGSTROM);
    CU_ASSERT_TRUE(square > 0);
    hm_study_release(&study);
    fixture_end(&f);
}

/* ---- the run ---- */

static void is_not_noticed(const char *extra, int64_t until)
{
    struct fixture with, without;
    struct hm_study study;
    struct hm_archive a = HM_ARCHIVE_EMPTY, b = HM_ARCHIVE_EMPTY;
    char text[1024];
    snprintf(text, sizeof text, "%s" STUDY, extra);
    fixture_begin(&with, text);
    fixture_begin(&without, extra);
    study_of(&with, &study);
    for (int64_t step = 0; step < until; step++) {
        if (hm_study_is_due(&study, step)) branch_now(&with, &study);
        HM_ASSERT_OK(fixture_advance(&with.simulation, step + 1));
    }
    HM_ASSERT_OK(fixture_advance(&without.simulation, until));
    CU_ASSERT_TRUE(study.branches > 1);
    CU_ASSERT_TRUE(study.oracle_calls > study.branches * LENGTH);
    CU_ASSERT_EQUAL(with.simulation.oracle.calls, without.simulation.oracle.calls);
    HM_ASSERT_OK(hm_propagator_save(&with.simulation.propagator, with.simulation.state, &a));
    HM_ASSERT_OK(hm_propagator_save(&without.simulation.propagator, without.simulation.state, &b));
    CU_ASSERT_EQUAL(a.size, b.size);
    CU_ASSERT_TRUE(fixture_same_state(with.simulation.state, without.simulation.state));
    hm_archive_release(&a);
    hm_archive_release(&b);
    hm_study_release(&study);
    fixture_end(&with);
    fixture_end(&without);
}

static void test_the_run_does_not_notice(void)
{
    is_not_noticed(LINEAR "policy: {frequency: 0.05}\n", 3500);
    is_not_noticed(LINEAR "policy: {frequency: 0.02}\n"
                          "thermostat: {type: bussi, temperature: 300 K, time_constant: 50 fs}\n",
                   2000);
    is_not_noticed(NETWORK "policy: {frequency: 0.2}\n", 1200);
}

/* A predictor that says what the oracle says goes the exact way. */
static void test_exact_predictor(void)
{
    struct fixture f;
    struct hm_study study;
    fixture_begin(&f, "integrator: {timestep: 0.25 fs, steps: 4000}\ntraining: {warmup_steps: 400}\n"
                      "predictor: {type: hamiltonian, hamiltonian: {type: harmonic, molecule: HCl}}\n" STUDY);
    study_of(&f, &study);
    HM_ASSERT_OK(fixture_advance(&f.simulation, FIRST));
    branch_now(&f, &study);
    for (size_t r = 0; r < study.nrecord; r++) {
        HM_ASSERT_NEAR(study.record[r].position, 0, 1e-11);
        HM_ASSERT_NEAR(study.record[r].kinetic, 0, 1e-8);
        CU_ASSERT_TRUE(study.record[r].exact_kinetic > 0);
    }
    CU_ASSERT_EQUAL(study.nrecord, study.nsample);
    hm_study_release(&study);
    fixture_end(&f);
}

/* Beyond physics a branch ends; what is known until then is told, and the others go on. */
static void test_a_branch_that_leaves_physics(void)
{
    struct fixture f;
    struct hm_study study;
    fixture_begin(&f, LINEAR "policy: {type: always}\n" STUDY);
    study_of(&f, &study);
    HM_ASSERT_OK(fixture_advance(&f.simulation, FIRST));
    HM_ASSERT_OK(hm_teach_collect(&f.simulation.propagator, f.simulation.state));
    f.simulation.propagator.limits.displacement = 1e-9; /* nothing moves so little */
    HM_ASSERT_OK(hm_study_branch(&study, f.simulation.state));
    CU_ASSERT_EQUAL(study.nrecord, study.nsample);
    for (size_t r = 0; r < study.nrecord; r++) CU_ASSERT_TRUE(isnan(study.record[r].position));
    CU_ASSERT_EQUAL(study.branches, 1);
    hm_study_release(&study);
    fixture_end(&f);
}

/* ---- when and what ---- */

static void test_when(void)
{
    struct fixture f;
    struct hm_study study;
    fixture_begin(&f, LINEAR STUDY);
    study_of(&f, &study);
    size_t due = 0;
    for (int64_t step = -300; step < 5000; step++) due += hm_study_is_due(&study, step);
    CU_ASSERT_EQUAL(due, 12); /* 400, 700, ... 3700 */
    CU_ASSERT_TRUE(hm_study_is_due(&study, 400) && hm_study_is_due(&study, 3700));
    CU_ASSERT_FALSE(hm_study_is_due(&study, 100) || hm_study_is_due(&study, 4000));
    for (size_t s = 0; s < study.nsample; s++) {
        CU_ASSERT_TRUE(s < 10 ? study.sample[s] == (int64_t)s + 1 : study.sample[s] > study.sample[s - 1]);
        if (s > 0) CU_ASSERT_TRUE((double)study.sample[s] <= 1.11 * (double)study.sample[s - 1] + 1);
    }
    CU_ASSERT_EQUAL(study.sample[study.nsample - 1], LENGTH);
    HM_ASSERT_OK(hm_study_branch(&study, f.simulation.state)); /* nothing has been learned yet */
    CU_ASSERT_EQUAL(study.nrecord, 0);
    CU_ASSERT_EQUAL(study.branches, 0);
    hm_study_release(&study);
    fixture_end(&f);
    fixture_begin(&f, LINEAR);
    study_of(&f, &study);
    CU_ASSERT_EQUAL(study.every, 0);
    CU_ASSERT_FALSE(hm_study_is_due(&study, 400));
    hm_study_release(&study);
    fixture_end(&f);
}

static void refuses(const char *text, const char *words)
{
    struct hm_config *config = NULL;
    enum hm_status status = hm_config_parse(text, "study.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_study_check(config);
    CU_ASSERT_EQUAL(status, HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
    hm_config_destroy(&config);
    hm_status_clear();
}

static void test_refusals(void)
{
    refuses("hamiltonian: {type: harmonic, molecule: HCl}\nintegrator: {timestep: 1 fs, steps: 5000}\n"
            "study: {branch_every_steps: 100, branch_steps: 1001}\n",
            "no branch of 1001 steps fits between step 4000");
    refuses("hamiltonian: {type: ipi, address: x}\nintegrator: {timestep: 1 fs, steps: 50000}\n" STUDY, "socket");
    refuses("hamiltonian: {type: harmonic, molecule: HCl}\nintegrator: {timestep: 1 fs, steps: 5000}\n"
            "study: {branch_steps: 1001}\n",
            "branch_every_steps");
}

static const struct hm_test tests[] = {
    {"branches take the way of runs", test_takes_the_way_of_runs},
    {"baseline: one error, then leapfrog", test_baseline},
    {"the run does not notice", test_the_run_does_not_notice},
    {"an exact predictor does not diverge", test_exact_predictor},
    {"a branch that leaves physics", test_a_branch_that_leaves_physics},
    {"when branches leave, what is sampled", test_when},
    {"refusals", test_refusals},
};

HM_TEST_MAIN("study", tests)
