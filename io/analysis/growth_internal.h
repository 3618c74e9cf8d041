/* Inside the growth of errors: all branches of all runs as one table.
 *
 * Shapes: value (curves, nbranch, points), NaN where unknown; curves are the divergences of predicted branches, then
 *   those of the baseline.
 * Units: those of the file. Errors: those of reading. MPI: local.
 */
#ifndef HM_IO_ANALYSIS_GROWTH_INTERNAL_H
#define HM_IO_ANALYSIS_GROWTH_INTERNAL_H

#include "io/analysis/growth.h"

enum { HM_BRANCH_CURVES = 2 * HM_DIVERGENCE_COUNT };

struct hm_branches {
    size_t nrun, nbranch, points;
    int64_t *unforced;                      /* (points) ascending */
    size_t *first;                          /* (nrun + 1) branches of a run are first[r] ... first[r + 1] - 1 */
    size_t *reach;                          /* (nbranch) points that the predicted branch came to */
    double *value;                          /* (curves, nbranch, points) */
    double saturation[HM_DIVERGENCE_COUNT]; /* of each divergence */
    double timestep_fs;
    int64_t oracle_calls, length;
    size_t ended; /* before their run's last sample */
};

enum hm_status hm_branches_read(const struct hm_run *runs, size_t nrun, struct hm_branches *branches);
void hm_branches_release(struct hm_branches *branches);

static inline const double *hm_branch_values(const struct hm_branches *b, size_t curve, size_t branch)
{
    return &b->value[(curve * b->nbranch + branch) * b->points];
}

#endif
