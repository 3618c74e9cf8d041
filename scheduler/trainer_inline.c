/* The driver studies itself, at the moment an episode is requested. */
#include "scheduler/trainer.h"

#include <stdlib.h>

struct inline_trainer {
    struct hm_apprentice *apprentice; // borrowed
    struct hm_training_record record;
    bool studied; // the record waits to be polled
};

static enum hm_status teach(void *self, const double *sample)
{
    struct inline_trainer *trainer = self;
    return hm_apprentice_learn(trainer->apprentice, sample, 1);
}

static enum hm_status request(void *self, int64_t step)
{
    struct inline_trainer *trainer = self;
    HM_TRY(hm_apprentice_study(trainer->apprentice, step, &trainer->record));
    trainer->studied = true;
    return HM_OK;
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson)
{
    (void)step;
    (void)wait;
    struct inline_trainer *trainer = self;
    if (!trainer->studied) return HM_OK;
    trainer->studied = false;
    lesson->episode = true;
    lesson->record = trainer->record;
    if (!trainer->record.accepted) return HM_OK;
    struct hm_predictor *predictor = &trainer->apprentice->predictor;
    lesson->version = trainer->record.version;
    lesson->parameters = predictor->ops->parameters(predictor->self, &lesson->bytes);
    return HM_OK;
}

static enum hm_status save(void *self, struct hm_archive *archive)
{
    const struct inline_trainer *trainer = self;
    hm_apprentice_save(trainer->apprentice, archive);
    return archive->status;
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct inline_trainer *trainer = self;
    trainer->studied = false;
    return hm_apprentice_load(trainer->apprentice, archive);
}

static void destroy(void **self)
{
    free(*self);
    *self = NULL;
}

static const struct hm_trainer_ops inline_ops = {teach, request, poll, save, load, destroy};

enum hm_status hm_trainer_create_inline(struct hm_apprentice *apprentice, struct hm_trainer *trainer)
{
    struct inline_trainer *inlined = calloc(1, sizeof *inlined);
    if (!inlined) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the trainer");
    inlined->apprentice = apprentice;
    *trainer = (struct hm_trainer){.ops = &inline_ops, .self = inlined};
    return HM_OK;
}
