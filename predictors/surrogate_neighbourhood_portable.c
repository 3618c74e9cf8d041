/* The kernels of the angular part for any machine. */
#include "predictors/surrogate_neighbourhood_internal.h"

typedef double vec __attribute__((vector_size(32)));
#define INLINE static inline __attribute__((always_inline))

INLINE vec root(vec v)
{
    return (vec){sqrt(v[0]), sqrt(v[1]), sqrt(v[2]), sqrt(v[3])};
}

#include "predictors/surrogate_neighbourhood_kernels.inc"

const struct hm_angular_kernels hm_angular_kernels_portable = {"portable", densities, gradient};
