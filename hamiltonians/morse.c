/* Morse bonds: u(r) = De (1 - exp(-a (r - r0)))^2, zero at the minimum.
 * Source: P. M. Morse, Phys. Rev. 34, 57 (1929). */
#include "hamiltonians/bonds.h"

#include <math.h>

static double energy(const struct hm_bond *bond, double r, double *slope)
{
    const double decay = exp(-bond->a * (r - bond->r0));
    *slope = 2 * bond->de * bond->a * decay * (1 - decay);
    return bond->de * (1 - decay) * (1 - decay);
}

static const char *const needs[] = {"De", "a", "r0", NULL};
const struct hm_bond_form hm_bond_form_morse = {"morse", needs, energy};

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self)
{
    (void)group;
    return hm_bonds_create(config, frame, &hm_bond_form_morse, self);
}

const struct hm_hamiltonian_ops hm_hamiltonian_morse = {
    .method = {"morse", "Morse bonds, u = De (1 - exp(-a (r - r0)))^2"},
    .keys = hm_bonds_keys,
    .analytic = true,
    .create = create,
    .evaluate = hm_bonds_evaluate,
    .destroy = hm_bonds_destroy,
    .bonds = hm_bonds_list,
};
