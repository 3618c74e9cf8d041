#include "scheduler/step.h"

#include "scheduler/integrator.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <string.h>

/* Can the predictor speak: it has parameters, and enough history to look back on. */
static bool is_ready(const struct hm_propagator *p, const struct hm_state *s)
{
    const bool has_parameters = s->weights_version > 0 || !hm_predictor_learns(p->predictor);
    return has_parameters && s->window->filled >= p->predictor->ops->history(p->predictor->self);
}

/* Every step asks for a prediction, even one that will be injected: the difference is the measured error. */
static void predict(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    now->v_before = p->v_before;
    memcpy(p->v_before, s->frame.v, 3 * s->frame.natom * sizeof(double));
    hm_window_open(s->window);
    now->predicted = is_ready(p, s);
    if (!now->predicted) return;

    const double started = hm_clock();
    hm_predictor_kick(p->predictor, s->window, p->motion, p->kick_predicted, &now->signals);
    now->kick_predicted = p->kick_predicted;
    p->seconds_predict += hm_clock() - started;
}

static bool all_finite(const double *values, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += values[k] * 0; /* 0 for a finite number, NaN otherwise */
    return sum == 0;
}

/* Warm-up, an unready predictor and a broken prediction leave no choice; otherwise the policy decides. */
static enum hm_status choose(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    const int64_t since_warmup = s->step - p->schedule.warmup_steps;
    now->decision = (struct hm_decision){.action = HM_INJECT, .signal = NAN, .threshold = NAN};
    if (since_warmup < 0) {
        now->decision.reason = HM_REASON_WARMUP;
    } else if (!now->predicted) {
        now->decision.reason = HM_REASON_NOT_READY;
    } else if (!all_finite(now->kick_predicted, 3 * s->frame.natom)) {
        now->decision.reason = HM_REASON_GUARD;
        now->predicted = false;
        now->kick_predicted = NULL;
    } else {
        const struct hm_evidence evidence = {s->step, since_warmup, &now->signals, s->residual_relative};
        hm_policy_choose(p->policy, &evidence, &now->decision);
        if (now->decision.action == HM_DRAFT)
            return hm_fail(HM_INTERNAL, "step %lld: the policy drafts, but speculation does not exist yet",
                           (long long)s->step);
    }
    return HM_OK;
}

static enum hm_status inject(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    HM_TRY(hm_dispatch_ask(p->oracle, &s->frame, &p->label, &now->oracle_group));
    if (p->label.status == HM_LABEL_NOT_FINITE)
        return hm_fail(HM_DIVERGED, "step %lld: the oracle's energy or force is not finite", (long long)s->step);
    if (p->label.status == HM_LABEL_NOT_CONVERGED)
        return hm_fail(HM_ORACLE_FAILED, "step %lld: the oracle did not converge in %d iterations", (long long)s->step,
                       p->label.iterations);
    hm_force_to_kick(&s->frame, p->schedule.timestep, p->label.force, p->kick_exact);
    now->label = &p->label;
    now->kick = p->kick_exact;
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
    now->teachable = exact && p->trainer->ops && s->window->filled == s->window->length;
    if (now->teachable) hm_window_sample(s->window, s->step, p->v_before, now->kick, p->sample);
    hm_window_close(s->window, p->v_before, now->kick, exact);
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

static enum hm_status drift(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    HM_TRY(check_limits(p, s));
    hm_leapfrog_drift(s->frame.natom, p->schedule.timestep, s->frame.v, s->frame.x, s->x_spare);
    double *const x_now = s->frame.x;
    s->frame.x = s->x_spare;
    s->x_spare = x_now;
    now->x = x_now;
    return HM_OK;
}

/* rms of the difference over rms of the exact kick; NaN if nothing was kicked. */
static double relative_residual(const double *predicted, const double *exact, size_t count)
{
    double difference = 0, size = 0;
    for (size_t k = 0; k < count; k++) {
        difference += (predicted[k] - exact[k]) * (predicted[k] - exact[k]);
        size += exact[k] * exact[k];
    }
    return sqrt(difference / size);
}

/* New parameters are in force from the next step on. */
static enum hm_status take_lesson(struct hm_propagator *p, struct hm_state *s, const struct hm_lesson *lesson)
{
    if (!lesson->parameters) return HM_OK;
    size_t bytes;
    void *arena = p->predictor->ops->parameters(p->predictor->self, &bytes);
    if (bytes != lesson->bytes)
        return hm_fail(HM_BAD_INPUT, "version %d of the weights has %zu bytes, this predictor has %zu", lesson->version,
                       lesson->bytes, bytes);
    memcpy(arena, lesson->parameters, bytes);
    s->weights_version = lesson->version;
    if (p->predictor->ops->prime) p->predictor->ops->prime(p->predictor->self, s->window);
    return HM_OK;
}

/* An episode at the end of the warm-up, then after every so many injections. */
static bool episode_is_due(const struct hm_propagator *p, const struct hm_state *s)
{
    if (s->step < p->schedule.warmup_steps) return s->step == p->schedule.warmup_steps - 1;
    return s->injections_since_episode >= p->schedule.episode_every_injections;
}

static enum hm_status train(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    bool due = false;
    if (now->label) {
        if (now->teachable) HM_TRY(hm_trainer_teach(p->trainer, p->sample));
        s->injections_since_episode++;
        due = episode_is_due(p, s);
    }
    if (due) {
        HM_TRY(hm_trainer_request(p->trainer, s->step));
        s->injections_since_episode = 0;
    }
    HM_TRY(hm_trainer_poll(p->trainer, s->step, due && p->schedule.wait_for_training, &now->lesson));
    return take_lesson(p, s, &now->lesson);
}

/* The label goes to training, the outcome to the policy. */
static enum hm_status teach(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    struct hm_outcome outcome = {s->step, now->decision.action, NAN};
    if (now->label && now->predicted) {
        outcome.residual_relative = relative_residual(now->kick_predicted, now->kick, 3 * s->frame.natom);
        s->residual_relative = outcome.residual_relative;
    }
    hm_policy_observe(p->policy, &outcome);
    return p->trainer->ops ? train(p, s, now) : HM_OK;
}

static enum hm_status record(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    s->step++;
    return p->observer.step ? p->observer.step(p->observer.self, s, now) : HM_OK;
}

enum hm_status hm_step(struct hm_propagator *p, struct hm_state *s)
{
    struct hm_step now = {.step = s->step, .weights_version = s->weights_version, .oracle_group = -1};
    predict(p, s, &now);
    HM_TRY(choose(p, s, &now));
    HM_TRY(kick(p, s, &now));
    HM_TRY(drift(p, s, &now));
    HM_TRY(teach(p, s, &now));
    return record(p, s, &now);
}
