/* Levenberg-Marquardt: problems of the NIST Statistical Reference Datasets (Nonlinear Regression,
 * www.itl.nist.gov/div898/strd), with their certified parameters, from one of their starting points.
 */
#include "predictors/levenberg.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

enum { MOST_POINTS = 16, MOST_WEIGHTS = 4 };

struct problem {
    size_t points, weights;
    double x[MOST_POINTS], y[MOST_POINTS];
    double (*model)(const double *b, double x, double *slope);
    double start[MOST_WEIGHTS], certified[MOST_WEIGHTS], squares;
};

static double misra1a(const double *b, double x, double *slope)
{
    const double e = exp(-b[1] * x);
    slope[0] = 1 - e;
    slope[1] = b[0] * x * e;
    return b[0] * (1 - e);
}

static double mgh09(const double *b, double x, double *slope)
{
    const double above = x * x + x * b[1], below = x * x + x * b[2] + b[3];
    slope[0] = above / below;
    slope[1] = b[0] * x / below;
    slope[2] = -b[0] * above * x / (below * below);
    slope[3] = -b[0] * above / (below * below);
    return b[0] * above / below;
}

static const struct problem problems[] = {
    {
        .points = 14,
        .weights = 2,
        .x = {77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0},
        .y = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78},
        .model = misra1a,
        .start = {500, 1e-4},
        .certified = {2.3894212918e2, 5.5015643181e-4},
        .squares = 1.2455138894e-1,
    },
    {
        .points = 11,
        .weights = 4,
        .x = {4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625},
        .y = {0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246},
        .model = mgh09,
        .start = {0.25, 0.39, 0.415, 0.39},
        .certified = {1.9280693458e-1, 1.9128232873e-1, 1.2305650693e-1, 1.3606233068e-1},
        .squares = 3.0750560385e-4,
    },
};

struct at {
    const struct problem *problem;
    const double *weights;
    double slope[MOST_WEIGHTS];
};

static void residuals(void *self, double *residual)
{
    struct at *at = self;
    for (size_t k = 0; k < at->problem->points; k++)
        residual[k] = at->problem->model(at->weights, at->problem->x[k], at->slope) - at->problem->y[k];
}

static enum hm_status normal(void *self, double *matrix)
{
    struct at *at = self;
    const size_t n = at->problem->weights;
    memset(matrix, 0, n * n * sizeof *matrix);
    for (size_t k = 0; k < at->problem->points; k++) {
        at->problem->model(at->weights, at->problem->x[k], at->slope);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j <= i; j++) matrix[i * n + j] += at->slope[i] * at->slope[j];
    }
    return HM_OK;
}

static void pull(void *self, const double *v, double *gradient)
{
    struct at *at = self;
    memset(gradient, 0, at->problem->weights * sizeof *gradient);
    for (size_t k = 0; k < at->problem->points; k++) {
        at->problem->model(at->weights, at->problem->x[k], at->slope);
        for (size_t i = 0; i < at->problem->weights; i++) gradient[i] += v[k] * at->slope[i];
    }
}

static void test_reference_problems(void)
{
    for (size_t p = 0; p < sizeof problems / sizeof *problems; p++) {
        const struct problem *problem = &problems[p];
        double weights[MOST_WEIGHTS], residual[MOST_POINTS], sum = 0;
        memcpy(weights, problem->start, sizeof weights);
        struct at at = {.problem = problem, .weights = weights};
        const struct hm_squares squares = {
            .nweight = problem->weights,
            .nresidual = problem->points,
            .weights = weights,
            .residuals = residuals,
            .normal = normal,
            .pull = pull,
            .self = &at,
        };
        HM_ASSERT_OK(hm_levenberg_run(&squares, 1000));
        for (size_t k = 0; k < problem->weights; k++)
            HM_ASSERT_NEAR(weights[k], problem->certified[k], 1e-4 * fabs(problem->certified[k]));
        residuals(&at, residual);
        for (size_t k = 0; k < problem->points; k++) sum += residual[k] * residual[k];
        HM_ASSERT_NEAR(sum, problem->squares, 1e-7 * problem->squares);
    }
}

static enum hm_status refuse(void *self, double *matrix)
{
    (void)self, (void)matrix;
    return HM_STOPPED;
}

/* Stopped within a step: the weights are those before it. */
static void test_stopped(void)
{
    double weights[] = {500, 1e-4};
    struct at at = {.problem = &problems[0], .weights = weights};
    const struct hm_squares squares = {
        .nweight = 2,
        .nresidual = problems[0].points,
        .weights = weights,
        .residuals = residuals,
        .normal = refuse,
        .pull = pull,
        .self = &at,
    };
    CU_ASSERT_EQUAL(hm_levenberg_run(&squares, 10), HM_STOPPED);
    CU_ASSERT_EQUAL(weights[0], 500);
    CU_ASSERT_EQUAL(weights[1], 1e-4);
}

static const struct hm_test tests[] = {
    {"reference problems to their certified parameters", test_reference_problems},
    {"stopped between steps", test_stopped},
};

HM_TEST_MAIN("predictors/levenberg", tests)
