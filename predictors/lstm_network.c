#include "predictors/lstm_network.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* The tape, for L layers, B sequences, T steps:
 *
 *   x (T, B, nin)
 *   for each layer: h (T+1, B, H) | c (T+1, B, H) | gates (T, B, 4H) | tanh c (T, B, H)
 *   dh_above (T, B, H) | dh (B, H) | dc (B, H) | gradient, like the parameters
 *
 * h and c begin with the state before the first step. Backward turns the gates into dloss/da in place.
 */
static size_t tape_layer_count(const struct hm_lstm_shape *shape, size_t batch, size_t steps)
{
    return (2 * (steps + 1) + 5 * steps) * batch * shape->hidden;
}

size_t hm_lstm_tape_count(const struct hm_lstm_shape *shape, size_t batch, size_t steps)
{
    return steps * batch * shape->nin + shape->layers * tape_layer_count(shape, batch, steps) +
           (steps + 2) * batch * shape->hidden + hm_lstm_parameter_count(shape);
}

/* The two precisions are one text, included twice. */
#define REAL float
#define REAL_NAME "float"
#define REAL_(name) name##_float
#define GEMM cblas_sgemm
#define GEMV cblas_sgemv
#define EXP expf
#define TANH tanhf
#include "predictors/lstm_network.inc"
#undef REAL
#undef REAL_NAME
#undef REAL_
#undef GEMM
#undef GEMV
#undef EXP
#undef TANH

#define REAL double
#define REAL_NAME "double"
#define REAL_(name) name##_double
#define GEMM cblas_dgemm
#define GEMV cblas_dgemv
#define EXP exp
#define TANH tanh
#include "predictors/lstm_network.inc"

const struct hm_lstm_engine *hm_lstm_engine_get(enum hm_lstm_precision precision)
{
    openblas_set_num_threads(1);
    return precision == HM_LSTM_FLOAT ? &engine_float : &engine_double;
}

size_t hm_lstm_layer_offset(const struct hm_lstm_shape *shape, size_t layer)
{
    const size_t H = shape->hidden;
    size_t offset = 0;
    for (size_t l = 0; l < layer; l++) offset += (hm_lstm_layer_inputs(shape, l) + H + 1) * 4 * H;
    return offset;
}

size_t hm_lstm_parameter_count(const struct hm_lstm_shape *shape)
{
    return hm_lstm_layer_offset(shape, shape->layers) + (shape->hidden + 1) * shape->nout;
}

size_t hm_lstm_state_count(const struct hm_lstm_shape *shape, size_t batch)
{
    return 2 * shape->layers * batch * shape->hidden;
}

void hm_lstm_state_place(const struct hm_lstm_shape *shape, const double *one, size_t b, size_t batch, double *state)
{
    for (size_t l = 0; l < 2 * shape->layers; l++)
        memcpy(&state[(l * batch + b) * shape->hidden], &one[l * shape->hidden], shape->hidden * sizeof *one);
}

size_t hm_lstm_scratch_count(const struct hm_lstm_shape *shape, size_t batch)
{
    return batch * (shape->nin + 5 * shape->hidden);
}

void hm_lstm_parameters_draw(const struct hm_lstm_shape *shape, struct hm_rng_key key, double *parameters)
{
    const size_t H = shape->hidden, count = hm_lstm_parameter_count(shape);
    const double bound = 1 / sqrt((double)H);
    for (size_t i = 0; i < count; i += 2) {
        double u[2];
        hm_rng_uniform2(key, i / 2, 0, u);
        parameters[i] = bound * (2 * u[0] - 1);
        if (i + 1 < count) parameters[i + 1] = bound * (2 * u[1] - 1);
    }
    for (size_t l = 0; l < shape->layers; l++) {
        double *bias = &parameters[hm_lstm_layer_offset(shape, l + 1) - 4 * H];
        for (size_t j = 0; j < H; j++) bias[H + j] = 0;
    }
    memset(&parameters[count - shape->nout], 0, shape->nout * sizeof *parameters);
}
