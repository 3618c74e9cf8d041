#include "scheduler/simulation.h"

#include "scheduler/remote.h"
#include "scheduler/segments.h"
#include "scheduler/trainer_replay.h"

static enum hm_status create_oracle(struct hm_simulation *s, const struct hm_job *job, const struct hm_layout *layout,
                                    struct hm_interrupt interrupt)
{
    const struct hm_oracle_group alone = {0, 1, NULL, interrupt};
    if (layout->ngroup > 0) {
        HM_TRY(hm_dispatch_create_remote(layout, job->frame.natom, &s->oracle));
    } else {
        HM_TRY(hm_hamiltonian_create(job->config, &job->frame, &alone, &s->hamiltonian));
        HM_TRY(hm_dispatch_create_inline(&s->hamiltonian, job->frame.natom, &s->oracle));
    }
    s->oracle.interrupt = interrupt;
    return hm_dispatch_configure(job->config, &s->oracle);
}

static enum hm_status create_trainer(struct hm_simulation *s, const struct hm_job *job, const struct hm_layout *layout,
                                     struct hm_interrupt interrupt)
{
    const struct hm_replay_log *replay = &job->replay;
    /* A long warm-up is kept whole. */
    const size_t most_rows = 2 * (size_t)hm_config_integer(job->config, "training.reservoir") +
                             (size_t)hm_config_integer(job->config, "training.warmup_steps");
    size_t learners;
    HM_TRY(hm_job_learners(job, &learners));
    if (replay->has_weights)
        return hm_trainer_create_replay(replay->trajectory, replay->version, replay->count, &s->trainer);
    if (learners == 0) return HM_OK;
    if (layout->npredictor > 0)
        return hm_trainer_create_remote(layout, learners, hm_row_size(s->scene.representation->nchannel), most_rows,
                                        interrupt, &s->trainer);
    HM_TRY(hm_apprentice_create(job->config, s->scene.representation, 0, 1, &job->weights, &s->apprentice));
    s->apprentice.interrupt = interrupt;
    return hm_trainer_create_inline(&s->apprentice, &s->trainer);
}

static enum hm_status create_policy(struct hm_simulation *s, const struct hm_job *job)
{
    const struct hm_policy_setup setup = {job->config, job->replay.action, job->replay.count};
    return hm_policy_create(&setup, &s->policy);
}

static struct hm_schedule read_schedule(const struct hm_config *config)
{
    const bool automatic = hm_config_is(config, "injection.burst", "auto");
    const bool usual = hm_config_is(config, "training.episode_every_injections", "auto");
    return (struct hm_schedule){
        .timestep = hm_config_real(config, "integrator.timestep"),
        .warmup_steps = hm_config_integer(config, "training.warmup_steps"),
        .activate_steps = hm_config_integer(config, "policy.activate_after_steps"),
        .episode_every_injections = usual ? 0 : hm_config_integer(config, "training.episode_every_injections"),
        .episode_min_injections = hm_config_integer(config, "training.episode_min_injections"),
        .wait_for_training = hm_config_is(config, "training.mode", "synchronous"),
        .restore_energy = hm_config_flag(config, "injection.restore_energy"),
        .restore_fraction = hm_config_real(config, "injection.restore_fraction"),
        .impulse = hm_config_is(config, "injection.form", "impulse"),
        .burst = automatic ? 0 : (size_t)hm_config_integer(config, "injection.burst"),
    };
}

static enum hm_status create_propagator(struct hm_simulation *s, const struct hm_job *job)
{
    const struct hm_config *config = job->config;
    s->propagator = (struct hm_propagator){
        .oracle = &s->oracle,
        .committee = &s->committee,
        .policy = &s->policy,
        .trainer = &s->trainer,
        .given = job->replay.has_weights ? NULL : &job->weights,
        .schedule = read_schedule(config),
        .limits =
            {
                .displacement = hm_config_real(config, "integrator.max_displacement"),
                .temperature = hm_config_real(config, "integrator.max_temperature"),
                .energy_change = hm_config_real(config, "integrator.max_energy_change"),
                .kick = hm_config_real(config, "predictor.max_kick"),
            },
    };
    HM_TRY(hm_thermostat_create(config, &s->propagator.thermostat));
    HM_TRY(hm_strides_create(config, &s->committee, job->frame.natom, &s->propagator.strides));
    return hm_propagator_prepare(&s->propagator, s->state);
}

enum hm_status hm_simulation_create(const struct hm_job *job, const struct hm_layout *layout,
                                    struct hm_interrupt interrupt, struct hm_simulation *simulation)
{
    *simulation = (struct hm_simulation){0};
    struct hm_simulation *s = simulation;
    enum hm_status status;
    HM_TRY_GOTO(status, hm_scene_create(job->config, &job->frame, &s->scene), fail);
    HM_TRY_GOTO(status, hm_committee_create(job->config, s->scene.representation, &s->committee), fail);
    /* One more than the predictors look back on: a label and its whole history are a stretch of rows. */
    const size_t length = hm_committee_history(&s->committee) + 1;
    HM_TRY_GOTO(status, hm_state_create(&job->frame, s->scene.representation, length, &s->state), fail);
    HM_TRY_GOTO(status, create_oracle(s, job, layout, interrupt), fail);
    HM_TRY_GOTO(status, create_trainer(s, job, layout, interrupt), fail);
    HM_TRY_GOTO(status, create_policy(s, job), fail);
    HM_TRY_GOTO(status, create_propagator(s, job), fail);
    s->propagator.interrupt = interrupt;
    return HM_OK;
fail:
    hm_simulation_release(simulation);
    return status;
}

enum hm_status hm_simulation_start(struct hm_simulation *simulation, const struct hm_job *job)
{
    size_t learners;
    HM_TRY(hm_job_learners(job, &learners));
    if (learners > 0) HM_TRY(hm_segments_teach(&simulation->propagator, simulation->state, job->config));
    return hm_propagator_start(&simulation->propagator, simulation->state);
}

void hm_simulation_release(struct hm_simulation *simulation)
{
    hm_propagator_release(&simulation->propagator);
    hm_policy_destroy(&simulation->policy);
    hm_trainer_destroy(&simulation->trainer);
    hm_apprentice_destroy(&simulation->apprentice);
    hm_dispatch_destroy(&simulation->oracle);
    hm_hamiltonian_destroy(&simulation->hamiltonian);
    hm_state_destroy(&simulation->state);
    hm_committee_destroy(&simulation->committee);
    hm_scene_release(&simulation->scene);
}
