/* Inside the analysis: the pieces that read a run, and what they find.
 *
 * Units: atomic units, except where the name says otherwise.
 * Errors: those of reading (HM_IO_ERROR, HM_BAD_INPUT), HM_OUT_OF_MEMORY.
 * MPI: local.
 */
#ifndef HM_IO_ANALYSIS_ANALYSIS_INTERNAL_H
#define HM_IO_ANALYSIS_ANALYSIS_INTERNAL_H

#include "io/analysis/blocks.h"
#include "io/analysis/growth.h"
#include "io/analysis/modes.h"
#include "io/analysis/run.h"
#include "io/analysis/spectra.h"

#include <stdio.h>

enum { HM_GROUP_NAME = 32, HM_PEAKS = 12, HM_DIVERGENCES = 24 };

struct hm_bond_length {
    double mean_angstrom, std_angstrom;
};

struct hm_group_temperature {
    char name[HM_GROUP_NAME];
    double kt;
    double ratio;
};

struct hm_position_divergence {
    int64_t step;
    double rms_angstrom;
};

struct hm_analysis {
#define HM_SECTION(title)
#define HM_FIELD(name, format, label, unit) double name;
#include "io/analysis/fields.def"
#undef HM_FIELD
#undef HM_SECTION
    char status[16];
    size_t nbond;
    size_t (*bonds)[2];
    struct hm_bond_length *lengths; /* (nbond) */
    size_t ngroup;                  /* 0: equipartition is not computable */
    struct hm_group_temperature *groups;
    size_t npeak;
    bool has_spectrum, peaks_of_bonds;
    double peaks_cm[HM_PEAKS];
    bool has_reference;
    bool thermostatted; /* the energy drift is that of the conserved energy */
    size_t ndivergence;
    struct hm_position_divergence divergence[HM_DIVERGENCES];
    double mean_kinetic;
    size_t heated; /* degrees of freedom that carry heat: without turning as a whole, where the run began without */
    struct hm_study_curves study;
    struct hm_modes modes; /* with a reference: its own */
    double *mode_ratio;    /* (modes.count) */
};

/* ---- the pieces ---- */

enum hm_status hm_analyze_frames(const struct hm_run *run, struct hm_analysis *analysis);
/* Nothing without a study. */
enum hm_status hm_analyze_study(const struct hm_run *run, struct hm_analysis *analysis);
void hm_study_print_json(const struct hm_study_curves *study, FILE *out);
void hm_study_print_text(const struct hm_study_curves *study, FILE *out);
enum hm_status hm_analyze_logs(const struct hm_run *run, struct hm_analysis *analysis);
/* After the frames, whose heat is a unit. Nothing without rounds of strides. */
enum hm_status hm_analyze_rounds(const struct hm_run *run, struct hm_analysis *analysis);
/* Total energy of an exact step, less the heat of a thermostat, kJ/mol; NaN where it is not known. */
double hm_injection_energy(const struct hm_injection_record *record);
/* Where frames know their energy by the chance of an injection, all injections tell more: some frames after the
 * warm-up are `silent`, and injections that know it are more than the frames that do. */
enum hm_status hm_injections_tell_more(const struct hm_run *run, size_t telling, size_t silent, bool *more);
/* Adds these energies to blocks. */
enum hm_status hm_analyze_injected_energies(const struct hm_run *run, struct hm_blocks *blocks);

/* Kinetic temperature by group of motion. */
struct hm_equipartition;
enum hm_status hm_equipartition_create(const struct hm_run *run, struct hm_equipartition **equipartition);
void hm_equipartition_destroy(struct hm_equipartition **equipartition);
void hm_equipartition_add(struct hm_equipartition *equipartition, const double *x, const double *v);
/* At most so many; read gives those that were seen, and returns how many. */
size_t hm_equipartition_groups(const struct hm_equipartition *equipartition);
size_t hm_equipartition_read(const struct hm_equipartition *equipartition, struct hm_group_temperature *groups);

void hm_analyze_curves(const struct hm_curves *curves, struct hm_analysis *analysis);

enum hm_status hm_compare_frames(const struct hm_run *run, const struct hm_run *reference,
                                 struct hm_analysis *analysis);
enum hm_status hm_compare_curves(const struct hm_curves *curves, const struct hm_curves *reference,
                                 struct hm_analysis *analysis);

#endif
