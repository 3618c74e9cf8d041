/* Velocity autocorrelation and velocity spectrum, accumulated from every step while the run goes on.
 *
 * Series (a velocity component of an atom, or the rate of a bond length, (v_j - v_i) . r_ij / |r_ij|) are collected in
 * blocks of `block` steps, padded with as many zeros, and transformed; the summed power per group gives
 *   C(k) = sum_blocks sum_series sum_n u_n u_{n+k} / sum_blocks nseries (length - k)
 * exactly (linear, unbiased), and its cosine transform under a Hann window gives the spectrum
 *   S(nu_j) = (C(0) + 2 sum_{k > 0} w_k C(k) cos(pi j k / block)) / (block spacing C(0)),
 *   w_k = (1 + cos(pi k / span)) / 2, span = block, or the steps so far while the first block is unfinished.
 * Groups: one per species in order of appearance (velocity components, unweighted), then one for all followed
 * bonds, if any (the rate of the bond length: its lines are not split by rotation).
 *
 * Accuracy: C(k) / C(0) is good to about 1e-15 length / (length - k). Side lobes of a sharp line reach -2.7 % of it;
 * they are not clipped. Shapes: velocities (natom, 3); correlation (ngroup, block) and spectrum (ngroup, block + 1).
 * Units: velocities in atomic units; correlation normalised to C(0) = 1 with the mean square kept beside it;
 *   spectrum of unit area (cm) over wavenumbers in cm^-1, spacing 1 / (2 block dt c).
 * Errors: HM_OUT_OF_MEMORY, HM_BAD_USAGE. Owns: its buffers; push never allocates.
 * MPI: local.
 * Source: Wiener-Khinchin; Allen and Tildesley, Computer Simulation of Liquids, 2nd ed. (2017), 8.3.
 */
#ifndef HM_IO_ANALYSIS_CORRELATIONS_H
#define HM_IO_ANALYSIS_CORRELATIONS_H

#include "io/archive.h"
#include "io/frame.h"
#include "io/trajectory.h"

struct hm_correlations;

/* `block` a power of two >= 16, or 0 for the default: 65536 steps, halved while the series need more than 64 MiB
 * or half of it still holds `steps` (0: unknown), but not below 16. */
enum hm_status hm_correlations_create(const struct hm_frame *topology, size_t nbond, const size_t (*bonds)[2],
                                      double timestep, int64_t steps, size_t block,
                                      struct hm_correlations **correlations);
void hm_correlations_destroy(struct hm_correlations **correlations);

/* One step: positions x and velocities v (natom, 3), any consistent convention (half-step is fine). The frame gives
 * the cell. */
void hm_correlations_push(struct hm_correlations *correlations, const struct hm_frame *frame, const double *x,
                          const double *v);

size_t hm_correlations_groups(const struct hm_correlations *correlations);
size_t hm_correlations_lags(const struct hm_correlations *correlations);
int hm_correlations_group_number(const struct hm_correlations *correlations, size_t group); /* Z; 0 for the bonds */
int64_t hm_correlations_steps(const struct hm_correlations *correlations);                  /* pushed so far */
/* VACF of one group, normalised, lags 0 .. count-1 (zero where nothing was accumulated). Includes the unfinished
 * block. `mean_square` may be NULL. Does not change the accumulator's state, but uses its scratch: not for two
 * threads at once. */
enum hm_status hm_correlations_vacf(const struct hm_correlations *correlations, size_t group, size_t count,
                                    double *vacf, double *mean_square);
/* Spectrum of one group at wavenumbers k * *spacing_cm, k = 0 .. lags. */
enum hm_status hm_correlations_spectrum(const struct hm_correlations *correlations, size_t group, double *spectrum,
                                        double *spacing_cm);

/* Everything into /hamlet/correlations: `vacf` (ngroup, lags), `vacf_time` fs, `spectrum` (ngroup, lags + 1),
 * `wavenumber` cm^-1, `groups` (Z of each group, 0 for bonds), `mean_square` Angstrom^2/ps^2, `steps` accumulated. */
enum hm_status hm_correlations_write(const struct hm_correlations *correlations, struct hm_trajectory *trajectory);

/* State to bits: a restored accumulator continues as if never interrupted. Load wants one created alike
 * (HM_BAD_INPUT otherwise). */
void hm_correlations_save(const struct hm_correlations *correlations, struct hm_archive *archive);
enum hm_status hm_correlations_load(struct hm_correlations *correlations, struct hm_archive *archive);

/* ---- reading curves ---- */

/* First inflection point of a sampled curve, in samples: where the second difference first changes sign (linear
 * interpolation of its zero); NaN if it never does. */
double hm_first_inflection(const double *curve, size_t count);

/* Local maxima above `fraction` of the largest, by parabolic interpolation of the logarithm (2 % of the spacing for a
 * lone line), strongest first, ignoring everything below `skip_cm`. Returns how many (at most `capacity`). */
size_t hm_spectrum_peaks(const double *spectrum, size_t count, double spacing_cm, double skip_cm, double fraction,
                         double *peaks_cm, size_t capacity);

#endif
