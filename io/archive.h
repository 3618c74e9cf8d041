/* A growable byte buffer with typed put and get: the one form in which state is copied, sent and stored.
 *
 * Layout: values follow each other without padding, native byte order; an array is preceded by nothing:
 * the reader knows the count, or put it first with hm_archive_put_size. Every composite writer starts with
 * hm_archive_put_tag so that a reader out of step fails at once and says where.
 *
 * Errors: put fails only with HM_OUT_OF_MEMORY; get fails with HM_BAD_INPUT when the bytes run out or the
 * tag differs. A failed put poisons the archive (`status`), so a writer may check once at the end.
 * Owns: its bytes. hm_archive_view borrows the caller's bytes for reading.
 * MPI: local.
 */
#ifndef HM_IO_ARCHIVE_H
#define HM_IO_ARCHIVE_H

#include "io/status.h"

#include <stddef.h>
#include <stdint.h>

struct hm_archive {
    unsigned char *bytes;
    size_t size;     /* bytes written */
    size_t capacity; /* 0 for a view */
    size_t cursor;   /* next byte to read */
    enum hm_status status;
};

#define HM_ARCHIVE_EMPTY                                                                                               \
    {                                                                                                                  \
        0                                                                                                              \
    }

struct hm_archive hm_archive_view(const void *bytes, size_t size);
void hm_archive_clear(struct hm_archive *archive); /* keeps the memory, for reuse without allocation */
void hm_archive_release(struct hm_archive *archive);
/* Makes room for `size` bytes to be filled from outside (a received message); size is set, cursor 0. */
enum hm_status hm_archive_resize(struct hm_archive *archive, size_t size);

void hm_archive_put(struct hm_archive *archive, const void *data, size_t size);
void hm_archive_put_size(struct hm_archive *archive, size_t value);
void hm_archive_put_int(struct hm_archive *archive, int64_t value);
void hm_archive_put_real(struct hm_archive *archive, double value);
void hm_archive_put_reals(struct hm_archive *archive, const double *values, size_t count);
void hm_archive_put_text(struct hm_archive *archive, const char *text);
void hm_archive_put_tag(struct hm_archive *archive, const char *tag); /* at most 8 characters */

enum hm_status hm_archive_get(struct hm_archive *archive, void *data, size_t size);
enum hm_status hm_archive_get_size(struct hm_archive *archive, size_t *value);
enum hm_status hm_archive_get_int(struct hm_archive *archive, int64_t *value);
enum hm_status hm_archive_get_real(struct hm_archive *archive, double *value);
enum hm_status hm_archive_get_reals(struct hm_archive *archive, double *values, size_t count);
/* Points into the archive; valid while the archive lives. */
enum hm_status hm_archive_get_text(struct hm_archive *archive, const char **text);
enum hm_status hm_archive_expect_tag(struct hm_archive *archive, const char *tag);

#endif
