/* The history window: what happened in the last steps, channel by channel, as a predictor sees it.
 *
 * Before the decision of step n it holds the coordinates c_n, c_{n-1}, ... and the motions of the kicks that are done,
 * u_{n-1}, u_{n-2}, ... (impulses under `pair`, half-step velocities under `cartesian`):
 *
 *   hm_window_coordinate(w, 0) = c_n,  hm_window_motion(w, 0) = u_{n-1},  each (nchannel)
 *
 * Both rings are kept as a sliding stretch of a longer array, so that history is contiguous and a push is amortised
 * O(nchannel) without allocation.
 *
 * A row is one completed step, flattened for training and for messages (doubles):
 *   step | enum hm_row_kind | coordinate (nchannel) | motion (nchannel)
 * Rows of consecutive steps are a stretch of the trajectory; a gap in the step numbers begins another one.
 *
 * Shapes: rows (count, hm_row_size(nchannel)).
 * Units: atomic units. Owns: its arrays; `representation` and `frame` are borrowed and outlive it.
 * Errors: HM_OUT_OF_MEMORY; load: HM_BAD_INPUT.
 * MPI: local.
 */
#ifndef HM_PREDICTORS_WINDOW_H
#define HM_PREDICTORS_WINDOW_H

#include "predictors/representation.h"

#include "io/archive.h"

enum hm_row_kind {
    HM_ROW_PREDICTED, // the motion was predicted
    HM_ROW_EXACT,     // exact, and taught before: context
    HM_ROW_LABEL      // exact, to learn from
};

struct hm_window {
    struct hm_representation *representation;
    const struct hm_frame *frame; // positions x_n and velocities v_{n-1/2} of the step being decided
    size_t nchannel;
    size_t length;        // steps a predictor may look back
    size_t capacity;      // steps the arrays hold before they slide
    size_t end;           // one past the newest step
    size_t filled;        // complete (coordinate, motion) pairs behind, at most length
    size_t exact_behind;  // how many of the latest motions in a row are exact, unlimited
    double *motion;       // (capacity, nchannel)
    double *coordinate;   // (capacity, nchannel)
    unsigned char *exact; // (capacity)
};

enum hm_status hm_window_create(struct hm_representation *representation, const struct hm_frame *frame, size_t length,
                                struct hm_window **window);
void hm_window_destroy(struct hm_window **window);

/* At the start of step n: c_n from the frame. */
void hm_window_open(struct hm_window *window);
/* After the kick of step n, before the drift: u_n = encode(kick). `v_before` is v_{n-1/2}. */
void hm_window_close(struct hm_window *window, const double *v_before, const double *kick, bool exact);

static inline const double *hm_window_motion(const struct hm_window *window, size_t back)
{
    return &window->motion[(window->end - 1 - back) * window->nchannel];
}

static inline const double *hm_window_coordinate(const struct hm_window *window, size_t back)
{
    return &window->coordinate[(window->end - back) * window->nchannel];
}

/* Doubles in one row. */
static inline size_t hm_row_size(size_t nchannel)
{
    return 2 + 2 * nchannel;
}

/* The latest `count` completed steps, at most `filled`, oldest first; `step` is the newest. Exact ones from step
 * `untaught` on are labels. */
void hm_window_rows(const struct hm_window *window, int64_t step, size_t count, int64_t untaught, double *rows);

static inline enum hm_row_kind hm_row_kind(const double *row)
{
    return (enum hm_row_kind)row[1];
}

static inline const double *hm_row_coordinate(const double *row)
{
    return row + 2;
}

static inline const double *hm_row_motion(const double *row, size_t nchannel)
{
    return row + 2 + nchannel;
}

/* What is saved is the past: after a load the next call is hm_window_open. */
void hm_window_save(const struct hm_window *window, struct hm_archive *archive);
enum hm_status hm_window_load(struct hm_window *window, struct hm_archive *archive);

#endif
