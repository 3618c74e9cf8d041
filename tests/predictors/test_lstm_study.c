/* The training of one network on what a rotating HCl does: gradients on real data in every representation, the examples
 * it is shown, and both ways to learn from them. */
#include "predictors/lstm_work.h"
#include "tests/predictors/lesson.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static double loss_of(const struct lesson *l, const struct hm_lstm_examples *examples)
{
    double loss = NAN;
    HM_ASSERT_OK(hm_lstm_examples_loss(&l->problem, examples, l->weights, &loss));
    return loss;
}

static struct hm_lstm_examples drawn(const struct lesson *l, size_t count)
{
    struct hm_lstm_examples examples;
    HM_ASSERT_OK(hm_lstm_examples_draw(&l->problem, count, &examples));
    CU_ASSERT_TRUE_FATAL(examples.count == count && examples.steps == LESSON_PRIME + 1);
    return examples;
}

/* ---- gradients ---- */

/* A scalar of the weights, and its gradient unless NULL. */
typedef double measurement(struct lesson *l, void *with, double *gradient);

static void check_gradient(struct lesson *l, measurement *measure_it, void *with)
{
    double *gradient = lesson_doubles(l->nweight), largest = 0, worst = 0;
    measure_it(l, with, gradient);
    for (size_t i = 0; i < l->nweight; i++) {
        const double h = 1e-5, kept = l->weights[i];
        l->weights[i] = kept + h;
        const double above = measure_it(l, with, NULL);
        l->weights[i] = kept - h;
        const double below = measure_it(l, with, NULL);
        l->weights[i] = kept;
        largest = fmax(largest, fabs(gradient[i]));
        worst = fmax(worst, fabs(gradient[i] - (above - below) / (2 * h)));
    }
    CU_ASSERT_TRUE(largest > 1e-3);
    CU_ASSERT_TRUE(worst < 1e-6 * largest);
    free(gradient);
}

/* Half the mean square error over all channels of a stretch, side by side, from the zero state. */
static double stretch_loss(struct lesson *l, void *with, double *gradient)
{
    enum { STEPS = 40 };
    const struct hm_lstm_engine *engine = l->problem.engine;
    const struct hm_lstm_shape *shape = &l->problem.shape;
    const size_t B = l->problem.nsequence, nin = shape->nin;
    double *x = lesson_doubles(STEPS * B * nin), *y = lesson_doubles(STEPS * B), sum = 0;
    double *state = lesson_doubles(hm_lstm_state_count(shape, B)),
           *packed = lesson_doubles(hm_lstm_packed_count(shape)),
           *tape = lesson_doubles(hm_lstm_tape_count(shape, B, STEPS));
    (void)with;
    for (size_t n = 0; n < STEPS; n++)
        for (size_t b = 0; b < B; b++) memcpy(&x[(n * B + b) * nin], &l->inputs[b][(n + 1) * nin], nin * sizeof *x);
    engine->pack(shape, l->weights, packed);
    engine->forward(shape, B, STEPS, packed, x, state, tape, y);
    for (size_t i = 0; i < STEPS * B; i++) {
        y[i] -= l->target[i % B][i / B + 1];
        sum += 0.5 * y[i] * y[i] / (double)(STEPS * B);
        y[i] /= (double)(STEPS * B);
    }
    if (gradient) engine->backward(shape, B, STEPS, packed, y, tape, gradient);
    free(x);
    free(y);
    free(state);
    free(packed);
    free(tape);
    return sum;
}

static void test_gradients_on_every_representation(void)
{
    for (enum lesson_kind kind = 0; kind < LESSON_KINDS; kind++) {
        struct lesson l;
        lesson_create(&l, kind, 2, 4, 80);
        check_gradient(&l, stretch_loss, NULL);
        lesson_destroy(&l);
    }
}

static double work_of(struct lesson *l, void *with, double *gradient)
{
    return hm_lstm_work_measure(with, 0, l->weights, gradient);
}

static void test_gradient_of_the_work(void)
{
    static const enum lesson_kind kinds[] = {LESSON_PAIR, LESSON_PAIR_COORDINATE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct lesson l;
        struct hm_lstm_work work;
        lesson_create(&l, kinds[i], 2, 3, 500);
        HM_ASSERT_OK(hm_lstm_work_start(&l.problem, &work));
        CU_ASSERT_EQUAL_FATAL(work.count, 1);
        check_gradient(&l, work_of, &work);
        hm_lstm_work_release(&work);
        lesson_destroy(&l);
    }
}

/* ---- work ---- */

/* The network's own outputs as targets: no error. Plus e times the rate: an amplitude that falls by e per radian. Plus
 * e times the coordinate: a stiffer bond, no work but for the window's ends. */
static void test_work_of_known_errors(void)
{
    const double e = 1e-3;
    struct lesson l;
    struct hm_lstm_work work;
    lesson_create(&l, LESSON_PAIR_COORDINATE, 1, 3, 1500);
    double *state = lesson_doubles(hm_lstm_state_count(&l.problem.shape, 1));
    double *scratch = lesson_doubles(hm_lstm_scratch_count(&l.problem.shape, 1)), *y = lesson_doubles(1500);
    double *packed = lesson_doubles(hm_lstm_packed_count(&l.problem.shape));
    l.problem.engine->pack(&l.problem.shape, l.weights, packed);
    for (size_t n = 1; n < 1500; n++)
        l.problem.engine->step(&l.problem.shape, 1, packed, &l.inputs[0][n], state, scratch, &y[n]);
    HM_ASSERT_OK(hm_lstm_work_start(&l.problem, &work));
    memcpy(l.target[0], y, 1500 * sizeof *y);
    CU_ASSERT_EQUAL(hm_lstm_work_measure(&work, 0, l.weights, NULL), 0);
    for (size_t n = 0; n < 1500; n++) l.target[0][n] = y[n] + e * l.rate[0][n];
    HM_ASSERT_NEAR(hm_lstm_work_measure(&work, 0, l.weights, NULL), -e, 1e-12);
    for (size_t n = 0; n < 1500; n++) l.target[0][n] = y[n] + e * l.inputs[0][n];
    HM_ASSERT_NEAR(hm_lstm_work_measure(&work, 0, l.weights, NULL), 0, 0.01 * e);
    hm_lstm_work_release(&work);
    free(state);
    free(scratch);
    free(packed);
    free(y);
    lesson_destroy(&l);
}

static size_t judged(const struct lesson *l)
{
    struct hm_lstm_work work;
    HM_ASSERT_OK(hm_lstm_work_start(&l->problem, &work));
    const size_t count = work.count;
    hm_lstm_work_release(&work);
    return count;
}

static void test_what_has_a_work(void)
{
    struct lesson l;
    lesson_create(&l, LESSON_PAIR, 1, 3, 400 + LESSON_PRIME + 1);
    CU_ASSERT_EQUAL(judged(&l), 1);
    l.sequence[0].labels--; /* one is missing */
    CU_ASSERT_EQUAL(judged(&l), 0);
    l.sequence[0].labels++;
    l.problem.force_law = false;
    CU_ASSERT_EQUAL(judged(&l), 0);
    lesson_destroy(&l);
    lesson_create(&l, LESSON_PAIR, 1, 3, 399 + LESSON_PRIME + 1); /* too short */
    CU_ASSERT_EQUAL(judged(&l), 0);
    lesson_destroy(&l);
}

/* ---- examples ---- */

/* The step whose window this is, times `sign`; 0 if there is none. */
static size_t step_of_window(const struct lesson *l, const double *x, double sign)
{
    const size_t nin = l->problem.shape.nin;
    for (size_t first = 1; first + LESSON_PRIME < l->rotor.nrow; first++) {
        bool same = true;
        for (size_t k = 0; same && k < (LESSON_PRIME + 1) * nin; k++)
            same = x[k] == sign * l->inputs[0][first * nin + k];
        if (same) return first + LESSON_PRIME;
    }
    return 0;
}

/* Coordinates of several energies: windows as they are, one from each of equal parts of the labels. */
static void test_examples_are_windows(void)
{
    enum { COUNT = 60 };
    struct lesson l;
    lesson_create(&l, LESSON_PAIR_COORDINATE, 1, 3, LESSON_PRIME + 1 + 10 * COUNT);
    l.problem.restoring = 0;
    struct hm_lstm_examples e = drawn(&l, COUNT);
    double state = 0;
    for (size_t k = 0; k < COUNT; k++) {
        const size_t step = step_of_window(&l, &e.x[k * e.steps], 1);
        CU_ASSERT_EQUAL((step - LESSON_PRIME - 1) / 10, k);
        CU_ASSERT_EQUAL(e.target[k], l.target[0][step]);
    }
    for (size_t k = 0; k < COUNT * 6; k++) state += e.state[k] * e.state[k] / (COUNT * 6);
    HM_ASSERT_NEAR(sqrt(state), 0.3, 0.05); /* begun anywhere */
    hm_lstm_examples_release(&e);
    lesson_destroy(&l);
}

/* Only steps with a label, and none before the first that counts. */
static void test_examples_end_at_labels(void)
{
    struct lesson l;
    lesson_create(&l, LESSON_PAIR_COORDINATE, 1, 3, 200);
    l.problem.restoring = 0;
    l.sequence[0].labels = 0;
    for (size_t n = 0; n < 200; n++) l.label[n] = n % 7 == 3;
    for (size_t n = LESSON_PRIME + 1; n < 200; n++) l.sequence[0].labels += l.label[n];
    struct hm_lstm_examples e = drawn(&l, 50);
    for (size_t k = 0; k < 50; k++) {
        const size_t step = step_of_window(&l, &e.x[k * e.steps], 1);
        CU_ASSERT_TRUE(step > LESSON_PRIME && l.label[step]);
    }
    hm_lstm_examples_release(&e);
    lesson_destroy(&l);
}

/* Of one energy every other example has its amplitude changed by d, and a target that takes 0.05 d of it back along the
 * rate. */
static void test_examples_that_restore(void)
{
    enum { COUNT = 100 };
    struct lesson l;
    size_t changed = 0;
    lesson_create(&l, LESSON_PAIR_COORDINATE, 1, 3, LESSON_PRIME + 1 + COUNT);
    struct hm_lstm_examples e = drawn(&l, COUNT);
    for (size_t k = 0; k < COUNT; k++) {
        const double *x = &e.x[k * e.steps];
        if (step_of_window(&l, x, 1)) continue;
        const size_t step = LESSON_PRIME + 1 + k; /* its part of the labels is that one */
        const double d = x[LESSON_PRIME] / l.inputs[0][step] - 1;
        CU_ASSERT_TRUE(fabs(d) < 0.1);
        HM_ASSERT_NEAR(x[0], (1 + d) * l.inputs[0][step - LESSON_PRIME], 1e-12);
        HM_ASSERT_NEAR(e.target[k], (1 + d) * l.target[0][step] - 0.05 * d * l.rate[0][step], 1e-12);
        changed++;
    }
    CU_ASSERT_EQUAL(changed, COUNT / 2);
    hm_lstm_examples_release(&e);
    lesson_destroy(&l);
}

/* Velocities are shown in either direction, with noise. */
static void test_examples_of_an_odd_network(void)
{
    enum { COUNT = 200 };
    struct lesson l;
    size_t turned = 0;
    double noise = 0;
    lesson_create(&l, LESSON_CARTESIAN_VELOCITY, 1, 3, LESSON_PRIME + 1 + COUNT);
    l.problem.nsequence = 1;
    l.problem.restoring = 0;
    struct hm_lstm_examples e = drawn(&l, COUNT);
    for (size_t k = 0; k < COUNT; k++) {
        const double sign = e.target[k] == l.target[0][LESSON_PRIME + 1 + k] ? 1 : -1;
        CU_ASSERT_EQUAL(e.target[k], sign * l.target[0][LESSON_PRIME + 1 + k]);
        turned += sign < 0;
        for (size_t n = 0; n < e.steps; n++)
            noise += pow(e.x[k * e.steps + n] - sign * l.inputs[0][1 + k + n], 2) / (double)(COUNT * e.steps);
    }
    CU_ASSERT_TRUE(turned > 70 && turned < 130);
    HM_ASSERT_NEAR(sqrt(noise), 1e-3, 1e-4);
    hm_lstm_examples_release(&e);
    lesson_destroy(&l);
}

/* ---- learning ---- */

/* A force law from scratch: every few iterations lower the loss, and the same again gives the same bits. */
static void test_polish_lowers_the_loss(void)
{
    struct lesson l, twin;
    lesson_create(&l, LESSON_PAIR, 1, 6, 399); /* too short for its work to be looked at */
    lesson_create(&twin, LESSON_PAIR, 1, 6, 399);
    struct hm_lstm_examples e = drawn(&l, 200);
    double loss = loss_of(&l, &e);
    CU_ASSERT_TRUE(loss > 0.3);
    for (int round = 0; round < 10; round++) {
        HM_ASSERT_OK(hm_lstm_polish(&l.problem, &e, 5, l.weights));
        HM_ASSERT_OK(hm_lstm_polish(&twin.problem, &e, 5, twin.weights));
        CU_ASSERT_EQUAL(memcmp(l.weights, twin.weights, l.nweight * sizeof *l.weights), 0);
        const double now = loss_of(&l, &e);
        CU_ASSERT_TRUE(round < 3 ? now < loss : now <= loss);
        loss = now;
    }
    CU_ASSERT_TRUE(loss < 1e-3);
    hm_lstm_examples_release(&e);
    lesson_destroy(&l);
    lesson_destroy(&twin);
}

/* With a sequence to judge by, the errors that are left do no work. */
static void test_polish_takes_the_work_away(void)
{
    struct lesson l;
    struct hm_lstm_work work;
    lesson_create(&l, LESSON_PAIR, 1, 4, 900);
    struct hm_lstm_examples e = drawn(&l, 200);
    HM_ASSERT_OK(hm_lstm_work_start(&l.problem, &work));
    l.problem.force_law = false; /* no work to speak of */
    HM_ASSERT_OK(hm_lstm_polish(&l.problem, &e, 15, l.weights));
    const double before = fabs(hm_lstm_work_measure(&work, 0, l.weights, NULL)), loss = loss_of(&l, &e);
    l.problem.force_law = true;
    HM_ASSERT_OK(hm_lstm_polish(&l.problem, &e, 0, l.weights));
    CU_ASSERT_TRUE(fabs(hm_lstm_work_measure(&work, 0, l.weights, NULL)) < 0.05 * before);
    CU_ASSERT_TRUE(loss_of(&l, &e) < 2 * loss);
    hm_lstm_work_release(&work);
    hm_lstm_examples_release(&e);
    lesson_destroy(&l);
}

static struct hm_adam moments(size_t count)
{
    struct hm_adam adam = {.count = count, .m = lesson_doubles(count), .v = lesson_doubles(count)};
    hm_adam_default(&adam);
    return adam;
}

static void forget(struct hm_adam *adam)
{
    free(adam->m);
    free(adam->v);
}

static void test_descent_lowers_the_loss(void)
{
    for (enum lesson_kind kind = 0; kind < LESSON_KINDS; kind++) {
        struct lesson l, twin;
        lesson_create(&l, kind, 1, 6, 400);
        lesson_create(&twin, kind, 1, 6, 400);
        struct hm_lstm_examples e = drawn(&l, 300);
        struct hm_adam adam = moments(l.nweight), other = moments(l.nweight);
        const double before = loss_of(&l, &e);
        HM_ASSERT_OK(hm_lstm_descent(&l.problem, &e, 300, &adam, l.weights));
        HM_ASSERT_OK(hm_lstm_descent(&twin.problem, &e, 300, &other, twin.weights));
        CU_ASSERT_TRUE(loss_of(&l, &e) < 0.2 * before);
        CU_ASSERT_EQUAL(adam.steps, 300);
        CU_ASSERT_EQUAL(memcmp(l.weights, twin.weights, l.nweight * sizeof *l.weights), 0);
        CU_ASSERT_EQUAL(memcmp(adam.v, other.v, l.nweight * sizeof *adam.v), 0);
        forget(&adam);
        forget(&other);
        hm_lstm_examples_release(&e);
        lesson_destroy(&l);
        lesson_destroy(&twin);
    }
}

/* From the same weights, the number of the member and of the episode change what is drawn. */
static void test_draws_differ(void)
{
    struct lesson l;
    lesson_create(&l, LESSON_PAIR, 1, 3, 300);
    struct hm_lstm_examples first = drawn(&l, 50), again = drawn(&l, 50);
    l.problem.key.replica = 1;
    struct hm_lstm_examples member = drawn(&l, 50);
    l.problem.key.replica = 0;
    l.problem.episode = 1;
    struct hm_lstm_examples episode = drawn(&l, 50);
    const size_t bytes = 50 * first.steps * 2 * sizeof *first.x;
    CU_ASSERT_EQUAL(memcmp(first.x, again.x, bytes), 0);
    CU_ASSERT_EQUAL(memcmp(first.state, again.state, 50 * 6 * sizeof *first.state), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(first.x, member.x, bytes), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(first.x, episode.x, bytes), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(member.x, episode.x, bytes), 0);
    hm_lstm_examples_release(&first);
    hm_lstm_examples_release(&again);
    hm_lstm_examples_release(&member);
    hm_lstm_examples_release(&episode);
    lesson_destroy(&l);
}

/* A Jacobian of 800 examples of 2 x 64 hidden units would be 300 megabytes, of 2 x 128 more than 1 gigabyte. */
static void test_what_is_polished(void)
{
    CU_ASSERT_TRUE(hm_lstm_polish_fits(&(struct hm_lstm_shape){2, 1, 2, 32}, 800));
    CU_ASSERT_TRUE(hm_lstm_polish_fits(&(struct hm_lstm_shape){2, 1, 2, 64}, 800));
    CU_ASSERT_FALSE(hm_lstm_polish_fits(&(struct hm_lstm_shape){2, 1, 2, 128}, 800));
}

static const struct hm_test tests[] = {
    {"gradients on every representation", test_gradients_on_every_representation},
    {"gradient of the work", test_gradient_of_the_work},
    {"work of known errors", test_work_of_known_errors},
    {"what has a work", test_what_has_a_work},
    {"examples are windows", test_examples_are_windows},
    {"examples end at labels", test_examples_end_at_labels},
    {"examples that restore", test_examples_that_restore},
    {"examples of an odd network", test_examples_of_an_odd_network},
    {"polish lowers the loss", test_polish_lowers_the_loss},
    {"polish takes the work away", test_polish_takes_the_work_away},
    {"descent lowers the loss", test_descent_lowers_the_loss},
    {"draws differ by member and episode", test_draws_differ},
    {"what is polished", test_what_is_polished},
};

HM_TEST_MAIN("LSTM training", tests)
