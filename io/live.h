/* The side file of a run that is under way: where it stands, for `hamlet watch` and other onlookers.
 *
 *   hamlet live 1
 *   host node7
 *   pid 4711
 *   step 352000
 *   ...                       one line for each field below; "nan" where a number is not known
 *
 * "run.h5" has "run.live" beside it. The driver rewrites it at most once a second, aside and renamed, so that a reader
 * finds a whole one, also over a network file system. A run that ends removes it; one that was killed leaves it behind,
 * which is how one can tell.
 *
 * Units: in the names. Errors: HM_BAD_INPUT (no such file, or not of this form), HM_BAD_OUTPUT (path too long).
 * Owns: nothing. MPI: local; only the driver writes.
 */
#ifndef HM_IO_LIVE_H
#define HM_IO_LIVE_H

#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HM_LIVE_HOST = 256 };

struct hm_live {
    char host[HM_LIVE_HOST];
    int64_t pid;
    int64_t step, steps, warmup_steps; /* done, asked for, of them the warm-up */
    int64_t injections;                /* after the warm-up */
    int64_t weights_version;           /* 0: none yet */
    double timestep_fs;
    double temperature_K;
    double kick_error;   /* rms at injections so far, over the rms kick */
    double energy_moved; /* largest so far at injections, or of strides at the end of the last round; over the mean
                          * kinetic energy */
    double wall_seconds;
    double updated;                  /* seconds since 1970 */
    int64_t strides, rounds_refused; /* of an action; 0 without */
};

/* "run.h5" gives "run.live"; any other name gets ".live" appended. */
enum hm_status hm_live_path(const char *trajectory, size_t size, char *path);
/* Who writes: host, process and the time of now. */
void hm_live_sign(struct hm_live *live);
/* Says nothing of why it could not: a run goes on without. */
bool hm_live_write(const char *path, const struct hm_live *live);
enum hm_status hm_live_read(const char *path, struct hm_live *live);
/* A file that is not there is as good as removed. */
void hm_live_remove(const char *path);

/* What an onlooker on this machine can tell. GONE: the process is not there any more. ELSEWHERE: it is, or was, on
 * another machine. */
enum hm_live_sign_of_life { HM_LIVE_ALIVE, HM_LIVE_GONE, HM_LIVE_ELSEWHERE };
enum hm_live_sign_of_life hm_live_look(const struct hm_live *live);

#endif
