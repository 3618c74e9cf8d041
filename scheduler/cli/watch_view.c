#define _DEFAULT_SOURCE /* winsize */
#include "scheduler/cli/watch_view.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST = 40, USUAL = 80, BAR = 40, SPARKS = 40 };

static bool speaks_unicode(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8");
    }
    return false;
}

void hm_watch_view_open(struct hm_watch_view *view, const char *name, FILE *out)
{
    const char *terminal = getenv("TERM");
    *view = (struct hm_watch_view){.out = out, .name = name, .unicode = speaks_unicode()};
    view->terminal = isatty(fileno(out)) && !(terminal && strcmp(terminal, "dumb") == 0);
    if (view->terminal) fputs("\033[?25l\033[?7l", out); /* no cursor, lines are cut and not wrapped */
    fflush(out);
}

void hm_watch_view_close(struct hm_watch_view *view)
{
    if (view->terminal) fputs("\033[?7h\033[?25h", view->out);
    fflush(view->out);
}

void hm_watch_view_add(struct hm_watch_view *view, const struct hm_live *live)
{
    const double seconds = live->updated - view->last.updated;
    if (view->looks > 0 && live->step >= view->last.step && seconds > 0.2)
        view->speed = (double)(live->step - view->last.step) / seconds;
    else if (view->looks == 0 && live->wall_seconds > 0)
        view->speed = (double)live->step / live->wall_seconds;
    view->last = *live;
    view->speeds[view->looks % HM_WATCH_HISTORY] = view->speed;
    view->errors[view->looks % HM_WATCH_HISTORY] = live->kick_error;
    view->temperatures[view->looks % HM_WATCH_HISTORY] = live->temperature_K;
    view->looks++;
}

/* ---- on a terminal ---- */

static int width_of(const struct hm_watch_view *view)
{
    struct winsize size;
    if (ioctl(fileno(view->out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return USUAL;
    return size.ws_col < NARROWEST ? NARROWEST : size.ws_col;
}

/* One line in place of what stood there. */
static void put_line(struct hm_watch_view *view, const char *format, ...) HM_PRINTF(2, 3);

static void put_line(struct hm_watch_view *view, const char *format, ...)
{
    va_list arguments;
    fputs("\r\033[K", view->out);
    va_start(arguments, format);
    vfprintf(view->out, format, arguments);
    va_end(arguments);
    fputc('\n', view->out);
    view->lines++;
}

static const char *bar(const struct hm_watch_view *view, double share, int width, char *text)
{
    const char *full = view->unicode ? "\u2588" : "#", *empty = view->unicode ? "\u2591" : ".";
    *text = '\0';
    for (int k = 0; k < width; k++) strcat(text, k < (int)(share * width + 0.5) ? full : empty);
    return text;
}

/* The last values as heights between the least and the largest of them. */
static const char *sparks(const struct hm_watch_view *view, const double *ring, int width, char *text)
{
    static const char *const high[] = {"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char *const plain[] = {"_", ".", ",", "-", "=", "+", "*", "#"};
    const size_t kept = view->looks < HM_WATCH_HISTORY ? view->looks : HM_WATCH_HISTORY;
    const size_t count = kept < (size_t)width ? kept : (size_t)width;
    double least = INFINITY, largest = -INFINITY;
    *text = '\0';
    for (size_t k = view->looks - count; k < view->looks; k++) {
        least = fmin(least, ring[k % HM_WATCH_HISTORY]);
        largest = fmax(largest, ring[k % HM_WATCH_HISTORY]);
    }
    for (size_t k = view->looks - count; k < view->looks; k++) {
        const double value = ring[k % HM_WATCH_HISTORY], span = largest - least;
        const int height = !isfinite(value) ? 0 : span > 0 ? (int)(7.999 * (value - least) / span) : 3;
        strcat(text, (view->unicode ? high : plain)[height]);
    }
    return text;
}

static double injected_percent(const struct hm_live *live)
{
    const int64_t chosen = live->step - live->warmup_steps;
    return chosen > 0 ? 100 * (double)live->injections / (double)chosen : 100;
}

static double seconds_left(const struct hm_watch_view *view)
{
    return view->speed > 0 ? (double)(view->last.steps - view->last.step) / view->speed : NAN;
}

static void draw_lines(struct hm_watch_view *view, const char *remark)
{
    enum { TEXT = 4 * (BAR + SPARKS) + 64 };
    const struct hm_live *live = &view->last;
    char text[TEXT], simulated[32], left[32], wall[32];
    const int width = width_of(view), room = width - 24 < BAR ? width - 24 : BAR;
    hm_format_simulated((double)live->step * live->timestep_fs / HM_TIME_FS, simulated, sizeof simulated);
    hm_format_duration(seconds_left(view), left, sizeof left);
    hm_format_duration(live->wall_seconds, wall, sizeof wall);
    put_line(view, "%s  on %s, process %lld", view->name, live->host, (long long)live->pid);
    put_line(view, "%s %.1f %%", bar(view, (double)live->step / (double)live->steps, room, text),
             100 * (double)live->step / (double)live->steps);
    put_line(view, "step %lld of %lld   %s%s", (long long)live->step, (long long)live->steps, simulated,
             live->step < live->warmup_steps ? "   warm-up" : "");
    put_line(view, "left %s   running for %s", left, wall);
    put_line(view, "exact %.3g %% (%lld injections)   weights version %lld", injected_percent(live),
             (long long)live->injections, (long long)live->weights_version);
    if (live->strides + live->rounds_refused > 0)
        put_line(view, "strides      %10lld          rounds refused %lld", (long long)live->strides,
                 (long long)live->rounds_refused);
    put_line(view, "speed        %10.*f steps/s  %s", view->speed < 100 ? 2 : 0, view->speed,
             sparks(view, view->speeds, room, text));
    put_line(view, "temperature  %10.1f K        %s", live->temperature_K,
             sparks(view, view->temperatures, room, text));
    if (isfinite(live->kick_error))
        put_line(view, "kick error   %10.2e          %s", live->kick_error, sparks(view, view->errors, room, text));
    if (isfinite(live->energy_moved)) put_line(view, "energy moved %10.2e of <K>", live->energy_moved);
    put_line(view, "%s", *remark ? remark : "Ctrl-C leaves; the run goes on");
}

/* ---- elsewhere ---- */

static void print_line(struct hm_watch_view *view, const char *remark)
{
    const struct hm_live *live = &view->last;
    char simulated[32], left[32], error[32] = "", strides[96] = "";
    hm_format_simulated((double)live->step * live->timestep_fs / HM_TIME_FS, simulated, sizeof simulated);
    hm_format_duration(seconds_left(view), left, sizeof left);
    if (isfinite(live->kick_error)) snprintf(error, sizeof error, "  kick error %.2g", live->kick_error);
    if (live->strides + live->rounds_refused > 0)
        snprintf(strides, sizeof strides, "  strides %lld  rounds refused %lld", (long long)live->strides,
                 (long long)live->rounds_refused);
    fprintf(view->out, "step %lld (%.1f %%)  %s  %.*f steps/s  injected %.3g %%  %.1f K%s%s  left %s%s%s\n",
            (long long)live->step, 100 * (double)live->step / (double)live->steps, simulated, view->speed < 100 ? 1 : 0,
            view->speed, injected_percent(live), live->temperature_K, error, strides, left, *remark ? "  " : "",
            remark);
}

void hm_watch_view_draw(struct hm_watch_view *view, const char *remark)
{
    if (view->terminal) {
        if (view->lines > 0) fprintf(view->out, "\033[%dA", view->lines);
        view->lines = 0;
        draw_lines(view, remark);
        fputs("\033[J", view->out);
    } else {
        print_line(view, remark);
    }
    fflush(view->out);
}
