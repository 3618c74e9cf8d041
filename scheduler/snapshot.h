/* A run's checkpoint: everything that changes, and what it was started from, in one file beside the trajectory.
 *
 *   trajectory's name | ranks | job | seconds | propagator | trajectory's rows | recorder
 *
 * The propagator's part holds state, weights, optimiser, reservoir, policy and the warm states of oracles; the
 * trajectory file is flushed and only its row counts are kept. A resumed run takes the trajectory back to those rows
 * and goes on with the same bits (synchronous training, the same kind of processor; asynchronous runs go on from a
 * state they were in). Another number of ranks may go on with it.
 *
 * Errors: HM_BAD_INPUT (damaged, of another version, trajectory of another run), HM_BAD_CONFIG, HM_OUT_OF_MEMORY;
 *   HM_BAD_OUTPUT (not written: the earlier checkpoint stands); HM_IO_ERROR (the trajectory cannot be written).
 * Owns: the job owns the snapshot it was opened from; everything else is borrowed.
 * MPI: driver only; saving and loading the propagator talks to the other ranks.
 */
#ifndef HM_SCHEDULER_SNAPSHOT_H
#define HM_SCHEDULER_SNAPSHOT_H

#include "scheduler/recorder.h"
#include "scheduler/simulation.h"

/* The parts of a run that a checkpoint is made of. */
struct hm_run_parts {
    const struct hm_job *job;
    struct hm_simulation *simulation;
    struct hm_recorder *recorder;
    double *wall;  // seconds spent so far
    double *study; // of them, on branches of a study
    int ranks;
};

/* "run.h5" is checkpointed in "run.chk". */
enum hm_status hm_snapshot_path(const struct hm_job *job, size_t size, char *path);

/* `archive` is emptied, filled and written to `path`. */
enum hm_status hm_snapshot_write(const char *path, const struct hm_run_parts *parts, struct hm_archive *archive);

/* A checkpoint as a job that hm_run goes on with; its trajectory is looked for beside the checkpoint. `ranks` is how
 * many there were. `word` says which file was taken if it was not the newest, else "". */
enum hm_status hm_snapshot_open(const char *checkpoint, struct hm_job *job, int *ranks, size_t size, char *word);

/* Into a simulation that was created but not started, from a view of the job's snapshot; then the view goes to
 * hm_trajectory_resume and hm_recorder_load. */
enum hm_status hm_snapshot_load_simulation(struct hm_archive *snapshot, const struct hm_run_parts *parts);

#endif
