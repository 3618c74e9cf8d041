/* Labels streamed to a predictor rank, lessons taken from it when they come.
 *
 * Samples are collected until a message is worth sending; two outboxes take turns so that one may still be under way.
 */
#include "scheduler/remote.h"

#include "scheduler/messages.h"

#include <stdlib.h>

static const size_t MESSAGE_BYTES = 256 * 1024;

struct remote_trainer {
    MPI_Comm world;
    int rank;
    size_t sample_size;
    struct hm_archive samples; // not sent yet
    size_t nsample;
    struct hm_outbox outbox[2];
    int turn;
    struct hm_inbox inbox;  // states
    struct hm_inbox lesson; // the lesson taken last
    bool studying;          // an episode is under way, or its lesson not yet polled
    bool arrived;           // the lesson is here
};

static struct hm_archive *open_outbox(struct remote_trainer *t)
{
    t->turn = 1 - t->turn;
    return hm_outbox_open(&t->outbox[t->turn]);
}

static enum hm_status send(struct remote_trainer *t, enum hm_message kind)
{
    return hm_outbox_send(&t->outbox[t->turn], t->world, t->rank, kind);
}

static enum hm_status send_samples(struct remote_trainer *t)
{
    if (t->nsample == 0) return HM_OK;
    struct hm_archive *archive = open_outbox(t);
    hm_archive_put_size(archive, t->nsample);
    hm_archive_put(archive, t->samples.bytes, t->samples.size);
    hm_archive_clear(&t->samples);
    t->nsample = 0;
    return send(t, HM_MESSAGE_SAMPLES);
}

static enum hm_status teach(void *self, const double *sample)
{
    struct remote_trainer *t = self;
    hm_archive_put_reals(&t->samples, sample, t->sample_size);
    t->nsample++;
    if (t->samples.status != HM_OK) return t->samples.status;
    return t->samples.size >= MESSAGE_BYTES ? send_samples(t) : HM_OK;
}

static enum hm_status request(void *self, int64_t step)
{
    struct remote_trainer *t = self;
    if (t->studying) return HM_OK;
    HM_TRY(send_samples(t));
    hm_archive_put_int(open_outbox(t), step);
    t->studying = true;
    return send(t, HM_MESSAGE_EPISODE);
}

static enum hm_status read_lesson(struct remote_trainer *t, struct hm_lesson *lesson)
{
    struct hm_archive *archive = &t->lesson.archive;
    HM_TRY(hm_archive_get(archive, &lesson->record, sizeof lesson->record));
    t->studying = t->arrived = false;
    lesson->episode = true;
    if (!lesson->record.accepted) return HM_OK;
    lesson->version = lesson->record.version;
    lesson->parameters = archive->bytes + archive->cursor;
    lesson->bytes = archive->size - archive->cursor;
    return HM_OK;
}

/* Takes the lesson of the episode under way, waiting for it if need be. */
static enum hm_status take(struct remote_trainer *t, bool wait)
{
    if (!t->studying || t->arrived) return HM_OK;
    bool got = true;
    if (wait)
        HM_TRY(hm_inbox_receive(&t->lesson, t->world, t->rank));
    else
        HM_TRY(hm_inbox_try(&t->lesson, t->world, t->rank, &got));
    if (!got) return HM_OK;
    t->arrived = true;
    return hm_inbox_check(&t->lesson, HM_MESSAGE_LESSON);
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson)
{
    (void)step;
    struct remote_trainer *t = self;
    HM_TRY(take(t, wait));
    return t->arrived ? read_lesson(t, lesson) : HM_OK;
}

/* The lesson of an episode under way is waited for and saved with the rest; the next poll finds it. */
static enum hm_status save(void *self, struct hm_archive *archive)
{
    struct remote_trainer *t = self;
    HM_TRY(take(t, true));
    hm_archive_put_size(archive, t->arrived ? t->lesson.archive.size : 0);
    if (t->arrived) hm_archive_put(archive, t->lesson.archive.bytes, t->lesson.archive.size);
    HM_TRY(send_samples(t));
    open_outbox(t);
    HM_TRY(send(t, HM_MESSAGE_SAVE));
    HM_TRY(hm_inbox_expect(&t->inbox, t->world, t->rank, HM_MESSAGE_STATE));
    hm_archive_put(archive, t->inbox.archive.bytes, t->inbox.archive.size);
    return archive->status;
}

/* The trainer's state is the last thing in the archive of a run, so it takes what is left. */
static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct remote_trainer *t = self;
    size_t lesson;
    HM_TRY(take(t, true)); /* of the future that is now undone */
    hm_archive_clear(&t->samples);
    t->nsample = 0;
    HM_TRY(hm_archive_get_size(archive, &lesson));
    if (lesson > archive->size - archive->cursor) return hm_fail(HM_BAD_INPUT, "the saved lesson is cut short");
    t->studying = t->arrived = lesson > 0;
    HM_TRY(hm_archive_resize(&t->lesson.archive, lesson));
    if (lesson > 0) HM_TRY(hm_archive_get(archive, t->lesson.archive.bytes, lesson));
    hm_archive_put(open_outbox(t), archive->bytes + archive->cursor, archive->size - archive->cursor);
    archive->cursor = archive->size;
    return send(t, HM_MESSAGE_LOAD);
}

static void destroy(void **self)
{
    struct remote_trainer *t = *self;
    for (int i = 0; i < 2; i++) hm_outbox_release(&t->outbox[i]);
    hm_inbox_release(&t->inbox);
    hm_inbox_release(&t->lesson);
    hm_archive_release(&t->samples);
    free(t);
    *self = NULL;
}

static const struct hm_trainer_ops remote_ops = {teach, request, poll, save, load, destroy};

enum hm_status hm_trainer_create_remote(const struct hm_layout *layout, int rank, size_t sample_size,
                                        struct hm_trainer *trainer)
{
    struct remote_trainer *t = calloc(1, sizeof *t);
    if (!t) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the trainer's queue");
    t->world = layout->world;
    t->rank = rank;
    t->sample_size = sample_size;
    for (int i = 0; i < 2; i++) t->outbox[i].request = MPI_REQUEST_NULL;
    *trainer = (struct hm_trainer){.ops = &remote_ops, .self = t, .remote = true};
    return HM_OK;
}
