/* Velocity autocorrelation and vibrational density of states of a run, as curves.
 *
 *   C_g(k) = <u_n u_{n+k}> / <u u>   over the series of group g: velocity components of a species, or bond rates
 *   S_g(nu)                          its cosine transform under a Hann window, of unit area over wavenumbers
 *   totals                           of the species, weighted by their shares of the kinetic energy: mass-weighted
 *
 * hm_curves_read takes what the run accumulated from every step (/hamlet/correlations; io/analysis/correlations.h has
 * the formulas), or computes them from the frames if it left none and every step is a frame.
 *
 * Shapes: vacf (ngroup, lags), spectrum (ngroup, lags + 1), row-major.
 * Units: dt_fs between lags, spacing_cm between wavenumbers; spectrum cm.
 * Errors: HM_BAD_INPUT (damaged arrays), HM_IO_ERROR, HM_OUT_OF_MEMORY.
 * Owns: its arrays; release empties it. MPI: local.
 */
#ifndef HM_IO_ANALYSIS_SPECTRA_H
#define HM_IO_ANALYSIS_SPECTRA_H

#include "io/analysis/run.h"

/* lags 0: there are none. */
struct hm_curves {
    size_t ngroup, lags;
    size_t valid;   /* lags with data */
    bool has_bonds; /* the last group is the bonds */
    double dt_fs, spacing_cm;
    int *number;            /* (ngroup) Z of the species, 0 for the bonds */
    double *spectrum;       /* (ngroup, lags + 1) */
    double *vacf;           /* (ngroup, lags) */
    double *weight;         /* (ngroup) share of the kinetic energy; bonds 0 */
    double *total_vacf;     /* (lags) mass-weighted */
    double *total_spectrum; /* (lags + 1) */
};

enum hm_status hm_curves_read(const struct hm_run *run, struct hm_curves *curves);
/* From the frames alone, whatever their stride. */
enum hm_status hm_curves_from_frames(const struct hm_run *run, struct hm_curves *curves);
void hm_curves_release(struct hm_curves *curves);

#endif
