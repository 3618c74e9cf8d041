#include "predictors/lstm_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHORTEST = 400 };

static const double PI = 3.14159265358979323846;

/* Sequences without gaps in their labels, long enough to judge. */
static void choose_sequences(struct hm_lstm_work *w)
{
    const struct hm_lstm_problem *p = w->problem;
    for (size_t i = 0; i < p->nsequence && w->count < HM_LSTM_WORK_MOST; i++) {
        const struct hm_lstm_sequence *sequence = &p->sequence[i];
        const size_t room = sequence->count - sequence->learn_from;
        if (!p->force_law || sequence->labels != room || room < SHORTEST) continue;
        w->sequence[w->count++] = sequence;
        if (sequence->count > w->longest) w->longest = sequence->count;
    }
}

enum hm_status hm_lstm_work_start(const struct hm_lstm_problem *problem, struct hm_lstm_work *work)
{
    *work = (struct hm_lstm_work){.problem = problem};
    choose_sequences(work);
    if (work->count == 0) return HM_OK;
    work->packed = hm_lstm_memory(hm_lstm_packed_count(&problem->shape), sizeof *work->packed);
    work->state = hm_lstm_memory(hm_lstm_state_count(&problem->shape, 1), sizeof *work->state);
    work->tape = hm_lstm_memory(hm_lstm_tape_count(&problem->shape, 1, work->longest), sizeof *work->tape);
    work->y = calloc(work->longest, sizeof *work->y);
    work->dy = calloc(work->longest, sizeof *work->dy);
    if (work->packed && work->state && work->tape && work->y && work->dy) return HM_OK;
    hm_lstm_work_release(work);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory to train on a sequence of %zu steps", work->longest);
}

void hm_lstm_work_release(struct hm_lstm_work *work)
{
    free(work->packed);
    free(work->state);
    free(work->tape);
    free(work->y);
    free(work->dy);
    *work = (struct hm_lstm_work){0};
}

double hm_lstm_work_measure(struct hm_lstm_work *work, size_t q, const double *weights, double *gradient)
{
    const struct hm_lstm_engine *engine = hm_lstm_engine_get(HM_LSTM_DOUBLE);
    const struct hm_lstm_problem *p = work->problem;
    const struct hm_lstm_sequence *sequence = work->sequence[q];
    const size_t first = sequence->learn_from - p->prime, steps = sequence->count - first, from = 2 * p->prime;
    double sum = 0, norm = 0;
    memset(work->state, 0, hm_lstm_state_count(&p->shape, 1) * sizeof *work->state);
    memset(work->dy, 0, steps * sizeof *work->dy);
    engine->pack(&p->shape, weights, work->packed);
    engine->forward(&p->shape, 1, steps, work->packed, &sequence->inputs[first * p->shape.nin], work->state, work->tape,
                    work->y);
    for (size_t n = from; n < steps; n++) {
        const double h = sin(PI * (double)(n - from) / (double)(steps - from)), rate = sequence->rate[first + n];
        work->dy[n] = h * h * rate;
        sum += work->dy[n] * (work->y[n] - sequence->target[first + n]);
        norm += work->dy[n] * rate;
    }
    for (size_t n = from; n < steps; n++) work->dy[n] /= norm;
    if (gradient) engine->backward(&p->shape, 1, steps, work->packed, work->dy, work->tape, gradient);
    return sum / norm;
}
