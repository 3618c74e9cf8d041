/* The report of a run, from top to bottom. What cannot be read is left out with a remark. */
#include "io/report/report_internal.h"

#include "io/analysis/analysis_internal.h"
#include "io/analysis/analyze.h"
#include "io/elements.h"
#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <string.h>

/* "HCl", "C2 H6 O": in order of appearance. */
static const char *formula(struct hm_report *report, const struct hm_frame *frame)
{
    const char *text = "";
    for (size_t i = 0; i < frame->natom; i++) {
        size_t count = 0;
        bool seen = false;
        for (size_t k = 0; k < frame->natom; k++) {
            seen = seen || (k < i && frame->number[k] == frame->number[i]);
            count += frame->number[k] == frame->number[i];
        }
        if (seen) continue;
        const char *symbol = hm_element_symbol(frame->number[i]);
        text = count > 1 ? hm_report_text(report, "%s%s%zu", text, symbol, count)
                         : hm_report_text(report, "%s%s", text, symbol);
    }
    return text;
}

static void add_title(struct hm_report *report, const char *path, const struct hm_report_runs *runs)
{
    char simulated[32];
    const struct hm_run *run = runs->run;
    const char *name = strrchr(path, '/');
    hm_format_simulated((double)run->steps * run->info.timestep, simulated, sizeof simulated);
    report->title = hm_report_text(report, "%s", name ? name + 1 : path);
    report->subtitle =
        hm_report_text(report, "%s, %zu atom%s: %lld of %lld steps of %.4g fs, %s", formula(report, &run->frame),
                       run->frame.natom, run->frame.natom == 1 ? "" : "s", (long long)run->steps,
                       (long long)run->info.steps, run->info.timestep * HM_TIME_FS, simulated);
}

static void add_number(struct hm_report *report, const char *name, double value, const char *unit)
{
    if (isfinite(value))
        hm_report_add_fact(report, name, hm_report_text(report, "%s%s", hm_report_number(report, value, 3), unit));
}

static void add_strides(struct hm_report *report, const struct hm_analysis *a)
{
    if (!isfinite(a->strides)) return;
    hm_report_add_fact(report, hm_report_text(report, "strides of %s fs", hm_report_number(report, a->stride_fs, 3)),
                       hm_report_text(report, "%.0f", a->strides));
    hm_report_add_fact(report, "rounds of strides refused",
                       hm_report_text(report, "%.0f of %.0f", a->rounds_refused, a->rounds));
    add_number(report, "iterations of a stride", a->iterations_per_stride, "");
    add_number(report, "energy off in the last tenth of the rounds", a->round_energy_drift_kT, " kT");
}

static void add_facts(struct hm_report *report, const struct hm_report_runs *runs)
{
    const struct hm_analysis *a = runs->analysis;
    const char *status = strcmp(runs->run->info.status, "running") == 0 ? "running, or killed" : runs->run->info.status;
    hm_report_add_fact(report, "status", status);
    if (!a) return;
    add_number(report, "exact after the warm-up", 100 * a->injection_fraction, " %");
    add_strides(report, a);
    add_number(report, "energy drift over the run, of the mean kinetic energy", a->energy_drift_relative, "");
    add_number(report, "largest deviation of a block", a->energy_max_block_deviation_relative, "");
    add_number(report, "mean temperature", a->mean_temperature_K, " K");
    add_number(report, "rms kick error, of the rms kick", a->residual_rms_relative, "");
    add_number(report, "velocity accuracy", a->velocity_accuracy_percent, " %");
    add_number(report, "speed-up over exact, same cores", a->speedup_vs_exact, " \u00d7");
}

/* ---- figures ---- */

/* Names of analyze.h, their meaning, and what run and reference have to say. */
enum hm_status hm_report_figures(struct hm_report *report, const struct hm_report_runs *runs)
{
    static const char *const heading[] = {"section", "quantity", "value", "reference", "unit", "name"};
    if (!runs->analysis) return HM_OK;
    const struct hm_analysis *a = runs->analysis, *b = runs->reference_analysis;
    struct hm_report_section *section = hm_report_add_section(
        report, "figures", "In figures", "All that hamlet analyze says; the last column is the name in its JSON.");
    struct hm_report_table *table = hm_report_add_table(report, section, "analysis", "Analysis", 6, heading);
    const char *group = "";
#define HM_SECTION(title) group = title;
#define HM_FIELD(field, format, label, unit)                                                    \
    if (isfinite(a->field) || (b && isfinite(b->field)))                                        \
        hm_report_add_row(report, table,                                                        \
                          (const char *[]){group, label, hm_report_number(report, a->field, 6), \
                                           b ? hm_report_number(report, b->field, 6) : "", unit, #field});
#include "io/analysis/fields.def"
#undef HM_FIELD
#undef HM_SECTION
    if (a->ngroup == 0) return report->status;
    static const char *const groups[] = {"group", "kT, K", "ratio"};
    struct hm_report_table *heat =
        hm_report_add_table(report, section, "equipartition", "Where the kinetic energy sits", 3, groups);
    for (size_t g = 0; g < a->ngroup; g++)
        hm_report_add_row(report, heat,
                          (const char *[]){a->groups[g].name,
                                           hm_report_number(report, a->groups[g].kt * HM_TEMPERATURE_KELVIN, 6),
                                           hm_report_number(report, a->groups[g].ratio, 6)});
    return report->status;
}

/* ---- timing ---- */

enum hm_status hm_report_timing(struct hm_report *report, const struct hm_report_runs *runs)
{
    static const char *const names[] = {"predict", "oracle", "train", "wait", "write", "other"};
    enum { NAMES = sizeof names / sizeof *names };
    const double wall = hm_trajectory_read_timing(runs->run->trajectory, "wall");
    if (!(wall > 0)) return HM_OK; /* a run that was killed never wrote it */
    struct hm_report_section *section = hm_report_add_section(report, "time", "Wall time", "");
    struct hm_plot *plot = hm_report_add_plot(
        report, section,
        &(struct hm_plot){.kind = HM_PLOT_BARS,
                          .id = "timing",
                          .title = "Where the time went.",
                          .caption = hm_report_text(report,
                                                    "%.3g s in all, %.4g steps a second. On several ranks, oracle "
                                                    "and training are those of their ranks.",
                                                    wall, (double)runs->run->steps / wall),
                          .xlabel = "seconds"});
    struct hm_plot_series *series = hm_report_add_series(report, plot, "seconds", HM_MARK_POINTS, 0, NAMES, false);
    if (!series) return report->status;
    series->label = hm_report_alloc(report, NAMES, sizeof *series->label);
    double rest = wall;
    for (size_t k = 0; series->label && k < NAMES; k++) {
        const double seconds =
            k + 1 < NAMES ? hm_trajectory_read_timing(runs->run->trajectory, names[k]) : fmax(rest, 0);
        series->label[k] = names[k];
        series->x[k] = (double)k;
        series->y[k] = isfinite(seconds) ? seconds : 0;
        rest -= series->y[k];
    }
    return report->status;
}

/* ---- configuration ---- */

static enum hm_status add_config(struct hm_report *report, const struct hm_report_runs *runs)
{
    struct hm_archive text = {0};
    const enum hm_status status = hm_trajectory_read_config(runs->run->trajectory, &text);
    if (status == HM_OK) {
        struct hm_report_section *section =
            hm_report_add_section(report, "configuration", "Configuration", "As it was run, --set included.");
        hm_report_add_listing(report, section, (const char *)text.bytes);
    }
    hm_archive_release(&text);
    return status;
}

/* ---- the whole ---- */

static enum hm_status fill(struct hm_report *report, const struct hm_report_runs *runs)
{
    static const struct {
        const char *what;
        enum hm_status (*add)(struct hm_report *report, const struct hm_report_runs *runs);
    } parts[] = {
        {"energies", hm_report_energies},     {"decisions", hm_report_decisions}, {"strides", hm_report_rounds},
        {"injections", hm_report_injections}, {"training", hm_report_training},   {"motion", hm_report_motion},
        {"comparison", hm_report_comparison}, {"study", hm_report_study},         {"timing", hm_report_timing},
        {"figures", hm_report_figures},       {"configuration", add_config},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        HM_TRY(hm_report_forgive(report, parts[i].add(report, runs), parts[i].what));
    return report->status;
}

static enum hm_status check_reference(const struct hm_run *run, const struct hm_run *reference)
{
    bool same = run->frame.natom == reference->frame.natom;
    for (size_t i = 0; same && i < run->frame.natom; i++) same = run->frame.number[i] == reference->frame.number[i];
    return same ? HM_OK
                : hm_fail(HM_BAD_INPUT, "it holds other atoms (%zu) than the run (%zu); the run is shown by itself",
                          reference->frame.natom, run->frame.natom);
}

/* Reference, analyses and curves as far as they are to be had. */
struct parts {
    struct hm_run reference;
    struct hm_analysis *analysis, *reference_analysis;
    struct hm_curves curves, reference_curves;
};

static enum hm_status read_reference(struct hm_report *report, const char *path, struct parts *parts,
                                     struct hm_report_runs *runs)
{
    const char *what = hm_report_text(report, "reference %s", path);
    enum hm_status status = hm_run_open(path, &parts->reference);
    if (status == HM_OK) status = check_reference(runs->run, &parts->reference);
    if (status != HM_OK) return hm_report_forgive(report, status, what);
    runs->reference = &parts->reference;
    status = hm_analysis_create(path, NULL, &parts->reference_analysis);
    if (status == HM_OK) runs->reference_analysis = parts->reference_analysis;
    if (status == HM_OK) status = hm_curves_read(runs->reference, &parts->reference_curves);
    if (status == HM_OK && parts->reference_curves.valid > 2) runs->reference_curves = &parts->reference_curves;
    return hm_report_forgive(report, status, what);
}

static enum hm_status read_parts(struct hm_report *report, const char *path, const char *reference, struct parts *parts,
                                 struct hm_report_runs *runs)
{
    if (reference) HM_TRY(read_reference(report, reference, parts, runs));
    enum hm_status status = hm_analysis_create(path, runs->reference ? reference : NULL, &parts->analysis);
    if (status == HM_OK) runs->analysis = parts->analysis;
    HM_TRY(hm_report_forgive(report, status, "analysis"));
    status = hm_curves_read(runs->run, &parts->curves);
    if (status == HM_OK && parts->curves.valid > 2) runs->curves = &parts->curves;
    return hm_report_forgive(report, status, "correlations");
}

enum hm_status hm_report_fill_run(struct hm_report *report, const char *path, const char *reference)
{
    struct hm_run run;
    struct parts parts = {0};
    struct hm_report_runs runs = {.run = &run};
    HM_TRY(hm_run_open(path, &run));
    enum hm_status status = read_parts(report, path, reference, &parts, &runs);
    if (status == HM_OK) {
        add_title(report, path, &runs);
        add_facts(report, &runs);
        if (run.info.nframe == 0)
            hm_report_add_remark(report, "the file holds no frames: the run ended before the first");
        status = fill(report, &runs);
    }
    hm_analysis_destroy(&parts.analysis);
    hm_analysis_destroy(&parts.reference_analysis);
    hm_curves_release(&parts.curves);
    hm_curves_release(&parts.reference_curves);
    hm_run_close(&parts.reference);
    hm_run_close(&run);
    return status;
}
