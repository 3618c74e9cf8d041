/* Examples of a study: windows drawn from the sequences, every label with the same chance. See lstm_study.h. */
#include "predictors/lstm_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What an example is shown besides the data. Constants measured on four diatomics. */
struct variety {
    double noise;     // of the normalised motions
    double amplitude; // spread of d
};

static const double INITIAL_STATE = 0.3;

static struct variety variety_of(const struct hm_lstm_problem *p)
{
    if (!p->force_law) return (struct variety){1e-3, p->restoring > 0 ? 0.05 : 0};
    /* Of several energies the coordinate tells the force; the motions are not to be trusted. */
    return p->restoring > 0 ? (struct variety){0.01, 0.02} : (struct variety){0.3, 0};
}

/* Draws of a study are numbered from here; the batches of the descent from 0. */
static uint64_t draw_number(const struct hm_lstm_problem *p, size_t example)
{
    return (uint64_t)1 << 55 | ((uint64_t)p->episode << 24 | example);
}

static size_t count_labels(const struct hm_lstm_problem *p)
{
    size_t labels = 0;
    for (size_t i = 0; i < p->nsequence; i++) labels += p->sequence[i].labels;
    return labels;
}

/* The step of the label of this number, counted over all sequences. */
static const struct hm_lstm_sequence *find(const struct hm_lstm_problem *p, size_t number, size_t *step)
{
    const struct hm_lstm_sequence *sequence = p->sequence;
    while (number >= sequence->labels) number -= (sequence++)->labels;
    for (*step = sequence->learn_from;; (*step)++)
        if (sequence->label[*step] && number-- == 0) return sequence;
}

static void fill_state(const struct hm_lstm_problem *p, uint64_t draw, double *state)
{
    const size_t count = hm_lstm_state_count(&p->shape, 1);
    for (size_t k = 0; k < count; k++) {
        double noise[3];
        hm_rng_normal3(p->key, draw, (uint32_t)(1 << 20 | k), noise);
        state[k] = INITIAL_STATE * noise[0];
    }
}

static void fill_example(const struct hm_lstm_problem *p, const struct hm_lstm_sequence *sequence, size_t step,
                         uint64_t draw, double *x, double *target)
{
    const struct variety variety = variety_of(p);
    const size_t nin = p->shape.nin, first = step - p->prime;
    double noise[3];
    hm_rng_normal3(p->key, draw, 1, noise);
    /* Every other example keeps its amplitude, so that the orbit itself is learned best. */
    const double d = draw % 2 ? variety.amplitude * noise[0] : 0;
    const double scale = p->odd && noise[1] < 0 ? -(1 + d) : 1 + d;
    for (size_t n = 0; n <= p->prime; n++)
        for (size_t k = 0; k < nin; k++) x[n * nin + k] = scale * sequence->inputs[(first + n) * nin + k];
    for (size_t n = 0; n <= p->prime && p->motion; n++) {
        hm_rng_normal3(p->key, draw, (uint32_t)n + 2, noise);
        x[n * nin] += variety.noise * noise[0];
    }
    const double back = p->force_law ? sequence->rate[step] : (scale < 0 ? -1 : 1) * sequence->target[step];
    *target = scale * sequence->target[step] - p->restoring * d * back;
}

enum hm_status hm_lstm_examples_draw(const struct hm_lstm_problem *problem, size_t count,
                                     struct hm_lstm_examples *examples)
{
    const struct hm_lstm_problem *p = problem;
    const size_t labels = count_labels(p), steps = p->prime + 1;
    *examples = (struct hm_lstm_examples){.count = count, .steps = steps};
    examples->x = calloc(count * steps * p->shape.nin, sizeof *examples->x);
    const size_t nstate = hm_lstm_state_count(&p->shape, 1);
    examples->target = calloc(count, sizeof *examples->target);
    examples->state = calloc(count * nstate, sizeof *examples->state);
    if (!examples->x || !examples->target || !examples->state) {
        hm_lstm_examples_release(examples);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu training examples of %zu steps", count, steps);
    }
    for (size_t e = 0; e < count; e++) {
        double u[2];
        size_t step;
        const uint64_t draw = draw_number(p, e);
        hm_rng_uniform2(p->key, draw, 0, u);
        /* One label from each of `count` equal parts: evenly spread, yet without a period of its own. */
        const double place = ((double)e + u[0]) / (double)count;
        const struct hm_lstm_sequence *sequence = find(p, (size_t)(place * (double)labels), &step);
        fill_example(p, sequence, step, draw, &examples->x[e * steps * p->shape.nin], &examples->target[e]);
        fill_state(p, draw, &examples->state[e * nstate]);
    }
    return HM_OK;
}

void hm_lstm_examples_place(const struct hm_lstm_problem *problem, const struct hm_lstm_examples *examples,
                            size_t first, size_t batch, double *x, double *state)
{
    const struct hm_lstm_shape *shape = &problem->shape;
    const size_t nin = shape->nin, steps = examples->steps, nstate = hm_lstm_state_count(shape, 1);
    for (size_t b = 0; b < batch; b++) {
        for (size_t n = 0; n < steps; n++)
            memcpy(&x[(n * batch + b) * nin], &examples->x[((first + b) * steps + n) * nin], nin * sizeof *x);
        hm_lstm_state_place(shape, &examples->state[(first + b) * nstate], b, batch, state);
    }
}

void hm_lstm_examples_release(struct hm_lstm_examples *examples)
{
    free(examples->x);
    free(examples->state);
    free(examples->target);
    *examples = (struct hm_lstm_examples){0};
}
