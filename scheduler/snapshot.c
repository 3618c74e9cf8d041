#include "scheduler/snapshot.h"

#include "io/checkpoint.h"

#include <string.h>

enum hm_status hm_snapshot_path(const struct hm_job *job, size_t size, char *path)
{
    return hm_checkpoint_path(hm_config_path(job->config, "output.trajectory"), path, size);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Times add up over the parts of a run. */
enum { CLOCKS = 10 };

static void list_clocks(const struct hm_run_parts *parts, double *clock[CLOCKS])
{
    struct hm_simulation *s = parts->simulation;
    double *const all[CLOCKS] = {
        parts->wall,
        parts->study,
        &s->propagator.seconds_predict,
        &s->oracle.seconds_oracle,
        &s->oracle.seconds_blocked,
        &s->oracle.seconds_inline,
        &s->trainer.seconds_train,
        &s->trainer.seconds_blocked,
        &s->trainer.seconds_inline,
        &parts->recorder->seconds,
    };
    memcpy(clock, all, sizeof all);
}

static void put_clocks(const struct hm_run_parts *parts, struct hm_archive *archive)
{
    double *clock[CLOCKS];
    list_clocks(parts, clock);
    for (int k = 0; k < CLOCKS; k++) hm_archive_put_real(archive, *clock[k]);
    hm_archive_put_int(archive, parts->simulation->oracle.calls);
}

static enum hm_status get_clocks(const struct hm_run_parts *parts, struct hm_archive *archive)
{
    double *clock[CLOCKS];
    list_clocks(parts, clock);
    for (int k = 0; k < CLOCKS; k++) HM_TRY(hm_archive_get_real(archive, clock[k]));
    return hm_archive_get_int(archive, &parts->simulation->oracle.calls);
}

enum hm_status hm_snapshot_write(const char *path, const struct hm_run_parts *parts, struct hm_archive *archive)
{
    hm_archive_clear(archive);
    hm_archive_put_tag(archive, "RUN");
    hm_archive_put_text(archive, base_name(hm_config_path(parts->job->config, "output.trajectory")));
    hm_archive_put_int(archive, parts->ranks);
    hm_job_save(parts->job, archive);
    put_clocks(parts, archive);
    HM_TRY(hm_propagator_save(&parts->simulation->propagator, parts->simulation->state, archive));
    HM_TRY(hm_trajectory_save(parts->recorder->trajectory, archive));
    hm_recorder_save(parts->recorder, archive);
    HM_TRY(archive->status);
    return hm_checkpoint_write(path, archive);
}

/* Bytes of a text as they stand inside YAML's single quotes. */
static void quote(const char *text, size_t count, struct hm_archive *setting)
{
    for (size_t k = 0; k < count; k++) {
        if (text[k] == '\'') hm_archive_put(setting, "'", 1);
        hm_archive_put(setting, &text[k], 1);
    }
}

/* The job, with its trajectory beside the checkpoint, wherever both have been moved to. */
static enum hm_status read_job(const char *checkpoint, struct hm_archive *archive, struct hm_job *job, int *ranks)
{
    static const char key[] = "output.trajectory='";
    struct hm_archive setting = HM_ARCHIVE_EMPTY;
    const char *name;
    int64_t count = 0;
    HM_TRY(hm_archive_expect_tag(archive, "RUN"));
    HM_TRY(hm_archive_get_text(archive, &name));
    HM_TRY(hm_archive_get_int(archive, &count));
    *ranks = (int)count;
    hm_archive_put(&setting, key, strlen(key));
    quote(checkpoint, (size_t)(base_name(checkpoint) - checkpoint), &setting);
    quote(name, strlen(name), &setting);
    hm_archive_put(&setting, "'", 2); /* and the end of the text */
    const char *const overrides[] = {(const char *)setting.bytes};
    enum hm_status status = setting.status;
    if (status == HM_OK) status = hm_job_load(job, archive, overrides, 1);
    hm_archive_release(&setting);
    if (status == HM_OK) status = hm_job_open_replay(job);
    return status;
}

enum hm_status hm_snapshot_open(const char *checkpoint, struct hm_job *job, int *ranks, size_t size, char *word)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    *job = (struct hm_job){0};
    enum hm_status status = hm_checkpoint_read(checkpoint, &archive, word, size);
    if (status == HM_OK) status = read_job(checkpoint, &archive, job, ranks);
    if (status == HM_OK) {
        job->snapshot = archive;
        return HM_OK;
    }
    hm_archive_release(&archive);
    hm_job_release(job);
    return status;
}

enum hm_status hm_snapshot_load_simulation(struct hm_archive *snapshot, const struct hm_run_parts *parts)
{
    HM_TRY(get_clocks(parts, snapshot));
    return hm_propagator_load(&parts->simulation->propagator, parts->simulation->state, snapshot);
}
