/* Setting a propagator up, starting it, and taking its state to bits and back; the step itself is in step.c. */
#include "scheduler/integrator.h"
#include "scheduler/step.h"

#include <stdlib.h>

enum hm_status hm_propagator_prepare(struct hm_propagator *propagator, const struct hm_state *state)
{
    enum { ARRAYS = 5 };
    const size_t n = 3 * state->frame.natom, nchannel = state->window->nchannel;
    const size_t sample = hm_sample_size(state->window->length, nchannel);
    double *next = propagator->scratch = calloc(ARRAYS * n + nchannel + sample, sizeof *next);
    if (!next) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the propagator's scratch");
    double **const arrays[ARRAYS] = {&propagator->kick_exact, &propagator->kick_predicted, &propagator->v_before,
                                     &propagator->v_on, &propagator->force};
    for (size_t a = 0; a < ARRAYS; a++, next += n) *arrays[a] = next;
    propagator->motion = next;
    propagator->sample = next + nchannel;
    propagator->label.force = propagator->force;
    return HM_OK;
}

void hm_propagator_release(struct hm_propagator *propagator)
{
    free(propagator->scratch);
    propagator->scratch = NULL;
}

enum hm_status hm_propagator_start(struct hm_propagator *propagator, struct hm_state *state)
{
    int group;
    HM_TRY(hm_dispatch_ask(propagator->oracle, &state->frame, &propagator->label, &group));
    if (propagator->label.status != HM_LABEL_CONVERGED)
        return hm_fail(HM_ORACLE_FAILED, "the force on the starting geometry is %s",
                       propagator->label.status == HM_LABEL_NOT_FINITE ? "not finite" : "not converged");
    hm_leapfrog_start(&state->frame, propagator->schedule.timestep, propagator->label.force, state->frame.v);
    return HM_OK;
}

enum hm_status hm_propagator_save(struct hm_propagator *propagator, const struct hm_state *state,
                                  struct hm_archive *archive)
{
    hm_state_save(state, archive);
    hm_policy_save(propagator->policy, archive);
    hm_predictor_save(propagator->predictor, archive);
    HM_TRY(hm_dispatch_save(propagator->oracle, archive));
    HM_TRY(hm_trainer_save(propagator->trainer, archive));
    return archive->status;
}

enum hm_status hm_propagator_load(struct hm_propagator *propagator, struct hm_state *state, struct hm_archive *archive)
{
    HM_TRY(hm_state_load(state, archive));
    HM_TRY(hm_policy_load(propagator->policy, archive));
    HM_TRY(hm_predictor_load(propagator->predictor, archive));
    HM_TRY(hm_dispatch_load(propagator->oracle, archive));
    return hm_trainer_load(propagator->trainer, archive);
}
