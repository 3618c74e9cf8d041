#include "scheduler/integrator.h"

void hm_leapfrog_start(const struct hm_frame *frame, double dt, const double *force, double *v)
{
    for (size_t i = 0; i < frame->natom; i++)
        for (size_t k = 3 * i; k < 3 * i + 3; k++) v[k] -= 0.5 * (dt * force[k] / frame->mass[i]);
    hm_hold_frozen(frame, v);
}

void hm_force_to_kick(const struct hm_frame *frame, double dt, const double *force, double *kick)
{
    for (size_t i = 0; i < frame->natom; i++)
        for (size_t k = 3 * i; k < 3 * i + 3; k++) kick[k] = dt * force[k] / frame->mass[i];
    hm_hold_frozen(frame, kick);
}

void hm_hold_frozen(const struct hm_frame *frame, double *vectors)
{
    if (frame->nfrozen == 0) return;
    for (size_t i = 0; i < frame->natom; i++)
        for (size_t k = 3 * i; k < 3 * i + 3; k++)
            if (frame->frozen[i]) vectors[k] = 0;
}

void hm_leapfrog_kick(size_t natom, const double *kick, double *v)
{
    for (size_t k = 0; k < 3 * natom; k++) v[k] += kick[k];
}

void hm_leapfrog_drift(size_t natom, double dt, const double *v, const double *x, double *x_next)
{
    for (size_t k = 0; k < 3 * natom; k++) x_next[k] = x[k] + dt * v[k];
}

void hm_on_step_velocity(size_t natom, const double *v_after, const double *kick, double *v_on)
{
    for (size_t k = 0; k < 3 * natom; k++) v_on[k] = v_after[k] - 0.5 * kick[k];
}
