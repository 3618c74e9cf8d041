/* Counter-based random numbers: a pure function of (seed, replica, step, atom, purpose).
 *
 * Nothing to save or restore, the same numbers on any number of ranks and in any order.
 * Philox4x32-10: key = seed; counter = (atom, step, purpose and block, replica); steps below 2^56.
 *
 * Errors: none. MPI: local.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011);
 *   normals by Box and Muller, Ann. Math. Stat. 29, 610 (1958).
 */
#ifndef HM_IO_RNG_H
#define HM_IO_RNG_H

#include "io/frame.h"

#include <stdint.h>

/* Keeps draws for different uses apart under one seed. */
enum hm_rng_purpose {
    HM_RNG_VELOCITIES = 1,
    HM_RNG_THERMOSTAT = 2,
    HM_RNG_TRAINING = 3,
    HM_RNG_TEST = 4,
    HM_RNG_POLICY = 5,
    HM_RNG_FAULT = 6,
    HM_RNG_ANALYSIS = 7
};

struct hm_rng_key {
    uint64_t seed;
    uint32_t replica;
    enum hm_rng_purpose purpose;
};

void hm_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Two independent uniforms in (0, 1), 53 bits each. */
void hm_rng_uniform2(struct hm_rng_key key, uint64_t step, uint32_t atom, double out[2]);
/* Three independent standard normals: one vector for one atom at one step. */
void hm_rng_normal3(struct hm_rng_key key, uint64_t step, uint32_t atom, double out[3]);

struct hm_velocity_options {
    double temperature; /* atomic units (k_B = 1) */
    uint64_t seed;
    uint32_t replica;
    bool remove_momentum;
    bool remove_angular_momentum;
    double scale_energy; /* multiplies the kinetic energy after the rescaling to `temperature` */
};

/* Maxwell-Boltzmann velocities, rescaled so that the kinetic energy is exactly dof/2 T, where dof counts
 * what was not removed. Frozen atoms stay at rest, and then no momentum is removed. Fails with HM_BAD_INPUT when
 * nothing is left to move (one atom, momentum removed; all atoms frozen). */
enum hm_status hm_velocities_draw(struct hm_frame *frame, const struct hm_velocity_options *options);

/* Another draw of the velocities a frame has: what moves the atoms against each other is new and has the kinetic energy
 * that it had; momentum and, in free space without frozen atoms, angular momentum stay. HM_OUT_OF_MEMORY. */
enum hm_status hm_velocities_redraw(struct hm_frame *frame, uint64_t seed, uint32_t replica);

#endif
