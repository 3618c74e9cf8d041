/* Molecules for tests of predictors that know the geometry.
 *
 * Geometries are "symbol x y z ..." in Angstrom, as ase.build.molecule of ASE 3.22 gives them (G2 set) unless a test
 * says otherwise.
 *
 * Units: bohr, electron masses. Owns: what is in the struct; molecule_create asserts, molecule_destroy releases.
 */
#ifndef HM_TESTS_PREDICTORS_MOLECULE_H
#define HM_TESTS_PREDICTORS_MOLECULE_H

#include "predictors/representation.h"

#define MOLECULE_WATER "O 0 0 0 H 0.9572 0 0 H -0.24 0.9266 0"
#define MOLECULE_AMMONIA "N 0 0 0.1165 H 0 0.9397 -0.2718 H 0.8138 -0.4699 -0.2718 H -0.8138 -0.4699 -0.2718"
#define MOLECULE_METHANE \
    "C 0 0 0 H 0.6291 0.6291 0.6291 H -0.6291 -0.6291 0.6291 H 0.6291 -0.6291 -0.6291 H -0.6291 0.6291 -0.6291"
#define MOLECULE_METHANOL                                                                                         \
    "C -0.04713 0.6644 0 O -0.04713 -0.7586 0 H -1.093 0.9698 0 H 0.8785 -1.048 0 H 0.4371 1.08 0.8918 H 0.4371 " \
    "1.08 -0.8918"
#define MOLECULE_ETHANOL                                                                                         \
    "C 1.168 -0.4004 0 C 0 0.5595 0 O -1.19 -0.2277 0 H -1.947 0.3815 0 H 0.04256 1.208 0.8869 H 0.04256 1.208 " \
    "-0.8869 H 2.116 0.1448 0 H 1.129 -1.037 0.8859 H 1.129 -1.037 -0.8859"
#define MOLECULE_BENZENE                                                                                            \
    "C 0 1.395 0 C 1.208 0.6976 0 C 1.208 -0.6976 0 C 0 -1.395 0 C -1.208 -0.6976 0 C -1.208 0.6976 0 H 0 2.482 0 " \
    "H 2.15 1.241 0 H 2.15 -1.241 0 H 0 -2.482 0 H -2.15 -1.241 0 H -2.15 1.241 0"
#define MOLECULE_FORMALDEHYDE "O 0 0 0.6835 C 0 0 -0.5366 H 0 0.9344 -1.124 H 0 -0.9344 -1.124"
#define MOLECULE_PEROXIDE "O 0 0.7341 -0.05275 O 0 -0.7341 -0.05275 H 0.8395 0.8808 0.422 H -0.8395 -0.8808 0.422"
#define MOLECULE_ACETYLENE "C 0 0 0.6081 C 0 0 -0.6081 H 0 0 -1.674 H 0 0 1.674"
#define MOLECULE_CYANIDE "C 0 0 -0.5117 N 0 0 0.6645 H 0 0 -1.581"
#define MOLECULE_DIOXIDE "C 0 0 0 O 0 0 1.179 O 0 0 -1.179"
/* Four equal atoms, tetrahedral, 2.21 Angstrom apart. */
#define MOLECULE_PHOSPHORUS "P 0 0 0 P 1.5627 1.5627 0 P 1.5627 0 1.5627 P 0 1.5627 1.5627"

struct molecule {
    struct hm_config *config;
    struct hm_frame frame;
    struct hm_representation *representation;
};

/* `sections` is YAML besides hamiltonian, integrator and "predictor: {type: surrogate". */
void molecule_create(struct molecule *molecule, const char *geometry, const char *sections);
void molecule_destroy(struct molecule *molecule);

/* Atoms displaced at random by up to `amplitude` per component; another geometry for every `draw`. */
void molecule_shake(const struct molecule *molecule, uint64_t draw, double amplitude, double *x);

/* The same geometry moved: x' = R x + t of some rotation; its mirror image; atom permutation[i] where i was. */
void molecule_turn(size_t natom, const double *x, double *turned);
void molecule_rotate(const double *vector, double *rotated); /* R of molecule_turn alone */
void molecule_mirror(size_t natom, const double *x, double *mirrored);
void molecule_permute(size_t natom, const size_t *permutation, const double *x, double *permuted);

/* The largest component of the sum of vectors at x, and of their torque. */
double molecule_sum(size_t natom, const double *vectors);
double molecule_torque(size_t natom, const double *x, const double *vectors);

#endif
