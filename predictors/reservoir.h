/* What a recurrent predictor keeps to learn from: stretches of trajectory, with a held-out part.
 *
 * A stretch is rows of consecutive steps (window.h) of which some are labels with at least `history` rows behind them.
 * Long ones (a warm-up, a segment of another energy) give their last eighth to the held-out part; of short ones (the
 * steps around one injection) every eighth is held out whole. Steps next to each other are nearly the same data, so
 * nothing is drawn at random: the held-out part lies behind or beside what is learned.
 *
 * When more labels come than fit, short stretches of earlier batches go first, the oldest before the newer ones; long
 * ones make room for new long ones only. The latest batch stays whole.
 *
 * Shapes: rows (count, hm_row_size(nchannel)).
 * Units: atomic units. Errors: HM_OUT_OF_MEMORY; load HM_BAD_INPUT. Owns: its rows. MPI: local.
 */
#ifndef HM_PREDICTORS_RESERVOIR_H
#define HM_PREDICTORS_RESERVOIR_H

#include "predictors/predictor.h"

struct hm_stretch {
    size_t first, count; // rows
    size_t learn_from;   // labels before this row of the stretch, at least `history`, are context only
    size_t labels;       // from there on
    bool held_out;
    bool is_short;
    size_t batch; // that it came with, counted from 1
};

struct hm_reservoir {
    size_t nchannel, history;
    size_t capacity; // labels
    double *rows;    // (nrow, hm_row_size)
    size_t nrow, row_capacity;
    struct hm_stretch *stretch; // (nstretch)
    size_t nstretch, stretch_capacity;
    size_t nshort; // short stretches taken so far
    size_t batches;
};

void hm_reservoir_start(struct hm_reservoir *reservoir, size_t nchannel, size_t capacity);
void hm_reservoir_release(struct hm_reservoir *reservoir);

/* `history` must stay the same once rows were taken. */
enum hm_status hm_reservoir_take(struct hm_reservoir *reservoir, const struct hm_batch *batch, size_t history);

static inline const double *hm_reservoir_row(const struct hm_reservoir *reservoir, const struct hm_stretch *stretch,
                                             size_t row)
{
    return &reservoir->rows[(stretch->first + row) * hm_row_size(reservoir->nchannel)];
}
/* Labels in all stretches of this kind. */
size_t hm_reservoir_labels(const struct hm_reservoir *reservoir, bool held_out);

void hm_reservoir_save(const struct hm_reservoir *reservoir, struct hm_archive *archive);
enum hm_status hm_reservoir_load(struct hm_reservoir *reservoir, struct hm_archive *archive);

#endif
