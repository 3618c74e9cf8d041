/* The watch over the energy, fed by hand: what it takes for the reference, when it speaks, and that it can be saved. */
#include "io/status.h"
#include "scheduler/vigil.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 50 };

static enum hm_status feed(struct hm_vigil *vigil, int count, bool warmup, double energy)
{
    enum hm_status status = HM_OK;
    for (int i = 0; status == HM_OK && i < count; i++)
        status = hm_vigil_step(vigil, i, warmup, energy + (i % 2 ? 0.3 : -0.3), 2, 0.1);
    return status;
}

static void a_block_is_compared_with_the_warm_up(void)
{
    struct hm_vigil vigil = {0};
    HM_ASSERT_OK(feed(&vigil, 400, true, 10));
    HM_ASSERT_OK(feed(&vigil, BLOCK - 1, false, 1000));
    CU_ASSERT_EQUAL(vigil.worst, 0);
    vigil = (struct hm_vigil){0};
    HM_ASSERT_OK(feed(&vigil, 400, true, 10));
    HM_ASSERT_OK(feed(&vigil, BLOCK, false, 10.1)); /* the oscillation of 0.3 averages out */
    HM_ASSERT_NEAR(vigil.latest, 0.05, 1e-12);
    HM_ASSERT_OK(feed(&vigil, BLOCK, false, 9.9));
    HM_ASSERT_OK(feed(&vigil, BLOCK, false, 10));
    HM_ASSERT_NEAR(vigil.worst, 0.05, 1e-12);
    HM_ASSERT_NEAR(vigil.latest, 0, 1e-12);
    CU_ASSERT_EQUAL(feed(&vigil, BLOCK, false, 10.3), HM_DIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 49: the energy at injections has moved by 0.15 times"));
}

static void without_a_warm_up_the_first_block_is_the_reference(void)
{
    struct hm_vigil vigil = {0};
    HM_ASSERT_OK(feed(&vigil, BLOCK, false, -7));
    HM_ASSERT_OK(feed(&vigil, BLOCK, false, -7.1));
    HM_ASSERT_NEAR(vigil.worst, 0.05, 1e-12);
}

static void what_is_at_rest_has_no_scale(void)
{
    struct hm_vigil vigil = {0};
    for (int i = 0; i < 4 * BLOCK; i++) HM_ASSERT_OK(hm_vigil_step(&vigil, i, i < BLOCK, 1e-17 * i, 0, 0.1));
    CU_ASSERT_EQUAL(vigil.worst, 0);
    CU_ASSERT_FALSE(hm_vigil_alarm(&vigil));
}

static void an_alarm_is_more_than_the_scatter_explains(void)
{
    struct hm_vigil vigil = {0};
    HM_ASSERT_OK(feed(&vigil, 400, true, 10)); /* scatter 0.3: five standard errors are 0.106 of 2 */
    CU_ASSERT_FALSE(hm_vigil_alarm(&vigil));
    HM_ASSERT_OK(hm_vigil_step(&vigil, 0, true, 10, 2, 9));
    for (int i = 0; i < BLOCK; i++) HM_ASSERT_OK(hm_vigil_step(&vigil, i, false, 10.2, 2, 9));
    CU_ASSERT_FALSE(hm_vigil_alarm(&vigil));
    for (int i = 0; i < BLOCK; i++) HM_ASSERT_OK(hm_vigil_step(&vigil, i, false, 10.25, 2, 9));
    CU_ASSERT_TRUE(hm_vigil_alarm(&vigil));
}

static void energies_that_are_not_finite_do_not_pass(void)
{
    struct hm_vigil vigil = {0};
    HM_ASSERT_OK(feed(&vigil, 100, true, 1));
    CU_ASSERT_EQUAL(feed(&vigil, BLOCK, false, NAN), HM_DIVERGED);
}

static void it_is_saved(void)
{
    struct hm_vigil vigil = {0}, copy = {0};
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    HM_ASSERT_OK(feed(&vigil, 130, true, 10));
    HM_ASSERT_OK(feed(&vigil, 70, false, 10.1));
    hm_vigil_save(&vigil, &archive);
    HM_ASSERT_OK(hm_vigil_load(&copy, &archive));
    HM_ASSERT_OK(feed(&vigil, 30, false, 10.05));
    HM_ASSERT_OK(feed(&copy, 30, false, 10.05));
    CU_ASSERT_TRUE(copy.latest == vigil.latest && copy.worst == vigil.worst && vigil.latest > 0);
    hm_archive_release(&archive);
}

static const struct hm_test tests[] = {
    {"a block is compared with the warm-up", a_block_is_compared_with_the_warm_up},
    {"without a warm-up the first block is the reference", without_a_warm_up_the_first_block_is_the_reference},
    {"what is at rest has no scale", what_is_at_rest_has_no_scale},
    {"an alarm is more than the scatter explains", an_alarm_is_more_than_the_scatter_explains},
    {"energies that are not finite do not pass", energies_that_are_not_finite_do_not_pass},
    {"it is saved", it_is_saved},
};
HM_TEST_MAIN("vigil", tests)
