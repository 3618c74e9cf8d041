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
    w->exact = calloc(w->capacity, sizeof *w->exact);
    if (!w->motion || !w->coordinate || !w->exact) {
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
        free((*window)->exact);
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
    memmove(w->exact, &w->exact[first], kept);
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
    window->exact[window->end] = exact;
    window->end++;
    if (window->filled < window->length) window->filled++;
    window->exact_behind = exact ? window->exact_behind + 1 : 0;
}

void hm_window_rows(const struct hm_window *window, int64_t step, size_t count, int64_t untaught, double *rows)
{
    const size_t nchannel = window->nchannel, bytes = nchannel * sizeof(double);
    for (size_t k = 0; k < count; k++, rows += hm_row_size(nchannel)) {
        const size_t at = window->end - count + k;
        const int64_t row_step = step - (int64_t)(count - 1 - k);
        const enum hm_row_kind exact = row_step >= untaught ? HM_ROW_LABEL : HM_ROW_EXACT;
        rows[0] = (double)row_step;
        rows[1] = window->exact[at] ? exact : HM_ROW_PREDICTED;
        memcpy(rows + 2, &window->coordinate[at * nchannel], bytes);
        memcpy(rows + 2 + nchannel, &window->motion[at * nchannel], bytes);
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
    hm_archive_put(archive, &window->exact[first], window->filled);
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
    HM_TRY(hm_archive_get(archive, window->exact, filled));
    window->filled = window->end = filled;
    return HM_OK;
}
