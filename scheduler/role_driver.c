#include "scheduler/roles.h"

#include "scheduler/driver_log.h"
#include "scheduler/period.h"
#include "scheduler/pulse.h"
#include "scheduler/recorder.h"
#include "scheduler/simulation.h"
#include "scheduler/snapshot.h"
#include "scheduler/stop.h"
#include "scheduler/study.h"
#include "scheduler/teach.h"

#include "io/checkpoint.h"

#include <string.h>

static const double LOOK_EVERY_SECONDS = 1e-3;

struct driver {
    const struct hm_job *job;
    const struct hm_driver_options *options;
    struct hm_simulation simulation;
    struct hm_hamiltonian frame_hamiltonian; // for bonds and frame energies where oracle ranks evaluate the steps
    struct hm_trajectory *trajectory;
    struct hm_recorder recorder;
    struct hm_study study;
    struct hm_log log;
    struct hm_pulse pulse;
    double wall;        // seconds before this process began
    double started;     // clock
    double looked;      // clock, when something other than the step was thought of
    double saved;       // clock, of the last checkpoint
    int64_t saved_step; // -1: there is none
    double checkpoint_every;
    int ranks;
    char checkpoint[4096];
    char caution[256];          // of strides
    struct hm_archive snapshot; // view of the job's, to be read on
    struct hm_archive archive;  // of a checkpoint to be written
};

static struct hm_run_parts parts_of(struct driver *d, double *wall)
{
    *wall = d->wall + hm_clock() - d->started;
    return (struct hm_run_parts){d->job, &d->simulation, &d->recorder, wall, &d->study.seconds, d->ranks};
}

static bool resumes(const struct driver *d)
{
    return d->job->snapshot.size > 0;
}

/* Beside the oracle ranks', as if of one group more; not where there is nothing to ask it. */
static enum hm_status create_frame_hamiltonian(struct driver *d)
{
    const int groups = d->simulation.oracle.groups;
    const struct hm_oracle_group own = {groups, groups + 1, NULL, HM_NO_INTERRUPT};
    const struct hm_hamiltonian_ops *ops;
    HM_TRY(hm_hamiltonian_find(d->job->config, &ops));
    if (!ops->analytic && !ops->bonds) return HM_OK;
    return hm_hamiltonian_create(d->job->config, &d->job->frame, &own, &d->frame_hamiltonian);
}

static enum hm_status open_outputs(struct driver *d)
{
    const struct hm_config *config = d->job->config;
    const char *path = hm_config_path(config, "output.trajectory");
    struct hm_hamiltonian *hamiltonian = &d->simulation.hamiltonian;
    if (!hamiltonian->ops) {
        hamiltonian = &d->frame_hamiltonian;
        HM_TRY(create_frame_hamiltonian(d));
    }
    size_t nbond = 0;
    const size_t(*bonds)[2] = hamiltonian->ops ? hm_hamiltonian_bonds(hamiltonian, &nbond) : NULL;
    const struct hm_trajectory_setup setup = {
        .frame = &d->job->frame,
        .config_yaml = hm_config_yaml(config),
        .timestep = d->simulation.propagator.schedule.timestep,
        .steps = hm_config_integer(config, "integrator.steps"),
        .warmup_steps = d->simulation.propagator.schedule.warmup_steps,
        .stride = hm_config_integer(config, "output.stride"),
        .nbond = nbond,
        .bonds = bonds,
        .thermostatted = d->simulation.propagator.thermostat.ops != NULL,
        .overwrite = d->options->overwrite,
        .provenance = d->options->provenance,
    };
    enum hm_status status = resumes(d) ? hm_trajectory_resume(path, &setup, &d->snapshot, &d->trajectory)
                                       : hm_trajectory_create(path, &setup, &d->trajectory);
    if (status == HM_OK) {
        const struct hm_recorder_setup recorder = {
            .job = d->job,
            .committee = &d->simulation.committee,
            .nbond = nbond,
            .bonds = bonds,
            .trajectory = d->trajectory,
            .oracle = &d->simulation.oracle,
            .hamiltonian = hamiltonian->ops ? hamiltonian : NULL,
            .log = &d->log,
        };
        status = hm_recorder_create(&recorder, &d->recorder);
    }
    if (status == HM_OK && resumes(d)) status = hm_recorder_load(&d->recorder, &d->snapshot);
    if (status != HM_OK) return status;
    d->simulation.propagator.observer = hm_recorder_observer(&d->recorder);
    return hm_dispatch_log_faults(&d->simulation.oracle, hm_recorder_fault_log(&d->recorder));
}

/* ---- checkpoints ---- */

static enum hm_status write_checkpoint(struct driver *d)
{
    double wall;
    const struct hm_run_parts parts = parts_of(d, &wall);
    const double started = hm_clock();
    HM_TRY(hm_snapshot_write(d->checkpoint, &parts, &d->archive));
    d->saved = hm_clock();
    d->saved_step = d->simulation.state->step;
    d->recorder.seconds += d->saved - started;
    return HM_OK;
}

/* Ranks that study would have to begin again: they are given time to come to an end, but not for ever. */
static bool checkpoint_is_due(const struct driver *d, double now)
{
    enum { MOST_DELAY = 6 }; /* intervals */
    const double patience = hm_trainer_busy(&d->simulation.trainer) ? MOST_DELAY : 1;
    return now - d->saved >= patience * d->checkpoint_every;
}

/* A checkpoint that cannot be written is no reason to lose the run: the one before it still stands. */
static enum hm_status refresh_checkpoint(struct driver *d)
{
    const enum hm_status status = write_checkpoint(d);
    if (status != HM_BAD_OUTPUT) return status;
    hm_log_line(&d->log, "%s; the checkpoint after step %lld stands", hm_status_message(), (long long)d->saved_step);
    hm_status_clear();
    d->saved = hm_clock();
    return HM_OK;
}

static enum hm_status stop(struct driver *d)
{
    const int64_t step = d->simulation.state->step, steps = hm_config_integer(d->job->config, "integrator.steps");
    HM_TRY(write_checkpoint(d));
    return hm_fail(HM_STOPPED, "stopped by signal %d after step %lld of %lld; go on with: hamlet resume %s",
                   hm_stop_requested(), (long long)step, (long long)steps, d->checkpoint);
}

/* A step without a force waits for better times: whoever mends the oracle loses nothing. */
static enum hm_status keep_pending_step(struct driver *d, enum hm_status outcome)
{
    char reason[16384]; /* a checkpoint that cannot be written must not hide why the run ended */
    snprintf(reason, sizeof reason, "%s", hm_status_message());
    if (write_checkpoint(d) != HM_OK)
        hm_log_line(&d->log, "%s; the checkpoint after step %lld stands", hm_status_message(),
                    (long long)d->saved_step);
    return hm_fail(outcome, "%s", reason);
}

/* Between steps and while something is waited for. */
static bool asked_to_stop(void *self)
{
    struct driver *d = self;
    const double now = hm_clock();
    if (d->simulation.state) hm_pulse_beat(&d->pulse, d->simulation.state, d->wall + now - d->started, now);
    if (d->options->idle) d->options->idle(d->options->idle_self);
    return hm_stop_requested() != 0;
}

/* The world outside the step: about once a millisecond, and at every step that takes longer. */
static enum hm_status look_around(struct driver *d)
{
    const double now = hm_clock();
    if (now - d->looked < LOOK_EVERY_SECONDS) return HM_OK;
    d->looked = now;
    if (asked_to_stop(d)) return stop(d);
    return checkpoint_is_due(d, now) ? refresh_checkpoint(d) : HM_OK;
}

/* ---- the run ---- */

static enum hm_status start(struct driver *d)
{
    const enum hm_status status = hm_simulation_start(&d->simulation, d->job);
    if (status == HM_STOPPED)
        return hm_fail(HM_STOPPED, "stopped by signal %d before step 0: there is nothing to resume yet",
                       hm_stop_requested());
    HM_TRY(status);
    return write_checkpoint(d);
}

static enum hm_status visit_study(struct driver *d)
{
    HM_TRY(hm_teach_collect(&d->simulation.propagator, d->simulation.state));
    HM_TRY(hm_study_branch(&d->study, d->simulation.state));
    for (size_t r = 0; r < d->study.nrecord; r++) HM_TRY(hm_trajectory_log_study(d->trajectory, &d->study.record[r]));
    return HM_OK;
}

static enum hm_status propagate(struct driver *d)
{
    struct hm_simulation *s = &d->simulation;
    const int64_t steps = hm_config_integer(d->job->config, "integrator.steps");
    enum hm_status status = HM_OK;
    if (!resumes(d)) HM_TRY(start(d));
    d->saved = hm_clock();
    d->saved_step = s->state->step;
    hm_progress_start(&d->log, s->state->step, steps);
    while (status == HM_OK && s->state->step < steps) {
        HM_TRY(look_around(d));
        if (hm_study_is_due(&d->study, s->state->step)) status = visit_study(d);
        if (status != HM_OK) break;
        status = hm_stride_is_due(&s->propagator, s->state, steps) ? hm_stride_round(&s->propagator, s->state, steps)
                                                                   : hm_step(&s->propagator, s->state);
    }
    if (status == HM_OK) status = hm_propagator_finish(&s->propagator, s->state);
    if (status == HM_STOPPED) return stop(d);
    const bool kept =
        status != HM_OK && status != HM_DIVERGED && (s->state->pending.there || status == HM_ORACLE_FAILED);
    return kept ? keep_pending_step(d, status) : status;
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
        {"study", d->study.seconds, d->study.oracle_calls},
    };
    const size_t count = sizeof rows / sizeof *rows - (d->study.every == 0);
    hm_log_timing(&d->log, rows, count, wall, s->state->step);
    if (d->study.every > 0) HM_TRY(hm_trajectory_log_timing(d->trajectory, "study", d->study.seconds));
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
    if (status == HM_OK) status = write_timing(d, d->wall + hm_clock() - d->started);
    const enum hm_status closed = hm_trajectory_close(&d->trajectory);
    hm_pulse_end(&d->pulse);
    return status == HM_OK ? closed : status;
}

static void log_study(struct driver *d)
{
    if (d->study.every > 0)
        hm_log_line(&d->log, "%lld branches of %lld steps left the run; %lld exact forces apart from its own",
                    (long long)d->study.branches, (long long)d->study.length, (long long)d->study.oracle_calls);
}

/* Whatever the run came to, its outputs are closed. A finished run leaves nothing to resume; one that failed for a
 * reason outside the physics (a full disk, an oracle) can go on from its last checkpoint. */
static enum hm_status finish(struct driver *d, enum hm_status outcome)
{
    char reason[16384]; /* closing may fail too, and must not hide why the run ended */
    snprintf(reason, sizeof reason, "%s", hm_status_message());
    const enum hm_status closed = close_outputs(d, outcome);
    if (outcome == HM_OK && closed == HM_OK) {
        hm_checkpoint_remove(d->checkpoint);
        return HM_OK;
    }
    if (outcome == HM_OK) {
        outcome = closed;
        snprintf(reason, sizeof reason, "%s", hm_status_message());
    }
    if (d->saved_step < 0 || outcome == HM_STOPPED || outcome == HM_DIVERGED) return hm_fail(outcome, "%s", reason);
    return hm_fail(outcome, "%s; when that is mended, go on after step %lld with: hamlet resume %s", reason,
                   (long long)d->saved_step, d->checkpoint);
}

static enum hm_status prepare(struct driver *d, const struct hm_layout *layout)
{
    double wall;
    const struct hm_run_parts parts = parts_of(d, &wall);
    const struct hm_interrupt interrupt = {asked_to_stop, d};
    HM_TRY(hm_snapshot_path(d->job, sizeof d->checkpoint, d->checkpoint));
    HM_TRY(hm_simulation_create(d->job, layout, interrupt, &d->simulation));
    if (resumes(d)) {
        HM_TRY(hm_snapshot_load_simulation(&d->snapshot, &parts));
        d->wall = wall;
    } else {
        HM_TRY(hm_period_check(d->job->config, &d->simulation.oracle, &d->job->frame));
        HM_TRY(hm_strides_check(d->job->config, &d->simulation.propagator.strides, &d->simulation.oracle,
                                &d->job->frame, sizeof d->caution, d->caution));
    }
    const double recorded = d->recorder.seconds; /* of which creating the recorder knows nothing */
    const double studied = d->study.seconds;
    HM_TRY(open_outputs(d));
    HM_TRY(hm_study_create(d->job, &d->simulation.propagator, &d->study));
    d->study.seconds = studied;
    d->recorder.seconds += recorded;
    hm_pulse_start(&d->pulse, d->job);
    hm_driver_log_header(&d->log, d->job, &d->simulation, layout);
    if (*d->caution) hm_log_line(&d->log, "%s", d->caution);
    return HM_OK;
}

enum hm_status hm_role_driver(const struct hm_layout *layout, const struct hm_job *job,
                              const struct hm_driver_options *options)
{
    struct driver d = {
        .job = job,
        .options = options,
        .started = hm_clock(),
        .checkpoint_every = hm_config_real(job->config, "output.checkpoint_every"),
        .ranks = layout->size,
        .saved_step = -1,
        .snapshot = hm_archive_view(job->snapshot.bytes, job->snapshot.size),
    };
    d.snapshot.cursor = job->snapshot.cursor;
    hm_log_start(&d.log, stdout, options->quiet);
    d.log.terminal = options->terminal;
    enum hm_status status = prepare(&d, layout);
    if (status == HM_OK) status = propagate(&d);

    status = finish(&d, status);
    if (status == HM_OK) log_study(&d);
    if (status == HM_OK) hm_driver_log_summary(&d.log, job, &d.simulation);
    /* First: what is under way to a rank that studies is delivered when it hears that it may stop. */
    const enum hm_status stopped = hm_role_end(layout, options, hm_dispatch_is_owed(&d.simulation.oracle), status);
    hm_archive_release(&d.archive);
    hm_recorder_release(&d.recorder);
    hm_study_release(&d.study);
    hm_hamiltonian_destroy(&d.frame_hamiltonian);
    hm_simulation_release(&d.simulation);
    return status == HM_OK ? stopped : status;
}
