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
                if (block.square[c] < limit) hm_neighbourhood_bond_set(bond++, i, model->other[from + c], &block, c);
        }
    model->nbond = (size_t)(bond - model->bond);
}

/* ---- densities ---- */

static inline void add_densities(struct hm_neighbourhood *model, double low, size_t angular, const int l)
{
    const size_t m_count = (size_t)(l + 1) * (size_t)(l + 1), atom = model->nspecies * angular * m_count;
    double g[HM_ANGULAR_RADIAL], dg[HM_ANGULAR_RADIAL];
    double value[HM_HARMONICS_MOST], sx[HM_HARMONICS_MOST], sy[HM_HARMONICS_MOST], sz[HM_HARMONICS_MOST];
    memset(model->density, 0, model->natom * atom * sizeof(double));
    for (size_t k = 0; k < model->nbond; k++) {
        const struct hm_neighbourhood_bond *bond = &model->bond[k];
        double *at_i = &model->density[bond->i * atom + model->species[bond->j] * angular * m_count];
        double *at_j = &model->density[bond->j * atom + model->species[bond->i] * angular * m_count];
        hm_angular_radial(low, model->angular_cutoff, bond->r, angular, g, dg);
        hm_harmonics(l, model->norm, bond->u, value, sx, sy, sz);
        for (size_t n = 0; n < angular; n++)
            for (size_t lm = 0; lm < m_count; lm++) {
                const double part = g[n] * value[lm];
                at_i[n * m_count + lm] += part;
                at_j[n * m_count + lm] += part * model->parity[lm];
            }
    }
}

/* The highest l by name: the loops inside are unrolled for the common ones. */
#define WITH_HIGHEST(l, call, other) \
    switch (l) {                     \
    case 1:                          \
        call(1);                     \
        break;                       \
    case 2:                          \
        call(2);                     \
        break;                       \
    case 3:                          \
        call(3);                     \
        break;                       \
    default:                         \
        call(other);                 \
    }

void hm_neighbourhood_densities(struct hm_neighbourhood *model, double low, size_t angular, int l)
{
#define ADD(highest) add_densities(model, low, angular, highest)
    WITH_HIGHEST(l, ADD, l)
#undef ADD
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

/* ---- gradient ---- */

/* With A = a(i) + (-1)^l a(j), the adjoints of what the bond adds to:
 *   dE/dd = u sum dg_n A_nlm Y_lm + (1 - u u^T) / r sum g_n A_nlm dY_lm/du. */
static inline void add_gradient(struct hm_neighbourhood *model, double low, double *gradient, const int l)
{
    const size_t angular = model->now.angular, m_count = (size_t)(l + 1) * (size_t)(l + 1),
                 atom = model->nspecies * angular * m_count;
    double g[HM_ANGULAR_RADIAL], dg[HM_ANGULAR_RADIAL];
    double value[HM_HARMONICS_MOST], sx[HM_HARMONICS_MOST], sy[HM_HARMONICS_MOST], sz[HM_HARMONICS_MOST];
    for (size_t k = 0; k < model->nbond; k++) {
        const struct hm_neighbourhood_bond *bond = &model->bond[k];
        const double *u = bond->u;
        const double *at_i = &model->adjoint[bond->i * atom + model->species[bond->j] * angular * m_count];
        const double *at_j = &model->adjoint[bond->j * atom + model->species[bond->i] * angular * m_count];
        hm_angular_radial(low, model->angular_cutoff, bond->r, angular, g, dg);
        hm_harmonics(l, model->norm, u, value, sx, sy, sz);
        double along = 0, slope[3] = {0, 0, 0};
        for (size_t lm = 0; lm < m_count; lm++) {
            double level = 0, steep = 0;
            for (size_t n = 0; n < angular; n++) {
                const double a = at_i[n * m_count + lm] + model->parity[lm] * at_j[n * m_count + lm];
                level += g[n] * a;
                steep += dg[n] * a;
            }
            along += steep * value[lm];
            slope[0] += level * sx[lm];
            slope[1] += level * sy[lm];
            slope[2] += level * sz[lm];
        }
        const double inward = u[0] * slope[0] + u[1] * slope[1] + u[2] * slope[2];
        for (size_t c = 0; c < 3; c++) {
            const double d = along * u[c] + (slope[c] - u[c] * inward) / bond->r;
            gradient[3 * bond->j + c] += d;
            gradient[3 * bond->i + c] -= d;
        }
    }
}

void hm_neighbourhood_angular_gradient(struct hm_neighbourhood *model, double low, double *gradient)
{
#define ADD(highest) add_gradient(model, low, gradient, highest)
    WITH_HIGHEST(model->now.l, ADD, model->now.l)
#undef ADD
}
