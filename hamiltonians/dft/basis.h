/* Gaussian basis sets: contracted shells on atoms.
 *
 *   chi(r) = (x-Ax)^i (y-Ay)^j (z-Az)^k sum_p c_p exp(-a_p |r-A|^2),   i + j + k = l
 *
 * Cartesian components of a shell in the order i descending, then j descending (xx xy xz yy yz zz); spherical ones are
 * real solid harmonics, m = -l ... l; s and p shells are Cartesian always (1, x y z). Coefficients include all
 * normalisation: the function of (l, 0, 0) and every spherical one has norm 1. `hm_shell_spherical` gives the matrix
 * that takes Cartesian components, normalised as the coefficients are, to spherical ones.
 *
 * Shapes: functions are numbered through the shells, in the order of atoms and of the file.
 * Units: bohr^-2 (exponents). Errors: HM_BAD_CONFIG with the element or file:line that is at fault, HM_OUT_OF_MEMORY.
 * Owns: the basis owns its arrays; positions of atoms are passed to whatever computes. Shells that have the same
 * exponents by construction (those of an element's atoms, s and p of an SP shell) point to the same exponents.
 * MPI: local.
 * Source: H. B. Schlegel and M. J. Frisch, Int. J. Quantum Chem. 54, 83 (1995) (spherical from Cartesian).
 */
#ifndef HM_HAMILTONIANS_DFT_BASIS_H
#define HM_HAMILTONIANS_DFT_BASIS_H

#include "io/config.h"
#include "io/frame.h"

enum { HM_BASIS_MAX_L = 3, HM_AUXILIARY_MAX_L = 4 };

struct hm_shell {
    int l;
    bool spherical;
    size_t atom;
    size_t first, count; // functions: first ... first + count - 1
    size_t nprimitive;
    const double *exponent;    // (nprimitive)
    const double *coefficient; // (nprimitive), normalisation included
};

struct hm_basis {
    size_t natom, nshell, nfunction;
    int max_l;              // -1 without shells
    struct hm_shell *shell; // (nshell)
    double *storage;        // behind the exponents and coefficients
};

/* The basis named by the configuration key (`key` = "hamiltonian.basis" or "hamiltonian.auxiliary"): a shipped name, or
 * the path of a file in G94 format. "auto" is the shipped auxiliary basis. */
enum hm_status hm_basis_create(const struct hm_config *config, const char *key, const struct hm_frame *frame,
                               struct hm_basis *basis);
void hm_basis_destroy(struct hm_basis *basis);

static inline size_t hm_cartesian_count(int l)
{
    return (size_t)((l + 1) * (l + 2) / 2);
}

/* (2l + 1, cartesian_count(l)), l up to HM_AUXILIARY_MAX_L. */
const double *hm_shell_spherical(int l);

#endif
