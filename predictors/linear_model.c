#include "predictors/linear_model.h"

#include <math.h>

/* Small enough to be a force law fitted to rounding, large enough to settle unseen powers. */
static const double COORDINATE_RIDGE = 1e-16;
/* How far beyond the trained range, in units of its width, the polynomial is trusted. */
static const double TRUSTED_MARGIN = 0.25;

void hm_linear_shape_finish(struct hm_linear_shape *shape)
{
    const size_t past = !shape->motion ? 0 : shape->coordinate ? shape->history : shape->history / 2;
    shape->nfeature = past + (shape->coordinate ? shape->degree : 0) + (shape->centred ? 1 : 0);
}

static double past(const struct hm_linear_scale *scale, const struct hm_linear_inputs *inputs, size_t back)
{
    return (inputs->motion[(ptrdiff_t)(back - 1) * inputs->stride] - scale->motion_mean) / scale->motion_sigma;
}

/* Powers of z up to the edge of what is trusted; beyond it their tangents there. */
static void coordinate_features(const struct hm_linear_shape *shape, const struct hm_linear_scale *scale,
                                double coordinate, double *features)
{
    const double z = (coordinate - scale->coordinate_mean) / scale->coordinate_sigma;
    const double margin = TRUSTED_MARGIN * (scale->z_high - scale->z_low);
    const double edge = fmin(fmax(z, scale->z_low - margin), scale->z_high + margin);
    double power = 1; /* (edge / 2)^k */
    for (size_t k = 0; k < shape->degree; k++, power *= edge / 2)
        features[k] = edge * power + (double)(k + 1) * power * (z - edge);
}

void hm_linear_features(const struct hm_linear_shape *shape, const struct hm_linear_scale *scale,
                        const struct hm_linear_inputs *inputs, double *features)
{
    const size_t p = shape->history;
    if (shape->motion && shape->coordinate) {
        for (size_t back = 1; back <= p; back++) *features++ = past(scale, inputs, back);
    } else if (shape->motion) {
        for (size_t back = 1; back < p / 2; back++)
            *features++ = past(scale, inputs, back) + past(scale, inputs, p - back);
        *features++ = past(scale, inputs, p / 2);
    }
    if (shape->coordinate) {
        coordinate_features(shape, scale, inputs->coordinate, features);
        features += shape->degree;
    }
    if (shape->centred) *features = 1;
}

void hm_linear_ridge(const struct hm_linear_shape *shape, double history_ridge, double *ridge)
{
    const size_t tail = (shape->coordinate ? shape->degree : 0) + (shape->centred ? 1 : 0);
    for (size_t j = 0; j < shape->nfeature; j++)
        ridge[j] = j < shape->nfeature - tail ? history_ridge : COORDINATE_RIDGE;
    if (shape->centred) ridge[shape->nfeature - 1] = 0;
}

double hm_linear_target(const struct hm_linear_shape *shape, const struct hm_linear_scale *scale,
                        const struct hm_linear_inputs *inputs, double motion)
{
    const double a = (motion - scale->motion_mean) / scale->motion_sigma;
    return shape->coordinate ? a : a + past(scale, inputs, shape->history);
}

double hm_linear_motion(const struct hm_linear_shape *shape, const struct hm_linear_scale *scale,
                        const struct hm_linear_inputs *inputs, const double *features, const double *weights)
{
    double a = shape->coordinate ? 0 : -past(scale, inputs, shape->history);
    for (size_t j = 0; j < shape->nfeature; j++) a += weights[j] * features[j];
    return scale->motion_mean + scale->motion_sigma * a;
}
