/* The surrogate: kicks from a potential that is linear in its parameters and fitted to exact kicks while the run goes
 * on.
 *
 *   E(x) = sum_c w_c Phi_c(x),   kick = -(dt / m) dE/dx  (+ the kick of its base)
 *
 * The potential conserves momentum, angular momentum and its own energy whatever its weights are: what is wrong with it
 * shows in the error at injections and nowhere else. What Phi_c are is the business of its model (surrogate_model.h).
 * `base: {type: hamiltonian}` fits what a cheaper Hamiltonian leaves.
 *
 * Source: conservative fits of forces by linear least squares, e.g. Braams and Bowman, Int. Rev. Phys. Chem. 28, 577
 * (2009); Seko, Takahashi and Tanaka, Phys. Rev. B 90, 024101 (2014).
 */
#include "predictors/surrogate_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_DOUBLES = sizeof(struct hm_surrogate_header) / sizeof(double) };

/* ---- create ---- */

static bool allocate(struct hm_surrogate *s)
{
    const size_t n = 3 * s->natom;
    s->nparameter = HEADER_DOUBLES + s->nscale + s->nweight;
    s->label_size = 2 * n + 2;
    s->parameters = calloc(s->nparameter, sizeof *s->parameters);
    s->candidate = calloc(s->nparameter, sizeof *s->candidate);
    s->gradient = calloc(2 * n, sizeof *s->gradient);
    s->root_mass = calloc(2 * s->natom, sizeof *s->root_mass);
    s->base_force = s->gradient + n;
    s->step_per_mass = s->root_mass + s->natom;
    return s->parameters && s->candidate && s->gradient && s->root_mass;
}

static void destroy(void **self)
{
    struct hm_surrogate *s = *self;
    if (s) {
        hm_surrogate_learning_release(s);
        if (s->geometry) s->model->destroy(&s->geometry);
        free(s->parameters);
        free(s->candidate);
        free(s->gradient);
        free(s->root_mass);
        free(s);
    }
    *self = NULL;
}

static enum hm_status find_base(const struct hm_predictor_setup *setup, struct hm_surrogate *s)
{
    static const char key[] = "predictor.base.type";
    s->on_base = !setup->as_base && hm_config_is(setup->config, key, "hamiltonian");
    if (!s->on_base && !setup->as_base && !hm_config_is(setup->config, key, "none"))
        return hm_config_fault(setup->config, key, "a surrogate corrects 'hamiltonian' or stands alone ('none')");
    s->base = setup->representation->cheap;
    if (s->on_base && !s->base.evaluate)
        return hm_config_fault(setup->config, key,
                               "hamiltonian needs the cheaper one: 'predictor: {hamiltonian: {type: ...}}'");
    return HM_OK;
}

static void choose_ridges(const struct hm_config *config, struct hm_surrogate *s)
{
    static const double automatic[] = {1e-9, 1e-12, 1e-7, 1e-5};
    s->nridge = 1;
    if (!hm_config_is(config, "predictor.ridge", "auto")) {
        s->ridge[0] = hm_config_real(config, "predictor.ridge");
        return;
    }
    s->nridge = sizeof automatic / sizeof *automatic;
    memcpy(s->ridge, automatic, sizeof automatic);
}

static enum hm_status create(const struct hm_predictor_setup *setup, void **self)
{
    const struct hm_frame *frame = &setup->representation->start;
    struct hm_surrogate *s = calloc(1, sizeof *s);
    if (!s) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the predictor");
    void *owner = s;
    enum hm_status status;
    HM_TRY_GOTO(status, find_base(setup, s), fail);
    HM_TRY_GOTO(status, hm_surrogate_model_find(setup->config, frame, &s->model), fail);
    HM_TRY_GOTO(status, s->model->create(setup->config, frame, &s->geometry), fail);
    s->natom = frame->natom;
    s->levels = s->model->levels(s->geometry);
    s->nweight = s->model->count(s->geometry, s->levels - 1);
    s->nscale = s->model->scale_count(s->geometry);
    s->timestep = hm_config_real(setup->config, "integrator.timestep");
    if (!allocate(s)) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for a surrogate of %zu terms", s->nweight);
        goto fail;
    }
    /* Kicks of frozen atoms say nothing of the force. */
    s->nfrozen = frame->nfrozen;
    for (size_t i = 0; i < s->natom; i++) {
        if (hm_frame_holds(frame, i)) continue;
        s->root_mass[i] = sqrt(frame->mass[i]);
        s->step_per_mass[i] = s->timestep / frame->mass[i];
    }
    choose_ridges(setup->config, s);
    *self = s;
    return HM_OK;
fail:
    destroy(&owner);
    return status;
}

/* ---- predict ---- */

void hm_surrogate_use(struct hm_surrogate *surrogate, double *parameters)
{
    if (hm_surrogate_header(parameters)->fitted != 1) return;
    surrogate->model->use(surrogate->geometry, hm_surrogate_scales(parameters),
                          hm_surrogate_weights(surrogate, parameters), (size_t)hm_surrogate_header(parameters)->level);
}

/* With parameters that say nothing (of a file without a fit) there is no kick: what is not finite is not taken. */
static void predict(void *self, const struct hm_window *window, struct hm_prediction *prediction)
{
    struct hm_surrogate *s = self;
    const size_t n = 3 * s->natom;
    const double *x = window->frame->x;
    const bool fitted = hm_surrogate_header(s->parameters)->fitted == 1;
    prediction->extremeness = fitted ? s->model->gradient(s->geometry, x, s->gradient) : NAN;
    prediction->outside = fitted && s->model->outside && s->model->outside(s->geometry);
    for (size_t k = 0; k < n; k++) prediction->motion[k] = fitted ? -s->step_per_mass[k / 3] * s->gradient[k] : NAN;
    if (!s->on_base) return;
    s->base.evaluate(s->base.self, x, s->base_force);
    for (size_t k = 0; k < n; k++) {
        prediction->base[k] = s->step_per_mass[k / 3] * s->base_force[k];
        prediction->motion[k] += prediction->base[k];
    }
    prediction->has_base = true;
}

/* ---- parameters ---- */

static const void *parameters(const void *self, size_t *bytes)
{
    const struct hm_surrogate *s = self;
    *bytes = s->nparameter * sizeof *s->parameters;
    return s->parameters;
}

static void adopt(void *self, const void *from)
{
    struct hm_surrogate *s = self;
    memcpy(s->parameters, from, s->nparameter * sizeof *s->parameters);
    struct hm_surrogate_header *header = hm_surrogate_header(s->parameters);
    if (!(header->level >= 0 && header->level < (double)s->levels)) header->fitted = 0; /* from a damaged file */
    hm_surrogate_use(s, s->parameters);
}

static void describe(const void *self, char *text, size_t size)
{
    const struct hm_surrogate *s = self;
    char highest[256];
    s->model->describe(s->geometry, s->levels - 1, highest, sizeof highest);
    snprintf(text, size, "%s, %zu levels up to %s, %zu scales, base %s", s->model->name, s->levels, highest, s->nscale,
             s->on_base ? "hamiltonian" : "none");
}

static void save(const void *self, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "SURROGAT");
    hm_surrogate_learning_save(self, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    HM_TRY(hm_archive_expect_tag(archive, "SURROGAT"));
    return hm_surrogate_learning_load(self, archive);
}

const struct hm_predictor_ops hm_predictor_surrogate = {
    .method = {"surrogate", "a potential linear in its parameters, fitted to exact kicks"},
    .sees = HM_SEES_ATOMS,
    .gives_base = true,
    .gives_extremeness = true,
    .create = create,
    .destroy = destroy,
    .predict = predict,
    .train = hm_surrogate_train,
    .parameters = parameters,
    .adopt = adopt,
    .describe = describe,
    .save = save,
    .load = load,
};
