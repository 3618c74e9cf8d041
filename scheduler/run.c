/* A run from the outside: share the job, give every rank its role, agree on how it ended. */
#include "scheduler/roles.h"

#include "scheduler/messages.h"
#include "scheduler/scene.h"
#include "scheduler/stop.h"

/* A signal may reach every rank or the driver alone, which then says STOP. */
static bool called_off(void *self)
{
    const struct hm_layout *layout = self;
    return hm_stop_requested() != 0 || hm_message_waits(layout->world, 0, HM_MESSAGE_STOP);
}

static enum hm_status run_oracle(struct hm_layout *layout, const struct hm_job *job, struct hm_hamiltonian *hamiltonian)
{
    const struct hm_oracle_group group = {layout->group, layout->ngroup, &layout->group_comm, {called_off, layout}};
    const enum hm_status ready =
        hm_agree(layout->world, hm_hamiltonian_create(job->config, &job->frame, &group, hamiltonian));
    return ready == HM_OK ? hm_role_oracle(layout, hamiltonian, &job->frame) : ready;
}

static enum hm_status run_predictor(const struct hm_layout *layout, const struct hm_job *job, struct hm_scene *scene,
                                    struct hm_apprentice *apprentice)
{
    enum hm_status ready = hm_scene_create(job->config, &job->frame, scene);
    if (ready == HM_OK)
        ready = hm_apprentice_create(job->config, scene->representation,
                                     (size_t)(layout->rank - hm_layout_predictor_rank(0)), (size_t)layout->npredictor,
                                     &job->weights, apprentice);
    ready = hm_agree(layout->world, ready);
    return ready == HM_OK ? hm_role_predictor(layout, apprentice) : ready;
}

static enum hm_status run_driver(const struct hm_layout *layout, const struct hm_job *job,
                                 const struct hm_driver_options *options)
{
    HM_TRY(hm_agree(layout->world, HM_OK));
    return hm_role_driver(layout, job, options);
}

enum hm_status hm_run(MPI_Comm world, struct hm_job *job, const struct hm_driver_options *options)
{
    struct hm_layout layout;
    struct hm_hamiltonian hamiltonian = {0};
    struct hm_scene scene = {0};
    struct hm_apprentice apprentice = {0};
    size_t learners;
    HM_TRY(hm_job_share(job, world));
    HM_TRY(hm_agree(world, hm_job_learners(job, &learners)));
    HM_TRY(hm_layout_create(job->config, learners, world, &layout));

    enum hm_status status = HM_INTERNAL;
    switch (layout.role) {
    case HM_ROLE_DRIVER:
        status = run_driver(&layout, job, options);
        break;
    case HM_ROLE_PREDICTOR:
        status = run_predictor(&layout, job, &scene, &apprentice);
        break;
    case HM_ROLE_ORACLE:
        status = run_oracle(&layout, job, &hamiltonian);
        break;
    }
    hm_hamiltonian_destroy(&hamiltonian);
    hm_apprentice_destroy(&apprentice);
    hm_scene_release(&scene);
    hm_layout_release(&layout);
    return hm_agree(world, status);
}
