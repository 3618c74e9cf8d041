/* The structure of a run: bonds and angles, and of a liquid pair distribution and displacement, beside its reference.
 */
#include "io/report/report_internal.h"

#include "io/analysis/structure.h"
#include "io/analysis/transport.h"
#include "io/elements.h"

#include <math.h>
#include <string.h>

enum { MOST_DISTRIBUTIONS = 12, MOST_PAIRS = 6 };

/* ---- bonds and angles ---- */

static const struct hm_distribution *find(const struct hm_distributions *d, const struct hm_distribution *like)
{
    for (size_t k = 0; k < d->count; k++)
        if (d->item[k].natom == like->natom && strcmp(d->item[k].name, like->name) == 0) return &d->item[k];
    return NULL;
}

static void add_distribution(struct hm_report *report, struct hm_plot *plot, const char *name, int colour,
                             const struct hm_distribution *d)
{
    struct hm_plot_series *series = hm_report_add_series(report, plot, name, HM_MARK_LINE, colour, d->bins, false);
    for (size_t b = 0; series && b < d->bins; b++) {
        series->x[b] = d->first + d->width * ((double)b + 0.5);
        series->y[b] = d->density[b];
    }
}

static void show_distribution(struct hm_report *report, struct hm_report_section *section, size_t number,
                              const struct hm_distribution *d, const struct hm_distribution *reference)
{
    const bool bond = d->natom == 2;
    const char *unit = bond ? "\u00c5" : "degrees", *per = bond ? "1/\u00c5" : "1/degree";
    const char *beside =
        reference ? hm_report_text(report, "; of the reference %.6g, %.4g", reference->mean, reference->std) : "";
    struct hm_plot *plot = hm_report_add_plot(
        report, section,
        &(struct hm_plot){.kind = HM_PLOT_SCATTER,
                          .id = hm_report_text(report, "%s-%zu", bond ? "bond" : "angle", number),
                          .title = hm_report_text(report, bond ? "Length of %s bonds." : "%s angles.", d->name),
                          .caption = hm_report_text(report, "Mean %.6g %s, standard deviation %.4g%s.", d->mean, unit,
                                                    d->std, beside),
                          .xlabel = hm_report_text(report, bond ? "length, %s" : "angle, %s", unit),
                          .ylabel = hm_report_text(report, "density, %s", per)});
    add_distribution(report, plot, d->name, 0, d);
    if (reference) add_distribution(report, plot, "reference", HM_PLOT_GREY, reference);
}

/* An angle that never changes, or a bond of one length, is no distribution. */
static void show_distributions(struct hm_report *report, struct hm_report_section *section,
                               const struct hm_distributions *own, const struct hm_distributions *reference)
{
    size_t number[2] = {0, 0}, shown = 0;
    for (size_t k = 0; k < own->count && shown < MOST_DISTRIBUTIONS; k++) {
        const struct hm_distribution *d = &own->item[k];
        if (d->bins < 3) continue;
        show_distribution(report, section, ++number[d->natom == 2], d, find(reference, d));
        shown++;
    }
}

enum hm_status hm_report_internals(struct hm_report *report, struct hm_report_section *section,
                                   const struct hm_report_runs *runs)
{
    struct hm_distributions own = {0}, reference = {0};
    HM_TRY(hm_distributions_compute(runs->run, &own));
    enum hm_status status = HM_OK;
    if (runs->reference) status = hm_distributions_compute(runs->reference, &reference);
    if (status == HM_OK) show_distributions(report, section, &own, &reference);
    hm_distributions_release(&reference);
    hm_distributions_release(&own);
    return status == HM_OK ? report->status : status;
}

/* ---- liquids ---- */

static void add_pairs(struct hm_report *report, struct hm_plot *plot, const struct hm_rdf *rdf, bool reference)
{
    for (size_t p = 0; p < rdf->npair && p < MOST_PAIRS; p++) {
        const char *name = hm_report_text(report, "%s\u2013%s%s", hm_element_symbol(rdf->species[p][0]),
                                          hm_element_symbol(rdf->species[p][1]), reference ? ", reference" : "");
        struct hm_plot_series *series =
            hm_report_add_series(report, plot, name, HM_MARK_LINE, reference ? HM_PLOT_GREY : (int)p, rdf->bins, false);
        for (size_t b = 0; series && b < rdf->bins; b++) {
            series->x[b] = rdf->width_angstrom * ((double)b + 0.5);
            series->y[b] = rdf->g[p * rdf->bins + b];
        }
    }
}

static enum hm_status show_rdf(struct hm_report *report, struct hm_report_section *section,
                               const struct hm_report_runs *runs)
{
    struct hm_rdf own = {0}, reference = {0};
    HM_TRY(hm_rdf_compute(runs->run, NULL, &own));
    enum hm_status status = HM_OK;
    if (runs->reference) status = hm_rdf_compute(runs->reference, NULL, &reference);
    if (status == HM_OK && own.bins > 0 && own.normalised) {
        struct hm_plot *plot = hm_report_add_plot(
            report, section,
            &(struct hm_plot){.kind = HM_PLOT_SCATTER,
                              .id = "rdf",
                              .title = "Pair distribution.",
                              .caption = hm_report_text(report, "Over %zu frames after the warm-up.", own.frames),
                              .xlabel = "distance, \u00c5",
                              .ylabel = "g"});
        add_pairs(report, plot, &own, false);
        if (reference.bins > 0 && reference.normalised) add_pairs(report, plot, &reference, true);
    }
    hm_rdf_release(&reference);
    hm_rdf_release(&own);
    return status == HM_OK ? report->status : status;
}

static void add_displacements(struct hm_report *report, struct hm_plot *plot, const struct hm_msd *msd, bool reference)
{
    for (size_t g = 0; g < msd->ngroup && g < MOST_PAIRS; g++) {
        if (g + 1 == msd->ngroup && msd->ngroup == 2) continue; /* all atoms are of one species */
        const char *species = msd->number[g] > 0 ? hm_element_symbol(msd->number[g]) : "all";
        struct hm_thin thin;
        if (!hm_thin_create(report, msd->lags, &thin)) return;
        for (size_t k = 0; k < msd->lags; k++)
            hm_thin_add(&thin, msd->dt_ps * (double)k, msd->msd_angstrom2[g * msd->lags + k]);
        hm_thin_finish(&thin);
        struct hm_plot_series *series =
            hm_report_add_series(report, plot, reference ? hm_report_text(report, "%s, reference", species) : species,
                                 HM_MARK_LINE, reference ? HM_PLOT_GREY : (int)g, thin.bins, false);
        for (size_t b = 0; series && b < thin.bins; b++) {
            series->x[b] = thin.x[b];
            series->y[b] = thin.mean[b];
        }
    }
}

static void show_diffusion(struct hm_report *report, struct hm_report_section *section, const struct hm_msd *msd)
{
    static const char *const heading[] = {"species", "diffusion, \u00c5\u00b2/ps", "standard error"};
    struct hm_report_table *table = hm_report_add_table(report, section, "diffusion", "Diffusion", 3, heading);
    for (size_t g = 0; g < msd->ngroup; g++)
        hm_report_add_row(report, table,
                          (const char *[]){msd->number[g] > 0 ? hm_element_symbol(msd->number[g]) : "all",
                                           hm_report_number(report, msd->diffusion[g], 4),
                                           hm_report_number(report, msd->diffusion_error[g], 2)});
}

static enum hm_status show_msd(struct hm_report *report, struct hm_report_section *section,
                               const struct hm_report_runs *runs)
{
    struct hm_msd own = {0}, reference = {0};
    HM_TRY(hm_msd_compute(runs->run, &own));
    enum hm_status status = HM_OK;
    if (runs->reference) status = hm_msd_compute(runs->reference, &reference);
    if (status == HM_OK && own.lags > 2) {
        struct hm_plot *plot = hm_report_add_plot(report, section,
                                                  &(struct hm_plot){.kind = HM_PLOT_SCATTER,
                                                                    .id = "msd",
                                                                    .title = "Mean square displacement.",
                                                                    .caption = "Over all origins after the warm-up.",
                                                                    .xlabel = "time, ps",
                                                                    .ylabel = "MSD, \u00c5\u00b2",
                                                                    .xlog = true,
                                                                    .ylog = true});
        if (plot) add_displacements(report, plot, &own, false);
        if (plot && reference.lags > 2) add_displacements(report, plot, &reference, true);
        show_diffusion(report, section, &own);
    }
    hm_msd_release(&reference);
    hm_msd_release(&own);
    return status == HM_OK ? report->status : status;
}

enum hm_status hm_report_liquid(struct hm_report *report, struct hm_report_section *section,
                                const struct hm_report_runs *runs)
{
    if (!hm_frame_is_periodic(&runs->run->frame) || runs->run->info.nframe < 2) return report->status;
    HM_TRY(show_rdf(report, section, runs));
    return show_msd(report, section, runs);
}
