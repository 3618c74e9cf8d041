/* Harmonic bonds: u(r) = 1/2 k (r - r0)^2. (LAMMPS' bond_style harmonic leaves out the 1/2: its K is k/2.) */
#include "hamiltonians/bonds.h"

static double energy(const struct hm_bond *bond, double r, double *slope)
{
    const double stretch = r - bond->r0;
    *slope = bond->k * stretch;
    return 0.5 * bond->k * stretch * stretch;
}

static const char *const needs[] = {"k", "r0", NULL};
const struct hm_bond_form hm_bond_form_harmonic = {"harmonic", needs, energy};

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self)
{
    (void)group;
    return hm_bonds_create(config, frame, &hm_bond_form_harmonic, self);
}

const struct hm_hamiltonian_ops hm_hamiltonian_harmonic = {
    .method = {"harmonic", "harmonic bonds, u = 1/2 k (r - r0)^2"},
    .keys = hm_bonds_keys,
    .analytic = true,
    .create = create,
    .evaluate = hm_bonds_evaluate,
    .destroy = hm_bonds_destroy,
    .bonds = hm_bonds_list,
};
