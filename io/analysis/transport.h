/* Mean square displacement and diffusion of a run, over its frames after the warm-up.
 *
 *   MSD_g(k) = mean over atoms i of g and origins n of |x_i(n + k) - x_i(n)|^2      all origins, unwrapped positions
 *   D_g      = slope / 6 of the MSD between a tenth and a half of the longest lag
 *   error    standard error of D_g from as many as 5 parts of the run that are as good as separate; NaN for short runs
 *
 * All origins cost O(n log n): with S(k) = sum_n x(n) x(n+k) by Fourier transforms, and running sums of the squares.
 * A run with more frames than fit into 64 MiB is thinned evenly.
 *
 * Shapes: msd (ngroup, lags); groups are the species in order of appearance, then all atoms.
 * Units: in the names. Errors: HM_IO_ERROR, HM_BAD_INPUT, HM_OUT_OF_MEMORY. Owns: its arrays; release empties it.
 * MPI: local.
 * Source: Calandrini, Pellegrini, Calligari, Hinsen, Kneller, Collection SFN 12, 201 (2011).
 */
#ifndef HM_IO_ANALYSIS_TRANSPORT_H
#define HM_IO_ANALYSIS_TRANSPORT_H

#include "io/analysis/run.h"

/* lags 0: too few frames. */
struct hm_msd {
    size_t ngroup, lags, frames;
    double dt_ps;                  /* between lags */
    int *number;                   /* (ngroup) Z; 0 for all atoms */
    double *msd_angstrom2;         /* (ngroup, lags) */
    double *diffusion;             /* (ngroup) Angstrom^2/ps; NaN with fewer than 20 lags */
    double *diffusion_error;       /* (ngroup) standard error */
    double fit_from_ps, fit_to_ps; /* lags of the fit */
};

enum hm_status hm_msd_compute(const struct hm_run *run, struct hm_msd *msd);
void hm_msd_release(struct hm_msd *msd);

#endif
