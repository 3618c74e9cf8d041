/* Grids of single atoms: radial shells, each with a Lebedev rule; a molecule's grid is those of its atoms together.
 *
 *   int f(r) d^3r ~ sum_atoms sum_i w_i p_atom(r_atom + d_i) f(r_atom + d_i),   p: hm_cells_weigh (cells.h)
 *
 * Pruned grids take smaller rules near the nucleus and far away. Points come in an order that keeps neighbours
 * together, so that every run of HM_GRID_GROUP of them (and every half of a run, and so on) is compact.
 *
 * Shapes: d (3, count): all x, all y, all z. Units: bohr. Errors: HM_BAD_CONFIG (a grid that is not offered),
 * HM_OUT_OF_MEMORY. Owns: the grid owns its arrays; atoms of one element share theirs. MPI: local.
 * Source: of the pruning near the nucleus: O. Treutler and R. Ahlrichs, J. Chem. Phys. 102, 346 (1995).
 */
#ifndef HM_HAMILTONIANS_DFT_GRID_H
#define HM_HAMILTONIANS_DFT_GRID_H

#include "io/config.h"
#include "io/frame.h"

enum { HM_GRID_GROUP = 512 };

struct hm_atomic_grid {
    int number;
    size_t count;
    double *d; // (3, count)
    double *w; // (count)
};

struct hm_grid {
    size_t natom, nelement;
    struct hm_atomic_grid *element; // (nelement)
    size_t *of_atom;                // (natom) which of them
};

/* As hamiltonian.grid says: coarse, medium, fine, or [radial, angular], which is not pruned. */
enum hm_status hm_grid_create(const struct hm_config *config, const struct hm_frame *frame, struct hm_grid *grid);
void hm_grid_destroy(struct hm_grid *grid);

static inline const struct hm_atomic_grid *hm_grid_atom(const struct hm_grid *grid, size_t atom)
{
    return &grid->element[grid->of_atom[atom]];
}

#endif
