#include "predictors/lstm_speed.h"

#include "predictors/adam.h"

#include "io/log.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 21, LIMIT_REPEATS = 9, LIMIT_ORDER = 1024 };

static const double LEAST = 2e-4; /* seconds of one repetition of steps: the clock must not matter */
static const double RATE = 1e-3;

/* A network, a batch and what training it takes; the states are of one step as well as of a window. */
struct bench {
    size_t batch, window, nparameter;
    struct hm_adam adam;
    double *parameters, *gradient, *x, *y;
    void *packed, *state, *scratch, *tape;
};

static void release(struct bench *b)
{
    void *const owned[] = {b->adam.m, b->adam.v, b->parameters, b->gradient, b->x,
                           b->y,      b->packed, b->state,      b->scratch,  b->tape};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

static enum hm_status prepare(const struct hm_lstm_engine *engine, const struct hm_lstm_shape *shape, size_t batch,
                              size_t window, struct bench *b)
{
    const size_t n = hm_lstm_parameter_count(shape), real = engine->real_size;
    const struct hm_rng_key key = {.seed = 1, .purpose = HM_RNG_TRAINING};
    *b = (struct bench){
        .batch = batch,
        .window = window,
        .nparameter = n,
        .adam = {.count = n, .m = calloc(n, sizeof(double)), .v = calloc(n, sizeof(double))},
        .parameters = hm_lstm_memory(n, sizeof(double)),
        .gradient = hm_lstm_memory(n, sizeof(double)),
        .x = hm_lstm_memory(window * batch * shape->nin, sizeof(double)),
        .y = hm_lstm_memory(window * batch * shape->nout, sizeof(double)),
        .packed = hm_lstm_memory(hm_lstm_packed_count(shape), real),
        .state = hm_lstm_memory(hm_lstm_state_count(shape, batch), real),
        .scratch = hm_lstm_memory(hm_lstm_scratch_count(shape, batch), real),
        .tape = hm_lstm_memory(hm_lstm_tape_count(shape, batch, window), real),
    };
    if (!b->adam.m || !b->adam.v || !b->parameters || !b->gradient || !b->x || !b->y || !b->packed || !b->state ||
        !b->scratch || !b->tape) {
        release(b);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory to measure a network of %zu hidden units", shape->hidden);
    }
    hm_adam_default(&b->adam);
    hm_lstm_parameters_draw(shape, key, b->parameters);
    engine->pack(shape, b->parameters, b->packed);
    for (size_t i = 0; i < window * batch * shape->nin; i++) {
        double u[2];
        hm_rng_uniform2(key, i, 1, u);
        b->x[i] = 2 * u[0] - 1;
    }
    return HM_OK;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

enum hm_status hm_lstm_time_step(const struct hm_lstm_engine *engine, const struct hm_lstm_shape *shape, size_t batch,
                                 double *seconds)
{
    struct bench b;
    double times[REPEATS];
    size_t steps = 1;
    HM_TRY(prepare(engine, shape, batch, 1, &b));
    for (size_t k = 0; k < REPEATS;) {
        const double started = hm_clock();
        for (size_t n = 0; n < steps; n++) engine->step(shape, batch, b.packed, b.x, b.state, b.scratch, b.y);
        times[k] = hm_clock() - started;
        if (k == 0 && times[k] < LEAST)
            steps *= 2;
        else
            times[k++] /= (double)steps;
    }
    release(&b);
    *seconds = median(times, REPEATS);
    return HM_OK;
}

static void train(const struct hm_lstm_engine *engine, const struct hm_lstm_shape *shape, struct bench *b)
{
    const size_t row = b->batch * shape->nout, last = (b->window - 1) * row;
    memset(b->state, 0, hm_lstm_state_count(shape, b->batch) * engine->real_size);
    engine->pack(shape, b->parameters, b->packed);
    engine->forward(shape, b->batch, b->window, b->packed, b->x, b->state, b->tape, b->y);
    memset(b->y, 0, last * sizeof *b->y); /* from here on dloss/dy, of outputs that should be 0.5 */
    for (size_t i = 0; i < row; i++) b->y[last + i] = 2 * (b->y[last + i] - 0.5) / (double)row;
    engine->backward(shape, b->batch, b->window, b->packed, b->y, b->tape, b->gradient);
    hm_adam_step(&b->adam, RATE, b->gradient, b->parameters);
}

enum hm_status hm_lstm_time_training(const struct hm_lstm_engine *engine, const struct hm_lstm_shape *shape,
                                     size_t batch, size_t window, double *seconds)
{
    struct bench b;
    double times[REPEATS];
    const size_t repeats = batch > 100 ? 7 : REPEATS;
    HM_TRY(prepare(engine, shape, batch, window, &b));
    train(engine, shape, &b);
    for (size_t k = 0; k < repeats; k++) {
        const double started = hm_clock();
        train(engine, shape, &b);
        times[k] = hm_clock() - started;
    }
    release(&b);
    *seconds = median(times, repeats);
    return HM_OK;
}

enum hm_status hm_lstm_time_limit(double *rate)
{
    const size_t n = LIMIT_ORDER;
    float *a = hm_lstm_memory(3 * n * n, sizeof *a);
    double times[LIMIT_REPEATS];
    if (!a) return hm_fail(HM_OUT_OF_MEMORY, "no memory for matrices of %zu x %zu", n, n);
    for (size_t i = 0; i < 2 * n * n; i++) a[i] = (float)(i % 7) - 3;
    openblas_set_num_threads(1);
    for (size_t k = 0; k < LIMIT_REPEATS; k++) {
        const double started = hm_clock();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)n, (int)n, 1, a, (int)n, &a[n * n], (int)n,
                    0, &a[2 * n * n], (int)n);
        times[k] = hm_clock() - started;
    }
    free(a);
    *rate = 2.0 * (double)(n * n * n) / median(times, LIMIT_REPEATS);
    return HM_OK;
}

double hm_lstm_step_operations(const struct hm_lstm_shape *shape, size_t batch)
{
    const double H = (double)shape->hidden;
    double sum = H * (double)shape->nout;
    for (size_t l = 0; l < shape->layers; l++) sum += 4 * H * ((double)hm_lstm_layer_inputs(shape, l) + H);
    return 2 * (double)batch * sum;
}

/* Forward; as much again for the gradient; deltas go to the state before and to the layer below. The head is only asked
 * for at the last step. */
double hm_lstm_training_operations(const struct hm_lstm_shape *shape, size_t batch, size_t window)
{
    const double H = (double)shape->hidden, B = (double)batch, T = (double)window;
    const double head = 2 * B * H * (double)shape->nout;
    const double forward = T * (hm_lstm_step_operations(shape, batch) - head);
    const double deltas = T * 2 * B * 4 * H * H * (double)(2 * shape->layers - 1);
    return 2 * forward + deltas + 3 * head;
}
