/* The parts of the learned action's predictor, between its files: action.c (create, advance), action_base.c (the field
 * around a composed stride), action_guess.c (where its solution is looked for first), action_learn.c (training).
 *
 *   Parameters, one arena of doubles: taught | guess taught | parameters of the base | of the guess | of the map
 * (action_map.h, or action_direct.h).
 */
#ifndef HM_PREDICTORS_ACTION_INTERNAL_H
#define HM_PREDICTORS_ACTION_INTERNAL_H

#include "predictors/action_direct.h"
#include "predictors/action_fit.h"
#include "predictors/action_guess.h"
#include "predictors/predictor.h"
#include "predictors/reservoir.h"

/* A cheap field and its flow, exact or not: whatever it is, what it does to a stride is symplectic and reversible. */
struct hm_action_base {
    struct hm_predictor predictor; // ops NULL: none, the stride is pure
    size_t base_bytes;             // of its parameters
    struct hm_frame at;            // where it is asked
    double *motion;                // (natom, 3) the kick it answers; behind it what a base of its own says
    double timestep;               // of that kick
    double inner;                  // largest step of the flow
};

/* That of predictor.base; or, if `fitted`, a surrogate whatever it is. */
enum hm_status hm_action_base_create(const struct hm_predictor_setup *setup, bool fitted, struct hm_action_base *base);
void hm_action_base_release(struct hm_action_base *base);
/* q, p after `time` (negative: before) in the field, by velocity Verlet. */
void hm_action_base_flow(struct hm_action_base *base, double time, double *q, double *p);

struct hm_action {
    size_t natom, nparameter;
    size_t stride, member;
    double timestep;
    bool composed, direct;
    double tolerance, margin;
    int most_iterations;
    struct hm_action_map map;
    struct hm_action_direct network; // instead of the map, if direct
    struct hm_action_base base;      // around a composed stride, or what the guess of a pure one goes by
    struct hm_action_guess guess;
    double *parameters; // (nparameter)
    double *point;      // (6, 3 natom): q, p after; before; where a roll-out began

    struct hm_reservoir reservoir; // of the copy that learns
    struct hm_effort effort;
    size_t most_pairs;
    double most_error;
    double *candidate; // (nparameter)
};

enum { HM_ACTION_HEADER = 2 };
static inline double *hm_action_base_parameters(const struct hm_action *action, double *parameters)
{
    (void)action;
    return parameters + HM_ACTION_HEADER;
}
static inline double *hm_action_guess_parameters(const struct hm_action *action, double *parameters)
{
    return hm_action_base_parameters(action, parameters) + action->base.base_bytes / sizeof(double);
}
static inline double *hm_action_map_parameters(const struct hm_action *action, double *parameters)
{
    return hm_action_guess_parameters(action, parameters) + action->guess.nparameter;
}

/* Parameters into the map, the base and the guess. */
void hm_action_use(struct hm_action *action, double *parameters);
/* One stride of (q, p), in place. */
void hm_action_stride(struct hm_action *action, double *q, double *p, struct hm_advance *told);

/* The on-step point of a row of a stretch; and, of pairs, what lies between the flows of the base. */
void hm_action_point(const struct hm_action *action, const struct hm_stretch *stretch, size_t row, double *q,
                     double *p);
void hm_action_strip_base(struct hm_action *action, size_t count, double *rows);

enum hm_status hm_action_train(void *self, const struct hm_batch *batch, struct hm_training_report *report);

#endif
