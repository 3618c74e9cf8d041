/* Policies that react to the run: decision tables written out by hand. */
#include "tests/scheduler/policy_table.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static bool is_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void test_threshold_decisions(void)
{
#define ABOVE_1 "{type: threshold, signal: extremeness, above: 1}"
#define WITHIN_4 "{type: threshold, signal: extremeness, above: 1, max_interval: 4}"
    static const struct table_row rows[] = {
        {ABOVE_1, 1, "--=+-++--?-", "pppIpIIppIp"},
        {ABOVE_1, 3, "-+---?---", "pIbbpIbbp"},
        {ABOVE_1, 3, "-++++--+--", "pIbbIppIbb"}, /* no second burst on a history that is exact already */
        {WITHIN_4, 1, "----------", "pppIpppIpp"},
        {WITHIN_4, 2, "----------", "pppIbpppIb"}, /* counted from the burst's end */
        {WITHIN_4, 1, "-+--------", "pIpppIpppI"},
        {WITHIN_4, 1, "--g----a----", "ppgpppIapppI"}, /* a guard's injection is one */
        {ABOVE_1, 3, "-g-----", "pgbbppp"},            /* and its burst is completed */
        {ABOVE_1, 4, "-+-a---", "pIbabpp"},
        {ABOVE_1, 3, "-nn---nnnn-", "pnnbppnnnnp"},
        {"{type: threshold, signal: extremeness, above: 1, max_interval: 1}", 3, "------", "IbbIII"},
    };
    table_check(rows, sizeof rows / sizeof *rows);
}

static void test_residual_decisions(void)
{
#define FROM_2_TO_5 "{type: residual, target: 1, interval: {min: 2, max: 5}}"
    static const struct table_row rows[] = {
        {FROM_2_TO_5, 1, "-------------------", "pIppIpppIppppIppppI"},
        {FROM_2_TO_5, 1, "++++++", "pTpTpT"},
        {FROM_2_TO_5, 1, "======", "pIppIp"}, /* at the target is not above it */
        {FROM_2_TO_5, 1, "??????", "pIpIpI"}, /* nothing measured, nothing learned */
        {FROM_2_TO_5, 1, "-------------+----", "pIppIpppIppppTpIpp"},
        {FROM_2_TO_5, 3, "--++--------+---", "pIbbppIbbpppTbbp"}, /* only the first step of a burst measures */
        {FROM_2_TO_5, 1, "g-----", "gpIppI"},
        {FROM_2_TO_5, 1, "---g---", "pIpgppI"},
        {FROM_2_TO_5, 3, "-g-------", "pgbbpIbbp"},
        {FROM_2_TO_5, 1, "-----a-----", "pIppIApIppI"},
        {FROM_2_TO_5, 3, "-a-----", "pAbbpIb"},
        {FROM_2_TO_5, 3, "--a----", "pIabppI"},
        {FROM_2_TO_5, 3, "n--------", "nbbpIbbpp"},
        {"{type: residual, target: 1, interval: {min: 1, max: 1}}", 2, "-----", "IbIII"},
        {"{type: residual, target: 1, interval: {min: 1, max: 9}}", 1, "---+++++", "IpIppTTT"},
    };
    table_check(rows, sizeof rows / sizeof *rows);
}

/* ceil(1.1 k) up, floor(k / 2) down, by hand; the second column is the number of steps to the next injection. */
static void test_residual_intervals(void)
{
    static const struct {
        double residual;
        int64_t interval;
    } measured[] = {
        {0.5, 3},  {0.5, 4},  {0.5, 5},  {0.5, 6},  {0.5, 7},  {0.5, 8},  {0.5, 9},
        {0.5, 10}, {0.5, 11}, {0.5, 13}, {0.5, 15}, {0.5, 17}, {0.5, 19}, {0.5, 21},
        {0.5, 24}, {0.5, 27}, {0.5, 30}, {0.5, 30}, {2, 15},   {2, 7},    {NAN, 7},
        {2, 3},    {2, 2},    {2, 2},    {1, 3},    {1.01, 2}, {0, 3},    {INFINITY, 2},
    };
    struct hm_config *config;
    struct hm_policy policy = table_policy("{type: residual, target: 1, interval: {min: 2, max: 30}}", &config);
    const struct hm_signals none = {NAN, NAN, NAN, false};
    int64_t step = 0, interval = 2;
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        for (int64_t n = 1; n <= interval; n++, step++) {
            const struct hm_decision decision = table_decide(&policy, 1, step, none);
            const struct hm_outcome outcome = {step, decision.action, decision.reason,
                                               n == interval ? measured[i].residual : NAN};
            CU_ASSERT_EQUAL(decision.action, n == interval ? HM_INJECT : HM_PREDICT);
            CU_ASSERT_EQUAL(hm_policy_observe(&policy, &outcome), n == interval && measured[i].residual > 1);
        }
        interval = measured[i].interval;
    }
    hm_policy_destroy(&policy);
    hm_config_destroy(&config);
}

static void put_residual(struct hm_archive *archive, int64_t interval, double latest, int64_t exact)
{
    table_put_name(archive, "residual");
    hm_archive_put_int(archive, interval);
    hm_archive_put_real(archive, latest);
    hm_archive_put_size(archive, 3);
    hm_archive_put_int(archive, exact);
    hm_archive_put_int(archive, 0);
}

/* Where a tenth more would be more than a number holds. */
static void test_residual_longest_interval(void)
{
    struct hm_config *config;
    struct hm_archive archive = HM_ARCHIVE_EMPTY, after = HM_ARCHIVE_EMPTY;
    struct hm_policy policy = table_policy("{type: residual, interval: {max: 9223372036854775807}}", &config);
    const char *name;
    int64_t interval = 0;
    put_residual(&archive, INT64_MAX - 2, NAN, 0);
    HM_ASSERT_OK(hm_policy_load(&policy, &archive));
    hm_policy_observe(&policy, &(struct hm_outcome){0, HM_INJECT, HM_REASON_POLICY, 0});
    hm_policy_save(&policy, &after);
    HM_ASSERT_OK(hm_archive_expect_tag(&after, "POLICY"));
    HM_ASSERT_OK(hm_archive_get_text(&after, &name));
    HM_ASSERT_OK(hm_archive_get_int(&after, &interval));
    CU_ASSERT_EQUAL(interval, INT64_MAX);
    hm_archive_release(&archive);
    hm_archive_release(&after);
    hm_policy_destroy(&policy);
    hm_config_destroy(&config);
}

/* Beside every decision stands the residual that set the interval; those inside a burst and unknown ones set none. */
static void test_residual_signal(void)
{
    static const struct table_row row = {FROM_2_TO_5, 2, "-+---+--?--", "pTbpIbppIbp"};
    static const double signal[] = {NAN, NAN, 2, 2, 2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
    const struct table_trace trace = table_play(&row, 0);
    CU_ASSERT_STRING_EQUAL(trace.done, row.done);
    for (size_t n = 0; n < sizeof signal / sizeof *signal; n++) {
        CU_ASSERT_TRUE(is_same(trace.signal[n], signal[n]));
        CU_ASSERT_EQUAL(trace.threshold[n], 1);
    }
}

static void test_threshold_signals(void)
{
#define ALL "{type: threshold, bounds: {committee: 2, base_difference: 0.1, extremeness: 4}}"
    static const struct {
        const char *policy;
        struct hm_signals signals;
        enum hm_action action;
        double signal, threshold; /* of the largest ratio */
    } rows[] = {
        {ALL, {0, 0, 0, false}, HM_PREDICT, 0, 2},
        {ALL, {1, 0.04, 1, false}, HM_PREDICT, 1, 2},
        {ALL, {1, 0.08, 1, false}, HM_PREDICT, 0.08, 0.1},
        {ALL, {1, 0.04, 3, false}, HM_PREDICT, 3, 4},
        {ALL, {2, 0.1, 4, false}, HM_PREDICT, 2, 2},
        {ALL, {2.1, 0, 0, false}, HM_INJECT, 2.1, 2},
        {ALL, {2.1, 0.2, 4.1, false}, HM_INJECT, 0.2, 0.1},
        {ALL, {1, 0.04, 5, false}, HM_INJECT, 5, 4},
        {ALL, {NAN, 0.2, 5, false}, HM_INJECT, NAN, 2},
        {ALL, {1, NAN, 1, false}, HM_INJECT, NAN, 0.1},
        {ALL, {1, 0.04, NAN, false}, HM_INJECT, NAN, 4},
        {"{type: threshold, bounds: {extremeness: 4}}", {NAN, NAN, 1, false}, HM_PREDICT, 1, 4},
        {"{type: threshold, signal: committee, above: 4}", {5, NAN, NAN, false}, HM_INJECT, 5, 4},
        {"{type: threshold, signal: base_difference, above: 4}", {9, 3, 9, false}, HM_PREDICT, 3, 4},
        {"{type: threshold, signal: extremeness, above: 4}", {9, 9, 4.5, false}, HM_INJECT, 4.5, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hm_config *config;
        struct hm_policy policy = table_policy(rows[i].policy, &config);
        const struct hm_decision decision = table_decide(&policy, 1, 0, rows[i].signals);
        CU_ASSERT_EQUAL(decision.action, rows[i].action);
        CU_ASSERT_EQUAL(decision.reason, HM_REASON_POLICY);
        CU_ASSERT_TRUE(is_same(decision.signal, rows[i].signal));
        CU_ASSERT_EQUAL(decision.threshold, rows[i].threshold);
        hm_policy_destroy(&policy);
        hm_config_destroy(&config);
    }
}

static void test_faults(void)
{
    static const struct {
        const char *policy, *override, *words;
    } rows[] = {
        {"{type: threshold}", NULL, "policy.yaml:4:1: threshold needs 'signal' and 'above', or 'bounds"},
        {"{type: threshold, signal: extremeness}", NULL, "'signal' needs 'above'"},
        {"{type: threshold, above: 3}", NULL, "'above' needs 'signal'"},
        {"{type: threshold, bounds: {}}", NULL, "no bound in 'bounds'"},
        {"{type: threshold, signal: extremeness, above: 3, bounds: {extremeness: 3}}", NULL, "not both"},
        {"{type: threshold, above: 3, bounds: {extremeness: 3}}", NULL, "not both"},
        {"{type: threshold, signal: committee, above: 3}", "predictor.committee=1", "predictor.committee to 2"},
        {"{type: threshold, bounds: {committee: 3}}", "predictor.committee=1", "predictor.committee to 2"},
        {"{type: threshold, signal: base_difference, above: 3}", "predictor.type=linear",
         "policy.yaml:4:27: the linear predictor gives no signal 'base_difference'"},
        {"{type: threshold, bounds: {extremeness: 3, base_difference: 3}}", "predictor.type=linear",
         "policy.yaml:4:52: the linear predictor gives no signal 'base_difference'"},
        {"{type: threshold, signal: extremeness, above: 3}", "predictor.type=zero",
         "the zero predictor gives no signal 'extremeness'"},
        {"{type: threshold, bounds: {extremeness: 3}}", "predictor.type=zero",
         "the zero predictor gives no signal 'extremeness'"},
        {"{type: residual, interval: {min: 20, max: 19}}", NULL,
         "interval.min is 20 steps, more than interval.max, 19"},
        {"{type: residual, interval: {max: 4}}", NULL, "interval.min is 5 steps, more than interval.max, 4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hm_config *config = table_configure(rows[i].policy, rows[i].override);
        const struct hm_policy_setup setup = {config, NULL, 0};
        struct hm_policy policy;
        CU_ASSERT_EQUAL(hm_policy_create(&setup, &policy), HM_BAD_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), rows[i].words));
        CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
        if (!strstr(hm_status_message(), rows[i].words)) printf("\n%s\n", hm_status_message());
        hm_config_destroy(&config);
    }
}

static enum hm_status load_threshold(int64_t exact, int64_t predicted)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    table_put_name(&archive, "threshold");
    hm_archive_put_size(&archive, 3);
    hm_archive_put_int(&archive, exact);
    hm_archive_put_int(&archive, predicted);
    return table_load(ABOVE_1, &archive);
}

static enum hm_status load_residual(int64_t interval, double latest, int64_t exact)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    put_residual(&archive, interval, latest, exact);
    return table_load(FROM_2_TO_5, &archive);
}

static void test_impossible_states_are_refused(void)
{
    HM_ASSERT_OK(load_threshold(2, 0));
    HM_ASSERT_OK(load_threshold(0, 7));
    CU_ASSERT_EQUAL(load_threshold(2, 1), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(load_threshold(-1, 0), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(load_threshold(0, -1), HM_BAD_INPUT);
    HM_ASSERT_OK(load_residual(2, NAN, 0));
    HM_ASSERT_OK(load_residual(5, 0.1, 2));
    CU_ASSERT_EQUAL(load_residual(1, 0.1, 0), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(load_residual(6, 0.1, 0), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(load_residual(3, -0.1, 0), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(load_residual(3, 0.1, -2), HM_BAD_INPUT);
}

static const struct hm_test tests[] = {
    {"threshold: decisions", test_threshold_decisions},
    {"threshold: signals", test_threshold_signals},
    {"residual: decisions", test_residual_decisions},
    {"residual: intervals", test_residual_intervals},
    {"residual: longest interval", test_residual_longest_interval},
    {"residual: signal", test_residual_signal},
    {"faults", test_faults},
    {"impossible states are refused", test_impossible_states_are_refused},
};

HM_TEST_MAIN("policy rules", tests)
