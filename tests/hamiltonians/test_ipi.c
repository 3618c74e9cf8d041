/* The i-PI server and clients that misbehave, a hundred times; clients killed, left, waited for; what is left
 * behind (nothing); what is refused. */
#include "tests/test.h"

#include "hamiltonians/hamiltonian.h"
#include "hamiltonians/ipi_internal.h"

#include "io/log.h"
#include "io/units.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NATOM = 3 };

static const double K = 0.33, R0 = 2.4;

static void make_frame(struct hm_frame *frame)
{
    static const double x[3 * NATOM] = {0.1, -0.2, 0.3, 2.0, 1.1, 0.2, 3.4, 2.9, -1.0};
    HM_ASSERT_OK(hm_frame_create(NATOM, frame));
    for (size_t i = 0; i < NATOM; i++) {
        frame->number[i] = 1;
        frame->mass[i] = 1837;
    }
    memcpy(frame->x, x, sizeof x);
}

/* Springs between 0-1 and 1-2. */
static double expect(const struct hm_frame *frame, double force[3 * NATOM])
{
    double energy = 0;
    memset(force, 0, 3 * NATOM * sizeof *force);
    for (size_t i = 0; i + 1 < NATOM; i++) {
        double d[3], r;
        hm_minimum_image(frame, &frame->x[3 * i], &frame->x[3 * i + 3], d);
        r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        energy += 0.5 * K * (r - R0) * (r - R0);
        for (size_t k = 0; k < 3; k++) {
            force[3 * i + k] += K * (r - R0) * d[k] / r;
            force[3 * i + 3 + k] -= K * (r - R0) * d[k] / r;
        }
    }
    return energy;
}

/* `more`: further keys, beginning with a comma. */
static enum hm_status make_for(const struct hm_oracle_group *group, const struct hm_frame *frame, const char *more,
                               struct hm_hamiltonian *hamiltonian)
{
    char text[2048];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: {type: ipi%s}\n", more);
    enum hm_status status = hm_config_parse(text, "run.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_hamiltonian_create(config, frame, group, hamiltonian);
    hm_config_destroy(&config);
    return status;
}

/* A client with some arguments after its springs. */
static void client_command(const char *arguments, char text[1024])
{
    const char *build = getenv("BUILD_DIR");
    snprintf(text, 1024, "%s/tests/ipi_client unix:{address} %.17g %.17g %s", build ? build : ".", K, R0, arguments);
}

static enum hm_status make_with(const struct hm_oracle_group *group, const struct hm_frame *frame,
                                const char *arguments, const char *more, struct hm_hamiltonian *hamiltonian)
{
    char command[1024], keys[2048];
    client_command(arguments, command);
    snprintf(keys, sizeof keys, ", command: '%s'%s", command, more);
    return make_for(group, frame, keys, hamiltonian);
}

static bool is_right(const struct hm_frame *frame, const struct hm_label *label)
{
    double force[3 * NATOM], off = 0;
    const double energy = expect(frame, force);
    for (size_t k = 0; k < 3 * NATOM; k++) off = fmax(off, fabs(force[k] - label->force[k]));
    return fabs(energy - label->energy) < 1e-14 && off < 1e-14;
}

static void move(struct hm_frame *frame, int step)
{
    for (size_t k = 0; k < 3 * NATOM; k++) frame->x[k] += 0.01 * sin(step + 1.7 * (double)k);
}

/* The lines about restarts are of use to people, not here. */
static int hush(void)
{
    fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    if (!freopen("/dev/null", "w", stderr)) CU_FAIL("stderr");
    return kept;
}

static void unhush(int kept)
{
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
}

/* ---- good clients ---- */

static void test_labels(void)
{
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    make_frame(&frame);
    HM_ASSERT_OK(make_with(NULL, &frame, "", "", &hamiltonian));
    for (int step = 0; step < 50; step++) {
        move(&frame, step);
        HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
        CU_ASSERT_TRUE(is_right(&frame, &label));
        CU_ASSERT_TRUE(label.iterations == 1 && label.status == HM_LABEL_CONVERGED && isnan(label.dipole[0]));
        double virial = 0;
        for (size_t i = 0; i < NATOM; i++) virial += frame.x[3 * i] * force[3 * i + 1]; /* free atoms: sum of x F^T */
        HM_ASSERT_NEAR(label.virial[1], virial, 1e-14);
    }
    CU_ASSERT_FALSE(hamiltonian.ops->analytic);
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
}

/* Atoms that have left the cell are sent from inside it, and the cell goes with them. */
static void test_periodic_cell(void)
{
    static const double cell[9] = {9, 0, 0, 1.5, 8, 0, -2, 3, 10};
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM], wrapped[3 * NATOM];
    struct hm_label label = {.force = force};
    make_frame(&frame);
    memcpy(frame.cell, cell, sizeof cell);
    for (int k = 0; k < 3; k++) frame.periodic[k] = true;
    for (size_t k = 0; k < 3; k++) frame.x[3 + k] += 5 * cell[k] - 2 * cell[3 + k] + 7 * cell[6 + k];
    hm_ipi_wrap(&frame, cell, wrapped);
    for (size_t i = 0; i < NATOM; i++) {
        double d[3];
        hm_minimum_image(&frame, &frame.x[3 * i], &wrapped[3 * i], d);
        HM_ASSERT_NEAR(d[0] * d[0] + d[1] * d[1] + d[2] * d[2], 0, 1e-26);
        CU_ASSERT_TRUE(fabs(wrapped[3 * i + 2]) <= 5.0 && fabs(wrapped[3 * i]) < 7);
    }
    HM_ASSERT_OK(make_with(NULL, &frame, "", "", &hamiltonian));
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
    CU_ASSERT_TRUE(is_right(&frame, &label));
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
}

static double product(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* One, two or no edges given: the others stand on them, as long as the box. */
static void test_cell_of_what_is_not_periodic(void)
{
    static const double given[9] = {3, 4, 0, 1, 2, 5, -1, 0.5, 2};
    struct hm_frame frame;
    make_frame(&frame);
    for (unsigned mask = 0; mask < 7; mask++) {
        double cell[9];
        memset(frame.cell, 0, sizeof frame.cell);
        for (size_t row = 0; row < 3; row++) {
            frame.periodic[row] = mask >> row & 1;
            if (frame.periodic[row]) memcpy(&frame.cell[3 * row], &given[3 * row], 3 * sizeof *given);
        }
        hm_ipi_fill_cell(&frame, 20, cell);
        for (size_t row = 0; row < 3; row++) {
            const double *edge = &cell[3 * row];
            if (frame.periodic[row]) {
                CU_ASSERT_EQUAL(memcmp(edge, &given[3 * row], 3 * sizeof *given), 0);
                continue;
            }
            HM_ASSERT_NEAR(product(edge, edge), 400, 1e-12);
            HM_ASSERT_NEAR(product(edge, &cell[(3 * row + 3) % 9]), 0, 1e-12);
            HM_ASSERT_NEAR(product(edge, &cell[(3 * row + 6) % 9]), 0, 1e-12);
        }
        if (mask == 0) CU_ASSERT_TRUE(cell[0] == 20 && cell[4] == 20 && cell[8] == 20);
    }
    hm_frame_release(&frame);
}

/* ---- bad clients ---- */

/* Every second request fails, so many times. */
static void survive(const char *fault, int times, const char *more)
{
    char arguments[64];
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    int faults = 0, wrong = 0, requests = 0;
    snprintf(arguments, sizeof arguments, "%s 2", fault);
    make_frame(&frame);
    const int kept = hush();
    HM_ASSERT_OK(make_with(NULL, &frame, arguments, more, &hamiltonian));
    for (; faults < times && requests < 5 * times; requests++) {
        move(&frame, requests);
        if (hm_hamiltonian_evaluate(&hamiltonian, &frame, &label) != HM_OK) break;
        wrong += !is_right(&frame, &label);
        faults += label.iterations - 1;
    }
    hm_hamiltonian_destroy(&hamiltonian);
    unhush(kept);
    if (faults < times) printf("\n      %s: %d faults, %s ", fault, faults, hm_status_message());
    CU_ASSERT_TRUE(faults >= times);
    CU_ASSERT_EQUAL(wrong, 0);
    hm_frame_release(&frame);
}

static void test_clients_that_die(void)
{
    survive("die", 100, "");
    survive("kill", 100, "");
    survive("half", 20, "");
    survive("words", 20, "");
}

static void test_clients_that_talk_nonsense(void)
{
    survive("word", 20, "");
    survive("count", 20, "");
    survive("huge", 20, "");
    survive("text", 20, "");
    survive("endless", 20, "");
    survive("babble", 100, "");
}

/* A deadline that a healthy client on a busy machine may miss, too: then it is asked again. */
static void test_clients_that_are_silent(void)
{
    survive("silent", 100, ", deadline: 20 ms, restarts: 50");
    survive("stall", 20, ", deadline: 20 ms, restarts: 50");
}

static void test_clients_that_hang_up_or_send_noise(void)
{
    survive("hang_up", 10, "");
    survive("garbage", 100, ", deadline: 20 ms, restarts: 50");
}

/* A client that never does any better: an error that says so, after so many attempts. */
static void give_up(const char *fault, const char *more, const char *words)
{
    char keys[256];
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    make_frame(&frame);
    snprintf(keys, sizeof keys, ", restarts: 2%s", more);
    const int kept = hush();
    HM_ASSERT_OK(make_with(NULL, &frame, fault, keys, &hamiltonian));
    const enum hm_status status = hm_hamiltonian_evaluate(&hamiltonian, &frame, &label);
    unhush(kept);
    const bool said = strstr(hm_status_message(), words) && strstr(hm_status_message(), ", the last of 3 attempts") &&
                      !strchr(hm_status_message(), '\n');
    if (status != HM_ORACLE_FAILED || !said) printf("\n      %s: %d, %s ", fault, (int)status, hm_status_message());
    CU_ASSERT_EQUAL(status, HM_ORACLE_FAILED);
    CU_ASSERT_TRUE(said);
    CU_ASSERT_EQUAL(label.iterations, 3);
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
}

/* In a row, whatever the number of questions: after the first one it is asked once for each. */
static void test_restarts_in_a_row(void)
{
    char command[1024], keys[2200], folder[1024];
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    make_frame(&frame);
    client_command("", command);
    remove("mended");
    snprintf(keys, sizeof keys, ", restarts: 2, command: 'cd %s; test -e mended || exit 3; exec %s'",
             getcwd(folder, sizeof folder) ? folder : ".", command);
    const int kept = hush();
    HM_ASSERT_OK(make_for(NULL, &frame, keys, &hamiltonian));
    static const int attempts[] = {3, 1, 1};
    static const char *const said[] = {"of 3 attempts", "of 4 attempts", "of 5 attempts"};
    for (size_t question = 0; question < 3; question++) {
        CU_ASSERT_EQUAL(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label), HM_ORACLE_FAILED);
        CU_ASSERT_EQUAL(label.iterations, attempts[question]);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), said[question]));
    }
    FILE *mended = fopen("mended", "w");
    CU_ASSERT_TRUE(mended && fclose(mended) == 0);
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
    CU_ASSERT_TRUE(is_right(&frame, &label));
    remove("mended");
    hamiltonian.ops->reset(hamiltonian.self);
    CU_ASSERT_EQUAL(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label), HM_ORACLE_FAILED);
    CU_ASSERT_EQUAL(label.iterations, 3); /* it had answered */
    unhush(kept);
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
}

/* So long the dispatch waits at least, by flaky, too. */
static void test_patience(void)
{
    static const char ipi[] = "type: ipi, command: 'true', restarts: 2, deadline: 10 s, connect: 5 s";
    static const char *const around[][2] = {
        {"{", "}"}, {"{type: flaky, latency: 7 s, patience: 20 s, hamiltonian: {", "}}"}, {"{type: harmonic", "}"}};
    const double expected[] = {3 * 16, 7 + 3 * 16, 0};
    for (size_t k = 0; k < 3; k++) {
        char text[512];
        struct hm_config *config = NULL;
        snprintf(text, sizeof text, "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: %s%s%s\n", around[k][0],
                 k < 2 ? ipi : "", around[k][1]);
        HM_ASSERT_OK(hm_config_parse(text, "run.yaml", NULL, 0, &config));
        CU_ASSERT_EQUAL(hm_hamiltonian_patience(config), expected[k]);
        hm_config_destroy(&config);
    }
}

static void test_giving_up(void)
{
    give_up("die", "", "ended with code 3");
    give_up("kill", "", "was ended by signal 9");
    give_up("words", "", "ended with code 9; its last words: ERROR: SCF is lost");
    give_up("count", "", "has 4 atoms, the geometry 3");
    give_up("text", "", "the length of the text at its end is absurd");
    give_up("word", "", "it does not begin with FORCEREADY");
    give_up("babble", "", "'HTTP/1.1 400'");
    give_up("half", "", "ended with code 4");
    give_up("hang_up", "", "closed the connection");
    give_up("silent", ", deadline: 50 ms", "was silent for 50 ms");
    give_up("stubborn", ", deadline: 50 ms", "was silent for 50 ms");
    give_up("mute", ", deadline: 50 ms", "was silent for 50 ms before the positions");
    give_up("absent", ", connect: 50 ms", "did not connect within 50 ms");
}

static void test_numbers_that_are_none_are_data(void)
{
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    make_frame(&frame);
    HM_ASSERT_OK(make_with(NULL, &frame, "nan 2", "", &hamiltonian));
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
    CU_ASSERT_EQUAL(label.status, HM_LABEL_CONVERGED);
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
    CU_ASSERT_EQUAL(label.status, HM_LABEL_NOT_FINITE);
    hamiltonian.ops->reset(hamiltonian.self); /* a client anew: its first request is fine */
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
    CU_ASSERT_EQUAL(label.status, HM_LABEL_CONVERGED);
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
}

/* ---- being called off ---- */

static bool asked_after_a_moment(void *self)
{
    return ++*(int *)self >= 2;
}

static void call_off(const char *fault)
{
    int asked = 0;
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    const struct hm_oracle_group group = {0, 1, NULL, {asked_after_a_moment, &asked}};
    make_frame(&frame);
    HM_ASSERT_OK(make_with(&group, &frame, fault, "", &hamiltonian));
    CU_ASSERT_EQUAL(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label), HM_STOPPED); /* not ten minutes later */
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
}

static void test_interrupts(void)
{
    call_off("silent");
    call_off("stubborn");
    call_off("mute");
    call_off("absent");
}

/* ---- clients that come by themselves, groups ---- */

static void run_client(const char *address, const char *fault)
{
    char command[1024], line[2048];
    const char *build = getenv("BUILD_DIR");
    snprintf(command, sizeof command, "%s/tests/ipi_client %s %.17g %.17g %s", build ? build : ".", address, K, R0,
             fault);
    snprintf(line, sizeof line, "i=0; until %s; do i=$((i+1)); [ $i -lt 500 ] || exit; sleep 0.02; done &", command);
    CU_ASSERT_EQUAL(system(line), 0);
}

static void wait_for(const char *address, const char *more)
{
    char keys[512];
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    make_frame(&frame);
    snprintf(keys, sizeof keys, ", address: '%s'%s", address, more);
    const int kept = hush();
    HM_ASSERT_OK(make_for(NULL, &frame, keys, &hamiltonian));
    run_client(address, "kill 3"); /* and comes again, until it is told to exit */
    for (int step = 0; step < 10; step++) {
        move(&frame, step);
        HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
        CU_ASSERT_TRUE(is_right(&frame, &label));
    }
    hm_hamiltonian_destroy(&hamiltonian);
    unhush(kept);
    hm_frame_release(&frame);
}

static int free_port(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (const struct sockaddr *)&where, sizeof where);
    getsockname(fd, (struct sockaddr *)&where, &size);
    close(fd);
    return ntohs(where.sin_port);
}

static void test_clients_started_by_hand(void)
{
    char address[64];
    snprintf(address, sizeof address, "unix:hamlet-test-%ld", (long)getpid());
    wait_for(address, "");
    snprintf(address, sizeof address, "tcp:127.0.0.1:%d", free_port());
    wait_for(address, "");
}

static void test_nobody_comes(void)
{
    char keys[128];
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    make_frame(&frame);
    snprintf(keys, sizeof keys, ", address: 'unix:hamlet-test-%ld', connect: 50 ms", (long)getpid());
    const int kept = hush();
    HM_ASSERT_OK(make_for(NULL, &frame, keys, &hamiltonian));
    CU_ASSERT_EQUAL(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label), HM_ORACLE_FAILED);
    unhush(kept);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "did not connect within 50 ms"));
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
}

/* Each group listens at an address of its own and starts its own client there. */
static void test_groups(void)
{
    enum { GROUPS = 3 };
    char keys[128], path[160];
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian[GROUPS] = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    struct stat file;
    make_frame(&frame);
    snprintf(keys, sizeof keys, ", address: 'unix:hamlet-groups-%ld'", (long)getpid());
    for (int g = 0; g < GROUPS; g++) {
        const struct hm_oracle_group group = {g, GROUPS, NULL, HM_NO_INTERRUPT};
        HM_ASSERT_OK(make_with(&group, &frame, "", keys, &hamiltonian[g]));
        HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian[g], &frame, &label));
        CU_ASSERT_TRUE(is_right(&frame, &label));
    }
    for (int g = 0; g < GROUPS; g++) {
        snprintf(path, sizeof path, "/tmp/ipi_hamlet-groups-%ld.%d", (long)getpid(), g);
        CU_ASSERT_EQUAL(stat(path, &file), 0);
        hm_hamiltonian_destroy(&hamiltonian[g]);
        CU_ASSERT_NOT_EQUAL(stat(path, &file), 0);
    }
    struct hm_ipi_address address;
    HM_ASSERT_OK(hm_ipi_address_read("tcp:localhost:31400", &address));
    HM_ASSERT_OK(hm_ipi_address_divide(&address, 15));
    CU_ASSERT_EQUAL(address.port, 31415);
    CU_ASSERT_EQUAL(hm_ipi_address_divide(&address, 60000), HM_BAD_INPUT);
    hm_frame_release(&frame);
}

/* ---- nothing is left behind ---- */

static bool goes_away(pid_t pid)
{
    const struct timespec moment = {0, 20000000};
    for (int tries = 0; tries < 500; tries++) {
        if (kill(pid, 0) != 0 && errno == ESRCH) return true;
        nanosleep(&moment, NULL);
    }
    return false;
}

/* A program with a client that is killed without a chance to clean up. */
_Noreturn static void be_killed(const struct hm_frame *frame, const char *keys, int tell)
{
    struct hm_hamiltonian hamiltonian = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    if (make_for(NULL, frame, keys, &hamiltonian) != HM_OK) _exit(1);
    if (hm_hamiltonian_evaluate(&hamiltonian, frame, &label) != HM_OK) _exit(2);
    if (write(tell, "x", 1) != 1) _exit(3);
    for (;;) pause();
}

static void test_hamlet_is_killed(void)
{
    char command[1024], keys[2048], path[128], x;
    int pipe_ends[2], status;
    pid_t pids[2] = {0};
    struct hm_frame frame;
    struct stat file;
    make_frame(&frame);
    client_command("", command);
    remove("pids");
    /* A helper process beside the client: both belong to the command. */
    snprintf(
        keys, sizeof keys,
        ", address: 'unix:hamlet-kill-%ld', command: 'cd %s; sleep 1000 & echo $! >>pids; echo $$ >>pids; trap \"\" "
        "TERM; %s'",
        (long)getpid(), getcwd(path, sizeof path) ? path : ".", command);
    CU_ASSERT_EQUAL(pipe(pipe_ends), 0);
    const pid_t victim = fork();
    if (victim == 0) be_killed(&frame, keys, pipe_ends[1]);
    close(pipe_ends[1]);
    CU_ASSERT_EQUAL(read(pipe_ends[0], &x, 1), 1);
    kill(victim, SIGKILL);
    CU_ASSERT_EQUAL(waitpid(victim, &status, 0), victim);
    FILE *in = fopen("pids", "r");
    CU_ASSERT_PTR_NOT_NULL(in);
    CU_ASSERT_TRUE(in && fscanf(in, "%d %d", &pids[0], &pids[1]) == 2);
    if (in) fclose(in);
    CU_ASSERT_TRUE(pids[0] > 0 && pids[1] > 0 && goes_away(pids[0]) && goes_away(pids[1]));
    snprintf(path, sizeof path, "/tmp/ipi_hamlet-kill-%ld", (long)getpid());
    CU_ASSERT_NOT_EQUAL(stat(path, &file), 0);
    close(pipe_ends[0]);
    hm_frame_release(&frame);
}

/* ---- what is refused ---- */

static void refuse(const char *keys, const char *words)
{
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian = {0};
    make_frame(&frame);
    const enum hm_status status = make_for(NULL, &frame, keys, &hamiltonian);
    const bool said = strstr(hm_status_message(), words) &&
                      (strstr(hm_status_message(), "run.yaml:2:") || strstr(hm_status_message(), "run.yaml:3:"));
    if (status != HM_BAD_CONFIG || !said) printf("\n      %s: %d, %s ", keys, (int)status, hm_status_message());
    CU_ASSERT_EQUAL(status, HM_BAD_CONFIG);
    CU_ASSERT_TRUE(said);
    hm_frame_release(&frame);
}

static void test_refused(void)
{
    refuse("", "ipi needs 'command: ...'");
    refuse(", address: auto", "ipi needs 'command: ...'");
    refuse(", address: water", "is no address of an i-PI server");
    refuse(", address: 'unix:a/b'", "is no name of letters");
    refuse(", address: 'unix:$(rm)'", "is no name of letters");
    refuse(", address: 'unix:'", "is no name of letters");
    refuse(", address: 'tcp:localhost'", "has no port");
    refuse(", address: 'tcp:localhost:65536'", "has no port from 0 to 65535");
    refuse(", address: 'tcp:localhost:x'", "has no port from 0 to 65535");
    refuse(", command: ' '", "there is no command in it");
    refuse(", command: 'no-such-program -in x'", "the program 'no-such-program' is not there: install it");
    refuse(", command: './no-such-program; true'", "give its path, from the folder of this file");
    refuse(", command: 'true', box: 1 A", "the atoms are spread over 1.746 A");
    refuse(", command: 'true', molecule: HCl", "has no 'molecule'");
    refuse(", command: 'true', deadline: 1", "deadline");
    refuse(", command: 'true', deadline: 1 min}\noracle: {deadline: 1 min", "is given up after 1 min");
    refuse(", command: 'true'}\nranks: {predictors: 0, oracles: 1, oracle_size: 3",
           "start it by 'command: mpirun -n 3 ...'");
}

static void test_addresses_in_use(void)
{
    char path[64], keys[128];
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    snprintf(path, sizeof path, "/tmp/ipi_hamlet-used-%ld", (long)getpid());
    snprintf(where.sun_path, sizeof where.sun_path, "%s", path);
    snprintf(keys, sizeof keys, ", address: 'unix:hamlet-used-%ld'", (long)getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, (const struct sockaddr *)&where, sizeof where), 0);
    CU_ASSERT_EQUAL(listen(fd, 1), 0);
    refuse(keys, "is in use, a server listens there");
    close(fd);
    refuse(keys, "left behind by a program that was killed: remove it (rm /tmp/ipi_hamlet-used-");
    unlink(path);
    fclose(fopen(path, "w"));
    refuse(keys, "exists and is not a socket");
    unlink(path);

    struct sockaddr_in port = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof port;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, (const struct sockaddr *)&port, sizeof port), 0);
    CU_ASSERT_EQUAL(listen(fd, 1), 0);
    CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&port, &size), 0);
    snprintf(keys, sizeof keys, ", address: 'tcp:127.0.0.1:%d'", ntohs(port.sin_port));
    refuse(keys, "is in use by another program: take another port");
    close(fd);
}

/* Taken between the check and the first request. */
static void test_address_taken_meanwhile(void)
{
    char keys[128];
    struct hm_frame frame;
    struct hm_hamiltonian one = {0}, other = {0};
    double force[3 * NATOM];
    struct hm_label label = {.force = force};
    make_frame(&frame);
    snprintf(keys, sizeof keys, ", address: 'unix:hamlet-twice-%ld'", (long)getpid());
    HM_ASSERT_OK(make_with(NULL, &frame, "", keys, &one));
    HM_ASSERT_OK(make_with(NULL, &frame, "", keys, &other));
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&one, &frame, &label));
    CU_ASSERT_EQUAL(hm_hamiltonian_evaluate(&other, &frame, &label), HM_ORACLE_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "is in use, a server listens there"));
    hm_hamiltonian_destroy(&other);
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&one, &frame, &label)); /* whose socket is still there */
    hm_hamiltonian_destroy(&one);
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"energy, forces, virial", test_labels},
    {"cells and wrapped positions", test_periodic_cell},
    {"a cell for what has none", test_cell_of_what_is_not_periodic},
    {"clients that die", test_clients_that_die},
    {"clients that talk nonsense", test_clients_that_talk_nonsense},
    {"clients that are silent", test_clients_that_are_silent},
    {"clients that hang up or send noise", test_clients_that_hang_up_or_send_noise},
    {"clients that never do better", test_giving_up},
    {"restarts in a row", test_restarts_in_a_row},
    {"how long it may take", test_patience},
    {"NaN is data; a client anew", test_numbers_that_are_none_are_data},
    {"called off", test_interrupts},
    {"clients started by hand, that die and come again", test_clients_started_by_hand},
    {"a client that never comes", test_nobody_comes},
    {"several groups", test_groups},
    {"nothing is left when Hamlet is killed", test_hamlet_is_killed},
    {"what is refused", test_refused},
    {"addresses in use", test_addresses_in_use},
    {"an address taken meanwhile", test_address_taken_meanwhile},
};

HM_TEST_MAIN("i-PI server", tests)
