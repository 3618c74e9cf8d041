/* Two-electron integrals: Coulomb energy of a density, exact or by density fitting, and exact exchange.
 *
 *   J_ab = sum_cd (ab|cd) D_cd            E_J = 1/2 sum_ab D_ab J_ab
 *   K_ab = sum_cd (ac|bd) D_cd            of one spin's density
 *   fitting: D ~ sum_P c_P |P),  (P|Q) c_Q = (P|ab) D_ab,  J_ab = (ab|P) c_P
 *
 * The Coulomb matrix goes through the density in Hermite Gaussians of shell pairs ("J engine"), with Schwarz bounds.
 *
 * Shapes: matrices (nfunction, nfunction), row-major, symmetric; gradient (natom, 3), added to. Matrices and gradients
 * are this member's share: a sum over the team (hm_team_sum) is the whole. What the fit needs in between is summed
 * inside: hm_coulomb_matrix, _gradient and _place are collective over the team. Units: Hartree, bohr. Errors:
 * HM_OUT_OF_MEMORY; HM_ORACLE_FAILED (an auxiliary basis that is linearly dependent). Owns: the handle owns pair data
 * and scratch. MPI: see above. Source: G. R. Ahmadi and J. Almlof, Chem. Phys. Lett. 246, 364 (1995) (J engine); K.
 * Eichkorn et al., Chem. Phys. Lett. 240, 283 (1995) (fitting).
 */
#ifndef HM_HAMILTONIANS_DFT_COULOMB_H
#define HM_HAMILTONIANS_DFT_COULOMB_H

#include "hamiltonians/dft/basis.h"
#include "hamiltonians/dft/team.h"

struct hm_coulomb;

struct hm_coulomb_options {
    const struct hm_basis *auxiliary; // NULL: exact
    bool exchange;                    // K will be asked for
    double threshold;                 // integrals below it are left out (1e-11)
    size_t memory;                    // bytes that stored integrals may take
};

enum hm_status hm_coulomb_create(const struct hm_basis *basis, const struct hm_coulomb_options *options,
                                 const struct hm_team *team, struct hm_coulomb **coulomb);
void hm_coulomb_destroy(struct hm_coulomb **coulomb);

/* Atoms are at x from now on. */
enum hm_status hm_coulomb_place(struct hm_coulomb *coulomb, const double *x);
enum hm_status hm_coulomb_matrix(struct hm_coulomb *coulomb, const double *D, double *J);
enum hm_status hm_exchange_matrix(struct hm_coulomb *coulomb, const double *D, double *K);
/* gradient += d/dx 1/2 D J D, the density held fixed. */
enum hm_status hm_coulomb_gradient(struct hm_coulomb *coulomb, const double *D, double *gradient);
/* gradient += scale d/dx 1/2 sum D_ab K_ab, of one spin's density held fixed. */
enum hm_status hm_exchange_gradient(struct hm_coulomb *coulomb, double scale, const double *D, double *gradient);

#endif
