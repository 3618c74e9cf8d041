/* Inside the neighbourhood model: its functions, and the state its files share.
 *
 *   E = sum over pairs ij  V_ab(r_ij)  +  sum over atoms i, l  sum_{q <= q'} w_{a l q q'} sum_m rho_qlm rho_q'lm
 *
 * Pairs: V_ab = sum_k w_k G_k(r), G_k = T_k(x) (1 - r/R)^3, T_k Chebyshev polynomials, x linear in 1/r: -1 at the
 * cutoff R, 1 at `low`, 15 % below the shortest distance of the first geometries.
 *
 * Angles: rho_qlm(i) = sum_j in b g_n(r_ij) Y_lm(r_ij / r_ij), where a channel q = (b, n) is a species of neighbours
 * and a radial function g_n = T_n(x) (1 - r/S)^3, x linear in r, S the shorter angular cutoff. Y are real with sum_m
 * Y_lm(u) Y_lm(v) = P_l(u.v), so that the sum over m is one over pairs of neighbours and the angle between them, for a
 * cost that is linear in the neighbours. Its terms with both neighbours the same are functions of a distance.
 *
 * Both cutoff functions have two continuous derivatives. Every function is multiplied with a constant so that its
 * gradients in the first geometries are, as rms, one over the distance of nearest neighbours.
 *
 * The trained V_ab ends at the shortest distance r0 seen between the two species. Below it the potential goes on as
 *   V'(r) = V'(r0) - c ((r0/r)^13 - 1),  c = V''(r0) r0 / 13 within bounds that make it steep and repulsive,
 * because a polynomial outside its data may turn anywhere. While running, V_ab is a table in r^2 (no root, no
 * division): cubic pieces, whose derivative is what `gradient` gives, so that the energy is conserved to rounding.
 *
 * Scales: low (pair of species) | shortest (pair) | nearest (pair): mean distance of nearest neighbours |
 *   sparsest (species, species) | densest (the same): extremes of rho_00 | column scales (count)
 *
 * Shapes: pairs of species a <= b are numbered row by row; M = (L + 1)^2 harmonics, lm at l l + l + m.
 * Units: bohr; the weights are energies.
 * Owns: hm_surrogate_neighbourhood_destroy releases everything.
 * MPI: local.
 * Source: Bartok, Kondor and Csanyi, Phys. Rev. B 87, 184115 (2013); Drautz, Phys. Rev. B 99, 014104 (2019).
 */
#ifndef HM_PREDICTORS_SURROGATE_NEIGHBOURHOOD_INTERNAL_H
#define HM_PREDICTORS_SURROGATE_NEIGHBOURHOOD_INTERNAL_H

#include "predictors/surrogate_model.h"

#include "io/neighbours.h"

#include <math.h>

enum {
    HM_RADIAL_MOST = 64,    // functions of a distance
    HM_ANGULAR_RADIAL = 3,  // radial functions of the angular part, at its richest
    HM_ANGULAR_HIGHEST = 6, // l
    HM_HARMONICS_MOST = (HM_ANGULAR_HIGHEST + 1) * (HM_ANGULAR_HIGHEST + 1),
    HM_NEIGHBOURHOOD_LEVELS = 4,
    HM_TABLE_INTERVALS = 2048,
    HM_BOND_LANES = 4
};

/* What a level has: radial functions of a pair; radial functions and highest l of the angular part (0 functions: none);
 * functions in all, those of lower levels included. */
struct hm_neighbourhood_level {
    size_t radial, angular;
    int l;
    size_t count;
};

/* V in intervals of s = r^2: with f the place in interval k, 2 dV/ds = a + f (b + f c). Node k: V, a, b, c. */
struct hm_neighbourhood_table {
    double low, per_width; // of s
    double *node;          // (intervals + 1, 4)
};

/* Two atoms within the angular cutoff; d = x_j - x_i. */
struct hm_neighbourhood_bond {
    uint32_t i, j;
    double d[3];
};

/* The bonds at both of their ends, by groups (atom, species of the other): those of group k are first[k] ...; groups
 * are filled up to a multiple of HM_BOND_LANES. */
struct hm_bond_groups {
    size_t *first;   // (natom * nspecies + 1)
    uint32_t *other; // (capacity)
    double *d[3];    // (capacity) x_other - x_atom
};

struct hm_neighbourhood;

/* The hot loops of the angular part, for an instruction set. */
struct hm_angular_kernels {
    const char *name;
    void (*densities)(struct hm_neighbourhood *model, double low);
    void (*gradient)(const struct hm_neighbourhood *model, double low, double *gradient);
};

extern const struct hm_angular_kernels hm_angular_kernels_portable;
#if defined __x86_64__
extern const struct hm_angular_kernels hm_angular_kernels_avx2;
#endif

struct hm_neighbourhood {
    struct hm_frame box; // cell and number of atoms
    bool orthogonal;
    double length[3], inverse[3]; // of an orthogonal cell; zero where not periodic
    size_t natom, nspecies, npair;
    size_t *species; // (natom)
    size_t *pair;    // (nspecies, nspecies) number of a pair of species
    double cutoff, angular_cutoff;
    double spacing; // distance of nearest neighbours at the start

    size_t nlevel;
    struct hm_neighbourhood_level level[HM_NEIGHBOURHOOD_LEVELS];
    size_t radial, channels; // at the highest level; channels: nspecies * angular functions
    int l;
    size_t *pair_function;    // (npair, radial) which function that is
    size_t *angular_function; // (nspecies, l + 1, channels, channels), symmetric
    double norm[HM_HARMONICS_MOST], parity[HM_HARMONICS_MOST];

    /* Pairs to look at: the others of atom i are other[first[i]] ..., of higher number, in rising order. */
    struct hm_neighbours *neighbours; // NULL: all pairs, always
    int64_t builds;                   // of the list they were taken from
    size_t *first;                    // (natom + 1)
    uint32_t *other, *lower;          // (capacity) lower: scratch
    size_t capacity;
    size_t *bucket;                     // (natom + 1) scratch
    struct hm_neighbourhood_bond *bond; // (capacity)
    size_t nbond;
    struct hm_bond_groups groups;
    const struct hm_angular_kernels *kernels;

    /* In use: a level's weights in the form in which they are evaluated. */
    double *scales; // (scale_count), a copy
    struct hm_neighbourhood_level now;
    struct hm_neighbourhood_table *table; // (nspecies, nspecies)
    double *nodes;                        // behind the tables of pairs
    double *coupling;                     // (nspecies, l + 1, channels, channels): dE_i/drho_q = coupling rho_q'
    double *density, *adjoint;            // (natom, channels, M) rho and dE/drho
    double *x, *y, *z;                    // (natom) positions
    double *shortest;                     // (npair) smallest r^2 met
    void *storage;                        // behind the arrays that do not grow
};

/* ---- pairs (surrogate_neighbourhood_pairs.c) ---- */

enum { HM_ROW_BLOCK = 64 };

/* A stretch of the pairs of one atom: x_j - x_i to the nearest image, and its square. */
struct hm_row_block {
    double dx[HM_ROW_BLOCK], dy[HM_ROW_BLOCK], dz[HM_ROW_BLOCK], square[HM_ROW_BLOCK];
};

enum hm_status hm_neighbourhood_pairs_create(struct hm_neighbourhood *model);
/* Pairs for x, and copies of its coordinates. Fails only where memory ends. */
enum hm_status hm_neighbourhood_pairs_update(struct hm_neighbourhood *model, const double *x);
/* Pairs from ... from + count - 1 (at most HM_ROW_BLOCK) of atom i. */
void hm_neighbourhood_row(const struct hm_neighbourhood *model, size_t i, size_t from, size_t count,
                          struct hm_row_block *block);
/* Calls `visit` for every pair within the cutoff. */
void hm_neighbourhood_each(const struct hm_neighbourhood *model,
                           void (*visit)(void *context, size_t i, size_t j, const double d[3], double r),
                           void *context);

/* ---- functions (surrogate_neighbourhood_basis.c) ---- */

/* G_k(r) and dG_k/dr, k < count, of a pair whose polynomials end at `low`; r below the cutoff. */
void hm_radial_functions(double low, double cutoff, double r, size_t count, double *g, double *dg);
/* The norms of Y_lm and their signs under u -> -u. */
void hm_harmonics_constants(int highest, double *norm, double *parity);

/* ---- the angular part (surrogate_neighbourhood_angular.c) ---- */

/* Bonds of the pairs within the angular cutoff, in the order of the pairs. */
void hm_neighbourhood_bonds(struct hm_neighbourhood *model);
/* rho of every atom from them, with as many radial functions and harmonics: density (natom, nspecies * angular, M). */
void hm_neighbourhood_densities(struct hm_neighbourhood *model, double low, size_t angular, int l);
/* dE/drho from rho (natom, channels, M) and the coupling of the level in use; returns E. */
double hm_neighbourhood_adjoints(struct hm_neighbourhood *model);
/* The bonds by groups, for the kernels. */
void hm_neighbourhood_group(struct hm_neighbourhood *model);

/* Columns of all functions up to a level, without their scales: (count, natom, 3). */
void hm_neighbourhood_columns(struct hm_neighbourhood *model, const double *scales, const double *x,
                              const struct hm_neighbourhood_level *level, double *columns);

/* ---- what was seen (surrogate_neighbourhood_scales.c) ---- */

void hm_neighbourhood_prepare(void *self, const double *const *x, size_t nx, double *scales);
void hm_neighbourhood_widen(void *self, const double *x, double *scales);

/* ---- the level in use (surrogate_neighbourhood_force.c) ---- */

void hm_neighbourhood_use(void *self, const double *scales, const double *weights, size_t level);
double hm_neighbourhood_gradient(void *self, const double *x, double *gradient);
double hm_neighbourhood_energy(void *self, const double *x);

/* ---- scales: where they begin ---- */

static inline size_t hm_at_shortest(const struct hm_neighbourhood *model)
{
    return model->npair;
}

static inline size_t hm_at_nearest(const struct hm_neighbourhood *model)
{
    return 2 * model->npair;
}

static inline size_t hm_at_sparsest(const struct hm_neighbourhood *model)
{
    return 3 * model->npair;
}

static inline size_t hm_at_densest(const struct hm_neighbourhood *model)
{
    return 3 * model->npair + model->nspecies * model->nspecies;
}

static inline size_t hm_at_column(const struct hm_neighbourhood *model)
{
    return 3 * model->npair + 2 * model->nspecies * model->nspecies;
}

static inline size_t hm_scale_count(const struct hm_neighbourhood *model)
{
    return hm_at_column(model) + model->level[model->nlevel - 1].count;
}

/* Where the radial functions of the angular part begin: the lowest of all pairs. */
static inline double hm_angular_low(const struct hm_neighbourhood *model, const double *scales)
{
    double low = scales[0];
    for (size_t p = 1; p < model->npair; p++)
        if (scales[p] < low) low = scales[p];
    return low;
}

#endif
