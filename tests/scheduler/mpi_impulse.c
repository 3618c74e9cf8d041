/* Whole runs with impulses: refused before anything is written, and what the file says of their errors. */
#include "scheduler/roles.h"
#include "tests/mpi_test.h"
#include "tests/scheduler/fixture.h"

#include "io/units.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WARMUP = 20, STEPS = 420 };

/* The built-in HCl vibrates in 11.15 fs, a quarter of which are 11 steps. */
#define RUN                                                                                                      \
    "integrator: {timestep: 0.25 fs, steps: 420}\ntraining: {warmup_steps: 20}\n"                                \
    "predictor: {type: hamiltonian, hamiltonian: {type: harmonic, bonds: [{atoms: [0, 1], k: 450 N/m, r0: 1.28 " \
    "A}]}}\n"                                                                                                    \
    "injection: {form: impulse}\noutput: {trajectory: impulse.h5}\n"

static int rank_of_this(void)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static enum hm_status whole_run(const char *extra)
{
    static const char *const provenance[1][2] = {{NULL, NULL}};
    const struct hm_driver_options options = {.overwrite = true, .quiet = true, .provenance = provenance};
    struct hm_job job = {0};
    if (rank_of_this() == 0) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml, RUN "%s", extra);
        fixture_job(yaml, &job);
        HM_ASSERT_OK(hm_job_check(&job));
    }
    const enum hm_status status = hm_run(MPI_COMM_WORLD, &job, &options);
    hm_job_release(&job);
    return status;
}

static void test_too_rare_is_refused(void)
{
    CU_ASSERT_EQUAL(whole_run("policy: {frequency: 0.08}\n"), HM_BAD_CONFIG);
    if (rank_of_this() != 0) return;
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "fixture.yaml:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "whose period is 11.2 fs; a quarter of it is the most: raise "
                                                       "policy.frequency to 0.0897"));
    CU_ASSERT_NOT_EQUAL(access("impulse.h5", F_OK), 0);
    CU_ASSERT_NOT_EQUAL(access("impulse.chk", F_OK), 0);
}

/* What the file calls the residual is the error of one kick, not of the M that an impulse makes up for. */
static void compare_residuals(const struct hm_injection_record *rows, size_t count)
{
    struct fixture f;
    fixture_begin(&f, RUN "policy: {frequency: 0.1}\n");
    const struct hm_propagator *p = &f.simulation.propagator;
    for (size_t i = 0; i < count; i++) {
        double squares = 0;
        HM_ASSERT_OK(fixture_advance(&f.simulation, rows[i].step + 1));
        for (size_t k = 0; k < 6; k++)
            squares += (p->kick_predicted[k] - p->kick_exact[k]) * (p->kick_predicted[k] - p->kick_exact[k]);
        CU_ASSERT_TRUE(rows[i].residual > 0);
        HM_ASSERT_NEAR(rows[i].residual / (HM_VELOCITY_ANGSTROM_PER_PS * sqrt(squares / 2)), 1, 1e-9);
    }
    fixture_end(&f);
}

static void test_recorded_residuals(void)
{
    enum { INJECTIONS = WARMUP + (STEPS - WARMUP) / 10 };
    static struct hm_injection_record rows[INJECTIONS];
    struct hm_trajectory *file = NULL;
    HM_ASSERT_OK(whole_run("policy: {frequency: 0.1}\n"));
    if (rank_of_this() != 0) return;
    HM_ASSERT_OK(hm_trajectory_open("impulse.h5", &file));
    if (!file) return;
    const size_t count = hm_trajectory_info(file)->ninjection;
    CU_ASSERT_EQUAL(count, INJECTIONS);
    if (count == INJECTIONS) {
        HM_ASSERT_OK(hm_trajectory_read_injections(file, 0, count, rows));
        compare_residuals(rows, count);
    }
    hm_trajectory_close(&file);
}

static const struct hm_test tests[] = {
    {"impulses that are too rare", test_too_rare_is_refused},
    {"recorded residuals", test_recorded_residuals},
};

HM_MPI_TEST_MAIN("runs with impulses", tests)
