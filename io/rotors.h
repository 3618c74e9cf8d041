/* Rotors of a molecule: bonds about which one part of it turns into another shape.
 *
 * A bond is a rotor's axis if the molecule falls apart without it (it is in no ring), both of its ends are bonded to
 * other atoms, it is as long as a single bond (a double one does not turn), and neither end is a top of three or more
 * equal atoms, such as a methyl group: that turns into itself.
 *
 * Shapes: axis (count, 2), the end that turns last; turns (count, natom). Units: bohr, radians.
 * Errors: HM_OUT_OF_MEMORY. Owns: the arrays, released by hm_rotors_release. MPI: local.
 */
#ifndef HM_IO_ROTORS_H
#define HM_IO_ROTORS_H

#include "io/frame.h"

struct hm_rotors {
    size_t count, natom;
    size_t (*axis)[2];
    unsigned char *turns; // 1 for atoms on the side of axis[1], the one of fewer atoms
};

enum hm_status hm_rotors_find(const struct hm_frame *frame, struct hm_rotors *rotors);
void hm_rotors_release(struct hm_rotors *rotors);

/* Turns the rotor's atoms by `angle`; seen along the axis, clockwise. */
void hm_rotor_turn(const struct hm_rotors *rotors, size_t rotor, double angle, struct hm_frame *frame);

#endif
