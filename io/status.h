/* Status codes and the message that goes with a failure.
 *
 * Every fallible function returns enum hm_status and gives its results by pointer. The function that
 * first notices a failure calls hm_fail(), which stores one clear line (what, where, what to do) and
 * returns the code; callers pass the code up with HM_TRY or through one cleanup label. Only main()
 * prints the message and exits.
 *
 * The message is kept per thread, like errno: it is diagnostic text, never part of a trajectory.
 *
 * Errors: these functions never fail; a message longer than the buffer is cut.
 * MPI: local.
 */
#ifndef HM_IO_STATUS_H
#define HM_IO_STATUS_H

enum hm_status {
#define HM_STATUS(name, exit_code, text) name,
#include "io/status.def"
#undef HM_STATUS
    HM_STATUS_COUNT
};

#if defined(__GNUC__)
#define HM_PRINTF(format_index, first_argument) __attribute__((format(printf, format_index, first_argument)))
#else
#define HM_PRINTF(format_index, first_argument)
#endif

/* Passes a failure up unchanged. */
#define HM_TRY(call)                           \
    do {                                       \
        const enum hm_status hm_try_ = (call); \
        if (hm_try_ != HM_OK) return hm_try_;  \
    } while (0)

/* The same where there is something to clean up: `status` is the function's own variable. */
#define HM_TRY_GOTO(status, call, label)   \
    do {                                   \
        (status) = (call);                 \
        if ((status) != HM_OK) goto label; \
    } while (0)

/* Stores the message and returns `code`. Replaces an earlier message. */
enum hm_status hm_fail(enum hm_status code, const char *format, ...) HM_PRINTF(2, 3);

/* Adds one more line to the message (config files report every fault at once). */
enum hm_status hm_fail_append(enum hm_status code, const char *format, ...) HM_PRINTF(2, 3);

/* The message of the last failure on this thread; "" if there was none. Valid until the next hm_fail. */
const char *hm_status_message(void);
void hm_status_clear(void);

const char *hm_status_text(enum hm_status status); /* "bad configuration" */
int hm_status_exit_code(enum hm_status status);
/* The first status with this exit code; HM_INTERNAL for an unknown one. */
enum hm_status hm_status_from_exit_code(int exit_code);

#endif
