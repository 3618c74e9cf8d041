/* How a command gets its ranks: here and now, those of an mpirun around it, or by starting itself again under mpirun.
 *
 * Errors: those of the command; HM_BAD_USAGE (-n under mpirun); HM_MPI_ERROR (the mpirun of another MPI library).
 * Owns: nothing. MPI: hm_start_command initialises and finalises it around `work`.
 */
#ifndef HM_SCHEDULER_CLI_START_H
#define HM_SCHEDULER_CLI_START_H

#include "scheduler/job.h"
#include "scheduler/roles.h"

struct hm_start {
    /* Everything that can be known to be wrong before the first step; before `ranks` ranks are started. */
    enum hm_status (*check)(void *self, int ranks);
    /* A rank's part. Collective over MPI_COMM_WORLD; all return the same. */
    enum hm_status (*work)(void *self, const struct hm_driver_options *driver);
    void *self;
    char *const *argv; // the command's own argument vector
    int ranks;         // -n; 0 = not given
    bool overwrite, quiet;
    const char *origin[2]; // one more row of provenance; {NULL, NULL}: none
};

enum hm_status hm_start_command(const struct hm_start *start);

/* -n's value; a fault is told as hm_fail. */
enum hm_status hm_start_read_ranks(const char *text, int *ranks);
/* Whether an mpirun or srun has started this process; then its ranks are there already. */
bool hm_start_is_launched(void);
/* How many ranks a dry run is about: -n, those there are, or one. */
int hm_start_count(int ranks);

/* ---- commands that run one job ---- */

struct hm_start_job {
    /* Reads and checks; called on one rank. */
    enum hm_status (*prepare)(void *self, struct hm_job *job);
    void *self;
};

/* The roles `ranks` ranks would have. */
enum hm_status hm_start_plan(const struct hm_job *job, int ranks, struct hm_layout *layout);
/* The job can be prepared, and `ranks` ranks can run it. */
enum hm_status hm_start_check_job(const struct hm_start_job *start, int ranks);
/* Prepares on rank 0, runs on all. Collective. */
enum hm_status hm_start_run_job(const struct hm_start_job *start, const struct hm_driver_options *driver);

#endif
