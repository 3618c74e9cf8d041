/* hamlet bench oracle: what an exact force costs along a path of molecular dynamics: the first call, which starts from
 * nothing, and the median of the calls after it, each of which starts from the one before.
 *
 * 300 K, 0.5 fs; as many steps as take two seconds, at least 5 and at most 500. Beside the wall time the processor time
 * of the process, which does not count what other programs take from it; several threads add up. A Hamiltonian that
 * another process computes has none.
 */
#include "scheduler/cli/bench.h"
#include "scheduler/cli/command.h"

#include "hamiltonians/hamiltonian.h"
#include "io/extxyz.h"
#include "io/log.h"
#include "io/rng.h"
#include "io/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FEWEST_STEPS = 5, MOST_STEPS = 500 };
static const double LONG_ENOUGH_S = 2;

struct path {
    const char *name;
    struct hm_config *config; // borrowed
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian;
    struct hm_label label;
    double wall_cold, cpu_cold, wall[MOST_STEPS], cpu[MOST_STEPS]; // seconds
    size_t steps;
};

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static enum hm_status evaluate(struct path *p, double *wall, double *cpu)
{
    const double started = hm_clock(), started_cpu = processor_seconds();
    HM_TRY(hm_hamiltonian_evaluate(&p->hamiltonian, &p->frame, &p->label));
    *wall = hm_clock() - started;
    *cpu = processor_seconds() - started_cpu;
    if (p->label.status == HM_LABEL_CONVERGED) return HM_OK;
    return hm_fail(HM_ORACLE_FAILED, "%s: step %zu of the path %s", p->name, p->steps,
                   p->label.status == HM_LABEL_NOT_CONVERGED ? "did not converge" : "is not finite");
}

static enum hm_status walk(struct path *p)
{
    const double dt = 0.5 / HM_TIME_FS;
    double spent = 0;
    HM_TRY(evaluate(p, &p->wall_cold, &p->cpu_cold));
    while (p->steps < FEWEST_STEPS || (p->steps < MOST_STEPS && spent < LONG_ENOUGH_S)) {
        for (size_t k = 0; k < 3 * p->frame.natom; k++) {
            p->frame.v[k] += dt / p->frame.mass[k / 3] * p->label.force[k];
            p->frame.x[k] += dt * p->frame.v[k];
        }
        HM_TRY(evaluate(p, &p->wall[p->steps], &p->cpu[p->steps]));
        spent += p->wall[p->steps++];
    }
    return HM_OK;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Tenth, fiftieth and ninetieth per cent; sorts the values. */
struct spread {
    double low, median, high;
};

static struct spread spread_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return (struct spread){values[count / 10], values[count / 2], values[count - 1 - count / 10]};
}

static void report(struct path *p, bool json)
{
    const struct spread wall = spread_of(p->wall, p->steps), cpu = spread_of(p->cpu, p->steps);
    const char *method = p->hamiltonian.ops->method.name;
    if (json)
        printf(
            "{\"bench\": \"oracle\", \"case\": \"%s\", \"hamiltonian\": \"%s\", \"natoms\": %zu, \"steps\": %zu, "
            "\"seconds_warm\": %.4g, \"seconds_warm_p10\": %.4g, \"seconds_warm_p90\": %.4g, \"seconds_cold\": %.4g, "
            "\"cpu_seconds_warm\": %.4g, \"cpu_seconds_warm_p10\": %.4g, \"cpu_seconds_warm_p90\": %.4g, "
            "\"cpu_seconds_cold\": %.4g}\n",
            p->name, method, p->frame.natom, p->steps, wall.median, wall.low, wall.high, p->wall_cold, cpu.median,
            cpu.low, cpu.high, p->cpu_cold);
    else
        printf("oracle %-24s %3zu atoms  warm %8.4g ms (%.4g to %.4g), processor %.4g ms; cold %.4g ms, processor %.4g "
               "ms; %zu steps\n",
               p->name, p->frame.natom, 1e3 * wall.median, 1e3 * wall.low, 1e3 * wall.high, 1e3 * cpu.median,
               1e3 * p->wall_cold, 1e3 * p->cpu_cold, p->steps);
    fflush(stdout);
}

static enum hm_status start(struct path *p)
{
    const struct hm_velocity_options velocities = {
        .temperature = 300 / HM_TEMPERATURE_KELVIN, .seed = 1, .remove_momentum = true, .scale_energy = 1};
    HM_TRY(hm_extxyz_read(p->name, 0, &p->frame));
    HM_TRY(hm_hamiltonian_create(p->config, &p->frame, NULL, &p->hamiltonian));
    HM_TRY(hm_velocities_draw(&p->frame, &velocities));
    p->label.force = calloc(3 * p->frame.natom, sizeof *p->label.force);
    return p->label.force ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", p->frame.natom);
}

static enum hm_status bench_one(struct hm_config *config, const char *geometry, bool json)
{
    struct path *p = calloc(1, sizeof *p);
    if (!p) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the path");
    p->name = geometry;
    p->config = config;
    enum hm_status status = start(p);
    if (status == HM_OK) status = walk(p);
    if (status == HM_OK) report(p, json);
    free(p->label.force);
    hm_hamiltonian_destroy(&p->hamiltonian);
    hm_frame_release(&p->frame);
    free(p);
    return status;
}

enum hm_status hm_bench_oracle(const char *hamiltonian, const char *const *geometry, size_t count, bool json)
{
    struct hm_config *config = NULL;
    HM_TRY(hm_command_hamiltonian("bench oracle", hamiltonian, &config));
    enum hm_status status = HM_OK;
    for (size_t i = 0; i < count && status == HM_OK; i++) status = bench_one(config, geometry[i], json);
    hm_config_destroy(&config);
    return status;
}
