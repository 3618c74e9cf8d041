#include "io/analysis/correlations.h"

#include <math.h>

double hm_first_inflection(const double *curve, size_t count)
{
    double before = 0;
    for (size_t k = 1; k + 1 < count; k++) {
        const double now = (curve[k + 1] - curve[k]) - (curve[k] - curve[k - 1]);
        if (before * now < 0) return (double)k - now / (now - before);
        if (before != 0 && now == 0) return (double)k;
        before = now;
    }
    return NAN;
}

/* Position of the maximum of the parabola through three equally spaced points, in spacings from the middle one. */
static double vertex(double left, double middle, double right)
{
    const double curvature = left - 2.0 * middle + right;
    return curvature < 0 ? 0.5 * (left - right) / curvature : 0.0;
}

static double interpolate_peak(const double *at)
{
    if (at[-1] > 0 && at[1] > 0) return vertex(log(at[-1]), log(at[0]), log(at[1]));
    return vertex(at[-1], at[0], at[1]);
}

size_t hm_spectrum_peaks(const double *spectrum, size_t count, double spacing_cm, double skip_cm, double fraction,
                         double *peaks_cm, size_t capacity)
{
    double largest = 0, ceiling = INFINITY;
    size_t found = 0, last = 0;
    const size_t first = skip_cm > spacing_cm ? (size_t)ceil(skip_cm / spacing_cm) : 1;
    for (size_t k = first; k < count; k++) largest = fmax(largest, spectrum[k]);
    /* The next strongest below the one before, until the list is full: few peaks are ever wanted. Equal heights
     * come in order of wavenumber. */
    while (found < capacity) {
        size_t best = 0;
        for (size_t k = first; k + 1 < count; k++) {
            const double s = spectrum[k];
            const bool is_peak = s > spectrum[k - 1] && s >= spectrum[k + 1] && s > 0 && s >= fraction * largest;
            const bool is_next = s < ceiling || (s == ceiling && k > last);
            if (is_peak && is_next && (best == 0 || s > spectrum[best])) best = k;
        }
        if (best == 0) break;
        peaks_cm[found++] = spacing_cm * ((double)best + interpolate_peak(spectrum + best));
        ceiling = spectrum[best];
        last = best;
    }
    return found;
}
