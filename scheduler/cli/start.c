#include "scheduler/cli/start.h"

#include "scheduler/cli/command.h"
#include "scheduler/cli/launch.h"
#include "scheduler/cli/provenance.h"
#include "scheduler/messages.h"
#include "scheduler/stop.h"

#include "hamlet_build.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_RANKS = 65536 };

enum hm_status hm_start_read_ranks(const char *text, int *ranks)
{
    char *end;
    const long count = strtol(text, &end, 10);
    if (end == text || *end != '\0' || count < 1 || count > MOST_RANKS)
        return hm_fail(HM_BAD_USAGE, "-n takes a number of ranks from 1 to %d, not '%s'", MOST_RANKS, text);
    *ranks = (int)count;
    return HM_OK;
}

enum hm_status hm_start_plan(const struct hm_job *job, int ranks, struct hm_layout *layout)
{
    size_t learners;
    HM_TRY(hm_job_learners(job, &learners));
    return hm_layout_plan(job->config, learners, ranks, layout);
}

enum hm_status hm_start_check_job(const struct hm_start_job *start, int ranks)
{
    struct hm_job job = {0};
    struct hm_layout layout;
    enum hm_status status = start->prepare(start->self, &job);
    if (status == HM_OK) status = hm_start_plan(&job, ranks, &layout);
    hm_job_release(&job);
    return status;
}

enum hm_status hm_start_run_job(const struct hm_start_job *start, const struct hm_driver_options *driver)
{
    int rank;
    struct hm_job job = {0};
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    enum hm_status status = hm_agree(MPI_COMM_WORLD, rank == 0 ? start->prepare(start->self, &job) : HM_OK);
    if (status == HM_OK) status = hm_run(MPI_COMM_WORLD, &job, driver);
    hm_job_release(&job);
    return status;
}

/* ---- ranks ---- */

bool hm_start_is_launched(void)
{
    return hm_launched_rank() >= 0 || hm_launched_size() > 1;
}

int hm_start_count(int ranks)
{
    const int there = hm_launched_size() > 0 ? hm_launched_size() : 1;
    return ranks > 0 ? ranks : there;
}

/* Started by the mpirun of another library, each rank would believe it is alone. */
static enum hm_status check_world(MPI_Comm world)
{
    int size;
    MPI_Comm_size(world, &size);
    const int expected = hm_launch_expected_ranks() > 0 ? hm_launch_expected_ranks() : hm_launched_size();
    if (expected <= 0 || expected == size) return HM_OK;
    return hm_fail(HM_MPI_ERROR,
                   "started as one of %d ranks but the MPI world has %d: use the mpirun this build belongs to, %s",
                   expected, size, HM_MPIEXEC);
}

/* Open MPI's mpirun passes SIGTERM, SIGINT and SIGHUP on a second late, as its way to end the job: it answers no
 * MPI_Finalize any more and kills after another second whoever waits there. It also kills the others when one leaves,
 * so all leave together, and say why. SIGUSR1 is passed on and no more; the program's own launcher sends nothing else.
 */
static void leave_if_killed(enum hm_status status)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    const int signal_number = hm_stop_requested();
    int killed = status == HM_STOPPED && signal_number != 0 && signal_number != SIGUSR1 && hm_launched_rank() >= 0 &&
                 hm_launch_expected_ranks() == 0;
    MPI_Bcast(&killed, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (!killed) return;
    fflush(stdout);
    if (rank == 0) fprintf(stderr, "hamlet: %s\n", hm_status_message());
    MPI_Barrier(MPI_COMM_WORLD);
    _exit(hm_status_exit_code(status));
}

static void abandon(enum hm_status status)
{
    const int code = hm_status_exit_code(status);
    const char *message = status == HM_OK ? "" : hm_status_message();
    fflush(stdout);
    if (!hm_launch_leave(code, message) && *message) fprintf(stderr, "hamlet: %s\n", message);
    MPI_Abort(MPI_COMM_WORLD, code);
}

static enum hm_status work_here(const struct hm_start *start)
{
    struct hm_provenance provenance;
    if (hm_launched_rank() < 0) hm_launch_alone();
    MPI_Init(NULL, NULL);
    hm_stop_install(); /* on every rank: Ctrl-C reaches them all, and only the driver acts on it */
    hm_launch_announce();
    setvbuf(stdout, NULL, _IOLBF, 0); /* mpirun's pipe: lines as they come */
    hm_provenance_describe(start->argv, &provenance);
    if (start->origin[0]) hm_provenance_add(&provenance, start->origin[0], start->origin[1]);
    const struct hm_driver_options driver = {
        .overwrite = start->overwrite,
        .quiet = start->quiet,
        .terminal = hm_launch_terminal(),
        .provenance = (const char *const(*)[2])provenance.table,
        .abandon = abandon,
    };
    enum hm_status status = hm_agree(MPI_COMM_WORLD, check_world(MPI_COMM_WORLD));
    if (status == HM_OK) status = start->work(start->self, &driver);
    leave_if_killed(status);
    MPI_Finalize();
    return status;
}

/* What the ranks came to they have said themselves. */
static enum hm_status work_elsewhere(const struct hm_start *start)
{
    int code = 0;
    HM_TRY(start->check(start->self, start->ranks));
    HM_TRY(hm_launch(start->ranks, start->argv, &code));
    if (code == 0) return HM_OK;
    hm_status_clear();
    return hm_status_from_exit_code(code);
}

enum hm_status hm_start_command(const struct hm_start *start)
{
    const bool ours = hm_launch_expected_ranks() > 0; /* started by the same command a moment ago, -n and all */
    if (ours || start->ranks <= 1) return work_here(start);
    if (hm_start_is_launched())
        return hm_fail(HM_BAD_USAGE, "under mpirun the ranks are there already: leave out -n %d", start->ranks);
    return work_elsewhere(start);
}
