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

/* Through one sequence as it runs: primed before its first label, then on. `x` holds the inputs and their negatives. */
static void run_sequence(const struct hm_lstm_problem *p, const struct hm_lstm_sequence *sequence, const void *weights,
                         void *state, void *scratch, double *x, double *squares)
{
    const size_t nin = p->shape.nin, batch = p->odd ? 2 : 1;
    memset(state, 0, hm_lstm_state_count(&p->shape, batch) * p->engine->real_size);
    for (size_t n = sequence->learn_from - p->prime; n < sequence->count; n++) {
        double y[2];
        for (size_t k = 0; k < nin; k++) {
            x[k] = sequence->inputs[n * nin + k];
            x[nin + k] = -x[k];
        }
        p->engine->step(&p->shape, batch, weights, x, state, scratch, y);
        const double error = (p->odd ? 0.5 * (y[0] - y[1]) : y[0]) - sequence->target[n];
        if (n >= sequence->learn_from && sequence->label[n]) *squares += error * error;
    }
}

enum hm_status hm_lstm_errors(const struct hm_lstm_problem *problem, const double *weights, double *squares)
{
    const struct hm_lstm_problem *p = problem;
    const size_t real = p->engine->real_size, count = hm_lstm_parameter_count(&p->shape);
    void *narrow = calloc(count, real), *state = calloc(hm_lstm_state_count(&p->shape, 2), real);
    void *scratch = calloc(hm_lstm_scratch_count(&p->shape, 2), real);
    double *x = calloc(2 * p->shape.nin, sizeof *x);
    enum hm_status status = HM_OK;
    *squares = 0;
    if (!narrow || !state || !scratch || !x)
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory to judge a network");
    else
        p->engine->from_double(count, weights, narrow);
    for (size_t i = 0; status == HM_OK && i < p->nsequence; i++)
        run_sequence(p, &p->sequence[i], narrow, state, scratch, x, squares);
    free(narrow);
    free(state);
    free(scratch);
    free(x);
    return status;
}
