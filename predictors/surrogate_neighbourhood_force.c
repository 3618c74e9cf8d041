#include "predictors/surrogate_neighbourhood_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Intervals of a table: 2048 leave a relative error of 1e-7 in the force of a repulsive core. */
enum { INTERVALS = HM_TABLE_INTERVALS };
/* Below the shortest distance seen a pair repels as 1 / r^12, */
#define CORE_POWER 13
/* and at least with this part of the steepness that this power alone would have. */
#define CORE_STEEPNESS 0.5
/* The table begins at this part of that distance; nearer still, dV/d(r^2) stays as it is there. */
#define CORE_TABLE 0.5

/* ---- the weights of a level, made ready ---- */

/* V and V' of a pair of species with the weights in use. */
struct pair_law {
    double low, cutoff;
    size_t radial;
    double weight[HM_RADIAL_MOST];
    double shortest, value, slope, core; // V, V', c at the shortest distance seen
};

static void fitted(const struct pair_law *law, double r, double *value, double *slope)
{
    double g[HM_RADIAL_MOST], dg[HM_RADIAL_MOST];
    hm_radial_functions(law->low, law->cutoff, r, law->radial, g, dg);
    *value = *slope = 0;
    for (size_t k = 0; k < law->radial; k++) {
        *value += law->weight[k] * g[k];
        *slope += law->weight[k] * dg[k];
    }
}

static void join_core(struct pair_law *law)
{
    const double r = law->shortest, step = 1e-6 * r;
    double value, slope;
    fitted(law, r, &law->value, &law->slope);
    fitted(law, r + step, &value, &slope);
    law->core = fmax((slope - law->slope) / step * r / CORE_POWER, CORE_STEEPNESS * fabs(law->slope));
}

static void evaluate(const struct pair_law *law, double r, double *value, double *slope)
{
    if (r >= law->shortest) {
        fitted(law, r, value, slope);
        return;
    }
    const double ratio = law->shortest / r, power = pow(ratio, CORE_POWER);
    *slope = law->slope - law->core * (power - 1);
    *value = law->value + (law->slope + law->core) * (r - law->shortest) +
             law->core * law->shortest / (CORE_POWER - 1) * (power / ratio - 1);
}

static void fill_table(const struct pair_law *law, struct hm_neighbourhood_table *table)
{
    const double end = law->cutoff * law->cutoff, begin = pow(CORE_TABLE * law->shortest, 2);
    const double width = (end - begin) / INTERVALS;
    double value, slope;
    table->low = begin;
    table->per_width = 1 / width;
    evaluate(law, sqrt(begin), &value, &slope);
    double rise = 0.5 * slope / sqrt(begin) * width;
    for (size_t k = 0; k < INTERVALS; k++) {
        const double r = sqrt(begin + (double)(k + 1) * width);
        double next_value = 0, next_slope = 0;
        if (k + 1 < INTERVALS) evaluate(law, r, &next_value, &next_slope);
        const double next_rise = 0.5 * next_slope / r * width, jump = next_value - value;
        double *node = &table->node[4 * k];
        node[0] = value;
        node[1] = 2 * rise / width;
        node[2] = 4 * (3 * jump - 2 * rise - next_rise) / width;
        node[3] = 6 * (rise + next_rise - 2 * jump) / width;
        value = next_value;
        rise = next_rise;
    }
    memset(&table->node[4 * INTERVALS], 0, 4 * sizeof *table->node);
}

static void use_pairs(struct hm_neighbourhood *model, const double *weights)
{
    const double *column = &model->scales[hm_at_column(model)];
    for (size_t a = 0; a < model->nspecies; a++)
        for (size_t b = a; b < model->nspecies; b++) {
            const size_t p = model->pair[a * model->nspecies + b];
            struct pair_law law = {.low = model->scales[p],
                                   .cutoff = model->cutoff,
                                   .radial = model->now.radial,
                                   .shortest = model->scales[hm_at_shortest(model) + p]};
            for (size_t k = 0; k < law.radial; k++) {
                const size_t f = model->pair_function[p * model->radial + k];
                law.weight[k] = weights[f] * column[f];
            }
            join_core(&law);
            fill_table(&law, &model->table[a * model->nspecies + b]);
            model->table[b * model->nspecies + a] = model->table[a * model->nspecies + b];
        }
}

static void use_angular(struct hm_neighbourhood *model, const double *weights)
{
    const double *column = &model->scales[hm_at_column(model)];
    const size_t angular = model->now.angular, channels = model->nspecies * angular,
                 richest = model->channels / model->nspecies;
    double *coupling = model->coupling;
    for (size_t a = 0; a < model->nspecies; a++)
        for (size_t l = 0; l <= (size_t)model->now.l; l++)
            for (size_t q = 0; q < channels; q++)
                for (size_t p = 0; p < channels; p++) {
                    const size_t row =
                        (a * (size_t)(model->l + 1) + l) * model->channels + q / angular * richest + q % angular;
                    const size_t f =
                        model->angular_function[row * model->channels + p / angular * richest + p % angular];
                    *coupling++ = (p == q ? 2 : 1) * weights[f] * column[f];
                }
}

void hm_neighbourhood_use(void *self, const double *scales, const double *weights, size_t level)
{
    struct hm_neighbourhood *model = self;
    memcpy(model->scales, scales, hm_scale_count(model) * sizeof *scales);
    model->now = model->level[level];
    use_pairs(model, weights);
    if (model->now.angular > 0) use_angular(model, weights);
}

/* ---- the hot path ---- */

/* The places of a block's pairs within a square; no branch to mispredict. */
static inline size_t pick(const double *square, size_t count, double limit, uint32_t *picked)
{
    size_t n = 0;
    for (size_t c = 0; c < count; c++) {
        picked[n] = (uint32_t)c;
        n += square[c] < limit;
    }
    return n;
}

static inline const double *look_up(const struct hm_neighbourhood_table *table, double square, double *f)
{
    const double place = (square - table->low) * table->per_width, inside = place > 0 ? place : 0;
    const size_t k = (size_t)(int)inside;
    *f = inside - (double)(int)inside;
    return &table->node[4 * k];
}

/* Adds the gradient of one stretch of pairs of atom i. */
static inline void add_pairs(struct hm_neighbourhood *model, size_t i, const uint32_t *other,
                             const struct hm_row_block *block, const uint32_t *hit, size_t nhit, double *gradient)
{
    const struct hm_neighbourhood_table *tables = &model->table[model->species[i] * model->nspecies];
    const size_t *pair = &model->pair[model->species[i] * model->nspecies];
    double x = 0, y = 0, z = 0;
    for (size_t h = 0; h < nhit; h++) {
        const size_t c = hit[h], j = other[c], b = model->species[j];
        const double square = block->square[c];
        double f;
        const double *node = look_up(&tables[b], square, &f), slope = node[1] + f * (node[2] + f * node[3]);
        const double dx = slope * block->dx[c], dy = slope * block->dy[c], dz = slope * block->dz[c];
        if (square < model->shortest[pair[b]]) model->shortest[pair[b]] = square;
        x += dx;
        y += dy;
        z += dz;
        gradient[3 * j] += dx;
        gradient[3 * j + 1] += dy;
        gradient[3 * j + 2] += dz;
    }
    gradient[3 * i] -= x;
    gradient[3 * i + 1] -= y;
    gradient[3 * i + 2] -= z;
}

/* All pairs: their gradient, and the bonds of the angular part. */
static void walk_pairs(struct hm_neighbourhood *model, double *gradient)
{
    const double limit = model->cutoff * model->cutoff;
    const double near = model->now.angular > 0 ? model->angular_cutoff * model->angular_cutoff : 0;
    struct hm_row_block block;
    uint32_t hit[HM_ROW_BLOCK];
    struct hm_neighbourhood_bond *bond = model->bond;
    for (size_t i = 0; i < model->natom; i++)
        for (size_t from = model->first[i]; from < model->first[i + 1]; from += HM_ROW_BLOCK) {
            const size_t left = model->first[i + 1] - from, count = left < HM_ROW_BLOCK ? left : HM_ROW_BLOCK;
            const uint32_t *other = &model->other[from];
            hm_neighbourhood_row(model, i, from, count, &block);
            add_pairs(model, i, other, &block, hit, pick(block.square, count, limit, hit), gradient);
            if (near == 0) continue;
            const size_t nnear = pick(block.square, count, near, hit);
            for (size_t h = 0; h < nnear; h++) {
                const size_t c = hit[h];
                *bond++ =
                    (struct hm_neighbourhood_bond){(uint32_t)i, other[c], {block.dx[c], block.dy[c], block.dz[c]}};
            }
        }
    model->nbond = (size_t)(bond - model->bond);
}

/* ---- how unusual a geometry is ---- */

/* Narrower ranges than this part of their middle are as good as none. */
#define NARROWEST 0.02

static double extremeness_of_pairs(const struct hm_neighbourhood *model)
{
    const double *shortest = &model->scales[hm_at_shortest(model)], *nearest = &model->scales[hm_at_nearest(model)];
    double most = 0;
    for (size_t p = 0; p < model->npair; p++) {
        const double r = sqrt(model->shortest[p]), range = fmax(nearest[p] - shortest[p], NARROWEST * nearest[p]);
        most = fmax(most, (nearest[p] - r) / range);
    }
    return most;
}

static double extremeness_of_densities(const struct hm_neighbourhood *model)
{
    const size_t m_count = (size_t)(model->now.l + 1) * (size_t)(model->now.l + 1), s = model->nspecies;
    double most = 0;
    for (size_t i = 0; i < model->natom; i++)
        for (size_t b = 0; b < s; b++) {
            const double low = model->scales[hm_at_sparsest(model) + model->species[i] * s + b],
                         high = model->scales[hm_at_densest(model) + model->species[i] * s + b];
            const double middle = 0.5 * (low + high), range = fmax(0.5 * (high - low), NARROWEST * middle);
            const double rho = model->density[(i * s + b) * model->now.angular * m_count];
            if (range > 0) most = fmax(most, fabs(rho - middle) / range);
        }
    return most;
}

double hm_neighbourhood_gradient(void *self, const double *x, double *gradient)
{
    struct hm_neighbourhood *model = self;
    const size_t size = 3 * model->natom;
    if (hm_neighbourhood_pairs_update(model, x) != HM_OK) {
        for (size_t k = 0; k < size; k++) gradient[k] = NAN;
        return INFINITY;
    }
    /* An atom that is nowhere has no neighbours; its gradient is not zero for that. */
    for (size_t k = 0; k < size; k++) gradient[k] = 0 * x[k];
    for (size_t p = 0; p < model->npair; p++) model->shortest[p] = DBL_MAX;
    walk_pairs(model, gradient);
    double extremeness = extremeness_of_pairs(model);
    if (model->now.angular > 0) {
        const double low = hm_angular_low(model, model->scales);
        hm_neighbourhood_group(model);
        model->kernels->densities(model, low);
        hm_neighbourhood_adjoints(model);
        model->kernels->gradient(model, low, gradient);
        extremeness = fmax(extremeness, extremeness_of_densities(model));
    }
    return extremeness;
}

/* ---- energy ---- */

struct pair_energy {
    const struct hm_neighbourhood *model;
    double sum;
};

static void add_energy(void *context, size_t i, size_t j, const double d[3], double r)
{
    struct pair_energy *energy = context;
    const struct hm_neighbourhood *model = energy->model;
    const struct hm_neighbourhood_table *table = &model->table[model->species[i] * model->nspecies + model->species[j]];
    const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    double f;
    const double *node = look_up(table, square, &f), below = fmin(square - table->low, 0);
    energy->sum +=
        node[0] + 0.5 / table->per_width * f * (node[1] + f * (node[2] / 2 + f * node[3] / 3)) + 0.5 * node[1] * below;
    (void)r;
}

double hm_neighbourhood_energy(void *self, const double *x)
{
    struct hm_neighbourhood *model = self;
    struct pair_energy energy = {.model = model};
    if (hm_neighbourhood_pairs_update(model, x) != HM_OK) return NAN;
    hm_neighbourhood_each(model, add_energy, &energy);
    if (model->now.angular > 0) {
        hm_neighbourhood_bonds(model);
        hm_neighbourhood_densities(model, hm_angular_low(model, model->scales), model->now.angular, model->now.l);
        energy.sum += hm_neighbourhood_adjoints(model);
    }
    for (size_t k = 0; k < 3 * model->natom; k++) energy.sum += 0 * x[k];
    return energy.sum;
}
