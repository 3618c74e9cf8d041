/* Labelled rows streamed to the predictor ranks, lessons taken from them when they come.
 *
 * Every predictor rank gets the same rows and studies its members (rank 1 + r has members r, r + P, ... of P ranks).
 * Rows are collected until a message is worth sending and every rank has taken the one before: a rank that studies
 * reads no mail, and the driver does not wait for it; what is more than the reservoir would keep is dropped. Two
 * outboxes a rank take turns so that one may still be under way. Ranks are looked at once a millisecond, not once a
 * step: where ranks outnumber cores, every look gives the core away.
 *
 * A rank that studies also looks for SAVE, LOAD and STOP: it gives its study up, answers, and begins it again.
 */
#include "scheduler/remote.h"

#include "scheduler/messages.h"
#include "scheduler/wait.h"

#include "io/log.h"

#include <stdlib.h>

static const size_t MESSAGE_BYTES = 256 * 1024;
static const double LOOK_EVERY_SECONDS = 1e-3;

struct line {
    int rank;
    struct hm_outbox outbox[2];
    int turn;
    struct hm_outbox urgent; // SAVE and LOAD, which a rank that studies looks for while rows wait for it
    size_t owed;             // lessons of the episode under way that have not arrived
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
    struct hm_lessons lessons; // arrived, not polled
    struct hm_interrupt interrupt;
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

/* A lesson that is in the inbox. */
static enum hm_status keep_lesson(struct remote_trainer *t, struct line *line)
{
    HM_TRY(hm_inbox_check(&t->inbox, HM_MESSAGE_LESSON));
    line->owed--;
    return hm_lessons_add(&t->lessons, &t->inbox.archive);
}

/* What the ranks that owe a lesson have sent. */
static enum hm_status look(struct remote_trainer *t)
{
    for (size_t l = 0; l < t->nline; l++) {
        bool got = t->line[l].owed > 0;
        while (got) {
            HM_TRY(hm_inbox_try(&t->inbox, t->world, t->line[l].rank, &got));
            if (got) HM_TRY(keep_lesson(t, &t->line[l]));
            got = got && t->line[l].owed > 0;
        }
    }
    return HM_OK;
}

static enum hm_status wait_for_lessons(struct remote_trainer *t)
{
    struct hm_wait pause = HM_WAIT_START;
    while (studying(t)) {
        HM_TRY(look(t));
        HM_TRY(hm_interrupt_check(&t->interrupt));
        if (studying(t)) hm_wait_pause(&pause);
    }
    return HM_OK;
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson, bool *got)
{
    (void)step;
    struct remote_trainer *t = self;
    if (wait)
        HM_TRY(wait_for_lessons(t));
    else if (studying(t) && time_to_look(t))
        HM_TRY(look(t));
    return hm_lessons_take(&t->lessons, lesson, got);
}

/* The answer to SAVE or LOAD; lessons that were sent before it are kept or, with the state they came from, dropped. */
static enum hm_status expect_state(struct remote_trainer *t, struct line *line, bool keep)
{
    for (;;) {
        HM_TRY(hm_inbox_receive(&t->inbox, t->world, line->rank));
        if (t->inbox.kind != HM_MESSAGE_LESSON) break;
        if (keep) HM_TRY(keep_lesson(t, line));
    }
    return hm_inbox_check(&t->inbox, HM_MESSAGE_STATE);
}

static enum hm_status fetch_states(struct remote_trainer *t, struct hm_archive *state)
{
    for (size_t l = 0; l < t->nline; l++) {
        hm_outbox_open(&t->line[l].urgent);
        HM_TRY(hm_outbox_send(&t->line[l].urgent, t->world, t->line[l].rank, HM_MESSAGE_SAVE));
    }
    for (size_t l = 0; l < t->nline; l++) {
        HM_TRY(expect_state(t, &t->line[l], true));
        hm_archive_put(&state[l], t->inbox.archive.bytes, t->inbox.archive.size);
        HM_TRY(state[l].status);
    }
    return HM_OK;
}

/* Rows that were not sent yet are saved as if they had been; sending them might have to wait for a study to end. */
static enum hm_status save(void *self, struct hm_archive *archive)
{
    struct remote_trainer *t = self;
    struct hm_archive *state = calloc(t->nline, sizeof *state);
    if (!state) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the trainers' state");
    enum hm_status status = fetch_states(t, state);
    if (status == HM_OK) hm_lessons_save(&t->lessons, archive);
    if (status == HM_OK) status = hm_apprentice_merge(state, t->nline, t->rows.bytes, t->nrow, archive);
    for (size_t l = 0; l < t->nline; l++) hm_archive_release(&state[l]);
    free(state);
    return status == HM_OK ? archive->status : status;
}

/* Every rank gets the whole and takes what is its own. */
static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct remote_trainer *t = self;
    hm_archive_clear(&t->rows);
    t->nrow = 0;
    HM_TRY(hm_lessons_load(&t->lessons, archive));
    const size_t bytes = archive->size - archive->cursor;
    for (size_t l = 0; l < t->nline; l++) {
        hm_archive_put(hm_outbox_open(&t->line[l].urgent), archive->bytes + archive->cursor, bytes);
        HM_TRY(hm_outbox_send(&t->line[l].urgent, t->world, t->line[l].rank, HM_MESSAGE_LOAD));
        HM_TRY(expect_state(t, &t->line[l], false));
        HM_TRY(hm_apprentice_owed(archive, l, t->nline, &t->line[l].owed));
    }
    return hm_apprentice_skip(archive);
}

static void destroy(void **self)
{
    struct remote_trainer *t = *self;
    for (size_t l = 0; t->line && l < t->nline; l++) {
        for (int i = 0; i < 2; i++) hm_outbox_release(&t->line[l].outbox[i]);
        hm_outbox_release(&t->line[l].urgent);
    }
    free(t->line);
    hm_inbox_release(&t->inbox);
    hm_archive_release(&t->rows);
    hm_lessons_release(&t->lessons);
    free(t);
    *self = NULL;
}

static bool busy(const void *self)
{
    return studying(self);
}

static const struct hm_trainer_ops remote_ops = {teach, request, poll, busy, save, load, destroy};

enum hm_status hm_trainer_create_remote(const struct hm_layout *layout, size_t members, size_t row_size,
                                        size_t most_rows, struct hm_interrupt interrupt, struct hm_trainer *trainer)
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
        line[l].urgent.request = MPI_REQUEST_NULL;
    }
    t->interrupt = interrupt;
    *trainer = (struct hm_trainer){.ops = &remote_ops, .self = t, .remote = true};
    return hm_lessons_create(members, &t->lessons);
}
