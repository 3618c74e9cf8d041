/* The naive LSTM engines: see lstm_cell.h. */
#include "predictors/lstm_cell.h"

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

/* The two precisions are one text, included twice. */
#define REAL float
#define REAL_NAME "float"
#define REAL_(name) name##_float
#define EXP expf
#define TANH tanhf
#include "predictors/lstm_naive.inc"
#undef REAL
#undef REAL_NAME
#undef REAL_
#undef EXP
#undef TANH

#define REAL double
#define REAL_NAME "double"
#define REAL_(name) name##_double
#define EXP exp
#define TANH tanh
#include "predictors/lstm_naive.inc"

const struct hm_lstm_engine *const hm_lstm_engines_naive[2] = {&engine_float, &engine_double};
