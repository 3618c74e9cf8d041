/* The observer that writes a run down: trajectory frames, decisions, injections, training, correlations and progress.
 *
 * Energies: with `output.energies: frames` the exact energy and force of every written frame are evaluated outside the
 * injection count, here if the Hamiltonian is analytic (cheaper than a message), else by the oracle; with `injections`
 * they are known only where a force was injected (else NaN).
 *
 * Units: atomic units in, the file's units out (io/trajectory.h).
 * Errors: HM_IO_ERROR, HM_OUT_OF_MEMORY, those of the oracle.
 * Owns: its correlations and scratch; trajectory, dispatch, Hamiltonian and log are borrowed; the job and the committee
 * for the call of create. MPI: driver only.
 */
#ifndef HM_SCHEDULER_RECORDER_H
#define HM_SCHEDULER_RECORDER_H

#include "scheduler/job.h"
#include "scheduler/step.h"

#include "io/analysis/correlations.h"
#include "io/log.h"
#include "io/trajectory.h"

struct hm_recorder {
    struct hm_trajectory *trajectory;
    struct hm_dispatch *oracle;         // evaluates frames, unless
    struct hm_hamiltonian *hamiltonian; // this one does; NULL: it does not
    struct hm_log *log;
    struct hm_correlations *correlations;
    double timestep;
    int64_t stride, warmup_steps;
    int64_t sample_every; // steps between velocities that are correlated: those of a stride, or one
    int64_t progress_at;  // step of the next line of progress
    double most_error;    // of a map that may drive; NaN: there is none
    bool energy_at_frames;
    char form[1024]; // of the weights
    double *force;   // (natom, 3) of a frame asked for
    double seconds;  // all of the recording but the time spent on frame energies
};

struct hm_recorder_setup {
    const struct hm_job *job;
    const struct hm_committee *committee;
    size_t nbond;
    const size_t (*bonds)[2];
    struct hm_trajectory *trajectory;
    struct hm_dispatch *oracle;
    struct hm_hamiltonian *hamiltonian; // used for frames if it is analytic
    struct hm_log *log;
};

enum hm_status hm_recorder_create(const struct hm_recorder_setup *setup, struct hm_recorder *recorder);
void hm_recorder_release(struct hm_recorder *recorder);
struct hm_observer hm_recorder_observer(struct hm_recorder *recorder);
struct hm_fault_log hm_recorder_fault_log(struct hm_recorder *recorder);
/* Correlations so far, into the file. */
enum hm_status hm_recorder_finish(struct hm_recorder *recorder);
/* What is not in the trajectory file yet, to bits and back. */
void hm_recorder_save(const struct hm_recorder *recorder, struct hm_archive *archive);
enum hm_status hm_recorder_load(struct hm_recorder *recorder, struct hm_archive *archive);

#endif
