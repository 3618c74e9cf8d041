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
 * A sample is one labelled window, flattened for training and for messages (doubles):
 *   step | exact steps behind | target (nchannel) | for k = 0..length-1: motion k (nchannel), coordinate k (nchannel)
 *
 * Units: atomic units. Owns: its arrays; `representation` and `frame` are borrowed and outlive it.
 * Errors: HM_OUT_OF_MEMORY; load: HM_BAD_INPUT.
 * MPI: local.
 */
#ifndef HM_PREDICTORS_WINDOW_H
#define HM_PREDICTORS_WINDOW_H

#include "predictors/representation.h"

#include "io/archive.h"

struct hm_window {
    struct hm_representation *representation;
    const struct hm_frame *frame; // positions x_n and velocities v_{n-1/2} of the step being decided
    size_t nchannel;
    size_t length;       // steps a predictor may look back
    size_t capacity;     // steps the arrays hold before they slide
    size_t end;          // one past the newest step
    size_t filled;       // complete (coordinate, motion) pairs behind, at most length
    size_t exact_behind; // how many of the latest motions in a row are exact, unlimited
    double *motion;      // (capacity, nchannel)
    double *coordinate;  // (capacity, nchannel)
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

/* Doubles in one sample of this shape. */
size_t hm_sample_size(size_t length, size_t nchannel);
/* The open window and the exact kick as a sample (hm_sample_size doubles). Call before hm_window_close. */
void hm_window_sample(struct hm_window *window, int64_t step, const double *v_before, const double *exact_kick,
                      double *sample);

static inline const double *hm_sample_target(const double *sample)
{
    return sample + 2;
}

static inline const double *hm_sample_motion(const double *sample, size_t nchannel, size_t back)
{
    return sample + 2 + (1 + 2 * back) * nchannel;
}

static inline const double *hm_sample_coordinate(const double *sample, size_t nchannel, size_t back)
{
    return sample + 2 + (2 + 2 * back) * nchannel;
}

/* What is saved is the past: after a load the next call is hm_window_open. */
void hm_window_save(const struct hm_window *window, struct hm_archive *archive);
enum hm_status hm_window_load(struct hm_window *window, struct hm_archive *archive);

#endif
