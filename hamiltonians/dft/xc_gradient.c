/* Exchange and correlation: the gradient, at a density matrix held fixed.
 *
 *   dE/dx = sum_g [ e_g dw_g/dx + w_g de_g/dx ]
 *   de_g = v dn + t . d(grad n),  t = dE/d(grad n);  with functions of atom A moving along k:
 *   dn      = -2 sum_{a of A} d_k phi_a (D phi)_a
 *   d d_j n = -2 sum_{a of A} [ d_j d_k phi_a (D phi)_a + d_k phi_a (D d_j phi)_a ]
 *   so that  -2 sum_a { d_k phi_a [D (v phi + t . grad phi)]_a + t_j d_j d_k phi_a (D phi)_a }
 *
 * The points move with their owner, which takes the negative of what all functions got.
 */
#include "hamiltonians/dft/xc_internal.h"

#include <cblas.h>

/* Of one spin; X = D phi is there from the density. */
static void add_functions(struct hm_xc *xc, const struct hm_xc_batch *batch, size_t spin, double *gradient)
{
    const size_t n = batch->n, block = batch->nfunction * n;
    const size_t most = xc->basis->nfunction;
    const struct hm_point_potential v = {xc->local,
                                         {xc->slopes ? xc->toward : NULL, xc->toward + n, xc->toward + 2 * n}};
    const double *X = xc->X + spin * most * xc->batch_points;
    xc->kernels->potential(n, batch->nfunction, xc->values, &v, xc->Y);
    hm_xc_batch_times(batch, xc->D + spin * most * most, xc->Y, xc->Z);
    for (size_t i = 0, f = 0; i < batch->nshell; i++) {
        const struct hm_shell *shell = &xc->basis->shell[xc->shell[batch->shell + i]];
        double change[3] = {0.0, 0.0, 0.0};
        for (size_t c = 0; c < shell->count; c++, f++)
            xc->kernels->change(n, xc->values + f * n, block, xc->Z + f * n, X + f * n, xc->slopes ? xc->toward : NULL,
                                change);
        for (size_t k = 0; k < 3; k++) {
            gradient[3 * shell->atom + k] -= 2.0 * change[k];
            gradient[3 * batch->atom + k] += 2.0 * change[k];
        }
    }
}

static void add_weights(struct hm_xc *xc, const struct hm_xc_batch *batch, double *gradient)
{
    const double *const at[3] = {xc->point[0] + batch->first, xc->point[1] + batch->first, xc->point[2] + batch->first};
    const double *weight = xc->weight + batch->first;
    for (size_t p = 0; p < batch->n; p++) xc->e[p] *= weight[p];
    hm_cells_gradient(&xc->cells, batch->atom, batch->n, at, xc->e, gradient);
}

enum hm_status hm_xc_gradient(struct hm_xc *xc, const double *D, double *gradient)
{
    for (size_t b = 0; b < xc->nbatch; b++) {
        const struct hm_xc_batch *batch = &xc->batch[b];
        hm_xc_batch_functions(xc, batch);
        hm_xc_batch_gradients(xc, batch);
        hm_xc_batch_density(xc, batch, xc->values, D);
        hm_xc_batch_functional(xc, batch);
        for (size_t s = 0; s < xc->nspin; s++) {
            hm_xc_batch_potential(xc, batch, s, 1.0);
            add_functions(xc, batch, s, gradient);
        }
        if (!xc->rigid_weights) add_weights(xc, batch, gradient);
    }
    return HM_OK;
}
