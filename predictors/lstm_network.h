/* A stacked LSTM with a linear head: free functions on arenas, in float or double.
 *
 *   a      = x W_x + h' W_h + b                    (B, 4H), gates in the order i, f, g, o
 *   c      = sigma(a_f) c' + sigma(a_i) tanh(a_g)
 *   h      = sigma(a_o) tanh(c)                    ' = one step ago; x of layer l is h of layer l - 1
 *   y      = h_top V + d
 *
 * The precision and the machine's instructions are a table of functions, struct hm_lstm_engine, chosen once
 * (lstm_cell.h); the weights, states and tapes it works on are arrays of its own real type (`real_size` bytes each).
 * What crosses its border, parameters, inputs, outputs, gradients, is double.
 *
 * Parameter arena, for each layer l with K = nin (l = 0) or H inputs, then the head:
 *
 *   W_x (K, 4H) | W_h (H, 4H) | b (4H)   ...   V (H, nout) | d (nout)
 *
 * An engine runs on weights it has packed from that arena into a form of its own; nobody else reads it.
 *
 * State arena: h (L, B, H) | c (L, B, H); all zero is the state before anything was seen. Nothing depends on addresses:
 * both may be copied, stored and sent as bytes.
 *
 * `forward` over T steps gives what T calls of `step` give, bit for bit, whatever the sequences beside it.
 *
 * Shapes: L layers, H hidden, B sequences side by side, T steps; all row-major, as written in parentheses.
 * Units: dimensionless, of order one: the caller normalises.
 * Errors: none. Arguments are finite: of others the engines make different numbers, some of them not finite.
 * Owns: nothing; the caller sizes every arena with the functions below. No engine allocates.
 * MPI: local. BLAS runs on one thread from hm_lstm_engine_get on: the matrices are too small for more, and the result
 *   must not depend on the number of cores.
 * Source: Hochreiter and Schmidhuber, Neural Computation 9, 1735 (1997); Gers, Schmidhuber, Cummins, Neural Computation
 * 12, 2451 (2000) (forget gate).
 */
#ifndef HM_PREDICTORS_LSTM_NETWORK_H
#define HM_PREDICTORS_LSTM_NETWORK_H

#include "io/rng.h"

#include <stddef.h>

struct hm_lstm_shape {
    size_t nin, nout, layers, hidden;
};

enum hm_lstm_precision { HM_LSTM_FLOAT, HM_LSTM_DOUBLE };

/* One of several steps that are done in one call: the arguments of `step`. */
struct hm_lstm_call {
    size_t batch;
    const void *packed;
    const double *x;
    void *state, *scratch;
    double *y;
};

/* In the order of their speed. */
enum hm_lstm_instructions { HM_LSTM_NAIVE, HM_LSTM_PORTABLE, HM_LSTM_AVX2, HM_LSTM_AVX512 };

struct hm_lstm_engine {
    const char *name;         // "float" or "double"
    const char *instructions; // "AVX-512", "AVX2", "portable" or "naive"
    size_t real_size;         // bytes of one element of packed weights, state, scratch, tape

    void (*from_double)(size_t count, const double *from, void *to);
    void (*to_double)(size_t count, const void *from, double *to);

    /* The gates' functions by themselves: y (count) of a (count), in the engine's reals. */
    void (*sigmoid)(size_t count, const void *a, void *y);
    void (*tanh)(size_t count, const void *a, void *y);

    /* The parameter arena into the form the engine runs on. */
    void (*pack)(const struct hm_lstm_shape *shape, const double *parameters, void *packed);

    /* One step: x (B, nin) -> y (B, nout); the state goes one step on. */
    void (*step)(const struct hm_lstm_shape *shape, size_t batch, const void *packed, const double *x, void *state,
                 void *scratch, double *y);

    /* A step of each of several networks of one shape, with states and scratch of their own. */
    void (*step_all)(const struct hm_lstm_shape *shape, size_t count, const struct hm_lstm_call *calls);

    /* T steps: x (T, B, nin) -> y (T, B, nout); the state goes T steps on, the tape keeps what backward needs. */
    void (*forward)(const struct hm_lstm_shape *shape, size_t batch, size_t steps, const void *packed, const double *x,
                    void *state, void *tape, double *y);

    /* Outputs of the top layer, h_top (T, B, H), of the last forward: the regressors of the head. */
    void (*features)(const struct hm_lstm_shape *shape, size_t batch, size_t steps, const void *tape, double *features);

    /* dloss/dy (T, B, nout) -> dloss/dparameters, overwritten. The state before the T steps counts as constant
     * (truncated back-propagation). Uses up the tape. */
    void (*backward)(const struct hm_lstm_shape *shape, size_t batch, size_t steps, const void *packed,
                     const double *dy, void *tape, double *gradient);
    /* The same of each sequence for itself: gradients (B, parameters). */
    void (*backward_each)(const struct hm_lstm_shape *shape, size_t batch, size_t steps, const void *packed,
                          const double *dy, void *tape, double *gradients);
};

/* The fastest this machine runs. */
const struct hm_lstm_engine *hm_lstm_engine_get(enum hm_lstm_precision precision);
/* A certain one; NULL if this machine cannot run it. */
const struct hm_lstm_engine *hm_lstm_engine_of(enum hm_lstm_instructions instructions,
                                               enum hm_lstm_precision precision);

/* Inputs of layer l. */
static inline size_t hm_lstm_layer_inputs(const struct hm_lstm_shape *shape, size_t layer)
{
    return layer == 0 ? shape->nin : shape->hidden;
}
/* Elements (not bytes) of the arenas. */
size_t hm_lstm_parameter_count(const struct hm_lstm_shape *shape);
size_t hm_lstm_packed_count(const struct hm_lstm_shape *shape);
size_t hm_lstm_state_count(const struct hm_lstm_shape *shape, size_t batch);
size_t hm_lstm_scratch_count(const struct hm_lstm_shape *shape, size_t batch);
size_t hm_lstm_tape_count(const struct hm_lstm_shape *shape, size_t batch, size_t steps);
/* Zeroed memory aligned for vectors; to be freed. Unaligned arenas work, at half the speed. NULL if there is none. */
void *hm_lstm_memory(size_t count, size_t size);
/* One sequence's state (L, 1, H twice) as sequence b of a batch's. */
void hm_lstm_state_place(const struct hm_lstm_shape *shape, const double *one, size_t b, size_t batch, double *state);
/* Where layer l begins in the parameter arena; l = layers is the head. */
size_t hm_lstm_layer_offset(const struct hm_lstm_shape *shape, size_t layer);

/* Uniform in +-1/sqrt(H); head biases and forget biases 0: a bias of 1, usual
 * for long memories, makes a force slow to follow the present. A pure function of the key and the shape. */
void hm_lstm_parameters_draw(const struct hm_lstm_shape *shape, struct hm_rng_key key, double *parameters);

#endif
