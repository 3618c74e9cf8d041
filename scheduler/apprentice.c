#include "scheduler/apprentice.h"

#include "predictors/committee.h"

#include "io/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum hm_status enrol(const struct hm_config *config, const struct hm_representation *representation,
                            const struct hm_weights *given, struct hm_pupil *pupil)
{
    HM_TRY(hm_committee_member_create(config, representation, pupil->member, &pupil->predictor));
    const struct hm_weights_of_member *weights = given ? hm_weights_find(given, pupil->member) : NULL;
    return weights ? hm_predictor_adopt(&pupil->predictor, weights->bytes, weights->size) : HM_OK;
}

enum hm_status hm_apprentice_create(const struct hm_config *config, const struct hm_representation *representation,
                                    size_t first, size_t stride, const struct hm_weights *given,
                                    struct hm_apprentice *apprentice)
{
    size_t members;
    *apprentice = (struct hm_apprentice){.nchannel = representation->nchannel};
    HM_TRY(hm_committee_size(config, &members));
    apprentice->pupil = calloc(members, sizeof *apprentice->pupil);
    if (!apprentice->pupil) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu predictors", members);
    for (size_t m = first; m < members; m += stride) {
        struct hm_pupil *pupil = &apprentice->pupil[apprentice->npupil++];
        pupil->member = m;
        HM_TRY(enrol(config, representation, given, pupil));
    }
    return HM_OK;
}

void hm_apprentice_destroy(struct hm_apprentice *apprentice)
{
    for (size_t p = 0; p < apprentice->npupil; p++) hm_predictor_destroy(&apprentice->pupil[p].predictor);
    free(apprentice->pupil);
    free(apprentice->rows);
    hm_archive_release(&apprentice->before);
    *apprentice = (struct hm_apprentice){0};
}

static enum hm_status reserve(struct hm_apprentice *a, size_t count)
{
    if (count <= a->capacity) return HM_OK;
    const size_t capacity = count > 2 * a->capacity ? count : 2 * a->capacity;
    const size_t bytes = capacity * hm_row_size(a->nchannel) * sizeof(double);
    double *grown = realloc(a->rows, bytes);
    if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu training rows (%zu bytes)", capacity, bytes);
    a->rows = grown;
    a->capacity = capacity;
    return HM_OK;
}

enum hm_status hm_apprentice_learn(struct hm_apprentice *apprentice, const double *rows, size_t count)
{
    const size_t size = hm_row_size(apprentice->nchannel);
    for (size_t k = 0; k < count * size; k++)
        if (!isfinite(rows[k]))
            return hm_fail(HM_BAD_INPUT, "training data: the row of step %.0f holds a number that is not finite",
                           rows[k / size * size]);
    HM_TRY(reserve(apprentice, apprentice->count + count));
    memcpy(&apprentice->rows[apprentice->count * size], rows, count * size * sizeof *rows);
    apprentice->count += count;
    return HM_OK;
}

void hm_apprentice_open(struct hm_apprentice *apprentice, int64_t step, size_t history)
{
    apprentice->episode = (struct hm_episode){true, step, history, apprentice->count};
    for (size_t p = 0; p < apprentice->npupil; p++) apprentice->pupil[p].studied = false;
}

static struct hm_pupil *next_pupil(const struct hm_apprentice *a)
{
    for (size_t p = 0; p < a->npupil; p++)
        if (!a->pupil[p].studied) return &a->pupil[p];
    return NULL;
}

/* Rows that came while the episode was open belong to the next one. */
static void close_episode(struct hm_apprentice *a)
{
    const size_t size = hm_row_size(a->nchannel), rows = a->episode.rows;
    a->count -= rows;
    memmove(a->rows, &a->rows[rows * size], a->count * size * sizeof *a->rows);
    a->episode = (struct hm_episode){0};
}

static enum hm_status train(struct hm_apprentice *a, struct hm_predictor *predictor, struct hm_training_report *report)
{
    const struct hm_batch batch = {a->episode.rows, a->nchannel, a->rows, a->interrupt};
    const size_t history = a->episode.history;
    hm_archive_clear(&a->before);
    if (a->interrupt.asked) hm_predictor_save(predictor, &a->before);
    HM_TRY(a->before.status);
    if (history > 0 && predictor->ops->look_back) predictor->ops->look_back(predictor->self, history);
    const enum hm_status status = predictor->ops->train(predictor->self, &batch, report);
    if (status != HM_STOPPED) return status;
    HM_TRY(hm_predictor_load(predictor, &a->before));
    return hm_fail(HM_STOPPED, "a study was interrupted");
}

enum hm_status hm_apprentice_study(struct hm_apprentice *apprentice, const struct hm_pupil **pupil,
                                   struct hm_training_record *record)
{
    const double started = hm_clock();
    struct hm_pupil *next = next_pupil(apprentice);
    struct hm_predictor *predictor = &next->predictor;
    struct hm_training_report report = {0};
    HM_TRY(train(apprentice, predictor, &report));
    *record = (struct hm_training_record){
        .step = apprentice->episode.step,
        .member = (int32_t)next->member,
        .history = (int32_t)hm_predictor_history(predictor),
        .loss_before = report.loss_before,
        .loss_after = report.loss_after,
        .held_out_before = report.held_out_before,
        .held_out_after = report.held_out_after,
        .samples = report.samples,
        .condition = report.condition,
        .terms = (int32_t)report.terms,
        .seconds = hm_clock() - started,
        .accepted = report.accepted,
    };
    *pupil = next;
    next->studied = true;
    if (!next_pupil(apprentice)) close_episode(apprentice);
    return HM_OK;
}

/* ---- saved ---- */

/* The parts of a saved apprentice before its pupils. */
struct saved {
    size_t count; // rows
    const unsigned char *rows;
    size_t row_bytes;
    const void *more; // (nmore) rows after those, when it is written
    size_t nmore;
    struct hm_episode episode;
    size_t npupil;
};

struct saved_pupil {
    size_t member, studied, bytes;
};

static void put_head(struct hm_archive *archive, const struct saved *saved)
{
    hm_archive_put_tag(archive, "APPRENT");
    hm_archive_put_size(archive, saved->count + saved->nmore);
    hm_archive_put_size(archive, saved->row_bytes);
    hm_archive_put(archive, saved->rows, saved->count * saved->row_bytes);
    hm_archive_put(archive, saved->more, saved->nmore * saved->row_bytes);
    hm_archive_put_int(archive, saved->episode.open);
    hm_archive_put_int(archive, saved->episode.step);
    hm_archive_put_size(archive, saved->episode.history);
    hm_archive_put_size(archive, saved->episode.rows);
    hm_archive_put_size(archive, saved->npupil);
}

static enum hm_status get_head(struct hm_archive *archive, struct saved *saved)
{
    int64_t open;
    HM_TRY(hm_archive_expect_tag(archive, "APPRENT"));
    HM_TRY(hm_archive_get_size(archive, &saved->count));
    HM_TRY(hm_archive_get_size(archive, &saved->row_bytes));
    if (saved->row_bytes == 0 || saved->count > (archive->size - archive->cursor) / saved->row_bytes)
        return hm_fail(HM_BAD_INPUT, "the saved training rows are cut short");
    saved->rows = archive->bytes + archive->cursor;
    archive->cursor += saved->count * saved->row_bytes;
    HM_TRY(hm_archive_get_int(archive, &open));
    HM_TRY(hm_archive_get_int(archive, &saved->episode.step));
    HM_TRY(hm_archive_get_size(archive, &saved->episode.history));
    HM_TRY(hm_archive_get_size(archive, &saved->episode.rows));
    HM_TRY(hm_archive_get_size(archive, &saved->npupil));
    saved->episode.open = open != 0;
    if (saved->episode.rows > saved->count)
        return hm_fail(HM_BAD_INPUT, "the saved episode has more rows than there are");
    return HM_OK;
}

static enum hm_status get_pupil(struct hm_archive *archive, struct saved_pupil *pupil)
{
    HM_TRY(hm_archive_get_size(archive, &pupil->member));
    HM_TRY(hm_archive_get_size(archive, &pupil->studied));
    HM_TRY(hm_archive_get_size(archive, &pupil->bytes));
    if (pupil->bytes > archive->size - archive->cursor) return hm_fail(HM_BAD_INPUT, "the saved training is cut short");
    return HM_OK;
}

static void save_pupil(const struct hm_pupil *pupil, struct hm_archive *archive)
{
    struct hm_archive bytes = HM_ARCHIVE_EMPTY;
    hm_predictor_save(&pupil->predictor, &bytes);
    if (bytes.status != HM_OK) archive->status = bytes.status;
    hm_archive_put_size(archive, pupil->member);
    hm_archive_put_size(archive, pupil->studied);
    hm_archive_put_size(archive, bytes.size);
    hm_archive_put(archive, bytes.bytes, bytes.size);
    hm_archive_release(&bytes);
}

void hm_apprentice_save(const struct hm_apprentice *apprentice, struct hm_archive *archive)
{
    const struct saved saved = {
        .count = apprentice->count,
        .rows = (const unsigned char *)apprentice->rows,
        .row_bytes = hm_row_size(apprentice->nchannel) * sizeof(double),
        .episode = apprentice->episode,
        .npupil = apprentice->npupil,
    };
    put_head(archive, &saved);
    for (size_t p = 0; p < apprentice->npupil; p++) save_pupil(&apprentice->pupil[p], archive);
}

static enum hm_status load_pupil(struct hm_apprentice *a, struct hm_archive *archive, size_t *found)
{
    struct saved_pupil saved;
    HM_TRY(get_pupil(archive, &saved));
    const size_t end = archive->cursor + saved.bytes;
    for (size_t p = 0; p < a->npupil; p++) {
        if (a->pupil[p].member != saved.member) continue;
        a->pupil[p].studied = saved.studied != 0;
        HM_TRY(hm_predictor_load(&a->pupil[p].predictor, archive));
        ++*found;
    }
    archive->cursor = end;
    return HM_OK;
}

enum hm_status hm_apprentice_load(struct hm_apprentice *apprentice, struct hm_archive *archive)
{
    struct saved saved = {0};
    size_t found = 0;
    HM_TRY(get_head(archive, &saved));
    if (saved.row_bytes != hm_row_size(apprentice->nchannel) * sizeof(double))
        return hm_fail(HM_BAD_INPUT, "the saved training rows are of another shape");
    HM_TRY(reserve(apprentice, saved.count));
    if (saved.count > 0) memcpy(apprentice->rows, saved.rows, saved.count * saved.row_bytes);
    apprentice->count = saved.count;
    for (size_t p = 0; p < saved.npupil; p++) HM_TRY(load_pupil(apprentice, archive, &found));
    if (found != apprentice->npupil)
        return hm_fail(HM_BAD_INPUT, "the saved state trains %zu of the %zu members that train here", found,
                       apprentice->npupil);
    apprentice->episode = saved.episode;
    if (saved.episode.open && !next_pupil(apprentice)) close_episode(apprentice);
    return HM_OK;
}

enum hm_status hm_apprentice_merge(struct hm_archive *saved, size_t count, const void *more, size_t nmore,
                                   struct hm_archive *archive)
{
    struct saved all = {0};
    size_t npupil = 0;
    for (size_t k = 0; k < count; k++) {
        struct saved head = {0};
        HM_TRY(get_head(&saved[k], &head));
        /* Who has done with the episode has forgotten its rows. */
        if (k == 0 || (head.episode.open && !all.episode.open)) all = head;
        npupil += head.npupil;
    }
    all.npupil = npupil;
    all.more = more;
    all.nmore = nmore;
    put_head(archive, &all);
    for (size_t k = 0; k < count; k++) {
        struct hm_archive *piece = &saved[k];
        struct saved head = {0};
        piece->cursor = 0;
        HM_TRY(get_head(piece, &head));
        for (size_t p = 0; p < head.npupil; p++) {
            struct saved_pupil pupil;
            HM_TRY(get_pupil(piece, &pupil));
            hm_archive_put_size(archive, pupil.member);
            hm_archive_put_size(archive, pupil.studied || (all.episode.open && !head.episode.open));
            hm_archive_put_size(archive, pupil.bytes);
            hm_archive_put(archive, piece->bytes + piece->cursor, pupil.bytes);
            piece->cursor += pupil.bytes;
        }
    }
    return archive->status;
}

enum hm_status hm_apprentice_owed(const struct hm_archive *saved, size_t first, size_t stride, size_t *owed)
{
    struct hm_archive view = *saved;
    struct saved head = {0};
    *owed = 0;
    HM_TRY(get_head(&view, &head));
    for (size_t p = 0; p < head.npupil && head.episode.open; p++) {
        struct saved_pupil pupil;
        HM_TRY(get_pupil(&view, &pupil));
        view.cursor += pupil.bytes;
        if (!pupil.studied && pupil.member % stride == first) ++*owed;
    }
    return HM_OK;
}

enum hm_status hm_apprentice_skip(struct hm_archive *saved)
{
    struct saved head = {0};
    HM_TRY(get_head(saved, &head));
    for (size_t p = 0; p < head.npupil; p++) {
        struct saved_pupil pupil;
        HM_TRY(get_pupil(saved, &pupil));
        saved->cursor += pupil.bytes;
    }
    return HM_OK;
}
