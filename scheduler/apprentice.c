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

enum hm_status hm_apprentice_study(struct hm_apprentice *apprentice, size_t pupil, int64_t step, size_t history,
                                   struct hm_training_record *record)
{
    const double started = hm_clock();
    const struct hm_predictor *predictor = &apprentice->pupil[pupil].predictor;
    const struct hm_batch batch = {apprentice->count, apprentice->nchannel, apprentice->rows};
    struct hm_training_report report = {0};
    if (history > 0 && predictor->ops->look_back) predictor->ops->look_back(predictor->self, history);
    HM_TRY(predictor->ops->train(predictor->self, &batch, &report));
    *record = (struct hm_training_record){
        .step = step,
        .member = (int32_t)apprentice->pupil[pupil].member,
        .history = (int32_t)predictor->ops->history(predictor->self),
        .loss_before = report.loss_before,
        .loss_after = report.loss_after,
        .held_out_before = report.held_out_before,
        .held_out_after = report.held_out_after,
        .samples = report.samples,
        .seconds = hm_clock() - started,
        .accepted = report.accepted,
    };
    return HM_OK;
}

void hm_apprentice_finish(struct hm_apprentice *apprentice)
{
    apprentice->count = 0;
}

void hm_apprentice_save(const struct hm_apprentice *apprentice, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "APPRENT");
    hm_archive_put_size(archive, apprentice->npupil);
    hm_archive_put_size(archive, apprentice->count);
    hm_archive_put_reals(archive, apprentice->rows, apprentice->count * hm_row_size(apprentice->nchannel));
    for (size_t p = 0; p < apprentice->npupil; p++) hm_predictor_save(&apprentice->pupil[p].predictor, archive);
}

enum hm_status hm_apprentice_load(struct hm_apprentice *apprentice, struct hm_archive *archive)
{
    const size_t size = hm_row_size(apprentice->nchannel);
    size_t npupil, count;
    HM_TRY(hm_archive_expect_tag(archive, "APPRENT"));
    HM_TRY(hm_archive_get_size(archive, &npupil));
    HM_TRY(hm_archive_get_size(archive, &count));
    if (npupil != apprentice->npupil)
        return hm_fail(HM_BAD_INPUT, "the saved state trains %zu members here, this run %zu: the ranks differ", npupil,
                       apprentice->npupil);
    if (count > (archive->size - archive->cursor) / (size * sizeof(double)))
        return hm_fail(HM_BAD_INPUT, "the saved training rows are cut short");
    HM_TRY(reserve(apprentice, count));
    HM_TRY(hm_archive_get_reals(archive, apprentice->rows, count * size));
    apprentice->count = count;
    for (size_t p = 0; p < npupil; p++) HM_TRY(hm_predictor_load(&apprentice->pupil[p].predictor, archive));
    return HM_OK;
}
