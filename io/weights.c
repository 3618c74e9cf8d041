#include "io/weights.h"

#include "io/trajectory_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- in memory ---- */

void hm_weights_of_member_release(struct hm_weights_of_member *weights)
{
    free(weights->form);
    free(weights->bytes);
    *weights = (struct hm_weights_of_member){0};
}

void hm_weights_release(struct hm_weights *weights)
{
    for (size_t i = 0; i < weights->count; i++) hm_weights_of_member_release(&weights->of[i]);
    free(weights->of);
    *weights = (struct hm_weights){0};
}

/* Takes over what `fresh` owns, also when it fails. */
static enum hm_status place(struct hm_weights *weights, struct hm_weights_of_member *fresh)
{
    size_t at = 0;
    while (at < weights->count && weights->of[at].member < fresh->member) at++;
    if (at < weights->count && weights->of[at].member == fresh->member) {
        hm_weights_of_member_release(&weights->of[at]);
        weights->of[at] = *fresh;
        return HM_OK;
    }
    struct hm_weights_of_member *grown = realloc(weights->of, (weights->count + 1) * sizeof *grown);
    if (!grown) {
        hm_weights_of_member_release(fresh);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the weights of %zu members", weights->count + 1);
    }
    memmove(&grown[at + 1], &grown[at], (weights->count - at) * sizeof *grown);
    grown[at] = *fresh;
    weights->of = grown;
    weights->count++;
    return HM_OK;
}

enum hm_status hm_weights_set(struct hm_weights *weights, size_t member, int32_t version, const char *form,
                              const void *bytes, size_t size)
{
    struct hm_weights_of_member fresh = {member, version, malloc(strlen(form) + 1), malloc(size + 1), size};
    if (!fresh.form || !fresh.bytes) {
        hm_weights_of_member_release(&fresh);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu bytes of weights", size);
    }
    strcpy(fresh.form, form);
    if (size > 0) memcpy(fresh.bytes, bytes, size);
    return place(weights, &fresh);
}

const struct hm_weights_of_member *hm_weights_find(const struct hm_weights *weights, size_t member)
{
    for (size_t i = 0; i < weights->count; i++)
        if (weights->of[i].member == member) return &weights->of[i];
    return NULL;
}

/* ---- in an archive ---- */

void hm_weights_save(const struct hm_weights *weights, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "WEIGHTS");
    hm_archive_put_size(archive, weights->count);
    for (size_t i = 0; i < weights->count; i++) {
        const struct hm_weights_of_member *one = &weights->of[i];
        hm_archive_put_size(archive, one->member);
        hm_archive_put_int(archive, one->version);
        hm_archive_put_text(archive, one->form);
        hm_archive_put_size(archive, one->size);
        hm_archive_put(archive, one->bytes, one->size);
    }
}

static enum hm_status load_member(struct hm_weights *weights, struct hm_archive *archive)
{
    size_t member, size;
    int64_t version;
    const char *form;
    HM_TRY(hm_archive_get_size(archive, &member));
    HM_TRY(hm_archive_get_int(archive, &version));
    HM_TRY(hm_archive_get_text(archive, &form));
    HM_TRY(hm_archive_get_size(archive, &size));
    if (size > archive->size - archive->cursor)
        return hm_fail(HM_BAD_INPUT, "stored state ends early: %zu bytes of weights wanted of the %zu left", size,
                       archive->size - archive->cursor);
    if (version < INT32_MIN || version > INT32_MAX)
        return hm_fail(HM_BAD_INPUT, "stored state is damaged: version %lld of the weights", (long long)version);
    HM_TRY(hm_weights_set(weights, member, (int32_t)version, form, archive->bytes + archive->cursor, size));
    archive->cursor += size;
    return HM_OK;
}

enum hm_status hm_weights_load(struct hm_weights *weights, struct hm_archive *archive)
{
    size_t count = 0;
    hm_weights_release(weights);
    HM_TRY(hm_archive_expect_tag(archive, "WEIGHTS"));
    HM_TRY(hm_archive_get_size(archive, &count));
    enum hm_status status = HM_OK;
    for (size_t i = 0; status == HM_OK && i < count; i++) status = load_member(weights, archive);
    if (status != HM_OK) hm_weights_release(weights);
    return status;
}

/* ---- in a file ---- */

/* A trajectory's outermost part, enough for its functions that read and write weights. */
static enum hm_status make_handle(const char *path, const char *suffix, struct hm_trajectory **handle)
{
    struct hm_trajectory *self = calloc(1, sizeof *self);
    const size_t size = strlen(path) + strlen(suffix) + 1;
    if (self) self->path = malloc(size);
    if (!self || !self->path) {
        free(self);
        return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    snprintf(self->path, size, "%s%s", path, suffix);
    hm_hdf5_silence();
    *handle = self;
    return HM_OK;
}

/* Whether hm_trajectory_log_weights writes a version under this name. */
static bool read_version(const char *name, int32_t *version)
{
    char written[16];
    const long value = strtol(name, NULL, 10);
    *version = (int32_t)value;
    snprintf(written, sizeof written, "%d", (int)*version);
    return value == *version && strcmp(name, written) == 0;
}

struct survey {
    const struct hm_trajectory *handle;
    struct hm_weights newest; // of each member, without form and bytes
    enum hm_status status;
};

static enum hm_status note_version(struct survey *survey, int32_t version)
{
    char path[64];
    hsize_t dims[HM_RANK_MAX];
    hid_t dataset;
    int64_t member = 0;
    snprintf(path, sizeof path, HM_WEIGHTS_GROUP "/%d", (int)version);
    HM_TRY(hm_trajectory_open_dataset(survey->handle, path, 1, dims, &dataset));
    const enum hm_status status = hm_hdf5_get_int(survey->handle, dataset, path, "member", &member);
    hm_hdf5_close(dataset);
    HM_TRY(status);
    if (member == HM_WEIGHTS_WITHDRAWN) return HM_OK;
    const struct hm_weights_of_member *known = hm_weights_find(&survey->newest, (size_t)member);
    if (known && known->version > version) return HM_OK;
    return hm_weights_set(&survey->newest, (size_t)member, version, "", NULL, 0);
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    struct survey *survey = user;
    int32_t version;
    (void)group;
    (void)info;
    if (read_version(name, &version)) survey->status = note_version(survey, version);
    return survey->status == HM_OK ? 0 : 1; /* 1 ends the walk */
}

static enum hm_status find_newest(const struct hm_trajectory *handle, struct hm_weights *newest)
{
    struct survey survey = {.handle = handle};
    const bool there = hm_hdf5_exists(handle->file, HM_WEIGHTS_GROUP);
    const hid_t group = there ? H5Gopen2(handle->file, HM_WEIGHTS_GROUP, H5P_DEFAULT) : 0;
    if (group < 0 || (there && H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit, &survey) < 0))
        survey.status = hm_trajectory_fail(handle, HM_BAD_INPUT, "read", HM_WEIGHTS_GROUP);
    hm_hdf5_close(group);
    if (survey.status == HM_OK && survey.newest.count == 0)
        survey.status = hm_fail(HM_BAD_INPUT,
                                "%s: there are no weights in it (" HM_WEIGHTS_GROUP
                                "); name the trajectory of a run that trained, or what hamlet train wrote",
                                handle->path);
    if (survey.status != HM_OK) hm_weights_release(&survey.newest);
    *newest = survey.newest;
    return survey.status;
}

static enum hm_status read_newest(struct hm_trajectory *handle, struct hm_weights *weights)
{
    struct hm_weights newest;
    HM_TRY(find_newest(handle, &newest));
    enum hm_status status = HM_OK;
    for (size_t i = 0; status == HM_OK && i < newest.count; i++) {
        struct hm_weights_of_member one;
        bool found;
        status = hm_trajectory_read_weights(handle, newest.of[i].version, &one, &found);
        if (status == HM_OK) status = place(weights, &one);
    }
    hm_weights_release(&newest);
    return status;
}

enum hm_status hm_weights_read(const char *path, struct hm_weights *weights)
{
    struct hm_trajectory *handle;
    *weights = (struct hm_weights){0};
    HM_TRY(make_handle(path, "", &handle));
    enum hm_status status = hm_hdf5_open(handle);
    if (status == HM_OK) status = read_newest(handle, weights);
    hm_trajectory_release(handle);
    if (status != HM_OK) hm_weights_release(weights);
    return status;
}

/* Versions are names in the file. */
static enum hm_status check_versions(const struct hm_weights *weights)
{
    for (size_t i = 0; i < weights->count; i++)
        for (size_t j = 0; j < i; j++)
            if (weights->of[i].version == weights->of[j].version)
                return hm_fail(HM_INTERNAL, "version %d is given to the weights of two members",
                               (int)weights->of[i].version);
    return HM_OK;
}

static enum hm_status fill_file(struct hm_trajectory *handle, const struct hm_weights *weights,
                                const char *const (*provenance)[2])
{
    handle->writable = true;
    HM_TRY(hm_trajectory_put_provenance(handle, provenance));
    for (size_t i = 0; i < weights->count; i++) HM_TRY(hm_trajectory_log_weights(handle, &weights->of[i]));
    return HM_OK;
}

enum hm_status hm_weights_write(const char *path, bool overwrite, const struct hm_weights *weights,
                                const char *const (*provenance)[2])
{
    struct hm_trajectory *handle;
    char aside[32];
    HM_TRY(check_versions(weights));
    HM_TRY(hm_trajectory_check_target(path, overwrite));
    snprintf(aside, sizeof aside, ".%ld", (long)getpid());
    HM_TRY(make_handle(path, aside, &handle));
    enum hm_status status = hm_hdf5_create(handle, false);
    const bool made = status == HM_OK;
    if (made) status = fill_file(handle, weights, provenance);
    char *written = strdup(handle->path);
    if (!written && status == HM_OK) status = hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", path);
    const enum hm_status closed = hm_trajectory_close(&handle);
    if (status == HM_OK) status = closed;
    if (status == HM_OK && rename(written, path) != 0)
        status = hm_fail(HM_BAD_OUTPUT, "%s: cannot be written: %s", path, strerror(errno));
    if (made && status != HM_OK && written) remove(written);
    free(written);
    return status;
}
