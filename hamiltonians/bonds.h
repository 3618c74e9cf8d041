/* What the bonded Hamiltonians share: the list of bonds, and the loop that turns u(r) into E, F and virial.
 *
 *   E = sum_b u_b(r_b),   F_j = -u'(r) r_ij / r,   F_i = -F_j,   r_ij = x_j - x_i (minimum image)
 *
 * Units: atomic units. Owns: the list. MPI: local.
 */
#ifndef HM_HAMILTONIANS_BONDS_H
#define HM_HAMILTONIANS_BONDS_H

#include "hamiltonians/hamiltonian.h"

struct hm_bond {
    double r0;
    double k;  // harmonic: force constant
    double de; // Morse: well depth
    double a;  // Morse: range
};

struct hm_bonds {
    size_t count;
    size_t (*atoms)[2];   // (count, 2)
    struct hm_bond *bond; // (count)
};

/* Energy of one bond and its derivative du/dr. */
typedef double hm_bond_energy(const struct hm_bond *bond, double r, double *slope);

/* From `hamiltonian.molecule` (all parameters from the table) or `hamiltonian.bonds`, where every entry must have
 * the parameters listed in `needs`, a NULL-terminated list such as {"k", "r0", NULL}, and no others. */
enum hm_status hm_bonds_create(const struct hm_config *config, const struct hm_frame *frame, const char *const *needs,
                               struct hm_bonds **bonds);
void hm_bonds_destroy(void **self);
void hm_bonds_evaluate(const struct hm_bonds *bonds, hm_bond_energy *energy, const struct hm_frame *frame,
                       struct hm_label *label);
/* The `bonds` operation of a Hamiltonian whose self is a struct hm_bonds. */
const size_t (*hm_bonds_list(const void *self, size_t *nbond))[2];

#endif
