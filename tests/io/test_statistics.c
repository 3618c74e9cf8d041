/* Fourier transforms against their definition; errors of means and slopes against the scatter of many series. */
#include "tests/test.h"

#include "io/analysis/fourier.h"
#include "io/analysis/statistics.h"
#include "io/rng.h"

#include <stdlib.h>

#define PI 3.14159265358979323846

/* A standard normal number by its place. */
static double normal(uint64_t series, uint64_t k)
{
    double three[3];
    hm_rng_normal3((struct hm_rng_key){7, 0, HM_RNG_TEST}, k, (uint32_t)series, three);
    return three[0];
}

static void test_transform(void)
{
    static const size_t sizes[] = {2, 4, 6, 10, 30, 64, 90, 128};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t n = sizes[s];
        double in[128];
        struct hm_complex out[65];
        struct hm_fourier *fourier;
        for (size_t k = 0; k < n; k++) in[k] = normal(s, k);
        HM_ASSERT_OK(hm_fourier_create(n, &fourier));
        hm_fourier_real(fourier, in, out);
        for (size_t k = 0; k <= n / 2; k++) {
            double re = 0, im = 0;
            for (size_t m = 0; m < n; m++) {
                const double turn = 2 * PI * (double)(k * m % n) / (double)n;
                re += in[m] * cos(turn);
                im -= in[m] * sin(turn);
            }
            HM_ASSERT_NEAR(out[k].re, re, 1e-13 * (double)n);
            HM_ASSERT_NEAR(out[k].im, im, 1e-13 * (double)n);
        }
        hm_fourier_destroy(&fourier);
        CU_ASSERT_PTR_NULL(fourier);
    }
    struct hm_fourier *refused;
    CU_ASSERT_EQUAL(hm_fourier_create(7, &refused), HM_BAD_USAGE);
    hm_status_clear();
}

static void test_sizes(void)
{
    static const size_t wanted[] = {0, 1, 2, 3, 13, 14, 97, 1025, 65537},
                        got[] = {2, 2, 2, 4, 16, 16, 100, 1080, 65610};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) CU_ASSERT_EQUAL(hm_fourier_size(wanted[i]), got[i]);
}

static void test_correlate(void)
{
    enum { N = 100 };
    double series[N], sums[N];
    for (size_t k = 0; k < N; k++) series[k] = 3 + normal(9, k);
    HM_ASSERT_OK(hm_fourier_correlate(series, N, N, sums));
    for (size_t k = 0; k < N; k++) {
        double direct = 0;
        for (size_t n = 0; n + k < N; n++) direct += series[n] * series[n + k];
        HM_ASSERT_NEAR(sums[k], direct, 1e-11);
    }
}

/* x_{n+1} = r x_n + sqrt(1 - r^2) noise: C(k) = r^k, g = (1 + r) / (1 - r). */
static void autoregress(uint64_t number, double r, double *series, size_t count)
{
    series[0] = normal(number, 0);
    for (size_t k = 1; k < count; k++) series[k] = r * series[k - 1] + sqrt(1 - r * r) * normal(number, k);
}

/* The errors that are quoted are the scatter that is there. */
static void test_errors_are_the_scatter(void)
{
    enum { N = 4000, SERIES = 300 };
    static double series[N], step[N];
    for (size_t k = 0; k < N; k++) step[k] = (double)k;
    for (int correlated = 0; correlated < 2; correlated++) {
        double mean_square = 0, mean_error = 0, slope_square = 0, slope_error = 0, g = 0;
        size_t covered = 0;
        for (uint64_t s = 0; s < SERIES; s++) {
            struct hm_mean mean;
            struct hm_line line;
            autoregress(s, correlated ? 0.9 : 0, series, N);
            HM_ASSERT_OK(hm_mean_of(series, N, &mean));
            for (size_t k = 0; k < N; k++) series[k] += 5 + 1e-3 * step[k];
            HM_ASSERT_OK(hm_line_through(step, series, N, &line));
            mean_square += mean.mean * mean.mean;
            mean_error += mean.error * mean.error;
            slope_square += (line.slope - 1e-3) * (line.slope - 1e-3);
            slope_error += line.error * line.error;
            g += mean.inefficiency / SERIES;
            covered += fabs(line.slope - 1e-3) < line.half_width;
        }
        HM_ASSERT_NEAR(sqrt(mean_error / mean_square), 1, 0.12);
        HM_ASSERT_NEAR(sqrt(slope_error / slope_square), 1, 0.12);
        HM_ASSERT_NEAR(g, correlated ? 19 : 1, correlated ? 1.5 : 0.1);
        CU_ASSERT_TRUE(covered > SERIES * 90 / 100 && covered < SERIES * 99 / 100);
    }
}

static void test_exact_line(void)
{
    const double x[5] = {1, 2, 4, 7, 11}, y[5] = {1002, 1004, 1008, 1014, 1022};
    struct hm_line line;
    HM_ASSERT_OK(hm_line_through(x, y, 5, &line));
    HM_ASSERT_NEAR(line.slope, 2, 1e-13);
    HM_ASSERT_NEAR(line.intercept, 1000, 1e-11);
    HM_ASSERT_NEAR(line.error, 0, 1e-13);
    CU_ASSERT_EQUAL(line.inefficiency, 1);
}

/* The textbook's formula on six points. */
static void test_error_without_correlation(void)
{
    const double x[6] = {0, 1, 2, 3, 4, 5}, y[6] = {0.1, 0.9, 2.2, 2.8, 4.1, 4.9};
    double xx = 17.5, xy = 0, ss = 0, mean = 2.5;
    struct hm_line line;
    for (int k = 0; k < 6; k++) xy += (x[k] - 2.5) * (y[k] - mean);
    for (int k = 0; k < 6; k++) ss += pow(y[k] - mean - xy / xx * (x[k] - 2.5), 2);
    HM_ASSERT_OK(hm_line_through(x, y, 6, &line));
    HM_ASSERT_NEAR(line.slope, xy / xx, 1e-14);
    HM_ASSERT_NEAR(line.error, sqrt(ss / (6 / line.inefficiency - 2) / xx), 1e-14);
    CU_ASSERT_TRUE(line.inefficiency >= 1 && line.inefficiency < 1.5);
}

static void test_student(void)
{
    /* scipy.stats.t.ppf(0.975, nu), SciPy 1.10 */
    static const double nu[] = {2, 3, 5, 10, 30, 1e9},
                        t[] = {4.302653, 3.182446, 2.570582, 2.228139, 2.042272, 1.959964};
    for (size_t k = 0; k < 6; k++) HM_ASSERT_NEAR(hm_student_95(nu[k]) / t[k], 1, k == 0 ? 1e-2 : 2e-3);
    CU_ASSERT_TRUE(isnan(hm_student_95(0)));
}

static void test_too_few(void)
{
    const double one[3] = {4, 5, 7};
    struct hm_mean mean;
    struct hm_line line;
    HM_ASSERT_OK(hm_mean_of(one, 1, &mean));
    CU_ASSERT_EQUAL(mean.mean, 4);
    CU_ASSERT_TRUE(isnan(mean.error) && isnan(mean.half_width));
    HM_ASSERT_OK(hm_mean_of(one, 0, &mean));
    CU_ASSERT_TRUE(isnan(mean.mean));
    HM_ASSERT_OK(hm_line_through(one, one, 2, &line));
    HM_ASSERT_NEAR(line.slope, 1, 1e-15);
    CU_ASSERT_TRUE(isnan(line.error));
}

static const struct hm_test tests[] = {
    {"transform against its definition", test_transform},
    {"sizes", test_sizes},
    {"correlations against direct sums", test_correlate},
    {"errors are the scatter", test_errors_are_the_scatter},
    {"exact line", test_exact_line},
    {"error without correlation", test_error_without_correlation},
    {"Student's t", test_student},
    {"too few values", test_too_few},
};

HM_TEST_MAIN("statistics", tests)
