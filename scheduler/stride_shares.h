/* What the gate does not see: how the motions of a molecule share its kinetic energy while an action drives.
 *
 * A stride near a resonance moves energy between stretches and bends and leaves its sum where it was. The trajectory
 * knows: for each kind of motion (io/analysis/motions.h) the mean kinetic energy of the frames after the warm-up is
 * compared with that of the warm-up, both in blocks whose scatter tells how well they are known. Worth a word is a
 * change by a tenth, and by a hundredth of what the motion with the most has, that is more than five standard errors.
 * The exact motion of a molecule may share its energy otherwise with time, too: an exact run decides.
 *
 * Errors: those of reading the trajectory. Owns: nothing. MPI: driver only.
 */
#ifndef HM_SCHEDULER_STRIDE_SHARES_H
#define HM_SCHEDULER_STRIDE_SHARES_H

#include "io/status.h"

#include <stddef.h>

/* A warning about the motion that has changed most; empty where none has, or too few frames tell: 64 of each part, of
 * molecules of up to 64 atoms that are not periodic. */
enum hm_status hm_stride_shares(const char *trajectory, size_t size, char *warning);

#endif
