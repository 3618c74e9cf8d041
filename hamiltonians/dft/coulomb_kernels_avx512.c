/* The kernels for AVX-512 (see coulomb_kernels.h). */
#include "hamiltonians/dft/coulomb_kernels.h"

#if defined __x86_64__
#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define VECTOR_BYTES 64
typedef double vec __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int64_t mask __attribute__((vector_size(VECTOR_BYTES)));

INLINE vec root(vec v)
{
    return (vec)_mm512_sqrt_pd((__m512d)v);
}

INLINE bool any(mask m)
{
    return _mm512_movepi64_mask((__m512i)m) != 0;
}

#include "hamiltonians/dft/coulomb_vector.inc"

#include "hamiltonians/dft/coulomb_kernels.inc"

#include "hamiltonians/dft/exchange_kernels.inc"

const struct hm_coulomb_kernels hm_coulomb_kernels_avx512 = {"AVX-512", field, integrals, quartets, digest, slopes};
#endif
