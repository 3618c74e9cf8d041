/* The fast LSTM engines against the naive one, on every instruction set this machine has, over random shapes: outputs,
 * gradients, gradients of each sequence; the gates' functions within their stated bounds; and what must be the same
 * bits. */
#include "predictors/lstm_network.h"

#include "tests/test.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

static const struct hm_rng_key key = {.seed = 5, .purpose = HM_RNG_TEST};

enum { TRIALS = 40 };

static void *allocate(size_t count, size_t size)
{
    void *block = calloc(count, size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    return block;
}

static double uniform(uint64_t stream, size_t i)
{
    double u[2];
    hm_rng_uniform2(key, stream, (uint32_t)i, u);
    return u[0];
}

static size_t pick(size_t trial, size_t i, size_t most)
{
    return 1 + (size_t)(uniform(1000 + trial, i) * (double)most);
}

/* What a network gives on drawn weights three times the usual, inputs and dloss/dy in [-1, 1], from the zero state. */
struct outcome {
    struct hm_lstm_shape shape;
    size_t batch, steps, nparameter, ny;
    double *parameters, *x, *dy, *y, *gradient, *each;
};

static struct outcome pose(size_t trial)
{
    struct outcome o = {
        .shape = {pick(trial, 0, 7), pick(trial, 1, 4), pick(trial, 2, 3), pick(trial, 3, 70)},
        .batch = pick(trial, 4, 15),
        .steps = pick(trial, 5, 9),
    };
    const size_t rows = o.batch * o.steps;
    o.nparameter = hm_lstm_parameter_count(&o.shape);
    o.ny = rows * o.shape.nout;
    o.parameters = allocate(o.nparameter, sizeof(double));
    o.x = allocate(rows * o.shape.nin, sizeof(double));
    o.dy = allocate(o.ny, sizeof(double));
    o.y = allocate(o.ny, sizeof(double));
    o.gradient = allocate(o.nparameter, sizeof(double));
    o.each = allocate(o.batch * o.nparameter, sizeof(double));
    hm_lstm_parameters_draw(&o.shape, key, o.parameters);
    for (size_t i = 0; i < o.nparameter; i++) o.parameters[i] *= 3;
    for (size_t i = 0; i < rows * o.shape.nin; i++) o.x[i] = 2 * uniform(2, i) - 1;
    /* In some rows and at some outputs nothing, as in training. */
    for (size_t i = 0; i < o.ny; i++) o.dy[i] = uniform(4, i) < 0.3 ? 0 : 2 * uniform(3, i) - 1;
    return o;
}

static void forget(struct outcome *o)
{
    double *const owned[] = {o->parameters, o->x, o->dy, o->y, o->gradient, o->each};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

static void run(const struct hm_lstm_engine *engine, struct outcome *o)
{
    const size_t real = engine->real_size, nstate = hm_lstm_state_count(&o->shape, o->batch);
    void *packed = allocate(hm_lstm_packed_count(&o->shape), real), *state = allocate(nstate, real);
    void *tape = allocate(hm_lstm_tape_count(&o->shape, o->batch, o->steps), real);
    engine->pack(&o->shape, o->parameters, packed);
    engine->forward(&o->shape, o->batch, o->steps, packed, o->x, state, tape, o->y);
    engine->backward(&o->shape, o->batch, o->steps, packed, o->dy, tape, o->gradient);
    memset(state, 0, nstate * real);
    engine->forward(&o->shape, o->batch, o->steps, packed, o->x, state, tape, o->y);
    engine->backward_each(&o->shape, o->batch, o->steps, packed, o->dy, tape, o->each);
    free(packed);
    free(state);
    free(tape);
}

/* The largest difference, over the largest of b. */
static double difference(const double *a, const double *b, size_t count)
{
    double worst = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        worst = fmax(worst, fabs(a[i] - b[i]));
        largest = fmax(largest, fabs(b[i]));
        if (isnan(a[i])) return INFINITY;
    }
    return largest > 0 ? worst / largest : worst;
}

static void check_against_naive(enum hm_lstm_precision precision, double tolerance)
{
    for (size_t trial = 0; trial < TRIALS; trial++) {
        struct outcome naive = pose(trial);
        run(hm_lstm_engine_of(HM_LSTM_NAIVE, precision), &naive);
        for (enum hm_lstm_instructions k = HM_LSTM_PORTABLE; k <= HM_LSTM_AVX512; k++) {
            const struct hm_lstm_engine *engine = hm_lstm_engine_of(k, precision);
            if (!engine) continue;
            struct outcome fast = pose(trial);
            run(engine, &fast);
            CU_ASSERT_TRUE(difference(fast.y, naive.y, fast.ny) < tolerance);
            CU_ASSERT_TRUE(difference(fast.gradient, naive.gradient, fast.nparameter) < tolerance);
            CU_ASSERT_TRUE(difference(fast.each, naive.each, fast.batch * fast.nparameter) < tolerance);
            forget(&fast);
        }
        forget(&naive);
    }
}

static void test_double_against_naive(void)
{
    check_against_naive(HM_LSTM_DOUBLE, 1e-13);
}

static void test_float_against_naive(void)
{
    check_against_naive(HM_LSTM_FLOAT, 1e-5);
}

static void test_float_gradients_are_double_ones(void)
{
    for (size_t trial = 0; trial < TRIALS; trial++) {
        struct outcome wide = pose(trial), narrow = pose(trial);
        run(hm_lstm_engine_get(HM_LSTM_DOUBLE), &wide);
        run(hm_lstm_engine_get(HM_LSTM_FLOAT), &narrow);
        CU_ASSERT_TRUE(difference(narrow.gradient, wide.gradient, wide.nparameter) < 1e-4);
        CU_ASSERT_TRUE(difference(narrow.gradient, wide.gradient, wide.nparameter) > 0);
        forget(&wide);
        forget(&narrow);
    }
}

static void test_gradients_of_each_add_up(void)
{
    for (size_t trial = 0; trial < TRIALS; trial++) {
        struct outcome o = pose(trial);
        run(hm_lstm_engine_get(HM_LSTM_DOUBLE), &o);
        for (size_t b = 1; b < o.batch; b++)
            for (size_t i = 0; i < o.nparameter; i++) o.each[i] += o.each[b * o.nparameter + i];
        CU_ASSERT_TRUE(difference(o.each, o.gradient, o.nparameter) < 1e-13);
        forget(&o);
    }
}

/* ---- the same bits ---- */

/* A sequence alone is what it is among others; steps are the sequence. */
static void check_alone(const struct hm_lstm_engine *engine, size_t trial)
{
    struct outcome o = pose(trial);
    const size_t real = engine->real_size, nin = o.shape.nin, nout = o.shape.nout;
    run(engine, &o);
    void *packed = allocate(hm_lstm_packed_count(&o.shape), real);
    void *state = allocate(hm_lstm_state_count(&o.shape, 1), real);
    void *scratch = allocate(hm_lstm_scratch_count(&o.shape, 1), real);
    double *y = allocate(nout, sizeof *y);
    engine->pack(&o.shape, o.parameters, packed);
    for (size_t b = 0; b < o.batch; b++) {
        memset(state, 0, hm_lstm_state_count(&o.shape, 1) * real);
        for (size_t n = 0; n < o.steps; n++) {
            const size_t row = n * o.batch + b;
            engine->step(&o.shape, 1, packed, &o.x[row * nin], state, scratch, y);
            CU_ASSERT_EQUAL(memcmp(y, &o.y[row * nout], nout * sizeof *y), 0);
        }
    }
    free(packed);
    free(state);
    free(scratch);
    free(y);
    forget(&o);
}

static void test_sequences_do_not_see_each_other(void)
{
    for (enum hm_lstm_instructions k = HM_LSTM_NAIVE; k <= HM_LSTM_AVX512; k++)
        for (size_t trial = 0; trial < TRIALS; trial++) {
            if (hm_lstm_engine_of(k, HM_LSTM_FLOAT)) check_alone(hm_lstm_engine_of(k, HM_LSTM_FLOAT), trial);
            if (hm_lstm_engine_of(k, HM_LSTM_DOUBLE)) check_alone(hm_lstm_engine_of(k, HM_LSTM_DOUBLE), trial);
        }
}

/* Networks of one shape in one call. */
static void test_steps_in_one_call(void)
{
    enum { NETWORKS = 3, BATCH = 2, STEPS = 4, HIDDEN = 20 };
    const struct hm_lstm_shape shape = {.nin = 2, .nout = 1, .layers = 2, .hidden = HIDDEN};
    const struct hm_lstm_engine *engine = hm_lstm_engine_get(HM_LSTM_FLOAT);
    const double x[2 * BATCH] = {0.3, -0.8, 1.1, 0.2};
    double y[NETWORKS][BATCH], alone[BATCH];
    float *packed[NETWORKS], *state[NETWORKS], *scratch[NETWORKS];
    float *lonely = allocate(hm_lstm_state_count(&shape, BATCH), sizeof *lonely);
    struct hm_lstm_call call[NETWORKS];
    double *parameters = allocate(hm_lstm_parameter_count(&shape), sizeof *parameters);
    for (size_t k = 0; k < NETWORKS; k++) {
        packed[k] = allocate(hm_lstm_packed_count(&shape), sizeof(float));
        state[k] = allocate(hm_lstm_state_count(&shape, BATCH), sizeof(float));
        scratch[k] = allocate(hm_lstm_scratch_count(&shape, BATCH), sizeof(float));
        hm_lstm_parameters_draw(&shape, (struct hm_rng_key){.seed = k, .purpose = HM_RNG_TEST}, parameters);
        engine->pack(&shape, parameters, packed[k]);
        call[k] = (struct hm_lstm_call){BATCH, packed[k], x, state[k], scratch[k], y[k]};
    }
    for (size_t n = 0; n < STEPS; n++) engine->step_all(&shape, NETWORKS, call);
    CU_ASSERT_NOT_EQUAL(y[0][0], y[1][0]);
    for (size_t k = 0; k < NETWORKS; k++) {
        memset(lonely, 0, hm_lstm_state_count(&shape, BATCH) * sizeof *lonely);
        for (size_t n = 0; n < STEPS; n++) engine->step(&shape, BATCH, packed[k], x, lonely, scratch[k], alone);
        CU_ASSERT_EQUAL(memcmp(alone, y[k], sizeof alone), 0);
        CU_ASSERT_EQUAL(memcmp(lonely, state[k], hm_lstm_state_count(&shape, BATCH) * sizeof *lonely), 0);
        free(packed[k]);
        free(state[k]);
        free(scratch[k]);
    }
    free(lonely);
    free(parameters);
}

/* ---- the gates' functions ---- */

enum { POINTS = 200003 };

/* Evenly over [-30, 30], ever smaller towards 0, and far out. */
static double point(size_t i)
{
    if (i % 8 == 0) return (i % 16 ? -1 : 1) * exp(-30 * uniform(7, i));
    if (i % 8 == 1) return 2000 * (uniform(7, i) - 0.5);
    return 60 * (uniform(7, i) - 0.5);
}

/* The bounds of lstm_vector.inc, in units of `epsilon`. */
static void check_functions(const struct hm_lstm_engine *engine, double epsilon)
{
    void *a = allocate(POINTS, engine->real_size), *s = allocate(POINTS, engine->real_size);
    void *t = allocate(POINTS, engine->real_size);
    double *wide = allocate(POINTS, sizeof *wide), *sigmoid = allocate(POINTS, sizeof *sigmoid);
    double *tangent = allocate(POINTS, sizeof *tangent), worst_sigmoid = 0, worst_tanh = 0;
    for (size_t i = 0; i < POINTS; i++) wide[i] = point(i);
    engine->from_double(POINTS, wide, a);
    engine->to_double(POINTS, a, wide);
    engine->sigmoid(POINTS, a, s);
    engine->tanh(POINTS, a, t);
    engine->to_double(POINTS, s, sigmoid);
    engine->to_double(POINTS, t, tangent);
    for (size_t i = 0; i < POINTS; i++) {
        const long double x = wide[i], exact_sigmoid = 1 / (1 + expl(-x)), exact_tanh = tanhl(x);
        if (!isfinite(sigmoid[i]) || !isfinite(tangent[i])) worst_sigmoid = INFINITY; /* fmax passes NaN over */
        worst_sigmoid = fmax(worst_sigmoid, (double)fabsl(sigmoid[i] - exact_sigmoid));
        worst_tanh = fmax(worst_tanh, (double)fabsl(tangent[i] / exact_tanh - 1));
    }
    CU_ASSERT_TRUE(worst_sigmoid <= epsilon);
    CU_ASSERT_TRUE(worst_tanh <= 3 * epsilon);
    free(a);
    free(s);
    free(t);
    free(wide);
    free(sigmoid);
    free(tangent);
}

static void test_functions_within_bounds(void)
{
    for (enum hm_lstm_instructions k = HM_LSTM_PORTABLE; k <= HM_LSTM_AVX512; k++) {
        if (!hm_lstm_engine_of(k, HM_LSTM_FLOAT)) continue;
        check_functions(hm_lstm_engine_of(k, HM_LSTM_FLOAT), FLT_EPSILON);
        check_functions(hm_lstm_engine_of(k, HM_LSTM_DOUBLE), DBL_EPSILON);
    }
}

static void test_functions_at_the_edges(void)
{
    for (enum hm_lstm_instructions k = HM_LSTM_PORTABLE; k <= HM_LSTM_AVX512; k++) {
        const struct hm_lstm_engine *engine = hm_lstm_engine_of(k, HM_LSTM_DOUBLE);
        if (!engine) continue;
        const double a[5] = {NAN, INFINITY, -INFINITY, 0, 1e-300};
        double s[5], t[5];
        engine->sigmoid(5, a, s);
        engine->tanh(5, a, t);
        CU_ASSERT_TRUE(isnan(s[0]) && isnan(t[0]));
        CU_ASSERT_TRUE(s[1] == 1 && t[1] == 1);
        CU_ASSERT_TRUE(s[2] >= 0 && s[2] < 1e-300 && t[2] == -1);
        CU_ASSERT_TRUE(s[3] == 0.5 && t[3] == 0);
        CU_ASSERT_TRUE(t[4] == 1e-300);
    }
}

/* What is not a number shows in the output, and nowhere else. */
static void test_not_a_number_stays_so(void)
{
    const struct hm_lstm_engine *engine = hm_lstm_engine_get(HM_LSTM_FLOAT);
    struct outcome o = pose(1);
    o.x[0] = NAN; /* of the first sequence */
    run(engine, &o);
    for (size_t n = 0; n < o.steps; n++)
        for (size_t i = 0; i < o.batch * o.shape.nout; i++)
            CU_ASSERT_EQUAL(isnan(o.y[n * o.batch * o.shape.nout + i]) != 0, i < o.shape.nout);
    forget(&o);
}

static const struct hm_test tests[] = {
    {"double against naive", test_double_against_naive},
    {"float against naive", test_float_against_naive},
    {"float gradients are the double ones", test_float_gradients_are_double_ones},
    {"gradients of each add up", test_gradients_of_each_add_up},
    {"sequences do not see each other", test_sequences_do_not_see_each_other},
    {"steps in one call", test_steps_in_one_call},
    {"functions within bounds", test_functions_within_bounds},
    {"functions at the edges", test_functions_at_the_edges},
    {"not a number stays so", test_not_a_number_stays_so},
};

HM_TEST_MAIN("LSTM engines", tests)
