#include "scheduler/simulation.h"

#include "scheduler/remote.h"
#include "scheduler/trainer_replay.h"

static enum hm_status create_oracle(struct hm_simulation *s, const struct hm_job *job, const struct hm_layout *layout)
{
    if (layout->ngroup > 0) return hm_dispatch_create_remote(layout, job->frame.natom, &s->oracle);
    HM_TRY(hm_hamiltonian_create(job->config, &job->frame, NULL, &s->hamiltonian));
    return hm_dispatch_create_inline(&s->hamiltonian, job->frame.natom, &s->oracle);
}

static enum hm_status create_trainer(struct hm_simulation *s, const struct hm_job *job, const struct hm_layout *layout)
{
    enum { FIRST_PREDICTOR_RANK = 1 };
    const struct hm_replay_log *replay = &job->replay;
    if (!hm_predictor_learns(&s->predictor)) return HM_OK;
    if (replay->has_weights)
        return hm_trainer_create_replay(replay->trajectory, replay->version, replay->count, &s->trainer);
    if (layout->npredictor > 0) {
        const size_t sample = hm_sample_size(s->state->window->length, s->representation->nchannel);
        return hm_trainer_create_remote(layout, FIRST_PREDICTOR_RANK, sample, &s->trainer);
    }
    HM_TRY(hm_apprentice_create(job->config, s->representation, &s->apprentice));
    return hm_trainer_create_inline(&s->apprentice, &s->trainer);
}

static enum hm_status create_policy(struct hm_simulation *s, const struct hm_job *job)
{
    const struct hm_policy_setup setup = {job->config, hm_job_burst(job->config, &s->predictor), job->replay.action,
                                          job->replay.count};
    return hm_policy_create(&setup, &s->policy);
}

static enum hm_status create_propagator(struct hm_simulation *s, const struct hm_config *config)
{
    s->propagator = (struct hm_propagator){
        .oracle = &s->oracle,
        .predictor = &s->predictor,
        .policy = &s->policy,
        .trainer = &s->trainer,
        .schedule =
            {
                .timestep = hm_config_real(config, "integrator.timestep"),
                .warmup_steps = hm_config_integer(config, "training.warmup_steps"),
                .episode_every_injections = hm_config_integer(config, "training.episode_every_injections"),
                .wait_for_training = hm_config_is(config, "training.mode", "synchronous"),
            },
        .limits =
            {
                .displacement = hm_config_real(config, "integrator.max_displacement"),
                .temperature = hm_config_real(config, "integrator.max_temperature"),
            },
    };
    return hm_propagator_prepare(&s->propagator, s->state);
}

enum hm_status hm_simulation_create(const struct hm_job *job, const struct hm_layout *layout,
                                    struct hm_simulation *simulation)
{
    *simulation = (struct hm_simulation){0};
    struct hm_simulation *s = simulation;
    enum hm_status status;
    HM_TRY_GOTO(status, hm_representation_create(job->config, &job->frame, &s->representation), fail);
    const struct hm_predictor_setup setup = {.config = job->config, .representation = s->representation};
    HM_TRY_GOTO(status, hm_predictor_create(&setup, &s->predictor), fail);
    const size_t history = s->predictor.ops->history(s->predictor.self);
    HM_TRY_GOTO(status, hm_state_create(&job->frame, s->representation, history, &s->state), fail);
    HM_TRY_GOTO(status, create_oracle(s, job, layout), fail);
    HM_TRY_GOTO(status, create_trainer(s, job, layout), fail);
    HM_TRY_GOTO(status, create_policy(s, job), fail);
    HM_TRY_GOTO(status, create_propagator(s, job->config), fail);
    return HM_OK;
fail:
    hm_simulation_release(simulation);
    return status;
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
    hm_predictor_destroy(&simulation->predictor);
    hm_representation_destroy(&simulation->representation);
}
