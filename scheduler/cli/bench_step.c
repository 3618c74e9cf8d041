/* hamlet bench step: the scheduler's own time per step, and where the time of a hybrid step goes.
 *
 * The first runs have a constant-velocity predictor and no oracle, without and with the log written. The others are
 * hybrid: HCl, LSTMs with drawn weights, 1 % of the steps exact. Time steps are so short that nothing moves: a step's
 * cost does not depend on where the atoms are.
 */
#include "scheduler/cli/bench.h"
#include "scheduler/recorder.h"
#include "scheduler/simulation.h"

#include "predictors/lstm_speed.h"

#include <unistd.h>

static const char bare_yaml[] = "system: {initial_velocities: {temperature: 300 K}}\n"
                                "hamiltonian: {type: harmonic, molecule: HCl}\n"
                                "integrator: {timestep: 0.000001 fs, steps: 500000}\n"
                                "predictor: {type: zero}\n"
                                "training: {warmup_steps: 0}\n"
                                "policy: {type: never}\n"
                                "output: {stride: 100, energies: injections}\n";

#define HYBRID(members)                                                                     \
    "system: {initial_velocities: {temperature: 300 K}}\n"                                  \
    "hamiltonian: {type: harmonic, molecule: HCl}\n"                                        \
    "integrator: {timestep: 0.000001 fs, steps: 100000}\n"                                  \
    "predictor: {type: lstm, layers: 2, hidden: 32, history: 12, committee: " members "}\n" \
    "training: {warmup_steps: 0, episode_every_injections: 1000000}\n"                      \
    "policy: {type: periodic, frequency: 0.01}\n"                                           \
    "output: {stride: 100, energies: injections}\n"

static const char hybrid_yaml[] = HYBRID("1"), committee_yaml[] = HYBRID("4");
static const struct hm_lstm_shape hybrid_network = {.nin = 2, .nout = 1, .layers = 2, .hidden = 32};

/* Microseconds per step. */
struct cost {
    double total, predict, oracle, write;
};

enum { REPEATS = HM_BENCH_REPEATS };

/* Drawn weights are as good as trained ones here. */
static enum hm_status adopt_drawn(struct hm_committee *committee)
{
    for (size_t m = 0; hm_committee_learns(committee) && m < committee->count; m++) {
        size_t bytes;
        const struct hm_predictor *member = &committee->member[m];
        const void *drawn = member->ops->parameters(member->self, &bytes);
        HM_TRY(hm_committee_adopt(committee, m, drawn, bytes));
    }
    return HM_OK;
}

static enum hm_status propagate(const struct hm_job *job, struct hm_simulation *s, const struct hm_recorder *recorder,
                                struct cost *cost)
{
    const int64_t steps = hm_config_integer(job->config, "integrator.steps");
    const double each = 1e6 / (double)steps;
    HM_TRY(hm_propagator_start(&s->propagator, s->state));
    const double started = hm_clock();
    while (s->state->step < steps) HM_TRY(hm_step(&s->propagator, s->state));
    *cost = (struct cost){
        .total = each * (hm_clock() - started),
        .predict = each * s->propagator.seconds_predict,
        .oracle = each * s->oracle.seconds_inline,
        .write = each * recorder->seconds,
    };
    return HM_OK;
}

static enum hm_status run_once(const struct hm_job *job, bool with_output, struct cost *cost)
{
    struct hm_layout layout;
    struct hm_simulation s = {0};
    struct hm_recorder recorder = {0};
    struct hm_trajectory *trajectory = NULL;
    struct hm_log log;
    char path[4096];
    enum hm_status status;
    hm_bench_path(path, sizeof path);
    hm_log_start(&log, stdout, true);
    HM_TRY_GOTO(status, hm_layout_plan(job->config, 0, 1, &layout), out);
    HM_TRY_GOTO(status, hm_simulation_create(job, &layout, HM_NO_INTERRUPT, &s), out);
    HM_TRY_GOTO(status, adopt_drawn(&s.committee), out);
    if (with_output) {
        static const char *const provenance[1][2] = {{NULL, NULL}};
        const struct hm_trajectory_setup setup = {
            .frame = &job->frame,
            .config_yaml = hm_config_yaml(job->config),
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
    status = propagate(job, &s, &recorder, cost);
out:
    hm_recorder_release(&recorder);
    if (trajectory) {
        hm_trajectory_close(&trajectory);
        unlink(path);
    }
    hm_simulation_release(&s);
    return status;
}

static enum hm_status run_all(const char *yaml, bool with_output, struct cost cost[REPEATS])
{
    struct hm_config *config;
    struct hm_job job;
    HM_TRY(hm_config_parse(yaml, "bench step", NULL, 0, &config));
    enum hm_status status = hm_job_from_config(config, &job);
    for (size_t i = 0; i < REPEATS && status == HM_OK; i++) status = run_once(&job, with_output, &cost[i]);
    hm_job_release(&job);
    return status;
}

/* One part of all repetitions. */
static void report_part(const char *what, const struct cost cost[REPEATS], double (*part)(const struct cost *),
                        bool json)
{
    double values[REPEATS];
    for (size_t i = 0; i < REPEATS; i++) values[i] = part(&cost[i]);
    hm_bench_report("step", what, "us/step", values, json);
}

static double total(const struct cost *c)
{
    return c->total;
}

static double predict(const struct cost *c)
{
    return c->predict;
}

static double oracle(const struct cost *c)
{
    return c->oracle;
}

static double write_part(const struct cost *c)
{
    return c->write;
}

static double rest(const struct cost *c)
{
    return c->total - c->predict - c->oracle - c->write;
}

static enum hm_status report_network(bool json)
{
    double values[REPEATS];
    for (size_t i = 0; i < REPEATS; i++) {
        HM_TRY(hm_lstm_time_step(hm_lstm_engine_get(HM_LSTM_FLOAT), &hybrid_network, 1, &values[i]));
        values[i] *= 1e6;
    }
    hm_bench_report("step", "  of it predict, network", "us/step", values, json);
    return HM_OK;
}

enum hm_status hm_bench_step(bool json)
{
    struct cost cost[REPEATS];
    HM_TRY(run_all(bare_yaml, false, cost));
    report_part("2 atoms, nothing written", cost, total, json);
    HM_TRY(run_all(bare_yaml, true, cost));
    report_part("2 atoms, log and frames", cost, total, json);
    HM_TRY(run_all(hybrid_yaml, true, cost));
    report_part("hybrid, LSTM 2 x 32", cost, total, json);
    report_part("  of it predict, LSTM", cost, predict, json);
    HM_TRY(report_network(json));
    report_part("  of it oracle", cost, oracle, json);
    report_part("  of it write", cost, write_part, json);
    report_part("  of it scheduler and policy", cost, rest, json);
    HM_TRY(run_all(committee_yaml, true, cost));
    report_part("hybrid, committee of 4", cost, total, json);
    report_part("  of it predict, committee", cost, predict, json);
    return HM_OK;
}
