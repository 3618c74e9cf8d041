/* A checkpoint: the whole state of a run in one file, from which it goes on.
 *
 *   bytes 0-7    "HMCHKPT\n"
 *   8-11         format, 1
 *   12-15        CRC-32 of everything else in the file
 *   16-23        size of the payload in bytes
 *   24-          the payload, an archive (io/archive.h)
 *
 * Numbers are in native byte order; on another machine the format does not fit, and the file is refused.
 *
 * Writing: a temporary beside it ("<path>.new") reaches the disk, the present file becomes "<path>.old", the temporary
 * takes its place, and the folder reaches the disk. Whenever that ends, by a kill or a power cut too, one of the two is
 * complete. A present file that is damaged is not kept: it would push out a good "<path>.old".
 *
 * Reading verifies everything and takes "<path>.old" where `path` is missing or damaged.
 *
 * Errors: hm_checkpoint_write fails with HM_BAD_OUTPUT: one of the two files still holds the earlier checkpoint;
 *   hm_checkpoint_read with HM_BAD_INPUT (neither can be used, and why); HM_OUT_OF_MEMORY.
 * Owns: nothing; the archive is the caller's.
 * MPI: local; only the driver writes.
 */
#ifndef HM_IO_CHECKPOINT_H
#define HM_IO_CHECKPOINT_H

#include "io/archive.h"

#include <stdbool.h>

/* "run.h5" gives "run.chk"; any other name gets ".chk" appended. HM_BAD_OUTPUT when it does not fit. */
enum hm_status hm_checkpoint_path(const char *trajectory_path, char *path, size_t size);

enum hm_status hm_checkpoint_write(const char *path, const struct hm_archive *payload);
/* `payload` is ready to be read from; empty, where it fails. `word` says in a line what was wrong with `path` when
 * "<path>.old" is used, and is "" otherwise. */
enum hm_status hm_checkpoint_read(const char *path, struct hm_archive *payload, char *word, size_t size);
/* Whether one of the two is there, in whatever condition. */
bool hm_checkpoint_exists(const char *path);
/* Removes both, and what a killed writer left; what is not there is no failure. HM_BAD_OUTPUT. */
enum hm_status hm_checkpoint_remove(const char *path);

#endif
