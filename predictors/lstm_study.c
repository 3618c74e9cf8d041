#include "predictors/lstm_study.h"

#include <stdlib.h>
#include <string.h>

enum {
    EXAMPLES_ONE_ENERGY = 400,
    EXAMPLES_SEVERAL = 800,
    EXAMPLES_DESCENT = 4000, /* it visits each a few times only */
    DESCENT_FIRST = 3000,    /* updates */
    DESCENT_LATER = 300,
    POLISH_FIRST = 40, /* iterations */
    POLISH_LATER = 10
};

static size_t choose_count(const struct hm_lstm_problem *p, bool polish)
{
    if (!polish) return EXAMPLES_DESCENT;
    return p->restoring > 0 ? EXAMPLES_ONE_ENERGY : EXAMPLES_SEVERAL;
}

enum hm_status hm_lstm_study(const struct hm_lstm_problem *problem, struct hm_adam *adam, double *weights,
                             double *loss_before, double *loss_after)
{
    struct hm_lstm_examples examples;
    const bool polish = problem->polish && hm_lstm_polish_fits(&problem->shape, choose_count(problem, true));
    HM_TRY(hm_lstm_examples_draw(problem, choose_count(problem, polish), &examples));
    enum hm_status status = hm_lstm_examples_loss(problem, &examples, weights, loss_before);
    if (status == HM_OK && polish)
        status = hm_lstm_polish(problem, &examples, problem->from_scratch ? POLISH_FIRST : POLISH_LATER, weights);
    else if (status == HM_OK)
        status =
            hm_lstm_descent(problem, &examples, problem->from_scratch ? DESCENT_FIRST : DESCENT_LATER, adam, weights);
    if (status == HM_OK) status = hm_lstm_examples_loss(problem, &examples, weights, loss_after);
    hm_lstm_examples_release(&examples);
    return status;
}

/* ---- judging ---- */

enum { SIDE_BY_SIDE = 24 };

/* What judging needs, for SIDE_BY_SIDE sequences: an odd network takes the negatives of the inputs beside them. */
struct judge {
    const struct hm_lstm_problem *problem;
    void *packed, *state, *scratch;
    double *x, *y;
    const struct hm_lstm_sequence **longest_first; // (nsequence)
};

static void release(struct judge *j)
{
    void *const owned[] = {j->packed, j->state, j->scratch, j->x, j->y, (void *)j->longest_first};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

static size_t length(const struct hm_lstm_problem *p, const struct hm_lstm_sequence *sequence)
{
    return sequence->count - (sequence->learn_from - p->prime);
}

static int compare(const void *a, const void *b)
{
    const struct hm_lstm_sequence *x = *(const struct hm_lstm_sequence *const *)a;
    const struct hm_lstm_sequence *y = *(const struct hm_lstm_sequence *const *)b;
    const size_t nx = x->count - x->learn_from, ny = y->count - y->learn_from;
    if (nx != ny) return nx < ny ? 1 : -1;
    return (x > y) - (x < y);
}

static bool prepare(const struct hm_lstm_problem *p, const double *weights, struct judge *j)
{
    const size_t most = p->odd ? 2 * SIDE_BY_SIDE : SIDE_BY_SIDE, real = p->engine->real_size;
    *j = (struct judge){
        .problem = p,
        .packed = hm_lstm_memory(hm_lstm_packed_count(&p->shape), real),
        .state = hm_lstm_memory(hm_lstm_state_count(&p->shape, most), real),
        .scratch = hm_lstm_memory(hm_lstm_scratch_count(&p->shape, most), real),
        .x = calloc(most * p->shape.nin, sizeof(double)),
        .y = calloc(most, sizeof(double)),
        .longest_first = calloc(p->nsequence + 1, sizeof(const struct hm_lstm_sequence *)),
    };
    if (!j->packed || !j->state || !j->scratch || !j->x || !j->y || !j->longest_first) return false;
    p->engine->pack(&p->shape, weights, j->packed);
    for (size_t i = 0; i < p->nsequence; i++) j->longest_first[i] = &p->sequence[i];
    qsort((void *)j->longest_first, p->nsequence, sizeof(const struct hm_lstm_sequence *), compare);
    return true;
}

/* Through some sequences as they run, each primed before its first label, then on; one that ended idles. */
static double run_sequences(struct judge *j, size_t batch, const struct hm_lstm_sequence *const *sequence)
{
    const struct hm_lstm_problem *p = j->problem;
    const size_t nin = p->shape.nin, rows = p->odd ? 2 * batch : batch, longest = length(p, sequence[0]);
    double squares[SIDE_BY_SIDE] = {0}, sum = 0;
    memset(j->state, 0, hm_lstm_state_count(&p->shape, rows) * p->engine->real_size);
    for (size_t k = 0; k < longest; k++) {
        for (size_t b = 0; b < batch && k < length(p, sequence[b]); b++) {
            const size_t n = sequence[b]->learn_from - p->prime + k;
            memcpy(&j->x[b * nin], &sequence[b]->inputs[n * nin], nin * sizeof *j->x);
        }
        for (size_t i = 0; p->odd && i < batch * nin; i++) j->x[batch * nin + i] = -j->x[i];
        p->engine->step(&p->shape, rows, j->packed, j->x, j->state, j->scratch, j->y);
        for (size_t b = 0; b < batch && k < length(p, sequence[b]); b++) {
            const size_t n = sequence[b]->learn_from - p->prime + k;
            const double y = p->odd ? 0.5 * (j->y[b] - j->y[batch + b]) : j->y[b], error = y - sequence[b]->target[n];
            if (k >= p->prime && sequence[b]->label[n]) squares[b] += error * error;
        }
    }
    for (size_t b = 0; b < batch; b++) sum += squares[b];
    return sum;
}

enum hm_status hm_lstm_errors(const struct hm_lstm_problem *problem, const double *weights, double *squares)
{
    struct judge j;
    *squares = 0;
    enum hm_status status = prepare(problem, weights, &j) ? HM_OK : HM_OUT_OF_MEMORY;
    if (status != HM_OK) hm_fail(status, "no memory to judge a network");
    for (size_t i = 0; status == HM_OK && i < problem->nsequence; i += SIDE_BY_SIDE) {
        const size_t left = problem->nsequence - i;
        status = hm_interrupt_check(&problem->interrupt);
        *squares += run_sequences(&j, left < SIDE_BY_SIDE ? left : SIDE_BY_SIDE, &j.longest_first[i]);
    }
    release(&j);
    return status;
}
