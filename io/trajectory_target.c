#include "io/trajectory_internal.h"

#include "io/checkpoint.h"

#include <hdf5.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum hm_status fail_existing(const char *path)
{
    char checkpoint[PATH_MAX];
    const bool stopped =
        hm_checkpoint_path(path, checkpoint, sizeof checkpoint) == HM_OK && hm_checkpoint_exists(checkpoint);
    return hm_fail(HM_EXISTS, "%s: exists already; use --overwrite to replace it or name another output%s%s", path,
                   stopped ? "; to go on with the run that wrote it: hamlet resume " : "", stopped ? checkpoint : "");
}

enum hm_status hm_trajectory_check_target(const char *path, bool overwrite)
{
    struct stat entry;
    hm_hdf5_silence();
    if (stat(path, &entry) == 0) {
        if (!S_ISREG(entry.st_mode))
            return hm_fail(HM_BAD_OUTPUT, "%s: is not a regular file; name another output", path);
        if (!overwrite) return fail_existing(path);
        if (entry.st_size > 0 && H5Fis_hdf5(path) <= 0)
            return hm_fail(HM_EXISTS, "%s: is no trajectory and will not be replaced; name another output", path);
        if (access(path, W_OK) != 0) return hm_fail(HM_BAD_OUTPUT, "%s: cannot be replaced: %s", path, strerror(errno));
        return HM_OK;
    }
    if (errno != ENOENT) return hm_fail(HM_BAD_OUTPUT, "%s: cannot be written: %s", path, strerror(errno));
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";
    if (slash == path)
        strcpy(folder, "/");
    else if (slash && (size_t)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path) >= sizeof folder)
        return hm_fail(HM_BAD_OUTPUT, "%s: cannot be written: the path is too long", path);
    if (*path == '\0' || (slash && slash[1] == '\0')) return hm_fail(HM_BAD_OUTPUT, "'%s' is no file name", path);
    if (stat(folder, &entry) != 0 || access(folder, W_OK | X_OK) != 0)
        return hm_fail(HM_BAD_OUTPUT, "%s: cannot be written: folder %s: %s", path, folder, strerror(errno));
    if (!S_ISDIR(entry.st_mode)) return hm_fail(HM_BAD_OUTPUT, "%s: cannot be written: %s is no folder", path, folder);
    return HM_OK;
}
