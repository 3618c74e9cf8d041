/* A Hamiltonian that goes wrong now and then, as programs elsewhere do: it wraps another one.
 *
 *   hamiltonian: {type: flaky, failure: 0.01, nan: 0.01, stall: 0.001, crash: 0.001, latency: 10 ms, seed: 1,
 *                 hamiltonian: {type: ...}}
 *
 * An evaluation is, each with its probability,
 *
 *   a failure   HM_ORACLE_FAILED                           a stall   of a child process, which never answers
 *   a NaN       in one component of the force              a crash   of a child process, which dies
 *
 * or what the wrapped Hamiltonian says. A child that does not answer is ended after the patience, so that a stall is a
 * failure and never a hang; with a patience without end it is a hang, for those who want to see one.
 *
 * The draw belongs to (seed, number of the evaluation): a run repeats its faults, a question asked again draws anew,
 * and the ranks of a group, which all evaluate, agree. The number is saved with the warm state.
 *
 * Units: the label's are the wrapped Hamiltonian's. Errors: HM_ORACLE_FAILED, those of the wrapped Hamiltonian.
 * Owns: the wrapped Hamiltonian; a child lives only during an evaluation, and dies with its parent.
 */
#include "hamiltonians/hamiltonian.h"
#include "io/rng.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const double LOOK_EVERY_SECONDS = 10e-3;

enum fault { FAILURE, NOT_A_NUMBER, STALL, CRASH, FAULTS };

struct flaky {
    struct hm_hamiltonian inner;
    double probability[FAULTS];
    double latency, patience; // seconds
    struct hm_interrupt interrupt;
    uint64_t seed;
    int64_t evaluations;
};

static const char *const keys[] = {"hamiltonian", "failure",  "nan",  "stall", "crash",
                                   "latency",     "patience", "seed", NULL};

static void destroy(void **self)
{
    struct flaky *flaky = *self;
    if (flaky) hm_hamiltonian_destroy(&flaky->inner);
    free(flaky);
    *self = NULL;
}

static enum hm_status read_probabilities(const struct hm_config *config, struct flaky *flaky)
{
    static const char *const names[FAULTS] = {"hamiltonian.failure", "hamiltonian.nan", "hamiltonian.stall",
                                              "hamiltonian.crash"};
    double sum = 0;
    for (int f = 0; f < FAULTS; f++) sum += flaky->probability[f] = hm_config_real(config, names[f]);
    if (sum <= 1) return HM_OK;
    return hm_config_fault(config, "hamiltonian",
                           "the probabilities of failure, nan, stall and crash add up to %g, more than 1", sum);
}

static enum hm_status create_inner(const struct hm_config *config, const struct hm_frame *frame,
                                   const struct hm_oracle_group *group, struct flaky *flaky)
{
    struct hm_config *view;
    if (!hm_config_knows(config, "hamiltonian.hamiltonian.type"))
        return hm_config_fault(config, "hamiltonian.type",
                               "flaky wraps the exact Hamiltonian: it stands in the section 'hamiltonian' itself");
    if (!hm_config_has(config, "hamiltonian.hamiltonian"))
        return hm_config_fault(config, "hamiltonian",
                               "flaky needs the Hamiltonian that it wraps: 'hamiltonian: {type: ...}'");
    HM_TRY(hm_config_view(config, "hamiltonian.", &view));
    const enum hm_status status = hm_hamiltonian_create(view, frame, group, &flaky->inner);
    hm_config_destroy(&view);
    return status;
}

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self)
{
    struct flaky *flaky = *self = calloc(1, sizeof *flaky);
    if (!flaky) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a flaky Hamiltonian");
    flaky->latency = hm_config_real(config, "hamiltonian.latency");
    flaky->patience = hm_config_real(config, "hamiltonian.patience");
    if (group) flaky->interrupt = group->interrupt;
    flaky->seed = (uint64_t)hm_config_integer(config, "hamiltonian.seed");
    enum hm_status status = read_probabilities(config, flaky);
    if (status == HM_OK) status = create_inner(config, frame, group, flaky);
    if (status != HM_OK) destroy(self);
    return status;
}

/* ---- one evaluation ---- */

/* One of enum fault, or FAULTS; `place` is a second number in (0, 1). */
static int draw(const struct flaky *flaky, double *place)
{
    const struct hm_rng_key key = {.seed = flaky->seed, .purpose = HM_RNG_FAULT};
    double uniform[2], below = 0;
    hm_rng_uniform2(key, (uint64_t)flaky->evaluations, 0, uniform);
    *place = uniform[1];
    for (int fault = 0; fault < FAULTS; fault++)
        if (uniform[0] < (below += flaky->probability[fault])) return fault;
    return FAULTS;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* HM_STOPPED: called off. */
static enum hm_status pass(const struct flaky *flaky)
{
    const double until = seconds_now() + flaky->latency;
    for (double left = flaky->latency; left > 0; left = until - seconds_now()) {
        const struct timespec moment = {0, (long)(1e9 * fmin(left, LOOK_EVERY_SECONDS))};
        nanosleep(&moment, NULL);
        HM_TRY(hm_interrupt_check(&flaky->interrupt));
    }
    return HM_OK;
}

/* The child. Nothing of the parent's is touched: its locks may be held by threads that do not exist here. */
static void misbehave(enum fault fault, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (fault == STALL && getppid() == parent) pause();
    kill(getpid(), SIGKILL);
}

/* Until the other end closes; *ended false when the time is over. */
static enum hm_status wait_for_end(const struct flaky *flaky, int descriptor, bool *ended)
{
    const double until = seconds_now() + flaky->patience;
    struct pollfd end = {.fd = descriptor, .events = POLLIN};
    *ended = false;
    for (double left = flaky->patience; left > 0 && !*ended; left = until - seconds_now()) {
        *ended = poll(&end, 1, (int)(1e3 * fmin(left, LOOK_EVERY_SECONDS)) + 1) > 0;
        HM_TRY(hm_interrupt_check(&flaky->interrupt));
    }
    return HM_OK;
}

static enum hm_status ask_child(const struct flaky *flaky, enum fault fault)
{
    int ends[2];
    if (pipe(ends) != 0) return hm_fail(HM_ORACLE_FAILED, "flaky: no pipe: %s", strerror(errno));
    const pid_t parent = getpid(), child = fork();
    if (child == 0) misbehave(fault, parent);
    close(ends[1]);
    bool ended = true;
    enum hm_status status = HM_OK;
    if (child > 0) {
        status = wait_for_end(flaky, ends[0], &ended);
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    }
    close(ends[0]);
    HM_TRY(status);
    if (child < 0) return hm_fail(HM_ORACLE_FAILED, "flaky: no child process: %s", strerror(errno));
    if (ended)
        return hm_fail(HM_ORACLE_FAILED, "the program crashed (flaky, evaluation %lld)", (long long)flaky->evaluations);
    return hm_fail(HM_ORACLE_FAILED, "the program gave no answer for %g s and was ended (flaky, evaluation %lld)",
                   flaky->patience, (long long)flaky->evaluations);
}

static enum hm_status misfire(struct flaky *flaky, const struct hm_frame *frame, struct hm_label *label)
{
    double place;
    const int fault = draw(flaky, &place);
    flaky->evaluations++;
    HM_TRY(pass(flaky));
    if (fault == FAILURE)
        return hm_fail(HM_ORACLE_FAILED, "the program failed (flaky, evaluation %lld)", (long long)flaky->evaluations);
    if (fault == STALL || fault == CRASH) return ask_child(flaky, (enum fault)fault);
    HM_TRY(hm_hamiltonian_evaluate(&flaky->inner, frame, label));
    if (fault == NOT_A_NUMBER) label->force[(size_t)(place * 3 * (double)frame->natom)] = NAN;
    return HM_OK;
}

/* What is called off has not been asked. */
static enum hm_status evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    struct flaky *flaky = self;
    const enum hm_status status = misfire(flaky, frame, label);
    if (status == HM_STOPPED) flaky->evaluations--;
    return status;
}

/* ---- what is passed on ---- */

static void save(const void *self, struct hm_archive *archive)
{
    const struct flaky *flaky = self;
    hm_archive_put_int(archive, flaky->evaluations);
    hm_hamiltonian_save(&flaky->inner, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct flaky *flaky = self;
    HM_TRY(hm_archive_get_int(archive, &flaky->evaluations));
    return hm_hamiltonian_load(&flaky->inner, archive);
}

static void reset(void *self)
{
    struct flaky *flaky = self;
    hm_hamiltonian_reset(&flaky->inner);
}

/* One evaluation goes wrong in one way. */
static double patience(const struct hm_config *config)
{
    struct hm_config *view;
    if (hm_config_view(config, "hamiltonian.", &view) != HM_OK) return 0;
    const double inner = hm_hamiltonian_patience(view);
    hm_config_destroy(&view);
    return hm_config_real(config, "hamiltonian.latency") + fmax(inner, hm_config_real(config, "hamiltonian.patience"));
}

static const size_t (*bonds(const void *self, size_t *nbond))[2]
{
    const struct flaky *flaky = self;
    return hm_hamiltonian_bonds(&flaky->inner, nbond);
}

const struct hm_hamiltonian_ops hm_hamiltonian_flaky = {
    .method = {"flaky",
               "another Hamiltonian that fails, stalls and crashes now and then, to try out what happens then"},
    .keys = keys,
    .create = create,
    .evaluate = evaluate,
    .destroy = destroy,
    .save = save,
    .load = load,
    .reset = reset,
    .patience = patience,
    .bonds = bonds,
};
