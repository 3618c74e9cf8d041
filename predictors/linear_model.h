/* The features of the linear predictor: what one channel's next motion is regressed on.
 *
 * With the coordinate among the inputs, in normalised motion a = (u - mean_u) / sigma_u and z = (c_n - mean_c) /
 * sigma_c:
 *
 *   a_n ~ w . (a_{n-1}, ..., a_{n-p}, z, z (z/2), ..., z (z/2)^{degree-1}, 1)
 *
 *   The coordinate part is a force law: it cannot drift. The history is held back by a larger ridge, so that it takes
 * only what the coordinate leaves. Outside the distances seen in training (and a quarter more) the law goes on as its
 * tangent.
 *
 * With motion alone, p even:
 *
 *   a_n + a_{n-p} ~ w . (a_{n-1} + a_{n-p+1}, ..., a_{n-p/2+1} + a_{n-p/2-1}, a_{n-p/2}, 1)
 *
 *   Read backwards it is the same law: the roots of the recursion come in pairs z, 1/z, so no amplitude grows or decays
 * by construction, with half the coefficients of a free autoregression.
 *
 * Cartesian channels have zero means, no constant and degree 1: the law is the same in every direction.
 *
 * Units: motions and coordinates as in the window; features and weights are dimensionless.
 * Errors: none. Owns: nothing. MPI: local.
 */
#ifndef HM_PREDICTORS_LINEAR_MODEL_H
#define HM_PREDICTORS_LINEAR_MODEL_H

#include <stdbool.h>
#include <stddef.h>

struct hm_linear_shape {
    bool motion, coordinate; // inputs
    bool centred;            // means and a constant (pair), or neither (cartesian)
    size_t history;          // p
    size_t degree;           // of the coordinate
    size_t nfeature;         // d
};

/* Normalisation of one group of channels, and the coordinates it was trained on. Part of the published parameters. */
struct hm_linear_scale {
    double motion_mean, motion_sigma;
    double coordinate_mean, coordinate_sigma;
    double z_low, z_high; // trained range of z
};

/* One channel's inputs, newest first: motion[k * stride] = u_{n-1-k}, coordinate = c_n. */
struct hm_linear_inputs {
    const double *motion;
    ptrdiff_t stride;
    double coordinate;
};

void hm_linear_shape_finish(struct hm_linear_shape *shape); /* sets nfeature from the rest */
void hm_linear_features(const struct hm_linear_shape *shape, const struct hm_linear_scale *scale,
                        const struct hm_linear_inputs *inputs, double *features);
/* Ridge of each feature (nfeature); `history_ridge` for those that look back. */
void hm_linear_ridge(const struct hm_linear_shape *shape, double history_ridge, double *ridge);
/* The regression's target for the motion u_n, and back. */
double hm_linear_target(const struct hm_linear_shape *shape, const struct hm_linear_scale *scale,
                        const struct hm_linear_inputs *inputs, double motion);
double hm_linear_motion(const struct hm_linear_shape *shape, const struct hm_linear_scale *scale,
                        const struct hm_linear_inputs *inputs, const double *features, const double *weights);

#endif
