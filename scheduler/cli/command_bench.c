/* hamlet bench NAME [--json]: what the parts cost on this machine.
 * hamlet bench oracle --hamiltonian '{type: ...}' GEOMETRY... [--json]: what an exact force costs.
 * hamlet bench action [--config FILE] [--json]: what a stride of a learned action costs.
 *
 *   action  strides of water or of a configuration's system, their iterations and the network (bench_action.c)
 *   forces  a Lennard-Jones liquid, neighbour lists included (bench_forces.c)
 *   lstm    the network by itself: steps and training batches, beside this core's SGEMM rate (bench_lstm.c)
 *   oracle  seconds of warm steps along a short path, and of the cold start (bench_oracle.c)
 *   step    the scheduler's own time per step, and where the time of a hybrid step goes (bench_step.c)
 *   write   trajectory frames of 1000 atoms (position, velocity, force) into a file in TMPDIR, flushed and closed
 *
 * Each prints medians; step and write of five runs, with their spread. */
#include "scheduler/cli/bench.h"
#include "scheduler/cli/command.h"

#include "io/log.h"
#include "io/trajectory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPEATS = HM_BENCH_REPEATS };

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void hm_bench_report(const char *bench, const char *what, const char *unit, double values[HM_BENCH_REPEATS], bool json)
{
    qsort(values, REPEATS, sizeof *values, compare);
    const double median = values[REPEATS / 2], low = values[0], high = values[REPEATS - 1];
    if (json)
        printf(
            "{\"bench\": \"%s\", \"case\": \"%s\", \"unit\": \"%s\", \"median\": %.4g, \"min\": %.4g, \"max\": %.4g}\n",
            bench, what, unit, median, low, high);
    else
        printf("%-6s %-28s %10.4g %-8s (%.4g to %.4g)\n", bench, what, median, unit, low, high);
}

void hm_bench_path(char *path, size_t size)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, size, "%s/hamlet-bench-%ld.h5", folder && *folder ? folder : "/tmp", (long)getpid());
}

/* ---- write ---- */

enum { WRITE_ATOMS = 1000, WRITE_FRAMES = 2000 };

static enum hm_status write_once(const struct hm_frame *frame, double *megabytes_per_second)
{
    char path[4096];
    struct hm_trajectory *trajectory = NULL;
    static const char *const provenance[1][2] = {{NULL, NULL}};
    hm_bench_path(path, sizeof path);
    const struct hm_trajectory_setup setup = {.frame = frame,
                                              .config_yaml = "bench: write\n",
                                              .timestep = 1,
                                              .steps = WRITE_FRAMES,
                                              .stride = 1,
                                              .overwrite = true,
                                              .provenance = provenance};
    const double started = hm_clock();
    enum hm_status status = hm_trajectory_create(path, &setup, &trajectory);
    for (int64_t step = 0; step < WRITE_FRAMES && status == HM_OK; step++) {
        frame->x[step % (3 * WRITE_ATOMS)] += 1;
        const struct hm_trajectory_frame record = {
            .step = step, .x = frame->x, .v = frame->v, .force = frame->x, .image = frame->image};
        status = hm_trajectory_append(trajectory, &record);
    }
    const enum hm_status closed = trajectory ? hm_trajectory_close(&trajectory) : HM_OK;
    const double bytes = 3.0 * 3 * sizeof(double) * WRITE_ATOMS * WRITE_FRAMES;
    *megabytes_per_second = 1e-6 * bytes / (hm_clock() - started);
    unlink(path);
    return status == HM_OK ? closed : status;
}

static enum hm_status bench_write(bool json)
{
    struct hm_frame frame;
    double speed[REPEATS];
    HM_TRY(hm_frame_create(WRITE_ATOMS, &frame));
    for (size_t i = 0; i < WRITE_ATOMS; i++) {
        frame.number[i] = 18;
        frame.mass[i] = 1;
        for (size_t k = 0; k < 3; k++) frame.x[3 * i + k] = (double)(i * (k + 1)) * 0.37;
    }
    enum hm_status status = HM_OK;
    for (size_t i = 0; i < REPEATS && status == HM_OK; i++) status = write_once(&frame, &speed[i]);
    hm_frame_release(&frame);
    HM_TRY(status);
    hm_bench_report("write", "1000 atoms, x v F, f64", "MB/s", speed, json);
    return HM_OK;
}

/* ---- the command ---- */

struct arguments {
    const char *name, *hamiltonian, *config;
    struct hm_words geometry;
    bool json;
};

static enum hm_status run_oracle(const struct arguments *a)
{
    if (!a->hamiltonian || a->geometry.count == 0)
        return hm_fail(HM_BAD_USAGE, "hamlet bench oracle --hamiltonian '{type: xtb}' GEOMETRY...");
    return hm_bench_oracle(a->hamiltonian, a->geometry.word, a->geometry.count, a->json);
}

static const struct bench {
    const char *name;
    enum hm_status (*run)(bool json); // NULL: oracle and action, which take more
} benches[] = {{"action", NULL}, {"forces", hm_bench_forces}, {"lstm", hm_bench_lstm},
               {"oracle", NULL}, {"step", hm_bench_step},     {"write", bench_write}};

#define BENCHES "action, forces, lstm, oracle, step or write"

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case 'H':
        a->hamiltonian = argument;
        return 0;
    case 'c':
        a->config = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (a->name) return hm_command_fault(hm_words_add(&a->geometry, argument));
        a->name = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return hm_command_fault(hm_fail(HM_BAD_USAGE, "which benchmark? " BENCHES));
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "of action: a configuration whose predictor is one", 0},
    {"json", 'j', NULL, 0, "JSON lines", 0},
    {"hamiltonian", 'H', "YAML", 0, "of oracle: the section `hamiltonian` of a configuration, '{type: xtb}'", 0},
    {0},
};
static const struct argp parser = {
    options, parse_option, "NAME [GEOMETRY...]", "Measure this machine: " BENCHES ".", NULL, NULL, NULL};

static enum hm_status run_named(const struct arguments *a)
{
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
        if (strcmp(benches[i].name, a->name) != 0) continue;
        const bool oracle = strcmp(a->name, "oracle") == 0, action = strcmp(a->name, "action") == 0;
        if (!oracle && (a->hamiltonian || a->geometry.count > 0))
            return hm_fail(HM_BAD_USAGE, "only 'bench oracle' takes a Hamiltonian and geometries");
        if (!action && a->config) return hm_fail(HM_BAD_USAGE, "only 'bench action' takes a configuration");
        if (oracle) return run_oracle(a);
        if (action) return hm_bench_action(a->config, a->json);
        return benches[i].run(a->json);
    }
    return hm_fail(HM_BAD_USAGE, "there is no benchmark '%s': " BENCHES, a->name);
}

enum hm_status hm_command_bench(int argc, char **argv)
{
    struct arguments a = {0};
    bool finished;
    enum hm_status status = hm_command_parse(&parser, argc, argv, &a, &finished);
    if (status == HM_OK && !finished) status = run_named(&a);
    hm_words_release(&a.geometry);
    return status;
}
