#include "io/trajectory_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chunk of a per-frame array: large enough to write fast, small enough to waste little in a short run. */
#define FRAME_CHUNK_BYTES ((size_t)1 << 20)
enum { FRAME_ROWS = 1024, TABLE_ROWS = 8192 };

#define SYSTEM "/particles/system"

/* ---- what is known beforehand ---- */

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
        trajectory->tables[i].capacity = smaller(i >= HM_TABLE_TRAINING ? FRAME_ROWS : TABLE_ROWS, steps);
    }
}

enum hm_status hm_trajectory_describe(struct hm_trajectory *trajectory, const char *path,
                                      const struct hm_trajectory_setup *setup)
{
    HM_TRY(hm_frame_copy(setup->frame, &trajectory->topology));
    trajectory->path = malloc(strlen(path) + 1);
    if (!trajectory->path) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    strcpy(trajectory->path, path);
    trajectory->info = (struct hm_trajectory_info){.natom = setup->frame->natom,
                                                   .nbond = setup->nbond,
                                                   .timestep = setup->timestep,
                                                   .steps = setup->steps,
                                                   .warmup_steps = setup->warmup_steps,
                                                   .stride = setup->stride,
                                                   .status = "running",
                                                   .periodic = hm_frame_is_periodic(setup->frame),
                                                   .thermostatted = setup->thermostatted};
    size_blocks(trajectory);
    return HM_OK;
}

/* ---- one dataset ---- */

struct growing {
    const char *path;
    hid_t type;
    hid_t file_type;
    int rank;
    hsize_t row[HM_RANK_MAX];
    const char *unit; /* NULL: none */
    const void *fill; /* what rows hold that a killed run had no time to write; NULL: zeros */
};

/* Makes or opens the dataset of a series whose type and row are set. */
typedef enum hm_status attach_dataset(struct hm_trajectory *trajectory, struct hm_block *block,
                                      struct hm_series *series, const struct growing *growing);

static enum hm_status add_series(struct hm_trajectory *trajectory, struct hm_block *block, size_t index,
                                 const struct growing *growing, attach_dataset *attach)
{
    struct hm_series *series = &block->series[index];
    series->type = growing->type;
    series->rank = growing->rank;
    series->row_bytes = H5Tget_size(growing->type);
    memcpy(series->row, growing->row, sizeof series->row);
    for (int k = 1; k < growing->rank; k++) series->row_bytes *= (size_t)growing->row[k];
    HM_TRY(attach(trajectory, block, series, growing));
    series->buffer = malloc(series->row_bytes * block->capacity);
    if (!series->buffer) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory for the output buffers", trajectory->path);
    return HM_OK;
}

/* Without a cache of chunks: blocks go straight to the file. */
static hid_t direct_access(void)
{
    const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, 1, 0, 1.0);
    return access;
}

static enum hm_status make_dataset(struct hm_trajectory *trajectory, struct hm_block *block, struct hm_series *series,
                                   const struct growing *growing)
{
    hsize_t none[HM_RANK_MAX], chunk[HM_RANK_MAX], limit[HM_RANK_MAX];
    for (int k = 0; k < growing->rank; k++) none[k] = chunk[k] = limit[k] = growing->row[k];
    none[0] = 0;
    chunk[0] = block->capacity;
    limit[0] = H5S_UNLIMITED;
    const hid_t space = H5Screate_simple(growing->rank, none, limit), access = direct_access();
    const hid_t parents = H5Pcreate(H5P_LINK_CREATE), layout = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(parents, 1);
    H5Pset_chunk(layout, growing->rank, chunk);
    if (growing->fill) H5Pset_fill_value(layout, growing->type, growing->fill);
    series->dataset = H5Dcreate2(trajectory->file, growing->path, growing->file_type, space, parents, layout, access);
    enum hm_status status = HM_OK;
    if (series->dataset < 0) status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "create", growing->path);
    if (status == HM_OK && growing->unit) status = hm_hdf5_put_text(trajectory, series->dataset, "unit", growing->unit);
    hm_hdf5_close(layout);
    hm_hdf5_close(parents);
    hm_hdf5_close(access);
    hm_hdf5_close(space);
    return status;
}

/* Whether its rows can be cut and appended to as if make_dataset had just made it; gives the rows of a chunk. */
static bool is_growing(hid_t dataset, const struct growing *growing, hsize_t rows[HM_RANK_MAX], size_t *capacity)
{
    hsize_t limit[HM_RANK_MAX] = {0}, chunk[HM_RANK_MAX] = {0};
    const hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset), layout = H5Dget_create_plist(dataset);
    bool good = H5Sget_simple_extent_ndims(space) == growing->rank &&
                H5Sget_simple_extent_dims(space, rows, limit) == growing->rank && limit[0] == H5S_UNLIMITED;
    good = good && H5Tequal(type, growing->file_type) > 0 && H5Pget_layout(layout) == H5D_CHUNKED &&
           H5Pget_chunk(layout, growing->rank, chunk) == growing->rank;
    for (int k = 1; good && k < growing->rank; k++) good = rows[k] == growing->row[k] && chunk[k] == growing->row[k];
    good = good && chunk[0] > 0 && chunk[0] <= TABLE_ROWS;
    *capacity = (size_t)chunk[0];
    hm_hdf5_close(layout);
    hm_hdf5_close(type);
    hm_hdf5_close(space);
    return good;
}

/* Chunks are as large as they were made, whatever would be chosen today. */
static enum hm_status open_dataset(struct hm_trajectory *trajectory, struct hm_block *block, struct hm_series *series,
                                   const struct growing *growing)
{
    size_t capacity = 0;
    const hid_t access = direct_access();
    const bool there = hm_hdf5_exists(trajectory->file, growing->path);
    series->dataset = there ? H5Dopen2(trajectory->file, growing->path, access) : 0;
    hm_hdf5_close(access);
    if (!there || series->dataset < 0 || !is_growing(series->dataset, growing, series->row, &capacity) ||
        (block->capacity > 0 && block->capacity != capacity)) {
        H5Eclear2(H5E_DEFAULT);
        return hm_fail(HM_BAD_INPUT, "%s: cannot be gone on with: %s is %s", trajectory->path, growing->path,
                       there ? "damaged or of another version" : "missing");
    }
    block->capacity = capacity;
    return HM_OK;
}

/* ---- all of them ---- */

static bool has_series(const struct hm_trajectory *trajectory, enum hm_series_name name)
{
    if (name == HM_SERIES_CONSERVED) return trajectory->info.thermostatted;
    return trajectory->info.periodic || (name != HM_SERIES_EDGES && name != HM_SERIES_IMAGE);
}

static enum hm_status add_frames(struct hm_trajectory *trajectory, attach_dataset *attach)
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
        [HM_SERIES_CONSERVED] = {"/observables/conserved_energy/value", real, real, 1, {0}, "kJ mol-1", &unknown},
        [HM_SERIES_EDGES] = {SYSTEM "/box/edges/value", real, real, 3, {0, 3, 3}, "Angstrom", &unknown},
        [HM_SERIES_IMAGE] = {SYSTEM "/image/value", count, count, 3, {0, n, 3}, NULL, NULL},
        [HM_SERIES_FORCE] = {SYSTEM "/force/value", real, real, 3, {0, n, 3}, "kJ mol-1 Angstrom-1", &unknown},
        [HM_SERIES_VELOCITY] = {SYSTEM "/velocity/value", real, real, 3, {0, n, 3}, "Angstrom ps-1", &unknown},
        [HM_SERIES_POSITION] = {SYSTEM "/position/value", real, real, 3, {0, n, 3}, "Angstrom", &unknown},
    };
    for (size_t i = 0; i < HM_SERIES_COUNT; i++)
        if (has_series(trajectory, (enum hm_series_name)i))
            HM_TRY(add_series(trajectory, &trajectory->frames, i, &all[i], attach));
    return HM_OK;
}

static enum hm_status add_tables(struct hm_trajectory *trajectory, attach_dataset *attach)
{
    /* A step before the first, as in the frames. Every record begins with its step. */
    static const struct {
        int64_t step;
        unsigned char others[248];
    } unwritten = {-1, {0}};
    for (int i = 0; i < HM_TABLE_COUNT; i++) {
        const hid_t type = hm_record_type((enum hm_table_name)i, true);
        const struct growing growing = {hm_table_paths[i], type, type, 1, {0}, NULL, &unwritten};
        HM_TRY(add_series(trajectory, &trajectory->tables[i], 0, &growing, attach));
    }
    return HM_OK;
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

enum hm_status hm_trajectory_make_series(struct hm_trajectory *trajectory)
{
    static const struct {
        enum hm_series_name name;
        const char *path;
    } groups[] = {
        {HM_SERIES_VELOCITY, SYSTEM "/velocity"},
        {HM_SERIES_FORCE, SYSTEM "/force"},
        {HM_SERIES_POTENTIAL, "/observables/potential_energy"},
        {HM_SERIES_KINETIC, "/observables/kinetic_energy"},
        {HM_SERIES_TOTAL, "/observables/total_energy"},
        {HM_SERIES_TEMPERATURE, "/observables/temperature"},
        {HM_SERIES_CONSERVED, "/observables/conserved_energy"},
        {HM_SERIES_EDGES, SYSTEM "/box/edges"},
        {HM_SERIES_IMAGE, SYSTEM "/image"},
    };
    HM_TRY(add_frames(trajectory, make_dataset));
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (has_series(trajectory, groups[i].name)) HM_TRY(link_clock(trajectory, groups[i].path));
    return add_tables(trajectory, make_dataset);
}

enum hm_status hm_trajectory_open_series(struct hm_trajectory *trajectory)
{
    trajectory->frames.capacity = 0;
    for (int i = 0; i < HM_TABLE_COUNT; i++) trajectory->tables[i].capacity = 0;
    HM_TRY(add_frames(trajectory, open_dataset));
    return add_tables(trajectory, open_dataset);
}
