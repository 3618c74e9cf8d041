#include "predictors/surrogate_neighbourhood_angular.h"

#include <math.h>
#include <string.h>

void hm_neighbourhood_bonds(struct hm_neighbourhood *model)
{
    const double limit = model->angular_cutoff * model->angular_cutoff;
    struct hm_row_block block;
    struct hm_neighbourhood_bond *bond = model->bond;
    for (size_t i = 0; i < model->natom; i++)
        for (size_t from = model->first[i]; from < model->first[i + 1]; from += HM_ROW_BLOCK) {
            const size_t left = model->first[i + 1] - from, count = left < HM_ROW_BLOCK ? left : HM_ROW_BLOCK;
            hm_neighbourhood_row(model, i, from, count, &block);
            for (size_t c = 0; c < count; c++)
                if (block.square[c] < limit)
                    *bond++ = (struct hm_neighbourhood_bond){
                        (uint32_t)i, model->other[from + c], {block.dx[c], block.dy[c], block.dz[c]}};
        }
    model->nbond = (size_t)(bond - model->bond);
}

/* ---- groups ---- */

static void put(struct hm_bond_groups *groups, size_t place, uint32_t other, const double d[3], double sign)
{
    groups->other[place] = other;
    for (size_t c = 0; c < 3; c++) groups->d[c][place] = sign * d[c];
}

void hm_neighbourhood_group(struct hm_neighbourhood *model)
{
    struct hm_bond_groups *groups = &model->groups;
    const size_t s = model->nspecies, ngroup = model->natom * s;
    const double nothing[3] = {model->angular_cutoff, 0, 0};
    size_t *next = groups->first + 1; /* of group k at k: counts, then places, then the firsts of the group after it */
    memset(groups->first, 0, (ngroup + 1) * sizeof *groups->first);
    for (size_t k = 0; k < model->nbond; k++) {
        const struct hm_neighbourhood_bond *bond = &model->bond[k];
        next[bond->i * s + model->species[bond->j]]++;
        next[bond->j * s + model->species[bond->i]]++;
    }
    for (size_t k = 0, sum = 0; k < ngroup; k++) {
        const size_t count = next[k];
        next[k] = sum;
        sum += (count + HM_BOND_LANES - 1) / HM_BOND_LANES * HM_BOND_LANES;
    }
    for (size_t k = 0; k < model->nbond; k++) {
        const struct hm_neighbourhood_bond *bond = &model->bond[k];
        put(groups, next[bond->i * s + model->species[bond->j]]++, bond->j, bond->d, 1);
        put(groups, next[bond->j * s + model->species[bond->i]]++, bond->i, bond->d, -1);
    }
    for (size_t k = 0; k < ngroup; k++)
        while (next[k] % HM_BOND_LANES != 0) put(groups, next[k]++, (uint32_t)(k / s), nothing, 1);
}

/* ---- densities ---- */

void hm_neighbourhood_densities(struct hm_neighbourhood *model, double low, size_t angular, int l)
{
    const size_t m_count = (size_t)(l + 1) * (size_t)(l + 1), atom = model->nspecies * angular * m_count;
    double g[HM_ANGULAR_RADIAL], dg[HM_ANGULAR_RADIAL];
    double value[HM_HARMONICS_MOST], sx[HM_HARMONICS_MOST], sy[HM_HARMONICS_MOST], sz[HM_HARMONICS_MOST];
    memset(model->density, 0, model->natom * atom * sizeof(double));
    for (size_t k = 0; k < model->nbond; k++) {
        const struct hm_neighbourhood_bond *bond = &model->bond[k];
        double *at_i = &model->density[bond->i * atom + model->species[bond->j] * angular * m_count];
        double *at_j = &model->density[bond->j * atom + model->species[bond->i] * angular * m_count];
        double u[3];
        hm_angular_radial(low, model->angular_cutoff, hm_bond_direction(bond, u), angular, g, dg);
        hm_harmonics(l, model->norm, u, value, sx, sy, sz);
        for (size_t n = 0; n < angular; n++)
            for (size_t lm = 0; lm < m_count; lm++) {
                const double part = g[n] * value[lm];
                at_i[n * m_count + lm] += part;
                at_j[n * m_count + lm] += part * model->parity[lm];
            }
    }
}

double hm_neighbourhood_adjoints(struct hm_neighbourhood *model)
{
    const int highest = model->now.l;
    const size_t channels = model->nspecies * model->now.angular,
                 m_count = (size_t)(highest + 1) * (size_t)(highest + 1);
    double twice = 0;
    for (size_t i = 0; i < model->natom; i++) {
        const double *rho = &model->density[i * channels * m_count];
        double *adjoint = &model->adjoint[i * channels * m_count];
        const double *coupling = &model->coupling[model->species[i] * (size_t)(highest + 1) * channels * channels];
        memset(adjoint, 0, channels * m_count * sizeof *adjoint);
        for (int l = 0; l <= highest; l++)
            for (size_t q = 0; q < channels; q++)
                for (size_t p = 0; p < channels; p++) {
                    const double c = coupling[((size_t)l * channels + q) * channels + p];
                    for (int lm = l * l; lm < (l + 1) * (l + 1); lm++)
                        adjoint[q * m_count + (size_t)lm] += c * rho[p * m_count + (size_t)lm];
                }
        for (size_t k = 0; k < channels * m_count; k++) twice += adjoint[k] * rho[k];
    }
    return 0.5 * twice;
}
