/* The kernels of the angular part for AVX2; compiled for it whatever the rest is compiled for. */
#include "predictors/surrogate_neighbourhood_internal.h"

#if defined __x86_64__
#include <immintrin.h>

typedef double vec __attribute__((vector_size(32)));
#define INLINE static inline __attribute__((always_inline))

INLINE vec root(vec v)
{
    return (vec)_mm256_sqrt_pd((__m256d)v);
}

#include "predictors/surrogate_neighbourhood_kernels.inc"

const struct hm_angular_kernels hm_angular_kernels_avx2 = {"AVX2", densities, gradient};
#endif
