/* Labelled rows streamed to the predictor ranks, lessons taken from them when they come.
 *
 * Every predictor rank gets the same rows and studies its members (rank 1 + r has members r, r + P, ... of P ranks).
 * Rows are collected until a message is worth sending and every rank has taken the one before: a rank that studies
 * reads no mail, and the driver does not wait for it; what is more than the reservoir would keep is dropped. Two
 * outboxes a rank take turns so that one may still be under way. Ranks are looked at once a millisecond, not once a
 * step: where ranks outnumber cores, every look gives the core away.
 *
 * Lessons that arrived wait in an archive, one after the other:
 *
 *   member | training record | bytes | parameters
 */
#include "scheduler/remote.h"

#include "scheduler/messages.h"

#include "io/log.h"

#include <stdlib.h>

static const size_t MESSAGE_BYTES = 256 * 1024;
static const double LOOK_EVERY_SECONDS = 1e-3;

struct line {
    int rank;
    struct hm_outbox outbox[2];
    int turn;
    size_t owed; // lessons of the episode under way that have not arrived
};

struct remote_trainer {
    MPI_Comm world;
    size_t nline, members;
    struct line *line; // (nline) to each predictor rank
    size_t row_size;
    struct hm_archive rows; // not sent yet
    size_t nrow, most_rows;
    double looked; // when, at what the ranks have to say
    struct hm_inbox inbox;
    struct hm_archive lessons; // arrived, not polled
};

static struct hm_archive *open_outbox(struct line *line)
{
    line->turn = 1 - line->turn;
    return hm_outbox_open(&line->outbox[line->turn]);
}

static enum hm_status send(const struct remote_trainer *t, struct line *line, enum hm_message kind)
{
    return hm_outbox_send(&line->outbox[line->turn], t->world, line->rank, kind);
}

static enum hm_status send_rows(struct remote_trainer *t)
{
    if (t->nrow == 0) return HM_OK;
    for (size_t l = 0; l < t->nline; l++) {
        struct hm_archive *archive = open_outbox(&t->line[l]);
        hm_archive_put_size(archive, t->nrow);
        hm_archive_put(archive, t->rows.bytes, t->rows.size);
        HM_TRY(send(t, &t->line[l], HM_MESSAGE_ROWS));
    }
    hm_archive_clear(&t->rows);
    t->nrow = 0;
    return HM_OK;
}

/* The outboxes whose turn is next. */
static bool lines_free(const struct remote_trainer *t)
{
    for (size_t l = 0; l < t->nline; l++)
        if (!hm_outbox_ready(&t->line[l].outbox[1 - t->line[l].turn])) return false;
    return true;
}

static bool time_to_look(struct remote_trainer *t)
{
    const double now = hm_clock();
    if (now - t->looked < LOOK_EVERY_SECONDS) return false;
    t->looked = now;
    return true;
}

static enum hm_status teach(void *self, const double *rows, size_t count)
{
    struct remote_trainer *t = self;
    if (t->nrow + count > t->most_rows) return HM_OK;
    hm_archive_put_reals(&t->rows, rows, count * t->row_size);
    t->nrow += count;
    if (t->rows.status != HM_OK) return t->rows.status;
    return t->rows.size >= MESSAGE_BYTES && time_to_look(t) && lines_free(t) ? send_rows(t) : HM_OK;
}

static bool studying(const struct remote_trainer *t)
{
    for (size_t l = 0; l < t->nline; l++)
        if (t->line[l].owed > 0) return true;
    return false;
}

static enum hm_status request(void *self, int64_t step, size_t history)
{
    struct remote_trainer *t = self;
    if (studying(t)) return HM_OK;
    HM_TRY(send_rows(t));
    for (size_t l = 0; l < t->nline; l++) {
        struct hm_archive *archive = open_outbox(&t->line[l]);
        hm_archive_put_int(archive, step);
        hm_archive_put_size(archive, history);
        t->line[l].owed = (t->members - l + t->nline - 1) / t->nline;
        HM_TRY(send(t, &t->line[l], HM_MESSAGE_EPISODE));
    }
    return HM_OK;
}

/* The next message of a predictor rank that owes a lesson, to the queue. */
static enum hm_status take(struct remote_trainer *t, struct line *line, bool wait)
{
    bool got = true;
    if (wait)
        HM_TRY(hm_inbox_receive(&t->inbox, t->world, line->rank));
    else
        HM_TRY(hm_inbox_try(&t->inbox, t->world, line->rank, &got));
    if (!got) return HM_OK;
    HM_TRY(hm_inbox_check(&t->inbox, HM_MESSAGE_LESSON));
    line->owed--;
    hm_archive_put(&t->lessons, t->inbox.archive.bytes, t->inbox.archive.size);
    return t->lessons.status;
}

/* In rounds over the ranks, which is the order of the members; without waiting, whatever is there. */
static enum hm_status collect(struct remote_trainer *t, bool wait)
{
    if (wait) {
        while (studying(t))
            for (size_t l = 0; l < t->nline; l++)
                if (t->line[l].owed > 0) HM_TRY(take(t, &t->line[l], true));
        return HM_OK;
    }
    if (!studying(t) || !time_to_look(t)) return HM_OK;
    for (size_t l = 0; l < t->nline; l++)
        if (t->line[l].owed > 0) HM_TRY(take(t, &t->line[l], false));
    return HM_OK;
}

static enum hm_status read_lesson(struct hm_archive *archive, struct hm_lesson *lesson)
{
    HM_TRY(hm_archive_get_size(archive, &lesson->member));
    HM_TRY(hm_archive_get(archive, &lesson->record, sizeof lesson->record));
    HM_TRY(hm_archive_get_size(archive, &lesson->bytes));
    if (lesson->bytes > archive->size - archive->cursor) return hm_fail(HM_BAD_INPUT, "a lesson is cut short");
    lesson->episode = true;
    if (lesson->bytes > 0) lesson->parameters = archive->bytes + archive->cursor;
    archive->cursor += lesson->bytes;
    return HM_OK;
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson, bool *got)
{
    (void)step;
    struct remote_trainer *t = self;
    if (t->lessons.cursor == t->lessons.size) {
        if (t->lessons.size > 0) hm_archive_clear(&t->lessons);
        HM_TRY(collect(t, wait));
    }
    *got = t->lessons.cursor < t->lessons.size;
    return *got ? read_lesson(&t->lessons, lesson) : HM_OK;
}

/* Lessons of an episode under way are waited for and saved with the rest; the next poll finds them. */
static enum hm_status save(void *self, struct hm_archive *archive)
{
    struct remote_trainer *t = self;
    HM_TRY(collect(t, true));
    const size_t waiting = t->lessons.size - t->lessons.cursor;
    hm_archive_put_size(archive, waiting);
    if (waiting > 0) hm_archive_put(archive, t->lessons.bytes + t->lessons.cursor, waiting);
    HM_TRY(send_rows(t));
    hm_archive_put_size(archive, t->nline);
    for (size_t l = 0; l < t->nline; l++) {
        open_outbox(&t->line[l]);
        HM_TRY(send(t, &t->line[l], HM_MESSAGE_SAVE));
        HM_TRY(hm_inbox_expect(&t->inbox, t->world, t->line[l].rank, HM_MESSAGE_STATE));
        hm_archive_put_size(archive, t->inbox.archive.size);
        hm_archive_put(archive, t->inbox.archive.bytes, t->inbox.archive.size);
    }
    return archive->status;
}

/* The next `*bytes` of the archive. */
static enum hm_status take_piece(struct hm_archive *archive, const unsigned char **piece, size_t *bytes)
{
    HM_TRY(hm_archive_get_size(archive, bytes));
    if (*bytes > archive->size - archive->cursor) return hm_fail(HM_BAD_INPUT, "the saved training is cut short");
    *piece = archive->bytes + archive->cursor;
    archive->cursor += *bytes;
    return HM_OK;
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct remote_trainer *t = self;
    const unsigned char *piece = NULL;
    size_t bytes = 0, nline;
    HM_TRY(collect(t, true)); /* of the future that is now undone */
    hm_archive_clear(&t->rows);
    hm_archive_clear(&t->lessons);
    t->nrow = 0;
    HM_TRY(take_piece(archive, &piece, &bytes));
    hm_archive_put(&t->lessons, piece, bytes);
    HM_TRY(hm_archive_get_size(archive, &nline));
    if (nline != t->nline)
        return hm_fail(HM_BAD_INPUT, "the state was saved with %zu predictor ranks, this run has %zu", nline, t->nline);
    for (size_t l = 0; l < t->nline; l++) {
        HM_TRY(take_piece(archive, &piece, &bytes));
        hm_archive_put(open_outbox(&t->line[l]), piece, bytes);
        HM_TRY(send(t, &t->line[l], HM_MESSAGE_LOAD));
    }
    return t->lessons.status;
}

static void destroy(void **self)
{
    struct remote_trainer *t = *self;
    for (size_t l = 0; t->line && l < t->nline; l++)
        for (int i = 0; i < 2; i++) hm_outbox_release(&t->line[l].outbox[i]);
    free(t->line);
    hm_inbox_release(&t->inbox);
    hm_archive_release(&t->rows);
    hm_archive_release(&t->lessons);
    free(t);
    *self = NULL;
}

static const struct hm_trainer_ops remote_ops = {teach, request, poll, save, load, destroy};

enum hm_status hm_trainer_create_remote(const struct hm_layout *layout, size_t members, size_t row_size,
                                        size_t most_rows, struct hm_trainer *trainer)
{
    struct remote_trainer *t = calloc(1, sizeof *t);
    struct line *line = calloc((size_t)layout->npredictor, sizeof *line);
    if (!t || !line) {
        free(t);
        free(line);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the trainer's queues");
    }
    t->world = layout->world;
    t->nline = (size_t)layout->npredictor;
    t->members = members;
    t->line = line;
    t->row_size = row_size;
    t->most_rows = most_rows;
    for (size_t l = 0; l < t->nline; l++) {
        line[l].rank = hm_layout_predictor_rank((int)l);
        for (int i = 0; i < 2; i++) line[l].outbox[i].request = MPI_REQUEST_NULL;
    }
    *trainer = (struct hm_trainer){.ops = &remote_ops, .self = t, .remote = true};
    return HM_OK;
}
