/* What the step does for training: labels go out, lessons come in.
 *
 * Rows go to the trainer once as labels, with as many steps before them as the predictors look back on as context, so
 * that the rows between two episodes make sense by themselves. An episode is due at the end of the warm-up, then after
 * every so many injections, or earlier if the policy asks for one.
 *
 * Errors: those of the trainer, HM_STOPPED among them; HM_BAD_INPUT (weights of another size). Owns: nothing. MPI:
 * driver only.
 */
#ifndef HM_SCHEDULER_TEACH_H
#define HM_SCHEDULER_TEACH_H

#include "scheduler/step.h"

/* Before a step: the lessons that have come are in force from it on. In synchronous mode those of an episode that was
 * asked for are waited for; HM_STOPPED if that is interrupted, and nothing has changed. */
enum hm_status hm_teach_collect(struct hm_propagator *propagator, struct hm_state *state);
/* After the drift of a step. */
enum hm_status hm_teach_step(struct hm_propagator *propagator, struct hm_state *state, const struct hm_step *now);
/* Weights that are there before step 0. */
enum hm_status hm_teach_start(struct hm_propagator *propagator, struct hm_state *state);
/* New parameters are in force from the next step on, and get the next version number. */
enum hm_status hm_teach_take(struct hm_propagator *propagator, struct hm_state *state, struct hm_lesson *lesson);

/* `steps` exact steps from `start` (x_0, v_0), as labels; they are no part of the run. `number` tells segments apart. */
enum hm_status hm_teach_segment(struct hm_propagator *propagator, const struct hm_state *state,
                                const struct hm_frame *start, int64_t steps, size_t number);

#endif
