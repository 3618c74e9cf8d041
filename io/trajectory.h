/* The trajectory file: H5MD 1.1 that MDAnalysis, h5py and VMD open, plus Hamlet's own log under /hamlet.
 *
 *   /h5md                       version, author, creator
 *   /particles/system           position Angstrom, velocity Angstrom/ps, force kJ/mol/Angstrom (NaN where unknown),
 *                               species (Z), mass (u), image (periodic only), box; step and time (ps) with each
 *   /observables                potential_energy, kinetic_energy, total_energy (kJ/mol), temperature (K), by frame;
 *                               with a thermostat conserved_energy, the total energy less the heat that was put in
 *   /hamlet/config              the configuration, YAML text (effective, with overrides)
 *   /hamlet/provenance          version, compiler, host, MPI, start time, command ... as string attributes; run_id
 *   /hamlet/run                 attributes: timestep_fs, steps, warmup_steps, stride, steps_done, status, natom,
 *                               degrees_of_freedom, thermostatted ...
 *   /hamlet/frozen              indices of the atoms that are held, if there are any
 *   /hamlet/bonds               (nbond, 2) atom pairs whose length the analysis follows
 *   /hamlet/decisions           table of struct hm_decision_record
 *   /hamlet/injections          table of struct hm_injection_record
 *   /hamlet/training            table of struct hm_training_record
 *   /hamlet/oracle_faults       table of struct hm_fault_record
 *   /hamlet/study               table of struct hm_study_record
 *   /hamlet/strides             table of struct hm_round_record
 *   /hamlet/weights/<version>   the weights of each published version, as io/weights.h draws them
 *   /hamlet/correlations        written by io/analysis/correlations.h
 *   /hamlet/timing              seconds by activity
 *
 * Appends go to memory and reach the file in blocks: when a block is full, and at least once a second
 * (a killed run stays readable and complete up to the last flush). Nothing allocates per step.
 *
 * Units: arguments in atomic units; the file in the units above.
 * Errors: HM_EXISTS (the file is there and overwrite is false), HM_BAD_OUTPUT (it cannot be created), HM_IO_ERROR
 *   (writing failed later), HM_BAD_INPUT when reading a file that is not ours.
 * Owns: the open file; borrowed arguments are copied.
 * MPI: local; only the driver writes.
 * Source: de Buyl, Colberg, Hoefling, Comput. Phys. Commun. 185, 1546 (2014); H5MD 1.1, https://h5md.nongnu.org
 */
#ifndef HM_IO_TRAJECTORY_H
#define HM_IO_TRAJECTORY_H

#include "io/frame.h"
#include "io/records.h"
#include "io/weights.h"

struct hm_trajectory;

struct hm_trajectory_setup {
    const struct hm_frame *frame; /* topology */
    const char *config_yaml;
    double timestep; /* atomic units */
    int64_t steps, warmup_steps, stride;
    size_t nbond;
    const size_t (*bonds)[2];
    bool thermostatted; /* frames have a heat */
    bool overwrite;
    const char *const (*provenance)[2]; /* name, value; ends with {NULL, NULL} */
};

/* One frame to append. Arrays (natom, 3); NULL force = unknown (written as NaN). NaN energies = unknown. */
struct hm_trajectory_frame {
    int64_t step;
    const double *x, *v, *force;
    const int *image;
    double potential_energy;
    double heat; /* put in by the thermostat so far; looked at only with one */
};

/* Checks without touching anything that create() could write `path` (folder writable, file absent or overwrite). */
enum hm_status hm_trajectory_check_target(const char *path, bool overwrite);

/* The new file replaces an old one only here, after everything else was validated. */
enum hm_status hm_trajectory_create(const char *path, const struct hm_trajectory_setup *setup,
                                    struct hm_trajectory **trajectory);
enum hm_status hm_trajectory_append(struct hm_trajectory *trajectory, const struct hm_trajectory_frame *frame);
enum hm_status hm_trajectory_log_decision(struct hm_trajectory *trajectory, const struct hm_decision_record *record);
enum hm_status hm_trajectory_log_injection(struct hm_trajectory *trajectory, const struct hm_injection_record *record);
enum hm_status hm_trajectory_log_training(struct hm_trajectory *trajectory, const struct hm_training_record *record);
enum hm_status hm_trajectory_log_fault(struct hm_trajectory *trajectory, const struct hm_fault_record *record);
enum hm_status hm_trajectory_log_study(struct hm_trajectory *trajectory, const struct hm_study_record *record);
enum hm_status hm_trajectory_log_round(struct hm_trajectory *trajectory, const struct hm_round_record *record);
enum hm_status hm_trajectory_log_weights(struct hm_trajectory *trajectory, const struct hm_weights_of_member *weights);
enum hm_status hm_trajectory_log_timing(struct hm_trajectory *trajectory, const char *name, double seconds);
enum hm_status hm_trajectory_flush(struct hm_trajectory *trajectory);
/* Status word ("running" at create; then "finished", "diverged", "stopped", "failed") and the steps done. */
enum hm_status hm_trajectory_set_status(struct hm_trajectory *trajectory, const char *word, int64_t steps_done);
enum hm_status hm_trajectory_close(struct hm_trajectory **trajectory);

/* ---- going on ---- */

/* Everything written so far reaches the disk; which run it is and how far it has come goes into the archive. */
enum hm_status hm_trajectory_save(struct hm_trajectory *trajectory, struct hm_archive *archive);
/* Opens the file of that run and takes it back to what it was then: what was written later is cut off, weights, timing
 * and arrays of later are withdrawn (they read as absent until they are written again), the status is "running".
 * HM_BAD_INPUT when the file is of another run, of another system than `setup`, or holds less than it did. Killed on
 * its way it leaves a file that reads and resumes as before. */
enum hm_status hm_trajectory_resume(const char *path, const struct hm_trajectory_setup *setup,
                                    struct hm_archive *archive, struct hm_trajectory **trajectory);

/* ---- reading ---- */

enum hm_table_name {
    HM_TABLE_DECISIONS,
    HM_TABLE_INJECTIONS,
    HM_TABLE_TRAINING,
    HM_TABLE_FAULTS,
    HM_TABLE_STUDY,
    HM_TABLE_ROUNDS,
    HM_TABLE_COUNT
};

struct hm_trajectory_info {
    size_t natom, nframe, nbond, ndecision, ninjection, ntraining, nfault, nstudy, nround;
    double timestep; /* atomic units */
    int64_t steps, warmup_steps, stride, steps_done;
    char status[16];
    bool periodic, thermostatted;
};

enum hm_status hm_trajectory_open(const char *path,
                                  struct hm_trajectory **trajectory); /* read only; close with _close */
const struct hm_trajectory_info *hm_trajectory_info(const struct hm_trajectory *trajectory);
enum hm_status hm_trajectory_read_topology(struct hm_trajectory *trajectory,
                                           struct hm_frame *frame); /* created; x, v zero */
/* Frames first .. first+count-1; any output may be NULL. steps (count), x v f (count, natom, 3), energies (count);
 * atomic units. */
enum hm_status hm_trajectory_read_frames(struct hm_trajectory *trajectory, size_t first, size_t count, int64_t *steps,
                                         double *x, double *v, double *force, double *potential, double *kinetic);
/* Total energy less heat, (count); NaN where it is not known, and without a thermostat. */
enum hm_status hm_trajectory_read_conserved(struct hm_trajectory *trajectory, size_t first, size_t count,
                                            double *conserved);
enum hm_status hm_trajectory_read_bonds(struct hm_trajectory *trajectory, size_t (*bonds)[2]);
enum hm_status hm_trajectory_read_decisions(struct hm_trajectory *trajectory, size_t first, size_t count,
                                            struct hm_decision_record *records);
enum hm_status hm_trajectory_read_injections(struct hm_trajectory *trajectory, size_t first, size_t count,
                                             struct hm_injection_record *records);
enum hm_status hm_trajectory_read_training(struct hm_trajectory *trajectory, size_t first, size_t count,
                                           struct hm_training_record *records);
enum hm_status hm_trajectory_read_faults(struct hm_trajectory *trajectory, size_t first, size_t count,
                                         struct hm_fault_record *records);
enum hm_status hm_trajectory_read_study(struct hm_trajectory *trajectory, size_t first, size_t count,
                                        struct hm_study_record *records);
enum hm_status hm_trajectory_read_rounds(struct hm_trajectory *trajectory, size_t first, size_t count,
                                         struct hm_round_record *records);
/* Every record of a table in its order, as the struct of its name; memory does not grow with their number. */
enum hm_status hm_trajectory_walk(struct hm_trajectory *trajectory, enum hm_table_name table,
                                  void (*see)(void *self, const void *record), void *self);
/* *found false when the version was not stored. Released by hm_weights_of_member_release. */
enum hm_status hm_trajectory_read_weights(struct hm_trajectory *trajectory, int32_t version,
                                          struct hm_weights_of_member *weights, bool *found);
enum hm_status hm_trajectory_read_config(struct hm_trajectory *trajectory,
                                         struct hm_archive *text); /* zero-terminated */
/* What the file says of where it comes from, as provenance has it (free); NULL if absent. */
enum hm_status hm_trajectory_read_provenance(const struct hm_trajectory *trajectory, const char *name, char **value);
/* NaN if absent. */
double hm_trajectory_read_timing(struct hm_trajectory *trajectory, const char *name);

/* Named arrays under /hamlet/correlations: (rows, columns) doubles with a unit attribute; replaces an earlier one.
 * Reading allocates *values (free); *rows = 0 when absent. */
enum hm_status hm_trajectory_write_array(struct hm_trajectory *trajectory, const char *name, const char *unit,
                                         const double *values, size_t rows, size_t columns);
enum hm_status hm_trajectory_read_array(struct hm_trajectory *trajectory, const char *name, double **values,
                                        size_t *rows, size_t *columns);

#endif
