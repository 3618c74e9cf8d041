/* All that changes during a run, in one place: what a snapshot holds and a restore brings back.
 *
 * Before step n: frame.x is x_n and frame.v is v_{n-1/2} (v_n if on_step); the window ends with the motion of step n-1.
 * A step that was called off while its oracle worked has changed none of these: it is pending, and gone on with at its
 * question.
 *
 * Units: atomic units.
 * Errors: HM_OUT_OF_MEMORY; load HM_BAD_INPUT (another system or shape; the state is then undefined).
 * Owns: its frame, window and buffers. `representation` is borrowed and outlives it. Does not move: the window points
 * in. MPI: local.
 */
#ifndef HM_SCHEDULER_STATE_H
#define HM_SCHEDULER_STATE_H

#include "predictors/window.h"
#include "scheduler/policy.h"
#include "scheduler/vigil.h"

/* What was settled of step n before its oracle was asked: predictors and policy are not asked again. */
struct hm_pending {
    bool there;
    bool predicted;
    int32_t weights_version;
    struct hm_decision decision;
    struct hm_signals signals;
    double *kick_predicted; // (natom, 3), zero unless predicted
};

/* The rounds of an action (stride.h). */
struct hm_rounds {
    double energy, seconds; // exact, of the point where a round begins, and how long the oracle took for it
    double reference;       // the energy where the first round began; NaN before
    int64_t tried, taken, iterations, unsolved, outside; // strides
    int64_t refused;                                     // rounds
    int64_t forces;                                      // asked for in the round that goes on
    double held_out; // error of the latest map that was not good enough to drive; NaN: none
};

struct hm_state {
    int64_t step; // n, the step decided next
    struct hm_frame frame;
    double *x_spare; // (natom, 3) where the drift writes x_{n+1}; then the two change places
    struct hm_window *window;
    int32_t weights_version; // of the parameters in use; 0 = none
    int64_t exact_steps;     // all injected steps
    int64_t last_exact_step;
    int64_t injections; // those after the warm-up
    int64_t injections_since_episode;
    int64_t untaught;          // first step of which the next episode has no row yet
    double residual_relative;  // rms error of the latest injection's prediction over the rms kick; NaN before
    double exact_kick_squares; // sum over exact steps and components: the scale of errors and signals
    double exact_kick_largest; // of any component so far
    double energy_reference;   // shadow energy at the end of the warm-up; NaN before
    double energy_exchanged;   // what it leaves out of what is conserved, a running mean over exact steps
    double heat;               // that the thermostat has put in so far
    double *kick_before;       // (natom, 3) of the last step
    double *bath_kick;         // (natom, 3) what it added to the velocities in the last step
    double residual_squares;   // sum over all injections that had a prediction,
    int64_t residuals;         // so many
    struct hm_vigil vigil;     // over the energy at exact steps
    struct hm_rounds rounds;
    int64_t segment_left; // exact steps until the next round
    bool on_step;         // frame.v is v_n: a round ended here
    bool lessons_due;     // an episode was asked for that the next step waits for
    bool primed;          // recurrent predictors have seen the history up to here
    struct hm_pending pending;
    void *storage;
};

enum hm_status hm_state_create(const struct hm_frame *frame, struct hm_representation *representation, size_t history,
                               struct hm_state **state);
void hm_state_destroy(struct hm_state **state);

void hm_state_save(const struct hm_state *state, struct hm_archive *archive);
enum hm_status hm_state_load(struct hm_state *state, struct hm_archive *archive);

#endif
