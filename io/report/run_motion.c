/* How the atoms of a run move: correlation, spectrum, and how far it is from its reference. */
#include "io/report/report_internal.h"

#include "io/analysis/analysis_internal.h"
#include "io/elements.h"
#include "io/units.h"

#include <math.h>

enum { MOST_LAGS = 4096, MOST_VIEW_FS = 300 };

/* Groups are species in order of appearance, then the bonds. */
static const char *group_name(const struct hm_run *run, const struct hm_curves *c, size_t group)
{
    size_t species = 0;
    if (c->has_bonds && group + 1 == c->ngroup) return "bond lengths";
    for (size_t i = 0; i < run->frame.natom; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++) seen = run->frame.number[k] == run->frame.number[i];
        if (!seen && species++ == group) return hm_element_symbol(run->frame.number[i]);
    }
    return "?";
}

/* Linear interpolation of a curve sampled at 0, spacing, ...; NaN beyond it. */
static double curve_at(const double *curve, size_t count, double spacing, double x)
{
    const double place = x / spacing;
    if (!(place <= (double)(count - 1))) return NAN;
    const size_t k = (size_t)place;
    const double share = place - (double)k;
    return k + 1 < count ? (1 - share) * curve[k] + share * curve[k + 1] : curve[k];
}

/* A curve on the grid of the run, thinned. */
static enum hm_status add_curve(struct hm_report *report, struct hm_plot *plot, const char *name, int colour,
                                const double *curve, size_t count, double spacing, double grid, size_t points)
{
    struct hm_thin thin;
    if (!hm_thin_create(report, points, &thin)) return report->status;
    for (size_t k = 0; k < points; k++)
        hm_thin_add(&thin, grid * (double)k, curve_at(curve, count, spacing, grid * (double)k));
    hm_thin_finish(&thin);
    hm_thin_show(report, plot, name, HM_MARK_LINE, colour, &thin, 0);
    return report->status;
}

static enum hm_status show_vacf(struct hm_report *report, struct hm_report_section *section,
                                const struct hm_report_runs *runs)
{
    const struct hm_curves *c = runs->curves, *r = runs->reference_curves;
    const size_t points = c->valid < MOST_LAGS ? c->valid : MOST_LAGS;
    struct hm_plot *plot = hm_report_add_plot(
        report, section,
        &(struct hm_plot){.kind = HM_PLOT_TIMELINE,
                          .id = "vacf",
                          .title = "Velocity autocorrelation.",
                          .caption =
                              "All is weighted by mass; from every step of the run. Double-click to see longer lags.",
                          .xlabel = "time lag, fs",
                          .view = {0, fmin(MOST_VIEW_FS, (double)points * c->dt_fs)},
                          .ylabel = "C(t) / C(0)"});
    if (!plot) return report->status;
    HM_TRY(add_curve(report, plot, "all", 0, c->total_vacf, c->valid, c->dt_fs, c->dt_fs, points));
    if (r)
        HM_TRY(add_curve(report, plot, "all, reference", HM_PLOT_GREY, r->total_vacf, r->valid, r->dt_fs, c->dt_fs,
                         points));
    for (size_t g = 0; g < c->ngroup && c->ngroup > 1 && g < 6; g++)
        HM_TRY(add_curve(report, plot, group_name(runs->run, c, g), (int)g + 1, c->vacf + g * c->lags, c->valid,
                         c->dt_fs, c->dt_fs, points));
    return report->status;
}

/* A little beyond the last line that rises above a thousandth of the highest. */
static size_t spectrum_points(const struct hm_curves *c)
{
    double highest = 0;
    size_t last = 0;
    for (size_t k = 1; k <= c->lags; k++) highest = fmax(highest, c->total_spectrum[k]);
    for (size_t k = 1; k <= c->lags; k++)
        if (c->total_spectrum[k] > 1e-3 * highest) last = k;
    const size_t points = (size_t)(1.15 * (double)last + 200 / c->spacing_cm) + 2;
    return points < c->lags + 1 ? points : c->lags + 1;
}

static enum hm_status show_spectrum(struct hm_report *report, struct hm_report_section *section,
                                    const struct hm_report_runs *runs)
{
    const struct hm_curves *c = runs->curves, *r = runs->reference_curves;
    const size_t points = spectrum_points(c);
    struct hm_plot *plot = hm_report_add_plot(
        report, section,
        &(struct hm_plot){.kind = HM_PLOT_TIMELINE,
                          .id = "vdos",
                          .title = "Vibrational density of states.",
                          .caption = hm_report_text(
                              report,
                              "Cosine transform of the correlation under a Hann window; the grid is %.3g per cm.",
                              c->spacing_cm),
                          .xlabel = "wavenumber, 1/cm",
                          .ylabel = "density, cm"});
    if (!plot) return report->status;
    HM_TRY(add_curve(report, plot, "all", 0, c->total_spectrum, c->lags + 1, c->spacing_cm, c->spacing_cm, points));
    if (r)
        HM_TRY(add_curve(report, plot, "all, reference", HM_PLOT_GREY, r->total_spectrum, r->lags + 1, r->spacing_cm,
                         c->spacing_cm, points));
    for (size_t g = 0; g < c->ngroup && c->ngroup > 1 && g < 6; g++)
        HM_TRY(add_curve(report, plot, group_name(runs->run, c, g), (int)g + 1, c->spectrum + g * (c->lags + 1),
                         c->lags + 1, c->spacing_cm, c->spacing_cm, points));
    return report->status;
}

static void show_peaks(struct hm_report *report, struct hm_report_section *section, const struct hm_report_runs *runs)
{
    static const char *const heading[] = {"peak", "wavenumber, 1/cm", "reference, 1/cm"};
    const struct hm_analysis *a = runs->analysis, *b = runs->reference_analysis;
    if (!a || a->npeak == 0) return;
    struct hm_report_table *table = hm_report_add_table(
        report, section, "peaks", a->peaks_of_bonds ? "Lines of the bonds, strongest first" : "Lines, strongest first",
        b ? 3 : 2, heading);
    for (size_t k = 0; k < a->npeak; k++)
        hm_report_add_row(report, table,
                          (const char *[]){hm_report_text(report, "%zu", k + 1),
                                           hm_report_number(report, a->peaks_cm[k], 6),
                                           b && k < b->npeak ? hm_report_number(report, b->peaks_cm[k], 6) : ""});
}

enum hm_status hm_report_motion(struct hm_report *report, const struct hm_report_runs *runs)
{
    if (!runs->curves && runs->run->info.nframe == 0) return HM_OK;
    struct hm_report_section *section = hm_report_add_section(report, "motion", "Structure and dynamics", "");
    if (runs->curves) {
        HM_TRY(show_vacf(report, section, runs));
        HM_TRY(show_spectrum(report, section, runs));
        show_peaks(report, section, runs);
    }
    HM_TRY(hm_report_internals(report, section, runs));
    return hm_report_liquid(report, section, runs);
}

/* ---- against the reference ---- */

enum hm_status hm_report_comparison(struct hm_report *report, const struct hm_report_runs *runs)
{
    const struct hm_analysis *a = runs->analysis;
    if (!a || !runs->reference || a->ndivergence == 0) return HM_OK;
    struct hm_report_section *section = hm_report_add_section(
        report, "reference", "Against the reference",
        "Trajectories of one start part sooner or later, exact ones too; what is physics is in the distributions.");
    struct hm_plot *plot = hm_report_add_plot(report, section,
                                              &(struct hm_plot){.kind = HM_PLOT_SCATTER,
                                                                .id = "divergence",
                                                                .title = "Positions part from those of the reference.",
                                                                .caption = "rms over atoms, at equal times.",
                                                                .xlabel = "step",
                                                                .ylabel = "rms difference, \u00c5",
                                                                .xlog = true,
                                                                .ylog = true});
    struct hm_plot_series *series =
        hm_report_add_series(report, plot, "rms difference", HM_MARK_BOTH, 0, a->ndivergence, false);
    for (size_t k = 0; series && k < a->ndivergence; k++) {
        series->x[k] = (double)a->divergence[k].step;
        series->y[k] = a->divergence[k].rms_angstrom;
    }
    return report->status;
}
