/* Training that is interrupted, saved, and gone on with: here, on other ranks, or by the driver alone. */
#include "io/log.h"
#include "tests/mpi_test.h"
#include "tests/scheduler/fixture.h"

#include <stdlib.h>

enum { STEPS = 500 };

#define LEARNS                                                      \
    "integrator: {timestep: 0.25 fs, steps: 500}\n"                 \
    "training: {warmup_steps: 250, episode_every_injections: 10}\n" \
    "policy: {frequency: 0.1}\n"
#define NETWORKS LEARNS "predictor: {type: lstm, layers: 1, hidden: 2, history: 4, committee: 2}\n"

/* Says stop after so many questions, and goes on saying so: an oracle that is waited for is given a moment more. */
struct impatience {
    long left; // negative: never
    long said; // stop, so often
};

static struct impatience impatience = {.left = -1};

static bool stop(void *self)
{
    struct impatience *i = self;
    if (i->left < 0) return false;
    if (i->left > 0) {
        i->left--;
        return false;
    }
    i->said++;
    return true;
}

/* Steps with a stop after `questions`; saved there, if it came to that. */
static void advance_until_stopped(struct hm_simulation *simulation, long questions, struct hm_archive *snapshot)
{
    impatience = (struct impatience){.left = questions};
    const enum hm_status status = fixture_advance(simulation, STEPS);
    impatience.left = -1;
    CU_ASSERT_TRUE(status == HM_OK || status == HM_STOPPED);
    if (status != HM_STOPPED) return;
    HM_ASSERT_OK(hm_propagator_save(&simulation->propagator, simulation->state, snapshot));
    CU_ASSERT_TRUE(simulation->state->lessons_due || simulation->state->pending.there);
}

static void compare(struct hm_simulation *simulation, const struct hm_simulation *reference)
{
    HM_ASSERT_OK(fixture_advance(simulation, STEPS));
    CU_ASSERT_TRUE(fixture_same_state(simulation->state, reference->state));
}

/* Gone on with by the same ranks; by the driver alone; and what the driver saved, by the ranks again. */
static void go_on(struct hm_simulation *simulation, const struct hm_job *job, const struct hm_simulation *reference,
                  struct hm_archive *snapshot)
{
    struct hm_layout layout;
    struct hm_simulation alone;
    struct hm_archive again = HM_ARCHIVE_EMPTY;
    compare(simulation, reference);
    fixture_simulation(job, &layout, &alone);
    HM_ASSERT_OK(hm_propagator_load(&alone.propagator, alone.state, snapshot));
    CU_ASSERT_EQUAL(snapshot->cursor, snapshot->size);
    HM_ASSERT_OK(hm_propagator_save(&alone.propagator, alone.state, &again));
    compare(&alone, reference);
    HM_ASSERT_OK(hm_propagator_load(&simulation->propagator, simulation->state, &again));
    compare(simulation, reference);
    hm_simulation_release(&alone);
    hm_archive_release(&again);
}

static void play_interrupted(struct hm_simulation *simulation, const struct hm_job *job)
{
    struct hm_layout layout;
    struct hm_simulation reference;
    struct hm_archive start = HM_ARCHIVE_EMPTY, snapshot = HM_ARCHIVE_EMPTY;
    long stops = 0;
    fixture_simulation(job, &layout, &reference);
    HM_ASSERT_OK(fixture_advance(&reference, STEPS));
    HM_ASSERT_OK(hm_simulation_start(simulation, job));
    HM_ASSERT_OK(hm_propagator_save(&simulation->propagator, simulation->state, &start));
    for (long questions = 0; questions < 400; questions += 300) {
        start.cursor = 0;
        HM_ASSERT_OK(hm_propagator_load(&simulation->propagator, simulation->state, &start));
        hm_archive_clear(&snapshot);
        advance_until_stopped(simulation, questions, &snapshot);
        stops += snapshot.size > 0;
        if (snapshot.size > 0)
            go_on(simulation, job, &reference, &snapshot);
        else
            compare(simulation, &reference);
    }
    CU_ASSERT_TRUE(stops >= 1);
    hm_simulation_release(&reference);
    hm_archive_release(&start);
    hm_archive_release(&snapshot);
}

static void test_interrupted_networks(void)
{
    fixture_on_all_ranks(NETWORKS, (struct hm_interrupt){stop, &impatience}, play_interrupted);
}

static const struct hm_test tests[] = {
    {"an interrupted episode is gone on with", test_interrupted_networks},
};

HM_MPI_TEST_MAIN("interrupted training", tests)
