#include "predictors/window.h"

#include <stdlib.h>
#include <string.h>

/* The arrays hold this many windows, so that sliding costs one copied element per SLACK - 1 pushed. */
enum { SLACK = 8 };

enum hm_status hm_window_create(struct hm_representation *representation, const struct hm_frame *frame, size_t length,
                                struct hm_window **window)
{
    *window = NULL;
    struct hm_window *w = calloc(1, sizeof *w);
    if (!w) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the history window");
    w->representation = representation;
    w->frame = frame;
    w->nchannel = representation->nchannel;
    w->length = length > 0 ? length : 1;
    w->capacity = SLACK * (w->length + 1);
    w->motion = calloc(w->capacity * w->nchannel, sizeof *w->motion);
    w->coordinate = calloc(w->capacity * w->nchannel, sizeof *w->coordinate);
    if (!w->motion || !w->coordinate) {
        hm_window_destroy(&w);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for a history of %zu steps of %zu channels", length,
                       representation->nchannel);
    }
    *window = w;
    return HM_OK;
}

void hm_window_destroy(struct hm_window **window)
{
    if (*window) {
        free((*window)->motion);
        free((*window)->coordinate);
        free(*window);
    }
    *window = NULL;
}

/* Moves the stretch still needed to the front of the arrays. */
static void slide(struct hm_window *w)
{
    const size_t kept = w->filled, first = w->end - kept, bytes = kept * w->nchannel * sizeof(double);
    memmove(w->motion, &w->motion[first * w->nchannel], bytes);
    memmove(w->coordinate, &w->coordinate[first * w->nchannel], bytes);
    w->end = kept;
}

void hm_window_open(struct hm_window *window)
{
    if (window->end == window->capacity) slide(window);
    hm_representation_coordinates(window->representation, window->frame,
                                  &window->coordinate[window->end * window->nchannel]);
}

void hm_window_close(struct hm_window *window, const double *v_before, const double *kick, bool exact)
{
    hm_representation_encode(window->representation, window->frame, v_before, kick,
                             &window->motion[window->end * window->nchannel]);
    window->end++;
    if (window->filled < window->length) window->filled++;
    window->exact_behind = exact ? window->exact_behind + 1 : 0;
}

size_t hm_sample_size(size_t length, size_t nchannel)
{
    return 2 + nchannel * (1 + 2 * length);
}

void hm_window_sample(struct hm_window *window, int64_t step, const double *v_before, const double *exact_kick,
                      double *sample)
{
    const size_t bytes = window->nchannel * sizeof(double);
    *sample++ = (double)step;
    *sample++ = (double)window->exact_behind;
    hm_representation_encode(window->representation, window->frame, v_before, exact_kick, sample);
    sample += window->nchannel;
    for (size_t back = 0; back < window->length; back++) {
        /* Nothing lies behind the first steps of a run: such a sample says so by its count of exact steps. */
        if (back < window->filled)
            memcpy(sample, hm_window_motion(window, back), bytes);
        else
            memset(sample, 0, bytes);
        sample += window->nchannel;
        if (back <= window->filled)
            memcpy(sample, hm_window_coordinate(window, back), bytes);
        else
            memset(sample, 0, bytes);
        sample += window->nchannel;
    }
}

void hm_window_save(const struct hm_window *window, struct hm_archive *archive)
{
    const size_t first = window->end - window->filled;
    hm_archive_put_tag(archive, "WINDOW");
    hm_archive_put_size(archive, window->nchannel);
    hm_archive_put_size(archive, window->length);
    hm_archive_put_size(archive, window->filled);
    hm_archive_put_size(archive, window->exact_behind);
    hm_archive_put_reals(archive, &window->motion[first * window->nchannel], window->filled * window->nchannel);
    hm_archive_put_reals(archive, &window->coordinate[first * window->nchannel], window->filled * window->nchannel);
}

enum hm_status hm_window_load(struct hm_window *window, struct hm_archive *archive)
{
    size_t nchannel, length, filled;
    HM_TRY(hm_archive_expect_tag(archive, "WINDOW"));
    HM_TRY(hm_archive_get_size(archive, &nchannel));
    HM_TRY(hm_archive_get_size(archive, &length));
    HM_TRY(hm_archive_get_size(archive, &filled));
    if (nchannel != window->nchannel || length != window->length || filled > length)
        return hm_fail(HM_BAD_INPUT, "the saved history is %zu steps of %zu channels, this run has %zu of %zu", length,
                       nchannel, window->length, window->nchannel);
    HM_TRY(hm_archive_get_size(archive, &window->exact_behind));
    HM_TRY(hm_archive_get_reals(archive, window->motion, filled * nchannel));
    HM_TRY(hm_archive_get_reals(archive, window->coordinate, filled * nchannel));
    window->filled = window->end = filled;
    return HM_OK;
}
