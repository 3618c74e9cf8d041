/* The Fock matrix and the energy of a density: each member's share of both, and one sum over the team. */
#include "hamiltonians/dft/scf.h"

#include <string.h>

/* Of one spin the density is D_s; restricted, half of D each, and twice the energy:
 *   dE/dD_s = -a K[D_s],   E = -a/2 sum_s sum D_s K[D_s]. */
static enum hm_status add_exchange(struct hm_scf *scf, double *energy)
{
    const size_t nn = scf->n * scf->n;
    const double spins = hm_scf_capacity(scf), a = scf->part.exchange;
    double *Ds = scf->scratch, *K = scf->scratch + nn;
    for (int s = 0; s < scf->part.nspin; s++) {
        memset(Ds, 0, nn * sizeof *Ds);
        hm_matrix_add(nn, 1 / spins, scf->D + (size_t)s * nn, Ds);
        HM_TRY(hm_exchange_matrix(scf->part.coulomb, Ds, K));
        hm_matrix_add(nn, -a, K, scf->F + (size_t)s * nn);
        *energy -= 0.5 * a * spins * hm_matrix_dot(nn, Ds, K);
    }
    return HM_OK;
}

enum hm_status hm_scf_fock(struct hm_scf *scf)
{
    const size_t nn = scf->n * scf->n, nspin = (size_t)scf->part.nspin;
    double *share = scf->F + nspin * nn; /* energies: of exchange and correlation, and of the rest */
    double electrons, *total = scf->scratch, *J = scf->scratch + nn;
    HM_TRY(hm_xc_matrix(scf->part.xc, scf->D, &share[0], &electrons, scf->F));
    hm_scf_total(scf, scf->D, total);
    HM_TRY(hm_coulomb_matrix(scf->part.coulomb, total, J));
    share[1] = 0.5 * hm_matrix_dot(nn, total, J);
    for (size_t s = 0; s < nspin; s++) hm_matrix_add(nn, 1, J, scf->F + s * nn);
    if (scf->part.exchange != 0) HM_TRY(add_exchange(scf, &share[1]));
    hm_team_sum(scf->part.team, scf->F, nspin * nn + 2);

    hm_scf_total(scf, scf->D, total);
    scf->energy = scf->repulsion + hm_matrix_dot(nn, total, scf->H) + share[0] + share[1];
    for (size_t s = 0; s < nspin; s++) hm_matrix_add(nn, 1, scf->H, scf->F + s * nn);
    return HM_OK;
}
