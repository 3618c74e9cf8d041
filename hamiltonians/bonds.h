/* Bonds: a list of them, each with an energy u(r) of its own form, read from the configuration.
 *
 *   E = sum_b u_b(r_b),   F_j = -u'(r) r_ij / r,   F_i = -F_j,   r_ij = x_j - x_i (minimum image)
 *
 * Units: atomic units.
 * Errors: HM_BAD_CONFIG (file:line:column: message), HM_OUT_OF_MEMORY.
 * Owns: the list. MPI: local.
 */
#ifndef HM_HAMILTONIANS_BONDS_H
#define HM_HAMILTONIANS_BONDS_H

#include "hamiltonians/hamiltonian.h"

struct hm_bond;

/* Energy of one bond and its derivative du/dr. */
typedef double hm_bond_energy(const struct hm_bond *bond, double r, double *slope);

struct hm_bond {
    hm_bond_energy *energy;
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

/* A form of u(r) and the parameters that a bond of this form must have, with no others; ends with NULL. */
struct hm_bond_form {
    const char *name;
    const char *const *needs;
    hm_bond_energy *energy;
};
extern const struct hm_bond_form hm_bond_form_harmonic, hm_bond_form_morse;

/* The list `hamiltonian.bonds`, all of one form, or, where that is NULL, each of the form that it says. */
enum hm_status hm_bonds_read(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_bond_form *form, struct hm_bonds **bonds);
/* Adds the energy, forces and virial of all bonds. */
void hm_bonds_add(const struct hm_bonds *bonds, const struct hm_frame *frame, struct hm_label *label);

/* The operations of a Hamiltonian that is nothing but bonds of one form, from that list or from `hamiltonian.molecule`
 * (its table has the parameters of every form). *self is a struct hm_bonds. */
enum hm_status hm_bonds_create(const struct hm_config *config, const struct hm_frame *frame,
                               const struct hm_bond_form *form, void **self);
void hm_bonds_destroy(void **self);
enum hm_status hm_bonds_evaluate(void *self, const struct hm_frame *frame, struct hm_label *label);
const size_t (*hm_bonds_list(const void *self, size_t *nbond))[2];

/* What such a Hamiltonian reads of its section, for its table. */
extern const char *const hm_bonds_keys[];

#endif
