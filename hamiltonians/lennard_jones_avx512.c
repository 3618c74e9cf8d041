/* The kernels for AVX-512VL (see lennard_jones.h): vectors of 32 bytes all the same, but twice the registers. */
#include "hamiltonians/lennard_jones.h"

#if defined __x86_64__
#include <immintrin.h>
#include <math.h>

#include "hamiltonians/pair_vector.inc"

INLINE vec sqrt4(vec v)
{
    return (vec)_mm256_sqrt_pd((__m256d)v);
}

#include "hamiltonians/axilrod_teller.inc"
#include "hamiltonians/lennard_jones.inc"

const struct hm_lj_kernels hm_lj_kernels_avx512 = {"AVX-512VL", add_pairs, add_atom_triangles};
#endif
