#include "scheduler/apprentice.h"

#include "io/log.h"

#include <stdlib.h>
#include <string.h>

enum hm_status hm_apprentice_create(const struct hm_config *config, const struct hm_representation *representation,
                                    struct hm_apprentice *apprentice)
{
    const struct hm_predictor_setup setup = {
        .config = config,
        .representation = representation,
        .seed = (uint64_t)hm_config_integer(config, "training.seed"),
    };
    *apprentice = (struct hm_apprentice){0};
    HM_TRY(hm_predictor_create(&setup, &apprentice->predictor));
    apprentice->length = apprentice->predictor.ops->history(apprentice->predictor.self);
    if (apprentice->length == 0) apprentice->length = 1;
    apprentice->nchannel = representation->nchannel;
    return HM_OK;
}

void hm_apprentice_destroy(struct hm_apprentice *apprentice)
{
    hm_predictor_destroy(&apprentice->predictor);
    free(apprentice->samples);
    *apprentice = (struct hm_apprentice){0};
}

static enum hm_status reserve(struct hm_apprentice *a, size_t count)
{
    if (count <= a->capacity) return HM_OK;
    const size_t capacity = count > 2 * a->capacity ? count : 2 * a->capacity;
    const size_t bytes = capacity * hm_sample_size(a->length, a->nchannel) * sizeof(double);
    double *grown = realloc(a->samples, bytes);
    if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu training samples (%zu bytes)", capacity, bytes);
    a->samples = grown;
    a->capacity = capacity;
    return HM_OK;
}

enum hm_status hm_apprentice_learn(struct hm_apprentice *apprentice, const double *samples, size_t count)
{
    const size_t size = hm_sample_size(apprentice->length, apprentice->nchannel);
    HM_TRY(reserve(apprentice, apprentice->count + count));
    memcpy(&apprentice->samples[apprentice->count * size], samples, count * size * sizeof *samples);
    apprentice->count += count;
    return HM_OK;
}

enum hm_status hm_apprentice_study(struct hm_apprentice *apprentice, int64_t step, struct hm_training_record *record)
{
    const double started = hm_clock();
    const struct hm_batch batch = {apprentice->count, apprentice->length, apprentice->nchannel, apprentice->samples};
    struct hm_training_report report = {0};
    HM_TRY(apprentice->predictor.ops->train(apprentice->predictor.self, &batch, &report));
    apprentice->count = 0;
    if (report.accepted) apprentice->version++;
    *record = (struct hm_training_record){
        .step = step,
        .version = apprentice->version,
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

void hm_apprentice_save(const struct hm_apprentice *apprentice, struct hm_archive *archive)
{
    const size_t size = hm_sample_size(apprentice->length, apprentice->nchannel);
    hm_archive_put_tag(archive, "APPRENT");
    hm_archive_put_int(archive, apprentice->version);
    hm_archive_put_size(archive, apprentice->count);
    hm_archive_put_reals(archive, apprentice->samples, apprentice->count * size);
    hm_predictor_save(&apprentice->predictor, archive);
}

enum hm_status hm_apprentice_load(struct hm_apprentice *apprentice, struct hm_archive *archive)
{
    const size_t size = hm_sample_size(apprentice->length, apprentice->nchannel);
    int64_t version;
    size_t count;
    HM_TRY(hm_archive_expect_tag(archive, "APPRENT"));
    HM_TRY(hm_archive_get_int(archive, &version));
    HM_TRY(hm_archive_get_size(archive, &count));
    if (count > (archive->size - archive->cursor) / (size * sizeof(double)))
        return hm_fail(HM_BAD_INPUT, "the saved training samples are cut short");
    HM_TRY(reserve(apprentice, count));
    HM_TRY(hm_archive_get_reals(archive, apprentice->samples, count * size));
    apprentice->version = (int32_t)version;
    apprentice->count = count;
    return hm_predictor_load(&apprentice->predictor, archive);
}
