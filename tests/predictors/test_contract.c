/* What every registered predictor must satisfy, on a rotating HCl with a Morse bond.
 *
 * Each line of `entries` is one configuration of a method; a registered method without a line fails the suite.
 */
#include "tests/predictors/rotor.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 1200, PREDICTIONS = 50, CHANNELS_MAX = 6 };

struct entry {
    const char *name;
    const char *sections; // of the configuration
    double error;         // kick error of the trained predictor relative to the rms kick; of `zero`, exactly 1
};

static const struct entry entries[] = {
    {"zero", "predictor: {type: zero}", 1},
    {"zero", "predictor: {type: zero, representation: cartesian}", 1},
    {"linear", "predictor: {type: linear}", 1e-11},
    {"linear", "predictor: {type: linear, inputs: [coordinate]}", 1e-11},
    {"linear", "predictor: {type: linear}\ntraining: {reservoir: 56}", 1e-11}, /* 7 rows held out */
    {"linear", "predictor: {type: linear, inputs: [velocity]}", 1e-9},
    {"linear", "predictor: {type: linear, representation: cartesian, inputs: [velocity], history: 16}", 1e-6},
    {"linear", "predictor: {type: linear, representation: cartesian}", 1e-7},
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
        CU_ASSERT_TRUE(ops->create && ops->destroy && ops->history && ops->reseed_steps && ops->predict);
        CU_ASSERT_EQUAL(ops->train == NULL, ops->parameters == NULL);
        CU_ASSERT_EQUAL(ops->save == NULL, ops->load == NULL);
        for (size_t other = 0; other < count; other++)
            CU_ASSERT_STRING_NOT_EQUAL(hm_predictor_registered(other)->method.name, ops->method.name);
    }
    CU_ASSERT_TRUE(count >= 2);
}

static void test_unknown_method_is_refused_with_the_names(void)
{
    const struct hm_predictor_ops *ops = NULL;
    struct rotor rotor;
    rotor_create(&rotor, "predictor: {type: linar}", ROTOR_SPRING, 1);
    CU_ASSERT_EQUAL(hm_predictor_find(rotor.config, &ops), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "rotor.yaml:3:13: "));
    for (size_t i = 0; (ops = hm_predictor_registered(i)); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), ops->method.name));
    rotor_destroy(&rotor);
}

/* ---- the contract ---- */

typedef void contract(const struct entry *entry, struct rotor *rotor);

/* Each part gets a rotor with STEPS samples behind it. */
static void for_each(contract *part)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct rotor rotor;
        const size_t length = rotor_length(entries[i].sections);
        rotor_create(&rotor, entries[i].sections, ROTOR_MORSE, length);
        rotor_record(&rotor, STEPS + rotor.window->length);
        CU_ASSERT_EQUAL(rotor.nsample, STEPS);
        part(&entries[i], &rotor);
        rotor_destroy(&rotor);
    }
}

static struct hm_training_report train(struct hm_predictor *predictor, const struct rotor *rotor, size_t first,
                                       size_t count)
{
    struct hm_training_report report = {0};
    if (!hm_predictor_learns(predictor)) return report;
    const struct hm_batch batch = rotor_batch(rotor, first, count);
    HM_ASSERT_OK(predictor->ops->train(predictor->self, &batch, &report));
    return report;
}

/* Both predict the same open windows; true if all kicks and signals are the same bits. */
static bool agree(struct rotor *rotor, struct hm_predictor *a, struct hm_predictor *b)
{
    bool same = true;
    for (int step = 0; step < PREDICTIONS; step++) {
        double motion[CHANNELS_MAX], kick_a[6] = {0}, kick_b[6] = {0};
        struct hm_signals signals_a, signals_b;
        rotor_open(rotor);
        hm_predictor_kick(a, rotor->window, motion, kick_a, &signals_a);
        hm_predictor_kick(b, rotor->window, motion, kick_b, &signals_b);
        same =
            same && memcmp(kick_a, kick_b, sizeof kick_a) == 0 && memcmp(&signals_a, &signals_b, sizeof signals_a) == 0;
        rotor_close(rotor, rotor->kick, true);
    }
    return same;
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
    const struct hm_training_report report = train(&predictor, rotor, 0, STEPS);
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
        const struct hm_training_report a = train(&first, rotor, k, STEPS / 3), b = train(&second, rotor, k, STEPS / 3);
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
    const size_t history = predictor.ops->history(predictor.self), reseed = predictor.ops->reseed_steps(predictor.self);
    check(history <= 512, entry, "history within the schema's range");
    check(reseed >= 1 && reseed <= history + 1, entry, "1 <= reseed_steps <= history + 1");
    train(&predictor, rotor, 0, STEPS);
    check(predictor.ops->history(predictor.self) == history && predictor.ops->reseed_steps(predictor.self) == reseed,
          entry, "training changes neither history nor reseed_steps");

    /* What lies further behind than history() is not looked at. */
    double motion[CHANNELS_MAX], kick[6], again[6];
    struct hm_signals signals;
    rotor_open(rotor);
    hm_predictor_kick(&predictor, rotor->window, motion, kick, &signals);
    const size_t kept = rotor->window->end - history, nchannel = rotor->window->nchannel;
    for (size_t k = 0; k < kept * nchannel; k++) rotor->window->motion[k] = rotor->window->coordinate[k] = NAN;
    hm_predictor_kick(&predictor, rotor->window, motion, again, &signals);
    check(memcmp(kick, again, sizeof kick) == 0, entry, "no step beyond history() matters");
    hm_predictor_destroy(&predictor);
}

/* The driver's copy gets nothing but the arena. */
static void parameters_part(const struct entry *entry, struct rotor *rotor)
{
    struct hm_predictor trainer, driver;
    rotor_predictor(rotor, &trainer);
    rotor_predictor(rotor, &driver);
    train(&trainer, rotor, 0, STEPS);
    if (hm_predictor_learns(&trainer)) {
        size_t bytes = 0, room = 0;
        check(!same_parameters(&trainer, &driver), entry, "training changed the parameters");
        const void *from = trainer.ops->parameters(trainer.self, &bytes);
        void *to = driver.ops->parameters(driver.self, &room);
        check(bytes == room, entry, "arenas of one size");
        if (bytes == room) memcpy(to, from, bytes);
    }
    check(agree(rotor, &trainer, &driver), entry, "parameters are all that a prediction needs");
    check(same_parameters(&trainer, &driver), entry, "predicting does not change parameters");
    hm_predictor_destroy(&trainer);
    hm_predictor_destroy(&driver);
}

static void empty_batch_part(const struct entry *entry, struct rotor *rotor)
{
    struct hm_predictor predictor, fresh;
    rotor_predictor(rotor, &predictor);
    rotor_predictor(rotor, &fresh);
    if (hm_predictor_learns(&predictor)) {
        const struct hm_training_report report = train(&predictor, rotor, 0, 0);
        check(!report.accepted && report.samples == 0, entry, "nothing is learned from nothing");
        check(same_parameters(&predictor, &fresh), entry, "parameters as created");
    }
    hm_predictor_destroy(&predictor);
    hm_predictor_destroy(&fresh);
}

/* Saved at any time of its life, loaded into a new instance, a predictor goes on to the same bits. */
static void save_part(const struct entry *entry, struct rotor *rotor)
{
    static const size_t moments[] = {0, 50, 419, 1003};
    for (size_t m = 0; m < sizeof moments / sizeof *moments; m++) {
        struct hm_archive archive = HM_ARCHIVE_EMPTY;
        struct hm_predictor kept, restored;
        rotor_predictor(rotor, &kept);
        rotor_predictor(rotor, &restored);
        train(&kept, rotor, 0, moments[m]);
        train(&restored, rotor, 500, 100 * m); /* what it knew is forgotten */
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
            const size_t count = k + 100 < STEPS ? 100 : STEPS - k;
            const struct hm_training_report a = train(&kept, rotor, k, count), b = train(&restored, rotor, k, count);
            check(a.accepted == b.accepted && a.samples == b.samples &&
                      memcmp(&a.held_out_after, &b.held_out_after, sizeof(double)) == 0,
                  entry, "the same report after load");
            check(same_parameters(&kept, &restored), entry, "training goes on to the same bits");
        }
        check(agree(rotor, &kept, &restored), entry, "prediction goes on to the same bits");
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
    train(&predictor, rotor, 0, 400);
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

static void test_learning(void)
{
    for_each(learning_part);
}
static void test_determinism(void)
{
    for_each(determinism_part);
}
static void test_history(void)
{
    for_each(history_part);
}
static void test_parameters(void)
{
    for_each(parameters_part);
}
static void test_empty_batch(void)
{
    for_each(empty_batch_part);
}
static void test_save_and_load(void)
{
    for_each(save_part);
}
static void test_damaged_bytes(void)
{
    for_each(damaged_part);
}

static const struct hm_test tests[] = {
    {"every registered method has an entry here", test_every_method_has_an_entry},
    {"an unknown method is refused with the names there are", test_unknown_method_is_refused_with_the_names},
    {"learning", test_learning},
    {"determinism", test_determinism},
    {"history and reseed_steps", test_history},
    {"parameters are all a prediction needs", test_parameters},
    {"an empty batch", test_empty_batch},
    {"save and load", test_save_and_load},
    {"damaged bytes", test_damaged_bytes},
};

HM_TEST_MAIN("predictor contract", tests)
