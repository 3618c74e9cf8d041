#include "io/trajectory_internal.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FLUSH_SECONDS 1.0

/* Cheap; a few milliseconds coarse. */
static double coarse_clock(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0) return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
#endif
    return hm_clock();
}

/* Remembers a write failure: the file is damaged from here on, later calls only repeat the verdict. */
static enum hm_status poison(struct hm_trajectory *trajectory, enum hm_status status)
{
    if (trajectory->status == HM_OK) trajectory->status = status;
    return status;
}

static enum hm_status check_writable(const struct hm_trajectory *trajectory)
{
    if (!trajectory->writable) return hm_fail(HM_INTERNAL, "%s: was opened for reading only", trajectory->path);
    if (trajectory->status != HM_OK)
        return hm_fail(trajectory->status, "%s: not written to any more after an earlier failure", trajectory->path);
    return HM_OK;
}

/* ---- blocks ---- */

static enum hm_status write_series(struct hm_trajectory *trajectory, const struct hm_block *block,
                                   const struct hm_series *series)
{
    hsize_t extent[HM_RANK_MAX], start[HM_RANK_MAX] = {block->written}, count[HM_RANK_MAX];
    memcpy(extent, series->row, sizeof extent);
    memcpy(count, series->row, sizeof count);
    extent[0] = block->written + block->pending;
    count[0] = block->pending;
    hid_t space = 0, memory = 0;
    bool good = H5Dset_extent(series->dataset, extent) >= 0;
    good = good && (space = H5Dget_space(series->dataset)) >= 0;
    good = good && (memory = H5Screate_simple(series->rank, count, NULL)) >= 0;
    good = good && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0;
    good = good && H5Dwrite(series->dataset, series->type, memory, space, H5P_DEFAULT, series->buffer) >= 0;
    enum hm_status status = HM_OK;
    if (!good) status = poison(trajectory, hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", "to the file"));
    hm_hdf5_close(space);
    hm_hdf5_close(memory);
    return status;
}

static enum hm_status write_block(struct hm_trajectory *trajectory, struct hm_block *block)
{
    if (block->pending == 0) return HM_OK;
    for (size_t i = 0; i < block->nseries; i++)
        if (block->series[i].dataset > 0) HM_TRY(write_series(trajectory, block, &block->series[i]));
    block->written += block->pending;
    block->pending = 0;
    return HM_OK;
}

enum hm_status hm_trajectory_flush(struct hm_trajectory *trajectory)
{
    HM_TRY(check_writable(trajectory));
    for (int i = 0; i < HM_TABLE_COUNT; i++) HM_TRY(write_block(trajectory, &trajectory->tables[i]));
    HM_TRY(write_block(trajectory, &trajectory->frames));
    if (trajectory->dirty && H5Fflush(trajectory->file, H5F_SCOPE_GLOBAL) < 0)
        return poison(trajectory, hm_trajectory_fail(trajectory, HM_IO_ERROR, "flush", "the file"));
    trajectory->dirty = false;
    trajectory->next_flush = coarse_clock() + FLUSH_SECONDS;
    return HM_OK;
}

/* After a row was added: the block goes out when its chunk is full, everything when a second has passed. */
static enum hm_status row_added(struct hm_trajectory *trajectory, struct hm_block *block)
{
    block->pending++;
    trajectory->dirty = true;
    if (block->pending >= block->capacity - block->written % block->capacity) HM_TRY(write_block(trajectory, block));
    return coarse_clock() >= trajectory->next_flush ? hm_trajectory_flush(trajectory) : HM_OK;
}

/* ---- appending ---- */

static void *row_of(const struct hm_block *block, enum hm_series_name name)
{
    const struct hm_series *series = &block->series[name];
    return series->buffer + block->pending * series->row_bytes;
}

static void put_scalar(const struct hm_block *block, enum hm_series_name name, double value)
{
    memcpy(row_of(block, name), &value, sizeof value);
}

static void put_scaled(double *out, const double *values, size_t count, double scale)
{
    for (size_t i = 0; i < count; i++) out[i] = values[i] * scale;
}

enum hm_status hm_trajectory_append(struct hm_trajectory *trajectory, const struct hm_trajectory_frame *frame)
{
    HM_TRY(check_writable(trajectory));
    struct hm_block *block = &trajectory->frames;
    const size_t n = 3 * trajectory->topology.natom;
    const double kinetic = hm_kinetic_energy(&trajectory->topology, frame->v);
    const double temperature = 2.0 * kinetic / (double)hm_degrees_of_freedom(&trajectory->topology);
    memcpy(row_of(block, HM_SERIES_STEP), &frame->step, sizeof frame->step);
    put_scalar(block, HM_SERIES_TIME, (double)frame->step * trajectory->info.timestep * HM_TIME_PS);
    put_scalar(block, HM_SERIES_POTENTIAL, frame->potential_energy * HM_ENERGY_KJ_PER_MOL);
    put_scalar(block, HM_SERIES_KINETIC, kinetic * HM_ENERGY_KJ_PER_MOL);
    put_scalar(block, HM_SERIES_TOTAL, (frame->potential_energy + kinetic) * HM_ENERGY_KJ_PER_MOL);
    put_scalar(block, HM_SERIES_TEMPERATURE, temperature * HM_TEMPERATURE_KELVIN);
    if (trajectory->info.thermostatted)
        put_scalar(block, HM_SERIES_CONSERVED,
                   (frame->potential_energy + kinetic - frame->heat) * HM_ENERGY_KJ_PER_MOL);
    put_scaled(row_of(block, HM_SERIES_POSITION), frame->x, n, HM_LENGTH_ANGSTROM);
    put_scaled(row_of(block, HM_SERIES_VELOCITY), frame->v, n, HM_VELOCITY_ANGSTROM_PER_PS);
    double *force = row_of(block, HM_SERIES_FORCE);
    if (frame->force) put_scaled(force, frame->force, n, HM_FORCE_KJ_PER_MOL_ANGSTROM);
    for (size_t i = 0; !frame->force && i < n; i++) force[i] = NAN;
    if (trajectory->info.periodic) {
        put_scaled(row_of(block, HM_SERIES_EDGES), trajectory->topology.cell, 9, HM_LENGTH_ANGSTROM);
        int *image = row_of(block, HM_SERIES_IMAGE);
        if (frame->image)
            memcpy(image, frame->image, n * sizeof *image);
        else
            memset(image, 0, n * sizeof *image);
    }
    trajectory->info.nframe++;
    return row_added(trajectory, block);
}

static enum hm_status log_record(struct hm_trajectory *trajectory, enum hm_table_name table, const void *record,
                                 size_t *count)
{
    HM_TRY(check_writable(trajectory));
    struct hm_block *block = &trajectory->tables[table];
    hm_record_pack(table, record, block->series[0].buffer + block->pending * block->series[0].row_bytes);
    (*count)++;
    return row_added(trajectory, block);
}

enum hm_status hm_trajectory_log_decision(struct hm_trajectory *trajectory, const struct hm_decision_record *record)
{
    return log_record(trajectory, HM_TABLE_DECISIONS, record, &trajectory->info.ndecision);
}

enum hm_status hm_trajectory_log_injection(struct hm_trajectory *trajectory, const struct hm_injection_record *record)
{
    return log_record(trajectory, HM_TABLE_INJECTIONS, record, &trajectory->info.ninjection);
}

enum hm_status hm_trajectory_log_training(struct hm_trajectory *trajectory, const struct hm_training_record *record)
{
    return log_record(trajectory, HM_TABLE_TRAINING, record, &trajectory->info.ntraining);
}

enum hm_status hm_trajectory_log_fault(struct hm_trajectory *trajectory, const struct hm_fault_record *record)
{
    return log_record(trajectory, HM_TABLE_FAULTS, record, &trajectory->info.nfault);
}

enum hm_status hm_trajectory_log_study(struct hm_trajectory *trajectory, const struct hm_study_record *record)
{
    return log_record(trajectory, HM_TABLE_STUDY, record, &trajectory->info.nstudy);
}

enum hm_status hm_trajectory_log_round(struct hm_trajectory *trajectory, const struct hm_round_record *record)
{
    return log_record(trajectory, HM_TABLE_ROUNDS, record, &trajectory->info.nround);
}

/* ---- single datasets ---- */

static hid_t parents_list(void)
{
    const hid_t list = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(list, 1);
    return list;
}

/* A dataset of known size; an earlier one of the same shape is overwritten in place, any other replaced.
 * `unit` NULL: none. */
static enum hm_status write_dataset(struct hm_trajectory *trajectory, const char *path, hid_t type, int rank,
                                    const hsize_t *dims, const char *unit, const void *values)
{
    const hid_t parents = parents_list();
    const hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    hid_t dataset = 0, old = 0;
    enum hm_status status = HM_OK;
    if (hm_hdf5_exists(trajectory->file, path)) {
        dataset = H5Dopen2(trajectory->file, path, H5P_DEFAULT);
        old = dataset >= 0 ? H5Dget_space(dataset) : 0;
        if (old <= 0 || H5Sextent_equal(old, space) <= 0) {
            hm_hdf5_close(dataset);
            dataset = 0;
            H5Ldelete(trajectory->file, path, H5P_DEFAULT);
        }
    }
    const bool created = dataset == 0;
    if (created) dataset = H5Dcreate2(trajectory->file, path, type, space, parents, H5P_DEFAULT, H5P_DEFAULT);
    if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        status = poison(trajectory, hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", path));
    if (status == HM_OK && created && unit) status = hm_hdf5_put_text(trajectory, dataset, "unit", unit);
    hm_hdf5_close(old);
    hm_hdf5_close(dataset);
    hm_hdf5_close(space);
    hm_hdf5_close(parents);
    trajectory->dirty = true;
    return status;
}

/* The dataset with its attributes, complete but without a name. */
static enum hm_status put_weights(struct hm_trajectory *trajectory, const char *path,
                                  const struct hm_weights_of_member *weights, hid_t *dataset)
{
    const hsize_t size = weights->size;
    const hid_t type = H5T_NATIVE_UINT8, space = H5Screate_simple(1, &size, NULL);
    *dataset = H5Dcreate_anon(trajectory->file, type, space, H5P_DEFAULT, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (*dataset < 0 || (size > 0 && H5Dwrite(*dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, weights->bytes) < 0))
        status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", path);
    hm_hdf5_close(space);
    HM_TRY(status);
    HM_TRY(hm_hdf5_put_int(trajectory, *dataset, "member", (int64_t)weights->member));
    return hm_hdf5_put_words(trajectory, *dataset, "form", weights->form);
}

/* A version that a resumed run comes to again is written over the one it withdrew, its member last: no name is taken
 * out and none is made. */
static enum hm_status rewrite_weights(struct hm_trajectory *trajectory, const char *path,
                                      const struct hm_weights_of_member *weights, bool *done)
{
    const hid_t dataset = H5Dopen2(trajectory->file, path, H5P_DEFAULT);
    const hid_t space = dataset < 0 ? -1 : H5Dget_space(dataset);
    const int64_t member = (int64_t)weights->member;
    char *form = NULL;
    enum hm_status status = HM_OK;
    *done = space >= 0 && H5Sget_simple_extent_npoints(space) == (hssize_t)weights->size &&
            hm_hdf5_get_words(trajectory, dataset, path, "form", &form) == HM_OK && strcmp(form, weights->form) == 0;
    const hid_t attribute = *done ? H5Aopen(dataset, "member", H5P_DEFAULT) : 0;
    if (*done &&
        (attribute < 0 || H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, weights->bytes) < 0 ||
         H5Awrite(attribute, H5T_NATIVE_INT64, &member) < 0))
        status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", path);
    free(form);
    hm_hdf5_close(attribute);
    hm_hdf5_close(space);
    hm_hdf5_close(dataset);
    return status;
}

/* A name is given to what the file already holds: flushed together, the name could reach the disk first, and a kill
 * just then would leave a name of nothing. */
static enum hm_status name_weights(struct hm_trajectory *trajectory, const char *path,
                                   const struct hm_weights_of_member *weights)
{
    hid_t dataset;
    const hid_t parents = parents_list();
    enum hm_status status = put_weights(trajectory, path, weights, &dataset);
    trajectory->dirty = true;
    if (status == HM_OK) status = hm_trajectory_flush(trajectory);
    if (status == HM_OK && hm_hdf5_exists(trajectory->file, path)) H5Ldelete(trajectory->file, path, H5P_DEFAULT);
    if (status == HM_OK && H5Olink(dataset, trajectory->file, path, parents, H5P_DEFAULT) < 0)
        status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", path);
    hm_hdf5_close(dataset);
    hm_hdf5_close(parents);
    return status;
}

enum hm_status hm_trajectory_log_weights(struct hm_trajectory *trajectory, const struct hm_weights_of_member *weights)
{
    char path[64];
    bool done = false;
    enum hm_status status = HM_OK;
    HM_TRY(check_writable(trajectory));
    snprintf(path, sizeof path, HM_WEIGHTS_GROUP "/%d", (int)weights->version);
    if (hm_hdf5_exists(trajectory->file, path)) status = rewrite_weights(trajectory, path, weights, &done);
    if (status == HM_OK && !done) status = name_weights(trajectory, path, weights);
    if (status == HM_OK && weights->version > trajectory->newest_weights) trajectory->newest_weights = weights->version;
    trajectory->dirty = true;
    return status == HM_OK ? HM_OK : poison(trajectory, status);
}

/* A name becomes part of a path in the file. */
static enum hm_status named_path(const struct hm_trajectory *trajectory, const char *group, const char *name,
                                 char path[256])
{
    if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
        snprintf(path, 256, "%s/%s", group, name) >= 256)
        return hm_fail(HM_INTERNAL, "%s: '%s' is no name for a dataset", trajectory->path, name);
    return HM_OK;
}

enum hm_status hm_trajectory_log_timing(struct hm_trajectory *trajectory, const char *name, double seconds)
{
    char path[256];
    HM_TRY(check_writable(trajectory));
    HM_TRY(named_path(trajectory, "/hamlet/timing", name, path));
    return write_dataset(trajectory, path, H5T_NATIVE_DOUBLE, 0, NULL, "s", &seconds);
}

enum hm_status hm_trajectory_write_array(struct hm_trajectory *trajectory, const char *name, const char *unit,
                                         const double *values, size_t rows, size_t columns)
{
    char path[256];
    HM_TRY(check_writable(trajectory));
    HM_TRY(named_path(trajectory, "/hamlet/correlations", name, path));
    const hsize_t dims[2] = {rows, columns};
    return write_dataset(trajectory, path, H5T_NATIVE_DOUBLE, 2, dims, unit, values);
}

/* ---- status ---- */

/* Overwrites an attribute of /hamlet/run that create() made. */
static enum hm_status rewrite(struct hm_trajectory *trajectory, const char *name, hid_t type, const void *value)
{
    /* Through its group: HDF5 1.10 loses an attribute opened by path when it is written. */
    const hid_t group = H5Gopen2(trajectory->file, "/hamlet/run", H5P_DEFAULT);
    const hid_t attribute = group < 0 ? -1 : H5Aopen(group, name, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0)
        status = poison(trajectory, hm_trajectory_fail(trajectory, HM_IO_ERROR, "write attribute", name));
    hm_hdf5_close(attribute);
    hm_hdf5_close(group);
    trajectory->dirty = true;
    return status;
}

enum hm_status hm_trajectory_set_status(struct hm_trajectory *trajectory, const char *word, int64_t steps_done)
{
    HM_TRY(check_writable(trajectory));
    char *status = trajectory->info.status;
    snprintf(status, sizeof trajectory->info.status, "%s", word);
    trajectory->info.steps_done = steps_done;
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, sizeof trajectory->info.status);
    const enum hm_status result = rewrite(trajectory, "status", type, status);
    hm_hdf5_close(type);
    HM_TRY(result);
    HM_TRY(rewrite(trajectory, "steps_done", H5T_NATIVE_INT64, &steps_done));
    return hm_trajectory_flush(trajectory);
}

enum hm_status hm_trajectory_close(struct hm_trajectory **trajectory)
{
    struct hm_trajectory *self = *trajectory;
    if (!self) return HM_OK;
    enum hm_status status = self->status;
    if (self->writable && status == HM_OK) status = hm_trajectory_flush(self);
    hm_trajectory_release(self);
    *trajectory = NULL;
    return status;
}
