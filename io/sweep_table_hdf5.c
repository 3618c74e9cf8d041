/* The HDF5 side of the table: one compound type, strings of fixed length. */
#include "io/sweep_table.h"

#include "io/trajectory_internal.h"

#include <hdf5.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the parts of a row lie in memory and in the file. */
struct shape {
    const struct hm_sweep_columns *columns;
    size_t *axis_size; /* (naxis) bytes of a text; 0: a number */
    size_t kind_size, reason_size, status_size;
    size_t size;
};

static size_t longer(size_t size, const char *text)
{
    const size_t needed = text ? strlen(text) + 1 : 1;
    return needed > size ? needed : size;
}

static void measure(struct shape *shape, const struct hm_sweep_row *rows)
{
    const struct hm_sweep_columns *columns = shape->columns;
    shape->kind_size = shape->reason_size = 1;
    shape->status_size = sizeof rows->status;
    for (size_t i = 0; i < columns->nrun; i++) {
        shape->kind_size = longer(shape->kind_size, columns->kind[i]);
        shape->reason_size = longer(shape->reason_size, rows[i].reason);
        for (size_t a = 0; a < columns->naxis; a++)
            if (!columns->numeric[a]) shape->axis_size[a] = longer(shape->axis_size[a], columns->axis_text[i][a]);
    }
    shape->size = sizeof(long long) + shape->kind_size + shape->status_size + shape->reason_size;
    for (size_t a = 0; a < columns->naxis; a++)
        shape->size += columns->numeric[a] ? sizeof(double) : shape->axis_size[a];
    shape->size += HM_SWEEP_FIELDS * sizeof(double);
}

static void put(unsigned char **at, const void *data, size_t size)
{
    memcpy(*at, data, size);
    *at += size;
}

static void put_text(unsigned char **at, const char *text, size_t size)
{
    if (text) memcpy(*at, text, strlen(text)); /* the buffer was zeroed */
    *at += size;
}

static void pack(const struct shape *shape, const struct hm_sweep_row *row, unsigned char *at)
{
    const struct hm_sweep_columns *columns = shape->columns;
    const long long run = (long long)row->run;
    put(&at, &run, sizeof run);
    put_text(&at, columns->kind[row->run - 1], shape->kind_size);
    for (size_t a = 0; a < columns->naxis; a++) {
        const char *text = columns->axis_text[row->run - 1][a];
        const double number = text && columns->numeric[a] ? strtod(text, NULL) : NAN;
        if (columns->numeric[a])
            put(&at, &number, sizeof number);
        else
            put_text(&at, text, shape->axis_size[a]);
    }
    put_text(&at, row->status, shape->status_size);
    put_text(&at, row->reason, shape->reason_size);
    put(&at, row->value, sizeof row->value);
}

/* Inserts a member behind the last one; size 0: a number of type `number`. */
static bool add_member(hid_t compound, const char *name, size_t size, hid_t number, size_t *offset)
{
    const hid_t type = size > 0 ? H5Tcopy(H5T_C_S1) : H5Tcopy(number);
    bool good = type >= 0;
    if (good && size > 0) good = H5Tset_size(type, size) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0;
    good = good && H5Tinsert(compound, name, *offset, type) >= 0;
    *offset += size > 0 ? size : H5Tget_size(number);
    hm_hdf5_close(type);
    return good;
}

static hid_t make_type(const struct shape *shape)
{
    const struct hm_sweep_columns *columns = shape->columns;
    const hid_t type = H5Tcreate(H5T_COMPOUND, shape->size);
    size_t at = 0;
    bool good = type >= 0 && add_member(type, "run", 0, H5T_NATIVE_LLONG, &at) &&
                add_member(type, "kind", shape->kind_size, -1, &at);
    for (size_t a = 0; a < columns->naxis && good; a++)
        good =
            add_member(type, columns->axis[a], columns->numeric[a] ? 0 : shape->axis_size[a], H5T_NATIVE_DOUBLE, &at);
    good = good && add_member(type, "status", shape->status_size, -1, &at) &&
           add_member(type, "reason", shape->reason_size, -1, &at);
    for (size_t f = 0; f < HM_SWEEP_FIELDS && good; f++)
        good = add_member(type, hm_sweep_field_names[f], 0, H5T_NATIVE_DOUBLE, &at);
    if (good) return type;
    hm_hdf5_close(type);
    return -1;
}

static bool write_rows(const char *path, const struct shape *shape, const void *bytes, hsize_t count)
{
    const hid_t type = make_type(shape), space = H5Screate_simple(1, &count, NULL);
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t set = file >= 0 && type >= 0 && space >= 0
                          ? H5Dcreate2(file, "runs", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)
                          : -1;
    bool good = set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0;
    hm_hdf5_close(set);
    if (file >= 0 && H5Fclose(file) < 0) good = false;
    hm_hdf5_close(space);
    hm_hdf5_close(type);
    return good;
}

static bool sync_file(const char *path)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    const bool good = descriptor >= 0 && fsync(descriptor) == 0;
    if (descriptor >= 0) close(descriptor);
    return good;
}

enum hm_status hm_sweep_table_write_hdf5(const char *path, const struct hm_sweep_columns *columns,
                                         const struct hm_sweep_row *rows)
{
    char aside[PATH_MAX];
    struct shape shape = {.columns = columns, .axis_size = calloc(columns->naxis + 1, sizeof(size_t))};
    size_t count = 0;
    if ((size_t)snprintf(aside, sizeof aside, "%s.new", path) >= sizeof aside) {
        free(shape.axis_size);
        return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", path);
    }
    unsigned char *bytes = NULL;
    if (shape.axis_size) {
        measure(&shape, rows);
        bytes = calloc(columns->nrun + 1, shape.size);
    }
    enum hm_status status = bytes ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for %s", path);
    for (size_t i = 0; i < columns->nrun && bytes; i++)
        if (rows[i].run > 0) pack(&shape, &rows[i], bytes + count++ * shape.size);
    hm_hdf5_silence();
    if (status == HM_OK && (!write_rows(aside, &shape, bytes, count) || !sync_file(aside)))
        status = hm_fail(HM_IO_ERROR, "%s: cannot be written", aside);
    if (status == HM_OK && rename(aside, path) != 0)
        status = hm_fail(HM_IO_ERROR, "%s: cannot be replaced: %s", path, strerror(errno));
    free(bytes);
    free(shape.axis_size);
    return status;
}
