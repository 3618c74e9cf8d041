/* Exchange and correlation: set-up, and the grid of a geometry. */
#include "hamiltonians/dft/xc_internal.h"

#include <stdlib.h>
#include <string.h>

/* A share below this is none: s rises with the eighth power, so that points come and go unnoticed. */
#define LEAST_SHARE 1e-13

enum {
    MEMORY = 512 << 20, /* bytes of stored values */
    BATCH = 128         /* points: with them, a hundred functions stay in the second cache */
};

static size_t round_up(size_t n)
{
    return (n + HM_POINT_LANES - 1) / HM_POINT_LANES * HM_POINT_LANES;
}

static size_t group_count(const struct hm_xc *xc, size_t atom)
{
    return (hm_grid_atom(&xc->grid, atom)->count + HM_GRID_GROUP - 1) / HM_GRID_GROUP;
}

/* ---- memory ---- */

/* Arrays over the points of any geometry: all points of this member's groups. */
static enum hm_status allocate_points(struct hm_xc *xc)
{
    size_t groups = 0;
    for (size_t atom = 0; atom < xc->grid.natom; atom++) groups += group_count(xc, atom);
    const size_t mine = groups / (size_t)xc->team.size + 1, capacity = mine * HM_GRID_GROUP;
    const size_t batches = mine * (HM_GRID_GROUP / xc->batch_points);
    double *points = aligned_alloc(64, 5 * capacity * sizeof *points);
    xc->point[0] = points;
    xc->batch = calloc(batches, sizeof *xc->batch);
    xc->shell = calloc(batches * xc->basis->nshell, sizeof *xc->shell);
    xc->x = calloc(3 * xc->grid.natom, sizeof *xc->x);
    if (!points || !xc->batch || !xc->shell || !xc->x)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for a grid of %zu points", capacity);
    xc->point[1] = points + capacity;
    xc->point[2] = points + 2 * capacity;
    xc->weight = points + 3 * capacity;
    xc->bare = points + 4 * capacity;
    return HM_OK;
}

static enum hm_status allocate_scratch(struct hm_xc *xc)
{
    const size_t nf = xc->basis->nfunction, n = xc->batch_points, nspin = xc->nspin;
    const size_t matrix = nf * nf, block = nf * n;
    const struct {
        double **array;
        size_t size;
    } part[] = {
        {&xc->values, 10 * block},
        {&xc->D, nspin * matrix},
        {&xc->V, matrix},
        {&xc->X, nspin * block},
        {&xc->Y, block},
        {&xc->Z, block},
        {&xc->n, nspin * n},
        {&xc->slope, 3 * nspin * n},
        {&xc->packed_n, 2 * n},
        {&xc->packed_sigma, 3 * n},
        {&xc->e, n},
        {&xc->vn, 2 * n},
        {&xc->vsigma, 3 * n},
        {&xc->local, n},
        {&xc->toward, 3 * n},
    };
    const size_t parts = sizeof part / sizeof *part;
    size_t total = 0;
    for (size_t i = 0; i < parts; i++) total += part[i].size;
    xc->function = calloc(nf, sizeof *xc->function);
    total = round_up(total);
    xc->storage = aligned_alloc(64, total * sizeof *xc->storage);
    if (!xc->function || !xc->storage)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu basis functions at points", nf);
    memset(xc->storage, 0, total * sizeof *xc->storage);
    double *at = xc->storage;
    for (size_t i = 0; i < parts; at += part[i++].size) *part[i].array = at;
    return HM_OK;
}

enum hm_status hm_xc_create(const struct hm_config *config, const struct hm_frame *frame, const struct hm_basis *basis,
                            int nspin, const struct hm_team *team, struct hm_xc **xc)
{
    struct hm_xc *self = *xc = calloc(1, sizeof *self);
    enum hm_status status = HM_OK;
    if (!self) return hm_fail(HM_OUT_OF_MEMORY, "no memory for exchange and correlation");
    self->team = *team;
    self->nspin = (size_t)nspin;
    self->basis = basis;
    self->kernels = hm_point_kernels_available(0);
    self->batch_points = BATCH;
    HM_TRY_GOTO(status, hm_functional_create(config, nspin, &self->functional), failed);
    self->slopes = hm_functional_has_gradient(self->functional);
    HM_TRY_GOTO(status, hm_grid_create(config, frame, &self->grid), failed);
    HM_TRY_GOTO(status, hm_cells_create(frame->natom, self->kernels, &self->cells), failed);
    HM_TRY_GOTO(status, hm_orbitals_create(basis, self->kernels, &self->orbitals), failed);
    HM_TRY_GOTO(status, allocate_points(self), failed);
    HM_TRY_GOTO(status, allocate_scratch(self), failed);
    return HM_OK;
failed:
    hm_xc_destroy(xc);
    return status;
}

void hm_xc_destroy(struct hm_xc **xc)
{
    struct hm_xc *self = *xc;
    if (self) {
        hm_functional_destroy(&self->functional);
        hm_grid_destroy(&self->grid);
        hm_cells_destroy(&self->cells);
        hm_orbitals_destroy(&self->orbitals);
        free(self->point[0]);
        free(self->batch);
        free(self->shell);
        free(self->x);
        free(self->store);
        free(self->function);
        free(self->storage);
        free(self);
    }
    *xc = NULL;
}

double hm_xc_exchange_fraction(const struct hm_xc *xc)
{
    return hm_functional_exchange_fraction(xc->functional);
}

size_t hm_xc_points(const struct hm_xc *xc)
{
    return xc->npoint;
}

/* ---- points ---- */

struct group {
    size_t atom, first, n, used; /* used: the next free place among the points */
};

/* Whether any function is there: keeps the points within reach of an atom. */
static size_t keep_reached(struct hm_xc *xc, size_t n, double *const point[3], double *bare)
{
    const size_t natom = xc->grid.natom;
    size_t kept = 0;
    for (size_t p = 0; p < n; p++) {
        bool reached = false;
        for (size_t a = 0; a < natom && !reached; a++) {
            const double *x = xc->x + 3 * a, d[3] = {point[0][p] - x[0], point[1][p] - x[1], point[2][p] - x[2]};
            const double reach = xc->orbitals.atom_reach[a];
            reached = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < reach * reach;
        }
        if (!reached) continue;
        for (size_t k = 0; k < 3; k++) point[k][kept] = point[k][p];
        bare[kept++] = bare[p];
    }
    return kept;
}

/* Fills up with copies of the last point, without weight. */
static size_t fill_up(size_t n, double *const point[3], double *bare, double *weight)
{
    const size_t full = round_up(n);
    for (size_t p = n; p < full; p++) {
        for (size_t k = 0; k < 3; k++) point[k][p] = point[k][n - 1];
        bare[p] = weight[p] = 0.0;
    }
    return full;
}

/* The points of a group that count, with their weights, to this place; how many. */
static size_t place_group(struct hm_xc *xc, size_t atom, size_t first, size_t n, double *const point[3], double *bare,
                          double *weight)
{
    const struct hm_atomic_grid *grid = hm_grid_atom(&xc->grid, atom);
    double share[HM_GRID_GROUP];
    for (size_t k = 0; k < 3; k++)
        for (size_t p = 0; p < n; p++) point[k][p] = grid->d[k * grid->count + first + p] + xc->x[3 * atom + k];
    memcpy(bare, grid->w + first, n * sizeof *bare);
    n = keep_reached(xc, n, point, bare);
    if (n == 0) return 0;
    const double *const at[3] = {point[0], point[1], point[2]};
    hm_cells_weigh(&xc->cells, atom, fill_up(n, point, bare, weight), at, share);
    size_t kept = 0;
    for (size_t p = 0; p < n; p++) {
        if (share[p] < LEAST_SHARE) continue;
        for (size_t k = 0; k < 3; k++) point[k][kept] = point[k][p];
        weight[kept] = bare[p] * share[p];
        bare[kept++] = bare[p];
    }
    return kept;
}

/* Cuts a group's points into batches of like size; where the next group's begin. */
static size_t cut_batches(struct hm_xc *xc, size_t atom, size_t first, size_t n)
{
    const size_t pieces = (n + xc->batch_points - 1) / xc->batch_points;
    if (pieces == 0) return first;
    const size_t size = round_up((n + pieces - 1) / pieces);
    double *const end[3] = {xc->point[0] + first, xc->point[1] + first, xc->point[2] + first};
    const size_t full = fill_up(n, end, xc->bare + first, xc->weight + first);
    for (size_t from = 0; from < full; from += size) {
        const size_t count = full - from < size ? full - from : size;
        xc->batch[xc->nbatch++] = (struct hm_xc_batch){.atom = atom, .first = first + from, .n = count};
    }
    return first + full;
}

/* ---- functions ---- */

static void choose_functions(struct hm_xc *xc)
{
    size_t used = 0;
    for (size_t b = 0; b < xc->nbatch; b++) {
        struct hm_xc_batch *batch = &xc->batch[b];
        const double *const at[3] = {xc->point[0] + batch->first, xc->point[1] + batch->first,
                                     xc->point[2] + batch->first};
        batch->shell = used;
        batch->nshell = hm_orbitals_choose(&xc->orbitals, xc->x, batch->n, at, xc->shell + used);
        batch->nfunction = 0;
        for (size_t i = 0; i < batch->nshell; i++) batch->nfunction += xc->basis->shell[xc->shell[used + i]].count;
        used += batch->nshell;
    }
}

static void evaluate(struct hm_xc *xc, const struct hm_xc_batch *batch, int order, double *values)
{
    const double *const at[3] = {xc->point[0] + batch->first, xc->point[1] + batch->first, xc->point[2] + batch->first};
    hm_orbitals_evaluate(&xc->orbitals, xc->x, batch->nshell, xc->shell + batch->shell, batch->n, at, order, values);
}

/* Values of as many batches as memory holds; the others are computed whenever they are needed. */
static void store_values(struct hm_xc *xc)
{
    const size_t derivatives = hm_orbitals_derivatives(xc->slopes ? 1 : 0), most = MEMORY / sizeof(double);
    size_t wanted = 0, used = 0;
    for (size_t b = 0; b < xc->nbatch; b++) wanted += derivatives * xc->batch[b].nfunction * xc->batch[b].n;
    if (wanted > most) wanted = most;
    if (wanted > xc->stored) {
        free(xc->store);
        xc->stored = (wanted + wanted / 16) / HM_POINT_LANES * HM_POINT_LANES;
        xc->store = aligned_alloc(64, xc->stored * sizeof *xc->store);
        if (!xc->store) xc->stored = 0;
    }
    for (size_t b = 0; b < xc->nbatch; b++) {
        struct hm_xc_batch *batch = &xc->batch[b];
        const size_t size = derivatives * batch->nfunction * batch->n;
        batch->values = used + size <= xc->stored ? xc->store + used : NULL;
        if (!batch->values) continue;
        evaluate(xc, batch, xc->slopes ? 1 : 0, batch->values);
        used += size;
    }
}

const double *hm_xc_batch_values(struct hm_xc *xc, const struct hm_xc_batch *batch)
{
    if (batch->values) return batch->values;
    evaluate(xc, batch, xc->slopes ? 1 : 0, xc->values);
    return xc->values;
}

void hm_xc_batch_gradients(struct hm_xc *xc, const struct hm_xc_batch *batch)
{
    evaluate(xc, batch, xc->slopes ? 2 : 1, xc->values);
}

enum hm_status hm_xc_place(struct hm_xc *xc, const double *x)
{
    size_t item = 0, used = 0;
    memcpy(xc->x, x, 3 * xc->grid.natom * sizeof *x);
    hm_cells_place(&xc->cells, xc->x);
    xc->nbatch = 0;
    xc->npoint = 0;
    for (size_t atom = 0; atom < xc->grid.natom; atom++) {
        const size_t count = hm_grid_atom(&xc->grid, atom)->count;
        for (size_t first = 0; first < count; first += HM_GRID_GROUP, item++) {
            if (!hm_team_mine(&xc->team, item)) continue;
            const size_t n = count - first < HM_GRID_GROUP ? count - first : HM_GRID_GROUP;
            double *const at[3] = {xc->point[0] + used, xc->point[1] + used, xc->point[2] + used};
            const size_t kept = place_group(xc, atom, first, n, at, xc->bare + used, xc->weight + used);
            xc->npoint += kept;
            used = cut_batches(xc, atom, used, kept);
        }
    }
    choose_functions(xc);
    store_values(xc);
    return HM_OK;
}
