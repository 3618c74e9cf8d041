#include "scheduler/recorder.h"

#include "io/units.h"

#include <math.h>
#include <stdlib.h>

enum { PROGRESS_EVERY_STEPS = 256 };

/* An oracle that is not a formula is only asked where its force is needed. */
static bool wants_energy_at_frames(const struct hm_config *config)
{
    const struct hm_hamiltonian_ops *ops;
    if (!hm_config_is(config, "output.energies", "auto")) return hm_config_is(config, "output.energies", "frames");
    return hm_hamiltonian_find(config, &ops) == HM_OK && ops->analytic;
}

enum hm_status hm_recorder_create(const struct hm_recorder_setup *setup, struct hm_recorder *recorder)
{
    const struct hm_config *config = setup->job->config;
    const struct hm_frame *frame = &setup->job->frame;
    *recorder = (struct hm_recorder){
        .trajectory = setup->trajectory,
        .oracle = setup->oracle,
        .hamiltonian = setup->hamiltonian && setup->hamiltonian->ops->analytic ? setup->hamiltonian : NULL,
        .log = setup->log,
        .timestep = hm_config_real(config, "integrator.timestep"),
        .stride = hm_config_integer(config, "output.stride"),
        .warmup_steps = hm_config_integer(config, "training.warmup_steps"),
        .sample_every = hm_committee_stride(setup->committee),
        .most_error = setup->committee->member[0].ops->advance ? hm_config_real(config, "predictor.max_error") : NAN,
        .energy_at_frames = wants_energy_at_frames(config),
    };
    hm_job_weights_form(setup->job, &setup->committee->member[0], recorder->form, sizeof recorder->form);
    recorder->force = calloc(3 * frame->natom, sizeof *recorder->force);
    if (!recorder->force) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the recorder");
    const enum hm_status status = hm_correlations_create(
        frame, setup->nbond, setup->bonds, (double)recorder->sample_every * recorder->timestep,
        hm_config_integer(config, "integrator.steps") / recorder->sample_every, 0, &recorder->correlations);
    if (status != HM_OK) hm_recorder_release(recorder);
    return status;
}

void hm_recorder_release(struct hm_recorder *recorder)
{
    hm_correlations_destroy(&recorder->correlations);
    free(recorder->force);
    recorder->force = NULL;
}

static enum hm_status write_decision(struct hm_recorder *r, const struct hm_step *now)
{
    const struct hm_decision_record record = {
        .step = now->step,
        .weights_version = now->weights_version,
        .oracle_group = (int16_t)now->oracle_group,
        .action = (uint8_t)now->decision.action,
        .reason = (uint8_t)now->decision.reason,
        .committed = 1,
        .signal = (float)now->decision.signal,
        .threshold = (float)now->decision.threshold,
        .committee = (float)now->signals.committee,
        .base_difference = (float)now->signals.base_difference,
        .extremeness = (float)now->signals.extremeness,
    };
    return hm_trajectory_log_decision(r->trajectory, &record);
}

/* Errors of the prediction at an injection, per component and in the file's units. */
static void measure_errors(const struct hm_state *state, const struct hm_step *now, struct hm_injection_record *record)
{
    const size_t n = 3 * state->frame.natom;
    double difference = 0, squared = 0, size_squared = 0, kick = 0, velocity = 0;
    for (size_t k = 0; k < n; k++) {
        const double error = now->kick_predicted[k] - now->kick_exact[k];
        difference += fabs(error);
        squared += error * error;
        size_squared += now->kick_exact[k] * now->kick_exact[k];
        kick += fabs(now->kick_exact[k]);
        velocity += fabs(now->v_before[k] + now->kick_exact[k]); /* v_{n+1/2}, exact here */
    }
    const double unit = HM_VELOCITY_ANGSTROM_PER_PS, mean = unit / (double)n;
    record->residual = unit * sqrt(squared / (double)state->frame.natom);
    record->residual_relative = sqrt(squared / size_squared);
    record->kick_mae = record->velocity_mae = mean * difference; /* both start from the same v_{n-1/2} */
    record->kick_mean = mean * kick;
    record->velocity_mean = mean * velocity;
}

static enum hm_status write_injection(struct hm_recorder *r, const struct hm_state *state, const struct hm_step *now)
{
    struct hm_injection_record record = {
        .step = now->step,
        .residual = NAN,
        .residual_relative = NAN,
        .velocity_mae = NAN,
        .velocity_mean = NAN,
        .kick_mae = NAN,
        .kick_mean = NAN,
        .energy = now->label->energy * HM_ENERGY_KJ_PER_MOL,
        .total_energy =
            (now->label->energy + hm_kinetic_energy(&state->frame, now->v) - now->heat) * HM_ENERGY_KJ_PER_MOL,
        .restored = now->restored * HM_ENERGY_KJ_PER_MOL,
        .seconds = now->label->seconds,
        .iterations = now->label->iterations,
        .status = (int32_t)now->label->status,
    };
    if (now->predicted) measure_errors(state, now, &record);
    return hm_trajectory_log_injection(r->trajectory, &record);
}

/* Why a map does not drive. */
static void tell_refusal(const struct hm_recorder *r, const struct hm_training_record *record, size_t size, char *text)
{
    *text = '\0';
    if (isnan(r->most_error) || isnan(record->held_out_after)) return;
    if (record->held_out_after <= r->most_error)
        snprintf(text, size, "; its error is %.2g, but strides from where it was not taught do not lead there and back",
                 record->held_out_after);
    else
        snprintf(text, size, "; its error is %.2g, and predictor.max_error %.2g", record->held_out_after,
                 r->most_error);
}

/* The first accepted episode and every later change is worth a line; refused ones are in the file. */
static void log_lesson(struct hm_recorder *r, const struct hm_training_record *record)
{
    char model[64] = "", refusal[160];
    if (record->terms > 0)
        snprintf(model, sizeof model, ", %d terms (condition %.1g)", (int)record->terms, record->condition);
    else if (isnan(r->most_error))
        snprintf(model, sizeof model, ", history of %d steps", (int)record->history);
    tell_refusal(r, record, sizeof refusal, refusal);
    if (!record->accepted && record->version > 0) return;
    if (!record->accepted)
        hm_log_line(r->log, "step %lld: training did not come to usable weights yet (%.0f labels)%s",
                    (long long)record->step, record->samples, refusal);
    else
        hm_log_line(
            r->log,
            "step %lld: weights version %d of member %d%s, held-out error %.2g of the rms (%.2f s, %.0f labels)",
            (long long)record->step, (int)record->version, (int)record->member, model, record->held_out_after,
            record->seconds, record->samples);
}

static enum hm_status observe_lesson(void *self, const struct hm_state *state, const struct hm_lesson *lesson)
{
    (void)state;
    struct hm_recorder *r = self;
    const double started = hm_clock();
    if (lesson->episode) {
        log_lesson(r, &lesson->record);
        HM_TRY(hm_trajectory_log_training(r->trajectory, &lesson->record));
    }
    if (lesson->parameters) {
        const struct hm_weights_of_member weights = {
            .member = lesson->member,
            .version = lesson->record.version,
            .form = r->form,
            .bytes = (void *)lesson->parameters, /* only read */
            .size = lesson->bytes,
        };
        HM_TRY(hm_trajectory_log_weights(r->trajectory, &weights));
    }
    r->seconds += hm_clock() - started;
    return HM_OK;
}

/* A frame view at x_n: the state has already drifted on. The run does not depend on what is only written down: an
 * energy that the oracle cannot tell, or not before the run is to stop, is not known. */
static enum hm_status ask_energy(struct hm_recorder *r, const struct hm_state *state, int64_t step,
                                 struct hm_label *label, bool *known)
{
    struct hm_frame at_step = state->frame;
    int group;
    at_step.x = state->x_spare;
    label->force = r->force;
    const double started = hm_clock();
    r->oracle->step = step;
    const enum hm_status status = r->hamiltonian ? hm_hamiltonian_evaluate(r->hamiltonian, &at_step, label)
                                                 : hm_dispatch_ask(r->oracle, &at_step, label, &group);
    r->seconds -= hm_clock() - started;
    *known = status == HM_OK;
    if (status != HM_ORACLE_FAILED && status != HM_DIVERGED && status != HM_STOPPED) return status;
    hm_status_clear();
    return HM_OK;
}

static enum hm_status write_frame(struct hm_recorder *r, const struct hm_state *state, const struct hm_step *now)
{
    struct hm_label asked;
    const struct hm_label *label = now->label;
    if (!label && r->energy_at_frames) {
        bool known;
        HM_TRY(ask_energy(r, state, now->step, &asked, &known));
        if (known) label = &asked;
    }
    const struct hm_trajectory_frame frame = {
        .step = now->step,
        .x = now->x,
        .v = now->v,
        .force = label ? label->force : NULL,
        .image = state->frame.image,
        .potential_energy = label ? label->energy : NAN,
        .heat = now->heat,
    };
    return hm_trajectory_append(r->trajectory, &frame);
}

static double injection_fraction(const struct hm_recorder *r, const struct hm_state *state)
{
    const int64_t chosen = state->step - r->warmup_steps;
    return chosen > 0 ? (double)state->injections / (double)chosen : 1.0;
}

static enum hm_status observe_step(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct hm_recorder *r = self;
    const double started = hm_clock();
    HM_TRY(write_decision(r, now));
    if (now->label) HM_TRY(write_injection(r, state, now));
    if (now->step % r->stride == 0) HM_TRY(write_frame(r, state, now));
    if (now->step % r->sample_every == 0) hm_correlations_push(r->correlations, &state->frame, now->x, now->v);
    if (state->step >= r->progress_at) {
        r->progress_at = state->step + PROGRESS_EVERY_STEPS;
        hm_progress_update(r->log, state->step, (double)state->step * r->timestep, injection_fraction(r, state));
    }
    r->seconds += hm_clock() - started;
    return HM_OK;
}

static enum hm_status observe_round(void *self, const struct hm_state *state, const struct hm_round_record *round)
{
    const struct hm_recorder *r = self;
    (void)state;
    return hm_trajectory_log_round(r->trajectory, round);
}

static enum hm_status write_fault(void *self, const struct hm_fault_record *record)
{
    const struct hm_recorder *r = self;
    return hm_trajectory_log_fault(r->trajectory, record);
}

struct hm_fault_log hm_recorder_fault_log(struct hm_recorder *recorder)
{
    return (struct hm_fault_log){write_fault, recorder};
}

struct hm_observer hm_recorder_observer(struct hm_recorder *recorder)
{
    return (struct hm_observer){
        .step = observe_step, .round = observe_round, .lesson = observe_lesson, .self = recorder};
}

enum hm_status hm_recorder_finish(struct hm_recorder *recorder)
{
    const double started = hm_clock();
    HM_TRY(hm_correlations_write(recorder->correlations, recorder->trajectory));
    recorder->seconds += hm_clock() - started;
    return HM_OK;
}

void hm_recorder_save(const struct hm_recorder *recorder, struct hm_archive *archive)
{
    hm_correlations_save(recorder->correlations, archive);
}

enum hm_status hm_recorder_load(struct hm_recorder *recorder, struct hm_archive *archive)
{
    return hm_correlations_load(recorder->correlations, archive);
}
