/* Leapfrog: positions at whole steps, velocities at half steps.
 *
 *   start   v_{-1/2}  = v_0 - dt F_0 / 2m
 *   kick    v_{n+1/2} = v_{n-1/2} + kick,   kick = dt F_n / m
 *   drift   x_{n+1}   = x_n + dt v_{n+1/2}
 *   on-step v_n       = v_{n+1/2} - kick / 2 = (v_{n-1/2} + v_{n+1/2}) / 2
 *
 * Frozen atoms are at rest: they get no kick. Equal to velocity Verlet up to rounding. Free functions on arrays (natom,
 * 3); atomic units; no errors. MPI: local. Source: Hockney and Eastwood, Computer Simulation Using Particles (1981),
 * 11-4-1; Verlet, Phys. Rev. 159, 98 (1967).
 */
#ifndef HM_SCHEDULER_INTEGRATOR_H
#define HM_SCHEDULER_INTEGRATOR_H

#include "io/frame.h"

/* v: v_0 in, v_{-1/2} out. */
void hm_leapfrog_start(const struct hm_frame *frame, double dt, const double *force, double *v);
void hm_force_to_kick(const struct hm_frame *frame, double dt, const double *force, double *kick);
/* Zero at frozen atoms: for kicks that come from elsewhere. */
void hm_hold_frozen(const struct hm_frame *frame, double *vectors);
void hm_leapfrog_kick(size_t natom, const double *kick, double *v);
/* x_next may be x. */
void hm_leapfrog_drift(size_t natom, double dt, const double *v, const double *x, double *x_next);
void hm_on_step_velocity(size_t natom, const double *v_after, const double *kick, double *v_on);

#endif
