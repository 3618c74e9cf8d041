/* Error against how much was exact, and against what it cost. */
#include "io/report/sweep_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SYSTEMS = 6 };

/* ---- axes by what they mean ---- */

/* What makes another physical system: results of two of them are not to be weighed against each other. */
static unsigned system_mask(const struct hm_sweep_view *view)
{
    unsigned mask = 0;
    for (size_t k = 0; k < view->nshown; k++) {
        const char *name = view->index->axis[view->shown[k]];
        if (strncmp(name, "hamiltonian", 11) == 0 || strncmp(name, "system", 6) == 0) mask |= 1U << k;
    }
    return mask;
}

/* All but those that say how often a force is exact: they are along the axis of the plot. */
static unsigned series_mask(const struct hm_sweep_view *view)
{
    unsigned mask = 0;
    for (size_t k = 0; k < view->nshown; k++)
        if (!strstr(view->index->axis[view->shown[k]], "frequency")) mask |= 1U << k;
    return mask;
}

static const char *series_name(struct hm_report *report, const struct hm_sweep_view *view,
                               const struct hm_sweep_group *group, unsigned mask)
{
    const char *axes = hm_sweep_view_name(report, view, group, mask);
    const char *kind = strcmp(group->kind, "run") == 0 && *axes ? "" : group->kind;
    return hm_report_text(report, "%s%s%s", kind, *kind && *axes ? ", " : "", axes);
}

/* ---- error against fraction ---- */

static const struct hm_spread *error_of(const struct hm_sweep_group *group, bool residual)
{
    return residual ? &group->residual : &group->deviation;
}

static bool same_series(const struct hm_sweep_view *view, const struct hm_sweep_group *a,
                        const struct hm_sweep_group *b, unsigned mask)
{
    return strcmp(a->kind, b->kind) == 0 && hm_sweep_groups_agree(view, a, b, mask, false);
}

/* Baselines that predict nothing have no error of their predictions. */
static bool predicts(const struct hm_sweep_group *group)
{
    static const char *const none[] = {"exact", "stretched", "longest_stable"};
    for (size_t k = 0; k < sizeof none / sizeof *none; k++)
        if (strcmp(group->kind, none[k]) == 0) return false;
    return true;
}

static bool shows(const struct hm_sweep_group *group, bool residual)
{
    return error_of(group, residual)->median > 0 && group->forces.median > 0 && (!residual || predicts(group));
}

static int by_x(const void *left, const void *right)
{
    const struct hm_sweep_group *const *a = left, *const *b = right;
    return ((*a)->forces.median > (*b)->forces.median) - ((*a)->forces.median < (*b)->forces.median);
}

static void set_point(struct hm_report *report, const struct hm_sweep_view *view, struct hm_plot_series *series,
                      size_t k, const struct hm_sweep_group *group, double x, const struct hm_spread *error)
{
    series->x[k] = x;
    series->y[k] = error->median;
    series->low[k] = error->low;
    series->high[k] = error->high;
    series->label[k] = hm_report_text(report, "%s%s%s; %zu of %zu runs finished", group->kind, view->nshown ? ", " : "",
                                      hm_sweep_view_name(report, view, group, ~0U), group->finished, group->runs);
}

/* The points of one series, from left to right; the exact baseline is a line across. */
static void add_errors(struct hm_report *report, struct hm_plot *plot, const struct hm_sweep_view *view, size_t leader,
                       unsigned mask, bool residual, int colour)
{
    const struct hm_sweep_group *lead = &view->group[leader];
    const bool exact = strcmp(lead->kind, "exact") == 0;
    const struct hm_sweep_group **point = hm_report_alloc(report, view->ngroup, sizeof *point);
    size_t count = 0;
    for (size_t g = leader; point && g < view->ngroup; g++)
        if (same_series(view, lead, &view->group[g], mask) && shows(&view->group[g], residual))
            point[count++] = &view->group[g];
    if (count == 0) return;
    qsort(point, count, sizeof *point, by_x);
    struct hm_plot_series *series = hm_report_add_series(report, plot, series_name(report, view, lead, mask),
                                                         exact ? HM_MARK_RULE : HM_MARK_BOTH, colour, count, true);
    if (!series || !(series->label = hm_report_alloc(report, count, sizeof *series->label))) return;
    for (size_t k = 0; k < count; k++)
        set_point(report, view, series, k, point[k], point[k]->forces.median, error_of(point[k], residual));
}

static bool leads_series(const struct hm_sweep_view *view, size_t group, unsigned mask)
{
    for (size_t g = 0; g < group; g++)
        if (same_series(view, &view->group[g], &view->group[group], mask)) return false;
    return true;
}

/* The exact baseline has the colour of the runs it belongs to; grey where it belongs to several. */
static int colour_of_runs(const struct hm_plot *plot, const char *axes)
{
    for (size_t s = 0; s < plot->nseries; s++)
        if (strcmp(plot->series[s].name, axes) == 0) return plot->series[s].colour;
    return HM_PLOT_GREY;
}

static void show_errors(struct hm_report *report, struct hm_report_section *section, const struct hm_sweep_view *view,
                        bool residual)
{
    const unsigned mask = series_mask(view);
    bool any = false;
    int colour = 0;
    for (size_t g = 0; g < view->ngroup; g++) any = any || shows(&view->group[g], residual);
    if (!any) return;
    struct hm_plot *plot = hm_report_add_plot(
        report, section,
        &(struct hm_plot){
            .kind = HM_PLOT_SCATTER,
            .id = residual ? "residual-fraction" : "error-fraction",
            .title = residual ? "Kick error against injection fraction." : "Energy error against injection fraction.",
            .caption = residual ? "rms at injections, over the rms kick; median of the seeds, from least to largest."
                                : "The larger of drift and largest block deviation, over the mean kinetic energy; "
                                  "median of the seeds, from least to largest. Broken lines: exact runs, the floor. "
                                  "Plain leapfrog stands at as many forces as it takes.",
            .xlabel = "exact forces per step",
            .ylabel = residual ? "relative kick error" : "deviation",
            .xlog = true,
            .ylog = true});
    for (size_t g = 0; plot && g < view->ngroup; g++) {
        if (!leads_series(view, g, mask)) continue;
        const size_t before = plot->nseries;
        const bool exact = strcmp(view->group[g].kind, "exact") == 0;
        const char *axes = hm_sweep_view_name(report, view, &view->group[g], mask);
        add_errors(report, plot, view, g, mask, residual, exact ? colour_of_runs(plot, axes) : colour);
        if (plot->nseries > before && !exact) colour++;
    }
    if (plot && plot->nseries == HM_PLOT_SERIES)
        hm_report_add_note(report, section, "Only the first series are drawn; the tables have them all.");
}

void hm_report_sweep_errors(struct hm_report *report, struct hm_report_section *section,
                            const struct hm_sweep_view *view)
{
    show_errors(report, section, view, false);
    show_errors(report, section, view, true);
}

/* ---- error against cost ---- */

static const struct hm_spread *cost_of(const struct hm_sweep_group *group, bool wall)
{
    return wall ? &group->wall_per_ps : &group->calls_per_ps;
}

static bool weighs(const struct hm_sweep_group *group, bool wall)
{
    return cost_of(group, wall)->median > 0 && group->deviation.median > 0;
}

/* Nothing of this system is both cheaper and better. */
static bool on_front(const struct hm_sweep_view *view, const struct hm_sweep_group *group, unsigned systems, bool wall)
{
    for (size_t g = 0; g < view->ngroup; g++) {
        const struct hm_sweep_group *other = &view->group[g];
        if (other == group || !weighs(other, wall) || !hm_sweep_groups_agree(view, other, group, systems, false))
            continue;
        const double cost = cost_of(other, wall)->median - cost_of(group, wall)->median;
        const double error = other->deviation.median - group->deviation.median;
        if (cost <= 0 && error <= 0 && (cost < 0 || error < 0)) return false;
    }
    return true;
}

static int by_place(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (a[0] > b[0]) - (a[0] < b[0]);
}

static void add_front(struct hm_report *report, struct hm_plot *plot, const struct hm_sweep_view *view, size_t system,
                      unsigned systems, bool wall)
{
    double(*front)[2] = hm_report_alloc(report, view->ngroup, sizeof *front);
    size_t count = 0;
    for (size_t g = 0; front && g < view->ngroup; g++) {
        const struct hm_sweep_group *group = &view->group[g];
        if (!weighs(group, wall) || !hm_sweep_groups_agree(view, group, &view->group[system], systems, false)) continue;
        if (!on_front(view, group, systems, wall)) continue;
        front[count][0] = cost_of(group, wall)->median;
        front[count++][1] = group->deviation.median;
    }
    if (count == 0) return;
    qsort(front, count, sizeof *front, by_place);
    struct hm_plot_series *series = hm_report_add_series(report, plot, "front: nothing cheaper is better", HM_MARK_LINE,
                                                         HM_PLOT_GREY, count, false);
    for (size_t k = 0; series && k < count; k++) {
        series->x[k] = front[k][0];
        series->y[k] = front[k][1];
    }
}

static void add_costs(struct hm_report *report, struct hm_plot *plot, const struct hm_sweep_view *view, size_t system,
                      size_t leader, unsigned systems, bool wall, int colour)
{
    const struct hm_sweep_group *lead = &view->group[leader];
    size_t count = 0;
    struct hm_plot_series *series =
        hm_report_add_series(report, plot, lead->kind, HM_MARK_POINTS, colour, view->ngroup, true);
    if (!series || !(series->label = hm_report_alloc(report, view->ngroup, sizeof *series->label))) return;
    for (size_t g = leader; g < view->ngroup; g++) {
        const struct hm_sweep_group *group = &view->group[g];
        if (strcmp(group->kind, lead->kind) != 0 || !weighs(group, wall)) continue;
        if (!hm_sweep_groups_agree(view, group, &view->group[system], systems, false)) continue;
        set_point(report, view, series, count++, group, cost_of(group, wall)->median, &group->deviation);
    }
    series->count = count;
    if (count == 0) plot->nseries--;
}

static void show_costs(struct hm_report *report, struct hm_report_section *section, const struct hm_sweep_view *view,
                       size_t system, size_t number, bool wall)
{
    const unsigned systems = system_mask(view);
    const char *name = hm_sweep_view_name(report, view, &view->group[system], systems);
    struct hm_plot *plot = hm_report_add_plot(
        report, section,
        &(struct hm_plot){.kind = HM_PLOT_SCATTER,
                          .id = hm_report_text(report, "cost-%s-%zu", wall ? "wall" : "forces", number),
                          .title = hm_report_text(report, "Error against %s%s%s.", wall ? "wall time" : "exact forces",
                                                  *name ? ", " : "", name),
                          .caption = wall ? "Wall time is that of this machine, training and frames included."
                                          : "All exact forces of a run, those of the warm-up included.",
                          .xlabel = wall ? "seconds per simulated ps" : "exact forces per simulated ps",
                          .ylabel = "deviation",
                          .xlog = true,
                          .ylog = true});
    int colour = 0;
    if (plot) add_front(report, plot, view, system, systems, wall);
    for (size_t g = 0; plot && g < view->ngroup; g++) {
        bool leads = true;
        for (size_t k = 0; k < g && leads; k++) leads = strcmp(view->group[k].kind, view->group[g].kind) != 0;
        if (leads) add_costs(report, plot, view, system, g, systems, wall, colour++);
    }
}

void hm_report_sweep_costs(struct hm_report *report, struct hm_report_section *section,
                           const struct hm_sweep_view *view)
{
    const unsigned systems = system_mask(view);
    size_t number = 0;
    for (size_t g = 0; g < view->ngroup && number < MOST_SYSTEMS; g++) {
        bool leads = weighs(&view->group[g], false), timed = false;
        for (size_t k = 0; k < g && leads; k++)
            leads = !weighs(&view->group[k], false) ||
                    !hm_sweep_groups_agree(view, &view->group[k], &view->group[g], systems, false);
        if (!leads) continue;
        for (size_t k = g; k < view->ngroup; k++) timed = timed || weighs(&view->group[k], true);
        show_costs(report, section, view, g, ++number, false);
        if (timed) show_costs(report, section, view, g, number, true);
    }
}
