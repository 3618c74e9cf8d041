/* Which atoms of a geometry are bonded: those closer than 1.25 times the sum of their covalent radii.
 *
 * Shapes: bonds (nbond, 2), i < j, in the order of i and then j.
 * Units: bohr. Errors: HM_OUT_OF_MEMORY. Owns: the caller frees the bonds. MPI: local.
 * Source: covalent radii of Cordero et al., Dalton Trans. 2832 (2008), low-spin values where there are two.
 */
#ifndef HM_IO_CONNECTIVITY_H
#define HM_IO_CONNECTIVITY_H

#include "io/frame.h"

double hm_covalent_radius(int number); /* 0 where none is known (beyond curium) */

enum hm_status hm_connectivity_find(const struct hm_frame *frame, size_t (**bonds)[2], size_t *nbond);

/* Numbers the connected groups of atoms from 0 in the order of their first atoms: molecule (natom); returns how many.
 */
size_t hm_connectivity_molecules(size_t natom, const size_t (*bonds)[2], size_t nbond, size_t *molecule);

#endif
