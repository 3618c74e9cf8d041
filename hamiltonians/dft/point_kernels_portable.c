/* The loops over points for any machine (see point_kernels.h). */
#include "hamiltonians/dft/point_kernels.h"

#include "hamiltonians/dft/point_kernels.inc"

const struct hm_point_kernels hm_point_kernels_portable = POINT_KERNELS("portable");
