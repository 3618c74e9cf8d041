/* What the correction learns from and whether it is used: the base first, then the network on what the base leaves.
 *
 * A network that does not do clearly better than the base alone on labels that were kept out is published switched off,
 * so that the error is never above the base's.
 */
#include "predictors/correction_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST_LABELS = 64, LONGEST_REST = 5 };

/* What the network adds is a change of the forces: it must be worth it. */
static const double NEEDED_IMPROVEMENT = 0.9;
/* New labels that are predicted this much worse than those kept out were say that there is something to learn. */
static const double SURPRISE = 1.5;
/* Below this there is only rounding to improve on. */
static const double EXACT = 1e-9;
static const double FIRST_EFFORT = 1, LATER_EFFORT = 0.25;

/* ---- labels ---- */

enum part { LEARNED, HELD_OUT, FRESH };

static bool belongs(const struct hm_correction *c, const struct hm_stretch *stretch, enum part part)
{
    if (part == FRESH) return stretch->batch == c->reservoir.batches;
    return stretch->held_out == (part == HELD_OUT);
}

static void make_label(struct hm_correction *c, const double *row, double *residual, struct hm_correction_label *label)
{
    const size_t n = 3 * c->natom;
    const double *kick = hm_row_motion(row, n);
    *label = (struct hm_correction_label){.row = row, .residual = residual};
    label->extremeness = hm_correction_base(c, hm_row_coordinate(row), residual);
    for (size_t k = 0; k < n; k++) {
        const double root_mass = c->root_mass[k / 3], weighted = root_mass * kick[k];
        residual[k] = root_mass > 0 ? weighted - root_mass * residual[k] : 0;
        label->square += weighted * weighted;
    }
}

static void release(struct hm_correction_labels *labels)
{
    free(labels->label);
    free(labels->residual);
    *labels = (struct hm_correction_labels){0};
}

static enum hm_status open_labels(struct hm_correction *c, enum part part, struct hm_correction_labels *labels)
{
    const struct hm_reservoir *r = &c->reservoir;
    size_t count = 0;
    *labels = (struct hm_correction_labels){0};
    for (size_t i = 0; i < r->nstretch; i++) count += belongs(c, &r->stretch[i], part) ? r->stretch[i].labels : 0;
    labels->label = calloc(count + 1, sizeof *labels->label);
    labels->residual = calloc(3 * c->natom * count + 1, sizeof *labels->residual);
    if (!labels->label || !labels->residual) {
        release(labels);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu training labels", count);
    }
    for (size_t i = 0; i < r->nstretch; i++) {
        if (!belongs(c, &r->stretch[i], part)) continue;
        for (size_t at = r->stretch[i].learn_from; at < r->stretch[i].count; at++) {
            const double *row = hm_reservoir_row(r, &r->stretch[i], at);
            if (hm_row_kind(row) != HM_ROW_LABEL) continue;
            make_label(c, row, &labels->residual[3 * c->natom * labels->count], &labels->label[labels->count]);
            labels->count++;
        }
    }
    return HM_OK;
}

const double *const *hm_correction_geometries(struct hm_correction *c, const struct hm_correction_label *label)
{
    const size_t size = hm_row_size(3 * c->natom);
    for (size_t back = 0; back < c->steps; back++) c->geometry[back] = hm_row_coordinate(label->row - back * size);
    return c->geometry;
}

/* ---- judging ---- */

/* The correction of a label, as it would be run, taken from `rest` (natom, 3), mass-weighted. */
static enum hm_status subtract(struct hm_correction *c, const struct hm_correction_label *label, double *rest)
{
    double *kick = c->spare;
    HM_TRY(hm_pair_scene_open(&c->scene, hm_correction_geometries(c, label)));
    double extremeness = label->extremeness;
    if (isnan(extremeness)) extremeness = hm_correction_extremeness(c, &c->scene);
    hm_correction_evaluate(c);
    memset(kick, 0, 3 * c->natom * sizeof *kick);
    hm_pair_scene_kick(&c->scene, c->scene.impulse, c->inverse_mass, kick);
    const double share = hm_correction_switch(extremeness);
    for (size_t k = 0; k < 3 * c->natom; k++) rest[k] -= share * c->root_mass[k / 3] * kick[k];
    return HM_OK;
}

enum hm_status hm_correction_error(struct hm_correction *c, const struct hm_correction_labels *labels, bool on,
                                   double *error)
{
    const size_t n = 3 * c->natom;
    double misses = 0, size = 0, *rest = c->spare + n;
    for (size_t i = 0; i < labels->count; i++) {
        const struct hm_correction_label *label = &labels->label[i];
        memcpy(rest, label->residual, n * sizeof *rest);
        if (on) HM_TRY(subtract(c, label, rest));
        for (size_t k = 0; k < n; k++) misses += rest[k] * rest[k];
        size += label->square;
    }
    *error = size > 0 ? sqrt(misses / size) : misses > 0 ? INFINITY : 0;
    return HM_OK;
}

/* ---- scales ---- */

static void measure_ranges(struct hm_correction *c, bool first)
{
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        double *low = hm_correction_middle(c, g), *high = low + c->kinds->most_inputs;
        for (size_t k = 0; first && k < c->kinds->most_inputs; k++) {
            low[k] = INFINITY;
            high[k] = -INFINITY;
        }
        for (size_t p = c->scene.first[g]; p < c->scene.first[g + 1]; p++)
            for (size_t k = 0; k < c->kinds->group[g].ninput; k++) {
                low[k] = fmin(low[k], hm_pair_scene_input(&c->scene, 0, p, k));
                high[k] = fmax(high[k], hm_pair_scene_input(&c->scene, 0, p, k));
            }
    }
}

/* From low and high to middle and half. */
static void settle_ranges(struct hm_correction *c)
{
    static const double NARROWEST = 1e-9;
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        double *middle = hm_correction_middle(c, g), *half = middle + c->kinds->most_inputs;
        for (size_t k = 0; k < c->kinds->most_inputs; k++) {
            const double low = middle[k], high = half[k];
            middle[k] = high >= low ? 0.5 * (low + high) : 0;
            half[k] = high - low > NARROWEST * fabs(middle[k]) ? 0.5 * (high - low) : 0;
        }
    }
}

/* The impulse that a pair would need if it were alone: the reduced mass times the residual between its atoms. */
static double lone_impulse(const struct hm_correction *c, const double *residual, size_t p)
{
    const size_t i = c->scene.atom[p][0], j = c->scene.atom[p][1];
    const double wi = c->inverse_mass[i], wj = c->inverse_mass[j];
    double along = 0;
    for (size_t k = 0; k < 3; k++)
        along += c->scene.direction[3 * p + k] * (sqrt(wi) * residual[3 * i + k] - sqrt(wj) * residual[3 * j + k]);
    return wi + wj > 0 ? along / (wi + wj) : 0;
}

static enum hm_status measure(struct hm_correction *c, const struct hm_correction_labels *labels)
{
    double *squares = calloc(2 * c->kinds->ngroup, sizeof *squares), *pairs = squares + c->kinds->ngroup;
    enum hm_status status = squares ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for the scales of the correction");
    for (size_t i = 0; status == HM_OK && i < labels->count; i++) {
        status = hm_pair_scene_open(&c->scene, hm_correction_geometries(c, &labels->label[i]));
        if (status != HM_OK) break;
        measure_ranges(c, i == 0);
        for (size_t g = 0; g < c->kinds->ngroup; g++)
            for (size_t p = c->scene.first[g]; p < c->scene.first[g + 1]; p++) {
                const double impulse = lone_impulse(c, labels->label[i].residual, p);
                squares[g] += impulse * impulse;
                pairs[g]++;
            }
    }
    if (status == HM_OK) settle_ranges(c);
    for (size_t g = 0; status == HM_OK && g < c->kinds->ngroup; g++) {
        const double spread = pairs[g] > 0 ? sqrt(squares[g] / pairs[g]) : 0;
        const double half = hm_correction_middle(c, g)[c->kinds->most_inputs];
        *hm_correction_scale(c, g) = (struct hm_correction_scale){spread, spread * half};
    }
    if (status == HM_OK) hm_correction_header(c)->measured = 1;
    free(squares);
    return status;
}

static void draw_weights(struct hm_correction *c)
{
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        struct hm_rng_key key = c->key;
        key.seed += g << 32;
        hm_lstm_parameters_draw(&c->shape[g], key, hm_correction_weights(c, g));
    }
}

/* ---- the episode ---- */

struct lesson {
    struct hm_correction_labels learned, held_out;
    double alone, in_use; // held-out errors of the base, and with what is in use
};

/* A candidate in c->parameters; on if it is better than both. */
static enum hm_status try_candidate(struct hm_correction *c, const struct lesson *lesson, bool fresh,
                                    struct hm_training_report *report)
{
    struct hm_correction_header *header = hm_correction_header(c);
    const bool was_on = header->on == 1;
    double error;
    if (!was_on) draw_weights(c);
    HM_TRY(measure(c, &lesson->learned));
    header->on = 1;
    HM_TRY(hm_correction_study(c, &lesson->learned, &lesson->held_out, fresh ? FIRST_EFFORT : LATER_EFFORT,
                               &report->loss_before, &report->loss_after));
    c->studies++;
    HM_TRY(hm_correction_error(c, &lesson->held_out, true, &error));
    report->held_out_after = error;
    header->on = error < NEEDED_IMPROVEMENT * fmin(lesson->alone, lesson->in_use);
    return HM_OK;
}

/* After candidates that came to nothing the next few episodes are let pass. */
static void settle(struct hm_correction *c, bool better)
{
    if (better) {
        c->refused = c->rest = 0;
        return;
    }
    c->rest = (size_t)1 << c->refused;
    if (c->rest < LONGEST_REST) c->refused++;
}

static enum hm_status study(struct hm_correction *c, bool changed, struct lesson *lesson,
                            struct hm_training_report *report)
{
    struct hm_correction_header *header = hm_correction_header(c);
    const bool was_on = header->on == 1;
    HM_TRY(open_labels(c, LEARNED, &lesson->learned));
    HM_TRY(open_labels(c, HELD_OUT, &lesson->held_out));
    HM_TRY(hm_correction_error(c, &lesson->held_out, false, &lesson->alone));
    lesson->in_use = lesson->alone;
    if (was_on) HM_TRY(hm_correction_error(c, &lesson->held_out, true, &lesson->in_use));
    report->held_out_before = lesson->in_use;
    memcpy(c->before, c->parameters, c->nparameter * sizeof *c->parameters);
    if (lesson->alone > EXACT) {
        HM_TRY(try_candidate(c, lesson, !was_on || changed, report));
        const bool better = header->on == 1;
        settle(c, better);
        report->accepted = better;
        if (!better) memcpy(c->parameters, c->before, c->nparameter * sizeof *c->parameters);
    }
    /* What was in use may have become worse than nothing, on a base that changed. */
    if (!report->accepted && was_on && lesson->in_use > lesson->alone) {
        header->on = 0;
        report->accepted = true;
    }
    c->accepted_error =
        report->accepted && header->on == 1 ? report->held_out_after : fmin(lesson->alone, lesson->in_use);
    hm_correction_refresh(c);
    return HM_OK;
}

/* New labels are predicted worse than those that were kept out. */
static enum hm_status is_surprised(struct hm_correction *c, bool *surprised)
{
    struct hm_correction_labels labels;
    double error = 0;
    HM_TRY(open_labels(c, FRESH, &labels));
    const enum hm_status status = hm_correction_error(c, &labels, hm_correction_header(c)->on == 1, &error);
    release(&labels);
    *surprised = error > EXACT && error > SURPRISE * c->accepted_error;
    if (*surprised && c->rest > 0) {
        c->rest--;
        *surprised = false;
    }
    return status;
}

/* The base learns first; one that has nothing to learn is there with the first label. */
static enum hm_status teach_base(struct hm_correction *c, const struct hm_batch *batch,
                                 struct hm_training_report *report)
{
    const size_t labels = hm_reservoir_labels(&c->reservoir, false) + hm_reservoir_labels(&c->reservoir, true);
    const bool learns = c->base.ops->train != NULL;
    if (learns) HM_TRY(c->base.ops->train(c->base.self, batch, report));
    if (report->accepted || (!learns && labels > 0)) hm_correction_take_base(c);
    report->samples = fmax(report->samples, (double)labels);
    return HM_OK;
}

enum hm_status hm_correction_train(void *self, const struct hm_batch *batch, struct hm_training_report *report)
{
    struct hm_correction *c = self;
    struct lesson lesson = {0};
    *report = (struct hm_training_report){.loss_before = NAN, .loss_after = NAN, .condition = NAN};
    report->held_out_before = report->held_out_after = NAN;
    c->interrupt = batch->interrupt;
    HM_TRY(hm_reservoir_take(&c->reservoir, batch, c->steps - 1));
    HM_TRY(teach_base(c, batch, report));
    const size_t learned = hm_reservoir_labels(&c->reservoir, false),
                 held_out = hm_reservoir_labels(&c->reservoir, true);
    if (hm_correction_header(c)->base_fitted != 1) return HM_OK;
    const bool changed = report->accepted, first = !c->taught;
    bool worth = true;
    if (!first && !changed && c->studies > 0) HM_TRY(is_surprised(c, &worth));
    if (worth && learned >= FEWEST_LABELS && held_out > 0) {
        const enum hm_status status = study(c, changed, &lesson, report);
        release(&lesson.learned);
        release(&lesson.held_out);
        HM_TRY(status);
    }
    report->accepted = report->accepted || changed || first;
    c->taught = true;
    return HM_OK;
}
