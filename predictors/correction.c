#include "predictors/correction.h"

#include "predictors/correction_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HM_PREDICTOR(name) extern const struct hm_predictor_ops hm_predictor_##name;
#include "predictors/predictors.def"
#undef HM_PREDICTOR

enum {
    AUTOMATIC_STEPS = 1,
    AUTOMATIC_LAYERS = 1,
    SIDE_BY_SIDE = 240, /* sequences */
    HEADER_DOUBLES = sizeof(struct hm_correction_header) / sizeof(double),
    SCALE_DOUBLES = sizeof(struct hm_correction_scale) / sizeof(double)
};

/* ---- the parameters' pieces ---- */

struct hm_correction_header *hm_correction_header(const struct hm_correction *c)
{
    return (struct hm_correction_header *)(void *)c->parameters;
}

static double *base_parameters(const struct hm_correction *c)
{
    return &c->parameters[HEADER_DOUBLES];
}

struct hm_correction_scale *hm_correction_scale(const struct hm_correction *c, size_t group)
{
    const size_t size = SCALE_DOUBLES + 2 * c->kinds->most_inputs;
    double *at = base_parameters(c) + c->base_bytes / sizeof(double) + group * size;
    return (struct hm_correction_scale *)(void *)at;
}

double *hm_correction_middle(const struct hm_correction *c, size_t group)
{
    return (double *)(void *)hm_correction_scale(c, group) + SCALE_DOUBLES;
}

double *hm_correction_weights(const struct hm_correction *c, size_t group)
{
    return (double *)(void *)hm_correction_scale(c, c->kinds->ngroup) + c->weights_at[group];
}

/* ---- create ---- */

static enum hm_status create_base(const struct hm_predictor_setup *setup, struct hm_correction *c)
{
    struct hm_predictor_setup base = *setup;
    const bool cheaper = hm_config_is(setup->config, "predictor.base.type", "hamiltonian");
    const struct hm_predictor_ops *ops = cheaper ? &hm_predictor_hamiltonian : &hm_predictor_surrogate;
    base.as_base = true;
    HM_TRY(ops->create(&base, &c->base.self));
    c->base.ops = ops;
    if (ops->parameters) ops->parameters(c->base.self, &c->base_bytes);
    return HM_OK;
}

static enum hm_status read_config(const struct hm_predictor_setup *setup, struct hm_correction *c)
{
    const struct hm_config *config = setup->config;
    if (hm_config_has(config, "predictor.inputs"))
        return hm_config_fault(config, "predictor.inputs",
                               "on a base that knows the geometry a network sees the last geometries: remove it");
    c->steps = AUTOMATIC_STEPS;
    if (!hm_config_is(config, "predictor.history", "auto"))
        c->steps = (size_t)hm_config_integer(config, "predictor.history");
    /* A difference of energies in single precision is no gradient. */
    const bool single =
        hm_config_has(config, "predictor.precision") && hm_config_is(config, "predictor.precision", "single");
    c->engine = hm_lstm_engine_get(single ? HM_LSTM_FLOAT : HM_LSTM_DOUBLE);
    c->key = (struct hm_rng_key){.seed = setup->seed, .purpose = HM_RNG_TRAINING, .replica = (uint32_t)setup->member};
    c->natom = setup->representation->natom;
    c->inverse_mass = setup->representation->inverse_mass;
    return HM_OK;
}

static bool shape_networks(const struct hm_config *config, struct hm_correction *c)
{
    const size_t ngroup = c->kinds->ngroup;
    const bool deep = hm_config_has(config, "predictor.layers");
    c->shape = calloc(ngroup, sizeof *c->shape);
    c->weights_at = calloc(ngroup + 1, sizeof *c->weights_at);
    c->packed = calloc(ngroup, sizeof *c->packed);
    if (!c->shape || !c->weights_at || !c->packed) return false;
    for (size_t g = 0; g < ngroup; g++) {
        c->shape[g] = (struct hm_lstm_shape){
            .nin = c->kinds->group[g].ninput,
            .nout = 1,
            .layers = deep ? (size_t)hm_config_integer(config, "predictor.layers") : AUTOMATIC_LAYERS,
            .hidden = (size_t)hm_config_integer(config, "predictor.hidden"),
        };
        c->weights_at[g + 1] = c->weights_at[g] + hm_lstm_parameter_count(&c->shape[g]);
        c->packed[g] = hm_lstm_memory(hm_lstm_packed_count(&c->shape[g]), c->engine->real_size);
        if (!c->packed[g]) return false;
    }
    return true;
}

static bool allocate(struct hm_correction *c)
{
    const size_t real = c->engine->real_size, widest = 2 * c->kinds->most_inputs;
    const size_t scales = c->kinds->ngroup * (SCALE_DOUBLES + 2 * c->kinds->most_inputs);
    const struct hm_lstm_shape largest = {c->kinds->most_inputs, 1, c->shape[0].layers, c->shape[0].hidden};
    c->batch = widest > SIDE_BY_SIDE ? widest : SIDE_BY_SIDE;
    c->nweight = c->weights_at[c->kinds->ngroup];
    c->nparameter = HEADER_DOUBLES + c->base_bytes / sizeof(double) + scales + c->nweight;
    c->parameters = calloc(c->nparameter, sizeof *c->parameters);
    c->before = calloc(c->nparameter, sizeof *c->before);
    c->best = calloc(c->nparameter, sizeof *c->best);
    c->root_mass = calloc(c->natom, sizeof *c->root_mass);
    c->geometry = calloc(c->steps, sizeof *c->geometry);
    c->spare = calloc(6 * c->natom, sizeof *c->spare);
    c->x = calloc(c->steps * c->batch * c->kinds->most_inputs, sizeof *c->x);
    c->y = calloc(c->batch, sizeof *c->y);
    c->state = hm_lstm_memory(hm_lstm_state_count(&largest, c->batch), real);
    c->scratch = hm_lstm_memory(hm_lstm_scratch_count(&largest, c->batch), real);
    return c->parameters && c->before && c->best && c->root_mass && c->geometry && c->spare && c->x && c->y &&
           c->state && c->scratch;
}

static void destroy(void **self)
{
    struct hm_correction *c = *self;
    if (c) {
        void *const owned[] = {c->parameters, c->before, c->best,  c->root_mass, c->geometry, c->spare,
                               c->x,          c->y,      c->state, c->scratch,   c->shape,    c->weights_at};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
        for (size_t g = 0; c->packed && g < c->kinds->ngroup; g++) free(c->packed[g]);
        free(c->packed);
        hm_pair_scene_release(&c->scene);
        if (c->kinds) hm_pair_kinds_destroy(&c->kinds);
        hm_frame_release(&c->at);
        hm_predictor_destroy(&c->base);
        hm_reservoir_release(&c->reservoir);
        free(c);
    }
    *self = NULL;
}

static enum hm_status build(const struct hm_predictor_setup *setup, struct hm_correction *c)
{
    const struct hm_frame *start = &setup->representation->start;
    HM_TRY(read_config(setup, c));
    HM_TRY(create_base(setup, c));
    HM_TRY(hm_pair_kinds_create(setup->config, start, &c->kinds));
    HM_TRY(hm_pair_scene_create(c->kinds, c->steps, &c->scene));
    HM_TRY(hm_frame_copy(start, &c->at));
    if (!shape_networks(setup->config, c) || !allocate(c))
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the networks of %zu groups of pairs", c->kinds->ngroup);
    for (size_t i = 0; i < c->natom; i++) c->root_mass[i] = hm_frame_holds(start, i) ? 0 : sqrt(start->mass[i]);
    hm_reservoir_start(&c->reservoir, 3 * c->natom, (size_t)hm_config_integer(setup->config, "training.reservoir"));
    c->accepted_error = INFINITY;
    return HM_OK;
}

static enum hm_status create(const struct hm_predictor_setup *setup, void **self)
{
    struct hm_correction *c = calloc(1, sizeof *c);
    if (!c) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the predictor");
    void *owner = c;
    const enum hm_status status = build(setup, c);
    if (status != HM_OK) destroy(&owner);
    *self = owner;
    return status;
}

static size_t history(const void *self)
{
    const struct hm_correction *c = self;
    return c->steps - 1;
}

static size_t reseed_steps(const void *self)
{
    (void)self; /* geometries are what they are, however they came about */
    return 1;
}

/* ---- predict ---- */

/* The open scene's extremeness where the base has nothing to say of its own. */
static double extremeness(const struct hm_correction *c, double of_base)
{
    return isnan(of_base) ? hm_correction_extremeness(c, &c->scene) : of_base;
}

static void correct(struct hm_correction *c, const struct hm_window *window, struct hm_prediction *prediction)
{
    const bool on = hm_correction_header(c)->on == 1;
    if (!on && !isnan(prediction->extremeness)) return;
    for (size_t back = 0; back < c->steps; back++) c->geometry[back] = hm_window_coordinate(window, back);
    if (hm_pair_scene_open(&c->scene, c->geometry) != HM_OK) { /* no room: the driver injects */
        hm_status_clear();
        for (size_t k = 0; k < 3 * c->natom; k++) prediction->motion[k] = NAN;
        return;
    }
    prediction->extremeness = extremeness(c, prediction->extremeness);
    const double share = on ? hm_correction_switch(prediction->extremeness) : 0;
    if (share == 0) return;
    hm_correction_evaluate(c);
    for (size_t p = 0; p < c->scene.count; p++) c->scene.impulse[p] *= share;
    hm_pair_scene_kick(&c->scene, c->scene.impulse, c->inverse_mass, prediction->motion);
}

static void predict(void *self, const struct hm_window *window, struct hm_prediction *prediction)
{
    struct hm_correction *c = self;
    struct hm_prediction said = {.motion = prediction->motion, .base = c->spare, .extremeness = NAN};
    c->base.ops->predict(c->base.self, window, &said);
    memcpy(prediction->base, said.motion, 3 * c->natom * sizeof *said.motion);
    prediction->has_base = true;
    prediction->extremeness = said.extremeness;
    prediction->outside = said.outside;
    correct(c, window, prediction);
}

double hm_correction_base(struct hm_correction *c, const double *x, double *kick)
{
    const struct hm_window window = {.frame = &c->at, .nchannel = 3 * c->natom};
    struct hm_prediction said = {.motion = kick, .base = c->spare, .extremeness = NAN};
    memcpy(c->at.x, x, 3 * c->natom * sizeof *x);
    c->base.ops->predict(c->base.self, &window, &said);
    return said.extremeness;
}

/* ---- parameters ---- */

void hm_correction_refresh(struct hm_correction *c)
{
    const struct hm_correction_header *header = hm_correction_header(c);
    if (header->base_fitted == 1 && c->base.ops->adopt) c->base.ops->adopt(c->base.self, base_parameters(c));
    for (size_t g = 0; g < c->kinds->ngroup && header->on == 1; g++)
        c->engine->pack(&c->shape[g], hm_correction_weights(c, g), c->packed[g]);
}

void hm_correction_take_base(struct hm_correction *c)
{
    size_t bytes = 0;
    const void *of_base = c->base.ops->parameters ? c->base.ops->parameters(c->base.self, &bytes) : NULL;
    if (bytes > 0) memcpy(base_parameters(c), of_base, bytes);
    hm_correction_header(c)->base_fitted = 1;
}

static const void *parameters(const void *self, size_t *bytes)
{
    const struct hm_correction *c = self;
    *bytes = c->nparameter * sizeof *c->parameters;
    return c->parameters;
}

static void adopt(void *self, const void *from)
{
    struct hm_correction *c = self;
    memcpy(c->parameters, from, c->nparameter * sizeof *c->parameters);
    c->taught = hm_correction_header(c)->base_fitted == 1;
    hm_correction_refresh(c);
}

static void describe(const void *self, char *text, size_t size)
{
    const struct hm_correction *c = self;
    char base[512] = "";
    if (c->base.ops->describe) c->base.ops->describe(c->base.self, base, sizeof base);
    snprintf(text, size, "%zu x %zu hidden, %zu geometr%s, %zu network%s, base %s%s%s", c->shape[0].layers,
             c->shape[0].hidden, c->steps, c->steps == 1 ? "y" : "ies", c->kinds->ngroup,
             c->kinds->ngroup == 1 ? "" : "s", c->base.ops->method.name, base[0] ? ": " : "", base);
}

/* ---- save and load ---- */

static void save(const void *self, struct hm_archive *archive)
{
    const struct hm_correction *c = self;
    hm_archive_put_tag(archive, "CORRECT");
    hm_archive_put_int(archive, c->taught);
    hm_archive_put_int(archive, c->studies);
    hm_archive_put_real(archive, c->accepted_error);
    hm_archive_put_size(archive, c->refused);
    hm_archive_put_size(archive, c->rest);
    hm_reservoir_save(&c->reservoir, archive);
    hm_predictor_save(&c->base, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct hm_correction *c = self;
    int64_t taught;
    HM_TRY(hm_archive_expect_tag(archive, "CORRECT"));
    HM_TRY(hm_archive_get_int(archive, &taught));
    HM_TRY(hm_archive_get_int(archive, &c->studies));
    HM_TRY(hm_archive_get_real(archive, &c->accepted_error));
    HM_TRY(hm_archive_get_size(archive, &c->refused));
    HM_TRY(hm_archive_get_size(archive, &c->rest));
    c->taught = taught != 0;
    HM_TRY(hm_reservoir_load(&c->reservoir, archive));
    return hm_predictor_load(&c->base, archive);
}

const struct hm_predictor_ops hm_correction_ops = {
    .method = {"lstm", "an LSTM on what a base that knows the geometry leaves, trained online"},
    .sees = HM_SEES_ATOMS,
    .members_differ = true,
    .gives_base = true,
    .gives_extremeness = true,
    .create = create,
    .destroy = destroy,
    .history = history,
    .reseed_steps = reseed_steps,
    .predict = predict,
    .train = hm_correction_train,
    .parameters = parameters,
    .adopt = adopt,
    .describe = describe,
    .save = save,
    .load = load,
};
