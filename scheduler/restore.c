#include "scheduler/restore.h"

#include <math.h>
#include <string.h>

/* Of an exact step in the running mean. */
static const double LEAST_WEIGHT = 1.0 / 32;

/* Whoever asked for the exact force: predictions lie behind it, and the worst of them where they were not believed. */
static bool may_begin_a_burst(int reason)
{
    return reason == HM_REASON_POLICY || reason == HM_REASON_OUTSIDE || reason == HM_REASON_ABSURD;
}

/* One vibration conserves the shadow energy. Of several it changes, slowly, with the energy that goes from the fast to
 * the slow; the change of force along the way tells how much, but half a step late: hence its mean. */
static double conserved_energy(const struct hm_propagator *p, struct hm_state *s, const struct hm_step *now,
                               const double *v)
{
    const struct hm_frame *frame = &s->frame;
    const double energy = hm_propagator_shadow_energy(p, frame, hm_kinetic_energy(frame, v));
    const double *kick = now->predicted ? p->kick_predicted : p->kick_exact; /* as in the step before */
    double change = 0, square = 0;
    if (frame->natom <= 2 || s->step == 0) return energy;
    for (size_t k = 0; k < 3 * frame->natom; k++) {
        change += frame->mass[k / 3] * frame->v[k] * (kick[k] - s->kick_before[k]);
        square += frame->mass[k / 3] * kick[k] * kick[k];
    }
    const double weight = fmax(LEAST_WEIGHT, 1 / (double)s->step);
    s->energy_exchanged += weight * (square / 12 - change / 12 - s->energy_exchanged);
    return energy + s->energy_exchanged;
}

void hm_restore_energy(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    const size_t n = 3 * s->frame.natom;
    double *v = p->v_on, *vibration = p->vibration;
    for (size_t k = 0; k < n; k++) v[k] = s->frame.v[k] + 0.5 * p->kick_exact[k];
    const double energy = conserved_energy(p, s, now, v);
    if (s->step == p->schedule.warmup_steps - 1) s->energy_reference = energy;
    const bool first_of_burst = may_begin_a_burst(now->decision.reason) && s->window->exact_behind == 0;
    if (!first_of_burst || isnan(s->energy_reference)) return;

    hm_representation_vibration(s->window->representation, &s->frame, v, p->motion, vibration);
    const double missing = p->schedule.restore_fraction * (s->energy_reference - energy);
    const double square = 1 + missing / hm_kinetic_energy(&s->frame, vibration);
    if (!(square > 0.5 && square < 2)) return;
    for (size_t k = 0; k < n; k++) s->frame.v[k] += (sqrt(square) - 1) * vibration[k];
    memcpy(p->v_before, s->frame.v, n * sizeof *s->frame.v);
    now->restored = missing;
}
