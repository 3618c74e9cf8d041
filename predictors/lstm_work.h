/* The net work that a network's errors do along the sequences it learned from.
 *
 *   W_q = sum_n h_n p_n (y_n - target_n) / sum_n h_n p_n^2,   p the rate of the coordinate, h a Hann window
 *
 * W is the growth of the amplitude per radian that errors alone would cause: an error that does no work is a slightly
 * different force law, one that does is a drift. The network goes statefully through each sequence that is long enough
 * to hold several periods.
 *
 * Units: dimensionless. Errors: HM_OUT_OF_MEMORY. Owns: its scratch. MPI: local.
 */
#ifndef HM_PREDICTORS_LSTM_WORK_H
#define HM_PREDICTORS_LSTM_WORK_H

#include "predictors/lstm_study.h"

enum { HM_LSTM_WORK_MOST = 16 };

struct hm_lstm_work {
    const struct hm_lstm_problem *problem;
    const struct hm_lstm_sequence *sequence[HM_LSTM_WORK_MOST];
    size_t count, longest;
    double *packed;                // weights
    double *state, *tape, *y, *dy; // of the longest sequence
};

/* count is 0 for a problem whose errors have no work to speak of. */
enum hm_status hm_lstm_work_start(const struct hm_lstm_problem *problem, struct hm_lstm_work *work);
void hm_lstm_work_release(struct hm_lstm_work *work);
/* W of sequence q; its gradient (hm_lstm_parameter_count) unless NULL. */
double hm_lstm_work_measure(struct hm_lstm_work *work, size_t q, const double *weights, double *gradient);

#endif
