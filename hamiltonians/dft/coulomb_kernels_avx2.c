/* The kernels for AVX2 with fused multiply-add (see coulomb_kernels.h). */
#include "hamiltonians/dft/coulomb_kernels.h"

#if defined __x86_64__
#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define VECTOR_BYTES 32
typedef double vec __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int64_t mask __attribute__((vector_size(VECTOR_BYTES)));

INLINE vec root(vec v)
{
    return (vec)_mm256_sqrt_pd((__m256d)v);
}

INLINE bool any(mask m)
{
    return _mm256_movemask_pd((__m256d)m) != 0;
}

#include "hamiltonians/dft/coulomb_vector.inc"

#include "hamiltonians/dft/coulomb_kernels.inc"

#include "hamiltonians/dft/exchange_kernels.inc"

const struct hm_coulomb_kernels hm_coulomb_kernels_avx2 = {"AVX2", field, integrals, quartets, digest, slopes};
#endif
