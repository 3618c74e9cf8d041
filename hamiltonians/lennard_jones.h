/* Lennard-Jones and Axilrod-Teller forces: what the method's file and its kernels share.
 *
 *   u(r) = c12 / r^12 - c6 / r^6 + c2 r^2 + c0   for r < cutoff, else 0;   c12 = 4 eps sigma^12, c6 = 4 eps sigma^6
 *
 *   shift none     c2 = c0 = 0                   u jumps at the cutoff: every crossing changes the energy
 *   shift energy   c2 = 0, u(cutoff) = 0         u' jumps; a step across is wrong by a little that averages out
 *   shift force    u = u' = 0 at the cutoff      neither jumps (Stoddard and Ford: in r^2, so no root is needed)
 *
 * Three-body energy of every triangle whose sides are all below its own cutoff, with squared sides a b c:
 *
 *   e = nu g(a) g(b) g(c) (a b c)^(-3/2) (1 + 3/8 X Y Z / (a b c)),   X = a + b - c,  Y = a + c - b,  Z = b + c - a
 *
 * which is nu (1 + 3 cos cos cos) / (r r r)^3. g falls smoothly (two continuous derivatives) from 1 to 0 over the last
 * part of the range, the taper, so that energy is conserved.
 *
 * The order of sums. Neighbour lists depend on when they were made, hence on the past; the sums over them must not, or
 * a resumed run, or one on other ranks, would have other bits. So what is added is first rounded to a grid, multiples
 * of a power of two so small (below 5e-13 eps / sigma) that it is far from what matters, and so large that sums of such
 * numbers are exact, in any order: adding and subtracting 3/2 2^52 grid units does it. Net forces are zero to the last
 * bit. It holds for pairs that push with less than 500 eps / sigma (r = 0.83 sigma, u = 24 eps); beyond, sums are
 * rounded as everywhere.
 *
 * Shapes: rows (natom, 4), wrapped positions and a spare; species (natom); pair (nspecies, nspecies, 4).
 * Units: atomic units. Errors: HM_OUT_OF_MEMORY. MPI: local.
 * Source: Lennard-Jones, Proc. R. Soc. A 106, 463 (1924); Axilrod and Teller, J. Chem. Phys. 11, 299 (1943); Stoddard
 * and Ford, Phys. Rev. A 8, 1504 (1973); exact sums: Demmel and Nguyen, IEEE Trans. Comput. 64, 2060 (2015).
 */
#ifndef HM_HAMILTONIANS_LENNARD_JONES_H
#define HM_HAMILTONIANS_LENNARD_JONES_H

#include "hamiltonians/hamiltonian.h"
#include "io/neighbours.h"

/* A row of parameters of two species. */
enum { HM_LJ_C12, HM_LJ_C6, HM_LJ_C2, HM_LJ_C0, HM_LJ_PARAMETERS };

struct hm_lj_system {
    size_t natom, nspecies;
    const uint8_t *species; // (natom)
    const double *pair;     // (nspecies, nspecies, 4)
    double cutoff;

    double *row;       // (natom, 4) positions, wrapped into -L/2 .. L/2 where the cell is orthogonal
    double length[3];  // of an orthogonal box; 0 where not periodic
    double inverse[3]; // 1 / length; 0 where not periodic
    double force_magic, energy_magic;
};

/* As configured. */
struct hm_lj_model {
    size_t nspecies;
    uint8_t *species; // (natom)
    double *pair;     // (nspecies, nspecies, 4)
    double cutoff;    // infinite where none is needed
    double skin;
    double energy, force; // the largest epsilon, epsilon / sigma of any pair
    bool three_body;
    double nu, cutoff3, taper;
};

/* From `hamiltonian.pairs` and the keys beside it, for the species of the frame. */
enum hm_status hm_lj_model_read(const struct hm_config *config, const struct hm_frame *frame,
                                struct hm_lj_model *model);
void hm_lj_model_release(struct hm_lj_model *model);

struct hm_lj_triangles {
    double nu, cutoff, taper;
    size_t most;       // of one atom, rounded up to whole vectors
    double *local[9];  // (most) of one atom's neighbours: places, squares, tapers, forces (axilrod_teller.inc)
    uint32_t *numbers; // (most) who they are
};

/* What kernels add to. */
struct hm_lj_sums {
    double *force; // (natom, 4)
    double energy;
    double images[9]; // (3, 3) upper triangle: sum over pairs of (boxes to the image) F^T
    double virial[9]; // (3, 3) of triangles
};

/* The kernels for one instruction set. */
struct hm_lj_kernels {
    const char *instructions;
    void (*pairs)(const struct hm_lj_system *system, const struct hm_neighbours *half, struct hm_lj_sums *sums);
    /* The triangles of atom i and the `count` others whose places relative to it, and numbers, are in local. */
    void (*triangles)(const struct hm_lj_system *system, const struct hm_lj_triangles *triangles, size_t i,
                      size_t count, struct hm_lj_sums *sums);
};

extern const struct hm_lj_kernels hm_lj_kernels_portable;
#if defined __x86_64__
extern const struct hm_lj_kernels hm_lj_kernels_avx2, hm_lj_kernels_avx512;
#endif

/* The fastest this machine has; NULL past the last (they all give the same bits). */
const struct hm_lj_kernels *hm_lj_kernels_available(size_t index);
/* Lets a lennard_jones Hamiltonian use these in place of the fastest: for comparisons. */
void hm_lj_kernels_choose(void *self, const struct hm_lj_kernels *kernels);

#endif
