#include "scheduler/pulse.h"

#include "io/live.h"
#include "io/units.h"

#include <math.h>

static const double BEAT_SECONDS = 1, RETRY_SECONDS = 60;

void hm_pulse_start(struct hm_pulse *pulse, const struct hm_job *job)
{
    *pulse = (struct hm_pulse){.steps = hm_config_integer(job->config, "integrator.steps"),
                               .warmup_steps = hm_config_integer(job->config, "training.warmup_steps"),
                               .timestep = hm_config_real(job->config, "integrator.timestep")};
    if (hm_live_path(hm_config_path(job->config, "output.trajectory"), sizeof pulse->path, pulse->path) == HM_OK)
        return;
    pulse->path[0] = '\0';
    hm_status_clear();
}

static double temperature_kelvin(const struct hm_frame *frame)
{
    const size_t freedom = hm_degrees_of_freedom(frame);
    return freedom > 0 ? 2 * HM_TEMPERATURE_KELVIN * hm_kinetic_energy(frame, frame->v) / (double)freedom : NAN;
}

/* Of strides where the last round ended: gates let it wander. */
static double energy_moved(const struct hm_state *s)
{
    if (s->rounds.taken > 0) return fabs(s->rounds.energy - s->rounds.reference) / s->vigil.kinetic;
    return s->residuals > 0 ? s->vigil.worst : (double)NAN;
}

void hm_pulse_beat(struct hm_pulse *pulse, const struct hm_state *state, double wall, double now)
{
    if (now < pulse->next || !pulse->path[0]) return;
    struct hm_live live = {
        .step = state->step,
        .steps = pulse->steps,
        .warmup_steps = pulse->warmup_steps,
        .injections = state->injections,
        .weights_version = state->weights_version,
        .timestep_fs = pulse->timestep * HM_TIME_FS,
        .temperature_K = temperature_kelvin(&state->frame),
        .kick_error = state->residuals > 0 ? sqrt(state->residual_squares / (double)state->residuals) : NAN,
        .energy_moved = energy_moved(state),
        .wall_seconds = wall,
        .strides = state->rounds.taken,
        .rounds_refused = state->rounds.refused,
    };
    hm_live_sign(&live);
    const bool written = hm_live_write(pulse->path, &live);
    pulse->next = now + (written ? BEAT_SECONDS : RETRY_SECONDS);
}

void hm_pulse_end(struct hm_pulse *pulse)
{
    if (pulse->path[0]) hm_live_remove(pulse->path);
}
