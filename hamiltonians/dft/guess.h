/* The density that a self-consistent field starts from when there is none of earlier steps.
 *
 *   sad    superposition of atomic densities: D = sum_A D_A, each the restricted, spherical density of the free atom by
 *          the same functional and basis, its electrons spread over the open shell; split over spins as their numbers
 *   core   the orbitals of h alone
 *
 * Shapes: one block (functions of the atom)^2 for each element. Units: atomic units. Errors: HM_OUT_OF_MEMORY, those of
 * the integrals. Owns: the blocks. MPI: local, the same on every member of a team. Source: J. H. van Lenthe, R.
 * Zwaans, H. J. J. van Dam and M. F. Guest, J. Comput. Chem. 27, 926 (2006).
 */
#ifndef HM_HAMILTONIANS_DFT_GUESS_H
#define HM_HAMILTONIANS_DFT_GUESS_H

#include "hamiltonians/dft/scf.h"

struct hm_guess_atom {
    int number;
    size_t n;
    double *D; // (n, n)
};

struct hm_guess {
    bool core;
    size_t natom, nelement;
    size_t *element, *first; // (natom) of each atom: its element, its first function
    struct hm_guess_atom *atom;
};

/* `hamiltonian.guess`; the atoms are computed here. */
enum hm_status hm_guess_create(const struct hm_config *config, const struct hm_frame *frame,
                               const struct hm_basis *basis, double exchange, struct hm_guess *guess);
void hm_guess_destroy(struct hm_guess *guess);

/* Into Dp of a field that was placed; false when LAPACK gives up. */
bool hm_guess_apply(const struct hm_guess *guess, struct hm_scf *scf);

#endif
