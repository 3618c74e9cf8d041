/* Episodes of the LSTM predictor: what came is put into the reservoir, the networks study it, and the new parameters
 * are accepted only if they halve the held-out error: changing parameters make the Hamiltonian depend on
 * time.
 */
#include "predictors/lstm_internal.h"

#include "predictors/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST_LABELS = 200, FEWEST_LABELS_MORE = 8, LONGEST_REST = 64 };

static const double NEEDED_IMPROVEMENT = 0.5;
static const double SURPRISE = 2; /* new labels this much worse than the held-out ones are worth studying */
static const double STILL = 1e-9; /* a channel this much slower than the fastest does not move */

enum part { LEARNED, HELD_OUT, FRESH };

static bool belongs(const struct hm_lstm *l, const struct hm_stretch *stretch, enum part part)
{
    if (part == FRESH) return stretch->batch == l->reservoir.batches;
    return stretch->held_out == (part == HELD_OUT);
}

/* The sequences of one group, in one piece of memory. */
struct lesson {
    struct hm_lstm_sequence *sequence; // (count)
    size_t count;
    double *numbers;
    unsigned char *labels;
};

/* ---- normalisation ---- */

enum column { COORDINATE, MOTION };

static double value_of(const struct hm_lstm *l, const double *row, size_t channel, enum column column)
{
    return column == MOTION ? hm_row_motion(row, l->nchannel)[channel] : hm_row_coordinate(row)[channel];
}

static void measure(const struct hm_lstm *l, size_t channel, enum column column, double *mean, double *sigma)
{
    const struct hm_reservoir *r = &l->reservoir;
    double count = 0, sum = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < r->nstretch; i++)
            for (size_t k = 0; k < r->stretch[i].count && !r->stretch[i].held_out; k++) {
                const double value = value_of(l, hm_reservoir_row(r, &r->stretch[i], k), channel, column);
                count += pass == 0;
                sum += pass == 0 ? value : 0;
                squares += pass == 1 ? (value - sum / count) * (value - sum / count) : 0;
            }
    }
    *mean = sum / count;
    *sigma = sqrt(squares / count);
}

/* rms of what the base leaves, over the labels to learn from. */
static double measure_rest(struct hm_lstm *l, size_t channel, double *base)
{
    const struct hm_reservoir *r = &l->reservoir;
    double count = 0, squares = 0;
    for (size_t i = 0; i < r->nstretch; i++)
        for (size_t k = r->stretch[i].learn_from; k < r->stretch[i].count && !r->stretch[i].held_out; k++) {
            const double *row = hm_reservoir_row(r, &r->stretch[i], k);
            hm_linear_predict_row(l->companion.self, row, base);
            const double rest = hm_row_motion(row, l->nchannel)[channel] - base[channel];
            count++;
            squares += rest * rest;
        }
    return sqrt(squares / count);
}

static enum hm_status normalise(struct hm_lstm *l)
{
    struct hm_lstm_scale *scale = hm_lstm_scales(l);
    double fastest = 0;
    double *base = calloc(l->nchannel, sizeof *base);
    if (!base) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the normalisation");
    for (size_t c = 0; c < l->nchannel; c++) {
        measure(l, c, MOTION, &scale[c].motion_mean, &scale[c].motion_sigma);
        if (l->odd) scale[c].motion_mean = 0;
        measure(l, c, COORDINATE, &scale[c].coordinate_mean, &scale[c].coordinate_sigma);
        fastest = fmax(fastest, scale[c].motion_sigma);
    }
    for (size_t c = 0; c < l->nchannel; c++) {
        if (scale[c].motion_sigma <= STILL * fastest) scale[c].motion_sigma = 0;
        scale[c].output_sigma = l->on_base ? measure_rest(l, c, base) : scale[c].motion_sigma;
    }
    free(base);
    return HM_OK;
}

/* ---- sequences ---- */

static void release(struct lesson *lesson)
{
    free(lesson->sequence);
    free(lesson->numbers);
    free(lesson->labels);
    *lesson = (struct lesson){0};
}

/* Rate of a coordinate at row k, half the difference of its neighbours; 0 at the ends. */
static double rate_at(const struct hm_lstm *l, const struct hm_stretch *stretch, size_t k, size_t channel)
{
    if (k == 0 || k + 1 == stretch->count) return 0;
    const double *before = hm_reservoir_row(&l->reservoir, stretch, k - 1);
    const double *after = hm_reservoir_row(&l->reservoir, stretch, k + 1);
    return 0.5 * (hm_row_coordinate(after)[channel] - hm_row_coordinate(before)[channel]);
}

/* In units of the rms over all steps, those of other stretches included: a common unit. */
static void scale_rates(double *rate, size_t count)
{
    double squares = 0;
    for (size_t n = 0; n < count; n++) squares += rate[n] * rate[n];
    const double rms = sqrt(squares / (double)(count > 0 ? count : 1));
    for (size_t n = 0; n < count && rms > 0; n++) rate[n] /= rms;
}

/* Row k of a stretch as step k of a channel's sequence. The first row has no motion before it. */
static void fill_step(struct hm_lstm *l, const struct hm_stretch *stretch, size_t k, size_t channel, double *base,
                      double *x, double *target, unsigned char *label)
{
    const struct hm_lstm_scale *scale = &hm_lstm_scales(l)[channel];
    const double *row = hm_reservoir_row(&l->reservoir, stretch, k);
    const double *behind = k > 0 ? row - hm_row_size(l->nchannel) : row;
    hm_lstm_inputs(l, channel, hm_row_motion(behind, l->nchannel)[channel], hm_row_coordinate(row)[channel], x);
    *label = k >= stretch->learn_from && hm_row_kind(row) == HM_ROW_LABEL;
    *target = 0;
    if (!*label || scale->output_sigma == 0) return;
    base[channel] = scale->motion_mean;
    if (l->on_base) hm_linear_predict_row(l->companion.self, row, base);
    *target = (hm_row_motion(row, l->nchannel)[channel] - base[channel]) / scale->output_sigma;
}

static enum hm_status open_lesson(struct hm_lstm *l, const struct hm_lstm_group *group, enum part part,
                                  struct lesson *lesson)
{
    const struct hm_reservoir *r = &l->reservoir;
    const size_t nin = l->shape.nin, steps = r->nrow * group->count;
    *lesson = (struct lesson){
        .sequence = calloc(r->nstretch * group->count, sizeof *lesson->sequence),
        .numbers = calloc(steps * (nin + 2) + l->nchannel, sizeof *lesson->numbers),
        .labels = calloc(steps, sizeof *lesson->labels),
    };
    if (!lesson->sequence || !lesson->numbers || !lesson->labels) {
        release(lesson);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for training sequences of %zu steps", steps);
    }
    double *base = lesson->numbers, *x = base + l->nchannel, *target = x + steps * nin, *rate = target + steps,
           *rates = rate;
    unsigned char *label = lesson->labels;
    for (size_t i = 0; i < r->nstretch; i++)
        for (size_t k = 0; k < group->count; k++) {
            const struct hm_stretch *stretch = &r->stretch[i];
            const size_t count = stretch->count;
            if (!belongs(l, stretch, part) || hm_lstm_scales(l)[group->channel[k]].motion_sigma == 0) continue;
            lesson->sequence[lesson->count++] = (struct hm_lstm_sequence){
                .count = count,
                .learn_from = stretch->learn_from,
                .labels = stretch->labels,
                .inputs = x,
                .target = target,
                .rate = rate,
                .label = label,
            };
            for (size_t n = 0; n < count; n++) {
                fill_step(l, stretch, n, group->channel[k], base, &x[n * nin], &target[n], &label[n]);
                rate[n] = rate_at(l, stretch, n, group->channel[k]);
            }
            x += count * nin;
            target += count;
            rate += count;
            label += count;
        }
    scale_rates(rates, (size_t)(rate - rates));
    return HM_OK;
}

static struct hm_lstm_problem pose(const struct hm_lstm *l, const struct lesson *lesson, size_t group)
{
    struct hm_rng_key key = l->key;
    key.seed += group << 32;
    return (struct hm_lstm_problem){
        .engine = l->engine,
        .shape = l->shape,
        .sequence = lesson->sequence,
        .nsequence = lesson->count,
        .prime = hm_lstm_priming(l),
        .motion = l->motion,
        .odd = l->odd,
        .force_law = l->force_law,
        .restoring = l->restoring,
        .polish = l->polish,
        .key = key,
        .episode = l->episodes,
        .from_scratch = !l->taught,
        .interrupt = l->interrupt,
    };
}

/* ---- judging ---- */

static double sum_of_motion_squares(const struct hm_lstm *l, enum part part)
{
    const struct hm_reservoir *r = &l->reservoir;
    double sum = 0;
    for (size_t i = 0; i < r->nstretch; i++)
        for (size_t k = r->stretch[i].learn_from; k < r->stretch[i].count && belongs(l, &r->stretch[i], part); k++) {
            const double *row = hm_reservoir_row(r, &r->stretch[i], k);
            for (size_t c = 0; c < l->nchannel && hm_row_kind(row) == HM_ROW_LABEL; c++)
                sum += hm_row_motion(row, l->nchannel)[c] * hm_row_motion(row, l->nchannel)[c];
        }
    return sum;
}

/* rms error of the parameters in use over a part of the labels, in units of their rms motion; NaN if there are none. */
static enum hm_status judge(struct hm_lstm *l, enum part part, double *error)
{
    double squares = 0;
    for (size_t g = 0; g < l->ngroup; g++) {
        struct lesson lesson;
        double sum = 0, scale = 0;
        HM_TRY(open_lesson(l, &l->group[g], part, &lesson));
        const struct hm_lstm_problem problem = pose(l, &lesson, g);
        const enum hm_status status = hm_lstm_errors(&problem, hm_lstm_weights(l, g), &sum);
        release(&lesson);
        HM_TRY(status);
        /* Channels of a group are alike: one scale for all of them. */
        for (size_t k = 0; k < l->group[g].count; k++)
            scale = fmax(scale, hm_lstm_scales(l)[l->group[g].channel[k]].output_sigma);
        squares += sum * scale * scale;
    }
    *error = sqrt(squares / sum_of_motion_squares(l, part));
    return HM_OK;
}

/* ---- the episode ---- */

static enum hm_status study(struct hm_lstm *l, struct hm_training_report *report)
{
    double before = 0, after = 0;
    for (size_t g = 0; g < l->ngroup; g++) {
        struct lesson lesson;
        double loss_before = 0, loss_after = 0;
        HM_TRY(open_lesson(l, &l->group[g], LEARNED, &lesson));
        const struct hm_lstm_problem problem = pose(l, &lesson, g);
        enum hm_status status = HM_OK;
        if (lesson.count > 0)
            status = hm_lstm_study(&problem, &l->group[g].adam, hm_lstm_weights(l, g), &loss_before, &loss_after);
        release(&lesson);
        HM_TRY(status);
        before += loss_before * loss_before;
        after += loss_after * loss_after;
    }
    report->loss_before = sqrt(before / (double)l->ngroup);
    report->loss_after = sqrt(after / (double)l->ngroup);
    return HM_OK;
}

/* The companion learns from the same rows; what it has now becomes part of the candidate. */
static enum hm_status teach_companion(struct hm_lstm *l, const struct hm_batch *batch)
{
    struct hm_training_report report = {0};
    size_t bytes;
    HM_TRY(l->companion.ops->train(l->companion.self, batch, &report));
    const void *law = l->companion.ops->parameters(l->companion.self, &bytes);
    memcpy(hm_lstm_companion(l), law, bytes);
    hm_lstm_header(l)->companion_fitted = hm_linear_fitted(l->companion.self);
    return HM_OK;
}

static bool enough(const struct hm_lstm *l)
{
    const size_t needed = l->taught ? FEWEST_LABELS_MORE : FEWEST_LABELS;
    return hm_reservoir_labels(&l->reservoir, false) >= needed && hm_reservoir_labels(&l->reservoir, true) > 0 &&
           (!l->on_base || hm_linear_fitted(l->companion.self));
}

/* Parameters in use are left alone while they predict new labels as well as those they were accepted on; and after
 * candidates that came to nothing, the next few episodes are let pass. Only what is to be replaced is judged on the
 * labels that were kept out. */
static enum hm_status worth_studying(struct hm_lstm *l, bool *worth, double *held_out)
{
    double surprise;
    *worth = true;
    if (!l->taught) return HM_OK;
    HM_TRY(judge(l, FRESH, &surprise));
    *worth = surprise > SURPRISE * l->accepted_error || !isfinite(l->accepted_error);
    if (*worth && l->rest > 0) {
        l->rest--;
        *worth = false;
    }
    return *worth && enough(l) ? judge(l, HELD_OUT, held_out) : HM_OK;
}

static void settle(struct hm_lstm *l, const struct hm_training_report *report)
{
    if (report->accepted) {
        l->taught = true;
        l->accepted_error = report->held_out_after;
        l->refused = l->rest = 0;
        return;
    }
    if (!l->taught) return; /* the next episode goes on from here */
    l->rest = (size_t)1 << l->refused;
    if (l->rest < LONGEST_REST) l->refused++;
    memcpy(l->parameters, l->before, l->nparameter * sizeof *l->parameters);
    hm_lstm_refresh(l);
}

static enum hm_status try_candidate(struct hm_lstm *l, struct hm_training_report *report)
{
    if (!l->taught) HM_TRY(normalise(l));
    hm_lstm_header(l)->history = (double)l->history;
    HM_TRY(study(l, report));
    l->episodes++;
    hm_lstm_refresh(l);
    HM_TRY(judge(l, HELD_OUT, &report->held_out_after));
    report->accepted = isfinite(report->held_out_after) &&
                       (!l->taught || report->held_out_after < NEEDED_IMPROVEMENT * report->held_out_before);
    settle(l, report);
    return HM_OK;
}

enum hm_status hm_lstm_train(void *self, const struct hm_batch *batch, struct hm_training_report *report)
{
    struct hm_lstm *l = self;
    bool worth;
    *report = (struct hm_training_report){.loss_before = NAN, .loss_after = NAN, .condition = NAN};
    report->held_out_before = report->held_out_after = NAN;
    l->interrupt = batch->interrupt;
    HM_TRY(hm_reservoir_take(&l->reservoir, batch, hm_lstm_history(l)));
    report->samples = (double)hm_reservoir_labels(&l->reservoir, false);
    HM_TRY(worth_studying(l, &worth, &report->held_out_before));
    memcpy(l->before, l->parameters, l->nparameter * sizeof *l->parameters);
    HM_TRY(teach_companion(l, batch));
    if (worth && enough(l)) return try_candidate(l, report);
    memcpy(l->parameters, l->before, l->nparameter * sizeof *l->parameters);
    if (l->taught) hm_lstm_refresh(l);
    return HM_OK;
}
