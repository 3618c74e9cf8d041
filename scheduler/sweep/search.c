#include "scheduler/sweep/search.h"

#include "scheduler/stop.h"
#include "scheduler/sweep/baselines.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MOST_DEVIATION = 1e-3;
static const double BRACKET = 1.05;
/* Fewer are no dynamics, and no blocks to analyse. */
static const int64_t FEWEST_STEPS = 20;
static const int64_t MOST_HALVINGS = 10;

struct search {
    const struct hm_sweep_team *team;
    const struct hm_sweep_task *task;
    const struct hm_driver_options *options;
    struct hm_log *log; // or NULL
    int trials;
    double deviation;     // of the best
    char probe[PATH_MAX]; // the file of a trial; what is stable becomes the task's best
    char best[PATH_MAX];
};

static enum hm_status prepare(const struct search *s, int64_t steps, struct hm_job *job)
{
    struct hm_config *config;
    struct hm_baseline settings = {.count = 0};
    const char *texts[HM_BASELINE_SETTINGS];
    HM_TRY(hm_config_parse(s->task->yaml, s->task->name, NULL, 0, &config));
    enum hm_status status = hm_baseline_rescale(config, steps, &settings);
    hm_config_destroy(&config);
    for (size_t i = 0; i < settings.count; i++) texts[i] = settings.text[i];
    if (status == HM_OK) status = hm_sweep_task_job(s->task, s->probe, texts, settings.count, job);
    hm_baseline_release(&settings);
    return status;
}

static void report_trial(struct search *s, int64_t steps, double timestep_fs, const char *verdict)
{
    s->trials++;
    if (s->log)
        hm_log_line(s->log, "trial %d: %lld steps of %.4g fs: %s", s->trials, (long long)steps, timestep_fs, verdict);
}

static enum hm_status try_steps(struct search *s, int64_t steps, bool *stable)
{
    struct hm_job job = {0};
    struct hm_sweep_row row = {0};
    *stable = false;
    hm_sweep_remove_files(s->probe);
    HM_TRY(prepare(s, steps, &job));
    char verdict[64];
    const double timestep_fs = hm_config_real(job.config, "integrator.timestep") * HM_TIME_FS;
    enum hm_status status = hm_sweep_team_run(s->team, &job, s->options);
    hm_job_release(&job);
    if (status == HM_DIVERGED) {
        report_trial(s, steps, timestep_fs, "diverged");
        return HM_OK;
    }
    if (status == HM_OK) status = hm_sweep_analyze(s->probe, &row);
    HM_TRY(status);
    const double deviation = hm_sweep_row_deviation(&row);
    *stable = deviation < MOST_DEVIATION;
    if (*stable) s->deviation = deviation;
    snprintf(verdict, sizeof verdict, "deviation %.2g, %s", deviation, *stable ? "stable" : "not stable");
    report_trial(s, steps, timestep_fs, verdict);
    if (*stable && rename(s->probe, s->best) != 0)
        return hm_fail(HM_IO_ERROR, "%s: cannot be renamed: %s", s->probe, strerror(errno));
    return HM_OK;
}

/* *stable > *unstable steps, a factor of two apart; *unstable is 0 where even the fewest steps are stable. */
static enum hm_status find_bracket(struct search *s, int64_t steps, int64_t *stable, int64_t *unstable)
{
    bool good;
    HM_TRY(try_steps(s, steps, &good));
    *stable = *unstable = steps;
    if (good) {
        while (good && *stable > FEWEST_STEPS) {
            *unstable = *stable / 2 > FEWEST_STEPS ? *stable / 2 : FEWEST_STEPS;
            HM_TRY(try_steps(s, *unstable, &good));
            if (good) *stable = *unstable;
        }
        if (good) *unstable = 0;
        return HM_OK;
    }
    for (int64_t halvings = 0; halvings < MOST_HALVINGS; halvings++) {
        *stable = 2 * *unstable;
        HM_TRY(try_steps(s, *stable, &good));
        if (good) return HM_OK;
        *unstable = *stable;
    }
    return hm_fail(HM_DIVERGED, "no step down to 1/%d of the time step keeps the deviation below %g",
                   1 << MOST_HALVINGS, MOST_DEVIATION);
}

static enum hm_status narrow(struct search *s, int64_t *stable, int64_t unstable)
{
    while (unstable > 0 && *stable - unstable > 1 && (double)*stable > BRACKET * (double)unstable) {
        bool good;
        const int64_t middle = (int64_t)llround(sqrt((double)*stable * (double)unstable));
        const int64_t between = middle <= unstable ? unstable + 1 : middle >= *stable ? *stable - 1 : middle;
        HM_TRY(try_steps(s, between, &good));
        *(good ? stable : &unstable) = between;
    }
    return HM_OK;
}

enum hm_status hm_sweep_search(const struct hm_sweep_team *team, const struct hm_sweep_task *task,
                               const struct hm_driver_options *options, struct hm_log *log)
{
    struct search s = {.team = team, .task = task, .options = options, .log = log};
    struct hm_config *config;
    int64_t stable, unstable;
    HM_TRY(hm_sweep_name_beside(task->trajectory, "probe", sizeof s.probe, s.probe));
    HM_TRY(hm_sweep_name_beside(task->trajectory, "best", sizeof s.best, s.best));
    HM_TRY(hm_config_parse(task->yaml, task->name, NULL, 0, &config));
    const int64_t steps = hm_config_integer(config, "integrator.steps");
    const double time = (double)steps * hm_config_real(config, "integrator.timestep");
    hm_config_destroy(&config);

    enum hm_status status = find_bracket(&s, steps, &stable, &unstable);
    if (status == HM_OK) status = narrow(&s, &stable, unstable);
    if (status == HM_OK && rename(s.best, task->trajectory) != 0)
        status = hm_fail(HM_IO_ERROR, "%s: cannot be renamed: %s", s.best, strerror(errno));
    if (status == HM_STOPPED)
        status = hm_fail(HM_STOPPED,
                         "stopped by signal %d in the search of the longest stable step, which begins anew "
                         "when it is started again",
                         hm_stop_requested());
    hm_sweep_remove_files(s.probe);
    hm_sweep_remove_files(s.best);
    if (status == HM_OK && log)
        hm_log_line(log, "found after %d trials: %lld steps of %.4g fs, deviation %.2g", s.trials, (long long)stable,
                    time / (double)stable * HM_TIME_FS, s.deviation);
    return status;
}
