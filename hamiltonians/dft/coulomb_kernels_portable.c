/* The kernels for any machine (see coulomb_kernels.h). */
#include "hamiltonians/dft/coulomb_kernels.h"

#include <math.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define VECTOR_BYTES 16
typedef double vec __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int64_t mask __attribute__((vector_size(VECTOR_BYTES)));

INLINE vec root(vec v)
{
    return (vec){sqrt(v[0]), sqrt(v[1])};
}

INLINE bool any(mask m)
{
    return (m[0] | m[1]) != 0;
}

#include "hamiltonians/dft/coulomb_vector.inc"

#include "hamiltonians/dft/coulomb_kernels.inc"

#include "hamiltonians/dft/exchange_kernels.inc"

const struct hm_coulomb_kernels hm_coulomb_kernels_portable = {"portable", field, integrals, quartets, digest, slopes};
