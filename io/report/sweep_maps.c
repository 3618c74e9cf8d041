/* Maps of the error over two axes of a sweep. */
#include "io/report/sweep_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MAPS = 6 };

static double number_of(const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    return *text && end != text ? value : NAN; /* "0.25 fs" is a number, too */
}

static int by_value(const void *left, const void *right)
{
    const double a = number_of(*(const char *const *)left), b = number_of(*(const char *const *)right);
    return (a > b) - (a < b);
}

/* The values of an axis, copied: numbers from least to largest, words as they come. */
static size_t values_of(struct hm_report *report, const struct hm_sweep_view *view, size_t axis, const char ***values)
{
    size_t count = 0;
    bool numeric = true;
    *values = hm_report_alloc(report, view->ngroup, sizeof **values);
    for (size_t g = 0; *values && g < view->ngroup; g++) {
        const char *text = view->group[g].axis[axis];
        bool seen = !*text || strcmp(view->group[g].kind, "run") != 0;
        for (size_t k = 0; k < count && !seen; k++) seen = strcmp((*values)[k], text) == 0;
        if (seen) continue;
        (*values)[count++] = text;
        numeric = numeric && isfinite(number_of(text));
    }
    if (numeric && count > 0) qsort(*values, count, sizeof **values, by_value);
    for (size_t k = 0; k < count; k++) (*values)[k] = hm_report_text(report, "%s", (*values)[k]);
    return count;
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Median over the groups of the cell (which differ in further axes), and a word on runs that did not finish. */
static void fill_cell(struct hm_report *report, const struct hm_sweep_view *view, const size_t axis[2], bool residual,
                      double *scratch, struct hm_plot_heat *heat, size_t r, size_t c)
{
    size_t known = 0, runs = 0, finished = 0;
    for (size_t g = 0; g < view->ngroup; g++) {
        const struct hm_sweep_group *group = &view->group[g];
        if (strcmp(group->kind, "run") != 0 || strcmp(group->axis[axis[0]], heat->row[r]) != 0 ||
            strcmp(group->axis[axis[1]], heat->column[c]) != 0)
            continue;
        runs += group->runs;
        finished += group->finished;
        const double value = residual ? group->residual.median : group->deviation.median;
        if (isfinite(value)) scratch[known++] = value;
    }
    qsort(scratch, known, sizeof *scratch, ascending);
    heat->value[r * heat->columns + c] = known > 0 ? 0.5 * (scratch[(known - 1) / 2] + scratch[known / 2]) : NAN;
    if (finished < runs)
        heat->note[r * heat->columns + c] = hm_report_text(report, "%zu of %zu finished", finished, runs);
}

static bool make_heat(struct hm_report *report, const struct hm_sweep_view *view, const size_t axis[2], bool residual,
                      struct hm_plot_heat *heat)
{
    bool any = false;
    heat->row_title = hm_report_text(report, "%s", hm_sweep_axis_word(view->index->axis[axis[0]]));
    heat->column_title = hm_report_text(report, "%s", hm_sweep_axis_word(view->index->axis[axis[1]]));
    heat->rows = values_of(report, view, axis[0], &heat->row);
    heat->columns = values_of(report, view, axis[1], &heat->column);
    heat->value = hm_report_alloc(report, heat->rows * heat->columns, sizeof *heat->value);
    heat->note = hm_report_alloc(report, heat->rows * heat->columns, sizeof *heat->note);
    double *scratch = hm_report_alloc(report, view->ngroup, sizeof *scratch);
    if (report->status != HM_OK) return false;
    for (size_t r = 0; r < heat->rows; r++)
        for (size_t c = 0; c < heat->columns; c++) {
            fill_cell(report, view, axis, residual, scratch, heat, r, c);
            any = any || isfinite(heat->value[r * heat->columns + c]);
        }
    return any;
}

static bool add_map(struct hm_report *report, struct hm_report_section *section, const struct hm_sweep_view *view,
                    const size_t axis[2], bool residual, size_t number)
{
    struct hm_plot plot = {.kind = HM_PLOT_HEAT};
    if (!make_heat(report, view, axis, residual, &plot.heat)) return false;
    plot.id = hm_report_text(report, "map-%zu", number);
    plot.title = hm_report_text(report, "%s over %s and %s.", residual ? "Kick error" : "Deviation of the energy",
                                plot.heat.row_title, plot.heat.column_title);
    plot.caption = view->nshown > 2 ? "Median over the seeds and the other axes." : "Median over the seeds.";
    hm_report_add_plot(report, section, &plot);
    return true;
}

void hm_report_sweep_maps(struct hm_report *report, struct hm_report_section *section, const struct hm_sweep_view *view)
{
    size_t number = 0;
    for (size_t a = 0; a < view->nshown; a++)
        for (size_t b = a + 1; b < view->nshown; b++)
            for (int residual = 0; residual < 2 && number < MOST_MAPS; residual++)
                if (add_map(report, section, view, (const size_t[2]){view->shown[a], view->shown[b]}, residual,
                            number + 1))
                    number++;
}
