/* Representations: the scalar channels in which a predictor sees a molecule.
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
 * Owns: scratch; not shared between threads.
 * MPI: local.
 */
#ifndef HM_PREDICTORS_REPRESENTATION_H
#define HM_PREDICTORS_REPRESENTATION_H

#include "io/config.h"
#include "io/frame.h"

enum hm_representation_kind { HM_REPRESENTATION_PAIR, HM_REPRESENTATION_CARTESIAN };

/* Channels of one group share their regression coefficients or network: by symmetry the same law. */
struct hm_representation {
    enum hm_representation_kind kind;
    size_t natom, nchannel, ngroup;
    size_t *group;     // (nchannel) pair: every pair its own; cartesian: one per species, so that the law is isotropic
    size_t (*pair)[2]; // (nchannel, 2), pair only
    double *direction; // (nchannel, 3) scratch: unit vectors of the pairs
    double *gram;      // (nchannel, nchannel) scratch
    double *inverse_mass; // (natom)
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
