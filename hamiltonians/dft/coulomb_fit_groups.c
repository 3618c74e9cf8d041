/* Auxiliary functions in lanes (see coulomb_internal.h). */
#include "hamiltonians/dft/coulomb_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double prefactor = 5.914967172795612; /* sqrt(2) pi^(5/4), as in coulomb_pairs.h */

/* ---- functions of one centre in Hermite Gaussians ---- */

/* x^i exp(-q x^2) = sum_t e_t^i (2q)^{-(i+t)/2} d^t/dX^t exp(-q x^2); with p = q = 1/2 all powers are one. */
static void one_centre(double e[HM_AUXILIARY_MAX_L + 1][HM_AUXILIARY_MAX_L + 1])
{
    double E[(HM_AUXILIARY_MAX_L + 1) * (HM_AUXILIARY_MAX_L + 1)];
    hm_hermite_expand(HM_AUXILIARY_MAX_L, 0, 0.5, 0, 0, E);
    memcpy(e, E, sizeof E);
}

/* Function m of order l: the sum over its Cartesian components of the products of three. */
static void expand_function(int l, bool spherical, size_t m, double *sum)
{
    double e[HM_AUXILIARY_MAX_L + 1][HM_AUXILIARY_MAX_L + 1];
    const size_t cartesian = hm_cartesian_count(l);
    size_t c = 0;
    one_centre(e);
    memset(sum, 0, hm_hermite_count(l) * sizeof *sum);
    for (int i = l; i >= 0; i--)
        for (int j = l - i; j >= 0; j--, c++) {
            const int k = l - i - j;
            const double coefficient = spherical ? hm_shell_spherical(l)[m * cartesian + c] : c == m ? 1 : 0;
            for (int t = 0; t <= i; t++)
                for (int u = 0; u <= j; u++)
                    for (int v = 0; v <= k; v++)
                        sum[hm_hermite_index(t, u, v)] += coefficient * e[i][t] * e[j][u] * e[k][v];
        }
}

static int order_of(size_t tuv)
{
    int n = 0;
    while (hm_hermite_count(n) <= tuv) n++;
    return n;
}

static enum hm_status make_solid(struct hm_fit_group *group)
{
    const int l = group->charges.l;
    struct hm_solid *solid = &group->solid;
    double sum[HM_SUMS];
    size_t n = 0;
    solid->count = group->spherical ? (size_t)(2 * l + 1) : hm_cartesian_count(l);
    for (size_t m = 0; m < solid->count; m++) {
        solid->first[m] = n;
        expand_function(l, group->spherical, m, sum);
        for (size_t tuv = 0; tuv < hm_hermite_count(l); tuv++) {
            if (fabs(sum[tuv]) < 1e-13) continue;
            solid->term[n++] = (struct hm_solid_term){.tuv = (uint16_t)tuv,
                                                      .power = (uint16_t)((l - order_of(tuv)) / 2),
                                                      .coefficient = hm_hermite_sign[tuv] * sum[tuv]};
        }
    }
    solid->first[solid->count] = n;
    group->charges.skip = group->spherical ? hm_hermite_count(l - 1) : 0;
    group->charges.ncomponent = hm_hermite_count(l) - group->charges.skip;
    group->expansion = (struct hm_expansion){.nterm = n, .term = calloc(n, sizeof *group->expansion.term)};
    if (!group->expansion.term) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu terms", n);
    for (size_t m = 0; m < solid->count; m++)
        for (size_t s = solid->first[m]; s < solid->first[m + 1]; s++)
            group->expansion.term[s] = (struct hm_term){.row = (uint16_t)m, .tuv = solid->term[s].tuv};
    return HM_OK;
}

void hm_fit_values(const struct hm_fit_group *group, size_t primitive, double *value)
{
    const double twice = 2 * group->charges.site[primitive / HM_LANES * 4 * HM_LANES + primitive % HM_LANES];
    for (size_t s = 0; s < group->expansion.nterm; s++) {
        const struct hm_solid_term *term = &group->solid.term[s];
        value[s] = group->factor[primitive] * hm_hermite_sign[term->tuv] * term->coefficient;
        for (int k = 0; k < term->power; k++) value[s] *= twice;
    }
}

/* ---- groups ---- */

static enum hm_status fill_group(struct hm_fit_group *group, const struct hm_basis *auxiliary)
{
    size_t n = 0, capacity = 0;
    for (size_t s = 0; s < auxiliary->nshell; s++)
        if (auxiliary->shell[s].l == group->charges.l && auxiliary->shell[s].spherical == group->spherical)
            n += auxiliary->shell[s].nprimitive;
    HM_TRY(make_solid(group));
    group->shell = calloc(n, sizeof *group->shell);
    group->index = calloc(n, sizeof *group->index);
    HM_TRY(hm_charges_reserve(&group->charges, (n + HM_LANES - 1) / HM_LANES, &capacity));
    group->factor = hm_lanes_alloc(group->charges.nblock * HM_LANES);
    if (!group->shell || !group->index || !group->factor)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu auxiliary Gaussians", n);
    for (size_t s = 0; s < auxiliary->nshell; s++) {
        const struct hm_shell *shell = &auxiliary->shell[s];
        if (shell->l != group->charges.l || shell->spherical != group->spherical) continue;
        for (size_t i = 0; i < shell->nprimitive; i++, group->nprimitive++) {
            const double q = shell->exponent[i];
            group->shell[group->nprimitive] = shell;
            group->index[group->nprimitive] = (uint16_t)i;
            group->factor[group->nprimitive] = prefactor / q * shell->coefficient[i] * pow(2 * q, -shell->l);
        }
    }
    return HM_OK;
}

static enum hm_status make_groups(struct hm_fit *fit)
{
    for (int l = 0; l <= HM_AUXILIARY_MAX_L; l++)
        for (int spherical = 0; spherical < 2; spherical++) {
            bool present = false;
            for (size_t s = 0; s < fit->auxiliary->nshell && !present; s++)
                present = fit->auxiliary->shell[s].l == l && fit->auxiliary->shell[s].spherical == (bool)spherical;
            if (!present) continue;
            struct hm_fit_group *group = &fit->group[fit->ngroup++];
            group->charges.l = l;
            group->spherical = spherical;
            group->offset = fit->width;
            HM_TRY(fill_group(group, fit->auxiliary));
            fit->width += group->charges.nblock * group->solid.count * HM_LANES;
        }
    return HM_OK;
}

enum hm_status hm_fit_create(struct hm_coulomb *coulomb)
{
    struct hm_fit *fit = coulomb->fit = calloc(1, sizeof *fit);
    if (!fit) return hm_fail(HM_OUT_OF_MEMORY, "no memory for density fitting");
    const size_t n = coulomb->options.auxiliary->nfunction;
    fit->auxiliary = coulomb->options.auxiliary;
    HM_TRY(make_groups(fit));
    const size_t rows =
        coulomb->pairs.max_row > 15 ? coulomb->pairs.max_row : 15; /* 15: a metric's Cartesian g shell */
    fit->metric = malloc((n * n + 1) * sizeof(double));
    fit->work = hm_lanes_alloc(rows * fit->width);
    fit->rows = malloc((coulomb->pairs.ninner * coulomb->pairs.ninner + 1) * sizeof(double));
    fit->moment = calloc(n + 1, sizeof(double));
    fit->fitted = calloc(n + 1, sizeof(double));
    if (fit->metric && fit->work && fit->rows && fit->moment && fit->fitted) return HM_OK;
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for density fitting with %zu functions", n);
}

void hm_fit_destroy(struct hm_fit **fit)
{
    if (!*fit) return;
    for (size_t g = 0; g < (*fit)->ngroup; g++) {
        struct hm_fit_group *group = &(*fit)->group[g];
        hm_charges_destroy(&group->charges);
        free(group->expansion.term);
        free(group->shell);
        free(group->index);
        free(group->factor);
    }
    free((*fit)->metric);
    free((*fit)->B);
    free((*fit)->work);
    free((*fit)->rows);
    free((*fit)->moment);
    free((*fit)->fitted);
    free(*fit);
    *fit = NULL;
}
