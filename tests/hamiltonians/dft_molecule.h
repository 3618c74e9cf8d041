/* Atoms and a basis of the tests of density functional theory. */
#ifndef HM_TESTS_HAMILTONIANS_DFT_MOLECULE_H
#define HM_TESTS_HAMILTONIANS_DFT_MOLECULE_H

#include "hamiltonians/dft/basis.h"

struct dft_molecule {
    struct hm_frame frame;
    struct hm_basis basis;
};

/* `keys` are those of the section hamiltonian beside `type`, "basis: sto-3g"; x in bohr. */
enum hm_status dft_molecule_make(const char *keys, size_t natom, const int *number, const double *x,
                                 struct dft_molecule *molecule);
void dft_molecule_release(struct dft_molecule *molecule);

/* The basis of keys "auxiliary: ..." in place of the orbitals'. */
enum hm_status dft_auxiliary_make(const char *keys, const struct hm_frame *frame, struct hm_basis *basis);

/* Writes a file into the test's folder. */
void dft_write(const char *path, const char *text);

#endif
