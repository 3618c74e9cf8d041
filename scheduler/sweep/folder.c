#define _DEFAULT_SOURCE /* flock */
#include "scheduler/sweep/folder.h"

#include "scheduler/wait.h"

#include "io/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_LINE "hamlet sweep, plan 1"

/* The ranks of a sweep that was killed a moment ago may still be on their way out. */
static const double LOCK_SECONDS = 10;

enum { LINE = 2048 };

static enum hm_status join(const char *folder, const char *name, char path[PATH_MAX])
{
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX) return HM_OK;
    return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", folder);
}

enum hm_status hm_sweep_folder_file(const struct hm_sweep_plan *plan, size_t run, const char *ending, size_t size,
                                    char *path)
{
    char stem[32];
    hm_sweep_plan_stem(plan, run, stem);
    if ((size_t)snprintf(path, size, "%s/%s%s", plan->file->folder, stem, ending) < size) return HM_OK;
    return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", plan->file->folder);
}

/* ---- the plan ---- */

static bool read_line(FILE *file, char line[LINE])
{
    if (!fgets(line, LINE, file)) return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* "0012 fingerprint run: policy.frequency 0.01" from "run" on. */
static const char *after_fingerprint(const char *line)
{
    const char *blank = strchr(line, ' ');
    blank = blank ? strchr(blank + 1, ' ') : NULL;
    return blank ? blank + 1 : line;
}

static enum hm_status fail_other(const char *folder, const char *why)
{
    return hm_fail(HM_EXISTS, "%s: holds another sweep (%s); name another folder", folder, why);
}

/* Two plans differ in their axes, or in what is behind them. */
static enum hm_status compare_run(const struct hm_sweep_plan *plan, size_t run, const char *there)
{
    char here[LINE], why[2 * LINE + 64];
    hm_sweep_plan_line(plan, run, here, sizeof here);
    if (strcmp(here, there) == 0) return HM_OK;
    if (strcmp(after_fingerprint(here), after_fingerprint(there)) == 0)
        snprintf(why, sizeof why, "the configuration or the atoms of its run %zu are others", run);
    else
        snprintf(why, sizeof why, "its run %zu is '%.200s', here it is '%.200s'", run, after_fingerprint(there),
                 after_fingerprint(here));
    return fail_other(plan->file->folder, why);
}

static enum hm_status compare_plan(const struct hm_sweep_plan *plan, FILE *file)
{
    char line[LINE], why[64];
    size_t runs = 0;
    const char *folder = plan->file->folder;
    if (!read_line(file, line) || strcmp(line, FIRST_LINE) != 0) return fail_other(folder, "of another version");
    if (!read_line(file, line) || sscanf(line, "runs %zu", &runs) != 1) return fail_other(folder, "a damaged plan");
    for (size_t i = 1; i <= plan->count && i <= runs; i++) {
        if (!read_line(file, line)) return fail_other(folder, "a damaged plan");
        HM_TRY(compare_run(plan, i, line));
    }
    if (runs == plan->count) return HM_OK;
    snprintf(why, sizeof why, "of %zu runs, not %zu", runs, plan->count);
    return fail_other(folder, why);
}

static enum hm_status check_empty(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return hm_fail(HM_BAD_OUTPUT, "%s: cannot be read: %s", path, strerror(errno));
    bool empty = true;
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, "plan.txt.new") != 0)
            empty = false;
    closedir(folder);
    return empty ? HM_OK : hm_fail(HM_EXISTS, "%s: is not empty and holds no sweep; name another folder", path);
}

static enum hm_status check_parent(const char *path)
{
    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%s", path);
    size_t length = strlen(parent);
    while (length > 0 && parent[length - 1] == '/') length--;
    while (length > 0 && parent[length - 1] != '/') length--;
    snprintf(parent + length, sizeof parent - length, ".");
    if (access(parent, W_OK | X_OK) == 0) return HM_OK;
    return hm_fail(HM_BAD_OUTPUT, "%s: cannot be made in %s: %s", path, parent, strerror(errno));
}

enum hm_status hm_sweep_folder_check(const struct hm_sweep_plan *plan)
{
    char path[PATH_MAX];
    struct stat entry;
    const char *folder = plan->file->folder;
    HM_TRY(join(folder, "plan.txt", path));
    if (stat(folder, &entry) != 0) {
        if (errno == ENOENT) return check_parent(folder);
        return hm_fail(HM_BAD_OUTPUT, "%s: cannot be used: %s", folder, strerror(errno));
    }
    if (!S_ISDIR(entry.st_mode)) return hm_fail(HM_EXISTS, "%s: is no folder; name another one", folder);
    if (access(folder, W_OK | X_OK) != 0)
        return hm_fail(HM_BAD_OUTPUT, "%s: cannot be written to: %s", folder, strerror(errno));
    FILE *file = fopen(path, "r");
    if (!file) return check_empty(folder);
    const enum hm_status status = compare_plan(plan, file);
    fclose(file);
    return status;
}

/* ---- opening ---- */

static enum hm_status fail_write(const char *path)
{
    return hm_fail(HM_BAD_OUTPUT, "%s: cannot be written: %s", path, strerror(errno));
}

static enum hm_status write_copy(const char *folder, const char *name, const char *text, size_t size)
{
    char path[PATH_MAX];
    HM_TRY(join(folder, name, path));
    FILE *file = fopen(path, "w");
    if (!file) return fail_write(path);
    const bool written = fwrite(text, 1, size, file) == size;
    return fclose(file) == 0 && written ? HM_OK : fail_write(path);
}

/* The plan comes last, at once: without it the folder counts as empty or foreign. */
static enum hm_status write_plan(const struct hm_sweep_plan *plan)
{
    char path[PATH_MAX], aside[PATH_MAX], line[LINE];
    HM_TRY(join(plan->file->folder, "plan.txt", path));
    if (access(path, F_OK) == 0) return HM_OK;
    HM_TRY(join(plan->file->folder, "plan.txt.new", aside));
    FILE *file = fopen(aside, "w");
    if (!file) return fail_write(aside);
    fprintf(file, "%s\nruns %zu\n", FIRST_LINE, plan->count);
    for (size_t i = 1; i <= plan->count; i++) {
        hm_sweep_plan_line(plan, i, line, sizeof line);
        fprintf(file, "%s\n", line);
    }
    const bool written = fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
    if (fclose(file) != 0 || !written) return fail_write(aside);
    if (rename(aside, path) != 0) return fail_write(path);
    HM_TRY(write_copy(plan->file->folder, "sweep.yaml", plan->file->text, plan->file->size));
    return write_copy(plan->file->folder, "base.yaml", plan->file->base_text, plan->file->base_size);
}

/* File systems without locks do without. */
static enum hm_status take_lock(const char *path, int *lock)
{
    struct hm_wait wait = HM_WAIT_START;
    const double started = hm_clock();
    *lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0) return hm_fail(HM_BAD_OUTPUT, "%s: cannot be opened: %s", path, strerror(errno));
    while (flock(*lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        if (hm_clock() - started > LOCK_SECONDS) {
            close(*lock);
            *lock = -1;
            return hm_fail(HM_EXISTS, "%s: another sweep is working in this folder", path);
        }
        hm_wait_pause(&wait);
    }
    return HM_OK;
}

/* While any rank works, nobody gets the folder for itself; the plan is there for everybody to read. */
static enum hm_status share_lock(const char *path, int lock)
{
    if (flock(lock, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return HM_OK;
    return hm_fail(HM_EXISTS, "%s: another sweep is working in this folder", path);
}

int hm_sweep_folder_join(const char *trajectory)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", trajectory);
    char *slash = strrchr(path, '/');
    if (slash) *slash = '\0';
    const int lock = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0) flock(lock, LOCK_SH | LOCK_NB);
    return lock;
}

enum hm_status hm_sweep_folder_open(const struct hm_sweep_plan *plan, struct hm_sweep_folder *folder)
{
    *folder = (struct hm_sweep_folder){plan->file->folder, -1};
    HM_TRY(hm_sweep_folder_check(plan));
    if (mkdir(folder->path, 0777) != 0 && errno != EEXIST)
        return hm_fail(HM_BAD_OUTPUT, "%s: cannot be made: %s", folder->path, strerror(errno));
    HM_TRY(take_lock(folder->path, &folder->lock));
    enum hm_status status = hm_sweep_folder_check(plan); /* what it is now that nobody else may change it */
    if (status == HM_OK) status = write_plan(plan);
    if (status == HM_OK) status = share_lock(folder->path, folder->lock);
    if (status != HM_OK) hm_sweep_folder_close(folder);
    return status;
}

void hm_sweep_folder_close(struct hm_sweep_folder *folder)
{
    if (folder->lock >= 0) close(folder->lock);
    folder->lock = -1;
}
