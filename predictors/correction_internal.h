/* The inside of the correction, shared by correction.c (what it is), correction_network.c (from pairs through the
 * networks to impulses and back), correction_learn.c (what is learned, and whether it is used) and correction_study.c
 * (how).
 *
 * Parameters (doubles):
 *   struct hm_correction_header | those of the base | of each group: struct hm_correction_scale, middle (most_inputs),
 *   half (most_inputs) | weights of each group's network
 *
 * MPI: local.
 */
#ifndef HM_PREDICTORS_CORRECTION_INTERNAL_H
#define HM_PREDICTORS_CORRECTION_INTERNAL_H

#include "predictors/correction_pairs.h"
#include "predictors/lstm_network.h"
#include "predictors/predictor.h"
#include "predictors/reservoir.h"

struct hm_correction_header {
    double base_fitted; // 1 if the base's parameters mean anything
    double measured;    // 1 if the scales do
    double on;          // 1 if the network is used
};

struct hm_correction_scale {
    double spread; // rms impulse that the base leaves to a pair
    double unit;   // energy (times the time step) of an output of 1
};

struct hm_correction {
    struct hm_predictor base;
    const struct hm_lstm_engine *engine;
    struct hm_pair_kinds *kinds;
    struct hm_lstm_shape *shape; // (ngroup)
    struct hm_rng_key key;
    size_t natom, steps;        // geometries of a sequence
    const double *inverse_mass; // (natom) the representation's
    double *root_mass;          // (natom) of what moves; 0 of what is held

    double *parameters; // (nparameter)
    size_t nparameter, nweight, base_bytes;
    size_t *weights_at; // (ngroup + 1) from the first network's on

    /* Predicting. */
    struct hm_pair_scene scene;
    struct hm_frame at;      // where the base is asked about a label
    const double **geometry; // (steps) now, a step ago, ...
    double *spare;           // (natom, 3) twice
    size_t batch;            // most sequences side by side
    void **packed;           // (ngroup) weights of the networks
    void *state, *scratch;   // of the engine
    double *x, *y;           // of sequences side by side

    /* Learning. */
    struct hm_reservoir reservoir;
    double *before, *best; // (nparameter) what is in use while a candidate is judged; the best candidate
    struct hm_interrupt interrupt;
    bool taught;           // something was published
    int64_t studies;       // so far
    double accepted_error; // held-out error of what is in use; INFINITY unknown
    size_t refused, rest;  // candidates in a row; episodes to let pass before the next one
};

/* One label: its row, with those of its history before it, what the base leaves of its kick, and how far out the base
 * finds it. */
struct hm_correction_label {
    const double *row;
    double *residual; // (natom, 3) mass-weighted
    double extremeness;
    double square; // of the mass-weighted kick
};

struct hm_correction_labels {
    size_t count;
    struct hm_correction_label *label; // (count)
    double *residual;                  // behind the labels'
};

struct hm_correction_header *hm_correction_header(const struct hm_correction *c);
struct hm_correction_scale *hm_correction_scale(const struct hm_correction *c, size_t group);
double *hm_correction_middle(const struct hm_correction *c, size_t group); // (most_inputs), then half
double *hm_correction_weights(const struct hm_correction *c, size_t group);

/* The parameters become those that are run. */
void hm_correction_refresh(struct hm_correction *c);

/* The parameters of the base as it is now become part of ours. */
void hm_correction_take_base(struct hm_correction *c);

/* ---- correction_network.c ---- */

/* Sequences that run through the network for each pair of a group. */
size_t hm_correction_sequences(const struct hm_correction *c, size_t group);
/* Inputs of pairs `from` to `to` of the group, as sequences `at` on of `batch`: x (steps, batch, nin). */
void hm_correction_fill(const struct hm_correction *c, const struct hm_pair_scene *scene, size_t group, size_t from,
                        size_t to, size_t at, size_t batch, double *x);
/* scene->slope of outputs y (batch) of the last step. */
void hm_correction_slopes(const struct hm_correction *c, struct hm_pair_scene *scene, size_t group, size_t from,
                          size_t to, const double *y);
/* The transpose: dL/dy of dL/dslope. */
void hm_correction_outputs(const struct hm_correction *c, const struct hm_pair_scene *scene, size_t group,
                           const double *by_slope, double *by_y);
/* scene->impulse of scene->slope, bounded unless `linear`; what the bound makes of a small change goes to `by`. */
void hm_correction_impulses(const struct hm_correction *c, struct hm_pair_scene *scene, bool linear, double *by);

/* scene->impulse of the networks in use, the scene being open. */
void hm_correction_evaluate(struct hm_correction *c);

/* How far the open scene is outside the trained range: 1 at its edge; NaN before it was measured. */
double hm_correction_extremeness(const struct hm_correction *c, const struct hm_pair_scene *scene);
/* 1 inside, falling smoothly to 0 outside. */
double hm_correction_switch(double extremeness);

/* ---- correction_learn.c ---- */

enum hm_status hm_correction_train(void *self, const struct hm_batch *batch, struct hm_training_report *report);
/* What the base says at x: kick (natom, 3) and how far out it finds it. */
double hm_correction_base(struct hm_correction *c, const double *x, double *kick);

/* The geometries of a label's sequence: now, a step ago, ... */
const double *const *hm_correction_geometries(struct hm_correction *c, const struct hm_correction_label *label);
/* rms error over labels relative to their rms kick, both mass-weighted, of the base alone or as it is run. */
enum hm_status hm_correction_error(struct hm_correction *c, const struct hm_correction_labels *labels, bool on,
                                   double *error);

/* ---- correction_study.c ---- */

/* Fits the weights to what was learned, `effort` times as long as a first study; losses are rms errors relative to the
 * rms kick, without the network and with it. */
enum hm_status hm_correction_study(struct hm_correction *c, const struct hm_correction_labels *learned,
                                   const struct hm_correction_labels *held_out, double effort, double *loss_before,
                                   double *loss_after);

#endif
