/* From pairs through the networks to impulses, and back.
 *
 *   E = sum_p unit fade_p y(z_p),   dy/dz_k = (y(z + h e_k) - y(z - h e_k)) / 2 h
 *
 * y is what a network says after the sequence of a pair's inputs, the last of which is displaced: the engine knows no
 * derivative by inputs, and learning through one would take second derivatives. z is the input less its middle over
 * half its range, so that the trained range is -1 ... 1. Well outside z saturates: no network is asked about what is
 * far from all it has seen, and the correction along that input dies out, still as a gradient.
 */
#include "predictors/correction_internal.h"

#include <math.h>
#include <string.h>

static const double NUDGE = 0.02;
/* How far out z is taken as it is, and how much farther it gets at most. A short warm-up of a cold molecule sees a
 * third of what comes: a smooth law goes on well, and cutting it off there would cost most of what it is worth. */
static const double EDGE = 3, MARGIN = 0.5;

static const double BOUND = 4; /* spreads, up to which an impulse is taken as it is */
static const double SWITCH_FROM = 5, SWITCH_TO = 7;

/* z within the trained range, then saturating; by how much it follows. */
static double saturate(double z, double *follows)
{
    const double beyond = (fabs(z) - EDGE) / MARGIN;
    *follows = 1;
    if (!(beyond > 0)) return z;
    const double t = tanh(beyond);
    *follows = 1 - t * t;
    return copysign(EDGE + MARGIN * t, z);
}

static double standard(const struct hm_correction *c, size_t group, size_t k, double value, double *follows)
{
    const double *middle = hm_correction_middle(c, group), *half = middle + c->kinds->most_inputs;
    *follows = 0;
    if (!(half[k] > 0)) return 0;
    const double z = saturate((value - middle[k]) / half[k], follows);
    *follows /= half[k];
    return z;
}

size_t hm_correction_sequences(const struct hm_correction *c, size_t group)
{
    return 2 * c->kinds->group[group].ninput;
}

void hm_correction_fill(const struct hm_correction *c, const struct hm_pair_scene *scene, size_t group, size_t from,
                        size_t to, size_t at, size_t batch, double *x)
{
    const size_t nin = c->kinds->group[group].ninput, each = hm_correction_sequences(c, group);
    for (size_t step = 0; step < c->steps; step++)
        for (size_t p = from; p < to; p++) {
            double *first = &x[(step * batch + at + (p - from) * each) * nin], follows;
            for (size_t k = 0; k < nin; k++)
                first[k] = standard(c, group, k, hm_pair_scene_input(scene, c->steps - 1 - step, p, k), &follows);
            for (size_t q = 1; q < each; q++) memcpy(&first[q * nin], first, nin * sizeof *first);
            for (size_t q = 0; q < each && step + 1 == c->steps; q++) first[q * nin + q / 2] += q % 2 ? -NUDGE : NUDGE;
        }
}

void hm_correction_slopes(const struct hm_correction *c, struct hm_pair_scene *scene, size_t group, size_t from,
                          size_t to, const double *y)
{
    const size_t nin = c->kinds->group[group].ninput, each = hm_correction_sequences(c, group);
    const double unit = hm_correction_scale(c, group)->unit;
    for (size_t p = from; p < to; p++, y += each) {
        double *slope = &scene->slope[p * c->kinds->most_inputs], follows;
        for (size_t k = 0; k < nin; k++) {
            standard(c, group, k, hm_pair_scene_input(scene, 0, p, k), &follows);
            slope[k] = unit * scene->fade[p] * follows * (y[2 * k] - y[2 * k + 1]) / (2 * NUDGE);
        }
        slope[0] += unit * scene->fade_slope[p] * 0.5 * (y[0] + y[1]);
    }
}

void hm_correction_outputs(const struct hm_correction *c, const struct hm_pair_scene *scene, size_t group,
                           const double *by_slope, double *by_y)
{
    const size_t nin = c->kinds->group[group].ninput, each = hm_correction_sequences(c, group);
    const double unit = hm_correction_scale(c, group)->unit;
    for (size_t p = scene->first[group]; p < scene->first[group + 1]; p++, by_y += each) {
        const double *slope = &by_slope[p * c->kinds->most_inputs];
        double follows;
        for (size_t k = 0; k < nin; k++) {
            standard(c, group, k, hm_pair_scene_input(scene, 0, p, k), &follows);
            by_y[2 * k] = unit * scene->fade[p] * follows * slope[k] / (2 * NUDGE);
            by_y[2 * k + 1] = -by_y[2 * k];
        }
        by_y[0] += unit * scene->fade_slope[p] * 0.5 * slope[0];
        by_y[1] += unit * scene->fade_slope[p] * 0.5 * slope[0];
    }
}

void hm_correction_impulses(const struct hm_correction *c, struct hm_pair_scene *scene, bool linear, double *by)
{
    hm_pair_scene_impulses(scene, scene->slope, scene->impulse);
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        const double most = BOUND * hm_correction_scale(c, g)->spread;
        for (size_t p = scene->first[g]; p < scene->first[g + 1]; p++) {
            if (by) by[p] = 1;
            if (linear || fabs(scene->impulse[p]) <= most) continue;
            const double t = most > 0 ? tanh((fabs(scene->impulse[p]) - most) / most) : 0;
            scene->impulse[p] = copysign(most * (1 + t), scene->impulse[p]);
            if (by) by[p] = 1 - t * t;
        }
    }
}

void hm_correction_evaluate(struct hm_correction *c)
{
    struct hm_pair_scene *scene = &c->scene;
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        const struct hm_lstm_shape *shape = &c->shape[g];
        const size_t each = hm_correction_sequences(c, g), most = c->batch / each;
        for (size_t from = scene->first[g]; from < scene->first[g + 1]; from += most) {
            const size_t left = scene->first[g + 1] - from, here = left < most ? left : most, batch = here * each;
            hm_correction_fill(c, scene, g, from, from + here, 0, batch, c->x);
            memset(c->state, 0, hm_lstm_state_count(shape, batch) * c->engine->real_size);
            for (size_t step = 0; step < c->steps; step++)
                c->engine->step(shape, batch, c->packed[g], &c->x[step * batch * shape->nin], c->state, c->scratch,
                                c->y);
            hm_correction_slopes(c, scene, g, from, from + here, c->y);
        }
    }
    hm_correction_impulses(c, scene, false, NULL);
}

double hm_correction_extremeness(const struct hm_correction *c, const struct hm_pair_scene *scene)
{
    double most = 0;
    if (hm_correction_header(c)->measured != 1) return NAN;
    for (size_t g = 0; g < c->kinds->ngroup; g++) {
        const double *middle = hm_correction_middle(c, g), *half = middle + c->kinds->most_inputs;
        for (size_t p = scene->first[g]; p < scene->first[g + 1]; p++)
            for (size_t k = 0; k < c->kinds->group[g].ninput; k++)
                if (half[k] > 0) most = fmax(most, fabs(hm_pair_scene_input(scene, 0, p, k) - middle[k]) / half[k]);
    }
    return most;
}

double hm_correction_switch(double extremeness)
{
    if (!(extremeness > SWITCH_FROM)) return 1;
    if (extremeness >= SWITCH_TO) return 0;
    const double t = (extremeness - SWITCH_FROM) / (SWITCH_TO - SWITCH_FROM);
    return 1 - t * t * (3 - 2 * t);
}
