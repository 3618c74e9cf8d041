/* The kernels for AVX2 (see potential.h). */
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
    double root[8];
    memcpy(root, &v, sizeof v);
    _mm256_storeu_pd(root, _mm256_sqrt_pd(_mm256_loadu_pd(root)));
    _mm256_storeu_pd(root + 4, _mm256_sqrt_pd(_mm256_loadu_pd(root + 4)));
    memcpy(&v, root, sizeof v);
    return v;
}

#include "hamiltonians/dft/potential.inc"

const struct hm_potential_kernels hm_potential_kernels_avx2 = {"AVX2", potential, forces};
#endif
