/* Predicting: from the window to the networks' inputs, through all networks of a committee at once, and back to
 * motions. */
#include "predictors/lstm_internal.h"

#include "predictors/linear.h"

#include <math.h>
#include <string.h>

enum { MEMBERS_AT_ONCE = 16 };

void hm_lstm_inputs(const struct hm_lstm *lstm, size_t channel, double motion, double coordinate, double *x)
{
    const struct hm_lstm_scale *scale = &hm_lstm_scales(lstm)[channel];
    const double u = scale->motion_sigma > 0 ? (motion - scale->motion_mean) / scale->motion_sigma : 0;
    const double c = scale->coordinate_sigma > 0 ? (coordinate - scale->coordinate_mean) / scale->coordinate_sigma : 0;
    if (lstm->motion) *x++ = u;
    if (lstm->coordinate) *x = c;
}

/* The inputs of a group's network that lie `back` steps behind, as a call of the engine. */
static struct hm_lstm_call call_group(struct hm_lstm *l, size_t g, const struct hm_window *window, size_t back)
{
    const struct hm_lstm_group *group = &l->group[g];
    const double *motion = hm_window_motion(window, back), *coordinate = hm_window_coordinate(window, back);
    for (size_t k = 0; k < group->count; k++) {
        const size_t c = group->channel[k];
        hm_lstm_inputs(l, c, motion[c], coordinate[c], &l->x[k * l->shape.nin]);
    }
    const size_t inputs = group->count * l->shape.nin;
    for (size_t i = 0; l->odd && i < inputs; i++) l->x[inputs + i] = -l->x[i];
    return (struct hm_lstm_call){hm_lstm_group_batch(l, group), group->weights, l->x, group->state, l->scratch, l->y};
}

void hm_lstm_prime(void *self, const struct hm_window *window)
{
    struct hm_lstm *l = self;
    for (size_t g = 0; g < l->ngroup; g++) {
        struct hm_lstm_group *group = &l->group[g];
        memset(group->state, 0, hm_lstm_state_count(&l->shape, hm_lstm_group_batch(l, group)) * l->engine->real_size);
        for (size_t back = hm_lstm_priming(l); back > 0; back--) {
            const struct hm_lstm_call call = call_group(l, g, window, back);
            l->engine->step_all(&l->shape, 1, &call);
        }
    }
}

static double extremeness(const struct hm_lstm *l, const double *coordinate)
{
    const struct hm_lstm_scale *scale = hm_lstm_scales(l);
    double largest = 0;
    for (size_t c = 0; c < l->nchannel; c++)
        if (scale[c].coordinate_sigma > 0)
            largest = fmax(largest, fabs(coordinate[c] - scale[c].coordinate_mean) / scale[c].coordinate_sigma);
    return largest;
}

static void predict_base(struct hm_lstm *l, const struct hm_window *window, struct hm_prediction *prediction)
{
    prediction->has_base = hm_linear_fitted(l->companion.self);
    if (!prediction->has_base) return;
    struct hm_prediction base = {.motion = prediction->base};
    l->companion.ops->predict(l->companion.self, window, &base);
}

/* What the network says of the channels of a group, in y, as motions. */
static void take_outputs(const struct hm_lstm *l, size_t g, struct hm_prediction *prediction)
{
    const struct hm_lstm_group *group = &l->group[g];
    const struct hm_lstm_scale *scale = hm_lstm_scales(l);
    for (size_t k = 0; k < group->count; k++) {
        const size_t c = group->channel[k];
        const double y = l->odd ? 0.5 * (l->y[k] - l->y[group->count + k]) : l->y[k];
        const double base = l->on_base ? prediction->base[c] : scale[c].motion_mean;
        prediction->motion[c] = base + scale[c].output_sigma * y;
    }
}

/* Members of a committee have networks of the same shape: group by group, all of them are one call. */
static void predict_some(const struct hm_predictor *member, size_t count, const struct hm_window *window,
                         struct hm_prediction *prediction)
{
    const struct hm_lstm *first = member[0].self;
    struct hm_lstm_call call[MEMBERS_AT_ONCE];
    for (size_t m = 0; m < count; m++) predict_base(member[m].self, window, &prediction[m]);
    for (size_t g = 0; g < first->ngroup; g++) {
        for (size_t m = 0; m < count; m++) call[m] = call_group(member[m].self, g, window, 0);
        first->engine->step_all(&first->shape, count, call);
        for (size_t m = 0; m < count; m++) take_outputs(member[m].self, g, &prediction[m]);
    }
    for (size_t m = 0; m < count; m++)
        prediction[m].extremeness = extremeness(member[m].self, hm_window_coordinate(window, 0));
}

void hm_lstm_predict_all(const struct hm_predictor *members, size_t count, const struct hm_window *window,
                         struct hm_prediction *predictions)
{
    for (size_t m = 0; m < count; m += MEMBERS_AT_ONCE) {
        const size_t left = count - m;
        predict_some(&members[m], left < MEMBERS_AT_ONCE ? left : MEMBERS_AT_ONCE, window, &predictions[m]);
    }
}

void hm_lstm_predict(void *self, const struct hm_window *window, struct hm_prediction *prediction)
{
    predict_some(&(const struct hm_predictor){.self = self}, 1, window, prediction);
}
