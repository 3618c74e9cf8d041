#include "predictors/action_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double FREE_FLIGHT = 0.5; /* an error that is well below its own, of 0.8 to 1 */

/* Of the displacements of strides in a row, whose history predicts the next: from several phases of a stretch, that
 * many rows in all. */
struct history {
    size_t count;
    double *rows;
    double step; // of the next row; it jumps where another sequence begins
};

static size_t strides_in(const struct hm_action *a, const struct hm_stretch *stretch, size_t phase)
{
    return stretch->count > 2 + phase ? (stretch->count - 3 - phase) / a->stride
                                      : 0; /* a point has a row on each side */
}

/* As many phases as `most_pairs` rows allow, at least one. */
static size_t phases_of(const struct hm_action *a)
{
    const size_t rows = hm_reservoir_labels(&a->reservoir, false) / a->stride + 1, most = a->most_pairs / rows;
    return most < 1 ? 1 : most < a->stride ? most : a->stride;
}

/* Displacements from the point at `first` on. What the base does around a stride is not the map's. */
static void add_sequence(struct hm_action *a, const struct hm_stretch *stretch, size_t first, size_t strides,
                         struct history *history)
{
    const size_t n = 3 * a->natom, size = hm_row_size(2 * n);
    double *point = a->point;
    for (size_t s = 0; s < strides; s++) {
        double *row = &history->rows[history->count++ * size];
        hm_action_point(a, stretch, first + s * a->stride, point, point + n);
        hm_action_point(a, stretch, first + (s + 1) * a->stride, point + 2 * n, point + 3 * n);
        hm_action_strip_base(a, 1, point);
        row[0] = history->step++;
        row[1] = HM_ROW_LABEL;
        memset(row + 2, 0, 2 * n * sizeof *row);
        hm_action_guess_scale(&a->map, point, point + n, point + 2 * n, point + 3 * n, row + 2 + 2 * n);
    }
    history->step++;
}

static enum hm_status list_history(struct hm_action *a, struct history *history)
{
    const size_t phases = phases_of(a), size = hm_row_size(6 * a->natom);
    size_t count = 0;
    *history = (struct history){0};
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t s = 0; s < a->reservoir.nstretch; s++) {
            const struct hm_stretch *stretch = &a->reservoir.stretch[s];
            for (size_t phase = 0; phase < phases && !stretch->held_out; phase++) {
                const size_t strides = strides_in(a, stretch, phase);
                count += strides;
                if (pass == 1) add_sequence(a, stretch, 1 + phase, strides, history);
            }
        }
        if (pass == 0) history->rows = malloc((count + 1) * size * sizeof *history->rows);
        if (!history->rows) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a history of %zu strides", count);
    }
    return HM_OK;
}

/* By one that knows nothing yet: it learns once, from all there is. */
static enum hm_status train_predictor(struct hm_action *a, double *parameters, bool *accepted)
{
    struct hm_training_report report = {0};
    struct hm_predictor learner = {0};
    struct history history;
    size_t bytes;
    enum hm_status status;
    HM_TRY_GOTO(status, list_history(a, &history), done);
    const struct hm_batch batch = {history.count, 6 * a->natom, history.rows, a->effort.interrupt};
    HM_TRY_GOTO(status, hm_action_guess_predictor(&a->guess, &learner), done);
    HM_TRY_GOTO(status, learner.ops->train(learner.self, &batch, &report), done);
    memcpy(parameters, learner.ops->parameters(learner.self, &bytes), a->guess.nparameter * sizeof *parameters);
    *accepted = report.accepted && report.held_out_after < FREE_FLIGHT;
done:
    hm_predictor_destroy(&learner);
    free(history.rows);
    return status;
}

static enum hm_status train_network(struct hm_action *a, struct hm_action_pairs pairs, double *parameters,
                                    bool *accepted)
{
    struct hm_action_direct *network = &a->guess.network;
    struct hm_effort effort = a->effort;
    effort.refine = 0; /* a start need not be that good */
    HM_TRY(hm_action_direct_begin(network, pairs, a->effort.seed));
    HM_TRY(hm_action_direct_fit(network, pairs, &effort));
    memcpy(parameters, network->parameters, network->nparameter * sizeof *parameters);
    *accepted = hm_action_direct_error(network, pairs) < FREE_FLIGHT;
    return HM_OK;
}

enum hm_status hm_action_guess_train(struct hm_action *a, struct hm_action_pairs pairs)
{
    double *parameters = hm_action_guess_parameters(a, a->candidate);
    bool accepted = a->candidate[1] == 1; /* by its field, which was taught before */
    if (a->parameters[0] == 1) return HM_OK;
    if (a->guess.kind == HM_GUESS_HISTORY) HM_TRY(train_predictor(a, parameters, &accepted));
    if (a->guess.kind == HM_GUESS_NETWORK) HM_TRY(train_network(a, pairs, parameters, &accepted));
    a->candidate[1] = accepted;
    hm_action_guess_use(&a->guess, accepted, parameters);
    return HM_OK;
}
