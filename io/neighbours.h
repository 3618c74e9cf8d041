/* Neighbour lists: which atoms are within a cutoff of each other, kept while nobody moves too far.
 *
 * The list holds pairs within cutoff + skin and is made again when an atom has moved more than skin / 2 since, or the
 * cell has changed; so every pair within the cutoff is in it, always. The skin is shortened where cutoff + skin would
 * exceed half the box, beyond which nearest images are not unique. Atoms are sorted into cells half a cutoff wide (a
 * cutoff, in small boxes), which makes it O(natom); in boxes too small even for that, and in those that are not
 * orthogonal, all pairs are looked at.
 *
 *   half   each pair once, at one of its atoms: the one that comes first in an order of all atoms, which is the list's
 *          own; so of any three atoms that are neighbours of each other, one has the other two
 *   full   each pair at both
 *
 * Shapes: x (natom, 3), unwrapped; neighbours of atom i are list[first[i]] ... list[first[i + 1] - 1], in no order that
 *   means anything; three more entries at the end are atoms too, for those who read four at a time.
 * Units: bohr.
 * Errors: HM_OUT_OF_MEMORY; HM_BAD_INPUT: the box is smaller than twice the cutoff.
 * Owns: its arrays; an update allocates only when the list is made again and has grown.
 * MPI: local.
 * Source: Verlet, Phys. Rev. 159, 98 (1967); Allen and Tildesley, Computer Simulation of Liquids, 2nd ed. (2017), 5.3.
 */
#ifndef HM_IO_NEIGHBOURS_H
#define HM_IO_NEIGHBOURS_H

#include "io/frame.h"

#include <stdint.h>

enum hm_neighbours_kind { HM_NEIGHBOURS_HALF, HM_NEIGHBOURS_FULL };

struct hm_neighbours {
    enum hm_neighbours_kind kind;
    double cutoff;
    double skin; // in use: at most what was asked for
    size_t natom;
    size_t *first;                  // (natom + 1)
    uint32_t *list;                 // (first[natom])
    size_t capacity;                // of the list
    int64_t builds;                 // how often it was made
    struct hm_neighbour_grid *grid; // scratch, and what the list was made for
};

/* `box` gives natom, cell and periodicity; nothing of it is kept. */
enum hm_status hm_neighbours_create(const struct hm_frame *box, double cutoff, double skin,
                                    enum hm_neighbours_kind kind, struct hm_neighbours **neighbours);
void hm_neighbours_destroy(struct hm_neighbours **neighbours);

/* Makes the list valid for x, in the cell of `box`. Positions that are not finite are the caller's to refuse: with them
 * the list is of no use, but nothing breaks, and finite ones put it right again. */
enum hm_status hm_neighbours_update(struct hm_neighbours *neighbours, const struct hm_frame *box, const double *x);

#endif
