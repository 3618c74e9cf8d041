/* Parameters that a recorded run stored come back after the same steps: the run's bits repeat although its training was
 * not tied to steps. The decision log names the version in use at every step; the file holds each version, which
 * changed one member. */
#include "scheduler/trainer_replay.h"

#include <stdlib.h>

struct replay_trainer {
    struct hm_trajectory *log; // borrowed, open for reading
    const int32_t *version;    // borrowed, (count): in use at each step
    size_t count;
    int32_t current;
    struct hm_weights_of_member weights; // of the lesson polled last
};

static enum hm_status teach(void *self, const double *rows, size_t count)
{
    (void)self;
    (void)rows;
    (void)count;
    return HM_OK;
}

static enum hm_status request(void *self, int64_t step, size_t history)
{
    (void)self;
    (void)step;
    (void)history;
    return HM_OK;
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson, bool *got)
{
    (void)wait;
    struct replay_trainer *trainer = self;
    const size_t next = (size_t)(step + 1);
    if (next >= trainer->count || trainer->version[next] <= trainer->current) return HM_OK;
    bool found;
    trainer->current++;
    hm_weights_of_member_release(&trainer->weights);
    HM_TRY(hm_trajectory_read_weights(trainer->log, trainer->current, &trainer->weights, &found));
    if (!found)
        return hm_fail(HM_BAD_INPUT, "the replayed log does not hold version %d of the weights", trainer->current);
    *got = true;
    lesson->member = trainer->weights.member;
    lesson->parameters = trainer->weights.bytes;
    lesson->bytes = trainer->weights.size;
    return HM_OK;
}

static enum hm_status save(void *self, struct hm_archive *archive)
{
    const struct replay_trainer *trainer = self;
    hm_archive_put_int(archive, trainer->current);
    return archive->status;
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct replay_trainer *trainer = self;
    int64_t current;
    HM_TRY(hm_archive_get_int(archive, &current));
    trainer->current = (int32_t)current;
    return HM_OK;
}

static void destroy(void **self)
{
    struct replay_trainer *trainer = *self;
    hm_weights_of_member_release(&trainer->weights);
    free(trainer);
    *self = NULL;
}

static const struct hm_trainer_ops replay_ops = {teach, request, poll, NULL, save, load, destroy};

enum hm_status hm_trainer_create_replay(struct hm_trajectory *log, const int32_t *version, size_t count,
                                        struct hm_trainer *trainer)
{
    struct replay_trainer *replay = calloc(1, sizeof *replay);
    if (!replay) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the trainer");
    replay->log = log;
    replay->version = version;
    replay->count = count;
    *trainer = (struct hm_trainer){.ops = &replay_ops, .self = replay};
    return HM_OK;
}
