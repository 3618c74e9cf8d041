#include "scheduler/stride.h"

#include "scheduler/integrator.h"
#include "scheduler/period.h"
#include "scheduler/step.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT_STRIDES = 4, FEWEST_PAIRS = 200 };

static const double PI = 3.14159265358979323846;
static const double RESONANCE = 0.03; /* of a multiple of the period */

/* ---- rules ---- */

/* An eighth of the warm-up is held out, and a pair needs a point at each of its ends. */
static enum hm_status refuse_too_few_pairs(const struct hm_config *config, int64_t stride)
{
    const int64_t warmup = hm_config_integer(config, "training.warmup_steps"), pairs = warmup * 7 / 8 - stride - 2;
    if (pairs >= FEWEST_PAIRS || hm_config_is(config, "training.mode", "off")) return HM_OK;
    return hm_config_fault(
        config, "training.warmup_steps",
        "%lld exact steps give %lld pairs of points a stride of %lld steps apart: an action needs %d, "
        "and some thousands to be any good",
        (long long)warmup, (long long)(pairs > 0 ? pairs : 0), (long long)stride, FEWEST_PAIRS);
}

static enum hm_status refuse_the_impossible(const struct hm_config *config, int64_t stride)
{
    if (hm_config_has(config, "thermostat.type"))
        return hm_config_fault(config, "thermostat", "the strides of an action conserve energy: remove the thermostat");
    if (!hm_config_is(config, "policy.type", "never"))
        return hm_config_fault(config, "policy.type",
                               "an action is watched by its gate (predictor.gate, gate_every): use 'type: never'");
    if (hm_config_integer(config, "predictor.committee") > 1)
        return hm_config_fault(config, "predictor.committee", "an action drives alone: remove it");
    if (hm_config_integer(config, "output.stride") % stride != 0)
        return hm_config_fault(config, "output.stride",
                               "must be a multiple of predictor.stride, %lld: frames lie where "
                               "strides end",
                               (long long)stride);
    if (hm_config_integer(config, "training.warmup_steps") % stride != 0)
        return hm_config_fault(config, "training.warmup_steps", "must be a multiple of predictor.stride, %lld",
                               (long long)stride);
    return refuse_too_few_pairs(config, stride);
}

enum hm_status hm_strides_create(const struct hm_config *config, const struct hm_committee *committee, size_t natom,
                                 struct hm_strides *strides)
{
    const struct hm_predictor *predictor = &committee->member[0];
    *strides = (struct hm_strides){0};
    if (!predictor->ops->advance) return HM_OK;
    const int64_t stride = (int64_t)predictor->ops->stride(predictor->self);
    HM_TRY(refuse_the_impossible(config, stride));
    strides->stride = stride;
    strides->gate = hm_config_real(config, "predictor.gate");
    strides->gate_every = hm_config_integer(config, "predictor.gate_every");
    strides->segment_steps = SEGMENT_STRIDES * stride;
    if (!hm_config_is(config, "predictor.segment_steps", "auto"))
        strides->segment_steps = hm_config_integer(config, "predictor.segment_steps");
    if (strides->segment_steps % stride != 0)
        return hm_config_fault(config, "predictor.segment_steps", "must be a multiple of predictor.stride, %lld",
                               (long long)stride);
    strides->scratch = calloc((size_t)(strides->gate_every + 2) * 6 * natom, sizeof *strides->scratch);
    if (!strides->scratch)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for rounds of %lld strides", (long long)strides->gate_every);
    return HM_OK;
}

enum hm_status hm_strides_check(const struct hm_config *config, const struct hm_strides *strides,
                                struct hm_dispatch *oracle, const struct hm_frame *frame, size_t size, char *caution)
{
    double period;
    *caution = '\0';
    if (strides->stride == 0) return HM_OK;
    HM_TRY(hm_fastest_period(oracle, frame, &period));
    const double h = (double)strides->stride * hm_config_real(config, "integrator.timestep");
    if (hm_config_is(config, "predictor.mode", "pure") && h > period / PI)
        return hm_config_fault(config, "predictor.stride",
                               "a pure stride of %.3g fs is too long for a vibration of %.3g fs: at most %.3g fs "
                               "(w h <= 2), or 'mode: composed'",
                               h * HM_TIME_FS, period * HM_TIME_FS, period / PI * HM_TIME_FS);
    for (int n = 1; n <= 2; n++) {
        const double m = round(n * h / period);
        if (m < 1 || fabs(n * h - m * period) > RESONANCE * m * period) continue;
        snprintf(
            caution, size,
            "warning: %d stride%s of %.3g fs %s within 3 %% of %.0f period%s of the fastest vibration (%.3g fs), a "
            "resonance: another predictor.stride is safer",
            n, n > 1 ? "s" : "", h * HM_TIME_FS, n > 1 ? "are" : "is", m, m > 1 ? "s" : "", period * HM_TIME_FS);
        break;
    }
    return HM_OK;
}

void hm_strides_release(struct hm_strides *strides)
{
    free(strides->scratch);
    *strides = (struct hm_strides){0};
}

bool hm_stride_is_due(const struct hm_propagator *p, const struct hm_state *s, int64_t steps)
{
    return p->strides.stride > 0 && s->step >= p->schedule.warmup_steps + p->schedule.activate_steps &&
           s->segment_left == 0 && s->step % p->strides.stride == 0 && s->step + p->strides.stride <= steps &&
           hm_committee_ready(p->committee);
}

/* ---- a round ---- */

static double *point(const struct hm_propagator *p, const struct hm_state *s, int64_t number)
{
    return p->strides.scratch + (size_t)number * 6 * s->frame.natom;
}

/* The exact force at the frame, outside of any step. */
static enum hm_status ask(struct hm_propagator *p, struct hm_state *s, int64_t step)
{
    int group;
    HM_TRY(hm_propagator_ask(p, &s->frame, step, &group));
    s->injections++;
    return HM_OK;
}

/* Of the frame, on-step, with the force just asked for. */
static void keep_energy(const struct hm_propagator *p, struct hm_state *s)
{
    s->strides.energy = p->label.energy + hm_kinetic_energy(&s->frame, s->frame.v);
    s->strides.seconds = p->label.seconds;
}

/* The point where the round begins: on-step, its energy known. */
static enum hm_status arrive(struct hm_propagator *p, struct hm_state *s)
{
    const size_t n = 3 * s->frame.natom;
    if (s->on_step) return HM_OK;
    HM_TRY(ask(p, s, s->step));
    for (size_t k = 0; k < n; k++) s->frame.v[k] += 0.5 * p->kick_exact[k];
    keep_energy(p, s);
    if (isnan(s->strides.reference)) s->strides.reference = s->strides.energy;
    s->on_step = true;
    s->strides.rolling = false;
    return HM_OK;
}

/* Strides from the first point until `most` of them are done or one is not to be believed; returns how many. */
static int64_t run_strides(struct hm_propagator *p, struct hm_state *s, int64_t most)
{
    const struct hm_predictor *predictor = &p->committee->member[0];
    const size_t n = 3 * s->frame.natom;
    const double started = hm_clock();
    int64_t done = 0;
    memcpy(point(p, s, 0), s->frame.x, n * sizeof(double));
    memcpy(point(p, s, 0) + n, s->frame.v, n * sizeof(double));
    for (; done < most; done++) {
        double *next = point(p, s, done + 1);
        struct hm_advance told;
        memcpy(next, point(p, s, done), 2 * n * sizeof *next);
        predictor->ops->advance(predictor->self, !s->strides.rolling, next, next + n, &told);
        s->strides.tried++;
        s->strides.iterations += told.iterations;
        s->strides.unsolved += !told.converged;
        s->strides.outside += told.converged && told.outside;
        s->strides.rolling = told.converged && !told.outside;
        if (!s->strides.rolling) break;
    }
    p->seconds_predict += hm_clock() - started;
    return done;
}

/* How far from where the last stride began one ends that is taken back from its end, over the length of the stride. */
static double reversibility(struct hm_propagator *p, const struct hm_state *s, int64_t done)
{
    const struct hm_predictor *predictor = &p->committee->member[0];
    const size_t n = 3 * s->frame.natom;
    const double *from = point(p, s, done - 1), *to = point(p, s, done);
    double *back = point(p, s, p->strides.gate_every + 1), missed = 0, moved = 0;
    struct hm_advance told;
    for (size_t k = 0; k < n; k++) {
        back[k] = to[k];
        back[n + k] = -to[n + k];
    }
    predictor->ops->advance(predictor->self, true, back, back + n, &told);
    for (size_t k = 0; k < n; k++) {
        missed += s->frame.mass[k / 3] * pow(back[k] - from[k], 2);
        moved += s->frame.mass[k / 3] * pow(to[k] - from[k], 2);
    }
    return sqrt(missed / moved);
}

static void set_frame(struct hm_state *s, const double *at)
{
    const size_t n = 3 * s->frame.natom;
    memcpy(s->frame.x, at, n * sizeof *at);
    memcpy(s->frame.v, at + n, n * sizeof *at);
}

/* The strides have happened: they are observed one by one, where each of them began. */
static enum hm_status commit(struct hm_propagator *p, struct hm_state *s, int64_t done, const struct hm_label *label)
{
    const size_t n = 3 * s->frame.natom;
    for (int64_t k = 0; k < done; k++) {
        const double *at = point(p, s, k);
        struct hm_step now = {
            .step = s->step,
            .decision = {.action = HM_ADVANCE, .reason = HM_REASON_POLICY, .signal = NAN, .threshold = NAN},
            .weights_version = s->weights_version,
            .oracle_group = -1,
            .x = at,
            .v = at + n,
            .label = k == 0 ? label : NULL,
            .signals = {NAN, NAN, NAN, false},
        };
        memcpy(s->x_spare, at, n * sizeof *at); /* where the observer looks for x_n */
        s->step += p->strides.stride;
        s->strides.taken++;
        set_frame(s, point(p, s, k + 1));
        if (p->observer.step) HM_TRY(p->observer.step(p->observer.self, s, &now));
    }
    return HM_OK;
}

static enum hm_status record_round(struct hm_propagator *p, struct hm_state *s, const struct hm_round_record *record)
{
    return p->observer.round ? p->observer.round(p->observer.self, s, record) : HM_OK;
}

/* The gate: does the exact energy where the strides end allow them? The frame is left where they began. */
static enum hm_status check(struct hm_propagator *p, struct hm_state *s, int64_t done, struct hm_round_record *record)
{
    const double before = s->strides.energy;
    set_frame(s, point(p, s, done));
    HM_TRY(ask(p, s, s->step + done * p->strides.stride));
    keep_energy(p, s);
    record->energy_change = (s->strides.energy - s->strides.reference) / s->vigil.kinetic;
    record->committed = fabs(record->energy_change) <= p->strides.gate;
    record->reversibility = reversibility(p, s, done);
    s->strides.rolling = false; /* the last stride it saw was one back */
    set_frame(s, point(p, s, 0));
    if (!record->committed) s->strides.energy = before;
    return HM_OK;
}

enum hm_status hm_stride_round(struct hm_propagator *p, struct hm_state *s, int64_t steps)
{
    const int64_t forces = s->injections;
    HM_TRY(arrive(p, s));
    int64_t most = (steps - s->step) / p->strides.stride;
    if (most > p->strides.gate_every) most = p->strides.gate_every;
    const int64_t iterations = s->strides.iterations, tried = s->strides.tried;
    struct hm_round_record record = {.step = s->step, .strides = 0, .energy_change = NAN, .reversibility = NAN};
    const struct hm_label at_start = {.energy = s->strides.energy - hm_kinetic_energy(&s->frame, s->frame.v),
                                      .force = NULL,
                                      .seconds = s->strides.seconds,
                                      .iterations = HM_ITERATIONS_UNKNOWN};
    const int64_t done = run_strides(p, s, most);
    bool kept = done > 0;
    if (done > 0) {
        HM_TRY(check(p, s, done, &record));
        kept = record.committed;
    }
    record.strides = (int32_t)done;
    record.iterations = (int32_t)(s->strides.iterations - iterations);
    record.forces = (int32_t)(s->injections - forces);
    record.tried = (int32_t)(s->strides.tried - tried);
    if (kept) HM_TRY(commit(p, s, done, &at_start));
    if (!kept || done < most) {
        s->segment_left = p->strides.segment_steps;
        s->strides.refused += !kept && done > 0;
    }
    return record_round(p, s, &record);
}

void hm_stride_leave(struct hm_propagator *p, struct hm_state *s)
{
    for (size_t k = 0; k < 3 * s->frame.natom; k++) s->frame.v[k] -= 0.5 * p->kick_exact[k];
    s->on_step = false;
}
