/* hamlet watch RUN.h5 [--every SECONDS] */
#include "scheduler/cli/command.h"
#include "scheduler/cli/watch_view.h"

#include "io/checkpoint.h"
#include "io/log.h"
#include "io/trajectory.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double PATIENCE_SECONDS = 10; // for a run that is just beginning, or just ending
static const double QUIET_SECONDS = 5, SILENT_SECONDS = 60;

struct arguments {
    const char *run;
    double every;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    char *end;
    switch (key) {
    case 'e':
        a->every = strtod(argument, &end);
        if (end == argument || *end || !(a->every >= 0.1) || !(a->every <= 86400))
            return hm_command_fault(
                hm_fail(HM_BAD_USAGE, "--every takes seconds from 0.1 to 86400, not '%.60s'", argument));
        return 0;
    case ARGP_KEY_ARG:
        if (a->run) return hm_command_fault(hm_fail(HM_BAD_USAGE, "'%s' is one argument too many", argument));
        a->run = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return hm_command_fault(hm_fail(HM_BAD_USAGE, "watch which run? hamlet watch RUN.h5"));
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {
    {"every", 'e', "SECONDS", 0, "look this often (default 1)", 0},
    {0},
};
static const struct argp parser = {
    options,  parse_option,
    "RUN.h5", "Watch a run that is under way, here or over a shared file system. It ends when the run does.",
    NULL,     NULL,
    NULL};

static volatile sig_atomic_t left;

static void leave(int signal_number)
{
    (void)signal_number;
    left = 1;
}

/* Without SA_RESTART: a signal wakes from the pause, and the terminal is given back. */
static void catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = leave};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

static void pause_for(double seconds)
{
    const struct timespec time = {(time_t)seconds, (long)(1e9 * fmod(seconds, 1))};
    if (!left) nanosleep(&time, NULL);
}

/* ---- how it ended ---- */

/* "run.chk", if there is one to resume from. */
static const char *resume_hint(const char *run, size_t size, char *text)
{
    char checkpoint[4096];
    *text = '\0';
    if (hm_checkpoint_path(run, checkpoint, sizeof checkpoint) != HM_OK) return text;
    if (hm_checkpoint_exists(checkpoint)) snprintf(text, size, "; go on with: hamlet resume %s", checkpoint);
    return text;
}

/* What the trajectory says of a run whose side file is gone. *ended false: it says that it is running. */
static enum hm_status read_end(const char *run, bool *ended)
{
    struct hm_trajectory *trajectory;
    char hint[4200];
    *ended = true;
    HM_TRY(hm_trajectory_open(run, &trajectory));
    const struct hm_trajectory_info info = *hm_trajectory_info(trajectory);
    hm_trajectory_close(&trajectory);
    const long long step = (long long)info.steps_done, steps = (long long)info.steps;
    if (strcmp(info.status, "finished") == 0) {
        printf("%s: finished, %lld steps; look at it with: hamlet report %s\n", run, step, run);
        return HM_OK;
    }
    if (strcmp(info.status, "diverged") == 0)
        return hm_fail(HM_DIVERGED, "%s: diverged at step %lld of %lld", run, step, steps);
    resume_hint(run, sizeof hint, hint);
    if (strcmp(info.status, "stopped") == 0)
        return hm_fail(HM_STOPPED, "%s: was stopped after step %lld of %lld%s", run, step, steps, hint);
    if (strcmp(info.status, "failed") == 0)
        return hm_fail(HM_IO_ERROR, "%s: failed after step %lld of %lld%s", run, step, steps, hint);
    *ended = false;
    return HM_OK;
}

static enum hm_status say_killed(const char *run, const struct hm_live *live)
{
    char hint[4200];
    return hm_fail(HM_IO_ERROR, "%s: was killed after step %lld of %lld or a little later: process %lld is gone%s", run,
                   (long long)live->step, (long long)live->steps, (long long)live->pid,
                   resume_hint(run, sizeof hint, hint));
}

/* ---- watching ---- */

struct watch {
    const struct arguments *arguments;
    char path[4096]; // of the side file
    struct hm_watch_view view;
    bool open;
    double missing_since; // hm_clock; 0: the file is there
    double changed_at;    // hm_clock, when the last news came: clocks of two machines may differ
};

static void show(struct watch *w, const struct hm_live *live)
{
    char remark[96] = "";
    const double now = hm_clock();
    const bool news = !w->open || live->updated != w->view.last.updated;
    if (!w->open) hm_watch_view_open(&w->view, w->arguments->run, stdout);
    w->open = true;
    if (news) {
        hm_watch_view_add(&w->view, live);
        w->changed_at = now;
    }
    const double quiet = now - w->changed_at;
    if (quiet > SILENT_SECONDS && hm_live_look(live) == HM_LIVE_ELSEWHERE)
        snprintf(remark, sizeof remark, "no news for %.0f s: a long step, or killed on its machine", quiet);
    else if (quiet > QUIET_SECONDS)
        snprintf(remark, sizeof remark, "no news for %.0f s: training, or a long force", quiet);
    if (news || w->view.terminal) hm_watch_view_draw(&w->view, remark);
}

/* The side file is not there: the run has ended, or is about to begin. */
static enum hm_status look_for_end(struct watch *w, bool *ended)
{
    const double now = hm_clock();
    if (w->missing_since == 0) w->missing_since = now;
    hm_status_clear();
    HM_TRY(read_end(w->arguments->run, ended));
    if (*ended || now - w->missing_since < PATIENCE_SECONDS) return HM_OK;
    *ended = true;
    return hm_fail(HM_BAD_INPUT, "%s: nobody is writing it: it was killed, or made by an earlier version",
                   w->arguments->run);
}

/* One look. *ended true: there is nothing more to come. */
static enum hm_status look(struct watch *w, bool *ended)
{
    struct hm_live live;
    *ended = false;
    if (hm_live_read(w->path, &live) != HM_OK) {
        const enum hm_status status = look_for_end(w, ended);
        if (status != HM_OK) *ended = true;
        return status;
    }
    w->missing_since = 0;
    show(w, &live);
    if (hm_live_look(&live) != HM_LIVE_GONE) return HM_OK;
    if (hm_live_read(w->path, &live) != HM_OK) return HM_OK; /* it ended between the two looks */
    *ended = true;
    return say_killed(w->arguments->run, &live);
}

static enum hm_status watch(struct watch *w)
{
    enum hm_status status = HM_OK;
    bool ended = false;
    catch_signals();
    while (!ended && !left) {
        status = look(w, &ended);
        if (!ended) pause_for(w->missing_since > 0 ? fmin(0.2, w->arguments->every) : w->arguments->every);
    }
    if (w->open) hm_watch_view_close(&w->view);
    return status;
}

enum hm_status hm_command_watch(int argc, char **argv)
{
    struct arguments a = {.every = 1};
    struct watch w = {.arguments = &a};
    bool finished;
    HM_TRY(hm_command_parse(&parser, argc, argv, &a, &finished));
    if (finished) return HM_OK;
    HM_TRY(hm_live_path(a.run, sizeof w.path, w.path));
    return watch(&w);
}
