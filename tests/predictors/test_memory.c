/* How far back to look, on windows made by hand and on a rotating HCl. */
#include "predictors/memory.h"
#include "tests/predictors/rotor.h"
#include "tests/test.h"

static const double TURN = 6.283185307179586;

/* A bond of length r: only coordinates matter. */
static void push(struct rotor *rotor, double r)
{
    static const double none[6];
    for (size_t k = 0; k < 6; k++) rotor->frame.x[k] = k == 0 ? r : 0;
    hm_window_open(rotor->window);
    hm_window_close(rotor->window, rotor->frame.v, none, true);
}

static size_t memory_of(const struct rotor *rotor)
{
    size_t steps = 4711;
    HM_ASSERT_OK(hm_memory_length(rotor->window, &steps));
    return steps;
}

/* The autocorrelation of a cosine is one: its first inflection is a quarter period, here between two steps. */
static void test_cosine(void)
{
    static const char *const sections[] = {"predictor: {representation: pair}",
                                           "predictor: {representation: cartesian}"};
    static const struct {
        double period;
        size_t steps;
    } cases[] = {{18, 5}, {42, 11}, {130, 33}};
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct rotor rotor;
            rotor_create(&rotor, sections[s], ROTOR_SPRING, 1025);
            for (size_t n = 0; n < 1200; n++) push(&rotor, 2.4 + 0.1 * cos(TURN * (double)n / cases[i].period + 0.3));
            CU_ASSERT_EQUAL(memory_of(&rotor), cases[i].steps);
            rotor_destroy(&rotor);
        }
}

/* The step that is not completed has no place in it. */
static void test_open_step_is_not_looked_at(void)
{
    struct rotor rotor;
    rotor_create(&rotor, "", ROTOR_SPRING, 513);
    for (size_t n = 0; n < 700; n++) push(&rotor, 2.4 + 0.1 * cos(TURN * (double)n / 42));
    rotor.window->coordinate[rotor.window->end] = NAN;
    CU_ASSERT_EQUAL(memory_of(&rotor), 11);
    rotor_destroy(&rotor);
}

/* Vibration of 0.3316 hartree / bohr^2 and 1785.7 electron masses at 0.25 fs: 44.6 steps; turning does not matter. */
static void test_rotor(void)
{
    struct rotor rotor;
    rotor_create(&rotor, "", ROTOR_SPRING, 513);
    rotor_record(&rotor, 600);
    CU_ASSERT_EQUAL(memory_of(&rotor), 12);
    rotor_destroy(&rotor);
}

/* An eighth of what there is, and never nothing. */
static void test_nothing_to_see(void)
{
    struct rotor rotor;
    rotor_create(&rotor, "", ROTOR_SPRING, 64);
    CU_ASSERT_EQUAL(memory_of(&rotor), 1);
    for (size_t n = 0; n < 20; n++) { /* less than half a period: no inflection in half of it */
        push(&rotor, 2.4 + 0.1 * cos(TURN * (double)n / 42));
        CU_ASSERT_EQUAL(memory_of(&rotor), n + 1 < 16 ? 1 : 2);
    }
    rotor_destroy(&rotor);
    rotor_create(&rotor, "", ROTOR_SPRING, 64);
    for (size_t n = 0; n < 100; n++) push(&rotor, 2.5 + 0.25 * (double)n); /* straight on, exact in binary */
    CU_ASSERT_EQUAL(memory_of(&rotor), 8);
    for (size_t n = 0; n < 100; n++) push(&rotor, 2.5); /* at rest */
    CU_ASSERT_EQUAL(memory_of(&rotor), 8);
    rotor_destroy(&rotor);
}

static const struct hm_test tests[] = {
    {"a cosine: a quarter period", test_cosine},
    {"the open step is not looked at", test_open_step_is_not_looked_at},
    {"a rotating HCl", test_rotor},
    {"nothing to see", test_nothing_to_see},
};

HM_TEST_MAIN("memory length", tests)
