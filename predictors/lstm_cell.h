/* The fast LSTM engines: lstm_network.h's table of functions, once for each instruction set and precision.
 *
 * One source, lstm_engine.inc on lstm_cell.inc on lstm_vector.inc, is compiled for AVX-512, for AVX2 with FMA, and in
 * 16 byte vectors for any machine. hm_lstm_engine_get asks the processor; nothing is dispatched per step.
 *
 * Units are taken in blocks of one vector, V lanes; Hp is H rounded up to V, the lanes beyond H are 0. A layer's packed
 * weights, and its gradient until it is handed out:
 *
 *   forward    (Hp / V blocks, 1 + K + H, 4, V)    rows: b, W_x, W_h; the gates i, f, g, o of V units side by side
 *   backward   W_h^T, above the first layer also W_x^T: columns of V units in panels of 4, 2, 1 vectors,
 *              (4 Hp, vectors, V) each, rows in the order of the forward gates
 *   head       V^T (nout, Hp) | d (nout)
 *
 * so that a tile of 6 (AVX-512), 3 or 2 sequences by one block keeps all four gates in registers from the bias to h,
 * and every array is read forwards.
 *
 * What it costs: a step of one sequence reads every weight once and is bound by the bandwidth of the cache they fit
 * into; from some sequences on it is bound by the multiply-adds. With AVX-512 the products of the backward pass run at
 * OpenBLAS's rate for large matrices, on matrices for which OpenBLAS itself, packing at every call, is slower: it is
 * not used here.
 *
 * Errors: none. Owns: nothing. MPI: local.
 */
#ifndef HM_PREDICTORS_LSTM_CELL_H
#define HM_PREDICTORS_LSTM_CELL_H

#include "predictors/lstm_network.h"

/* Indexed by enum hm_lstm_precision. The first two exist on x86-64 only. */
extern const struct hm_lstm_engine *const hm_lstm_engines_avx512[2];
extern const struct hm_lstm_engine *const hm_lstm_engines_avx2[2];
extern const struct hm_lstm_engine *const hm_lstm_engines_portable[2];
/* The equations in plain loops with the library's exp and tanh: the reference. */
extern const struct hm_lstm_engine *const hm_lstm_engines_naive[2];

#endif
