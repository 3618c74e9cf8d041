/* A client program as a child process, on a leash.
 *
 *   Hamlet --leash (a pipe)--> keeper --> /bin/sh -c COMMAND, the head of a process group of its own
 *
 * The keeper waits for the command to end or for the leash to go slack, and then ends the whole group: nothing is left
 * behind, also when Hamlet is killed. Then it removes the socket file, too. The command does not see that it was
 * started inside an MPI job: one that is an MPI program itself would take itself for one of our ranks.
 *
 * Units: seconds. Errors: HM_ORACLE_FAILED where there is no process, pipe or file to be had.
 * Owns: the processes and descriptors, until hm_ipi_client_stop. MPI: local.
 */
#ifndef HM_HAMILTONIANS_IPI_CLIENT_H
#define HM_HAMILTONIANS_IPI_CLIENT_H

#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct hm_ipi_client {
    pid_t keeper; // 0: none
    int leash;
    int output;  // what the command wrote, to be read
    bool forget; // nobody asked for that file: it is kept short
    bool ended;
    int code; // then; as a shell says it: 128 + signal
};

struct hm_ipi_command {
    const char *command, *folder;
    const char *log;    // file for its output; NULL: none
    const char *socket; // file to be removed when Hamlet is killed; NULL: none
};

enum hm_status hm_ipi_client_start(const struct hm_ipi_command *command, struct hm_ipi_client *client);
/* Has it ended by itself? */
bool hm_ipi_client_ended(struct hm_ipi_client *client);
/* Gives it so long to end by itself. */
void hm_ipi_client_stop(struct hm_ipi_client *client, double patience);
/* "; its last words: ..." or "", and "ended with code 1", "was ended by signal 9". */
void hm_ipi_client_last_words(const struct hm_ipi_client *client, char *text, size_t size);
void hm_ipi_client_describe_end(const struct hm_ipi_client *client, char *text, size_t size);
/* Now and then: output that nobody asked for does not fill the disk. */
void hm_ipi_client_trim(const struct hm_ipi_client *client);

/* A program that a command without anything special names and that is not there, copied to `name`. */
bool hm_ipi_command_is_missing(const char *command, const char *folder, char *name, size_t size);

#endif
