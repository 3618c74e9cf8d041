#include "scheduler/restore.h"

#include <math.h>
#include <string.h>

/* Whoever asked for the exact force: predictions lie behind it, and the worst of them where they were not believed. */
static bool may_begin_a_burst(int reason)
{
    return reason == HM_REASON_POLICY || reason == HM_REASON_OUTSIDE || reason == HM_REASON_ABSURD;
}

void hm_restore_energy(struct hm_propagator *p, struct hm_state *s, struct hm_step *now)
{
    const size_t n = 3 * s->frame.natom;
    double *v = p->v_on, *vibration = p->vibration;
    for (size_t k = 0; k < n; k++) v[k] = s->frame.v[k] + 0.5 * p->kick_exact[k];
    const double energy = hm_propagator_shadow_energy(p, &s->frame, hm_kinetic_energy(&s->frame, v));
    if (s->step == p->schedule.warmup_steps - 1) s->energy_reference = energy;
    const bool first_of_burst = may_begin_a_burst(now->decision.reason) && s->window->exact_behind == 0;
    if (!first_of_burst || isnan(s->energy_reference)) return;

    hm_representation_vibration(s->window->representation, &s->frame, v, p->motion, vibration);
    const double missing = s->energy_reference - energy;
    const double square = 1 + missing / hm_kinetic_energy(&s->frame, vibration);
    if (!(square > 0.5 && square < 2)) return;
    for (size_t k = 0; k < n; k++) s->frame.v[k] += (sqrt(square) - 1) * vibration[k];
    memcpy(p->v_before, s->frame.v, n * sizeof *s->frame.v);
    now->restored = missing;
}
