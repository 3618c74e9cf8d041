/* Which part of space belongs to which atom: smooth weights that add up to one.
 *
 *   p_A(r) = P_A / sum_B P_B,   P_A = prod_{B != A} s(mu_AB),   mu_AB = (|r - A| - |r - B|) / |A - B|
 *
 * with the s of point_kernels.h: three times smoothed, without regard to the sizes of atoms, which served hydrogen next
 * to heavier atoms worse when turned by any angle.
 *
 * Shapes: x (natom, 3), referred to until the next hm_cells_place; points: 3 arrays of n, a multiple of HM_POINT_LANES
 * and at most HM_CELLS_MAX_POINTS; gradient (natom, 3), added to. Units: bohr. Errors: HM_OUT_OF_MEMORY. Owns: scratch.
 * MPI: local. Source: A. D. Becke, J. Chem. Phys. 88, 2547 (1988); of the gradient: B. G. Johnson, P. M. W. Gill and J.
 * A. Pople, J. Chem. Phys. 98, 5612 (1993).
 */
#ifndef HM_HAMILTONIANS_DFT_CELLS_H
#define HM_HAMILTONIANS_DFT_CELLS_H

#include "hamiltonians/dft/point_kernels.h"
#include "io/status.h"

#include <stdbool.h>

enum { HM_CELLS_MAX_POINTS = 512 };

struct hm_cells {
    size_t natom;
    const struct hm_point_kernels *kernels;
    const double *x;
    double *inverse;  // (natom, natom) 1 / |A - B|
    double *distance; // (natom, HM_CELLS_MAX_POINTS)
    double *toward;   // (natom, 3, HM_CELLS_MAX_POINTS) r - A
    double *range;    // (natom, 2) least and largest distance
    double *cell;     // (natom, HM_CELLS_MAX_POINTS) P_A
    double *change;   // (natom, HM_CELLS_MAX_POINTS) of the energy with ln P_A
    double *pull;     // (natom, HM_CELLS_MAX_POINTS) with |r - A|
    double *total;    // (HM_CELLS_MAX_POINTS)
    bool *rival;      // (natom) whose cell is not zero everywhere, if not the owner
    double *storage;
};

enum hm_status hm_cells_create(size_t natom, const struct hm_point_kernels *kernels, struct hm_cells *cells);
void hm_cells_destroy(struct hm_cells *cells);
void hm_cells_place(struct hm_cells *cells, const double *x);

/* share (n): the owner's p at these points. */
void hm_cells_weigh(struct hm_cells *cells, size_t owner, size_t n, const double *const point[3], double *share);

/* gradient += sum over points of value d ln p_owner / dx, where the points move with their owner. */
void hm_cells_gradient(struct hm_cells *cells, size_t owner, size_t n, const double *const point[3],
                       const double *value, double *gradient);

#endif
