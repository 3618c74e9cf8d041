/* How ranks are divided, without any. */
#include "scheduler/layout.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static struct hm_config *parse(const char *ranks)
{
    char text[256];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\nranks: %s\n",
             ranks);
    HM_ASSERT_OK(hm_config_parse(text, "run.yaml", NULL, 0, &config));
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

static enum hm_status plan(const char *ranks, size_t learners, int size, struct hm_layout *layout)
{
    struct hm_config *config = parse(ranks);
    const enum hm_status status = hm_layout_plan(config, learners, size, layout);
    hm_config_destroy(&config);
    return status;
}

/* One rank for each member that learns as far as they go, the surplus evaluates. */
static void test_auto(void)
{
    enum { MOST = 6 };
    static const struct {
        size_t learners;
        int predictors[MOST], groups[MOST];
    } cases[] = {
        {0, {0, 0, 0, 0, 0, 0}, {0, 1, 2, 3, 4, 5}},
        {1, {0, 1, 1, 1, 1, 1}, {0, 0, 1, 2, 3, 4}},
        {2, {0, 1, 2, 2, 2, 2}, {0, 0, 0, 1, 2, 3}},
        {4, {0, 1, 2, 3, 4, 4}, {0, 0, 0, 0, 0, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int size = 1; size <= MOST; size++) {
            struct hm_layout layout;
            HM_ASSERT_OK(plan("auto", cases[i].learners, size, &layout));
            CU_ASSERT_EQUAL(layout.size, size);
            CU_ASSERT_EQUAL(layout.npredictor, cases[i].predictors[size - 1]);
            CU_ASSERT_EQUAL(layout.ngroup, cases[i].groups[size - 1]);
            CU_ASSERT_EQUAL(layout.group_size, 1);
        }
}

static void test_asked_for(void)
{
    struct hm_layout layout;
    HM_ASSERT_OK(plan("{predictors: 3, oracles: 2, oracle_size: 2}", 4, 8, &layout));
    CU_ASSERT_TRUE(layout.npredictor == 3 && layout.ngroup == 2 && layout.group_size == 2);
    CU_ASSERT_EQUAL(hm_layout_predictor_rank(2), 3);
    CU_ASSERT_EQUAL(hm_layout_group_leader(&layout, 0), 4);
    CU_ASSERT_EQUAL(hm_layout_group_leader(&layout, 1), 6);
    HM_ASSERT_OK(plan("{predictors: 0, oracles: 0}", 4, 1, &layout));
    CU_ASSERT_TRUE(layout.npredictor == 0 && layout.ngroup == 0);
    HM_ASSERT_OK(plan("{predictors: 1, oracles: 1}", 0, 3, &layout)); /* one that idles is no fault */
    CU_ASSERT_TRUE(layout.npredictor == 1 && layout.ngroup == 1);
}

static void test_refused(void)
{
    static const struct {
        const char *ranks;
        size_t learners;
        int size;
        const char *message;
    } cases[] = {
        {"{predictors: 3, oracles: 2, oracle_size: 2}", 4, 7,
         "run.yaml:3:1: asks for 8 ranks (1 driver, 3 predictors, 2 oracles of 2), given 7: start with 'hamlet run -n "
         "8', or use 'ranks: auto'"},
        {"{predictors: 1, oracles: 1}", 4, 4,
         "run.yaml:3:1: asks for 3 ranks (1 driver, 1 predictors, 1 oracles of 1), given 4: start with 'hamlet run -n "
         "3', or use 'ranks: auto'"},
        {"{predictors: 5, oracles: 0}", 4, 6,
         "run.yaml:3:9: 5 predictor ranks asked for, but 4 members of the committee to train"},
        {"{predictors: 2, oracles: 0}", 1, 3,
         "run.yaml:3:9: 2 predictor ranks asked for, but 1 member of the committee to train"},
        {"{predictors: 2, oracles: 0}", 0, 3,
         "run.yaml:3:9: 2 predictor ranks asked for, but 0 members of the committee to train"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hm_layout layout;
        CU_ASSERT_EQUAL(plan(cases[i].ranks, cases[i].learners, cases[i].size, &layout), HM_BAD_CONFIG);
        CU_ASSERT_STRING_EQUAL(hm_status_message(), cases[i].message);
    }
}

static const struct hm_test tests[] = {
    {"auto", test_auto},
    {"asked for", test_asked_for},
    {"refused", test_refused},
};

HM_TEST_MAIN("layout", tests)
