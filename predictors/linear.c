/* The linear predictor: regularised recursive least squares on the chosen inputs, in double.
 *
 * Every group of channels has its own regression (linear_model.h). Labels go into a square-root factor (rls.h) once and
 * are then forgotten; those of every eighth sample go to a held-out ring instead. An episode solves for new weights and
 * accepts them only if they lower the error on the held-out samples by a tenth: weights that change make the
 * Hamiltonian depend on time.
 *
 * Parameters (doubles), for each group:  hm_linear_scale | weights (d)
 * Held-out row (doubles):                group | target motion | coordinate | motion (p), newest first
 */
#include "predictors/linear.h"

#include "predictors/linear_model.h"
#include "predictors/predictor.h"
#include "predictors/rls.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HISTORY_WITH_COORDINATE = 12,
    HISTORY_ALONE = 32,
    DEGREE = 8,
    FEWEST_SAMPLES = 250,
    HELD_OUT_EVERY = 8,
    SCALE_DOUBLES = sizeof(struct hm_linear_scale) / sizeof(double)
};

static const double RIDGE_WITH_COORDINATE = 1e-6; /* settles the collinearity in favour of the coordinate */
static const double RIDGE_ALONE = 1e-24;
static const double NEEDED_IMPROVEMENT = 0.9;
static const double SMALLEST_MOTION = 1e-280;    /* atomic units; only against division by zero */
static const double SMALLEST_COORDINATE = 2e-12; /* bohr: rounding of a distance is not a feature */

struct linear {
    struct hm_linear_shape shape;
    size_t nchannel, ngroup, row_size;
    size_t *group;                 // (nchannel)
    struct hm_rls *rls;            // (ngroup)
    double *factors;               // behind rls
    double *parameters;            // (ngroup, SCALE_DOUBLES + d)
    double *candidate;             // the same, being tried
    struct hm_linear_scale *range; // (ngroup) normalisation, and the range of z seen so far
    double *ridge, *features, *scratch, *row;
    bool normalised; // frozen at the first fit
    bool fitted;     // parameters hold accepted weights
    double *pending; // rows that wait for the first fit
    size_t npending, pending_capacity;
    double *held_out; // ring of rows
    size_t nheld_out, held_out_capacity, held_out_next;
    size_t seen; // rows taken, both kinds
};

static size_t group_doubles(const struct linear *l)
{
    return SCALE_DOUBLES + l->shape.nfeature;
}

static struct hm_linear_scale *group_scale(const struct linear *l, double *parameters, size_t group)
{
    return (struct hm_linear_scale *)(void *)&parameters[group * group_doubles(l)];
}

static double *group_weights(const struct linear *l, double *parameters, size_t group)
{
    return &parameters[group * group_doubles(l) + SCALE_DOUBLES];
}

/* A distance determines the impulse along it; a cartesian coordinate leaves the law to the history. */
static bool is_force_law(const struct hm_linear_shape *shape)
{
    return shape->coordinate && shape->centred;
}

/* ---- create ---- */

static enum hm_status read_shape(const struct hm_predictor_setup *setup, struct linear *l)
{
    const struct hm_config *config = setup->config;
    struct hm_linear_shape *shape = &l->shape;
    shape->motion = hm_config_lists(config, "predictor.inputs", "velocity");
    shape->coordinate = hm_config_lists(config, "predictor.inputs", "coordinate");
    shape->centred = setup->representation->kind == HM_REPRESENTATION_PAIR;
    const bool automatic = hm_config_is(config, "predictor.degree", "auto");
    shape->degree = automatic ? DEGREE : (size_t)hm_config_integer(config, "predictor.degree");
    if (!shape->centred) shape->degree = 1;
    if (!hm_config_is(config, "predictor.history", "auto"))
        shape->history = (size_t)hm_config_integer(config, "predictor.history");
    else
        shape->history = shape->coordinate ? HISTORY_WITH_COORDINATE : HISTORY_ALONE;
    if (!shape->motion)
        shape->history = 0;
    else if (!shape->coordinate)
        shape->history += shape->history % 2; /* the symmetric form needs a middle */
    if (setup->representation->kind == HM_REPRESENTATION_CARTESIAN && !shape->motion)
        return hm_config_fault(config, "predictor.inputs",
                               "cartesian coordinates alone do not make a linear law: add 'velocity', or use "
                               "'representation: pair'");
    hm_linear_shape_finish(shape);
    return HM_OK;
}

static void destroy(void **self)
{
    struct linear *l = *self;
    if (l) {
        void *const owned[] = {l->group, l->rls,      l->factors, l->parameters, l->candidate, l->range,
                               l->ridge, l->features, l->scratch, l->row,        l->pending,   l->held_out};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
        free(l);
    }
    *self = NULL;
}

static bool allocate(struct linear *l)
{
    const size_t d = l->shape.nfeature;
    l->group = calloc(l->nchannel, sizeof *l->group);
    l->rls = calloc(l->ngroup, sizeof *l->rls);
    l->factors = calloc(l->ngroup * hm_rls_factor_size(d), sizeof *l->factors);
    l->parameters = calloc(l->ngroup * group_doubles(l), sizeof *l->parameters);
    l->candidate = calloc(l->ngroup * group_doubles(l), sizeof *l->candidate);
    l->range = calloc(l->ngroup, sizeof *l->range);
    l->ridge = calloc(d, sizeof *l->ridge);
    l->features = calloc(d, sizeof *l->features);
    l->scratch = calloc(hm_rls_scratch_size(d), sizeof *l->scratch);
    l->row = calloc(l->row_size, sizeof *l->row);
    l->held_out = calloc(l->held_out_capacity, l->row_size * sizeof *l->held_out);
    return l->group && l->rls && l->factors && l->parameters && l->candidate && l->range && l->ridge && l->features &&
           l->scratch && l->row && l->held_out;
}

static enum hm_status create(const struct hm_predictor_setup *setup, void **self)
{
    const struct hm_representation *representation = setup->representation;
    struct linear *l = calloc(1, sizeof *l);
    if (!l) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the predictor");
    void *owner = l;
    const enum hm_status status = read_shape(setup, l);
    if (status != HM_OK) {
        destroy(&owner);
        return status;
    }
    const size_t d = l->shape.nfeature;
    l->nchannel = representation->nchannel;
    l->ngroup = representation->ngroup;
    l->row_size = 3 + l->shape.history;
    l->held_out_capacity = (size_t)hm_config_integer(setup->config, "training.reservoir") / HELD_OUT_EVERY;
    if (!allocate(l)) {
        destroy(&owner);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for a linear predictor of %zu channels and %zu features",
                       l->nchannel, d);
    }
    memcpy(l->group, representation->group, l->nchannel * sizeof *l->group);
    for (size_t g = 0; g < l->ngroup; g++)
        l->rls[g] = (struct hm_rls){.d = d, .factor = &l->factors[g * hm_rls_factor_size(d)]};
    const double automatic = is_force_law(&l->shape) ? RIDGE_WITH_COORDINATE : RIDGE_ALONE;
    hm_linear_ridge(&l->shape,
                    hm_config_is(setup->config, "predictor.ridge", "auto")
                        ? automatic
                        : hm_config_real(setup->config, "predictor.ridge"),
                    l->ridge);
    *self = l;
    return HM_OK;
}

static size_t history(const void *self)
{
    const struct linear *l = self;
    return l->shape.history;
}

/* A history of predicted motions must be replaced whole, and one more step shows the error; a coordinate needs nothing.
 */
static size_t reseed_steps(const void *self)
{
    const struct linear *l = self;
    return is_force_law(&l->shape) ? 1 : l->shape.history + 1;
}

/* ---- predict ---- */

static double evaluate(struct linear *l, double *parameters, size_t group, const struct hm_linear_inputs *inputs)
{
    const struct hm_linear_scale *scale = group_scale(l, parameters, group);
    hm_linear_features(&l->shape, scale, inputs, l->features);
    return hm_linear_motion(&l->shape, scale, inputs, l->features, group_weights(l, parameters, group));
}

static void predict(void *self, const struct hm_window *window, struct hm_prediction *prediction)
{
    struct linear *l = self;
    prediction->extremeness = 0;
    for (size_t c = 0; c < l->nchannel; c++) {
        const struct hm_linear_inputs inputs = {
            .motion = l->shape.history > 0 ? hm_window_motion(window, 0) + c : NULL,
            .stride = -(ptrdiff_t)l->nchannel,
            .coordinate = hm_window_coordinate(window, 0)[c],
        };
        const struct hm_linear_scale *scale = group_scale(l, l->parameters, l->group[c]);
        const double z = (inputs.coordinate - scale->coordinate_mean) / scale->coordinate_sigma;
        prediction->motion[c] = evaluate(l, l->parameters, l->group[c], &inputs);
        prediction->extremeness = fmax(prediction->extremeness, fabs(z));
    }
}

bool hm_linear_fitted(const void *linear)
{
    return ((const struct linear *)linear)->fitted;
}

void hm_linear_predict_row(void *linear, const double *row, double *motion)
{
    struct linear *l = linear;
    const size_t size = hm_row_size(l->nchannel);
    for (size_t c = 0; c < l->nchannel; c++) {
        const struct hm_linear_inputs inputs = {
            .motion = l->shape.history > 0 ? hm_row_motion(row - size, l->nchannel) + c : NULL,
            .stride = -(ptrdiff_t)size,
            .coordinate = hm_row_coordinate(row)[c],
        };
        motion[c] = evaluate(l, l->parameters, l->group[c], &inputs);
    }
}

/* ---- learn ---- */

static struct hm_linear_inputs row_inputs(const double *row)
{
    return (struct hm_linear_inputs){.motion = row + 3, .stride = 1, .coordinate = row[2]};
}

/* One channel of batch row `at`, which has at least p consecutive ones before it, as a regression row. */
static void make_row(const struct linear *l, const struct hm_batch *batch, size_t at, size_t channel, double *row)
{
    const size_t size = hm_row_size(batch->nchannel);
    const double *now = &batch->rows[at * size];
    row[0] = (double)l->group[channel];
    row[1] = hm_row_motion(now, batch->nchannel)[channel];
    row[2] = hm_row_coordinate(now)[channel];
    for (size_t back = 0; back < l->shape.history; back++)
        row[3 + back] = hm_row_motion(now - (back + 1) * size, batch->nchannel)[channel];
}

/* Without the coordinate a history that holds predictions teaches the predictor its own errors. */
static bool usable(const struct linear *l, const double *row, size_t behind, size_t exact_behind)
{
    if (hm_row_kind(row) != HM_ROW_LABEL) return false;
    return (l->shape.coordinate ? behind : exact_behind) >= l->shape.history;
}

static void widen_range(struct linear *l, const double *row)
{
    struct hm_linear_scale *range = &l->range[(size_t)row[0]];
    const double z = (row[2] - range->coordinate_mean) / range->coordinate_sigma;
    range->z_low = fmin(range->z_low, z);
    range->z_high = fmax(range->z_high, z);
}

static void take_row(struct linear *l, const double *row)
{
    /* Whole samples are held out, so that every channel is judged. */
    const size_t sample = l->seen++ / l->nchannel;
    if (sample % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) {
        memcpy(&l->held_out[l->held_out_next * l->row_size], row, l->row_size * sizeof *row);
        l->held_out_next = (l->held_out_next + 1) % l->held_out_capacity;
        if (l->nheld_out < l->held_out_capacity) l->nheld_out++;
        return;
    }
    const size_t group = (size_t)row[0];
    const struct hm_linear_inputs inputs = row_inputs(row);
    widen_range(l, row);
    hm_linear_features(&l->shape, &l->range[group], &inputs, l->features);
    hm_rls_add(&l->rls[group], l->features, hm_linear_target(&l->shape, &l->range[group], &inputs, row[1]), l->scratch);
}

static enum hm_status postpone_row(struct linear *l, const double *row)
{
    if (l->npending == l->pending_capacity) {
        const size_t capacity = l->pending_capacity ? 2 * l->pending_capacity : 1024;
        double *grown = realloc(l->pending, capacity * l->row_size * sizeof *grown);
        if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu training rows", capacity);
        l->pending = grown;
        l->pending_capacity = capacity;
    }
    memcpy(&l->pending[l->npending++ * l->row_size], row, l->row_size * sizeof *row);
    return HM_OK;
}

/* Mean and rms deviation of one column of a group's pending rows; the mean is taken as zero where the law has no
 * constant. */
static void measure_column(const struct linear *l, size_t group, size_t column, double *mean, double *sigma)
{
    double count = 0, sum = 0, squares = 0;
    for (size_t r = 0; r < l->npending; r++) {
        const double *row = &l->pending[r * l->row_size];
        if ((size_t)row[0] != group) continue;
        count++;
        sum += row[column];
    }
    *mean = l->shape.centred ? sum / count : 0;
    for (size_t r = 0; r < l->npending; r++) {
        const double *row = &l->pending[r * l->row_size];
        if ((size_t)row[0] == group) squares += (row[column] - *mean) * (row[column] - *mean);
    }
    *sigma = sqrt(squares / count);
}

/* Deviations are kept from zero, so that a molecule at rest is no special case. */
static void measure_scale(const struct linear *l, size_t group, struct hm_linear_scale *scale)
{
    *scale = (struct hm_linear_scale){.z_low = INFINITY, .z_high = -INFINITY};
    measure_column(l, group, 1, &scale->motion_mean, &scale->motion_sigma);
    measure_column(l, group, 2, &scale->coordinate_mean, &scale->coordinate_sigma);
    scale->motion_sigma = fmax(scale->motion_sigma, SMALLEST_MOTION);
    scale->coordinate_sigma = fmax(scale->coordinate_sigma, SMALLEST_COORDINATE);
}

/* Enough rows in every group to fit d weights and to know the ranges. */
static bool enough_rows(const struct linear *l)
{
    const size_t per_group = FEWEST_SAMPLES > 5 * l->shape.history ? FEWEST_SAMPLES : 5 * l->shape.history;
    for (size_t g = 0; g < l->ngroup; g++) {
        size_t rows = 0;
        for (size_t r = 0; r < l->npending; r++) rows += (size_t)l->pending[r * l->row_size] == g;
        if (rows < per_group) return false;
    }
    return true;
}

static void normalise(struct linear *l)
{
    for (size_t g = 0; g < l->ngroup; g++) measure_scale(l, g, &l->range[g]);
    for (size_t r = 0; r < l->npending; r++) widen_range(l, &l->pending[r * l->row_size]);
    for (size_t r = 0; r < l->npending; r++) take_row(l, &l->pending[r * l->row_size]);
    free(l->pending);
    l->pending = NULL;
    l->npending = l->pending_capacity = 0;
    l->normalised = true;
}

static enum hm_status absorb_row(struct linear *l, const struct hm_batch *batch, size_t at)
{
    for (size_t c = 0; c < l->nchannel; c++) {
        make_row(l, batch, at, c, l->row);
        if (l->normalised)
            take_row(l, l->row);
        else
            HM_TRY(postpone_row(l, l->row));
    }
    return HM_OK;
}

static enum hm_status absorb(struct linear *l, const struct hm_batch *batch)
{
    const size_t size = hm_row_size(batch->nchannel);
    size_t behind = 0, exact_behind = 0; /* consecutive rows before this one */
    for (size_t at = 0; at < batch->count; at++) {
        const double *row = &batch->rows[at * size];
        if (at > 0 && row[0] != row[-(ptrdiff_t)size] + 1) behind = exact_behind = 0;
        if (usable(l, row, behind, exact_behind)) HM_TRY(absorb_row(l, batch, at));
        behind++;
        exact_behind = hm_row_kind(row) == HM_ROW_PREDICTED ? 0 : exact_behind + 1;
    }
    if (!l->normalised && enough_rows(l)) normalise(l);
    return HM_OK;
}

/* rms error over rms motion on the held-out rows. */
static double held_out_error(struct linear *l, double *parameters)
{
    double error = 0, size = 0;
    for (size_t r = 0; r < l->nheld_out; r++) {
        const double *row = &l->held_out[r * l->row_size];
        const struct hm_linear_inputs inputs = row_inputs(row);
        const double difference = evaluate(l, parameters, (size_t)row[0], &inputs) - row[1];
        error += difference * difference;
        size += row[1] * row[1];
    }
    return size > 0 ? sqrt(error / size) : error > 0 ? INFINITY : 0;
}

static double rows_learned(const struct linear *l)
{
    double rows = 0;
    for (size_t g = 0; g < l->ngroup; g++) rows += l->rls[g].count;
    return rows;
}

static enum hm_status train(void *self, const struct hm_batch *batch, struct hm_training_report *report)
{
    struct linear *l = self;
    *report = (struct hm_training_report){false, NAN, NAN, NAN, NAN, 0, NAN, 0};
    HM_TRY(absorb(l, batch));
    if (!l->normalised) {
        report->samples = (double)l->npending;
        return HM_OK;
    }
    for (size_t g = 0; g < l->ngroup; g++) {
        *group_scale(l, l->candidate, g) = l->range[g];
        hm_rls_solve(&l->rls[g], l->ridge, l->scratch, group_weights(l, l->candidate, g));
    }
    report->samples = rows_learned(l);
    report->held_out_before = l->fitted ? held_out_error(l, l->parameters) : NAN;
    report->held_out_after = held_out_error(l, l->candidate);
    report->accepted = isfinite(report->held_out_after) &&
                       (!l->fitted || report->held_out_after < NEEDED_IMPROVEMENT * report->held_out_before);
    if (!report->accepted) return HM_OK;
    memcpy(l->parameters, l->candidate, l->ngroup * group_doubles(l) * sizeof *l->parameters);
    l->fitted = true;
    return HM_OK;
}

static const void *parameters(const void *self, size_t *bytes)
{
    const struct linear *l = self;
    *bytes = l->ngroup * group_doubles(l) * sizeof *l->parameters;
    return l->parameters;
}

static void adopt(void *self, const void *from)
{
    struct linear *l = self;
    memcpy(l->parameters, from, l->ngroup * group_doubles(l) * sizeof *l->parameters);
    l->fitted = true;
}

static void describe(const void *self, char *text, size_t size)
{
    const struct linear *l = self;
    snprintf(text, size, "history %zu, degree %zu, %zu weights in each of %zu groups", l->shape.history,
             l->shape.coordinate ? l->shape.degree : 0, l->shape.nfeature, l->ngroup);
}

/* ---- save and load ---- */

static void save(const void *self, struct hm_archive *archive)
{
    const struct linear *l = self;
    hm_archive_put_tag(archive, "LINEAR");
    hm_archive_put_int(archive, l->normalised);
    hm_archive_put_int(archive, l->fitted);
    hm_archive_put_size(archive, l->seen);
    for (size_t g = 0; g < l->ngroup; g++) hm_archive_put_real(archive, l->rls[g].count);
    hm_archive_put_reals(archive, l->factors, l->ngroup * hm_rls_factor_size(l->shape.nfeature));
    hm_archive_put(archive, l->range, l->ngroup * sizeof *l->range);
    hm_archive_put_size(archive, l->held_out_next);
    hm_archive_put_size(archive, l->nheld_out);
    hm_archive_put_reals(archive, l->held_out, l->nheld_out * l->row_size);
    hm_archive_put_size(archive, l->npending);
    hm_archive_put_reals(archive, l->pending, l->npending * l->row_size);
}

static enum hm_status load_rows(struct linear *l, struct hm_archive *archive)
{
    size_t count;
    HM_TRY(hm_archive_get_size(archive, &l->held_out_next));
    HM_TRY(hm_archive_get_size(archive, &l->nheld_out));
    if (l->nheld_out > l->held_out_capacity || l->held_out_next >= l->held_out_capacity)
        return hm_fail(HM_BAD_INPUT, "the saved predictor holds out %zu rows, this run's reservoir %zu", l->nheld_out,
                       l->held_out_capacity);
    HM_TRY(hm_archive_get_reals(archive, l->held_out, l->nheld_out * l->row_size));
    HM_TRY(hm_archive_get_size(archive, &count));
    l->npending = 0;
    for (size_t r = 0; r < count; r++) {
        HM_TRY(hm_archive_get_reals(archive, l->row, l->row_size));
        HM_TRY(postpone_row(l, l->row));
    }
    return HM_OK;
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct linear *l = self;
    int64_t normalised, fitted;
    HM_TRY(hm_archive_expect_tag(archive, "LINEAR"));
    HM_TRY(hm_archive_get_int(archive, &normalised));
    HM_TRY(hm_archive_get_int(archive, &fitted));
    HM_TRY(hm_archive_get_size(archive, &l->seen));
    l->normalised = normalised != 0;
    l->fitted = fitted != 0;
    for (size_t g = 0; g < l->ngroup; g++) HM_TRY(hm_archive_get_real(archive, &l->rls[g].count));
    HM_TRY(hm_archive_get_reals(archive, l->factors, l->ngroup * hm_rls_factor_size(l->shape.nfeature)));
    HM_TRY(hm_archive_get(archive, l->range, l->ngroup * sizeof *l->range));
    return load_rows(l, archive);
}

const struct hm_predictor_ops hm_predictor_linear = {
    .method = {"linear", "recursive least squares on past motions and the coordinate"},
    .gives_extremeness = true,
    .create = create,
    .destroy = destroy,
    .history = history,
    .reseed_steps = reseed_steps,
    .predict = predict,
    .train = train,
    .parameters = parameters,
    .adopt = adopt,
    .describe = describe,
    .save = save,
    .load = load,
};
