/* A Lennard-Jones fluid or droplet, pure or a mixture, with or without three-body forces, that moves by leapfrog.
 *
 *   E = sum_{i<j} 4 eps ((sigma/r)^12 - (sigma/r)^6), r < cutoff
 *     + nu sum_{i<j<k} (1 + 3 cos cos cos) / (r_ij r_jk r_ki)^3, in a droplet only
 *
 * The forces are written out here, over all pairs, so that predictors are tested without the room that computes them.
 *
 * Units: atomic units; parameters of argon, and a larger atom for every other one of a mixture.
 * Owns: everything in the struct; fluid_create asserts, fluid_destroy releases.
 */
#ifndef HM_TESTS_PREDICTORS_FLUID_H
#define HM_TESTS_PREDICTORS_FLUID_H

#include "io/frame.h"

struct fluid {
    struct hm_frame frame;
    double cutoff; // of the exact force
    double nu;     // Axilrod-Teller
    double *force; // (natom, 3)
};

/* 4 cells^3 atoms at the density of liquid argon, hot enough to have molten; in a box, or alone. */
void fluid_create(struct fluid *fluid, size_t cells, bool periodic, bool mixture, double nu);
void fluid_destroy(struct fluid *fluid);

/* Exact forces on any geometry; steps of 10 fs. */
void fluid_force(const struct fluid *fluid, const double *x, double *force);
void fluid_move(struct fluid *fluid, size_t steps);

#endif
