/* A molecule with a density and its two-electron integrals, for the tests of density functional theory. */
#ifndef HM_TESTS_HAMILTONIANS_DFT_INTEGRALS_H
#define HM_TESTS_HAMILTONIANS_DFT_INTEGRALS_H

#include "hamiltonians/dft/coulomb_internal.h"
#include "tests/hamiltonians/dft_molecule.h"

enum { DFT_ATOMS = 3, DFT_STORE = 1 << 28 }; /* DFT_STORE: memory for all integrals */

/* The molecule of dft_start_made, and a basis of all kinds of shells up to f, contracted and not. */
extern const int dft_made_number[DFT_ATOMS];
extern const double dft_made_place[3 * DFT_ATOMS];
extern const char dft_made_spherical[], dft_made_cartesian[];

struct dft_integrals {
    struct dft_molecule molecule;
    struct hm_basis auxiliary;
    struct hm_coulomb *coulomb;
    size_t n;
    double *D, *M, *N; // (n, n)
    double x[3 * DFT_ATOMS], gradient[3 * DFT_ATOMS];
};

/* With keys of the basis, of `auxiliary` (or NULL: exact), and a made-up density
 * D_ij = cos(0.7 (i+1) (j+1)) + delta_ij; asserts that all is well. */
bool dft_start(const char *keys, const char *auxiliary, const int *z, const double *x,
               struct hm_coulomb_options options, const struct hm_team *team, struct dft_integrals *s);
bool dft_start_made(const char *keys, const char *auxiliary, struct hm_coulomb_options options,
                    struct dft_integrals *s);
void dft_stop(struct dft_integrals *s);

/* Prints what is not. */
bool dft_within(const char *what, double actual, double expected, double tolerance);
double dft_largest_difference(size_t count, const double *a, const double *b);
/* 1/2 sum D M */
double dft_energy(const struct dft_integrals *s, const double *M);

typedef enum hm_status (*dft_matrix)(struct hm_coulomb *, const double *, double *);

/* Asserts that s->gradient is that of the energy, along two directions in which all atoms move, and the net force. */
void dft_check_gradient(const char *what, struct dft_integrals *s, dft_matrix matrix, double tolerance);

#endif
