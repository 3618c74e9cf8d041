/* How a command that runs a job gets its ranks: here and now, or by starting itself again under mpirun.
 *
 * Errors: those of preparing and of the run; HM_MPI_ERROR (the mpirun of another MPI library).
 * Owns: nothing. MPI: hm_start_here initialises and finalises it.
 */
#ifndef HM_SCHEDULER_CLI_START_H
#define HM_SCHEDULER_CLI_START_H

#include "scheduler/job.h"
#include "scheduler/layout.h"

struct hm_start {
    /* Reads and checks everything that can be known before the first step. Called on one rank, before anything else. */
    enum hm_status (*prepare)(void *self, struct hm_job *job);
    void *self;
    char *const *argv; // the command's own argument vector
    bool overwrite, quiet;
};

/* The roles `ranks` ranks would have. */
enum hm_status hm_start_plan(const struct hm_job *job, int ranks, struct hm_layout *layout);

/* Runs the job with the ranks there are. */
enum hm_status hm_start_here(const struct hm_start *start);
/* Checks the job first, then starts the same command under mpirun, where -n is not looked at again. `exit_code` is
 * what the ranks came to. */
enum hm_status hm_start_launch(const struct hm_start *start, int ranks, int *exit_code);

/* What every rank checks once MPI runs: started by the mpirun of another library, each would believe it is alone. */
enum hm_status hm_start_check_world(MPI_Comm world);
/* Before MPI_Finalize: where mpirun has begun to kill the ranks, says why the job stopped and leaves. Collective. */
void hm_start_leave_if_killed(enum hm_status status);
/* -n's value; a fault is told as hm_fail. */
enum hm_status hm_start_read_ranks(const char *text, int *ranks);

#endif
