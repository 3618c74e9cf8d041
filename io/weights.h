/* Weights of trained predictors: what one run learned, for another to use.
 *
 * The trajectory of a run and a file of weights alone hold them alike:
 *
 *   /hamlet/weights/<version>   bytes (uint8), opaque to everyone but the predictor; attributes
 *                                 member  of the committee, from 0; -1: the run was resumed from before this version
 *                                 form    text: method, representation, shape, species, timestep; a predictor refuses
 *                                         weights of another form than its own
 *   /hamlet/provenance          where they come from, as string attributes
 *
 * Versions count up through a run, whichever member they are of. What is read is the latest of each member.
 * A new file is written aside and then renamed: until it is complete, an earlier one of that name stays what it was.
 *
 * Errors: HM_BAD_INPUT (no HDF5 file, no weights in it, damaged), HM_EXISTS, HM_BAD_OUTPUT, HM_IO_ERROR,
 *   HM_OUT_OF_MEMORY.
 * Owns: everything in the structs; release it. What starts as {0} holds nothing.
 * MPI: local.
 */
#ifndef HM_IO_WEIGHTS_H
#define HM_IO_WEIGHTS_H

#include "io/archive.h"

#include <stdbool.h>

struct hm_weights_of_member {
    size_t member;
    int32_t version;
    char *form;
    void *bytes;
    size_t size;
};

struct hm_weights {
    size_t count;
    struct hm_weights_of_member *of; // (count), by member
};

/* The latest version of each member; nothing, where it fails. */
enum hm_status hm_weights_read(const char *path, struct hm_weights *weights);
/* A new file with these weights; provenance is name, value and ends with {NULL, NULL}, or NULL. */
enum hm_status hm_weights_write(const char *path, bool overwrite, const struct hm_weights *weights,
                                const char *const (*provenance)[2]);
void hm_weights_release(struct hm_weights *weights);
void hm_weights_of_member_release(struct hm_weights_of_member *weights);

/* A copy of these bytes as the weights of `member`, in place of earlier ones. */
enum hm_status hm_weights_set(struct hm_weights *weights, size_t member, int32_t version, const char *form,
                              const void *bytes, size_t size);
/* NULL if there are none of this member. */
const struct hm_weights_of_member *hm_weights_find(const struct hm_weights *weights, size_t member);

void hm_weights_save(const struct hm_weights *weights, struct hm_archive *archive);
/* In place of what is there; nothing, where it fails. */
enum hm_status hm_weights_load(struct hm_weights *weights, struct hm_archive *archive);

#endif
