/* Where the solution of a stride is looked for first: the learned action is a correction to a direct predictor.
 *
 *   none            free flight; of a composed stride, whose map is near the identity, the point itself
 *   extrapolation   the displacements of the last three strides go on along a parabola
 *   linear, lstm    the predictor of that name, on the displacements of the strides so far. To it they are velocities
 *                   of a system of twice as many atoms that moves once a stride:
 *                       y = (sqrt(m w) (dq - h V), dp / sqrt(m w))     V of the centre of mass, w of the map
 *   surrogate, base where a field leads in the time of a stride: a surrogate's, or that of predictor.base
 *   direct          displacements from the point alone, by a network (action_direct.h)
 *
 * What the solution is does not depend on it, to the tolerance; how many iterations it takes does. It is fitted once,
 * with the first map that drives, to the same stretches: displacements of strides in a row, from every phase of them.
 *
 * History holds as long as strides go on where the last one ended. One that is taken back from there is none of it, and
 * where a round is tried again, so is the history it began with. A recurrent state is built anew from the history where
 * a round begins: what is saved between rounds goes on to the same bits. Until the history is long enough, and where
 * there was too little to fit it to, a guess is free flight.
 *
 * Shapes: q, p (natom, 3); y (6 natom). Parameters, doubles: those of the predictor, or of the network.
 * Units: atomic units. Errors: HM_BAD_CONFIG, HM_OUT_OF_MEMORY, HM_STOPPED. Owns: its predictor, with a configuration
 * of its own; a guess allocates nothing. MPI: local.
 * Source: F. Bigi, J.-W. Spies and M. Ceriotti, arXiv 2508.01068 (2025).
 */
#ifndef HM_PREDICTORS_ACTION_GUESS_H
#define HM_PREDICTORS_ACTION_GUESS_H

#include "predictors/action_direct.h"
#include "predictors/predictor.h"

struct hm_action;

enum hm_action_guess_kind {
    HM_GUESS_FREE_FLIGHT,
    HM_GUESS_PARABOLA,
    HM_GUESS_HISTORY,
    HM_GUESS_FIELD,
    HM_GUESS_NETWORK
};

/* Strides in a row that end at (q, p). */
struct hm_action_past {
    size_t known;
    double *y;   // (depth, 6 natom), newest last
    double *end; // (6 natom) q, p
};

struct hm_action_guess {
    const char *name; // as in the configuration
    enum hm_action_guess_kind kind;
    size_t natom, depth, nparameter;
    struct hm_action_past now, kept; // so far, and where the round began
    bool aside;                      // the stride under way is taken back
    bool taught, primed;
    double *storage;                // behind the pasts and what follows
    double *says, *base, *standing; // (6 natom) y; room for a companion's; (depth + 1, 6 natom) nothing
    struct hm_config *config;
    struct hm_frame doubled;
    struct hm_representation *representation;
    struct hm_predictor predictor; // linear or lstm
    uint64_t seed;
    struct hm_action_direct network;
};

/* What the configuration asks for; the field is the business of action_base.h. */
enum hm_status hm_action_guess_create(const struct hm_predictor_setup *setup, struct hm_action_guess *guess);
void hm_action_guess_release(struct hm_action_guess *guess);

/* ---- around a stride, whose solution is (q1, p1) from (q, p) on ---- */

/* On-step points: where a round begins, where a stride does, where it ended. */
void hm_action_guess_round(struct hm_action_guess *guess, const double *q, const double *p);
void hm_action_guess_arrive(struct hm_action_guess *guess, const double *q, const double *p);
void hm_action_guess_leave(struct hm_action_guess *guess, const double *q, const double *p);
void hm_action_guess_forget(struct hm_action_guess *guess);

void hm_action_guess_start(struct hm_action *action, const double *q, const double *p, double *q1, double *p1);
void hm_action_guess_remember(struct hm_action *action, const double *q, const double *p, const double *q1,
                              const double *p1);

/* ---- learning ---- */

/* Fits it to what the action has kept, before the first map, with that one's scales, and puts it into use; the
 * parameters go into the action's candidate. */
enum hm_status hm_action_guess_train(struct hm_action *action, struct hm_action_pairs pairs);
void hm_action_guess_use(struct hm_action_guess *guess, bool taught, const double *parameters);
/* Its parts: y of a stride, and the predictor as it is before it learned anything. */
void hm_action_guess_scale(const struct hm_action_map *map, const double *q, const double *p, const double *q1,
                           const double *p1, double *y);
enum hm_status hm_action_guess_predictor(const struct hm_action_guess *guess, struct hm_predictor *predictor);

void hm_action_guess_save(const struct hm_action_guess *guess, struct hm_archive *archive);
enum hm_status hm_action_guess_load(struct hm_action_guess *guess, struct hm_archive *archive);

#endif
