/* What one_electron.c shares with the attraction by nuclei, which goes over Hermite Gaussians.
 *
 * Errors: none. Owns: nothing; a pair borrows from basis and positions. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_ONE_ELECTRON_INTERNAL_H
#define HM_HAMILTONIANS_DFT_ONE_ELECTRON_INTERNAL_H

#include "hamiltonians/dft/potential.h"
#include "hamiltonians/dft/shell_pair.h"

enum { HM_LINE_MAX = HM_AUXILIARY_MAX_L + 3 };
typedef double hm_line[HM_LINE_MAX][HM_LINE_MAX]; // integrals over one coordinate, by the powers of both functions

struct hm_pair {
    const struct hm_shell *a, *b;
    const double *A, *B; // where their atoms are
    double AB[3], distance2;
    size_t na, nb; // Cartesian components
    int power_a[HM_CARTESIAN_MAX][3], power_b[HM_CARTESIAN_MAX][3];
};

void hm_pair_start(const struct hm_basis *basis, const double *x, size_t a, size_t b, struct hm_pair *pair);

/* The nuclei as charges, and the derivative of the energy as all pairs move against each of them. */
struct hm_nuclei {
    const struct hm_potential_kernels *kernels;
    struct hm_charges charges;
    double *force; // (3, nblock, HM_CHARGE_LANES)
    double *storage;
};

enum hm_status hm_nuclei_create(size_t natom, const double *x, const int *number, struct hm_nuclei *nuclei);
void hm_nuclei_destroy(struct hm_nuclei *nuclei);
/* gradient += that of the nuclei themselves */
void hm_nuclei_add_forces(const struct hm_nuclei *nuclei, size_t natom, double *gradient);

/* block += V of this pair */
void hm_nuclear_block(const struct hm_pair *pair, const struct hm_nuclei *nuclei, double *block);
/* gA, gB += d/dA, d/dB sum D V over this block of Cartesian components; what the nuclei take goes to nuclei->force. */
void hm_nuclear_gradient(const struct hm_pair *pair, const struct hm_nuclei *nuclei, const double *D, double gA[3],
                         double gB[3]);

#endif
