/* How fast the LSTM engine is on this core, and how fast it could be: what `hamlet bench lstm` prints.
 *
 *   step       one stateful step of B sequences
 *   training   one batch of B windows of T steps from the zero state: weights packed, forward, backward from the
 *              squared error at the last step, Adam
 *   limit      SGEMM of 1024 x 1024 x 1024: the multiply-adds this core does when nothing else holds it up
 *
 * Operations are those the equations need: 2 for a multiply-add; exp, tanh, Adam and packing count nothing.
 *
 * Units: seconds, operations. Errors: HM_OUT_OF_MEMORY. Owns: its memory. MPI: local.
 */
#ifndef HM_PREDICTORS_LSTM_SPEED_H
#define HM_PREDICTORS_LSTM_SPEED_H

#include "predictors/lstm_network.h"

#include "io/status.h"

/* Medians of some repetitions. */
enum hm_status hm_lstm_time_step(const struct hm_lstm_engine *engine, const struct hm_lstm_shape *shape, size_t batch,
                                 double *seconds);
enum hm_status hm_lstm_time_training(const struct hm_lstm_engine *engine, const struct hm_lstm_shape *shape,
                                     size_t batch, size_t window, double *seconds);
/* Operations per second. */
enum hm_status hm_lstm_time_limit(double *rate);

double hm_lstm_step_operations(const struct hm_lstm_shape *shape, size_t batch);
double hm_lstm_training_operations(const struct hm_lstm_shape *shape, size_t batch, size_t window);

#endif
