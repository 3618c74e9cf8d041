/* Short exact segments before the run, for what its one orbit does not show.
 *
 *   training.energies   the starting geometry with its kinetic energy scaled: the flow at other energies
 *   training.starts     the starting geometry with other velocities of its energy, momentum and angular momentum: the
 *                       rest of the energy shell, of which one orbit of a few vibrations covers little
 *   training.turns      its rotors turned, with fresh velocities of its temperature: the other conformers
 *
 * Turn k of rotor r is 2 pi frac((k + 1/2) / g^(r+1)), with g the root of g^(d+1) = g + 1 for d rotors: the angles fill
 * the d-dimensional torus evenly, however many there are. A turn that brings atoms as close as a bond, or tears one, is
 * left out.
 *
 * Units: atomic units. Errors: those of an exact force, HM_STOPPED, HM_OUT_OF_MEMORY. Owns: nothing. MPI: driver only.
 * Source: low-discrepancy sequence of M. Roberts, "The unreasonable effectiveness of quasirandom sequences" (2018).
 */
#ifndef HM_SCHEDULER_SEGMENTS_H
#define HM_SCHEDULER_SEGMENTS_H

#include "scheduler/step.h"

#include "io/config.h"

/* The labels of all segments the configuration asks for, to the trainer. `state` is at step 0. */
enum hm_status hm_segments_teach(struct hm_propagator *propagator, const struct hm_state *state,
                                 const struct hm_config *config);

/* The fraction of a turn of `rotor` of `rotors` in segment `number`, in [0, 1). */
double hm_segments_turn(size_t rotors, size_t rotor, size_t number);

#endif
