#include "io/trajectory_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- records ---- */

enum kind { I64, I32, I16, U8, F64, F32 };

struct field {
    const char *name;
    size_t offset;
    enum kind kind;
};

#define FIELD(record, name, kind)                  \
    {                                              \
#name, offsetof(struct record, name), kind \
    }

static const struct field decision_fields[] = {
    FIELD(hm_decision_record, step, I64),         FIELD(hm_decision_record, replica, I32),
    FIELD(hm_decision_record, round, I32),        FIELD(hm_decision_record, weights_version, I32),
    FIELD(hm_decision_record, oracle_group, I16), FIELD(hm_decision_record, action, U8),
    FIELD(hm_decision_record, reason, U8),        FIELD(hm_decision_record, committed, U8),
    FIELD(hm_decision_record, signal, F32),       FIELD(hm_decision_record, threshold, F32),
};

static const struct field injection_fields[] = {
    FIELD(hm_injection_record, step, I64),
    FIELD(hm_injection_record, residual, F64),
    FIELD(hm_injection_record, residual_relative, F64),
    FIELD(hm_injection_record, velocity_mae, F64),
    FIELD(hm_injection_record, velocity_mean, F64),
    FIELD(hm_injection_record, kick_mae, F64),
    FIELD(hm_injection_record, kick_mean, F64),
    FIELD(hm_injection_record, energy, F64),
    FIELD(hm_injection_record, seconds, F64),
    FIELD(hm_injection_record, iterations, I32),
    FIELD(hm_injection_record, status, I32),
};

static const struct field training_fields[] = {
    FIELD(hm_training_record, step, I64),           FIELD(hm_training_record, version, I32),
    FIELD(hm_training_record, member, I32),         FIELD(hm_training_record, loss_before, F64),
    FIELD(hm_training_record, loss_after, F64),     FIELD(hm_training_record, held_out_before, F64),
    FIELD(hm_training_record, held_out_after, F64), FIELD(hm_training_record, samples, F64),
    FIELD(hm_training_record, seconds, F64),        FIELD(hm_training_record, accepted, U8),
};

static const struct {
    const struct field *fields;
    size_t count, bytes;
} layouts[HM_TABLE_COUNT] = {
    {decision_fields, sizeof decision_fields / sizeof *decision_fields, sizeof(struct hm_decision_record)},
    {injection_fields, sizeof injection_fields / sizeof *injection_fields, sizeof(struct hm_injection_record)},
    {training_fields, sizeof training_fields / sizeof *training_fields, sizeof(struct hm_training_record)},
};

const char *const hm_table_paths[HM_TABLE_COUNT] = {"/hamlet/decisions", "/hamlet/injections", "/hamlet/training"};

static const size_t kind_bytes[] = {[I64] = 8, [I32] = 4, [I16] = 2, [U8] = 1, [F64] = 8, [F32] = 4};

static hid_t kind_type(enum kind kind)
{
    switch (kind) {
    case I64:
        return H5T_NATIVE_INT64;
    case I32:
        return H5T_NATIVE_INT32;
    case I16:
        return H5T_NATIVE_INT16;
    case U8:
        return H5T_NATIVE_UINT8;
    case F64:
        return H5T_NATIVE_DOUBLE;
    case F32:
        return H5T_NATIVE_FLOAT;
    }
    return -1;
}

size_t hm_record_packed_bytes(enum hm_table_name table)
{
    size_t bytes = 0;
    for (size_t i = 0; i < layouts[table].count; i++) bytes += kind_bytes[layouts[table].fields[i].kind];
    return bytes;
}

void hm_record_pack(enum hm_table_name table, const void *record, unsigned char *packed)
{
    const struct field *field = layouts[table].fields, *end = field + layouts[table].count;
    for (; field < end; field++) {
        const unsigned char *from = (const unsigned char *)record + field->offset;
        switch (kind_bytes[field->kind]) { /* constant sizes become single moves */
        case 8:
            memcpy(packed, from, 8);
            break;
        case 4:
            memcpy(packed, from, 4);
            break;
        case 2:
            memcpy(packed, from, 2);
            break;
        default:
            *packed = *from;
            break;
        }
        packed += kind_bytes[field->kind];
    }
}

hid_t hm_record_type(enum hm_table_name table, bool packed)
{
    const hid_t type = H5Tcreate(H5T_COMPOUND, packed ? hm_record_packed_bytes(table) : layouts[table].bytes);
    size_t next = 0;
    for (size_t i = 0; type >= 0 && i < layouts[table].count; i++) {
        const struct field *field = &layouts[table].fields[i];
        H5Tinsert(type, field->name, packed ? next : field->offset, kind_type(field->kind));
        next += kind_bytes[field->kind];
    }
    return type;
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
