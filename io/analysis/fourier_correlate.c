#include "io/analysis/fourier.h"

#include <stdlib.h>
#include <string.h>

static size_t strip(size_t size, size_t factor)
{
    while (size % factor == 0) size /= factor;
    return size;
}

size_t hm_fourier_size(size_t size)
{
    size_t half = size < 2 ? 1 : (size + 1) / 2;
    while (strip(strip(strip(half, 2), 3), 5) != 1) half++;
    return 2 * half;
}

/* The power is real and even, and so is its transform: forward and back are the same. */
static void correlate(const struct hm_fourier *fourier, size_t size, double *padded, struct hm_complex *transformed)
{
    hm_fourier_real(fourier, padded, transformed);
    for (size_t k = 0; k <= size / 2; k++) {
        const double power = transformed[k].re * transformed[k].re + transformed[k].im * transformed[k].im;
        padded[k] = power;
        if (k > 0) padded[size - k] = power;
    }
    hm_fourier_real(fourier, padded, transformed);
}

enum hm_status hm_fourier_correlate(const double *series, size_t count, size_t lags, double *sums)
{
    const size_t size = hm_fourier_size(count + lags);
    struct hm_fourier *fourier = NULL;
    double *padded = calloc(size, sizeof *padded);
    struct hm_complex *transformed = calloc(size / 2 + 1, sizeof *transformed);
    enum hm_status status = padded && transformed
                                ? hm_fourier_create(size, &fourier)
                                : hm_fail(HM_OUT_OF_MEMORY, "out of memory: correlations of %zu values", count);
    if (status == HM_OK) {
        memcpy(padded, series, count * sizeof *padded);
        correlate(fourier, size, padded, transformed);
        for (size_t k = 0; k < lags; k++) sums[k] = transformed[k].re / (double)size;
    }
    hm_fourier_destroy(&fourier);
    free(transformed);
    free(padded);
    return status;
}
