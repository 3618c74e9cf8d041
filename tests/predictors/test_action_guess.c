/* Where the solution of a stride is looked for first: none of it changes the solution, all of it saves iterations, and
 * the history it goes by is that of the strides that count.
 *
 * On a water of three springs, under leapfrog.
 */
#include "predictors/predictor.h"
#include "tests/predictors/molecule.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATOMS = 3, SIZE = 3 * ATOMS, LABELS = 3200, STRIDES = 120 };

#define REST ", hidden: 8, pairs: 800, max_error: 0.05, margin: 2, tolerance: 1e-7"
#define LESS "}\ntraining: {epochs: 50, polish: 150, refine: 5}"

/* Each where it is good for something: a parabola where strides are short beside the period. */
static const char *const guesses[] = {
    "mode: pure, stride: 2, guess: extrapolation",
    "mode: pure, stride: 4, guess: linear",
    "mode: pure, stride: 4, guess: lstm, history: 4",
    "mode: pure, stride: 4, guess: surrogate",
    "mode: pure, stride: 4, guess: base, base: {type: hamiltonian}",
    "mode: pure, stride: 4, guess: direct",
    "mode: composed, stride: 8, base: {type: hamiltonian}, guess: linear",
};

/* ---- three springs ---- */

static const size_t spring[ATOMS][2] = {{0, 1}, {0, 2}, {1, 2}};
static const double length[ATOMS] = {1.809, 1.809, 2.861};

/* Bonds that stiffen as they get shorter; `share` of it, and without that, for a cheaper one. */
static void force_of(const double *x, double share, bool bends, double *force)
{
    static const double stiffness[ATOMS] = {0.52, 0.52, 0.08};
    memset(force, 0, SIZE * sizeof *force);
    for (size_t s = 0; s < ATOMS; s++) {
        const size_t i = spring[s][0], j = spring[s][1];
        double d[3], r = 0;
        for (size_t c = 0; c < 3; c++) {
            d[c] = x[3 * j + c] - x[3 * i + c];
            r += d[c] * d[c];
        }
        r = sqrt(r);
        const double stretch = r - length[s], pull = share * stiffness[s] * stretch * (bends ? 1 - 1.2 * stretch : 1);
        for (size_t c = 0; c < 3; c++) {
            force[3 * i + c] += pull * d[c] / r;
            force[3 * j + c] -= pull * d[c] / r;
        }
    }
}

static void cheaper(void *self, const double *x, double *force)
{
    (void)self;
    force_of(x, 0.9, false, force);
}

/* One that stands at a step, and a predictor that was taught what came before. */
struct pupil {
    struct molecule water;
    struct hm_predictor predictor;
    double x[SIZE], v[SIZE];
};

static void step(const struct pupil *pupil, double timestep, double *x, double *v, double *kick)
{
    double force[SIZE];
    force_of(x, 1, true, force);
    for (size_t k = 0; k < SIZE; k++) {
        kick[k] = timestep * force[k] / pupil->water.frame.mass[k / 3];
        v[k] += kick[k];
        x[k] += timestep * v[k];
    }
}

/* Rows of as many steps; the pupil is left on-step behind them. */
static double *record(struct pupil *pupil, double timestep)
{
    const size_t size = hm_row_size(SIZE);
    double *rows = calloc(LABELS, size * sizeof *rows), kick[SIZE];
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    /* It drifts and does not turn. */
    molecule_shake(&pupil->water, 2, 0.12, pupil->x);
    for (size_t k = 0; k < SIZE; k++) pupil->v[k] = 1e-4 * (double)(k % 3);
    for (size_t n = 0; n < LABELS; n++) {
        double *row = &rows[n * size];
        row[0] = (double)n;
        row[1] = HM_ROW_LABEL;
        memcpy(row + 2, pupil->x, sizeof pupil->x);
        step(pupil, timestep, pupil->x, pupil->v, kick);
        memcpy(row + 2 + SIZE, kick, sizeof kick);
    }
    force_of(pupil->x, 1, true, kick);
    for (size_t k = 0; k < SIZE; k++) pupil->v[k] += 0.5 * timestep * kick[k] / pupil->water.frame.mass[k / 3];
    return rows;
}

static void hire(struct pupil *pupil, const char *keys)
{
    char sections[512];
    snprintf(sections, sizeof sections, "predictor: {type: action, %s" REST LESS, keys);
    molecule_create(&pupil->water, MOLECULE_WATER, sections);
    pupil->water.representation->cheap = (struct hm_cheap_force){cheaper, NULL};
}

static void create(const struct pupil *pupil, struct hm_predictor *predictor)
{
    const struct hm_predictor_setup setup = {pupil->water.config, pupil->water.representation, 1, 0, false};
    HM_ASSERT_OK(hm_predictor_create(&setup, predictor));
    CU_ASSERT_PTR_NOT_NULL_FATAL(predictor->ops);
}

static void teach(struct pupil *pupil, const char *keys)
{
    struct hm_training_report report;
    hire(pupil, keys);
    create(pupil, &pupil->predictor);
    double *rows = record(pupil, hm_config_real(pupil->water.config, "integrator.timestep"));
    const struct hm_batch batch = {LABELS, SIZE, rows, HM_NO_INTERRUPT};
    HM_ASSERT_OK(pupil->predictor.ops->train(pupil->predictor.self, &batch, &report));
    if (!report.accepted) printf("\n      %s: held-out error %g ", keys, report.held_out_after);
    CU_ASSERT_TRUE(report.accepted);
    free(rows);
}

static void dismiss(struct pupil *pupil)
{
    hm_predictor_destroy(&pupil->predictor);
    molecule_destroy(&pupil->water);
}

/* Another one that knows the same. */
static void copy(const struct pupil *pupil, struct hm_predictor *twin)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    create(pupil, twin);
    hm_predictor_save(&pupil->predictor, &archive);
    HM_ASSERT_OK(hm_predictor_load(twin, &archive));
    hm_archive_release(&archive);
}

static int advance(struct hm_predictor *predictor, bool jumped, double *x, double *v)
{
    struct hm_advance told;
    predictor->ops->advance(predictor->self, jumped, x, v, &told);
    CU_ASSERT_TRUE(told.converged && !told.outside);
    return told.iterations;
}

static int advance_all(struct hm_predictor *predictor, int strides, double *x, double *v)
{
    int iterations = 0;
    for (int s = 0; s < strides; s++) iterations += advance(predictor, s == 0, x, v);
    return iterations;
}

/* The same without a guess. */
static void teach_plain(struct pupil *pupil, const char *keys)
{
    char plain[256];
    const char *guess = strstr(keys, ", guess:");
    snprintf(plain, sizeof plain, "%.*s, guess: none", guess ? (int)(guess - keys) : (int)strlen(keys), keys);
    teach(pupil, plain);
}

/* From every point of one run: where both end, and what it takes them. */
static void compare(const char *keys)
{
    struct pupil plain, pupil;
    double worst = 0, moved = 0;
    int own = 0, others = 0;
    teach_plain(&plain, keys);
    teach(&pupil, keys);
    for (int s = 0; s < STRIDES; s++) {
        double x[SIZE], v[SIZE];
        memcpy(x, pupil.x, sizeof x);
        memcpy(v, pupil.v, sizeof v);
        const int took = advance(&pupil.predictor, s % 30 == 0, pupil.x, pupil.v);
        const int needed = advance(&plain.predictor, true, x, v);
        own += s < STRIDES / 2 ? 0 : took;
        others += s < STRIDES / 2 ? 0 : needed;
        for (size_t k = 0; k < SIZE; k++) {
            worst = fmax(worst, fabs(x[k] - pupil.x[k]));
            moved = fmax(moved, fabs(x[k] - plain.x[k]));
        }
    }
    if (own >= others) printf("\n      %s: %d iterations, %d without ", keys, own, others);
    CU_ASSERT_TRUE(own < others);
    CU_ASSERT_TRUE(worst <= 1e-6 && moved > 0.05);
    dismiss(&pupil);
    dismiss(&plain);
}

static void test_solutions(void)
{
    for (size_t g = 0; g < sizeof guesses / sizeof *guesses; g++) compare(guesses[g]);
}

/* ---- history ---- */

static const char *const with_history[] = {
    "mode: pure, stride: 2, guess: extrapolation",
    "mode: pure, stride: 4, guess: linear",
    "mode: pure, stride: 4, guess: lstm, history: 4",
};

/* Two that should say the same from a point on do, to the bit. */
static void check_alike(struct hm_predictor *a, struct hm_predictor *b, const double *x, const double *v)
{
    double xa[SIZE], va[SIZE], xb[SIZE], vb[SIZE];
    memcpy(xa, x, sizeof xa);
    memcpy(va, v, sizeof va);
    memcpy(xb, x, sizeof xb);
    memcpy(vb, v, sizeof vb);
    CU_ASSERT_EQUAL(advance_all(a, 5, xa, va), advance_all(b, 5, xb, vb));
    CU_ASSERT_TRUE(memcmp(xa, xb, sizeof xa) == 0 && memcmp(va, vb, sizeof va) == 0);
}

/* Copies of a pupil without a history; (x, v) is where it stands, and then where `kept` does after two rounds. */
struct class
{
    struct pupil *pupil;
    struct hm_predictor kept, twin;
    double x[SIZE], v[SIZE];
};

static void gather(struct pupil *pupil, struct class *class)
{
    class->pupil = pupil;
    copy(pupil, &class->kept);
    copy(pupil, &class->twin);
    memcpy(class->x, pupil->x, sizeof class->x);
    memcpy(class->v, pupil->v, sizeof class->v);
    advance_all(&class->kept, 20, class->x, class->v);
    advance_all(&class->kept, 20, class->x, class->v);
}

static void part(struct class *class)
{
    hm_predictor_destroy(&class->kept);
    hm_predictor_destroy(&class->twin);
}

static void catch_up(struct class *class, double *x, double *v)
{
    memcpy(x, class->pupil->x, sizeof class->x);
    memcpy(v, class->pupil->v, sizeof class->v);
    advance_all(&class->twin, 20, x, v);
    advance_all(&class->twin, 20, x, v);
}

/* Saved where a round ended, it goes on as if nothing had been; one without that history ends elsewhere, by less than
 * the tolerance. */
static void check_resumed(struct class *class)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    double x[SIZE], v[SIZE], y[SIZE], w[SIZE];
    memcpy(x, class->x, sizeof x);
    memcpy(v, class->v, sizeof v);
    memcpy(y, class->x, sizeof y);
    memcpy(w, class->v, sizeof w);
    advance_all(&class->twin, 2, x, v);
    hm_predictor_save(&class->kept, &archive);
    HM_ASSERT_OK(hm_predictor_load(&class->twin, &archive));
    advance_all(&class->twin, 2, y, w);
    CU_ASSERT_TRUE(memcmp(x, y, sizeof x) != 0);
    for (size_t k = 0; k < SIZE; k++) HM_ASSERT_NEAR(x[k], y[k], 1e-6);
    archive.cursor = 0;
    HM_ASSERT_OK(hm_predictor_load(&class->twin, &archive));
    check_alike(&class->kept, &class->twin, class->x, class->v);
    hm_archive_release(&archive);
}

/* A stride back from where a round ended, as the scheduler takes one, is no part of the history. */
static void check_back(struct class *class)
{
    double x[SIZE], v[SIZE];
    catch_up(class, x, v);
    for (size_t k = 0; k < SIZE; k++) v[k] = -v[k];
    advance(&class->twin, true, x, v);
    check_alike(&class->kept, &class->twin, class->x, class->v);
}

/* A round that is tried again begins with the history it began with. */
static void check_again(struct class *class)
{
    double x[SIZE], v[SIZE];
    catch_up(class, x, v);
    advance_all(&class->twin, 7, x, v);
    check_alike(&class->kept, &class->twin, class->x, class->v);
}

/* From anywhere else it begins as one that has none. */
static void check_jump(struct class *class)
{
    check_alike(&class->kept, &class->twin, class->pupil->x, class->pupil->v);
}

static void test_history(void)
{
    static void (*const checks[])(struct class * class) = {check_resumed, check_back, check_again, check_jump};
    for (size_t g = 0; g < sizeof with_history / sizeof *with_history; g++) {
        struct pupil pupil;
        teach(&pupil, with_history[g]);
        for (size_t c = 0; c < sizeof checks / sizeof *checks; c++) {
            struct class class;
            gather(&pupil, &class);
            checks[c](&class);
            part(&class);
        }
        dismiss(&pupil);
    }
}

static void test_automatic(void)
{
    static const struct {
        const char *keys, *guess;
    } asked[] = {
        {"mode: pure", "guess surrogate"},
        {"mode: composed, base: {type: hamiltonian}", "guess linear"},
        {"mode: direct, guess: surrogate", "guess none"},
    };
    for (size_t k = 0; k < sizeof asked / sizeof *asked; k++) {
        char form[256];
        struct pupil pupil;
        hire(&pupil, asked[k].keys);
        create(&pupil, &pupil.predictor);
        pupil.predictor.ops->describe(pupil.predictor.self, form, sizeof form);
        CU_ASSERT_PTR_NOT_NULL(strstr(form, asked[k].guess));
        dismiss(&pupil);
    }
}

/* ---- what is refused ---- */

static void test_refused(void)
{
    static const struct {
        const char *keys;
        bool lent; // the cheaper one
        const char *complaint;
    } bad[] = {
        {"mode: composed, guess: surrogate", true, "is for pure strides"},
        {"mode: composed, guess: base", true, "is for pure strides"},
        {"mode: composed, guess: direct", true, "is for pure strides"},
        {"mode: composed, base: {type: linear}", true, "lead through a field"},
        {"mode: pure, guess: base, base: {type: linear}", true, "lead through a field"},
        {"mode: composed, base: {type: hamiltonian}", false, "predictor: {hamiltonian: {type: ...}}"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct pupil pupil;
        hire(&pupil, bad[k].keys);
        if (!bad[k].lent) pupil.water.representation->cheap = (struct hm_cheap_force){0};
        const struct hm_predictor_setup setup = {pupil.water.config, pupil.water.representation, 1, 0, false};
        CU_ASSERT_EQUAL(hm_predictor_create(&setup, &pupil.predictor), HM_BAD_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), bad[k].complaint));
        dismiss(&pupil);
    }
}

/* Of another guess with the same number of parameters, none. */
static void test_another_guess(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct pupil saved, loaded;
    hire(&saved, "mode: pure, guess: none");
    hire(&loaded, "mode: pure, guess: extrapolation");
    create(&saved, &saved.predictor);
    create(&loaded, &loaded.predictor);
    hm_predictor_save(&saved.predictor, &archive);
    CU_ASSERT_EQUAL(hm_predictor_load(&loaded.predictor, &archive), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "'none'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "'extrapolation'"));
    hm_archive_release(&archive);
    dismiss(&saved);
    dismiss(&loaded);
}

static const struct hm_test tests[] = {
    {"strides end where they do without, in fewer iterations", test_solutions},
    {"the history is that of the strides that count", test_history},
    {"what auto is", test_automatic},
    {"guesses and bases that do not go with the mode", test_refused},
    {"the history of another guess", test_another_guess},
};

HM_TEST_MAIN("predictors/action_guess", tests)
