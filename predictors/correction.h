/* The LSTM as a correction of a base that knows the geometry: `type: lstm, base: {type: surrogate | hamiltonian}`.
 *
 *   kick = base kick + w kick of E,   E = sum_pairs unit_g fade(r_p) y_g(z_p)
 *
 * y_g is the output of the network that the pairs of a group share (same species, same number of bonds between), z_p
 * what it sees of a pair: its distance and smooth sums over the neighbours of both ends (correction_pairs.h), in the
 * last `history` geometries, from the zero state at every step. The network learns an energy and not impulses: its
 * force is the gradient by the newest geometry, so that with `history: 1`, the default, the correction conserves its
 * own energy as its base does. Of more geometries a force can tell velocities, and what it makes of them is friction.
 *
 *   w      1 up to five times the trained range from its middle, falling smoothly to 0 at seven times; what a network
 *          sees saturates from three times on, so that its force dies out there as a gradient
 *   bound  an impulse is taken as it is up to 4 spreads (the rms that the base leaves to a pair), never beyond 8
 *
 * The base learns first, the network on what it leaves, by the Cartesian kick, mass-weighted; both are published
 * together. A network that does not do clearly better than the base alone on labels kept out is published switched off
 * and costs nothing.
 *
 * Units: atomic units. Source: Hochreiter and Schmidhuber, Neural Computation 9, 1735 (1997); energies of environments:
 * Behler and Parrinello, Phys. Rev. Lett. 98, 146401 (2007); heads by least squares: Huang, Zhu and Siew,
 * Neurocomputing 70, 489 (2006).
 */
#ifndef HM_PREDICTORS_CORRECTION_H
#define HM_PREDICTORS_CORRECTION_H

#include "predictors/predictor.h"

extern const struct hm_predictor_ops hm_correction_ops; // a variant of lstm

#endif
