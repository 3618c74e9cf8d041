/* Thermostats against their analytic distributions, the conserved energy, and what is refused. */
#include "scheduler/thermostat.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include "io/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ATOMS = 4 };

static const double TEMPERATURE = 1e-3;

static struct hm_thermostat make_bath(const struct hm_thermostat_ops *ops, double decay, uint64_t seed)
{
    return (struct hm_thermostat){ops, {TEMPERATURE, TEMPERATURE}, 1, decay, {seed, 0, HM_RNG_THERMOSTAT}};
}

static const struct hm_thermostat_ops *find(const char *name)
{
    const struct hm_thermostat_ops *ops;
    for (size_t i = 0; (ops = hm_thermostat_registered(i)); i++)
        if (strcmp(ops->method.name, name) == 0) return ops;
    CU_FAIL_FATAL("not registered");
    return NULL;
}

/* Atoms of different masses with some velocity each. */
static void make_frame(size_t natom, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    for (size_t i = 0; i < natom; i++) {
        frame->number[i] = 1;
        frame->mass[i] = 1000 + 5000 * (double)i;
        for (size_t k = 0; k < 3; k++) {
            frame->x[3 * i + k] = (double)(i * k) + (double)i;
            frame->v[3 * i + k] = 1e-3 * cos((double)(7 * i + k));
        }
    }
}

static double relative_kinetic(const struct hm_frame *frame)
{
    double p[3], mass = 0;
    hm_linear_momentum(frame, frame->v, p);
    for (size_t i = 0; i < frame->natom; i++) mass += frame->mass[i];
    return hm_kinetic_energy(frame, frame->v) - (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]) / (2 * mass);
}

/* ---- the contract of every thermostat ---- */

static void test_contract(void)
{
    const struct hm_thermostat_ops *ops;
    for (size_t i = 0; (ops = hm_thermostat_registered(i)); i++) {
        struct hm_frame frame, again;
        double b[3 * MOST_ATOMS], p[3], q[3];
        struct hm_thermostat bath = make_bath(ops, 0.7, 5);
        make_frame(MOST_ATOMS, &frame);
        HM_ASSERT_OK(hm_frame_copy(&frame, &again));
        hm_linear_momentum(&frame, frame.v, p);
        const double before = hm_kinetic_energy(&frame, frame.v);
        const double heat = hm_thermostat_apply(&bath, &frame, 3, frame.v, b);
        HM_ASSERT_NEAR(heat, hm_kinetic_energy(&frame, frame.v) - before, 1e-12 * before);
        for (size_t k = 0; k < 12; k++) HM_ASSERT_NEAR(b[k], frame.v[k] - again.v[k], 1e-15);
        hm_linear_momentum(&frame, frame.v, q);
        for (size_t k = 0; k < 3; k++) CU_ASSERT_EQUAL(fabs(p[k] - q[k]) < 1e-12 * fabs(p[k]), ops->keeps_momentum);

        hm_thermostat_apply(&bath, &again, 3, again.v, b); /* the same numbers at the same step, */
        CU_ASSERT_EQUAL(memcmp(frame.v, again.v, sizeof b), 0);
        hm_thermostat_apply(&bath, &frame, 4, frame.v, b); /* others at another one, and of another seed */
        struct hm_thermostat other = bath;
        other.key.seed++;
        hm_thermostat_apply(&other, &again, 4, again.v, b);
        CU_ASSERT_NOT_EQUAL(memcmp(frame.v, again.v, sizeof b), 0);

        hm_frame_freeze(&frame, 1);
        hm_thermostat_apply(&bath, &frame, 5, frame.v, b);
        for (size_t k = 0; k < 12; k++) CU_ASSERT_EQUAL(frame.v[k] == 0 && b[k] == 0, k / 3 == 1);
        bath.temperature[0] = bath.temperature[1] = 0; /* nothing but friction */
        for (int64_t step = 0; step < 200; step++) hm_thermostat_apply(&bath, &frame, step, frame.v, b);
        CU_ASSERT_TRUE(hm_kinetic_energy(&frame, frame.v) < 1e-20 * before);
        hm_frame_release(&again);
        hm_frame_release(&frame);
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* P(chi^2_f < x), by its series: x^{f/2} e^{-x/2} / 2^{f/2} sum_k x^k / (2^k Gamma(f/2 + k + 1)). */
static double chi_squared(double x, double dof)
{
    double term = exp(0.5 * dof * log(0.5 * x) - 0.5 * x - lgamma(0.5 * dof + 1)), sum = term;
    for (double k = 1; k < 1000 && term > 1e-16 * sum; k++) sum += term *= 0.5 * x / (0.5 * dof + k);
    return sum;
}

/* The kinetic energy has the chi^2 distribution of as many degrees of freedom as there are: Kolmogorov's test at 1e-4.
 */
static void kinetic_energy_is_canonical(const struct hm_thermostat_ops *ops, size_t natom, size_t held, bool rotates,
                                        size_t dof)
{
    enum { SAMPLES = 5000, APART = 12 };
    static double sample[SAMPLES];
    struct hm_frame frame;
    double b[3 * MOST_ATOMS], worst = 0, sum = 0;
    const struct hm_thermostat bath = make_bath(ops, 0.5, 11 + natom);
    make_frame(natom, &frame);
    for (size_t k = 0; !rotates && k < 3 * natom; k++) frame.v[k] = 1e-3 * frame.x[k]; /* it breathes */
    for (size_t i = 0; i < held; i++) hm_frame_freeze(&frame, i);
    hm_thermostat_count(&bath, &frame);
    CU_ASSERT_EQUAL(hm_degrees_of_freedom(&frame), dof);
    const bool of_whole = frame.at_rest == 0;
    for (int64_t step = 0; step < SAMPLES * APART; step++) {
        hm_thermostat_apply(&bath, &frame, step, frame.v, b);
        if (step % APART) continue;
        const double kinetic = of_whole ? hm_kinetic_energy(&frame, frame.v) : relative_kinetic(&frame);
        sample[step / APART] = 2 * kinetic / TEMPERATURE;
        sum += sample[step / APART] / SAMPLES;
    }
    qsort(sample, SAMPLES, sizeof *sample, compare);
    for (size_t i = 0; i < SAMPLES; i++)
        worst = fmax(worst, fabs(chi_squared(sample[i], (double)dof) - ((double)i + 0.5) / SAMPLES));
    CU_ASSERT_TRUE(worst < 2.23 / sqrt(SAMPLES));
    HM_ASSERT_NEAR(sum / (double)dof, 1, 5 * sqrt(2.0 / (double)(dof * SAMPLES)));
    hm_frame_release(&frame);
}

static void test_canonical_kinetic_energy(void)
{
    const struct hm_thermostat_ops *langevin = find("langevin"), *bussi = find("bussi");
    kinetic_energy_is_canonical(langevin, 1, 0, true, 3);
    kinetic_energy_is_canonical(langevin, 2, 0, true, 6);
    kinetic_energy_is_canonical(langevin, 4, 2, true, 6);
    kinetic_energy_is_canonical(bussi, 1, 0, true, 3);
    kinetic_energy_is_canonical(bussi, 2, 0, true, 3);
    kinetic_energy_is_canonical(bussi, 2, 0, false, 1); /* no rotation, no pair of normals */
    kinetic_energy_is_canonical(bussi, 3, 0, false, 3);
    kinetic_energy_is_canonical(bussi, 3, 0, true, 6); /* an odd one and a gamma number */
    kinetic_energy_is_canonical(bussi, 3, 1, true, 6);
    kinetic_energy_is_canonical(bussi, 4, 0, true, 9);
}

/* One step from a known kinetic energy: K' / ((1 - c) T / 2) is noncentral chi^2, of mean f + l and variance 2 (f + 2
 * l), l = c K / ((1 - c) T / 2), with c = exp(-dt / tau) of bussi, and its square in the same place of langevin. */
static void test_one_step(void)
{
    enum { SEEDS = 20000 };
    for (size_t i = 0; i < 2; i++) {
        struct hm_frame frame;
        const double decay = 0.8, c = i == 0 ? decay : decay * decay, unit = (1 - c) * TEMPERATURE / 2;
        double b[9], v[9], mean = 0, square = 0;
        make_frame(3, &frame);
        for (size_t k = 0; k < 9; k++) frame.v[k] *= 2;
        struct hm_thermostat bath = make_bath(find(i == 0 ? "bussi" : "langevin"), decay, 0);
        hm_thermostat_count(&bath, &frame);
        memcpy(v, frame.v, sizeof v);
        const double start = i == 0 ? relative_kinetic(&frame) : hm_kinetic_energy(&frame, v);
        for (size_t s = 0; s < SEEDS; s++) {
            bath.key.seed = s;
            memcpy(frame.v, v, sizeof v);
            hm_thermostat_apply(&bath, &frame, 0, frame.v, b);
            const double now = (i == 0 ? relative_kinetic(&frame) : hm_kinetic_energy(&frame, frame.v)) / unit;
            mean += now / SEEDS;
            square += now * now / SEEDS;
        }
        const double f = (double)hm_degrees_of_freedom(&frame), l = c * start / unit, variance = 2 * (f + 2 * l);
        HM_ASSERT_NEAR(mean, f + l, 4 * sqrt(variance / SEEDS));
        HM_ASSERT_NEAR((square - mean * mean) / variance, 1, 0.06);
        hm_frame_release(&frame);
    }
}

static void test_ramp(void)
{
    struct hm_job job;
    struct hm_thermostat bath;
    fixture_job("integrator: {timestep: 0.25 fs, steps: 1000}\n"
                "thermostat: {type: bussi, temperature: [200 K, 600 K], time_constant: 0.5 fs}\n",
                &job);
    HM_ASSERT_OK(hm_thermostat_create(job.config, &bath));
    HM_ASSERT_NEAR(hm_thermostat_temperature(&bath, 0) * HM_TEMPERATURE_KELVIN, 200.2, 1e-9);
    HM_ASSERT_NEAR(hm_thermostat_temperature(&bath, 999) * HM_TEMPERATURE_KELVIN, 599.8, 1e-9);
    HM_ASSERT_NEAR(bath.decay, exp(-0.5), 1e-12);
    hm_job_release(&job);
    fixture_job("integrator: {timestep: 0.25 fs, steps: 1000}\nthermostat: none\n", &job);
    HM_ASSERT_OK(hm_thermostat_create(job.config, &bath));
    CU_ASSERT_PTR_NULL(bath.ops);
    CU_ASSERT_EQUAL(hm_degrees_of_freedom(&job.frame), 3);
    hm_job_release(&job);
}

/* ---- in a run ---- */

/* An atom tied to a frozen one by a spring of no length is an oscillator in three dimensions, of frequency omega. The
 * middle scheme gives its positions the canonical distribution at any time step, here omega dt = 1; on-step velocities
 * are those of leapfrog, (omega dt)^2 / 4 colder. */
static void test_harmonic_oscillator_is_exact(void)
{
    enum { STEPS = 100000 };
    struct fixture f;
    double x_square = 0, v_square = 0;
    FILE *file = fopen("tied.xyz", "w");
    fputs("2\nProperties=species:S:1:pos:R:3:masses:R:1\nAr 0 0 0 40\nH 0.2 0 0 1\n", file);
    fclose(file);
    const double omega_per_fs = 0.5, k_n_per_m = 1.66053906660e-27 * omega_per_fs * omega_per_fs * 1e30;
    char text[1024];
    snprintf(text, sizeof text,
             "system: {geometry: tied.xyz, frozen: [0], initial_velocities: {temperature: 300 K}}\n"
             "hamiltonian: {type: harmonic, bonds: [{atoms: [0, 1], k: %.12g N/m, r0: 1e-9 A}]}\n"
             "integrator: {timestep: 2 fs, steps: %d}\npredictor: {type: zero}\npolicy: {type: always}\n"
             "thermostat: {type: langevin, temperature: 300 K, time_constant: 3 fs, seed: 4}\n",
             k_n_per_m, STEPS);
    fixture_begin_of(&f, text);
    const struct hm_frame *frame = &f.simulation.state->frame;
    for (int64_t step = 0; step < STEPS; step++) {
        HM_ASSERT_OK(hm_step(&f.simulation.propagator, f.simulation.state));
        for (size_t k = 3; k < 6; k++) {
            x_square += frame->x[k] * frame->x[k] / (3 * STEPS);
            v_square += f.simulation.propagator.v_on[k] * f.simulation.propagator.v_on[k] / (3 * STEPS);
        }
    }
    const double t = 300 / HM_TEMPERATURE_KELVIN, omega = omega_per_fs * HM_TIME_FS;
    HM_ASSERT_NEAR(x_square * frame->mass[1] * omega * omega / t, 1, 0.02);
    HM_ASSERT_NEAR(v_square * frame->mass[1] / t, 0.75, 0.015);
    for (size_t k = 0; k < 3; k++) CU_ASSERT_TRUE(frame->x[k] == 0 && frame->v[k] == 0);
    fixture_end(&f);
}

struct energies {
    struct hm_dispatch *oracle;
    double timestep;
    double first, squares, kinetic;
    size_t count;
};

/* H less the heat, as the recorder writes it; every step is exact. */
static enum hm_status watch_energy(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct energies *e = self;
    const double kinetic = hm_kinetic_energy(&state->frame, now->v);
    const double energy = now->label->energy + kinetic - now->heat;
    if (now->step == 0) e->first = energy;
    e->squares += (energy - e->first) * (energy - e->first);
    e->kinetic += kinetic;
    e->count++;
    return HM_OK;
}

/* rms of what the conserved energy leaves its start by within 2.5 ps, over the mean kinetic energy. */
static double conserved_rms(const char *thermostat, double timestep_fs)
{
    double squares = 0, kinetic = 0;
    for (int seed = 1; seed <= 4; seed++) {
        struct fixture f;
        char text[1024];
        const int64_t steps = (int64_t)(2500 / timestep_fs);
        snprintf(text, sizeof text,
                 "integrator: {timestep: %g fs, steps: %lld}\npredictor: {type: zero}\npolicy: {type: always}\n"
                 "thermostat: {type: %s, temperature: 300 K, time_constant: 50 fs, seed: %d}\n",
                 timestep_fs, (long long)steps, thermostat, seed);
        fixture_begin(&f, text);
        struct energies e = {0};
        f.simulation.propagator.observer = (struct hm_observer){.step = watch_energy, .self = &e};
        HM_ASSERT_OK(fixture_advance(&f.simulation, steps));
        CU_ASSERT_TRUE(fabs(f.simulation.state->heat) > 0);
        squares += e.squares / (double)e.count;
        kinetic += e.kinetic / (double)e.count;
        fixture_end(&f);
    }
    return sqrt(squares / 4) / (kinetic / 4);
}

/* What is left is leapfrog's oscillation: it shrinks with the square of the time step, and does not grow with heat that
 * flows through. */
static void test_conserved_energy(void)
{
    static const char *const names[] = {"langevin", "bussi"};
    for (size_t i = 0; i < 2; i++) {
        const double coarse = conserved_rms(names[i], 0.5), fine = conserved_rms(names[i], 0.125);
        CU_ASSERT_TRUE(coarse < 2e-2);
        CU_ASSERT_TRUE(coarse / fine > 8 && coarse / fine < 32); /* 16 */
    }
}

/* A predictor that knows the law to rounding takes the place of the force: the same noise, the same trajectory. */
static void test_hybrid_follows_exact(void)
{
    static const char *const names[] = {"langevin", "bussi"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture hybrid, exact;
        char text[512];
        snprintf(text, sizeof text,
                 "integrator: {timestep: 0.25 fs, steps: 20000}\ntraining: {warmup_steps: 400}\n"
                 "thermostat: {type: %s, temperature: [300 K, 500 K], time_constant: 100 fs}\npolicy: ",
                 names[i]);
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "{frequency: 0.01}\n");
        fixture_begin(&hybrid, text);
        HM_ASSERT_OK(hm_job_check(&hybrid.job));
        snprintf(text + used, sizeof text - used, "{type: always}\n");
        fixture_begin(&exact, text);
        HM_ASSERT_OK(fixture_advance(&hybrid.simulation, 4000));
        HM_ASSERT_OK(fixture_advance(&exact.simulation, 4000));
        CU_ASSERT_TRUE(hybrid.simulation.state->injections < 50);
        for (size_t k = 0; k < 6; k++)
            HM_ASSERT_NEAR(hybrid.simulation.state->frame.x[k], exact.simulation.state->frame.x[k], 1e-6);
        HM_ASSERT_NEAR(hybrid.simulation.state->heat, exact.simulation.state->heat, 1e-8);
        fixture_end(&hybrid);
        fixture_end(&exact);
    }
}

/* A bath is no excuse: what it heats beyond the limit ends the run. */
static void test_limits_hold(void)
{
    struct fixture f;
    fixture_begin(&f,
                  "integrator: {timestep: 0.25 fs, steps: 20000, max_temperature: 2000 K}\npredictor: {type: zero}\n"
                  "thermostat: {type: langevin, temperature: 20000 K, time_constant: 50 fs}\n"
                  "policy: {type: always}\n");
    CU_ASSERT_EQUAL(fixture_advance(&f.simulation, 2000), HM_DIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "integrator.max_temperature is 2000 K"));
    CU_ASSERT_TRUE(f.simulation.state->step > 2);
    fixture_end(&f);
}

/* ---- frozen atoms ---- */

struct held {
    double x[3];
    bool still, known;
    size_t predicted;
};

static enum hm_status watch_held(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct held *h = self;
    for (size_t k = 0; k < 3; k++) {
        h->still = h->still && now->x[3 + k] == h->x[k] && state->frame.v[3 + k] == 0 && now->kick[3 + k] == 0;
        if (now->predicted) h->still = h->still && now->kick_predicted[3 + k] == 0;
    }
    h->predicted += now->predicted;
    return HM_OK;
}

/* The other atom alone moves, by leapfrog, and the predictor learns its law. Cartesian histories do not last: they are
 * compared at exact steps. */
static void test_frozen_atom(void)
{
    static const char *const predictors[] = {"{type: linear}",
                                             "{type: linear, representation: cartesian, history: 24}\n"
                                             "policy: {type: always}"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        struct held held = {.still = true};
        char text[512];
        snprintf(text, sizeof text,
                 "system: {frozen: [1], initial_velocities: {temperature: 300 K, seed: 3}}\n"
                 "hamiltonian: {type: harmonic, molecule: HCl}\n"
                 "integrator: {timestep: 0.25 fs, steps: 20000}\ntraining: {warmup_steps: 400}\npredictor: %s\n",
                 predictors[i]);
        fixture_begin_of(&f, text);
        HM_ASSERT_OK(hm_job_check(&f.job));
        CU_ASSERT_EQUAL(hm_degrees_of_freedom(&f.job.frame), 3);
        HM_ASSERT_NEAR(hm_kinetic_energy(&f.job.frame, f.job.frame.v), 1.5 * 300 / HM_TEMPERATURE_KELVIN, 1e-12);
        memcpy(held.x, f.job.frame.x + 3, sizeof held.x);
        f.simulation.propagator.observer = (struct hm_observer){.step = watch_held, .self = &held};
        HM_ASSERT_OK(fixture_advance(&f.simulation, 1500));
        CU_ASSERT_TRUE(held.still);
        CU_ASSERT_TRUE(held.predicted > 1000);
        CU_ASSERT_TRUE(f.simulation.state->residual_relative < 1e-8);
        fixture_end(&f);
    }
}

/* ---- what is refused ---- */

static void refuse(const char *extra, const char *words)
{
    struct hm_job job;
    struct hm_config *config;
    char text[1024];
    snprintf(text, sizeof text,
             "hamiltonian: {type: harmonic, molecule: HCl}\nintegrator: {timestep: 1 fs, steps: 9}\n%s", extra);
    enum hm_status status = hm_config_parse(text, "run.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_job_from_config(config, &job);
    if (status == HM_OK) {
        status = hm_job_check(&job);
        hm_job_release(&job);
    }
    CU_ASSERT_EQUAL(status, HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
    CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
    if (!strstr(hm_status_message(), words)) printf("\n%s\n", hm_status_message());
}

static void test_refused(void)
{
#define DRAWN "system: {initial_velocities: {temperature: 300 K}}\n"
#define BATH DRAWN "thermostat: {type: langevin, temperature: 300 K}\n"
    refuse(DRAWN "thermostat: {type: berendsen, temperature: 300 K}\n", "run.yaml:4:14: there is no 'berendsen' here");
    refuse(DRAWN "thermostat: {type: bussi}\n", "missing required key 'thermostat.temperature'");
    refuse(DRAWN "thermostat: {type: bussi, temperature: [1 K, 2 K, 3 K]}\n", "thermostat.temperature has 3 items");
    refuse(DRAWN "thermostat: {type: bussi, temperature: 300}\n", "needs a unit of temperature");
    refuse(DRAWN "thermostat: {type: bussi, temperature: 300 K, time_constant: 0 fs}\n", "must be > 0");
    refuse(BATH "injection: {restore_energy: true}\n", "run.yaml:5:13: with a thermostat the energy is not constant");
    refuse(BATH "predictor: {type: linear, representation: cartesian}\n",
           "run.yaml:5:27: cartesian continues velocities");
    refuse(BATH "predictor: {type: linear, inputs: [velocity]}\n", "run.yaml:5:27: the history of impulses");
    refuse(BATH "predictor: {type: lstm, inputs: [velocity]}\n", "add coordinate");
    refuse("system: {frozen: [0, 2], initial_velocities: {temperature: 300 K}}\n",
           "there is no atom 2: the geometry has 2");
    refuse("system: {frozen: [0, 1], initial_velocities: {temperature: 300 K}}\n", "all atoms are frozen");
    refuse("system: {frozen: [-1], initial_velocities: {temperature: 300 K}}\n", "must be >= 0");
}

static const struct hm_test tests[] = {
    {"the contract of every thermostat", test_contract},
    {"canonical kinetic energy", test_canonical_kinetic_energy},
    {"one step", test_one_step},
    {"ramp", test_ramp},
    {"a harmonic oscillator is exact", test_harmonic_oscillator_is_exact},
    {"conserved energy", test_conserved_energy},
    {"a hybrid run follows the exact one", test_hybrid_follows_exact},
    {"limits hold", test_limits_hold},
    {"frozen atom", test_frozen_atom},
    {"what is refused", test_refused},
};

HM_TEST_MAIN("thermostats", tests)
