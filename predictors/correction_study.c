/* How the networks of the correction are fitted: Adam on batches of labels, and the heads, in which the kick is linear,
 * by least squares.
 *
 *   L = sum_labels sum_i m_i |kick_i - residual_i|^2 / (labels x mean square of the residual)
 *
 * Both in double, whatever the precision the networks run in; of several ridges that one counts which predicts best,
 * as it is run, what was kept out.
 */
#include "predictors/adam.h"
#include "predictors/correction_internal.h"
#include "predictors/least_squares.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 8, MOST_SEQUENCES = 512, WARM_UP = 20 };

static const double RATE_FIRST = 1e-3, RATE_LAST = 2e-5;
static const double RIDGES[] = {1e-10, 1e-8, 1e-6, 1e-4};
/* Of a first study: weights x sequences x steps, about a second. */
static const double WORK = 5e8;
static const double FEWEST_UPDATES = 100, MOST_UPDATES = 2000;
static const double PI = 3.14159265358979323846;

/* Sequences of one group, of all labels of a batch. */
struct sequences {
    size_t batch, room;
    double *x, *y, *by; // (steps, room, nin), (steps, room) twice
    double *features;   // (steps, room, hidden)
    void *state, *tape, *packed;
};

struct desk {
    struct hm_correction *c;
    const struct hm_lstm_engine *engine;
    size_t nframe;
    struct hm_pair_scene scene[FRAMES];
    const struct hm_correction_label *label[FRAMES];
    struct sequences *group; // (ngroup)
    double *gradient;        // (nweight)
    double *kick;            // (natom, 3)
    double *slope, *by, *bound;
    size_t pairs; // these have room for
    double mean_square;
};

/* ---- memory ---- */

static void release_sequences(struct sequences *s)
{
    void *const owned[] = {s->x, s->y, s->by, s->features, s->state, s->tape};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

static void close_desk(struct desk *d)
{
    for (size_t f = 0; f < d->nframe; f++) hm_pair_scene_release(&d->scene[f]);
    for (size_t g = 0; d->group && g < d->c->kinds->ngroup; g++) {
        release_sequences(&d->group[g]);
        free(d->group[g].packed);
    }
    void *const owned[] = {d->group, d->gradient, d->kick, d->slope, d->by, d->bound};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

static enum hm_status open_desk(struct hm_correction *c, const struct hm_correction_labels *labels, struct desk *d)
{
    const size_t real = sizeof(double);
    *d = (struct desk){.c = c, .engine = hm_lstm_engine_get(HM_LSTM_DOUBLE)};
    const size_t each = c->scene.count * 2 * c->kinds->most_inputs, fit = each > 0 ? MOST_SEQUENCES / each : 1;
    const size_t frames = fit < 1 ? 1 : fit > FRAMES ? FRAMES : fit;
    for (; d->nframe < frames; d->nframe++) HM_TRY(hm_pair_scene_create(c->kinds, c->steps, &d->scene[d->nframe]));
    d->group = calloc(c->kinds->ngroup, sizeof *d->group);
    d->gradient = calloc(c->nweight, sizeof *d->gradient);
    d->kick = calloc(3 * c->natom, sizeof *d->kick);
    if (!d->group || !d->gradient || !d->kick) return hm_fail(HM_OUT_OF_MEMORY, "no memory to train the correction");
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        d->group[g].packed = hm_lstm_memory(hm_lstm_packed_count(&c->shape[g]), real);
        if (!d->group[g].packed) return hm_fail(HM_OUT_OF_MEMORY, "no memory to train the correction");
    }
    for (size_t i = 0; i < labels->count; i++)
        for (size_t k = 0; k < 3 * c->natom; k++)
            d->mean_square += pow(labels->label[i].residual[k], 2) / (double)labels->count;
    return HM_OK;
}

static enum hm_status reserve_sequences(const struct hm_correction *c, size_t g, struct sequences *s)
{
    const struct hm_lstm_shape *shape = &c->shape[g];
    const size_t room = s->batch + s->batch / 8, real = sizeof(double);
    if (s->batch <= s->room) return HM_OK;
    release_sequences(s);
    *s = (struct sequences){.batch = s->batch, .packed = s->packed};
    s->x = calloc(c->steps * room * shape->nin, real);
    s->y = calloc(c->steps * room, real);
    s->by = calloc(c->steps * room, real);
    s->features = calloc(c->steps * room * shape->hidden, real);
    s->state = hm_lstm_memory(hm_lstm_state_count(shape, room), real);
    s->tape = hm_lstm_memory(hm_lstm_tape_count(shape, room, c->steps), real);
    if (!s->x || !s->y || !s->by || !s->features || !s->state || !s->tape)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory to train on %zu pairs at once", room);
    s->room = room;
    return HM_OK;
}

static enum hm_status reserve_pairs(struct desk *d, size_t pairs)
{
    if (pairs <= d->pairs) return HM_OK;
    free(d->by);
    free(d->slope);
    free(d->bound);
    d->by = calloc(pairs, sizeof *d->by);
    d->bound = calloc(pairs, sizeof *d->bound);
    d->slope = calloc(pairs * d->c->kinds->most_inputs, sizeof *d->slope);
    if (!d->by || !d->bound || !d->slope) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu pairs", pairs);
    d->pairs = pairs;
    return HM_OK;
}

/* ---- forward ---- */

static size_t sequences_of(const struct desk *d, size_t f, size_t g)
{
    return (d->scene[f].first[g + 1] - d->scene[f].first[g]) * hm_correction_sequences(d->c, g);
}

/* Where the outputs of a label begin, those of the last step. */
static size_t outputs_of(const struct desk *d, size_t f, size_t g)
{
    size_t at = (d->c->steps - 1) * d->group[g].batch;
    for (size_t before = 0; before < f; before++) at += sequences_of(d, before, g);
    return at;
}

/* The inputs of `count` labels, d->label. */
static enum hm_status lay_out(struct desk *d, size_t count)
{
    struct hm_correction *c = d->c;
    for (size_t f = 0; f < count; f++) {
        HM_TRY(hm_pair_scene_open(&d->scene[f], hm_correction_geometries(c, d->label[f])));
        HM_TRY(reserve_pairs(d, d->scene[f].count));
    }
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        struct sequences *s = &d->group[g];
        s->batch = 0;
        for (size_t f = 0; f < count; f++) s->batch += sequences_of(d, f, g);
        HM_TRY(reserve_sequences(c, g, s));
        for (size_t f = 0, at = 0; f < count; at += sequences_of(d, f, g), f++)
            hm_correction_fill(c, &d->scene[f], g, d->scene[f].first[g], d->scene[f].first[g + 1], at, s->batch, s->x);
    }
    return HM_OK;
}

static void run_forward(struct desk *d)
{
    const struct hm_correction *c = d->c;
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        struct sequences *s = &d->group[g];
        if (s->batch == 0) continue;
        memset(s->state, 0, hm_lstm_state_count(&c->shape[g], s->batch) * sizeof(double));
        d->engine->forward(&c->shape[g], s->batch, c->steps, s->packed, s->x, s->state, s->tape, s->y);
    }
}

static void pack(struct desk *d)
{
    for (size_t g = 0; g < d->c->kinds->ngroup; g++)
        d->engine->pack(&d->c->shape[g], hm_correction_weights(d->c, g), d->group[g].packed);
}

/* ---- Adam ---- */

/* What is left of a label's residual, mass-weighted, in d->kick. */
static void miss(struct desk *d, size_t f)
{
    const struct hm_correction *c = d->c;
    memset(d->kick, 0, 3 * c->natom * sizeof *d->kick);
    hm_pair_scene_kick(&d->scene[f], d->scene[f].impulse, c->inverse_mass, d->kick);
    for (size_t k = 0; k < 3 * c->natom; k++) d->kick[k] = c->root_mass[k / 3] * d->kick[k] - d->label[f]->residual[k];
}

/* dL/dimpulse of a label, where its residual is what `miss` left. */
static void slopes_by_impulses(struct desk *d, size_t f, double share)
{
    const struct hm_correction *c = d->c;
    const struct hm_pair_scene *scene = &d->scene[f];
    for (size_t p = 0; p < scene->count; p++) {
        const size_t i = scene->atom[p][0], j = scene->atom[p][1];
        const double wi = sqrt(c->inverse_mass[i]), wj = sqrt(c->inverse_mass[j]);
        d->by[p] = 0;
        for (size_t k = 0; k < 3; k++)
            d->by[p] += scene->direction[3 * p + k] * (wi * d->kick[3 * i + k] - wj * d->kick[3 * j + k]);
        d->by[p] *= 2 * share * d->bound[p] / d->mean_square;
    }
}

/* dL/dy of all sequences laid out. */
static void differentiate(struct desk *d, size_t count)
{
    struct hm_correction *c = d->c;
    for (size_t g = 0; g < c->kinds->ngroup; g++)
        memset(d->group[g].by, 0, c->steps * d->group[g].batch * sizeof(double));
    for (size_t f = 0; f < count; f++) {
        struct hm_pair_scene *scene = &d->scene[f];
        for (size_t g = 0; g < c->kinds->ngroup; g++)
            hm_correction_slopes(c, scene, g, scene->first[g], scene->first[g + 1],
                                 &d->group[g].y[outputs_of(d, f, g)]);
        hm_correction_impulses(c, scene, false, d->bound);
        miss(d, f);
        slopes_by_impulses(d, f, 1 / (double)count);
        hm_pair_scene_carry_back(scene, d->by, d->slope);
        for (size_t g = 0; g < c->kinds->ngroup; g++)
            hm_correction_outputs(c, scene, g, d->slope, &d->group[g].by[outputs_of(d, f, g)]);
    }
}

static void choose_labels(struct desk *d, const struct hm_correction_labels *labels, size_t update)
{
    for (size_t f = 0; f < d->nframe; f++) {
        double u[2];
        hm_rng_uniform2(d->c->key, ((uint64_t)d->c->studies + 1) << 24 | update, (uint32_t)f, u);
        d->label[f] = &labels->label[(size_t)(u[0] * (double)labels->count)];
    }
}

static double rate_at(size_t update, size_t updates)
{
    const double rate = RATE_LAST + (RATE_FIRST - RATE_LAST) * 0.5 * (1 + cos(PI * (double)update / (double)updates));
    return update < WARM_UP ? rate * (double)(update + 1) / WARM_UP : rate;
}

static enum hm_status descend(struct desk *d, const struct hm_correction_labels *labels, size_t updates,
                              struct hm_adam *adam)
{
    struct hm_correction *c = d->c;
    for (size_t update = 0; update < updates; update++) {
        HM_TRY(hm_interrupt_check(&c->interrupt));
        choose_labels(d, labels, update);
        HM_TRY(lay_out(d, d->nframe));
        pack(d);
        run_forward(d);
        differentiate(d, d->nframe);
        for (size_t g = 0; g < c->kinds->ngroup; g++) {
            struct sequences *s = &d->group[g];
            double *gradient = &d->gradient[c->weights_at[g]];
            if (s->batch > 0)
                d->engine->backward(&c->shape[g], s->batch, c->steps, s->packed, s->by, s->tape, gradient);
        }
        hm_adam_step(adam, rate_at(update, updates), d->gradient, hm_correction_weights(c, 0));
    }
    return HM_OK;
}

static size_t updates_of(const struct desk *d, double effort)
{
    const struct hm_correction *c = d->c;
    double work = 0;
    for (size_t g = 0; g < c->kinds->ngroup; g++)
        work += (double)(c->scene.first[g + 1] - c->scene.first[g]) * (double)hm_correction_sequences(c, g) *
                (double)hm_lstm_parameter_count(&c->shape[g]);
    work *= (double)c->steps * (double)d->nframe;
    return (size_t)fmin(fmax(effort * WORK / work, FEWEST_UPDATES), MOST_UPDATES);
}

/* ---- the heads ---- */

/* The rows of label f in a block of `rows`: what a weight of one in each place of each head does to the kick. */
static void fill_rows(struct desk *d, size_t f, size_t rows, double *block)
{
    struct hm_correction *c = d->c;
    const size_t n = 3 * c->natom;
    struct hm_pair_scene *scene = &d->scene[f];
    size_t column = 0;
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        const struct sequences *s = &d->group[g];
        const size_t H = c->shape[g].hidden;
        const double *features = &s->features[outputs_of(d, f, g) * H];
        for (size_t h = 0; h <= H; h++, column++) {
            double *y = s->by;
            for (size_t q = 0; q < sequences_of(d, f, g); q++) y[q] = h < H ? features[q * H + h] : 1;
            memset(scene->slope, 0, scene->count * c->kinds->most_inputs * sizeof *scene->slope);
            hm_correction_slopes(c, scene, g, scene->first[g], scene->first[g + 1], y);
            hm_correction_impulses(c, scene, true, NULL);
            memset(d->kick, 0, n * sizeof *d->kick);
            hm_pair_scene_kick(scene, scene->impulse, c->inverse_mass, d->kick);
            for (size_t k = 0; k < n; k++) block[column * rows + f * n + k] = c->root_mass[k / 3] * d->kick[k];
        }
    }
    memcpy(&block[column * rows + f * n], d->label[f]->residual, n * sizeof *block);
}

static size_t head_size(const struct hm_correction *c)
{
    size_t size = 0;
    for (size_t g = 0; g < c->kinds->ngroup; g++) size += c->shape[g].hidden + 1;
    return size;
}

static void set_heads(struct hm_correction *c, const double *heads)
{
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        const size_t size = c->shape[g].hidden + 1;
        memcpy(hm_correction_weights(c, g + 1) - size, heads, size * sizeof *heads);
        heads += size;
    }
}

static enum hm_status collect(struct desk *d, const struct hm_correction_labels *labels, double *block,
                              struct hm_least_squares *fit)
{
    struct hm_correction *c = d->c;
    pack(d);
    for (size_t first = 0; first < labels->count; first += d->nframe) {
        const size_t left = labels->count - first, here = left < d->nframe ? left : d->nframe;
        HM_TRY(hm_interrupt_check(&c->interrupt));
        for (size_t f = 0; f < here; f++) d->label[f] = &labels->label[first + f];
        HM_TRY(lay_out(d, here));
        run_forward(d);
        for (size_t g = 0; g < c->kinds->ngroup; g++) {
            const struct sequences *s = &d->group[g];
            if (s->batch > 0) d->engine->features(&c->shape[g], s->batch, c->steps, s->tape, s->features);
        }
        for (size_t f = 0; f < here; f++) fill_rows(d, f, here * 3 * c->natom, block);
        hm_least_squares_add(fit, here * 3 * c->natom, block);
    }
    return HM_OK;
}

/* The best of the ridges becomes c->best if it beats *error. */
static enum hm_status try_heads(struct hm_correction *c, const struct hm_correction_labels *held_out,
                                struct hm_least_squares *fit, double *heads, double *error)
{
    for (size_t r = 0; r < sizeof RIDGES / sizeof *RIDGES; r++) {
        double condition, now;
        hm_least_squares_solve(fit, fit->d, RIDGES[r], heads, &condition);
        set_heads(c, heads);
        hm_correction_refresh(c);
        HM_TRY(hm_correction_error(c, held_out, true, &now));
        if (!(now < *error)) continue;
        *error = now;
        memcpy(c->best, c->parameters, c->nparameter * sizeof *c->best);
    }
    if (isfinite(*error)) memcpy(c->parameters, c->best, c->nparameter * sizeof *c->best);
    return HM_OK;
}

static enum hm_status solve_heads(struct desk *d, const struct hm_correction_labels *learned,
                                  const struct hm_correction_labels *held_out, double *error)
{
    struct hm_correction *c = d->c;
    const size_t columns = head_size(c) + 1;
    struct hm_least_squares fit = {0};
    double *block = calloc(columns * (d->nframe * 3 * c->natom + 1), sizeof *block);
    enum hm_status status = block ? hm_least_squares_create(columns - 1, &fit)
                                  : hm_fail(HM_OUT_OF_MEMORY, "no memory to fit %zu terms", columns);
    if (status == HM_OK) status = collect(d, learned, block, &fit);
    if (status == HM_OK) status = try_heads(c, held_out, &fit, block, error);
    hm_least_squares_release(&fit);
    free(block);
    return status;
}

/* ---- the study ---- */

static enum hm_status adam_of(size_t count, struct hm_adam *adam)
{
    *adam = (struct hm_adam){.count = count, .m = calloc(count, sizeof *adam->m), .v = calloc(count, sizeof *adam->v)};
    hm_adam_default(adam);
    return adam->m && adam->v ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu moments", 2 * count);
}

enum hm_status hm_correction_study(struct hm_correction *c, const struct hm_correction_labels *learned,
                                   const struct hm_correction_labels *held_out, double effort, double *loss_before,
                                   double *loss_after)
{
    struct desk d;
    struct hm_adam adam = {0};
    double error = INFINITY;
    enum hm_status status = open_desk(c, learned, &d);
    if (status == HM_OK) status = adam_of(c->nweight, &adam);
    if (status == HM_OK) status = hm_correction_error(c, learned, false, loss_before);
    if (status == HM_OK) status = solve_heads(&d, learned, held_out, &error);
    if (status == HM_OK) status = descend(&d, learned, updates_of(&d, effort), &adam);
    if (status == HM_OK) status = solve_heads(&d, learned, held_out, &error);
    hm_correction_refresh(c);
    if (status == HM_OK) status = hm_correction_error(c, learned, true, loss_after);
    free(adam.m);
    free(adam.v);
    close_desk(&d);
    return status;
}
