/* The driver studies itself, at the moment an episode is requested. */
#include "scheduler/trainer.h"

#include <stdlib.h>

struct inline_trainer {
    struct hm_apprentice *apprentice;  // borrowed
    struct hm_training_record *record; // (npupil)
    size_t next;                       // record to be polled; npupil: none waits
};

static enum hm_status teach(void *self, const double *rows, size_t count)
{
    struct inline_trainer *trainer = self;
    return hm_apprentice_learn(trainer->apprentice, rows, count);
}

static enum hm_status request(void *self, int64_t step, size_t history)
{
    struct inline_trainer *trainer = self;
    for (size_t p = 0; p < trainer->apprentice->npupil; p++)
        HM_TRY(hm_apprentice_study(trainer->apprentice, p, step, history, &trainer->record[p]));
    hm_apprentice_finish(trainer->apprentice);
    trainer->next = 0;
    return HM_OK;
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson, bool *got)
{
    (void)step;
    (void)wait;
    struct inline_trainer *trainer = self;
    *got = trainer->next < trainer->apprentice->npupil;
    if (!*got) return HM_OK;
    const struct hm_pupil *pupil = &trainer->apprentice->pupil[trainer->next];
    lesson->episode = true;
    lesson->record = trainer->record[trainer->next++];
    lesson->member = pupil->member;
    if (lesson->record.accepted)
        lesson->parameters = pupil->predictor.ops->parameters(pupil->predictor.self, &lesson->bytes);
    return HM_OK;
}

/* Between two steps every lesson has been polled. */
static enum hm_status save(void *self, struct hm_archive *archive)
{
    const struct inline_trainer *trainer = self;
    hm_apprentice_save(trainer->apprentice, archive);
    return archive->status;
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct inline_trainer *trainer = self;
    trainer->next = trainer->apprentice->npupil;
    return hm_apprentice_load(trainer->apprentice, archive);
}

static void destroy(void **self)
{
    struct inline_trainer *trainer = *self;
    free(trainer->record);
    free(trainer);
    *self = NULL;
}

static const struct hm_trainer_ops inline_ops = {teach, request, poll, save, load, destroy};

enum hm_status hm_trainer_create_inline(struct hm_apprentice *apprentice, struct hm_trainer *trainer)
{
    struct inline_trainer *inlined = calloc(1, sizeof *inlined);
    struct hm_training_record *record = calloc(apprentice->npupil, sizeof *record);
    if (!inlined || !record) {
        free(inlined);
        free(record);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the trainer");
    }
    *inlined = (struct inline_trainer){apprentice, record, apprentice->npupil};
    *trainer = (struct hm_trainer){.ops = &inline_ops, .self = inlined};
    return HM_OK;
}
