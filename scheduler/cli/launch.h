/* `hamlet run -n N`: the program starts itself under mpirun, politely.
 *
 * The ranks find a status file named in the environment: rank 0 leaves its process number there, and at the end its
 * exit code; then every rank exits with 0, so that mpirun's own banner never buries a message, and the launcher returns
 * the code from the file. A first signal is passed to rank 0 as SIGUSR1 (mpirun would kill the ranks a second after
 * SIGTERM); a second one ends mpirun.
 *
 * Errors: HM_MPI_ERROR when mpirun cannot be started or a rank died.
 * MPI: before MPI_Init.
 */
#ifndef HM_SCHEDULER_CLI_LAUNCH_H
#define HM_SCHEDULER_CLI_LAUNCH_H

#include "io/status.h"

#include <stdbool.h>

/* argv of the command to start, ended by NULL, argv[0] excluded ("run", "file.yaml"). *exit_code is the ranks' own. */
enum hm_status hm_launch(int ranks, char *const *argv, int *exit_code);

/* For a process that is a world of its own, before MPI_Init: no daemon, no folder that another such process may remove.
 */
void hm_launch_alone(void);

/* In a rank started so: lets the launcher pass signals to this process. */
void hm_launch_announce(void);

/* In a rank started so: hands the code to the launcher and returns what this process must exit with. */
int hm_launch_report(int exit_code);

/* In a rank that is about to end all the others: whatever mpirun makes of that, the launcher returns this code, and
 * says the message when mpirun has said everything. False: there is no launcher. */
bool hm_launch_leave(int exit_code, const char *message);

/* Whether a person watches standard output, also from behind mpirun. */
bool hm_launch_terminal(void);

/* Ranks the launcher asked for; 0 if this process was not started by it. */
int hm_launch_expected_ranks(void);

#endif
