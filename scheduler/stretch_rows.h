/* Rows to learn from, out of a recorded trajectory: what the kicks were, from positions alone.
 *
 *   v_{n+1/2} = (x_{n+1} - x_n) / dt      (nearest image),      kick_n = v_{n+1/2} - v_{n-1/2}
 *
 * as leapfrog and velocity Verlet make them, so a stretch of F frames gives F - 2 rows, through the same window and
 * representation as in a run. Kicks that the recorded run had predicted itself are context, not labels.
 *
 * A position known to a rounding error e gives a kick known to sqrt(6) e / dt (a second difference): that, over the rms
 * kick, is `noise`. Data with more than a hundredth of it are refused.
 *
 * Units: atomic units.
 * Errors: HM_BAD_INPUT (the stretch is not every step of this system, too short, too coarse, nothing moves),
 *   HM_OUT_OF_MEMORY.
 * Owns: its rows; release them.
 * MPI: local.
 */
#ifndef HM_SCHEDULER_STRETCH_ROWS_H
#define HM_SCHEDULER_STRETCH_ROWS_H

#include "predictors/window.h"

#include "io/stretch.h"

struct hm_stretch_rows {
    double *rows; // (count, hm_row_size(nchannel))
    size_t count, labels;
    size_t memory;     // what hm_memory_length finds in the last of them
    double noise;      // of the kicks, over the rms kick
    double unbalanced; // rms of the momentum that the kicks of a step add up to, over that of their parts, beyond what
                       // rounding explains
    char grid[32];     // what the positions are rounded to
};

/* For predictors that look back on at most `history` steps; the kicks are of `frame` (topology) and `timestep`. */
enum hm_status hm_stretch_rows_make(const struct hm_stretch *stretch, const struct hm_frame *frame,
                                    struct hm_representation *representation, double timestep, size_t history,
                                    struct hm_stretch_rows *rows);
void hm_stretch_rows_release(struct hm_stretch_rows *rows);

#endif
