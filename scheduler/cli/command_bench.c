/* hamlet bench NAME [--json]: what the parts cost on this machine.
 *
 *   step    the scheduler's own time per step: constant-velocity predictor, no oracle, without and with the log written
 *   write   trajectory frames of 1000 atoms (position, velocity, force) into a file in TMPDIR, flushed and closed
 *
 * Each prints the median of five runs and their spread. */
#include "scheduler/cli/command.h"
#include "scheduler/recorder.h"
#include "scheduler/simulation.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPEATS = 5 };

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *bench, const char *what, const char *unit, double values[REPEATS], bool json)
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

static void temporary_path(char *path, size_t size)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, size, "%s/hamlet-bench-%ld.h5", folder && *folder ? folder : "/tmp", (long)getpid());
}

/* ---- step ---- */

static const char step_yaml[] = "system: {initial_velocities: {temperature: 300 K}}\n"
                                "hamiltonian: {type: harmonic, molecule: HCl}\n"
                                "integrator: {timestep: 0.000001 fs, steps: 500000}\n"
                                "predictor: {type: zero}\n"
                                "training: {warmup_steps: 0}\n"
                                "policy: {type: never}\n"
                                "output: {stride: 100, energies: injections}\n";

static enum hm_status propagate(const struct hm_job *job, struct hm_simulation *s, double *microseconds)
{
    const int64_t steps = hm_config_integer(job->config, "integrator.steps");
    HM_TRY(hm_propagator_start(&s->propagator, s->state));
    const double started = hm_clock();
    while (s->state->step < steps) HM_TRY(hm_step(&s->propagator, s->state));
    *microseconds = 1e6 * (hm_clock() - started) / (double)steps;
    return HM_OK;
}

static enum hm_status step_once(const struct hm_job *job, bool with_output, double *microseconds)
{
    struct hm_layout layout;
    struct hm_simulation s = {0};
    struct hm_recorder recorder = {0};
    struct hm_trajectory *trajectory = NULL;
    struct hm_log log;
    char path[4096];
    enum hm_status status;
    temporary_path(path, sizeof path);
    hm_log_start(&log, stdout, true);
    HM_TRY_GOTO(status, hm_layout_plan(job->config, 0, 1, &layout), out);
    HM_TRY_GOTO(status, hm_simulation_create(job, &layout, HM_NO_INTERRUPT, &s), out);
    if (with_output) {
        static const char *const provenance[1][2] = {{NULL, NULL}};
        const struct hm_trajectory_setup setup = {
            .frame = &job->frame,
            .config_yaml = step_yaml,
            .timestep = s.propagator.schedule.timestep,
            .steps = hm_config_integer(job->config, "integrator.steps"),
            .stride = hm_config_integer(job->config, "output.stride"),
            .overwrite = true,
            .provenance = provenance,
        };
        HM_TRY_GOTO(status, hm_trajectory_create(path, &setup, &trajectory), out);
        const struct hm_recorder_setup options = {
            .job = job, .committee = &s.committee, .trajectory = trajectory, .oracle = &s.oracle, .log = &log};
        HM_TRY_GOTO(status, hm_recorder_create(&options, &recorder), out);
        s.propagator.observer = hm_recorder_observer(&recorder);
    }
    status = propagate(job, &s, microseconds);
out:
    hm_recorder_release(&recorder);
    if (trajectory) {
        hm_trajectory_close(&trajectory);
        unlink(path);
    }
    hm_simulation_release(&s);
    return status;
}

static enum hm_status bench_step(bool json)
{
    struct hm_config *config;
    struct hm_job job;
    double bare[REPEATS], written[REPEATS];
    HM_TRY(hm_config_parse(step_yaml, "bench step", NULL, 0, &config));
    enum hm_status status = hm_job_from_config(config, &job);
    for (size_t i = 0; i < REPEATS && status == HM_OK; i++) {
        status = step_once(&job, false, &bare[i]);
        if (status == HM_OK) status = step_once(&job, true, &written[i]);
    }
    hm_job_release(&job);
    HM_TRY(status);
    report("step", "2 atoms, nothing written", "us/step", bare, json);
    report("step", "2 atoms, log and frames", "us/step", written, json);
    return HM_OK;
}

/* ---- write ---- */

enum { WRITE_ATOMS = 1000, WRITE_FRAMES = 2000 };

static enum hm_status write_once(const struct hm_frame *frame, double *megabytes_per_second)
{
    char path[4096];
    struct hm_trajectory *trajectory = NULL;
    static const char *const provenance[1][2] = {{NULL, NULL}};
    temporary_path(path, sizeof path);
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
    report("write", "1000 atoms, x v F, f64", "MB/s", speed, json);
    return HM_OK;
}

/* ---- the command ---- */

static const struct bench {
    const char *name;
    enum hm_status (*run)(bool json);
} benches[] = {{"step", bench_step}, {"write", bench_write}};

struct arguments {
    const char *name;
    bool json;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case ARGP_KEY_ARG:
        a->name = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return hm_command_fault(hm_fail(HM_BAD_USAGE, "which benchmark? step or write"));
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {{"json", 'j', NULL, 0, "JSON lines", 0}, {0}};
static const struct argp parser = {options, parse_option, "NAME", "Measure this machine: step, write.",
                                   NULL,    NULL,         NULL};

enum hm_status hm_command_bench(int argc, char **argv)
{
    struct arguments a = {0};
    bool finished;
    HM_TRY(hm_command_parse(&parser, argc, argv, &a, &finished));
    if (finished) return HM_OK;
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++)
        if (strcmp(benches[i].name, a.name) == 0) return benches[i].run(a.json);
    return hm_fail(HM_BAD_USAGE, "there is no benchmark '%s'; there are: step, write", a.name);
}
