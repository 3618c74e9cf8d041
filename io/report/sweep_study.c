/* The studies of a sweep: growth of errors, the branches of all seeds of a group taken together. */
#include "io/report/sweep_internal.h"

#include "io/analysis/growth.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_GROUPS = 12 };

static bool has_study(const struct hm_sweep_index_row *row)
{
    return row->result.value[HM_SWEEP_study_branches] > 0;
}

/* "out/0012.h5": as wide as the last run's number, four digits at least. */
static void file_name(const char *folder, const struct hm_sweep_index *index, size_t run, size_t size, char *path)
{
    int width = 1;
    for (size_t n = index->planned > 0 ? index->planned : index->count; n >= 10; n /= 10) width++;
    snprintf(path, size, "%s/%0*zu.h5", folder, width < 4 ? 4 : width, run);
}

/* The files of a group's runs that have a study; what cannot be opened is left out with a remark. */
static enum hm_status open_group(struct hm_report *report, const char *folder, const struct hm_sweep_view *view,
                                 const struct hm_sweep_group *group, struct hm_run *runs, size_t *count)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < view->index->count; i++) {
        const struct hm_sweep_index_row *row = &view->index->row[i];
        if (!hm_sweep_group_has(view, group, row) || !has_study(row)) continue;
        file_name(folder, view->index, row->result.run, sizeof path, path);
        const enum hm_status status = hm_run_open(path, &runs[*count]);
        if (status == HM_OK)
            ++*count;
        else
            HM_TRY(hm_report_forgive(report, status, "study"));
    }
    return HM_OK;
}

static void add_row(struct hm_report *report, struct hm_report_table *table, const char *name, enum hm_divergence which,
                    const struct hm_study_curves *s)
{
    const struct hm_growth *g = &s->predicted[which].growth;
    hm_report_add_row(report, table,
                      (const char *[]){name, hm_divergence_name(which), hm_report_text(report, "%zu", s->nbranch),
                                       hm_report_text(report, "%zu", s->ended), hm_law_name(g->law),
                                       hm_report_interval(report, &g->exponent),
                                       hm_report_interval(report, &g->rate_per_ps),
                                       hm_report_interval(report, &g->one_step)});
}

struct study {
    struct hm_plot *plot[HM_DIVERGENCE_COUNT];
    struct hm_report_table *table;
};

static void begin(struct hm_report *report, struct study *study)
{
    static const char *const heading[] = {"runs", "difference of", "branches",   "ended early",
                                          "law",  "power",         "rate, 1/ps", "after one step"};
    struct hm_report_section *section = hm_report_add_section(report, "study", "How errors accumulate",
                                                              "Branches of pure prediction beside exact ones from the "
                                                              "same states; those of all seeds are taken together, and "
                                                              "intervals of 95 % are over runs and branches.");
    for (int which = 0; which < HM_DIVERGENCE_COUNT; which++)
        study->plot[which] = hm_report_add_divergence_plot(report, section, (enum hm_divergence)which);
    study->table = hm_report_add_table(report, section, "growth", "Laws of growth", 8, heading);
}

static void show(struct hm_report *report, struct study *study, const char *name, int colour,
                 const struct hm_study_curves *curves)
{
    for (int which = 0; which < HM_DIVERGENCE_COUNT; which++) {
        if (study->plot[which])
            hm_report_add_divergence(report, study->plot[which], name, colour, curves, &curves->predicted[which]);
        add_row(report, study->table, name, (enum hm_divergence)which, curves);
    }
}

static enum hm_status read_group(struct hm_report *report, const char *folder, const struct hm_sweep_view *view,
                                 const struct hm_sweep_group *group, struct hm_study_curves *curves)
{
    size_t count = 0;
    struct hm_run *runs = calloc(group->runs + 1, sizeof *runs);
    if (!runs) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: a study of %zu runs", group->runs);
    enum hm_status status = open_group(report, folder, view, group, runs, &count);
    if (status == HM_OK && count > 0)
        status = hm_report_forgive(report, hm_study_curves_create(runs, count, curves), "study");
    for (size_t r = 0; r < count; r++) hm_run_close(&runs[r]);
    free(runs);
    return status;
}

enum hm_status hm_report_sweep_study(struct hm_report *report, const char *folder, const struct hm_sweep_view *view)
{
    struct study study = {0};
    int shown = 0;
    bool any = false;
    for (size_t i = 0; i < view->index->count; i++) any = any || has_study(&view->index->row[i]);
    if (!any) return report->status;
    for (size_t g = 0; g < view->ngroup && shown < MOST_GROUPS; g++) {
        struct hm_study_curves curves = {0};
        const struct hm_sweep_group *group = &view->group[g];
        const char *axes = hm_sweep_view_name(report, view, group, ~0U);
        const char *kind = strcmp(group->kind, "run") == 0 && *axes ? "" : group->kind;
        HM_TRY(read_group(report, folder, view, group, &curves));
        if (curves.points > 0) {
            if (shown == 0) begin(report, &study);
            show(report, &study, hm_report_text(report, "%s%s%s", kind, *kind && *axes ? ", " : "", axes), shown,
                 &curves);
            shown++;
        }
        hm_study_curves_release(&curves);
    }
    return report->status;
}
