/* A frame: atoms, where they are, how fast they move, and the box they live in.
 *
 * Shapes: arrays of vectors are (natom, 3), row-major; cell rows are the lattice vectors a, b, c.
 * Units: Hartree atomic units. Positions are unwrapped as propagated; `image` counts how often an atom
 *   left the cell through each face when positions are wrapped for output.
 * Errors: HM_OUT_OF_MEMORY; hm_frame_check returns HM_BAD_INPUT with the atom and the reason.
 * Owns: all arrays, from one allocation, released by hm_frame_release.
 * MPI: local.
 */
#ifndef HM_IO_FRAME_H
#define HM_IO_FRAME_H

#include "io/archive.h"
#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hm_frame {
    size_t natom;
    int *number;    // (natom) atomic number Z
    double *mass;   // (natom)
    double *x;      // (natom, 3) positions
    double *v;      // (natom, 3) velocities
    int *image;     // (natom, 3)
    bool *frozen;   // (natom) held where they are: see hm_frame_freeze
    size_t nfrozen; // how many of them; the mask is looked at only if there are any
    size_t at_rest; // motions of the whole that carry no heat: see hm_degrees_of_freedom
    double cell[9]; // (3, 3) lattice vectors in rows; zero where not periodic
    bool periodic[3];
    bool has_velocities;
    void *storage; // the one allocation behind the arrays
};

enum hm_status hm_frame_create(size_t natom, struct hm_frame *frame);
enum hm_status hm_frame_copy(const struct hm_frame *from, struct hm_frame *to); /* `to` is created */
void hm_frame_release(struct hm_frame *frame);

/* Holds an atom where it is, at rest: no kick moves it. What it is held by takes up momentum, so that of the others is
 * not conserved. */
void hm_frame_freeze(struct hm_frame *frame, size_t atom);
static inline bool hm_frame_holds(const struct hm_frame *frame, size_t atom)
{
    return frame->nfrozen > 0 && frame->frozen[atom];
}

/* d = x_j - x_i to the nearest image along periodic directions. Every displacement goes through here. */
void hm_minimum_image(const struct hm_frame *frame, const double *xi, const double *xj, double d[3]);

/* Finite positions and velocities, positive masses, a non-singular cell where periodic, no two atoms
 * closer than 0.1 Angstrom. `name` says where the frame came from. */
enum hm_status hm_frame_check(const struct hm_frame *frame, const char *name);

bool hm_frame_is_periodic(const struct hm_frame *frame);
double hm_frame_volume(const struct hm_frame *frame); /* 0 when not periodic in three directions */
/* No nonzero off-diagonal element of the cell: periodic directions are x, y, z. */
bool hm_frame_is_orthogonal(const struct hm_frame *frame);
/* The shortest distance between opposite faces along periodic directions; infinite where there is none. Up to half of
 * it, an atom has at most one image of another. */
double hm_frame_narrowest(const struct hm_frame *frame);

/* Observables of a set of atoms: sums, so exact to rounding. v (natom, 3) may be on- or half-step. */
double hm_kinetic_energy(const struct hm_frame *frame, const double *v);
void hm_linear_momentum(const struct hm_frame *frame, const double *v, double p[3]);
void hm_angular_momentum(const struct hm_frame *frame, const double *x, const double *v, double l[3]);
/* Degrees of freedom that carry temperature: three of every atom that moves, less frame->at_rest. That is 3, for the
 * momentum that is removed and conserved; 0 for one atom, with frozen atoms, and where a bath pushes the whole. */
size_t hm_degrees_of_freedom(const struct hm_frame *frame);

/* Topology and state, for messages and snapshots. */
void hm_frame_save(const struct hm_frame *frame, struct hm_archive *archive);
enum hm_status hm_frame_load(struct hm_frame *frame, struct hm_archive *archive); /* creates `frame` */

#endif
