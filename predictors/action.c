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

enum { GUESS_DEPTH = 3 };

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
    a->extrapolates = hm_config_is(config, "predictor.guess", "extrapolation");
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
    if (a->composed || (!a->direct && hm_config_is(setup->config, "predictor.guess", "base")))
        HM_TRY_GOTO(status, hm_action_base_create(setup, &a->base), fail);
    const size_t hidden = (size_t)hm_config_integer(setup->config, "predictor.hidden");
    const double time = (double)a->stride * a->timestep;
    HM_TRY_GOTO(status, hm_action_map_create(frame, a->composed ? 0 : time, hidden, &a->map), fail);
    if (a->direct) HM_TRY_GOTO(status, hm_action_direct_create(frame, time, hidden, &a->network), fail);
    a->member = setup->member;
    a->nparameter = HM_ACTION_HEADER + a->base.base_bytes / sizeof(double) +
                    (a->direct ? a->network.nparameter : a->map.nparameter);
    a->parameters = calloc(a->nparameter, sizeof *a->parameters);
    a->candidate = calloc(a->nparameter, sizeof *a->candidate);
    a->point = calloc((6 + 2 * GUESS_DEPTH) * 3 * a->natom, sizeof *a->point);
    if (!a->parameters || !a->candidate || !a->point) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for a learned action of %zu weights", a->nparameter);
        goto fail;
    }
    a->past.displacement = a->point + 12 * a->natom;
    openblas_set_num_threads(1); /* the bits of a sum depend on how many share it, and on one rank they would be more */
    hm_reservoir_start(&a->reservoir, 3 * a->natom, (size_t)hm_config_integer(setup->config, "training.reservoir"));
    *self = a;
    return HM_OK;
fail:
    destroy(&owner);
    return status;
}

/* ---- strides ---- */

void hm_action_use(struct hm_action *a, const double *parameters)
{
    const double *base = parameters + HM_ACTION_HEADER;
    if (a->base.base_bytes > 0) a->base.predictor.ops->adopt(a->base.predictor.self, base);
    const double *map = base + a->base.base_bytes / sizeof(double);
    if (a->direct)
        memcpy(a->network.parameters, map, a->network.nparameter * sizeof *map);
    else
        memcpy(a->map.parameters, map, a->map.nparameter * sizeof *map);
    a->past.known = 0;
}

/* Where the field of the base leads; or the displacement, if it goes on as the last ones did: along a parabola; or as
 * if no force acted between. */
static void guess(struct hm_action *a, const double *q, const double *p, double *q1, double *p1)
{
    const size_t n = 3 * a->natom;
    const double *d = a->past.displacement;
    const bool ahead = a->extrapolates && a->past.known >= GUESS_DEPTH;
    if (!a->composed && a->base.predictor.ops) {
        memcpy(q1, q, n * sizeof *q);
        memcpy(p1, p, n * sizeof *p);
        hm_action_base_flow(&a->base, a->map.free_time, q1, p1);
        return;
    }
    for (size_t k = 0; k < n; k++) {
        q1[k] =
            q[k] + (ahead ? 3 * (d[k] - d[2 * n + k]) + d[4 * n + k] : a->map.free_time * p[k] / a->map.mass[k / 3]);
        p1[k] = p[k] + (ahead ? 3 * (d[n + k] - d[3 * n + k]) + d[5 * n + k] : 0);
    }
}

static void remember(struct hm_action *a, const double *q, const double *p, const double *q1, const double *p1)
{
    const size_t n = 3 * a->natom;
    double *d = a->past.displacement;
    memmove(d + 2 * n, d, (GUESS_DEPTH - 1) * 2 * n * sizeof *d);
    for (size_t k = 0; k < n; k++) {
        d[k] = q1[k] - q[k];
        d[n + k] = p1[k] - p[k];
    }
    a->past.known++;
}

static void stride_directly(struct hm_action *a, double *q, double *p, struct hm_advance *told)
{
    double sum = 0;
    told->outside = hm_action_direct_stride(&a->network, a->margin, q, p);
    for (size_t k = 0; k < 3 * a->natom; k++) sum += 0 * (q[k] + p[k]); /* 0, or no number */
    told->converged = sum == 0;
    told->iterations = 1;
    told->residual = 0;
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
    if (a->composed) hm_action_base_flow(&a->base, half, q, p);
    guess(a, q, p, q1, p1);
    const struct hm_action_solution solution =
        hm_action_map_solve(&a->map, q, p, a->tolerance, a->most_iterations, a->margin, q1, p1);
    *told = (struct hm_advance){solution.converged, solution.outside, solution.iterations, solution.residual};
    remember(a, q, p, q1, p1);
    if (!solution.converged || solution.outside) a->past.known = 0;
    memcpy(q, q1, n * sizeof *q);
    memcpy(p, p1, n * sizeof *p);
    if (a->composed) hm_action_base_flow(&a->base, half, q, p);
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
    if (jumped) a->past.known = 0;
    for (size_t k = 0; k < n; k++) p[k] = a->map.mass[k / 3] * v[k];
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
    snprintf(text, size, "%s strides of %zu steps, 2 x %zu hidden on %zu invariants, %zu %s%s%s%s%s",
             a->composed ? "composed"
             : a->direct ? "direct"
                         : "pure",
             a->stride, a->map.network.nhidden, a->direct ? a->network.ninput : a->map.ninput,
             hm_invariants_images(a->map.invariants),
             hm_invariants_in_windows(a->map.invariants) ? "windows" : "images", a->base.predictor.ops ? ", base " : "",
             a->base.predictor.ops ? a->base.predictor.ops->method.name : "", *base ? ": " : "", base);
}

static void save(const void *self, struct hm_archive *archive)
{
    const struct hm_action *a = self;
    hm_archive_put_tag(archive, "ACTION");
    hm_archive_put_size(archive, a->past.known);
    hm_archive_put_reals(archive, a->past.displacement, 2 * GUESS_DEPTH * 3 * a->natom);
    if (a->base.predictor.ops && a->base.predictor.ops->save)
        a->base.predictor.ops->save(a->base.predictor.self, archive);
    hm_reservoir_save(&a->reservoir, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct hm_action *a = self;
    HM_TRY(hm_archive_expect_tag(archive, "ACTION"));
    HM_TRY(hm_archive_get_size(archive, &a->past.known));
    HM_TRY(hm_archive_get_reals(archive, a->past.displacement, 2 * GUESS_DEPTH * 3 * a->natom));
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
