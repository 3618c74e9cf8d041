/* The table of a sweep as anybody finds it in its folder: which axes there are, and what became of every run so far.
 *
 * io/sweep_table.h writes index.csv while the sweep goes on and knows its columns beforehand; here they are taken from
 * its first line: run, kind, axes..., status, reason, fields. Fields of other versions that are not known here are
 * passed over, those that are missing are NaN. A last line without its end was never finished and counts for nothing.
 *
 * Errors: HM_BAD_INPUT (no folder of a sweep; a damaged table: file, line, what), HM_OUT_OF_MEMORY.
 * Owns: all that it shows, until hm_sweep_index_release.
 * MPI: local.
 */
#ifndef HM_IO_SWEEP_INDEX_H
#define HM_IO_SWEEP_INDEX_H

#include "io/sweep_table.h"

struct hm_sweep_index_row {
    const char *kind;           /* "run", "exact", ... */
    const char *const *axis;    /* (naxis) texts; "" where it means nothing to this run */
    struct hm_sweep_row result; /* its reason is borrowed */
};

struct hm_sweep_index {
    size_t naxis, count;
    size_t planned;                 /* runs of the plan; 0: not known */
    const char *const *axis;        /* (naxis) names as in the sweep file */
    const bool *seeds;              /* (naxis) all keys are seeds: what statistics are taken over */
    struct hm_sweep_index_row *row; /* (count) in the order of their numbers */
    void *storage;
};

enum hm_status hm_sweep_index_read(const char *folder, struct hm_sweep_index *index);
void hm_sweep_index_release(struct hm_sweep_index *index);

#endif
