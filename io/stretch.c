#include "io/stretch_internal.h"

#include "io/extxyz.h"
#include "io/units.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

void hm_stretch_release(struct hm_stretch *stretch)
{
    void *const owned[] = {stretch->path, stretch->number, stretch->mass, stretch->x,
                           stretch->v,    stretch->time,   stretch->step, stretch->exact};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *stretch = (struct hm_stretch){0};
}

/* realloc of the array that `place` points to; what is there stays when it fails. */
static bool grow(void *place, size_t count, size_t bytes)
{
    void *array;
    memcpy(&array, place, sizeof array);
    if (count == 0 || count > SIZE_MAX / bytes) return false;
    array = realloc(array, count * bytes);
    if (array) memcpy(place, &array, sizeof array);
    return array != NULL;
}

enum hm_status hm_stretch_reserve(struct hm_stretch *stretch, size_t nframe, bool v, bool time, bool step, bool exact)
{
    const size_t frame_bytes = 3 * stretch->natom * sizeof(double);
    bool good = grow(&stretch->x, nframe, frame_bytes);
    good = good && (!v || grow(&stretch->v, nframe, frame_bytes));
    good = good && (!time || grow(&stretch->time, nframe, sizeof *stretch->time));
    good = good && (!step || grow(&stretch->step, nframe, sizeof *stretch->step));
    good = good && (!exact || grow(&stretch->exact, nframe, sizeof *stretch->exact));
    if (!good) return hm_fail(HM_OUT_OF_MEMORY, "%s: no memory for %zu frames", stretch->path, nframe);
    stretch->capacity = nframe;
    return HM_OK;
}

enum hm_status hm_stretch_reserve_atoms(struct hm_stretch *stretch, bool number, bool mass)
{
    if ((number && !grow(&stretch->number, stretch->natom, sizeof *stretch->number)) ||
        (mass && !grow(&stretch->mass, stretch->natom, sizeof *stretch->mass)))
        return hm_fail(HM_OUT_OF_MEMORY, "%s: no memory for %zu atoms", stretch->path, stretch->natom);
    return HM_OK;
}

/* ---- extended XYZ ---- */

static enum hm_status start_with(struct hm_stretch *stretch, const struct hm_frame *frame, bool has_masses)
{
    stretch->natom = frame->natom;
    HM_TRY(hm_stretch_reserve_atoms(stretch, true, has_masses));
    memcpy(stretch->number, frame->number, frame->natom * sizeof *frame->number);
    if (has_masses) memcpy(stretch->mass, frame->mass, frame->natom * sizeof *frame->mass);
    memcpy(stretch->cell, frame->cell, sizeof frame->cell);
    memcpy(stretch->periodic, frame->periodic, sizeof frame->periodic);
    return HM_OK;
}

/* The first frame sets what all must have. */
static enum hm_status check_like_first(const struct hm_stretch *stretch, const struct hm_frame *frame,
                                       const struct hm_extxyz_stamp *stamp)
{
    const char *what = NULL;
    if (frame->natom != stretch->natom)
        what = "number of atoms";
    else if (memcmp(frame->number, stretch->number, frame->natom * sizeof *frame->number) != 0)
        what = "elements";
    else if (stamp->has_masses != (stretch->mass != NULL) ||
             (stretch->mass && memcmp(frame->mass, stretch->mass, frame->natom * sizeof *frame->mass) != 0))
        what = "masses";
    else if (memcmp(frame->cell, stretch->cell, sizeof frame->cell) != 0 ||
             memcmp(frame->periodic, stretch->periodic, sizeof frame->periodic) != 0)
        what = "box";
    if (!what) return HM_OK;
    return hm_fail(HM_BAD_INPUT, "%s: frame %zu has another %s than the first", stretch->path, stretch->nframe, what);
}

/* What one frame lacks is unknown for all. */
static void drop_missing(struct hm_stretch *stretch, const struct hm_frame *frame, const struct hm_extxyz_stamp *stamp)
{
    if (!frame->has_velocities) {
        free(stretch->v);
        stretch->v = NULL;
    }
    if (isnan(stamp->time)) {
        free(stretch->time);
        stretch->time = NULL;
    }
    if (!stamp->has_step) {
        free(stretch->step);
        stretch->step = NULL;
    }
}

static enum hm_status take_frame(void *user, const struct hm_frame *frame, const struct hm_extxyz_stamp *stamp)
{
    struct hm_stretch *stretch = user;
    const bool first = stretch->nframe == 0;
    if (first)
        HM_TRY(start_with(stretch, frame, stamp->has_masses));
    else
        HM_TRY(check_like_first(stretch, frame, stamp));
    if (stretch->nframe == stretch->capacity)
        HM_TRY(hm_stretch_reserve(stretch, first ? 256 : 2 * stretch->capacity, first || stretch->v,
                                  first || stretch->time, first || stretch->step, false));
    drop_missing(stretch, frame, stamp);
    const size_t n = stretch->nframe++, size = 3 * frame->natom;
    memcpy(&stretch->x[n * size], frame->x, size * sizeof *frame->x);
    if (stretch->v) memcpy(&stretch->v[n * size], frame->v, size * sizeof *frame->v);
    if (stretch->time) stretch->time[n] = stamp->time;
    if (stretch->step) stretch->step[n] = stamp->step;
    return HM_OK;
}

enum hm_status hm_stretch_read_extxyz(struct hm_stretch *stretch)
{
    stretch->length = 1.0 / HM_LENGTH_ANGSTROM;
    HM_TRY(hm_extxyz_each(stretch->path, take_frame, stretch));
    return stretch->nframe > 0 ? HM_OK : hm_fail(HM_BAD_INPUT, "%s: there are no atoms in it", stretch->path);
}

/* ---- any ---- */

/* The signature of an HDF5 file, https://docs.hdfgroup.org: format specification, superblock. */
static enum hm_status has_h5_signature(const char *path, bool *h5)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char bytes[8] = {0};
    FILE *file = fopen(path, "rb");
    if (!file) return hm_fail(HM_BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    *h5 = fread(bytes, 1, sizeof bytes, file) == sizeof bytes && memcmp(bytes, signature, sizeof bytes) == 0;
    fclose(file);
    return HM_OK;
}

enum hm_status hm_stretch_read(const char *path, struct hm_stretch *stretch)
{
    bool h5 = false;
    *stretch = (struct hm_stretch){0};
    HM_TRY(has_h5_signature(path, &h5));
    stretch->path = strdup(path);
    enum hm_status status = HM_OK;
    if (!stretch->path) status = hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    if (status == HM_OK) status = h5 ? hm_stretch_read_h5(stretch) : hm_stretch_read_extxyz(stretch);
    if (status != HM_OK) hm_stretch_release(stretch);
    return status;
}
