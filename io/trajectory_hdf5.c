#include "io/trajectory_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An attribute of fixed length shares an object header message of at most 64 KiB with its name and shape. */
enum { WORDS_BYTES = 60000 };
/* Names in a node of a group: when it is full it splits, and a kill while that is written loses names. */
enum { GROUP_NAMES = 64 };
/* Chunks in a node of a dataset's index, for which the same holds: as many as the run will have, within reason, since
 * a node is written whole. */
enum { INDEX_CHUNKS_LEAST = 64, INDEX_CHUNKS_MOST = 1024 };

/* ---- failures ---- */

static herr_t deepest(unsigned depth, const H5E_error2_t *error, void *user)
{
    (void)depth;
    if (error->desc) snprintf(user, 512, "%s", error->desc);
    return 0;
}

/* The innermost entry is the cause; of HDF5's list of numbers around the system's message, keep the message. */
static void reason(char text[512])
{
    text[0] = '\0';
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, deepest, text);
    const char *mark = "error message = '";
    const char *start = strstr(text, mark);
    if (!start) return;
    start += strlen(mark);
    const char *end = strchr(start, '\'');
    const size_t length = end ? (size_t)(end - start) : strlen(start);
    memmove(text, start, length);
    text[length] = '\0';
}

enum hm_status hm_trajectory_fail(const struct hm_trajectory *trajectory, enum hm_status code, const char *action,
                                  const char *what)
{
    char text[512];
    reason(text);
    H5Eclear2(H5E_DEFAULT);
    return hm_fail(code, "%s: cannot %s %s%s%s", trajectory->path, action, what, text[0] ? ": " : "", text);
}

void hm_hdf5_silence(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* ---- small pieces ---- */

hid_t hm_hdf5_access_list(void)
{
    const hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    if (list < 0) return list;
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(list, false, true);
#endif
    H5AC_cache_config_t cache = {.version = H5AC__CURR_CACHE_CONFIG_VERSION};
    if (H5Pget_mdc_config(list, &cache) >= 0) {
        cache.evictions_enabled = false;
        cache.incr_mode = H5C_incr__off;
        cache.flash_incr_mode = H5C_flash_incr__off;
        cache.decr_mode = H5C_decr__off;
        H5Pset_mdc_config(list, &cache);
    }
    return list;
}

enum hm_status hm_hdf5_open(struct hm_trajectory *trajectory)
{
    const bool writable = trajectory->writable;
    if (access(trajectory->path, writable ? R_OK | W_OK : R_OK) != 0)
        return hm_fail(HM_BAD_INPUT, "%s: cannot be opened: %s", trajectory->path, strerror(errno));
    if (H5Fis_hdf5(trajectory->path) <= 0) return hm_fail(HM_BAD_INPUT, "%s: is not an HDF5 file", trajectory->path);
    const hid_t list = hm_hdf5_access_list();
    trajectory->file = H5Fopen(trajectory->path, writable ? H5F_ACC_RDWR : H5F_ACC_RDONLY, list);
    enum hm_status status = HM_OK;
    if (trajectory->file < 0) status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "open", "the file");
    hm_hdf5_close(list);
    return status;
}

static size_t chunks_expected(const struct hm_trajectory *trajectory)
{
    const struct hm_trajectory_info *info = &trajectory->info;
    const size_t steps = info->steps > 0 ? (size_t)info->steps : 0;
    size_t most = 0;
    if (trajectory->frames.capacity > 0) most = steps / (size_t)info->stride / trajectory->frames.capacity + 2;
    for (int i = 0; i < HM_TABLE_COUNT; i++) {
        const size_t capacity = trajectory->tables[i].capacity;
        if (i < HM_TABLE_TRAINING && capacity > 0 && steps / capacity + 2 > most) most = steps / capacity + 2;
    }
    if (most < INDEX_CHUNKS_LEAST) return INDEX_CHUNKS_LEAST;
    return most < INDEX_CHUNKS_MOST ? most : INDEX_CHUNKS_MOST;
}

enum hm_status hm_hdf5_create(struct hm_trajectory *trajectory, bool overwrite)
{
    const hid_t access = hm_hdf5_access_list(), creation = H5Pcreate(H5P_FILE_CREATE);
    /* Space once given up is not used again: what the metadata on disk refers to is never overwritten. */
    H5Pset_file_space_strategy(creation, H5F_FSPACE_STRATEGY_NONE, false, 1);
    H5Pset_sym_k(creation, 0, GROUP_NAMES / 2);
    H5Pset_istore_k(creation, (unsigned)(chunks_expected(trajectory) + 1) / 2);
    trajectory->file = H5Fcreate(trajectory->path, overwrite ? H5F_ACC_TRUNC : H5F_ACC_EXCL, creation, access);
    enum hm_status status = HM_OK;
    if (trajectory->file < 0) status = hm_trajectory_fail(trajectory, HM_BAD_OUTPUT, "create", "the file");
    hm_hdf5_close(creation);
    hm_hdf5_close(access);
    return status;
}

void hm_hdf5_close(hid_t handle)
{
    if (handle <= 0) return;
    switch (H5Iget_type(handle)) {
    case H5I_FILE:
        H5Fclose(handle);
        break;
    case H5I_GROUP:
        H5Gclose(handle);
        break;
    case H5I_DATATYPE:
        H5Tclose(handle);
        break;
    case H5I_DATASPACE:
        H5Sclose(handle);
        break;
    case H5I_DATASET:
        H5Dclose(handle);
        break;
    case H5I_ATTR:
        H5Aclose(handle);
        break;
    case H5I_GENPROP_LST:
        H5Pclose(handle);
        break;
    default:
        break;
    }
}

bool hm_hdf5_exists(hid_t file, const char *path)
{
    char part[256];
    for (const char *at = path; *at;) {
        at += strcspn(at + 1, "/") + 1;
        const size_t length = (size_t)(at - path);
        if (length >= sizeof part) return false;
        memcpy(part, path, length);
        part[length] = '\0';
        if (H5Lexists(file, part, H5P_DEFAULT) <= 0) return false;
    }
    return H5Oexists_by_name(file, path, H5P_DEFAULT) > 0;
}

hid_t hm_hdf5_text_type(void)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return type;
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static enum hm_status put(struct hm_trajectory *trajectory, hid_t object, const char *name, hid_t type, hid_t space,
                          const void *value)
{
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool good = attribute >= 0 && H5Awrite(attribute, type, value) >= 0;
    enum hm_status status = HM_OK;
    if (!good) status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "write attribute", name);
    hm_hdf5_close(attribute);
    hm_hdf5_close(space);
    return status;
}

enum hm_status hm_hdf5_put_text(struct hm_trajectory *trajectory, hid_t object, const char *name, const char *text)
{
    const hid_t type = hm_hdf5_text_type();
    const enum hm_status status = put(trajectory, object, name, type, H5Screate(H5S_SCALAR), &text);
    hm_hdf5_close(type);
    return status;
}

enum hm_status hm_hdf5_put_reals(struct hm_trajectory *trajectory, hid_t object, const char *name, const double *values,
                                 size_t count)
{
    const hsize_t size = count;
    const hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, NULL);
    return put(trajectory, object, name, H5T_NATIVE_DOUBLE, space, values);
}

enum hm_status hm_hdf5_put_int(struct hm_trajectory *trajectory, hid_t object, const char *name, int64_t value)
{
    return put(trajectory, object, name, H5T_NATIVE_INT64, H5Screate(H5S_SCALAR), &value);
}

enum hm_status hm_hdf5_put_words(struct hm_trajectory *trajectory, hid_t object, const char *name, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    if (bytes > WORDS_BYTES)
        return hm_fail(HM_INTERNAL, "%s: %zu bytes are too many for attribute %s", trajectory->path, bytes, name);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    const enum hm_status status = put(trajectory, object, name, type, H5Screate(H5S_SCALAR), text);
    hm_hdf5_close(type);
    return status;
}

static enum hm_status fail_attribute(const struct hm_trajectory *trajectory, const char *path, const char *name)
{
    H5Eclear2(H5E_DEFAULT);
    return hm_fail(HM_BAD_INPUT, "%s: %s is damaged: its attribute %s cannot be read", trajectory->path, path, name);
}

/* Opens an attribute that holds one value of this class. */
static enum hm_status open_scalar(const struct hm_trajectory *trajectory, hid_t object, const char *path,
                                  const char *name, H5T_class_t class, hid_t *attribute, hid_t *type)
{
    *attribute = H5Aopen(object, name, H5P_DEFAULT);
    *type = *attribute < 0 ? -1 : H5Aget_type(*attribute);
    const hid_t space = *attribute < 0 ? -1 : H5Aget_space(*attribute);
    const bool good =
        *type >= 0 && space >= 0 && H5Sget_simple_extent_npoints(space) == 1 && H5Tget_class(*type) == class;
    hm_hdf5_close(space);
    if (good) return HM_OK;
    hm_hdf5_close(*type);
    hm_hdf5_close(*attribute);
    return fail_attribute(trajectory, path, name);
}

enum hm_status hm_hdf5_get_int(const struct hm_trajectory *trajectory, hid_t object, const char *path, const char *name,
                               int64_t *value)
{
    hid_t attribute, type;
    enum hm_status status = HM_OK;
    HM_TRY(open_scalar(trajectory, object, path, name, H5T_INTEGER, &attribute, &type));
    if (H5Aread(attribute, H5T_NATIVE_INT64, value) < 0) status = fail_attribute(trajectory, path, name);
    hm_hdf5_close(type);
    hm_hdf5_close(attribute);
    return status;
}

/* NULL if it cannot be read. */
static char *read_words(hid_t attribute, hid_t type)
{
    char *text = NULL;
    if (H5Tis_variable_str(type) > 0) {
        char *lent = NULL;
        if (H5Aread(attribute, type, (void *)&lent) >= 0 && lent) text = strdup(lent);
        H5free_memory(lent);
        return text;
    }
    const size_t bytes = H5Tget_size(type);
    if (bytes > 0 && bytes <= WORDS_BYTES) text = calloc(bytes + 1, 1);
    if (text && H5Aread(attribute, type, text) >= 0) return text;
    free(text);
    return NULL;
}

enum hm_status hm_hdf5_get_words(const struct hm_trajectory *trajectory, hid_t object, const char *path,
                                 const char *name, char **text)
{
    hid_t attribute, type;
    *text = NULL;
    HM_TRY(open_scalar(trajectory, object, path, name, H5T_STRING, &attribute, &type));
    *text = read_words(attribute, type);
    hm_hdf5_close(type);
    hm_hdf5_close(attribute);
    return *text ? HM_OK : fail_attribute(trajectory, path, name);
}

/* ---- release ---- */

static void release_block(struct hm_block *block)
{
    for (size_t i = 0; i < HM_SERIES_MAX; i++) {
        struct hm_series *series = &block->series[i];
        hm_hdf5_close(series->dataset);
        if (series->type > 0 && H5Tget_class(series->type) == H5T_COMPOUND) H5Tclose(series->type);
        free(series->buffer);
        *series = (struct hm_series){0};
    }
}

void hm_trajectory_release(struct hm_trajectory *trajectory)
{
    release_block(&trajectory->frames);
    for (int i = 0; i < HM_TABLE_COUNT; i++) release_block(&trajectory->tables[i]);
    hm_hdf5_close(trajectory->file);
    hm_frame_release(&trajectory->topology);
    free(trajectory->path);
    free(trajectory);
}
