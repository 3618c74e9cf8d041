/* What the parts of the two-electron engine share (see coulomb.h, coulomb_pairs.h, coulomb_kernels.h).
 *
 * Exact: all primitive pairs' Hermite densities in lanes, by their order l and with the largest bounds first; each
 * meets itself and those before it once, R_tuv serves both potentials.
 *
 * Fitting: primitive auxiliary functions in lanes, by their order. A solid harmonic r^l Y_lm exp(-q r^2) is
 * (1/2q)^l Y_lm(d/dQ) exp(-q r^2), so that only t + u + v = l occurs.
 *
 * Units: bohr, Hartree. Errors: HM_OUT_OF_MEMORY. Owns: the handle owns everything. MPI: functions that take part in a
 * fit are collective over the team.
 */
#ifndef HM_HAMILTONIANS_DFT_COULOMB_INTERNAL_H
#define HM_HAMILTONIANS_DFT_COULOMB_INTERNAL_H

#include "hamiltonians/dft/coulomb.h"
#include "hamiltonians/dft/coulomb_kernels.h"

enum { HM_FIT_GROUPS = 2 * (HM_AUXILIARY_MAX_L + 1) };

struct hm_exact {
    struct hm_charges charges[HM_PAIR_MAX_L + 1];
    size_t capacity[HM_PAIR_MAX_L + 1], count[HM_PAIR_MAX_L + 1]; // blocks, pairs
    size_t first[HM_PAIR_MAX_L + 1];
    uint32_t *order, *slot; // primitive pairs by class and bound (from first[l]); the place of each in its class
    size_t order_capacity;
};

struct hm_fit_group {
    bool spherical;
    struct hm_charges charges;
    struct hm_solid solid;
    struct hm_expansion expansion; // of one function, rows are m
    size_t nprimitive, offset;     // where the group begins in a row of integrals over primitives
    const struct hm_shell **shell; // (nprimitive)
    uint16_t *index;               // (nprimitive), in the shell
    double *factor;                // (nblock, 8)
};

struct hm_fit {
    const struct hm_basis *auxiliary;
    size_t ngroup, nrow, width; // rows of B; primitive functions with those that fill up lanes
    struct hm_fit_group group[HM_FIT_GROUPS];
    double *metric;          // (auxiliary, auxiliary), its Cholesky factor
    double *B;               // (nrow, auxiliary) of this member's pairs; NULL: computed when needed
    size_t capacity;         // of B
    double *work;            // (max_row, width)
    double *rows;            // (rows of all pairs)
    double *moment, *fitted; // (auxiliary): (P|ab) D_ab, c
};

struct hm_exchange;

struct hm_coulomb {
    const struct hm_basis *basis;
    const struct hm_team *team;
    const struct hm_coulomb_kernels *kernels;
    struct hm_coulomb_options options;
    struct hm_pairs pairs;
    struct hm_exact *exact;
    struct hm_fit *fit;
    struct hm_exchange *exchange;
    double *x;                    // (natom, 3)
    double *density, *potential;  // (ninner, ninner)
    double *rows, *value, *slope; // (max_row), (max_term), (3, max_term)
    double *scratch;
};

enum hm_status hm_exact_create(struct hm_coulomb *coulomb);
void hm_exact_destroy(struct hm_exact **exact);
enum hm_status hm_exact_place(struct hm_coulomb *coulomb);
/* From and to inner matrices. */
void hm_exact_matrix(struct hm_coulomb *coulomb);
void hm_exact_gradient(struct hm_coulomb *coulomb, double *gradient);

enum hm_status hm_fit_create(struct hm_coulomb *coulomb);
void hm_fit_destroy(struct hm_fit **fit);
enum hm_status hm_fit_place(struct hm_coulomb *coulomb);
void hm_fit_matrix(struct hm_coulomb *coulomb);
void hm_fit_gradient(struct hm_coulomb *coulomb, double *gradient);
/* Collective: c of the inner density. */
void hm_fit_density(struct hm_coulomb *coulomb);
/* c in Hermite Gaussians, as the charges of all groups. */
void hm_fit_charges(struct hm_coulomb *coulomb);
void hm_fit_values(const struct hm_fit_group *group, size_t primitive, double *value);

enum hm_status hm_exchange_create(struct hm_coulomb *coulomb);
void hm_exchange_destroy(struct hm_exchange **exchange);
enum hm_status hm_exchange_place(struct hm_coulomb *coulomb);

/* density[tuv] = sum rows value, potentials back to rows. */
void hm_pair_hermite(const struct hm_pair *pair, const double *rows, const double *value, double *density);
void hm_pair_gather(const struct hm_pair *pair, const double *potential, const double *value, double *rows);
/* rows, which both (a, b) and (b, a) get */
void hm_pair_scatter(const struct hm_pairs *pairs, const struct hm_pair *pair, const double *rows, double *inner);
/* Slope of a primitive pair's energy: on_P = dE/dP, and the part that comes through AB. */
void hm_pair_pull(const struct hm_coulomb *coulomb, const struct hm_primitive_pair *primitive, const double *rows,
                  const double *potential, const double on_P[3], double *gradient);
/* (-1)^(t+u+v) */
extern const double hm_hermite_sign[HM_SUMS];

enum hm_status hm_charges_reserve(struct hm_charges *charges, size_t nblock, size_t *capacity);
void hm_charges_destroy(struct hm_charges *charges);

#endif
