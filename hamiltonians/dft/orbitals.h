/* Values of basis functions, their gradients and second derivatives at points.
 *
 *   chi = x^i y^j z^k R(r^2),   grad R = d R',  grad R' = d R'',   R' = sum -2a c exp(-a r^2), R'' = sum 4a^2 c exp
 *
 * A shell is left out where its reach ends: beyond it, no component exceeds HM_ORBITALS_LEAST.
 *
 * Shapes: values (1, 4 or 10, nfunction, n) for order 0, 1, 2: value; x y z; xx xy xz yy yz zz. nfunction counts those
 * of the shells asked for. Points: 3 arrays of n, a multiple of HM_POINT_LANES. Units: bohr^(-3/2) and derivatives.
 * Errors: HM_OUT_OF_MEMORY. Owns: scratch; borrows the basis. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_ORBITALS_H
#define HM_HAMILTONIANS_DFT_ORBITALS_H

#include "hamiltonians/dft/basis.h"
#include "hamiltonians/dft/point_kernels.h"

#define HM_ORBITALS_LEAST 1e-11

struct hm_orbitals {
    const struct hm_basis *basis;
    const struct hm_point_kernels *kernels;
    double *reach;      // (nshell)
    double *atom_reach; // (natom) beyond it nothing of the atom exceeds HM_ORBITALS_LEAST_DENSE
    size_t *family;     // (nshell) equal for shells of one atom with the same exponents
    double *scratch, *power, *square, *exponential, *radial, *cartesian;
};

/* A density of functions smaller than this may be left out. */
#define HM_ORBITALS_LEAST_DENSE 2e-6

static inline size_t hm_orbitals_derivatives(int order)
{
    return order == 0 ? 1 : order == 1 ? 4 : 10;
}

enum hm_status hm_orbitals_create(const struct hm_basis *basis, const struct hm_point_kernels *kernels,
                                  struct hm_orbitals *orbitals);
void hm_orbitals_destroy(struct hm_orbitals *orbitals);

/* The shells (up to nshell of them) that reach these points, atoms being at x; how many. */
size_t hm_orbitals_choose(struct hm_orbitals *orbitals, const double *x, size_t n, const double *const point[3],
                          size_t *shell);

/* `shell` ascends. */
void hm_orbitals_evaluate(struct hm_orbitals *orbitals, const double *x, size_t nshell, const size_t *shell, size_t n,
                          const double *const point[3], int order, double *values);

#endif
