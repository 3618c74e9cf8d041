#include "predictors/action_internal.h"

#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HM_PREDICTOR(name) extern const struct hm_predictor_ops hm_predictor_##name;
#include "predictors/predictors.def"
#undef HM_PREDICTOR

/* A fitted surrogate in steps as it was taught in, so that a good one leaves nothing to learn, and a first guess little
 * to iterate; a crude field in a twentieth of an O-H period: a map learned around it is as good. */
static const double TAUGHT_FS = 0.25, INNER_FS = 0.5;

enum hm_status hm_action_base_create(const struct hm_predictor_setup *setup, bool fitted, struct hm_action_base *base)
{
    static const char key[] = "predictor.base.type";
    struct hm_predictor_setup inside = *setup;
    const bool cheaper = !fitted && hm_config_is(setup->config, key, "hamiltonian");
    if (hm_config_is(setup->config, key, "linear"))
        return hm_config_fault(setup->config, key,
                               "strides lead through a field: that of a 'surrogate' or a 'hamiltonian'");
    if (cheaper && !setup->representation->cheap.evaluate)
        return hm_config_fault(setup->config, key,
                               "hamiltonian needs the cheaper one: 'predictor: {hamiltonian: {type: ...}}'");
    const struct hm_predictor_ops *ops = cheaper ? &hm_predictor_hamiltonian : &hm_predictor_surrogate;
    *base = (struct hm_action_base){
        .timestep = hm_config_real(setup->config, "integrator.timestep"),
        .inner = (cheaper ? INNER_FS : TAUGHT_FS) / HM_TIME_FS,
    };
    inside.as_base = true;
    HM_TRY(hm_frame_copy(&setup->representation->start, &base->at));
    base->motion = calloc(6 * base->at.natom, sizeof *base->motion);
    if (!base->motion) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the base of a stride");
    HM_TRY(ops->create(&inside, &base->predictor.self));
    base->predictor.ops = ops;
    if (ops->parameters) ops->parameters(base->predictor.self, &base->base_bytes);
    return HM_OK;
}

void hm_action_base_release(struct hm_action_base *base)
{
    hm_predictor_destroy(&base->predictor);
    hm_frame_release(&base->at);
    free(base->motion);
    *base = (struct hm_action_base){0};
}

/* p += time F(q), the force from the kick that the base would give in a timestep. */
static void kick(struct hm_action_base *base, double time, const double *q, double *p)
{
    const size_t n = 3 * base->at.natom;
    const struct hm_window window = {.frame = &base->at, .nchannel = n};
    struct hm_prediction said = {.motion = base->motion, .base = base->motion + n};
    memcpy(base->at.x, q, n * sizeof *q);
    base->predictor.ops->predict(base->predictor.self, &window, &said);
    for (size_t k = 0; k < n; k++) p[k] += time / base->timestep * base->at.mass[k / 3] * base->motion[k];
}

void hm_action_base_flow(struct hm_action_base *base, double time, double *q, double *p)
{
    const size_t n = 3 * base->at.natom;
    const int steps = (int)ceil(fabs(time) / base->inner - 1e-9);
    const double step = time / steps;
    for (int s = 0; s < steps; s++) {
        if (s == 0) kick(base, 0.5 * step, q, p);
        for (size_t k = 0; k < n; k++) q[k] += step * p[k] / base->at.mass[k / 3];
        kick(base, s + 1 < steps ? step : 0.5 * step, q, p);
    }
}
