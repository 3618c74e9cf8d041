#define _XOPEN_SOURCE 700 /* realpath */
#include "scheduler/job.h"

#include "hamiltonians/molecules.h"
#include "scheduler/messages.h"
#include "scheduler/thermostat.h"
#include "scheduler/scene.h"
#include "scheduler/study.h"
#include "scheduler/stride.h"

#include "io/elements.h"
#include "io/extxyz.h"
#include "io/rng.h"
#include "io/units.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum hm_status read_geometry(const struct hm_config *config, struct hm_frame *frame)
{
    if (hm_config_has(config, "system.geometry"))
        return hm_extxyz_read(hm_config_path(config, "system.geometry"), 0, frame);
    if (hm_molecule_is_configured(config)) return hm_molecule_frame(config, frame);
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

static enum hm_status freeze_atoms(const struct hm_config *config, struct hm_frame *frame)
{
    for (size_t k = 0; k < hm_config_length(config, "system.frozen"); k++) {
        char key[64];
        snprintf(key, sizeof key, "system.frozen[%zu]", k);
        const int64_t atom = hm_config_integer(config, key);
        if (atom >= (int64_t)frame->natom)
            return hm_config_fault(config, key, "there is no atom %lld: the geometry has %zu, counted from 0",
                                   (long long)atom, frame->natom);
        hm_frame_freeze(frame, (size_t)atom);
    }
    if (frame->nfrozen == frame->natom)
        return hm_config_fault(config, "system.frozen", "all atoms are frozen, so nothing moves");
    return HM_OK;
}

/* Which motions carry heat depends on the velocities the run starts with. */
static enum hm_status count_motions(const struct hm_config *config, struct hm_frame *frame)
{
    struct hm_thermostat thermostat;
    HM_TRY(hm_thermostat_create(config, &thermostat));
    hm_thermostat_count(&thermostat, frame);
    return HM_OK;
}

static enum hm_status read_weights(const struct hm_config *config, struct hm_weights *weights)
{
    if (hm_config_is(config, "predictor.weights", "none")) return HM_OK;
    return hm_weights_read(hm_config_path(config, "predictor.weights"), weights);
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

enum hm_status hm_job_open_replay(struct hm_job *job)
{
    const struct hm_config *config = job->config;
    struct hm_replay_log *replay = &job->replay;
    if (!hm_config_is(config, "policy.type", "replay") || !hm_config_has(config, "policy.log")) return HM_OK;
    HM_TRY(hm_trajectory_open(hm_config_path(config, "policy.log"), &replay->trajectory));
    HM_TRY(read_decisions(replay));
    const int64_t warmup = hm_config_integer(config, "training.warmup_steps");
    if (hm_trajectory_info(replay->trajectory)->warmup_steps != warmup)
        return hm_config_fault(config, "policy.log", "the log has %lld warm-up steps and this run has %lld",
                               (long long)hm_trajectory_info(replay->trajectory)->warmup_steps, (long long)warmup);
    /* A synchronous run can also train again, to the same bits. */
    int32_t last = replay->count > 0 ? replay->version[replay->count - 1] : 0;
    struct hm_weights_of_member weights = {0};
    const enum hm_status status =
        last > 0 ? hm_trajectory_read_weights(replay->trajectory, last, &weights, &replay->has_weights) : HM_OK;
    hm_weights_of_member_release(&weights);
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
    HM_TRY_GOTO(status, freeze_atoms(job->config, &job->frame), fail);
    HM_TRY_GOTO(status, set_velocities(job->config, &job->frame), fail);
    HM_TRY_GOTO(status, count_motions(job->config, &job->frame), fail);
    HM_TRY_GOTO(status, read_weights(job->config, &job->weights), fail);
    HM_TRY_GOTO(status, hm_job_open_replay(job), fail);
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
    hm_weights_release(&job->weights);
    hm_archive_release(&job->snapshot);
    *job = (struct hm_job){0};
}

/* A log to replay is looked for relative to it, from whatever folder the job is loaded. */
static const char *absolute(const char *path, char name[PATH_MAX])
{
    char folder[PATH_MAX], whole[PATH_MAX];
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const int length = slash ? (int)(slash - path) + 1 : 0;
    if (snprintf(folder, sizeof folder, "%.*s.", length, path) >= PATH_MAX || !realpath(folder, whole)) return path;
    return snprintf(name, PATH_MAX, "%s/%s", whole, base) < PATH_MAX ? name : path;
}

void hm_job_save(const struct hm_job *job, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "JOB");
    hm_archive_put_text(archive, hm_config_yaml(job->config));
    char name[PATH_MAX];
    hm_archive_put_text(archive, absolute(hm_config_name(job->config), name));
    hm_frame_save(&job->frame, archive);
    hm_weights_save(&job->weights, archive);
    hm_archive_put_int(archive, job->replay.has_weights);
}

enum hm_status hm_job_load(struct hm_job *job, struct hm_archive *archive, const char *const *overrides,
                           size_t noverride)
{
    const char *yaml, *name;
    int64_t has_weights = 0;
    enum hm_status status;
    *job = (struct hm_job){0};
    HM_TRY(hm_archive_expect_tag(archive, "JOB"));
    HM_TRY(hm_archive_get_text(archive, &yaml));
    HM_TRY(hm_archive_get_text(archive, &name));
    HM_TRY(hm_config_parse(yaml, name, overrides, noverride, &job->config));
    HM_TRY_GOTO(status, hm_frame_load(&job->frame, archive), fail);
    HM_TRY_GOTO(status, hm_weights_load(&job->weights, archive), fail);
    HM_TRY_GOTO(status, hm_archive_get_int(archive, &has_weights), fail);
    job->replay.has_weights = has_weights != 0;
    return HM_OK;
fail:
    hm_job_release(job);
    return status;
}

/* Worker ranks neither replay nor touch files. */
enum hm_status hm_job_share(struct hm_job *job, MPI_Comm comm)
{
    int rank;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0) hm_job_save(job, &archive);
    unsigned long long bytes = archive.size;
    MPI_Bcast(&bytes, 1, MPI_UNSIGNED_LONG_LONG, 0, comm);
    enum hm_status status = rank == 0 ? archive.status : hm_archive_resize(&archive, (size_t)bytes);
    status = hm_agree(comm, status);
    if (status == HM_OK && bytes > INT_MAX) status = hm_fail(HM_MPI_ERROR, "the system is too large to be shared");
    if (status == HM_OK) MPI_Bcast(archive.bytes, (int)bytes, MPI_BYTE, 0, comm);
    if (status == HM_OK && rank != 0) status = hm_job_load(job, &archive, NULL, 0);
    hm_archive_release(&archive);
    return hm_agree(comm, status);
}

size_t hm_job_burst(const struct hm_config *config, const struct hm_committee *committee)
{
    if (!hm_config_is(config, "injection.burst", "auto")) return (size_t)hm_config_integer(config, "injection.burst");
    return hm_committee_burst(committee, hm_config_flag(config, "injection.restore_energy"));
}

/* Of the layout of parameters: raised when it changes, so that weights of an older one are refused. */
enum { WEIGHTS_VERSION = 1 };

void hm_job_weights_form(const struct hm_job *job, const struct hm_predictor *predictor, char *text, size_t size)
{
    const struct hm_config *config = job->config;
    char shape[256] = "";
    if (predictor->ops->describe) predictor->ops->describe(predictor->self, shape, sizeof shape);
    int used = snprintf(text, size, "%s v%d (%s); %s; timestep %.9g fs; atoms", predictor->ops->method.name,
                        WEIGHTS_VERSION, shape, hm_config_text(config, "predictor.representation"),
                        hm_config_real(config, "integrator.timestep") * HM_TIME_FS);
    for (size_t i = 0; i < job->frame.natom && used > 0 && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, " %s", hm_element_symbol(job->frame.number[i]));
}

static enum hm_status check_policy(const struct hm_job *job)
{
    const struct hm_policy_setup setup = {job->config, job->replay.action, job->replay.count};
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

enum hm_status hm_job_learners(const struct hm_job *job, size_t *learners)
{
    const struct hm_predictor_ops *ops;
    HM_TRY(hm_predictor_find(job->config, &ops));
    HM_TRY(hm_committee_size(job->config, learners));
    if (!ops->train || job->replay.has_weights || hm_config_is(job->config, "training.mode", "off")) *learners = 0;
    return HM_OK;
}

enum hm_status hm_job_check_weights(const struct hm_job *job, const struct hm_committee *committee)
{
    const struct hm_config *config = job->config;
    char form[1024];
    if (job->weights.count == 0) {
        if (!hm_committee_learns(committee) || !hm_config_is(config, "training.mode", "off") || job->replay.has_weights)
            return HM_OK;
        return hm_config_fault(config, "training.mode",
                               "off keeps the weights as loaded: name a file of an earlier run with predictor.weights");
    }
    const char *path = hm_config_path(config, "predictor.weights");
    if (!hm_committee_learns(committee))
        return hm_config_fault(config, "predictor.weights", "the %s predictor has no weights",
                               committee->member[0].ops->method.name);
    if (job->weights.count != committee->count)
        return hm_config_fault(config, "predictor.weights",
                               "%s holds the weights of %zu member%s and predictor.committee is %zu", path,
                               job->weights.count, job->weights.count == 1 ? "" : "s", committee->count);
    for (size_t m = 0; m < committee->count; m++) {
        const struct hm_weights_of_member *weights = hm_weights_find(&job->weights, m);
        size_t bytes;
        hm_job_weights_form(job, &committee->member[m], form, sizeof form);
        committee->member[m].ops->parameters(committee->member[m].self, &bytes);
        if (!weights) return hm_config_fault(config, "predictor.weights", "%s has no weights of member %zu", path, m);
        if (strcmp(weights->form, form) != 0 || weights->size != bytes)
            return hm_config_fault(config, "predictor.weights", "%s holds weights of '%s'; this run needs '%s'", path,
                                   weights->form, form);
    }
    return HM_OK;
}

/* An impulse makes up for what a force left out: it takes a predictor that is one, and known times between. */
static enum hm_status check_impulse(const struct hm_job *job)
{
    static const char key[] = "injection.form";
    const struct hm_config *config = job->config;
    const struct hm_predictor_ops *ops;
    if (!hm_config_is(config, key, "impulse")) return HM_OK;
    HM_TRY(hm_predictor_find(config, &ops));
    if (ops->sees != HM_SEES_ATOMS)
        return hm_config_fault(config, key,
                               "impulse needs a predictor that is a force, not '%s': surrogate, hamiltonian",
                               ops->method.name);
    if (!hm_config_is(config, "policy.type", "periodic") || !(hm_config_real(config, "policy.frequency") > 0))
        return hm_config_fault(config, key, "impulse needs 'policy: {type: periodic, frequency: ...}' above 0");
    if (hm_config_integer(config, "injection.burst") > 1)
        return hm_config_fault(config, "injection.burst", "an impulse is a single step: remove it");
    if (hm_config_real(config, "policy.jitter") > 0)
        return hm_config_fault(config, "policy.jitter", "impulses come at equal intervals: remove it");
    return HM_OK;
}

/* The history must fit into the exact steps it is learned from. */
static enum hm_status check_warmup(const struct hm_job *job, const struct hm_committee *committee)
{
    const struct hm_config *config = job->config;
    size_t learners;
    HM_TRY(hm_job_learners(job, &learners));
    const size_t history = hm_committee_history(committee);
    const int64_t warmup = hm_config_integer(config, "training.warmup_steps");
    const bool automatic = hm_config_is(config, "predictor.history", "auto");
    if (learners == 0 || automatic || job->weights.count > 0 || (int64_t)history < warmup) return HM_OK;
    return hm_config_fault(config, "predictor.history",
                           "a history of %zu steps does not fit into the warm-up of %lld it is to be learned from: "
                           "raise training.warmup_steps or shorten it",
                           history, (long long)warmup);
}

/* A bath changes velocities between kicks: what a predictor learns must be kicks, and it must see where they come from.
 */
static enum hm_status check_thermostat(const struct hm_job *job, const struct hm_representation *representation)
{
    const struct hm_config *config = job->config;
    const struct hm_predictor_ops *ops;
    if (!hm_config_has(config, "thermostat.type")) return HM_OK;
    if (hm_config_flag(config, "injection.restore_energy"))
        return hm_config_fault(config, "injection.restore_energy",
                               "with a thermostat the energy is not constant, so there is nothing to restore");
    HM_TRY(hm_predictor_find(config, &ops));
    if (!ops->train || representation->kind == HM_REPRESENTATION_ATOMS) return HM_OK;
    if (representation->kind == HM_REPRESENTATION_CARTESIAN)
        return hm_config_fault(config, "predictor.representation",
                               "cartesian continues velocities, which a thermostat changes at random: use "
                               "'representation: pair'");
    if (!hm_config_lists(config, "predictor.inputs", "coordinate"))
        return hm_config_fault(config, "predictor.inputs",
                               "the history of impulses does not tell the next one under a thermostat: add coordinate");
    return HM_OK;
}

static enum hm_status check_burst(const struct hm_job *job, const struct hm_committee *committee)
{
    const size_t burst = hm_job_burst(job->config, committee), needed = hm_committee_history(committee) + 1;
    if (!hm_config_flag(job->config, "injection.restore_energy") || burst >= needed) return HM_OK;
    return hm_config_fault(job->config, "injection.restore_energy",
                           "rescaled velocities need a history that is rebuilt: injection.burst must be at least %zu "
                           "(or auto), not %zu",
                           needed, burst);
}

enum hm_status hm_job_check(const struct hm_job *job)
{
    struct hm_scene scene = {0};
    struct hm_committee committee = {0};
    struct hm_strides strides = {0};
    enum hm_status status;
    HM_TRY_GOTO(status, check_hamiltonian(job), out);
    HM_TRY_GOTO(status, hm_scene_create(job->config, &job->frame, &scene), out);
    HM_TRY_GOTO(status, hm_committee_create(job->config, scene.representation, &committee), out);
    HM_TRY_GOTO(status, hm_job_check_weights(job, &committee), out);
    HM_TRY_GOTO(status, check_thermostat(job, scene.representation), out);
    HM_TRY_GOTO(status, check_warmup(job, &committee), out);
    HM_TRY_GOTO(status, check_burst(job, &committee), out);
    HM_TRY_GOTO(status, hm_strides_create(job->config, &committee, job->frame.natom, &strides), out);
    HM_TRY_GOTO(status, check_policy(job), out);
    HM_TRY_GOTO(status, check_impulse(job), out);
    HM_TRY_GOTO(status, hm_study_check(job->config), out);
out:
    hm_strides_release(&strides);
    hm_committee_destroy(&committee);
    hm_scene_release(&scene);
    return status;
}
