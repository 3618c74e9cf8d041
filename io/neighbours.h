/* Neighbour lists: which atoms are within a cutoff of each other, kept while nobody moves too far.
 *
 * The list holds pairs within cutoff + skin and is made again when an atom has moved more than skin / 2 since; so every
 * pair within the cutoff is in it, always. The skin is shortened where cutoff + skin would exceed half the box: then
 * minimum images would no longer be unique. Cells (linked lists of boxes a cutoff wide) make it O(natom); where the box
 * holds fewer than three of them a way, or is not orthogonal, or there is none, all pairs are looked at.
 *
 *   half   each pair once, at one of its atoms
 *   full   each pair at both
 *
 * Shapes: x (natom, 3); neighbours of atom i are list[first[i]] ... list[first[i + 1] - 1].
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
    double cutoff, skin;
    size_t natom;
    size_t *first;   // (natom + 1)
    uint32_t *list;  // (first[natom])
    size_t capacity; // of the list
    int64_t builds;  // how often it was made
    double *x_built; // (natom, 3) where the atoms were then
    void *cells;     // scratch
};

/* `box` gives natom, cell and periodicity; nothing of it is kept. */
enum hm_status hm_neighbours_create(const struct hm_frame *box, double cutoff, double skin,
                                    enum hm_neighbours_kind kind, struct hm_neighbours **neighbours);
void hm_neighbours_destroy(struct hm_neighbours **neighbours);

/* Makes the list valid for x, in the cell of `box`; positions that are not finite are the caller's to refuse. */
enum hm_status hm_neighbours_update(struct hm_neighbours *neighbours, const struct hm_frame *box, const double *x);

/* The shortest distance between opposite faces along periodic directions; infinite where there is none. */
double hm_frame_narrowest(const struct hm_frame *box);

#endif
