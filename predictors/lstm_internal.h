/* The inside of the LSTM predictor, shared by lstm.c (what it is), lstm_predict.c and lstm_learn.c.
 *
 * Every group of channels has its own network; its channels are sequences side by side. The network sees, normalised,
 * the motion done last and the coordinate now, and says the coming motion, or what the base leaves of it:
 *
 *   x_n = ((u_{n-1} - mean_u) / sigma_u, (c_n - mean_c) / sigma_c)        those of the two that are inputs
 *   u_n = base_n + sigma_y y(x_n, state)                                 base_n = mean_u without a base
 *
 * Parameters (doubles):  hm_lstm_header | hm_lstm_scale of each channel | weights of each group | those of the
 * companion
 *
 * MPI: local.
 */
#ifndef HM_PREDICTORS_LSTM_INTERNAL_H
#define HM_PREDICTORS_LSTM_INTERNAL_H

#include "predictors/lstm_network.h"
#include "predictors/lstm_study.h"
#include "predictors/predictor.h"
#include "predictors/reservoir.h"

struct hm_lstm_header {
    double history;
    double companion_fitted; // 1 if the companion's parameters mean anything
};

/* Normalisation of one channel, frozen when the first episode begins. */
struct hm_lstm_scale {
    double motion_mean, motion_sigma; // sigma 0: the channel does not move
    double coordinate_mean, coordinate_sigma;
    double output_sigma;
};

/* The channels that share a network. */
struct hm_lstm_group {
    size_t count;
    size_t *channel;     // (count)
    void *weights;       // of the network, packed for the engine
    void *state;         // (layers, count, hidden) twice
    struct hm_adam adam; // moments are kept from episode to episode
};

struct hm_lstm {
    const struct hm_lstm_engine *engine;
    struct hm_lstm_shape shape;
    struct hm_rng_key key;
    bool motion, coordinate;         // inputs
    bool on_base;                    // the network corrects the companion
    bool force_law;                  // a distance is among the inputs: single injections do not disturb it
    bool odd;                        // run as (N(x) - N(-x)) / 2: cartesian velocities have no preferred direction
    bool automatic_history, settled; // settled once: rows were taken for it
    size_t history;                  // steps it looks back on
    bool polish;                     // Levenberg-Marquardt rather than Adam, where it fits
    double restoring;                // per radian: taught to come back to the one energy it sees
    size_t nchannel, ngroup;
    struct hm_lstm_group *group; // (ngroup)
    struct hm_predictor companion;

    double *parameters; // (nparameter)
    size_t nparameter;
    bool taught;                   // they are worth something
    struct hm_interrupt interrupt; // of the episode under way
    double *x, *y;                 // of the largest group, one step
    void *scratch;                 // of the engine

    struct hm_reservoir reservoir;
    double *before;        // (nparameter) while a candidate is judged
    int64_t episodes;      // studied so far
    double accepted_error; // held-out error of the parameters in use; INFINITY unknown
    size_t refused;        // candidates in a row
    size_t rest;           // episodes to let pass before the next candidate
};

/* Where the pieces of the parameters begin. */
struct hm_lstm_header *hm_lstm_header(const struct hm_lstm *lstm);
struct hm_lstm_scale *hm_lstm_scales(const struct hm_lstm *lstm);
double *hm_lstm_weights(const struct hm_lstm *lstm, size_t group);
double *hm_lstm_companion(const struct hm_lstm *lstm);
/* Steps from the zero state until a state has forgotten where it began: a few times the history. */
static inline size_t hm_lstm_priming(const struct hm_lstm *lstm)
{
    return 3 * lstm->history;
}
/* Steps that must lie behind: priming begins one step after a motion, and the companion may look back further. */
size_t hm_lstm_history(const struct hm_lstm *lstm);
/* Puts the parameters into use: weights packed for the engine, the companion's to the companion. */
void hm_lstm_refresh(struct hm_lstm *lstm);

/* The network's inputs for one channel whose last motion and present coordinate these are. */
void hm_lstm_inputs(const struct hm_lstm *lstm, size_t channel, double motion, double coordinate, double *x);

/* Sequences side by side: the channels, and for an odd network their negatives. */
static inline size_t hm_lstm_group_batch(const struct hm_lstm *lstm, const struct hm_lstm_group *group)
{
    return lstm->odd ? 2 * group->count : group->count;
}

/* Operations of the predictor (predictor.h). */
void hm_lstm_prime(void *self, const struct hm_window *window);
void hm_lstm_predict(void *self, const struct hm_window *window, struct hm_prediction *prediction);
void hm_lstm_predict_all(const struct hm_predictor *members, size_t count, const struct hm_window *window,
                         struct hm_prediction *predictions);
enum hm_status hm_lstm_train(void *self, const struct hm_batch *batch, struct hm_training_report *report);

#endif
