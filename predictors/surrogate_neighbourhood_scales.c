#include "predictors/surrogate_neighbourhood_internal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The polynomials of a pair begin at this part of the shortest distance of the first geometries: later ones may be
 * shorter. */
#define BELOW_SHORTEST 0.85
/* A function that hardly changes with the first geometries is not scaled up beyond this. */
#define FAINTEST 1e-3
enum { SCALED_BY = 8 }; // geometries at most

struct range {
    struct hm_neighbourhood *model;
    double *scales;
    double *nearest; // (natom, nspecies) in this geometry, or NULL
};

static void note_distance(void *context, size_t i, size_t j, const double d[3], double r)
{
    const struct range *range = context;
    const struct hm_neighbourhood *model = range->model;
    const size_t s = model->nspecies, a = model->species[i], b = model->species[j];
    double *shortest = &range->scales[hm_at_shortest(model) + model->pair[a * s + b]];
    if (r < *shortest) *shortest = r;
    if (range->nearest) {
        range->nearest[i * s + b] = fmin(range->nearest[i * s + b], r);
        range->nearest[j * s + a] = fmin(range->nearest[j * s + a], r);
    }
    (void)d;
}

static void widen_densities(struct hm_neighbourhood *model, double *scales)
{
    const size_t s = model->nspecies;
    hm_neighbourhood_bonds(model);
    hm_neighbourhood_densities(model, hm_angular_low(model, scales), 1, 0);
    for (size_t i = 0; i < model->natom; i++)
        for (size_t b = 0; b < s; b++) {
            double *low = &scales[hm_at_sparsest(model) + model->species[i] * s + b];
            double *high = &scales[hm_at_densest(model) + model->species[i] * s + b];
            *low = fmin(*low, model->density[i * s + b]);
            *high = fmax(*high, model->density[i * s + b]);
        }
}

void hm_neighbourhood_widen(void *self, const double *x, double *scales)
{
    struct hm_neighbourhood *model = self;
    struct range range = {.model = model, .scales = scales};
    if (hm_neighbourhood_pairs_update(model, x) != HM_OK) return;
    hm_neighbourhood_each(model, note_distance, &range);
    if (model->channels > 0) widen_densities(model, scales);
}

/* Distances: the shortest, where the polynomials begin, and the mean to the nearest neighbour of each species. */
static void prepare_distances(struct hm_neighbourhood *model, const double *const *x, size_t nx, double *scales,
                              double *nearest)
{
    const size_t s = model->nspecies;
    double *sum = &scales[hm_at_nearest(model)], *low = scales; /* sums, and how many, before they are what they are */
    struct range range = {.model = model, .scales = scales, .nearest = nearest};
    for (size_t p = 0; p < model->npair; p++) {
        sum[p] = low[p] = 0;
        scales[hm_at_shortest(model) + p] = model->cutoff;
    }
    for (size_t k = 0; k < nx; k++) {
        for (size_t i = 0; i < model->natom * s; i++) nearest[i] = model->cutoff;
        if (hm_neighbourhood_pairs_update(model, x[k]) != HM_OK) continue;
        hm_neighbourhood_each(model, note_distance, &range);
        for (size_t i = 0; i < model->natom; i++)
            for (size_t b = 0; b < s; b++) {
                const size_t p = model->pair[model->species[i] * s + b];
                const bool near = nearest[i * s + b] < model->cutoff;
                sum[p] += near ? nearest[i * s + b] : 0;
                low[p] += near;
            }
    }
    for (size_t p = 0; p < model->npair; p++) {
        sum[p] = low[p] > 0 ? sum[p] / low[p] : model->cutoff;
        low[p] = BELOW_SHORTEST * scales[hm_at_shortest(model) + p];
    }
}

/* Columns of gradients with an rms of one over the spacing. */
static void prepare_columns(struct hm_neighbourhood *model, const double *const *x, size_t nx, double *scales,
                            double *columns)
{
    const struct hm_neighbourhood_level *level = &model->level[model->nlevel - 1];
    const size_t size = 3 * model->natom, stride = (nx + SCALED_BY - 1) / SCALED_BY,
                 npair = model->npair * model->radial;
    double *scale = &scales[hm_at_column(model)], largest[2] = {0, 0};
    size_t used = 0;
    for (size_t f = 0; f < level->count; f++) scale[f] = 0;
    for (size_t k = 0; k < nx; k += stride, used++) {
        hm_neighbourhood_columns(model, scales, x[k], level, columns);
        for (size_t f = 0; f < level->count; f++)
            for (size_t c = 0; c < size; c++) scale[f] += columns[f * size + c] * columns[f * size + c];
    }
    for (size_t f = 0; f < level->count; f++) {
        scale[f] = sqrt(scale[f] / (double)(used * size));
        largest[f >= npair] = fmax(largest[f >= npair], scale[f]);
    }
    for (size_t f = 0; f < level->count; f++) {
        const double rms = fmax(scale[f], FAINTEST * largest[f >= npair]);
        scale[f] = 1 / (model->spacing * (rms > 0 ? rms : 1));
    }
}

/* Without memory the scales are not numbers, and nothing that is predicted with them is. */
void hm_neighbourhood_prepare(void *self, const double *const *x, size_t nx, double *scales)
{
    struct hm_neighbourhood *model = self;
    double *scratch = malloc(model->level[model->nlevel - 1].count * 3 * model->natom * sizeof *scratch);
    for (size_t k = 0; k < hm_scale_count(model); k++) scales[k] = NAN;
    if (!scratch || nx == 0) {
        free(scratch);
        return;
    }
    prepare_distances(model, x, nx, scales, scratch);
    for (size_t k = 0; k < model->nspecies * model->nspecies; k++) {
        scales[hm_at_sparsest(model) + k] = model->channels > 0 ? DBL_MAX : 0;
        scales[hm_at_densest(model) + k] = 0;
    }
    for (size_t k = 0; k < nx; k++) hm_neighbourhood_widen(model, x[k], scales);
    prepare_columns(model, x, nx, scales, scratch);
    free(scratch);
}
