/* The committee: mean, spread and signals against numbers worked out by hand, parameters in and out. */
#include "predictors/committee.h"
#include "tests/predictors/rotor.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 3, DOUBLES_MAX = 2 * 6 + 3 * 6 };

/* ---- members that say what they are told ---- */

struct puppet {
    double motion, base, extremeness;
    bool has_base;
    size_t looked_back, primed;
};

static size_t puppet_history(const void *self)
{
    (void)self;
    return 7;
}

static size_t puppet_reseed_steps(const void *self)
{
    (void)self;
    return 5;
}

static void puppet_look_back(void *self, size_t steps)
{
    struct puppet *puppet = self;
    puppet->looked_back = steps;
}

static void puppet_prime(void *self, const struct hm_window *window)
{
    (void)window;
    struct puppet *puppet = self;
    puppet->primed++;
}

static void puppet_predict(void *self, const struct hm_window *window, struct hm_prediction *prediction)
{
    (void)window;
    const struct puppet *puppet = self;
    prediction->motion[0] = puppet->motion;
    prediction->extremeness = puppet->extremeness;
    if (!puppet->has_base) return;
    prediction->base[0] = puppet->base;
    prediction->has_base = true;
}

static const struct hm_predictor_ops puppet_ops = {
    .method = {"puppet", "says what it is told"},
    .history = puppet_history,
    .reseed_steps = puppet_reseed_steps,
    .look_back = puppet_look_back,
    .predict = puppet_predict,
    .prime = puppet_prime,
};

/* A committee put together from members at hand. */
struct assembly {
    struct hm_predictor member[MEMBERS];
    bool taught[MEMBERS];
    double scratch[DOUBLES_MAX];
    struct hm_prediction said[MEMBERS];
    struct hm_committee committee;
};

static void assemble(const struct rotor *rotor, size_t count, struct assembly *a)
{
    memset(a->taught, 0, sizeof a->taught);
    a->committee = (struct hm_committee){.count = count, .member = a->member, .taught = a->taught};
    a->committee.motion = a->scratch;
    a->committee.base = a->committee.motion + count * rotor->window->nchannel;
    a->committee.kick = a->committee.base + count * rotor->window->nchannel;
    a->committee.mean = a->committee.kick + 6;
    a->committee.spread = a->committee.mean + 6;
    a->committee.said = a->said;
    for (size_t m = 0; m < count; m++)
        a->said[m] = (struct hm_prediction){.motion = &a->committee.motion[m * rotor->window->nchannel],
                                            .base = &a->committee.base[m * rotor->window->nchannel]};
}

static void assemble_puppets(const struct rotor *rotor, size_t count, struct puppet *puppet, struct assembly *a)
{
    for (size_t m = 0; m < count; m++) a->member[m] = (struct hm_predictor){&puppet_ops, &puppet[m]};
    assemble(rotor, count, a);
}

/* rms over six components of the kick of a unit impulse: (1/m_1^2 + 1/m_2^2) / 6 under the root. */
static double rms_of_unit_impulse(const struct rotor *rotor)
{
    const double a = 1 / rotor->frame.mass[0], b = 1 / rotor->frame.mass[1];
    return sqrt((a * a + b * b) / 6);
}

/* Impulses 1, 2 and 6: mean 3, sample variance (4 + 1 + 9) / 2 = 7. */
static void test_mean_and_spread(void)
{
    struct puppet puppet[MEMBERS] = {{.motion = 1}, {.motion = 2}, {.motion = 6, .extremeness = 1.5}};
    const double kick_rms = 0.25;
    struct rotor rotor;
    struct assembly a;
    struct hm_signals signals = {-1, -1, -1, true};
    double kick[6], d[3], r = 0;
    rotor_create(&rotor, "", ROTOR_SPRING, 1);
    rotor_open(&rotor);
    for (size_t k = 0; k < 3; k++) d[k] = rotor.frame.x[k] - rotor.frame.x[3 + k];
    for (size_t k = 0; k < 3; k++) r = hypot(r, d[k]);
    assemble_puppets(&rotor, MEMBERS, puppet, &a);
    for (int twice = 0; twice < 2; twice++) { /* nothing is left over from the first time */
        hm_committee_kick(&a.committee, rotor.window, kick_rms, kick, &signals);
        for (size_t k = 0; k < 3; k++) {
            HM_ASSERT_NEAR(kick[k], 3 / rotor.frame.mass[0] * d[k] / r, 1e-17);
            HM_ASSERT_NEAR(kick[3 + k], -3 / rotor.frame.mass[1] * d[k] / r, 1e-17);
        }
        HM_ASSERT_NEAR(signals.committee, sqrt(7) * rms_of_unit_impulse(&rotor) / kick_rms, 1e-15);
        CU_ASSERT_TRUE(isnan(signals.base_difference));
        CU_ASSERT_EQUAL(signals.extremeness, 1.5);
    }
    rotor_destroy(&rotor);
}

static void test_base_difference(void)
{
    struct puppet puppet[MEMBERS] = {{.motion = 1}, {.motion = 2}, {.motion = 6}};
    const double kick_rms = 0.5;
    struct rotor rotor;
    struct assembly a;
    struct hm_signals signals;
    double kick[6];
    rotor_create(&rotor, "", ROTOR_SPRING, 1);
    rotor_open(&rotor);
    for (size_t m = 0; m < MEMBERS; m++) {
        puppet[m].has_base = true;
        puppet[m].base = 5; /* the mean of the members is 3 */
    }
    assemble_puppets(&rotor, MEMBERS, puppet, &a);
    hm_committee_kick(&a.committee, rotor.window, kick_rms, kick, &signals);
    HM_ASSERT_NEAR(signals.base_difference, 2 * rms_of_unit_impulse(&rotor) / kick_rms, 1e-15);
    puppet[0].motion = puppet[1].motion = puppet[2].motion = 5;
    hm_committee_kick(&a.committee, rotor.window, kick_rms, kick, &signals);
    HM_ASSERT_NEAR(signals.base_difference, 0, 1e-15);
    HM_ASSERT_NEAR(signals.committee, 0, 1e-15);
    rotor_destroy(&rotor);
}

static void test_one_member_has_no_spread(void)
{
    struct puppet puppet = {.motion = 4, .extremeness = NAN};
    struct rotor rotor;
    struct assembly a;
    struct hm_signals signals;
    double kick[6], decoded[6];
    rotor_create(&rotor, "", ROTOR_SPRING, 1);
    rotor_open(&rotor);
    assemble_puppets(&rotor, 1, &puppet, &a);
    hm_committee_kick(&a.committee, rotor.window, 1, kick, &signals);
    hm_representation_decode(rotor.representation, &rotor.frame, rotor.frame.v, &puppet.motion, decoded);
    CU_ASSERT_EQUAL(memcmp(kick, decoded, sizeof kick), 0); /* the mean of one is that one, to the bit */
    CU_ASSERT_TRUE(isnan(signals.committee) && isnan(signals.base_difference) && isnan(signals.extremeness));
    rotor_destroy(&rotor);
}

static void test_every_member_is_told(void)
{
    struct puppet puppet[MEMBERS] = {{0}};
    struct rotor rotor;
    struct assembly a;
    rotor_create(&rotor, "", ROTOR_SPRING, 1);
    assemble_puppets(&rotor, MEMBERS, puppet, &a);
    CU_ASSERT_EQUAL(hm_committee_history(&a.committee), 7);
    CU_ASSERT_EQUAL(hm_committee_reseed_steps(&a.committee), 5);
    CU_ASSERT_TRUE(hm_committee_ready(&a.committee)); /* it learns nothing */
    CU_ASSERT_FALSE(hm_committee_learns(&a.committee));
    hm_committee_look_back(&a.committee, 9);
    hm_committee_prime(&a.committee, rotor.window);
    for (size_t m = 0; m < MEMBERS; m++) CU_ASSERT_TRUE(puppet[m].looked_back == 9 && puppet[m].primed == 1);
    rotor_destroy(&rotor);
}

/* ---- members that learn ---- */

static const char *const SHORT_LAW = "predictor: {type: linear, inputs: [coordinate], degree: 2}";

/* Each member from other rows of a bond that no parabola fits. */
static void train_members(struct rotor *rotor, size_t count, struct assembly *a)
{
    rotor_create(rotor, SHORT_LAW, ROTOR_MORSE, 1);
    rotor_record(rotor, 2000);
    for (size_t m = 0; m < count; m++) {
        rotor_member(rotor, 1, m, &a->member[m]);
        CU_ASSERT_TRUE(rotor_train(rotor, &a->member[m], 300 * m, 260).accepted);
    }
    assemble(rotor, count, a);
}

static void destroy_members(struct rotor *rotor, struct assembly *a)
{
    for (size_t m = 0; m < a->committee.count; m++) hm_predictor_destroy(&a->member[m]);
    rotor_destroy(rotor);
}

static void test_members_that_learned_differently(void)
{
    struct rotor rotor;
    struct assembly a;
    train_members(&rotor, MEMBERS, &a);
    for (int step = 0; step < 100; step++) {
        double kick[6], spread = 0, mean[6] = {0};
        struct rotor_guess guess[MEMBERS];
        struct hm_signals signals;
        rotor_open(&rotor);
        for (size_t m = 0; m < MEMBERS; m++) {
            guess[m] = rotor_predict(&rotor, &a.member[m]);
            for (size_t k = 0; k < 6; k++) mean[k] += guess[m].kick[k] / MEMBERS;
        }
        for (size_t m = 0; m < MEMBERS; m++)
            for (size_t k = 0; k < 6; k++)
                spread += (guess[m].kick[k] - mean[k]) * (guess[m].kick[k] - mean[k]) / (MEMBERS - 1);
        hm_committee_kick(&a.committee, rotor.window, 1e-5, kick, &signals);
        for (size_t k = 0; k < 6; k++) HM_ASSERT_NEAR(kick[k], mean[k], 1e-15 * fabs(mean[k]) + 1e-20);
        CU_ASSERT_TRUE(signals.committee > 1e-6);
        HM_ASSERT_NEAR(signals.committee, sqrt(spread / 6) / 1e-5, 1e-9 * signals.committee);
        rotor_close(&rotor, rotor.kick, true);
    }
    destroy_members(&rotor, &a);
}

/* A real committee of one, as a run makes it. */
static void create(const struct rotor *rotor, struct hm_committee *committee)
{
    HM_ASSERT_OK(hm_committee_create(rotor->config, rotor->representation, committee));
    CU_ASSERT_TRUE_FATAL(committee->count == 1);
}

static void test_adopt(void)
{
    struct rotor rotor;
    struct assembly a;
    struct hm_committee driver;
    struct hm_signals signals;
    size_t bytes;
    double kick[6];
    train_members(&rotor, 1, &a);
    create(&rotor, &driver);
    const void *parameters = a.member[0].ops->parameters(a.member[0].self, &bytes);
    CU_ASSERT_FALSE(hm_committee_ready(&driver));
    CU_ASSERT_EQUAL(hm_committee_adopt(&driver, 0, parameters, bytes - 8), HM_BAD_INPUT);
    char expected[128];
    snprintf(expected, sizeof expected, "weights of %zu bytes, this predictor has %zu", bytes - 8, bytes);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), expected);
    CU_ASSERT_EQUAL(hm_committee_adopt(&driver, 1, parameters, bytes), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "member 1"));
    CU_ASSERT_FALSE(hm_committee_ready(&driver)); /* what was refused is not used */

    HM_ASSERT_OK(hm_committee_adopt(&driver, 0, parameters, bytes));
    CU_ASSERT_TRUE(hm_committee_ready(&driver));
    rotor_open(&rotor);
    hm_committee_kick(&driver, rotor.window, 1, kick, &signals);
    const struct rotor_guess guess = rotor_predict(&rotor, &a.member[0]);
    CU_ASSERT_EQUAL(memcmp(kick, guess.kick, sizeof kick), 0);
    CU_ASSERT_EQUAL(signals.extremeness, guess.extremeness);
    hm_committee_destroy(&driver);
    destroy_members(&rotor, &a);
}

/* Only when every member has parameters can the committee speak, whichever is the last. */
static void test_ready_when_all_are_taught(void)
{
    struct rotor rotor;
    struct assembly a;
    size_t bytes;
    train_members(&rotor, MEMBERS, &a);
    const void *parameters = a.member[0].ops->parameters(a.member[0].self, &bytes);
    for (size_t last = 0; last < MEMBERS; last++) {
        memset(a.taught, 0, sizeof a.taught);
        for (size_t m = 0; m < MEMBERS; m++)
            if (m != last) HM_ASSERT_OK(hm_committee_adopt(&a.committee, m, parameters, bytes));
        CU_ASSERT_FALSE(hm_committee_ready(&a.committee));
        HM_ASSERT_OK(hm_committee_adopt(&a.committee, last, parameters, bytes));
        CU_ASSERT_TRUE(hm_committee_ready(&a.committee));
    }
    destroy_members(&rotor, &a);
}

static void test_save_and_load(void)
{
    struct rotor rotor;
    struct assembly kept, restored;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_signals signals[2];
    double kick[2][6];
    train_members(&rotor, MEMBERS, &kept);
    for (size_t m = 0; m < MEMBERS; m++) rotor_member(&rotor, 1, m, &restored.member[m]);
    assemble(&rotor, MEMBERS, &restored);
    kept.taught[0] = kept.taught[2] = true;
    hm_committee_save(&kept.committee, &archive);
    HM_ASSERT_OK(archive.status);
    HM_ASSERT_OK(hm_committee_load(&restored.committee, &archive));
    CU_ASSERT_EQUAL(archive.cursor, archive.size);
    CU_ASSERT_TRUE(restored.taught[0] && !restored.taught[1] && restored.taught[2]);
    rotor_open(&rotor);
    hm_committee_kick(&kept.committee, rotor.window, 1, kick[0], &signals[0]);
    hm_committee_kick(&restored.committee, rotor.window, 1, kick[1], &signals[1]);
    CU_ASSERT_EQUAL(memcmp(kick[0], kick[1], sizeof kick[0]), 0);
    CU_ASSERT_EQUAL(signals[0].committee, signals[1].committee);

    for (size_t size = 0; size < archive.size; size += 1 + size / 9) {
        struct hm_archive cut = hm_archive_view(archive.bytes, size);
        CU_ASSERT_EQUAL(hm_committee_load(&restored.committee, &cut), HM_BAD_INPUT);
    }
    struct hm_committee alone;
    create(&rotor, &alone);
    struct hm_archive view = hm_archive_view(archive.bytes, archive.size);
    CU_ASSERT_EQUAL(hm_committee_load(&alone, &view), HM_BAD_INPUT);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "the saved committee has 3 members, this run's 1");
    hm_committee_destroy(&alone);
    hm_archive_release(&archive);
    for (size_t m = 0; m < MEMBERS; m++) hm_predictor_destroy(&restored.member[m]);
    destroy_members(&rotor, &kept);
}

/* ---- networks ---- */

/* What a run does: members of one seed learn the same rows apart, the driver's copies adopt what they came to. */
static void test_networks(void)
{
    static const char *const sections = "predictor: {type: lstm, layers: 1, hidden: 4, history: 6, committee: 3}";
    const double kick_rms = 1e-5;
    struct rotor rotor;
    struct hm_predictor pupil[MEMBERS];
    struct hm_committee driver;
    double smallest_spread = INFINITY;
    rotor_create(&rotor, sections, ROTOR_MORSE, rotor_length(sections));
    rotor_record(&rotor, 800 + rotor.window->length);
    HM_ASSERT_OK(hm_committee_create(rotor.config, rotor.representation, &driver));
    CU_ASSERT_TRUE_FATAL(driver.count == MEMBERS);
    for (size_t m = 0; m < MEMBERS; m++) {
        size_t bytes;
        rotor_member(&rotor, 1, m, &pupil[m]);
        CU_ASSERT_TRUE(rotor_train(&rotor, &pupil[m], 0, 800).accepted);
        const void *parameters = pupil[m].ops->parameters(pupil[m].self, &bytes);
        HM_ASSERT_OK(hm_committee_adopt(&driver, m, parameters, bytes));
    }
    CU_ASSERT_TRUE(hm_committee_ready(&driver));
    for (int step = 0; step < 50; step++) {
        double kick[6], mean[6] = {0}, spread = 0;
        struct rotor_guess guess[MEMBERS];
        struct hm_signals signals;
        rotor_open(&rotor);
        if (step == 0) hm_committee_prime(&driver, rotor.window);
        for (size_t m = 0; m < MEMBERS; m++) {
            if (step == 0) rotor_prime(&rotor, &pupil[m]);
            guess[m] = rotor_predict(&rotor, &pupil[m]);
            for (size_t k = 0; k < 6; k++) mean[k] += guess[m].kick[k] / MEMBERS;
        }
        for (size_t m = 0; m < MEMBERS; m++)
            for (size_t k = 0; k < 6; k++)
                spread += (guess[m].kick[k] - mean[k]) * (guess[m].kick[k] - mean[k]) / (MEMBERS - 1);
        hm_committee_kick(&driver, rotor.window, kick_rms, kick, &signals);
        for (size_t k = 0; k < 6; k++) HM_ASSERT_NEAR(kick[k], mean[k], 1e-14 * fabs(mean[k]) + 1e-20);
        HM_ASSERT_NEAR(signals.committee, sqrt(spread / 6) / kick_rms, 1e-9 * signals.committee);
        smallest_spread = fmin(smallest_spread, signals.committee);
        CU_ASSERT_TRUE(signals.base_difference > 0 && signals.extremeness >= 0);
        rotor_close(&rotor, rotor.kick, true);
    }
    CU_ASSERT_TRUE(smallest_spread > 1e-6);
    for (size_t m = 0; m < MEMBERS; m++) hm_predictor_destroy(&pupil[m]);
    hm_committee_destroy(&driver);
    rotor_destroy(&rotor);
}

/* ---- what a configuration may ask for ---- */

static void test_alike_members_are_refused(void)
{
    static const char *const methods[] = {"linear", "zero"};
    for (size_t i = 0; i < 2; i++) {
        char sections[128], expected[256];
        struct rotor rotor;
        struct hm_committee committee;
        size_t count = 4711;
        snprintf(sections, sizeof sections, "predictor:\n  type: %s\n  committee: 2", methods[i]);
        rotor_create(&rotor, sections, ROTOR_SPRING, 1);
        snprintf(expected, sizeof expected,
                 "rotor.yaml:5:3: the %s predictor draws no random numbers, so its 2 members would "
                 "be alike",
                 methods[i]);
        CU_ASSERT_EQUAL(hm_committee_size(rotor.config, &count), HM_BAD_CONFIG);
        CU_ASSERT_STRING_EQUAL(hm_status_message(), expected);
        CU_ASSERT_EQUAL(hm_committee_create(rotor.config, rotor.representation, &committee), HM_BAD_CONFIG);
        CU_ASSERT_TRUE(committee.member == NULL && committee.scratch == NULL);
        rotor_destroy(&rotor);
    }
}

static const struct hm_test tests[] = {
    {"mean and spread", test_mean_and_spread},
    {"base difference", test_base_difference},
    {"one member has no spread", test_one_member_has_no_spread},
    {"every member is told", test_every_member_is_told},
    {"members that learned differently", test_members_that_learned_differently},
    {"adopt", test_adopt},
    {"ready when all are taught", test_ready_when_all_are_taught},
    {"save and load", test_save_and_load},
    {"networks", test_networks},
    {"alike members are refused", test_alike_members_are_refused},
};

HM_TEST_MAIN("committee", tests)
