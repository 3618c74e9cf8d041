/* The terms of a polynomial in the internal coordinates of a molecule, symmetric under the exchange of equal atoms.
 *
 *   variables   one per bond, angle (its cosine where it is nearly straight) or inverse distance; two, cosine and sine,
 *               per dihedral. A centre with three neighbours adds the cosines of the dihedrals about its bonds, which
 *               tell how far it is from planar. Beside internal coordinates the inverse distances of atoms three or
 *               more bonds apart, which stand alone: for what acts through space, and for what bends of a straight
 *               chain have in common, which has no dihedrals.
 *   monomial    a product of powers of variables; of sines an even number, for the mirror image has the same energy
 *   term        the sum of a monomial and all its different images under the exchanges of equal atoms
 *
 * Equal atoms are those a permutation that keeps species, masses and bonds can exchange. Up to six variables there is
 * every monomial, and every degree from 2 on is a level. Of more variables there are, level by level, those of degree
 * 2; powers 3 and 4 of single variables; 5 and 6; 7 and 8; degree 3 in two; degree 4 in two; degree 3 in three; and
 * from degree 3 on the variables must share an atom pairwise. That is where couplings are. A fixed degree is one level.
 *
 * Shapes: as said at the fields. Units: none; bonds and angles are read from the starting geometry.
 * Errors: HM_BAD_CONFIG (no molecule to speak of), HM_OUT_OF_MEMORY. Owns: its arrays. MPI: local.
 * Source: Braams and Bowman, Int. Rev. Phys. Chem. 28, 577 (2009) (permutational symmetry).
 */
#ifndef HM_PREDICTORS_SURROGATE_BASIS_H
#define HM_PREDICTORS_SURROGATE_BASIS_H

#include "io/config.h"
#include "io/frame.h"

#include <stdint.h>

enum hm_primitive_kind {
    HM_PRIMITIVE_DISTANCE,
    HM_PRIMITIVE_INVERSE,
    HM_PRIMITIVE_ANGLE,
    HM_PRIMITIVE_COSINE,
    HM_PRIMITIVE_PLANARITY,
    HM_PRIMITIVE_DIHEDRAL
};

struct hm_primitive {
    enum hm_primitive_kind kind;
    size_t natom, atoms[4];
    bool alone;      // is not coupled to others
    size_t variable; // its first; a dihedral has the sine behind the cosine
    size_t like;     // primitives that exchanges of equal atoms bring here have the same number, counted from 0
};

struct hm_factor {
    uint16_t variable;
    uint8_t power;
};

struct hm_monomial {
    uint32_t first; // factor
    uint16_t count; // of factors
    uint16_t degree;
    uint32_t term;
};

struct hm_basis {
    size_t natom, nprimitive, nvariable, nlike;
    struct hm_primitive *primitive; // (nprimitive)
    struct hm_factor *factor;
    struct hm_monomial *monomial; // (nmonomial) by term
    size_t nfactor, factor_capacity, nmonomial, monomial_capacity;
    size_t nterm, nlevel;
    size_t *level_terms; // (nlevel) terms up to a level
    size_t *level_monomials;
    unsigned *level_degree; // the highest in a level
    unsigned highest;
    size_t nexchange; // permutations of equal atoms, the identity included
    size_t *exchange; // (nexchange, nvariable) where each sends a variable
};

enum hm_basis_kind { HM_BASIS_INTERNAL, HM_BASIS_DISTANCES, HM_BASIS_TORSIONS };

/* `degree` 0: as many levels as `most_terms` allow; otherwise that one. */
enum hm_status hm_surrogate_basis_create(const struct hm_config *config, const struct hm_frame *frame,
                                         enum hm_basis_kind kind, unsigned degree, size_t most_terms,
                                         struct hm_basis **basis);
void hm_surrogate_basis_destroy(struct hm_basis **basis);

#endif
