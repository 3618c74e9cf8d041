#include "hamiltonians/dft/gradient.h"

#include "hamiltonians/dft/one_electron.h"

#include <string.h>

size_t hm_scf_gradient_scratch(const struct hm_basis *basis)
{
    return 6 * basis->nfunction * basis->nfunction + 3 * basis->natom + 3;
}

static enum hm_status add_exchange(struct hm_scf *scf, double *Ds, double *gradient)
{
    const size_t nn = scf->n * scf->n;
    const double spins = hm_scf_capacity(scf);
    for (int s = 0; s < scf->part.nspin; s++) {
        memset(Ds, 0, nn * sizeof *Ds);
        hm_matrix_add(nn, 1 / spins, scf->D + (size_t)s * nn, Ds);
        HM_TRY(hm_exchange_gradient(scf->part.coulomb, -scf->part.exchange * spins, Ds, gradient));
    }
    return HM_OK;
}

enum hm_status hm_scf_gradient(struct hm_scf *scf, double *scratch, double *gradient, double dipole[3])
{
    const struct hm_scf_parts *p = &scf->part;
    const size_t nn = scf->n * scf->n, count = 3 * p->basis->natom;
    double *D = scratch, *W = D + nn, *spin = W + nn, *X = spin + nn, *share = X + 3 * nn;
    hm_scf_total(scf, scf->D, D);
    hm_scf_weighted(scf, W);
    memset(share, 0, (count + 3) * sizeof *share);
    HM_TRY(hm_one_electron_gradient(p->basis, scf->x, p->number, D, W, p->team, share));
    HM_TRY(hm_coulomb_gradient(p->coulomb, D, share));
    if (p->exchange != 0) HM_TRY(add_exchange(scf, spin, share));
    HM_TRY(hm_xc_gradient(p->xc, scf->D, share));
    hm_dipole_matrices(p->basis, scf->x, p->team, X);
    for (size_t k = 0; k < 3; k++) share[count + k] = hm_matrix_dot(nn, D, X + k * nn);
    hm_team_sum(p->team, share, count + 3);

    memcpy(gradient, share, count * sizeof *gradient);
    hm_nuclear_repulsion(p->basis->natom, p->number, scf->x, gradient);
    for (size_t k = 0; k < 3; k++) {
        dipole[k] = -share[count + k];
        for (size_t i = 0; i < p->basis->natom; i++) dipole[k] += p->number[i] * scf->x[3 * i + k];
    }
    return HM_OK;
}
