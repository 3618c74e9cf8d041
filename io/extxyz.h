/* Extended XYZ, as ASE, OVITO and LAMMPS-side tools read and write it.
 *
 * A frame is: atom count; a comment line of key=value pairs (Lattice="9 numbers", pbc="T T F",
 * Properties=species:S:1:pos:R:3:...); one line per atom. Read: species, pos, and if present
 * vel | velo | velocities (ASE units, Angstrom / (Angstrom sqrt(amu/eV))), momenta (ASE: amu Angstrom / ASE time),
 * masses (amu), move_mask (F: the atom is frozen); other columns are skipped. Without masses the standard atomic
 * weights are used. Without Properties the plain XYZ columns are assumed.
 *
 * Units: file in Angstrom, amu and ASE's time unit (Angstrom sqrt(amu/eV) = 10.1805 fs); memory in atomic units.
 *   Energies written as `energy=` in eV, forces as `forces` in eV/Angstrom, as ASE expects.
 * Errors: HM_BAD_INPUT with "file:line: what".
 * MPI: local.
 * Source: https://github.com/libAtoms/extxyz (specification); ASE ase.io.extxyz.
 */
#ifndef HM_IO_EXTXYZ_H
#define HM_IO_EXTXYZ_H

#include "io/frame.h"

#include <stdio.h>

/* Reads frame number `index` (0 = first, -1 = last). `frame` is created. */
enum hm_status hm_extxyz_read(const char *path, long index, struct hm_frame *frame);
/* The same from text already in memory; `name` stands in messages. */
enum hm_status hm_extxyz_parse(const char *text, const char *name, long index, struct hm_frame *frame);

/* What a frame's comment line says about its place in a trajectory: `time`, `Time` or `t` (fs), `step` or `Step`. */
struct hm_extxyz_stamp {
    double time; /* atomic units; NaN without */
    int64_t step;
    bool has_step;
    bool has_masses; /* else those in the frame are the standard ones */
};

/* Hands every frame of a file to `take`, first to last, until one is refused; both are lent for the call. */
enum hm_status hm_extxyz_each(const char *path,
                              enum hm_status (*take)(void *user, const struct hm_frame *frame,
                                                     const struct hm_extxyz_stamp *stamp),
                              void *user);

/* Appends one frame to an open stream: species, pos, velocities as ASE `momenta`, masses, and forces
 * (natom, 3) unless NULL; energy unless NaN. */
enum hm_status hm_extxyz_write(FILE *out, const struct hm_frame *frame, const double *force, double energy);

#endif
