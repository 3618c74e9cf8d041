/* The LSTM against itself: gradients against central differences, steps against sequences, float against double, and
 * one cell and one Adam step against numbers worked out by hand. */
#include "predictors/adam.h"
#include "predictors/lstm_network.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

struct scenario {
    struct hm_lstm_shape shape;
    size_t batch, steps;
};

static const struct scenario scenarios[] = {
    {{.nin = 1, .nout = 1, .layers = 1, .hidden = 3}, 1, 1}, {{.nin = 2, .nout = 1, .layers = 2, .hidden = 5}, 1, 7},
    {{.nin = 2, .nout = 3, .layers = 1, .hidden = 9}, 4, 5}, {{.nin = 6, .nout = 2, .layers = 3, .hidden = 4}, 2, 4},
    {{.nin = 3, .nout = 1, .layers = 3, .hidden = 7}, 3, 6}, {{.nin = 4, .nout = 2, .layers = 2, .hidden = 8}, 4, 1},
};
enum { NSCENARIO = sizeof scenarios / sizeof *scenarios };

/* A network and a sequence, with everything allocated. */
struct bench {
    const struct hm_lstm_engine *engine;
    struct hm_lstm_shape shape;
    size_t batch, steps, nparameter, nstate, nx, ny;
    double *parameters, *gradient, *x, *y, *weight, *state0;
    void *packed, *state, *scratch, *tape;
};

static const struct hm_rng_key key = {.seed = 11, .purpose = HM_RNG_TEST};

static void *allocate(size_t count, size_t size)
{
    void *block = calloc(count, size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    return block;
}

static void draw(size_t count, uint64_t stream, double *values)
{
    for (size_t i = 0; i < count; i++) {
        double u[2];
        hm_rng_uniform2(key, stream, (uint32_t)i, u);
        values[i] = 2 * u[0] - 1;
    }
}

/* Weights three times the usual, so that the gates leave their linear range; state, x and dloss/dy in [-1, 1]. */
static void bench_create(struct bench *b, const struct scenario *scenario, enum hm_lstm_precision precision)
{
    *b = (struct bench){.engine = hm_lstm_engine_get(precision),
                        .shape = scenario->shape,
                        .batch = scenario->batch,
                        .steps = scenario->steps};
    const size_t rows = b->steps * b->batch, real = b->engine->real_size;
    b->nparameter = hm_lstm_parameter_count(&b->shape);
    b->nstate = hm_lstm_state_count(&b->shape, b->batch);
    b->nx = rows * b->shape.nin;
    b->ny = rows * b->shape.nout;
    b->parameters = allocate(b->nparameter, sizeof(double));
    b->gradient = allocate(b->nparameter, sizeof(double));
    b->x = allocate(b->nx, sizeof(double));
    b->y = allocate(b->ny, sizeof(double));
    b->weight = allocate(b->ny, sizeof(double));
    b->state0 = allocate(b->nstate, sizeof(double));
    b->packed = allocate(hm_lstm_packed_count(&b->shape), real);
    b->state = allocate(b->nstate, real);
    b->scratch = allocate(hm_lstm_scratch_count(&b->shape, b->batch), real);
    b->tape = allocate(hm_lstm_tape_count(&b->shape, b->batch, b->steps), real);
    hm_lstm_parameters_draw(&b->shape, key, b->parameters);
    for (size_t i = 0; i < b->nparameter; i++) b->parameters[i] *= 3;
    draw(b->nx, 1, b->x);
    draw(b->ny, 2, b->weight);
    draw(b->nstate, 3, b->state0);
}

static void bench_destroy(struct bench *b)
{
    void *blocks[] = {b->parameters, b->gradient, b->x,     b->y,       b->weight,
                      b->state0,     b->packed,   b->state, b->scratch, b->tape};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
}

static void start(struct bench *b)
{
    b->engine->pack(&b->shape, b->parameters, b->packed);
    b->engine->from_double(b->nstate, b->state0, b->state);
}

static void forward(struct bench *b)
{
    start(b);
    b->engine->forward(&b->shape, b->batch, b->steps, b->packed, b->x, b->state, b->tape, b->y);
}

/* loss = sum of weight * y */
static double loss(struct bench *b)
{
    forward(b);
    double sum = 0;
    for (size_t i = 0; i < b->ny; i++) sum += b->weight[i] * b->y[i];
    return sum;
}

static void backward(struct bench *b)
{
    forward(b);
    b->engine->backward(&b->shape, b->batch, b->steps, b->packed, b->weight, b->tape, b->gradient);
}

static void test_gradients(void)
{
    for (size_t k = 0; k < NSCENARIO; k++) {
        struct bench b;
        bench_create(&b, &scenarios[k], HM_LSTM_DOUBLE);
        for (size_t i = 0; i < b.nparameter; i++) b.gradient[i] = 1e9; /* overwritten, not added to */
        backward(&b);
        double largest = 0, worst = 0;
        for (size_t i = 0; i < b.nparameter; i++) {
            const double h = 1e-5, kept = b.parameters[i];
            b.parameters[i] = kept + h;
            const double above = loss(&b);
            b.parameters[i] = kept - h;
            const double below = loss(&b);
            b.parameters[i] = kept;
            largest = fmax(largest, fabs(b.gradient[i]));
            worst = fmax(worst, fabs(b.gradient[i] - (above - below) / (2 * h)));
        }
        CU_ASSERT_TRUE(largest > 0.1);
        CU_ASSERT_TRUE(worst < 1e-8 * largest);
        bench_destroy(&b);
    }
}

/* What a step sees of the past is the state alone: T steps, or two sequences one after the other, are the sequence. */
static void test_steps_are_the_sequence(void)
{
    for (size_t k = 0; k < 2 * NSCENARIO; k++) {
        struct bench b;
        bench_create(&b, &scenarios[k / 2], k % 2 ? HM_LSTM_DOUBLE : HM_LSTM_FLOAT);
        const size_t x1 = b.batch * b.shape.nin, y1 = b.batch * b.shape.nout, first = b.steps / 2;
        const size_t state_bytes = b.nstate * b.engine->real_size;
        double *y = allocate(b.ny, sizeof *y);
        void *state = allocate(b.nstate, b.engine->real_size);
        forward(&b);
        memcpy(state, b.state, state_bytes);
        start(&b);
        for (size_t n = 0; n < b.steps; n++)
            b.engine->step(&b.shape, b.batch, b.packed, &b.x[n * x1], b.state, b.scratch, &y[n * y1]);
        CU_ASSERT_EQUAL(memcmp(y, b.y, b.ny * sizeof *y), 0);
        CU_ASSERT_EQUAL(memcmp(state, b.state, state_bytes), 0);

        start(&b);
        memset(y, 0, b.ny * sizeof *y);
        if (first > 0) b.engine->forward(&b.shape, b.batch, first, b.packed, b.x, b.state, b.tape, y);
        b.engine->forward(&b.shape, b.batch, b.steps - first, b.packed, &b.x[first * x1], b.state, b.tape,
                          &y[first * y1]);
        CU_ASSERT_EQUAL(memcmp(y, b.y, b.ny * sizeof *y), 0);
        CU_ASSERT_EQUAL(memcmp(state, b.state, state_bytes), 0);
        free(y);
        free(state);
        bench_destroy(&b);
    }
}

static void test_sequences_do_not_mix(void)
{
    struct bench b;
    bench_create(&b, &scenarios[2], HM_LSTM_DOUBLE);
    forward(&b);
    const size_t nin = b.shape.nin, nout = b.shape.nout;
    double *y = allocate(b.ny, sizeof *y);
    memcpy(y, b.y, b.ny * sizeof *y);
    b.x[1 * nin] += 0.5; /* first step of the second sequence */
    forward(&b);
    for (size_t n = 0; n < b.steps; n++)
        for (size_t s = 0; s < b.batch; s++) {
            const size_t i = (n * b.batch + s) * nout;
            CU_ASSERT_EQUAL(memcmp(&y[i], &b.y[i], nout * sizeof *y) == 0, s != 1);
        }
    free(y);
    bench_destroy(&b);
}

static void test_features_explain_the_output(void)
{
    struct bench b;
    bench_create(&b, &scenarios[4], HM_LSTM_DOUBLE);
    forward(&b);
    const size_t H = b.shape.hidden;
    double *features = allocate(b.steps * b.batch * H, sizeof *features);
    b.engine->features(&b.shape, b.batch, b.steps, b.tape, features);
    const double *head = &b.parameters[hm_lstm_layer_offset(&b.shape, b.shape.layers)];
    for (size_t r = 0; r < b.steps * b.batch; r++) {
        double y = head[H];
        for (size_t j = 0; j < H; j++) y += features[r * H + j] * head[j];
        HM_ASSERT_NEAR(y, b.y[r], 1e-14);
    }
    free(features);
    bench_destroy(&b);
}

static void test_float_is_double_rounded(void)
{
    for (size_t k = 0; k < NSCENARIO; k++) {
        struct bench narrow, wide;
        bench_create(&narrow, &scenarios[k], HM_LSTM_FLOAT);
        bench_create(&wide, &scenarios[k], HM_LSTM_DOUBLE);
        backward(&narrow);
        backward(&wide);
        double largest = 0, worst = 0;
        for (size_t i = 0; i < wide.ny; i++) HM_ASSERT_NEAR(narrow.y[i], wide.y[i], 1e-5);
        for (size_t i = 0; i < wide.nparameter; i++) {
            largest = fmax(largest, fabs(wide.gradient[i]));
            worst = fmax(worst, fabs(narrow.gradient[i] - wide.gradient[i]));
        }
        CU_ASSERT_TRUE(worst < 1e-5 * largest);
        CU_ASSERT_TRUE(worst > 0); /* they are two precisions */
        bench_destroy(&narrow);
        bench_destroy(&wide);
    }
}

/* H = 1: two steps of the equations in the header, written out. */
static void test_one_cell_by_hand(void)
{
    enum { PACKED = 4096, SCRATCH = 128 };
    const struct hm_lstm_engine *engine = hm_lstm_engine_get(HM_LSTM_DOUBLE);
    const struct hm_lstm_shape shape = {.nin = 1, .nout = 1, .layers = 1, .hidden = 1};
    const double p[14] = {0.5, -0.4, 0.9, 0.3, 0.2, 0.7, -0.6, 0.1, 0.05, 1, -0.2, 0.4, 1.5, 0.25};
    const double x[2] = {0.8, -1.1};
    double state[2] = {0, 0}, packed[PACKED], scratch[SCRATCH], h = 0, c = 0;
    CU_ASSERT_TRUE_FATAL(hm_lstm_packed_count(&shape) <= PACKED && hm_lstm_scratch_count(&shape, 1) <= SCRATCH);
    CU_ASSERT_EQUAL(hm_lstm_parameter_count(&shape), 14);
    engine->pack(&shape, p, packed);
    for (size_t n = 0; n < 2; n++) {
        double a[4], y;
        for (size_t j = 0; j < 4; j++) a[j] = x[n] * p[j] + h * p[4 + j] + p[8 + j];
        c = c / (1 + exp(-a[1])) + tanh(a[2]) / (1 + exp(-a[0]));
        h = tanh(c) / (1 + exp(-a[3]));
        engine->step(&shape, 1, packed, &x[n], state, scratch, &y);
        HM_ASSERT_NEAR(y, h * p[12] + p[13], 1e-15);
        HM_ASSERT_NEAR(state[0], h, 1e-15);
        HM_ASSERT_NEAR(state[1], c, 1e-15);
    }
}

static void test_drawn_parameters(void)
{
    const struct hm_lstm_shape shape = {.nin = 2, .nout = 1, .layers = 2, .hidden = 32};
    const size_t count = hm_lstm_parameter_count(&shape);
    CU_ASSERT_EQUAL(count, (2 + 32 + 1) * 128 + (32 + 32 + 1) * 128 + 33);
    double *first = allocate(count, sizeof *first), *second = allocate(count, sizeof *second), sum = 0, square = 0;
    hm_lstm_parameters_draw(&shape, key, first);
    hm_lstm_parameters_draw(&shape, key, second);
    CU_ASSERT_EQUAL(memcmp(first, second, count * sizeof *first), 0);
    hm_lstm_parameters_draw(&shape, (struct hm_rng_key){.seed = 12, .purpose = HM_RNG_TEST}, second);
    CU_ASSERT_NOT_EQUAL(first[0], second[0]);
    for (size_t i = 0; i < (2 + 32) * 128; i++) {
        CU_ASSERT_TRUE(fabs(first[i]) <= 1 / sqrt(32.0));
        sum += first[i];
        square += first[i] * first[i];
    }
    HM_ASSERT_NEAR(sum / (34 * 128), 0, 0.01);
    HM_ASSERT_NEAR(square / (34 * 128), 1 / (3 * 32.0), 1e-3);
    for (size_t l = 0; l < 2; l++)
        for (size_t j = 0; j < 32; j++) CU_ASSERT_EQUAL(first[hm_lstm_layer_offset(&shape, l + 1) - 96 + j], 0);
    CU_ASSERT_EQUAL(first[count - 1], 0);
    free(first);
    free(second);
}

/* rate 0.1, gradients 3, 4 then -1, 2; |g| = 5 is clipped to 1, sqrt(5) too. */
static void test_adam_by_hand(void)
{
    double m[2] = {0}, v[2] = {0}, w[2] = {1, 2};
    struct hm_adam adam = {.count = 2, .m = m, .v = v};
    hm_adam_default(&adam);
    hm_adam_step(&adam, 0.1, (const double[2]){3, 4}, w);
    HM_ASSERT_NEAR(m[0], 0.06, 1e-15);
    HM_ASSERT_NEAR(v[1], 0.00064, 1e-15);
    /* The first step is the rate times the sign, but for epsilon. */
    HM_ASSERT_NEAR(w[0], 1 - 0.1 * 0.6 / (0.6 + 1e-8), 1e-15);
    HM_ASSERT_NEAR(w[1], 2 - 0.1 * 0.8 / (0.8 + 1e-8), 1e-15);
    const double before = w[0], g = -1 / sqrt(5);
    hm_adam_step(&adam, 0.1, (const double[2]){-1, 2}, w);
    const double mean = (0.9 * 0.06 + 0.1 * g) / 0.19, square = (0.999 * 0.00036 + 0.001 * 0.2) / 0.001999;
    HM_ASSERT_NEAR(w[0], before - 0.1 * mean / (sqrt(square) + 1e-8), 1e-15);
    adam.clip = INFINITY;
    hm_adam_step(&adam, 0, (const double[2]){30, 0}, w);
    HM_ASSERT_NEAR(m[0], 0.9 * (0.9 * 0.06 + 0.1 * g) + 3, 1e-14);
}

/* A bowl with axes 1 : 100, which plain descent at this rate would leave. */
static void test_adam_finds_the_minimum(void)
{
    double m[2] = {0}, v[2] = {0}, w[2] = {3, -2};
    struct hm_adam adam = {.count = 2, .m = m, .v = v};
    hm_adam_default(&adam);
    for (int k = 0; k < 2000; k++)
        hm_adam_step(&adam, 0.1 * (1 - k / 2000.0), (const double[2]){w[0] - 1, 100 * (w[1] - 2)}, w);
    HM_ASSERT_NEAR(w[0], 1, 1e-4);
    HM_ASSERT_NEAR(w[1], 2, 1e-4);
}

static const struct hm_test tests[] = {
    {"gradients", test_gradients},
    {"steps are the sequence", test_steps_are_the_sequence},
    {"sequences do not mix", test_sequences_do_not_mix},
    {"features explain the output", test_features_explain_the_output},
    {"float is double, rounded", test_float_is_double_rounded},
    {"one cell by hand", test_one_cell_by_hand},
    {"drawn parameters", test_drawn_parameters},
    {"Adam by hand", test_adam_by_hand},
    {"Adam finds the minimum", test_adam_finds_the_minimum},
};

HM_TEST_MAIN("LSTM network", tests)
