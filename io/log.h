/* What a person sees while a run goes on: a log, a progress line, and the closing timing table.
 *
 * On a terminal the progress line is redrawn in place a few times a second; in a file a line appears every
 * so often (10 s, then rarer). Both show steps/s, simulated time, injection fraction and the time left.
 *
 * Units: simulated time in atomic units in, fs/ps/ns out; wall times in seconds.
 * Errors: none; a log that cannot be written is lost, the run goes on.
 * Owns: nothing but its own struct; the stream is borrowed.
 * MPI: local; only the driver logs.
 */
#ifndef HM_IO_LOG_H
#define HM_IO_LOG_H

#include "io/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct hm_log {
    FILE *out;
    bool terminal; /* redraw in place */
    bool quiet;
    bool line_open; /* a progress line stands on the terminal */
    int64_t steps;  /* of the whole run */
    int64_t first_step;
    double started; /* monotonic seconds */
    double next_report;
    double interval;
    int64_t reported_step; /* for the current speed */
    double reported_at;
    double speed; /* steps/s, smoothed over the last reports; 0 = not yet known */
};

double hm_clock(void); /* monotonic seconds */

/* A quiet log writes nothing at all. */
void hm_log_start(struct hm_log *log, FILE *out, bool quiet);
void hm_log_line(struct hm_log *log, const char *format, ...) HM_PRINTF(2, 3);

void hm_progress_start(struct hm_log *log, int64_t first_step, int64_t steps);
/* Cheap when it is not yet time to report; call it every few hundred steps at most. */
void hm_progress_update(struct hm_log *log, int64_t step, double simulated_time, double injection_fraction);
/* Leaves the last progress line standing. */
void hm_progress_finish(struct hm_log *log);

struct hm_timing_row {
    const char *name;
    double seconds;
    int64_t calls; /* 0: not counted */
};
/* The closing table; `wall` is the whole, what no row explains is shown as "other". */
void hm_log_timing(struct hm_log *log, const struct hm_timing_row *rows, size_t count, double wall, int64_t steps);

/* "2.5 ps", "1 h 12 min": three significant digits with a fitting unit; "?" for what is not a time. */
void hm_format_simulated(double atomic_time, char *text, size_t size);
void hm_format_duration(double seconds, char *text, size_t size);

#endif
