#include "io/trajectory_internal.h"

#include "io/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEM "/particles/system"
/* Rows at the end that the kill of a writer may have left unfinished; more are damage. */
enum { TAIL_ROWS = 8192 };

static const struct {
    const char *path;
    enum hm_series_name name;
    int rank;
} frame_series[] = {
    {SYSTEM "/position/step", HM_SERIES_STEP, 1},
    {SYSTEM "/position/value", HM_SERIES_POSITION, 3},
    {SYSTEM "/velocity/value", HM_SERIES_VELOCITY, 3},
    {SYSTEM "/force/value", HM_SERIES_FORCE, 3},
    {"/observables/potential_energy/value", HM_SERIES_POTENTIAL, 1},
    {"/observables/kinetic_energy/value", HM_SERIES_KINETIC, 1},
    {"/observables/conserved_energy/value", HM_SERIES_CONSERVED, 1}, /* last: only with a thermostat */
};

/* ---- pieces ---- */

static enum hm_status fail_missing(const struct hm_trajectory *trajectory, const char *what)
{
    return hm_fail(HM_BAD_INPUT, "%s: not a complete Hamlet trajectory: there is no %s", trajectory->path, what);
}

/* The shape of a dataset; fails unless it has this rank. */
static enum hm_status shape_of(const struct hm_trajectory *trajectory, hid_t dataset, const char *path, int rank,
                               hsize_t dims[HM_RANK_MAX])
{
    const hid_t space = H5Dget_space(dataset);
    const bool good =
        space >= 0 && H5Sget_simple_extent_ndims(space) == rank && H5Sget_simple_extent_dims(space, dims, NULL) == rank;
    hm_hdf5_close(space);
    if (!good) return hm_fail(HM_BAD_INPUT, "%s: %s has not the shape it should have", trajectory->path, path);
    return HM_OK;
}

enum hm_status hm_trajectory_open_dataset(const struct hm_trajectory *trajectory, const char *path, int rank,
                                          hsize_t dims[HM_RANK_MAX], hid_t *dataset)
{
    *dataset = 0;
    if (!hm_hdf5_exists(trajectory->file, path)) return fail_missing(trajectory, path);
    const hid_t handle = H5Dopen2(trajectory->file, path, H5P_DEFAULT);
    if (handle < 0) return hm_trajectory_fail(trajectory, HM_BAD_INPUT, "open", path);
    const enum hm_status status = shape_of(trajectory, handle, path, rank, dims);
    if (status != HM_OK)
        hm_hdf5_close(handle);
    else
        *dataset = handle;
    return status;
}

/* Rows first .. first+count-1 of an open series. */
enum hm_status hm_trajectory_read_rows(const struct hm_trajectory *trajectory, const struct hm_series *series,
                                       size_t first, size_t count, hid_t type, void *out)
{
    if (count == 0) return HM_OK;
    hsize_t start[HM_RANK_MAX] = {first}, size[HM_RANK_MAX];
    memcpy(size, series->row, sizeof size);
    size[0] = count;
    hid_t space = H5Dget_space(series->dataset), memory = H5Screate_simple(series->rank, size, NULL);
    enum hm_status status = HM_OK;
    if (space < 0 || memory < 0 || H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
        H5Dread(series->dataset, type, memory, space, H5P_DEFAULT, out) < 0)
        status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", "the data (damaged or cut short)");
    hm_hdf5_close(memory);
    hm_hdf5_close(space);
    return status;
}

enum hm_status hm_trajectory_get_attribute(const struct hm_trajectory *trajectory, const char *name, hid_t type,
                                           size_t count, void *value)
{
    if (H5Aexists_by_name(trajectory->file, "/hamlet/run", name, H5P_DEFAULT) <= 0) {
        char what[96];
        snprintf(what, sizeof what, "attribute %s of /hamlet/run", name);
        return fail_missing(trajectory, what);
    }
    const hid_t attribute = H5Aopen_by_name(trajectory->file, "/hamlet/run", name, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t space = attribute >= 0 ? H5Aget_space(attribute) : -1;
    enum hm_status status = HM_OK;
    if (space < 0 || H5Sget_simple_extent_npoints(space) != (hssize_t)count || H5Aread(attribute, type, value) < 0)
        status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read attribute", name);
    hm_hdf5_close(space);
    hm_hdf5_close(attribute);
    return status;
}

/* ---- open ---- */

static enum hm_status read_run(struct hm_trajectory *trajectory)
{
    struct hm_trajectory_info *info = &trajectory->info;
    const hid_t whole = H5T_NATIVE_INT64;
    double timestep_fs, periodic[3];
    HM_TRY(hm_trajectory_get_attribute(trajectory, "timestep_fs", H5T_NATIVE_DOUBLE, 1, &timestep_fs));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "steps", whole, 1, &info->steps));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "warmup_steps", whole, 1, &info->warmup_steps));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "stride", whole, 1, &info->stride));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "steps_done", whole, 1, &info->steps_done));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "periodic", H5T_NATIVE_DOUBLE, 3, periodic));
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, sizeof info->status);
    const enum hm_status status = hm_trajectory_get_attribute(trajectory, "status", type, 1, info->status);
    hm_hdf5_close(type);
    HM_TRY(status);
    info->status[sizeof info->status - 1] = '\0';
    info->timestep = timestep_fs / HM_TIME_FS;
    info->periodic = periodic[0] != 0.0 || periodic[1] != 0.0 || periodic[2] != 0.0;
    return HM_OK;
}

/* What files of earlier versions do not say. */
static enum hm_status read_whether_thermostatted(struct hm_trajectory *trajectory)
{
    int64_t thermostatted = 0;
    if (H5Aexists_by_name(trajectory->file, "/hamlet/run", "thermostatted", H5P_DEFAULT) > 0)
        HM_TRY(hm_trajectory_get_attribute(trajectory, "thermostatted", H5T_NATIVE_INT64, 1, &thermostatted));
    trajectory->info.thermostatted = thermostatted != 0;
    return HM_OK;
}

static enum hm_status check_tail(const struct hm_trajectory *trajectory, const char *what, size_t dropped)
{
    if (dropped >= TAIL_ROWS) return hm_fail(HM_BAD_INPUT, "%s: %s is damaged", trajectory->path, what);
    hm_status_clear();
    return HM_OK;
}

static size_t series_count(const struct hm_trajectory *trajectory)
{
    return sizeof frame_series / sizeof *frame_series - (trajectory->info.thermostatted ? 0 : 1);
}

static bool frame_readable(const struct hm_trajectory *trajectory, size_t index, double *scratch)
{
    const struct hm_series *series = trajectory->frames.series;
    int64_t step;
    if (hm_trajectory_read_rows(trajectory, &series[HM_SERIES_STEP], index, 1, H5T_NATIVE_INT64, &step) != HM_OK ||
        step < 0)
        return false;
    for (size_t i = 1; i < series_count(trajectory); i++)
        if (hm_trajectory_read_rows(trajectory, &series[frame_series[i].name], index, 1, H5T_NATIVE_DOUBLE, scratch) !=
            HM_OK)
            return false;
    return true;
}

/* As many frames as every dataset holds. The kill of a writer between two of its writes may leave some at the end
 * that cannot be read or were never filled: they do not count, and they all lie in the last chunk. */
static enum hm_status count_frames(struct hm_trajectory *trajectory)
{
    struct hm_trajectory_info *info = &trajectory->info;
    size_t count = SIZE_MAX;
    for (size_t i = 0; i < series_count(trajectory); i++) {
        struct hm_series *series = &trajectory->frames.series[frame_series[i].name];
        series->rank = frame_series[i].rank;
        HM_TRY(
            hm_trajectory_open_dataset(trajectory, frame_series[i].path, series->rank, series->row, &series->dataset));
        if (series->row[0] < count) count = (size_t)series->row[0];
        if (series->rank == 3 && (series->row[1] != info->natom || series->row[2] != 3))
            return hm_fail(HM_BAD_INPUT, "%s: %s does not fit the %zu atoms there are", trajectory->path,
                           frame_series[i].path, info->natom);
    }
    double *scratch = malloc(3 * info->natom * sizeof *scratch);
    if (!scratch) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", trajectory->path);
    info->nframe = count;
    while (info->nframe > 0 && count - info->nframe < TAIL_ROWS &&
           !frame_readable(trajectory, info->nframe - 1, scratch))
        info->nframe--;
    free(scratch);
    return check_tail(trajectory, "/particles/system", count - info->nframe);
}

static bool record_readable(const struct hm_trajectory *trajectory, const struct hm_series *series, size_t index)
{
    unsigned char record[256];
    int64_t step; /* every record begins with it */
    if (hm_trajectory_read_rows(trajectory, series, index, 1, series->type, record) != HM_OK) return false;
    memcpy(&step, record, sizeof step);
    return step >= 0;
}

static enum hm_status open_table(struct hm_trajectory *trajectory, enum hm_table_name table, size_t *count)
{
    struct hm_series *series = &trajectory->tables[table].series[0];
    series->rank = 1;
    HM_TRY(hm_trajectory_open_dataset(trajectory, hm_table_paths[table], 1, series->row, &series->dataset));
    series->type = hm_record_type(table, false);
    *count = (size_t)series->row[0];
    while (*count > 0 && series->row[0] - *count < TAIL_ROWS && !record_readable(trajectory, series, *count - 1))
        (*count)--;
    return check_tail(trajectory, hm_table_paths[table], (size_t)series->row[0] - *count);
}

/* The number of atoms follows from the species, and is checked against everything else. */
static enum hm_status read_counts(struct hm_trajectory *trajectory)
{
    struct hm_trajectory_info *info = &trajectory->info;
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    HM_TRY(hm_trajectory_open_dataset(trajectory, SYSTEM "/species", 1, dims, &dataset));
    const hsize_t stored = H5Dget_storage_size(dataset);
    hm_hdf5_close(dataset);
    if (dims[0] == 0 || dims[0] > stored)
        return hm_fail(HM_BAD_INPUT, "%s: " SYSTEM "/species is damaged", trajectory->path);
    info->natom = (size_t)dims[0];
    HM_TRY(hm_trajectory_open_dataset(trajectory, "/hamlet/bonds", 2, dims, &dataset));
    hm_hdf5_close(dataset);
    if (dims[1] != 2)
        return hm_fail(HM_BAD_INPUT, "%s: /hamlet/bonds has not the shape it should have", trajectory->path);
    info->nbond = (size_t)dims[0];
    HM_TRY(count_frames(trajectory));
    HM_TRY(open_table(trajectory, HM_TABLE_DECISIONS, &info->ndecision));
    HM_TRY(open_table(trajectory, HM_TABLE_INJECTIONS, &info->ninjection));
    HM_TRY(open_table(trajectory, HM_TABLE_TRAINING, &info->ntraining));
    /* Older files have not all of them. */
    if (hm_hdf5_exists(trajectory->file, hm_table_paths[HM_TABLE_FAULTS]))
        HM_TRY(open_table(trajectory, HM_TABLE_FAULTS, &info->nfault));
    if (hm_hdf5_exists(trajectory->file, hm_table_paths[HM_TABLE_STUDY]))
        HM_TRY(open_table(trajectory, HM_TABLE_STUDY, &info->nstudy));
    if (hm_hdf5_exists(trajectory->file, hm_table_paths[HM_TABLE_ROUNDS]))
        HM_TRY(open_table(trajectory, HM_TABLE_ROUNDS, &info->nround));
    return HM_OK;
}

static enum hm_status open_file(struct hm_trajectory *trajectory)
{
    HM_TRY(hm_hdf5_open(trajectory));
    if (!hm_hdf5_exists(trajectory->file, "/hamlet/run"))
        return hm_fail(HM_BAD_INPUT, "%s: an HDF5 file, but not a Hamlet trajectory: there is no /hamlet/run",
                       trajectory->path);
    HM_TRY(read_run(trajectory));
    HM_TRY(read_whether_thermostatted(trajectory));
    return read_counts(trajectory);
}

enum hm_status hm_trajectory_open(const char *path, struct hm_trajectory **trajectory)
{
    *trajectory = NULL;
    hm_hdf5_silence();
    struct hm_trajectory *self = calloc(1, sizeof *self);
    if (!self) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    enum hm_status status = HM_OK;
    self->path = malloc(strlen(path) + 1);
    if (self->path)
        strcpy(self->path, path);
    else
        status = hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    if (status == HM_OK) status = open_file(self);
    if (status != HM_OK) {
        hm_trajectory_release(self);
        return status;
    }
    *trajectory = self;
    return HM_OK;
}

const struct hm_trajectory_info *hm_trajectory_info(const struct hm_trajectory *trajectory)
{
    return &trajectory->info;
}
