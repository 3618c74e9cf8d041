/* Distributions of bonds and angles. */
#include "io/analysis/structure.h"

#include "io/analysis/motions.h"
#include "io/elements.h"
#include "io/internals.h"
#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEGREE (3.14159265358979323846 / 180.0)

/* Cells from 0; what lies beyond counts for mean and spread only. */
enum { BOND_CELLS = 2000, ANGLE_CELLS = 181, MOST_VALUES = 20000000 };
static const double BOND_WIDTH = 0.005, ANGLE_WIDTH = 1; /* Angstrom, degrees */

struct coordinate {
    size_t natom, atoms[3], item;
};

struct histograms {
    const struct hm_run *run;
    struct hm_distributions *out;
    size_t ncoordinate;
    struct coordinate *coordinate;
    double *cells;  /* (items, BOND_CELLS) */
    double *square; /* (items) Welford */
};

/* Ends in the order of the alphabet, so that H-O and O-H are one. */
static void name_coordinate(const struct hm_run *run, const struct coordinate *c, char name[HM_DISTRIBUTION_NAME])
{
    const char *first = hm_element_symbol(run->frame.number[c->atoms[0]]);
    const char *last = hm_element_symbol(run->frame.number[c->atoms[c->natom - 1]]);
    const bool turned = strcmp(first, last) > 0;
    const char *const low = turned ? last : first, *const high = turned ? first : last;
    if (c->natom == 2)
        snprintf(name, HM_DISTRIBUTION_NAME, "%s-%s", low, high);
    else
        snprintf(name, HM_DISTRIBUTION_NAME, "%s-%s-%s", low, hm_element_symbol(run->frame.number[c->atoms[1]]), high);
}

/* `out->item` has room for one for each coordinate. */
static void add_coordinate(struct histograms *h, const size_t *atoms, size_t natom)
{
    struct coordinate *c = &h->coordinate[h->ncoordinate++];
    char name[HM_DISTRIBUTION_NAME];
    c->natom = natom;
    memcpy(c->atoms, atoms, natom * sizeof *atoms);
    name_coordinate(h->run, c, name);
    for (c->item = 0; c->item < h->out->count; c->item++)
        if (strcmp(h->out->item[c->item].name, name) == 0) return;
    struct hm_distribution *item = &h->out->item[h->out->count++];
    item->natom = natom;
    item->width = natom == 2 ? BOND_WIDTH : ANGLE_WIDTH;
    memcpy(item->name, name, sizeof item->name);
}

static enum hm_status list_coordinates(struct histograms *h)
{
    size_t(*bonds)[2], (*angles)[3] = NULL, nbond, nangle = 0;
    HM_TRY(hm_run_bonds(h->run, &bonds, &nbond));
    enum hm_status status = hm_motions_angles(nbond, (const size_t(*)[2])bonds, &angles, &nangle);
    if (status == HM_OK) {
        h->coordinate = calloc(nbond + nangle + 1, sizeof *h->coordinate);
        h->out->item = calloc(nbond + nangle + 1, sizeof *h->out->item);
        if (!h->coordinate || !h->out->item) status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu bonds", nbond);
    }
    for (size_t b = 0; b < nbond && status == HM_OK; b++) add_coordinate(h, bonds[b], 2);
    for (size_t a = 0; a < nangle && status == HM_OK; a++) add_coordinate(h, angles[a], 3);
    free(angles);
    free(bonds);
    if (status != HM_OK) return status;
    h->cells = calloc(h->out->count + 1, (BOND_CELLS + 1) * sizeof *h->cells);
    if (!h->cells) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu distributions", h->out->count);
    h->square = h->cells + h->out->count * BOND_CELLS;
    return HM_OK;
}

static void add_frame(struct histograms *h, const double *x)
{
    for (size_t k = 0; k < h->ncoordinate; k++) {
        const struct coordinate *c = &h->coordinate[k];
        struct hm_distribution *item = &h->out->item[c->item];
        const double value = c->natom == 2
                                 ? hm_internal_distance(&h->run->frame, x, c->atoms, NULL) * HM_LENGTH_ANGSTROM
                                 : hm_internal_angle(&h->run->frame, x, c->atoms, NULL) / DEGREE;
        const double from_mean = value - item->mean, place = value / item->width;
        item->values++;
        item->mean += from_mean / (double)item->values;
        h->square[c->item] += from_mean * (value - item->mean);
        if (place < (c->natom == 2 ? BOND_CELLS : ANGLE_CELLS)) h->cells[c->item * BOND_CELLS + (size_t)place]++;
    }
}

static enum hm_status finish_item(const struct histograms *h, size_t index)
{
    struct hm_distribution *item = &h->out->item[index];
    const double *cells = h->cells + index * BOND_CELLS;
    size_t first = 0, end = BOND_CELLS;
    item->std = item->values > 0 ? sqrt(h->square[index] / (double)item->values) : NAN;
    while (end > 0 && cells[end - 1] == 0) end--;
    while (first < end && cells[first] == 0) first++;
    item->bins = end - first;
    item->first = (double)first * item->width;
    item->density = calloc(item->bins + 1, sizeof *item->density);
    if (!item->density) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: a distribution");
    for (size_t k = 0; k < item->bins; k++) item->density[k] = cells[first + k] / ((double)item->values * item->width);
    return HM_OK;
}

static enum hm_status count(struct histograms *h)
{
    const struct hm_run *run = h->run;
    const size_t every = 1 + run->info.nframe * h->ncoordinate / MOST_VALUES;
    struct hm_frame_cursor cursor;
    struct hm_frame_view view;
    bool more;
    enum hm_status status;
    HM_TRY(hm_frame_cursor_create(run, &cursor));
    while ((status = hm_frame_cursor_sample(&cursor, every, &view, &more)) == HM_OK && more) {
        add_frame(h, view.x);
        h->out->frames++;
    }
    hm_frame_cursor_release(&cursor);
    for (size_t i = 0; i < h->out->count && status == HM_OK; i++) status = finish_item(h, i);
    return status;
}

enum hm_status hm_distributions_compute(const struct hm_run *run, struct hm_distributions *distributions)
{
    struct histograms h = {.run = run, .out = distributions};
    *distributions = (struct hm_distributions){0};
    enum hm_status status = list_coordinates(&h);
    if (status == HM_OK && h.ncoordinate > 0) status = count(&h);
    free(h.coordinate);
    free(h.cells);
    if (status != HM_OK) hm_distributions_release(distributions);
    return status;
}

void hm_distributions_release(struct hm_distributions *distributions)
{
    for (size_t i = 0; i < distributions->count; i++) free(distributions->item[i].density);
    free(distributions->item);
    *distributions = (struct hm_distributions){0};
}
