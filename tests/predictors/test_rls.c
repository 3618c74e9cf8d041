/* Recursive least squares against closed forms and against LAPACK's QR of the whole design. */
#include "predictors/rls.h"

#include "tests/test.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void dgels_(const char *trans, const int *m, const int *n, const int *nrhs, double *a, const int *lda, double *b,
            const int *ldb, double *work, const int *lwork, int *info, size_t trans_length);

enum { DIMENSION_MAX = 12, ROWS_MAX = 400 };

/* A fixed sequence of numbers between -1 and 1. */
static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 4503599627370496.0 - 1;
}

static void solve(size_t d, size_t rows, const double *x, const double *y, const double *ridge, double *weights)
{
    double factor[DIMENSION_MAX * (DIMENSION_MAX + 1)] = {0}, scratch[(DIMENSION_MAX + 1) * (DIMENSION_MAX + 1)];
    struct hm_rls rls = {.d = d, .factor = factor};
    for (size_t k = 0; k < rows; k++) hm_rls_add(&rls, &x[k * d], y[k], scratch);
    CU_ASSERT_EQUAL(rls.count, (double)rows);
    double before[DIMENSION_MAX * (DIMENSION_MAX + 1)];
    memcpy(before, factor, sizeof before);
    hm_rls_solve(&rls, ridge, scratch, weights);
    CU_ASSERT_EQUAL(memcmp(before, factor, sizeof before), 0); /* solving changes nothing */
}

static void test_straight_line(void)
{
    /* y = 0, 1, 1, 3 at t = 0, 1, 2, 3: slope 0.9, intercept -0.1. */
    const double x[8] = {0, 1, 1, 1, 2, 1, 3, 1}, y[4] = {0, 1, 1, 3}, ridge[2] = {0, 0};
    double weights[2];
    solve(2, 4, x, y, ridge, weights);
    HM_ASSERT_NEAR(weights[0], 0.9, 1e-15);
    HM_ASSERT_NEAR(weights[1], -0.1, 1e-15);
}

/* Orthogonal columns with x_j . x_j = s_j: w_j = x_j . y / (s_j + N lambda_j). */
static void test_ridge_on_an_orthogonal_design(void)
{
    const double x[12] = {1, 2, 3, 1, -2, 3, 1, 2, -3, 1, -2, -3}, y[4] = {4, 1, -2, 3}, ridge[3] = {0.5, 0, 2};
    double weights[3];
    solve(3, 4, x, y, ridge, weights);
    HM_ASSERT_NEAR(weights[0], 6.0 / (4 + 4 * 0.5), 1e-15);
    HM_ASSERT_NEAR(weights[1], -4.0 / 16, 1e-15);
    HM_ASSERT_NEAR(weights[2], 12.0 / (36 + 4 * 2), 1e-15);
}

static void reference(size_t d, size_t rows, const double *x, const double *y, const double *ridge, double *weights)
{
    const int m = (int)(rows + d), n = (int)d, one = 1, lwork = 64 * (DIMENSION_MAX + ROWS_MAX);
    int info = -1;
    double *a = calloc((rows + d) * d, sizeof *a), *b = calloc(rows + d, sizeof *b),
           *work = calloc((size_t)lwork, sizeof *work);
    CU_ASSERT_TRUE_FATAL(a && b && work);
    for (size_t k = 0; k < rows; k++) {
        for (size_t j = 0; j < d; j++) a[j * (rows + d) + k] = x[k * d + j];
        b[k] = y[k];
    }
    for (size_t j = 0; j < d; j++) a[j * (rows + d) + rows + j] = sqrt(ridge[j] * (double)rows);
    dgels_("N", &m, &n, &one, a, &m, b, &m, work, &lwork, &info, 1);
    CU_ASSERT_EQUAL(info, 0);
    memcpy(weights, b, d * sizeof *weights);
    free(a);
    free(b);
    free(work);
}

static void test_against_lapack(void)
{
    static double x[ROWS_MAX * DIMENSION_MAX], y[ROWS_MAX];
    uint64_t state = 17;
    for (size_t d = 1; d <= DIMENSION_MAX; d++)
        for (int regularised = 0; regularised < 2; regularised++) {
            const size_t rows = d + 10 * d * (size_t)(1 + regularised);
            double ridge[DIMENSION_MAX], weights[DIMENSION_MAX], expected[DIMENSION_MAX];
            for (size_t k = 0; k < rows * d; k++) x[k] = uniform(&state);
            for (size_t k = 0; k < rows; k++) y[k] = uniform(&state);
            for (size_t j = 0; j < d; j++) ridge[j] = regularised ? 0.1 * (1 + uniform(&state)) : 0;
            solve(d, rows, x, y, ridge, weights);
            reference(d, rows, x, y, ridge, expected);
            for (size_t j = 0; j < d; j++) HM_ASSERT_NEAR(weights[j], expected[j], 2e-14);
        }
}

/* The order in which rows come does not matter, nor does a row twice differ from weight 2. */
static void test_order_of_rows(void)
{
    double x[60], reversed[60], y[20], backwards[20], ridge[3] = {0.01, 0.02, 0}, first[3], second[3];
    uint64_t state = 5;
    for (size_t k = 0; k < 60; k++) x[k] = uniform(&state);
    for (size_t k = 0; k < 20; k++) y[k] = uniform(&state);
    for (size_t k = 0; k < 20; k++) {
        memcpy(&reversed[3 * k], &x[3 * (19 - k)], 3 * sizeof *x);
        backwards[k] = y[19 - k];
    }
    solve(3, 20, x, y, ridge, first);
    solve(3, 20, reversed, backwards, ridge, second);
    for (size_t j = 0; j < 3; j++) HM_ASSERT_NEAR(first[j], second[j], 1e-14);
}

static void test_unseen_feature(void)
{
    double x[30], y[10], with[3], without[2];
    uint64_t state = 9;
    for (int ridged = 0; ridged < 2; ridged++) {
        const double ridge[3] = {ridged ? 0.1 : 0, ridged ? 0.1 : 0, ridged ? 0.1 : 0};
        double narrow[20];
        for (size_t k = 0; k < 10; k++) {
            narrow[2 * k] = x[3 * k] = uniform(&state);
            x[3 * k + 1] = 0;
            narrow[2 * k + 1] = x[3 * k + 2] = uniform(&state);
            y[k] = uniform(&state);
        }
        solve(3, 10, x, y, ridge, with);
        solve(2, 10, narrow, y, ridge, without);
        CU_ASSERT_EQUAL(with[1], 0);
        HM_ASSERT_NEAR(with[0], without[0], 1e-15);
        HM_ASSERT_NEAR(with[2], without[1], 1e-15);
    }
}

static void test_no_rows_at_all(void)
{
    const double ridge[3] = {0, 1, 1e-16};
    double weights[3] = {7, 7, 7};
    solve(3, 0, NULL, NULL, ridge, weights);
    for (size_t j = 0; j < 3; j++) CU_ASSERT_EQUAL(weights[j], 0);
}

/* Cholesky of the normal equations in double: what this file is there to avoid. */
static void solve_normal_equations(const double *x, const double *y, size_t rows, double weights[3])
{
    double a[9] = {0}, b[3] = {0};
    for (size_t k = 0; k < rows; k++)
        for (size_t i = 0; i < 3; i++) {
            b[i] += x[3 * k + i] * y[k];
            for (size_t j = 0; j < 3; j++) a[3 * i + j] += x[3 * k + i] * x[3 * k + j];
        }
    for (size_t i = 0; i < 3; i++)
        for (size_t r = i + 1; r < 3; r++) {
            const double multiple = a[3 * r + i] / a[3 * i + i];
            for (size_t j = i; j < 3; j++) a[3 * r + j] -= multiple * a[3 * i + j];
            b[r] -= multiple * b[i];
        }
    for (size_t i = 3; i-- > 0;) {
        for (size_t j = i + 1; j < 3; j++) b[i] -= a[3 * i + j] * weights[j];
        weights[i] = b[i] / a[3 * i + i];
    }
}

/* Two features that differ by 1e-9: the condition number is 1e9, its square is beyond double precision. */
static void test_nearly_collinear_features(void)
{
    enum { ROWS = 200 };
    static double x[3 * ROWS], y[ROWS];
    const double truth[3] = {1.5, -0.5, 0.25}, ridge[3] = {0, 0, 0};
    double weights[3], lost[3];
    uint64_t state = 3;
    for (size_t k = 0; k < ROWS; k++) {
        x[3 * k] = uniform(&state);
        x[3 * k + 1] = x[3 * k] + 1e-9 * uniform(&state);
        x[3 * k + 2] = 1;
        y[k] = truth[0] * x[3 * k] + truth[1] * x[3 * k + 1] + truth[2];
    }
    solve(3, ROWS, x, y, ridge, weights);
    solve_normal_equations(x, y, ROWS, lost);
    for (size_t j = 0; j < 3; j++) HM_ASSERT_NEAR(weights[j], truth[j], 1e-6);
    CU_ASSERT_FALSE(fabs(lost[0] - truth[0]) < 0.1);
}

static const struct hm_test tests[] = {
    {"straight line", test_straight_line},
    {"ridge on an orthogonal design", test_ridge_on_an_orthogonal_design},
    {"against LAPACK", test_against_lapack},
    {"order of rows", test_order_of_rows},
    {"a feature never seen has weight zero", test_unseen_feature},
    {"no rows", test_no_rows_at_all},
    {"nearly collinear features", test_nearly_collinear_features},
};

HM_TEST_MAIN("recursive least squares", tests)
