/* Discrete Fourier transforms of real series in double precision, by kissfft.
 *
 *   F_k = sum_n f_n exp(-2 pi i k n / size),   k = 0 .. size / 2; the other half is its conjugate
 *
 * Shapes: in (size); out (size / 2 + 1). Any even size; a product of 2, 3 and 5 is fast.
 * Units: those of the series. Errors: HM_OUT_OF_MEMORY. Owns: its tables; a transform allocates nothing for sizes whose
 * factors are 2, 3 and 5. MPI: local.
 * Source: the C library of kissfft is built for single precision; its C++ template is for any.
 */
#ifndef HM_IO_ANALYSIS_FOURIER_H
#define HM_IO_ANALYSIS_FOURIER_H

#include "io/status.h"

#include <stddef.h>

struct hm_complex {
    double re, im;
};

struct hm_fourier;

enum hm_status hm_fourier_create(size_t size, struct hm_fourier **fourier);
void hm_fourier_destroy(struct hm_fourier **fourier);
void hm_fourier_real(const struct hm_fourier *fourier, const double *in, struct hm_complex *out);
/* The least product of 2, 3 and 5 that is even and not below `size`. */
size_t hm_fourier_size(size_t size);

/* Sums of products over a series, sum_n f_n f_{n+k}, k = 0 .. lags-1, by Wiener and Khinchin: in O(n log n). Lags not
 * above count. */
enum hm_status hm_fourier_correlate(const double *series, size_t count, size_t lags, double *sums);

#endif
