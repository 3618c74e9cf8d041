/* Sockets with deadlines, on the server's side: an address, someone who listens there, a connection.
 *
 *   unix:NAME       the file /tmp/ipi_NAME, where i-PI's clients look for it
 *   tcp:HOST:PORT   without Nagle's algorithm and with prompt acknowledgements (44 ms a call else); port 0: any free
 * one
 *
 * No call waits beyond its deadline, or for more than a tenth of a second once its interrupt says so. A peer that is
 * gone is an outcome, never a signal.
 *
 * Units: seconds of the monotonic clock (hm_clock). Errors: as said. Owns: file descriptors are the caller's to close.
 * MPI: local.
 */
#ifndef HM_HAMILTONIANS_IPI_SOCKET_H
#define HM_HAMILTONIANS_IPI_SOCKET_H

#include "io/interrupt.h"
#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { HM_IPI_NAME_BYTES = 80, HM_IPI_PLACE_BYTES = 128 };

struct hm_ipi_address {
    bool tcp;
    char name[HM_IPI_NAME_BYTES]; // of the UNIX socket, or the host
    int port;                     // of TCP
};

/* HM_BAD_INPUT with what is wrong with it. Names are safe in a shell's command. */
enum hm_status hm_ipi_address_read(const char *text, struct hm_ipi_address *address);
/* That of one of several groups: NAME.2, or the second port after PORT. */
enum hm_status hm_ipi_address_divide(struct hm_ipi_address *address, int group);
/* "/tmp/ipi_NAME" or "HOST:PORT". */
void hm_ipi_address_place(const struct hm_ipi_address *address, char place[HM_IPI_PLACE_BYTES]);
/* Could one listen there? HM_BAD_INPUT: no, and what to do. Leaves no trace. */
enum hm_status hm_ipi_address_check(const struct hm_ipi_address *address);

/* Takes the address; port 0 becomes what it is. HM_BAD_INPUT. */
enum hm_status hm_ipi_listen(struct hm_ipi_address *address, int *listener);

struct hm_ipi_patience {
    double until; // hm_clock()
    struct hm_interrupt interrupt;
};

enum hm_ipi_outcome { HM_IPI_FINE, HM_IPI_GONE, HM_IPI_SILENT, HM_IPI_CALLED_OFF };

enum hm_ipi_outcome hm_ipi_accept(int listener, const struct hm_ipi_patience *patience, int *connection);
enum hm_ipi_outcome hm_ipi_send(int connection, const void *bytes, size_t size, const struct hm_ipi_patience *patience);
enum hm_ipi_outcome hm_ipi_receive(int connection, void *bytes, size_t size, const struct hm_ipi_patience *patience);

#endif
