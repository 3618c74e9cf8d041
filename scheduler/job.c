#include "scheduler/job.h"

#include "hamiltonians/molecules.h"
#include "scheduler/messages.h"

#include "io/extxyz.h"
#include "io/rng.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum hm_status read_geometry(const struct hm_config *config, struct hm_frame *frame)
{
    if (hm_config_has(config, "system.geometry"))
        return hm_extxyz_read(hm_config_path(config, "system.geometry"), 0, frame);
    if (hm_config_has(config, "hamiltonian.molecule")) return hm_molecule_frame(config, frame);
    return hm_config_fault(config, "system", "needs 'geometry: FILE.xyz' (or name a built-in 'hamiltonian.molecule')");
}

static enum hm_status set_velocities(const struct hm_config *config, struct hm_frame *frame)
{
    const double scale_energy = hm_config_real(config, "system.initial_velocities.scale_energy");
    if (hm_config_has(config, "system.initial_velocities.temperature")) {
        const struct hm_velocity_options options = {
            .temperature = hm_config_real(config, "system.initial_velocities.temperature"),
            .seed = (uint64_t)hm_config_integer(config, "system.initial_velocities.seed"),
            .remove_momentum = hm_config_lists(config, "system.initial_velocities.remove", "momentum"),
            .remove_angular_momentum = hm_config_lists(config, "system.initial_velocities.remove", "angular_momentum"),
            .scale_energy = scale_energy,
        };
        return hm_velocities_draw(frame, &options);
    }
    if (!frame->has_velocities)
        return hm_config_fault(config, "system",
                               "the geometry has no velocities: add "
                               "'initial_velocities: {temperature: 300 K}'");
    for (size_t k = 0; k < 3 * frame->natom; k++) frame->v[k] *= sqrt(scale_energy);
    return HM_OK;
}

static enum hm_status read_decisions(struct hm_replay_log *replay)
{
    enum { ROWS = 4096 };
    replay->count = hm_trajectory_info(replay->trajectory)->ndecision;
    replay->action = calloc(replay->count + 1, sizeof *replay->action);
    replay->version = calloc(replay->count + 1, sizeof *replay->version);
    struct hm_decision_record *rows = calloc(ROWS, sizeof *rows);
    enum hm_status status = HM_OK;
    if (!replay->action || !replay->version || !rows)
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the log to replay");
    for (size_t first = 0; status == HM_OK && first < replay->count; first += ROWS) {
        const size_t count = replay->count - first < ROWS ? replay->count - first : ROWS;
        status = hm_trajectory_read_decisions(replay->trajectory, first, count, rows);
        for (size_t i = 0; status == HM_OK && i < count; i++) {
            replay->action[first + i] = rows[i].action;
            replay->version[first + i] = rows[i].weights_version;
        }
    }
    free(rows);
    return status;
}

static enum hm_status open_replay(const struct hm_config *config, struct hm_replay_log *replay)
{
    if (!hm_config_is(config, "policy.type", "replay") || !hm_config_has(config, "policy.log")) return HM_OK;
    HM_TRY(hm_trajectory_open(hm_config_path(config, "policy.log"), &replay->trajectory));
    HM_TRY(read_decisions(replay));
    const int64_t warmup = hm_config_integer(config, "training.warmup_steps");
    if (hm_trajectory_info(replay->trajectory)->warmup_steps != warmup)
        return hm_config_fault(config, "policy.log", "the log has %lld warm-up steps and this run has %lld",
                               (long long)hm_trajectory_info(replay->trajectory)->warmup_steps, (long long)warmup);
    /* A synchronous run stores no weights: it trains again, to the same bits. */
    int32_t last = replay->count > 0 ? replay->version[replay->count - 1] : 0;
    struct hm_archive bytes = HM_ARCHIVE_EMPTY;
    const enum hm_status status =
        last > 0 ? hm_trajectory_read_weights(replay->trajectory, last, &bytes, &replay->has_weights) : HM_OK;
    hm_archive_release(&bytes);
    if (status == HM_OK && last > 0 && !replay->has_weights && hm_config_is(config, "training.mode", "asynchronous"))
        return hm_config_fault(config, "policy.log",
                               "the log stores no weights, so its run is repeated by training.mode: synchronous only");
    return status;
}

enum hm_status hm_job_prepare(const char *path, const char *const *overrides, size_t noverride, struct hm_job *job)
{
    struct hm_config *config;
    *job = (struct hm_job){0};
    HM_TRY(hm_config_load(path, overrides, noverride, &config));
    return hm_job_from_config(config, job);
}

enum hm_status hm_job_from_config(struct hm_config *config, struct hm_job *job)
{
    *job = (struct hm_job){.config = config};
    enum hm_status status;
    HM_TRY_GOTO(status, read_geometry(job->config, &job->frame), fail);
    HM_TRY_GOTO(status, hm_molecule_apply_masses(job->config, &job->frame), fail);
    HM_TRY_GOTO(status, set_velocities(job->config, &job->frame), fail);
    HM_TRY_GOTO(status, open_replay(job->config, &job->replay), fail);
    return HM_OK;
fail:
    hm_job_release(job);
    return status;
}

void hm_job_release(struct hm_job *job)
{
    hm_config_destroy(&job->config);
    hm_frame_release(&job->frame);
    if (job->replay.trajectory) hm_trajectory_close(&job->replay.trajectory);
    free(job->replay.action);
    free(job->replay.version);
    *job = (struct hm_job){0};
}

/* The message: configuration text, its name, the frame, whether weights are replayed. Worker ranks neither replay nor
 * touch files. */
enum hm_status hm_job_share(struct hm_job *job, MPI_Comm comm)
{
    int rank;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0) {
        hm_archive_put_text(&archive, hm_config_yaml(job->config));
        hm_archive_put_text(&archive, hm_config_name(job->config));
        hm_frame_save(&job->frame, &archive);
        hm_archive_put_int(&archive, job->replay.has_weights);
    }
    unsigned long long bytes = archive.size;
    MPI_Bcast(&bytes, 1, MPI_UNSIGNED_LONG_LONG, 0, comm);
    enum hm_status status = rank == 0 ? archive.status : hm_archive_resize(&archive, (size_t)bytes);
    status = hm_agree(comm, status);
    if (status == HM_OK && bytes > INT_MAX) status = hm_fail(HM_MPI_ERROR, "the system is too large to be shared");
    if (status == HM_OK) MPI_Bcast(archive.bytes, (int)bytes, MPI_BYTE, 0, comm);
    if (status == HM_OK && rank != 0) {
        const char *yaml, *name;
        *job = (struct hm_job){0};
        status = hm_archive_get_text(&archive, &yaml);
        if (status == HM_OK) status = hm_archive_get_text(&archive, &name);
        if (status == HM_OK) status = hm_config_parse(yaml, name, NULL, 0, &job->config);
        if (status == HM_OK) status = hm_frame_load(&job->frame, &archive);
        int64_t has_weights = 0;
        if (status == HM_OK) status = hm_archive_get_int(&archive, &has_weights);
        job->replay.has_weights = has_weights != 0;
    }
    hm_archive_release(&archive);
    return hm_agree(comm, status);
}

size_t hm_job_burst(const struct hm_config *config, const struct hm_predictor *predictor)
{
    if (!hm_config_is(config, "injection.burst", "auto")) return (size_t)hm_config_integer(config, "injection.burst");
    return predictor->ops->reseed_steps(predictor->self);
}

static enum hm_status check_policy(const struct hm_job *job, const struct hm_predictor *predictor)
{
    const struct hm_policy_setup setup = {job->config, hm_job_burst(job->config, predictor), job->replay.action,
                                          job->replay.count};
    struct hm_policy policy;
    HM_TRY(hm_policy_create(&setup, &policy));
    hm_policy_destroy(&policy);
    return HM_OK;
}

static enum hm_status check_hamiltonian(const struct hm_job *job)
{
    struct hm_hamiltonian hamiltonian;
    HM_TRY(hm_hamiltonian_create(job->config, &job->frame, NULL, &hamiltonian));
    hm_hamiltonian_destroy(&hamiltonian);
    return HM_OK;
}

enum hm_status hm_job_learns(const struct hm_job *job, bool *learns)
{
    const struct hm_predictor_ops *ops;
    HM_TRY(hm_predictor_find(job->config, &ops));
    *learns = ops->train != NULL && !job->replay.has_weights;
    return HM_OK;
}

enum hm_status hm_job_check(const struct hm_job *job)
{
    struct hm_representation *representation = NULL;
    struct hm_predictor predictor = {0};
    enum hm_status status;
    HM_TRY_GOTO(status, check_hamiltonian(job), out);
    HM_TRY_GOTO(status, hm_representation_create(job->config, &job->frame, &representation), out);
    const struct hm_predictor_setup setup = {.config = job->config, .representation = representation};
    HM_TRY_GOTO(status, hm_predictor_create(&setup, &predictor), out);
    HM_TRY_GOTO(status, check_policy(job, &predictor), out);
out:
    hm_predictor_destroy(&predictor);
    hm_representation_destroy(&representation);
    return status;
}
