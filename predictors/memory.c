#include "predictors/memory.h"

#include "io/analysis/correlations.h"

#include <math.h>
#include <stdlib.h>

static double rate(const struct hm_window *window, size_t back, size_t channel)
{
    return hm_window_coordinate(window, back)[channel] - hm_window_coordinate(window, back + 1)[channel];
}

enum hm_status hm_memory_length(const struct hm_window *window, size_t *steps)
{
    *steps = window->filled / 8 > 0 ? window->filled / 8 : 1;
    if (window->filled < 8) return HM_OK;
    /* hm_window_coordinate(w, 0) belongs to an open step; the completed ones begin at 1. */
    const size_t rates = window->filled - 1, lags = rates / 2;
    double *correlation = calloc(lags, sizeof *correlation);
    if (!correlation) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu lags", lags);
    for (size_t k = 0; k < lags; k++) {
        for (size_t n = 1; n + k <= rates; n++)
            for (size_t c = 0; c < window->nchannel; c++) correlation[k] += rate(window, n, c) * rate(window, n + k, c);
        correlation[k] /= (double)(rates - k);
    }
    const double inflection = hm_first_inflection(correlation, lags);
    free(correlation);
    if (isfinite(inflection)) *steps = (size_t)fmax(1, ceil(inflection));
    return HM_OK;
}
