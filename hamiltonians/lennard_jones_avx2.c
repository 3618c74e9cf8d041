/* The kernels for AVX2 (see lennard_jones.h); compiled for it whatever the rest is compiled for. */
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

const struct hm_lj_kernels hm_lj_kernels_avx2 = {"AVX2", add_pairs, add_atom_triangles};
#endif
