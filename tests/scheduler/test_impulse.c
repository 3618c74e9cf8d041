/* Injections as impulses: the kick itself, the linear map that r-RESPA makes of a harmonic oscillator, the bound, and
 * what is refused. */
#include "hamiltonians/molecules.h"
#include "scheduler/period.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include "io/units.h"

#include <stdio.h>
#include <string.h>

enum { WARMUP = 10, TEXT = 2048 };

/* ---- the oscillator ---- */

/* A vibration along a line. In u = r - r0 and w = dt times its half-step velocity, a step with the force constant k is
 * w' = w - s u, u' = u + w', s = k dt^2 / mu. */
struct map {
    double a, b, c, d; /* u' = a u + b w, w' = c u + d w */
};

static struct map step_map(double s)
{
    return (struct map){1 - s, 1, -s, 1};
}

/* `second` after `first`. */
static struct map after(struct map second, struct map first)
{
    return (struct map){
        second.a * first.a + second.b * first.c,
        second.a * first.b + second.b * first.d,
        second.c * first.a + second.d * first.c,
        second.c * first.b + second.d * first.d,
    };
}

/* Of M steps: M - 1 with the predictor's force, one with the impulse. */
static struct map cycle_map(double predicted, double exact, int steps)
{
    struct map cycle = step_map(predicted);
    for (int i = 2; i < steps; i++) cycle = after(step_map(predicted), cycle);
    const struct map impulse = step_map(predicted + steps * (exact - predicted));
    return steps > 1 ? after(impulse, cycle) : impulse;
}

static double trace(struct map map)
{
    return map.a + map.d;
}

/* What a map of determinant 1 keeps: an ellipse where |trace| < 2. */
static double invariant(struct map map, double u, double w)
{
    return map.c * u * u + (map.d - map.a) * u * w - map.b * w * w;
}

struct oscillator {
    struct fixture f;
    struct hm_molecule molecule;
    double mass, dt, exact, predicted; /* s = k dt^2 / mu */
};

static void oscillator_begin(struct oscillator *o, double softness, int steps)
{
    char text[TEXT];
    CU_ASSERT_TRUE_FATAL(hm_molecule_find("HCl", &o->molecule));
    const double *m = o->molecule.mass;
    const double newton_per_m = 4.3597447222060e-18 / (5.29177210544e-11 * 5.29177210544e-11);
    snprintf(text, sizeof text,
             "system: {initial_velocities: {temperature: 300 K, seed: 3, remove: [momentum, angular_momentum]}}\n"
             "hamiltonian: {type: harmonic, molecule: HCl}\n"
             "integrator: {timestep: 0.25 fs, steps: 1000000}\ntraining: {warmup_steps: %d}\n"
             "predictor: {type: hamiltonian, hamiltonian: {type: harmonic, bonds: [{atoms: [0, 1], k: %.17g N/m, "
             "r0: %.17g A}]}}\npolicy: {type: periodic, frequency: %.17g}\ninjection: {form: impulse}\n",
             WARMUP, softness * o->molecule.k * newton_per_m, o->molecule.r0 * HM_LENGTH_ANGSTROM, 1.0 / steps);
    fixture_begin_of(&o->f, text);
    o->mass = m[0] * m[1] / (m[0] + m[1]);
    o->dt = o->f.simulation.propagator.schedule.timestep;
    o->exact = o->molecule.k * o->dt * o->dt / o->mass;
    o->predicted = hm_config_real(o->f.job.config, "predictor.hamiltonian.bonds[0].k") * o->dt * o->dt / o->mass;
    HM_ASSERT_NEAR(o->predicted / o->exact, softness, 1e-6); /* units of another year's constants */
}

static void oscillator_read(const struct oscillator *o, double *u, double *w)
{
    const struct hm_frame *frame = &o->f.simulation.state->frame;
    double square = 0, along = 0;
    for (size_t k = 0; k < 3; k++) {
        const double r = frame->x[3 + k] - frame->x[k];
        square += r * r;
        along += r * (frame->v[3 + k] - frame->v[k]);
    }
    *u = sqrt(square) - o->molecule.r0;
    *w = o->dt * along / sqrt(square);
}

/* The run is the map, cycle by cycle; what the map keeps, the run keeps for ever. */
static void test_oscillator_follows_its_map(void)
{
    static const struct {
        double softness;
        int steps;
    } cases[] = {{0.5, 2}, {0.7, 4}, {0.9, 8}, {0.3, 11}, {1.2, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum { FOLLOWED = 200, KEPT = 20000 };
        struct oscillator o;
        double u, w, u_run, w_run;
        oscillator_begin(&o, cases[i].softness, cases[i].steps);
        const struct map map = cycle_map(o.predicted, o.exact, cases[i].steps);
        CU_ASSERT_TRUE(fabs(trace(map)) < 2);
        HM_ASSERT_OK(fixture_advance(&o.f.simulation, WARMUP));
        oscillator_read(&o, &u, &w);
        const double kept = invariant(map, u, w), size = fabs(u) + fabs(w);
        for (int64_t cycle = 1; cycle <= KEPT; cycle++) {
            const double u_before = u;
            u = map.a * u + map.b * w;
            w = map.c * u_before + map.d * w;
            HM_ASSERT_OK(fixture_advance(&o.f.simulation, WARMUP + cycle * cases[i].steps));
            if (cycle > FOLLOWED && cycle < KEPT) continue;
            oscillator_read(&o, &u_run, &w_run);
            HM_ASSERT_NEAR(invariant(map, u_run, w_run) / kept, 1, 1e-8);
            if (cycle > FOLLOWED) continue;
            HM_ASSERT_NEAR(u_run, u, 1e-10 * size);
            HM_ASSERT_NEAR(w_run, w, 1e-10 * size);
        }
        CU_ASSERT_EQUAL(o.f.simulation.state->injections, KEPT);
        fixture_end(&o.f);
    }
}

/* Within a quarter of the period no impulse resonates, however poor the force it makes up for; beyond half of it one
 * does, and grows as its map says. */
static void test_bound_is_on_the_safe_side(void)
{
    struct oscillator o;
    const double pi = 3.14159265358979323846;
    oscillator_begin(&o, 0.7, 1);
    const double period = 2 * pi * sqrt(o.mass / o.molecule.k);
    const int most = (int)floor(1 / hm_period_frequency(period, o.dt));
    CU_ASSERT_EQUAL(most, 11); /* 11.15 fs / 4 / 0.25 fs */
    for (double softness = 0; softness <= 1; softness += 0.05)
        for (int steps = 1; steps <= most; steps++)
            CU_ASSERT_TRUE(fabs(trace(cycle_map(softness * o.exact, o.exact, steps))) < 2);
    int resonant = most + 1;
    while (resonant < 100 && fabs(trace(cycle_map(o.predicted, o.exact, resonant))) <= 2) resonant++;
    CU_ASSERT_TRUE(resonant > most && resonant < 3 * most);
    fixture_end(&o.f);

    double u, w, start, now = 0;
    oscillator_begin(&o, 0.7, resonant + 1);
    const struct map map = cycle_map(o.predicted, o.exact, resonant + 1);
    CU_ASSERT_TRUE(fabs(trace(map)) > 2);
    HM_ASSERT_OK(fixture_advance(&o.f.simulation, WARMUP));
    oscillator_read(&o, &u, &w);
    start = fabs(u) + fabs(w);
    for (int64_t cycle = 1; now < 3 * start && cycle < 1000; cycle++) {
        double u_run, w_run;
        const double u_before = u;
        u = map.a * u + map.b * w;
        w = map.c * u_before + map.d * w;
        HM_ASSERT_OK(fixture_advance(&o.f.simulation, WARMUP + cycle * (resonant + 1)));
        oscillator_read(&o, &u_run, &w_run);
        now = fabs(u_run) + fabs(w_run);
        HM_ASSERT_NEAR(u_run, u, 1e-9 * now);
        HM_ASSERT_NEAR(w_run, w, 1e-9 * now);
    }
    CU_ASSERT_TRUE(now >= 3 * start);
    fixture_end(&o.f);
}

/* ---- the kick ---- */

#define HAMILTONIAN(k_bond, k_angle)                                                    \
    "type: valence, bonds: [{atoms: [0, 1], form: harmonic, k: " k_bond " mdyn/A, r0: " \
    "0.9572 A}, {atoms: [0, 2], form: harmonic, k: " k_bond " mdyn/A, r0: 0.9572 A}], " \
    "angles: [{atoms: [1, 0, 2], k: " k_angle " eV/rad2, theta0: 104.5 deg}]"
#define SYSTEM                                                                           \
    "system: {geometry: water.xyz, initial_velocities: {temperature: 300 K, seed: 2}}\n" \
    "hamiltonian: {" HAMILTONIAN("8.45", "4.0") "}\nintegrator: {timestep: 0.5 fs, steps: 400}\n"
#define STIFFER "predictor: {type: hamiltonian, hamiltonian: {" HAMILTONIAN("8.9", "3.5") "}}\n"
#define SAME "predictor: {type: hamiltonian, hamiltonian: {" HAMILTONIAN("8.45", "4.0") "}}\n"
#define IMPULSE "injection: {form: impulse}\n"

static void write_water(void)
{
    FILE *file = fopen("water.xyz", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("3\nProperties=species:S:1:pos:R:3\nO 0 0 0\nH 0.75684806 0 0.58601438\nH -0.75684806 0 0.58601438\n", file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

struct watch {
    int64_t last_exact;
    size_t impulses, longest, wrong;
};

/* predicted + M (exact - predicted), M steps since the last exact one, whatever that one was for. What is learned from
 * is the exact kick all the same. */
static enum hm_status watch_kicks(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct watch *w = self;
    const double steps = (double)(now->step - w->last_exact);
    const bool exact = now->decision.action == HM_INJECT;
    const bool impulse = exact && now->decision.reason == HM_REASON_POLICY;
    for (size_t k = 0; k < 3 * state->frame.natom; k++) {
        if (exact) w->wrong += hm_window_motion(state->window, 0)[k] != now->kick_exact[k];
        double expected = exact ? now->kick_exact[k] : now->kick_predicted[k];
        if (impulse) expected = now->kick_predicted[k] + steps * (now->kick_exact[k] - now->kick_predicted[k]);
        w->wrong += !(fabs(now->kick[k] - expected) <= 1e-15 * (fabs(now->kick[k]) + fabs(expected)) + 1e-25);
    }
    w->impulses += impulse;
    if (impulse && (size_t)steps > w->longest) w->longest = (size_t)steps;
    if (exact) w->last_exact = now->step;
    return HM_OK;
}

static void expect_kicks(const char *extra, int64_t until, size_t impulses, size_t longest)
{
    struct fixture f;
    struct watch w = {.last_exact = -1};
    char text[TEXT];
    snprintf(text, sizeof text, SYSTEM STIFFER IMPULSE "%s", extra);
    fixture_begin_of(&f, text);
    f.simulation.propagator.observer = (struct hm_observer){.step = watch_kicks, .self = &w};
    HM_ASSERT_OK(fixture_advance(&f.simulation, until));
    CU_ASSERT_EQUAL(w.wrong, 0);
    CU_ASSERT_EQUAL(w.impulses, impulses);
    CU_ASSERT_EQUAL(w.longest, longest);
    fixture_end(&f);
}

static void test_kick(void)
{
    write_water();
    expect_kicks("training: {warmup_steps: 20}\npolicy: {frequency: 0.25}\n", 320, 75, 4);
    expect_kicks("training: {warmup_steps: 20}\npolicy: {frequency: 0.3}\n", 320, 90, 4); /* 4, 3, 3, 4, ... */
    expect_kicks("training: {warmup_steps: 0}\npolicy: {frequency: 0.25}\n", 320, 80, 4);
    expect_kicks("training: {warmup_steps: 20}\npolicy: {frequency: 0.25, activate_after_steps: 30}\n", 250, 50, 4);
}

/* An exact step that the policy did not ask for counts as the last one. */
static void test_guarded_step_inside_an_interval(void)
{
    struct fixture f;
    struct fixture_spy spy;
    struct watch w = {.last_exact = -1};
    fixture_begin_of(&f, SYSTEM STIFFER IMPULSE "training: {warmup_steps: 20}\npolicy: {frequency: 0.25}\n");
    fixture_send_spy(&f.simulation, &spy);
    f.simulation.propagator.observer = (struct hm_observer){.step = watch_kicks, .self = &w};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 21));
    spy.factor = NAN;
    HM_ASSERT_OK(fixture_advance(&f.simulation, 22)); /* exact: what is predicted is no number */
    spy.factor = 1;
    HM_ASSERT_OK(fixture_advance(&f.simulation, 24));
    CU_ASSERT_EQUAL(w.impulses, 1);
    CU_ASSERT_EQUAL(w.longest, 2);
    CU_ASSERT_EQUAL(w.wrong, 0);
    fixture_end(&f);
}

/* Between two runs of 300 steps. */
static double farthest_apart(const char *one, const char *other)
{
    struct fixture f, g;
    double apart = 0;
    fixture_begin_of(&f, one);
    fixture_begin_of(&g, other);
    HM_ASSERT_OK(fixture_advance(&f.simulation, 300));
    HM_ASSERT_OK(fixture_advance(&g.simulation, 300));
    for (size_t k = 0; k < 9; k++)
        apart = fmax(apart, fabs(f.simulation.state->frame.x[k] - g.simulation.state->frame.x[k]));
    fixture_end(&f);
    fixture_end(&g);
    return apart;
}

#define EXACT SYSTEM "predictor: {type: zero}\npolicy: {type: always}\n"

static void test_limits_are_exact_dynamics(void)
{
    static const char each_step[] = SYSTEM STIFFER IMPULSE "training: {warmup_steps: 20}\npolicy: {frequency: 1}\n";
    static const char each_step_late[] =
        SYSTEM STIFFER IMPULSE "training: {warmup_steps: 20}\npolicy: {frequency: 0.25}\n";
    static const char no_error[] = SYSTEM SAME IMPULSE "training: {warmup_steps: 20}\npolicy: {frequency: 0.2}\n";
    CU_ASSERT_TRUE(farthest_apart(each_step, EXACT) < 1e-10);     /* rounding */
    CU_ASSERT_TRUE(farthest_apart(each_step_late, EXACT) > 1e-4); /* this measure sees a difference */
    CU_ASSERT_TRUE(farthest_apart(no_error, EXACT) < 1e-10);
}

/* Advance 10, restore, advance 10: also from the middle of an interval. */
static void test_restored_inside_an_interval(void)
{
    static const char *const runs[] = {
        SYSTEM STIFFER IMPULSE "training: {warmup_steps: 20}\npolicy: {frequency: 0.2}\n",
        SYSTEM "predictor: {type: surrogate}\ntraining: {warmup_steps: 300}\npolicy: {frequency: 0.25}\n" IMPULSE,
    };
    for (size_t i = 0; i < 2; i++)
        for (int64_t at = 312; at < 318; at++) {
            struct fixture f, g;
            struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
            fixture_begin_of(&f, runs[i]);
            fixture_begin_of(&g, runs[i]);
            HM_ASSERT_OK(fixture_advance(&f.simulation, at));
            HM_ASSERT_OK(hm_propagator_save(&f.simulation.propagator, f.simulation.state, &snapshot));
            HM_ASSERT_OK(fixture_advance(&f.simulation, at + 13));
            HM_ASSERT_OK(fixture_advance(&g.simulation, at + 10));
            HM_ASSERT_OK(hm_propagator_load(&f.simulation.propagator, f.simulation.state, &snapshot));
            HM_ASSERT_OK(fixture_advance(&f.simulation, at + 10));
            CU_ASSERT_TRUE(f.simulation.state->injections > 0 && f.simulation.state->step == at + 10);
            CU_ASSERT_TRUE(fixture_same_state(f.simulation.state, g.simulation.state));
            hm_archive_release(&snapshot);
            fixture_end(&f);
            fixture_end(&g);
        }
}

/* ---- what is refused ---- */

static void expect_fault(const char *extra, const char *expected)
{
    char text[TEXT];
    struct hm_job job;
    snprintf(text, sizeof text, SYSTEM "%s", extra);
    fixture_job_of(text, &job);
    CU_ASSERT_EQUAL(hm_job_check(&job), HM_BAD_CONFIG);
    if (!strstr(hm_status_message(), expected)) printf("\n  '%s' in '%s'", expected, hm_status_message());
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), expected));
    hm_job_release(&job);
}

static void test_refused(void)
{
    struct hm_job job;
    static const char needs_force[] = "impulse needs a predictor that is a force";
    static const char needs_periodic[] = "impulse needs 'policy: {type: periodic, frequency: ...}' above 0";
    expect_fault("predictor: {type: linear}\n" IMPULSE, needs_force);
    expect_fault("predictor: {type: zero}\n" IMPULSE, needs_force);
    expect_fault("predictor: {type: lstm}\n" IMPULSE, needs_force);
    expect_fault(STIFFER IMPULSE "policy: {type: always}\n", needs_periodic);
    expect_fault(STIFFER IMPULSE "policy: {type: never}\n", needs_periodic);
    expect_fault(STIFFER IMPULSE "policy: {type: residual}\n", needs_periodic);
    expect_fault(STIFFER IMPULSE "policy: {frequency: 0}\n", needs_periodic);
    expect_fault(STIFFER IMPULSE "policy: {frequency: 0.25, jitter: 0.1}\n", "impulses come at equal intervals");
    expect_fault(STIFFER "injection: {form: impulse, burst: 2}\n", "an impulse is a single step");
    fixture_job_of(SYSTEM STIFFER "injection: {form: impulse, burst: 1}\npolicy: {frequency: 0.25, jitter: 0}\n", &job);
    HM_ASSERT_OK(hm_job_check(&job));
    hm_job_release(&job);
}

static const struct hm_test tests[] = {
    {"an oscillator follows its linear map", test_oscillator_follows_its_map},
    {"the bound is on the safe side", test_bound_is_on_the_safe_side},
    {"the kick", test_kick},
    {"a guarded step inside an interval", test_guarded_step_inside_an_interval},
    {"limits are exact dynamics", test_limits_are_exact_dynamics},
    {"restored inside an interval", test_restored_inside_an_interval},
    {"what is refused", test_refused},
};

HM_TEST_MAIN("impulses", tests)
