/* The loops over points for AVX2 and FMA (see point_kernels.h). */
#include "hamiltonians/dft/point_kernels.h"

#if defined __x86_64__
#include "hamiltonians/dft/point_kernels.inc"

const struct hm_point_kernels hm_point_kernels_avx2 = POINT_KERNELS("avx2");
#endif
