/* The study of a run: how far branches of pure prediction come from exact ones, and the law by which they part. */
#include "io/report/report_internal.h"

#include "io/analysis/analysis_internal.h"
#include "io/analysis/growth.h"

#include <math.h>

struct hm_plot *hm_report_add_divergence_plot(struct hm_report *report, struct hm_report_section *section,
                                              enum hm_divergence which)
{
    const char *what = which == HM_DIVERGENCE_POSITION
                           ? "Positions"
                           : hm_report_text(report, "The %s energies", hm_divergence_name(which));
    return hm_report_add_plot(
        report, section,
        &(struct hm_plot){.kind = HM_PLOT_SCATTER,
                          .id = hm_report_text(report, "growth-%s", hm_divergence_name(which)),
                          .title = hm_report_text(report, "%s part.", what),
                          .caption = "rms over branches, with intervals of 95 %.",
                          .xlabel = "unforced steps",
                          .ylabel = hm_report_text(report, "rms difference, %s", hm_divergence_unit(which)),
                          .xlog = true,
                          .ylog = true});
}

void hm_report_add_divergence(struct hm_report *report, struct hm_plot *plot, const char *name, int colour,
                              const struct hm_study_curves *s, const struct hm_divergence_curve *curve)
{
    struct hm_plot_series *series = hm_report_add_series(report, plot, name, HM_MARK_BOTH, colour, s->points, true);
    for (size_t k = 0; series && k < s->points; k++) {
        series->x[k] = (double)s->unforced[k];
        series->y[k] = curve->rms[k];
        series->low[k] = curve->low[k];
        series->high[k] = curve->high[k];
    }
}

/* The law that was fitted, as far as it was: d(1) n^p, or d(1) exp(c (n - 1)). */
static void add_law(struct hm_report *report, struct hm_plot *plot, const struct hm_study_curves *s,
                    const struct hm_growth *g)
{
    const char *name = hm_report_text(report, "%s law", hm_law_name(g->law));
    if (g->law != HM_LAW_POWER && g->law != HM_LAW_EXPONENTIAL) return;
    struct hm_plot_series *series = hm_report_add_series(report, plot, name, HM_MARK_LINE, 1, s->points, false);
    for (size_t k = 0; series && k < s->points; k++) {
        const double n = (double)s->unforced[k];
        const double d = g->law == HM_LAW_POWER ? pow(n, g->exponent.value) : exp(g->rate_per_step.value * (n - 1));
        series->x[k] = n;
        series->y[k] = n >= 1 && g->one_step.value * d <= g->saturation ? g->one_step.value * d : NAN;
    }
}

static void show_divergence(struct hm_report *report, struct hm_report_section *section,
                            const struct hm_study_curves *s, enum hm_divergence which)
{
    const struct hm_divergence_curve *curve = &s->predicted[which];
    bool any = false;
    for (size_t k = 0; k < s->points; k++) any = any || curve->rms[k] > 0;
    struct hm_plot *plot = any ? hm_report_add_divergence_plot(report, section, which) : NULL;
    if (!plot) return;
    hm_report_add_divergence(report, plot, "predicted", 0, s, curve);
    if (s->has_baseline)
        hm_report_add_divergence(report, plot, "first kick predicted, then exact", HM_PLOT_GREY, s,
                                 &s->baseline[which]);
    add_law(report, plot, s, &curve->growth);
}

const char *hm_report_interval(struct hm_report *report, const struct hm_interval *i)
{
    if (!isfinite(i->value)) return "\u2013";
    return hm_report_text(report, "%s (%s to %s)", hm_report_number(report, i->value, 3),
                          hm_report_number(report, i->low, 3), hm_report_number(report, i->high, 3));
}

static void add_row(struct hm_report *report, struct hm_report_table *table, enum hm_divergence which,
                    const char *branch, const struct hm_growth *g)
{
    hm_report_add_row(
        report, table,
        (const char *[]){hm_divergence_name(which), branch, hm_law_name(g->law),
                         hm_report_interval(report, &g->exponent), hm_report_interval(report, &g->rate_per_ps),
                         hm_report_interval(report, &g->one_step), hm_report_interval(report, &g->saturated_after),
                         hm_report_number(report, g->support, 2)});
}

enum hm_status hm_report_study(struct hm_report *report, const struct hm_report_runs *runs)
{
    static const char *const heading[] = {"difference of",  "branches",        "law",    "power", "rate, 1/ps",
                                          "after one step", "saturates after", "support"};
    if (!runs->analysis || runs->analysis->study.points == 0) return HM_OK;
    const struct hm_study_curves *s = &runs->analysis->study;
    struct hm_report_section *section = hm_report_add_section(
        report, "study", "How errors accumulate",
        hm_report_text(
            report,
            "%zu branches of pure prediction of up to %lld steps beside exact ones from the same states; %zu left "
            "physics before their end. Beside them branches of which only the first kick was predicted: what the "
            "dynamics itself makes of one error.",
            s->nbranch, (long long)s->branch_steps, s->ended));
    for (int which = 0; which < HM_DIVERGENCE_COUNT; which++)
        show_divergence(report, section, s, (enum hm_divergence)which);
    struct hm_report_table *table =
        hm_report_add_table(report, section, "growth", "Laws of growth, with intervals of 95 %", 8, heading);
    for (int which = 0; which < HM_DIVERGENCE_COUNT; which++) {
        add_row(report, table, (enum hm_divergence)which, "predicted", &s->predicted[which].growth);
        if (s->has_baseline)
            add_row(report, table, (enum hm_divergence)which, "first kick only", &s->baseline[which].growth);
    }
    return report->status;
}
