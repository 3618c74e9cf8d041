/* The kernels for any machine (see lennard_jones.h). */
#include "hamiltonians/lennard_jones.h"

#include <math.h>

#include "hamiltonians/pair_vector.inc"

INLINE vec sqrt4(vec v)
{
    return (vec){sqrt(v[0]), sqrt(v[1]), sqrt(v[2]), sqrt(v[3])};
}

#include "hamiltonians/axilrod_teller.inc"
#include "hamiltonians/lennard_jones.inc"

const struct hm_lj_kernels hm_lj_kernels_portable = {"portable", add_pairs, add_atom_triangles};
