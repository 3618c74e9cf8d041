/* A stretch of trajectory: consecutive frames as somebody recorded them, in memory, and what is wrong with them.
 *
 * Read are Hamlet's own files, any H5MD file with one group of particles (position in a stated unit of length, step,
 * time), and extended XYZ (extxyz.h). What a file does not say stays unknown; the checks compare what it says with a
 * system and its time step.
 *
 *   rounding   rms error of a component of the stored positions, from the grid they lie on: decimals, or single
 *              precision
 *   velocity Verlet, if velocities are the only clock:  x_{n+1} - x_{n-1} = 2 dt v_n
 *
 * Shapes: x, v (nframe, natom, 3); step, time, exact (nframe).
 * Units: atomic units.
 * Errors: HM_BAD_INPUT with one line that names the file, HM_OUT_OF_MEMORY.
 * Owns: its arrays; release it.
 * MPI: local.
 * Source: H5MD 1.1, https://h5md.nongnu.org
 */
#ifndef HM_IO_STRETCH_H
#define HM_IO_STRETCH_H

#include "io/frame.h"

struct hm_stretch {
    char *path;
    size_t natom, nframe, capacity;
    int *number;    // (natom) NULL: unknown
    double *mass;   // (natom) NULL: unknown
    double cell[9]; // as in struct hm_frame
    bool periodic[3];
    double *x;
    double *v;     // NULL: unknown
    double *time;  // NULL: unknown
    int64_t *step; // NULL: unknown
    bool *exact;   // the kick at this frame came from a force; NULL: all did
    double length; // the unit of length in the file
};

enum hm_status hm_stretch_read(const char *path, struct hm_stretch *stretch);
void hm_stretch_release(struct hm_stretch *stretch);

/* Atoms, masses and box are those of `frame`, as far as the file says, and all positions are finite. */
enum hm_status hm_stretch_check_system(const struct hm_stretch *stretch, const struct hm_frame *frame);
/* Frames are one `timestep` apart, without gaps. */
enum hm_status hm_stretch_check_clock(const struct hm_stretch *stretch, double timestep);
/* The displacement from frame n to frame n + 1, (natom, 3), to the nearest image. */
void hm_stretch_displacement(const struct hm_stretch *stretch, size_t n, double *displacement);
/* 0: double precision. `text` names the grid ("single precision", "8 decimals"). */
double hm_stretch_rounding(const struct hm_stretch *stretch, char *text, size_t size);

#endif
