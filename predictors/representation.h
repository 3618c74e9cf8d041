/* Representations: the scalar channels in which a predictor sees a molecule.
 *
 *   atoms      one channel per component. Coordinate: the position; motion: the kick itself. What a predictor sees that
 *              knows the geometry: no choice of the user, but of the method.
 *
 *   pair       one channel per pair of atoms i < j. Coordinate: the distance r_ij. Motion: the scalar impulse s_ij
 *              of a kick, defined by m_i dv_i = sum_j s_ij (x_i - x_j) / r_ij, so a kick built from impulses conserves
 *              P and L by construction. Unique for up to four atoms that are neither collinear (three or more) nor
 *              planar (four); nearly so otherwise, by a least-squares solve that prefers small impulses.
 *   cartesian  one channel per component. Coordinate: position relative to the centre of mass. Motion: the
 *              half-step velocity itself (the original method). decode takes out the momentum a kick would add.
 *
 *   pair:      encode solves (B^T M^-1 B + ridge) s = B^T dv,  decode is dv = M^-1 B s,
 *              B (3N, npair) with the unit vector of pair ij at i and its negative at j
 *
 * Shapes: x, v, kick (natom, 3); coordinate, motion (nchannel).
 * Units: atomic units (impulses: mass x velocity).
 * Errors: HM_BAD_CONFIG (pair with more than four atoms), HM_OUT_OF_MEMORY. encode and decode cannot fail.
 * Owns: its copy of the frame and scratch; not shared between threads.
 * MPI: local.
 */
#ifndef HM_PREDICTORS_REPRESENTATION_H
#define HM_PREDICTORS_REPRESENTATION_H

#include "io/config.h"
#include "io/frame.h"

enum { HM_PAIR_MAX_ATOMS = 4 }; /* beyond, impulses along pairs are not unique */

enum hm_representation_kind { HM_REPRESENTATION_PAIR, HM_REPRESENTATION_CARTESIAN, HM_REPRESENTATION_ATOMS };

/* The force of a cheaper Hamiltonian, lent from outside: force (natom, 3) = -dE/dx at x (natom, 3), not finite where it
 * could not be computed. */
struct hm_cheap_force {
    void (*evaluate)(void *self, const double *x, double *force); // NULL: there is none
    void *self;
};

/* Channels of one group share their regression coefficients or network: by symmetry the same law. */
struct hm_representation {
    enum hm_representation_kind kind;
    size_t natom, nchannel, ngroup;
    size_t *group;     // (nchannel) pair: every pair its own; cartesian: one per species, so that the law is isotropic
    size_t (*pair)[2]; // (nchannel, 2), pair only
    double *direction; // (nchannel, 3) scratch: unit vectors of the pairs
    double *gram;      // (nchannel, nchannel) scratch
    double *inverse_mass;        // (natom)
    struct hm_cheap_force cheap; // none unless whoever created this lends one
    struct hm_frame start;       // a copy of the system as it starts: species, masses, cell, geometry
};

enum hm_status hm_representation_create(const struct hm_config *config, const struct hm_frame *frame,
                                        struct hm_representation **representation);
void hm_representation_destroy(struct hm_representation **representation);

void hm_representation_coordinates(struct hm_representation *representation, const struct hm_frame *frame,
                                   double *coordinate);
/* Motion of the kick that turned v_before into v_before + kick at frame->x. */
void hm_representation_encode(struct hm_representation *representation, const struct hm_frame *frame,
                              const double *v_before, const double *kick, double *motion);
/* The vibrational part of velocities v: its projection on the pair directions, or all but the motion of the centre of
 * mass. `motion` (nchannel) is scratch. */
void hm_representation_vibration(struct hm_representation *representation, const struct hm_frame *frame,
                                 const double *v, double *motion, double *vibration);
void hm_representation_decode(struct hm_representation *representation, const struct hm_frame *frame,
                              const double *v_before, const double *motion, double *kick);

#endif
