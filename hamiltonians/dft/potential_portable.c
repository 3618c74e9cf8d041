/* The kernels for any machine (see potential.h). */
#include "hamiltonians/dft/potential.h"

#include "hamiltonians/dft/hermite.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef double vec __attribute__((vector_size(64)));
typedef int64_t mask __attribute__((vector_size(64)));
#define INLINE static inline __attribute__((always_inline))

INLINE vec sqrt8(vec v)
{
    for (int l = 0; l < 8; l++) v[l] = sqrt(v[l]);
    return v;
}

#include "hamiltonians/dft/potential.inc"

const struct hm_potential_kernels hm_potential_kernels_portable = {"portable", potential, forces};
