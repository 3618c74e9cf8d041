#include "io/log.h"

#include "io/units.h"

#include <math.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

static const double terminal_interval = 0.25; /* s: smooth to the eye, cheap for the run */
static const double file_interval = 10.0;
static const double file_interval_max = 600.0;
static const double file_interval_growth = 1.3;
static const double speed_memory = 0.6; /* share of the old speed that a report keeps */

double hm_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void hm_log_start(struct hm_log *log, FILE *out, bool quiet)
{
    *log = (struct hm_log){.out = out, .quiet = quiet || !out};
    log->terminal = out && isatty(fileno(out));
    log->started = hm_clock();
}

/* Takes an open progress line off the terminal; the next report draws it anew. */
static void erase_progress(struct hm_log *log)
{
    if (log->line_open) fputs("\r\033[K", log->out);
    log->line_open = false;
}

void hm_log_line(struct hm_log *log, const char *format, ...)
{
    if (log->quiet) return;
    erase_progress(log);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(log->out, format, arguments);
    va_end(arguments);
    fputc('\n', log->out);
    fflush(log->out);
}

/* ---- progress ---- */

void hm_progress_start(struct hm_log *log, int64_t first_step, int64_t steps)
{
    const double now = hm_clock();
    log->steps = steps;
    log->first_step = first_step;
    log->started = now;
    log->interval = log->terminal ? terminal_interval : file_interval;
    log->next_report = now + log->interval;
    log->reported_step = first_step;
    log->reported_at = now;
    log->speed = 0.0;
}

static void update_speed(struct hm_log *log, int64_t step, double now)
{
    const double seconds = now - log->reported_at;
    const double speed = seconds > 0.0 ? (double)(step - log->reported_step) / seconds : 0.0;
    log->speed = log->speed > 0.0 ? speed_memory * log->speed + (1.0 - speed_memory) * speed : speed;
    log->reported_step = step;
    log->reported_at = now;
}

void hm_progress_update(struct hm_log *log, int64_t step, double simulated_time, double injection_fraction)
{
    if (log->quiet) return;
    const double now = hm_clock();
    if (now < log->next_report) return;
    update_speed(log, step, now);
    char simulated[32], left[32];
    const double percent = log->steps > 0 ? 100.0 * (double)step / (double)log->steps : 100.0;
    const double remaining = log->speed > 0.0 ? (double)(log->steps - step) / log->speed : NAN;
    hm_format_simulated(simulated_time, simulated, sizeof simulated);
    hm_format_duration(remaining, left, sizeof left);
    erase_progress(log);
    /* Without automatic wrapping a narrow terminal cuts the line, and redrawing in place still works. */
    if (log->terminal) fputs("\033[?7l", log->out);
    fprintf(log->out, "step %lld (%.1f %%)  %s  %.*f steps/s  injected %.3g %%  left %s", (long long)step, percent,
            simulated, log->speed < 100.0 ? 1 : 0, log->speed, 100.0 * injection_fraction, left);
    fputs(log->terminal ? "\033[?7h" : "\n", log->out);
    fflush(log->out);
    log->line_open = log->terminal;
    log->next_report = now + log->interval;
    if (!log->terminal) log->interval = fmin(log->interval * file_interval_growth, file_interval_max);
}

void hm_progress_finish(struct hm_log *log)
{
    if (log->quiet || !log->line_open) return;
    fputc('\n', log->out);
    fflush(log->out);
    log->line_open = false;
}

/* ---- timing ---- */

static void timing_row(struct hm_log *log, const char *name, double seconds, int64_t calls, double wall)
{
    char each[32];
    const double share = wall > 0.0 ? 100.0 * seconds / wall : 0.0;
    fprintf(log->out, "  %-16s %10.3f s %7.1f %%", name, seconds, share);
    if (calls > 0) {
        hm_format_duration(seconds / (double)calls, each, sizeof each);
        fprintf(log->out, " %12lld calls, %s each", (long long)calls, each);
    }
    fputc('\n', log->out);
}

void hm_log_timing(struct hm_log *log, const struct hm_timing_row *rows, size_t count, double wall, int64_t steps)
{
    if (log->quiet) return;
    char duration[32];
    double explained = 0.0;
    erase_progress(log);
    fputs("timing\n", log->out);
    for (size_t i = 0; i < count; i++) {
        timing_row(log, rows[i].name, rows[i].seconds, rows[i].calls, wall);
        explained += rows[i].seconds;
    }
    timing_row(log, "other", fmax(wall - explained, 0.0), 0, wall);
    timing_row(log, "total", wall, 0, wall);
    hm_format_duration(wall, duration, sizeof duration);
    fprintf(log->out, "%lld steps in %s", (long long)steps, duration);
    if (wall > 0.0) fprintf(log->out, ": %.*f steps/s", (double)steps < 100.0 * wall ? 1 : 0, (double)steps / wall);
    fputc('\n', log->out);
    fflush(log->out);
}

/* ---- times as people write them ---- */

/* The largest value that three digits still show below 1000. */
static const double three_digits = 999.5;

void hm_format_simulated(double atomic_time, char *text, size_t size)
{
    static const char *const units[] = {"fs", "ps", "ns", "us", "ms"};
    enum { UNITS = sizeof units / sizeof *units };
    if (!isfinite(atomic_time)) {
        snprintf(text, size, "?");
        return;
    }
    double value = atomic_time * HM_TIME_FS;
    size_t unit = 0;
    while (fabs(value) >= three_digits && unit + 1 < UNITS) {
        value *= 1e-3;
        unit++;
    }
    snprintf(text, size, "%.3g %s", value, units[unit]);
}

static void format_two(long long whole, long long base, const char *large, const char *small, char *text, size_t size)
{
    if (whole % base == 0)
        snprintf(text, size, "%lld %s", whole / base, large);
    else
        snprintf(text, size, "%lld %s %lld %s", whole / base, large, whole % base, small);
}

void hm_format_duration(double seconds, char *text, size_t size)
{
    const double year = 365.25 * 86400.0;
    if (!isfinite(seconds) || seconds < 0.0)
        snprintf(text, size, "?");
    else if (seconds > 0.0 && seconds < three_digits * 1e-9)
        snprintf(text, size, "%.3g ns", seconds * 1e9);
    else if (seconds > 0.0 && seconds < three_digits * 1e-6)
        snprintf(text, size, "%.3g us", seconds * 1e6);
    else if (seconds > 0.0 && seconds < three_digits * 1e-3)
        snprintf(text, size, "%.3g ms", seconds * 1e3);
    else if (seconds < 59.95)
        snprintf(text, size, "%.3g s", seconds);
    else if (seconds < 3599.5)
        format_two(llround(seconds), 60, "min", "s", text, size);
    else if (seconds < 86400.0 - 30.0)
        format_two(llround(seconds / 60.0), 60, "h", "min", text, size);
    else if (seconds < year)
        format_two(llround(seconds / 3600.0), 24, "d", "h", text, size);
    else
        snprintf(text, size, "%.3g years", seconds / year);
}
