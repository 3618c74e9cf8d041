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

/* Energy of one bond and its derivative du/dr. */
typedef double hm_bond_energy(const struct hm_bond *bond, double r, double *slope);

struct hm_bonds {
    size_t count;
    size_t (*atoms)[2];   // (count, 2)
    struct hm_bond *bond; // (count)
    hm_bond_energy *energy;
};

/* A Hamiltonian's create, but for what tells one from the other: u(r), and the parameters every bond `needs`, a
 * NULL-terminated list such as {"k", "r0", NULL}. They come from `hamiltonian.molecule` (all of them, from the table)
 * or from `hamiltonian.bonds`, where every entry must have these and no others. *self is a struct hm_bonds. */
enum hm_status hm_bonds_create(const struct hm_config *config, const struct hm_frame *frame, const char *const *needs,
                               hm_bond_energy *energy, void **self);

/* The other operations of such a Hamiltonian. */
void hm_bonds_destroy(void **self);
enum hm_status hm_bonds_evaluate(void *self, const struct hm_frame *frame, struct hm_label *label);
const size_t (*hm_bonds_list(const void *self, size_t *nbond))[2];

#endif
