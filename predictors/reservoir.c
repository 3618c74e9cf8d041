#include "predictors/reservoir.h"

#include <stdlib.h>
#include <string.h>

enum { HELD_OUT_EVERY = 8, SHORTEST_LONG = 64 };

void hm_reservoir_start(struct hm_reservoir *reservoir, size_t nchannel, size_t capacity)
{
    *reservoir = (struct hm_reservoir){.nchannel = nchannel, .capacity = capacity};
}

void hm_reservoir_release(struct hm_reservoir *reservoir)
{
    free(reservoir->rows);
    free(reservoir->stretch);
    *reservoir = (struct hm_reservoir){0};
}

size_t hm_reservoir_labels(const struct hm_reservoir *reservoir, bool held_out)
{
    size_t count = 0;
    for (size_t i = 0; i < reservoir->nstretch; i++)
        if (reservoir->stretch[i].held_out == held_out) count += reservoir->stretch[i].labels;
    return count;
}

/* ---- room ---- */

static void drop(struct hm_reservoir *r, size_t index)
{
    const struct hm_stretch gone = r->stretch[index];
    const size_t size = hm_row_size(r->nchannel), after = gone.first + gone.count;
    memmove(&r->rows[gone.first * size], &r->rows[after * size], (r->nrow - after) * size * sizeof *r->rows);
    memmove(&r->stretch[index], &r->stretch[index + 1], (r->nstretch - index - 1) * sizeof gone);
    r->nrow -= gone.count;
    r->nstretch--;
    for (size_t i = 0; i < r->nstretch; i++)
        if (r->stretch[i].first > gone.first) r->stretch[i].first -= gone.count;
}

static bool brings_long(const struct hm_reservoir *r)
{
    for (size_t i = 0; i < r->nstretch; i++)
        if (!r->stretch[i].is_short && r->stretch[i].batch == r->batches) return true;
    return false;
}

/* What goes next: the oldest short stretch of an earlier batch; long ones only for new long ones. nstretch: nothing. */
static size_t oldest(const struct hm_reservoir *r)
{
    for (size_t i = 0; i < r->nstretch; i++)
        if (r->stretch[i].is_short && r->stretch[i].batch < r->batches) return i;
    for (size_t i = 0; i < r->nstretch && brings_long(r); i++)
        if (r->stretch[i].batch < r->batches) return i;
    return r->nstretch;
}

/* What came last stays, however much it is. */
static void make_room(struct hm_reservoir *r)
{
    while (hm_reservoir_labels(r, false) + hm_reservoir_labels(r, true) > r->capacity) {
        const size_t index = oldest(r);
        if (index == r->nstretch) return;
        drop(r, index);
    }
}

static enum hm_status grow(void **array, size_t *capacity, size_t needed, size_t bytes)
{
    if (needed <= *capacity) return HM_OK;
    const size_t larger = needed > 2 * *capacity ? needed : 2 * *capacity;
    void *grown = realloc(*array, larger * bytes);
    if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu training rows", larger);
    *array = grown;
    *capacity = larger;
    return HM_OK;
}

static enum hm_status reserve(struct hm_reservoir *r, size_t rows, size_t stretches)
{
    void *bytes = r->rows, *list = r->stretch;
    enum hm_status status = grow(&bytes, &r->row_capacity, rows, hm_row_size(r->nchannel) * sizeof(double));
    r->rows = bytes;
    if (status == HM_OK) status = grow(&list, &r->stretch_capacity, stretches, sizeof *r->stretch);
    r->stretch = list;
    return status;
}

/* ---- taking ---- */

static size_t count_labels(const struct hm_reservoir *r, const double *rows, size_t from, size_t to)
{
    const size_t size = hm_row_size(r->nchannel);
    size_t labels = 0;
    for (size_t at = from; at < to; at++) labels += hm_row_kind(&rows[at * size]) == HM_ROW_LABEL;
    return labels;
}

static enum hm_status append(struct hm_reservoir *r, const double *rows, struct hm_stretch stretch)
{
    const size_t size = hm_row_size(r->nchannel);
    stretch.first = r->nrow;
    stretch.batch = r->batches;
    stretch.labels = count_labels(r, rows, stretch.learn_from, stretch.count);
    if (stretch.labels == 0) return HM_OK;
    HM_TRY(reserve(r, r->nrow + stretch.count, r->nstretch + 1));
    memcpy(&r->rows[r->nrow * size], rows, stretch.count * size * sizeof *rows);
    r->stretch[r->nstretch++] = stretch;
    r->nrow += stretch.count;
    return HM_OK;
}

/* Consecutive rows. A long stretch is cut in two, the second with the history of its first label before it. */
static enum hm_status take_stretch(struct hm_reservoir *r, const double *rows, size_t count)
{
    const size_t size = hm_row_size(r->nchannel), from = r->history;
    if (count <= from) return HM_OK;
    if (count - from < SHORTEST_LONG) {
        const bool held_out = r->nshort++ % HELD_OUT_EVERY == HELD_OUT_EVERY - 1;
        return append(r, rows,
                      (struct hm_stretch){.count = count, .learn_from = from, .held_out = held_out, .is_short = true});
    }
    const size_t held_out = (count - from) / HELD_OUT_EVERY, cut = count - held_out - from;
    HM_TRY(append(r, rows, (struct hm_stretch){.count = count - held_out, .learn_from = from}));
    return append(r, &rows[cut * size],
                  (struct hm_stretch){.count = held_out + from, .learn_from = from, .held_out = true});
}

enum hm_status hm_reservoir_take(struct hm_reservoir *reservoir, const struct hm_batch *batch, size_t history)
{
    const size_t size = hm_row_size(batch->nchannel);
    reservoir->history = history;
    reservoir->batches++;
    for (size_t first = 0, at = 1; at <= batch->count; at++) {
        const double *row = &batch->rows[at * size];
        if (at < batch->count && row[0] == row[-(ptrdiff_t)size] + 1) continue;
        HM_TRY(take_stretch(reservoir, &batch->rows[first * size], at - first));
        first = at;
    }
    make_room(reservoir);
    return HM_OK;
}

/* ---- save and load ---- */

void hm_reservoir_save(const struct hm_reservoir *reservoir, struct hm_archive *archive)
{
    const struct hm_reservoir *r = reservoir;
    hm_archive_put_tag(archive, "RESERV");
    hm_archive_put_size(archive, r->history);
    hm_archive_put_size(archive, r->nshort);
    hm_archive_put_size(archive, r->batches);
    hm_archive_put_size(archive, r->nstretch);
    hm_archive_put_size(archive, r->nrow);
    for (size_t i = 0; i < r->nstretch; i++) {
        hm_archive_put_size(archive, r->stretch[i].count);
        hm_archive_put_size(archive, r->stretch[i].learn_from);
        hm_archive_put_size(archive, r->stretch[i].labels);
        hm_archive_put_size(archive, r->stretch[i].batch);
        hm_archive_put_int(archive, r->stretch[i].held_out);
        hm_archive_put_int(archive, r->stretch[i].is_short);
    }
    hm_archive_put_reals(archive, r->rows, r->nrow * hm_row_size(r->nchannel));
}

enum hm_status hm_reservoir_load(struct hm_reservoir *reservoir, struct hm_archive *archive)
{
    struct hm_reservoir *r = reservoir;
    size_t nstretch, nrow, first = 0;
    HM_TRY(hm_archive_expect_tag(archive, "RESERV"));
    HM_TRY(hm_archive_get_size(archive, &r->history));
    HM_TRY(hm_archive_get_size(archive, &r->nshort));
    HM_TRY(hm_archive_get_size(archive, &r->batches));
    HM_TRY(hm_archive_get_size(archive, &nstretch));
    HM_TRY(hm_archive_get_size(archive, &nrow));
    if (nrow > archive->size || nstretch > nrow) return hm_fail(HM_BAD_INPUT, "the saved reservoir is damaged");
    HM_TRY(reserve(r, nrow, nstretch));
    for (size_t i = 0; i < nstretch; i++) {
        struct hm_stretch *stretch = &r->stretch[i];
        int64_t held_out, is_short;
        HM_TRY(hm_archive_get_size(archive, &stretch->count));
        HM_TRY(hm_archive_get_size(archive, &stretch->learn_from));
        HM_TRY(hm_archive_get_size(archive, &stretch->labels));
        HM_TRY(hm_archive_get_size(archive, &stretch->batch));
        HM_TRY(hm_archive_get_int(archive, &held_out));
        HM_TRY(hm_archive_get_int(archive, &is_short));
        if (stretch->count > nrow - first || stretch->learn_from >= stretch->count || stretch->learn_from < r->history)
            return hm_fail(HM_BAD_INPUT, "the saved reservoir is damaged");
        stretch->held_out = held_out != 0;
        stretch->is_short = is_short != 0;
        stretch->first = first;
        first += stretch->count;
    }
    r->nstretch = nstretch;
    r->nrow = nrow;
    HM_TRY(hm_archive_get_reals(archive, r->rows, nrow * hm_row_size(r->nchannel)));
    for (size_t i = 0; i < nstretch; i++) {
        const struct hm_stretch *stretch = &r->stretch[i];
        if (count_labels(r, hm_reservoir_row(r, stretch, 0), stretch->learn_from, stretch->count) != stretch->labels)
            return hm_fail(HM_BAD_INPUT, "the saved reservoir is damaged");
    }
    return HM_OK;
}
