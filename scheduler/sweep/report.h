/* What people see of a sweep: the list of its runs, a line for every run that ends, and the closing table.
 *
 * The closing table has a line for every combination of the axes that are no seeds, and for every baseline: median and
 * worst deviation (hm_sweep_row_deviation) over the seeds that finished, and how many did not.
 *
 * Errors: HM_OUT_OF_MEMORY. Owns: nothing. MPI: local.
 */
#ifndef HM_SCHEDULER_SWEEP_REPORT_H
#define HM_SCHEDULER_SWEEP_REPORT_H

#include "scheduler/sweep/plan.h"

#include "io/log.h"

/* "84 runs: 60 of the axes, 12 exact, 12 longest_stable", and what is left out. */
void hm_sweep_report_plan(const struct hm_sweep_plan *plan, struct hm_log *log);
void hm_sweep_report_runs(const struct hm_sweep_plan *plan, FILE *out);

struct hm_sweep_progress {
    size_t done, before; // rows there are, and rows there were when this attempt began
    double started;      // hm_clock
};

void hm_sweep_report_row(const struct hm_sweep_plan *plan, const struct hm_sweep_row *row, double seconds,
                         const char *remark, const struct hm_sweep_progress *progress, struct hm_log *log);
enum hm_status hm_sweep_report_table(const struct hm_sweep_plan *plan, const struct hm_sweep_row *rows, FILE *out);

#endif
