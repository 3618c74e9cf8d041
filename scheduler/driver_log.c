#include "scheduler/driver_log.h"

#include "scheduler/stride_shares.h"

#include "io/units.h"

#include <math.h>
#include <stdio.h>

/* What is spoken of, and where to. */
struct subject {
    struct hm_log *log;
    const struct hm_job *job;
    const struct hm_simulation *simulation;
};

static void log_predictor(const struct subject *r)
{
    const struct hm_config *config = r->job->config;
    const struct hm_committee *committee = &r->simulation->committee;
    const struct hm_policy_ops *policy = r->simulation->policy.ops;
    char form[512], members[64] = "";
    hm_job_weights_form(r->job, &committee->member[0], form, sizeof form);
    if (committee->count > 1) snprintf(members, sizeof members, "committee of %zu, ", committee->count);
    hm_log_line(r->log, "predictor %s%s", members, form);
    if (hm_config_is(config, "injection.burst", "auto") && hm_config_is(config, "predictor.history", "auto") &&
        committee->member[0].ops->look_back)
        hm_log_line(r->log, "policy %s", policy->method.name);
    else
        hm_log_line(r->log, "policy %s, bursts of %zu", policy->method.name, hm_job_burst(config, committee));
}

static void log_bath(const struct subject *r)
{
    const struct hm_thermostat *thermostat = &r->simulation->propagator.thermostat;
    const double *t = thermostat->temperature;
    char to[32] = "";
    if (r->job->frame.nfrozen > 0) hm_log_line(r->log, "%zu atoms are frozen", r->job->frame.nfrozen);
    if (!thermostat->ops) return;
    if (t[1] != t[0]) snprintf(to, sizeof to, " to %g K", t[1] * HM_TEMPERATURE_KELVIN);
    hm_log_line(r->log, "thermostat %s, %g K%s, time constant %g fs, %zu degrees of freedom",
                thermostat->ops->method.name, t[0] * HM_TEMPERATURE_KELVIN, to,
                hm_config_real(r->job->config, "thermostat.time_constant") * HM_TIME_FS,
                hm_degrees_of_freedom(&r->job->frame));
}

static void log_caution(const struct subject *r)
{
    const struct hm_hamiltonian_ops *hamiltonian;
    if (hm_hamiltonian_find(r->job->config, &hamiltonian) == HM_OK && hamiltonian->caution)
        hm_log_line(r->log, "%s", hamiltonian->caution);
}

void hm_driver_log_header(struct hm_log *log, const struct hm_job *job, const struct hm_simulation *simulation,
                          const struct hm_layout *layout)
{
    const struct subject subject = {log, job, simulation}, *r = &subject;
    const struct hm_config *config = r->job->config;
    const struct hm_simulation *s = r->simulation;
    const int64_t steps = hm_config_integer(config, "integrator.steps");
    const double timestep = s->propagator.schedule.timestep;
    char length[32];
    hm_format_simulated((double)steps * timestep, length, sizeof length);
    hm_log_line(r->log, "%zu atoms, %s Hamiltonian: %lld steps of %g fs (%s), the first %lld exact",
                r->job->frame.natom, hm_config_text(config, "hamiltonian.type"), (long long)steps,
                timestep * HM_TIME_FS, length, (long long)s->propagator.schedule.warmup_steps);
    log_caution(r);
    if (r->job->snapshot.size > 0) hm_log_line(r->log, "resumed after step %lld", (long long)s->state->step);
    log_bath(r);
    log_predictor(r);
    if (layout->size > 1)
        hm_log_line(r->log, "%d ranks: 1 driver, %d predictor%s, %d oracle group%s", layout->size, layout->npredictor,
                    layout->npredictor == 1 ? "" : "s", layout->ngroup, layout->ngroup == 1 ? "" : "s");
    if (layout->ngroup > 0 && layout->group_size > 1)
        hm_log_line(r->log, "%d ranks in each oracle group", layout->group_size);
}

static void log_no_strides(const struct subject *r)
{
    const double held_out = r->simulation->state->rounds.held_out;
    if (isnan(held_out)) {
        hm_log_line(r->log,
                    "warning: no strides were taken, every step was exact: no map came before the run was over");
        return;
    }
    hm_log_line(r->log,
                "warning: no strides were taken, every step was exact: no map was good enough to drive (the latest: an "
                "error of %.2g); a longer warm-up, more training.epochs and polish, a shorter stride, or a larger "
                "predictor.max_error help",
                held_out);
}

static void log_strides(const struct subject *r)
{
    const struct hm_state *s = r->simulation->state;
    const struct hm_strides *strides = &r->simulation->propagator.strides;
    const struct hm_schedule *schedule = &r->simulation->propagator.schedule;
    const bool due = s->step > schedule->warmup_steps;
    if (strides->stride > 0 && s->rounds.tried == 0 && due) log_no_strides(r);
    if (s->rounds.tried == 0) return;
    hm_log_line(r->log,
                "%lld strides of %lld steps (%.3g fs), %.1f iterations each; %lld had no solution, %lld led outside of "
                "what was learned, %lld rounds were refused",
                (long long)s->rounds.taken, (long long)strides->stride,
                (double)strides->stride * schedule->timestep * HM_TIME_FS,
                (double)s->rounds.iterations / (double)s->rounds.tried, (long long)s->rounds.unsolved,
                (long long)s->rounds.outside, (long long)s->rounds.refused);
    if (s->rounds.taken > 0)
        hm_log_line(r->log,
                    "where the last of them ended the exact energy had moved by %.2g of the mean kinetic energy; the "
                    "gate allows %.2g",
                    fabs(s->rounds.energy - s->rounds.reference) / s->vigil.kinetic, strides->gate);
}

/* What cannot be read again is not worth the run. */
static void log_shares(const struct subject *r)
{
    char warning[512];
    if (r->simulation->state->rounds.taken == 0) return;
    if (hm_stride_shares(hm_config_path(r->job->config, "output.trajectory"), sizeof warning, warning) != HM_OK)
        hm_status_clear();
    else if (*warning)
        hm_log_line(r->log, "%s", warning);
}

static void log_faults(const struct subject *r)
{
    char kinds[160];
    hm_faults_list(r->simulation->oracle.faults, sizeof kinds, kinds);
    if (*kinds) hm_log_line(r->log, "oracle calls that came to nothing: %s", kinds);
}

void hm_driver_log_summary(struct hm_log *log, const struct hm_job *job, const struct hm_simulation *simulation)
{
    const struct subject subject = {log, job, simulation}, *r = &subject;
    const struct hm_state *state = r->simulation->state;
    const int64_t chosen = state->step - r->simulation->propagator.schedule.warmup_steps;
    const char *path = hm_config_path(r->job->config, "output.trajectory");
    const bool striding = state->rounds.tried > 0; /* forces at the ends of rounds belong to no step */
    const bool allowed = striding && state->vigil.worst <= r->simulation->propagator.strides.gate;
    if (chosen > 0)
        hm_log_line(r->log, "%lld %s %lld steps after the warm-up%s (%.3g %%), weights version %d",
                    (long long)state->injections, striding ? "exact forces for" : "of", (long long)chosen,
                    striding ? "" : " were exact", 100 * (double)state->injections / (double)chosen,
                    (int)state->weights_version);
    if (state->residuals > 0)
        hm_log_line(r->log,
                    "there the kick error was %.2g of the rms kick, and the energy stayed within %.2g of the mean "
                    "kinetic energy",
                    sqrt(state->residual_squares / (double)state->residuals), state->vigil.worst);
    log_strides(r);
    log_shares(r);
    if (hm_vigil_alarm(&state->vigil) && !allowed)
        hm_log_line(r->log,
                    "warning: the energy at injections moved by up to %.2g of the mean kinetic energy: more than exact "
                    "dynamics explains",
                    state->vigil.worst);
    log_faults(r);
    hm_log_line(r->log, "written: %s; look at it with: hamlet analyze %s", path, path);
}
