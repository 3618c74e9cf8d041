/* Products of basis functions in Hermite Gaussians, for the two-electron integrals.
 *
 *   chi_a chi_b = sum over primitives sum_tuv value^{ab}_tuv Lambda_tuv(p, P)
 *   value^{ab}_tuv = c_a c_b E_t E_u E_v sqrt(2) pi^(5/4) / p
 *
 * so that (ab|cd) = sum value^{ab}_tuv value^{cd}_t'u'v' (-1)^(t'+u'+v') R_{t+t',u+u',v+v'}(pq / (p+q), P - Q) /
 * sqrt(p+q).
 *
 * Shells of one atom with the same exponents make a family: their products share p, P and R_tuv (s and p of 6-31G*).
 * Inside, matrices are over Cartesian functions numbered through the families ("inner"). Pairs (a, b) of families have
 * a >= b; a row of a pair is a product of one function of each, row = ia count_b + ib.
 *
 * Primitive pairs whose integrals are below any interest are left out: (ab|cd) <= bound^ab bound^cd, where a product's
 * bound is the sum of |value_tuv| |Lambda_tuv|, |Lambda_tuv|^2 its own repulsion (triangle inequality).
 *
 * Units: bohr. Errors: HM_OUT_OF_MEMORY. Owns: hm_pairs its arrays; the basis is borrowed. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_COULOMB_PAIRS_H
#define HM_HAMILTONIANS_DFT_COULOMB_PAIRS_H

#include "hamiltonians/dft/basis.h"
#include "hamiltonians/dft/hermite.h"

#include <stdint.h>

enum { HM_FAMILY_SHELLS = 8, HM_PAIR_MAX_L = 2 * HM_BASIS_MAX_L };

struct hm_family {
    size_t atom, nshell, nprimitive, kind;
    int l; // the highest of its shells
    const struct hm_shell *shell[HM_FAMILY_SHELLS];
    const double *exponent;
    size_t first, count; // inner functions
};

/* One value of a pair: where it belongs, and what it is a product of. */
struct hm_term {
    uint16_t row, tuv;
    uint16_t x, y, z; // places in the expansions of the three directions
    uint8_t a, b;     // shells of the families, for their coefficients
};

/* The terms of all pairs of two kinds of family, sorted by rows. */
struct hm_expansion {
    size_t nterm;
    struct hm_term *term;
    uint16_t *by_tuv; // the terms in the order of (t, u, v)
};

struct hm_pair {
    const struct hm_family *a, *b;
    const struct hm_expansion *expansion;
    double AB[3], bound;
    int l;
    size_t first, count; // primitive pairs
};

struct hm_primitive_pair {
    double p, P[3], bound;
    uint32_t pair;
    uint16_t i, j; // primitives of a and b
};

struct hm_pairs {
    const struct hm_basis *basis;
    size_t nfamily, nkind, npair, nprimitive, ninner;
    int max_l; // of a family
    size_t max_term, max_row;
    struct hm_family *family;
    struct hm_expansion *expansion; // (nkind, nkind)
    struct hm_pair *pair;           // (npair)
    struct hm_primitive_pair *primitive;
    double *half, *turned; // (ninner, nfunction), scratch of the transformations
    double *value;         // (max_term), scratch
};

enum hm_status hm_pairs_create(const struct hm_basis *basis, struct hm_pairs *pairs);
void hm_pairs_destroy(struct hm_pairs *pairs);

/* Atoms are at x: fills AB, bounds and the list of primitive pairs above the threshold. */
void hm_pairs_place(struct hm_pairs *pairs, const double *x, double threshold);

/* The values of one primitive pair, (nterm). */
void hm_pair_values(const struct hm_pair *pair, size_t i, size_t j, double *value);
/* Their derivatives with respect to AB at a fixed P, (3, nterm). */
void hm_pair_slopes(const struct hm_pair *pair, size_t i, size_t j, double *slope);

/* Between functions (nfunction, nfunction) and inner functions (ninner, ninner), both symmetric. */
void hm_pairs_density(const struct hm_pairs *pairs, const double *D, double *inner);
void hm_pairs_matrix(const struct hm_pairs *pairs, const double *inner, double *M);

/* The density of a pair, one number per row; twice that if there is a pair (b, a) too. */
void hm_pair_rows(const struct hm_pairs *pairs, const struct hm_pair *pair, const double *inner, double *rows);

/* The largest of its products' bounds, of one primitive pair with p and these values. */
double hm_pair_bound(const struct hm_pair *pair, double p, const double *value);

/* |Lambda_tuv| for values of exponent p. */
void hm_hermite_norms(int l, double p, double *norm);

#endif
