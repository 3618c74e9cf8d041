/* Internal coordinates of a molecule and how they change when an atom moves.
 *
 *   distance   r      of atoms i, j
 *   angle      theta  i-j-k at j, in [0, pi]
 *   dihedral   phi    i-j-k-l about j-k, in (-pi, pi]: 0 cis, pi trans, positive clockwise seen from j to k (IUPAC)
 *
 * A gradient is that of the value by the positions of the atoms named, in their order; its sum and its torque are zero.
 * Where it does not exist (an angle of 0 or pi, a dihedral with three atoms in a line) it is zero; two atoms at one
 * place, between which there is no direction at all, give what is not a number.
 *
 * Shapes: x (natom, 3); gradient (atoms named, 3), or NULL where only the value is wanted.
 * Units: bohr, radian. Displacements are minimum images in the cell of `box`, whose own positions are not looked at.
 * Errors: none. Owns: nothing. MPI: local.
 * Source: Wilson, Decius and Cross, Molecular Vibrations (1955), chapter 4; for the dihedral Blondel and Karplus,
 *   J. Comput. Chem. 17, 1132 (1996).
 */
#ifndef HM_IO_INTERNALS_H
#define HM_IO_INTERNALS_H

#include "io/frame.h"

double hm_internal_distance(const struct hm_frame *box, const double *x, const size_t atoms[2], double gradient[2][3]);
double hm_internal_angle(const struct hm_frame *box, const double *x, const size_t atoms[3], double gradient[3][3]);
double hm_internal_dihedral(const struct hm_frame *box, const double *x, const size_t atoms[4], double gradient[4][3]);

#endif
