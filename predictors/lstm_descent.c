/* Adam on batches of examples. See lstm_study.h. */
#include "predictors/lstm_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64, WARM_UP = 20 };

static const double RATE_FIRST = 5e-3, RATE_LATER = 2e-4, RATE_LAST = 1e-5;
static const double PI = 3.14159265358979323846;

struct batch {
    double *x, *y, *target; // (steps, BATCH, nin), (steps, BATCH), (BATCH)
    double *gradient, *packed, *state, *tape;
};

static void release(struct batch *b)
{
    void *const owned[] = {b->x, b->y, b->target, b->gradient, b->packed, b->state, b->tape};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

static enum hm_status allocate(const struct hm_lstm_shape *shape, size_t steps, struct batch *b)
{
    *b = (struct batch){
        .x = calloc(steps * BATCH * shape->nin, sizeof(double)),
        .y = calloc(steps * BATCH, sizeof(double)),
        .target = calloc(BATCH, sizeof(double)),
        .gradient = calloc(hm_lstm_parameter_count(shape), sizeof(double)),
        .packed = hm_lstm_memory(hm_lstm_packed_count(shape), sizeof(double)),
        .state = hm_lstm_memory(hm_lstm_state_count(shape, BATCH), sizeof(double)),
        .tape = hm_lstm_memory(hm_lstm_tape_count(shape, BATCH, steps), sizeof(double)),
    };
    if (b->x && b->y && b->target && b->gradient && b->packed && b->state && b->tape) return HM_OK;
    release(b);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory to train on %d windows of %zu steps", BATCH, steps);
}

static void fill(const struct hm_lstm_problem *p, const struct hm_lstm_examples *examples, size_t update,
                 struct batch *b)
{
    const size_t nin = p->shape.nin, steps = examples->steps;
    for (size_t k = 0; k < BATCH; k++) {
        double u[2];
        hm_rng_uniform2(p->key, ((uint64_t)p->episode + 1) << 24 | update, (uint32_t)k, u);
        const size_t e = (size_t)(u[0] * (double)examples->count);
        for (size_t n = 0; n < steps; n++)
            memcpy(&b->x[(n * BATCH + k) * nin], &examples->x[(e * steps + n) * nin], nin * sizeof *b->x);
        b->target[k] = examples->target[e];
        hm_lstm_state_place(&p->shape, &examples->state[e * hm_lstm_state_count(&p->shape, 1)], k, BATCH, b->state);
    }
}

static double rate_at(bool from_scratch, size_t update, size_t updates)
{
    const double first = from_scratch ? RATE_FIRST : RATE_LATER;
    const double rate = RATE_LAST + (first - RATE_LAST) * 0.5 * (1 + cos(PI * (double)update / (double)updates));
    return update < WARM_UP ? rate * (double)(update + 1) / WARM_UP : rate;
}

enum hm_status hm_lstm_descent(const struct hm_lstm_problem *problem, const struct hm_lstm_examples *examples,
                               size_t updates, struct hm_adam *adam, double *weights)
{
    const struct hm_lstm_shape *shape = &problem->shape;
    const struct hm_lstm_engine *engine = hm_lstm_engine_get(HM_LSTM_DOUBLE);
    const size_t steps = examples->steps, last = (steps - 1) * BATCH;
    struct batch b;
    HM_TRY(allocate(shape, steps, &b));
    enum hm_status status = HM_OK;
    for (size_t update = 0; update < updates; update++) {
        status = hm_interrupt_check(&problem->interrupt);
        if (status != HM_OK) break;
        fill(problem, examples, update, &b);
        engine->pack(shape, weights, b.packed);
        engine->forward(shape, BATCH, steps, b.packed, b.x, b.state, b.tape, b.y);
        memset(b.y, 0, last * sizeof *b.y); /* from here on dloss/dy */
        for (size_t k = 0; k < BATCH; k++) b.y[last + k] = 2 * (b.y[last + k] - b.target[k]) / BATCH;
        engine->backward(shape, BATCH, steps, b.packed, b.y, b.tape, b.gradient);
        hm_adam_step(adam, rate_at(problem->from_scratch, update, updates), b.gradient, weights);
    }
    release(&b);
    return status;
}
