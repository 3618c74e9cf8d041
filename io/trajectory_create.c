#include "io/trajectory_internal.h"

#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A chunk of a per-frame array: large enough to write fast, small enough to waste little in a short run. */
#define FRAME_CHUNK_BYTES ((size_t)1 << 20)
enum { FRAME_ROWS = 1024, TABLE_ROWS = 8192 };

#define SYSTEM "/particles/system"

/* ---- small things of the file ---- */

static enum hm_status make_group(struct hm_trajectory *trajectory, const char *path, hid_t *group)
{
    const hid_t parents = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(parents, 1);
    *group = H5Gcreate2(trajectory->file, path, parents, H5P_DEFAULT, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (*group < 0) status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "create", path);
    hm_hdf5_close(parents);
    return status;
}

static enum hm_status put_array(struct hm_trajectory *trajectory, const char *path, hid_t type, int rank,
                                const hsize_t *dims, const char *unit, const void *values)
{
    const hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    const hid_t dataset = H5Dcreate2(trajectory->file, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (dataset < 0 || (values && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0))
        status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", path);
    if (status == HM_OK && unit) status = hm_hdf5_put_text(trajectory, dataset, "unit", unit);
    hm_hdf5_close(dataset);
    hm_hdf5_close(space);
    return status;
}

static enum hm_status put_header(struct hm_trajectory *trajectory)
{
    hid_t group;
    HM_TRY(make_group(trajectory, "/h5md", &group));
    const int version[2] = {1, 1};
    const hsize_t two = 2;
    const hid_t space = H5Screate_simple(1, &two, NULL);
    const hid_t attribute = H5Acreate2(group, "version", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (attribute < 0 || H5Awrite(attribute, H5T_NATIVE_INT, version) < 0)
        status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", "/h5md");
    hm_hdf5_close(attribute);
    hm_hdf5_close(space);
    hm_hdf5_close(group);
    return status;
}

static const char *provenance_value(const struct hm_trajectory_setup *setup, const char *name)
{
    for (size_t i = 0; setup->provenance && setup->provenance[i][0]; i++)
        if (strcmp(setup->provenance[i][0], name) == 0 && setup->provenance[i][1]) return setup->provenance[i][1];
    return "unknown";
}

/* H5MD wants to know who made the file, and with what. */
static enum hm_status put_author(struct hm_trajectory *trajectory, const struct hm_trajectory_setup *setup)
{
    hid_t group;
    HM_TRY(make_group(trajectory, "/h5md/author", &group));
    enum hm_status status = hm_hdf5_put_text(trajectory, group, "name", provenance_value(setup, "user"));
    hm_hdf5_close(group);
    HM_TRY(status);
    HM_TRY(make_group(trajectory, "/h5md/creator", &group));
    status = hm_hdf5_put_text(trajectory, group, "name", "Hamlet");
    if (status == HM_OK) status = hm_hdf5_put_text(trajectory, group, "version", provenance_value(setup, "version"));
    hm_hdf5_close(group);
    return status;
}

enum hm_status hm_trajectory_put_provenance(struct hm_trajectory *trajectory, const char *const (*provenance)[2])
{
    hid_t group;
    HM_TRY(make_group(trajectory, "/hamlet/provenance", &group));
    enum hm_status status = HM_OK;
    for (; status == HM_OK && provenance && (*provenance)[0]; provenance++)
        status = hm_hdf5_put_text(trajectory, group, (*provenance)[0], (*provenance)[1] ? (*provenance)[1] : "");
    hm_hdf5_close(group);
    return status;
}

static enum hm_status put_config(struct hm_trajectory *trajectory, const struct hm_trajectory_setup *setup)
{
    const char *text = setup->config_yaml ? setup->config_yaml : "";
    HM_TRY(hm_trajectory_put_provenance(trajectory, setup->provenance));
    const hid_t type = hm_hdf5_text_type();
    const enum hm_status status = put_array(trajectory, "/hamlet/config", type, 0, NULL, NULL, &text);
    hm_hdf5_close(type);
    return status;
}

static enum hm_status put_run_attributes(struct hm_trajectory *trajectory, hid_t group)
{
    const struct hm_trajectory_info *info = &trajectory->info;
    const double timestep_fs = info->timestep * HM_TIME_FS;
    double cell[9], periodic[3];
    for (int k = 0; k < 9; k++) cell[k] = trajectory->topology.cell[k] * HM_LENGTH_ANGSTROM;
    for (int k = 0; k < 3; k++) periodic[k] = trajectory->topology.periodic[k] ? 1.0 : 0.0;
    HM_TRY(hm_hdf5_put_reals(trajectory, group, "timestep_fs", &timestep_fs, 1));
    HM_TRY(hm_hdf5_put_int(trajectory, group, "steps", info->steps));
    HM_TRY(hm_hdf5_put_int(trajectory, group, "warmup_steps", info->warmup_steps));
    HM_TRY(hm_hdf5_put_int(trajectory, group, "stride", info->stride));
    HM_TRY(hm_hdf5_put_int(trajectory, group, "steps_done", 0));
    HM_TRY(hm_hdf5_put_int(trajectory, group, "natom", (int64_t)info->natom));
    HM_TRY(hm_hdf5_put_reals(trajectory, group, "cell_angstrom", cell, 9));
    return hm_hdf5_put_reals(trajectory, group, "periodic", periodic, 3);
}

/* The status has a fixed length so that it can be overwritten in place. */
static enum hm_status put_run(struct hm_trajectory *trajectory)
{
    hid_t group;
    HM_TRY(make_group(trajectory, "/hamlet/run", &group));
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, sizeof trajectory->info.status);
    const hid_t attribute = H5Acreate2(group, "status", type, space, H5P_DEFAULT, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (attribute < 0 || H5Awrite(attribute, type, trajectory->info.status) < 0)
        status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", "/hamlet/run");
    hm_hdf5_close(attribute);
    hm_hdf5_close(space);
    hm_hdf5_close(type);
    if (status == HM_OK) status = put_run_attributes(trajectory, group);
    hm_hdf5_close(group);
    return status;
}

static enum hm_status put_bonds(struct hm_trajectory *trajectory, const struct hm_trajectory_setup *setup)
{
    const hsize_t dims[2] = {setup->nbond, 2};
    uint64_t *pairs = malloc((setup->nbond + 1) * 2 * sizeof *pairs);
    if (!pairs) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu bonds", setup->nbond);
    for (size_t i = 0; i < setup->nbond; i++)
        for (size_t k = 0; k < 2; k++) pairs[2 * i + k] = setup->bonds[i][k];
    const enum hm_status status =
        put_array(trajectory, "/hamlet/bonds", H5T_NATIVE_UINT64, 2, dims, NULL, setup->nbond ? pairs : NULL);
    free(pairs);
    return status;
}

/* Species, masses and the box's boundary, which do not change. */
static enum hm_status put_system(struct hm_trajectory *trajectory)
{
    const struct hm_frame *frame = &trajectory->topology;
    const hsize_t natom = frame->natom;
    hid_t group;
    HM_TRY(make_group(trajectory, SYSTEM "/box", &group));
    enum hm_status status = hm_hdf5_put_int(trajectory, group, "dimension", 3);
    const char *boundary[3];
    for (int k = 0; k < 3; k++) boundary[k] = frame->periodic[k] ? "periodic" : "none";
    const hsize_t three = 3;
    const hid_t type = hm_hdf5_text_type(), space = H5Screate_simple(1, &three, NULL);
    const hid_t attribute = H5Acreate2(group, "boundary", type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (status == HM_OK && (attribute < 0 || H5Awrite(attribute, type, boundary) < 0))
        status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "write", "the box");
    hm_hdf5_close(attribute);
    hm_hdf5_close(space);
    hm_hdf5_close(type);
    hm_hdf5_close(group);
    HM_TRY(status);
    HM_TRY(put_array(trajectory, SYSTEM "/species", H5T_NATIVE_INT, 1, &natom, NULL, frame->number));
    double *mass = malloc(frame->natom * sizeof *mass);
    if (!mass) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu atoms", frame->natom);
    for (size_t i = 0; i < frame->natom; i++) mass[i] = frame->mass[i] * HM_MASS_AMU;
    status = put_array(trajectory, SYSTEM "/mass", H5T_NATIVE_DOUBLE, 1, &natom, "u", mass);
    free(mass);
    return status;
}

/* ---- growing datasets ---- */

struct growing {
    const char *path;
    hid_t type;
    hid_t file_type;
    int rank;
    hsize_t row[HM_RANK_MAX];
    const char *unit; /* NULL: none */
    const void *fill; /* what rows hold that a killed run had no time to write; NULL: zeros */
};

static enum hm_status make_series(struct hm_trajectory *trajectory, struct hm_block *block, size_t index,
                                  const struct growing *growing)
{
    struct hm_series *series = &block->series[index];
    hsize_t none[HM_RANK_MAX], chunk[HM_RANK_MAX], limit[HM_RANK_MAX];
    series->type = growing->type;
    series->rank = growing->rank;
    series->row_bytes = H5Tget_size(growing->type);
    for (int k = 0; k < growing->rank; k++) {
        none[k] = chunk[k] = limit[k] = series->row[k] = growing->row[k];
        if (k > 0) series->row_bytes *= (size_t)growing->row[k];
    }
    none[0] = 0;
    chunk[0] = block->capacity;
    limit[0] = H5S_UNLIMITED;
    series->buffer = malloc(series->row_bytes * block->capacity);
    if (!series->buffer) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory for the output buffers", trajectory->path);
    const hid_t space = H5Screate_simple(growing->rank, none, limit);
    const hid_t parents = H5Pcreate(H5P_LINK_CREATE), layout = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_create_intermediate_group(parents, 1);
    H5Pset_chunk(layout, growing->rank, chunk);
    if (growing->fill) H5Pset_fill_value(layout, growing->type, growing->fill);
    H5Pset_chunk_cache(access, 1, 0, 1.0); /* blocks go straight to the file */
    series->dataset = H5Dcreate2(trajectory->file, growing->path, growing->file_type, space, parents, layout, access);
    enum hm_status status = HM_OK;
    if (series->dataset < 0) status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "create", growing->path);
    if (status == HM_OK && growing->unit) status = hm_hdf5_put_text(trajectory, series->dataset, "unit", growing->unit);
    hm_hdf5_close(access);
    hm_hdf5_close(layout);
    hm_hdf5_close(parents);
    hm_hdf5_close(space);
    return status;
}

/* One step and one time for all: hard links, as H5MD recommends. */
static enum hm_status link_clock(struct hm_trajectory *trajectory, const char *group)
{
    static const char *const names[] = {"step", "time"};
    for (size_t i = 0; i < 2; i++) {
        char from[64], to[64];
        snprintf(from, sizeof from, SYSTEM "/position/%s", names[i]);
        snprintf(to, sizeof to, "%s/%s", group, names[i]);
        if (H5Lcreate_hard(trajectory->file, from, trajectory->file, to, H5P_DEFAULT, H5P_DEFAULT) < 0)
            return hm_trajectory_fail(trajectory, HM_IO_ERROR, "create", to);
    }
    return HM_OK;
}

static enum hm_status make_frames(struct hm_trajectory *trajectory)
{
    static const double unknown = NAN;
    static const int64_t unwritten = -1;
    const hsize_t n = trajectory->info.natom;
    const hid_t real = H5T_NATIVE_DOUBLE, whole = H5T_NATIVE_INT64, count = H5T_NATIVE_INT;
    const struct growing all[HM_SERIES_COUNT] = {
        [HM_SERIES_STEP] = {SYSTEM "/position/step", whole, whole, 1, {0}, NULL, &unwritten},
        [HM_SERIES_TIME] = {SYSTEM "/position/time", real, real, 1, {0}, "ps", &unknown},
        [HM_SERIES_POTENTIAL] = {"/observables/potential_energy/value", real, real, 1, {0}, "kJ mol-1", &unknown},
        [HM_SERIES_KINETIC] = {"/observables/kinetic_energy/value", real, real, 1, {0}, "kJ mol-1", &unknown},
        [HM_SERIES_TOTAL] = {"/observables/total_energy/value", real, real, 1, {0}, "kJ mol-1", &unknown},
        [HM_SERIES_TEMPERATURE] = {"/observables/temperature/value", real, real, 1, {0}, "K", &unknown},
        [HM_SERIES_EDGES] = {SYSTEM "/box/edges/value", real, real, 3, {0, 3, 3}, "Angstrom", &unknown},
        [HM_SERIES_IMAGE] = {SYSTEM "/image/value", count, count, 3, {0, n, 3}, NULL, NULL},
        [HM_SERIES_FORCE] = {SYSTEM "/force/value", real, real, 3, {0, n, 3}, "kJ mol-1 Angstrom-1", &unknown},
        [HM_SERIES_VELOCITY] = {SYSTEM "/velocity/value", real, real, 3, {0, n, 3}, "Angstrom ps-1", &unknown},
        [HM_SERIES_POSITION] = {SYSTEM "/position/value", real, real, 3, {0, n, 3}, "Angstrom", &unknown},
    };
    static const char *const groups[] = {SYSTEM "/velocity",
                                         SYSTEM "/force",
                                         "/observables/potential_energy",
                                         "/observables/kinetic_energy",
                                         "/observables/total_energy",
                                         "/observables/temperature",
                                         SYSTEM "/box/edges",
                                         SYSTEM "/image"};
    const bool periodic = trajectory->info.periodic;
    for (size_t i = 0; i < HM_SERIES_COUNT; i++)
        if (periodic || (i != HM_SERIES_EDGES && i != HM_SERIES_IMAGE))
            HM_TRY(make_series(trajectory, &trajectory->frames, i, &all[i]));
    for (size_t i = 0; i < (periodic ? 8 : 6); i++) HM_TRY(link_clock(trajectory, groups[i]));
    return HM_OK;
}

static enum hm_status make_table(struct hm_trajectory *trajectory, enum hm_table_name table)
{
    const hid_t type = hm_record_type(table, true);
    const struct growing growing = {hm_table_paths[table], type, type, 1, {0}, NULL, NULL};
    return make_series(trajectory, &trajectory->tables[table], 0, &growing);
}

/* The words behind the numbers, so that the table can be read without this source. */
static enum hm_status put_words(struct hm_trajectory *trajectory)
{
    char words[512] = "";
    for (int i = 0; i < HM_REASON_COUNT; i++) {
        const size_t length = strlen(words);
        snprintf(words + length, sizeof words - length, "%s%s", i ? " " : "", hm_reason_word((enum hm_reason)i));
    }
    const hid_t decisions = trajectory->tables[HM_TABLE_DECISIONS].series[0].dataset;
    HM_TRY(hm_hdf5_put_text(trajectory, decisions, "actions", "predict inject draft"));
    return hm_hdf5_put_text(trajectory, decisions, "reasons", words);
}

/* There from the start, so that what is added to it later changes nothing else. */
static enum hm_status make_weights(struct hm_trajectory *trajectory)
{
    const hid_t layout = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_local_heap_size_hint(layout, 1 << 16);
    const hid_t group = H5Gcreate2(trajectory->file, HM_WEIGHTS_GROUP, H5P_DEFAULT, layout, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (group < 0) status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "create", HM_WEIGHTS_GROUP);
    hm_hdf5_close(group);
    hm_hdf5_close(layout);
    return status;
}

/* ---- create ---- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void size_blocks(struct hm_trajectory *trajectory)
{
    const struct hm_trajectory_info *info = &trajectory->info;
    const size_t steps = info->steps > 0 ? (size_t)info->steps : 1;
    const size_t frames = info->stride > 0 ? steps / (size_t)info->stride + 2 : 2;
    const size_t fitting = FRAME_CHUNK_BYTES / (3 * sizeof(double) * info->natom);
    trajectory->frames.nseries = HM_SERIES_COUNT;
    trajectory->frames.capacity = smaller(smaller(FRAME_ROWS, frames), fitting > 0 ? fitting : 1);
    for (int i = 0; i < HM_TABLE_COUNT; i++) {
        trajectory->tables[i].nseries = 1;
        trajectory->tables[i].capacity = smaller(i == HM_TABLE_TRAINING ? FRAME_ROWS : TABLE_ROWS, steps);
    }
}

static enum hm_status fill_file(struct hm_trajectory *trajectory, const struct hm_trajectory_setup *setup)
{
    HM_TRY(put_header(trajectory));
    HM_TRY(put_author(trajectory, setup));
    HM_TRY(put_config(trajectory, setup));
    HM_TRY(put_run(trajectory));
    HM_TRY(put_bonds(trajectory, setup));
    HM_TRY(put_system(trajectory));
    HM_TRY(make_frames(trajectory));
    for (int i = 0; i < HM_TABLE_COUNT; i++) HM_TRY(make_table(trajectory, (enum hm_table_name)i));
    HM_TRY(put_words(trajectory));
    HM_TRY(make_weights(trajectory));
    trajectory->writable = true;
    trajectory->dirty = true;
    return hm_trajectory_flush(trajectory);
}

static enum hm_status check_setup(const char *path, const struct hm_trajectory_setup *setup)
{
    if (setup->frame->natom == 0) return hm_fail(HM_BAD_INPUT, "%s: a trajectory needs atoms", path);
    if (!(setup->timestep > 0.0) || setup->steps < 0 || setup->stride < 1)
        return hm_fail(HM_BAD_INPUT, "%s: a trajectory needs a positive time step and stride", path);
    for (size_t i = 0; i < setup->nbond; i++)
        if (setup->bonds[i][0] >= setup->frame->natom || setup->bonds[i][1] >= setup->frame->natom)
            return hm_fail(HM_BAD_INPUT, "%s: bond %zu refers to an atom beyond the %zu there are", path, i,
                           setup->frame->natom);
    return hm_trajectory_check_target(path, setup->overwrite);
}

static enum hm_status describe(struct hm_trajectory *self, const char *path, const struct hm_trajectory_setup *setup)
{
    HM_TRY(hm_frame_copy(setup->frame, &self->topology));
    self->path = malloc(strlen(path) + 1);
    if (!self->path) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    strcpy(self->path, path);
    self->info = (struct hm_trajectory_info){.natom = setup->frame->natom,
                                             .nbond = setup->nbond,
                                             .timestep = setup->timestep,
                                             .steps = setup->steps,
                                             .warmup_steps = setup->warmup_steps,
                                             .stride = setup->stride,
                                             .status = "running",
                                             .periodic = hm_frame_is_periodic(setup->frame)};
    size_blocks(self);
    return HM_OK;
}

enum hm_status hm_trajectory_create(const char *path, const struct hm_trajectory_setup *setup,
                                    struct hm_trajectory **trajectory)
{
    *trajectory = NULL;
    HM_TRY(check_setup(path, setup));
    hm_hdf5_silence();
    struct hm_trajectory *self = calloc(1, sizeof *self);
    if (!self) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    const bool existed = access(path, F_OK) == 0;
    enum hm_status status = describe(self, path, setup);
    if (status == HM_OK) status = hm_hdf5_create(self, setup->overwrite);
    const bool made = status == HM_OK;
    if (made) status = fill_file(self, setup);
    if (status != HM_OK) {
        hm_trajectory_release(self);
        if (made || !existed) remove(path); /* a file without content helps nobody */
        return status;
    }
    *trajectory = self;
    return HM_OK;
}
