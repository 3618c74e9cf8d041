#include "io/stretch_internal.h"

#include "io/trajectory_internal.h"
#include "io/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 320 };

/* ---- Hamlet's own ---- */

/* Decisions are by step, frames may begin later; a step without a decision was not taken by a force. */
static enum hm_status mark_exact(struct hm_trajectory *trajectory, struct hm_stretch *stretch)
{
    const size_t count = hm_trajectory_info(trajectory)->ndecision;
    struct hm_decision_record *records = calloc(count + 1, sizeof *records);
    if (!records) return hm_fail(HM_OUT_OF_MEMORY, "%s: no memory for %zu decisions", stretch->path, count);
    const enum hm_status status = hm_trajectory_read_decisions(trajectory, 0, count, records);
    for (size_t n = 0, at = 0; n < stretch->nframe; n++) {
        while (at < count && records[at].step < stretch->step[n]) at++;
        stretch->exact[n] = at < count && records[at].step == stretch->step[n] && records[at].action == HM_INJECT;
    }
    free(records);
    return status;
}

static enum hm_status read_own_frames(struct hm_trajectory *trajectory, struct hm_stretch *stretch)
{
    const struct hm_trajectory_info *info = hm_trajectory_info(trajectory);
    struct hm_frame topology;
    HM_TRY(hm_trajectory_read_topology(trajectory, &topology));
    stretch->natom = topology.natom;
    enum hm_status status = hm_stretch_reserve_atoms(stretch, true, true);
    if (status == HM_OK) {
        memcpy(stretch->number, topology.number, topology.natom * sizeof *topology.number);
        memcpy(stretch->mass, topology.mass, topology.natom * sizeof *topology.mass);
        memcpy(stretch->cell, topology.cell, sizeof topology.cell);
        memcpy(stretch->periodic, topology.periodic, sizeof topology.periodic);
    }
    hm_frame_release(&topology);
    HM_TRY(status);
    stretch->length = 1.0 / HM_LENGTH_ANGSTROM;
    if (info->nframe == 0) return hm_fail(HM_BAD_INPUT, "%s: has no frames", stretch->path);
    HM_TRY(hm_stretch_reserve(stretch, info->nframe, true, true, true, true));
    stretch->nframe = info->nframe;
    HM_TRY(hm_trajectory_read_frames(trajectory, 0, info->nframe, stretch->step, stretch->x, stretch->v, NULL, NULL,
                                     NULL));
    for (size_t n = 0; n < stretch->nframe; n++) stretch->time[n] = (double)stretch->step[n] * info->timestep;
    return mark_exact(trajectory, stretch);
}

static enum hm_status read_own(struct hm_stretch *stretch)
{
    struct hm_trajectory *trajectory;
    HM_TRY(hm_trajectory_open(stretch->path, &trajectory));
    const enum hm_status status = read_own_frames(trajectory, stretch);
    hm_trajectory_close(&trajectory);
    return status;
}

/* ---- pieces of any H5MD file ---- */

/* /particles/<group>/<rest> */
struct place {
    const struct hm_trajectory *file;
    char group[PATH_BYTES / 2];
};

static const char *path_of(const struct place *place, const char *rest, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "/particles/%s/%s", place->group, rest);
    return path;
}

/* A dataset and its extent; rank 0 where it is not there. */
static enum hm_status open_there(const struct place *place, const char *path, hid_t *dataset, int *rank,
                                 hsize_t dims[HM_RANK_MAX])
{
    *dataset = 0;
    *rank = 0;
    if (!hm_hdf5_exists(place->file->file, path)) return HM_OK;
    *dataset = H5Dopen2(place->file->file, path, H5P_DEFAULT);
    const hid_t space = *dataset < 0 ? -1 : H5Dget_space(*dataset);
    *rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    const bool good = *rank >= 0 && *rank <= HM_RANK_MAX && H5Sget_simple_extent_dims(space, dims, NULL) >= 0;
    hm_hdf5_close(space);
    if (good) return HM_OK;
    hm_hdf5_close(*dataset);
    return hm_fail(HM_BAD_INPUT, "%s: %s is no array of numbers", place->file->path, path);
}

/* The unit of a dataset in atomic units; `fallback` where none is stated. */
static enum hm_status unit_of(const struct place *place, hid_t dataset, const char *path, enum hm_dimension dimension,
                              double fallback, double *unit)
{
    char *word, text[128];
    *unit = fallback;
    if (H5Aexists(dataset, "unit") <= 0) return HM_OK;
    HM_TRY(hm_hdf5_get_words(place->file, dataset, path, "unit", &word));
    snprintf(text, sizeof text, "1 %s", word);
    if (hm_units_parse(text, dimension, unit) != HM_OK) {
        const enum hm_status status = hm_fail(HM_BAD_INPUT, "%s: %s is in '%s', which is no unit of %s known here",
                                              place->file->path, path, word, hm_units_dimension_name(dimension));
        free(word);
        return status;
    }
    free(word);
    return HM_OK;
}

static enum hm_status read_all(const struct place *place, hid_t dataset, const char *path, hid_t type, void *out)
{
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0) return HM_OK;
    return hm_trajectory_fail(place->file, HM_BAD_INPUT, "read", path);
}

/* `count` numbers of an array that has one for each frame or atom, if there is one. */
static enum hm_status read_list(const struct place *place, const char *rest, hid_t type, size_t count, void *out,
                                bool *found)
{
    char path[PATH_BYTES];
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    int rank;
    path_of(place, rest, path);
    *found = false;
    HM_TRY(open_there(place, path, &dataset, &rank, dims));
    enum hm_status status = HM_OK;
    if (dataset > 0 && (rank != 1 || dims[0] != count))
        status = hm_fail(HM_BAD_INPUT, "%s: %s has not %zu values", place->file->path, path, count);
    else if (dataset > 0)
        status = read_all(place, dataset, path, type, out);
    *found = dataset > 0;
    hm_hdf5_close(dataset);
    return status;
}

/* ---- the clock of any H5MD file: an array, or one number that is the increment ---- */

static enum hm_status read_clock(const struct place *place, const char *rest, enum hm_dimension dimension,
                                 size_t nframe, double *values, bool *found)
{
    char path[PATH_BYTES];
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    int rank;
    double unit = 1;
    path_of(place, rest, path);
    HM_TRY(open_there(place, path, &dataset, &rank, dims));
    *found = dataset > 0;
    if (!*found) return HM_OK;
    enum hm_status status = HM_OK;
    if (rank > 1 || (rank == 1 && dims[0] < nframe))
        status = hm_fail(HM_BAD_INPUT, "%s: %s has not %zu values", place->file->path, path, nframe);
    if (status == HM_OK && dimension == HM_DIMENSION_TIME) {
        *found = H5Aexists(dataset, "unit") > 0; /* without a unit it says nothing */
        status = unit_of(place, dataset, path, dimension, 1, &unit);
    }
    if (status == HM_OK && *found && rank == 0) {
        status = read_all(place, dataset, path, H5T_NATIVE_DOUBLE, values);
        const double increment = values[0];
        for (size_t n = 0; n < nframe; n++) values[n] = (double)n * increment;
    } else if (status == HM_OK && *found)
        status = read_all(place, dataset, path, H5T_NATIVE_DOUBLE, values);
    for (size_t n = 0; status == HM_OK && *found && n < nframe; n++) values[n] *= unit;
    hm_hdf5_close(dataset);
    return status;
}

static enum hm_status read_clocks(const struct place *place, struct hm_stretch *stretch)
{
    bool timed, counted;
    double *steps = calloc(stretch->nframe, sizeof *steps);
    if (!steps) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", stretch->path);
    enum hm_status status =
        read_clock(place, "position/time", HM_DIMENSION_TIME, stretch->nframe, stretch->time, &timed);
    if (status == HM_OK)
        status = read_clock(place, "position/step", HM_DIMENSION_NONE, stretch->nframe, steps, &counted);
    if (status == HM_OK && !timed) {
        free(stretch->time);
        stretch->time = NULL;
    }
    for (size_t n = 0; status == HM_OK && counted && n < stretch->nframe; n++) stretch->step[n] = (int64_t)steps[n];
    if (status == HM_OK && !counted) {
        free(stretch->step);
        stretch->step = NULL;
    }
    free(steps);
    return status;
}

/* ---- atoms and box of any H5MD file ---- */

static enum hm_status read_atoms(const struct place *place, struct hm_stretch *stretch)
{
    bool found;
    char path[PATH_BYTES];
    HM_TRY(hm_stretch_reserve_atoms(stretch, true, true));
    HM_TRY(read_list(place, "species", H5T_NATIVE_INT, stretch->natom, stretch->number, &found));
    if (!found) {
        free(stretch->number);
        stretch->number = NULL;
    }
    HM_TRY(read_list(place, "mass", H5T_NATIVE_DOUBLE, stretch->natom, stretch->mass, &found));
    if (!found) {
        free(stretch->mass);
        stretch->mass = NULL;
        return HM_OK;
    }
    double unit;
    const hid_t dataset = H5Dopen2(place->file->file, path_of(place, "mass", path), H5P_DEFAULT);
    const enum hm_status status = unit_of(place, dataset, path, HM_DIMENSION_MASS, 1.0 / HM_MASS_AMU, &unit);
    hm_hdf5_close(dataset);
    for (size_t i = 0; i < stretch->natom; i++) stretch->mass[i] *= unit;
    return status;
}

static bool is_periodic(const char *word, size_t size)
{
    return size >= 8 && strncmp(word, "periodic", 8) == 0;
}

/* Three words, of either kind of HDF5 string; a box that says nothing is none. */
static enum hm_status read_boundary(const struct place *place, const char *box, bool periodic[3])
{
    char *lent[3] = {NULL};
    if (H5Aexists_by_name(place->file->file, box, "boundary", H5P_DEFAULT) <= 0) return HM_OK;
    const hid_t attribute = H5Aopen_by_name(place->file->file, box, "boundary", H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const size_t size = H5Tget_size(type);
    char *words = calloc(3, size + 1);
    bool good = words && H5Sget_simple_extent_npoints(space) == 3 && H5Tget_class(type) == H5T_STRING;
    const bool variable = good && H5Tis_variable_str(type) > 0;
    good = good && H5Aread(attribute, type, variable ? (void *)lent : words) >= 0;
    for (size_t k = 0; good && k < 3; k++) {
        const char *word = variable ? lent[k] : words + k * size;
        periodic[k] = word && is_periodic(word, variable ? strlen(word) : size);
    }
    for (size_t k = 0; k < 3; k++) H5free_memory(lent[k]);
    free(words);
    hm_hdf5_close(space);
    hm_hdf5_close(type);
    hm_hdf5_close(attribute);
    return good ? HM_OK : hm_trajectory_fail(place->file, HM_BAD_INPUT, "read the boundary of", box);
}

/* A vector or a matrix: once, or for each frame. What is not periodic has no edge here. */
static enum hm_status read_edges(const struct place *place, struct hm_stretch *stretch, const char *path, bool timed)
{
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    int rank;
    double unit = 1, *values = NULL;
    HM_TRY(open_there(place, path, &dataset, &rank, dims));
    const size_t width = rank - timed == 2 ? 9 : 3;
    size_t count = 1;
    for (int k = 0; k < rank; k++) count *= (size_t)dims[k];
    enum hm_status status = HM_OK;
    if (rank - timed < 1 || dims[rank - 1] != 3 || count % width != 0 || count == 0)
        status = hm_fail(HM_BAD_INPUT, "%s: %s has not the shape it should have", stretch->path, path);
    if (status == HM_OK && !(values = calloc(count, sizeof *values)))
        status = hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", stretch->path);
    if (status == HM_OK) status = unit_of(place, dataset, path, HM_DIMENSION_LENGTH, stretch->length, &unit);
    if (status == HM_OK) status = read_all(place, dataset, path, H5T_NATIVE_DOUBLE, values);
    for (size_t k = width; status == HM_OK && k < count; k++)
        if (values[k] != values[k % width])
            status = hm_fail(HM_BAD_INPUT, "%s: %s: the box changes with time", stretch->path, path);
    for (size_t k = 0; status == HM_OK && k < 9; k++) {
        const double edge = width == 9 ? values[k] : k % 4 == 0 ? values[k / 4] : 0;
        stretch->cell[k] = stretch->periodic[k / 3] ? edge * unit : 0;
    }
    free(values);
    hm_hdf5_close(dataset);
    return status;
}

static enum hm_status read_box(const struct place *place, struct hm_stretch *stretch)
{
    char box[PATH_BYTES], path[PATH_BYTES];
    if (!hm_hdf5_exists(place->file->file, path_of(place, "box", box))) return HM_OK;
    HM_TRY(read_boundary(place, box, stretch->periodic));
    if (!stretch->periodic[0] && !stretch->periodic[1] && !stretch->periodic[2]) return HM_OK;
    const bool timed = hm_hdf5_exists(place->file->file, path_of(place, "box/edges/value", path));
    return read_edges(place, stretch, timed ? path : path_of(place, "box/edges", path), timed);
}

/* ---- frames of any H5MD file ---- */

static enum hm_status read_positions(const struct place *place, struct hm_stretch *stretch)
{
    char path[PATH_BYTES];
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    HM_TRY(hm_trajectory_open_dataset(place->file, path_of(place, "position/value", path), 3, dims, &dataset));
    enum hm_status status = HM_OK;
    if (dims[0] == 0 || dims[1] == 0 || dims[2] != 3 || dims[1] > SIZE_MAX / (3 * sizeof(double)) ||
        H5Dget_storage_size(dataset) == 0)
        status = hm_fail(HM_BAD_INPUT, "%s: %s holds no frames of atoms in three dimensions", stretch->path, path);
    else if (H5Aexists(dataset, "unit") <= 0)
        status = hm_fail(HM_BAD_INPUT, "%s: %s has no unit", stretch->path, path);
    else
        status = unit_of(place, dataset, path, HM_DIMENSION_LENGTH, 1, &stretch->length);
    stretch->natom = (size_t)dims[1];
    if (status == HM_OK) status = hm_stretch_reserve(stretch, (size_t)dims[0], false, true, true, false);
    if (status == HM_OK) status = read_all(place, dataset, path, H5T_NATIVE_DOUBLE, stretch->x);
    hm_hdf5_close(dataset);
    HM_TRY(status);
    stretch->nframe = (size_t)dims[0];
    for (size_t k = 0; k < stretch->nframe * 3 * stretch->natom; k++) stretch->x[k] *= stretch->length;
    return HM_OK;
}

struct choice {
    struct place *place;
    size_t count; /* groups with positions that go on in time */
};

static herr_t note_group(hid_t particles, const char *name, const H5L_info_t *info, void *user)
{
    struct choice *choice = user;
    char path[PATH_BYTES];
    (void)particles;
    (void)info;
    if (strlen(name) >= sizeof choice->place->group) return 0;
    snprintf(path, sizeof path, "/particles/%s/position/value", name);
    if (!hm_hdf5_exists(choice->place->file->file, path)) return 0;
    strcpy(choice->place->group, name);
    choice->count++;
    return 0;
}

static enum hm_status choose_group(struct place *place)
{
    struct choice choice = {.place = place};
    const char *path = place->file->path;
    const hid_t file = place->file->file;
    const hid_t particles = hm_hdf5_exists(file, "/particles") ? H5Gopen2(file, "/particles", H5P_DEFAULT) : 0;
    if (particles < 0 ||
        (particles > 0 && H5Literate(particles, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, note_group, &choice) < 0))
        return hm_trajectory_fail(place->file, HM_BAD_INPUT, "read", "/particles");
    hm_hdf5_close(particles);
    if (choice.count == 1) return HM_OK;
    if (choice.count == 0)
        return hm_fail(HM_BAD_INPUT, "%s: no trajectory: there is no /particles/<group>/position/value", path);
    return hm_fail(HM_BAD_INPUT, "%s: holds %zu groups of particles; which one is meant cannot be known", path,
                   choice.count);
}

static enum hm_status read_any(const struct hm_trajectory *file, struct hm_stretch *stretch)
{
    struct place place = {.file = file};
    HM_TRY(choose_group(&place));
    HM_TRY(read_positions(&place, stretch));
    HM_TRY(read_clocks(&place, stretch));
    HM_TRY(read_atoms(&place, stretch));
    return read_box(&place, stretch);
}

enum hm_status hm_stretch_read_h5(struct hm_stretch *stretch)
{
    struct hm_trajectory file = {.path = stretch->path};
    hm_hdf5_silence();
    HM_TRY(hm_hdf5_open(&file));
    const bool own = hm_hdf5_exists(file.file, "/hamlet/run");
    const enum hm_status status = own ? HM_OK : read_any(&file, stretch);
    hm_hdf5_close(file.file);
    return own ? read_own(stretch) : status;
}
