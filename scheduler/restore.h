/* Energy restoring: what predictions have added to or taken from the energy is given back at an injection.
 *
 *   E_n  = U(x_n) + sum_i m_i v_n^2 / 2 - dt^2/8 sum_i F_i^2 / m_i     (shadow energy; v_n = v_{n-1/2} + dt F_n / 2m)
 *   of more than two atoms, between whose vibrations energy is exchanged, with a running mean over exact steps added:
 *   E_n += < dt^2/12 sum_i F_i^2 / m_i - dt/12 sum_i v_{n-1/2} (F_n - F_{n-1}) >
 *   v_n -> v_n + (lambda - 1) w,   lambda^2 = 1 + (E_ref - E_n) / K(w)
 *
 * with w the vibrational part of v_n: its projection on the pair directions (`pair`, so that momentum and angular
 * momentum stay as they are), or all of it but the motion of the centre of mass (`cartesian`). E_ref is the shadow
 * energy at the last step of the warm-up. Only the first exact step behind a prediction does it, whether the policy
 * asked for it or the prediction was not to be believed, and only while K(w) can carry the correction (lambda^2 from
 * 1/2 to 2): at a turning point there is no velocity to rescale.
 *
 * Of the missing energy `injection.restore_fraction` is put back.
 *
 * Source of the mean: the modified Hamiltonian of leapfrog to order dt^2, Leimkuhler and Reich, Simulating
 * Hamiltonian Dynamics (2004), ch. 5, with v . dF/dt by a difference.
 *
 * Units: atomic units. Errors: none. Owns: nothing. MPI: driver only.
 */
#ifndef HM_SCHEDULER_RESTORE_H
#define HM_SCHEDULER_RESTORE_H

#include "scheduler/step.h"

/* After the label of step n, before its kick: notes the reference, or changes v_{n-1/2} and now->restored. */
void hm_restore_energy(struct hm_propagator *propagator, struct hm_state *state, struct hm_step *now);

#endif
