#include "hamiltonians/dft/grid.h"

#include "hamiltonians/dft/lebedev.h"
#include "hamiltonians/dft/radial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Radii are numbered from the outermost. The innermost third of them has `core` angular points, the next sixth
 * `middle`, those beyond the reach of bonds `far`, those of heavier atoms where bonds are `bond`. Angular rules that
 * are poorer between atoms (far ones that begin earlier, middle ones that end later) make the energy of a molecule
 * depend on how it is turned, by 1e-4 Hartree. */
struct scheme {
    const char *name;
    size_t light, heavy; /* radii of H and He, and of the next row; five more for those below */
    size_t core, middle, outer, bond, far;
};

static const struct scheme schemes[] = {
    {"coarse", 30, 40, 14, 38, 110, 146, 50},
    {"medium", 40, 50, 14, 86, 302, 350, 194},
    {"fine", 60, 75, 26, 86, 302, 434, 194},
};

static const double pi = 3.14159265358979323846;

static size_t radial_points(const struct scheme *scheme, int number)
{
    const bool pruned = scheme->core < scheme->outer;
    return number <= 2 ? scheme->light : scheme->heavy + (pruned && number > 10 ? 5 : 0);
}

/* Of the i-th of n radii, which is r. */
static size_t angular_points(const struct scheme *scheme, int number, size_t i, size_t n, double r)
{
    const size_t from_nucleus = n - 1 - i;
    if (3 * from_nucleus < n) return scheme->core;
    if (2 * from_nucleus < n) return scheme->middle;
    const double radius = hm_radial_slater_radius(number);
    if (number > 2 && r > 0.7 * radius && r < 2.2 + radius) return scheme->bond;
    return r > 4.5 + radius ? scheme->far : scheme->outer;
}

/* ---- an order that keeps neighbours together ---- */

struct place {
    double key;
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    if (p->key != q->key) return p->key < q->key ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

static void sort_along(const struct hm_atomic_grid *grid, struct place *places, size_t count)
{
    size_t widest = 0;
    double width = -1.0;
    for (size_t k = 0; k < 3; k++) {
        double low = grid->d[k * grid->count + places[0].index], high = low;
        for (size_t i = 1; i < count; i++) {
            const double at = grid->d[k * grid->count + places[i].index];
            if (at < low) low = at;
            if (at > high) high = at;
        }
        if (high - low > width * (1.0 + 1e-9)) {
            width = high - low;
            widest = k;
        }
    }
    for (size_t i = 0; i < count; i++) places[i].key = grid->d[widest * grid->count + places[i].index];
    qsort(places, count, sizeof *places, compare_places);
}

/* Halves the points along their widest direction, so that the first part has a whole number of groups (or, within a
 * group, of eighths). */
static void bisect(const struct hm_atomic_grid *grid, struct place *places, size_t count)
{
    while (count > HM_GRID_GROUP / 8) {
        const size_t unit = count > HM_GRID_GROUP ? HM_GRID_GROUP : HM_GRID_GROUP / 8;
        const size_t half = (count + unit - 1) / unit / 2 * unit;
        sort_along(grid, places, count);
        bisect(grid, places, half);
        places += half;
        count -= half;
    }
}

static enum hm_status sort_points(struct hm_atomic_grid *grid)
{
    const size_t n = grid->count;
    struct place *places = malloc(n * sizeof *places);
    double *old = malloc(4 * n * sizeof *old);
    enum hm_status status = HM_OK;
    if (!places || !old) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory to sort the %zu points of a grid", n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) places[i] = (struct place){0.0, i};
    bisect(grid, places, n);
    memcpy(old, grid->d, 3 * n * sizeof *old);
    memcpy(old + 3 * n, grid->w, n * sizeof *old);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 3; k++) grid->d[k * n + i] = old[k * n + places[i].index];
        grid->w[i] = old[3 * n + places[i].index];
    }
done:
    free(old);
    free(places);
    return status;
}

/* ---- points ---- */

static void fill_points(const struct scheme *scheme, size_t nradial, const double *r, const double *w,
                        struct hm_atomic_grid *grid)
{
    double direction[3 * HM_LEBEDEV_MAX_POINTS], weight[HM_LEBEDEV_MAX_POINTS];
    size_t at = 0, known = 0;
    for (size_t shell = 0; shell < nradial; shell++) {
        const size_t n = angular_points(scheme, grid->number, shell, nradial, r[shell]);
        if (n != known) hm_lebedev_rule(n, direction, weight);
        known = n;
        for (size_t i = 0; i < n; i++, at++) {
            for (size_t k = 0; k < 3; k++) grid->d[k * grid->count + at] = r[shell] * direction[3 * i + k];
            grid->w[at] = 4.0 * pi * w[shell] * weight[i];
        }
    }
}

static enum hm_status create_atomic(const struct scheme *scheme, int number, struct hm_atomic_grid *grid)
{
    const size_t nradial = radial_points(scheme, number);
    double *r = malloc(2 * nradial * sizeof *r);
    enum hm_status status = HM_OK;
    if (!r) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a grid of %zu radii", nradial);
    hm_radial_treutler(number, nradial, r, r + nradial);
    grid->number = number;
    grid->count = 0;
    for (size_t shell = 0; shell < nradial; shell++)
        grid->count += angular_points(scheme, number, shell, nradial, r[shell]);
    grid->d = malloc(3 * grid->count * sizeof *grid->d);
    grid->w = malloc(grid->count * sizeof *grid->w);
    if (!grid->d || !grid->w) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for a grid of %zu points", grid->count);
        goto done;
    }
    fill_points(scheme, nradial, r, r + nradial, grid);
    status = sort_points(grid);
done:
    free(r);
    return status;
}

/* ---- the configuration ---- */

static enum hm_status fault_angular(const struct hm_config *config, int64_t points)
{
    char offered[256] = "";
    for (size_t i = 0, used = 0, n; (n = hm_lebedev_offered(i, NULL)) > 0 && used < sizeof offered; i++)
        used += (size_t)snprintf(offered + used, sizeof offered - used, "%s%zu", i > 0 ? " " : "", n);
    return hm_config_fault(config, "hamiltonian.grid[1]",
                           "hamiltonian.grid: there is no rule of %lld angular points; it must be one of %s",
                           (long long)points, offered);
}

static enum hm_status read_scheme(const struct hm_config *config, struct scheme *scheme)
{
    const char *key = "hamiltonian.grid";
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (hm_config_is(config, key, schemes[i].name)) {
            *scheme = schemes[i];
            return HM_OK;
        }
    const int64_t radial = hm_config_integer(config, "hamiltonian.grid[0]");
    const int64_t angular = hm_config_integer(config, "hamiltonian.grid[1]");
    if (radial < 2 || radial > 1000)
        return hm_config_fault(config, "hamiltonian.grid[0]",
                               "hamiltonian.grid: the number of radial points must be from 2 to 1000, not %lld",
                               (long long)radial);
    size_t n = 0;
    for (size_t i = 0; (n = hm_lebedev_offered(i, NULL)) > 0 && (int64_t)n != angular;) i++;
    if (n == 0) return fault_angular(config, angular);
    *scheme = (struct scheme){"given", (size_t)radial, (size_t)radial, n, n, n, n, n};
    return HM_OK;
}

enum hm_status hm_grid_create(const struct hm_config *config, const struct hm_frame *frame, struct hm_grid *grid)
{
    struct scheme scheme;
    enum hm_status status = HM_OK;
    *grid = (struct hm_grid){.natom = frame->natom};
    HM_TRY(read_scheme(config, &scheme));
    grid->element = calloc(frame->natom, sizeof *grid->element);
    grid->of_atom = calloc(frame->natom, sizeof *grid->of_atom);
    if (!grid->element || !grid->of_atom) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the grids of %zu atoms", frame->natom);
        goto failed;
    }
    for (size_t atom = 0; atom < frame->natom; atom++) {
        size_t e = 0;
        while (e < grid->nelement && grid->element[e].number != frame->number[atom]) e++;
        grid->of_atom[atom] = e;
        if (e < grid->nelement) continue;
        grid->nelement++;
        HM_TRY_GOTO(status, create_atomic(&scheme, frame->number[atom], &grid->element[e]), failed);
    }
    return HM_OK;
failed:
    hm_grid_destroy(grid);
    return status;
}

void hm_grid_destroy(struct hm_grid *grid)
{
    for (size_t e = 0; e < grid->nelement; e++) {
        free(grid->element[e].d);
        free(grid->element[e].w);
    }
    free(grid->element);
    free(grid->of_atom);
    *grid = (struct hm_grid){0};
}
