/* The table of a sweep: a row for every run that ended, as CSV for people and as HDF5 for programs.
 *
 *   index.csv   run, kind, one column per axis, status, reason, then the scalar fields of io/analysis/fields.def
 *   index.h5    the same as one compound table, /runs
 *
 * Numbers are written so that they read back exactly; what is not known is an empty cell (NaN in HDF5). An axis is
 * empty in the rows of baselines to which it means nothing. Texts with a comma, a quote or a line break are quoted.
 *
 * While a sweep goes on the CSV is its journal: rows are appended in the order in which runs end, each one synced to
 * disk. A last line without its end was never finished and counts for nothing.
 *
 * Errors: HM_BAD_INPUT (a journal with other columns, or damaged), HM_IO_ERROR, HM_OUT_OF_MEMORY.
 * Owns: a row its reason; the journal its file. Columns are borrowed.
 * MPI: local.
 */
#ifndef HM_IO_SWEEP_TABLE_H
#define HM_IO_SWEEP_TABLE_H

#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>

/* HM_SWEEP_steps, HM_SWEEP_steps_requested, ... */
enum hm_sweep_field {
#define HM_SECTION(title)
#define HM_FIELD(name, format, label, unit) HM_SWEEP_##name,
#include "io/analysis/fields.def"
#undef HM_FIELD
#undef HM_SECTION
    HM_SWEEP_FIELDS
};

extern const char *const hm_sweep_field_names[HM_SWEEP_FIELDS];

struct hm_sweep_row {
    size_t run;      /* number, from 1; 0: no row */
    char status[16]; /* "finished", "diverged", "failed" */
    char *reason;    /* NULL: nothing went wrong */
    double value[HM_SWEEP_FIELDS];
};

/* What is known of every run beforehand. */
struct hm_sweep_columns {
    size_t naxis, nrun;
    const char *const *axis;             /* (naxis) names */
    const bool *numeric;                 /* (naxis) */
    const char *const *kind;             /* (nrun) */
    const char *const *const *axis_text; /* (nrun) of (naxis); NULL: means nothing to this run */
};

/* The larger of |energy_drift_relative| and energy_max_block_deviation_relative; NaN where not known. */
double hm_sweep_row_deviation(const struct hm_sweep_row *row);
void hm_sweep_row_release(struct hm_sweep_row *row);

struct hm_sweep_journal;

/* Opens or begins the journal and reads what it holds into rows[run - 1] (nrun, zeroed). */
enum hm_status hm_sweep_journal_open(const char *path, const struct hm_sweep_columns *columns,
                                     struct hm_sweep_row *rows, struct hm_sweep_journal **journal);
enum hm_status hm_sweep_journal_append(struct hm_sweep_journal *journal, const struct hm_sweep_row *row);
enum hm_status hm_sweep_journal_close(struct hm_sweep_journal **journal);

/* All rows there are, in the order of their runs; the file is replaced at once or not at all. */
enum hm_status hm_sweep_table_write_csv(const char *path, const struct hm_sweep_columns *columns,
                                        const struct hm_sweep_row *rows);
enum hm_status hm_sweep_table_write_hdf5(const char *path, const struct hm_sweep_columns *columns,
                                         const struct hm_sweep_row *rows);

#endif
