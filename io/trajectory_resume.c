#include "io/trajectory_internal.h"

#include "io/units.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG "TRAJFILE"

/* ---- save ---- */

/* What was written reaches the disk, not only the system. */
static enum hm_status sync_file(struct hm_trajectory *trajectory)
{
    void *handle = NULL;
    if (H5Fget_vfd_handle(trajectory->file, H5P_DEFAULT, &handle) < 0 || !handle)
        return hm_trajectory_fail(trajectory, HM_IO_ERROR, "reach", "the file");
    const int *descriptor = handle; /* so for HDF5's ordinary driver */
    if (fsync(*descriptor) != 0)
        return hm_fail(HM_IO_ERROR, "%s: cannot be written to the disk: %s", trajectory->path, strerror(errno));
    return HM_OK;
}

enum hm_status hm_trajectory_save(struct hm_trajectory *trajectory, struct hm_archive *archive)
{
    HM_TRY(hm_trajectory_flush(trajectory));
    HM_TRY(sync_file(trajectory));
    hm_archive_put_tag(archive, TAG);
    hm_archive_put_text(archive, trajectory->id);
    hm_archive_put_size(archive, trajectory->info.natom);
    hm_archive_put_int(archive, trajectory->info.steps_done);
    hm_archive_put_int(archive, trajectory->newest_weights);
    hm_archive_put_size(archive, (size_t)trajectory->frames.written);
    for (int i = 0; i < HM_TABLE_COUNT; i++) hm_archive_put_size(archive, (size_t)trajectory->tables[i].written);
    return archive->status;
}

/* ---- what the archive says ---- */

struct saved {
    const char *id;
    size_t natom;
    int64_t steps_done, newest_weights;
    size_t frames;
    size_t rows[HM_TABLE_COUNT];
};

static enum hm_status read_saved(struct hm_archive *archive, struct saved *saved)
{
    HM_TRY(hm_archive_expect_tag(archive, TAG));
    HM_TRY(hm_archive_get_text(archive, &saved->id));
    HM_TRY(hm_archive_get_size(archive, &saved->natom));
    HM_TRY(hm_archive_get_int(archive, &saved->steps_done));
    HM_TRY(hm_archive_get_int(archive, &saved->newest_weights));
    HM_TRY(hm_archive_get_size(archive, &saved->frames));
    for (int i = 0; i < HM_TABLE_COUNT; i++) HM_TRY(hm_archive_get_size(archive, &saved->rows[i]));
    if (strlen(saved->id) != HM_RUN_ID_BYTES - 1 || saved->steps_done < 0 || saved->newest_weights < 0 ||
        saved->newest_weights > INT32_MAX)
        return hm_fail(HM_BAD_INPUT, "stored state is damaged: what it says of the trajectory makes no sense");
    return HM_OK;
}

/* ---- is it that file? ---- */

static enum hm_status check_id(const struct hm_trajectory *trajectory, const struct saved *saved)
{
    char *id;
    enum hm_status status = hm_trajectory_read_provenance(trajectory, HM_RUN_ID, &id);
    if (status == HM_OK && (!id || strcmp(id, saved->id) != 0))
        status =
            hm_fail(HM_BAD_INPUT,
                    "%s: is of another run than the checkpoint (%s, not %s); put the file of that run in its place, "
                    "or start anew with hamlet run",
                    trajectory->path, id ? id : "without an id", saved->id);
    free(id);
    return status;
}

static enum hm_status fail_other(const struct hm_trajectory *trajectory, const char *what)
{
    return hm_fail(HM_BAD_INPUT, "%s: has another %s than the run that is to go on", trajectory->path, what);
}

static enum hm_status check_species(const struct hm_trajectory *trajectory, const struct saved *saved)
{
    const struct hm_frame *frame = &trajectory->topology;
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    enum hm_status status = HM_OK;
    HM_TRY(hm_trajectory_open_dataset(trajectory, "/particles/system/species", 1, dims, &dataset));
    if (dims[0] != frame->natom || saved->natom != frame->natom) {
        hm_hdf5_close(dataset);
        return fail_other(trajectory, "number of atoms");
    }
    int *number = malloc((frame->natom + 1) * sizeof *number);
    if (!number)
        status = hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", trajectory->path);
    else if (H5Dread(dataset, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, number) < 0)
        status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", "/particles/system/species");
    else if (memcmp(number, frame->number, frame->natom * sizeof *number) != 0)
        status = fail_other(trajectory, "species");
    free(number);
    hm_hdf5_close(dataset);
    return status;
}

static enum hm_status check_run(const struct hm_trajectory *trajectory, const struct saved *saved)
{
    double timestep_fs;
    int64_t stride;
    HM_TRY(check_id(trajectory, saved));
    HM_TRY(check_species(trajectory, saved));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "timestep_fs", H5T_NATIVE_DOUBLE, 1, &timestep_fs));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "stride", H5T_NATIVE_INT64, 1, &stride));
    if (!(fabs(timestep_fs - trajectory->info.timestep * HM_TIME_FS) <= 1e-12 * timestep_fs))
        return fail_other(trajectory, "time step");
    return stride == trajectory->info.stride ? HM_OK : fail_other(trajectory, "stride");
}

/* ---- rows ---- */

static enum hm_status check_rows(const struct hm_trajectory *trajectory, const struct hm_block *block, size_t rows,
                                 const char *what)
{
    for (size_t i = 0; i < block->nseries; i++)
        if (block->series[i].dataset > 0 && block->series[i].row[0] < rows)
            return hm_fail(HM_BAD_INPUT,
                           "%s: has %llu of the %zu %s that the checkpoint knows: it was cut or replaced; put the file "
                           "of that time in its place, or start anew with hamlet run",
                           trajectory->path, (unsigned long long)block->series[i].row[0], rows, what);
    return HM_OK;
}

static enum hm_status cut_series(struct hm_trajectory *trajectory, struct hm_series *series, hsize_t rows)
{
    hsize_t extent[HM_RANK_MAX];
    if (series->dataset <= 0 || series->row[0] <= rows) return HM_OK;
    memcpy(extent, series->row, sizeof extent);
    extent[0] = rows;
    if (H5Dset_extent(series->dataset, extent) < 0)
        return hm_trajectory_fail(trajectory, HM_IO_ERROR, "cut", "what was written after the checkpoint");
    series->row[0] = rows;
    trajectory->dirty = true;
    return HM_OK;
}

static enum hm_status cut_block(struct hm_trajectory *trajectory, struct hm_block *block, size_t rows,
                                bool whole_chunks)
{
    const size_t rest = rows % block->capacity;
    const hsize_t kept = whole_chunks && rest > 0 ? (hsize_t)rows + block->capacity - rest : (hsize_t)rows;
    for (size_t i = 0; i < block->nseries; i++) HM_TRY(cut_series(trajectory, &block->series[i], kept));
    block->written = rows;
    return HM_OK;
}

/* In two turns: see the head of trajectory_internal.h. */
static enum hm_status cut_rows(struct hm_trajectory *trajectory, const struct saved *saved)
{
    for (int turn = 0; turn < 2; turn++) {
        HM_TRY(cut_block(trajectory, &trajectory->frames, saved->frames, turn == 0));
        for (int i = 0; i < HM_TABLE_COUNT; i++)
            HM_TRY(cut_block(trajectory, &trajectory->tables[i], saved->rows[i], turn == 0));
        HM_TRY(hm_trajectory_flush(trajectory));
    }
    return HM_OK;
}

/* ---- what has a name of its own ---- */

struct walk {
    struct hm_trajectory *trajectory;
    int64_t newest;
    enum hm_status status;
};

static enum hm_status withdraw_weights(struct walk *walk, hid_t dataset, const char *name)
{
    static const int64_t withdrawn = HM_WEIGHTS_WITHDRAWN;
    if (strtoll(name, NULL, 10) <= walk->newest) return HM_OK;
    const hid_t attribute = H5Aopen(dataset, "member", H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (attribute < 0 || H5Awrite(attribute, H5T_NATIVE_INT64, &withdrawn) < 0)
        status = hm_trajectory_fail(walk->trajectory, HM_IO_ERROR, "withdraw weights version", name);
    hm_hdf5_close(attribute);
    return status;
}

/* NaN stands for what is not known. */
static enum hm_status withdraw_reals(struct walk *walk, hid_t dataset, const char *name)
{
    const size_t count = (size_t)H5Dget_storage_size(dataset) / sizeof(double);
    const hid_t space = H5Dget_space(dataset);
    const hssize_t points = H5Sget_simple_extent_npoints(space);
    hm_hdf5_close(space);
    if (points < 0 || (size_t)points > count)
        return hm_fail(HM_BAD_INPUT, "%s: %s is damaged", walk->trajectory->path, name);
    double *unknown = malloc((count + 1) * sizeof *unknown);
    if (!unknown) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", walk->trajectory->path);
    for (size_t i = 0; i < count; i++) unknown[i] = NAN;
    enum hm_status status = HM_OK;
    if (points > 0 && H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, unknown) < 0)
        status = hm_trajectory_fail(walk->trajectory, HM_IO_ERROR, "withdraw", name);
    free(unknown);
    return status;
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    struct walk *walk = user;
    (void)info;
    const hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT);
    if (dataset < 0)
        walk->status = hm_trajectory_fail(walk->trajectory, HM_BAD_INPUT, "open", name);
    else if (walk->newest >= 0)
        walk->status = withdraw_weights(walk, dataset, name);
    else
        walk->status = withdraw_reals(walk, dataset, name);
    hm_hdf5_close(dataset);
    return walk->status == HM_OK ? 0 : 1; /* 1 ends the walk */
}

/* Of the weights those above version `newest`; of reals, with `newest` -1, all. */
static enum hm_status withdraw(struct hm_trajectory *trajectory, const char *path, int64_t newest)
{
    struct walk walk = {trajectory, newest, HM_OK};
    if (!hm_hdf5_exists(trajectory->file, path)) return HM_OK;
    const hid_t group = H5Gopen2(trajectory->file, path, H5P_DEFAULT);
    if (group < 0 || H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit, &walk) < 0)
        walk.status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", path);
    hm_hdf5_close(group);
    trajectory->dirty = true;
    return walk.status;
}

/* ---- resume ---- */

/* Cut at its end, a file becomes shorter before its own record of its length does, and a kill between leaves a file
 * that does not open: so its end stays in use. */
static enum hm_status secure_end(struct hm_trajectory *trajectory)
{
    if (H5Fincrement_filesize(trajectory->file, 8) < 0)
        return hm_trajectory_fail(trajectory, HM_IO_ERROR, "extend", "the file");
    trajectory->dirty = true;
    return HM_OK;
}

/* Nothing is written before everything was checked. What follows from all rows goes first, then the rows. */
static enum hm_status take_back(struct hm_trajectory *trajectory, const struct saved *saved)
{
    struct hm_trajectory_info *info = &trajectory->info;
    HM_TRY(check_run(trajectory, saved));
    HM_TRY(hm_trajectory_open_series(trajectory));
    HM_TRY(check_rows(trajectory, &trajectory->frames, saved->frames, "frames"));
    for (int i = 0; i < HM_TABLE_COUNT; i++)
        HM_TRY(check_rows(trajectory, &trajectory->tables[i], saved->rows[i], hm_table_paths[i]));
    HM_TRY(secure_end(trajectory));
    HM_TRY(hm_trajectory_set_status(trajectory, "running", saved->steps_done));
    HM_TRY(withdraw(trajectory, "/hamlet/correlations", -1));
    HM_TRY(withdraw(trajectory, "/hamlet/timing", -1));
    HM_TRY(cut_rows(trajectory, saved));
    HM_TRY(withdraw(trajectory, HM_WEIGHTS_GROUP, saved->newest_weights));
    HM_TRY(hm_trajectory_flush(trajectory));
    snprintf(trajectory->id, sizeof trajectory->id, "%s", saved->id);
    trajectory->newest_weights = (int32_t)saved->newest_weights;
    info->nframe = saved->frames;
    info->ndecision = saved->rows[HM_TABLE_DECISIONS];
    info->ninjection = saved->rows[HM_TABLE_INJECTIONS];
    info->ntraining = saved->rows[HM_TABLE_TRAINING];
    info->nfault = saved->rows[HM_TABLE_FAULTS];
    info->nstudy = saved->rows[HM_TABLE_STUDY];
    info->nround = saved->rows[HM_TABLE_ROUNDS];
    return HM_OK;
}

enum hm_status hm_trajectory_resume(const char *path, const struct hm_trajectory_setup *setup,
                                    struct hm_archive *archive, struct hm_trajectory **trajectory)
{
    struct saved saved;
    *trajectory = NULL;
    HM_TRY(read_saved(archive, &saved));
    if (setup->frame->natom == 0) return hm_fail(HM_BAD_INPUT, "%s: a trajectory needs atoms", path);
    hm_hdf5_silence();
    struct hm_trajectory *self = calloc(1, sizeof *self);
    if (!self) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    enum hm_status status = hm_trajectory_describe(self, path, setup);
    self->writable = true;
    if (status == HM_OK) status = hm_hdf5_open(self);
    if (status == HM_OK) status = take_back(self, &saved);
    if (status != HM_OK) {
        hm_trajectory_release(self);
        return status;
    }
    *trajectory = self;
    return HM_OK;
}
