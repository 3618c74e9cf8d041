/* `hamlet analyze`: what a finished (or killed) run says about itself, and against a reference run.
 *
 * Fields and names are those printed by hm_analysis_print_json; the scalar ones are listed in io/analysis/fields.def.
 * NaN = not computable (null in JSON). Means over frames are over the frames after the warm-up; if the warm-up covers
 * the whole run, over all frames. <K> is the mean kinetic energy of on-step velocities over these frames.
 *
 * Energy (io/analysis/blocks.h): E = K + U at frames where U is known, in blocks of 1e4 steps, or a twentieth of the
 * steps after warm-up if that is shorter; null for fewer than 3 blocks. Where frames know U only by the chance of an
 * injection (output.energies: injections), E at all injections instead. With a thermostat E is less the heat that it
 * has put in (/observables/conserved_energy), so that these numbers say the same of a hybrid run as without one: what
 * predictions do to the energy. energy_drift_of names which it is, "total_energy" or "conserved_energy".
 *
 *   energy_drift_relative                least-squares slope of the block means x steps after warm-up / <K> (signed)
 *   energy_max_block_deviation_relative  max |block mean - mean of block means| / <K>
 *   energy_drift_meV_per_atom_per_ps     the same slope per time and atom (signed)
 *   energy_drift_exact_band              the larger magnitude of the first two in the reference, if every step of it
 *                                        was exact
 *
 * Conservation, over all frames, P(0) and L(0) from the first; r and p relative to the centre of mass:
 *
 *   momentum_drift_relative          max |P - P(0)| / mean over frames of sum_i |p_i|; null with frozen atoms, and
 *                                    where a thermostat pushes every atom
 *   angular_momentum_drift_relative  max |L - L(0)| / mean of sum_i |r_i||p_i|; null in periodic cells, for one atom,
 *                                    with frozen atoms or a thermostat
 *   mean_temperature_K               2 <K> / f k, f the degrees of freedom: 3N - 3 without thermostat or frozen atoms
 *
 *   equipartition   object of kT by group, as ratio to the reference's (null if that has no heat in it), or without one
 *                   to the mean temperature:
 *      species      sum m v^2 relative to the centre of mass, over 3 sum (1 - m/M); of atoms in the laboratory where
 *                   momentum is not conserved
 *      "translation", "rotation", "stretch", "bend", "torsion"   of molecules of up to 64 atoms in all that are not
 *                   periodic: the velocities projected on each kind of motion, energy over dimensions
 *                   (io/analysis/motions.h)
 *      "stretch A-B", "bend A-B-C"   of these, by kind of bond and angle: rate^2 / sum_i |gradient_i|^2 / m_i
 *
 * Each is exactly kT in a canonical ensemble. Bonds are those that the run follows, or without any those that the first
 * frame has (io/connectivity.h). Null for at most two atoms without a thermostat. A molecule whose angular momentum was
 * removed, or a harmonic one, need not give 1: only the ratio to an exact run judges it.
 *
 * Prediction, over injections after warm-up that had a prediction:
 *
 *   kick_accuracy_percent, velocity_accuracy_percent   100 (1 - mean absolute error / mean absolute value), components
 *   residual_rms_relative                              sqrt(sum |kick error|^2 / sum |exact kick|^2)
 *
 * Steps: injections, injection_fraction after warm-up; exact_fraction and longest_prediction_run over all steps. Exact
 * forces at the ends of rounds of strides belong to no step, and count with the exact ones.
 *
 * Strides (/hamlet/strides, scheduler/stride.h), null without:
 *
 *   strides                  that happened: of rounds that were not taken back
 *   stride_fs                length of one
 *   stride_fraction          steps in strides, of those after warm-up
 *   iterations_per_stride    over all that were tried
 *   stride_failure_fraction  without a solution, or outside the training domain, of those tried
 *   rounds, rounds_refused   all, and those that were taken back: where they ended the exact energy was beyond the
 *                            gate, or there was none
 *   round_energy_drift_kT    median of |E - E_ref| over the last tenth of the rounds that count, E_ref the energy where
 *                            the first began; kT = 2 <K> / f, <K> of the warm-up, f without the rotation of a run that
 *                            began without angular momentum
 *   reversibility_max        of the last stride of every round, taken back: how far from its start, over its length
 *
 *   bonds                        mean and standard deviation of the length over frames after warm-up
 *   vacf_first_inflection_steps  of the mass-weighted VACF, over the first half of its lags
 *   vibrational_peaks_cm1        of the bonds' spectrum where no two bonds share an atom, else of the mass-weighted
 *                                velocity spectrum, which has the bends and twists, and rotation as pairs of lines:
 *                                maxima above 5 % of the largest, beyond 50 cm^-1, strongest first, at most 12
 *
 * Curves come from /hamlet/correlations, or from the frames if that is absent and every step is a frame.
 *
 *   oracle_calls          evaluations that gave a kick, or the energy where a round of strides ends; warm-up included,
 *                         segments before the run (training.starts and the like) not
 *   speedup_vs_exact      median seconds of an evaluation that follows one at the step before (warm) x steps / wall
 *                         seconds
 *   vibrational_modes     of a molecule that is not periodic (io/analysis/modes.h): kinetic temperature of each, and
 *                         its ratio; with a reference in its modes and to what they have there, else to the mean
 *                         temperature
 *
 * Errors: every <field>_error is a standard error from the scatter of the blocks and of what is left of their
 * correlation (io/analysis/statistics.h); a change counts where it is beyond two of them.
 *
 *   study                 how errors accumulate in branches of pure prediction (io/analysis/growth.h):
 *                         {runs, branches, branch_steps, branches_ended, oracle_calls, predicted, baseline}, the last
 *                         two {position, kinetic, potential, total}, each {law, support, aic_difference, points,
 *                         saturation, exponent, rate_per_step, rate_per_ps, one_step, saturated_after, curve}: numbers
 *                         with an interval are [value, low, high], a point of a curve [unforced steps, rms, low, high,
 *                         branches]. Null without a study. study_position_exponent, study_position_rate_per_ps and
 *                         those of kinetic and potential energy repeat what is predicted.
 *
 * With a reference, over frames at equal times (steps x time step):
 *
 *   position_divergence    rms over atoms of |x - x_ref|, unwrapped, at about 20 log-spaced frames
 *   energy_shift_relative  mean difference of the total energies / mean kinetic energy of the reference, at these
 *                          frames: a run that left its energy at once and stayed has no drift, but a shift
 *   kinetic_divergence, potential_divergence   rms of the difference / mean kinetic energy of the reference, there
 *   vacf_rmse              of the mass-weighted VACFs over their common lags, at most 1.67 ps
 *   vdos_overlap           cosine of the angle between the mass-weighted spectra, both from the same lags under a Hann
 *                          window, at 10 cm^-1 (coarser in short runs) up to 10000 cm^-1: finer lines of single runs
 *                          are noise in liquids
 *
 * Units: in the field names.
 * Errors: HM_BAD_INPUT (not a Hamlet trajectory; a reference of other atoms), HM_IO_ERROR, HM_OUT_OF_MEMORY.
 * Owns: all it shows; the files are closed after create. Memory does not grow with the number of frames.
 * MPI: local.
 */
#ifndef HM_IO_ANALYSIS_ANALYZE_H
#define HM_IO_ANALYSIS_ANALYZE_H

#include "io/status.h"

#include <stddef.h>
#include <stdio.h>

struct hm_analysis;

/* `reference` NULL: none. */
enum hm_status hm_analysis_create(const char *path, const char *reference, struct hm_analysis **analysis);
/* Its study is that of all these runs together: seeds of one. HM_BAD_INPUT where one has none, or other atoms. */
enum hm_status hm_analysis_join_studies(struct hm_analysis *analysis, const char *const *paths, size_t count);
void hm_analysis_destroy(struct hm_analysis **analysis);
/* A scalar field by its JSON name; NaN if not computable or unknown. */
double hm_analysis_value(const struct hm_analysis *analysis, const char *name);
void hm_analysis_print_json(const struct hm_analysis *analysis, FILE *out);
void hm_analysis_print_text(const struct hm_analysis *analysis, FILE *out);

#endif
