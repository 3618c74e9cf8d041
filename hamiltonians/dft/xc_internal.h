/* The inside of xc.h: points in batches, and for each batch the functions that reach it.
 *
 *   hm_xc_place: groups of an atom's grid (this member's) -> weights, points that count -> batches -> functions, and
 *   their values as long as there is memory. A batch's points are filled up to a multiple of HM_POINT_LANES by copies
 *   without weight.
 *
 * Owns: hm_xc everything. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_XC_INTERNAL_H
#define HM_HAMILTONIANS_DFT_XC_INTERNAL_H

#include "hamiltonians/dft/cells.h"
#include "hamiltonians/dft/functional.h"
#include "hamiltonians/dft/grid.h"
#include "hamiltonians/dft/orbitals.h"
#include "hamiltonians/dft/xc.h"

struct hm_xc_batch {
    size_t atom;          // whose points these are
    size_t first, n;      // points, those without weight included
    size_t shell, nshell; // in xc->shell
    size_t nfunction;
    double *values; // (4 or 1, nfunction, n); NULL: to be computed again
};

struct hm_xc {
    struct hm_team team;
    size_t nspin;
    bool slopes;        // density gradients are needed
    bool rigid_weights; // leaves the derivatives of weights out: only to show what they are good for
    const struct hm_basis *basis;
    const struct hm_point_kernels *kernels;
    struct hm_functional *functional;
    struct hm_grid grid;
    struct hm_cells cells;
    struct hm_orbitals orbitals;

    /* of this geometry */
    double *x;                 // (natom, 3)
    size_t npoint;             // with weight
    double *point[3], *weight; // (capacity) each
    double *bare;              // (capacity) weight without the share of the cell
    struct hm_xc_batch *batch;
    size_t nbatch;
    size_t *shell;       // (batches, nshell) at most
    double *store;       // behind the batches' values
    size_t stored;       // its doubles
    size_t batch_points; // most points of a batch

    /* scratch of a batch */
    double *values; // (10, nfunction, n)
    double *D, *V;  // (nspin, nfunction, nfunction), (nfunction, nfunction) of its functions
    double *X;      // (nspin, nfunction, n) D phi
    double *Y, *Z;  // (nfunction, n)
    double *n;      // (nspin, n) densities
    double *slope;  // (nspin, 3, n)
    double *packed_n, *packed_sigma, *e, *vn, *vsigma; // as libxc
    double *local, *toward;                            // (n), (3, n)
    size_t *function;                                  // (nfunction) their numbers
    double *storage;
};

/* A batch's values, from the store or computed. */
const double *hm_xc_batch_values(struct hm_xc *xc, const struct hm_xc_batch *batch);
/* One derivative more than the functional needs, to xc->values. */
void hm_xc_batch_gradients(struct hm_xc *xc, const struct hm_xc_batch *batch);
/* Numbers of its functions to xc->function; those rows and columns of a matrix; and back, added. */
void hm_xc_batch_functions(struct hm_xc *xc, const struct hm_xc_batch *batch);
void hm_xc_batch_gather(const struct hm_xc *xc, const struct hm_xc_batch *batch, const double *whole, double *part);
void hm_xc_batch_scatter(const struct hm_xc *xc, const struct hm_xc_batch *batch, const double *part, double *whole);
/* X = D values, of its functions. */
void hm_xc_batch_times(const struct hm_xc_batch *batch, const double *D, const double *values, double *X);
/* Densities and slopes of all spins from the whole D (nspin, nfunction, nfunction); its part and X stay. */
void hm_xc_batch_density(struct hm_xc *xc, const struct hm_xc_batch *batch, const double *values, const double *D);
/* e, vn and vsigma from densities and slopes. */
void hm_xc_batch_functional(struct hm_xc *xc, const struct hm_xc_batch *batch);
/* weight dE/dn `scale` to local, weight dE/d(grad n) to toward; of one spin. */
void hm_xc_batch_potential(struct hm_xc *xc, const struct hm_xc_batch *batch, size_t spin, double scale);

#endif
