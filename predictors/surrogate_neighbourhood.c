#include "predictors/surrogate_neighbourhood_internal.h"

#include "io/units.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cutoffs that were not asked for: in distances of nearest neighbours, and of the pair cutoff. */
#define CUTOFF_NEIGHBOURS 2.5
/* Without a box exact forces have no cutoff as a rule, and what is missing adds up on the surface: all pairs of a small
 * cluster, with room to grow. */
#define FREE_ROOM 1.5
#define FREE_NEIGHBOURS 6.0
#define ANGULAR_PART 0.7
enum { RADIAL = 20, ANGULAR_L = 3 };
enum { SPACING_FROM = 256 }; // atoms at most

static enum hm_status no_memory(size_t natom)
{
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for a surrogate of %zu atoms", natom);
}

static size_t square_of(size_t n)
{
    return n * n;
}

/* ---- the system ---- */

static enum hm_status number_species(const struct hm_frame *frame, struct hm_neighbourhood *model)
{
    int number[128];
    model->species = calloc(frame->natom, sizeof *model->species);
    if (!model->species) return no_memory(frame->natom);
    for (size_t i = 0; i < frame->natom; i++) {
        size_t s = 0;
        while (s < model->nspecies && number[s] != frame->number[i]) s++;
        if (s == model->nspecies) number[model->nspecies++] = frame->number[i];
        model->species[i] = s;
    }
    const size_t n = model->nspecies;
    model->pair = calloc(n * n, sizeof *model->pair);
    if (!model->pair) return no_memory(frame->natom);
    for (size_t a = 0; a < n; a++)
        for (size_t b = a; b < n; b++) model->pair[a * n + b] = model->pair[b * n + a] = model->npair++;
    return HM_OK;
}

static int compare_reals(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The median of the distance to the nearest other, over some atoms. */
static double measure_spacing(const struct hm_frame *frame)
{
    double nearest[SPACING_FROM];
    const size_t stride = (frame->natom + SPACING_FROM - 1) / SPACING_FROM;
    size_t count = 0;
    for (size_t i = 0; i < frame->natom; i += stride) {
        double least = DBL_MAX;
        for (size_t j = 0; j < frame->natom; j++) {
            double d[3];
            if (j == i) continue;
            hm_minimum_image(frame, &frame->x[3 * i], &frame->x[3 * j], d);
            least = fmin(least, d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        }
        nearest[count++] = least;
    }
    qsort(nearest, count, sizeof *nearest, compare_reals);
    return sqrt(nearest[count / 2]);
}

/* How far apart atoms are at most. */
static double measure_extent(const struct hm_frame *frame)
{
    double square = 0;
    for (size_t k = 0; k < 3; k++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < frame->natom; i++) {
            low = fmin(low, frame->x[3 * i + k]);
            high = fmax(high, frame->x[3 * i + k]);
        }
        square += (high - low) * (high - low);
    }
    return sqrt(square);
}

static double choose_cutoff(const struct hm_frame *frame, double spacing, double half)
{
    const double usual = CUTOFF_NEIGHBOURS * spacing;
    if (hm_frame_is_periodic(frame)) return fmin(usual, half);
    return fmin(fmax(FREE_ROOM * measure_extent(frame), usual), FREE_NEIGHBOURS * spacing);
}

static enum hm_status read_cutoff(const struct hm_config *config, const struct hm_frame *frame,
                                  struct hm_neighbourhood *model)
{
    const double half = 0.5 * hm_frame_narrowest(frame);
    if (frame->natom < 2)
        return hm_config_fault(config, "predictor", "a surrogate of neighbourhoods needs at least two atoms");
    model->spacing = measure_spacing(frame);
    if (hm_config_is(config, "predictor.cutoff", "auto")) {
        model->cutoff = choose_cutoff(frame, model->spacing, half);
        model->angular_cutoff = ANGULAR_PART * fmin(model->cutoff, CUTOFF_NEIGHBOURS * model->spacing);
        if (model->cutoff < model->spacing)
            return hm_config_fault(
                config, "predictor",
                "the box is %.4g A wide, less than twice the distance of nearest neighbours (%.4g A): "
                "too small for a surrogate of neighbourhoods",
                2 * half * HM_LENGTH_ANGSTROM, model->spacing * HM_LENGTH_ANGSTROM);
    } else {
        model->cutoff = hm_config_real(config, "predictor.cutoff");
        model->angular_cutoff = ANGULAR_PART * model->cutoff;
        if (model->cutoff > half)
            return hm_config_fault(config, "predictor.cutoff",
                                   "predictor.cutoff: the box is %.4g A wide, less than twice the cutoff of %.4g A",
                                   2 * half * HM_LENGTH_ANGSTROM, model->cutoff * HM_LENGTH_ANGSTROM);
        if (model->cutoff <= model->spacing)
            return hm_config_fault(config, "predictor.cutoff",
                                   "predictor.cutoff: %.4g A is less than the distance of nearest neighbours, %.4g A",
                                   model->cutoff * HM_LENGTH_ANGSTROM, model->spacing * HM_LENGTH_ANGSTROM);
    }
    return HM_OK;
}

/* ---- levels and functions ---- */

static size_t count_angular(const struct hm_neighbourhood *model, size_t angular, int l)
{
    const size_t channels = model->nspecies * angular;
    return model->nspecies * (size_t)(l + 1) * (channels * (channels + 1) / 2);
}

/* Half the radial functions, all of them, few angular functions, all of them. */
static void set_levels(const struct hm_config *config, struct hm_neighbourhood *model)
{
    const bool automatic = hm_config_is(config, "predictor.angular", "auto");
    const int highest = automatic ? ANGULAR_L : (int)hm_config_integer(config, "predictor.angular");
    model->radial = hm_config_is(config, "predictor.radial", "auto")
                        ? RADIAL
                        : (size_t)hm_config_integer(config, "predictor.radial");
    model->level[model->nlevel++] = (struct hm_neighbourhood_level){.radial = (model->radial + 1) / 2};
    model->level[model->nlevel++] = (struct hm_neighbourhood_level){.radial = model->radial};
    if (!hm_config_is(config, "predictor.angular", "none")) {
        model->l = highest;
        model->channels = HM_ANGULAR_RADIAL * model->nspecies;
        model->level[model->nlevel++] = (struct hm_neighbourhood_level){
            .radial = model->radial, .angular = HM_ANGULAR_RADIAL - 1, .l = highest < 2 ? highest : 2};
        model->level[model->nlevel++] =
            (struct hm_neighbourhood_level){.radial = model->radial, .angular = HM_ANGULAR_RADIAL, .l = highest};
    }
    for (size_t level = 0; level < model->nlevel; level++) {
        struct hm_neighbourhood_level *now = &model->level[level];
        now->count = model->npair * now->radial + (now->angular ? count_angular(model, now->angular, now->l) : 0);
    }
}

/* Numbers those functions that a level has and the one before it has not. */
static void number_pair_functions(struct hm_neighbourhood *model, size_t from, size_t to, size_t *next)
{
    for (size_t p = 0; p < model->npair; p++)
        for (size_t k = from; k < to; k++) model->pair_function[p * model->radial + k] = (*next)++;
}

static void number_angular_functions(struct hm_neighbourhood *model, const struct hm_neighbourhood_level *before,
                                     const struct hm_neighbourhood_level *level, size_t *next)
{
    const size_t channels = model->channels;
    for (size_t a = 0; a < model->nspecies; a++)
        for (int l = 0; l <= level->l; l++)
            for (size_t q = 0; q < channels; q++)
                for (size_t p = q; p < channels; p++) {
                    const size_t n = q % HM_ANGULAR_RADIAL, m = p % HM_ANGULAR_RADIAL, larger = n > m ? n : m;
                    if (larger >= level->angular || (larger < before->angular && l <= before->l)) continue;
                    size_t *block =
                        &model->angular_function[(a * (size_t)(model->l + 1) + (size_t)l) * square_of(channels)];
                    block[q * channels + p] = block[p * channels + q] = (*next)++;
                }
}

static enum hm_status number_functions(struct hm_neighbourhood *model)
{
    const size_t nangular = model->nspecies * (size_t)(model->l + 1) * square_of(model->channels);
    const struct hm_neighbourhood_level none = {0}, *before = &none;
    size_t next = 0;
    model->pair_function = calloc(model->npair * model->radial, sizeof *model->pair_function);
    model->angular_function = calloc(nangular + 1, sizeof *model->angular_function);
    if (!model->pair_function || !model->angular_function) return no_memory(model->natom);
    for (size_t level = 0; level < model->nlevel; before = &model->level[level++]) {
        number_pair_functions(model, before->radial, model->level[level].radial, &next);
        if (model->level[level].angular > 0) number_angular_functions(model, before, &model->level[level], &next);
    }
    return HM_OK;
}

/* ---- life ---- */

/* The arrays of doubles, in one allocation. */
static enum hm_status allocate(struct hm_neighbourhood *model)
{
    const size_t m_count = square_of((size_t)model->l + 1), table = 4 * (HM_TABLE_INTERVALS + 1);
    const size_t density = model->natom * model->channels * m_count;
    const size_t coupling = model->nspecies * (size_t)(model->l + 1) * square_of(model->channels);
    double *next = calloc(
        model->npair * (table + 1) + 2 * density + coupling + 3 * model->natom + hm_scale_count(model), sizeof *next);
    model->storage = next;
    model->table = calloc(square_of(model->nspecies), sizeof *model->table);
    if (!next || !model->table) return no_memory(model->natom);
    for (size_t a = 0; a < square_of(model->nspecies); a++) model->table[a].node = next + model->pair[a] * table;
    next += model->npair * table;
    model->shortest = next, next += model->npair;
    model->density = next, next += density;
    model->adjoint = next, next += density;
    model->coupling = next, next += coupling;
    model->x = next, next += model->natom;
    model->y = next, next += model->natom;
    model->z = next, next += model->natom;
    model->scales = next;
    return HM_OK;
}

/* The cell alone: a frame of no atoms but their number. */
static void keep_box(const struct hm_frame *frame, struct hm_neighbourhood *model)
{
    model->natom = frame->natom;
    model->box.natom = frame->natom;
    memcpy(model->box.cell, frame->cell, sizeof frame->cell);
    memcpy(model->box.periodic, frame->periodic, sizeof frame->periodic);
    model->orthogonal = hm_frame_is_orthogonal(frame);
    for (size_t k = 0; k < 3; k++) {
        if (!frame->periodic[k]) continue;
        model->length[k] = fabs(frame->cell[4 * k]);
        model->inverse[k] = 1 / model->length[k];
    }
}

static void destroy(void **self)
{
    struct hm_neighbourhood *model = *self;
    if (!model) return;
    hm_neighbours_destroy(&model->neighbours);
    free(model->species);
    free(model->pair);
    free(model->pair_function);
    free(model->angular_function);
    free(model->first);
    free(model->bucket);
    free(model->other);
    free(model->lower);
    free(model->bond);
    free(model->groups.first);
    free(model->groups.other);
    free(model->groups.d[0]);
    free(model->table);
    free(model->storage);
    free(model);
    *self = NULL;
}

static const struct hm_angular_kernels *fastest_kernels(void)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("avx2")) return &hm_angular_kernels_avx2;
#endif
    return &hm_angular_kernels_portable;
}

static enum hm_status build(const struct hm_config *config, const struct hm_frame *frame,
                            struct hm_neighbourhood *model)
{
    keep_box(frame, model);
    model->kernels = fastest_kernels();
    HM_TRY(number_species(frame, model));
    HM_TRY(read_cutoff(config, frame, model));
    set_levels(config, model);
    HM_TRY(number_functions(model));
    hm_harmonics_constants(model->l, model->norm, model->parity);
    HM_TRY(allocate(model));
    return hm_neighbourhood_pairs_create(model);
}

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame, void **self)
{
    *self = calloc(1, sizeof(struct hm_neighbourhood));
    if (!*self) return no_memory(frame->natom);
    const enum hm_status status = build(config, frame, *self);
    if (status != HM_OK) destroy(self);
    return status;
}

static size_t levels(const void *self)
{
    return ((const struct hm_neighbourhood *)self)->nlevel;
}

static size_t count(const void *self, size_t level)
{
    return ((const struct hm_neighbourhood *)self)->level[level].count;
}

static size_t scale_count(const void *self)
{
    return hm_scale_count(self);
}

static void describe(const void *self, size_t level, char *text, size_t size)
{
    const struct hm_neighbourhood *model = self;
    const struct hm_neighbourhood_level *now = &model->level[level];
    const int used =
        snprintf(text, size, "pairs to %.3g A, %zu functions each", model->cutoff * HM_LENGTH_ANGSTROM, now->radial);
    if (now->angular > 0 && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, "; angles to %.3g A, %zu functions, l <= %d; %zu terms",
                 model->angular_cutoff * HM_LENGTH_ANGSTROM, now->angular, now->l, now->count);
}

static void gradients(void *self, const double *scales, const double *x, size_t level, double *out)
{
    struct hm_neighbourhood *model = self;
    const size_t size = 3 * model->natom;
    hm_neighbourhood_columns(model, scales, x, &model->level[level], out);
    for (size_t f = 0; f < model->level[level].count; f++)
        for (size_t k = 0; k < size; k++) out[f * size + k] *= scales[hm_at_column(model) + f];
}

const struct hm_surrogate_model_ops hm_surrogate_neighbourhood = {
    .name = "neighbourhood",
    .create = create,
    .destroy = destroy,
    .levels = levels,
    .count = count,
    .scale_count = scale_count,
    .describe = describe,
    .prepare = hm_neighbourhood_prepare,
    .widen = hm_neighbourhood_widen,
    .gradients = gradients,
    .use = hm_neighbourhood_use,
    .gradient = hm_neighbourhood_gradient,
    .energy = hm_neighbourhood_energy,
};
