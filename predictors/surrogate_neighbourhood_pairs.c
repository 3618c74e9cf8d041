#include "predictors/surrogate_neighbourhood_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Adding and subtracting it rounds a small number to the nearest whole one. */
#define ROUND 6755399441055744.0 // 1.5 * 2^52
/* Of the cutoff: wider means more pairs to look at, narrower a list that is made more often. */
#define SKIN 0.1
/* All pairs are looked at where that is at most this many times those within the cutoff, */
#define ALL_WITHIN 2.0
/* and in any system this small. */
enum { ALL_AT_MOST = 32 };

static enum hm_status no_memory(const struct hm_neighbourhood *model)
{
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for the pairs of %zu atoms", model->natom);
}

/* Most pairs of a small box are within the cutoff: a list would have next to no skin and be made at every step. */
static bool all_is_best(const struct hm_neighbourhood *model)
{
    const double volume = hm_frame_volume(&model->box), sphere = 4.0 / 3 * acos(-1.0) * pow(model->cutoff, 3);
    return model->natom <= ALL_AT_MOST || (volume > 0 && volume <= ALL_WITHIN * sphere);
}

/* Every bond twice, and what fills up groups. */
static bool hold_groups(struct hm_neighbourhood *model, size_t nbond)
{
    struct hm_bond_groups *groups = &model->groups;
    const size_t capacity = 2 * nbond + HM_BOND_LANES * model->natom * model->nspecies;
    if (model->channels == 0) return true;
    free(groups->other);
    free(groups->d[0]);
    groups->other = malloc(capacity * sizeof *groups->other);
    groups->d[0] = malloc(3 * capacity * sizeof *groups->d[0]);
    if (!groups->other || !groups->d[0]) return false;
    groups->d[1] = groups->d[0] + capacity;
    groups->d[2] = groups->d[1] + capacity;
    return true;
}

static enum hm_status hold(struct hm_neighbourhood *model, size_t count)
{
    if (count <= model->capacity) return HM_OK;
    const size_t capacity = count + count / 4;
    uint32_t *other = realloc(model->other, capacity * sizeof *other);
    if (other) model->other = other;
    uint32_t *lower = realloc(model->lower, capacity * sizeof *lower);
    if (lower) model->lower = lower;
    struct hm_neighbourhood_bond *bond = realloc(model->bond, capacity * sizeof *bond);
    if (bond) model->bond = bond;
    if (!other || !lower || !bond || !hold_groups(model, capacity)) return no_memory(model);
    model->capacity = capacity;
    return HM_OK;
}

static enum hm_status take_all(struct hm_neighbourhood *model)
{
    const size_t n = model->natom;
    size_t used = 0;
    HM_TRY(hold(model, n * (n - 1) / 2));
    for (size_t i = 0; i < n; i++) {
        model->first[i] = used;
        for (size_t j = i + 1; j < n; j++) model->other[used++] = (uint32_t)j;
    }
    model->first[n] = used;
    return HM_OK;
}

enum hm_status hm_neighbourhood_pairs_create(struct hm_neighbourhood *model)
{
    model->first = calloc(model->natom + 1, sizeof *model->first);
    model->bucket = calloc(model->natom + 1, sizeof *model->bucket);
    model->groups.first = calloc(model->natom * model->nspecies + 1, sizeof *model->groups.first);
    if (!model->first || !model->bucket || !model->groups.first) return no_memory(model);
    if (all_is_best(model)) return take_all(model);
    return hm_neighbours_create(&model->box, model->cutoff, SKIN * model->cutoff, HM_NEIGHBOURS_HALF,
                                &model->neighbours);
}

/* Entries with equal keys keep their order; `start` becomes where each key begins. */
static void count_starts(size_t nkey, size_t *start)
{
    size_t sum = 0;
    for (size_t k = 0; k <= nkey; k++) {
        const size_t count = start[k];
        start[k] = sum;
        sum += count;
    }
}

/* Sorted by lower, then by higher number, so that sums do not depend on when the list was made: a counting sort by the
 * higher, then one by the lower. */
static enum hm_status sort_list(struct hm_neighbourhood *model)
{
    const struct hm_neighbours *list = model->neighbours;
    const size_t n = model->natom, npair = list->first[n];
    HM_TRY(hold(model, 2 * npair));
    uint32_t *higher = model->other + npair; /* the first sorting, behind the second */
    memset(model->bucket, 0, (n + 1) * sizeof *model->bucket);
    memset(model->first, 0, (n + 1) * sizeof *model->first);
    for (size_t a = 0; a < n; a++)
        for (size_t k = list->first[a]; k < list->first[a + 1]; k++) {
            const size_t b = list->list[k];
            model->bucket[a > b ? a : b]++;
            model->first[a < b ? a : b]++;
        }
    count_starts(n, model->bucket);
    for (size_t a = 0; a < n; a++)
        for (size_t k = list->first[a]; k < list->first[a + 1]; k++) {
            const size_t b = list->list[k], place = model->bucket[a > b ? a : b]++;
            higher[place] = (uint32_t)(a > b ? a : b);
            model->lower[place] = (uint32_t)(a < b ? a : b);
        }
    count_starts(n, model->first);
    memcpy(model->bucket, model->first, (n + 1) * sizeof *model->bucket);
    for (size_t k = 0; k < npair; k++) model->other[model->bucket[model->lower[k]]++] = higher[k];
    return HM_OK;
}

enum hm_status hm_neighbourhood_pairs_update(struct hm_neighbourhood *model, const double *x)
{
    for (size_t i = 0; i < model->natom; i++) {
        model->x[i] = x[3 * i];
        model->y[i] = x[3 * i + 1];
        model->z[i] = x[3 * i + 2];
    }
    if (!model->neighbours) return HM_OK;
    HM_TRY(hm_neighbours_update(model->neighbours, &model->box, x));
    if (model->builds == model->neighbours->builds) return HM_OK;
    HM_TRY(sort_list(model));
    model->builds = model->neighbours->builds;
    return HM_OK;
}

static inline double nearest(double d, double length, double inverse)
{
    return d - length * ((d * inverse + ROUND) - ROUND);
}

static void row_skewed(const struct hm_neighbourhood *model, size_t i, const uint32_t *other, size_t count,
                       struct hm_row_block *block)
{
    const double from[3] = {model->x[i], model->y[i], model->z[i]};
    for (size_t c = 0; c < count; c++) {
        const double to[3] = {model->x[other[c]], model->y[other[c]], model->z[other[c]]};
        double d[3];
        hm_minimum_image(&model->box, from, to, d);
        block->dx[c] = d[0];
        block->dy[c] = d[1];
        block->dz[c] = d[2];
    }
}

void hm_neighbourhood_row(const struct hm_neighbourhood *model, size_t i, size_t from, size_t count,
                          struct hm_row_block *block)
{
    const uint32_t *other = &model->other[from];
    double *dx = block->dx, *dy = block->dy, *dz = block->dz;
    if (!model->orthogonal) {
        row_skewed(model, i, other, count, block);
    } else {
        const double *length = model->length, *inverse = model->inverse;
        const double x = model->x[i], y = model->y[i], z = model->z[i];
        for (size_t c = 0; c < count; c++) {
            dx[c] = model->x[other[c]] - x;
            dy[c] = model->y[other[c]] - y;
            dz[c] = model->z[other[c]] - z;
        }
        for (size_t c = 0; c < count; c++) {
            dx[c] = nearest(dx[c], length[0], inverse[0]);
            dy[c] = nearest(dy[c], length[1], inverse[1]);
            dz[c] = nearest(dz[c], length[2], inverse[2]);
        }
    }
    for (size_t c = 0; c < count; c++) block->square[c] = dx[c] * dx[c] + dy[c] * dy[c] + dz[c] * dz[c];
}

void hm_neighbourhood_each(const struct hm_neighbourhood *model,
                           void (*visit)(void *context, size_t i, size_t j, const double d[3], double r), void *context)
{
    struct hm_row_block block;
    for (size_t i = 0; i < model->natom; i++)
        for (size_t from = model->first[i]; from < model->first[i + 1]; from += HM_ROW_BLOCK) {
            const size_t left = model->first[i + 1] - from, count = left < HM_ROW_BLOCK ? left : HM_ROW_BLOCK;
            hm_neighbourhood_row(model, i, from, count, &block);
            for (size_t c = 0; c < count; c++) {
                if (!(block.square[c] < model->cutoff * model->cutoff)) continue;
                const double d[3] = {block.dx[c], block.dy[c], block.dz[c]};
                visit(context, i, model->other[from + c], d, sqrt(block.square[c]));
            }
        }
}
