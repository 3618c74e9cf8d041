#include "scheduler/segments.h"

#include "scheduler/teach.h"

#include "io/connectivity.h"
#include "io/rng.h"
#include "io/rotors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the segments stand: what they start from is the run's own start. */
struct segments {
    struct hm_propagator *propagator;
    const struct hm_state *state;
    const struct hm_config *config;
    int64_t steps;
    size_t number; // of the next segment
};

static uint64_t seed_of(const struct segments *s)
{
    return (uint64_t)hm_config_integer(s->config, "training.seed");
}

static enum hm_status teach_energies(struct segments *s)
{
    for (size_t e = 0; e < hm_config_length(s->config, "training.energies"); e++, s->number++) {
        char key[64];
        struct hm_frame frame;
        snprintf(key, sizeof key, "training.energies[%zu]", e);
        const double energy = hm_config_real(s->config, key);
        if (energy == 1) continue; /* the warm-up itself */
        HM_TRY(hm_frame_copy(&s->state->frame, &frame));
        for (size_t k = 0; k < 3 * frame.natom; k++) frame.v[k] *= sqrt(energy);
        const enum hm_status status = hm_teach_segment(s->propagator, s->state, &frame, s->steps, s->number);
        hm_frame_release(&frame);
        HM_TRY(status);
    }
    return HM_OK;
}

static enum hm_status teach_starts(struct segments *s)
{
    const size_t starts = (size_t)hm_config_integer(s->config, "training.starts");
    for (size_t k = 0; k < starts; k++, s->number++) {
        struct hm_frame frame;
        HM_TRY(hm_frame_copy(&s->state->frame, &frame));
        enum hm_status status = hm_velocities_redraw(&frame, seed_of(s), (uint32_t)k + 1);
        if (status == HM_OK) status = hm_teach_segment(s->propagator, s->state, &frame, s->steps, s->number);
        hm_frame_release(&frame);
        HM_TRY(status);
    }
    return HM_OK;
}

/* ---- turns ---- */

double hm_segments_turn(size_t rotors, size_t rotor, size_t number)
{
    double g = 2;
    for (int k = 0; k < 60; k++) g = pow(1 + g, 1 / (double)(rotors + 1));
    const double turn = ((double)number + 0.5) / pow(g, (double)(rotor + 1));
    return turn - floor(turn);
}

static enum hm_status draw_velocities(const struct segments *s, size_t turn, struct hm_frame *frame)
{
    const double kinetic = hm_kinetic_energy(frame, frame->v);
    const struct hm_velocity_options options = {
        .temperature = 2 * kinetic / (double)hm_degrees_of_freedom(frame),
        .seed = seed_of(s),
        .replica = (uint32_t)turn + 1,
        .remove_momentum = true,
        .remove_angular_momentum = !hm_frame_is_periodic(frame) && frame->nfrozen == 0,
        .scale_energy = 1,
    };
    return kinetic > 0 ? hm_velocities_draw(frame, &options) : HM_OK;
}

static enum hm_status same_bonds(const struct hm_frame *a, const struct hm_frame *b, bool *same)
{
    size_t(*of_a)[2], (*of_b)[2], na, nb;
    *same = false;
    HM_TRY(hm_connectivity_find(a, &of_a, &na));
    const enum hm_status status = hm_connectivity_find(b, &of_b, &nb);
    if (status == HM_OK) {
        *same = na == nb && memcmp(of_a, of_b, na * sizeof *of_a) == 0;
        free(of_b);
    }
    free(of_a);
    return status;
}

static bool turns_frozen(const struct hm_rotors *rotors, size_t rotor, const struct hm_frame *frame)
{
    for (size_t i = 0; i < frame->natom; i++)
        if (rotors->turns[rotor * frame->natom + i] && hm_frame_holds(frame, i)) return true;
    return false;
}

static enum hm_status teach_turn(struct segments *s, const struct hm_rotors *rotors, size_t turn,
                                 struct hm_frame *frame)
{
    const double whole = 2 * acos(-1.0);
    bool whole_molecule;
    for (size_t r = 0; r < rotors->count; r++)
        if (!turns_frozen(rotors, r, frame))
            hm_rotor_turn(rotors, r, whole * hm_segments_turn(rotors->count, r, turn), frame);
    HM_TRY(same_bonds(&s->state->frame, frame, &whole_molecule));
    if (!whole_molecule) return HM_OK;
    HM_TRY(draw_velocities(s, turn, frame));
    return hm_teach_segment(s->propagator, s->state, frame, s->steps, s->number);
}

static enum hm_status teach_turns(struct segments *s)
{
    const size_t turns = (size_t)hm_config_integer(s->config, "training.turns");
    struct hm_rotors rotors;
    if (turns == 0) return HM_OK;
    HM_TRY(hm_rotors_find(&s->state->frame, &rotors));
    enum hm_status status = rotors.count > 0 ? HM_OK
                                             : hm_config_fault(s->config, "training.turns",
                                                               "no bond of this geometry turns it into another shape");
    for (size_t t = 0; status == HM_OK && t < turns; t++, s->number++) {
        struct hm_frame frame;
        status = hm_frame_copy(&s->state->frame, &frame);
        if (status != HM_OK) break;
        status = teach_turn(s, &rotors, t, &frame);
        hm_frame_release(&frame);
    }
    hm_rotors_release(&rotors);
    return status;
}

enum hm_status hm_segments_teach(struct hm_propagator *propagator, const struct hm_state *state,
                                 const struct hm_config *config)
{
    struct segments s = {
        .propagator = propagator,
        .state = state,
        .config = config,
        .steps = hm_config_integer(config, "training.segment_steps"),
    };
    HM_TRY(teach_energies(&s));
    HM_TRY(teach_starts(&s));
    return teach_turns(&s);
}
