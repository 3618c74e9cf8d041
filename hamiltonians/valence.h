/* The parts of the valence Hamiltonian: bonds (bonds.h), angles, dihedrals, and pairs that are not bonded.
 *
 *   E = sum_bonds u(r) + sum_angles 1/2 k (theta - theta0)^2 + sum_dihedrals k (1 + cos(n phi - phase))
 *       + sum_pairs s_LJ 4 eps ((sigma/r)^12 - (sigma/r)^6) + s_C q_i q_j / r
 *
 * Pairs: atoms at least three bonds apart by the shortest way; s = 1, and as configured at exactly three (1-4 pairs).
 *
 * Units: atomic units. Errors: HM_BAD_CONFIG, HM_OUT_OF_MEMORY. Owns: its lists. MPI: local.
 */
#ifndef HM_HAMILTONIANS_VALENCE_H
#define HM_HAMILTONIANS_VALENCE_H

#include "hamiltonians/bonds.h"

struct hm_angle {
    size_t atoms[3];
    double k, theta0;
};

struct hm_dihedral {
    size_t atoms[4];
    double k, phase, n;
    bool again; // the atoms of the entry before
};

/* u(r) = c12 / r^12 - c6 / r^6 + qq / r */
struct hm_valence_pair {
    size_t atoms[2];
    double c6, c12, qq;
};

struct hm_valence_pairs {
    size_t count, capacity;
    struct hm_valence_pair *pair; // (count)
};

struct hm_valence {
    struct hm_bonds *bonds;
    size_t nangle, ndihedral;
    struct hm_angle *angle;       // (nangle)
    struct hm_dihedral *dihedral; // (ndihedral)
    struct hm_valence_pairs pairs;
    double *charge; // (natom), or NULL
};

/* `hamiltonian.angles` and `hamiltonian.dihedrals`; what was read so far is the caller's, also after a failure. */
enum hm_status hm_valence_read(const struct hm_config *config, const struct hm_frame *frame,
                               struct hm_valence *valence);
/* `hamiltonian.charges` and `hamiltonian.pairs`, with the bonds as read. */
enum hm_status hm_valence_pairs_read(const struct hm_config *config, const struct hm_frame *frame,
                                     const struct hm_bonds *bonds, const double *charge,
                                     struct hm_valence_pairs *pairs);
/* Adds energy, forces and virial in free space. */
void hm_valence_pairs_add(const struct hm_valence_pairs *pairs, const struct hm_frame *frame, struct hm_label *label);

#endif
