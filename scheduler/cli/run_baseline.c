#include "scheduler/cli/run_baseline.h"

#include "scheduler/sweep/baselines.h"
#include "scheduler/sweep/search.h"

#include "io/trajectory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- preparing ---- */

struct derivation {
    const char *file;
    char *text; // of the file, read once: it may be a pipe
    size_t size;
    struct hm_config_setting *setting; // of the user, then of the baseline
    size_t count;
    char place[32]; // "--baseline exact"
};

static enum hm_status parse(const struct derivation *d, struct hm_config **config)
{
    return hm_config_parse_with(d->text, d->size, d->file, d->setting, d->count, config);
}

static bool names_trajectory(const struct hm_words *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        const char *word = settings->word[i];
        if (strncmp(word, "output.trajectory=", strlen("output.trajectory=")) == 0) return true;
        if (strncmp(word, "output=", strlen("output=")) == 0 && strstr(word, "trajectory")) return true;
    }
    return false;
}

static enum hm_status derive(struct derivation *d, enum hm_sweep_kind kind, struct hm_baseline *baseline,
                             size_t trajectory_size, char *trajectory)
{
    struct hm_config *config;
    struct hm_job run;
    HM_TRY(parse(d, &config));
    HM_TRY(hm_job_from_config(config, &run));
    enum hm_status status = hm_job_check(&run);
    if (status == HM_OK)
        status = hm_sweep_name_beside(hm_config_path(run.config, "output.trajectory"), hm_sweep_kind_names[kind],
                                      trajectory_size, trajectory);
    if (status == HM_OK) {
        status = hm_baseline_derive(&run, kind, baseline);
        if (status != HM_OK) {
            char reason[1024];
            snprintf(reason, sizeof reason, "%s", hm_status_message());
            hm_fail(status, "%s: no %s baseline: %s", d->file, hm_sweep_kind_names[kind], reason);
        }
    }
    hm_job_release(&run);
    return status;
}

static enum hm_status prepare(struct derivation *d, const struct hm_words *settings, enum hm_sweep_kind kind,
                              struct hm_baseline *baseline, struct hm_job *job)
{
    char trajectory[PATH_MAX], setting[2 * PATH_MAX + 64];
    struct hm_config *config;
    d->setting = calloc(settings->count + HM_BASELINE_SETTINGS + 1, sizeof *d->setting);
    if (!d->setting) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the settings of a baseline");
    for (size_t i = 0; i < settings->count; i++)
        d->setting[d->count++] = (struct hm_config_setting){settings->word[i], NULL};
    HM_TRY(derive(d, kind, baseline, sizeof trajectory, trajectory));
    snprintf(d->place, sizeof d->place, "--baseline %s", hm_sweep_kind_names[kind]);
    for (size_t i = 0; i < baseline->count; i++)
        d->setting[d->count++] = (struct hm_config_setting){baseline->text[i], d->place};
    hm_sweep_trajectory_setting(trajectory, sizeof setting, setting);
    if (!names_trajectory(settings)) d->setting[d->count++] = (struct hm_config_setting){setting, d->place};
    HM_TRY(parse(d, &config));
    return hm_job_from_config(config, job);
}

/* --set output.trajectory names the file of the baseline, and the same words without --baseline that of the run. */
static enum hm_status spare_the_run(const struct hm_job *job, enum hm_sweep_kind kind)
{
    const char *path = hm_config_path(job->config, "output.trajectory");
    struct hm_trajectory *trajectory;
    char *baseline;
    if (hm_trajectory_open(path, &trajectory) != HM_OK) { /* none: whether it may be written is asked elsewhere */
        hm_status_clear();
        return HM_OK;
    }
    enum hm_status status = hm_trajectory_read_provenance(trajectory, "baseline", &baseline);
    hm_trajectory_close(&trajectory);
    if (status == HM_OK && !baseline)
        status = hm_fail(HM_EXISTS,
                         "%s: holds a run and no baseline, and is not replaced by its %s baseline; name another "
                         "output.trajectory",
                         path, hm_sweep_kind_names[kind]);
    free(baseline);
    return status;
}

enum hm_status hm_run_baseline_prepare(const char *file, const struct hm_words *settings, enum hm_sweep_kind kind,
                                       size_t size, char *summary, struct hm_job *job)
{
    struct derivation d = {.file = file};
    struct hm_baseline baseline = {0};
    *job = (struct hm_job){0};
    enum hm_status status = hm_config_read_file(file, &d.text, &d.size);
    if (status == HM_OK) status = prepare(&d, settings, kind, &baseline, job);
    if (status == HM_OK) status = spare_the_run(job, kind);
    snprintf(summary, size, "%s", baseline.summary);
    hm_baseline_release(&baseline);
    free(d.setting);
    free(d.text);
    return status;
}

/* ---- the longest stable step ---- */

static enum hm_status lead(const struct hm_sweep_team *team, const struct hm_job *job,
                           const struct hm_driver_options *driver)
{
    struct hm_log log;
    const char *trajectory = hm_config_path(job->config, "output.trajectory");
    const struct hm_sweep_task task = {.run = 1,
                                       .kind = HM_SWEEP_LONGEST_STABLE,
                                       .yaml = hm_config_yaml(job->config),
                                       .name = hm_config_name(job->config),
                                       .trajectory = trajectory};
    struct hm_driver_options each = *driver;
    each.overwrite = true; /* what a trial leaves is its own */
    each.quiet = true;
    hm_log_start(&log, stdout, driver->quiet);
    const enum hm_status status = hm_sweep_search(team, &task, &each, &log);
    if (status == HM_OK) hm_log_line(&log, "written: %s; look at it with: hamlet analyze %s", trajectory, trajectory);
    const enum hm_status dismissed = hm_sweep_team_dismiss(team, status);
    return status == HM_OK ? dismissed : status;
}

enum hm_status hm_run_baseline_search(const struct hm_start_job *start, const struct hm_driver_options *driver)
{
    int size, rank;
    struct hm_job job = {0};
    struct hm_sweep_team team;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    enum hm_status status = hm_agree(MPI_COMM_WORLD, rank == 0 ? start->prepare(start->self, &job) : HM_OK);
    if (status == HM_OK) status = hm_sweep_team_create(MPI_COMM_WORLD, size, &team);
    if (status == HM_OK) {
        status = team.leads ? lead(&team, &job, driver) : hm_sweep_team_follow(&team);
        hm_sweep_team_release(&team);
    }
    hm_job_release(&job);
    return status;
}
