#include "scheduler/sweep/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 64 };

/* ---- the plan ---- */

void hm_sweep_report_plan(const struct hm_sweep_plan *plan, struct hm_log *log)
{
    char kinds[256];
    size_t used = (size_t)snprintf(kinds, sizeof kinds, "%zu of the axes", plan->of_kind[HM_SWEEP_RUN]);
    for (int kind = HM_SWEEP_RUN + 1; kind < HM_SWEEP_KINDS; kind++)
        if (plan->file->baseline[kind])
            used += (size_t)snprintf(kinds + used, sizeof kinds - used, ", %zu %s", plan->of_kind[kind],
                                     hm_sweep_kind_names[kind]);
    hm_log_line(log, "%zu run%s: %s", plan->count, plan->count == 1 ? "" : "s", kinds);
    for (int kind = HM_SWEEP_RUN + 1; kind < HM_SWEEP_KINDS; kind++)
        if (plan->repeats[kind] > 0)
            hm_log_line(log, "the %s baseline of %zu of %zu runs is a run of another kind already",
                        hm_sweep_kind_names[kind], plan->repeats[kind], plan->file->combinations);
    for (size_t i = 0; i < plan->notes.count; i++)
        hm_log_line(log, "%s (%zu of %zu runs)", plan->notes.of[i].text, plan->notes.of[i].runs,
                    plan->file->combinations);
}

void hm_sweep_report_runs(const struct hm_sweep_plan *plan, FILE *out)
{
    char stem[32], axes[1024];
    for (size_t run = 1; run <= plan->count; run++) {
        hm_sweep_plan_stem(plan, run, stem);
        hm_sweep_plan_describe(plan, run, axes, sizeof axes);
        fprintf(out, "%s  %-14s  %s\n", stem, hm_sweep_kind_names[plan->run[run - 1].kind], axes);
    }
}

/* ---- progress ---- */

void hm_sweep_report_row(const struct hm_sweep_plan *plan, const struct hm_sweep_row *row, double seconds,
                         const char *remark, const struct hm_sweep_progress *progress, struct hm_log *log)
{
    char stem[32], axes[512], took[32], left[32] = "";
    const enum hm_sweep_kind kind = plan->run[row->run - 1].kind;
    const double deviation = hm_sweep_row_deviation(row);
    const size_t now = progress->done - progress->before, to_do = plan->count - progress->done;
    hm_sweep_plan_stem(plan, row->run, stem);
    hm_sweep_plan_describe(plan, row->run, axes, sizeof axes);
    hm_format_duration(seconds, took, sizeof took);
    hm_format_duration((hm_clock() - progress->started) / (double)(now > 0 ? now : 1) * (double)to_do, left,
                       sizeof left);
    char result[600];
    if (row->reason)
        snprintf(result, sizeof result, "%s: %.500s", row->status, row->reason);
    else if (isnan(deviation))
        snprintf(result, sizeof result, "%s", row->status);
    else
        snprintf(result, sizeof result, "%s, deviation %.2g", row->status, deviation);
    if (*remark) hm_log_line(log, "run %s: %s", stem, remark);
    hm_log_line(log, "%zu/%zu  run %s%s%s  %s: %s (%s)%s%s", progress->done, plan->count, stem,
                kind == HM_SWEEP_RUN ? "" : ", ", kind == HM_SWEEP_RUN ? "" : hm_sweep_kind_names[kind], axes, result,
                took, to_do > 0 ? "  left " : "", to_do > 0 ? left : "");
}

/* ---- the table ---- */

struct table {
    const struct hm_sweep_plan *plan;
    const struct hm_sweep_row *rows;
    size_t *axis; /* (naxis) those that are shown */
    size_t naxis;
    bool search;    /* a column for the time step that was found */
    bool respa;     /* a column for the fraction that had to be exact */
    double *values; /* (count) scratch */
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_group(const struct hm_sweep_plan *plan, size_t a, size_t b)
{
    if (plan->run[a].kind != plan->run[b].kind) return false;
    for (size_t k = 0; k < plan->file->naxis; k++)
        if (!plan->file->axis[k].seeds && !same_text(plan->run[a].axis[k], plan->run[b].axis[k])) return false;
    return true;
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void format_number(double value, const char *format, char cell[CELL])
{
    if (isnan(value))
        snprintf(cell, CELL, "-");
    else
        snprintf(cell, CELL, format, value);
}

/* kind | axes | runs | median | worst | failed | step, fs | exact */
static size_t table_columns(const struct table *table)
{
    return 1 + table->naxis + 4 + table->search + table->respa;
}

static void fill_title(const struct table *table, char (*cell)[CELL])
{
    static const char *const titles[] = {"runs", "median", "worst", "failed"};
    char(*tail)[CELL] = cell + 1 + table->naxis;
    snprintf(cell[0], CELL, "kind");
    for (size_t a = 0; a < table->naxis; a++)
        snprintf(cell[1 + a], CELL, "%s", hm_sweep_plan_axis_name(table->plan->file, table->axis[a]));
    for (size_t i = 0; i < 4; i++) snprintf(tail[i], CELL, "%s", titles[i]);
    if (table->search) snprintf(tail[4], CELL, "timestep, fs");
    if (table->respa) snprintf(tail[4 + table->search], CELL, "exact");
}

/* What a group of runs came to; its values, sorted, are table->values[0 .. known - 1]. */
struct group {
    size_t runs, failed, known;
};

enum quantity { DEVIATION, TIMESTEP, FRACTION };

static double value_of(const struct hm_sweep_row *row, enum quantity quantity)
{
    switch (quantity) {
    case TIMESTEP:
        return row->value[HM_SWEEP_timestep_fs];
    case FRACTION:
        return row->value[HM_SWEEP_injection_fraction];
    case DEVIATION:
        break;
    }
    return hm_sweep_row_deviation(row);
}

static struct group collect(const struct table *table, size_t first, enum quantity quantity)
{
    struct group group = {0};
    for (size_t i = first; i < table->plan->count; i++) {
        const struct hm_sweep_row *row = &table->rows[i];
        if (row->run == 0 || !same_group(table->plan, first, i)) continue;
        group.runs++;
        if (strcmp(row->status, "finished") != 0) {
            group.failed++;
            continue;
        }
        const double value = value_of(row, quantity);
        if (!isnan(value)) table->values[group.known++] = value;
    }
    qsort(table->values, group.known, sizeof *table->values, ascending);
    return group;
}

static double median(const double *sorted, size_t count)
{
    return count > 0 ? 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2]) : NAN;
}

static void fill_group(const struct table *table, size_t first, char (*cell)[CELL])
{
    const struct hm_sweep_run *run = &table->plan->run[first];
    snprintf(cell[0], CELL, "%s", hm_sweep_kind_names[run->kind]);
    for (size_t a = 0; a < table->naxis; a++) {
        const char *text = run->axis[table->axis[a]];
        snprintf(cell[1 + a], CELL, "%s", text ? text : "-");
    }
    char(*tail)[CELL] = cell + 1 + table->naxis;
    struct group group = collect(table, first, DEVIATION);
    snprintf(tail[0], CELL, "%zu", group.runs);
    format_number(median(table->values, group.known), "%.1e", tail[1]);
    format_number(group.known > 0 ? table->values[group.known - 1] : NAN, "%.1e", tail[2]);
    snprintf(tail[3], CELL, group.failed > 0 ? "%zu" : "-", group.failed);
    if (table->search) {
        group = collect(table, first, TIMESTEP);
        format_number(median(table->values, group.known), "%.4g", tail[4]);
    }
    if (table->respa) {
        group = collect(table, first, FRACTION);
        format_number(median(table->values, group.known), "%.3g", tail[4 + table->search]);
    }
}

static bool leads_group(const struct table *table, size_t run)
{
    for (size_t i = 0; i < run; i++)
        if (same_group(table->plan, i, run)) return false;
    return true;
}

/* Numbers to the right, names to the left. */
static void print_cells(const struct table *table, char (*cell)[CELL], const size_t *width, FILE *out)
{
    for (size_t c = 0; c < table_columns(table); c++) {
        const bool name = c <= table->naxis;
        fprintf(out, name ? "%s%-*s" : "%s%*s", c > 0 ? "  " : "", (int)width[c], cell[c]);
    }
    fputc('\n', out);
}

static enum hm_status print_table(struct table *table, FILE *out)
{
    const size_t columns = table_columns(table);
    size_t lines = 0, *leaders = calloc(table->plan->count + 1, sizeof *leaders),
           *width = calloc(columns, sizeof *width);
    for (size_t i = 0; leaders && i < table->plan->count; i++)
        if (leads_group(table, i)) leaders[lines++] = i;
    char(*cells)[CELL] = leaders && width ? calloc((lines + 1) * columns, sizeof *cells) : NULL;
    if (cells) {
        fill_title(table, cells);
        for (size_t l = 0; l < lines; l++) fill_group(table, leaders[l], cells + (l + 1) * columns);
        for (size_t i = 0; i < (lines + 1) * columns; i++)
            if (strlen(cells[i]) > width[i % columns]) width[i % columns] = strlen(cells[i]);
        fprintf(out, "deviation of the energy, over the mean kinetic energy: median and worst of the seeds\n");
        for (size_t l = 0; l <= lines; l++) print_cells(table, cells + l * columns, width, out);
    }
    free(cells);
    free(width);
    free(leaders);
    return cells ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for the table of a sweep");
}

enum hm_status hm_sweep_report_table(const struct hm_sweep_plan *plan, const struct hm_sweep_row *rows, FILE *out)
{
    const struct hm_sweep_file *file = plan->file;
    struct table table = {.plan = plan,
                          .rows = rows,
                          .search = plan->of_kind[HM_SWEEP_LONGEST_STABLE] > 0,
                          .respa = plan->of_kind[HM_SWEEP_RESPA] > 0};
    table.axis = calloc(file->naxis + 1, sizeof *table.axis);
    table.values = calloc(plan->count + 1, sizeof *table.values);
    for (size_t a = 0; table.axis && a < file->naxis; a++)
        if (!file->axis[a].seeds && file->axis[a].count > 1) table.axis[table.naxis++] = a;
    const enum hm_status status = table.axis && table.values
                                      ? print_table(&table, out)
                                      : hm_fail(HM_OUT_OF_MEMORY, "no memory for the table of a sweep");
    free(table.axis);
    free(table.values);
    return status;
}
