/* What Hamiltonians made of internal coordinates share: a term u(q) of a few atoms, q an angle or a dihedral.
 *
 *   F_a = -u'(q) dq/dx_a,   virial = sum_a (x_a - x_0) F_a^T with x_a the image next to the atom before it in the list
 *
 * Shapes: gradient (atoms, 3).
 * Units: atomic units. Errors: HM_BAD_CONFIG where atoms are read. Owns: nothing. MPI: local.
 */
#ifndef HM_HAMILTONIANS_TERMS_H
#define HM_HAMILTONIANS_TERMS_H

#include "hamiltonians/hamiltonian.h"

enum { HM_TERM_ATOMS_MAX = 4 };

/* Energy, forces and virial to zero: terms add to them. */
void hm_terms_begin(const struct hm_frame *frame, struct hm_label *label);
/* Forces and virial of one term whose energy has the derivative `slope` = u'(q). */
void hm_term_add(const struct hm_frame *frame, const size_t *atoms, size_t count, const double (*gradient)[3],
                 double slope, struct hm_label *label);

/* The list `item`.atoms of `count` different atoms of the frame; `what` ("an angle") is for messages. */
enum hm_status hm_term_atoms(const struct hm_config *config, const struct hm_frame *frame, const char *item,
                             const char *what, size_t count, size_t *atoms);
/* The same atoms forwards or backwards: the same internal coordinate. */
bool hm_term_same(const size_t *a, const size_t *b, size_t count);

#endif
