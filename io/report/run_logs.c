/* What a run wrote down of its decisions, its injections and its training. */
#include "io/report/report_internal.h"

#include "io/analysis/analysis_internal.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double time_ps(const struct hm_run *run, int64_t step)
{
    return (double)step * run->info.timestep * HM_TIME_PS;
}

/* ---- decisions ---- */

enum { SIGNAL, THRESHOLD, COMMITTEE, BASE_DIFFERENCE, EXTREMENESS, SIGNALS };

static const char *const signal_names[SIGNALS] = {"signal", "threshold", "committee", "base difference", "extremeness"};

struct decisions {
    struct hm_thin of[SIGNALS];
    size_t known[SIGNALS], positive[SIGNALS];
    int64_t count[2][HM_REASON_COUNT], first[2][HM_REASON_COUNT], last[2][HM_REASON_COUNT]; /* predicted, exact */
    const struct hm_run *run;
};

static void add_decision(void *self, const struct hm_decision_record *r, size_t steps)
{
    struct decisions *d = self;
    const double value[SIGNALS] = {(double)r->signal, (double)r->threshold, (double)r->committee,
                                   (double)r->base_difference, (double)r->extremeness};
    for (int s = 0; s < SIGNALS; s++) {
        hm_thin_add(&d->of[s], time_ps(d->run, r->step), value[s]);
        d->known[s] += isfinite(value[s]);
        d->positive[s] += value[s] > 0;
    }
    const int exact = r->action == HM_INJECT;
    if (r->reason >= HM_REASON_COUNT) return;
    if (d->count[exact][r->reason] == 0) d->first[exact][r->reason] = r->step;
    d->count[exact][r->reason] += (int64_t)steps;
    d->last[exact][r->reason] = r->step + (int64_t)steps - 1;
}

static enum hm_status read_decisions(struct hm_report *report, const struct hm_run *run, struct decisions *d)
{
    d->run = run;
    for (int s = 0; s < SIGNALS; s++)
        if (!hm_thin_create(report, run->info.ndecision, &d->of[s])) return report->status;
    const enum hm_status status = hm_run_walk_decisions(run, add_decision, d);
    for (int s = 0; s < SIGNALS; s++) hm_thin_finish(&d->of[s]);
    return status;
}

static void show_reasons(struct hm_report *report, struct hm_report_section *section, const struct decisions *d)
{
    static const char *const texts[HM_REASON_COUNT] = {
#define HM_REASON(name, word, text) [name] = text,
#include "io/reasons.def"
#undef HM_REASON
    };
    static const char *const heading[] = {"step was", "reason", "steps", "first", "last", "which means"};
    struct hm_report_table *table =
        hm_report_add_table(report, section, "reasons", "Why steps were predicted or exact", 6, heading);
    for (int exact = 1; exact >= 0; exact--)
        for (int r = 0; r < HM_REASON_COUNT; r++)
            if (d->count[exact][r] > 0)
                hm_report_add_row(report, table,
                                  (const char *[]){exact ? "exact" : "predicted", hm_reason_word((enum hm_reason)r),
                                                   hm_report_text(report, "%lld", (long long)d->count[exact][r]),
                                                   hm_report_text(report, "%lld", (long long)d->first[exact][r]),
                                                   hm_report_text(report, "%lld", (long long)d->last[exact][r]),
                                                   texts[r]});
}

/* Signals, and the threshold they are held against; logarithmic where all of them are above zero. */
static void show_signals(struct hm_report *report, struct hm_plot *plot, const struct decisions *d)
{
    plot->ylog = true;
    for (int s = 0; s < SIGNALS; s++)
        if (d->known[s] > 0) {
            plot->ylog = plot->ylog && d->positive[s] > 0;
            hm_thin_show(report, plot, signal_names[s], HM_MARK_LINE, s == THRESHOLD ? HM_PLOT_GREY : s, &d->of[s], 0);
        }
}

enum hm_status hm_report_decisions(struct hm_report *report, const struct hm_report_runs *runs)
{
    if (runs->run->info.ndecision == 0) return HM_OK;
    struct decisions *d = calloc(1, sizeof *d);
    if (!d) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading decisions");
    enum hm_status status = read_decisions(report, runs->run, d);
    if (status == HM_OK) {
        struct hm_report_section *section = hm_report_add_section(report, "decisions", "Decisions", "");
        bool any = false;
        for (int s = 0; s < SIGNALS; s++) any = any || d->known[s] > 0;
        if (any) {
            struct hm_plot *plot = hm_report_add_timeline(
                report, section, "signals", "Signals against thresholds.",
                "Signal is what the policy compared with its threshold; the others are what the prediction "
                "knew of itself. Marks below: exact steps.",
                "signal", false);
            if (plot) show_signals(report, plot, d);
            status = hm_report_mark_exact(report, runs, plot);
        }
        show_reasons(report, section, d);
    }
    free(d);
    return status == HM_OK ? report->status : status;
}

/* ---- injections ---- */

struct injections {
    const struct hm_run *run;
    struct hm_thin residual, seconds, iterations;
    size_t residuals, times, iterated;
};

static void add_injection(void *self, const void *record)
{
    struct injections *j = self;
    const struct hm_injection_record *r = record;
    const double t = time_ps(j->run, r->step);
    hm_thin_add(&j->residual, t, r->residual_relative);
    hm_thin_add(&j->seconds, t, r->seconds > 0 ? r->seconds : NAN);
    hm_thin_add(&j->iterations, t, r->iterations > 0 ? (double)r->iterations : (double)NAN);
    j->residuals += r->residual_relative > 0;
    j->times += r->seconds > 0;
    j->iterated += r->iterations > 1;
}

static enum hm_status read_injections(struct hm_report *report, const struct hm_run *run, struct injections *j)
{
    const size_t total = run->info.ninjection;
    if (!hm_thin_create(report, total, &j->residual) || !hm_thin_create(report, total, &j->seconds) ||
        !hm_thin_create(report, total, &j->iterations))
        return report->status;
    const enum hm_status status = hm_trajectory_walk(run->trajectory, HM_TABLE_INJECTIONS, add_injection, j);
    hm_thin_finish(&j->residual);
    hm_thin_finish(&j->seconds);
    hm_thin_finish(&j->iterations);
    return status;
}

enum hm_status hm_report_injections(struct hm_report *report, const struct hm_report_runs *runs)
{
    struct injections j = {.run = runs->run};
    if (runs->run->info.ninjection == 0) return HM_OK;
    HM_TRY(read_injections(report, runs->run, &j));
    if (j.residuals + j.times + j.iterated == 0) return HM_OK;
    struct hm_report_section *section =
        hm_report_add_section(report, "injections", "At injections",
                              "Where the exact force was asked for, it also says how wrong the prediction was.");
    const enum hm_plot_mark mark = runs->run->info.ninjection < 400 ? HM_MARK_BOTH : HM_MARK_LINE;
    if (j.residuals > 0) {
        struct hm_plot *plot = hm_report_add_timeline(
            report, section, "residual", "Kick error at injections.",
            "rms difference of predicted and exact kick, over the rms exact kick.", "relative error", true);
        hm_thin_show(report, plot, "kick error", mark, 0, &j.residual, 0);
    }
    if (j.times > 0) {
        struct hm_plot *plot =
            hm_report_add_timeline(report, section, "oracle-seconds", "Wall time of an exact force.", "", "s", true);
        hm_thin_show(report, plot, "seconds", mark, 1, &j.seconds, 0);
    }
    if (j.iterated > 0) {
        struct hm_plot *plot = hm_report_add_timeline(report, section, "oracle-iterations",
                                                      "Iterations of an exact force.", "", "iterations", false);
        hm_thin_show(report, plot, "iterations", mark, 2, &j.iterations, 0);
    }
    return report->status;
}

/* ---- training ---- */

static void show_episode(struct hm_report *report, struct hm_report_table *table, const struct hm_training_record *r)
{
    hm_report_add_row(
        report, table,
        (const char *[]){hm_report_text(report, "%lld", (long long)r->step),
                         hm_report_text(report, "%d", (int)r->member), hm_report_text(report, "%d", (int)r->version),
                         r->accepted ? "yes" : "no", hm_report_number(report, r->held_out_before, 3),
                         hm_report_number(report, r->held_out_after, 3), hm_report_number(report, r->loss_after, 3),
                         hm_report_text(report, "%.0f", r->samples), hm_report_number(report, r->seconds, 3)});
}

static void show_losses(struct hm_report *report, const struct hm_run *run, struct hm_report_section *section,
                        const struct hm_training_record *records, size_t count)
{
    static const char *const names[] = {"training loss", "held out, before", "held out, after", "accepted"};
    struct hm_plot *plot = hm_report_add_plot(
        report, section,
        &(struct hm_plot){
            .kind = HM_PLOT_SCATTER,
            .id = "training-loss",
            .title = "Training.",
            .caption = "Errors of each episode, over the rms; held-out samples decide which weights are accepted.",
            .xlabel = "time, ps",
            .ylabel = "relative error",
            .ylog = true});
    for (int s = 0; s < 4; s++) {
        struct hm_plot_series *series = hm_report_add_series(
            report, plot, names[s], s == 0 ? HM_MARK_BOTH : HM_MARK_POINTS, s == 1 ? HM_PLOT_GREY : s, count, false);
        const char **label = series ? hm_report_alloc(report, count, sizeof *label) : NULL;
        if (!label) return;
        series->label = label;
        for (size_t k = 0; k < count; k++) {
            const struct hm_training_record *r = &records[k];
            const double value[] = {r->loss_after, r->held_out_before, r->held_out_after, r->held_out_after};
            series->x[k] = time_ps(run, r->step);
            series->y[k] = s == 3 && !r->accepted ? NAN : value[s];
            label[k] = hm_report_text(report, "%s, version %d of member %d", names[s], (int)r->version, (int)r->member);
        }
    }
}

enum hm_status hm_report_training(struct hm_report *report, const struct hm_report_runs *runs)
{
    enum { MOST = 2000 };
    static const char *const heading[] = {"step",           "member",        "version", "accepted", "held out before",
                                          "held out after", "training loss", "samples", "seconds"};
    const size_t total = runs->run->info.ntraining, count = total < MOST ? total : MOST;
    if (count == 0) return HM_OK;
    struct hm_training_record *records = malloc(count * sizeof *records);
    if (!records) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading training");
    const enum hm_status status = hm_trajectory_read_training(runs->run->trajectory, 0, count, records);
    size_t shown = 0;
    for (size_t k = 0; status == HM_OK && k < count; k++)
        shown += records[k].loss_after > 0 || records[k].held_out_after > 0 || records[k].held_out_before > 0;
    if (status == HM_OK) {
        struct hm_report_section *section = hm_report_add_section(report, "training", "Training", "");
        if (shown > 0) show_losses(report, runs->run, section, records, count);
        struct hm_report_table *table = hm_report_add_table(report, section, "episodes", "Episodes", 9, heading);
        if (table) table->folded = count > 12;
        for (size_t k = 0; k < count; k++) show_episode(report, table, &records[k]);
        if (count < total)
            hm_report_add_note(report, section, hm_report_text(report, "The first %zu of %zu episodes.", count, total));
    }
    free(records);
    return status == HM_OK ? report->status : status;
}
