#include "io/trajectory_internal.h"

#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEM "/particles/system"

/* ---- whole datasets ---- */

static enum hm_status read_whole(struct hm_trajectory *trajectory, const char *path, int rank, const hsize_t *expected,
                                 hid_t type, void *out)
{
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    HM_TRY(hm_trajectory_open_dataset(trajectory, path, rank, dims, &dataset));
    enum hm_status status = HM_OK;
    for (int k = 0; k < rank; k++)
        if (dims[k] != expected[k])
            status = hm_fail(HM_BAD_INPUT, "%s: %s has not the shape it should have", trajectory->path, path);
    if (status == HM_OK && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        status = hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", path);
    hm_hdf5_close(dataset);
    return status;
}

static enum hm_status read_frozen(struct hm_trajectory *trajectory, struct hm_frame *frame)
{
    hsize_t count[HM_RANK_MAX];
    hid_t dataset;
    if (!hm_hdf5_exists(trajectory->file, HM_FROZEN)) return HM_OK;
    HM_TRY(hm_trajectory_open_dataset(trajectory, HM_FROZEN, 1, count, &dataset));
    hm_hdf5_close(dataset);
    uint64_t *atoms = count[0] <= frame->natom ? malloc((size_t)count[0] * sizeof *atoms + 1) : NULL;
    if (!atoms) return hm_fail(HM_BAD_INPUT, "%s: " HM_FROZEN " is damaged", trajectory->path);
    enum hm_status status = read_whole(trajectory, HM_FROZEN, 1, count, H5T_NATIVE_UINT64, atoms);
    for (hsize_t i = 0; status == HM_OK && i < count[0]; i++) {
        if (atoms[i] < frame->natom)
            hm_frame_freeze(frame, (size_t)atoms[i]);
        else
            status = hm_fail(HM_BAD_INPUT, "%s: " HM_FROZEN " names an atom that is not there", trajectory->path);
    }
    free(atoms);
    return status;
}

/* Which motions carry no heat follows from the degrees of freedom; files of earlier versions do not say. */
static enum hm_status read_at_rest(struct hm_trajectory *trajectory, struct hm_frame *frame)
{
    int64_t dof;
    const size_t most = 3 * (frame->natom - frame->nfrozen);
    if (H5Aexists_by_name(trajectory->file, "/hamlet/run", "degrees_of_freedom", H5P_DEFAULT) <= 0) return HM_OK;
    HM_TRY(hm_trajectory_get_attribute(trajectory, "degrees_of_freedom", H5T_NATIVE_INT64, 1, &dof));
    if (dof < 0 || (size_t)dof > most)
        return hm_fail(HM_BAD_INPUT, "%s: is damaged: %lld degrees of freedom of %zu", trajectory->path, (long long)dof,
                       most);
    frame->at_rest = most - (size_t)dof;
    return HM_OK;
}

static enum hm_status read_atoms(struct hm_trajectory *trajectory, struct hm_frame *frame)
{
    const hsize_t natom = trajectory->info.natom;
    double periodic[3];
    HM_TRY(read_whole(trajectory, SYSTEM "/species", 1, &natom, H5T_NATIVE_INT, frame->number));
    HM_TRY(read_whole(trajectory, SYSTEM "/mass", 1, &natom, H5T_NATIVE_DOUBLE, frame->mass));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "cell_angstrom", H5T_NATIVE_DOUBLE, 9, frame->cell));
    HM_TRY(hm_trajectory_get_attribute(trajectory, "periodic", H5T_NATIVE_DOUBLE, 3, periodic));
    for (size_t i = 0; i < frame->natom; i++) frame->mass[i] /= HM_MASS_AMU;
    for (int k = 0; k < 9; k++) frame->cell[k] /= HM_LENGTH_ANGSTROM;
    for (int k = 0; k < 3; k++) frame->periodic[k] = periodic[k] != 0.0;
    HM_TRY(read_frozen(trajectory, frame));
    return read_at_rest(trajectory, frame);
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
    HM_TRY(hm_trajectory_read_rows(trajectory, series, first, count, H5T_NATIVE_DOUBLE, out));
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
        HM_TRY(hm_trajectory_read_rows(trajectory, &trajectory->frames.series[HM_SERIES_STEP], first, count,
                                       H5T_NATIVE_INT64, steps));
    HM_TRY(read_reals(trajectory, HM_SERIES_POSITION, first, count, HM_LENGTH_ANGSTROM, x));
    HM_TRY(read_reals(trajectory, HM_SERIES_VELOCITY, first, count, HM_VELOCITY_ANGSTROM_PER_PS, v));
    HM_TRY(read_reals(trajectory, HM_SERIES_FORCE, first, count, HM_FORCE_KJ_PER_MOL_ANGSTROM, force));
    HM_TRY(read_reals(trajectory, HM_SERIES_POTENTIAL, first, count, HM_ENERGY_KJ_PER_MOL, potential));
    return read_reals(trajectory, HM_SERIES_KINETIC, first, count, HM_ENERGY_KJ_PER_MOL, kinetic);
}

enum hm_status hm_trajectory_read_conserved(struct hm_trajectory *trajectory, size_t first, size_t count,
                                            double *conserved)
{
    HM_TRY(check_opened_to_read(trajectory));
    HM_TRY(check_range(trajectory, "frames", first, count, trajectory->info.nframe));
    for (size_t i = 0; i < count; i++) conserved[i] = NAN;
    if (!trajectory->info.thermostatted) return HM_OK;
    return read_reals(trajectory, HM_SERIES_CONSERVED, first, count, HM_ENERGY_KJ_PER_MOL, conserved);
}

static size_t rows_of(const struct hm_trajectory_info *info, enum hm_table_name table)
{
    const size_t rows[HM_TABLE_COUNT] = {
        [HM_TABLE_DECISIONS] = info->ndecision, [HM_TABLE_INJECTIONS] = info->ninjection,
        [HM_TABLE_TRAINING] = info->ntraining,  [HM_TABLE_FAULTS] = info->nfault,
        [HM_TABLE_STUDY] = info->nstudy,        [HM_TABLE_ROUNDS] = info->nround,
    };
    return rows[table];
}

static enum hm_status read_table(struct hm_trajectory *trajectory, enum hm_table_name table, size_t first, size_t count,
                                 void *records)
{
    HM_TRY(check_opened_to_read(trajectory));
    HM_TRY(check_range(trajectory, "rows", first, count, rows_of(&trajectory->info, table)));
    memset(records, 0, count * hm_record_bytes(table)); /* fields that an older file lacks */
    const struct hm_series *series = &trajectory->tables[table].series[0];
    return hm_trajectory_read_rows(trajectory, series, first, count, series->type, records);
}

enum hm_status hm_trajectory_read_decisions(struct hm_trajectory *trajectory, size_t first, size_t count,
                                            struct hm_decision_record *records)
{
    return read_table(trajectory, HM_TABLE_DECISIONS, first, count, records);
}

enum hm_status hm_trajectory_read_injections(struct hm_trajectory *trajectory, size_t first, size_t count,
                                             struct hm_injection_record *records)
{
    return read_table(trajectory, HM_TABLE_INJECTIONS, first, count, records);
}

enum hm_status hm_trajectory_read_training(struct hm_trajectory *trajectory, size_t first, size_t count,
                                           struct hm_training_record *records)
{
    return read_table(trajectory, HM_TABLE_TRAINING, first, count, records);
}

enum hm_status hm_trajectory_read_faults(struct hm_trajectory *trajectory, size_t first, size_t count,
                                         struct hm_fault_record *records)
{
    return read_table(trajectory, HM_TABLE_FAULTS, first, count, records);
}

enum hm_status hm_trajectory_read_study(struct hm_trajectory *trajectory, size_t first, size_t count,
                                        struct hm_study_record *records)
{
    return read_table(trajectory, HM_TABLE_STUDY, first, count, records);
}

enum hm_status hm_trajectory_read_rounds(struct hm_trajectory *trajectory, size_t first, size_t count,
                                         struct hm_round_record *records)
{
    return read_table(trajectory, HM_TABLE_ROUNDS, first, count, records);
}

enum hm_status hm_trajectory_walk(struct hm_trajectory *trajectory, enum hm_table_name table,
                                  void (*see)(void *self, const void *record), void *self)
{
    enum { SLAB_RECORDS = 8192 };
    const size_t total = rows_of(&trajectory->info, table), bytes = hm_record_bytes(table);
    const size_t most = total < SLAB_RECORDS ? total : SLAB_RECORDS;
    if (total == 0) return HM_OK;
    unsigned char *slab = calloc(most, bytes);
    if (!slab)
        return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory: reading %s", trajectory->path, hm_table_paths[table]);
    enum hm_status status = HM_OK;
    for (size_t first = 0; status == HM_OK && first < total; first += most) {
        const size_t count = total - first < most ? total - first : most;
        status = read_table(trajectory, table, first, count, slab);
        for (size_t i = 0; status == HM_OK && i < count; i++) see(self, slab + i * bytes);
    }
    free(slab);
    return status;
}

/* ---- texts, bytes, arrays by name ---- */

static enum hm_status read_bytes(const struct hm_trajectory *trajectory, hid_t dataset, const char *path, hsize_t count,
                                 struct hm_weights_of_member *weights)
{
    const hid_t type = H5Dget_type(dataset);
    const bool good = type >= 0 && H5Tget_size(type) == 1 && count <= H5Dget_storage_size(dataset);
    hm_hdf5_close(type);
    if (!good) return hm_fail(HM_BAD_INPUT, "%s: %s is damaged", trajectory->path, path);
    weights->size = (size_t)count;
    weights->bytes = malloc(weights->size + 1);
    if (!weights->bytes) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", trajectory->path);
    if (count > 0 && H5Dread(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, weights->bytes) < 0)
        return hm_trajectory_fail(trajectory, HM_BAD_INPUT, "read", path);
    return HM_OK;
}

enum hm_status hm_trajectory_read_weights(struct hm_trajectory *trajectory, int32_t version,
                                          struct hm_weights_of_member *weights, bool *found)
{
    char path[64];
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    int64_t member = 0;
    *weights = (struct hm_weights_of_member){.version = version};
    snprintf(path, sizeof path, HM_WEIGHTS_GROUP "/%d", (int)version);
    *found = hm_hdf5_exists(trajectory->file, path);
    if (!*found) return HM_OK;
    HM_TRY(hm_trajectory_open_dataset(trajectory, path, 1, dims, &dataset));
    enum hm_status status = hm_hdf5_get_int(trajectory, dataset, path, "member", &member);
    if (status == HM_OK && member == HM_WEIGHTS_WITHDRAWN) {
        *found = false;
        hm_hdf5_close(dataset);
        return HM_OK;
    }
    if (status == HM_OK && (member < 0 || member > INT32_MAX))
        status =
            hm_fail(HM_BAD_INPUT, "%s: %s is damaged: it is of member %lld", trajectory->path, path, (long long)member);
    if (status == HM_OK) status = hm_hdf5_get_words(trajectory, dataset, path, "form", &weights->form);
    if (status == HM_OK) status = read_bytes(trajectory, dataset, path, dims[0], weights);
    hm_hdf5_close(dataset);
    if (status == HM_OK) weights->member = (size_t)member;
    if (status != HM_OK) hm_weights_of_member_release(weights);
    return status;
}

enum hm_status hm_trajectory_read_config(struct hm_trajectory *trajectory, struct hm_archive *text)
{
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    char *stored = NULL;
    HM_TRY(hm_trajectory_open_dataset(trajectory, "/hamlet/config", 0, dims, &dataset));
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

enum hm_status hm_trajectory_read_provenance(const struct hm_trajectory *trajectory, const char *name, char **value)
{
    const bool there = hm_hdf5_exists(trajectory->file, HM_PROVENANCE_GROUP) &&
                       H5Aexists_by_name(trajectory->file, HM_PROVENANCE_GROUP, name, H5P_DEFAULT) > 0;
    *value = NULL;
    const hid_t group = there ? H5Gopen2(trajectory->file, HM_PROVENANCE_GROUP, H5P_DEFAULT) : 0;
    if (group <= 0) return HM_OK;
    const enum hm_status status = hm_hdf5_get_words(trajectory, group, HM_PROVENANCE_GROUP, name, value);
    hm_hdf5_close(group);
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
    HM_TRY(hm_trajectory_open_dataset(trajectory, path, 2, dims, &dataset));
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
    size_t known = 0;
    while (known < count && status == HM_OK && isnan((*values)[known])) known++;
    if (status != HM_OK || (count > 0 && known == count)) { /* withdrawn, as far as it was not there */
        free(*values);
        *values = NULL;
        return status;
    }
    *rows = (size_t)dims[0];
    *columns = (size_t)dims[1];
    return HM_OK;
}
