/* Where the solution of a stride is looked for first: none of it changes the solution, all of it saves iterations, and
 * the history it goes by is that of the strides that count.
 */
#include "tests/predictors/rotor.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS = 1600, STRIDES = 120, SIZE = 6 };

#define REST ", hidden: 6, pairs: 600, max_error: 0.05, margin: 2, tolerance: 1e-9"
#define LESS "}\ntraining: {epochs: 50, polish: 120}"

/* Each where it is good for something: a parabola where strides are short beside the period. */
static const char *const guesses[] = {
    "mode: pure, stride: 3, guess: extrapolation",
    "mode: pure, stride: 6, guess: linear",
    "mode: pure, stride: 6, guess: lstm, history: 3",
    "mode: pure, stride: 6, guess: surrogate",
    "mode: pure, stride: 6, guess: base, base: {type: hamiltonian}",
    "mode: pure, stride: 6, guess: direct",
    "mode: composed, stride: 8, base: {type: hamiltonian}, guess: linear",
};

/* A rotor that stands at a step, and a predictor that was taught what came before. */
struct pupil {
    struct rotor rotor;
    struct hm_predictor predictor;
    double x[SIZE], v[SIZE];
};

static void teach(struct pupil *pupil, const char *keys)
{
    char sections[512];
    snprintf(sections, sizeof sections, "predictor: {type: action, %s" REST LESS, keys);
    rotor_create(&pupil->rotor, sections, ROTOR_MORSE, 1);
    rotor_record(&pupil->rotor, LABELS + 1);
    rotor_predictor(&pupil->rotor, &pupil->predictor);
    const struct hm_training_report report = rotor_train(&pupil->rotor, &pupil->predictor, 0, LABELS);
    if (!report.accepted) printf("\n      %s: held-out error %g ", sections, report.held_out_after);
    CU_ASSERT_TRUE(report.accepted);
    rotor_open(&pupil->rotor);
    for (size_t k = 0; k < SIZE; k++) {
        pupil->x[k] = pupil->rotor.frame.x[k];
        pupil->v[k] = pupil->rotor.frame.v[k] + 0.5 * pupil->rotor.kick[k];
    }
}

static void dismiss(struct pupil *pupil)
{
    hm_predictor_destroy(&pupil->predictor);
    rotor_destroy(&pupil->rotor);
}

/* Another one that knows the same. */
static void copy(const struct pupil *pupil, struct hm_predictor *twin)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    rotor_predictor(&pupil->rotor, twin);
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
    CU_ASSERT_TRUE(worst <= 1e-8 && moved > 0.05);
    dismiss(&pupil);
    dismiss(&plain);
}

static void test_solutions(void)
{
    for (size_t g = 0; g < sizeof guesses / sizeof *guesses; g++) compare(guesses[g]);
}

/* ---- history ---- */

static const char *const with_history[] = {
    "mode: pure, stride: 3, guess: extrapolation",
    "mode: pure, stride: 6, guess: linear",
    "mode: pure, stride: 6, guess: lstm, history: 3",
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

/* Saved where a round ended, it goes on as if nothing had been; one without that history takes longer. */
static void check_resumed(struct class *class)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    double x[SIZE], v[SIZE], y[SIZE], w[SIZE];
    memcpy(x, class->x, sizeof x);
    memcpy(v, class->v, sizeof v);
    memcpy(y, class->x, sizeof y);
    memcpy(w, class->v, sizeof w);
    const int without = advance_all(&class->twin, 10, x, v);
    hm_predictor_save(&class->kept, &archive);
    HM_ASSERT_OK(hm_predictor_load(&class->twin, &archive));
    CU_ASSERT_TRUE(advance_all(&class->twin, 10, y, w) < without);
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
        char sections[256], form[256];
        struct rotor rotor;
        struct hm_predictor predictor;
        snprintf(sections, sizeof sections, "predictor: {type: action, %s}", asked[k].keys);
        rotor_create(&rotor, sections, ROTOR_MORSE, 1);
        rotor_predictor(&rotor, &predictor);
        predictor.ops->describe(predictor.self, form, sizeof form);
        CU_ASSERT_PTR_NOT_NULL(strstr(form, asked[k].guess));
        hm_predictor_destroy(&predictor);
        rotor_destroy(&rotor);
    }
}

/* ---- what is refused ---- */

static void test_refused(void)
{
    static const struct {
        const char *keys, *complaint;
    } bad[] = {
        {"mode: composed, guess: surrogate", "is for pure strides"},
        {"mode: composed, guess: base", "is for pure strides"},
        {"mode: composed, guess: direct", "is for pure strides"},
        {"mode: composed, base: {type: linear}", "lead through a field"},
        {"mode: pure, guess: base, base: {type: linear}", "lead through a field"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        char sections[256];
        struct rotor rotor;
        struct hm_predictor predictor;
        snprintf(sections, sizeof sections, "predictor: {type: action, %s}", bad[k].keys);
        rotor_create(&rotor, sections, ROTOR_MORSE, 1);
        const struct hm_predictor_setup setup = {.config = rotor.config, .representation = rotor.representation};
        CU_ASSERT_EQUAL(hm_predictor_create(&setup, &predictor), HM_BAD_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), bad[k].complaint));
        rotor_destroy(&rotor);
    }
}

/* A base that is not lent is missed by the name of its own key. */
static void test_no_cheaper_one(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    rotor_create(&rotor, "predictor: {type: action, base: {type: hamiltonian}}", ROTOR_MORSE, 1);
    rotor.representation->cheap = (struct hm_cheap_force){0};
    const struct hm_predictor_setup setup = {.config = rotor.config, .representation = rotor.representation};
    CU_ASSERT_EQUAL(hm_predictor_create(&setup, &predictor), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "predictor: {hamiltonian: {type: ...}}"));
    rotor_destroy(&rotor);
}

/* Of another guess with the same number of parameters, none. */
static void test_another_guess(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct rotor rotor, other;
    struct hm_predictor saved, loaded;
    rotor_create(&rotor, "predictor: {type: action, mode: pure, guess: none}", ROTOR_MORSE, 1);
    rotor_create(&other, "predictor: {type: action, mode: pure, guess: extrapolation}", ROTOR_MORSE, 1);
    rotor_predictor(&rotor, &saved);
    rotor_predictor(&other, &loaded);
    hm_predictor_save(&saved, &archive);
    CU_ASSERT_EQUAL(hm_predictor_load(&loaded, &archive), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "'none'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "'extrapolation'"));
    hm_archive_release(&archive);
    hm_predictor_destroy(&saved);
    hm_predictor_destroy(&loaded);
    rotor_destroy(&rotor);
    rotor_destroy(&other);
}

static const struct hm_test tests[] = {
    {"strides end where they do without, in fewer iterations", test_solutions},
    {"the history is that of the strides that count", test_history},
    {"what auto is", test_automatic},
    {"guesses that do not go with the mode", test_refused},
    {"a base that is not there", test_no_cheaper_one},
    {"the history of another guess", test_another_guess},
};

HM_TEST_MAIN("predictors/action_guess", tests)
