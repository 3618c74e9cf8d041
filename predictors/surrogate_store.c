/* What a surrogate keeps to learn: labels, the factor of the fit, and both to bits and back. */
#include "predictors/surrogate_internal.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_ROWS = 384 };

/* ---- memory ---- */

enum hm_status hm_surrogate_learning_begin(struct hm_surrogate *surrogate)
{
    struct hm_surrogate *s = surrogate;
    const size_t n = 3 * s->natom;
    if (s->fit.factor) return HM_OK;
    HM_TRY(hm_least_squares_create(s->nweight, &s->fit));
    s->block_rows = n * (1 + (BLOCK_ROWS + s->nweight / 2) / n);
    s->design = calloc(s->nweight * n, sizeof *s->design);
    s->block = calloc(s->block_rows * (s->nweight + 1), sizeof *s->block);
    if (!s->design || !s->block) return hm_fail(HM_OUT_OF_MEMORY, "no memory to fit %zu terms", s->nweight);
    return HM_OK;
}

void hm_surrogate_learning_release(struct hm_surrogate *surrogate)
{
    hm_least_squares_release(&surrogate->fit);
    free(surrogate->design);
    free(surrogate->block);
    free(surrogate->pending.values);
    free(surrogate->held_out.values);
}

enum hm_status hm_surrogate_next_label(struct hm_surrogate_labels *labels, size_t label_size, size_t most,
                                       double **label)
{
    if (labels->count == labels->capacity && labels->count < most) {
        size_t capacity = labels->capacity ? 2 * labels->capacity : 64;
        if (capacity > most) capacity = most;
        double *grown = realloc(labels->values, capacity * label_size * sizeof *grown);
        if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu training labels", capacity);
        labels->values = grown;
        labels->capacity = capacity;
    }
    if (labels->count < most) {
        *label = &labels->values[labels->count++ * label_size];
        return HM_OK;
    }
    *label = &labels->values[labels->next * label_size];
    labels->next = (labels->next + 1) % most;
    return HM_OK;
}

/* ---- save and load ---- */

static void save_labels(const struct hm_surrogate_labels *labels, size_t label_size, struct hm_archive *archive)
{
    hm_archive_put_size(archive, labels->count);
    hm_archive_put_size(archive, labels->next);
    hm_archive_put_reals(archive, labels->values, labels->count * label_size);
}

static enum hm_status load_labels(struct hm_surrogate_labels *labels, size_t label_size, struct hm_archive *archive)
{
    size_t count;
    HM_TRY(hm_archive_get_size(archive, &count));
    HM_TRY(hm_archive_get_size(archive, &labels->next));
    if (labels->next > 0 && labels->next >= count)
        return hm_fail(HM_BAD_INPUT, "the saved surrogate is damaged: label %zu of %zu", labels->next, count);
    if (count > (archive->size - archive->cursor) / (label_size * sizeof(double)))
        return hm_fail(HM_BAD_INPUT, "the saved surrogate is damaged: %zu labels", count);
    labels->count = 0;
    for (size_t i = 0; i < count; i++) {
        double *label;
        HM_TRY(hm_surrogate_next_label(labels, label_size, SIZE_MAX, &label));
        HM_TRY(hm_archive_get_reals(archive, label, label_size));
    }
    return HM_OK;
}

void hm_surrogate_learning_save(const struct hm_surrogate *surrogate, struct hm_archive *archive)
{
    const struct hm_surrogate *s = surrogate;
    const bool learns = s->fit.factor != NULL;
    hm_archive_put_int(archive, learns);
    if (!learns) return;
    hm_archive_put_int(archive, s->prepared);
    hm_archive_put_size(archive, (size_t)s->seen);
    hm_archive_put_reals(archive, s->candidate, s->nparameter);
    save_labels(&s->pending, s->label_size, archive);
    save_labels(&s->held_out, s->label_size, archive);
    hm_least_squares_save(&s->fit, archive);
}

enum hm_status hm_surrogate_learning_load(struct hm_surrogate *surrogate, struct hm_archive *archive)
{
    struct hm_surrogate *s = surrogate;
    int64_t learns, prepared;
    size_t seen;
    HM_TRY(hm_archive_get_int(archive, &learns));
    if (!learns) {
        /* Interrupted before it had learned anything. */
        hm_surrogate_learning_release(s);
        memset(&s->pending, 0, sizeof s->pending);
        memset(&s->held_out, 0, sizeof s->held_out);
        s->design = s->block = NULL;
        s->prepared = false;
        s->seen = 0;
        return HM_OK;
    }
    HM_TRY(hm_surrogate_learning_begin(s));
    HM_TRY(hm_archive_get_int(archive, &prepared));
    HM_TRY(hm_archive_get_size(archive, &seen));
    s->prepared = prepared != 0;
    s->seen = seen;
    HM_TRY(hm_archive_get_reals(archive, s->candidate, s->nparameter));
    HM_TRY(load_labels(&s->pending, s->label_size, archive));
    HM_TRY(load_labels(&s->held_out, s->label_size, archive));
    return hm_least_squares_load(&s->fit, archive);
}
