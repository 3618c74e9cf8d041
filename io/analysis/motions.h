/* Kinetic energy by kind of motion of molecules: translation, rotation, stretches, bends, and what is left, torsions.
 *
 * At every frame the mass-weighted velocities u_i = sqrt(m_i) v_i of a molecule, |u|^2 = 2K, are projected on an
 * orthonormal basis whose vectors are found in this order, each orthogonal to all before it:
 *
 *   translation   sqrt(m_i) e_k                               3
 *   rotation      sqrt(m_i) e_k x (x_i - centre of mass)      3, or 2 of a linear molecule
 *   stretch       m_i^{-1/2} dr/dx_i of the bonds             orthogonal to the rigid motions by themselves
 *   bend          m_i^{-1/2} dtheta/dx_i of the angles between bonds; two of a straight angle
 *   torsion       everything else: the rest of |u|^2 and of the 3n dimensions
 *
 * A vector that depends on those before it counts for nothing. In a canonical ensemble the mean of every squared
 * projection is kT, whatever the potential: a group's temperature is its energy over its dimensions, summed over
 * molecules and frames. Momentum that is conserved takes three dimensions from translation. Frozen atoms do not move,
 * and a molecule that has one has no rigid motions.
 *
 * Shapes: x, v (natom, 3); bonds (nbond, 2).
 * Units: atomic units. Errors: HM_OUT_OF_MEMORY. Owns: its scratch; frame and bonds are borrowed. MPI: local.
 * Source: Wilson, Decius, Cross, Molecular Vibrations (1955), ch. 4 and 11 (s vectors, Eckart conditions).
 */
#ifndef HM_IO_ANALYSIS_MOTIONS_H
#define HM_IO_ANALYSIS_MOTIONS_H

#include "io/frame.h"

enum hm_motion {
    HM_MOTION_TRANSLATION,
    HM_MOTION_ROTATION,
    HM_MOTION_STRETCH,
    HM_MOTION_BEND,
    HM_MOTION_TORSION,
    HM_MOTION_COUNT
};

const char *hm_motion_name(enum hm_motion motion);

struct hm_motions;

/* `topology` gives masses, frozen atoms and whether momentum is conserved. Of `nframe` frames to come as many are
 * looked at, evenly, as take a few seconds. */
enum hm_status hm_motions_create(const struct hm_frame *topology, size_t nbond, const size_t (*bonds)[2], size_t nframe,
                                 struct hm_motions **motions);
void hm_motions_destroy(struct hm_motions **motions);
void hm_motions_add(struct hm_motions *motions, const double *x, const double *v);
/* Sum of squared projections, and how many there were. */
void hm_motions_read(const struct hm_motions *motions, enum hm_motion motion, double *sum, double *weight);

/* The pairs of bonds that share an atom, as (end, centre, end); the caller frees them. */
enum hm_status hm_motions_angles(size_t nbond, const size_t (*bonds)[2], size_t (**angles)[3], size_t *nangle);

#endif
