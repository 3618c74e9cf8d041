/* Rounds of strides, with a predictor that does what it is told: K steps of velocity Verlet written out, or something
 * that is wrong on purpose; and resumed anywhere, with an action that learns. */
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include "hamiltonians/molecules.h"
#include "scheduler/integrator.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WARMUP = 240, STRIDE = 4, ROUND = 10, SEGMENT = 16, TEXT = 1024, MOST = 64 };

/* The action of the configuration is never good enough to drive: the other one stands in its place. */
static const char *const told =
    "system: {initial_velocities: {temperature: 300 K, seed: 3}}\n"
    "hamiltonian: {type: flaky, failure: %s, seed: 5, hamiltonian: {type: harmonic, molecule: HCl}}\n"
    "oracle: {on_failure: [stop]}\nintegrator: {timestep: 0.25 fs, steps: 100000}\n"
    "predictor: {type: action, mode: pure, stride: 4, hidden: 4, gate: 0.1, gate_every: 10, max_error: 1e-12}\n"
    "training: {warmup_steps: 240, epochs: 0, polish: 0}\npolicy: {type: never}\noutput: {stride: 4}\n%s";

/* ---- a predictor that does what it is told ---- */

struct fake {
    struct hm_predictor_ops ops;
    struct hm_predictor inner;
    struct hm_molecule molecule;
    double mass[2], dt;
    int64_t asked;
    int64_t heats_at, leaves_at, fails_at; // number of a stride; -1: none
    int64_t breaks_at, flies_at;           // that ends where there is no number, no force
    double seconds;                        // of a stride
};

static void fake_force(const struct fake *f, const double *x, double *force)
{
    double d[3], r = 0;
    for (int c = 0; c < 3; c++) {
        d[c] = x[3 + c] - x[c];
        r += d[c] * d[c];
    }
    r = sqrt(r);
    for (int c = 0; c < 3; c++) {
        force[c] = f->molecule.k * (r - f->molecule.r0) * d[c] / r;
        force[3 + c] = -force[c];
    }
}

static void verlet(const struct fake *f, double *x, double *v)
{
    double force[6];
    for (int s = 0; s < STRIDE; s++) {
        fake_force(f, x, force);
        for (int k = 0; k < 6; k++) v[k] += 0.5 * f->dt * force[k] / f->mass[k / 3];
        for (int k = 0; k < 6; k++) x[k] += f->dt * v[k];
        fake_force(f, x, force);
        for (int k = 0; k < 6; k++) v[k] += 0.5 * f->dt * force[k] / f->mass[k / 3];
    }
}

static void fake_advance(void *self, bool jumped, double *x, double *v, struct hm_advance *said)
{
    struct fake *f = self;
    const int64_t number = f->asked++;
    (void)jumped;
    verlet(f, x, v);
    for (int k = 0; k < 6 && number == f->heats_at; k++) v[k] *= 1.5;
    if (number == f->breaks_at) v[4] = NAN;
    if (number == f->flies_at) x[0] = 1e200;
    nanosleep(&(struct timespec){0, (long)(1e9 * f->seconds)}, NULL);
    *said = (struct hm_advance){number != f->fails_at, number == f->leaves_at, 3, 0};
}

static size_t fake_stride(const void *self)
{
    (void)self;
    return STRIDE;
}

static size_t fake_history(const void *self)
{
    (void)self;
    return 0;
}

static size_t fake_reseed_steps(const void *self)
{
    (void)self;
    return 1;
}

static void fake_destroy(void **self)
{
    struct fake *f = *self;
    hm_predictor_destroy(&f->inner);
    *self = NULL;
}

static void begin(struct fixture *f, struct fake *fake, const char *failure, const char *extra)
{
    char text[TEXT];
    snprintf(text, sizeof text, told, failure, extra);
    *f = (struct fixture){0};
    fixture_job_of(text, &f->job);
    HM_ASSERT_OK(hm_layout_plan(f->job.config, 0, 1, &f->layout));
    HM_ASSERT_OK(hm_simulation_create(&f->job, &f->layout, HM_NO_INTERRUPT, &f->simulation));
    struct hm_predictor *member = &f->simulation.committee.member[0];
    *fake = (struct fake){
        .ops = {.method = member->ops->method,
                .destroy = fake_destroy,
                .history = fake_history,
                .reseed_steps = fake_reseed_steps,
                .stride = fake_stride,
                .advance = fake_advance},
        .inner = *member,
        .dt = f->simulation.propagator.schedule.timestep,
        .heats_at = -1,
        .leaves_at = -1,
        .fails_at = -1,
        .breaks_at = -1,
        .flies_at = -1,
    };
    CU_ASSERT_TRUE_FATAL(hm_molecule_find("HCl", &fake->molecule));
    memcpy(fake->mass, f->job.frame.mass, sizeof fake->mass);
    *member = (struct hm_predictor){&fake->ops, fake};
}

/* What the driver does (role_driver.c). */
static enum hm_status advance(struct hm_simulation *s, int64_t until, int64_t steps)
{
    while (s->state->step < until)
        HM_TRY(hm_stride_is_due(&s->propagator, s->state, steps) ? hm_stride_round(&s->propagator, s->state, steps)
                                                                 : hm_step(&s->propagator, s->state));
    return HM_OK;
}

static enum hm_status through_faults(struct hm_simulation *s, int64_t until, int *faults)
{
    enum hm_status status;
    *faults = 0;
    while ((status = advance(s, until, until)) == HM_ORACLE_FAILED) ++*faults;
    return status;
}

/* ---- what is seen ---- */

struct diary {
    size_t nround, nstride, nsegment, nlesson;
    int64_t segment_end; // last step of the latest segment
    struct hm_round_record round[MOST];
    double x[MOST * ROUND][6];
    int64_t at[MOST * ROUND];
};

static enum hm_status see_step(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct diary *d = self;
    d->nsegment += now->decision.reason == HM_REASON_SEGMENT;
    if (now->decision.reason == HM_REASON_SEGMENT && state->segment_left == 0) d->segment_end = now->step;
    if (now->decision.action != HM_ADVANCE) return HM_OK;
    CU_ASSERT_TRUE_FATAL(d->nstride < MOST * ROUND);
    memcpy(d->x[d->nstride], now->x, sizeof d->x[0]);
    d->at[d->nstride++] = now->step;
    return HM_OK;
}

static enum hm_status see_round(void *self, const struct hm_state *state, const struct hm_round_record *round)
{
    struct diary *d = self;
    (void)state;
    CU_ASSERT_TRUE_FATAL(d->nround < MOST);
    d->round[d->nround++] = *round;
    return HM_OK;
}

static void watch(struct fixture *f, struct diary *d)
{
    memset(d, 0, sizeof *d);
    f->simulation.propagator.observer = (struct hm_observer){.step = see_step, .round = see_round, .self = d};
}

/* But for how long an oracle took. */
static bool same_state(struct hm_state *a, struct hm_state *b)
{
    const double seconds[] = {a->rounds.seconds, b->rounds.seconds};
    a->rounds.seconds = b->rounds.seconds = 0;
    const bool same = fixture_same_state(a, b);
    a->rounds.seconds = seconds[0];
    b->rounds.seconds = seconds[1];
    return same;
}

/* ---- tests ---- */

static struct diary diary, other;

/* Strides that are the exact dynamics, in rounds or after segments, are what leapfrog does without them: v_{n-1/2} to
 * v_n and back loses nothing. */
static void test_rounds(void)
{
    enum { LAST = WARMUP + 3 * ROUND * STRIDE + 2 };
    struct fixture f;
    struct fake fake;
    double x[6], v[6];
    begin(&f, &fake, "0", "");
    watch(&f, &diary);
    HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
    HM_ASSERT_OK(advance(&f.simulation, LAST, LAST));
    const struct hm_state *s = f.simulation.state;
    CU_ASSERT_EQUAL(diary.nround, 3);
    CU_ASSERT_EQUAL(diary.nstride, 3 * ROUND);
    CU_ASSERT_EQUAL(s->rounds.taken, 3 * ROUND);
    CU_ASSERT_EQUAL(s->injections, 4 + 2); /* the ends of three rounds, and two steps that fill no stride */
    for (size_t r = 0; r < 3; r++) {
        CU_ASSERT_TRUE(diary.round[r].committed);
        CU_ASSERT_EQUAL(diary.round[r].step, WARMUP + (int64_t)r * ROUND * STRIDE);
        CU_ASSERT_EQUAL(diary.round[r].strides, ROUND);
        CU_ASSERT_EQUAL(diary.round[r].iterations, 3 * ROUND);
        CU_ASSERT_EQUAL(diary.round[r].forces, r == 0 ? 2 : 1);
        CU_ASSERT_TRUE(fabs(diary.round[r].energy_change) < 0.02);
        CU_ASSERT_TRUE(diary.round[r].reversibility < 1e-10);
    }
    for (size_t k = 0; k < diary.nstride; k++) {
        CU_ASSERT_EQUAL(diary.at[k], WARMUP + (int64_t)k * STRIDE);
        fixture_plain_leapfrog(&f.job.frame, fake.molecule.k, fake.molecule.r0, fake.dt, diary.at[k], x, v);
        for (int c = 0; c < 6; c++) HM_ASSERT_NEAR(diary.x[k][c], x[c], 1e-10);
    }
    fixture_plain_leapfrog(&f.job.frame, fake.molecule.k, fake.molecule.r0, fake.dt, LAST, x, v);
    CU_ASSERT_FALSE(s->on_step);
    for (int c = 0; c < 6; c++) {
        HM_ASSERT_NEAR(s->frame.x[c], x[c], 1e-10);
        HM_ASSERT_NEAR(s->frame.v[c], v[c], 1e-13);
    }
    fixture_end(&f);
}

/* A stride that heats: the gate sees it at the end, and nothing of the round has happened. */
static void test_gate_takes_back(void)
{
    enum { SECOND = WARMUP + ROUND * STRIDE, LAST = SECOND + SEGMENT };
    struct fixture f;
    struct fake fake;
    double x[6], v[6];
    begin(&f, &fake, "0", "");
    watch(&f, &diary);
    HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
    HM_ASSERT_OK(advance(&f.simulation, SECOND, 100000));
    const struct hm_state *s = f.simulation.state;
    CU_ASSERT_TRUE(s->on_step && s->segment_left == 0);
    double x_before[6], v_before[6];
    memcpy(x_before, s->frame.x, sizeof x_before);
    memcpy(v_before, s->frame.v, sizeof v_before);
    const double energy = s->rounds.energy;
    fake.heats_at = fake.asked + 3;
    HM_ASSERT_OK(hm_stride_round(&f.simulation.propagator, f.simulation.state, 100000));
    CU_ASSERT_EQUAL(s->step, SECOND);
    CU_ASSERT_EQUAL(memcmp(x_before, s->frame.x, sizeof x_before), 0);
    CU_ASSERT_EQUAL(memcmp(v_before, s->frame.v, sizeof v_before), 0);
    CU_ASSERT_EQUAL(s->rounds.energy, energy);
    CU_ASSERT_EQUAL(s->rounds.refused, 1);
    CU_ASSERT_EQUAL(s->rounds.taken, ROUND);
    CU_ASSERT_EQUAL(s->segment_left, SEGMENT);
    CU_ASSERT_FALSE(diary.round[1].committed);
    CU_ASSERT_TRUE(diary.round[1].energy_change > 0.1);
    CU_ASSERT_EQUAL(diary.nstride, ROUND);
    CU_ASSERT_FALSE(hm_stride_is_due(&f.simulation.propagator, s, 100000));
    HM_ASSERT_OK(advance(&f.simulation, LAST, 100000));
    CU_ASSERT_EQUAL(diary.nsegment, SEGMENT);
    CU_ASSERT_EQUAL(s->step, LAST);
    CU_ASSERT_TRUE(hm_stride_is_due(&f.simulation.propagator, s, 100000));
    fixture_plain_leapfrog(&f.job.frame, fake.molecule.k, fake.molecule.r0, fake.dt, LAST, x, v);
    for (int c = 0; c < 6; c++) HM_ASSERT_NEAR(s->frame.x[c], x[c], 1e-10);
    fixture_end(&f);
}

/* A stride without a solution, or to where nothing was learned: those before it count, an exact segment follows. */
static void test_strides_not_believed(void)
{
    for (int first = 0; first < 2; first++)
        for (int outside = 0; outside < 2; outside++) {
            const int64_t good = first ? 0 : 6;
            struct fixture f;
            struct fake fake;
            begin(&f, &fake, "0", "");
            watch(&f, &diary);
            *(outside ? &fake.leaves_at : &fake.fails_at) = good;
            HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
            HM_ASSERT_OK(advance(&f.simulation, WARMUP + good * STRIDE + SEGMENT, 100000));
            const struct hm_state *s = f.simulation.state;
            CU_ASSERT_EQUAL(s->rounds.taken, good);
            CU_ASSERT_EQUAL(s->rounds.tried, good + 1);
            CU_ASSERT_EQUAL(s->rounds.outside, outside);
            CU_ASSERT_EQUAL(s->rounds.unsolved, !outside);
            CU_ASSERT_EQUAL(s->rounds.refused, 0);
            CU_ASSERT_EQUAL(diary.nsegment, SEGMENT);
            CU_ASSERT_EQUAL(diary.round[0].forces, first ? 1 : 2);
            CU_ASSERT_EQUAL(diary.round[0].committed, !first);
            CU_ASSERT_EQUAL(s->injections, (first ? 1 : 2) + SEGMENT);
            fixture_end(&f);
        }
}

/* A stride that says it was solved and is no number: those before it count. */
static void test_no_number(void)
{
    struct fixture f;
    struct fake fake;
    begin(&f, &fake, "0", "");
    watch(&f, &diary);
    fake.breaks_at = 6;
    HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
    HM_ASSERT_OK(advance(&f.simulation, WARMUP + 6 * STRIDE + SEGMENT, 100000));
    const struct hm_state *s = f.simulation.state;
    CU_ASSERT_EQUAL(s->rounds.taken, 6);
    CU_ASSERT_EQUAL(s->rounds.unsolved, 1);
    CU_ASSERT_EQUAL(diary.nsegment, SEGMENT);
    fixture_end(&f);
}

/* Strides that end where the oracle finds no force are taken back: no fault of the oracle, nor the end of the run. */
static void test_no_force(void)
{
    enum { LAST = WARMUP + SEGMENT };
    struct fixture f;
    struct fake fake;
    double x[6], v[6];
    begin(&f, &fake, "0", "");
    watch(&f, &diary);
    fake.flies_at = ROUND - 1;
    HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
    HM_ASSERT_OK(advance(&f.simulation, LAST, 100000));
    const struct hm_state *s = f.simulation.state;
    CU_ASSERT_EQUAL(s->rounds.refused, 1);
    CU_ASSERT_EQUAL(s->rounds.taken, 0);
    CU_ASSERT_EQUAL(diary.nround, 1);
    CU_ASSERT_TRUE(isnan(diary.round[0].energy_change));
    CU_ASSERT_FALSE(diary.round[0].committed);
    CU_ASSERT_EQUAL(diary.nsegment, SEGMENT);
    fixture_plain_leapfrog(&f.job.frame, fake.molecule.k, fake.molecule.r0, fake.dt, LAST, x, v);
    for (int c = 0; c < 6; c++) HM_ASSERT_NEAR(s->frame.x[c], x[c], 1e-10);
    fixture_end(&f);
}

static bool asked_twice(void *self)
{
    int *times = self;
    return ++*times > 2;
}

/* A round that is interrupted has not been: begun again it ends as if nobody had asked. */
static void test_interrupted(void)
{
    enum { LAST = WARMUP + ROUND * STRIDE };
    struct fixture f, g;
    struct fake fake, slow;
    int times = 0;
    begin(&f, &fake, "0", "");
    HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
    HM_ASSERT_OK(advance(&f.simulation, LAST, LAST));
    begin(&g, &slow, "0", "");
    HM_ASSERT_OK(hm_simulation_start(&g.simulation, &g.job));
    HM_ASSERT_OK(advance(&g.simulation, WARMUP, LAST));
    slow.seconds = 2e-3;
    g.simulation.propagator.interrupt = (struct hm_interrupt){asked_twice, &times};
    CU_ASSERT_EQUAL(hm_stride_round(&g.simulation.propagator, g.simulation.state, LAST), HM_STOPPED);
    CU_ASSERT_EQUAL(slow.asked, 3);
    CU_ASSERT_EQUAL(g.simulation.state->step, WARMUP);
    CU_ASSERT_EQUAL(g.simulation.state->rounds.tried, 0);
    g.simulation.propagator.interrupt = HM_NO_INTERRUPT;
    HM_ASSERT_OK(advance(&g.simulation, LAST, LAST));
    CU_ASSERT_TRUE(same_state(f.simulation.state, g.simulation.state));
    fixture_end(&f);
    fixture_end(&g);
}

/* A step that waits for its force was decided before there was a map: it goes on before any round. */
static void test_pending_first(void)
{
    struct fixture f;
    struct fake fake;
    begin(&f, &fake, "0", "");
    HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
    HM_ASSERT_OK(advance(&f.simulation, WARMUP, 100000));
    struct hm_state *s = f.simulation.state;
    CU_ASSERT_TRUE(hm_stride_is_due(&f.simulation.propagator, s, 100000));
    s->pending.there = true;
    CU_ASSERT_FALSE(hm_stride_is_due(&f.simulation.propagator, s, 100000));
    fixture_end(&f);
}

/* An oracle that gives up at either end of a round: tried again, the run is the same to the bit. */
static void test_oracle_gives_up(void)
{
    enum { LAST = WARMUP + 40 * ROUND * STRIDE };
    struct fixture f, g;
    struct fake fake, flaky;
    int faults;
    begin(&f, &fake, "0", "");
    watch(&f, &diary);
    HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
    HM_ASSERT_OK(advance(&f.simulation, LAST, LAST));
    begin(&g, &flaky, "0.2", "");
    watch(&g, &other);
    while (hm_simulation_start(&g.simulation, &g.job) == HM_ORACLE_FAILED) {
    }
    HM_ASSERT_OK(through_faults(&g.simulation, LAST, &faults));
    CU_ASSERT_TRUE(faults >= 20);
    CU_ASSERT_TRUE(same_state(f.simulation.state, g.simulation.state));
    CU_ASSERT_EQUAL(diary.nround, 40);
    CU_ASSERT_EQUAL(memcmp(&diary, &other, sizeof diary), 0);
    fixture_end(&f);
    fixture_end(&g);
}

/* Every round ends with the exact energy of the reference, whatever the strides did; others keep what they have. */
static void test_rescaled(void)
{
    for (int rescaled = 0; rescaled < 2; rescaled++) {
        struct fixture f;
        struct fake fake;
        begin(&f, &fake, "0", "");
        watch(&f, &diary);
        f.simulation.propagator.strides.rescale_energy = rescaled;
        f.simulation.propagator.strides.gate = 10;
        fake.heats_at = 3;
        HM_ASSERT_OK(hm_simulation_start(&f.simulation, &f.job));
        HM_ASSERT_OK(advance(&f.simulation, WARMUP + 2 * ROUND * STRIDE, 100000));
        const struct hm_state *s = f.simulation.state;
        double force[6];
        fake_force(&fake, s->frame.x, force);
        double square = 0;
        for (int c = 0; c < 3; c++) square += pow(force[c] / fake.molecule.k, 2);
        const double energy = hm_kinetic_energy(&s->frame, s->frame.v) + 0.5 * fake.molecule.k * square;
        CU_ASSERT_TRUE(diary.round[0].energy_change > 0.1);
        CU_ASSERT_EQUAL(fabs(diary.round[1].energy_change) < 0.02, rescaled);
        HM_ASSERT_NEAR(energy, s->rounds.energy, 1e-12);
        CU_ASSERT_EQUAL(fabs(energy - s->rounds.reference) < 1e-12, rescaled);
        fixture_end(&f);
    }
}

static const char learns[] =
    "system: {initial_velocities: {temperature: 600 K, seed: 1, remove: [momentum]}}\n"
    "hamiltonian: {type: morse, molecule: HCl}\nintegrator: {timestep: 0.25 fs, steps: 100000}\n"
    "predictor: {type: action, mode: %s, stride: 4, hidden: 8, gate: %s, gate_every: 8, max_error: 0.1, margin: 2}\n"
    "training: {warmup_steps: 800, epochs: 20, polish: 1000, episode_every_injections: %d}\n"
    "policy: {type: never}\noutput: {stride: 4}\n";

static void begin_learning(struct fixture *f, const char *mode, const char *gate, int episode)
{
    char text[TEXT];
    snprintf(text, sizeof text, learns, mode, gate, episode);
    fixture_begin_of(f, text);
}

/* Advance 100, restore, advance 100: from rounds, and from segments between rounds that a narrow gate refuses. */
static void test_restored_anywhere(void)
{
    static const char *const modes[] = {"pure", "composed"}, *const gates[] = {"0.2", "2e-4"};
    static const int episodes[] = {100000, 150};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f, g;
        struct hm_archive snapshot = HM_ARCHIVE_EMPTY;
        begin_learning(&f, modes[i], gates[i], episodes[i]);
        begin_learning(&g, modes[i], gates[i], episodes[i]);
        HM_ASSERT_OK(advance(&f.simulation, 801, 100000));
        HM_ASSERT_OK(advance(&g.simulation, 801, 100000));
        for (int64_t at = 805; at < 1300; at += 37) {
            HM_ASSERT_OK(advance(&f.simulation, at, 100000));
            HM_ASSERT_OK(hm_propagator_save(&f.simulation.propagator, f.simulation.state, &snapshot));
            HM_ASSERT_OK(advance(&f.simulation, at + 61, 100000));
            HM_ASSERT_OK(hm_propagator_load(&f.simulation.propagator, f.simulation.state, &snapshot));
            HM_ASSERT_OK(advance(&f.simulation, at + 90, 100000));
            HM_ASSERT_OK(advance(&g.simulation, at + 90, 100000));
            CU_ASSERT_TRUE(same_state(f.simulation.state, g.simulation.state));
            hm_archive_clear(&snapshot);
        }
        CU_ASSERT_TRUE(f.simulation.state->weights_version > 0);
        CU_ASSERT_TRUE(f.simulation.state->rounds.taken > 0);
        CU_ASSERT_EQUAL(f.simulation.state->rounds.refused > 0, i == 1);
        hm_archive_release(&snapshot);
        fixture_end(&f);
        fixture_end(&g);
    }
}

static enum hm_status see_lesson(void *self, const struct hm_state *state, const struct hm_lesson *lesson)
{
    struct diary *d = self;
    (void)state;
    if (lesson->record.step == 799) return HM_OK; /* of the warm-up */
    CU_ASSERT_EQUAL(lesson->record.step, d->segment_end);
    d->nlesson++;
    return HM_OK;
}

/* A segment is learned from as a whole, although ten of its steps would do for an episode. */
static void test_lessons_of_segments(void)
{
    enum { LAST = 900 };
    struct fixture f;
    begin_learning(&f, "composed", "2e-4", 10);
    watch(&f, &diary);
    f.simulation.propagator.observer.lesson = see_lesson;
    HM_ASSERT_OK(advance(&f.simulation, LAST, 100000));
    CU_ASSERT_TRUE(diary.nlesson > 1);
    fixture_end(&f);
}

static const struct hm_test tests[] = {
    {"rounds", test_rounds},
    {"the gate takes back", test_gate_takes_back},
    {"strides that are not believed", test_strides_not_believed},
    {"a stride that is no number", test_no_number},
    {"no force where strides end", test_no_force},
    {"interrupted", test_interrupted},
    {"a step that waits for its force", test_pending_first},
    {"an oracle that gives up", test_oracle_gives_up},
    {"velocities rescaled at the gate", test_rescaled},
    {"restored anywhere", test_restored_anywhere},
    {"lessons of segments", test_lessons_of_segments},
};

HM_TEST_MAIN("strides", tests)
