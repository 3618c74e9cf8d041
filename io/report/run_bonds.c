/* How long the bonds of a run are, by kind, beside those of its reference. */
#include "io/report/report_internal.h"

#include "io/analysis/analysis_internal.h"
#include "io/elements.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLAB = 64, MOST_LENGTHS = 400000, MOST_KINDS = 8, BINS = 80, NAME = 16 };

static const size_t MOST_BYTES = (size_t)128 << 20;

struct lengths {
    size_t count[MOST_KINDS];
    double *value[MOST_KINDS]; /* Angstrom */
};

/* ---- kinds ---- */

/* "H-O", the lighter element first. */
static void kind_name(const struct hm_run *run, size_t bond, char name[NAME])
{
    const int a = run->frame.number[run->bonds[bond][0]], b = run->frame.number[run->bonds[bond][1]];
    snprintf(name, NAME, "%s\u2013%s", hm_element_symbol(a < b ? a : b), hm_element_symbol(a < b ? b : a));
}

static size_t find_kinds(const struct hm_run *run, char (*names)[NAME], size_t *kind_of)
{
    size_t kinds = 0;
    for (size_t b = 0; b < run->nbond; b++) {
        char name[NAME];
        size_t k = 0;
        kind_name(run, b, name);
        while (k < kinds && strcmp(names[k], name) != 0) k++;
        if (k == kinds && kinds < MOST_KINDS) memcpy(names[kinds++], name, NAME);
        kind_of[b] = k; /* MOST_KINDS: not shown */
    }
    return kinds;
}

/* ---- reading ---- */

static void measure(const struct hm_run *run, const double *x, const size_t *kind_of, struct lengths *lengths)
{
    for (size_t b = 0; b < run->nbond; b++) {
        double d[3];
        const size_t k = kind_of[b];
        if (k >= MOST_KINDS) continue;
        hm_minimum_image(&run->frame, x + 3 * run->bonds[b][0], x + 3 * run->bonds[b][1], d);
        lengths->value[k][lengths->count[k]++] = HM_LENGTH_ANGSTROM * sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    }
}

/* Slabs of frames spread evenly over what comes after the warm-up, as many as are quickly read. */
static enum hm_status read_lengths(const struct hm_run *run, const size_t *kind_of, double *x, struct lengths *lengths)
{
    const size_t frame_bytes = 3 * run->frame.natom * sizeof *x;
    size_t most = MOST_LENGTHS / run->nbond;
    if (most > MOST_BYTES / frame_bytes) most = MOST_BYTES / frame_bytes;
    const int64_t stride = run->info.stride > 0 ? run->info.stride : 1;
    const size_t skip = (size_t)((run->first_step + stride - 1) / stride), all = run->info.nframe;
    const size_t from = skip < all ? skip : 0, slabs = (all - from + SLAB - 1) / SLAB;
    const size_t taken = most / SLAB + 1 < slabs ? most / SLAB + 1 : slabs;
    for (size_t s = 0; s < taken; s++) {
        const size_t first = from + SLAB * (s * slabs / taken), count = all - first < SLAB ? all - first : SLAB;
        HM_TRY(hm_trajectory_read_frames(run->trajectory, first, count, NULL, x, NULL, NULL, NULL, NULL));
        for (size_t i = 0; i < count; i++) measure(run, x + 3 * run->frame.natom * i, kind_of, lengths);
    }
    return HM_OK;
}

static void release(struct lengths *lengths)
{
    for (int k = 0; k < MOST_KINDS; k++) free(lengths->value[k]);
}

static enum hm_status collect(const struct hm_run *run, size_t kinds, const size_t *kind_of, struct lengths *lengths)
{
    double *x = malloc(SLAB * 3 * run->frame.natom * sizeof *x);
    bool room = x != NULL;
    const size_t capacity = MOST_LENGTHS + 2 * SLAB * run->nbond;
    for (size_t k = 0; k < kinds; k++) room = (lengths->value[k] = malloc(capacity * sizeof(double))) && room;
    const enum hm_status status =
        room ? read_lengths(run, kind_of, x, lengths) : hm_fail(HM_OUT_OF_MEMORY, "out of memory: bond lengths");
    free(x);
    return status;
}

/* ---- showing ---- */

static void add_histogram(struct hm_report *report, struct hm_plot *plot, const char *name, int colour,
                          const struct lengths *lengths, size_t kind, const double range[2])
{
    const double width = (range[1] - range[0]) / BINS;
    struct hm_plot_series *series = hm_report_add_series(report, plot, name, HM_MARK_LINE, colour, BINS, false);
    if (!series || lengths->count[kind] == 0) return;
    for (int b = 0; b < BINS; b++) series->x[b] = range[0] + width * (b + 0.5);
    for (size_t i = 0; i < lengths->count[kind]; i++) {
        const double place = (lengths->value[kind][i] - range[0]) / width;
        const int bin = place < 0 ? 0 : place >= BINS ? BINS - 1 : (int)place;
        series->y[bin] += 1 / (width * (double)lengths->count[kind]);
    }
}

static void widen(const struct lengths *lengths, size_t kind, double range[2])
{
    for (size_t i = 0; i < lengths->count[kind]; i++) {
        if (!isfinite(lengths->value[kind][i])) continue;
        range[0] = fmin(range[0], lengths->value[kind][i]);
        range[1] = fmax(range[1], lengths->value[kind][i]);
    }
}

static void show_kind(struct hm_report *report, struct hm_report_section *section, size_t kind, const char *name,
                      const struct lengths *own, const struct lengths *reference)
{
    double range[2] = {INFINITY, -INFINITY};
    widen(own, kind, range);
    widen(reference, kind, range);
    if (!(range[1] > range[0])) return; /* none, or all of one length */
    struct hm_plot *plot = hm_report_add_plot(
        report, section,
        &(struct hm_plot){.kind = HM_PLOT_SCATTER,
                          .id = hm_report_text(report, "bond-%zu", kind + 1),
                          .title = hm_report_text(report, "Length of %s bonds.", name),
                          .caption = hm_report_text(report, "%zu lengths after the warm-up.", own->count[kind]),
                          .xlabel = "length, \u00c5",
                          .ylabel = "density, 1/\u00c5"});
    add_histogram(report, plot, name, 0, own, kind, range);
    if (reference->count[kind] > 0) add_histogram(report, plot, "reference", HM_PLOT_GREY, reference, kind, range);
}

enum hm_status hm_report_bonds(struct hm_report *report, struct hm_report_section *section,
                               const struct hm_report_runs *runs)
{
    const struct hm_run *run = runs->run, *reference = runs->reference;
    char names[MOST_KINDS][NAME];
    if (run->nbond == 0 || run->info.nframe == 0) return report->status;
    size_t *kind_of = malloc(run->nbond * sizeof *kind_of);
    if (!kind_of) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: bond lengths");
    const size_t kinds = find_kinds(run, names, kind_of);
    struct lengths own = {0}, theirs = {0};
    enum hm_status status = collect(run, kinds, kind_of, &own);
    const bool comparable = reference && reference->nbond == run->nbond && reference->info.nframe > 0 &&
                            memcmp(reference->bonds, run->bonds, run->nbond * sizeof *run->bonds) == 0;
    if (status == HM_OK && comparable) status = collect(reference, kinds, kind_of, &theirs);
    for (size_t k = 0; status == HM_OK && k < kinds; k++) show_kind(report, section, k, names[k], &own, &theirs);
    release(&own);
    release(&theirs);
    free(kind_of);
    return status == HM_OK ? report->status : status;
}
