#include "scheduler/stride.h"

#include "scheduler/integrator.h"
#include "scheduler/period.h"
#include "scheduler/step.h"
#include "scheduler/teach.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT_STRIDES = 4, FEWEST_PAIRS = 200, FEWEST_STEPS = 50, RESONANT_STRIDES = 3 };

static const double PI = 3.14159265358979323846;
static const double RESONANCE = 0.03; /* of a multiple of the period */
static const double LOOK_EVERY_SECONDS = 1e-3;
static const double NEARLY_WHOLE = 1e-6; /* bohr */

/* ---- rules ---- */

/* An eighth of the warm-up is held out, and a pair needs a point at each of its ends. */
static enum hm_status refuse_too_few_pairs(const struct hm_config *config, int64_t stride)
{
    const int64_t warmup = hm_config_integer(config, "training.warmup_steps"), pairs = warmup * 7 / 8 - stride - 2;
    const int64_t most = hm_config_integer(config, "predictor.pairs");
    if (warmup < FEWEST_STEPS)
        return hm_config_fault(
            config, "training.warmup_steps",
            "the gate compares with the mean kinetic energy of the warm-up: it takes %d steps or more, "
            "and has %lld",
            FEWEST_STEPS, (long long)warmup);
    if (hm_config_is(config, "training.mode", "off")) return HM_OK;
    if (most < FEWEST_PAIRS)
        return hm_config_fault(config, "predictor.pairs", "an action needs %d pairs, not %lld", FEWEST_PAIRS,
                               (long long)most);
    if (pairs >= FEWEST_PAIRS) return HM_OK;
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
    if (hm_config_has(config, "study.branch_every_steps"))
        return hm_config_fault(config, "study",
                               "branches are of predicted kicks, and an action takes strides: remove it");
    if (!hm_config_is(config, "policy.type", "never"))
        return hm_config_fault(config, "policy.type",
                               "an action is watched by its gate (predictor.gate, gate_every): use 'type: never'");
    if (hm_config_flag(config, "injection.restore_energy"))
        return hm_config_fault(config, "injection.restore_energy",
                               "strides are checked by the gate and never mended step by step: remove it (what goes "
                               "with 'mode: direct' is predictor.rescale_energy)");
    if (hm_config_flag(config, "predictor.rescale_energy") && !hm_config_is(config, "predictor.mode", "direct"))
        return hm_config_fault(config, "predictor.rescale_energy",
                               "a map whose velocities are rescaled is not symplectic: only with 'mode: direct'");
    if (hm_config_integer(config, "predictor.committee") > 1)
        return hm_config_fault(config, "predictor.committee", "an action drives alone: remove it");
    if (hm_config_integer(config, "output.stride") % stride != 0)
        return hm_config_fault(
            config, "output.stride",
            "output.stride must be a multiple of predictor.stride, %lld: frames lie where strides end",
            (long long)stride);
    if (hm_config_integer(config, "training.warmup_steps") % stride != 0)
        return hm_config_fault(config, "training.warmup_steps",
                               "training.warmup_steps must be a multiple of predictor.stride, %lld", (long long)stride);
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
    strides->rescale_energy = hm_config_flag(config, "predictor.rescale_energy");
    strides->gate_every = hm_config_integer(config, "predictor.gate_every");
    strides->segment_steps = SEGMENT_STRIDES * stride;
    if (!hm_config_is(config, "predictor.segment_steps", "auto"))
        strides->segment_steps = hm_config_integer(config, "predictor.segment_steps");
    if (strides->segment_steps % stride != 0)
        return hm_config_fault(config, "predictor.segment_steps",
                               "predictor.segment_steps must be a multiple of predictor.stride, %lld",
                               (long long)stride);
    strides->scratch = calloc((size_t)(strides->gate_every + 2) * 6 * natom, sizeof *strides->scratch);
    if (!strides->scratch)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for rounds of %lld strides", (long long)strides->gate_every);
    return HM_OK;
}

/* An action sees the vectors between atoms as they stand, and knows of no images. */
static enum hm_status refuse_images(const struct hm_config *config, const struct hm_frame *frame)
{
    for (size_t i = 0; hm_frame_is_periodic(frame) && i < frame->natom; i++)
        for (size_t j = 0; j < i; j++) {
            double d[3], off = 0;
            hm_minimum_image(frame, &frame->x[3 * j], &frame->x[3 * i], d);
            for (size_t k = 0; k < 3; k++) off = fmax(off, fabs(d[k] - (frame->x[3 * i + k] - frame->x[3 * j + k])));
            if (off > NEARLY_WHOLE)
                return hm_config_fault(config, "predictor.type",
                                       "an action knows of no periodic images, and atoms %zu and %zu are nearer "
                                       "through the boundary: it needs one whole molecule, smaller than half the box",
                                       j, i);
        }
    return HM_OK;
}

enum hm_status hm_strides_check(const struct hm_config *config, const struct hm_strides *strides,
                                struct hm_dispatch *oracle, const struct hm_frame *frame, size_t size, char *caution)
{
    double period;
    *caution = '\0';
    if (strides->stride == 0) return HM_OK;
    HM_TRY(refuse_images(config, frame));
    HM_TRY(hm_fastest_period(oracle, frame, &period));
    const double h = (double)strides->stride * hm_config_real(config, "integrator.timestep");
    if (hm_config_is(config, "predictor.mode", "pure") && h > period / PI)
        return hm_config_fault(config, "predictor.stride",
                               "a pure stride of %.3g fs is too long for a vibration of %.3g fs: at most %.3g fs "
                               "(w h <= 2), or 'mode: composed'",
                               h * HM_TIME_FS, period * HM_TIME_FS, period / PI * HM_TIME_FS);
    for (int n = 1; n <= RESONANT_STRIDES; n++) {
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
    return p->strides.stride > 0 && !s->pending.there &&
           s->step >= p->schedule.warmup_steps + p->schedule.activate_steps && s->segment_left == 0 &&
           s->step % p->strides.stride == 0 && s->step + p->strides.stride <= steps && hm_committee_ready(p->committee);
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
    s->rounds.forces++;
    return HM_OK;
}

/* Of the frame, on-step, with the force just asked for. */
static void keep_energy(const struct hm_propagator *p, struct hm_state *s)
{
    s->rounds.energy = p->label.energy + hm_kinetic_energy(&s->frame, s->frame.v);
    s->rounds.seconds = p->label.seconds;
}

/* The point where a round begins: on-step, its energy known. */
static enum hm_status arrive(struct hm_propagator *p, struct hm_state *s)
{
    if (s->on_step) return HM_OK;
    HM_TRY(ask(p, s, s->step));
    for (size_t k = 0; k < 3 * s->frame.natom; k++) s->frame.v[k] += 0.5 * p->kick_exact[k];
    keep_energy(p, s);
    if (isnan(s->rounds.reference)) s->rounds.reference = s->rounds.energy;
    s->on_step = true;
    return HM_OK;
}

static void get_frame(const struct hm_state *s, double *at)
{
    const size_t n = 3 * s->frame.natom;
    memcpy(at, s->frame.x, n * sizeof *at);
    memcpy(at + n, s->frame.v, n * sizeof *at);
}

static void set_frame(struct hm_state *s, const double *at)
{
    const size_t n = 3 * s->frame.natom;
    memcpy(s->frame.x, at, n * sizeof *at);
    memcpy(s->frame.v, at + n, n * sizeof *at);
}

static bool is_finite(const double *values, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += values[k] * 0; /* 0 for a finite number, NaN otherwise */
    return sum == 0;
}

/* The next point from the one before; false if it is not to be believed. */
static bool stride(struct hm_propagator *p, struct hm_state *s, int64_t number)
{
    const struct hm_predictor *predictor = &p->committee->member[0];
    const size_t n = 3 * s->frame.natom;
    double *next = point(p, s, number + 1);
    struct hm_advance told;
    memcpy(next, point(p, s, number), 2 * n * sizeof *next);
    predictor->ops->advance(predictor->self, number == 0, next, next + n, &told);
    const bool solved = told.converged && is_finite(next, 2 * n);
    s->rounds.tried++;
    s->rounds.iterations += told.iterations;
    s->rounds.unsolved += !solved;
    s->rounds.outside += solved && told.outside;
    return solved && !told.outside;
}

/* Strides from the frame on until `most` of them are done or one is not to be believed. HM_STOPPED. */
static enum hm_status run_strides(struct hm_propagator *p, struct hm_state *s, int64_t most, int64_t *done)
{
    const double started = hm_clock();
    double looked = started;
    enum hm_status status = HM_OK;
    *done = 0;
    get_frame(s, point(p, s, 0));
    while (status == HM_OK && *done < most && stride(p, s, *done)) {
        ++*done;
        const double now = hm_clock();
        if (now - looked < LOOK_EVERY_SECONDS) continue;
        looked = now;
        status = hm_interrupt_check(&p->interrupt);
    }
    p->seconds_predict += hm_clock() - started;
    return status;
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

/* The velocities where the strides end, to the kinetic energy that the reference leaves at their exact potential. */
static void rescale(struct hm_propagator *p, struct hm_state *s, int64_t done)
{
    const size_t n = 3 * s->frame.natom;
    double *v = point(p, s, done) + n;
    const double kinetic = hm_kinetic_energy(&s->frame, v), wanted = kinetic + s->rounds.reference - s->rounds.energy;
    if (!(wanted > 0)) return;
    for (size_t k = 0; k < n; k++) v[k] *= sqrt(wanted / kinetic);
    s->rounds.energy = s->rounds.reference;
}

/* Strides that lead to where there is no force are as wrong as those that lead to another energy; an oracle that failed
 * says nothing of them. */
static bool leads_nowhere(const struct hm_propagator *p, enum hm_status status)
{
    return status == HM_DIVERGED || (status == HM_ORACLE_FAILED && p->oracle->no_place);
}

/* The gate: does the exact energy where the strides end allow them? The frame is left where they began. */
static enum hm_status check(struct hm_propagator *p, struct hm_state *s, int64_t done, struct hm_round_record *record)
{
    const double before = s->rounds.energy;
    set_frame(s, point(p, s, done));
    const enum hm_status status = ask(p, s, s->step + done * p->strides.stride);
    if (status == HM_OK) keep_energy(p, s);
    set_frame(s, point(p, s, 0));
    if (leads_nowhere(p, status)) {
        hm_status_clear();
        return HM_OK;
    }
    HM_TRY(status);
    record->energy_change = (s->rounds.energy - s->rounds.reference) / s->vigil.kinetic;
    record->committed = fabs(record->energy_change) <= p->strides.gate;
    record->reversibility = reversibility(p, s, done);
    if (!record->committed)
        s->rounds.energy = before;
    else if (p->strides.rescale_energy)
        rescale(p, s, done);
    return HM_OK;
}

/* The strides have happened: they are observed one by one, where each of them began; of the first the energy is known.
 */
static enum hm_status commit(struct hm_propagator *p, struct hm_state *s, int64_t done, const struct hm_label *first)
{
    const size_t n = 3 * s->frame.natom;
    for (int64_t k = 0; k < done; k++) {
        const double *at = point(p, s, k);
        const struct hm_step now = {
            .step = s->step,
            .decision = {.action = HM_ADVANCE, .reason = HM_REASON_POLICY, .signal = NAN, .threshold = NAN},
            .weights_version = s->weights_version,
            .oracle_group = -1,
            .x = at,
            .v = at + n,
            .label = k == 0 ? first : NULL,
            .signals = {NAN, NAN, NAN, false},
        };
        memcpy(s->x_spare, at, n * sizeof *at); /* where the observer looks for x_n */
        set_frame(s, point(p, s, k + 1));
        s->step += p->strides.stride;
        s->rounds.taken++;
        if (p->observer.step) HM_TRY(p->observer.step(p->observer.self, s, &now));
    }
    return HM_OK;
}

static int64_t most_strides(const struct hm_propagator *p, const struct hm_state *s, int64_t steps)
{
    const int64_t most = (steps - s->step) / p->strides.stride;
    return most < p->strides.gate_every ? most : p->strides.gate_every;
}

enum hm_status hm_stride_round(struct hm_propagator *p, struct hm_state *s, int64_t steps)
{
    const int64_t most = most_strides(p, s, steps);
    HM_TRY(hm_teach_collect(p, s)); /* of the segment before */
    HM_TRY(arrive(p, s));
    const struct hm_rounds before = s->rounds;
    const struct hm_label first = {
        .energy = before.energy - hm_kinetic_energy(&s->frame, s->frame.v),
        .seconds = before.seconds,
        .iterations = HM_ITERATIONS_UNKNOWN,
    };
    struct hm_round_record record = {.step = s->step, .energy_change = NAN, .reversibility = NAN};
    int64_t done;
    enum hm_status status = run_strides(p, s, most, &done);
    if (status == HM_OK && done > 0) status = check(p, s, done, &record);
    if (status != HM_OK) { /* to be tried again as if nothing had been */
        s->rounds = before;
        return status;
    }
    record.strides = (int32_t)done;
    record.tried = (int32_t)(s->rounds.tried - before.tried);
    record.iterations = (int32_t)(s->rounds.iterations - before.iterations);
    record.forces = (int32_t)s->rounds.forces;
    s->rounds.forces = 0;
    s->rounds.refused += done > 0 && !record.committed;
    if (!record.committed || done < most) s->segment_left = p->strides.segment_steps;
    if (record.committed) HM_TRY(commit(p, s, done, &first));
    return p->observer.round ? p->observer.round(p->observer.self, s, &record) : HM_OK;
}

void hm_stride_leave(struct hm_propagator *p, struct hm_state *s)
{
    for (size_t k = 0; k < 3 * s->frame.natom; k++) s->frame.v[k] -= 0.5 * p->kick_exact[k];
    s->on_step = false;
}
