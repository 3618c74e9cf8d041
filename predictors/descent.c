#include "predictors/descent.h"

#include "predictors/adam.h"

#include "io/rng.h"

#include <lbfgs.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void shuffle(const struct hm_descent *d, uint64_t seed, int epoch)
{
    const struct hm_rng_key key = {seed, 1, HM_RNG_TRAINING};
    for (size_t k = d->nexample; k-- > 1;) {
        double u[2];
        hm_rng_uniform2(key, (uint64_t)epoch, (uint32_t)k, u);
        const size_t other = (size_t)(u[0] * (double)(k + 1)), keep = d->order[k];
        d->order[k] = d->order[other];
        d->order[other] = keep;
    }
}

static enum hm_status descend(const struct hm_descent *d, const struct hm_effort *effort, double *gradient,
                              struct hm_adam *adam)
{
    static const double PI = 3.14159265358979323846;
    for (int epoch = 0; epoch < effort->epochs; epoch++) {
        HM_TRY(hm_interrupt_check(&effort->interrupt));
        const double rate = effort->rate * 0.5 * (1 + cos(PI * epoch / effort->epochs));
        shuffle(d, effort->seed, epoch);
        for (size_t b = 0; b < d->nexample; b += effort->batch) {
            const size_t left = d->nexample - b;
            d->loss(d->self, d->order + b, left < effort->batch ? left : effort->batch, gradient);
            hm_adam_step(adam, rate, gradient, d->weights);
        }
    }
    return HM_OK;
}

/* ---- L-BFGS ---- */

struct polishing {
    const struct hm_descent *descent;
    const struct hm_effort *effort;
    enum hm_status status;
};

static lbfgsfloatval_t evaluate(void *self, const lbfgsfloatval_t *weights, lbfgsfloatval_t *gradient, int count,
                                lbfgsfloatval_t step)
{
    const struct hm_descent *d = ((struct polishing *)self)->descent;
    (void)step;
    memcpy(d->weights, weights, (size_t)count * sizeof *weights);
    return d->loss(d->self, d->order, d->nexample, gradient);
}

static int proceed(void *self, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g, lbfgsfloatval_t fx,
                   lbfgsfloatval_t xnorm, lbfgsfloatval_t gnorm, lbfgsfloatval_t step, int n, int k, int ls)
{
    struct polishing *polishing = self;
    (void)x, (void)g, (void)fx, (void)xnorm, (void)gnorm, (void)step, (void)n, (void)k, (void)ls;
    polishing->status = hm_interrupt_check(&polishing->effort->interrupt);
    return polishing->status != HM_OK;
}

/* What L-BFGS ends with (converged, out of iterations, a line search that finds nothing better) is in any case its
 * best. */
static enum hm_status polish(const struct hm_descent *d, const struct hm_effort *effort)
{
    struct polishing polishing = {d, effort, HM_OK};
    lbfgs_parameter_t parameters;
    lbfgsfloatval_t *weights = lbfgs_malloc((int)d->nweight), best;
    if (!weights) return hm_fail(HM_OUT_OF_MEMORY, "no memory for L-BFGS");
    memcpy(weights, d->weights, d->nweight * sizeof *weights);
    lbfgs_parameter_init(&parameters);
    parameters.m = 20;
    parameters.epsilon = 1e-9;
    parameters.max_iterations = effort->polish;
    lbfgs((int)d->nweight, weights, &best, evaluate, proceed, &polishing, &parameters);
    memcpy(d->weights, weights, d->nweight * sizeof *weights);
    lbfgs_free(weights);
    return polishing.status;
}

enum hm_status hm_descent_run(const struct hm_descent *d, const struct hm_effort *effort)
{
    struct hm_adam adam = {.count = d->nweight};
    double *gradient = calloc(3 * d->nweight, sizeof *gradient);
    if (!gradient) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a gradient of %zu weights", d->nweight);
    hm_adam_default(&adam);
    adam.m = gradient + d->nweight;
    adam.v = gradient + 2 * d->nweight;
    enum hm_status status = descend(d, effort, gradient, &adam);
    if (status == HM_OK && effort->polish > 0) status = polish(d, effort);
    free(gradient);
    return status;
}
