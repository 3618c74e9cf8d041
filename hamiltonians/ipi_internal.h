/* The inside of the Hamiltonian `ipi`: its state, shared by the parts that connect to clients and that ask them.
 *
 * Units: seconds and atomic units. Errors: HM_ORACLE_FAILED with `fault` filled in where the client is to blame;
 * anything else has its message. Owns: see ipi.c. MPI: local.
 */
#ifndef HM_HAMILTONIANS_IPI_INTERNAL_H
#define HM_HAMILTONIANS_IPI_INTERNAL_H

#include "hamiltonians/hamiltonian.h"
#include "hamiltonians/ipi_client.h"
#include "hamiltonians/ipi_socket.h"

enum { IPI_FAULT_BYTES = 1024 };

struct ipi {
    struct hm_ipi_address address;
    bool automatic; // the address is still to be chosen
    int group;
    char *command, *folder, *log; // command as written, NULL: clients come by themselves; log NULL: not kept
    double deadline, connect;     // s
    int restarts;
    double box; // edge sent where there is no period
    struct hm_interrupt interrupt;

    size_t natom;
    int listener, connection; // -1: none
    struct hm_ipi_client client;
    int64_t requests;
    int64_t failures;            // of clients, since one has answered
    bool hopeless;               // another attempt would end alike
    char fault[IPI_FAULT_BYTES]; // of the client; "" where it is not to blame
    double *x;                   // (natom, 3) as sent
    unsigned char *out, *in;     // POSDATA and what follows it; an answer
};

/* ipi_connect.c */
enum hm_status hm_ipi_fault(struct ipi *ipi, const char *format, ...) HM_PRINTF(2, 3);
/* What became of a message; `when` ends the sentence. */
enum hm_status hm_ipi_judge(struct ipi *ipi, enum hm_ipi_outcome outcome, const char *when);
/* Listens, starts the client or says that one is waited for, as far as that has not been done. */
enum hm_status hm_ipi_connect(struct ipi *ipi);
void hm_ipi_drop_client(struct ipi *ipi);
void hm_ipi_hang_up(struct ipi *ipi); /* politely, for good */

/* ipi_ask.c */
enum hm_status hm_ipi_ask(struct ipi *ipi, const struct hm_frame *frame, struct hm_label *label);

/* ipi_cell.c: the frame's cell, with edges of length `box` at right angles to the others where there is no period; and
 * the positions wrapped along periodic directions, into the cell around the origin. */
void hm_ipi_fill_cell(const struct hm_frame *frame, double box, double cell[9]);
void hm_ipi_wrap(const struct hm_frame *frame, const double cell[9], double *x);

#endif
