/* The LSTM predictor as a run meets it: it learns a rotating HCl, refuses what is no better, and goes through files. */
#include "io/weights.h"
#include "predictors/lstm_internal.h"
#include "tests/predictors/rotor.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 800, MORE = 200 };

#define SMALL "predictor: {type: lstm, layers: 1, hidden: 4, history: 4}\n"
#define ODD_INPUTS "layers: 1, hidden: 3, history: 6, representation: cartesian, inputs: [velocity]"

/* A rotor with STEPS + MORE labels behind it, and a predictor that has seen the first STEPS. */
struct school {
    struct rotor rotor;
    struct hm_predictor predictor;
    struct hm_training_report report;
};

static void school_create(struct school *s, const char *sections, enum rotor_law law)
{
    rotor_create(&s->rotor, sections, law, rotor_length(sections));
    rotor_record(&s->rotor, STEPS + MORE + s->rotor.window->length);
    rotor_predictor(&s->rotor, &s->predictor);
    s->report = rotor_train(&s->rotor, &s->predictor, 0, STEPS);
}

static void school_destroy(struct school *s)
{
    hm_predictor_destroy(&s->predictor);
    rotor_destroy(&s->rotor);
}

static const void *parameters_of(const struct hm_predictor *predictor, size_t *bytes)
{
    return predictor->ops->parameters(predictor->self, bytes);
}

static void *copy_parameters(const struct hm_predictor *predictor, size_t *bytes)
{
    const void *from = parameters_of(predictor, bytes);
    void *copy = malloc(*bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    return memcpy(copy, from, *bytes);
}

static bool has_parameters(const struct hm_predictor *predictor, const void *expected)
{
    size_t bytes;
    const void *now = parameters_of(predictor, &bytes);
    return memcmp(now, expected, bytes) == 0;
}

/* Twenty steps ahead, both say the same to the bit. */
static bool agree(struct rotor *rotor, struct hm_predictor *a, struct hm_predictor *b)
{
    bool same = true;
    for (int step = 0; step < 20; step++) {
        rotor_open(rotor);
        if (step == 0) rotor_prime(rotor, a);
        if (step == 0) rotor_prime(rotor, b);
        const struct rotor_guess from_a = rotor_predict(rotor, a), from_b = rotor_predict(rotor, b);
        same = same && rotor_same_guess(&from_a, &from_b);
        rotor_close(rotor, rotor->kick, true);
    }
    return same;
}

/* ---- learning ---- */

static void test_learns_the_force(void)
{
    static const struct {
        const char *sections;
        enum rotor_law law;
        double error;
    } rows[] = {
        {SMALL, ROTOR_SPRING, 1e-3},
        {SMALL, ROTOR_MORSE, 1e-3},
        {"predictor: {type: lstm, layers: 1, hidden: 4, history: 4, inputs: [coordinate], precision: double}\n",
         ROTOR_MORSE, 1e-3},
        {"predictor: {type: lstm, layers: 1, hidden: 4, history: 4}\ntraining: {energies: [1, 1.3]}\n", ROTOR_SPRING,
         1e-3},
        {"predictor: {type: lstm, layers: 1, hidden: 4, history: 4}\ntraining: {optimizer: adam}\n", ROTOR_SPRING,
         0.05},
        {"predictor: {type: lstm, layers: 2, hidden: 4, history: 6, inputs: [velocity]}\n", ROTOR_SPRING, 0.05},
        {"predictor: {type: lstm, " ODD_INPUTS "}\n", ROTOR_SPRING, 0.1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct school s;
        school_create(&s, rows[i].sections, rows[i].law);
        CU_ASSERT_TRUE(s.report.accepted);
        CU_ASSERT_TRUE(s.report.loss_after < s.report.loss_before);
        CU_ASSERT_TRUE(isnan(s.report.held_out_before));
        CU_ASSERT_TRUE(s.report.held_out_after < rows[i].error);
        CU_ASSERT_TRUE(rotor_error(&s.rotor, &s.predictor, 400) < rows[i].error);
        school_destroy(&s);
    }
}

/* Before 200 labels there is nothing to be said. */
static void test_needs_labels(void)
{
    struct school s;
    struct hm_predictor fresh;
    size_t bytes;
    school_create(&s, SMALL, ROTOR_SPRING);
    rotor_predictor(&s.rotor, &fresh);
    void *drawn = copy_parameters(&fresh, &bytes);
    struct hm_training_report report = rotor_train(&s.rotor, &fresh, 0, 227); /* an eighth, 28, is held out */
    CU_ASSERT_TRUE(!report.accepted && report.samples == 199 && isnan(report.held_out_after));
    CU_ASSERT_TRUE(has_parameters(&fresh, drawn));
    report = rotor_train(&s.rotor, &fresh, 300, 1);
    CU_ASSERT_TRUE(report.accepted && report.samples == 200);
    CU_ASSERT_FALSE(has_parameters(&fresh, drawn));
    free(drawn);
    hm_predictor_destroy(&fresh);
    school_destroy(&s);
}

/* Members of a committee asked at once, more than go into one call, say what each says by itself. */
static void test_members_at_once(void)
{
    enum { MEMBERS = 18, NCHANNEL = 6 };
    static const char *const sections[] = {SMALL, "predictor: {type: lstm, " ODD_INPUTS "}\n"};
    for (size_t i = 0; i < 2; i++) {
        struct school s;
        struct hm_predictor member[MEMBERS], twin[MEMBERS];
        struct hm_prediction said[MEMBERS];
        double motion[MEMBERS][NCHANNEL], base[MEMBERS][NCHANNEL];
        size_t bytes;
        school_create(&s, sections[i], ROTOR_SPRING);
        double *law = copy_parameters(&s.predictor, &bytes);
        for (size_t m = 0; m < MEMBERS; m++) {
            law[bytes / sizeof *law / 2] += 0.1; /* one of the weights: they differ */
            rotor_predictor(&s.rotor, &member[m]);
            rotor_predictor(&s.rotor, &twin[m]);
            member[m].ops->adopt(member[m].self, law);
            twin[m].ops->adopt(twin[m].self, law);
            said[m] = (struct hm_prediction){.motion = motion[m], .base = base[m]};
        }
        for (int step = 0; step < 5; step++) {
            rotor_open(&s.rotor);
            for (size_t m = 0; m < MEMBERS && step == 0; m++) {
                rotor_prime(&s.rotor, &member[m]);
                rotor_prime(&s.rotor, &twin[m]);
            }
            member[0].ops->predict_all(member, MEMBERS, s.rotor.window, said);
            for (size_t m = 0; m < MEMBERS; m++) {
                const struct rotor_guess alone = rotor_predict(&s.rotor, &twin[m]);
                const size_t size = s.rotor.window->nchannel * sizeof(double);
                CU_ASSERT_EQUAL(memcmp(motion[m], alone.motion, size), 0);
                CU_ASSERT_EQUAL(memcmp(base[m], alone.base, size), 0);
                CU_ASSERT_EQUAL(said[m].extremeness, alone.extremeness);
            }
            CU_ASSERT_NOT_EQUAL(motion[0][0], motion[MEMBERS - 1][0]);
            rotor_close(&s.rotor, s.rotor.kick, true);
        }
        for (size_t m = 0; m < MEMBERS; m++) {
            hm_predictor_destroy(&member[m]);
            hm_predictor_destroy(&twin[m]);
        }
        free(law);
        school_destroy(&s);
    }
}

/* ---- what is not worth a change ---- */

/* The law it knows: nothing is studied, nothing changes, also not the companion beside the network. */
static void test_known_labels_are_let_pass(void)
{
    static const char *const sections[] = {
        SMALL, "predictor: {type: lstm, layers: 1, hidden: 2, history: 4, base: {type: linear}, degree: 2}\n"};
    for (size_t i = 0; i < 2; i++) {
        struct school s;
        struct hm_predictor driver;
        size_t bytes;
        school_create(&s, sections[i], ROTOR_MORSE);
        void *accepted = copy_parameters(&s.predictor, &bytes);
        rotor_predictor(&s.rotor, &driver);
        driver.ops->adopt(driver.self, accepted);
        for (size_t k = 0; k < MORE; k += MORE / 4) {
            const struct hm_training_report report = rotor_train(&s.rotor, &s.predictor, STEPS + k, MORE / 4);
            CU_ASSERT_FALSE(report.accepted);
            CU_ASSERT_TRUE(isnan(report.held_out_after) && isnan(report.held_out_before)); /* not judged again */
            CU_ASSERT_TRUE(has_parameters(&s.predictor, accepted));
        }
        CU_ASSERT_TRUE(agree(&s.rotor, &s.predictor, &driver));
        free(accepted);
        hm_predictor_destroy(&driver);
        school_destroy(&s);
    }
}

/* Labels that no law explains: a candidate comes of them, is refused, and leaves no trace. */
static void test_refused_candidate(void)
{
    struct school s;
    struct hm_predictor driver;
    size_t bytes;
    school_create(&s, SMALL, ROTOR_SPRING);
    void *accepted = copy_parameters(&s.predictor, &bytes);
    for (size_t k = STEPS; k < STEPS + MORE; k++) {
        double u[2];
        hm_rng_uniform2((struct hm_rng_key){.seed = 3, .purpose = HM_RNG_TEST}, k, 0, u);
        *rotor_target(&s.rotor, k) *= 4 * u[0] - 2;
    }
    struct hm_training_report report = rotor_train(&s.rotor, &s.predictor, STEPS, MORE / 2);
    CU_ASSERT_FALSE(report.accepted);
    CU_ASSERT_TRUE(report.held_out_after > 0.5 * report.held_out_before && report.held_out_before > 0.1);
    CU_ASSERT_TRUE(has_parameters(&s.predictor, accepted));
    rotor_predictor(&s.rotor, &driver);
    driver.ops->adopt(driver.self, accepted);
    CU_ASSERT_TRUE(agree(&s.rotor, &s.predictor, &driver));
    report = rotor_train(&s.rotor, &s.predictor, STEPS + MORE / 2, MORE / 2); /* the next one is let pass */
    CU_ASSERT_TRUE(!report.accepted && isnan(report.held_out_after) && isnan(report.held_out_before));
    CU_ASSERT_TRUE(has_parameters(&s.predictor, accepted));
    free(accepted);
    hm_predictor_destroy(&driver);
    school_destroy(&s);
}

/* A stiffer bond: worth new parameters once the reservoir has forgotten the other one. */
static void test_another_law_is_learned(void)
{
    struct school s;
    size_t bytes;
    school_create(&s, SMALL "training: {reservoir: 1000}\n", ROTOR_SPRING);
    void *accepted = copy_parameters(&s.predictor, &bytes);
    rotor_record(&s.rotor, 600);
    for (size_t k = 0; k < s.rotor.nlabel; k++) *rotor_target(&s.rotor, k) *= 1.1;
    struct hm_training_report report = {0};
    for (size_t k = 0; k < 4 && !report.accepted; k++) report = rotor_train(&s.rotor, &s.predictor, 400 * k, 400);
    CU_ASSERT_TRUE(report.accepted && report.held_out_after < 0.5 * report.held_out_before);
    CU_ASSERT_TRUE(report.held_out_before > 0.05 && report.held_out_after < 1e-3);
    CU_ASSERT_FALSE(has_parameters(&s.predictor, accepted));
    free(accepted);
    school_destroy(&s);
}

/* ---- predicting ---- */

/* What runs backwards is predicted backwards, exactly, in either precision. */
static void test_odd_networks(void)
{
    static const char *const sections[] = {"predictor: {type: lstm, " ODD_INPUTS "}\n",
                                           "predictor: {type: lstm, precision: double, " ODD_INPUTS "}\n"};
    for (size_t i = 0; i < 2; i++) {
        struct school s;
        school_create(&s, sections[i], ROTOR_MORSE);
        const struct hm_window *window = s.rotor.window;
        rotor_open(&s.rotor);
        rotor_prime(&s.rotor, &s.predictor);
        const struct rotor_guess forth = rotor_predict(&s.rotor, &s.predictor);
        for (size_t k = 0; k < window->end * window->nchannel; k++) window->motion[k] = -window->motion[k];
        rotor_prime(&s.rotor, &s.predictor);
        const struct rotor_guess back = rotor_predict(&s.rotor, &s.predictor);
        for (size_t c = 0; c < 6; c++) {
            CU_ASSERT_EQUAL(back.motion[c], -forth.motion[c]);
            CU_ASSERT_TRUE(forth.motion[c] != 0);
        }
        school_destroy(&s);
    }
}

/* A distance of the coordinates from what was learned, in standard deviations; what the linear companion says. */
static void test_signals(void)
{
    struct school s;
    school_create(&s, SMALL, ROTOR_SPRING);
    const struct hm_lstm_scale *scale = hm_lstm_scales(s.predictor.self);
    rotor_open(&s.rotor);
    rotor_prime(&s.rotor, &s.predictor);
    struct rotor_guess guess = rotor_predict(&s.rotor, &s.predictor);
    CU_ASSERT_TRUE(guess.has_base && guess.extremeness < 2);
    CU_ASSERT_TRUE(fabs(guess.base[0] - guess.motion[0]) < 0.01 * scale->motion_sigma);
    double *now = &s.rotor.window->coordinate[s.rotor.window->end * s.rotor.window->nchannel];
    now[0] = scale->coordinate_mean - 7 * scale->coordinate_sigma;
    guess = rotor_predict(&s.rotor, &s.predictor);
    HM_ASSERT_NEAR(guess.extremeness, 7, 1e-12);
    school_destroy(&s);
}

/* ---- files ---- */

/* Through a file of weights into predictors that never learned. */
static void test_weights_in_a_file(void)
{
    enum { MEMBERS = 2 };
    struct school s;
    struct hm_predictor member[MEMBERS];
    struct hm_weights written = {0}, read = {0};
    char form[256];
    school_create(&s, SMALL, ROTOR_SPRING);
    for (size_t m = 0; m < MEMBERS; m++) {
        size_t bytes;
        rotor_member(&s.rotor, 1, m, &member[m]);
        CU_ASSERT_TRUE(rotor_train(&s.rotor, &member[m], 0, 400).accepted);
        const void *from = parameters_of(&member[m], &bytes);
        member[m].ops->describe(member[m].self, form, sizeof form);
        HM_ASSERT_OK(hm_weights_set(&written, m, (int32_t)m + 1, form, from, bytes));
    }
    CU_ASSERT_NOT_EQUAL(memcmp(written.of[0].bytes, written.of[1].bytes, written.of[0].size), 0);
    HM_ASSERT_OK(hm_weights_write("weights.h5", true, &written, NULL));
    HM_ASSERT_OK(hm_weights_read("weights.h5", &read));
    CU_ASSERT_EQUAL_FATAL(read.count, MEMBERS);
    for (size_t m = 0; m < MEMBERS; m++) {
        struct hm_predictor fresh;
        size_t bytes;
        rotor_member(&s.rotor, 7, 5, &fresh); /* of another seed */
        parameters_of(&fresh, &bytes);
        CU_ASSERT_EQUAL_FATAL(read.of[m].size, bytes);
        CU_ASSERT_STRING_EQUAL(read.of[m].form, form);
        fresh.ops->adopt(fresh.self, read.of[m].bytes);
        CU_ASSERT_TRUE(has_parameters(&fresh, written.of[m].bytes));
        CU_ASSERT_TRUE(agree(&s.rotor, &fresh, &member[m]));
        hm_predictor_destroy(&fresh);
    }
    for (size_t m = 0; m < MEMBERS; m++) hm_predictor_destroy(&member[m]);
    hm_weights_release(&written);
    hm_weights_release(&read);
    school_destroy(&s);
}

static const struct hm_test tests[] = {
    {"learns the force", test_learns_the_force},
    {"members at once", test_members_at_once},
    {"needs labels", test_needs_labels},
    {"known labels are let pass", test_known_labels_are_let_pass},
    {"a refused candidate", test_refused_candidate},
    {"another law is learned", test_another_law_is_learned},
    {"odd networks", test_odd_networks},
    {"signals", test_signals},
    {"weights in a file", test_weights_in_a_file},
};

HM_TEST_MAIN("LSTM predictor", tests)
