#include "scheduler/sweep/execute.h"

#include "scheduler/snapshot.h"
#include "scheduler/stop.h"
#include "scheduler/sweep/search.h"

#include "io/analysis/analyze.h"
#include "io/checkpoint.h"
#include "io/log.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum hm_status hm_sweep_name_beside(const char *trajectory, const char *word, size_t size, char *path)
{
    char stem[PATH_MAX];
    HM_TRY(hm_checkpoint_path(trajectory, stem, sizeof stem)); /* knows where the stem ends */
    stem[strlen(stem) - strlen(".chk")] = '\0';
    if ((size_t)snprintf(path, size, "%s.%s.h5", stem, word) < size) return HM_OK;
    return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", trajectory);
}

void hm_sweep_remove_files(const char *trajectory)
{
    char checkpoint[PATH_MAX];
    unlink(trajectory);
    if (hm_checkpoint_path(trajectory, checkpoint, sizeof checkpoint) == HM_OK) hm_checkpoint_remove(checkpoint);
}

void hm_sweep_trajectory_setting(const char *trajectory, size_t size, char *setting)
{
    size_t used = (size_t)snprintf(setting, size, "output.trajectory='");
    for (const char *c = trajectory; *c && used + 4 < size; c++) {
        if (*c == '\'') setting[used++] = '\'';
        setting[used++] = *c;
    }
    snprintf(setting + used, size - used, "'");
}

enum hm_status hm_sweep_task_job(const struct hm_sweep_task *task, const char *trajectory, const char *const *settings,
                                 size_t nsetting, struct hm_job *job)
{
    enum { MOST = 32 };
    char name[2 * PATH_MAX + 64];
    const char *all[MOST];
    struct hm_config *config;
    hm_sweep_trajectory_setting(trajectory, sizeof name, name);
    if (nsetting >= MOST) return hm_fail(HM_INTERNAL, "a run with %zu settings", nsetting);
    all[0] = name;
    for (size_t i = 0; i < nsetting; i++) all[i + 1] = settings[i];
    HM_TRY(hm_config_parse(task->yaml, task->name, all, nsetting + 1, &config));
    return hm_job_from_config(config, job);
}

enum hm_status hm_sweep_analyze(const char *trajectory, struct hm_sweep_row *row)
{
    struct hm_analysis *analysis;
    HM_TRY(hm_analysis_create(trajectory, NULL, &analysis));
    for (size_t f = 0; f < HM_SWEEP_FIELDS; f++) row->value[f] = hm_analysis_value(analysis, hm_sweep_field_names[f]);
    hm_analysis_destroy(&analysis);
    return HM_OK;
}

/* ---- running ---- */

static bool is_finished(const char *trajectory)
{
    struct hm_trajectory *file;
    if (access(trajectory, F_OK) != 0 || hm_trajectory_open(trajectory, &file) != HM_OK) return false;
    const bool finished = strcmp(hm_trajectory_info(file)->status, "finished") == 0;
    hm_trajectory_close(&file);
    return finished;
}

static enum hm_status run_anew(const struct hm_sweep_team *team, const struct hm_sweep_task *task,
                               const struct hm_driver_options *options)
{
    struct hm_job job = {0};
    hm_sweep_remove_files(task->trajectory);
    if (task->kind == HM_SWEEP_LONGEST_STABLE) return hm_sweep_search(team, task, options, NULL);
    HM_TRY(hm_sweep_task_job(task, task->trajectory, NULL, 0, &job));
    const enum hm_status status = hm_sweep_team_run(team, &job, options);
    hm_job_release(&job);
    return status;
}

static enum hm_status run_on(const struct hm_sweep_team *team, const char *checkpoint,
                             const struct hm_driver_options *options, size_t size, char *word)
{
    struct hm_job job;
    int ranks;
    HM_TRY(hm_snapshot_open(checkpoint, &job, &ranks, size, word));
    const enum hm_status status = hm_sweep_team_run(team, &job, options);
    hm_job_release(&job);
    return status;
}

/* A checkpoint, or the trajectory beside it, that cannot be used. A run that was asked to stop is left as it is. */
static bool is_unusable(enum hm_status status)
{
    return (status == HM_BAD_INPUT || status == HM_BAD_CONFIG) && !hm_stop_requested();
}

static enum hm_status run(const struct hm_sweep_team *team, const struct hm_sweep_task *task,
                          const struct hm_driver_options *options, size_t size, char *remark)
{
    char checkpoint[PATH_MAX];
    if (is_finished(task->trajectory)) return HM_OK;
    HM_TRY(hm_checkpoint_path(task->trajectory, checkpoint, sizeof checkpoint));
    const bool interrupted = access(task->trajectory, F_OK) == 0;
    if (!interrupted || task->kind == HM_SWEEP_LONGEST_STABLE) return run_anew(team, task, options);
    if (!hm_checkpoint_exists(checkpoint)) {
        snprintf(remark, size, "was interrupted and has no checkpoint: started over");
        return run_anew(team, task, options);
    }
    const enum hm_status status = run_on(team, checkpoint, options, size, remark);
    if (!is_unusable(status)) {
        if (!*remark) snprintf(remark, size, "went on from its checkpoint");
        return status;
    }
    snprintf(remark, size, "its checkpoint cannot be used: started over (%s)", hm_status_message());
    return run_anew(team, task, options);
}

/* ---- the row ---- */

static const char *status_word(enum hm_status status)
{
    return status == HM_OK ? "finished" : status == HM_DIVERGED ? "diverged" : "failed";
}

/* The current message in one line, no longer than a table can bear. */
static char *message_line(void)
{
    enum { LONGEST = 1000 };
    char *line = strndup(hm_status_message(), LONGEST);
    for (char *c = line; c && *c; c++)
        if (*c == '\n' || *c == '\r') *c = ' ';
    return line;
}

void hm_sweep_execute(const struct hm_sweep_team *team, const struct hm_sweep_task *task,
                      const struct hm_driver_options *options, struct hm_sweep_outcome *outcome)
{
    const double started = hm_clock();
    *outcome = (struct hm_sweep_outcome){.row = {.run = task->run}};
    struct hm_sweep_row *row = &outcome->row;
    for (size_t f = 0; f < HM_SWEEP_FIELDS; f++) row->value[f] = NAN;
    hm_status_clear();
    enum hm_status status = run(team, task, options, sizeof outcome->remark, outcome->remark);
    outcome->seconds = hm_clock() - started;
    if (status == HM_STOPPED) {
        outcome->status = status;
        return;
    }
    if (status != HM_OK) row->reason = message_line();
    const enum hm_status analyzed = hm_sweep_analyze(task->trajectory, row);
    if (status == HM_OK && analyzed != HM_OK) {
        status = analyzed;
        row->reason = message_line();
    }
    snprintf(row->status, sizeof row->status, "%s", status_word(status));
    outcome->seconds = hm_clock() - started;
}
