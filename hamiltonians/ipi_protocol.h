/* The i-PI socket protocol as bytes: what a server writes and what it makes of a client's answers. No sockets here.
 *
 * A message is a word of 12 characters, padded with blanks, and what belongs to it; numbers in native byte order. The
 * server asks, the client answers:
 *
 *   STATUS                                              -> NEEDINIT | READY | HAVEDATA
 *   INIT     int32 id, int32 n, n bytes
 *   POSDATA  9 f64 cell, 9 f64 inverse, int32 N, 3N f64     (columns of the cell matrix are the lattice vectors)
 *   GETFORCE -> FORCEREADY  f64 energy, int32 N, 3N f64 force, 9 f64 virial, int32 n, n bytes
 *   EXIT
 *
 * Nothing a client sends is believed: lengths are compared with what is expected before anything is done with them, and
 * whatever the bytes are, reading them stays inside them.
 *
 * Shapes: x, force (natom, 3); cell, virial (3, 3), lattice vectors in rows.
 * Units: Hartree atomic units. virial = sum of x F^T = -dE/d(strain) = volume times pressure of what does not move.
 * Errors: nonsense is an answer like others, with a reason. Owns: nothing. MPI: local.
 * Source: Kapil et al., Comput. Phys. Commun. 236, 214 (2019), and the manual of i-PI.
 */
#ifndef HM_HAMILTONIANS_IPI_PROTOCOL_H
#define HM_HAMILTONIANS_IPI_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HM_IPI_WORD_BYTES = 12,
    HM_IPI_TEXT_MOST = 1 << 24 /* bytes after the virial; they are skipped, so this is about nonsense, not memory */
};

enum hm_ipi_word { HM_IPI_UNKNOWN, HM_IPI_NEEDINIT, HM_IPI_READY, HM_IPI_HAVEDATA, HM_IPI_FORCEREADY };

enum hm_ipi_word hm_ipi_read_word(const unsigned char bytes[HM_IPI_WORD_BYTES]);
/* What was sent in place of a word, for people: printable characters, in quotes. */
void hm_ipi_quote_word(const unsigned char bytes[HM_IPI_WORD_BYTES], char text[4 * HM_IPI_WORD_BYTES + 3]);

/* Each gives the bytes written. */
size_t hm_ipi_write_word(unsigned char *out, const char *word);
size_t hm_ipi_write_init(unsigned char *out, int32_t id, const char *text);
size_t hm_ipi_posdata_size(size_t natom);
size_t hm_ipi_write_posdata(unsigned char *out, const double cell[9], size_t natom, const double *x);

enum hm_ipi_progress { HM_IPI_MORE, HM_IPI_DONE, HM_IPI_NONSENSE };

/* An answer to GETFORCE up to the text at its end. */
struct hm_ipi_answer {
    double energy;
    double virial[9];
    size_t text;      // bytes that follow; of no use here
    size_t wanted;    // HM_IPI_MORE: how long the answer must be before it can be read on
    const char *what; // HM_IPI_NONSENSE: why, in a few words
    int32_t natom;    // as the client said it
    bool other;       // HM_IPI_NONSENSE: that is the reason
};

/* Bytes of a whole answer without its text. */
size_t hm_ipi_answer_size(size_t natom);
/* Reads the first `size` bytes of an answer. force is written only with HM_IPI_DONE. */
enum hm_ipi_progress hm_ipi_read_answer(const unsigned char *bytes, size_t size, size_t natom, double *force,
                                        struct hm_ipi_answer *answer);

#endif
