/* Drift from block means: series of known slope, step and scatter. */
#include "tests/test.h"

#include "io/analysis/blocks.h"

#include <stdbool.h>

/* A ramp with a fast oscillation, as Verlet energies have. */
static double ramp(int64_t step, double slope)
{
    return -76.4 + slope * (double)step + 1e-3 * sin(0.37 * (double)step);
}

static void test_slope_of_a_ramp(void)
{
    const double slopes[3] = {2e-9, -5e-8, 0};
    const int64_t warmup = 4000, end = 604000;
    for (size_t i = 0; i < 3; i++) {
        struct hm_blocks blocks;
        hm_blocks_start(&blocks, warmup, end);
        for (int64_t step = 0; step < end; step += 10) hm_blocks_add(&blocks, step, ramp(step, slopes[i]));
        const struct hm_drift drift = hm_blocks_finish(&blocks);
        CU_ASSERT_EQUAL(drift.nblock, 60);
        /* The oscillation leaves about 1e-3 / 1000 values on a block mean. */
        HM_ASSERT_NEAR(drift.slope, slopes[i], 1e-11);
        HM_ASSERT_NEAR(drift.drift, slopes[i] * 600000, 6e-6);
        /* First and last block mean lie half a run less half a block from the middle. */
        HM_ASSERT_NEAR(drift.deviation, fabs(slopes[i]) * 295000, 6e-6);
    }
}

/* Without the oscillation the numbers come out to rounding, far from zero as the values are. */
static void test_precision(void)
{
    struct hm_blocks blocks;
    hm_blocks_start(&blocks, 0, 1000000);
    for (int64_t step = 0; step < 1000000; step += 10) hm_blocks_add(&blocks, step, -1000.0 + 1e-14 * (double)step);
    const struct hm_drift drift = hm_blocks_finish(&blocks);
    CU_ASSERT_EQUAL(drift.nblock, 100);
    HM_ASSERT_NEAR(drift.drift, 1e-8, 1e-12);
}

static struct hm_drift bump_of(double height, int64_t length, int64_t from, int64_t to, int64_t stride)
{
    struct hm_blocks blocks;
    hm_blocks_start(&blocks, 0, length);
    for (int64_t step = 0; step < length; step += stride)
        hm_blocks_add(&blocks, step, 5.0 + (step >= from && step < to ? height : 0.0));
    return hm_blocks_finish(&blocks);
}

static struct hm_drift bump(int64_t length, int64_t from, int64_t to, int64_t stride)
{
    return bump_of(0.1, length, from, to, stride);
}

static void test_block_lengths(void)
{
    CU_ASSERT_EQUAL(bump(1000000, 0, 0, 10).nblock, 100); /* 1e4 steps */
    CU_ASSERT_EQUAL(bump(200000, 0, 0, 10).nblock, 20);
    CU_ASSERT_EQUAL(bump(100000, 0, 0, 10).nblock, 20); /* a twentieth of a shorter run */
    CU_ASSERT_EQUAL(bump(40, 0, 0, 1).nblock, 20);
    CU_ASSERT_EQUAL(bump(259999, 0, 0, 10).nblock, 25); /* the incomplete block is left out */
    HM_ASSERT_NEAR(bump(259999, 250000, 259999, 10).deviation, 0, 1e-14);
    HM_ASSERT_NEAR(bump(259999, 249999, 259999, 1).deviation, 0.1 / 1e4 * (1 - 1.0 / 25), 1e-12);
}

static void test_deviation_of_one_block(void)
{
    /* One of 20 blocks is 0.1 higher: the mean of the means rises by 0.005. */
    HM_ASSERT_NEAR(bump(100000, 50000, 55000, 10).deviation, 0.095, 1e-12);
    HM_ASSERT_NEAR(bump_of(-0.1, 100000, 50000, 55000, 10).deviation, 0.095, 1e-12);
    /* A fast relaxation followed by a plateau: small slope per step, but the deviation shows it. */
    const struct hm_drift relaxed = bump(1000000, 0, 10000, 10);
    HM_ASSERT_NEAR(relaxed.deviation, 0.099, 1e-12);
    CU_ASSERT_TRUE(fabs(relaxed.drift) < 0.01);
}

static void test_unknown_values_are_skipped(void)
{
    struct hm_blocks blocks;
    hm_blocks_start(&blocks, 0, 100000);
    for (int64_t step = 0; step < 100000; step += 10) {
        const bool known = step % 1000 == 0 && (step < 30000 || step >= 50000); /* four blocks without any */
        hm_blocks_add(&blocks, step, known ? 2.0 + 1e-6 * (double)step : step % 20 == 0 ? NAN : INFINITY);
    }
    const struct hm_drift drift = hm_blocks_finish(&blocks);
    CU_ASSERT_EQUAL(drift.nblock, 16);
    HM_ASSERT_NEAR(drift.slope, 1e-6, 1e-15);
    HM_ASSERT_NEAR(drift.drift, 0.1, 1e-10);
}

static void expect_nothing(struct hm_drift drift)
{
    CU_ASSERT_TRUE(isnan(drift.slope));
    CU_ASSERT_TRUE(isnan(drift.drift));
    CU_ASSERT_TRUE(isnan(drift.deviation));
}

static void test_too_few_blocks(void)
{
    struct hm_blocks blocks;
    expect_nothing(bump(19, 0, 0, 1)); /* not twenty steps */
    expect_nothing(bump(0, 0, 0, 1));
    expect_nothing(bump(100000, 0, 0, 50000)); /* values in two blocks only */
    CU_ASSERT_EQUAL(bump(90000, 0, 0, 30000).nblock, 3);
    CU_ASSERT_FALSE(isnan(bump(90000, 0, 0, 30000).slope));
    hm_blocks_start(&blocks, 5000, 4000); /* the warm-up is longer than the run */
    for (int64_t step = 0; step < 4000; step++) hm_blocks_add(&blocks, step, 1.0);
    expect_nothing(hm_blocks_finish(&blocks));
}

static const struct hm_test tests[] = {
    {"slope of a ramp", test_slope_of_a_ramp},
    {"precision far from zero", test_precision},
    {"block lengths", test_block_lengths},
    {"deviation of one block", test_deviation_of_one_block},
    {"unknown values are skipped", test_unknown_values_are_skipped},
    {"too few blocks", test_too_few_blocks},
};

HM_TEST_MAIN("blocks", tests)
