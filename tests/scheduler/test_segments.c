/* Turns of the segments before a run: where they point, and that a molecule without rotors is told so. */
#include "scheduler/segments.h"

#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

/* One rotor: the golden ratio's sequence, whose gaps after any number of points are of at most three lengths, the
 * largest no more than 1 + golden ratio times the smallest. */
static void test_one_rotor(void)
{
    enum { MOST = 40 };
    for (size_t n = 2; n <= MOST; n++) {
        double turn[MOST], smallest = 1, largest = 0;
        for (size_t k = 0; k < n; k++) turn[k] = hm_segments_turn(1, 0, k);
        for (size_t k = 0; k < n; k++) {
            double gap = 1; /* to the next one around the circle */
            for (size_t j = 0; j < n; j++) {
                const double to = turn[j] - turn[k] - floor(turn[j] - turn[k]);
                if (j != k && to < gap) gap = to;
            }
            smallest = fmin(smallest, gap);
            largest = fmax(largest, gap);
        }
        CU_ASSERT_TRUE(largest / smallest < 2.6181);
    }
}

/* Two rotors: every one of 3 x 3 regions of the torus is visited within 15 segments. */
static void test_two_rotors(void)
{
    size_t visits[9] = {0}, missed = 0;
    for (size_t k = 0; k < 15; k++)
        visits[3 * (size_t)(3 * hm_segments_turn(2, 0, k)) + (size_t)(3 * hm_segments_turn(2, 1, k))]++;
    for (size_t r = 0; r < 9; r++) missed += visits[r] == 0;
    CU_ASSERT_EQUAL(missed, 0);
}

static void test_nothing_turns(void)
{
    struct fixture f;
    fixture_create(&f, "integrator: {timestep: 0.25 fs, steps: 1000}\ntraining: {turns: 3, warmup_steps: 400}\n");
    CU_ASSERT_EQUAL(hm_simulation_start(&f.simulation, &f.job), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "no bond of this geometry turns"));
    fixture_end(&f);
}

static const struct hm_test tests[] = {
    {"one rotor", test_one_rotor},
    {"two rotors", test_two_rotors},
    {"nothing turns", test_nothing_turns},
};

HM_TEST_MAIN("segments before a run", tests)
