/* The driver studies itself, between two steps. */
#include "scheduler/trainer.h"

#include <stdlib.h>

struct inline_trainer {
    struct hm_apprentice *apprentice; // borrowed
    struct hm_lessons lessons;
};

static enum hm_status teach(void *self, const double *rows, size_t count)
{
    struct inline_trainer *trainer = self;
    return hm_apprentice_learn(trainer->apprentice, rows, count);
}

static enum hm_status request(void *self, int64_t step, size_t history)
{
    struct inline_trainer *trainer = self;
    hm_apprentice_open(trainer->apprentice, step, history);
    return HM_OK;
}

/* Lessons are handed out when all pupils have studied: in one order, also after an interruption. */
static enum hm_status study(struct inline_trainer *t)
{
    struct hm_archive lesson = HM_ARCHIVE_EMPTY;
    enum hm_status status = HM_OK;
    while (status == HM_OK && t->apprentice->episode.open) {
        const struct hm_pupil *pupil;
        struct hm_training_record record;
        status = hm_apprentice_study(t->apprentice, &pupil, &record);
        if (status != HM_OK) break;
        hm_archive_clear(&lesson);
        hm_lesson_put(pupil, &record, &lesson);
        status = lesson.status == HM_OK ? hm_lessons_add(&t->lessons, &lesson) : lesson.status;
    }
    hm_archive_release(&lesson);
    return status;
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson, bool *got)
{
    (void)step;
    (void)wait;
    struct inline_trainer *trainer = self;
    HM_TRY(study(trainer));
    return hm_lessons_take(&trainer->lessons, lesson, got);
}

static enum hm_status save(void *self, struct hm_archive *archive)
{
    const struct inline_trainer *trainer = self;
    hm_lessons_save(&trainer->lessons, archive);
    hm_apprentice_save(trainer->apprentice, archive);
    return archive->status;
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct inline_trainer *trainer = self;
    HM_TRY(hm_lessons_load(&trainer->lessons, archive));
    return hm_apprentice_load(trainer->apprentice, archive);
}

static void destroy(void **self)
{
    struct inline_trainer *trainer = *self;
    hm_lessons_release(&trainer->lessons);
    free(trainer);
    *self = NULL;
}

static const struct hm_trainer_ops inline_ops = {teach, request, poll, NULL, save, load, destroy};

enum hm_status hm_trainer_create_inline(struct hm_apprentice *apprentice, struct hm_trainer *trainer)
{
    struct inline_trainer *inlined = calloc(1, sizeof *inlined);
    if (!inlined) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the trainer");
    inlined->apprentice = apprentice;
    const enum hm_status status = hm_lessons_create(apprentice->npupil, &inlined->lessons);
    if (status != HM_OK) {
        free(inlined);
        return status;
    }
    *trainer = (struct hm_trainer){.ops = &inline_ops, .self = inlined};
    return HM_OK;
}
