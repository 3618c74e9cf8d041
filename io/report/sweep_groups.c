/* Runs of a sweep that differ only in their seeds, and what they have in common. */
#include "io/report/sweep_internal.h"

#include "io/analysis/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *hm_sweep_axis_word(const char *name)
{
    const char *dot = strrchr(name, '.');
    return strstr(name, " + ") || !dot ? name : dot + 1;
}

/* ---- which runs belong together ---- */

static bool same_group(const struct hm_sweep_index *index, const struct hm_sweep_index_row *a,
                       const struct hm_sweep_index_row *b)
{
    if (strcmp(a->kind, b->kind) != 0) return false;
    for (size_t k = 0; k < index->naxis; k++)
        if (!index->seeds[k] && strcmp(a->axis[k], b->axis[k]) != 0) return false;
    return true;
}

bool hm_sweep_group_has(const struct hm_sweep_view *view, const struct hm_sweep_group *group,
                        const struct hm_sweep_index_row *row)
{
    return same_group(view->index, &(struct hm_sweep_index_row){.kind = group->kind, .axis = group->axis}, row);
}

bool hm_sweep_groups_agree(const struct hm_sweep_view *view, const struct hm_sweep_group *a,
                           const struct hm_sweep_group *b, unsigned mask, bool loose)
{
    for (size_t k = 0; k < view->nshown; k++) {
        const char *one = a->axis[view->shown[k]], *other = b->axis[view->shown[k]];
        if (!(mask & 1U << k) || (loose && (!*one || !*other))) continue;
        if (strcmp(one, other) != 0) return false;
    }
    return true;
}

const char *hm_sweep_view_name(struct hm_report *report, const struct hm_sweep_view *view,
                               const struct hm_sweep_group *group, unsigned mask)
{
    const char *text = "";
    for (size_t k = 0; k < view->nshown; k++) {
        const char *value = group->axis[view->shown[k]];
        if (!(mask & 1U << k) || !*value) continue;
        text = hm_report_text(report, "%s%s%s %s", text, *text ? ", " : "",
                              hm_sweep_axis_word(view->index->axis[view->shown[k]]), value);
    }
    return text;
}

/* ---- what they come to ---- */

/* The time step of the run that a baseline with a longer one stands for. */
static double usual_timestep(const struct hm_sweep_index *index, const struct hm_sweep_index_row *row)
{
    for (size_t i = 0; i < index->count; i++) {
        const struct hm_sweep_index_row *run = &index->row[i];
        bool same = strcmp(run->kind, "run") == 0 && isfinite(run->result.value[HM_SWEEP_timestep_fs]);
        for (size_t k = 0; same && k < index->naxis; k++)
            same = !*row->axis[k] || !*run->axis[k] || strcmp(row->axis[k], run->axis[k]) == 0;
        if (same) return run->result.value[HM_SWEEP_timestep_fs];
    }
    return row->result.value[HM_SWEEP_timestep_fs];
}

const struct hm_sweep_special hm_sweep_special[HM_SWEEP_SPECIAL] = {
    {HM_SWEEP_study_position_exponent, "power of positions"},
    {HM_SWEEP_study_position_rate_per_ps, "their rate, 1/ps"},
    {HM_SWEEP_study_kinetic_exponent, "power of K"},
    {HM_SWEEP_study_potential_exponent, "power of U"},
    {HM_SWEEP_iterations_per_stride, "iterations of a stride"},
    {HM_SWEEP_rounds_refused, "rounds refused"},
    {HM_SWEEP_round_energy_drift_kT, "drift of rounds, kT"},
};

/* A field of the table where it is below HM_SWEEP_FIELDS, else one of these. */
enum quantity { DEVIATION = HM_SWEEP_FIELDS, FORCES, CALLS, WALL };

static double value_of(const struct hm_sweep_index *index, const struct hm_sweep_index_row *row, int quantity)
{
    const double *value = row->result.value, dt = value[HM_SWEEP_timestep_fs];
    const double ps = value[HM_SWEEP_steps] * dt * 1e-3;
    switch (quantity) {
    case DEVIATION:
        return hm_sweep_row_deviation(&row->result);
    case FORCES:
        return value[HM_SWEEP_injection_fraction] * usual_timestep(index, row) / dt;
    case CALLS:
        return value[HM_SWEEP_oracle_calls] / ps;
    case WALL:
        return value[HM_SWEEP_wall_seconds] / ps;
    default:
        return value[quantity];
    }
}

static struct hm_spread collect(const struct hm_sweep_index *index, size_t first, int quantity, double *scratch)
{
    struct hm_spread spread = {NAN, NAN, NAN, 0};
    for (size_t i = first; i < index->count; i++) {
        const struct hm_sweep_index_row *row = &index->row[i];
        if (!same_group(index, &index->row[first], row) || strcmp(row->result.status, "finished") != 0) continue;
        const double value = value_of(index, row, quantity);
        if (isfinite(value)) scratch[spread.known++] = value;
    }
    if (spread.known == 0) return spread;
    spread.median = hm_median(scratch, spread.known);
    spread.low = scratch[0];
    spread.high = scratch[spread.known - 1];
    return spread;
}

static void fill_group(const struct hm_sweep_index *index, size_t first, double *scratch, struct hm_sweep_group *group)
{
    *group = (struct hm_sweep_group){.kind = index->row[first].kind, .axis = index->row[first].axis};
    for (size_t i = first; i < index->count; i++) {
        if (!same_group(index, &index->row[first], &index->row[i])) continue;
        group->runs++;
        group->finished += strcmp(index->row[i].result.status, "finished") == 0;
        group->diverged += strcmp(index->row[i].result.status, "diverged") == 0;
    }
    group->deviation = collect(index, first, DEVIATION, scratch);
    group->residual = collect(index, first, HM_SWEEP_residual_rms_relative, scratch);
    group->forces = collect(index, first, FORCES, scratch);
    group->calls_per_ps = collect(index, first, CALLS, scratch);
    group->wall_per_ps = collect(index, first, WALL, scratch);
    for (size_t k = 0; k < HM_SWEEP_SPECIAL; k++)
        group->special[k] = collect(index, first, (int)hm_sweep_special[k].field, scratch);
}

/* ---- the view ---- */

static void find_shown(const struct hm_sweep_index *index, struct hm_sweep_view *view)
{
    for (size_t k = 0; k < index->naxis && view->nshown < HM_AXES - 1; k++) {
        bool several = false;
        for (size_t i = 1; i < index->count && !several; i++)
            several = *index->row[i].axis[k] && *index->row[0].axis[k] &&
                      strcmp(index->row[i].axis[k], index->row[0].axis[k]) != 0;
        if (several && !index->seeds[k]) view->shown[view->nshown++] = k;
    }
}

enum hm_status hm_sweep_view_make(struct hm_report *report, const struct hm_sweep_index *index,
                                  struct hm_sweep_view *view)
{
    *view = (struct hm_sweep_view){.index = index};
    view->group = hm_report_alloc(report, index->count, sizeof *view->group);
    double *scratch = hm_report_alloc(report, index->count, sizeof *scratch);
    if (!view->group || !scratch) return report->status;
    for (size_t i = 0; i < index->count; i++) {
        bool leads = true;
        for (size_t k = 0; k < i && leads; k++) leads = !same_group(index, &index->row[k], &index->row[i]);
        if (leads) fill_group(index, i, scratch, &view->group[view->ngroup++]);
    }
    find_shown(index, view);
    return report->status;
}
