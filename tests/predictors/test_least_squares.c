/* Fits whose answers are known: by construction, by the normal equations of a small problem, by their gradient. */
#include "predictors/least_squares.h"
#include "io/rng.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 40, M = 150, BLOCKS = 3 };

static double uniform(uint64_t step)
{
    double u[2];
    hm_rng_uniform2((struct hm_rng_key){.seed = 5, .purpose = HM_RNG_TRAINING}, step, 0, u);
    return 2 * u[0] - 1;
}

/* Columns of very different scale, the target known but for noise; block b, column-major. */
static void make_block(size_t b, double noise, double *block)
{
    for (size_t i = 0; i < M; i++) {
        double target = noise * uniform(1000000 + b * M + i);
        for (size_t j = 0; j < D; j++) {
            const double value = uniform((b * M + i) * D + j) * pow(10, (double)(j % 7));
            block[j * M + i] = value;
            target += value * (1 + (double)j);
        }
        block[D * M + i] = target;
    }
}

static void fill(struct hm_least_squares *fit, double noise)
{
    double *block = malloc(M * (D + 1) * sizeof *block);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    for (size_t b = 0; b < BLOCKS; b++) {
        make_block(b, noise, block);
        hm_least_squares_add(fit, M, block);
    }
    free(block);
}

static void exact_data_give_exact_weights(void)
{
    struct hm_least_squares fit;
    double weights[D], condition;
    HM_ASSERT_OK(hm_least_squares_create(D, &fit));
    fill(&fit, 0);
    CU_ASSERT_EQUAL(fit.rows, BLOCKS * M);
    hm_least_squares_solve(&fit, D, 0, weights, &condition);
    for (size_t j = 0; j < D; j++) HM_ASSERT_NEAR(weights[j], 1 + (double)j, 1e-9);
    CU_ASSERT_TRUE(condition >= 1 && condition < 100);
    hm_least_squares_release(&fit);
}

/* At the minimum the gradient of what is minimised vanishes: X^T (X w - y) + lambda^2 |x_j|^2 w_j = 0. */
static void check_gradient(size_t k, double lambda)
{
    struct hm_least_squares fit;
    double weights[D], condition, *block = malloc(M * (D + 1) * sizeof *block);
    double gradient[D] = {0}, norm[D] = {0}, size = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    HM_ASSERT_OK(hm_least_squares_create(D, &fit));
    fill(&fit, 50);
    hm_least_squares_solve(&fit, k, lambda, weights, &condition);
    for (size_t b = 0; b < BLOCKS; b++) {
        make_block(b, 50, block);
        for (size_t i = 0; i < M; i++) {
            double error = -block[D * M + i];
            for (size_t j = 0; j < k; j++) error += block[j * M + i] * weights[j];
            size += block[D * M + i] * block[D * M + i];
            for (size_t j = 0; j < k; j++) {
                gradient[j] += error * block[j * M + i];
                norm[j] += block[j * M + i] * block[j * M + i];
            }
        }
    }
    for (size_t j = 0; j < k; j++) {
        gradient[j] += lambda * lambda * norm[j] * weights[j];
        CU_ASSERT_TRUE(fabs(gradient[j]) < 1e-11 * sqrt(norm[j] * size));
    }
    hm_least_squares_release(&fit);
    free(block);
}

static void the_gradient_vanishes_for_any_number_of_columns_and_ridge(void)
{
    check_gradient(D, 0);
    check_gradient(D, 1e-3);
    check_gradient(D, 0.5);
    check_gradient(17, 0);
    check_gradient(17, 0.1);
    check_gradient(1, 0.1);
}

static void a_column_never_seen_and_one_seen_twice_do_no_harm(void)
{
    struct hm_least_squares fit;
    double weights[3], condition, block[4 * 20];
    HM_ASSERT_OK(hm_least_squares_create(3, &fit));
    for (size_t i = 0; i < 20; i++) {
        block[i] = uniform(i);
        block[20 + i] = 0;
        block[40 + i] = block[i];
        block[60 + i] = 3 * block[i];
    }
    hm_least_squares_add(&fit, 20, block);
    hm_least_squares_solve(&fit, 3, 1e-6, weights, &condition);
    CU_ASSERT_EQUAL(weights[1], 0);
    HM_ASSERT_NEAR(weights[0], 1.5, 1e-4);
    HM_ASSERT_NEAR(weights[2], 1.5, 1e-4);
    CU_ASSERT_TRUE(condition > 1e5);
    hm_least_squares_release(&fit);
}

static void a_saved_fit_goes_on_to_the_same_bits(void)
{
    struct hm_least_squares fit, copy;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    double weights[D], again[D], condition;
    HM_ASSERT_OK(hm_least_squares_create(D, &fit));
    HM_ASSERT_OK(hm_least_squares_create(D, &copy));
    fill(&fit, 1);
    hm_least_squares_save(&fit, &archive);
    HM_ASSERT_OK(hm_least_squares_load(&copy, &archive));
    fill(&fit, 2);
    fill(&copy, 2);
    hm_least_squares_solve(&fit, D, 1e-8, weights, &condition);
    hm_least_squares_solve(&copy, D, 1e-8, again, &condition);
    CU_ASSERT_EQUAL(memcmp(weights, again, sizeof weights), 0);
    hm_archive_release(&archive);
    hm_least_squares_release(&fit);
    hm_least_squares_release(&copy);
}

static const struct hm_test tests[] = {
    {"exact data give exact weights", exact_data_give_exact_weights},
    {"the gradient vanishes for any number of columns and ridge",
     the_gradient_vanishes_for_any_number_of_columns_and_ridge},
    {"a column never seen and one seen twice do no harm", a_column_never_seen_and_one_seen_twice_do_no_harm},
    {"a saved fit goes on to the same bits", a_saved_fit_goes_on_to_the_same_bits},
};
HM_TEST_MAIN("least squares", tests)
