/* The learned action: positions and momenta over many steps at once, by a map that is symplectic and reversible
 * whatever its weights are.
 *
 *   pure       Phi_S, S = h T + N: the published map; h is bounded by pi over the fastest frequency
 *   composed   B(h/2) o Phi_S o B(h/2), B the flow of a cheap field: Phi_S is near the identity, and h may be longer
 *   direct     a network gives the displacements: neither, to compare with (action_direct.h)
 *
 * h = `stride` steps. It learns from pairs of on-step points one stride apart in stretches of exact steps:
 * v_n = (x_{n+1} - x_{n-1}) / 2 dt. Between strides the scheduler runs leapfrog as ever (scheduler/stride.h).
 *
 * Source: F. Bigi, J.-W. Spies and M. Ceriotti, arXiv 2508.01068 (2025); composition: E. Hairer, C. Lubich and G.
 * Wanner, Geometric Numerical Integration (2006), II.4.
 */
#include "predictors/action_internal.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- create ---- */

static enum hm_status read_config(const struct hm_predictor_setup *setup, struct hm_action *a)
{
    const struct hm_config *config = setup->config;
    if (setup->representation->start.nfrozen > 0)
        return hm_config_fault(config, "predictor.type",
                               "action moves every atom, and %zu are frozen: a map that leaves them where they are is "
                               "not symplectic",
                               setup->representation->start.nfrozen);
    if (setup->representation->natom < 2)
        return hm_config_fault(config, "predictor.type", "action needs two atoms or more: one alone has no invariants");
    a->natom = setup->representation->natom;
    a->timestep = hm_config_real(config, "integrator.timestep");
    a->stride = (size_t)hm_config_integer(config, "predictor.stride");
    a->composed = hm_config_is(config, "predictor.mode", "composed");
    a->direct = hm_config_is(config, "predictor.mode", "direct");
    a->tolerance = hm_config_real(config, "predictor.tolerance");
    a->most_iterations = (int)hm_config_integer(config, "predictor.max_iterations");
    a->margin = hm_config_real(config, "predictor.margin");
    a->most_error = hm_config_real(config, "predictor.max_error");
    a->most_pairs = (size_t)hm_config_integer(config, "predictor.pairs");
    a->effort = (struct hm_effort){
        .epochs = (int)hm_config_integer(config, "training.epochs"),
        .batch = 128,
        .rate = 3e-3,
        .polish = hm_config_is(config, "training.polish", "auto") ? HM_POLISH_AUTO
                                                                  : (int)hm_config_integer(config, "training.polish"),
        .refine = (int)hm_config_integer(config, "training.refine"),
        .seed = setup->seed,
    };
    return HM_OK;
}

static void destroy(void **self)
{
    struct hm_action *a = *self;
    if (a) {
        hm_action_map_release(&a->map);
        hm_action_direct_release(&a->network);
        hm_action_base_release(&a->base);
        hm_action_guess_release(&a->guess);
        hm_reservoir_release(&a->reservoir);
        free(a->parameters);
        free(a->candidate);
        free(a->point);
        free(a);
    }
    *self = NULL;
}

static enum hm_status create(const struct hm_predictor_setup *setup, void **self)
{
    const struct hm_frame *frame = &setup->representation->start;
    struct hm_action *a = calloc(1, sizeof *a);
    if (!a) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the predictor");
    void *owner = a;
    enum hm_status status;
    HM_TRY_GOTO(status, read_config(setup, a), fail);
    HM_TRY_GOTO(status, hm_action_guess_create(setup, &a->guess), fail);
    if (a->composed || a->guess.kind == HM_GUESS_FIELD)
        HM_TRY_GOTO(status, hm_action_base_create(setup, strcmp(a->guess.name, "surrogate") == 0, &a->base), fail);
    const size_t hidden = (size_t)hm_config_integer(setup->config, "predictor.hidden");
    const double time = (double)a->stride * a->timestep;
    HM_TRY_GOTO(status, hm_action_map_create(frame, a->composed ? 0 : time, hidden, &a->map), fail);
    if (a->direct) HM_TRY_GOTO(status, hm_action_direct_create(frame, time, hidden, &a->network), fail);
    a->member = setup->member;
    a->nparameter = HM_ACTION_HEADER + a->base.base_bytes / sizeof(double) + a->guess.nparameter +
                    (a->direct ? a->network.nparameter : a->map.nparameter);
    a->parameters = calloc(a->nparameter, sizeof *a->parameters);
    a->candidate = calloc(a->nparameter, sizeof *a->candidate);
    a->point = calloc(18 * a->natom, sizeof *a->point);
    if (!a->parameters || !a->candidate || !a->point) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for a learned action of %zu weights", a->nparameter);
        goto fail;
    }
    openblas_set_num_threads(1); /* the bits of a sum depend on how many share it, and on one rank they would be more */
    hm_reservoir_start(&a->reservoir, 3 * a->natom, (size_t)hm_config_integer(setup->config, "training.reservoir"));
    *self = a;
    return HM_OK;
fail:
    destroy(&owner);
    return status;
}

/* ---- strides ---- */

void hm_action_use(struct hm_action *a, double *parameters)
{
    const double *map = hm_action_map_parameters(a, parameters);
    if (a->base.base_bytes > 0)
        a->base.predictor.ops->adopt(a->base.predictor.self, hm_action_base_parameters(a, parameters));
    hm_action_guess_use(&a->guess, parameters[1] == 1, hm_action_guess_parameters(a, parameters));
    if (a->direct)
        memcpy(a->network.parameters, map, a->network.nparameter * sizeof *map);
    else
        memcpy(a->map.parameters, map, a->map.nparameter * sizeof *map);
}

/* Nothing is solved; whether numbers came out is for the scheduler to see, as of every stride. */
static void stride_directly(struct hm_action *a, double *q, double *p, struct hm_advance *told)
{
    *told = (struct hm_advance){.converged = true, .iterations = 1};
    told->outside = hm_action_direct_stride(&a->network, a->margin, q, p);
}

void hm_action_stride(struct hm_action *a, double *q, double *p, struct hm_advance *told)
{
    if (a->direct) {
        stride_directly(a, q, p, told);
        return;
    }
    const size_t n = 3 * a->natom;
    const double half = 0.5 * (double)a->stride * a->timestep;
    double *q1 = a->point, *p1 = a->point + n;
    hm_action_guess_arrive(&a->guess, q, p);
    if (a->composed) hm_action_base_flow(&a->base, half, q, p);
    hm_action_guess_start(a, q, p, q1, p1);
    const struct hm_action_solution solution =
        hm_action_map_solve(&a->map, q, p, a->tolerance, a->most_iterations, a->margin, q1, p1);
    *told = (struct hm_advance){solution.converged, solution.outside, solution.iterations, solution.residual};
    hm_action_guess_remember(a, q, p, q1, p1);
    if (!solution.converged || solution.outside) hm_action_guess_forget(&a->guess);
    memcpy(q, q1, n * sizeof *q);
    memcpy(p, p1, n * sizeof *p);
    if (a->composed) hm_action_base_flow(&a->base, half, q, p);
    hm_action_guess_leave(&a->guess, q, p);
}

static size_t stride(const void *self)
{
    const struct hm_action *a = self;
    return a->stride;
}

static void advance(void *self, bool jumped, double *x, double *v, struct hm_advance *told)
{
    struct hm_action *a = self;
    const size_t n = 3 * a->natom;
    double *p = a->point + 3 * n;
    for (size_t k = 0; k < n; k++) p[k] = a->map.mass[k / 3] * v[k];
    if (jumped) hm_action_guess_round(&a->guess, x, p);
    hm_action_stride(a, x, p, told);
    for (size_t k = 0; k < n; k++) v[k] = p[k] / a->map.mass[k / 3];
}

/* ---- parameters and state ---- */

static const void *parameters(const void *self, size_t *bytes)
{
    const struct hm_action *a = self;
    *bytes = a->nparameter * sizeof *a->parameters;
    return a->parameters;
}

static void adopt(void *self, const void *from)
{
    struct hm_action *a = self;
    memcpy(a->parameters, from, a->nparameter * sizeof *a->parameters);
    hm_action_use(a, a->parameters);
}

static void describe(const void *self, char *text, size_t size)
{
    const struct hm_action *a = self;
    char base[256] = "";
    if (a->base.predictor.ops && a->base.predictor.ops->describe)
        a->base.predictor.ops->describe(a->base.predictor.self, base, sizeof base);
    snprintf(text, size,
             "%s strides of %zu steps, 2 x %zu hidden on %zu invariants, %zu %s, guess %s of %zu numbers%s%s%s%s",
             a->composed ? "composed"
             : a->direct ? "direct"
                         : "pure",
             a->stride, a->map.network.nhidden, a->direct ? a->network.ninput : a->map.ninput,
             hm_invariants_images(a->map.invariants),
             hm_invariants_in_windows(a->map.invariants) ? "windows" : "images", a->guess.name, a->guess.nparameter,
             a->base.predictor.ops ? ", base " : "", a->base.predictor.ops ? a->base.predictor.ops->method.name : "",
             *base ? ": " : "", base);
}

static void save(const void *self, struct hm_archive *archive)
{
    const struct hm_action *a = self;
    hm_archive_put_tag(archive, "ACTION");
    hm_action_guess_save(&a->guess, archive);
    if (a->base.predictor.ops && a->base.predictor.ops->save)
        a->base.predictor.ops->save(a->base.predictor.self, archive);
    hm_reservoir_save(&a->reservoir, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct hm_action *a = self;
    HM_TRY(hm_archive_expect_tag(archive, "ACTION"));
    HM_TRY(hm_action_guess_load(&a->guess, archive));
    if (a->base.predictor.ops && a->base.predictor.ops->load)
        HM_TRY(a->base.predictor.ops->load(a->base.predictor.self, archive));
    return hm_reservoir_load(&a->reservoir, archive);
}

const struct hm_predictor_ops hm_predictor_action = {
    .method = {"action", "a learned mechanical action: symplectic, reversible strides of many steps"},
    .sees = HM_SEES_ATOMS,
    .members_differ = true,
    .create = create,
    .destroy = destroy,
    .stride = stride,
    .advance = advance,
    .train = hm_action_train,
    .parameters = parameters,
    .adopt = adopt,
    .describe = describe,
    .save = save,
    .load = load,
};
