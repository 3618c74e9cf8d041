/* A surrogate of neighbourhoods that was shown some frames of a fluid.
 *
 * Units: atomic units. Owns: everything in the struct; asserts where something fails, `forget` releases.
 */
#ifndef HM_TESTS_PREDICTORS_LEARNT_H
#define HM_TESTS_PREDICTORS_LEARNT_H

#include "predictors/surrogate_model.h"
#include "tests/predictors/fluid.h"

enum { FRAMES = 8 };

struct learnt {
    struct fluid fluid; // created before
    struct hm_config *config;
    void *model;
    double *scales, *weights;
    double *x[FRAMES];
    size_t level;
};

enum hm_status configure(const char *keys, struct hm_config **config); // of the section predictor

/* Frames of the fluid, 100 fs apart, and random weights of a level in use. */
void learn_nothing(struct learnt *learnt, const char *keys, size_t level);
void forget(struct learnt *learnt);

/* Weights by regularised least squares on the forces in all frames but the last two; the error there: rms, relative. */
void fit(struct learnt *learnt, size_t level);
double held_out_error(const struct learnt *learnt);

double *reals(size_t count); // zeros, to free
double largest(const double *values, size_t count);
double largest_difference(const double *a, const double *b, size_t count);

#endif
