#include "scheduler/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum hm_status hm_state_create(const struct hm_frame *frame, struct hm_representation *representation, size_t history,
                               struct hm_state **state)
{
    *state = NULL;
    struct hm_state *s = calloc(1, sizeof *s);
    if (!s) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the state");
    s->residual_relative = s->energy_reference = s->rounds.reference = s->rounds.held_out = NAN;
    s->storage = s->x_spare = calloc(12 * frame->natom, sizeof *s->x_spare);
    if (s->storage) {
        s->bath_kick = s->x_spare + 3 * frame->natom;
        s->pending.kick_predicted = s->bath_kick + 3 * frame->natom;
        s->kick_before = s->pending.kick_predicted + 3 * frame->natom;
    }
    enum hm_status status = s->storage ? hm_frame_copy(frame, &s->frame)
                                       : hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", frame->natom);
    if (status == HM_OK) status = hm_window_create(representation, &s->frame, history, &s->window);
    if (status != HM_OK) hm_state_destroy(&s);
    *state = s;
    return status;
}

void hm_state_destroy(struct hm_state **state)
{
    if (*state) {
        hm_window_destroy(&(*state)->window);
        hm_frame_release(&(*state)->frame);
        free((*state)->storage);
        free(*state);
    }
    *state = NULL;
}

static void save_pending(const struct hm_state *state, struct hm_archive *archive)
{
    const struct hm_pending *pending = &state->pending;
    hm_archive_put_int(archive, pending->there);
    if (!pending->there) return;
    hm_archive_put_int(archive, pending->predicted);
    hm_archive_put_int(archive, pending->weights_version);
    hm_archive_put_int(archive, pending->decision.action);
    hm_archive_put_int(archive, pending->decision.reason);
    hm_archive_put_real(archive, pending->decision.signal);
    hm_archive_put_real(archive, pending->decision.threshold);
    hm_archive_put_real(archive, pending->signals.committee);
    hm_archive_put_real(archive, pending->signals.base_difference);
    hm_archive_put_real(archive, pending->signals.extremeness);
    hm_archive_put_int(archive, pending->signals.outside);
    hm_archive_put_reals(archive, pending->kick_predicted, 3 * state->frame.natom);
}

static enum hm_status load_pending(struct hm_state *state, struct hm_archive *archive)
{
    struct hm_pending *pending = &state->pending;
    int64_t there, predicted, version, action, reason, outside;
    HM_TRY(hm_archive_get_int(archive, &there));
    pending->there = there != 0;
    if (!pending->there) return HM_OK;
    HM_TRY(hm_archive_get_int(archive, &predicted));
    HM_TRY(hm_archive_get_int(archive, &version));
    HM_TRY(hm_archive_get_int(archive, &action));
    HM_TRY(hm_archive_get_int(archive, &reason));
    HM_TRY(hm_archive_get_real(archive, &pending->decision.signal));
    HM_TRY(hm_archive_get_real(archive, &pending->decision.threshold));
    HM_TRY(hm_archive_get_real(archive, &pending->signals.committee));
    HM_TRY(hm_archive_get_real(archive, &pending->signals.base_difference));
    HM_TRY(hm_archive_get_real(archive, &pending->signals.extremeness));
    HM_TRY(hm_archive_get_int(archive, &outside));
    pending->predicted = predicted != 0;
    pending->weights_version = (int32_t)version;
    pending->decision.action = (enum hm_action)action;
    pending->decision.reason = (enum hm_reason)reason;
    pending->signals.outside = outside != 0;
    return hm_archive_get_reals(archive, pending->kick_predicted, 3 * state->frame.natom);
}

void hm_state_save(const struct hm_state *state, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "STATE");
    hm_archive_put_int(archive, state->step);
    hm_archive_put_int(archive, state->weights_version);
    hm_archive_put_int(archive, state->exact_steps);
    hm_archive_put_int(archive, state->injections);
    hm_archive_put_int(archive, state->injections_since_episode);
    hm_archive_put_int(archive, state->untaught);
    hm_archive_put_int(archive, state->primed);
    hm_archive_put_int(archive, state->lessons_due);
    hm_archive_put_real(archive, state->residual_relative);
    hm_archive_put_real(archive, state->exact_kick_squares);
    hm_archive_put_real(archive, state->exact_kick_largest);
    hm_archive_put_int(archive, state->last_exact_step);
    hm_archive_put_real(archive, state->residual_squares);
    hm_archive_put_int(archive, state->residuals);
    hm_vigil_save(&state->vigil, archive);
    hm_archive_put_real(archive, state->energy_reference);
    hm_archive_put_real(archive, state->energy_exchanged);
    hm_archive_put_real(archive, state->heat);
    hm_archive_put_reals(archive, state->bath_kick, 3 * state->frame.natom);
    hm_archive_put(archive, &state->rounds, sizeof state->rounds);
    hm_archive_put_int(archive, state->segment_left);
    hm_archive_put_int(archive, state->on_step);
    hm_archive_put_reals(archive, state->kick_before, 3 * state->frame.natom);
    hm_frame_save(&state->frame, archive);
    hm_window_save(state->window, archive);
    save_pending(state, archive);
}

/* The frame's arrays are filled in place: the window and the propagator point to them. */
static enum hm_status load_frame(struct hm_frame *frame, struct hm_archive *archive)
{
    struct hm_frame saved;
    HM_TRY(hm_frame_load(&saved, archive));
    enum hm_status status = HM_OK;
    if (saved.natom != frame->natom || memcmp(saved.number, frame->number, frame->natom * sizeof *frame->number) != 0) {
        status = hm_fail(HM_BAD_INPUT, "the saved state is of another system (%zu atoms, not %zu, or other elements)",
                         saved.natom, frame->natom);
    } else {
        const size_t bytes = 3 * frame->natom * sizeof(double);
        memcpy(frame->x, saved.x, bytes);
        memcpy(frame->v, saved.v, bytes);
        memcpy(frame->mass, saved.mass, bytes / 3);
        memcpy(frame->image, saved.image, 3 * frame->natom * sizeof *frame->image);
        memcpy(frame->frozen, saved.frozen, frame->natom * sizeof *frame->frozen);
        frame->nfrozen = saved.nfrozen;
        frame->at_rest = saved.at_rest;
        memcpy(frame->cell, saved.cell, sizeof frame->cell);
    }
    hm_frame_release(&saved);
    return status;
}

enum hm_status hm_state_load(struct hm_state *state, struct hm_archive *archive)
{
    int64_t version, primed, lessons_due, on_step;
    HM_TRY(hm_archive_expect_tag(archive, "STATE"));
    HM_TRY(hm_archive_get_int(archive, &state->step));
    HM_TRY(hm_archive_get_int(archive, &version));
    HM_TRY(hm_archive_get_int(archive, &state->exact_steps));
    HM_TRY(hm_archive_get_int(archive, &state->injections));
    HM_TRY(hm_archive_get_int(archive, &state->injections_since_episode));
    HM_TRY(hm_archive_get_int(archive, &state->untaught));
    HM_TRY(hm_archive_get_int(archive, &primed));
    HM_TRY(hm_archive_get_int(archive, &lessons_due));
    HM_TRY(hm_archive_get_real(archive, &state->residual_relative));
    HM_TRY(hm_archive_get_real(archive, &state->exact_kick_squares));
    HM_TRY(hm_archive_get_real(archive, &state->exact_kick_largest));
    HM_TRY(hm_archive_get_int(archive, &state->last_exact_step));
    HM_TRY(hm_archive_get_real(archive, &state->residual_squares));
    HM_TRY(hm_archive_get_int(archive, &state->residuals));
    HM_TRY(hm_vigil_load(&state->vigil, archive));
    HM_TRY(hm_archive_get_real(archive, &state->energy_reference));
    HM_TRY(hm_archive_get_real(archive, &state->energy_exchanged));
    HM_TRY(hm_archive_get_real(archive, &state->heat));
    HM_TRY(hm_archive_get_reals(archive, state->bath_kick, 3 * state->frame.natom));
    HM_TRY(hm_archive_get(archive, &state->rounds, sizeof state->rounds));
    HM_TRY(hm_archive_get_int(archive, &state->segment_left));
    HM_TRY(hm_archive_get_int(archive, &on_step));
    state->on_step = on_step != 0;
    HM_TRY(hm_archive_get_reals(archive, state->kick_before, 3 * state->frame.natom));
    state->primed = primed != 0;
    state->lessons_due = lessons_due != 0;
    state->weights_version = (int32_t)version;
    HM_TRY(load_frame(&state->frame, archive));
    HM_TRY(hm_window_load(state->window, archive));
    return load_pending(state, archive);
}
