/* The surrogate's model of a molecule: a symmetric polynomial in its internal coordinates or inverse distances.
 *
 *   E = sum_c w_c T_c(z),   z = (q - centre) / half, so that the trained range of q is about -1 ... 1
 *
 * and z = cos phi, sin phi of a dihedral. A polynomial of degree d that is off by e within the range may be off by
 * e T_d(z) outside, T_d Chebyshev's polynomial: as far as that is small, z = cosh(acosh(limit / e) / d), it is
 * believed. Beyond, a coordinate goes on as the tangent of E: E(z') + (z - z') . dE/dz(z'), z' the nearest point
 * within, so that the energy stays what the force is the gradient of and no power runs away.
 *
 * Scales (doubles), of each kind of coordinate that exchanges of equal atoms tell apart: centre | half | low | high,
 * the last two the trained range in z; behind them how far it is believed, in half widths of the trained range.
 */
#include "predictors/surrogate_model.h"
#include "predictors/surrogate_primitives.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TERMS = 1500, SECTORS = 36, SECTORS_BELIEVED = 1 };
static const double PI = 3.14159265358979323846;

/* Error tolerated outside the trained range; how far it is believed at least and at most. */
static const double TOLERATED = 0.02, NEAREST = 1.25, FARTHEST = 4;
static const double NARROWEST = 1e-6, EQUATIONS_PER_TERM = 2, LEARNED_PART = 7.0 / 8;
/* Of the central difference that carries a gradient out of the trained range, in z: however far out. */
static const double NUDGE = 1e-4;

/* Of a dihedral, `low` holds the sectors of a turn that were seen, a bit each. */
struct scale {
    double centre, half, low, high;
};

struct polynomial {
    struct hm_basis *basis;
    struct hm_frame box;
    size_t level;               // in use
    const struct scale *scale;  // in use; (nlike), borrowed
    bool clamped, unknown_turn; // of the latest geometry: a coordinate, a dihedral beyond what is believed
    double reach;               // in use
    double *memory;             // behind the arrays below
    double *z, *inside, *away, *nudged, *slope, *ahead, *behind; // (nvariable)
    double *power;                                               // (nvariable, highest + 1)
    double *gradient;                                            // (nprimitive, 4, 3) of the primitives
    double *weight;                                              // (nmonomial) in use, of its term
};

/* ---- create ---- */

/* What a step of the warm-up says: its kicks less the rigid motion, of atoms that move, and less what is held out. */
static double equations_per_step(const struct hm_frame *frame)
{
    const double n = 3 * (double)frame->natom;
    return LEARNED_PART * fmin(n > 6 ? n - 6 : 1, n - 3 * (double)frame->nfrozen);
}

/* The plainest fit must be within reach; richer ones come as the data allow. Which there are does not depend on the
 * warm-up, so that weights fit another run. */
static enum hm_status check_data(const struct hm_config *config, const struct hm_frame *frame,
                                 const struct hm_basis *basis)
{
    const long long warmup = hm_config_integer(config, "training.warmup_steps");
    const size_t terms = basis->level_terms[0];
    const double needed = ceil(EQUATIONS_PER_TERM * (double)terms / equations_per_step(frame));
    const bool learns =
        hm_config_is(config, "predictor.weights", "none") && !hm_config_is(config, "training.mode", "off");
    if (!learns || (double)warmup >= needed) return HM_OK;
    return hm_config_fault(config, "predictor.degree",
                           "degree %u has %zu terms and needs a warm-up of %.0f steps; training.warmup_steps is %lld",
                           basis->level_degree[0], terms, needed, warmup);
}

static bool allocate(struct polynomial *p)
{
    const struct hm_basis *b = p->basis;
    const size_t v = b->nvariable;
    double *next = p->memory = calloc(7 * v + v * (b->highest + 1) + 12 * b->nprimitive + b->nmonomial, sizeof *next);
    if (!next) return false;
    double **const arrays[] = {&p->z, &p->inside, &p->away, &p->nudged, &p->slope, &p->ahead, &p->behind};
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++, next += v) *arrays[a] = next;
    p->power = next;
    p->gradient = p->power + v * (b->highest + 1);
    p->weight = p->gradient + 12 * b->nprimitive;
    return true;
}

static void destroy(void **self)
{
    struct polynomial *p = *self;
    if (p) {
        hm_surrogate_basis_destroy(&p->basis);
        hm_frame_release(&p->box);
        free(p->memory);
        free(p);
    }
    *self = NULL;
}

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame, void **self)
{
    struct polynomial *p = calloc(1, sizeof *p);
    if (!p) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the surrogate");
    void *owner = p;
    const bool automatic = hm_config_is(config, "predictor.degree", "auto");
    const unsigned degree = automatic ? 0 : (unsigned)hm_config_integer(config, "predictor.degree");
    enum hm_status status;
    HM_TRY_GOTO(status, hm_frame_copy(frame, &p->box), fail);
    const enum hm_basis_kind kind = hm_config_is(config, "predictor.basis", "distances")  ? HM_BASIS_DISTANCES
                                    : hm_config_is(config, "predictor.basis", "torsions") ? HM_BASIS_TORSIONS
                                                                                          : HM_BASIS_INTERNAL;
    HM_TRY_GOTO(status, hm_surrogate_basis_create(config, frame, kind, degree, MOST_TERMS, &p->basis), fail);
    HM_TRY_GOTO(status, check_data(config, frame, p->basis), fail);
    if (!allocate(p)) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for a surrogate of %zu terms", p->basis->nterm);
        goto fail;
    }
    *self = p;
    return HM_OK;
fail:
    destroy(&owner);
    return status;
}

static size_t levels(const void *self)
{
    return ((const struct polynomial *)self)->basis->nlevel;
}

static size_t count(const void *self, size_t level)
{
    return ((const struct polynomial *)self)->basis->level_terms[level];
}

static size_t scale_count(const void *self)
{
    return ((const struct polynomial *)self)->basis->nlike * sizeof(struct scale) / sizeof(double) + 1;
}

static void describe(const void *self, size_t level, char *text, size_t size)
{
    const struct hm_basis *b = ((const struct polynomial *)self)->basis;
    snprintf(text, size, "degree %u, %zu terms in %zu coordinates", b->level_degree[level], b->level_terms[level],
             b->nvariable);
}

/* ---- coordinates ---- */

static double *primitive_gradient(const struct polynomial *p, size_t primitive)
{
    return &p->gradient[12 * primitive];
}

/* How far the trained range is believed, behind the scales. */
static double *reach_of(const struct polynomial *p, double *scales)
{
    return &scales[p->basis->nlike * sizeof(struct scale) / sizeof(double)];
}

/* z of every variable, and the primitives' gradients. */
static void measure(struct polynomial *p, const struct scale *scales, const double *x)
{
    const struct hm_basis *b = p->basis;
    for (size_t k = 0; k < b->nprimitive; k++) {
        const struct hm_primitive *primitive = &b->primitive[k];
        double(*gradient)[3] = (double(*)[3])primitive_gradient(p, k);
        const double q = hm_primitive_value(primitive, &p->box, x, gradient);
        double *z = &p->z[primitive->variable];
        if (primitive->kind == HM_PRIMITIVE_DIHEDRAL) {
            z[0] = cos(q);
            z[1] = sin(q);
        } else {
            const struct scale *scale = &scales[primitive->like];
            z[0] = (q - scale->centre) / scale->half;
        }
    }
}

/* dE/dx from dE/dz, added up. */
static void carry_back(const struct polynomial *p, const struct scale *scales, const double *slope, double *gradient)
{
    const struct hm_basis *b = p->basis;
    memset(gradient, 0, 3 * b->natom * sizeof *gradient);
    for (size_t k = 0; k < b->nprimitive; k++) {
        const struct hm_primitive *primitive = &b->primitive[k];
        const size_t v = primitive->variable;
        const double *dq = primitive_gradient(p, k);
        const double factor = primitive->kind == HM_PRIMITIVE_DIHEDRAL ? slope[v + 1] * p->z[v] - slope[v] * p->z[v + 1]
                                                                       : slope[v] / scales[primitive->like].half;
        for (size_t a = 0; a < primitive->natom; a++)
            for (size_t c = 0; c < 3; c++) gradient[3 * primitive->atoms[a] + c] += factor * dq[3 * a + c];
    }
}

/* ---- monomials ---- */

static void raise_powers(struct polynomial *p, const double *z)
{
    const size_t n = p->basis->highest + 1;
    for (size_t v = 0; v < p->basis->nvariable; v++) {
        double *power = &p->power[v * n];
        power[0] = 1;
        for (size_t d = 1; d < n; d++) power[d] = power[d - 1] * z[v];
    }
}

static double power_of(const struct polynomial *p, const struct hm_factor *f, unsigned less)
{
    return p->power[f->variable * (p->basis->highest + 1) + f->power - less];
}

/* Adds weight times the slopes of one monomial by its variables. */
static void add_slopes(const struct polynomial *p, const struct hm_monomial *m, double weight, double *slope)
{
    const struct hm_factor *f = &p->basis->factor[m->first];
    double before = weight; /* the factors up to here */
    for (size_t k = 0; k < m->count; k++) {
        double rest = before * f[k].power * power_of(p, &f[k], 1);
        for (size_t other = k + 1; other < m->count; other++) rest *= power_of(p, &f[other], 0);
        slope[f[k].variable] += rest;
        before *= power_of(p, &f[k], 0);
    }
}

static double monomial_value(const struct polynomial *p, const struct hm_monomial *m)
{
    double value = 1;
    for (size_t k = 0; k < m->count; k++) value *= power_of(p, &p->basis->factor[m->first + k], 0);
    return value;
}

/* dE/dz at z. */
static void slopes_at(struct polynomial *p, const double *z, double *slope)
{
    const struct hm_basis *b = p->basis;
    memset(slope, 0, b->nvariable * sizeof *slope);
    raise_powers(p, z);
    for (size_t m = 0; m < b->level_monomials[p->level]; m++) add_slopes(p, &b->monomial[m], p->weight[m], slope);
}

static double value_at(struct polynomial *p, const double *z)
{
    const struct hm_basis *b = p->basis;
    double value = 0;
    raise_powers(p, z);
    for (size_t m = 0; m < b->level_monomials[p->level]; m++)
        value += p->weight[m] * monomial_value(p, &b->monomial[m]);
    return value;
}

/* ---- the trained range ---- */

static unsigned sector_of(const double *z)
{
    const double turns = atan2(z[1], z[0]) / (2 * PI) + 0.5;
    return (unsigned)fmin(fmax(turns * SECTORS, 0), SECTORS - 1);
}

/* Sectors to the nearest that was seen; SECTORS where none was. */
static unsigned sectors_away(double seen, unsigned sector)
{
    const uint64_t mask = (uint64_t)seen;
    for (unsigned away = 0; away <= SECTORS / 2; away++)
        if ((mask >> (sector + away) % SECTORS | mask >> (sector + SECTORS - away) % SECTORS) & 1) return away;
    return SECTORS;
}

/* inside = the nearest point in the trained range and its margin, away = z - inside; how far outside z is. */
static double find_inside(struct polynomial *p, bool *clamped)
{
    const struct hm_basis *b = p->basis;
    double extremeness = 0;
    *clamped = p->unknown_turn = false;
    memcpy(p->inside, p->z, b->nvariable * sizeof *p->z);
    memset(p->away, 0, b->nvariable * sizeof *p->away);
    for (size_t k = 0; k < b->nprimitive; k++) {
        const struct hm_primitive *primitive = &b->primitive[k];
        const struct scale *s = &p->scale[primitive->like];
        const size_t v = primitive->variable;
        if (primitive->kind == HM_PRIMITIVE_DIHEDRAL) {
            const unsigned away = sectors_away(s->low, sector_of(&p->z[v]));
            if (away > 0) extremeness = fmax(extremeness, 1 + (double)away / SECTORS_BELIEVED);
            p->unknown_turn = p->unknown_turn || away > SECTORS_BELIEVED;
            continue;
        }
        const double width = 0.5 * (s->high - s->low), middle = 0.5 * (s->high + s->low);
        extremeness = fmax(extremeness, fabs(p->z[v] - middle) / width);
        p->inside[v] = fmin(fmax(p->z[v], middle - p->reach * width), middle + p->reach * width);
        p->away[v] = p->z[v] - p->inside[v];
        *clamped = *clamped || p->away[v] != 0;
    }
    p->clamped = *clamped;
    return extremeness;
}

/* The gradient of E(z') + away . dE/dz(z'): by a variable that is inside, dE/dz and its change along `away`; by one
 * that is outside, the slope at the edge alone, for z' does not move with it. */
static void slopes_outside(struct polynomial *p)
{
    const size_t n = p->basis->nvariable;
    double farthest = 0;
    for (size_t v = 0; v < n; v++) farthest = fmax(farthest, fabs(p->away[v]));
    const double step = NUDGE / farthest;
    slopes_at(p, p->inside, p->slope);
    for (size_t v = 0; v < n; v++) p->nudged[v] = p->inside[v] + step * p->away[v];
    slopes_at(p, p->nudged, p->ahead);
    for (size_t v = 0; v < n; v++) p->nudged[v] = p->inside[v] - step * p->away[v];
    slopes_at(p, p->nudged, p->behind);
    for (size_t v = 0; v < n; v++)
        if (p->away[v] == 0) p->slope[v] += (p->ahead[v] - p->behind[v]) / (2 * step);
}

/* ---- the model ---- */

static void widen(void *self, const double *x, double *scales)
{
    struct polynomial *p = self;
    struct scale *scale = (struct scale *)(void *)scales;
    measure(p, scale, x);
    for (size_t k = 0; k < p->basis->nprimitive; k++) {
        const struct hm_primitive *primitive = &p->basis->primitive[k];
        struct scale *s = &scale[primitive->like];
        if (primitive->kind == HM_PRIMITIVE_DIHEDRAL) {
            s->low = (double)((uint64_t)s->low | (uint64_t)1 << sector_of(&p->z[primitive->variable]));
            continue;
        }
        s->low = fmin(s->low, p->z[primitive->variable]);
        s->high = fmax(s->high, p->z[primitive->variable]);
    }
}

/* First with the range of q itself, then in its terms. */
static void prepare(void *self, const double *const *x, size_t nx, double *scales)
{
    struct polynomial *p = self;
    struct scale *scale = (struct scale *)(void *)scales;
    for (size_t l = 0; l < p->basis->nlike; l++) scale[l] = (struct scale){0, 1, INFINITY, -INFINITY};
    for (size_t k = 0; k < p->basis->nprimitive; k++)
        if (p->basis->primitive[k].kind == HM_PRIMITIVE_DIHEDRAL) scale[p->basis->primitive[k].like].low = 0;
    for (size_t i = 0; i < nx; i++) widen(self, x[i], scales);
    for (size_t l = 0; l < p->basis->nlike; l++) {
        if (scale[l].high == -INFINITY) continue; /* a dihedral, or nothing was seen */
        const double low = scale[l].low, high = scale[l].high, half = fmax(0.5 * (high - low), NARROWEST);
        scale[l] = (struct scale){0.5 * (low + high), half, -1, 1};
    }
    *reach_of(p, scales) = NEAREST;
}

static void trust(void *self, double *scales, size_t level, double error)
{
    struct polynomial *p = self;
    const double growth = TOLERATED / fmax(error, 1e-15);
    const double reach = growth > 1 ? cosh(acosh(growth) / p->basis->level_degree[level]) : NEAREST;
    p->reach = *reach_of(p, scales) = fmin(fmax(reach, NEAREST), FARTHEST);
}

static void gradients(void *self, const double *scales, const double *x, size_t level, double *gradients)
{
    struct polynomial *p = self;
    const struct hm_basis *b = p->basis;
    const struct scale *scale = (const struct scale *)(const void *)scales;
    measure(p, scale, x);
    raise_powers(p, p->z);
    for (size_t term = 0, m = 0; term < b->level_terms[level]; term++) {
        memset(p->slope, 0, b->nvariable * sizeof *p->slope);
        for (; m < b->level_monomials[level] && b->monomial[m].term == term; m++)
            add_slopes(p, &b->monomial[m], 1, p->slope);
        carry_back(p, scale, p->slope, &gradients[3 * b->natom * term]);
    }
}

static void use(void *self, const double *scales, const double *weights, size_t level)
{
    struct polynomial *p = self;
    p->scale = (const struct scale *)(const void *)scales;
    p->reach = scales[scale_count(p) - 1];
    p->level = level;
    for (size_t m = 0; m < p->basis->level_monomials[level]; m++) p->weight[m] = weights[p->basis->monomial[m].term];
}

static double gradient(void *self, const double *x, double *gradient)
{
    struct polynomial *p = self;
    bool clamped;
    measure(p, p->scale, x);
    const double extremeness = find_inside(p, &clamped);
    if (clamped)
        slopes_outside(p);
    else
        slopes_at(p, p->z, p->slope);
    carry_back(p, p->scale, p->slope, gradient);
    return extremeness;
}

static bool outside(const void *self)
{
    const struct polynomial *p = self;
    return p->clamped || p->unknown_turn;
}

static double energy(void *self, const double *x)
{
    struct polynomial *p = self;
    bool clamped;
    measure(p, p->scale, x);
    find_inside(p, &clamped);
    double value = value_at(p, p->inside);
    if (!clamped) return value;
    slopes_at(p, p->inside, p->slope);
    for (size_t v = 0; v < p->basis->nvariable; v++) value += p->away[v] * p->slope[v];
    return value;
}

const struct hm_surrogate_model_ops hm_surrogate_polynomial = {
    .name = "polynomial",
    .create = create,
    .destroy = destroy,
    .levels = levels,
    .count = count,
    .scale_count = scale_count,
    .describe = describe,
    .prepare = prepare,
    .trust = trust,
    .widen = widen,
    .gradients = gradients,
    .use = use,
    .gradient = gradient,
    .outside = outside,
    .energy = energy,
};
