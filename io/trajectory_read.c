#include "io/trajectory_internal.h"

#include "io/units.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static enum hm_status open_dataset(const struct hm_trajectory *trajectory, const char *path, int rank,
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
static enum hm_status read_rows(const struct hm_trajectory *trajectory, const struct hm_series *series, size_t first,
                                size_t count, hid_t type, void *out)
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

static enum hm_status get_attribute(const struct hm_trajectory *trajectory, const char *name, hid_t type, size_t count,
                                    void *value)
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
    HM_TRY(get_attribute(trajectory, "timestep_fs", H5T_NATIVE_DOUBLE, 1, &timestep_fs));
    HM_TRY(get_attribute(trajectory, "steps", whole, 1, &info->steps));
    HM_TRY(get_attribute(trajectory, "warmup_steps", whole, 1, &info->warmup_steps));
    HM_TRY(get_attribute(trajectory, "stride", whole, 1, &info->stride));
    HM_TRY(get_attribute(trajectory, "steps_done", whole, 1, &info->steps_done));
    HM_TRY(get_attribute(trajectory, "periodic", H5T_NATIVE_DOUBLE, 3, periodic));
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, sizeof info->status);
    const enum hm_status status = get_attribute(trajectory, "status", type, 1, info->status);
    hm_hdf5_close(type);
    HM_TRY(status);
    info->status[sizeof info->status - 1] = '\0';
    info->timestep = timestep_fs / HM_TIME_FS;
    info->periodic = periodic[0] != 0.0 || periodic[1] != 0.0 || periodic[2] != 0.0;
    return HM_OK;
}

static enum hm_status check_tail(const struct hm_trajectory *trajectory, const char *what, size_t dropped)
{
    if (dropped >= TAIL_ROWS) return hm_fail(HM_BAD_INPUT, "%s: %s is damaged", trajectory->path, what);
    hm_status_clear();
    return HM_OK;
}

static bool frame_readable(const struct hm_trajectory *trajectory, size_t index, double *scratch)
{
    const struct hm_series *series = trajectory->frames.series;
    int64_t step;
    if (read_rows(trajectory, &series[HM_SERIES_STEP], index, 1, H5T_NATIVE_INT64, &step) != HM_OK || step < 0)
        return false;
    for (size_t i = 1; i < sizeof frame_series / sizeof *frame_series; i++)
        if (read_rows(trajectory, &series[frame_series[i].name], index, 1, H5T_NATIVE_DOUBLE, scratch) != HM_OK)
            return false;
    return true;
}

/* As many frames as every dataset holds. The kill of a writer between two of its writes may leave some at the end
 * that cannot be read or were never filled: they do not count, and they all lie in the last chunk. */
static enum hm_status count_frames(struct hm_trajectory *trajectory)
{
    struct hm_trajectory_info *info = &trajectory->info;
    size_t count = SIZE_MAX;
    for (size_t i = 0; i < sizeof frame_series / sizeof *frame_series; i++) {
        struct hm_series *series = &trajectory->frames.series[frame_series[i].name];
        series->rank = frame_series[i].rank;
        HM_TRY(open_dataset(trajectory, frame_series[i].path, series->rank, series->row, &series->dataset));
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

static enum hm_status open_table(struct hm_trajectory *trajectory, enum hm_table_name table, size_t *count)
{
    struct hm_series *series = &trajectory->tables[table].series[0];
    unsigned char record[256];
    series->rank = 1;
    HM_TRY(open_dataset(trajectory, hm_table_paths[table], 1, series->row, &series->dataset));
    series->type = hm_record_type(table, false);
    *count = (size_t)series->row[0];
    while (*count > 0 && series->row[0] - *count < TAIL_ROWS &&
           read_rows(trajectory, series, *count - 1, 1, series->type, record) != HM_OK)
        (*count)--;
    return check_tail(trajectory, hm_table_paths[table], (size_t)series->row[0] - *count);
}

/* The number of atoms follows from the species, and is checked against everything else. */
static enum hm_status read_counts(struct hm_trajectory *trajectory)
{
    struct hm_trajectory_info *info = &trajectory->info;
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    HM_TRY(open_dataset(trajectory, SYSTEM "/species", 1, dims, &dataset));
    const hsize_t stored = H5Dget_storage_size(dataset);
    hm_hdf5_close(dataset);
    if (dims[0] == 0 || dims[0] > stored)
        return hm_fail(HM_BAD_INPUT, "%s: " SYSTEM "/species is damaged", trajectory->path);
    info->natom = (size_t)dims[0];
    HM_TRY(open_dataset(trajectory, "/hamlet/bonds", 2, dims, &dataset));
    hm_hdf5_close(dataset);
    if (dims[1] != 2)
        return hm_fail(HM_BAD_INPUT, "%s: /hamlet/bonds has not the shape it should have", trajectory->path);
    info->nbond = (size_t)dims[0];
    HM_TRY(count_frames(trajectory));
    HM_TRY(open_table(trajectory, HM_TABLE_DECISIONS, &info->ndecision));
    HM_TRY(open_table(trajectory, HM_TABLE_INJECTIONS, &info->ninjection));
    return open_table(trajectory, HM_TABLE_TRAINING, &info->ntraining);
}

static enum hm_status open_file(struct hm_trajectory *trajectory)
{
    if (access(trajectory->path, R_OK) != 0)
        return hm_fail(HM_BAD_INPUT, "%s: cannot be opened: %s", trajectory->path, strerror(errno));
    const hid_t list = hm_hdf5_access_list();
    if (H5Fis_hdf5(trajectory->path) <= 0) {
        hm_hdf5_close(list);
        return hm_fail(HM_BAD_INPUT, "%s: is not an HDF5 file", trajectory->path);
    }
    trajectory->file = H5Fopen(trajectory->path, H5F_ACC_RDONLY, list);
    enum hm_status status = HM_OK;
    if (trajectory->file < 0) status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "open", "the file");
    hm_hdf5_close(list);
    HM_TRY(status);
    if (!hm_hdf5_exists(trajectory->file, "/hamlet/run"))
        return hm_fail(HM_BAD_INPUT, "%s: an HDF5 file, but not a Hamlet trajectory: there is no /hamlet/run",
                       trajectory->path);
    HM_TRY(read_run(trajectory));
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

/* ---- whole datasets ---- */

static enum hm_status read_whole(struct hm_trajectory *trajectory, const char *path, int rank, const hsize_t *expected,
                                 hid_t type, void *out)
{
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    HM_TRY(open_dataset(trajectory, path, rank, dims, &dataset));
    enum hm_status status = HM_OK;
    for (int k = 0; k < rank; k++)
        if (dims[k] != expected[k])
            status = hm_fail(HM_BAD_INPUT, "%s: %s has not the shape it should have", trajectory->path, path);
    if (status == HM_OK && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", path);
    hm_hdf5_close(dataset);
    return status;
}

static enum hm_status read_atoms(struct hm_trajectory *trajectory, struct hm_frame *frame)
{
    const hsize_t natom = trajectory->info.natom;
    double periodic[3];
    HM_TRY(read_whole(trajectory, SYSTEM "/species", 1, &natom, H5T_NATIVE_INT, frame->number));
    HM_TRY(read_whole(trajectory, SYSTEM "/mass", 1, &natom, H5T_NATIVE_DOUBLE, frame->mass));
    HM_TRY(get_attribute(trajectory, "cell_angstrom", H5T_NATIVE_DOUBLE, 9, frame->cell));
    HM_TRY(get_attribute(trajectory, "periodic", H5T_NATIVE_DOUBLE, 3, periodic));
    for (size_t i = 0; i < frame->natom; i++) frame->mass[i] /= HM_MASS_AMU;
    for (int k = 0; k < 9; k++) frame->cell[k] /= HM_LENGTH_ANGSTROM;
    for (int k = 0; k < 3; k++) frame->periodic[k] = periodic[k] != 0.0;
    return HM_OK;
}

enum hm_status hm_trajectory_read_topology(struct hm_trajectory *trajectory, struct hm_frame *frame)
{
    HM_TRY(hm_frame_create(trajectory->info.natom, frame));
    const enum hm_status status = read_atoms(trajectory, frame);
    if (status != HM_OK) hm_frame_release(frame);
    return status;
}

enum hm_status hm_trajectory_read_bonds(struct hm_trajectory *trajectory, size_t (*bonds)[2])
{
    const size_t nbond = trajectory->info.nbond;
    const hsize_t dims[2] = {nbond, 2};
    if (nbond == 0) return HM_OK;
    uint64_t *pairs = malloc(2 * nbond * sizeof *pairs);
    if (!pairs) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", trajectory->path);
    enum hm_status status = read_whole(trajectory, "/hamlet/bonds", 2, dims, H5T_NATIVE_UINT64, pairs);
    for (size_t i = 0; status == HM_OK && i < 2 * nbond; i++) {
        bonds[i / 2][i % 2] = (size_t)pairs[i];
        if (pairs[i] >= trajectory->info.natom)
            status = hm_fail(HM_BAD_INPUT, "%s: bond %zu refers to an atom that is not there", trajectory->path, i / 2);
    }
    free(pairs);
    return status;
}

/* ---- rows ---- */

static enum hm_status check_range(const struct hm_trajectory *trajectory, const char *what, size_t first, size_t count,
                                  size_t available)
{
    if (first <= available && count <= available - first) return HM_OK;
    return hm_fail(HM_BAD_INPUT, "%s: %s %zu to %zu wanted of the %zu there are", trajectory->path, what, first,
                   first + count - 1, available);
}

static enum hm_status read_reals(struct hm_trajectory *trajectory, enum hm_series_name name, size_t first, size_t count,
                                 double unit, double *out)
{
    if (!out) return HM_OK;
    const struct hm_series *series = &trajectory->frames.series[name];
    HM_TRY(read_rows(trajectory, series, first, count, H5T_NATIVE_DOUBLE, out));
    const size_t values = count * (series->rank == 3 ? 3 * trajectory->info.natom : 1);
    for (size_t i = 0; i < values; i++) out[i] /= unit;
    return HM_OK;
}

static enum hm_status check_opened_to_read(const struct hm_trajectory *trajectory)
{
    if (trajectory->writable) return hm_fail(HM_INTERNAL, "%s: was opened for writing only", trajectory->path);
    return HM_OK;
}

enum hm_status hm_trajectory_read_frames(struct hm_trajectory *trajectory, size_t first, size_t count, int64_t *steps,
                                         double *x, double *v, double *force, double *potential, double *kinetic)
{
    HM_TRY(check_opened_to_read(trajectory));
    HM_TRY(check_range(trajectory, "frames", first, count, trajectory->info.nframe));
    if (steps)
        HM_TRY(
            read_rows(trajectory, &trajectory->frames.series[HM_SERIES_STEP], first, count, H5T_NATIVE_INT64, steps));
    HM_TRY(read_reals(trajectory, HM_SERIES_POSITION, first, count, HM_LENGTH_ANGSTROM, x));
    HM_TRY(read_reals(trajectory, HM_SERIES_VELOCITY, first, count, HM_VELOCITY_ANGSTROM_PER_PS, v));
    HM_TRY(read_reals(trajectory, HM_SERIES_FORCE, first, count, HM_FORCE_KJ_PER_MOL_ANGSTROM, force));
    HM_TRY(read_reals(trajectory, HM_SERIES_POTENTIAL, first, count, HM_ENERGY_KJ_PER_MOL, potential));
    return read_reals(trajectory, HM_SERIES_KINETIC, first, count, HM_ENERGY_KJ_PER_MOL, kinetic);
}

static enum hm_status read_table(struct hm_trajectory *trajectory, enum hm_table_name table, size_t first, size_t count,
                                 size_t available, void *records, size_t record_bytes)
{
    HM_TRY(check_opened_to_read(trajectory));
    HM_TRY(check_range(trajectory, "rows", first, count, available));
    memset(records, 0, count * record_bytes); /* fields that an older file lacks */
    const struct hm_series *series = &trajectory->tables[table].series[0];
    return read_rows(trajectory, series, first, count, series->type, records);
}

enum hm_status hm_trajectory_read_decisions(struct hm_trajectory *trajectory, size_t first, size_t count,
                                            struct hm_decision_record *records)
{
    return read_table(trajectory, HM_TABLE_DECISIONS, first, count, trajectory->info.ndecision, records,
                      sizeof *records);
}

enum hm_status hm_trajectory_read_injections(struct hm_trajectory *trajectory, size_t first, size_t count,
                                             struct hm_injection_record *records)
{
    return read_table(trajectory, HM_TABLE_INJECTIONS, first, count, trajectory->info.ninjection, records,
                      sizeof *records);
}

enum hm_status hm_trajectory_read_training(struct hm_trajectory *trajectory, size_t first, size_t count,
                                           struct hm_training_record *records)
{
    return read_table(trajectory, HM_TABLE_TRAINING, first, count, trajectory->info.ntraining, records,
                      sizeof *records);
}

/* ---- texts, bytes, arrays by name ---- */

enum hm_status hm_trajectory_read_weights(struct hm_trajectory *trajectory, int32_t version, struct hm_archive *bytes,
                                          bool *found)
{
    char path[64];
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    snprintf(path, sizeof path, "/hamlet/weights/%d", (int)version);
    *found = hm_hdf5_exists(trajectory->file, path);
    if (!*found) return HM_OK;
    HM_TRY(open_dataset(trajectory, path, 1, dims, &dataset));
    enum hm_status status = HM_OK;
    if (dims[0] > H5Dget_storage_size(dataset))
        status = hm_fail(HM_BAD_INPUT, "%s: %s is damaged", trajectory->path, path);
    if (status == HM_OK) status = hm_archive_resize(bytes, (size_t)dims[0]);
    if (status == HM_OK && dims[0] > 0 &&
        H5Dread(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes->bytes) < 0)
        status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", path);
    hm_hdf5_close(dataset);
    return status;
}

enum hm_status hm_trajectory_read_config(struct hm_trajectory *trajectory, struct hm_archive *text)
{
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    char *stored = NULL;
    HM_TRY(open_dataset(trajectory, "/hamlet/config", 0, dims, &dataset));
    const hid_t type = hm_hdf5_text_type();
    enum hm_status status = HM_OK;
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &stored) < 0 || !stored)
        status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", "/hamlet/config");
    if (status == HM_OK) status = hm_archive_resize(text, strlen(stored) + 1);
    if (status == HM_OK) memcpy(text->bytes, stored, strlen(stored) + 1);
    H5free_memory(stored);
    hm_hdf5_close(type);
    hm_hdf5_close(dataset);
    return status;
}

double hm_trajectory_read_timing(struct hm_trajectory *trajectory, const char *name)
{
    char path[256];
    double seconds = NAN;
    if (snprintf(path, sizeof path, "/hamlet/timing/%s", name) >= (int)sizeof path) return NAN;
    if (!hm_hdf5_exists(trajectory->file, path)) return NAN;
    return read_whole(trajectory, path, 0, NULL, H5T_NATIVE_DOUBLE, &seconds) == HM_OK ? seconds : NAN;
}

enum hm_status hm_trajectory_read_array(struct hm_trajectory *trajectory, const char *name, double **values,
                                        size_t *rows, size_t *columns)
{
    char path[256];
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    *values = NULL;
    *rows = *columns = 0;
    if (snprintf(path, sizeof path, "/hamlet/correlations/%s", name) >= (int)sizeof path ||
        !hm_hdf5_exists(trajectory->file, path))
        return HM_OK;
    HM_TRY(open_dataset(trajectory, path, 2, dims, &dataset));
    enum hm_status status = HM_OK;
    const hsize_t stored = H5Dget_storage_size(dataset) / sizeof(double);
    if (dims[1] > 0 && dims[0] > stored / dims[1])
        status = hm_fail(HM_BAD_INPUT, "%s: %s is damaged", trajectory->path, path);
    const size_t count = status == HM_OK ? (size_t)(dims[0] * dims[1]) : 0;
    if (status == HM_OK && !(*values = malloc((count + 1) * sizeof **values)))
        status = hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", trajectory->path);
    if (status == HM_OK && count > 0 && H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) < 0)
        status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", path);
    hm_hdf5_close(dataset);
    if (status != HM_OK) {
        free(*values);
        *values = NULL;
        return status;
    }
    *rows = (size_t)dims[0];
    *columns = (size_t)dims[1];
    return HM_OK;
}
