#include "predictors/action_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int ROLL_OUT_STRIDES = 1000;
static const double ROLL_OUT_RETURNS = 0.1;        /* of the rms displacement of a stride, there and back */
static const double ROLL_OUT_OUTSIDE = 0.05;       /* of its strides */
static const double ROLL_OUT_KINETIC[] = {0.5, 2}; /* of the kinetic energy in training */

/* ---- pairs ---- */

void hm_action_point(const struct hm_action *a, const struct hm_stretch *stretch, size_t row, double *q, double *p)
{
    const double *before = hm_row_coordinate(hm_reservoir_row(&a->reservoir, stretch, row - 1));
    const double *at = hm_row_coordinate(hm_reservoir_row(&a->reservoir, stretch, row));
    const double *after = hm_row_coordinate(hm_reservoir_row(&a->reservoir, stretch, row + 1));
    for (size_t k = 0; k < 3 * a->natom; k++) {
        q[k] = at[k];
        p[k] = a->map.mass[k / 3] * (after[k] - before[k]) / (2 * a->timestep);
    }
}

void hm_action_strip_base(struct hm_action *a, size_t count, double *rows)
{
    const size_t n = 3 * a->natom;
    const double half = 0.5 * (double)a->stride * a->timestep;
    for (size_t k = 0; a->composed && k < count; k++) {
        double *row = &rows[k * 4 * n];
        hm_action_base_flow(&a->base, half, row, row + n);
        hm_action_base_flow(&a->base, -half, row + 2 * n, row + 3 * n);
    }
}

/* Every `every`-th label of the stretches that are held out, or of the others. */
static struct hm_action_pairs list_pairs(struct hm_action *a, bool held_out, size_t every, double *rows)
{
    const size_t n = 3 * a->natom;
    struct hm_action_pairs pairs = {0, rows};
    size_t label = 0;
    for (size_t s = 0; s < a->reservoir.nstretch; s++) {
        const struct hm_stretch *stretch = &a->reservoir.stretch[s];
        if (stretch->held_out != held_out) continue;
        for (size_t r = stretch->learn_from; r < stretch->count; r++) {
            if (hm_row_kind(hm_reservoir_row(&a->reservoir, stretch, r)) != HM_ROW_LABEL) continue;
            if (label++ % every != 0) continue;
            double *row = &rows[4 * n * pairs.count++];
            hm_action_point(a, stretch, r - 1 - a->stride, row, row + n);
            hm_action_point(a, stretch, r - 1, row + 2 * n, row + 3 * n);
        }
    }
    return pairs;
}

static size_t thinning(size_t labels, size_t most)
{
    return labels > most ? (labels + most - 1) / most : 1;
}

/* ---- is it fit to drive? ---- */

static double kinetic(const struct hm_action *a, const double *p)
{
    double sum = 0;
    for (size_t k = 0; k < 3 * a->natom; k++) sum += p[k] * p[k] / (2 * a->map.mass[k / 3]);
    return sum;
}

/* `count` strides from (q, p): all of them solved, hardly any outside. Gives the mean kinetic energy. */
static bool roll(struct hm_action *a, int count, double *q, double *p, double *mean)
{
    int outside = 0;
    hm_action_guess_forget(&a->guess);
    *mean = 0;
    for (int s = 0; s < count; s++) {
        struct hm_advance told;
        hm_action_stride(a, q, p, &told);
        if (!told.converged) return false;
        outside += told.outside;
        *mean += kinetic(a, p) / count;
    }
    return outside <= ROLL_OUT_OUTSIDE * count;
}

/* There and back again from the last point that was kept out. */
static bool rolls_out(struct hm_action *a, double expected)
{
    const size_t n = 3 * a->natom;
    double *start = a->point + 4 * n, *q = a->point + 2 * n, *p = a->point + 3 * n, there, back, distance = 0;
    const struct hm_stretch *last = NULL;
    for (size_t s = 0; s < a->reservoir.nstretch; s++)
        if (a->reservoir.stretch[s].held_out) last = &a->reservoir.stretch[s];
    hm_action_point(a, last, last->count - 2, q, p);
    memcpy(start, q, 2 * n * sizeof *q);
    if (!roll(a, ROLL_OUT_STRIDES, q, p, &there)) return false;
    for (size_t k = 0; k < n; k++) p[k] = -p[k];
    if (!roll(a, ROLL_OUT_STRIDES, q, p, &back)) return false;
    for (size_t k = 0; k < n; k++) {
        const double m = a->map.mass[k / 3] * *a->map.frequency;
        distance += (m * pow(q[k] - start[k], 2) + pow(p[k] + start[n + k], 2) / m) / (double)(2 * n);
    }
    return sqrt(distance) <= ROLL_OUT_RETURNS * *a->map.rms && there >= ROLL_OUT_KINETIC[0] * expected &&
           there <= ROLL_OUT_KINETIC[1] * expected;
}

/* ---- an episode ---- */

/* The base is fitted once, before the map: another base would be another map. Where it is but the guess, there may be
 * none. */
static enum hm_status teach_base(struct hm_action *a, const struct hm_batch *batch, bool *ready)
{
    const struct hm_predictor *base = &a->base.predictor;
    struct hm_training_report report;
    size_t bytes;
    *ready = true;
    if (a->base.base_bytes == 0 || a->parameters[0] == 1) return HM_OK;
    HM_TRY(base->ops->train(base->self, batch, &report));
    memcpy(hm_action_base_parameters(a, a->candidate), base->ops->parameters(base->self, &bytes), a->base.base_bytes);
    *ready = report.accepted || !a->composed;
    if (!a->composed) a->candidate[1] = report.accepted;
    return HM_OK;
}

static double mean_kinetic(const struct hm_action *a, struct hm_action_pairs pairs)
{
    double sum = 0;
    for (size_t k = 0; k < pairs.count; k++)
        sum += kinetic(a, &pairs.rows[(12 * k + 3) * a->natom]) / (double)pairs.count;
    return sum;
}

/* What the base of a composed stride leaves without a map. */
static double error_of_base(struct hm_action *a, struct hm_action_fit *kept, size_t count)
{
    const size_t bytes = hm_action_network_size(a->map.network) * sizeof *a->map.weights;
    double *drawn = a->candidate + a->nparameter - bytes / sizeof *drawn; /* whose map is not there yet */
    memcpy(drawn, a->map.weights, bytes);
    hm_action_map_silence(&a->map);
    const double error = hm_action_fit_error(kept, 0, count, NULL);
    memcpy(a->map.weights, drawn, bytes);
    return error;
}

/* A first map is kept only where it is better than none. */
static enum hm_status fit(struct hm_action *a, struct hm_action_pairs learn, struct hm_action_pairs held,
                          struct hm_training_report *report)
{
    struct hm_action_fit *learning = NULL, *kept = NULL;
    const bool taught = a->parameters[0] == 1;
    enum hm_status status;
    HM_TRY_GOTO(status, hm_action_fit_create(&a->map, learn, &learning), done);
    HM_TRY_GOTO(status, hm_action_fit_create(&a->map, held, &kept), done);
    report->loss_before = hm_action_fit_error(learning, 0, learn.count, NULL);
    if (taught)
        report->held_out_before = hm_action_fit_error(kept, 0, held.count, NULL);
    else if (a->composed)
        report->held_out_before = error_of_base(a, kept, held.count);
    HM_TRY_GOTO(status, hm_action_fit_run(learning, &a->effort), done);
    report->loss_after = hm_action_fit_error(learning, 0, learn.count, NULL);
    report->held_out_after = hm_action_fit_error(kept, 0, held.count, NULL);
    if (!taught && report->held_out_before <= report->held_out_after) {
        hm_action_map_silence(&a->map);
        report->held_out_after = report->held_out_before;
    }
done:
    hm_action_fit_destroy(&learning);
    hm_action_fit_destroy(&kept);
    return status;
}

static enum hm_status fit_directly(struct hm_action *a, struct hm_action_pairs learn, struct hm_action_pairs held,
                                   struct hm_training_report *report)
{
    report->loss_before = hm_action_direct_error(&a->network, learn);
    if (a->parameters[0] == 1) report->held_out_before = hm_action_direct_error(&a->network, held);
    HM_TRY(hm_action_direct_fit(&a->network, learn, &a->effort));
    report->loss_after = hm_action_direct_error(&a->network, learn);
    report->held_out_after = hm_action_direct_error(&a->network, held);
    return HM_OK;
}

/* Better than before on what was kept out, good enough, and able to run there and back, which a direct one is not. */
static bool is_acceptable(struct hm_action *a, const struct hm_training_report *report, double expected)
{
    if (!(report->held_out_after <= a->most_error)) return false;
    if (a->parameters[0] == 1 && report->held_out_before <= report->held_out_after) return false;
    return a->direct || rolls_out(a, expected);
}

/* From the map in use, or from drawn weights: a candidate that was not accepted leaves no trace. */
static enum hm_status begin(struct hm_action *a, struct hm_action_pairs pairs)
{
    if (a->parameters[0] == 1) return HM_OK;
    if (a->direct) return hm_action_direct_begin(&a->network, pairs, a->effort.seed);
    memset(a->map.parameters, 0, a->map.nparameter * sizeof *a->map.parameters);
    hm_action_network_draw(a->map.network, a->effort.seed, a->member, a->map.weights);
    hm_action_fit_measure(&a->map, pairs, (double)a->stride * a->timestep);
    return HM_OK;
}

static void take_candidate(struct hm_action *a)
{
    double *to = hm_action_map_parameters(a, a->candidate);
    if (a->direct)
        memcpy(to, a->network.parameters, a->network.nparameter * sizeof *to);
    else
        memcpy(to, a->map.parameters, a->map.nparameter * sizeof *to);
    a->candidate[0] = 1;
    memcpy(a->parameters, a->candidate, a->nparameter * sizeof *to);
}

static enum hm_status learn(struct hm_action *a, struct hm_training_report *report)
{
    const size_t labels = hm_reservoir_labels(&a->reservoir, false), kept = hm_reservoir_labels(&a->reservoir, true);
    if (labels == 0 || kept == 0) return HM_OK;
    double *rows = malloc((labels + kept) * 12 * a->natom * sizeof *rows);
    if (!rows) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu pairs", labels + kept);
    const struct hm_action_pairs pairs = list_pairs(a, false, thinning(labels, a->most_pairs), rows);
    const struct hm_action_pairs held =
        list_pairs(a, true, thinning(kept, a->most_pairs / 4), rows + 12 * a->natom * pairs.count);
    enum hm_status status = begin(a, pairs);
    if (status == HM_OK) status = hm_action_guess_train(a, pairs);
    const double expected = mean_kinetic(a, pairs);
    hm_action_strip_base(a, pairs.count + held.count, rows);
    if (status == HM_OK) status = a->direct ? fit_directly(a, pairs, held, report) : fit(a, pairs, held, report);
    report->samples = (double)pairs.count;
    if (status == HM_OK && is_acceptable(a, report, expected)) {
        take_candidate(a);
        report->accepted = true;
    }
    free(rows);
    return status;
}

enum hm_status hm_action_train(void *self, const struct hm_batch *batch, struct hm_training_report *report)
{
    struct hm_action *a = self;
    bool ready;
    *report = (struct hm_training_report){
        .loss_before = NAN,
        .loss_after = NAN,
        .held_out_before = NAN,
        .held_out_after = NAN,
        .condition = NAN,
    };
    a->effort.interrupt = batch->interrupt;
    memcpy(a->candidate, a->parameters, a->nparameter * sizeof *a->candidate);
    if (a->parameters[0] == 1) hm_action_use(a, a->parameters);
    HM_TRY(teach_base(a, batch, &ready));
    HM_TRY(hm_reservoir_take(&a->reservoir, batch, a->stride + 2));
    if (ready) HM_TRY(learn(a, report));
    hm_action_use(a, a->parameters);
    return HM_OK;
}
