#include "scheduler/roles.h"

#include "scheduler/recorder.h"
#include "scheduler/simulation.h"
#include "scheduler/stop.h"

#include "io/units.h"

#include <math.h>
#include <string.h>

struct driver {
    const struct hm_job *job;
    struct hm_simulation simulation;
    struct hm_hamiltonian frame_hamiltonian; // for bonds and frame energies where oracle ranks evaluate the steps
    struct hm_trajectory *trajectory;
    struct hm_recorder recorder;
    struct hm_log log;
    double started;
};

static void log_predictor(struct driver *d)
{
    const struct hm_config *config = d->job->config;
    const struct hm_committee *committee = &d->simulation.committee;
    const struct hm_policy_ops *policy = d->simulation.policy.ops;
    char form[512], members[64] = "";
    hm_job_weights_form(d->job, &committee->member[0], form, sizeof form);
    if (committee->count > 1) snprintf(members, sizeof members, "committee of %zu, ", committee->count);
    hm_log_line(&d->log, "predictor %s%s", members, form);
    if (hm_config_is(config, "injection.burst", "auto") && hm_config_is(config, "predictor.history", "auto") &&
        committee->member[0].ops->look_back)
        hm_log_line(&d->log, "policy %s", policy->method.name);
    else
        hm_log_line(&d->log, "policy %s, bursts of %zu", policy->method.name, hm_job_burst(config, committee));
}

static void log_header(struct driver *d, const struct hm_layout *layout)
{
    const struct hm_config *config = d->job->config;
    const struct hm_simulation *s = &d->simulation;
    const int64_t steps = hm_config_integer(config, "integrator.steps");
    const double timestep = s->propagator.schedule.timestep;
    char length[32];
    hm_format_simulated((double)steps * timestep, length, sizeof length);
    hm_log_line(&d->log, "%zu atoms, %s Hamiltonian: %lld steps of %g fs (%s), the first %lld exact",
                d->job->frame.natom, hm_config_text(config, "hamiltonian.type"), (long long)steps,
                timestep * HM_TIME_FS, length, (long long)s->propagator.schedule.warmup_steps);
    log_predictor(d);
    if (layout->size > 1)
        hm_log_line(&d->log, "%d ranks: 1 driver, %d predictor%s, %d oracle group%s of %d", layout->size,
                    layout->npredictor, layout->npredictor == 1 ? "" : "s", layout->ngroup,
                    layout->ngroup == 1 ? "" : "s", layout->ngroup > 0 ? layout->group_size : 0);
}

static enum hm_status open_outputs(struct driver *d, const struct hm_driver_options *options)
{
    const struct hm_config *config = d->job->config;
    const char *path = hm_config_path(config, "output.trajectory");
    struct hm_hamiltonian *hamiltonian = &d->simulation.hamiltonian;
    if (!hamiltonian->ops) {
        hamiltonian = &d->frame_hamiltonian;
        HM_TRY(hm_hamiltonian_create(config, &d->job->frame, NULL, hamiltonian));
    }
    size_t nbond;
    const size_t(*bonds)[2] = hm_hamiltonian_bonds(hamiltonian, &nbond);
    const struct hm_trajectory_setup setup = {
        .frame = &d->job->frame,
        .config_yaml = hm_config_yaml(config),
        .timestep = d->simulation.propagator.schedule.timestep,
        .steps = hm_config_integer(config, "integrator.steps"),
        .warmup_steps = d->simulation.propagator.schedule.warmup_steps,
        .stride = hm_config_integer(config, "output.stride"),
        .nbond = nbond,
        .bonds = bonds,
        .overwrite = options->overwrite,
        .provenance = options->provenance,
    };
    enum hm_status status = hm_trajectory_create(path, &setup, &d->trajectory);
    if (status == HM_OK) {
        const struct hm_recorder_setup recorder = {
            .job = d->job,
            .committee = &d->simulation.committee,
            .nbond = nbond,
            .bonds = bonds,
            .trajectory = d->trajectory,
            .oracle = &d->simulation.oracle,
            .hamiltonian = hamiltonian,
            .log = &d->log,
        };
        status = hm_recorder_create(&recorder, &d->recorder);
    }
    if (status == HM_OK) d->simulation.propagator.observer = hm_recorder_observer(&d->recorder);
    return status;
}

static enum hm_status propagate(struct driver *d)
{
    struct hm_simulation *s = &d->simulation;
    const int64_t steps = hm_config_integer(d->job->config, "integrator.steps");
    HM_TRY(hm_simulation_start(s, d->job));
    hm_progress_start(&d->log, s->state->step, steps);
    while (s->state->step < steps) {
        if (hm_stop_requested())
            return hm_fail(HM_STOPPED, "stopped by signal %d after step %lld of %lld; %s is complete to there",
                           hm_stop_requested(), (long long)s->state->step, (long long)steps,
                           hm_config_path(d->job->config, "output.trajectory"));
        HM_TRY(hm_step(&s->propagator, s->state));
    }
    return HM_OK;
}

static const char *status_word(enum hm_status status)
{
    switch (status) {
    case HM_OK:
        return "finished";
    case HM_DIVERGED:
        return "diverged";
    case HM_STOPPED:
        return "stopped";
    default:
        return "failed";
    }
}

/* Seconds by activity: the rows of the closing table divide the wall time, the file also keeps what other ranks report.
 */
static enum hm_status write_timing(struct driver *d, double wall)
{
    const struct hm_simulation *s = &d->simulation;
    const bool remote = s->oracle.groups > 0;
    const struct hm_timing_row rows[] = {
        {"predict", s->propagator.seconds_predict, 0},
        {"oracle", s->oracle.seconds_inline, remote ? 0 : s->oracle.calls},
        {"train", s->trainer.seconds_inline, 0},
        {"wait", s->oracle.seconds_blocked + s->trainer.seconds_blocked, remote ? s->oracle.calls : 0},
        {"write", d->recorder.seconds, 0},
    };
    hm_log_timing(&d->log, rows, sizeof rows / sizeof *rows, wall, s->state->step);
    HM_TRY(hm_trajectory_log_timing(d->trajectory, "wall", wall));
    HM_TRY(hm_trajectory_log_timing(d->trajectory, "predict", s->propagator.seconds_predict));
    HM_TRY(hm_trajectory_log_timing(d->trajectory, "oracle", s->oracle.seconds_oracle));
    const double training = s->trainer.remote ? s->trainer.seconds_train : s->trainer.seconds_inline;
    HM_TRY(hm_trajectory_log_timing(d->trajectory, "train", training));
    HM_TRY(hm_trajectory_log_timing(d->trajectory, "wait", rows[3].seconds));
    return hm_trajectory_log_timing(d->trajectory, "write", d->recorder.seconds);
}

/* Whatever the run came to, the file is finished and closed. */
static enum hm_status close_outputs(struct driver *d, enum hm_status outcome)
{
    if (!d->trajectory) return HM_OK;
    const struct hm_state *state = d->simulation.state;
    hm_progress_finish(&d->log);
    enum hm_status status = d->recorder.correlations ? hm_recorder_finish(&d->recorder) : HM_OK;
    if (status == HM_OK) status = hm_trajectory_set_status(d->trajectory, status_word(outcome), state->step);
    if (status == HM_OK) status = write_timing(d, hm_clock() - d->started);
    const enum hm_status closed = hm_trajectory_close(&d->trajectory);
    return status == HM_OK ? closed : status;
}

static void log_summary(struct driver *d)
{
    const struct hm_state *state = d->simulation.state;
    const int64_t chosen = state->step - d->simulation.propagator.schedule.warmup_steps;
    const char *path = hm_config_path(d->job->config, "output.trajectory");
    if (chosen > 0)
        hm_log_line(&d->log, "%lld of %lld steps after the warm-up were exact (%.3g %%), weights version %d",
                    (long long)state->injections, (long long)chosen, 100 * (double)state->injections / (double)chosen,
                    (int)state->weights_version);
    hm_log_line(&d->log, "written: %s; look at it with: hamlet analyze %s", path, path);
}

enum hm_status hm_role_driver(const struct hm_layout *layout, const struct hm_job *job,
                              const struct hm_driver_options *options)
{
    struct driver d = {.job = job, .started = hm_clock()};
    hm_log_start(&d.log, stdout, options->quiet);
    d.log.terminal = options->terminal;
    enum hm_status status = hm_simulation_create(job, layout, &d.simulation);
    if (status == HM_OK) {
        log_header(&d, layout);
        status = open_outputs(&d, options);
    }
    if (status == HM_OK) status = propagate(&d);

    char reason[16384]; /* closing may fail too, and must not hide why the run ended */
    snprintf(reason, sizeof reason, "%s", hm_status_message());
    const enum hm_status closed = close_outputs(&d, status);
    if (status != HM_OK)
        hm_fail(status, "%s", reason);
    else
        status = closed;
    if (status == HM_OK) log_summary(&d);
    hm_recorder_release(&d.recorder);
    hm_hamiltonian_destroy(&d.frame_hamiltonian);
    hm_simulation_release(&d.simulation);
    return status;
}
