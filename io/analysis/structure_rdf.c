/* Pair distributions. */
#include "io/analysis/structure.h"

#include "io/units.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

static const double OPEN_RANGE = 10, SHELL = 0.05; /* Angstrom */
static const double MOST_PAIRS = 2e8;              /* looked at */

struct counts {
    const struct hm_run *run;
    size_t *species; /* (natom) */
    size_t *atoms;   /* (nspecies) */
    size_t nspecies;
    double range, width;  /* bohr */
    double *count, *near; /* (npair, bins); (npair) pairs closer than the range */
};

static size_t pair_index(const struct counts *c, size_t a, size_t b)
{
    const size_t low = a < b ? a : b, high = a < b ? b : a;
    return low * c->nspecies - low * (low + 1) / 2 + high;
}

static double pairs_of(const struct counts *c, size_t a, size_t b)
{
    const double n = (double)c->atoms[a];
    return a == b ? n * (n - 1) / 2 : n * (double)c->atoms[b];
}

static enum hm_status choose_range(const struct hm_run *run, const struct hm_rdf_setup *setup, struct counts *c,
                                   struct hm_rdf *rdf)
{
    const double widest = hm_frame_narrowest(&run->frame) / 2;
    c->range = setup && setup->range_angstrom > 0 ? setup->range_angstrom / HM_LENGTH_ANGSTROM
                                                  : fmin(widest, OPEN_RANGE / HM_LENGTH_ANGSTROM);
    if (!(setup && setup->range_angstrom > 0) && isfinite(widest)) c->range = widest;
    if (c->range > widest * (1 + 1e-12))
        return hm_fail(HM_BAD_USAGE, "a pair distribution up to %g Angstrom needs a box twice as wide, not %g",
                       c->range * HM_LENGTH_ANGSTROM, 2 * widest * HM_LENGTH_ANGSTROM);
    rdf->bins = setup && setup->bins > 0 ? setup->bins : (size_t)ceil(c->range * HM_LENGTH_ANGSTROM / SHELL - 1e-9);
    c->width = c->range / (double)rdf->bins;
    rdf->width_angstrom = c->width * HM_LENGTH_ANGSTROM;
    return HM_OK;
}

static enum hm_status list_pairs(const struct hm_run *run, struct counts *c, struct hm_rdf *rdf)
{
    const size_t natom = run->frame.natom;
    c->species = calloc(natom + 1, sizeof *c->species);
    c->atoms = calloc(natom + 1, sizeof *c->atoms);
    int *const number = calloc(natom + 1, sizeof *number);
    for (size_t i = 0; i < natom && c->species && c->atoms && number; i++) {
        size_t s = 0;
        while (s < c->nspecies && number[s] != run->frame.number[i]) s++;
        if (s == c->nspecies) number[c->nspecies++] = run->frame.number[i];
        c->species[i] = s;
        c->atoms[s]++;
    }
    rdf->npair = c->nspecies * (c->nspecies + 1) / 2;
    rdf->species = calloc(rdf->npair + 1, sizeof *rdf->species);
    rdf->g = calloc(rdf->npair + 1, rdf->bins * sizeof *rdf->g);
    rdf->neighbours = calloc(rdf->npair + 1, rdf->bins * sizeof *rdf->neighbours);
    c->count = calloc(rdf->npair + 1, (rdf->bins + 1) * sizeof *c->count);
    c->near = c->count ? c->count + rdf->npair * rdf->bins : NULL;
    const bool good = c->species && c->atoms && number && rdf->species && rdf->g && rdf->neighbours && c->count;
    for (size_t a = 0; a < c->nspecies && good; a++)
        for (size_t b = a; b < c->nspecies; b++) {
            rdf->species[pair_index(c, a, b)][0] = number[a];
            rdf->species[pair_index(c, a, b)][1] = number[b];
        }
    free(number);
    return good ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu pair distributions", rdf->npair);
}

static void count_frame(struct counts *c, size_t bins, const double *x)
{
    for (size_t i = 0; i < c->run->frame.natom; i++)
        for (size_t j = 0; j < i; j++) {
            double d[3];
            hm_minimum_image(&c->run->frame, x + 3 * i, x + 3 * j, d);
            const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
            if (!(r < c->range)) continue;
            const size_t pair = pair_index(c, c->species[i], c->species[j]), bin = (size_t)(r / c->width);
            c->count[pair * bins + (bin < bins ? bin : bins - 1)]++;
            c->near[pair]++;
        }
}

static enum hm_status count_frames(struct counts *c, struct hm_rdf *rdf)
{
    const struct hm_run *run = c->run;
    const double n = (double)run->frame.natom, work = (double)run->info.nframe * n * (n - 1) / 2;
    const size_t every = 1 + (size_t)(work / MOST_PAIRS);
    struct hm_frame_cursor cursor;
    struct hm_frame_view view;
    bool more;
    enum hm_status status;
    HM_TRY(hm_frame_cursor_create(run, &cursor));
    while ((status = hm_frame_cursor_sample(&cursor, every, &view, &more)) == HM_OK && more) {
        count_frame(c, rdf->bins, view.x);
        rdf->frames++;
    }
    hm_frame_cursor_release(&cursor);
    return status;
}

static void normalise(const struct counts *c, struct hm_rdf *rdf)
{
    const double volume = hm_frame_volume(&c->run->frame), frames = (double)rdf->frames;
    rdf->normalised = volume > 0;
    for (size_t a = 0; a < c->nspecies; a++)
        for (size_t b = a; b < c->nspecies; b++) {
            const size_t pair = pair_index(c, a, b);
            const double pairs = pairs_of(c, a, b), ends = (a == b ? 2 : 1) / (double)c->atoms[a];
            double within = 0;
            for (size_t k = 0; k < rdf->bins; k++) {
                const double count = c->count[pair * rdf->bins + k], low = (double)k * c->width, high = low + c->width;
                const double shell = 4 * PI / 3 * (high * high * high - low * low * low);
                const double expected =
                    rdf->normalised ? frames * pairs * shell / volume : c->near[pair] * rdf->width_angstrom;
                within += count;
                rdf->g[pair * rdf->bins + k] = expected > 0 ? count / expected : 0;
                rdf->neighbours[pair * rdf->bins + k] = frames > 0 ? within / frames * ends : 0;
            }
        }
}

enum hm_status hm_rdf_compute(const struct hm_run *run, const struct hm_rdf_setup *setup, struct hm_rdf *rdf)
{
    struct counts counts = {.run = run};
    enum hm_status status;
    *rdf = (struct hm_rdf){0};
    if (run->frame.natom < 2) return HM_OK;
    HM_TRY(choose_range(run, setup, &counts, rdf));
    HM_TRY_GOTO(status, list_pairs(run, &counts, rdf), done);
    HM_TRY_GOTO(status, count_frames(&counts, rdf), done);
    normalise(&counts, rdf);
done:
    free(counts.species);
    free(counts.atoms);
    free(counts.count);
    if (status != HM_OK) hm_rdf_release(rdf);
    return status;
}

void hm_rdf_release(struct hm_rdf *rdf)
{
    free(rdf->species);
    free(rdf->g);
    free(rdf->neighbours);
    *rdf = (struct hm_rdf){0};
}
