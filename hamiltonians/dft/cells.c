#include "hamiltonians/dft/cells.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below mu = -reach, 1 - s is less than 3e-13: as good as zero. */
static const double reach = 0.98;

enum { ROW = HM_CELLS_MAX_POINTS };

enum hm_status hm_cells_create(size_t natom, const struct hm_point_kernels *kernels, struct hm_cells *cells)
{
    const size_t rows = 1 + natom * 7; /* total; distance, toward, cell, change, pull */
    const size_t doubles = rows * ROW + natom * natom + 2 * natom;
    *cells = (struct hm_cells){.natom = natom, .kernels = kernels};
    cells->rival = calloc(natom, sizeof *cells->rival);
    cells->storage = aligned_alloc(64, (doubles * sizeof(double) + 63) / 64 * 64);
    if (!cells->rival || !cells->storage) {
        hm_cells_destroy(cells);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the cells of %zu atoms", natom);
    }
    cells->total = cells->storage;
    cells->distance = cells->total + ROW;
    cells->toward = cells->distance + natom * ROW;
    cells->cell = cells->toward + 3 * natom * ROW;
    cells->change = cells->cell + natom * ROW;
    cells->pull = cells->change + natom * ROW;
    cells->inverse = cells->pull + natom * ROW;
    cells->range = cells->inverse + natom * natom;
    return HM_OK;
}

void hm_cells_destroy(struct hm_cells *cells)
{
    free(cells->rival);
    free(cells->storage);
    *cells = (struct hm_cells){0};
}

void hm_cells_place(struct hm_cells *cells, const double *x)
{
    cells->x = x;
    for (size_t a = 0; a < cells->natom; a++)
        for (size_t b = 0; b < cells->natom; b++) {
            const double d[3] = {x[3 * a] - x[3 * b], x[3 * a + 1] - x[3 * b + 1], x[3 * a + 2] - x[3 * b + 2]};
            cells->inverse[a * cells->natom + b] = a == b ? 0.0 : 1.0 / sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        }
}

static double *toward(const struct hm_cells *cells, size_t atom)
{
    return cells->toward + 3 * atom * ROW;
}

/* Distances of all atoms, and who the rivals are: false without any. */
static bool find_rivals(struct hm_cells *cells, size_t owner, size_t n, const double *const point[3])
{
    bool any = false;
    for (size_t a = 0; a < cells->natom; a++) {
        double *distance = cells->distance + a * ROW, least = HUGE_VAL, largest = 0.0;
        cells->kernels->separate(n, point, cells->x + 3 * a, toward(cells, a), distance);
        for (size_t p = 0; p < n; p++) {
            distance[p] = sqrt(distance[p]);
            least = distance[p] < least ? distance[p] : least;
            largest = distance[p] > largest ? distance[p] : largest;
        }
        cells->range[2 * a] = least;
        cells->range[2 * a + 1] = largest;
    }
    const double *own = cells->distance + owner * ROW;
    for (size_t a = 0; a < cells->natom; a++) {
        const double *other = cells->distance + a * ROW, inverse = cells->inverse[owner * cells->natom + a];
        cells->rival[a] = false;
        if (a == owner || (cells->range[2 * owner + 1] - cells->range[2 * a]) * inverse <= -reach) continue;
        for (size_t p = 0; p < n && !cells->rival[a]; p++) cells->rival[a] = (own[p] - other[p]) * inverse > -reach;
        any |= cells->rival[a];
    }
    return any;
}

/* Whether the boundary between two cells, of which at least one is wanted, lies near these points. */
static bool meet(const struct hm_cells *cells, size_t owner, size_t a, size_t b)
{
    const double inverse = cells->inverse[a * cells->natom + b];
    const bool want_a = a == owner || cells->rival[a], want_b = b == owner || cells->rival[b];
    const bool b_cuts_a = (cells->range[2 * a + 1] - cells->range[2 * b]) * inverse > -reach;
    const bool a_cuts_b = (cells->range[2 * b + 1] - cells->range[2 * a]) * inverse > -reach;
    return (want_a && b_cuts_a) || (want_b && a_cuts_b);
}

/* P_A of the owner and its rivals, and their sum. */
static void fill_cells(struct hm_cells *cells, size_t owner, size_t n)
{
    const size_t natom = cells->natom;
    for (size_t a = 0; a < natom; a++)
        for (size_t p = 0; p < n; p++) cells->cell[a * ROW + p] = 1.0;
    for (size_t a = 0; a < natom; a++)
        for (size_t b = a + 1; b < natom; b++)
            if (meet(cells, owner, a, b))
                cells->kernels->cell_pair(n, cells->distance + a * ROW, cells->distance + b * ROW,
                                          cells->inverse[a * natom + b], cells->cell + a * ROW, cells->cell + b * ROW);
    memset(cells->total, 0, n * sizeof *cells->total);
    for (size_t a = 0; a < natom; a++)
        if (a == owner || cells->rival[a])
            for (size_t p = 0; p < n; p++) cells->total[p] += cells->cell[a * ROW + p];
}

void hm_cells_weigh(struct hm_cells *cells, size_t owner, size_t n, const double *const point[3], double *share)
{
    if (!find_rivals(cells, owner, n, point)) {
        for (size_t p = 0; p < n; p++) share[p] = 1.0;
        return;
    }
    fill_cells(cells, owner, n);
    const double *own = cells->cell + owner * ROW;
    for (size_t p = 0; p < n; p++) share[p] = cells->total[p] > 0.0 ? own[p] / cells->total[p] : 0.0;
}

/* d ln p_owner = d ln P_owner - sum_A (P_A / total) d ln P_A */
static void fill_changes(struct hm_cells *cells, size_t owner, size_t n, const double *value)
{
    for (size_t a = 0; a < cells->natom; a++) {
        const double *cell = cells->cell + a * ROW;
        double *change = cells->change + a * ROW;
        if (a == owner)
            for (size_t p = 0; p < n; p++)
                change[p] = value[p] == 0.0 ? 0.0 : value[p] * (1.0 - cell[p] / cells->total[p]);
        else if (cells->rival[a])
            for (size_t p = 0; p < n; p++) change[p] = value[p] == 0.0 ? 0.0 : -value[p] * cell[p] / cells->total[p];
        else
            memset(change, 0, n * sizeof *change);
    }
    memset(cells->pull, 0, cells->natom * ROW * sizeof *cells->pull);
}

static double sum_of(size_t n, const double *values)
{
    double lane[HM_POINT_LANES] = {0.0}, sum = 0.0;
    for (size_t p = 0; p < n; p += HM_POINT_LANES)
        for (size_t l = 0; l < HM_POINT_LANES; l++) lane[l] += values[p + l];
    for (size_t l = 0; l < HM_POINT_LANES; l++) sum += lane[l];
    return sum;
}

/* The owner takes what the others leave, so that the whole may be moved: the points move with it. */
static void add_change(double *gradient, size_t owner, size_t atom, const double change[3])
{
    if (atom == owner) return;
    for (size_t k = 0; k < 3; k++) {
        gradient[3 * atom + k] += change[k];
        gradient[3 * owner + k] -= change[k];
    }
}

static void add_pair(struct hm_cells *cells, size_t owner, size_t n, size_t a, size_t b, double *gradient)
{
    const double inverse = cells->inverse[a * cells->natom + b];
    double along[ROW], of_a[3], of_b[3];
    cells->kernels->cell_pair_gradient(n, cells->distance + a * ROW, cells->distance + b * ROW, inverse,
                                       cells->change + a * ROW, cells->change + b * ROW, cells->pull + a * ROW,
                                       cells->pull + b * ROW, along);
    const double stretch = -sum_of(n, along); /* dE / d|A - B| */
    for (size_t k = 0; k < 3; k++) {
        of_a[k] = stretch * (cells->x[3 * a + k] - cells->x[3 * b + k]) * inverse;
        of_b[k] = -of_a[k];
    }
    add_change(gradient, owner, a, of_a);
    add_change(gradient, owner, b, of_b);
}

void hm_cells_gradient(struct hm_cells *cells, size_t owner, size_t n, const double *const point[3],
                       const double *value, double *gradient)
{
    if (!find_rivals(cells, owner, n, point)) return;
    fill_cells(cells, owner, n);
    fill_changes(cells, owner, n, value);
    for (size_t a = 0; a < cells->natom; a++)
        for (size_t b = a + 1; b < cells->natom; b++)
            if (meet(cells, owner, a, b)) add_pair(cells, owner, n, a, b, gradient);
    for (size_t a = 0; a < cells->natom; a++) {
        double *pull = cells->pull + a * ROW, change[3];
        const double *distance = cells->distance + a * ROW;
        if (a == owner) continue;
        for (size_t p = 0; p < n; p++) pull[p] /= distance[p] + 1e-300;
        for (size_t k = 0; k < 3; k++) change[k] = -cblas_ddot((int)n, pull, 1, toward(cells, a) + k * n, 1);
        add_change(gradient, owner, a, change);
    }
}
