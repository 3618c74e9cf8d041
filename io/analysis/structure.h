/* The structure of a run, averaged over its frames after the warm-up: pair distribution, bonds and angles.
 *
 * Pair distribution of species A and B in shells of `width`, nearest images, up to half of the narrowest box:
 *   periodic in three directions   g = pairs in the shell / (frames pairs shell volume / box volume)
 *                                  pairs = N_A N_B, or N_A (N_A - 1) / 2 of one species
 *   otherwise                      g = probability of the pair's distance per Angstrom: a molecule has no density
 *   neighbours                     of species B around an atom of A, within the outer face of a shell
 *
 * Bonds and angles, by the elements in them: probability densities in cells of 0.005 Angstrom and 1 degree, counted
 * from 0, so that those of two runs are of the same cells. Bonds are those that the run follows, or those found in the
 * first frame; angles are of two bonds that share an atom.
 *
 * Of a long run as many frames are looked at, evenly, as take a few seconds.
 *
 * Shapes: g, neighbours (npair, bins); density (bins).
 * Units: in the names. Errors: HM_IO_ERROR, HM_BAD_INPUT, HM_OUT_OF_MEMORY. Owns: its arrays; release empties it.
 * MPI: local.
 * Source: Allen and Tildesley, Computer Simulation of Liquids, 2nd ed. (2017), 8.2.
 */
#ifndef HM_IO_ANALYSIS_STRUCTURE_H
#define HM_IO_ANALYSIS_STRUCTURE_H

#include "io/analysis/run.h"

struct hm_rdf_setup {
    double range_angstrom; /* 0: half of the narrowest box, without a box 10 Angstrom */
    size_t bins;           /* 0: shells of about 0.05 Angstrom */
};

/* bins 0: there is nothing to count. */
struct hm_rdf {
    size_t npair, bins, frames;
    bool normalised; /* by a density */
    double width_angstrom;
    int (*species)[2]; /* (npair) Z */
    double *g, *neighbours;
};

/* `setup` NULL: all by default. */
enum hm_status hm_rdf_compute(const struct hm_run *run, const struct hm_rdf_setup *setup, struct hm_rdf *rdf);
void hm_rdf_release(struct hm_rdf *rdf);

enum { HM_DISTRIBUTION_NAME = 16 };

struct hm_distribution {
    char name[HM_DISTRIBUTION_NAME]; /* "H-O" or "H-O-H": ends in the order of the alphabet */
    size_t natom;                    /* 2: lengths in Angstrom; 3: angles in degrees */
    size_t values;
    double mean, std;
    double first, width; /* lower face of the first cell, and of how wide they are */
    size_t bins;         /* from the first cell with a value to the last */
    double *density;
};

struct hm_distributions {
    size_t count, frames;
    struct hm_distribution *item;
};

enum hm_status hm_distributions_compute(const struct hm_run *run, struct hm_distributions *distributions);
void hm_distributions_release(struct hm_distributions *distributions);

#endif
