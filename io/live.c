#include "io/live.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char first_line[] = "hamlet live 1";

/* The numbers in the order of their lines; new ones come last, where a reader that does not know them stops. */
static const struct {
    const char *name;
    size_t offset;
    bool whole;
} fields[] = {
    {"pid", offsetof(struct hm_live, pid), true},
    {"step", offsetof(struct hm_live, step), true},
    {"steps", offsetof(struct hm_live, steps), true},
    {"warmup_steps", offsetof(struct hm_live, warmup_steps), true},
    {"injections", offsetof(struct hm_live, injections), true},
    {"weights_version", offsetof(struct hm_live, weights_version), true},
    {"timestep_fs", offsetof(struct hm_live, timestep_fs), false},
    {"temperature_K", offsetof(struct hm_live, temperature_K), false},
    {"kick_error", offsetof(struct hm_live, kick_error), false},
    {"energy_moved", offsetof(struct hm_live, energy_moved), false},
    {"wall_seconds", offsetof(struct hm_live, wall_seconds), false},
    {"updated", offsetof(struct hm_live, updated), false},
    {"strides", offsetof(struct hm_live, strides), true},
    {"rounds_refused", offsetof(struct hm_live, rounds_refused), true},
};

enum { FIELDS = sizeof fields / sizeof *fields, LINE = 320 };

enum hm_status hm_live_path(const char *trajectory, size_t size, char *path)
{
    const size_t length = strlen(trajectory);
    const bool h5 = length > 3 && strcmp(trajectory + length - 3, ".h5") == 0;
    const int stem = (int)(h5 ? length - 3 : length);
    if ((size_t)snprintf(path, size, "%.*s.live", stem, trajectory) < size) return HM_OK;
    return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", trajectory);
}

void hm_live_sign(struct hm_live *live)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    live->updated = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    live->pid = getpid();
    if (gethostname(live->host, sizeof live->host) != 0) strcpy(live->host, "unknown");
    live->host[sizeof live->host - 1] = '\0';
}

bool hm_live_write(const char *path, const struct hm_live *live)
{
    char aside[PATH_MAX];
    if ((size_t)snprintf(aside, sizeof aside, "%s.new", path) >= sizeof aside) return false;
    FILE *file = fopen(aside, "w");
    if (!file) return false;
    fprintf(file, "%s\nhost %s\n", first_line, live->host);
    for (int f = 0; f < FIELDS; f++) {
        const char *at = (const char *)live + fields[f].offset;
        if (fields[f].whole)
            fprintf(file, "%s %lld\n", fields[f].name, (long long)*(const int64_t *)(const void *)at);
        else
            fprintf(file, "%s %.15g\n", fields[f].name, *(const double *)(const void *)at);
    }
    const bool written = fflush(file) == 0 && !ferror(file);
    if (fclose(file) == 0 && written && rename(aside, path) == 0) return true;
    unlink(aside);
    return false;
}

/* The rest of the next line behind `name` and a blank; false when it is another line. */
static bool read_line(FILE *file, const char *name, char line[LINE], const char **rest)
{
    const size_t length = strlen(name);
    if (!fgets(line, LINE, file) || !strchr(line, '\n')) return false;
    *strchr(line, '\n') = '\0';
    *rest = line + length + 1;
    return strncmp(line, name, length) == 0 && line[length] == ' ' && **rest;
}

static bool read_field(FILE *file, int field, struct hm_live *live)
{
    char line[LINE], *end;
    const char *rest;
    char *at = (char *)live + fields[field].offset;
    if (!read_line(file, fields[field].name, line, &rest)) return false;
    if (fields[field].whole)
        *(int64_t *)(void *)at = strtoll(rest, &end, 10);
    else
        *(double *)(void *)at = strtod(rest, &end);
    return *end == '\0';
}

static bool read_all(FILE *file, struct hm_live *live)
{
    char line[LINE];
    const char *rest;
    if (!fgets(line, sizeof line, file) || strncmp(line, first_line, strlen(first_line)) != 0) return false;
    if (!read_line(file, "host", line, &rest) || strlen(rest) >= sizeof live->host) return false;
    strcpy(live->host, rest);
    for (int f = 0; f < FIELDS; f++)
        if (!read_field(file, f, live)) return false;
    return live->pid > 0 && live->steps > 0 && live->step >= 0;
}

enum hm_status hm_live_read(const char *path, struct hm_live *live)
{
    *live = (struct hm_live){0};
    FILE *file = fopen(path, "r");
    if (!file) return hm_fail(HM_BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    const bool good = read_all(file, live);
    fclose(file);
    return good ? HM_OK : hm_fail(HM_BAD_INPUT, "%s: is not the side file of a run", path);
}

void hm_live_remove(const char *path)
{
    unlink(path);
}

enum hm_live_sign_of_life hm_live_look(const struct hm_live *live)
{
    struct hm_live here;
    hm_live_sign(&here);
    if (strcmp(live->host, here.host) != 0) return HM_LIVE_ELSEWHERE;
    return kill((pid_t)live->pid, 0) != 0 && errno == ESRCH ? HM_LIVE_GONE : HM_LIVE_ALIVE;
}
