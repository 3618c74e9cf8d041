/* What goes to training and when: rows, episodes, lessons and segments, seen by a trainer that writes everything down.
 */
#include "hamiltonians/molecules.h"
#include "scheduler/apprentice.h"
#include "scheduler/teach.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_20000 "integrator: {timestep: 0.25 fs, steps: 20000}\n"
#define HISTORY_12 "predictor: {inputs: [velocity], history: 12}\n"

enum { ROWS_MAX = 20000, EPISODES_MAX = 400, HISTORY = 12 };

/* ---- a trainer that writes everything down and leaves the work to another ---- */

struct notes {
    struct hm_trainer inner; // ops NULL: nobody learns
    size_t row_size, nrow, nepisode, waits;
    double *rows;                                                // (nrow, row_size)
    size_t rows_before[EPISODES_MAX + 1], history[EPISODES_MAX]; // of each request
    int64_t step[EPISODES_MAX];
};

static enum hm_status teach(void *self, const double *rows, size_t count)
{
    struct notes *n = self;
    CU_ASSERT_TRUE_FATAL(n->nrow + count <= ROWS_MAX);
    memcpy(&n->rows[n->nrow * n->row_size], rows, count * n->row_size * sizeof *rows);
    n->nrow += count;
    return n->inner.ops ? hm_trainer_teach(&n->inner, rows, count) : HM_OK;
}

static enum hm_status request(void *self, int64_t step, size_t history)
{
    struct notes *n = self;
    CU_ASSERT_TRUE_FATAL(n->nepisode < EPISODES_MAX);
    n->step[n->nepisode] = step;
    n->history[n->nepisode] = history;
    n->rows_before[n->nepisode++] = n->nrow;
    return n->inner.ops ? hm_trainer_request(&n->inner, step, history) : HM_OK;
}

static enum hm_status poll(void *self, int64_t step, bool wait, struct hm_lesson *lesson, bool *got)
{
    struct notes *n = self;
    n->waits += wait;
    return n->inner.ops ? hm_trainer_poll(&n->inner, step, wait, lesson, got) : HM_OK;
}

static void destroy(void **self)
{
    struct notes *n = *self;
    hm_trainer_destroy(&n->inner);
    free(n->rows);
    *self = NULL;
}

static const struct hm_trainer_ops note_ops = {.teach = teach, .request = request, .poll = poll, .destroy = destroy};

/* Created, not started; notes outlive the simulation. */
static void create(struct fixture *f, const char *extra, bool learns, struct notes *n)
{
    fixture_create(f, extra);
    struct hm_simulation *s = &f->simulation;
    *n = (struct notes){.inner = s->trainer, .row_size = hm_row_size(s->scene.representation->nchannel)};
    if (!learns) hm_trainer_destroy(&n->inner);
    n->rows = calloc(ROWS_MAX * n->row_size, sizeof *n->rows);
    CU_ASSERT_PTR_NOT_NULL_FATAL(n->rows);
    s->trainer = (struct hm_trainer){.ops = &note_ops, .self = n};
}

static void start(struct fixture *f)
{
    HM_ASSERT_OK(hm_simulation_start(&f->simulation, &f->job));
}

static const double *row_of(const struct notes *n, size_t k)
{
    return &n->rows[k * n->row_size];
}

/* ---- rows ---- */

/* What a step was: its coordinates and motion, read from the window. */
struct truth {
    double coordinate[ROWS_MAX], motion[ROWS_MAX];
    bool exact[ROWS_MAX];
    size_t labels[ROWS_MAX]; // rows that teach it
};

static enum hm_status write_truth(void *self, const struct hm_state *state, const struct hm_step *now)
{
    struct truth *t = self;
    t->coordinate[now->step] = *hm_window_coordinate(state->window, 1); /* of the step completed last */
    t->motion[now->step] = *hm_window_motion(state->window, 0);
    t->exact[now->step] = now->decision.action == HM_INJECT;
    return HM_OK;
}

/* A row says what its step was; it teaches it only if no row before did. */
static bool is_true(const struct notes *n, size_t k, struct truth *t)
{
    const double *row = row_of(n, k);
    const size_t step = (size_t)row[0];
    if (*hm_row_coordinate(row) != t->coordinate[step] || *hm_row_motion(row, 1) != t->motion[step]) return false;
    if ((hm_row_kind(row) == HM_ROW_PREDICTED) == t->exact[step]) return false;
    if (hm_row_kind(row) == HM_ROW_EXACT && t->labels[step] == 0) return false;
    t->labels[step] += hm_row_kind(row) == HM_ROW_LABEL;
    return true;
}

/* In the rows of one episode the steps rise, and each label has its whole history behind it, as far as there is one. */
static bool has_context(const struct notes *n, size_t first, size_t k)
{
    const double *row = row_of(n, k);
    if (k > first && row_of(n, k - 1)[0] >= row[0]) return false;
    if (hm_row_kind(row) != HM_ROW_LABEL) return true;
    const size_t behind = row[0] < HISTORY ? (size_t)row[0] : HISTORY;
    return k - first >= behind && row_of(n, k - behind)[0] == row[0] - (double)behind;
}

static void check_rows(const char *extra)
{
    static struct truth t;
    struct fixture f;
    struct notes n;
    size_t labels = 0, context = 0, wrong = 0, repeated = 0, first = 0, episode = 0;
    t = (struct truth){0};
    create(&f, extra, true, &n);
    start(&f);
    f.simulation.propagator.observer = (struct hm_observer){.step = write_truth, .self = &t};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 6000));
    CU_ASSERT_TRUE(n.nepisode > 5);
    for (size_t k = 0; k < n.nrow; k++) {
        if (episode < n.nepisode && k == n.rows_before[episode]) {
            first = k;
            episode++;
        }
        wrong += !is_true(&n, k, &t) || !has_context(&n, first, k);
        labels += hm_row_kind(row_of(&n, k)) == HM_ROW_LABEL;
        context += hm_row_kind(row_of(&n, k)) == HM_ROW_PREDICTED;
    }
    for (size_t step = 0; step < 6000; step++) repeated += t.labels[step] != t.exact[step];
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(repeated, 0); /* every exact step is a label once, no other step ever */
    CU_ASSERT_EQUAL(labels, (size_t)f.simulation.state->exact_steps);
    CU_ASSERT_TRUE(labels > 400 && labels < 6000 && context > 0);
    fixture_end(&f);
}

static void test_rows(void)
{
    static const char *const training = STEPS_20000 "training: {warmup_steps: 400, episode_every_injections: 7}\n";
    char extra[512];
    static const char *const others[] = {
        HISTORY_12 "policy: {frequency: 0.05}\n",                          /* bursts of 13: episodes inside them */
        "predictor: {history: 12}\npolicy: {frequency: 0.05}\n",           /* every twentieth step: histories overlap */
        "predictor: {history: 12}\npolicy: {frequency: 0.02}\n",           /* ... or do not */
        HISTORY_12 "policy: {frequency: 0.05}\ninjection: {burst: 20}\n"}; /* bursts longer than a history */
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(extra, sizeof extra, "%s%s", training, others[i]);
        check_rows(extra);
    }
}

/* ---- episodes ---- */

/* Injects every fifth step, and asks for an episode where it is told to. */
struct asking {
    int64_t from, until;
};

static void choose_every_fifth(void *self, const struct hm_evidence *evidence, struct hm_decision *decision)
{
    (void)self;
    if (evidence->since_active % 5 == 0) decision->action = HM_INJECT;
}

static bool ask(void *self, const struct hm_outcome *outcome)
{
    const struct asking *asking = self;
    return outcome->step >= asking->from && outcome->step < asking->until;
}

static void keep(void **self)
{
    *self = NULL;
}

static const struct hm_policy_ops asking_ops = {
    .method = {"asking", "asks for episodes"}, .destroy = keep, .choose = choose_every_fifth, .observe = ask};

#define EPISODES                                 \
    STEPS_20000 "training: {warmup_steps: 400, " \
                "episode_every_injections: 30, " \
                "episode_min_injections: 8}\n"

static void run_asking(struct asking asking, const char *extra, struct fixture *f, struct notes *n)
{
    create(f, extra, true, n);
    hm_policy_destroy(&f->simulation.policy);
    f->simulation.policy = (struct hm_policy){.ops = &asking_ops, .self = &asking};
    start(f);
    HM_ASSERT_OK(fixture_advance(&f->simulation, 1000));
}

/* At the last step of the warm-up, whatever was injected in it; then at every 30th injection: step 400 is the first,
 * every fifth another. */
static void test_episodes(void)
{
    static const int64_t expected[] = {399, 545, 695, 845, 995};
    struct fixture f;
    struct notes n;
    run_asking((struct asking){0}, EPISODES, &f, &n);
    CU_ASSERT_EQUAL(n.nepisode, 5);
    CU_ASSERT_EQUAL(n.waits, 5); /* synchronous */
    for (size_t e = 0; e < 5; e++) CU_ASSERT_EQUAL(n.step[e], expected[e]);
    CU_ASSERT_EQUAL(f.simulation.state->injections_since_episode, 0);
    fixture_end(&f);
}

/* Asked for at every step from 620 to 660: at the next injection there are 15 behind the episode of 545; the next one
 * has to wait for eight more. Between injections nothing is learned, so nothing is asked for. */
static void test_episodes_asked_for(void)
{
    static const int64_t expected[] = {399, 545, 620, 660, 810, 960};
    struct fixture f;
    struct notes n;
    run_asking((struct asking){618, 661}, EPISODES, &f, &n);
    CU_ASSERT_EQUAL(n.nepisode, 6);
    for (size_t e = 0; e < 6; e++) CU_ASSERT_EQUAL(n.step[e], expected[e]);
    fixture_end(&f);
}

static void test_too_early_to_ask(void)
{
    struct fixture f;
    struct notes n;
    run_asking((struct asking){0, 436}, EPISODES, &f, &n); /* in the warm-up and until seven injections after it */
    CU_ASSERT_EQUAL(n.step[1], 435);                       /* 400, 405, ..., 435: the eighth */
    fixture_end(&f);
    run_asking((struct asking){0, 435}, EPISODES, &f, &n);
    CU_ASSERT_EQUAL(n.step[1], 545);
    fixture_end(&f);
}

static void test_asynchronous_does_not_wait(void)
{
    struct fixture f;
    struct notes n;
    run_asking((struct asking){0},
               STEPS_20000 "training: {warmup_steps: 400, episode_every_injections: 30, mode: asynchronous}\n", &f, &n);
    CU_ASSERT_EQUAL(n.nepisode, 5);
    CU_ASSERT_EQUAL(n.waits, 0);
    fixture_end(&f);
}

/* Without weights every step is exact, and episodes go on until there are some. */
static void test_nobody_learns(void)
{
    struct fixture f;
    struct notes n;
    create(&f, EPISODES, false, &n);
    start(&f);
    HM_ASSERT_OK(fixture_advance(&f.simulation, 1000));
    CU_ASSERT_EQUAL(n.nepisode, 1 + 600 / 30);
    CU_ASSERT_EQUAL(f.simulation.state->exact_steps, 1000);
    CU_ASSERT_EQUAL(f.simulation.state->weights_version, 0);
    fixture_end(&f);
}

/* ---- lessons ---- */

struct lessons {
    int64_t lesson_step[EPISODES_MAX];
    int32_t version[EPISODES_MAX];
    size_t count, accepted;
    int64_t steps_seen;
    bool in_order, right_version;
};

static enum hm_status see_lesson(void *self, const struct hm_state *state, const struct hm_lesson *lesson)
{
    struct lessons *l = self;
    l->lesson_step[l->count] = lesson->record.step;
    l->version[l->count++] = lesson->record.version;
    l->accepted += lesson->parameters != NULL;
    l->in_order = l->in_order && lesson->record.step == state->step - 1 && l->steps_seen == state->step;
    l->right_version = l->right_version && (size_t)lesson->record.version == l->accepted &&
                       (lesson->parameters != NULL) == (lesson->record.accepted != 0) && lesson->member == 0;
    return HM_OK;
}

static enum hm_status see_step(void *self, const struct hm_state *state, const struct hm_step *now)
{
    (void)state;
    struct lessons *l = self;
    l->steps_seen = now->step + 1;
    const int32_t newest = l->count > 0 ? l->version[l->count - 1] : 0;
    l->right_version = l->right_version && now->weights_version == newest;
    return HM_OK;
}

/* Every episode is told of, before the step after it, with the version that it led to. */
static void test_lessons_are_observed(void)
{
    struct fixture f;
    struct lessons l = {.in_order = true, .right_version = true};
    fixture_begin(&f, STEPS_20000 "training: {warmup_steps: 400, episode_every_injections: 10}\n"
                                  "predictor: {degree: 3, inputs: [coordinate]}\n");
    f.simulation.propagator.observer = (struct hm_observer){.step = see_step, .lesson = see_lesson, .self = &l};
    HM_ASSERT_OK(fixture_advance(&f.simulation, 6000));
    CU_ASSERT_EQUAL(l.count, 1 + 5600 / 100 / 10);
    CU_ASSERT_TRUE(l.accepted >= 1);
    CU_ASSERT_EQUAL(f.simulation.state->weights_version, (int32_t)l.accepted);
    CU_ASSERT_TRUE(l.in_order && l.right_version);
    fixture_end(&f);
}

static void test_weights_of_another_size_are_refused(void)
{
    double wrong[3] = {0};
    struct fixture f;
    struct hm_lesson lesson = {.parameters = wrong, .bytes = sizeof wrong};
    fixture_begin(&f, EPISODES);
    CU_ASSERT_EQUAL(hm_teach_take(&f.simulation.propagator, f.simulation.state, &lesson), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(f.simulation.state->weights_version, 0);
    fixture_end(&f);
}

/* Not a number in any place of a row: refused by the name of its step, and nothing of the batch is kept. */
static void test_rows_that_are_not_finite_are_refused(void)
{
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    struct fixture f;
    struct hm_apprentice apprentice;
    fixture_create(&f, EPISODES);
    const struct hm_simulation *s = &f.simulation;
    HM_ASSERT_OK(hm_apprentice_create(f.job.config, s->scene.representation, 0, 1, NULL, &apprentice));
    for (size_t k = 0; k < 6; k++) {
        double rows[3 * 4] = {417, HM_ROW_LABEL, 2.4, 0.1, 418, HM_ROW_LABEL, 2.5, 0.2, 419, HM_ROW_LABEL, 2.6, 0.3};
        rows[4 + 2 + k % 2] = bad[k / 2];
        CU_ASSERT_EQUAL(hm_apprentice_learn(&apprentice, rows, 3), HM_BAD_INPUT);
        CU_ASSERT_STRING_EQUAL(hm_status_message(),
                               "training data: the row of step 418 holds a number that is not finite");
        CU_ASSERT_EQUAL(apprentice.count, 0);
        HM_ASSERT_OK(hm_apprentice_learn(&apprentice, rows, 1)); /* the row before it is sound */
        CU_ASSERT_EQUAL(apprentice.count, 1);
        apprentice.count = 0;
    }
    hm_apprentice_destroy(&apprentice);
    fixture_end(&f);
}

/* ---- segments ---- */

#define SEGMENT 50
#define SEGMENTS                                                                              \
    STEPS_20000 "predictor: {representation: cartesian, inputs: [velocity], history: 4}\n"    \
                "training: {warmup_steps: 400, energies: [0.7, 1, 1.3], segment_steps: 50}\n" \
                "policy: {type: always}\n"

/* v_{1/2} of the first row, less half of the first kick, is v_0: its kinetic energy. */
static double first_kinetic_energy(const struct notes *n, size_t row, const struct hm_frame *frame,
                                   const double *half_kick)
{
    double v[6];
    for (size_t k = 0; k < 6; k++) v[k] = hm_row_motion(row_of(n, row), 6)[k] - half_kick[k];
    return hm_kinetic_energy(frame, v);
}

/* Rows first..first+SEGMENT-1 are plain leapfrog from the start with its velocities times sqrt(energy). */
static void check_segment(const struct fixture *f, const struct notes *n, size_t first, double energy)
{
    const double dt = f->simulation.propagator.schedule.timestep;
    struct hm_molecule hcl;
    struct hm_frame frame;
    double x[6], v[6];
    CU_ASSERT_TRUE(hm_molecule_find("HCl", &hcl));
    HM_ASSERT_OK(hm_frame_copy(&f->job.frame, &frame));
    for (size_t c = 0; c < 6; c++) frame.v[c] *= sqrt(energy);
    for (size_t s = 0; s < SEGMENT; s++) {
        const double *row = row_of(n, first + s);
        fixture_plain_leapfrog(&frame, hcl.k, hcl.r0, dt, (int64_t)s + 1, x, v);
        CU_ASSERT_EQUAL(hm_row_kind(row), HM_ROW_LABEL);
        CU_ASSERT_EQUAL(row[0], row_of(n, first)[0] + (double)s);
        for (size_t c = 0; c < 6; c++) HM_ASSERT_NEAR(hm_row_motion(row, 6)[c], v[c], 1e-17);
    }
    hm_frame_release(&frame);
}

static void test_segments(void)
{
    struct fixture f, plain;
    struct notes n;
    double half_kick[6];
    create(&f, SEGMENTS, false, &n);
    f.simulation.state->frame.x[0] += 0.1; /* away from the minimum, where there is a force */
    f.job.frame.x[0] += 0.1;
    start(&f);
    CU_ASSERT_EQUAL(f.simulation.state->step, 0);
    CU_ASSERT_EQUAL(n.nrow, 2 * SEGMENT); /* energy 1 is the warm-up itself */
    HM_ASSERT_OK(fixture_advance(&f.simulation, 100));
    CU_ASSERT_EQUAL(n.nrow, 2 * SEGMENT + 100);

    const double *run = hm_row_motion(row_of(&n, 2 * SEGMENT), 6);
    double size = 0;
    for (size_t k = 0; k < 6; k++) {
        half_kick[k] = run[k] - f.job.frame.v[k];
        size = fmax(size, fabs(half_kick[k]));
    }
    CU_ASSERT_TRUE(size > 1e-6);
    const double energy = first_kinetic_energy(&n, 2 * SEGMENT, &f.job.frame, half_kick);
    HM_ASSERT_NEAR(first_kinetic_energy(&n, 0, &f.job.frame, half_kick), 0.7 * energy, 1e-13 * energy);
    HM_ASSERT_NEAR(first_kinetic_energy(&n, SEGMENT, &f.job.frame, half_kick), 1.3 * energy, 1e-13 * energy);
    check_segment(&f, &n, 0, 0.7);
    check_segment(&f, &n, SEGMENT, 1.3);

    /* Steps before the run's own, no segment going on into another or into the run. */
    CU_ASSERT_TRUE(row_of(&n, SEGMENT - 1)[0] < -1 && row_of(&n, 2 * SEGMENT - 1)[0] < -1);
    CU_ASSERT_TRUE(fabs(row_of(&n, SEGMENT)[0] - row_of(&n, SEGMENT - 1)[0]) > 1);
    CU_ASSERT_EQUAL(row_of(&n, 2 * SEGMENT)[0], 0);

    /* And the run does not know of them. */
    fixture_create(&plain, STEPS_20000 "training: {warmup_steps: 400}\npolicy: {type: always}\n");
    plain.simulation.state->frame.x[0] += 0.1;
    start(&plain);
    HM_ASSERT_OK(fixture_advance(&plain.simulation, 100));
    CU_ASSERT_EQUAL(memcmp(f.simulation.state->frame.x, plain.simulation.state->frame.x, sizeof half_kick), 0);
    CU_ASSERT_EQUAL(memcmp(f.simulation.state->frame.v, plain.simulation.state->frame.v, sizeof half_kick), 0);
    fixture_end(&plain);
    fixture_end(&f);
}

/* Without training there is nobody to run them for. */
static void test_no_segments_without_training(void)
{
    struct fixture f;
    fixture_begin(&f, STEPS_20000 "predictor: {type: zero}\ntraining: {energies: [0.5, 2], segment_steps: 50}\n");
    CU_ASSERT_EQUAL(f.simulation.oracle.calls, 1); /* F_0 */
    fixture_end(&f);
    fixture_begin(&f, STEPS_20000 "training: {energies: [0.5, 2], segment_steps: 50}\n");
    CU_ASSERT_EQUAL(f.simulation.oracle.calls, 1 + 2 * (1 + 50));
    fixture_end(&f);
}

static const struct hm_test tests[] = {
    {"rows: once as a label, always with their context", test_rows},
    {"episodes", test_episodes},
    {"episodes asked for", test_episodes_asked_for},
    {"too early to ask", test_too_early_to_ask},
    {"asynchronous training is not waited for", test_asynchronous_does_not_wait},
    {"nobody learns", test_nobody_learns},
    {"lessons are observed", test_lessons_are_observed},
    {"weights of another size are refused", test_weights_of_another_size_are_refused},
    {"rows that are not finite are refused", test_rows_that_are_not_finite_are_refused},
    {"segments", test_segments},
    {"no segments without training", test_no_segments_without_training},
};

HM_TEST_MAIN("teaching", tests)
