#include "io/analysis/statistics.h"

#include "io/analysis/fourier.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_LAGS = 3 };

double hm_student_95(double nu)
{
    const double z = 1.9599639845400545, z2 = z * z;
    if (!(nu > 0)) return NAN;
    const double first = z * (z2 + 1) / 4, second = z * ((5 * z2 + 16) * z2 + 3) / 96,
                 third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384,
                 fourth = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
    return z + (first + (second + (third + fourth / nu) / nu) / nu) / nu;
}

/* Of deviations from a mean or a line. */
static enum hm_status deviations_inefficiency(const double *deviation, size_t count, double *inefficiency)
{
    *inefficiency = 1;
    if (count < LEAST_LAGS) return HM_OK;
    double *sums = malloc(count * sizeof *sums);
    if (!sums) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: autocorrelation of %zu values", count);
    const enum hm_status status = hm_fourier_correlate(deviation, count, count, sums);
    const double n = (double)count;
    double g = 1;
    if (status == HM_OK && sums[0] > 0) {
        for (size_t k = 1; k < count - 1; k++) {
            const double c = sums[k] / (n - (double)k) / (sums[0] / n);
            if (c <= 0 && k > LEAST_LAGS) break;
            g += 2 * c * (1 - (double)k / n);
        }
    }
    *inefficiency = fmax(g, 1);
    free(sums);
    return status;
}

static double average(const double *values, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += values[k] - values[0];
    return count > 0 ? values[0] + sum / (double)count : NAN;
}

/* The caller frees them. */
static enum hm_status subtract_line(const double *x, const double *y, size_t count, struct hm_line *line, double *xx,
                                    double **residual)
{
    double *r = *residual = malloc((count + 1) * sizeof *r);
    if (!r) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu residuals", count);
    const double mean_y = average(y, count), mean_x = x ? average(x, count) : 0;
    double xy = 0;
    *xx = 0;
    for (size_t k = 0; k < count && x; k++) {
        *xx += (x[k] - mean_x) * (x[k] - mean_x);
        xy += (x[k] - mean_x) * (y[k] - mean_y);
    }
    line->slope = x ? xy / *xx : 0;
    line->intercept = mean_y - line->slope * mean_x;
    for (size_t k = 0; k < count; k++) r[k] = y[k] - mean_y - (x ? line->slope * (x[k] - mean_x) : 0);
    return HM_OK;
}

static double sum_of_squares(const double *values, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += values[k] * values[k];
    return sum;
}

enum hm_status hm_inefficiency(const double *values, size_t count, double *inefficiency)
{
    struct hm_mean mean;
    const enum hm_status status = hm_mean_of(values, count, &mean);
    *inefficiency = mean.inefficiency;
    return status;
}

enum hm_status hm_mean_of(const double *values, size_t count, struct hm_mean *mean)
{
    struct hm_line line = {0};
    double *residual, none;
    *mean = (struct hm_mean){count, NAN, NAN, NAN, 1};
    if (count == 0) return HM_OK;
    HM_TRY(subtract_line(NULL, values, count, &line, &none, &residual));
    const enum hm_status status = deviations_inefficiency(residual, count, &mean->inefficiency);
    const double independent = (double)count / mean->inefficiency;
    mean->mean = line.intercept;
    if (independent > 1) {
        mean->error = sqrt(sum_of_squares(residual, count) / (double)count / (independent - 1));
        mean->half_width = hm_student_95(independent - 1) * mean->error;
    }
    free(residual);
    return status;
}

enum hm_status hm_line_through(const double *x, const double *y, size_t count, struct hm_line *line)
{
    double *residual, xx;
    *line = (struct hm_line){count, NAN, NAN, NAN, NAN, 1};
    if (count < 2) return HM_OK;
    HM_TRY(subtract_line(x, y, count, line, &xx, &residual));
    const enum hm_status status = deviations_inefficiency(residual, count, &line->inefficiency);
    const double independent = (double)count / line->inefficiency;
    if (independent > 2) {
        line->error = sqrt(sum_of_squares(residual, count) / (independent - 2) / xx);
        line->half_width = hm_student_95(independent - 2) * line->error;
    }
    free(residual);
    return status;
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double hm_median(double *values, size_t count)
{
    if (count == 0) return NAN;
    qsort(values, count, sizeof *values, ascending);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}
