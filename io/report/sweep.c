/* The report of a sweep: its table in plots, maps and figures. */
#include "io/report/sweep_internal.h"

#include <math.h>
#include <string.h>

static size_t count_status(const struct hm_sweep_index *index, const char *status)
{
    size_t count = 0;
    for (size_t i = 0; i < index->count; i++) count += strcmp(index->row[i].result.status, status) == 0;
    return count;
}

static void add_title(struct hm_report *report, const char *folder, const struct hm_sweep_index *index)
{
    const char *axes = "";
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    size_t from = length;
    while (from > 0 && folder[from - 1] != '/') from--;
    report->title = hm_report_text(report, "%.*s", (int)(length - from), folder + from);
    for (size_t a = 0; a < index->naxis; a++)
        axes = hm_report_text(report, "%s%s%s", axes, a > 0 ? ", " : "", index->axis[a]);
    report->subtitle =
        index->planned > index->count
            ? hm_report_text(report, "A sweep over %s: %zu of %zu runs so far", axes, index->count, index->planned)
            : hm_report_text(report, "A sweep over %s: %zu runs", axes, index->count);
}

static void add_facts(struct hm_report *report, const struct hm_sweep_index *index)
{
    static const char *const status[] = {"finished", "diverged", "failed"};
    double wall = 0;
    for (size_t s = 0; s < 3; s++)
        hm_report_add_fact(report, status[s], hm_report_text(report, "%zu", count_status(index, status[s])));
    for (size_t i = 0; i < index->count; i++)
        if (isfinite(index->row[i].result.value[HM_SWEEP_wall_seconds]))
            wall += index->row[i].result.value[HM_SWEEP_wall_seconds];
    hm_report_add_fact(report, "wall time of all runs",
                       hm_report_text(report, "%s s", hm_report_number(report, wall, 3)));
}

/* ---- tables ---- */

static const char *spread_text(struct hm_report *report, const struct hm_spread *s)
{
    if (s->known == 0) return "\u2013";
    if (s->known == 1) return hm_report_number(report, s->median, 3);
    return hm_report_text(report, "%s (%s to %s)", hm_report_number(report, s->median, 3),
                          hm_report_number(report, s->low, 2), hm_report_number(report, s->high, 2));
}

static bool is_known(const struct hm_sweep_view *view, size_t special)
{
    for (size_t g = 0; g < view->ngroup; g++)
        if (view->group[g].special[special].known > 0) return true;
    return false;
}

static void show_groups(struct hm_report *report, struct hm_report_section *section, const struct hm_sweep_view *view)
{
    const char *cell[HM_AXES + HM_SWEEP_SPECIAL + 7] = {"kind"};
    size_t n = 1;
    for (size_t k = 0; k < view->nshown; k++) cell[n++] = hm_sweep_axis_word(view->index->axis[view->shown[k]]);
    static const char *const rest[] = {"finished", "deviation", "kick error", "exact forces per step", "wall, s/ps"};
    for (size_t k = 0; k < 5; k++) cell[n++] = rest[k];
    for (size_t k = 0; k < HM_SWEEP_SPECIAL; k++)
        if (is_known(view, k)) cell[n++] = hm_sweep_special[k].heading;
    struct hm_report_table *table =
        hm_report_add_table(report, section, "groups", "Median of the seeds (least to largest)", n, cell);
    for (size_t g = 0; g < view->ngroup; g++) {
        const struct hm_sweep_group *group = &view->group[g];
        n = 0;
        cell[n++] = group->kind;
        for (size_t k = 0; k < view->nshown; k++) cell[n++] = group->axis[view->shown[k]];
        cell[n++] = hm_report_text(report, "%zu of %zu", group->finished, group->runs);
        cell[n++] = spread_text(report, &group->deviation);
        cell[n++] = spread_text(report, &group->residual);
        cell[n++] = hm_report_number(report, group->forces.median, 3);
        cell[n++] = hm_report_number(report, group->wall_per_ps.median, 3);
        for (size_t k = 0; k < HM_SWEEP_SPECIAL; k++)
            if (is_known(view, k)) cell[n++] = spread_text(report, &group->special[k]);
        hm_report_add_row(report, table, cell);
    }
}

/* Runs with a status of `which`, or of all; with axes, and why they ended. */
static void show_runs(struct hm_report *report, struct hm_report_section *section, const struct hm_sweep_index *index,
                      bool troubled)
{
    const char *cell[HM_AXES + 7] = {"run", "kind"};
    size_t n = 2;
    const size_t naxis = index->naxis < HM_AXES ? index->naxis : HM_AXES;
    for (size_t a = 0; a < naxis; a++) cell[n++] = hm_sweep_axis_word(index->axis[a]);
    cell[n++] = "status";
    cell[n++] = troubled ? "reason" : "deviation";
    if (!troubled) cell[n++] = "kick error";
    struct hm_report_table *table = hm_report_add_table(report, section, troubled ? "troubled" : "runs",
                                                        troubled ? "Runs that did not finish" : "All runs", n, cell);
    if (!table) return;
    table->folded = true;
    for (size_t i = 0; i < index->count; i++) {
        const struct hm_sweep_index_row *row = &index->row[i];
        if (troubled && strcmp(row->result.status, "finished") == 0) continue;
        n = 0;
        cell[n++] = hm_report_text(report, "%zu", row->result.run);
        cell[n++] = row->kind;
        for (size_t a = 0; a < naxis; a++) cell[n++] = row->axis[a];
        cell[n++] = row->result.status;
        cell[n++] = troubled ? (row->result.reason ? row->result.reason : "")
                             : hm_report_number(report, hm_sweep_row_deviation(&row->result), 3);
        if (!troubled) cell[n++] = hm_report_number(report, row->result.value[HM_SWEEP_residual_rms_relative], 3);
        hm_report_add_row(report, table, cell);
    }
}

/* ---- the whole ---- */

static enum hm_status fill(struct hm_report *report, const char *folder, const struct hm_sweep_index *index)
{
    struct hm_sweep_view view;
    HM_TRY(hm_sweep_view_make(report, index, &view));
    add_title(report, folder, index);
    add_facts(report, index);
    struct hm_report_section *section = hm_report_add_section(report, "error", "Error and injection", "");
    hm_report_sweep_errors(report, section, &view);
    if (section && !section->first)
        hm_report_add_note(report, section, "No run finished with a known deviation of its energy.");
    section = hm_report_add_section(report, "cost", "Error and cost", "");
    hm_report_sweep_costs(report, section, &view);
    if (section && !section->first) hm_report_add_note(report, section, "There is no run to weigh.");
    if (view.nshown > 1)
        hm_report_sweep_maps(report, hm_report_add_section(report, "maps", "Over two axes", ""), &view);
    HM_TRY(hm_report_sweep_study(report, folder, &view));
    section = hm_report_add_section(report, "tables", "In figures",
                                    "Of the runs that finished. All fields of all runs are in index.csv and index.h5.");
    show_groups(report, section, &view);
    if (count_status(index, "finished") < index->count) show_runs(report, section, index, true);
    show_runs(report, section, index, false);
    return report->status;
}

enum hm_status hm_report_fill_sweep(struct hm_report *report, const char *folder)
{
    struct hm_sweep_index index;
    HM_TRY(hm_sweep_index_read(folder, &index));
    const enum hm_status status = index.count > 0
                                      ? fill(report, folder, &index)
                                      : hm_fail(HM_BAD_INPUT, "%s: no run of this sweep has ended yet", folder);
    hm_sweep_index_release(&index);
    return status;
}
