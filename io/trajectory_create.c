#include "io/trajectory_internal.h"

#include "io/checkpoint.h"
#include "io/units.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

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
    HM_TRY(make_group(trajectory, HM_PROVENANCE_GROUP, &group));
    enum hm_status status = HM_OK;
    for (; status == HM_OK && provenance && (*provenance)[0]; provenance++)
        status = hm_hdf5_put_text(trajectory, group, (*provenance)[0], (*provenance)[1] ? (*provenance)[1] : "");
    hm_hdf5_close(group);
    return status;
}

static enum hm_status put_id(struct hm_trajectory *trajectory)
{
    const hid_t group = H5Gopen2(trajectory->file, HM_PROVENANCE_GROUP, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (group < 0)
        status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "open", HM_PROVENANCE_GROUP);
    else
        status = hm_hdf5_put_words(trajectory, group, HM_RUN_ID, trajectory->id);
    hm_hdf5_close(group);
    return status;
}

static enum hm_status put_config(struct hm_trajectory *trajectory, const struct hm_trajectory_setup *setup)
{
    const char *text = setup->config_yaml ? setup->config_yaml : "";
    HM_TRY(hm_trajectory_put_provenance(trajectory, setup->provenance));
    HM_TRY(put_id(trajectory));
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
    HM_TRY(hm_hdf5_put_int(trajectory, group, "degrees_of_freedom",
                           (int64_t)hm_degrees_of_freedom(&trajectory->topology)));
    HM_TRY(hm_hdf5_put_int(trajectory, group, "thermostatted", info->thermostatted));
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

static enum hm_status put_frozen(struct hm_trajectory *trajectory)
{
    const struct hm_frame *frame = &trajectory->topology;
    const hsize_t nfrozen = frame->nfrozen;
    if (nfrozen == 0) return HM_OK;
    uint64_t *atoms = malloc(nfrozen * sizeof *atoms);
    if (!atoms) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu frozen atoms", frame->nfrozen);
    size_t count = 0;
    for (size_t i = 0; i < frame->natom; i++)
        if (frame->frozen[i]) atoms[count++] = i;
    const enum hm_status status = put_array(trajectory, HM_FROZEN, H5T_NATIVE_UINT64, 1, &nfrozen, NULL, atoms);
    free(atoms);
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
static enum hm_status make_room(struct hm_trajectory *trajectory, const char *path, size_t names_bytes)
{
    const hid_t layout = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_local_heap_size_hint(layout, names_bytes);
    const hid_t group = H5Gcreate2(trajectory->file, path, H5P_DEFAULT, layout, H5P_DEFAULT);
    enum hm_status status = HM_OK;
    if (group < 0) status = hm_trajectory_fail(trajectory, HM_IO_ERROR, "create", path);
    hm_hdf5_close(group);
    hm_hdf5_close(layout);
    return status;
}

/* ---- create ---- */

/* By chance, so that no two runs share it: a checkpoint is known by it to be of this file. */
static enum hm_status draw_id(struct hm_trajectory *trajectory)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        return hm_fail(HM_IO_ERROR, "%s: no random number for the run's id: %s", trajectory->path, strerror(errno));
    snprintf(trajectory->id, sizeof trajectory->id, "%016" PRIx64, bits);
    return HM_OK;
}

/* While the old file still stands: an old checkpoint never meets a new file. */
static enum hm_status forget_checkpoint(const struct hm_trajectory *trajectory)
{
    char checkpoint[PATH_MAX];
    HM_TRY(hm_checkpoint_path(trajectory->path, checkpoint, sizeof checkpoint));
    return hm_checkpoint_remove(checkpoint);
}

static enum hm_status fill_file(struct hm_trajectory *trajectory, const struct hm_trajectory_setup *setup)
{
    HM_TRY(put_header(trajectory));
    HM_TRY(put_author(trajectory, setup));
    HM_TRY(put_config(trajectory, setup));
    HM_TRY(put_run(trajectory));
    HM_TRY(put_bonds(trajectory, setup));
    HM_TRY(put_frozen(trajectory));
    HM_TRY(put_system(trajectory));
    HM_TRY(hm_trajectory_make_series(trajectory));
    HM_TRY(put_words(trajectory));
    HM_TRY(make_room(trajectory, HM_WEIGHTS_GROUP, 1 << 16));
    HM_TRY(make_room(trajectory, "/hamlet/correlations", 1 << 12));
    HM_TRY(make_room(trajectory, "/hamlet/timing", 1 << 12));
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

enum hm_status hm_trajectory_create(const char *path, const struct hm_trajectory_setup *setup,
                                    struct hm_trajectory **trajectory)
{
    *trajectory = NULL;
    HM_TRY(check_setup(path, setup));
    hm_hdf5_silence();
    struct hm_trajectory *self = calloc(1, sizeof *self);
    if (!self) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    const bool existed = access(path, F_OK) == 0;
    enum hm_status status = hm_trajectory_describe(self, path, setup);
    if (status == HM_OK) status = draw_id(self);
    if (status == HM_OK) status = forget_checkpoint(self);
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
