/* The LSTM predictor: stacked recurrent networks on the history, trained online in episodes.
 *
 * `representation: cartesian, inputs: [velocity]` is the original method: from velocities to the next velocity.
 * `base: linear` leaves the law to the linear predictor and learns the rest. Without it a linear companion is fitted
 * all the same: its difference is a signal.
 *
 * Source: "Machine Learning Velocities to Propagate Molecular Dynamics Simulations", ChemRxiv (2025); for the network
 * lstm_network.h, for the training lstm_study.h.
 */
#include "predictors/lstm_internal.h"

#include "predictors/correction.h"
#include "predictors/linear.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_HISTORY = 170, /* of an automatic one: priming takes a few times as many steps */
    HEADER_DOUBLES = sizeof(struct hm_lstm_header) / sizeof(double),
    SCALE_DOUBLES = sizeof(struct hm_lstm_scale) / sizeof(double)
};

static const double RESTORING_LAW = 0.05, RESTORING_HISTORY = 0.1;

struct hm_lstm_header *hm_lstm_header(const struct hm_lstm *lstm)
{
    return (struct hm_lstm_header *)(void *)lstm->parameters;
}

struct hm_lstm_scale *hm_lstm_scales(const struct hm_lstm *lstm)
{
    return (struct hm_lstm_scale *)(void *)&lstm->parameters[HEADER_DOUBLES];
}

double *hm_lstm_weights(const struct hm_lstm *lstm, size_t group)
{
    const size_t weights = hm_lstm_parameter_count(&lstm->shape);
    return &lstm->parameters[HEADER_DOUBLES + lstm->nchannel * SCALE_DOUBLES + group * weights];
}

double *hm_lstm_companion(const struct hm_lstm *lstm)
{
    return hm_lstm_weights(lstm, lstm->ngroup);
}

/* ---- create ---- */

static void read_config(const struct hm_predictor_setup *setup, struct hm_lstm *l)
{
    const struct hm_config *config = setup->config;
    const bool pair = setup->representation->kind == HM_REPRESENTATION_PAIR;
    l->motion = hm_config_lists(config, "predictor.inputs", "velocity");
    l->coordinate = hm_config_lists(config, "predictor.inputs", "coordinate");
    l->on_base = hm_config_is(config, "predictor.base.type", "linear");
    l->force_law = pair && l->coordinate;
    l->automatic_history = hm_config_is(config, "predictor.history", "auto");
    l->history = (size_t)hm_config_integer(config, "predictor.history");
    if (l->automatic_history) l->history = LONGEST_HISTORY;
    l->shape = (struct hm_lstm_shape){
        .nin = (size_t)l->motion + (size_t)l->coordinate,
        .nout = 1,
        .layers = (size_t)hm_config_integer(config, "predictor.layers"),
        .hidden = (size_t)hm_config_integer(config, "predictor.hidden"),
    };
    const bool one_energy = hm_config_length(config, "training.energies") == 1;
    l->restoring = !one_energy || l->on_base ? 0 : l->force_law ? RESTORING_LAW : RESTORING_HISTORY;
    l->odd = !pair && !l->coordinate;
    l->polish = !hm_config_is(config, "training.optimizer", "adam");
    const bool single = hm_config_is(config, "predictor.precision", "single");
    l->engine = hm_lstm_engine_get(single ? HM_LSTM_FLOAT : HM_LSTM_DOUBLE);
    l->key = (struct hm_rng_key){.seed = setup->seed, .purpose = HM_RNG_TRAINING, .replica = (uint32_t)setup->member};
}

static bool allocate_group(struct hm_lstm *l, size_t g, const struct hm_representation *representation)
{
    struct hm_lstm_group *group = &l->group[g];
    const size_t weights = hm_lstm_parameter_count(&l->shape), real = l->engine->real_size;
    group->channel = calloc(l->nchannel, sizeof *group->channel);
    if (!group->channel) return false;
    for (size_t c = 0; c < l->nchannel; c++)
        if (representation->group[c] == g) group->channel[group->count++] = c;
    group->weights = hm_lstm_memory(hm_lstm_packed_count(&l->shape), real);
    group->state = hm_lstm_memory(hm_lstm_state_count(&l->shape, hm_lstm_group_batch(l, group)), real);
    group->adam = (struct hm_adam){.count = weights};
    hm_adam_default(&group->adam);
    group->adam.m = calloc(weights, sizeof *group->adam.m);
    group->adam.v = calloc(weights, sizeof *group->adam.v);
    return group->weights && group->state && group->adam.m && group->adam.v;
}

static bool allocate(struct hm_lstm *l, const struct hm_representation *representation)
{
    size_t companion, widest = 0;
    l->companion.ops->parameters(l->companion.self, &companion);
    l->nparameter = HEADER_DOUBLES + l->nchannel * SCALE_DOUBLES + l->ngroup * hm_lstm_parameter_count(&l->shape) +
                    companion / sizeof(double);
    l->parameters = calloc(l->nparameter, sizeof *l->parameters);
    l->before = calloc(l->nparameter, sizeof *l->before);
    l->group = calloc(l->ngroup, sizeof *l->group);
    if (!l->parameters || !l->before || !l->group) return false;
    for (size_t g = 0; g < l->ngroup; g++) {
        if (!allocate_group(l, g, representation)) return false;
        if (hm_lstm_group_batch(l, &l->group[g]) > widest) widest = hm_lstm_group_batch(l, &l->group[g]);
    }
    l->x = calloc(widest * l->shape.nin, sizeof *l->x);
    l->y = calloc(widest, sizeof *l->y);
    l->scratch = hm_lstm_memory(hm_lstm_scratch_count(&l->shape, widest), l->engine->real_size);
    return l->x && l->y && l->scratch;
}

static void destroy(void **self)
{
    struct hm_lstm *l = *self;
    for (size_t g = 0; l && l->group && g < l->ngroup; g++) {
        struct hm_lstm_group *group = &l->group[g];
        void *const owned[] = {group->channel, group->weights, group->state, group->adam.m, group->adam.v};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    }
    if (l) {
        void *const owned[] = {l->parameters, l->before, l->group, l->x, l->y, l->scratch};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
        hm_predictor_destroy(&l->companion);
        hm_reservoir_release(&l->reservoir);
        free(l);
    }
    *self = NULL;
}

static void draw_weights(struct hm_lstm *l)
{
    for (size_t g = 0; g < l->ngroup; g++) {
        struct hm_rng_key key = l->key;
        key.seed += g << 32; /* the same networks whatever the other groups are */
        hm_lstm_parameters_draw(&l->shape, key, hm_lstm_weights(l, g));
    }
}

static enum hm_status create(const struct hm_predictor_setup *setup, void **self)
{
    struct hm_lstm *l = calloc(1, sizeof *l);
    if (!l) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the predictor");
    void *owner = l;
    read_config(setup, l);
    l->nchannel = setup->representation->nchannel;
    l->ngroup = setup->representation->ngroup;
    l->companion.ops = &hm_predictor_linear;
    enum hm_status status = l->companion.ops->create(setup, &l->companion.self);
    if (status != HM_OK) l->companion.ops = NULL;
    if (status == HM_OK && !allocate(l, setup->representation))
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu networks of %zu x %zu hidden units", l->ngroup,
                         l->shape.layers, l->shape.hidden);
    if (status != HM_OK) {
        destroy(&owner);
        return status;
    }
    hm_reservoir_start(&l->reservoir, l->nchannel, (size_t)hm_config_integer(setup->config, "training.reservoir"));
    draw_weights(l);
    l->accepted_error = INFINITY;
    *self = l;
    return HM_OK;
}

size_t hm_lstm_history(const struct hm_lstm *lstm)
{
    const size_t companion = hm_predictor_history(&lstm->companion), own = hm_lstm_priming(lstm) + 1;
    return own > companion ? own : companion;
}

static size_t history(const void *self)
{
    return hm_lstm_history(self);
}

static size_t reseed_steps(const void *self)
{
    const struct hm_lstm *l = self;
    return l->force_law ? 1 : l->history + 1;
}

static void look_back(void *self, size_t steps)
{
    struct hm_lstm *l = self;
    if (!l->automatic_history || l->settled) return;
    l->history = steps < l->history ? steps : l->history;
    l->settled = true;
}

/* ---- parameters ---- */

void hm_lstm_refresh(struct hm_lstm *lstm)
{
    for (size_t g = 0; g < lstm->ngroup; g++)
        lstm->engine->pack(&lstm->shape, hm_lstm_weights(lstm, g), lstm->group[g].weights);
    if (hm_lstm_header(lstm)->companion_fitted > 0)
        lstm->companion.ops->adopt(lstm->companion.self, hm_lstm_companion(lstm));
}

static const void *parameters(const void *self, size_t *bytes)
{
    const struct hm_lstm *l = self;
    *bytes = l->nparameter * sizeof *l->parameters;
    return l->parameters;
}

static void adopt(void *self, const void *from)
{
    struct hm_lstm *l = self;
    memcpy(l->parameters, from, l->nparameter * sizeof *l->parameters);
    const double steps = hm_lstm_header(l)->history; /* a damaged file may hold anything */
    if (l->automatic_history) l->history = steps >= 1 && steps <= LONGEST_HISTORY ? (size_t)steps : 1;
    l->settled = true;
    l->taught = true;
    hm_lstm_refresh(l);
}

static void describe(const void *self, char *text, size_t size)
{
    const struct hm_lstm *l = self;
    char history_text[32] = "auto", companion[128];
    if (!l->automatic_history) snprintf(history_text, sizeof history_text, "%zu", l->history);
    l->companion.ops->describe(l->companion.self, companion, sizeof companion);
    snprintf(text, size, "%zu x %zu hidden, %s%s%s, history %s, %zu network%s, base %s: %s", l->shape.layers,
             l->shape.hidden, l->motion ? "velocity" : "", l->motion && l->coordinate ? " and " : "",
             l->coordinate ? "coordinate" : "", history_text, l->ngroup, l->ngroup == 1 ? "" : "s",
             l->on_base ? "linear" : "none, beside it linear", companion);
}

/* ---- save and load ---- */

static void save(const void *self, struct hm_archive *archive)
{
    const struct hm_lstm *l = self;
    const size_t weights = hm_lstm_parameter_count(&l->shape);
    hm_archive_put_tag(archive, "LSTM");
    hm_archive_put_int(archive, l->taught);
    hm_archive_put_size(archive, l->history);
    hm_archive_put_int(archive, l->settled);
    hm_archive_put_int(archive, l->episodes);
    hm_archive_put_real(archive, l->accepted_error);
    hm_archive_put_size(archive, l->refused);
    hm_archive_put_size(archive, l->rest);
    for (size_t g = 0; g < l->ngroup; g++) {
        const struct hm_lstm_group *group = &l->group[g];
        hm_archive_put(archive, group->state,
                       hm_lstm_state_count(&l->shape, hm_lstm_group_batch(l, group)) * l->engine->real_size);
        hm_archive_put_size(archive, group->adam.steps);
        hm_archive_put_reals(archive, group->adam.m, weights);
        hm_archive_put_reals(archive, group->adam.v, weights);
    }
    hm_reservoir_save(&l->reservoir, archive);
    hm_predictor_save(&l->companion, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct hm_lstm *l = self;
    const size_t weights = hm_lstm_parameter_count(&l->shape);
    int64_t taught, settled;
    HM_TRY(hm_archive_expect_tag(archive, "LSTM"));
    HM_TRY(hm_archive_get_int(archive, &taught));
    HM_TRY(hm_archive_get_size(archive, &l->history));
    HM_TRY(hm_archive_get_int(archive, &settled));
    HM_TRY(hm_archive_get_int(archive, &l->episodes));
    HM_TRY(hm_archive_get_real(archive, &l->accepted_error));
    HM_TRY(hm_archive_get_size(archive, &l->refused));
    HM_TRY(hm_archive_get_size(archive, &l->rest));
    l->taught = taught != 0;
    l->settled = settled != 0;
    for (size_t g = 0; g < l->ngroup; g++) {
        struct hm_lstm_group *group = &l->group[g];
        HM_TRY(hm_archive_get(archive, group->state,
                              hm_lstm_state_count(&l->shape, hm_lstm_group_batch(l, group)) * l->engine->real_size));
        HM_TRY(hm_archive_get_size(archive, &group->adam.steps));
        HM_TRY(hm_archive_get_reals(archive, group->adam.m, weights));
        HM_TRY(hm_archive_get_reals(archive, group->adam.v, weights));
    }
    HM_TRY(hm_reservoir_load(&l->reservoir, archive));
    return hm_predictor_load(&l->companion, archive);
}

extern const struct hm_predictor_ops hm_predictor_lstm;

/* On a base that knows the geometry it is another thing (correction.c). */
static const struct hm_predictor_ops *variant(const struct hm_config *config)
{
    static const char key[] = "predictor.base.type";
    const bool geometry = hm_config_is(config, key, "surrogate") || hm_config_is(config, key, "hamiltonian");
    return geometry ? &hm_correction_ops : &hm_predictor_lstm;
}

const struct hm_predictor_ops hm_predictor_lstm = {
    .method = {"lstm", "stacked LSTM on the history, trained online"},
    .members_differ = true,
    .gives_base = true,
    .gives_extremeness = true,
    .variant = variant,
    .create = create,
    .destroy = destroy,
    .history = history,
    .reseed_steps = reseed_steps,
    .look_back = look_back,
    .predict = hm_lstm_predict,
    .predict_all = hm_lstm_predict_all,
    .train = hm_lstm_train,
    .parameters = parameters,
    .adopt = adopt,
    .describe = describe,
    .prime = hm_lstm_prime,
    .save = save,
    .load = load,
};
