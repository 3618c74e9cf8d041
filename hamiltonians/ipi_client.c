#define _GNU_SOURCE /* ppoll, SOCK_CLOEXEC, prctl */
#include "hamiltonians/ipi_client.h"

#include "io/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

extern char **environ;

enum { OUTPUT_MOST = 1 << 20, OUTPUT_END = 4096, KILLED = 128 };

static const struct timespec GRACE = {0, 300000000}; /* between asking a command to end and ending it */

/* ---- environment ---- */

/* What MPI launchers tell their ranks; settings of the user's own (OMPI_MCA_btl, OMPI_ALLOW_RUN_AS_ROOT) stay. */
static bool is_of_a_rank(const char *variable)
{
    static const char *const prefixes[] = {
        "PMIX_",        "PMI_",          "ORTE_",          "OMPI_COMM_WORLD_", "OMPI_MCA_orte_",
        "OMPI_MCA_ess", "OMPI_MCA_pmix", "OMPI_UNIVERSE_", "OMPI_APP_",        "OMPI_NUM_APP_",
        "OMPI_FIRST_",  "OMPI_FILE_",    "OMPI_COMMAND=",  "OMPI_ARGV=",       "HYDI_",
        "HYDRA_",       "MPI_LOCAL",     "MPIR_",          "OMPI_MCA_shmem",   "OMPI_MCA_initial_wdir",
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

/* The strings are borrowed. */
static char **make_environment(void)
{
    size_t count = 0, kept = 0;
    while (environ[count]) count++;
    char **clean = calloc(count + 1, sizeof *clean);
    for (size_t i = 0; clean && i < count; i++)
        if (!is_of_a_rank(environ[i])) clean[kept++] = environ[i];
    return clean;
}

/* ---- the keeper: after fork, so nothing here may take a lock or memory ---- */

struct keeper {
    int leash, output;
    const char *folder, *socket;
    char *const *argv, *const *environment;
};

static void stir(int signal_number)
{
    (void)signal_number; /* to end a wait */
}

static void handle(int signal_number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

/* Files, sockets and pipes of Hamlet's: who holds them keeps others from noticing that they are closed. */
static void close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
#endif
    const long most = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < (most > 0 && most < 65536 ? most : 65536); fd++) close(fd);
}

_Noreturn static void become_command(const struct keeper *k)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGCHLD, SIGQUIT};
    sigset_t none;
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the keeper itself be killed */
#endif
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) handle(signals[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(k->output, STDOUT_FILENO);
    dup2(k->output, STDERR_FILENO);
    close_from(3);
    if (chdir(k->folder) == 0) execve("/bin/sh", k->argv, k->environment);
    static const char said[] = "cannot run /bin/sh in the folder of the configuration\n";
    _exit(write(STDERR_FILENO, said, sizeof said - 1) < 0 ? 1 : 126);
}

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

_Noreturn static void end_command(pid_t command, const sigset_t *awake, int code)
{
    int status = 0;
    if (code < 0) { /* it runs */
        kill(-command, SIGTERM);
        ppoll(NULL, 0, &GRACE, awake);
        code = waitpid(command, &status, WNOHANG) == command ? code_of(status) : -1;
    }
    kill(-command, SIGKILL); /* and whoever else is in its group */
    if (code < 0 && waitpid(command, &status, 0) == command) code = code_of(status);
    _exit(code < 0 ? 1 : code);
}

_Noreturn static void keep(struct keeper k)
{
    static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGQUIT};
    sigset_t children, awake;
    char order;
    int status;
    setpgid(0, 0); /* a terminal's Ctrl-C is for Hamlet */
    for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++) handle(deaf[i], SIG_IGN);
    handle(SIGCHLD, stir);
    sigemptyset(&awake);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_SETMASK, &children, NULL);
    /* Into the lowest places, clear of each other. */
    k.leash = fcntl(k.leash, F_DUPFD, 10);
    k.output = fcntl(k.output, F_DUPFD, 10);
    const int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(nothing, fd);
    k.leash = dup2(k.leash, 3);
    k.output = dup2(k.output, 4);
    close_from(5);

    const pid_t command = fork();
    if (command == 0) become_command(&k);
    if (command < 0) _exit(1);
    setpgid(command, command);
    for (;;) {
        struct pollfd leash = {.fd = k.leash, .events = POLLIN};
        ppoll(&leash, 1, NULL, &awake);
        /* A client often ends because Hamlet did. */
        const bool ended = waitpid(command, &status, WNOHANG) == command, slack = poll(&leash, 1, 0) > 0;
        if (slack && read(k.leash, &order, 1) <= 0 && k.socket) unlink(k.socket);
        if (ended || slack) end_command(command, &awake, ended ? code_of(status) : -1);
    }
}

/* ---- Hamlet's side ---- */

static enum hm_status no_client(const char *what)
{
    return hm_fail(HM_ORACLE_FAILED, "cannot start the i-PI client: %s: %s", what, strerror(errno));
}

/* One descriptor is written to by the command, another reads what it wrote. */
static enum hm_status open_output(const struct hm_ipi_command *command, int *written, int *read)
{
    if (command->log) {
        *written = open(command->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        *read = *written < 0 ? -1 : open(command->log, O_RDONLY | O_CLOEXEC);
        return *read < 0 ? no_client(command->log) : HM_OK;
    }
    char path[4096];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/hamlet-client-XXXXXX", folder && *folder ? folder : "/tmp");
    *written = mkostemp(path, O_APPEND | O_CLOEXEC);
    if (*written < 0) return no_client(path);
    *read = dup(*written);
    if (*read >= 0) fcntl(*read, F_SETFD, FD_CLOEXEC);
    unlink(path);
    return *read < 0 ? no_client(path) : HM_OK;
}

static enum hm_status start_keeper(const struct hm_ipi_command *command, int output, char **environment,
                                   struct hm_ipi_client *client)
{
    char *const argv[] = {"sh", "-c", (char *)command->command, NULL};
    int leash[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, leash) != 0) return no_client("socketpair");
    const struct keeper keeper = {leash[0], output, command->folder, command->socket, argv, environment};
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) keep(keeper);
    const int why = errno;
    close(leash[0]);
    if (pid < 0) {
        close(leash[1]);
        errno = why;
        return no_client("fork");
    }
    client->keeper = pid;
    client->leash = leash[1];
    return HM_OK;
}

enum hm_status hm_ipi_client_start(const struct hm_ipi_command *command, struct hm_ipi_client *client)
{
    int written = -1;
    *client = (struct hm_ipi_client){.leash = -1, .output = -1, .forget = !command->log};
    char **environment = make_environment();
    enum hm_status status = environment ? open_output(command, &written, &client->output)
                                        : hm_fail(HM_OUT_OF_MEMORY, "no memory for the client's environment");
    if (status == HM_OK) status = start_keeper(command, written, environment, client);
    if (written >= 0) close(written);
    free(environment);
    if (status != HM_OK) hm_ipi_client_stop(client, 0);
    return status;
}

bool hm_ipi_client_ended(struct hm_ipi_client *client)
{
    int status;
    if (client->keeper == 0 || client->ended) return client->ended;
    const pid_t pid = waitpid(client->keeper, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR)) return false;
    client->ended = true;
    client->code = pid < 0 ? 1 : code_of(status);
    return true;
}

void hm_ipi_client_stop(struct hm_ipi_client *client, double patience)
{
    const struct timespec moment = {0, 2000000};
    if (client->keeper == 0 && client->leash == 0) return; /* never started */
    const double until = hm_clock() + patience;
    while (client->keeper > 0 && !hm_ipi_client_ended(client) && hm_clock() < until) nanosleep(&moment, NULL);
    if (client->keeper > 0 && !client->ended) {
        const ssize_t told = send(client->leash, "x", 1, MSG_NOSIGNAL); /* the keeper may have gone just now */
        (void)told;
    }
    if (client->leash >= 0) close(client->leash);
    client->leash = -1;
    while (client->keeper > 0 && !hm_ipi_client_ended(client)) nanosleep(&moment, NULL);
    if (client->output >= 0) close(client->output);
    *client = (struct hm_ipi_client){.leash = -1, .output = -1};
}

void hm_ipi_client_describe_end(const struct hm_ipi_client *client, char *text, size_t size)
{
    if (client->code >= KILLED)
        snprintf(text, size, "was ended by signal %d", client->code - KILLED);
    else
        snprintf(text, size, "ended with code %d", client->code);
}

/* The last line that speaks of an error, or else the last: MPI programs add banners. */
static const char *telling_line(char *text)
{
    const char *last = "", *error = NULL;
    char *rest;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (line[strspn(line, " -")] == '\0') continue;
        last = line;
        if (strstr(line, "ERROR") || strstr(line, "Error")) error = line;
    }
    return error ? error : last;
}

void hm_ipi_client_last_words(const struct hm_ipi_client *client, char *text, size_t size)
{
    char end[OUTPUT_END + 1];
    struct stat file;
    *text = '\0';
    if (client->output < 0 || fstat(client->output, &file) != 0) return;
    const off_t from = file.st_size > OUTPUT_END ? file.st_size - OUTPUT_END : 0;
    const ssize_t length = pread(client->output, end, OUTPUT_END, from);
    end[length > 0 ? length : 0] = '\0';
    for (char *c = end; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\n') *c = ' ';
    const char *line = telling_line(end);
    if (*line) snprintf(text, size, "; its last words: %.300s", line);
}

void hm_ipi_client_trim(const struct hm_ipi_client *client)
{
    struct stat file;
    if (!client->forget || client->output < 0 || fstat(client->output, &file) != 0) return;
    if (file.st_size > OUTPUT_MOST && ftruncate(client->output, 0) != 0) return;
}

/* ---- is the program there? ---- */

static bool is_program(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && access(path, X_OK) == 0;
}

bool hm_ipi_command_is_missing(const char *command, const char *folder, char *name, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+/";
    static const char *const of_the_shell[] = {"cd",   "exec",   ".",     "export", "if",   "for",     "while", "until",
                                               "case", "ulimit", "umask", "trap",   "eval", "command", "set"};
    char path[4096];
    command += strspn(command, " \t\n");
    const size_t length = strspn(command, plain);
    if (length == 0 || length >= size || !strchr(" \t\n;&|<>", command[length])) return false; /* the shell will know */
    memcpy(name, command, length);
    name[length] = '\0';
    for (size_t i = 0; i < sizeof of_the_shell / sizeof *of_the_shell; i++)
        if (strcmp(name, of_the_shell[i]) == 0) return false;
    if (strchr(name, '/')) {
        snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : folder, name[0] == '/' ? "" : "/", name);
        return !is_program(path);
    }
    const char *paths = getenv("PATH");
    for (const char *at = paths ? paths : "/usr/bin:/bin"; *at;) {
        const size_t part = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s%s%s", (int)part, at, part ? "/" : "./", name);
        if (is_program(path)) return false;
        at += part + (at[part] == ':');
    }
    return true;
}
