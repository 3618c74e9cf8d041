/* hamlet bench action [--config FILE]: what a stride of a learned action costs.
 *
 * Water, taught by a picosecond of exact steps: a pure stride of 2 fs that starts where a surrogate leads, and strides
 * of 4 fs between two halves in a crude field and in a surrogate. Or the run of a configuration, as far as the end of
 * its training. Processor time, which does not count what other programs take of it. How well it has learned hardly
 * matters, but for the iterations.
 */
#include "scheduler/cli/bench.h"
#include "scheduler/simulation.h"

#include "predictors/action_speed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char geometry_xyz[] = "3\n"
                                   "Properties=species:S:1:pos:R:3\n"
                                   "O 0 0 0\n"
                                   "H 0.9572 0 0\n"
                                   "H -0.24 0.9266 0\n";

static const char water_yaml[] =
    "system: {initial_velocities: {temperature: 600 K, seed: 1, remove: [momentum, angular_momentum]}}\n"
    "hamiltonian:\n"
    "  type: valence\n"
    "  bonds:\n"
    "    - {atoms: [0, 1], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}\n"
    "    - {atoms: [0, 2], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}\n"
    "  angles: [{atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: 104.5 deg}]\n"
    "integrator: {timestep: 0.25 fs, steps: 10000}\n"
    "predictor: {type: action, hidden: 24, tolerance: 1e-6, max_error: 0.2, margin: 4}\n"
    "training: {warmup_steps: 4000, polish: 200, refine: 5, episode_every_injections: 1000000}\n"
    "policy: {type: never}\n"
    "output: {stride: 16}\n";

static const char crude_yaml[] =
    "predictor.hamiltonian={type: valence, bonds: [{atoms: [0, 1], form: harmonic, k: 45.4 eV/A2, r0: 0.97 A}, "
    "{atoms: [0, 2], form: harmonic, k: 45.4 eV/A2, r0: 0.97 A}], "
    "angles: [{atoms: [1, 0, 2], k: 3.6 eV/rad2, theta0: 104.5 deg}]}";

enum { CHANGES = 4 };

static const struct {
    const char *name, *change[CHANGES];
} cases[] = {
    {"pure 2 fs", {"predictor.mode=pure", "predictor.stride=8", "predictor.guess=surrogate"}},
    {"composed 4 fs, crude",
     {"predictor.mode=composed", "predictor.stride=16", "predictor.base={type: hamiltonian}", crude_yaml}},
    {"composed 4 fs, surrogate", {"predictor.mode=composed", "predictor.stride=16"}},
};

enum { REPEATS = HM_BENCH_REPEATS };

/* What is printed of a measurement. */
struct line {
    const char *what, *unit;
    double (*of)(const struct hm_action_speed *);
};

static double stride(const struct hm_action_speed *s)
{
    return 1e6 * s->stride;
}

static double flow(const struct hm_action_speed *s)
{
    return 1e6 * s->flow;
}

static double iterations(const struct hm_action_speed *s)
{
    return s->iterations;
}

static double failures(const struct hm_action_speed *s)
{
    return s->failures;
}

static double gradient(const struct hm_action_speed *s)
{
    return 1e6 * s->gradient;
}

static double network(const struct hm_action_speed *s)
{
    return 1e6 * s->network;
}

static double image(const struct hm_action_speed *s)
{
    return 1e6 * s->network / (double)s->images;
}

static double rate(const struct hm_action_speed *s)
{
    return 1e-9 * s->operations / s->network;
}

static double limit(const struct hm_action_speed *s)
{
    return 1e-9 * s->limit;
}

static const struct line lines[] = {
    {"a stride", "us", stride},
    {"  of it the base's flow", "us", flow},
    {"iterations of a stride", "", iterations},
    {"strides that failed", "", failures},
    {"gradient, one an iteration", "us", gradient},
    {"  of it the network", "us", network},
    {"  of it each image", "us", image},
    {"the network", "GFLOP/s", rate},
    {"DGEMM on this core", "GFLOP/s", limit},
};

static enum hm_status measure(struct hm_simulation *s, const char *name, bool json)
{
    struct hm_action_speed speed[REPEATS];
    struct hm_predictor *predictor = &s->committee.member[0];
    for (size_t i = 0; i < REPEATS; i++)
        HM_TRY(hm_action_measure(predictor, s->state->frame.x, s->state->frame.v, &speed[i]));
    if (!json) printf("%s: %s\n", name, hm_action_instructions());
    for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
        char what[256];
        double values[REPEATS];
        snprintf(what, sizeof what, json ? "%s: %s" : "%.0s%s", name,
                 lines[l].what + (json ? strspn(lines[l].what, " ") : 0));
        for (size_t i = 0; i < REPEATS; i++) values[i] = lines[l].of(&speed[i]);
        hm_bench_report("action", what, lines[l].unit, values, json);
    }
    fflush(stdout);
    return HM_OK;
}

static enum hm_status bench_job(const struct hm_job *job, const char *name, bool json)
{
    struct hm_layout layout;
    struct hm_simulation s = {0};
    enum hm_status status;
    if (!hm_config_is(job->config, "predictor.type", "action") || hm_config_is(job->config, "predictor.mode", "direct"))
        return hm_fail(HM_BAD_USAGE, "%s: 'bench action' is of 'predictor: {type: action}', pure or composed", name);
    const int64_t steps = hm_config_integer(job->config, "integrator.steps");
    HM_TRY(hm_layout_plan(job->config, 0, 1, &layout));
    HM_TRY_GOTO(status, hm_simulation_create(job, &layout, HM_NO_INTERRUPT, &s), out);
    HM_TRY_GOTO(status, hm_simulation_start(&s, job), out);
    while (s.state->step < steps && !hm_committee_ready(&s.committee))
        HM_TRY_GOTO(status, hm_step(&s.propagator, s.state), out);
    status = hm_committee_ready(&s.committee)
                 ? measure(&s, name, json)
                 : hm_fail(HM_BAD_INPUT, "%s: no action was accepted in %lld steps", name, (long long)steps);
out:
    hm_simulation_release(&s);
    return status;
}

static enum hm_status bench_case(size_t number, const char *geometry, bool json)
{
    const char *overrides[CHANGES + 1];
    char here[4096];
    size_t count = 0;
    struct hm_config *config;
    struct hm_job job;
    snprintf(here, sizeof here, "system.geometry=%s", geometry);
    while (count < CHANGES && cases[number].change[count]) {
        overrides[count] = cases[number].change[count];
        count++;
    }
    overrides[count++] = here;
    HM_TRY(hm_config_parse(water_yaml, "bench action", overrides, count, &config));
    enum hm_status status = hm_job_from_config(config, &job);
    if (status == HM_OK) status = bench_job(&job, cases[number].name, json);
    hm_job_release(&job);
    return status;
}

static enum hm_status bench_water(bool json)
{
    char path[4000];
    enum hm_status status = HM_OK;
    hm_bench_path(path, sizeof path);
    FILE *file = fopen(path, "w");
    if (!file || fputs(geometry_xyz, file) < 0 || fclose(file) != 0)
        return hm_fail(HM_IO_ERROR, "cannot write %s: is TMPDIR a folder to write into?", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases && status == HM_OK; i++) status = bench_case(i, path, json);
    unlink(path);
    return status;
}

enum hm_status hm_bench_action(const char *path, bool json)
{
    struct hm_job job;
    if (!path) return bench_water(json);
    HM_TRY(hm_job_prepare(path, NULL, 0, &job));
    const enum hm_status status = bench_job(&job, path, json);
    hm_job_release(&job);
    return status;
}
