/* Whole trajectories on any number of ranks against the same trajectory on one: same bits. */
#include "hamiltonians/molecules.h"
#include "scheduler/roles.h"
#include "io/log.h"
#include "tests/mpi_test.h"
#include "tests/scheduler/fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUN "integrator: {timestep: 0.25 fs, steps: 3000}\ntraining: {warmup_steps: 400, episode_every_injections: 5}\n"

static int rank_of_this(void)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static void on_all_ranks(const char *extra, fixture_play *play)
{
    fixture_on_all_ranks(extra, HM_NO_INTERRUPT, play);
}

static void inline_reference(const struct hm_job *job, int64_t steps, struct hm_layout *layout,
                             struct hm_simulation *simulation)
{
    fixture_simulation(job, layout, simulation);
    HM_ASSERT_OK(fixture_advance(simulation, steps));
}

static void play_to_the_end(struct hm_simulation *simulation, const struct hm_job *job)
{
    const int64_t steps = hm_config_integer(job->config, "integrator.steps");
    struct hm_layout layout;
    struct hm_simulation reference;
    HM_ASSERT_OK(hm_simulation_start(simulation, job));
    HM_ASSERT_OK(fixture_advance(simulation, steps));
    inline_reference(job, steps, &layout, &reference);
    CU_ASSERT_TRUE(fixture_same_state(simulation->state, reference.state));
    CU_ASSERT_TRUE(simulation->state->weights_version >= 1);
    hm_simulation_release(&reference);
}

static void test_synchronous_bits(void)
{
    on_all_ranks(RUN, play_to_the_end);
    on_all_ranks(RUN "predictor: {inputs: [velocity], history: 12}\n", play_to_the_end);
    on_all_ranks(RUN "predictor: {representation: cartesian, inputs: [velocity]}\npolicy: {frequency: 0.5}\n",
                 play_to_the_end);
}

/* A committee whose members are spread over the predictor ranks there are: two on one rank, one on each, and beside
 * them oracles. */
static void play_committee(struct hm_simulation *simulation, const struct hm_job *job)
{
    CU_ASSERT_EQUAL(simulation->committee.count, 3);
    play_to_the_end(simulation, job);
    CU_ASSERT_TRUE(simulation->state->weights_version >= 3);
}

static void test_committee(void)
{
    on_all_ranks("integrator: {timestep: 0.25 fs, steps: 900}\n"
                 "training: {warmup_steps: 300, episode_every_injections: 20}\n"
                 "predictor: {type: lstm, layers: 1, hidden: 2, history: 4, committee: 3}\n"
                 "policy: {frequency: 0.1}\n",
                 play_committee);
}

static void play_always(struct hm_simulation *simulation, const struct hm_job *job)
{
    enum { STEPS = 10000 };
    struct hm_molecule hcl;
    double x[6], v[6];
    CU_ASSERT_TRUE(hm_molecule_find("HCl", &hcl));
    HM_ASSERT_OK(hm_simulation_start(simulation, job));
    HM_ASSERT_OK(fixture_advance(simulation, STEPS));
    fixture_plain_leapfrog(&job->frame, hcl.k, hcl.r0, simulation->propagator.schedule.timestep, STEPS, x, v);
    CU_ASSERT_EQUAL(memcmp(x, simulation->state->frame.x, sizeof x), 0);
    CU_ASSERT_EQUAL(memcmp(v, simulation->state->frame.v, sizeof v), 0);
}

static void test_always_is_plain_leapfrog(void)
{
    on_all_ranks("integrator: {timestep: 0.25 fs, steps: 10000}\npolicy: {type: always}\n", play_always);
}

static void play_restore(struct hm_simulation *simulation, const struct hm_job *job)
{
    enum { AT = 1200, UNTIL = 1900 };
    struct hm_layout layout;
    struct hm_simulation reference;
    struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
    HM_ASSERT_OK(hm_simulation_start(simulation, job));
    HM_ASSERT_OK(fixture_advance(simulation, AT));
    HM_ASSERT_OK(hm_propagator_save(&simulation->propagator, simulation->state, &snapshot));
    HM_ASSERT_OK(fixture_advance(simulation, UNTIL));
    HM_ASSERT_OK(hm_propagator_load(&simulation->propagator, simulation->state, &snapshot));
    CU_ASSERT_EQUAL(simulation->state->step, AT);
    HM_ASSERT_OK(fixture_advance(simulation, UNTIL));
    inline_reference(job, UNTIL, &layout, &reference);
    CU_ASSERT_TRUE(fixture_same_state(simulation->state, reference.state));
    hm_simulation_release(&reference);
    hm_archive_release(&snapshot);
}

static void test_advance_restore_advance(void)
{
    on_all_ranks(RUN, play_restore);
}

/* Asynchronous training promises no bits, but the same physics and no hang. */
static void play_asynchronous(struct hm_simulation *simulation, const struct hm_job *job)
{
    int64_t until = hm_config_integer(job->config, "integrator.steps");
    const double started = hm_clock();
    HM_ASSERT_OK(hm_simulation_start(simulation, job));
    HM_ASSERT_OK(fixture_advance(simulation, until));
    /* When a lesson comes is a matter of time, not of steps. */
    while (simulation->state->weights_version == 0 && hm_clock() - started < 60)
        HM_ASSERT_OK(fixture_advance(simulation, ++until));
    HM_ASSERT_OK(fixture_advance(simulation, until + 200)); /* to a step that measures the error */
    CU_ASSERT_TRUE(simulation->state->weights_version >= 1);
    CU_ASSERT_TRUE(simulation->state->residual_relative < 1e-6);
}

static void test_asynchronous(void)
{
    on_all_ranks("integrator: {timestep: 0.25 fs, steps: 20000}\n"
                 "training: {warmup_steps: 400, mode: asynchronous}\npolicy: {frequency: 0.1}\n",
                 play_asynchronous);
}

/* ---- the whole run, files and all ---- */

static enum hm_status whole_run(const char *extra, const char *path, bool overwrite)
{
    struct hm_job job = {0};
    static const char *const provenance[1][2] = {{NULL, NULL}};
    const struct hm_driver_options options = {.overwrite = overwrite, .quiet = true, .provenance = provenance};
    if (rank_of_this() == 0) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml, "%soutput: {trajectory: %s, stride: 7}\n", extra, path);
        fixture_job(yaml, &job);
    }
    const enum hm_status status = hm_run(MPI_COMM_WORLD, &job, &options);
    hm_job_release(&job);
    return status;
}

/* Every frame of two files, bit for bit. */
static void compare_files(const char *path_a, const char *path_b)
{
    enum { MOST = 1000 };
    static double x[2][MOST * 6], v[2][MOST * 6], force[2][MOST * 6], energy[2][MOST];
    static int64_t steps[2][MOST];
    const char *const path[2] = {path_a, path_b};
    size_t count[2] = {0};
    for (int i = 0; i < 2; i++) {
        struct hm_trajectory *trajectory = NULL;
        HM_ASSERT_OK(hm_trajectory_open(path[i], &trajectory));
        if (!trajectory) return;
        count[i] = hm_trajectory_info(trajectory)->nframe;
        CU_ASSERT_TRUE(count[i] > 100 && count[i] <= MOST);
        CU_ASSERT_EQUAL(hm_trajectory_info(trajectory)->ndecision, (size_t)hm_trajectory_info(trajectory)->steps);
        HM_ASSERT_OK(
            hm_trajectory_read_frames(trajectory, 0, count[i], steps[i], x[i], v[i], force[i], energy[i], NULL));
        HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    }
    CU_ASSERT_EQUAL(count[0], count[1]);
    const size_t bytes = count[0] * 6 * sizeof(double);
    CU_ASSERT_EQUAL(memcmp(x[0], x[1], bytes), 0);
    CU_ASSERT_EQUAL(memcmp(v[0], v[1], bytes), 0);
    CU_ASSERT_EQUAL(memcmp(force[0], force[1], bytes), 0);
    CU_ASSERT_EQUAL(memcmp(energy[0], energy[1], count[0] * sizeof(double)), 0);
    CU_ASSERT_EQUAL(memcmp(steps[0], steps[1], count[0] * sizeof(int64_t)), 0);
}

static void test_replay_gives_the_same_bits(void)
{
    HM_ASSERT_OK(whole_run(RUN "policy: {frequency: 0.05}\n", "first.h5", false));
    HM_ASSERT_OK(whole_run(RUN "policy: {type: replay, log: first.h5}\n", "again.h5", false));
    if (rank_of_this() == 0) compare_files("first.h5", "again.h5");
    /* Asynchronous: the weights come at steps that depend on timing, and are stored to be replayed. */
    HM_ASSERT_OK(whole_run(RUN "policy: {frequency: 0.05}\n", "async.h5", false));
    HM_ASSERT_OK(whole_run("integrator: {timestep: 0.25 fs, steps: 3000}\n"
                           "training: {warmup_steps: 400, episode_every_injections: 5, mode: asynchronous}\n"
                           "policy: {frequency: 0.05}\n",
                           "async.h5", true));
    HM_ASSERT_OK(whole_run("integrator: {timestep: 0.25 fs, steps: 3000}\n"
                           "training: {warmup_steps: 400, episode_every_injections: 5, mode: asynchronous}\n"
                           "policy: {type: replay, log: async.h5}\n",
                           "async_again.h5", false));
    if (rank_of_this() == 0) compare_files("async.h5", "async_again.h5");
}

/* The file of a finished run is what another starts from: the same predictions, nothing trained. */
static void test_weights_of_an_earlier_run(void)
{
#define TAUGHT_ONCE "integrator: {timestep: 0.25 fs, steps: 3000}\npolicy: {frequency: 0.05}\n"
    HM_ASSERT_OK(
        whole_run(TAUGHT_ONCE "training: {warmup_steps: 400, episode_every_injections: 1000000}\n", "taught.h5", true));
    HM_ASSERT_OK(whole_run(TAUGHT_ONCE "training: {warmup_steps: 400, mode: off}\npredictor: {weights: taught.h5}\n",
                           "used.h5", true));
    if (rank_of_this() == 0) compare_files("taught.h5", "used.h5");
}

static void test_faults_reach_every_rank(void)
{
    HM_ASSERT_OK(whole_run(RUN, "there.h5", true));
    CU_ASSERT_EQUAL(whole_run(RUN, "there.h5", false), HM_EXISTS);
    CU_ASSERT_EQUAL(whole_run(RUN "ranks: {predictors: 1, oracles: 7}\n", "none.h5", false), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "9 ranks"));
    CU_ASSERT_NOT_EQUAL(access("none.h5", F_OK), 0);
    CU_ASSERT_EQUAL(whole_run("integrator: {timestep: 0.25 fs, steps: 3000, max_temperature: 1 K}\n", "hot.h5", true),
                    HM_DIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 0"));
}

static const struct hm_test tests[] = {
    {"synchronous training: same bits as on one rank", test_synchronous_bits},
    {"a committee on any ranks: the same bits", test_committee},
    {"always is plain leapfrog", test_always_is_plain_leapfrog},
    {"advance, restore, advance", test_advance_restore_advance},
    {"asynchronous training", test_asynchronous},
    {"replay gives the same bits", test_replay_gives_the_same_bits},
    {"weights of an earlier run", test_weights_of_an_earlier_run},
    {"faults reach every rank", test_faults_reach_every_rank},
};

HM_MPI_TEST_MAIN("runs on ranks", tests)
