/* Setting a propagator up, starting it, and taking its state to bits and back; the step itself is in step.c. */
#include "scheduler/integrator.h"
#include "scheduler/step.h"
#include "scheduler/teach.h"

#include <stdlib.h>

enum hm_status hm_propagator_prepare(struct hm_propagator *propagator, const struct hm_state *state)
{
    enum { ARRAYS = 7 };
    const size_t n = 3 * state->frame.natom, nchannel = state->window->nchannel;
    const size_t rows = state->window->length * hm_row_size(nchannel);
    double *next = propagator->scratch = calloc(ARRAYS * n + nchannel + rows, sizeof *next);
    if (!next) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the propagator's scratch");
    double **const arrays[ARRAYS] = {&propagator->kick_exact, &propagator->kick_predicted, &propagator->kick_impulse,
                                     &propagator->v_before,   &propagator->v_on,           &propagator->vibration,
                                     &propagator->force};
    for (size_t a = 0; a < ARRAYS; a++, next += n) *arrays[a] = next;
    propagator->motion = next;
    propagator->rows = next + nchannel;
    propagator->label.force = propagator->force;
    return HM_OK;
}

double hm_propagator_shadow_energy(const struct hm_propagator *propagator, const struct hm_frame *frame, double kinetic)
{
    /* The kick is dt F / m, zero where an atom is held. */
    return propagator->label.energy + kinetic - hm_kinetic_energy(frame, propagator->kick_exact) / 4;
}

void hm_propagator_release(struct hm_propagator *propagator)
{
    hm_strides_release(&propagator->strides);
    free(propagator->scratch);
    propagator->scratch = NULL;
}

enum hm_status hm_propagator_start(struct hm_propagator *propagator, struct hm_state *state)
{
    int group;
    propagator->oracle->step = state->step;
    const enum hm_status status = hm_dispatch_ask(propagator->oracle, &state->frame, &propagator->label, &group);
    if (status == HM_DIVERGED) return hm_fail(HM_ORACLE_FAILED, "the force on the starting geometry is not finite");
    HM_TRY(status);
    hm_leapfrog_start(&state->frame, propagator->schedule.timestep, propagator->label.force, state->frame.v);
    return hm_teach_start(propagator, state);
}

enum hm_status hm_propagator_finish(struct hm_propagator *propagator, struct hm_state *state)
{
    return hm_teach_collect(propagator, state);
}

enum hm_status hm_propagator_save(struct hm_propagator *propagator, const struct hm_state *state,
                                  struct hm_archive *archive)
{
    hm_state_save(state, archive);
    hm_policy_save(propagator->policy, archive);
    hm_committee_save(propagator->committee, archive);
    HM_TRY(hm_dispatch_save(propagator->oracle, archive));
    HM_TRY(hm_trainer_save(propagator->trainer, archive));
    return archive->status;
}

enum hm_status hm_propagator_load(struct hm_propagator *propagator, struct hm_state *state, struct hm_archive *archive)
{
    HM_TRY(hm_state_load(state, archive));
    HM_TRY(hm_policy_load(propagator->policy, archive));
    HM_TRY(hm_committee_load(propagator->committee, archive));
    HM_TRY(hm_dispatch_load(propagator->oracle, archive));
    return hm_trainer_load(propagator->trainer, archive);
}
