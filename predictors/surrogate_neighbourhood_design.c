#include "predictors/surrogate_neighbourhood_angular.h"

#include <string.h>

struct design {
    struct hm_neighbourhood *model;
    const double *scales;
    const struct hm_neighbourhood_level *level;
    double *columns;
};

/* To the gradient of function f: d with respect to x_j, -d with respect to x_i. */
static inline void add(const struct design *design, size_t f, size_t i, size_t j, const double d[3])
{
    double *column = &design->columns[f * 3 * design->model->natom];
    for (size_t c = 0; c < 3; c++) {
        column[3 * j + c] += d[c];
        column[3 * i + c] -= d[c];
    }
}

static void add_pair(void *context, size_t i, size_t j, const double d[3], double r)
{
    const struct design *design = context;
    const struct hm_neighbourhood *model = design->model;
    const size_t p = model->pair[model->species[i] * model->nspecies + model->species[j]];
    double g[HM_RADIAL_MOST], dg[HM_RADIAL_MOST];
    hm_radial_functions(design->scales[p], model->cutoff, r, design->level->radial, g, dg);
    for (size_t k = 0; k < design->level->radial; k++) {
        const double slope = dg[k] / r, along[3] = {slope * d[0], slope * d[1], slope * d[2]};
        add(design, model->pair_function[p * model->radial + k], i, j, along);
    }
}

/* A bond as it is put into densities, and how that changes with d. */
struct bond_functions {
    double u[3], g[HM_ANGULAR_RADIAL], dg[HM_ANGULAR_RADIAL];
    double value[HM_HARMONICS_MOST];
    double turn[3][HM_HARMONICS_MOST]; // (1 - u u^T) dY/du / r
};

static void bond_functions(const struct design *design, const struct hm_neighbourhood_bond *bond,
                           struct bond_functions *f)
{
    const struct hm_neighbourhood *model = design->model;
    const int l = design->level->l;
    const double r = hm_bond_direction(bond, f->u);
    hm_angular_radial(hm_angular_low(model, design->scales), model->angular_cutoff, r, design->level->angular, f->g,
                      f->dg);
    hm_harmonics(l, model->norm, f->u, f->value, f->turn[0], f->turn[1], f->turn[2]);
    for (int lm = 0; lm < (l + 1) * (l + 1); lm++) {
        double inward = 0;
        for (size_t c = 0; c < 3; c++) inward += f->u[c] * f->turn[c][lm];
        for (size_t c = 0; c < 3; c++) f->turn[c][lm] = (f->turn[c][lm] - f->u[c] * inward) / r;
    }
}

/* d/dd of sum_m rho_q rho_q' at one end of a bond, q = (species of the other end, n), for all n, q', l. */
static void add_end(const struct design *design, const struct hm_neighbourhood_bond *bond,
                    const struct bond_functions *f, size_t centre, size_t other)
{
    const struct hm_neighbourhood *model = design->model;
    const size_t angular = design->level->angular, channels = model->nspecies * angular,
                 richest = model->channels / model->nspecies,
                 m_count = (size_t)(design->level->l + 1) * (size_t)(design->level->l + 1);
    const size_t a = model->species[centre], b = model->species[other];
    for (size_t q = 0; q < channels; q++) {
        const double *rho = &model->density[(centre * channels + q) * m_count];
        const size_t q_richest = q / angular * richest + q % angular;
        for (int l = 0; l <= design->level->l; l++) {
            double level = 0, turn[3] = {0, 0, 0};
            for (int lm = l * l; lm < (l + 1) * (l + 1); lm++) {
                const double signed_rho = centre == bond->i ? rho[lm] : model->parity[lm] * rho[lm];
                level += signed_rho * f->value[lm];
                for (size_t c = 0; c < 3; c++) turn[c] += signed_rho * f->turn[c][lm];
            }
            for (size_t n = 0; n < angular; n++) {
                const size_t own = b * richest + n;
                const double twice = own == q_richest ? 2 : 1;
                double d[3];
                for (size_t c = 0; c < 3; c++) d[c] = twice * (f->dg[n] * level * f->u[c] + f->g[n] * turn[c]);
                const size_t row = (a * (size_t)(model->l + 1) + (size_t)l) * model->channels + own;
                add(design, model->angular_function[row * model->channels + q_richest], bond->i, bond->j, d);
            }
        }
    }
}

static void add_angular(const struct design *design)
{
    struct hm_neighbourhood *model = design->model;
    struct bond_functions functions;
    hm_neighbourhood_bonds(model);
    hm_neighbourhood_densities(model, hm_angular_low(model, design->scales), design->level->angular, design->level->l);
    for (size_t k = 0; k < model->nbond; k++) {
        const struct hm_neighbourhood_bond *bond = &model->bond[k];
        bond_functions(design, bond, &functions);
        add_end(design, bond, &functions, bond->i, bond->j);
        add_end(design, bond, &functions, bond->j, bond->i);
    }
}

void hm_neighbourhood_columns(struct hm_neighbourhood *model, const double *scales, const double *x,
                              const struct hm_neighbourhood_level *level, double *columns)
{
    const size_t size = 3 * model->natom;
    const struct design design = {.model = model, .scales = scales, .level = level, .columns = columns};
    memset(columns, 0, level->count * size * sizeof *columns);
    if (hm_neighbourhood_pairs_update(model, x) == HM_OK) {
        hm_neighbourhood_each(model, add_pair, (void *)&design);
        if (level->angular > 0) add_angular(&design);
    } else {
        for (size_t k = 0; k < level->count * size; k++) columns[k] = NAN;
    }
    /* An atom that is nowhere has no neighbours; its gradient is not zero for that. */
    for (size_t f = 0; f < level->count; f++)
        for (size_t k = 0; k < size; k++) columns[f * size + k] += 0 * x[k];
}
