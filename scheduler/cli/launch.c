#define _GNU_SOURCE /* nftw */
#include "scheduler/cli/launch.h"

#include "scheduler/cli/command.h"

#include "hamlet_build.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_FILE_VARIABLE "HAMLET_STATUS_FILE"
#define RANKS_VARIABLE "HAMLET_LAUNCHED_RANKS"
#define TERMINAL_VARIABLE "HAMLET_TERMINAL"

static volatile sig_atomic_t signals_seen;

static void count_signal(int signal_number)
{
    (void)signal_number;
    signals_seen++;
}

/* Without SA_RESTART: a signal wakes the launcher from waiting. */
static void catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};
    struct sigaction action = {.sa_handler = count_signal};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

/* The status file holds "driver PID" while rank 0 lives on this machine, then "exit CODE", or "leave CODE" and a
 * message if the ranks do not end by themselves. -1 if it says something else. */
static long read_status(const char *status_file, const char *word)
{
    char found[16] = "";
    long number = -1;
    FILE *file = fopen(status_file, "r");
    if (!file) return -1;
    if (fscanf(file, "%15s %ld", found, &number) != 2 || strcmp(found, word) != 0) number = -1;
    fclose(file);
    return number;
}

/* What a rank that left has put behind the code. */
static void say_last_words(const char *status_file)
{
    FILE *file = fopen(status_file, "r");
    if (!file) return;
    int c;
    while ((c = fgetc(file)) != EOF && c != '\n') continue;
    for (bool first = true; (c = fgetc(file)) != EOF; first = false) {
        if (first) fputs("hamlet: ", stderr);
        fputc(c, stderr);
    }
    fputc('\n', stderr);
    fclose(file);
}

static bool write_status(const char *word, long number)
{
    const char *status_file = getenv(STATUS_FILE_VARIABLE);
    FILE *file = status_file ? fopen(status_file, "r+") : NULL; /* only ever the file the launcher made */
    if (!file) return false;
    fprintf(file, "%-6s %-12ld\n", word, number); /* of one length, however often it is written */
    return fclose(file) == 0;
}

/* First rank 0 is asked to stop between two steps; whoever asks again means it, and mpirun ends everything; at last
 * mpirun itself is ended, whatever it is doing. */
static void pass_signal_on(const char *status_file, pid_t mpirun, int seen)
{
    const long driver = read_status(status_file, "driver");
    if (seen >= 3)
        kill(-mpirun, SIGKILL);
    else if (seen == 1 && read_status(status_file, "exit") >= 0)
        return; /* too late to stop anything: the ranks are leaving */
    else if (seen == 1 && driver > 0)
        kill((pid_t)driver, SIGUSR1);
    else
        kill(mpirun, SIGTERM);
}

/* A process's end as a shell would show it. */
static int shell_code(int outcome)
{
    return WIFEXITED(outcome) ? WEXITSTATUS(outcome) : 128 + WTERMSIG(outcome);
}

static int wait_for(pid_t mpirun, const char *status_file)
{
    int outcome = 0;
    sig_atomic_t passed_on = 0;
    while (waitpid(mpirun, &outcome, 0) < 0 && errno == EINTR)
        if (signals_seen != passed_on) pass_signal_on(status_file, mpirun, passed_on = signals_seen);
    return outcome;
}

/* Sets a variable unless the user has. */
static void suggest(const char *name, const char *value)
{
    setenv(name, value, 0);
}

static void prepare_environment(int ranks, const char *folder, const char *status_file)
{
    char count[16];
    snprintf(count, sizeof count, "%d", ranks);
    setenv(STATUS_FILE_VARIABLE, status_file, 1);
    setenv(RANKS_VARIABLE, count, 1);
    setenv(TERMINAL_VARIABLE, isatty(STDOUT_FILENO) ? "1" : "0", 1);
    /* Open MPI refuses root and more ranks than cores, and binds ranks to cores; none of it fits a laptop or a
     * container. */
    suggest("OMPI_ALLOW_RUN_AS_ROOT", "1");
    suggest("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    suggest("OMPI_MCA_rmaps_base_oversubscribe", "1");
    suggest("OMPI_MCA_hwloc_base_binding_policy", "none");
    /* Jobs of one user share a folder, which the last to end removes: one that starts at this moment fails. */
    suggest("OMPI_MCA_orte_tmpdir_base", folder);
    suggest("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
    /* A rank is one thread unless the user wants more: spinning threads on shared cores cost far more than they give.
     */
    suggest("OPENBLAS_NUM_THREADS", "1");
    suggest("OMP_NUM_THREADS", "1");
}

/* A folder of this job's own, for the status file and for what mpirun keeps while it runs. */
static enum hm_status make_folder(size_t capacity, char *folder)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent) parent = "/tmp";
    const int length = snprintf(folder, capacity, "%s/hamlet-XXXXXX", parent);
    if (length < 0 || (size_t)length >= capacity) return hm_fail(HM_IO_ERROR, "TMPDIR is too long a name");
    if (!mkdtemp(folder)) return hm_fail(HM_IO_ERROR, "cannot make %s: %s", folder, strerror(errno));
    return HM_OK;
}

static int remove_entry(const char *path, const struct stat *entry, int type, struct FTW *place)
{
    (void)entry, (void)type, (void)place;
    return remove(path);
}

static void remove_folder(const char *folder)
{
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void start_mpirun(int ranks, char *const *argv, pid_t launcher)
{
    enum { OWN_ARGUMENTS = 4 };
    static char self[4096], count[16];
    size_t n = 0, given = 0;
    while (argv[given]) given++;
    char **command = calloc(OWN_ARGUMENTS + given + 1, sizeof *command);
    if (!command) _exit(127);
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) _exit(127);
    self[length] = '\0';
    snprintf(count, sizeof count, "%d", ranks);
    command[n++] = (char[]){HM_MPIEXEC};
    command[n++] = (char[]){"-n"};
    command[n++] = count;
    command[n++] = self;
    for (; *argv; argv++) command[n++] = *argv;

    setpgid(0, 0); /* Ctrl-C reaches the launcher alone, which asks politely */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != launcher) _exit(127);
    execv(HM_MPIEXEC, command);
    fprintf(stderr, "hamlet: cannot start %s: %s\n", HM_MPIEXEC, strerror(errno));
    _exit(127);
}

enum hm_status hm_launch(int ranks, char *const *argv, int *exit_code)
{
    char folder[PATH_MAX - 16], status_file[PATH_MAX];
    HM_TRY(make_folder(sizeof folder, folder));
    snprintf(status_file, sizeof status_file, "%s/status", folder);
    const int descriptor = open(status_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return hm_fail(HM_IO_ERROR, "cannot make %s: %s", status_file, strerror(errno));
    close(descriptor);
    prepare_environment(ranks, folder, status_file);

    fflush(NULL);
    catch_signals();
    const pid_t launcher = getpid(), child = fork();
    if (child == 0) start_mpirun(ranks, argv, launcher);
    int outcome = 0, left = -1;
    if (child > 0) {
        outcome = wait_for(child, status_file);
        *exit_code = (int)read_status(status_file, "exit");
        left = (int)read_status(status_file, "leave");
        if (left > 0) say_last_words(status_file);
    }
    remove_folder(folder);
    if (left >= 0) {
        *exit_code = left;
        return HM_OK;
    }
    if (child < 0) return hm_fail(HM_MPI_ERROR, "cannot start another process: %s", strerror(errno));
    const bool clean = shell_code(outcome) == 0;
    if (*exit_code < 0 && clean) *exit_code = 0; /* rank 0 could not write its code, and so left with it */
    if (*exit_code == 0 && !clean)
        return hm_fail(HM_MPI_ERROR, "the run was finished, but a rank failed while it ended (%s: code %d)", HM_MPIEXEC,
                       shell_code(outcome));
    if (*exit_code < 0)
        return hm_fail(HM_MPI_ERROR, "%s ended with code %d before the run did: a rank was killed or could not start",
                       HM_MPIEXEC, shell_code(outcome));
    return HM_OK;
}

void hm_launch_alone(void)
{
    /* Open MPI would start a daemon to be ready for MPI_Comm_spawn: half of a short run's time. */
    suggest("OMPI_MCA_ess_singleton_isolated", "1");
    /* And it would make a folder in one that all the user's jobs share and the last to end removes. */
    suggest("OMPI_MCA_orte_create_session_dirs", "0");
}

void hm_launch_announce(void)
{
    if (hm_launched_rank() == 0) write_status("driver", (long)getpid());
}

int hm_launch_report(int exit_code)
{
    if (!getenv(STATUS_FILE_VARIABLE)) return exit_code;
    if (hm_launched_rank() > 0) return 0; /* rank 0 speaks for all: they agreed */
    return write_status("exit", exit_code) ? 0 : exit_code;
}

bool hm_launch_leave(int exit_code, const char *message)
{
    const char *status_file = getenv(STATUS_FILE_VARIABLE);
    if (!write_status("leave", exit_code)) return false;
    FILE *file = fopen(status_file, "a");
    if (!file) return false;
    fprintf(file, "%s", message);
    return fclose(file) == 0;
}

bool hm_launch_terminal(void)
{
    if (hm_launched_rank() < 0) return isatty(STDOUT_FILENO);
    const char *terminal = getenv(TERMINAL_VARIABLE); /* mpirun may give a rank a pseudo-terminal of its own */
    return terminal && strcmp(terminal, "1") == 0;
}

int hm_launch_expected_ranks(void)
{
    const char *ranks = getenv(RANKS_VARIABLE);
    return ranks ? atoi(ranks) : 0;
}
