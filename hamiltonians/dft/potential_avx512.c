/* The kernels for AVX-512 (see potential.h). */
#include "hamiltonians/dft/potential.h"

#include "hamiltonians/dft/hermite.h"

#if defined __x86_64__
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef double vec __attribute__((vector_size(64)));
typedef int64_t mask __attribute__((vector_size(64)));
#define INLINE static inline __attribute__((always_inline))

INLINE vec sqrt8(vec v)
{
    return (vec)_mm512_sqrt_pd((__m512d)v);
}

#include "hamiltonians/dft/potential.inc"

const struct hm_potential_kernels hm_potential_kernels_avx512 = {"AVX-512", potential, forces};
#endif
