/* Means and slopes of correlated series, with errors that know of the correlation.
 *
 *   inefficiency  g = 1 + 2 sum_{k = 1} (1 - k / n) C(k), C the autocorrelation of the deviations, summed until it
 *                 first is not positive beyond k = 3; at least 1. n / g values are as good as independent.
 *   mean          error = sqrt(mean square deviation / (n / g - 1))
 *   line          y = intercept + slope x by least squares; g is that of the residuals r,
 *                 error = sqrt(sum r^2 / (n / g - 2) * 1 / sum (x - mean x)^2)
 *   half_width    of the interval that holds the true value in 95 of 100 cases: Student's t times the error
 *
 * A standard error is NaN where there are too few independent values (n / g of 1 for a mean, 2 for a line).
 *
 * Shapes: values, x, y (count). Units: those of the values.
 * Errors: HM_OUT_OF_MEMORY. Owns: nothing. MPI: local.
 * Source: Chodera, Swope, Pitera, Seok, Dill, J. Chem. Theory Comput. 3, 26 (2007); Flyvbjerg, Petersen, J. Chem. Phys.
 * 91, 461 (1989); quantile: Abramowitz, Stegun, 26.7.5.
 */
#ifndef HM_IO_ANALYSIS_STATISTICS_H
#define HM_IO_ANALYSIS_STATISTICS_H

#include "io/status.h"

#include <stddef.h>

struct hm_mean {
    size_t count;
    double mean, error, half_width, inefficiency;
};

struct hm_line {
    size_t count;
    double slope, intercept, error, half_width, inefficiency; /* errors are of the slope */
};

enum hm_status hm_inefficiency(const double *values, size_t count, double *inefficiency);
enum hm_status hm_mean_of(const double *values, size_t count, struct hm_mean *mean);
enum hm_status hm_line_through(const double *x, const double *y, size_t count, struct hm_line *line);

/* Student's t that is exceeded in magnitude in 5 of 100 cases; good to 1 % at 2 degrees of freedom, 0.1 % from 3 on. */
double hm_student_95(double degrees_of_freedom);

/* Of an even number the mean of the middle two, NaN of none; it leaves the values in order. */
double hm_median(double *values, size_t count);

#endif
