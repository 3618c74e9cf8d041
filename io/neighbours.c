#include "io/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A pair at the very edge must not be lost to rounding. */
#define EDGE (1 + 1e-9)

enum { BLOCK = 64, SPARE = 3 };

struct hm_neighbour_grid {
    double skin_wanted;
    double *x_built; // (natom, 3) where the atoms were when the list was made
    double cell_built[9];

    /* Sorted by cell (x fastest), wrapped into the box. */
    double *x, *y, *z;  // (natom)
    uint32_t *atom;     // (natom) who that is
    uint32_t *rank;     // (natom) where an atom is in that order
    uint32_t *cell_of;  // (natom)
    double length[3];   // of the box; infinite where not periodic
    double low[3];      // corner, and
    double width[3];    //   widths of the cells
    int count[3];       // of cells
    int reach[3];       // cells to look at to either side
    size_t *cell_first; // (cells + 1) ranks
    size_t cells_held;
};

void hm_neighbours_destroy(struct hm_neighbours **neighbours)
{
    struct hm_neighbours *n = *neighbours;
    if (n && n->grid) {
        free(n->grid->x_built);
        free(n->grid->x);
        free(n->grid->atom);
        free(n->grid->cell_first);
        free(n->grid);
    }
    if (n) {
        free(n->first);
        free(n->list);
        free(n);
    }
    *neighbours = NULL;
}

static enum hm_status no_memory(const struct hm_neighbours *n)
{
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for the neighbour list of %zu atoms", n->natom);
}

/* ---- the grid of cells ---- */

/* Few enough cells that making them costs no more than filling them, however far an atom has strayed. */
static int cells_at_most(size_t natom)
{
    return 4 + (int)(2 * cbrt((double)natom));
}

/* Cells along direction k, as narrow as is of use; a single one where the box is so small that an atom would see a cell
 * twice. */
static void divide_direction(struct hm_neighbour_grid *g, int k, double span, double radius, int most)
{
    g->count[k] = 1;
    g->width[k] = span;
    for (int per_radius = 2; per_radius >= 1 && isfinite(radius); per_radius--) {
        const double fit = floor(per_radius * span / radius);
        g->count[k] = fit < 1 ? 1 : fit > most ? most : (int)fit;
        g->width[k] = span / g->count[k];
        g->reach[k] = (int)ceil(radius / g->width[k]);
        if (isinf(g->length[k]) || 2 * g->reach[k] + 1 <= g->count[k]) break;
        g->count[k] = 1;
    }
    if (g->count[k] == 1) g->reach[k] = 0;
}

static void divide(struct hm_neighbour_grid *g, const struct hm_frame *box, const double *x, double radius)
{
    const int most = cells_at_most(box->natom);
    for (int k = 0; k < 3; k++) {
        double low = 0, span = fabs(box->cell[4 * k]);
        g->length[k] = box->periodic[k] ? span : INFINITY;
        if (!box->periodic[k]) {
            double high = -INFINITY;
            low = INFINITY;
            for (size_t i = 0; i < box->natom; i++) {
                low = fmin(low, x[3 * i + (size_t)k]);
                high = fmax(high, x[3 * i + (size_t)k]);
            }
            span = high > low && isfinite(high - low) ? high - low : 1;
        }
        g->low[k] = low;
        divide_direction(g, k, span, radius, most);
    }
}

static double wrapped(double x, double length)
{
    if (isinf(length)) return x;
    const double inside = x - length * floor(x / length);
    return inside >= 0 && inside < length ? inside : 0;
}

static int cell_along(const struct hm_neighbour_grid *g, int k, double x)
{
    const double place = (x - g->low[k]) / g->width[k];
    if (g->count[k] == 1 || !(place > 0)) return 0;
    return place < g->count[k] ? (int)place : g->count[k] - 1;
}

static size_t cell_index(const struct hm_neighbour_grid *g, int i, int j, int k)
{
    return ((size_t)k * (size_t)g->count[1] + (size_t)j) * (size_t)g->count[0] + (size_t)i;
}

static enum hm_status hold_cells(struct hm_neighbours *n)
{
    struct hm_neighbour_grid *g = n->grid;
    const size_t cells = (size_t)g->count[0] * (size_t)g->count[1] * (size_t)g->count[2];
    if (cells > g->cells_held) {
        free(g->cell_first);
        g->cells_held = 0;
        g->cell_first = malloc((cells + 1) * sizeof *g->cell_first);
        if (!g->cell_first) return no_memory(n);
        g->cells_held = cells;
    }
    memset(g->cell_first, 0, (cells + 1) * sizeof *g->cell_first);
    return HM_OK;
}

/* A counting sort. */
static enum hm_status sort_atoms(struct hm_neighbours *n, const double *x)
{
    struct hm_neighbour_grid *g = n->grid;
    HM_TRY(hold_cells(n));
    for (size_t i = 0; i < n->natom; i++) {
        int at[3];
        for (int k = 0; k < 3; k++) at[k] = cell_along(g, k, wrapped(x[3 * i + (size_t)k], g->length[k]));
        g->cell_of[i] = (uint32_t)cell_index(g, at[0], at[1], at[2]);
        g->cell_first[g->cell_of[i] + 1]++;
    }
    const size_t cells = (size_t)g->count[0] * (size_t)g->count[1] * (size_t)g->count[2];
    for (size_t c = 0; c < cells; c++) g->cell_first[c + 1] += g->cell_first[c];
    for (size_t i = n->natom; i-- > 0;) { /* counts down to the firsts: atoms of a cell stay in their order */
        const size_t c = g->cell_of[i];
        g->rank[i] = (uint32_t)(g->cell_first[c + 1] - 1);
        g->cell_first[c + 1]--;
    }
    /* Every entry is now the first of its own cell, one place too far up. */
    memmove(g->cell_first, g->cell_first + 1, cells * sizeof *g->cell_first);
    g->cell_first[cells] = n->natom;
    for (size_t i = 0; i < n->natom; i++) {
        const size_t r = g->rank[i];
        g->atom[r] = (uint32_t)i;
        g->x[r] = wrapped(x[3 * i], g->length[0]);
        g->y[r] = wrapped(x[3 * i + 1], g->length[1]);
        g->z[r] = wrapped(x[3 * i + 2], g->length[2]);
    }
    return HM_OK;
}

/* ---- the list ---- */

static enum hm_status hold(struct hm_neighbours *n, size_t count)
{
    if (count + SPARE <= n->capacity) return HM_OK;
    const size_t capacity = count + count / 4 + 1024 + SPARE;
    uint32_t *larger = realloc(n->list, capacity * sizeof *larger);
    if (!larger) return no_memory(n);
    n->list = larger;
    n->capacity = capacity;
    return HM_OK;
}

/* The nearest image of a distance along one direction of atoms inside the box. */
static inline double nearest(double distance, double length)
{
    const double direct = fabs(distance), around = length - direct;
    return direct < around ? direct : around;
}

/* Appends those of the ranks from .. to - 1 that are near the atom of rank r; never itself. */
static enum hm_status append_row(struct hm_neighbours *n, size_t r, size_t from, size_t to, double limit, size_t *used)
{
    const struct hm_neighbour_grid *g = n->grid;
    const double x = g->x[r], y = g->y[r], z = g->z[r];
    const double lx = g->length[0], ly = g->length[1], lz = g->length[2];
    double square[BLOCK];
    HM_TRY(hold(n, *used + to - from));
    uint32_t *end = n->list + *used;
    for (size_t block = from; block < to; block += BLOCK) {
        const size_t count = to - block < BLOCK ? to - block : BLOCK;
        const double *bx = g->x + block, *by = g->y + block, *bz = g->z + block;
        for (size_t c = 0; c < count; c++) {
            const double dx = nearest(bx[c] - x, lx), dy = nearest(by[c] - y, ly), dz = nearest(bz[c] - z, lz);
            square[c] = dx * dx + dy * dy + dz * dz;
        }
        for (size_t c = 0; c < count; c++) { /* no branch to mispredict */
            *end = g->atom[block + c];
            end += (square[c] <= limit) & (block + c != r);
        }
    }
    *used = (size_t)(end - n->list);
    return HM_OK;
}

/* Ranks are contiguous along x: the cells i - reach .. i + reach are one row, or two where they go around. */
static enum hm_status append_cells(struct hm_neighbours *n, size_t r, int i, int j, int k, double limit, size_t *used)
{
    const struct hm_neighbour_grid *g = n->grid;
    const bool around = !isinf(g->length[0]);
    const size_t begin = n->kind == HM_NEIGHBOURS_HALF ? r + 1 : 0;
    int low = i - g->reach[0], high = i + g->reach[0];
    int parts[2][2] = {{low, high}, {0, -1}};
    if (low < 0) {
        parts[0][0] = 0;
        if (around) parts[1][0] = low + g->count[0], parts[1][1] = g->count[0] - 1;
    }
    if (high >= g->count[0]) {
        parts[0][1] = g->count[0] - 1;
        if (around) parts[1][0] = 0, parts[1][1] = high - g->count[0];
    }
    for (int p = 0; p < 2; p++) {
        if (parts[p][1] < parts[p][0]) continue;
        size_t from = g->cell_first[cell_index(g, parts[p][0], j, k)];
        const size_t to = g->cell_first[cell_index(g, parts[p][1], j, k) + 1];
        if (from < begin) from = begin;
        if (from < to) HM_TRY(append_row(n, r, from, to, limit, used));
    }
    return HM_OK;
}

/* Brings a cell's number into the box; false where there is none. */
static bool bring_in(const struct hm_neighbour_grid *g, int k, int *cell)
{
    if (*cell >= 0 && *cell < g->count[k]) return true;
    *cell += *cell < 0 ? g->count[k] : -g->count[k];
    return !isinf(g->length[k]);
}

static enum hm_status list_cells(struct hm_neighbours *n, double limit)
{
    const struct hm_neighbour_grid *g = n->grid;
    size_t used = 0;
    for (size_t a = 0; a < n->natom; a++) {
        const size_t r = g->rank[a], c = g->cell_of[a], row = c / (size_t)g->count[0];
        const int i = (int)(c % (size_t)g->count[0]);
        const int j = (int)(row % (size_t)g->count[1]), k = (int)(row / (size_t)g->count[1]);
        n->first[a] = used;
        for (int dk = -g->reach[2]; dk <= g->reach[2]; dk++)
            for (int dj = -g->reach[1]; dj <= g->reach[1]; dj++) {
                int jj = j + dj, kk = k + dk;
                if (bring_in(g, 1, &jj) && bring_in(g, 2, &kk)) HM_TRY(append_cells(n, r, i, jj, kk, limit, &used));
            }
    }
    n->first[n->natom] = used;
    return HM_OK;
}

static enum hm_status list_skewed(struct hm_neighbours *n, const struct hm_frame *box, const double *x, double limit)
{
    size_t used = 0;
    for (size_t i = 0; i < n->natom; i++) {
        n->first[i] = used;
        HM_TRY(hold(n, used + n->natom));
        for (size_t j = n->kind == HM_NEIGHBOURS_HALF ? i + 1 : 0; j < n->natom; j++) {
            double d[3];
            if (j == i) continue;
            hm_minimum_image(box, x + 3 * i, x + 3 * j, d);
            n->list[used] = (uint32_t)j;
            used += d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= limit;
        }
    }
    n->first[n->natom] = used;
    return HM_OK;
}

/* ---- keeping it ---- */

static enum hm_status fit_skin(struct hm_neighbours *n, const struct hm_frame *box)
{
    const double half = 0.5 * hm_frame_narrowest(box);
    if (n->cutoff > half)
        return hm_fail(HM_BAD_INPUT, "the box is %.6g bohr wide, less than twice the cutoff of %.6g bohr", 2 * half,
                       n->cutoff);
    n->skin = fmin(n->grid->skin_wanted, half - n->cutoff);
    return HM_OK;
}

static enum hm_status build(struct hm_neighbours *n, const struct hm_frame *box, const double *x)
{
    struct hm_neighbour_grid *g = n->grid;
    HM_TRY(fit_skin(n, box));
    const double radius = (n->cutoff + n->skin) * EDGE;
    n->builds++;
    g->x_built[0] = NAN; /* a list that could not be made is not valid for anything */
    if (hm_frame_is_orthogonal(box)) {
        divide(g, box, x, radius);
        HM_TRY(sort_atoms(n, x));
        HM_TRY(list_cells(n, radius * radius));
    } else {
        HM_TRY(list_skewed(n, box, x, radius * radius));
    }
    HM_TRY(hold(n, n->first[n->natom]));
    for (size_t spare = 0; spare < SPARE; spare++) n->list[n->first[n->natom] + spare] = 0;
    memcpy(g->cell_built, box->cell, sizeof g->cell_built);
    memcpy(g->x_built, x, 3 * n->natom * sizeof *x);
    return HM_OK;
}

static bool is_valid(const struct hm_neighbours *n, const struct hm_frame *box, const double *x)
{
    const struct hm_neighbour_grid *g = n->grid;
    const double limit = 0.25 * n->skin * n->skin;
    if (n->builds == 0 || memcmp(g->cell_built, box->cell, sizeof g->cell_built) != 0) return false;
    for (size_t i = 0; i < n->natom; i++) {
        const double dx = x[3 * i] - g->x_built[3 * i], dy = x[3 * i + 1] - g->x_built[3 * i + 1],
                     dz = x[3 * i + 2] - g->x_built[3 * i + 2];
        if (!(dx * dx + dy * dy + dz * dz <= limit)) return false;
    }
    return true;
}

enum hm_status hm_neighbours_update(struct hm_neighbours *neighbours, const struct hm_frame *box, const double *x)
{
    return is_valid(neighbours, box, x) ? HM_OK : build(neighbours, box, x);
}

static bool allocate(struct hm_neighbours *n)
{
    const size_t natom = n->natom ? n->natom : 1;
    n->first = calloc(natom + 1, sizeof *n->first);
    n->grid = calloc(1, sizeof *n->grid);
    if (!n->first || !n->grid) return false;
    n->grid->x_built = calloc(3 * natom, sizeof(double));
    n->grid->x = calloc(3 * natom, sizeof(double));
    n->grid->atom = calloc(3 * natom, sizeof(uint32_t));
    if (!n->grid->x_built || !n->grid->x || !n->grid->atom) return false;
    n->grid->y = n->grid->x + natom;
    n->grid->z = n->grid->y + natom;
    n->grid->rank = n->grid->atom + natom;
    n->grid->cell_of = n->grid->rank + natom;
    return true;
}

enum hm_status hm_neighbours_create(const struct hm_frame *box, double cutoff, double skin,
                                    enum hm_neighbours_kind kind, struct hm_neighbours **neighbours)
{
    struct hm_neighbours *n = calloc(1, sizeof *n);
    *neighbours = NULL;
    if (!n) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a neighbour list");
    *n = (struct hm_neighbours){.kind = kind, .cutoff = cutoff, .natom = box->natom};
    enum hm_status status = allocate(n) ? HM_OK : no_memory(n);
    if (status == HM_OK) {
        n->grid->skin_wanted = skin;
        status = fit_skin(n, box);
    }
    if (status == HM_OK)
        *neighbours = n;
    else
        hm_neighbours_destroy(&n);
    return status;
}
