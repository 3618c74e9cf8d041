/* What the ranks say to each other: one archive per message, its kind as the MPI tag.
 *
 *   to an oracle     EVALUATE  id | restart | cell (9) | x (3N)
 *                    LOAD      warm state
 *   from an oracle   LABEL     id | 0 | status | iterations | seconds | energy | virial (9) | dipole (3) | force (3N)
 *                                 | warm state
 *                              id | HM_ORACLE_FAILED | message | warm state
 *   to a trainer     ROWS      count | rows (count, hm_row_size)
 *                    EPISODE   step | history                 answered by a LESSON for each of its members
 *                    SAVE, LOAD                               both answered by STATE
 *   from a trainer   LESSON    as scheduler/lessons.h lays it out
 *                    STATE     bytes
 *   from either      FAILED    status code | message          it can do no more; the driver ends the run
 *   to everybody     STOP      -                              answered by STOPPED, its last message
 *
 * A send never blocks: its outbox owns the bytes until they are delivered. A receive waits politely.
 *
 * Errors: HM_MPI_ERROR, HM_OUT_OF_MEMORY.
 * Owns: outboxes and the inbox own their buffers and reuse them.
 * MPI: point-to-point, local to each rank.
 */
#ifndef HM_SCHEDULER_MESSAGES_H
#define HM_SCHEDULER_MESSAGES_H

#include "io/archive.h"

#include <mpi.h>
#include <stdbool.h>

enum hm_message {
    HM_MESSAGE_EVALUATE = 1,
    HM_MESSAGE_LABEL,
    HM_MESSAGE_ROWS,
    HM_MESSAGE_EPISODE,
    HM_MESSAGE_LESSON,
    HM_MESSAGE_SAVE,
    HM_MESSAGE_LOAD,
    HM_MESSAGE_STATE,
    HM_MESSAGE_FAILED,
    HM_MESSAGE_STOP,
    HM_MESSAGE_STOPPED,
    HM_MESSAGE_READY, // of a sweep: scheduler/sweep/farm.h
    HM_MESSAGE_RUN,
    HM_MESSAGE_ROW,
    HM_MESSAGE_HALT
};

struct hm_outbox {
    struct hm_archive archive;
    MPI_Request request;
};

#define HM_OUTBOX_EMPTY       \
    {                         \
        {0}, MPI_REQUEST_NULL \
    }

/* The last message is delivered: opening would not wait. */
bool hm_outbox_ready(struct hm_outbox *outbox);
/* Waits until the last message is delivered, then hands out the emptied archive to be filled. */
struct hm_archive *hm_outbox_open(struct hm_outbox *outbox);
enum hm_status hm_outbox_send(struct hm_outbox *outbox, MPI_Comm comm, int to, enum hm_message kind);
void hm_outbox_release(struct hm_outbox *outbox);

struct hm_inbox {
    struct hm_archive archive; // the message received last, cursor at its start
    enum hm_message kind;
    int from;
};

/* *got tells whether a message from `from` (or MPI_ANY_SOURCE) was there and is now in the inbox. */
enum hm_status hm_inbox_try(struct hm_inbox *inbox, MPI_Comm comm, int from, bool *got);
/* Whether one has come, which stays where it is. */
bool hm_message_waits(MPI_Comm comm, int from, enum hm_message kind);
enum hm_status hm_inbox_receive(struct hm_inbox *inbox, MPI_Comm comm, int from);
/* Receives a message that must be of this kind; a FAILED one becomes the status it carries. */
enum hm_status hm_inbox_expect(struct hm_inbox *inbox, MPI_Comm comm, int from, enum hm_message kind);
enum hm_status hm_inbox_check(struct hm_inbox *inbox, enum hm_message kind);
void hm_inbox_release(struct hm_inbox *inbox);

/* Tells `to` that this rank can do no more, and why (the current status message). */
enum hm_status hm_message_send_failure(MPI_Comm comm, int to, enum hm_status status);

/* Collective: every rank passes its own status; all return the worst, with the message of the lowest rank that had it.
 */
enum hm_status hm_agree(MPI_Comm comm, enum hm_status status);

#endif
