#include "scheduler/lessons.h"
#include "scheduler/roles.h"

#include "io/log.h"

/* Where ranks outnumber cores, every look gives the core away. */
static const double LOOK_EVERY_SECONDS = 20e-3;

struct watch {
    MPI_Comm world;
    double looked;
};

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

/* What the driver sends that cannot wait for a study to end. */
static bool called(void *self)
{
    static const enum hm_message urgent[] = {HM_MESSAGE_SAVE, HM_MESSAGE_LOAD, HM_MESSAGE_STOP};
    struct watch *watch = self;
    int there = 0;
    const double now = hm_clock();
    if (now - watch->looked < LOOK_EVERY_SECONDS) return false;
    watch->looked = now;
    for (size_t k = 0; k < sizeof urgent / sizeof *urgent && !there; k++)
        MPI_Iprobe(0, (int)urgent[k], watch->world, &there, MPI_STATUS_IGNORE);
    return there != 0;
}

/* Until the episode is done, or the driver calls: then it is gone on with after the next message. */
static enum hm_status study(struct hm_worker *worker, struct hm_apprentice *apprentice)
{
    while (apprentice->episode.open) {
        const struct hm_pupil *pupil;
        struct hm_training_record record;
        const enum hm_status status = hm_apprentice_study(apprentice, &pupil, &record);
        if (status == HM_STOPPED) return HM_OK;
        HM_TRY(status);
        hm_lesson_put(pupil, &record, hm_outbox_open(&worker->outbox));
        HM_TRY(hm_outbox_send(&worker->outbox, worker->layout->world, 0, HM_MESSAGE_LESSON));
    }
    return HM_OK;
}

static enum hm_status open_episode(struct hm_worker *worker, struct hm_apprentice *apprentice)
{
    int64_t step;
    size_t history;
    HM_TRY(hm_archive_get_int(&worker->inbox.archive, &step));
    HM_TRY(hm_archive_get_size(&worker->inbox.archive, &history));
    hm_apprentice_open(apprentice, step, history);
    return HM_OK;
}

static enum hm_status send_state(struct hm_worker *worker, struct hm_apprentice *apprentice)
{
    hm_apprentice_save(apprentice, hm_outbox_open(&worker->outbox));
    return hm_outbox_send(&worker->outbox, worker->layout->world, 0, HM_MESSAGE_STATE);
}

static enum hm_status load_state(struct hm_worker *worker, struct hm_apprentice *apprentice)
{
    HM_TRY(hm_apprentice_load(apprentice, &worker->inbox.archive));
    hm_outbox_open(&worker->outbox);
    return hm_outbox_send(&worker->outbox, worker->layout->world, 0, HM_MESSAGE_STATE);
}

static enum hm_status answer(struct hm_worker *worker, struct hm_apprentice *apprentice)
{
    switch (worker->inbox.kind) {
    case HM_MESSAGE_ROWS:
        return learn(worker, apprentice);
    case HM_MESSAGE_EPISODE:
        return open_episode(worker, apprentice);
    case HM_MESSAGE_SAVE:
        return send_state(worker, apprentice);
    case HM_MESSAGE_LOAD:
        return load_state(worker, apprentice);
    default:
        return hm_fail(HM_INTERNAL, "a predictor rank got message %d", (int)worker->inbox.kind);
    }
}

static enum hm_status serve(struct hm_worker *worker, void *role)
{
    HM_TRY(answer(worker, role));
    return study(worker, role);
}

enum hm_status hm_role_predictor(const struct hm_layout *layout, struct hm_apprentice *apprentice)
{
    struct hm_worker worker = {.layout = layout, .outbox = HM_OUTBOX_EMPTY};
    struct watch watch = {.world = layout->world};
    apprentice->interrupt = (struct hm_interrupt){called, &watch};
    return hm_worker_run(&worker, HM_OK, serve, apprentice);
}
