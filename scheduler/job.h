/* A run, prepared: the configuration, the starting frame with velocities, weights to start from and a log to replay,
 * all read and checked.
 *
 * Preparing reads files on one rank only; hm_job_share gives every other rank the same job, so that only the driver
 * needs the file system.
 *
 * Units: atomic units.
 * Errors: HM_BAD_CONFIG, HM_BAD_INPUT, HM_EXISTS, HM_IO_ERROR, HM_OUT_OF_MEMORY; each with one clear line per fault.
 * Owns: config, frame, weights, replayed log, snapshot.
 * MPI: hm_job_share is collective; the rest is local.
 */
#ifndef HM_SCHEDULER_JOB_H
#define HM_SCHEDULER_JOB_H

#include "hamiltonians/hamiltonian.h"
#include "predictors/committee.h"
#include "scheduler/layout.h"
#include "scheduler/policy.h"

#include "io/trajectory.h"
#include "io/weights.h"

/* What `policy: {type: replay, log: RUN.h5}` repeats. */
struct hm_replay_log {
    struct hm_trajectory *trajectory; // NULL unless the policy replays
    size_t count;
    uint8_t *action;  // (count)
    int32_t *version; // (count) weights in use
    bool has_weights; // stored versions are replayed instead of training again
};

struct hm_job {
    struct hm_config *config;
    struct hm_frame frame;
    struct hm_weights weights; // `predictor.weights`; empty without
    struct hm_replay_log replay;
    struct hm_archive snapshot; // of the run to be continued (scheduler/snapshot.h); empty: from the start
};

enum hm_status hm_job_prepare(const char *path, const char *const *overrides, size_t noverride, struct hm_job *job);
/* The same from a configuration at hand, which the job takes over, also when this fails. */
enum hm_status hm_job_from_config(struct hm_config *config, struct hm_job *job);
/* To bits and back, apart from a log to replay, which hm_job_open_replay opens again. `overrides` as in hm_config_load.
 */
void hm_job_save(const struct hm_job *job, struct hm_archive *archive);
enum hm_status hm_job_load(struct hm_job *job, struct hm_archive *archive, const char *const *overrides,
                           size_t noverride);
enum hm_status hm_job_open_replay(struct hm_job *job);
enum hm_status hm_job_share(struct hm_job *job, MPI_Comm comm);
void hm_job_release(struct hm_job *job);

/* Creates every part once and lets it go: all faults that do not need a step to show. */
enum hm_status hm_job_check(const struct hm_job *job);

/* The weights that are given are of these predictors, or can still be learned. */
enum hm_status hm_job_check_weights(const struct hm_job *job, const struct hm_committee *committee);

/* How many members of the committee train: none if the method does not learn, if training is off, or if stored weights
 * are replayed instead. */
enum hm_status hm_job_learners(const struct hm_job *job, size_t *learners);

/* What weights must have been trained for to be used here: method, shape, representation, atoms, timestep. */
void hm_job_weights_form(const struct hm_job *job, const struct hm_predictor *predictor, char *text, size_t size);

/* The consecutive exact steps of one injection: `injection.burst`, or what the predictor needs to reseed. */
size_t hm_job_burst(const struct hm_config *config, const struct hm_committee *committee);

#endif
