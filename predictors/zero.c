/* Constant velocity: the kick is zero. The floor every other predictor is measured against. */
#include "predictors/predictor.h"

#include <stdlib.h>
#include <string.h>

struct zero {
    enum hm_representation_kind kind;
};

static enum hm_status create(const struct hm_predictor_setup *setup, void **self)
{
    struct zero *zero = malloc(sizeof *zero);
    if (!zero) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the predictor");
    zero->kind = setup->representation->kind;
    *self = zero;
    return HM_OK;
}

static void destroy(void **self)
{
    free(*self);
    *self = NULL;
}

static void predict(void *self, const struct hm_window *window, struct hm_prediction *prediction)
{
    const struct zero *zero = self;
    /* No impulse, or the velocity as it was. */
    if (zero->kind == HM_REPRESENTATION_CARTESIAN)
        memcpy(prediction->motion, window->frame->v, window->nchannel * sizeof(double));
    else
        memset(prediction->motion, 0, window->nchannel * sizeof(double));
}

const struct hm_predictor_ops hm_predictor_zero = {
    .method = {"zero", "constant velocity between injections: the floor"},
    .sees = HM_SEES_EITHER,
    .create = create,
    .destroy = destroy,
    .predict = predict,
};
