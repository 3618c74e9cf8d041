/* Policies that do not look at the run, and the contract every registered one keeps. */
#include "tests/scheduler/policy_table.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

enum { STEPS = 20000 };

/* The decisions of `count` steps as 0 and 1; returns how many were exact. */
static size_t record(const char *yaml, size_t burst, size_t count, uint8_t *action)
{
    struct hm_config *config;
    struct hm_policy policy = table_policy(yaml, &config);
    const struct hm_signals none = {NAN, NAN, NAN, false};
    size_t exact = 0;
    for (size_t n = 0; n < count; n++)
        exact += action[n] = (uint8_t)table_decide(&policy, burst, (int64_t)n, none).action;
    hm_policy_destroy(&policy);
    hm_config_destroy(&config);
    return exact;
}

static uint8_t action[STEPS];

static void test_always_and_never(void)
{
    CU_ASSERT_EQUAL(record("{type: always}", 1, 1000, action), 1000);
    CU_ASSERT_EQUAL(record("{type: never}", 1, 1000, action), 0);
}

static void test_periodic_single_steps(void)
{
    CU_ASSERT_EQUAL(record("{type: periodic, frequency: 0.01}", 1, STEPS, action), STEPS / 100);
    for (size_t n = 0; n < STEPS; n++) CU_ASSERT_EQUAL(action[n], n % 100 == 99);
}

static void test_periodic_limits(void)
{
    CU_ASSERT_EQUAL(record("{type: periodic, frequency: 0}", 1, STEPS, action), 0);
    CU_ASSERT_EQUAL(record("{type: periodic, frequency: 1}", 1, STEPS, action), STEPS);
    CU_ASSERT_EQUAL(record("{type: periodic, frequency: 1}", 13, STEPS, action), STEPS);
}

/* f = 0.03: bursts every 33.3 steps; the third ends exactly at step 100. */
static void test_periodic_fractions_accumulate(void)
{
    CU_ASSERT_EQUAL(record("{type: periodic, frequency: 0.03}", 1, 10000, action), 300);
    CU_ASSERT_EQUAL(action[33], 1);
    CU_ASSERT_EQUAL(action[66], 1);
    CU_ASSERT_EQUAL(action[99], 1);
}

static void test_periodic_bursts(void)
{
    CU_ASSERT_EQUAL(record("{type: periodic, frequency: 0.05, jitter: 0}", 5, 1000, action), 50);
    for (size_t n = 0; n < 1000; n++) CU_ASSERT_EQUAL(action[n], n % 100 >= 95);
}

/* One whole burst in every cell, early by at most the jitter, not always at the same place. */
static void test_periodic_jitter(void)
{
    enum { PERIOD = 1000, BURST = 10 };
    CU_ASSERT_EQUAL(record("{type: periodic, frequency: 0.01, jitter: 0.1}", BURST, STEPS, action), STEPS / 100);
    size_t places = 0, last = 0;
    for (size_t cell = 0; cell < STEPS / PERIOD; cell++) {
        size_t first = 0, exact = 0;
        for (size_t n = PERIOD; n-- > 0;)
            if (action[cell * PERIOD + n]) {
                first = n;
                exact++;
            }
        CU_ASSERT_EQUAL(exact, BURST);
        CU_ASSERT_TRUE(first <= PERIOD - BURST && first + 99 >= PERIOD - BURST);
        places += cell > 0 && first != last;
        last = first;
    }
    CU_ASSERT_TRUE(places > STEPS / PERIOD / 2);
}

static void test_periodic_reasons(void)
{
    struct hm_config *config;
    struct hm_policy policy = table_policy("{type: periodic, frequency: 0.05, jitter: 0}", &config);
    const struct hm_signals none = {NAN, NAN, NAN, false};
    CU_ASSERT_EQUAL(table_decide(&policy, 5, 94, none).reason, HM_REASON_POLICY);
    CU_ASSERT_EQUAL(table_decide(&policy, 5, 95, none).reason, HM_REASON_POLICY);
    CU_ASSERT_EQUAL(table_decide(&policy, 5, 96, none).reason, HM_REASON_BURST);
    hm_policy_destroy(&policy);
    hm_config_destroy(&config);
}

static void test_replay(void)
{
    CU_ASSERT_EQUAL(record("{type: replay, log: some.h5}", 1, sizeof table_recorded, action), 4);
    CU_ASSERT_EQUAL(memcmp(action, table_recorded, sizeof table_recorded), 0);
}

static void test_replay_needs_a_long_enough_log(void)
{
    struct hm_config *config = table_configure("{type: replay, log: some.h5}", NULL);
    struct hm_policy policy;
    const struct hm_policy_setup none = {config, NULL, 0}, short_log = {config, table_recorded, 9};
    CU_ASSERT_EQUAL(hm_policy_create(&none, &policy), HM_BAD_CONFIG);
    CU_ASSERT_EQUAL(hm_policy_create(&short_log, &policy), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "9 steps"));
    hm_config_destroy(&config);
}

static void check_truncations(const char *yaml)
{
    struct hm_config *config;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_policy policy = table_policy(yaml, &config);
    hm_policy_save(&policy, &archive);
    for (size_t size = 0; size < archive.size; size++) {
        struct hm_archive part = hm_archive_view(archive.bytes, size);
        CU_ASSERT_EQUAL(hm_policy_load(&policy, &part), HM_BAD_INPUT);
    }
    hm_archive_release(&archive);
    hm_policy_destroy(&policy);
    hm_config_destroy(&config);
}

/* Every policy: never drafts, decides the same after save and load at any step, refuses a part of its state. */
static void test_contract(void)
{
    for (size_t i = 0; hm_policy_registered(i); i++) {
        char yaml[256];
        snprintf(yaml, sizeof yaml,
                 "{type: %s, log: some.h5, frequency: 0.5, signal: extremeness, above: 1, target: 1, "
                 "interval: {min: 2, max: 5}}",
                 hm_policy_registered(i)->method.name);
        const struct table_row row = {yaml, 3, "-+--+-a--+", NULL};
        const struct table_trace whole = table_play(&row, 0);
        CU_ASSERT_PTR_NULL(strchr(whole.done, '!'));
        for (size_t at = 1; at <= strlen(row.given); at++) {
            const struct table_trace resumed = table_play(&row, at);
            CU_ASSERT_EQUAL(memcmp(&resumed, &whole, sizeof whole), 0);
        }
        check_truncations(yaml);
    }
}

static void test_another_policys_state_is_refused(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    table_put_name(&archive, "always");
    CU_ASSERT_EQUAL(table_load("{type: never}", &archive), HM_BAD_INPUT);
    table_put_name(&archive, "never");
    HM_ASSERT_OK(table_load("{type: never}", &archive));
}

static const struct hm_test tests[] = {
    {"always and never", test_always_and_never},
    {"periodic: single steps", test_periodic_single_steps},
    {"periodic: limits", test_periodic_limits},
    {"periodic: fractions accumulate", test_periodic_fractions_accumulate},
    {"periodic: bursts", test_periodic_bursts},
    {"periodic: jitter", test_periodic_jitter},
    {"periodic: reasons", test_periodic_reasons},
    {"replay", test_replay},
    {"replay needs a long enough log", test_replay_needs_a_long_enough_log},
    {"contract of every policy", test_contract},
    {"another policy's state is refused", test_another_policys_state_is_refused},
};

HM_TEST_MAIN("policies", tests)
