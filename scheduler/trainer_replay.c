/* Parameters that a recorded run stored come back after the same steps: the run's bits repeat although its training was
 * not tied to steps. The decision log names the version in use at every step; the file holds the bytes of each. */
#include "scheduler/trainer_replay.h"

#include <stdlib.h>

struct replay_trainer {
    struct hm_trajectory *log; // borrowed, open for reading
    const int32_t *version;    // borrowed, (count): in use at each step
    size_t count;
    int32_t current;
    struct hm_archive parameters;
};

static enum hm_status teach(void *self, const double *sample)
{
    (void)self;
    (void)sample;
    return HM_OK;
}

static enum hm_status request(void *self, int64_t step)
{
    (void)self;
    (void)step;
    return HM_OK;
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson)
{
    (void)wait;
    struct replay_trainer *trainer = self;
    const size_t next = (size_t)step + 1;
    if (next >= trainer->count || trainer->version[next] == trainer->current) return HM_OK;
    bool found;
    const int32_t version = trainer->version[next];
    HM_TRY(hm_trajectory_read_weights(trainer->log, version, &trainer->parameters, &found));
    if (!found) return hm_fail(HM_BAD_INPUT, "the replayed log does not hold version %d of the weights", version);
    trainer->current = version;
    lesson->version = version;
    lesson->parameters = trainer->parameters.bytes;
    lesson->bytes = trainer->parameters.size;
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
    hm_archive_release(&trainer->parameters);
    free(trainer);
    *self = NULL;
}

static const struct hm_trainer_ops replay_ops = {teach, request, poll, save, load, destroy};

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
