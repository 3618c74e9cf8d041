#include "scheduler/step.h"

#include "scheduler/integrator.h"
#include "scheduler/restore.h"
#include "scheduler/teach.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <string.h>

/* Can the committee speak: it has parameters, and enough history to look back on. */
static bool is_ready(const struct hm_propagator *p, const struct hm_state *s)
{
    return hm_committee_ready(p->committee) && s->window->filled >= hm_committee_history(p->committee);
}

size_t hm_propagator_burst(const struct hm_propagator *propagator)
{
    if (propagator->schedule.burst > 0) return propagator->schedule.burst;
    return hm_committee_burst(propagator->committee, propagator->schedule.restore_energy);
}

/* Recurrent state is rebuilt after new weights. After an injection it simply goes on: a state primed from a short
 * history differs from one that has run for long, and that kink, repeated, is a drift. */
static void prime(struct hm_propagator *p, struct hm_state *s)
{
    if (s->primed) return;
    hm_committee_prime(p->committee, s->window);
    s->primed = true;
}

/* The rms component of an exact kick so far: the scale of errors and signals. */
static double kick_rms(const struct hm_state *s)
{
    return sqrt(s->exact_kick_squares / (double)(3 * s->frame.natom * (size_t)s->exact_steps));
}

/* Every step asks for a prediction, even one that will be injected: the difference is the measured error. */
static void predict(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    now->v_before = p->v_before;
    memcpy(p->v_before, s->frame.v, 3 * s->frame.natom * sizeof(double));
    hm_window_open(s->window);
    now->predicted = p->strides.stride == 0 && is_ready(p, s);
    if (!now->predicted) return;

    const double started = hm_clock();
    prime(p, s);
    hm_committee_kick(p->committee, s->window, kick_rms(s), p->kick_predicted, &now->signals);
    hm_hold_frozen(&s->frame, p->kick_predicted);
    now->kick_predicted = p->kick_predicted;
    p->seconds_predict += hm_clock() - started;
}

static double largest(const double *values, size_t count)
{
    double most = 0;
    for (size_t k = 0; k < count; k++) most = fmax(most, fabs(values[k]));
    return most;
}

static bool all_finite(const double *values, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += values[k] * 0; /* 0 for a finite number, NaN otherwise */
    return sum == 0;
}

/* Warm-up, a committee that is not ready, a delayed policy, and a prediction that is senseless or beyond what was
 * learned leave no choice; otherwise the policy decides. */
static enum hm_status choose(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    const size_t n = 3 * s->frame.natom;
    const int64_t since_warmup = s->step - p->schedule.warmup_steps;
    const int64_t since_active = since_warmup - p->schedule.activate_steps;
    now->decision = (struct hm_decision){.action = HM_INJECT, .signal = NAN, .threshold = NAN};
    if (since_warmup < 0) {
        now->decision.reason = HM_REASON_WARMUP;
    } else if (s->segment_left > 0) {
        now->decision.reason = HM_REASON_SEGMENT;
    } else if (!now->predicted) {
        now->decision.reason = HM_REASON_NOT_READY;
    } else if (!all_finite(now->kick_predicted, n)) {
        now->decision.reason = HM_REASON_GUARD;
        now->predicted = false;
        now->kick_predicted = NULL;
        s->primed = false; /* what is not finite may sit in the recurrent state */
    } else if (since_active < 0) {
        now->decision.reason = HM_REASON_DELAYED;
    } else if (now->signals.outside) {
        now->decision.reason = HM_REASON_OUTSIDE;
    } else if (largest(now->kick_predicted, n) > p->limits.kick * s->exact_kick_largest) {
        now->decision.reason = HM_REASON_ABSURD;
    } else {
        const struct hm_evidence evidence = {s->step, since_active, hm_propagator_burst(p), &now->signals,
                                             s->residual_relative};
        hm_policy_choose(p->policy, &evidence, &now->decision);
        if (now->decision.action == HM_DRAFT)
            return hm_fail(HM_INTERNAL, "step %lld: the policy drafts, but speculation does not exist yet",
                           (long long)s->step);
    }
    return HM_OK;
}

enum hm_status hm_propagator_ask(struct hm_propagator *p, const struct hm_frame *frame, int64_t step, int *group)
{
    p->oracle->step = step;
    HM_TRY(hm_dispatch_ask(p->oracle, frame, &p->label, group));
    hm_force_to_kick(frame, p->schedule.timestep, p->label.force, p->kick_exact);
    return HM_OK;
}

/* The error of the prediction counts for every step it was used in. */
static const double *make_impulse(struct hm_propagator *p, const struct hm_state *s)
{
    const double steps = (double)(s->step - s->last_exact_step);
    for (size_t k = 0; k < 3 * s->frame.natom; k++)
        p->kick_impulse[k] = p->kick_predicted[k] + steps * (p->kick_exact[k] - p->kick_predicted[k]);
    return p->kick_impulse;
}

static enum hm_status inject(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    const size_t n = 3 * s->frame.natom;
    HM_TRY(hm_propagator_ask(p, &s->frame, s->step, &now->oracle_group));
    if (p->schedule.restore_energy) hm_restore_energy(p, s, now);
    now->label = &p->label;
    now->kick = now->kick_exact = p->kick_exact;
    if (p->schedule.impulse && now->decision.reason == HM_REASON_POLICY) now->kick = make_impulse(p, s);
    s->last_exact_step = s->step;
    for (size_t k = 0; k < n; k++) s->exact_kick_squares += p->kick_exact[k] * p->kick_exact[k];
    s->exact_kick_largest = fmax(s->exact_kick_largest, largest(p->kick_exact, n));
    s->exact_steps++;
    if (s->step >= p->schedule.warmup_steps) s->injections++;
    return HM_OK;
}

static enum hm_status kick(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    const bool exact = now->decision.action == HM_INJECT;
    if (exact)
        HM_TRY(inject(p, s, now));
    else
        now->kick = p->kick_predicted;
    if (s->on_step) { /* a round of strides ended here */
        hm_stride_leave(p, s);
        memcpy(p->v_before, s->frame.v, 3 * s->frame.natom * sizeof(double));
    }
    hm_window_close(s->window, p->v_before, exact ? now->kick_exact : now->kick, exact);
    memcpy(s->kick_before, now->kick, 3 * s->frame.natom * sizeof *now->kick);
    hm_leapfrog_kick(s->frame.natom, now->kick, s->frame.v);
    hm_on_step_velocity(s->frame.natom, s->frame.v, now->kick, p->v_on);
    now->v = p->v_on;
    return HM_OK;
}

/* A trajectory that left physics is stopped here, before it fills the file with numbers that mean nothing. */
static enum hm_status check_limits(const struct hm_propagator *p, const struct hm_state *s)
{
    double farthest = 0;
    for (size_t k = 0; k < 3 * s->frame.natom; k++) farthest = fmax(farthest, fabs(s->frame.v[k]));
    farthest *= p->schedule.timestep;
    const double temperature = 2 * hm_kinetic_energy(&s->frame, s->frame.v) / (double)hm_degrees_of_freedom(&s->frame);
    if (!isfinite(temperature)) /* a sum over all velocities: one bad component is enough */
        return hm_fail(HM_DIVERGED, "step %lld: a velocity is not finite", (long long)s->step);
    if (farthest > p->limits.displacement)
        return hm_fail(HM_DIVERGED,
                       "step %lld: an atom moves %.3g Angstrom in one step (integrator.max_displacement is %.3g A)",
                       (long long)s->step, farthest * HM_LENGTH_ANGSTROM, p->limits.displacement * HM_LENGTH_ANGSTROM);
    if (temperature > p->limits.temperature)
        return hm_fail(
            HM_DIVERGED, "step %lld: the kinetic temperature is %.4g K (integrator.max_temperature is %.4g K)",
            (long long)s->step, temperature * HM_TEMPERATURE_KELVIN, p->limits.temperature * HM_TEMPERATURE_KELVIN);
    return HM_OK;
}

/* In two halves around the bath. What the heat asks of a kick is its slope along the way, of which an impulse that
 * makes up for earlier steps says nothing. */
static double drift_in_bath(const struct hm_propagator *p, struct hm_state *s, const double *slope)
{
    const double half = 0.5 * p->schedule.timestep;
    s->heat += hm_thermostat_heat_at_kick(&s->frame, s->bath_kick, slope);
    const double heat = s->heat;
    hm_leapfrog_drift(s->frame.natom, half, s->frame.v, s->frame.x, s->x_spare);
    s->heat += hm_thermostat_apply(&p->thermostat, &s->frame, s->step, s->frame.v, s->bath_kick);
    s->heat -= hm_thermostat_heat_at_kick(&s->frame, s->bath_kick, slope);
    hm_leapfrog_drift(s->frame.natom, half, s->frame.v, s->x_spare, s->x_spare);
    return heat;
}

enum hm_status hm_propagator_drift(const struct hm_propagator *p, struct hm_state *s, const double *slope, double *heat)
{
    HM_TRY(check_limits(p, s));
    *heat = 0;
    if (p->thermostat.ops)
        *heat = drift_in_bath(p, s, slope);
    else
        hm_leapfrog_drift(s->frame.natom, p->schedule.timestep, s->frame.v, s->frame.x, s->x_spare);
    double *const x_now = s->frame.x;
    s->frame.x = s->x_spare;
    s->x_spare = x_now;
    return HM_OK;
}

static enum hm_status drift(const struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    HM_TRY(hm_propagator_drift(p, s, now->kick_exact ? now->kick_exact : now->kick, &now->heat));
    now->x = s->x_spare;
    return HM_OK;
}

static enum hm_status watch_energy(const struct hm_propagator *p, struct hm_state *s, const struct hm_step *now)
{
    if (!now->label) return HM_OK;
    const double kinetic = hm_kinetic_energy(&s->frame, now->v);
    return hm_vigil_step(&s->vigil, s->step, s->step < p->schedule.warmup_steps,
                         hm_propagator_shadow_energy(p, &s->frame, kinetic) - now->heat, kinetic,
                         p->limits.energy_change);
}

/* The label goes to training, the outcome to the policy. */
static enum hm_status teach(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    struct hm_outcome outcome = {s->step, now->decision.action, now->decision.reason, NAN};
    if (now->label && now->predicted) {
        const double error = hm_kick_difference(now->kick_predicted, now->kick_exact, 3 * s->frame.natom);
        s->residual_relative = outcome.residual_relative = error / kick_rms(s);
        if (isfinite(s->residual_relative)) { /* at rest in a minimum no kick has had a size yet */
            s->residual_squares += s->residual_relative * s->residual_relative;
            s->residuals++;
        }
    }
    if (s->step >= p->schedule.warmup_steps + p->schedule.activate_steps)
        now->episode_asked = hm_policy_observe(p->policy, &outcome) || now->decision.reason == HM_REASON_OUTSIDE;
    return hm_teach_step(p, s, now);
}

static enum hm_status record(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    s->step++;
    if (s->segment_left > 0) s->segment_left--;
    return p->observer.step ? p->observer.step(p->observer.self, s, now) : HM_OK;
}

/* A step that has no kick, because its oracle was called off or gave up: what has been settled of it is kept. */
static void put_off(const struct hm_propagator *p, struct hm_state *s, const struct hm_step *now)
{
    s->pending.there = true;
    s->pending.predicted = now->predicted;
    s->pending.weights_version = now->weights_version;
    s->pending.decision = now->decision;
    s->pending.signals = now->signals;
    if (now->predicted) memcpy(s->pending.kick_predicted, p->kick_predicted, 3 * s->frame.natom * sizeof(double));
}

static void take_up(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    const size_t bytes = 3 * s->frame.natom * sizeof(double);
    memcpy(p->v_before, s->frame.v, bytes);
    hm_window_open(s->window);
    now->v_before = p->v_before;
    now->predicted = s->pending.predicted;
    now->weights_version = s->pending.weights_version;
    now->decision = s->pending.decision;
    now->signals = s->pending.signals;
    if (now->predicted) now->kick_predicted = memcpy(p->kick_predicted, s->pending.kick_predicted, bytes);
    s->pending.there = false;
}

static enum hm_status decide(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    if (s->pending.there) {
        take_up(p, s, now);
        return HM_OK;
    }
    HM_TRY(hm_teach_collect(p, s));
    now->weights_version = s->weights_version;
    predict(p, s, now);
    return choose(p, s, now);
}

enum hm_status hm_step(struct hm_propagator *p, struct hm_state *s)
{
    struct hm_step now = {.step = s->step, .oracle_group = -1, .signals = {NAN, NAN, NAN}};
    HM_TRY(decide(p, s, &now));
    const enum hm_status kicked = kick(p, s, &now);
    if (kicked != HM_OK) {
        put_off(p, s, &now);
        return kicked;
    }
    HM_TRY(drift(p, s, &now));
    HM_TRY(watch_energy(p, s, &now));
    HM_TRY(teach(p, s, &now));
    return record(p, s, &now);
}
