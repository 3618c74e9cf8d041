#include "predictors/action_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARABOLA_DEPTH = 3, LINEAR_HISTORY = 16, LSTM_HISTORY = 8, LSTM_LAYERS = 1, LSTM_HIDDEN = 16 /* at most */ };

/* ---- create ---- */

static const struct {
    const char *name;
    enum hm_action_guess_kind kind;
} kinds[] = {
    {"none", HM_GUESS_FREE_FLIGHT}, {"extrapolation", HM_GUESS_PARABOLA}, {"linear", HM_GUESS_HISTORY},
    {"lstm", HM_GUESS_HISTORY},     {"surrogate", HM_GUESS_FIELD},        {"base", HM_GUESS_FIELD},
    {"direct", HM_GUESS_NETWORK},
};

static enum hm_status choose(const struct hm_config *config, struct hm_action_guess *g)
{
    static const char key[] = "predictor.guess";
    const bool composed = hm_config_is(config, "predictor.mode", "composed");
    const char *word = hm_config_is(config, "predictor.mode", "direct") ? "none" : hm_config_text(config, key);
    if (strcmp(word, "auto") == 0) word = composed ? "linear" : "surrogate";
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (strcmp(word, kinds[k].name) == 0) {
            g->name = kinds[k].name;
            g->kind = kinds[k].kind;
        }
    if (composed && (g->kind == HM_GUESS_FIELD || g->kind == HM_GUESS_NETWORK))
        return hm_config_fault(config, key,
                               "'%s' is for pure strides: a composed one has a field around it, and what is left is "
                               "near the identity, where 'none' starts; or 'extrapolation', 'linear', 'lstm'",
                               word);
    return HM_OK;
}

/* What the predictor is to see: as many atoms again, which move by what momenta do. */
static enum hm_status double_frame(const struct hm_frame *frame, struct hm_frame *doubled)
{
    const size_t n = frame->natom;
    HM_TRY(hm_frame_create(2 * n, doubled));
    for (size_t i = 0; i < 2 * n; i++) {
        doubled->number[i] = frame->number[i % n];
        doubled->mass[i] = frame->mass[i % n];
    }
    return HM_OK;
}

static long long number_or(const struct hm_config *config, const char *key, int otherwise)
{
    const bool given = hm_config_has(config, key) && !hm_config_is(config, key, "auto");
    return given ? (long long)hm_config_integer(config, key) : otherwise;
}

/* Its configuration: velocities alone, a step for every stride; of two energies, so that a network learns the flow and
 * not to come back to one orbit. */
static enum hm_status configure(const struct hm_predictor_setup *setup, struct hm_action_guess *g)
{
    const bool linear = strcmp(g->name, "linear") == 0;
    const long long hidden = (long long)hm_config_integer(setup->config, "predictor.hidden");
    char text[512];
    snprintf(text, sizeof text,
             "hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\n"
             "predictor: {type: %s, representation: cartesian, inputs: [velocity], history: %lld, layers: %lld, "
             "hidden: %lld, ridge: 1e-5}\ntraining: {energies: [1, 2], reservoir: %lld}\n",
             g->name, number_or(setup->config, "predictor.history", linear ? LINEAR_HISTORY : LSTM_HISTORY),
             number_or(setup->config, "predictor.layers", LSTM_LAYERS), hidden < LSTM_HIDDEN ? hidden : LSTM_HIDDEN,
             (long long)hm_config_integer(setup->config, "training.reservoir"));
    return hm_config_parse(text, "predictor.guess", NULL, 0, &g->config);
}

enum hm_status hm_action_guess_predictor(const struct hm_action_guess *g, struct hm_predictor *predictor)
{
    const struct hm_predictor_setup setup = {
        .config = g->config,
        .representation = g->representation,
        .seed = g->seed,
    };
    return hm_predictor_create(&setup, predictor);
}

static enum hm_status create_predictor(const struct hm_predictor_setup *setup, struct hm_action_guess *g)
{
    size_t bytes;
    HM_TRY(configure(setup, g));
    HM_TRY(double_frame(&setup->representation->start, &g->doubled));
    HM_TRY(hm_representation_create(g->config, &g->doubled, &g->representation));
    HM_TRY(hm_action_guess_predictor(g, &g->predictor));
    g->depth = hm_predictor_history(&g->predictor);
    g->predictor.ops->parameters(g->predictor.self, &bytes);
    g->nparameter = bytes / sizeof(double);
    return HM_OK;
}

static enum hm_status create_network(const struct hm_predictor_setup *setup, struct hm_action_guess *g)
{
    const struct hm_config *config = setup->config;
    const double time =
        (double)hm_config_integer(config, "predictor.stride") * hm_config_real(config, "integrator.timestep");
    HM_TRY(hm_action_direct_create(&setup->representation->start, time,
                                   (size_t)hm_config_integer(config, "predictor.hidden"), &g->network));
    g->nparameter = g->network.nparameter;
    return HM_OK;
}

enum hm_status hm_action_guess_create(const struct hm_predictor_setup *setup, struct hm_action_guess *g)
{
    *g = (struct hm_action_guess){.natom = setup->representation->natom, .seed = setup->seed};
    HM_TRY(choose(setup->config, g));
    if (g->kind == HM_GUESS_PARABOLA) g->depth = PARABOLA_DEPTH;
    if (g->kind == HM_GUESS_HISTORY) HM_TRY(create_predictor(setup, g));
    if (g->kind == HM_GUESS_NETWORK) HM_TRY(create_network(setup, g));
    const size_t n = 6 * g->natom;
    g->storage = calloc((3 * g->depth + 5) * n, sizeof *g->storage);
    if (!g->storage) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a history of %zu strides", g->depth);
    g->now = (struct hm_action_past){0, g->storage, g->storage + g->depth * n};
    g->kept = (struct hm_action_past){0, g->now.end + n, g->now.end + (g->depth + 1) * n};
    g->says = g->kept.end + n;
    g->base = g->says + n;
    g->standing = g->base + n;
    return HM_OK;
}

void hm_action_guess_release(struct hm_action_guess *g)
{
    hm_predictor_destroy(&g->predictor);
    hm_representation_destroy(&g->representation);
    hm_frame_release(&g->doubled);
    hm_config_destroy(&g->config);
    hm_action_direct_release(&g->network);
    free(g->storage);
    *g = (struct hm_action_guess){0};
}

/* ---- history ---- */

/* By its positions: velocities are momenta over masses elsewhere, and differ by rounding. */
static bool ends_at(const struct hm_action_guess *g, const struct hm_action_past *past, const double *q)
{
    return past->known > 0 && memcmp(past->end, q, 3 * g->natom * sizeof *q) == 0;
}

static bool goes_on(const struct hm_action_guess *g, const struct hm_action_past *past, const double *p)
{
    const double *end = past->end + 3 * g->natom;
    double sum = 0;
    for (size_t k = 0; k < 3 * g->natom; k++) sum += end[k] * p[k];
    return sum > 0;
}

static void copy(const struct hm_action_guess *g, const struct hm_action_past *from, struct hm_action_past *to)
{
    to->known = from->known;
    memcpy(to->y, from->y, (g->depth + 1) * 6 * g->natom * sizeof *to->y); /* the end is behind it */
}

void hm_action_guess_round(struct hm_action_guess *g, const double *q, const double *p)
{
    if (ends_at(g, &g->now, q)) {
        if (!goes_on(g, &g->now, p)) return;
        copy(g, &g->now, &g->kept);
    } else if (ends_at(g, &g->kept, q)) {
        copy(g, &g->kept, &g->now);
    }
    g->primed = false;
}

void hm_action_guess_arrive(struct hm_action_guess *g, const double *q, const double *p)
{
    const bool there = ends_at(g, &g->now, q);
    g->aside = there && !goes_on(g, &g->now, p);
    if (!there) hm_action_guess_forget(g);
}

void hm_action_guess_leave(struct hm_action_guess *g, const double *q, const double *p)
{
    const size_t n = 3 * g->natom;
    if (g->aside) return;
    memcpy(g->now.end, q, n * sizeof *q);
    memcpy(g->now.end + n, p, n * sizeof *p);
}

void hm_action_guess_forget(struct hm_action_guess *g)
{
    g->now.known = 0;
    g->primed = false;
}

/* ---- around a solution ---- */

static void drift(const struct hm_action_map *map, const double *p, double moved[3])
{
    double mass = 0;
    for (size_t c = 0; c < 3; c++) moved[c] = 0;
    for (size_t k = 0; k < 3 * map->natom; k++) {
        moved[k % 3] += map->free_time * p[k];
        mass += map->mass[k / 3] / 3;
    }
    for (size_t c = 0; c < 3; c++) moved[c] /= mass;
}

void hm_action_guess_scale(const struct hm_action_map *map, const double *q, const double *p, const double *q1,
                           const double *p1, double *y)
{
    const size_t n = 3 * map->natom;
    double moved[3];
    drift(map, p, moved);
    for (size_t k = 0; k < n; k++) {
        const double s = sqrt(map->mass[k / 3] * *map->frequency);
        y[k] = s * (q1[k] - q[k] - moved[k % 3]);
        y[n + k] = (p1[k] - p[k]) / s;
    }
}

void hm_action_guess_remember(struct hm_action *a, const double *q, const double *p, const double *q1, const double *p1)
{
    struct hm_action_guess *g = &a->guess;
    const size_t n = 6 * g->natom;
    if (g->aside || g->depth == 0) return;
    memmove(g->now.y, g->now.y + n, (g->depth - 1) * n * sizeof *q);
    hm_action_guess_scale(&a->map, q, p, q1, p1, g->now.y + (g->depth - 1) * n);
    g->now.known++;
}

static void ask_predictor(struct hm_action_guess *g)
{
    const struct hm_window window = {
        .frame = &g->doubled,
        .nchannel = 6 * g->natom,
        .length = g->depth,
        .end = g->depth,
        .filled = g->depth,
        .exact_behind = g->depth,
        .motion = g->now.y,
        .coordinate = g->standing,
    };
    struct hm_prediction said = {.motion = g->says, .base = g->base};
    const struct hm_predictor *predictor = &g->predictor;
    if (!g->primed && predictor->ops->prime) predictor->ops->prime(predictor->self, &window);
    g->primed = true;
    predictor->ops->predict(predictor->self, &window, &said);
}

/* What the history leads to, in `says`, if it is long enough. */
static bool goes_by_history(struct hm_action_guess *g)
{
    const size_t n = 6 * g->natom;
    const double *y = g->now.y;
    double sum = 0;
    if (g->aside || g->depth == 0 || g->now.known < g->depth) return false;
    if (g->kind == HM_GUESS_HISTORY && !g->taught) return false;
    if (g->kind == HM_GUESS_HISTORY) ask_predictor(g);
    for (size_t k = 0; k < n; k++) {
        if (g->kind == HM_GUESS_PARABOLA) g->says[k] = 3 * (y[2 * n + k] - y[n + k]) + y[k];
        sum += 0 * g->says[k]; /* 0, or no number */
    }
    return sum == 0;
}

static void go_by_history(const struct hm_action_map *map, const double *says, const double *p, double *q1, double *p1)
{
    const size_t n = 3 * map->natom;
    double moved[3];
    drift(map, p, moved);
    for (size_t k = 0; k < n; k++) {
        const double s = sqrt(map->mass[k / 3] * *map->frequency);
        q1[k] += moved[k % 3] + says[k] / s;
        p1[k] += says[n + k] * s;
    }
}

void hm_action_guess_start(struct hm_action *a, const double *q, const double *p, double *q1, double *p1)
{
    struct hm_action_guess *g = &a->guess;
    const size_t n = 3 * g->natom;
    memcpy(q1, q, n * sizeof *q);
    memcpy(p1, p, n * sizeof *p);
    if (g->kind == HM_GUESS_FIELD && (g->taught || a->base.base_bytes == 0))
        hm_action_base_flow(&a->base, a->map.free_time, q1, p1);
    else if (g->kind == HM_GUESS_NETWORK && g->taught)
        hm_action_direct_stride(&g->network, INFINITY, q1, p1);
    else if (goes_by_history(g))
        go_by_history(&a->map, g->says, p, q1, p1);
    else
        for (size_t k = 0; k < n; k++) q1[k] += a->map.free_time * p[k] / a->map.mass[k / 3];
}

/* ---- parameters and state ---- */

void hm_action_guess_use(struct hm_action_guess *g, bool taught, const double *parameters)
{
    g->taught = taught;
    g->primed = false;
    if (!taught) return;
    if (g->kind == HM_GUESS_HISTORY) g->predictor.ops->adopt(g->predictor.self, parameters);
    if (g->kind == HM_GUESS_NETWORK) memcpy(g->network.parameters, parameters, g->nparameter * sizeof *parameters);
}

static void save_past(const struct hm_action_guess *g, const struct hm_action_past *past, struct hm_archive *archive)
{
    hm_archive_put_size(archive, past->known);
    hm_archive_put_reals(archive, past->y, (g->depth + 1) * 6 * g->natom);
}

static enum hm_status load_past(const struct hm_action_guess *g, struct hm_action_past *past,
                                struct hm_archive *archive)
{
    HM_TRY(hm_archive_get_size(archive, &past->known));
    return hm_archive_get_reals(archive, past->y, (g->depth + 1) * 6 * g->natom);
}

void hm_action_guess_save(const struct hm_action_guess *g, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "GUESS");
    hm_archive_put_text(archive, g->name);
    hm_archive_put_size(archive, g->depth);
    save_past(g, &g->now, archive);
    save_past(g, &g->kept, archive);
}

enum hm_status hm_action_guess_load(struct hm_action_guess *g, struct hm_archive *archive)
{
    const char *name;
    size_t depth;
    HM_TRY(hm_archive_expect_tag(archive, "GUESS"));
    HM_TRY(hm_archive_get_text(archive, &name));
    HM_TRY(hm_archive_get_size(archive, &depth));
    if (strcmp(name, g->name) != 0 || depth != g->depth)
        return hm_fail(HM_BAD_INPUT, "the saved guess is '%s' of %zu strides, this run's is '%s' of %zu", name, depth,
                       g->name, g->depth);
    HM_TRY(load_past(g, &g->now, archive));
    HM_TRY(load_past(g, &g->kept, archive));
    g->primed = false;
    return HM_OK;
}
