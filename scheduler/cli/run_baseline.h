/* `hamlet run FILE --baseline KIND`: a baseline of a single run (scheduler/sweep/baselines.h).
 *
 * Its trajectory stands beside the run's, `run.h5` and `run.exact.h5`, unless --set names another. What holds no
 * baseline is never replaced by one.
 *
 * Errors: those of the run's own configuration; HM_BAD_INPUT: it has no such baseline; HM_EXISTS: its file holds
 * a run; those of the run.
 * Owns: nothing. MPI: prepare is local, search collective over MPI_COMM_WORLD.
 */
#ifndef HM_SCHEDULER_CLI_RUN_BASELINE_H
#define HM_SCHEDULER_CLI_RUN_BASELINE_H

#include "scheduler/cli/command.h"
#include "scheduler/cli/start.h"

#include "io/sweep_file.h"

/* The baseline as a job, and what it is in a few words. The run itself is checked, the baseline is not. */
enum hm_status hm_run_baseline_prepare(const char *file, const struct hm_words *settings, enum hm_sweep_kind kind,
                                       size_t size, char *summary, struct hm_job *job);

/* Prepares on rank 0, and looks for the longest stable step with all ranks in every trial. */
enum hm_status hm_run_baseline_search(const struct hm_start_job *start, const struct hm_driver_options *driver);

#endif
