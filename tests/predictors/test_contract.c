/* What every registered predictor must satisfy, on a rotating HCl with a Morse bond.
 *
 * Each line of `entries` is one configuration of a method; a registered method without a line fails the suite.
 */
#include "tests/predictors/rotor.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 1200, PREDICTIONS = 50 };

/* How much a configuration is worth whose training takes a second. */
enum effort {
    THOROUGH,
    SLOW,    // parts that repeat themselves do so less often
    BRIEF,   // and only those parts where it differs from other entries of the method
    SETTLING // only the part on an automatic history: the longest takes a while to learn
};

struct entry {
    const char *name;
    const char *sections; // of the configuration
    double error;         // kick error of the trained predictor relative to the rms kick; of `zero`, exactly 1
    enum effort effort;
};

static const struct entry entries[] = {
    {"zero", "predictor: {type: zero}", 1, THOROUGH},
    {"zero", "predictor: {type: zero, representation: cartesian}", 1, THOROUGH},
    {"hamiltonian", "predictor: {type: hamiltonian}", 0.5, THOROUGH},
    {"linear", "predictor: {type: linear}", 1e-11, THOROUGH},
    {"linear", "predictor: {type: linear, inputs: [coordinate]}", 1e-11, THOROUGH},
    {"linear", "predictor: {type: linear}\ntraining: {reservoir: 56}", 1e-11, THOROUGH}, /* 7 rows held out */
    {"linear", "predictor: {type: linear, inputs: [velocity]}", 1e-9, THOROUGH},
    {"linear", "predictor: {type: linear, representation: cartesian, inputs: [velocity], history: 16}", 1e-6, THOROUGH},
    {"linear", "predictor: {type: linear, representation: cartesian}", 1e-7, THOROUGH},
    {"surrogate", "predictor: {type: surrogate}", 2e-6, THOROUGH},
    {"surrogate", "predictor: {type: surrogate, base: {type: hamiltonian}, basis: distances}", 1e-5, THOROUGH},
    {"surrogate", "predictor: {type: surrogate, degree: 2}", 0.3, THOROUGH},
    {"lstm", "predictor: {type: lstm, layers: 1, hidden: 4, history: 6}", 0.2, SLOW},
    {"lstm", "predictor: {type: lstm, layers: 2, hidden: 2, history: 4, inputs: [velocity], precision: double}", 0.5,
     BRIEF},
    {"lstm",
     "predictor: {type: lstm, layers: 1, hidden: 2, history: 12, representation: cartesian, base: {type: linear}}",
     1e-6, BRIEF},
    {"lstm", "predictor: {type: lstm, layers: 1, hidden: 2}", 1, SETTLING},
    {"lstm", "predictor: {type: lstm, hidden: 8, base: {type: hamiltonian}}", 1e-4, SLOW},
    {"lstm", "predictor: {type: lstm, hidden: 4, history: 3, base: {type: hamiltonian}}", 0.05, BRIEF},
    {"action",
     "predictor: {type: action, mode: pure, stride: 4, hidden: 8, pairs: 300}\ntraining: {epochs: 100, polish: 400}",
     0.02, SLOW},
    {"action",
     "predictor: {type: action, stride: 8, hidden: 6, pairs: 300, base: {type: hamiltonian}}\ntraining: {epochs: 100, "
     "polish: 200}",
     0.02, BRIEF},
    {"action",
     "predictor: {type: action, mode: pure, stride: 4, hidden: 6, pairs: 300, max_error: 0.05, guess: base}\n"
     "training: {epochs: 100, polish: 200}",
     0.05, BRIEF},
    {"action",
     "predictor: {type: action, mode: pure, stride: 4, hidden: 6, pairs: 300, max_error: 0.05, guess: lstm, history: 2}\n"
     "training: {epochs: 100, polish: 200}",
     0.05, BRIEF},
    {"action",
     "predictor: {type: action, mode: direct, stride: 4, hidden: 6, pairs: 300, max_error: 0.05}\n"
     "training: {epochs: 50, polish: 300}",
     0.2, BRIEF},
    {"lstm", "predictor: {type: lstm, hidden: 8, base: {type: surrogate}, degree: 2}", 1e-3, BRIEF},
};

/* An assertion that says which configuration broke it. */
static void check(bool holds, const struct entry *entry, const char *what)
{
    if (!holds) printf("\n      %s: %s ", entry->sections, what);
    CU_ASSERT_TRUE(holds);
}

static void test_every_method_has_an_entry(void)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) CU_ASSERT_TRUE(entries[i].error <= 1);
    const struct hm_predictor_ops *ops;
    size_t count = 0;
    for (; (ops = hm_predictor_registered(count)); count++) {
        size_t lines = 0;
        for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
            lines += !strcmp(entries[i].name, ops->method.name);
        if (!lines) printf("\n      no contract entry for '%s' ", ops->method.name);
        CU_ASSERT_TRUE(lines > 0);
        CU_ASSERT_TRUE(ops->method.summary && ops->method.summary[0]);
        CU_ASSERT_TRUE(ops->create && ops->destroy);
        CU_ASSERT_TRUE((ops->predict != NULL) != (ops->advance != NULL));
        CU_ASSERT_EQUAL(ops->advance != NULL, ops->stride != NULL);
        const bool learns = ops->train != NULL;
        CU_ASSERT_TRUE((ops->parameters != NULL) == learns && (ops->adopt != NULL) == learns);
        CU_ASSERT_EQUAL(ops->describe != NULL, learns);
        CU_ASSERT_TRUE(learns || (!ops->members_differ && !ops->look_back));
        CU_ASSERT_EQUAL(ops->save == NULL, ops->load == NULL);
        for (size_t other = 0; other < count; other++)
            CU_ASSERT_STRING_NOT_EQUAL(hm_predictor_registered(other)->method.name, ops->method.name);
    }
    CU_ASSERT_TRUE(count >= 2);
}

static void test_unknown_method_is_refused_with_the_names(void)
{
    const struct hm_predictor_ops *ops = NULL;
    struct hm_config *config;
    static const char text[] = "hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\n"
                               "predictor: {type: linar}\n";
    HM_ASSERT_OK(hm_config_parse(text, "run.yaml", NULL, 0, &config));
    CU_ASSERT_EQUAL(hm_predictor_find(config, &ops), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "run.yaml:3:13: "));
    for (size_t i = 0; (ops = hm_predictor_registered(i)); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), ops->method.name));
    hm_config_destroy(&config);
}

/* ---- the contract ---- */

typedef void contract(const struct entry *entry, struct rotor *rotor);

/* Each part gets a rotor with STEPS labels behind it. */
static void for_each(contract *part, enum effort most)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (entries[i].effort > most) continue;
        struct rotor rotor;
        const size_t length = rotor_length(entries[i].sections);
        rotor_create(&rotor, entries[i].sections, ROTOR_MORSE, length);
        rotor_record(&rotor, STEPS + rotor.window->length);
        CU_ASSERT_EQUAL(rotor.nlabel, STEPS);
        part(&entries[i], &rotor);
        rotor_destroy(&rotor);
    }
}

/* Both predict the same open windows; true if all they say is the same bits. */
static bool agree_from(struct rotor *rotor, struct hm_predictor *a, struct hm_predictor *b, bool prime)
{
    bool same = true;
    for (int step = 0; step < PREDICTIONS; step++) {
        rotor_open(rotor);
        if (prime && step == 0) {
            rotor_prime(rotor, a);
            rotor_prime(rotor, b);
        }
        const struct rotor_guess from_a = rotor_predict(rotor, a), from_b = rotor_predict(rotor, b);
        same = same && rotor_same_guess(&from_a, &from_b);
        rotor_close(rotor, rotor->kick, true);
    }
    return same;
}

static bool agree(struct rotor *rotor, struct hm_predictor *a, struct hm_predictor *b)
{
    return agree_from(rotor, a, b, true);
}

static struct rotor *rotor_opened(struct rotor *rotor)
{
    rotor_open(rotor);
    return rotor;
}

static bool same_parameters(struct hm_predictor *a, struct hm_predictor *b)
{
    size_t bytes_a = 0, bytes_b = 0;
    if (!hm_predictor_learns(a)) return true;
    const void *pa = a->ops->parameters(a->self, &bytes_a), *pb = b->ops->parameters(b->self, &bytes_b);
    return bytes_a > 0 && bytes_a == bytes_b && memcmp(pa, pb, bytes_a) == 0;
}

static void learning_part(const struct entry *entry, struct rotor *rotor)
{
    struct hm_predictor predictor;
    rotor_predictor(rotor, &predictor);
    const struct hm_training_report report = rotor_train(rotor, &predictor, 0, STEPS);
    if (hm_predictor_learns(&predictor)) {
        check(report.accepted, entry, "the first fit is accepted");
        check(report.samples > 0 && report.held_out_after >= 0, entry, "the report of a fit");
    }
    const double error = rotor_error(rotor, &predictor, 500);
    check(error <= entry->error + 1e-12, entry, "one-step error");
    check(entry->error < 1 || error >= 1 - 1e-12, entry, "no force is no better than that");
    hm_predictor_destroy(&predictor);
    CU_ASSERT_PTR_NULL(predictor.self);
}

static void determinism_part(const struct entry *entry, struct rotor *rotor)
{
    struct hm_predictor first, second;
    rotor_predictor(rotor, &first);
    rotor_predictor(rotor, &second);
    check(same_parameters(&first, &second), entry, "the same seed gives the same start");
    for (size_t k = 0; k < STEPS; k += STEPS / 3) {
        const struct hm_training_report a = rotor_train(rotor, &first, k, STEPS / 3),
                                        b = rotor_train(rotor, &second, k, STEPS / 3);
        check(a.accepted == b.accepted && a.samples == b.samples, entry, "the same report");
        check(same_parameters(&first, &second), entry, "the same samples give the same parameters");
    }
    check(agree(rotor, &first, &second), entry, "two instances agree to the bit");
    hm_predictor_destroy(&first);
    hm_predictor_destroy(&second);
}

static void history_part(const struct entry *entry, struct rotor *rotor)
{
    struct hm_predictor predictor;
    rotor_predictor(rotor, &predictor);
    const size_t history = hm_predictor_history(&predictor), reseed = hm_predictor_reseed_steps(&predictor);
    check(history <= 512, entry, "history within the schema's range");
    check(reseed >= 1 && reseed <= history + 1, entry, "1 <= reseed_steps <= history + 1");
    rotor_train(rotor, &predictor, 0, STEPS);
    check(hm_predictor_history(&predictor) == history && hm_predictor_reseed_steps(&predictor) == reseed, entry,
          "training changes neither history nor reseed_steps");

    /* What lies further behind than history() is not looked at, and the past is all that recurrent state comes from. */
    rotor_open(rotor);
    rotor_prime(rotor, &predictor);
    const struct rotor_guess guess = rotor_predict(rotor, &predictor);
    const size_t kept = rotor->window->end - history, nchannel = rotor->window->nchannel;
    for (size_t k = 0; k < kept * nchannel; k++) rotor->window->motion[k] = rotor->window->coordinate[k] = NAN;
    rotor_prime(rotor, &predictor);
    const struct rotor_guess again = rotor_predict(rotor, &predictor);
    check(rotor_same_guess(&guess, &again), entry, "no step beyond history() matters");
    hm_predictor_destroy(&predictor);
}

/* The driver's copy gets nothing but the parameters. */
static void parameters_part(const struct entry *entry, struct rotor *rotor)
{
    struct hm_predictor trainer, driver;
    rotor_predictor(rotor, &trainer);
    rotor_predictor(rotor, &driver);
    rotor_train(rotor, &trainer, 0, STEPS);
    if (hm_predictor_learns(&trainer)) {
        size_t bytes = 0, room = 0;
        check(!same_parameters(&trainer, &driver), entry, "training changed the parameters");
        const void *from = trainer.ops->parameters(trainer.self, &bytes);
        driver.ops->parameters(driver.self, &room);
        check(bytes == room, entry, "parameters of one size");
        if (bytes == room) driver.ops->adopt(driver.self, from);
        check(same_parameters(&trainer, &driver), entry, "adopted parameters");
    }
    check(agree(rotor, &trainer, &driver), entry, "parameters are all that a prediction needs");
    check(same_parameters(&trainer, &driver), entry, "predicting does not change parameters");
    hm_predictor_destroy(&trainer);
    hm_predictor_destroy(&driver);
}

/* Members of a committee differ, or are alike, as their method says; so do seeds. */
static void members_part(const struct entry *entry, struct rotor *rotor)
{
    static const struct {
        uint64_t seed;
        size_t member;
    } others[] = {{1, 1}, {2, 0}, {1, 2}};
    struct hm_predictor first;
    rotor_predictor(rotor, &first);
    rotor_train(rotor, &first, 0, STEPS);
    const size_t count = entry->effort == THOROUGH ? sizeof others / sizeof *others : 2;
    for (size_t k = 0; k < count && hm_predictor_learns(&first); k++) {
        struct hm_predictor other;
        rotor_member(rotor, others[k].seed, others[k].member, &other);
        rotor_train(rotor, &other, 0, STEPS);
        check(same_parameters(&first, &other) != first.ops->members_differ, entry, "members differ as they say");
        hm_predictor_destroy(&other);
    }
    hm_predictor_destroy(&first);
}

/* The form names the shape: another history is another form, however much was learned. */
static void form_part(const struct entry *entry, struct rotor *rotor)
{
    char before[256] = "", after[256] = "";
    struct hm_predictor predictor;
    rotor_predictor(rotor, &predictor);
    if (hm_predictor_learns(&predictor)) {
        predictor.ops->describe(predictor.self, before, sizeof before);
        rotor_train(rotor, &predictor, 0, STEPS);
        predictor.ops->describe(predictor.self, after, sizeof after);
        check(before[0] != 0 && strcmp(before, after) == 0, entry, "a form, the same before and after training");
        char room[8] = "#######";
        predictor.ops->describe(predictor.self, room, 4);
        check(memcmp(room, before, 3) == 0 && room[3] == 0 && room[4] == '#', entry, "a form cut to its room");
    }
    hm_predictor_destroy(&predictor);
}

static void empty_batch_part(const struct entry *entry, struct rotor *rotor)
{
    struct hm_predictor predictor, fresh;
    rotor_predictor(rotor, &predictor);
    rotor_predictor(rotor, &fresh);
    if (hm_predictor_learns(&predictor)) {
        const struct hm_training_report report = rotor_train(rotor, &predictor, 0, 0);
        check(!report.accepted && report.samples == 0, entry, "nothing is learned from nothing");
        check(same_parameters(&predictor, &fresh), entry, "parameters as created");
    }
    hm_predictor_destroy(&predictor);
    hm_predictor_destroy(&fresh);
}

/* Saved at any time of its life, loaded into a new instance, a predictor goes on to the same bits. */
static void save_part(const struct entry *entry, struct rotor *rotor)
{
    static const size_t moments[] = {419, 50, 0, 1003};
    const size_t count = entry->effort == THOROUGH ? sizeof moments / sizeof *moments : 3 - (size_t)entry->effort;
    for (size_t m = 0; m < count; m++) {
        struct hm_archive archive = HM_ARCHIVE_EMPTY;
        struct hm_predictor kept, restored;
        rotor_predictor(rotor, &kept);
        rotor_predictor(rotor, &restored);
        rotor_train(rotor, &kept, 0, moments[m]);
        rotor_train(rotor, &restored, 500, 100 * m); /* what it knew is forgotten */
        hm_predictor_save(&kept, &archive);
        HM_ASSERT_OK(archive.status);
        HM_ASSERT_OK(hm_predictor_load(&restored, &archive));
        check(archive.cursor == archive.size, entry, "load reads all that save wrote");
        check(same_parameters(&kept, &restored), entry, "loaded parameters");

        struct hm_archive twice = HM_ARCHIVE_EMPTY;
        hm_predictor_save(&restored, &twice);
        check(twice.size == archive.size && memcmp(twice.bytes, archive.bytes, twice.size) == 0, entry,
              "a loaded predictor saves the same bytes");
        hm_archive_release(&twice);

        for (size_t k = moments[m]; k < STEPS; k += 100) {
            const size_t labels = k + 100 < STEPS ? 100 : STEPS - k;
            const struct hm_training_report a = rotor_train(rotor, &kept, k, labels),
                                            b = rotor_train(rotor, &restored, k, labels);
            check(a.accepted == b.accepted && a.samples == b.samples &&
                      memcmp(&a.held_out_after, &b.held_out_after, sizeof(double)) == 0,
                  entry, "the same report after load");
            check(same_parameters(&kept, &restored), entry, "training goes on to the same bits");
        }
        check(agree(rotor, &kept, &restored), entry, "prediction goes on to the same bits");

        /* In the middle of a prediction, where recurrent state is what was not published. */
        hm_archive_clear(&archive);
        hm_predictor_save(&kept, &archive);
        rotor_predict(rotor_opened(rotor), &restored);
        HM_ASSERT_OK(hm_predictor_load(&restored, &archive));
        check(agree_from(rotor, &kept, &restored, false), entry, "recurrent state goes on to the same bits");
        hm_archive_release(&archive);
        hm_predictor_destroy(&kept);
        hm_predictor_destroy(&restored);
    }
}

static void damaged_part(const struct entry *entry, struct rotor *rotor)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_predictor predictor;
    rotor_predictor(rotor, &predictor);
    rotor_train(rotor, &predictor, 0, 400);
    hm_predictor_save(&predictor, &archive);
    for (size_t size = 0; size < archive.size; size += 1 + size / 7) {
        struct hm_archive cut = hm_archive_view(archive.bytes, size);
        check(hm_predictor_load(&predictor, &cut) == HM_BAD_INPUT, entry, "bytes cut short are refused");
    }
    hm_archive_clear(&archive);
    hm_archive_put_tag(&archive, "PREDICT");
    hm_archive_put_text(&archive, "another");
    hm_archive_put_size(&archive, 0);
    check(hm_predictor_load(&predictor, &archive) == HM_BAD_INPUT, entry, "another method's bytes are refused");
    check(strstr(hm_status_message(), "'another'") && strstr(hm_status_message(), entry->name), entry, "by name");
    hm_archive_release(&archive);
    hm_predictor_destroy(&predictor);
}

/* What `history: auto` is settled to goes along with the parameters; a history that was asked for stays. */
static void look_back_part(const struct entry *entry, struct rotor *rotor)
{
    enum { SETTLED = 9 };
    struct hm_predictor trainer, driver;
    size_t bytes;
    rotor_predictor(rotor, &trainer);
    rotor_predictor(rotor, &driver);
    if (trainer.ops->look_back) {
        const size_t longest = hm_predictor_history(&trainer);
        trainer.ops->look_back(trainer.self, SETTLED);
        const size_t settled = hm_predictor_history(&trainer);
        const bool automatic = !strstr(entry->sections, "history:");
        check(automatic ? settled >= SETTLED && settled < longest : settled == longest, entry, "only auto is settled");
        rotor_train(rotor, &trainer, 0, STEPS);
        driver.ops->adopt(driver.self, trainer.ops->parameters(trainer.self, &bytes));
        check(hm_predictor_history(&driver) == settled, entry, "the driver's copy looks back as far");
        check(hm_predictor_reseed_steps(&driver) == hm_predictor_reseed_steps(&trainer), entry, "and reseeds");
        check(agree(rotor, &trainer, &driver), entry, "and says the same");
        trainer.ops->look_back(trainer.self, SETTLED - 2);
        check(hm_predictor_history(&trainer) == settled, entry, "once settled it stays");
    }
    hm_predictor_destroy(&trainer);
    hm_predictor_destroy(&driver);
}

static void test_look_back(void)
{
    for_each(look_back_part, SETTLING);
}
static void test_learning(void)
{
    for_each(learning_part, BRIEF);
}
static void test_determinism(void)
{
    for_each(determinism_part, SLOW);
}
static void test_history(void)
{
    for_each(history_part, SLOW);
}
static void test_parameters(void)
{
    for_each(parameters_part, BRIEF);
}
static void test_members(void)
{
    for_each(members_part, SLOW);
}
static void test_form(void)
{
    for_each(form_part, SLOW);
}
static void test_empty_batch(void)
{
    for_each(empty_batch_part, SLOW);
}
static void test_save_and_load(void)
{
    for_each(save_part, BRIEF);
}
static void test_damaged_bytes(void)
{
    for_each(damaged_part, SLOW);
}

static const struct hm_test tests[] = {
    {"every registered method has an entry here", test_every_method_has_an_entry},
    {"an unknown method is refused with the names there are", test_unknown_method_is_refused_with_the_names},
    {"learning", test_learning},
    {"determinism", test_determinism},
    {"history and reseed_steps", test_history},
    {"parameters are all a prediction needs", test_parameters},
    {"members of a committee", test_members},
    {"the form", test_form},
    {"an automatic history", test_look_back},
    {"an empty batch", test_empty_batch},
    {"save and load", test_save_and_load},
    {"damaged bytes", test_damaged_bytes},
};

HM_TEST_MAIN("predictor contract", tests)
