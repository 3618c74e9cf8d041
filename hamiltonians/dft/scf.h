/* The self-consistent field of Kohn and Sham, restricted and unrestricted in one.
 *
 *   E  = sum D h + 1/2 sum D J[D] + E_xc[D_s] - a/2 sum_s sum D_s K[D_s] + E_nn  (- T S)
 *   F_s = h + J[D] + V_xc,s - a K[D_s],    D = sum_s D_s
 *   F_s' = X F_s X,  X = S^(-1/2);   F' C' = C' eps;   D_s' = sum_i f_i c'_i c'_i^T,  D_s = X D_s' X
 *
 * Everything but F_s lives in the symmetrically orthogonalised basis (Loewdin), where a density is a smooth function of
 * the geometry. Combinations of functions whose overlap is below `dependence` are left out. Restricted: one channel of
 * two electrons an orbital.
 *
 * A cycle: F from D, residual e = F' D' - D' F', DIIS, new orbitals. It has converged when no element of e is larger
 * than asked for; then the orbitals of one more diagonalisation are taken, whose density is closer to the solution by
 * about the factor a cycle brings, and the energy to second order
 *
 *   E = E[D_in] + sum F (D_out - D_in).
 *
 * Where the energy rises or DIIS makes no progress: mixing with the density before (damping), empty orbitals lifted
 * (level shift), until the residual is small.
 *
 * Shapes: matrices (nspin, n, n), orbitals in rows. Units: Hartree, bohr. Errors: HM_OUT_OF_MEMORY and those of the
 * integrals; what does not converge is data. Owns: its matrices; the parts are borrowed. MPI: hm_scf_place and
 * hm_scf_solve are collective over the team, all members take the same decisions.
 * Source: W. Kohn and L. J. Sham, Phys. Rev. 140, A1133 (1965); P.-O. Loewdin, J. Chem. Phys. 18, 365 (1950); V. R.
 * Saunders and I. H. Hillier, Int. J. Quantum Chem. 7, 699 (1973) (level shift).
 */
#ifndef HM_HAMILTONIANS_DFT_SCF_H
#define HM_HAMILTONIANS_DFT_SCF_H

#include "hamiltonians/dft/basis.h"
#include "hamiltonians/dft/coulomb.h"
#include "hamiltonians/dft/diis.h"
#include "hamiltonians/dft/matrix.h"
#include "hamiltonians/dft/team.h"
#include "hamiltonians/dft/xc.h"

enum { HM_SCF_SPINS = 2 };

struct hm_scf_options {
    double convergence; // largest element of the residual
    int max_iterations;
    double damping;     // share of the old density, where it is called for
    double level_shift; // where it is called for
    double kT;          // electronic temperature, 0: integer occupations
    double dependence;  // smallest eigenvalue of the overlap that counts
};

struct hm_scf_parts {
    const struct hm_basis *basis;
    const int *number; // (natom)
    const struct hm_team *team;
    struct hm_coulomb *coulomb;
    struct hm_xc *xc;
    double exchange; // fraction of the exact one
    int nspin;
    double electrons[HM_SCF_SPINS]; // of each channel
};

struct hm_scf {
    struct hm_scf_parts part;
    struct hm_scf_options option;
    size_t n, nkept;
    const double *x; // (natom, 3) of hm_scf_place, borrowed
    double repulsion;

    double *S, *H;    // (n, n) one after the other
    double *X, *root; // S^(-1/2), S^(1/2)
    double *left_out; // (n, n) projector on what is left out
    double *D, *Dp;   // (nspin, n, n) densities, and in the orthogonal basis
    double *F;        // (nspin, n, n), energies behind it for one sum over the team
    double *Fp, *e;   // (nspin, n, n)
    double *C;        // (nspin, n, n) orbitals in the orthogonal basis
    double *eps, *f;  // (nspin, n) their energies and occupations
    double *scratch;  // (3, n, n)
    double *storage;
    struct hm_matrix_work work;
    struct hm_diis diis;

    double energy, entropy; // of D; T S of the occupations
};

struct hm_scf_outcome {
    bool converged;
    int iterations;
    double energy; // the free energy where electrons are smeared
    double residual;
};

enum hm_status hm_scf_create(const struct hm_scf_parts *parts, const struct hm_scf_options *options,
                             struct hm_scf **scf);
void hm_scf_destroy(struct hm_scf **scf);

/* Integrals at x, which must stay until the next call. *good false: the overlap is not that of a molecule. */
enum hm_status hm_scf_place(struct hm_scf *scf, const double *x, bool *good);
/* From the density Dp in the orthogonal basis to a self-consistent one, and D to it. */
enum hm_status hm_scf_solve(struct hm_scf *scf, struct hm_scf_outcome *outcome);

/* Electrons in a full orbital. */
static inline double hm_scf_capacity(const struct hm_scf *scf)
{
    return scf->part.nspin == 1 ? 2 : 1;
}
/* sum (n, n) of both spins. */
void hm_scf_total(const struct hm_scf *scf, const double *D, double *sum);
/* The energy-weighted density sum_i f_i eps_i c_i c_i^T of both spins. */
void hm_scf_weighted(struct hm_scf *scf, double *W);

/* Dp = Fermi or lowest occupations of the orbitals of A' (overwritten by them), both of one spin; false when LAPACK
 * gives up. */
bool hm_scf_occupy(struct hm_scf *scf, int spin, double kT, double *A, double *Dp);
/* F and energy of D. (fock.c) */
enum hm_status hm_scf_fock(struct hm_scf *scf);

#endif
