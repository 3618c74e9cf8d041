#include "hamiltonians/dft/coulomb.h"

#include "hamiltonians/dft/coulomb_internal.h"

#include <stdlib.h>
#include <string.h>

static enum hm_status allocate(struct hm_coulomb *coulomb)
{
    const struct hm_pairs *pairs = &coulomb->pairs;
    const size_t square = pairs->ninner * pairs->ninner;
    coulomb->x = calloc(3 * coulomb->basis->natom + 1, sizeof(double));
    coulomb->density = calloc(square + 1, sizeof(double));
    coulomb->potential = calloc(square + 1, sizeof(double));
    coulomb->rows = calloc(pairs->max_row + 1, sizeof(double));
    coulomb->value = calloc(pairs->max_term + 1, sizeof(double));
    coulomb->slope = calloc(3 * pairs->max_term + 1, sizeof(double));
    coulomb->scratch = hm_lanes_alloc(HM_KERNEL_SCRATCH);
    if (coulomb->x && coulomb->density && coulomb->potential && coulomb->rows && coulomb->value && coulomb->slope &&
        coulomb->scratch)
        return HM_OK;
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for two-electron integrals over %zu functions",
                   coulomb->basis->nfunction);
}

enum hm_status hm_coulomb_create(const struct hm_basis *basis, const struct hm_coulomb_options *options,
                                 const struct hm_team *team, struct hm_coulomb **coulomb)
{
    enum hm_status status = HM_OK;
    *coulomb = calloc(1, sizeof **coulomb);
    if (!*coulomb) return hm_fail(HM_OUT_OF_MEMORY, "no memory for two-electron integrals");
    (*coulomb)->basis = basis;
    (*coulomb)->team = team;
    (*coulomb)->options = *options;
    (*coulomb)->kernels = hm_coulomb_kernels_choose();
    HM_TRY_GOTO(status, hm_pairs_create(basis, &(*coulomb)->pairs), fail);
    HM_TRY_GOTO(status, allocate(*coulomb), fail);
    HM_TRY_GOTO(status, options->auxiliary ? hm_fit_create(*coulomb) : hm_exact_create(*coulomb), fail);
    if (options->exchange) HM_TRY_GOTO(status, hm_exchange_create(*coulomb), fail);
    return HM_OK;
fail:
    hm_coulomb_destroy(coulomb);
    return status;
}

void hm_coulomb_destroy(struct hm_coulomb **coulomb)
{
    if (!*coulomb) return;
    hm_exact_destroy(&(*coulomb)->exact);
    hm_fit_destroy(&(*coulomb)->fit);
    hm_exchange_destroy(&(*coulomb)->exchange);
    hm_pairs_destroy(&(*coulomb)->pairs);
    free((*coulomb)->x);
    free((*coulomb)->density);
    free((*coulomb)->potential);
    free((*coulomb)->rows);
    free((*coulomb)->value);
    free((*coulomb)->slope);
    free((*coulomb)->scratch);
    free(*coulomb);
    *coulomb = NULL;
}

enum hm_status hm_coulomb_place(struct hm_coulomb *coulomb, const double *x)
{
    memcpy(coulomb->x, x, 3 * coulomb->basis->natom * sizeof *x);
    /* No bound of another product is above a few dozen. */
    hm_pairs_place(&coulomb->pairs, x, 0.01 * coulomb->options.threshold);
    HM_TRY(coulomb->fit ? hm_fit_place(coulomb) : hm_exact_place(coulomb));
    return coulomb->exchange ? hm_exchange_place(coulomb) : HM_OK;
}

enum hm_status hm_coulomb_matrix(struct hm_coulomb *coulomb, const double *D, double *J)
{
    const struct hm_pairs *pairs = &coulomb->pairs;
    hm_pairs_density(pairs, D, coulomb->density);
    memset(coulomb->potential, 0, pairs->ninner * pairs->ninner * sizeof(double));
    if (coulomb->fit)
        hm_fit_matrix(coulomb);
    else
        hm_exact_matrix(coulomb);
    hm_pairs_matrix(pairs, coulomb->potential, J);
    return HM_OK;
}

enum hm_status hm_coulomb_gradient(struct hm_coulomb *coulomb, const double *D, double *gradient)
{
    hm_pairs_density(&coulomb->pairs, D, coulomb->density);
    if (coulomb->fit)
        hm_fit_gradient(coulomb, gradient);
    else
        hm_exact_gradient(coulomb, gradient);
    return HM_OK;
}
