/* The loops over points for AVX-512 (see point_kernels.h). */
#include "hamiltonians/dft/point_kernels.h"

#if defined __x86_64__
#include "hamiltonians/dft/point_kernels.inc"

const struct hm_point_kernels hm_point_kernels_avx512 = POINT_KERNELS("avx512");
#endif
