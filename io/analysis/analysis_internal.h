/* Inside the analysis: the run being read, the pieces that read it, and what they find.
 *
 * Units: atomic units, except where the name says otherwise.
 * Errors: those of reading (HM_IO_ERROR, HM_BAD_INPUT), HM_OUT_OF_MEMORY.
 * MPI: local.
 */
#ifndef HM_IO_ANALYSIS_ANALYSIS_INTERNAL_H
#define HM_IO_ANALYSIS_ANALYSIS_INTERNAL_H

#include "io/trajectory.h"

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
};

/* ---- the run ---- */

struct hm_run {
    struct hm_trajectory *trajectory;
    struct hm_trajectory_info info;
    struct hm_frame frame; /* topology and cell */
    size_t nbond;
    size_t (*bonds)[2];
    int64_t steps;      /* done, as far as the file knows */
    int64_t first_step; /* where means begin: after the warm-up, or 0 */
};

enum hm_status hm_run_open(const char *path, struct hm_run *run);
void hm_run_close(struct hm_run *run);

/* Frames one after the other, read in slabs. */
struct hm_frame_cursor {
    const struct hm_run *run;
    size_t capacity, first, count, at; /* frames */
    int64_t *steps;
    double *x, *v, *potential, *conserved;
};

struct hm_frame_view {
    int64_t step;
    const double *x, *v;
    double potential; /* NaN: unknown */
    double conserved; /* total energy less the thermostat's heat; NaN: unknown, or no thermostat */
};

enum hm_status hm_frame_cursor_create(const struct hm_run *run, struct hm_frame_cursor *cursor);
void hm_frame_cursor_release(struct hm_frame_cursor *cursor);
/* *more false after the last frame. The view lives until the next call. */
enum hm_status hm_frame_cursor_next(struct hm_frame_cursor *cursor, struct hm_frame_view *view, bool *more);

/* ---- the pieces ---- */

enum hm_status hm_analyze_frames(const struct hm_run *run, struct hm_analysis *analysis);
enum hm_status hm_analyze_logs(const struct hm_run *run, struct hm_analysis *analysis);

/* Kinetic temperature by group of motion. */
struct hm_equipartition;
enum hm_status hm_equipartition_create(const struct hm_run *run, struct hm_equipartition **equipartition);
void hm_equipartition_destroy(struct hm_equipartition **equipartition);
void hm_equipartition_add(struct hm_equipartition *equipartition, const double *x, const double *v);
/* At most so many; read gives those that were seen, and returns how many. */
size_t hm_equipartition_groups(const struct hm_equipartition *equipartition);
size_t hm_equipartition_read(const struct hm_equipartition *equipartition, struct hm_group_temperature *groups);

/* Correlation curves of a run, normalised; lags 0: there are none. */
struct hm_curves {
    size_t ngroup, lags;
    size_t valid;   /* lags with data */
    bool has_bonds; /* the last group is the bonds */
    double dt_fs, spacing_cm;
    double *spectrum;       /* (ngroup, lags + 1) */
    double *vacf;           /* (ngroup, lags) */
    double *weight;         /* (ngroup) share of the kinetic energy; bonds 0 */
    double *total_vacf;     /* (lags) mass-weighted */
    double *total_spectrum; /* (lags + 1) */
};

enum hm_status hm_curves_read(const struct hm_run *run, struct hm_curves *curves);
void hm_curves_release(struct hm_curves *curves);
void hm_analyze_curves(const struct hm_curves *curves, struct hm_analysis *analysis);

enum hm_status hm_compare_frames(const struct hm_run *run, const struct hm_run *reference,
                                 struct hm_analysis *analysis);
enum hm_status hm_compare_curves(const struct hm_curves *curves, const struct hm_curves *reference,
                                 struct hm_analysis *analysis);

#endif
