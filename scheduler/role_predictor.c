#include "scheduler/roles.h"

static enum hm_status learn(struct hm_worker *worker, struct hm_apprentice *apprentice)
{
    struct hm_archive *archive = &worker->inbox.archive;
    const size_t size = hm_row_size(apprentice->nchannel);
    size_t count;
    HM_TRY(hm_archive_get_size(archive, &count));
    if (count * size * sizeof(double) != archive->size - archive->cursor)
        return hm_fail(HM_INTERNAL, "training rows of another shape");
    /* The cursor stands after one 8-byte count, so the rows are aligned. */
    return hm_apprentice_learn(apprentice, (const double *)(const void *)(archive->bytes + archive->cursor), count);
}

static enum hm_status send_lesson(struct hm_worker *worker, const struct hm_pupil *pupil,
                                  const struct hm_training_record *record)
{
    size_t bytes = 0;
    const void *parameters = pupil->predictor.ops->parameters(pupil->predictor.self, &bytes);
    struct hm_archive *lesson = hm_outbox_open(&worker->outbox);
    hm_archive_put_size(lesson, pupil->member);
    hm_archive_put(lesson, record, sizeof *record);
    hm_archive_put_size(lesson, record->accepted ? bytes : 0);
    if (record->accepted) hm_archive_put(lesson, parameters, bytes);
    return hm_outbox_send(&worker->outbox, worker->layout->world, 0, HM_MESSAGE_LESSON);
}

static enum hm_status study(struct hm_worker *worker, struct hm_apprentice *apprentice)
{
    int64_t step;
    size_t history;
    HM_TRY(hm_archive_get_int(&worker->inbox.archive, &step));
    HM_TRY(hm_archive_get_size(&worker->inbox.archive, &history));
    for (size_t p = 0; p < apprentice->npupil; p++) {
        struct hm_training_record record;
        HM_TRY(hm_apprentice_study(apprentice, p, step, history, &record));
        HM_TRY(send_lesson(worker, &apprentice->pupil[p], &record));
    }
    hm_apprentice_finish(apprentice);
    return HM_OK;
}

static enum hm_status send_state(struct hm_worker *worker, struct hm_apprentice *apprentice)
{
    hm_apprentice_save(apprentice, hm_outbox_open(&worker->outbox));
    return hm_outbox_send(&worker->outbox, worker->layout->world, 0, HM_MESSAGE_STATE);
}

static enum hm_status serve(struct hm_worker *worker, void *role)
{
    struct hm_apprentice *apprentice = role;
    switch (worker->inbox.kind) {
    case HM_MESSAGE_ROWS:
        return learn(worker, apprentice);
    case HM_MESSAGE_EPISODE:
        return study(worker, apprentice);
    case HM_MESSAGE_SAVE:
        return send_state(worker, apprentice);
    case HM_MESSAGE_LOAD:
        return hm_apprentice_load(apprentice, &worker->inbox.archive);
    default:
        return hm_fail(HM_INTERNAL, "a predictor rank got message %d", (int)worker->inbox.kind);
    }
}

enum hm_status hm_role_predictor(const struct hm_layout *layout, struct hm_apprentice *apprentice)
{
    struct hm_worker worker = {.layout = layout, .outbox = HM_OUTBOX_EMPTY};
    return hm_worker_run(&worker, HM_OK, serve, apprentice);
}
