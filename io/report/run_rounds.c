/* Strides of a learned action: the energy where their rounds end against the gate, iterations, and how reversible. */
#include "io/report/report_internal.h"

#include "io/analysis/analysis_internal.h"
#include "io/units.h"

#include <float.h>
#include <math.h>

/* How a round ended. */
enum { WHOLE, CUT, REFUSED, NOWHERE, NONE, ENDS };

struct rounds {
    const struct hm_run *run;
    struct hm_thin kept, refused, iterations, reversibility;
    size_t ended[ENDS], strides[ENDS];
    double farthest; /* energy of any round */
    size_t returned; /* with a residual of reversibility */
};

static int end_of(const struct hm_round_record *r)
{
    if (r->strides == 0) return NONE;
    if (!r->committed) return isnan(r->energy_change) ? NOWHERE : REFUSED;
    return r->strides < r->tried ? CUT : WHOLE;
}

static void add_round(void *self, const void *record)
{
    struct rounds *s = self;
    const struct hm_round_record *r = record;
    const double t = (double)r->step * s->run->info.timestep * HM_TIME_PS, moved = fabs(r->energy_change);
    const int end = end_of(r);
    hm_thin_add(&s->kept, t, r->committed ? moved : NAN);
    hm_thin_add(&s->refused, t, end == REFUSED ? moved : NAN);
    hm_thin_add(&s->iterations, t, r->tried > 0 ? (double)r->iterations / (double)r->tried : (double)NAN);
    hm_thin_add(&s->reversibility, t, r->reversibility < DBL_EPSILON ? DBL_EPSILON : r->reversibility);
    s->ended[end]++;
    s->strides[end] += (size_t)r->strides;
    s->farthest = fmax(s->farthest, moved);
    if (isfinite(r->reversibility)) s->returned++;
}

static enum hm_status read_rounds(struct hm_report *report, const struct hm_run *run, struct rounds *s)
{
    struct hm_thin *thin[] = {&s->kept, &s->refused, &s->iterations, &s->reversibility};
    enum { THIN = sizeof thin / sizeof *thin };
    for (int k = 0; k < THIN; k++)
        if (!hm_thin_create(report, run->info.nround, thin[k])) return report->status;
    HM_TRY(hm_trajectory_walk(run->trajectory, HM_TABLE_ROUNDS, add_round, s));
    for (int k = 0; k < THIN; k++) hm_thin_finish(thin[k]);
    return HM_OK;
}

/* A gate that is out of sight would squeeze everything else. */
static void show_gate(struct hm_report *report, struct hm_plot *plot, const struct rounds *s)
{
    const double gate = hm_run_setting(s->run, "predictor.gate");
    if (!(gate > 0) || gate > 1e3 * s->farthest) return;
    struct hm_plot_series *series = hm_report_add_series(report, plot, "gate", HM_MARK_RULE, HM_PLOT_GREY, 1, false);
    if (!series) return;
    series->x[0] = s->kept.x[0];
    series->y[0] = gate;
}

static void show_energies(struct hm_report *report, struct hm_report_section *section, const struct rounds *s,
                          enum hm_plot_mark mark)
{
    struct hm_plot *plot =
        hm_report_add_timeline(report, section, "rounds", "Energy where rounds end.",
                               "The exact energy's distance from where the first round began, over the mean kinetic "
                               "energy. Beyond the gate the strides of a round have not happened.",
                               "|E \u2212 E_ref| / mean K", true);
    hm_thin_show(report, plot, "rounds that count", mark, 0, &s->kept, 0);
    if (s->ended[REFUSED] > 0) hm_thin_show(report, plot, "refused by the gate", HM_MARK_POINTS, 1, &s->refused, 0);
    if (plot) show_gate(report, plot, s);
}

static void show_ends(struct hm_report *report, struct hm_report_section *section, const struct rounds *s)
{
    static const char *const heading[] = {"round", "rounds", "strides"};
    static const char *const texts[ENDS] = {
        [WHOLE] = "counts, every stride of it solved",
        [CUT] = "counts, up to a stride without a solution or outside what was learned",
        [REFUSED] = "refused by the gate: taken back",
        [NOWHERE] = "led to where there is no energy: taken back",
        [NONE] = "ended with its first stride, without a solution or outside what was learned",
    };
    struct hm_report_table *table =
        hm_report_add_table(report, section, "round-ends", "What became of rounds", 3, heading);
    for (int end = 0; end < ENDS; end++)
        if (s->ended[end] > 0)
            hm_report_add_row(report, table,
                              (const char *[]){texts[end], hm_report_text(report, "%zu", s->ended[end]),
                                               hm_report_text(report, "%zu", s->strides[end])});
}

enum hm_status hm_report_rounds(struct hm_report *report, const struct hm_report_runs *runs)
{
    const struct hm_run *run = runs->run;
    struct rounds s = {.run = run};
    if (run->info.nround == 0) return HM_OK;
    HM_TRY(read_rounds(report, run, &s));
    const enum hm_plot_mark mark = run->info.nround < 400 ? HM_MARK_BOTH : HM_MARK_LINE;
    struct hm_report_section *section =
        hm_report_add_section(report, "strides", "Strides",
                              "Many steps at once by a learned action. Every round of them ends with an exact force, "
                              "which says how far the energy has moved.");
    show_energies(report, section, &s, mark);
    struct hm_plot *plot = hm_report_add_timeline(report, section, "stride-iterations", "Iterations of a stride.",
                                                  "Mean of each round.", "iterations", false);
    hm_thin_show(report, plot, "iterations", mark, 2, &s.iterations, 0);
    if (s.returned > 0) {
        plot = hm_report_add_timeline(
            report, section, "reversibility", "Strides taken back.",
            "The last stride of a round, taken back from where it ended: how far from its start that leads, over the "
            "length of the stride. What is below rounding is drawn at 2e-16.",
            "residual", true);
        hm_thin_show(report, plot, "reversibility", mark, 3, &s.reversibility, 0);
    }
    show_ends(report, section, &s);
    return report->status;
}
