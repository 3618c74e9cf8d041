#include "scheduler/trainer.h"

#include "io/log.h"

void hm_trainer_destroy(struct hm_trainer *trainer)
{
    if (trainer->ops) trainer->ops->destroy(&trainer->self);
    *trainer = (struct hm_trainer){0};
}

static void account(struct hm_trainer *trainer, double started)
{
    const double seconds = hm_clock() - started;
    if (trainer->remote)
        trainer->seconds_blocked += seconds;
    else
        trainer->seconds_inline += seconds;
}

enum hm_status hm_trainer_teach(struct hm_trainer *trainer, const double *rows, size_t count)
{
    const double started = hm_clock();
    HM_TRY(trainer->ops->teach(trainer->self, rows, count));
    account(trainer, started);
    return HM_OK;
}

enum hm_status hm_trainer_request(struct hm_trainer *trainer, int64_t step, size_t history)
{
    const double started = hm_clock();
    HM_TRY(trainer->ops->request(trainer->self, step, history));
    account(trainer, started);
    return HM_OK;
}

enum hm_status hm_trainer_poll(struct hm_trainer *trainer, int64_t step, bool wait, struct hm_lesson *lesson, bool *got)
{
    *lesson = (struct hm_lesson){0};
    *got = false;
    const double started = wait ? hm_clock() : 0; /* without waiting this is called at every step and takes no time */
    HM_TRY(trainer->ops->poll(trainer->self, step, wait, lesson, got));
    if (lesson->episode) trainer->seconds_train += lesson->record.seconds;
    if (wait) account(trainer, started);
    return HM_OK;
}

bool hm_trainer_busy(const struct hm_trainer *trainer)
{
    return trainer->ops && trainer->ops->busy && trainer->ops->busy(trainer->self);
}

enum hm_status hm_trainer_save(struct hm_trainer *trainer, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "TRAINER");
    return trainer->ops ? trainer->ops->save(trainer->self, archive) : archive->status;
}

enum hm_status hm_trainer_load(struct hm_trainer *trainer, struct hm_archive *archive)
{
    HM_TRY(hm_archive_expect_tag(archive, "TRAINER"));
    return trainer->ops ? trainer->ops->load(trainer->self, archive) : HM_OK;
}
