/* Predictors: everything that proposes the next kick without a force.
 *
 * One family, one shape: a const table of operations behind a handle. A new predictor is one file that defines
 * `const struct hm_predictor_ops hm_predictor_<name>` and one line in predictors.def.
 *
 *   kick = dv_n = v_{n+1/2} - v_{n-1/2}; a method that outputs velocities subtracts inside.
 *
 * Two copies of a predictor live in a run: the driver's, which only predicts, and the trainer's, which only learns;
 * what connects them is the arena of parameters, published after each accepted episode.
 *
 * Shapes: kick (natom, 3); samples as window.h lays them out.
 * Units: atomic units.
 * Errors: create HM_BAD_CONFIG; train HM_OUT_OF_MEMORY; load HM_BAD_INPUT. predict cannot fail: a kick that is not
 * finite is the caller's to refuse. Owns: the handle owns its arena and scratch; predict allocates nothing. MPI: local.
 */
#ifndef HM_PREDICTORS_PREDICTOR_H
#define HM_PREDICTORS_PREDICTOR_H

#include "predictors/window.h"

#include "io/method.h"

/* What a predictor says about its own prediction, for policies; NaN where it has no such signal. */
struct hm_signals {
    double committee;       // spread over the members, relative to the rms kick
    double base_difference; // |prediction - base|, relative to the rms kick
    double extremeness; // largest standardised distance of a coordinate from the training data, used as input or not
};

/* Labelled windows, `count` samples of hm_sample_size(length, nchannel) doubles each. */
struct hm_batch {
    size_t count, length, nchannel;
    const double *samples;
};

/* What an episode came to. Errors are rms over the samples, relative to the rms target; NaN = unknown. */
struct hm_training_report {
    bool accepted;                          // the arena holds new parameters
    double loss_before, loss_after;         // on the training samples
    double held_out_before, held_out_after; // on samples kept out of the fit
    double samples;                         // training samples behind the fit
};

struct hm_predictor_setup {
    const struct hm_config *config;
    const struct hm_representation *representation;
    uint64_t seed;
    size_t member; // of the committee
};

struct hm_predictor_ops {
    struct hm_method method;

    enum hm_status (*create)(const struct hm_predictor_setup *setup, void **self);
    void (*destroy)(void **self);

    /* Steps of history it looks back on, and how many consecutive exact steps make its inputs consistent again after
     * predicted ones (1: a single injection does not disturb it). */
    size_t (*history)(const void *self);
    size_t (*reseed_steps)(const void *self);

    /* The motion u_n of the coming kick (nchannel), from an open window that holds at least history() steps. Before its
     * first parameters a learner's motion may be non-finite. */
    void (*predict)(void *self, const struct hm_window *window, double *motion, struct hm_signals *signals);

    /* Optional (all NULL for a predictor that learns nothing). `train` takes the samples that came since the last
     * episode; it keeps what it needs of them. `parameters` is the arena to publish, the same size on every copy. */
    enum hm_status (*train)(void *self, const struct hm_batch *batch, struct hm_training_report *report);
    void *(*parameters)(void *self, size_t *bytes);

    /* Optional: rebuild recurrent state from the window (after injections, rollbacks, new parameters). */
    void (*prime)(void *self, const struct hm_window *window);

    /* Optional: everything besides the parameters that changes (reservoir, optimiser moments, recurrent state). */
    void (*save)(const void *self, struct hm_archive *archive);
    enum hm_status (*load)(void *self, struct hm_archive *archive);
};

struct hm_predictor {
    const struct hm_predictor_ops *ops;
    void *self;
};

enum hm_status hm_predictor_find(const struct hm_config *config, const struct hm_predictor_ops **ops);
const struct hm_predictor_ops *hm_predictor_registered(size_t index);

enum hm_status hm_predictor_create(const struct hm_predictor_setup *setup, struct hm_predictor *predictor);
void hm_predictor_destroy(struct hm_predictor *predictor);

static inline bool hm_predictor_learns(const struct hm_predictor *predictor)
{
    return predictor->ops->train != NULL;
}

/* Parameters and state, tagged with the method's name so that another method's bytes are refused. */
void hm_predictor_save(const struct hm_predictor *predictor, struct hm_archive *archive);
enum hm_status hm_predictor_load(struct hm_predictor *predictor, struct hm_archive *archive);

/* The kick (natom, 3) for the open window; `motion` (nchannel) is scratch. */
void hm_predictor_kick(struct hm_predictor *predictor, const struct hm_window *window, double *motion, double *kick,
                       struct hm_signals *signals);

#endif
