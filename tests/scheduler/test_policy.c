/* Policies as decision tables, and the contract every registered one keeps. */
#include "scheduler/policy.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 20000 };

static const uint8_t recorded[] = {1, 1, 0, 0, 1, 0, 1, 0, 0, 0};

static struct hm_config *configure(const char *policy)
{
    char text[512];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text,
             "hamiltonian: {type: harmonic, molecule: HCl}\nintegrator: {timestep: 1 fs, steps: 10}\npolicy: %s\n",
             policy);
    HM_ASSERT_OK(hm_config_parse(text, "policy.yaml", NULL, 0, &config));
    return config;
}

static struct hm_policy make(const char *policy, size_t burst, struct hm_config **config)
{
    struct hm_policy made;
    *config = configure(policy);
    const struct hm_policy_setup setup = {*config, burst, recorded, sizeof recorded};
    HM_ASSERT_OK(hm_policy_create(&setup, &made));
    return made;
}

static struct hm_decision decide(struct hm_policy *policy, int64_t since_warmup)
{
    static const struct hm_signals no_signals = {NAN, NAN, NAN};
    const struct hm_evidence evidence = {since_warmup, since_warmup, &no_signals, NAN};
    struct hm_decision decision;
    hm_policy_choose(policy, &evidence, &decision);
    return decision;
}

/* The decisions of `count` steps as 0 and 1; returns how many were exact. */
static size_t record(const char *yaml, size_t burst, size_t count, uint8_t *action)
{
    struct hm_config *config;
    struct hm_policy policy = make(yaml, burst, &config);
    size_t exact = 0;
    for (size_t n = 0; n < count; n++) exact += action[n] = (uint8_t)decide(&policy, (int64_t)n).action;
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
    struct hm_policy policy = make("{type: periodic, frequency: 0.05, jitter: 0}", 5, &config);
    CU_ASSERT_EQUAL(decide(&policy, 94).reason, HM_REASON_POLICY);
    CU_ASSERT_EQUAL(decide(&policy, 95).reason, HM_REASON_POLICY);
    CU_ASSERT_EQUAL(decide(&policy, 96).reason, HM_REASON_BURST);
    hm_policy_destroy(&policy);
    hm_config_destroy(&config);
}

static void test_replay(void)
{
    CU_ASSERT_EQUAL(record("{type: replay, log: some.h5}", 1, sizeof recorded, action), 4);
    CU_ASSERT_EQUAL(memcmp(action, recorded, sizeof recorded), 0);
}

static void test_replay_needs_a_long_enough_log(void)
{
    struct hm_config *config = configure("{type: replay, log: some.h5}");
    struct hm_policy policy;
    const struct hm_policy_setup none = {config, 1, NULL, 0}, short_log = {config, 1, recorded, 9};
    CU_ASSERT_EQUAL(hm_policy_create(&none, &policy), HM_BAD_CONFIG);
    CU_ASSERT_EQUAL(hm_policy_create(&short_log, &policy), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "9 steps"));
    hm_config_destroy(&config);
}

/* Every policy: the same decisions again after save and load into a fresh one, whatever came before. */
static void test_contract(void)
{
    for (size_t i = 0; hm_policy_registered(i); i++) {
        char yaml[128];
        struct hm_config *config, *other_config;
        struct hm_archive archive = HM_ARCHIVE_EMPTY;
        snprintf(yaml, sizeof yaml, "{type: %s, log: some.h5}", hm_policy_registered(i)->method.name);
        struct hm_policy policy = make(yaml, 3, &config), other = make(yaml, 3, &other_config);
        for (int64_t n = 0; n < 5; n++) {
            const struct hm_outcome outcome = {n, decide(&policy, n).action, 0.1};
            hm_policy_observe(&policy, &outcome);
        }
        hm_policy_save(&policy, &archive);
        HM_ASSERT_OK(hm_policy_load(&other, &archive));
        for (int64_t n = 5; n < 10; n++) {
            const struct hm_decision a = decide(&policy, n), b = decide(&other, n);
            CU_ASSERT_EQUAL(a.action, b.action);
            CU_ASSERT_EQUAL(a.reason, b.reason);
            CU_ASSERT_NOT_EQUAL(a.action, HM_DRAFT);
        }
        hm_archive_release(&archive);
        hm_policy_destroy(&policy);
        hm_policy_destroy(&other);
        hm_config_destroy(&config);
        hm_config_destroy(&other_config);
    }
}

static void test_another_policys_state_is_refused(void)
{
    struct hm_config *config, *other_config;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_policy always = make("{type: always}", 1, &config), never = make("{type: never}", 1, &other_config);
    hm_policy_save(&always, &archive);
    CU_ASSERT_EQUAL(hm_policy_load(&never, &archive), HM_BAD_INPUT);
    hm_archive_release(&archive);
    hm_policy_destroy(&always);
    hm_policy_destroy(&never);
    hm_config_destroy(&config);
    hm_config_destroy(&other_config);
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
