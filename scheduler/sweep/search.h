/* The longest stable step: plain leapfrog over the same simulated time T in n steps of T/n, with the fewest steps whose
 * deviation (hm_sweep_row_deviation) stays below 1e-3, to 5 %.
 *
 * From the configuration's own step the step is doubled, or halved, until one step is stable and twice that is not;
 * then the bracket is halved on a logarithmic scale. Where resonances make stability a patchwork, this finds one edge
 * of it. What cannot be analysed counts as unstable, and so does what diverges.
 *
 * The file that stays is that of the longest step. A search that is interrupted begins anew. `log` (or NULL) gets a
 * line for every trial, and one for what was found.
 *
 * Errors: HM_DIVERGED: no step that is short enough; those of the runs.
 * Owns: nothing. MPI: as hm_sweep_team_run.
 */
#ifndef HM_SCHEDULER_SWEEP_SEARCH_H
#define HM_SCHEDULER_SWEEP_SEARCH_H

#include "scheduler/sweep/execute.h"

#include "io/log.h"

enum hm_status hm_sweep_search(const struct hm_sweep_team *team, const struct hm_sweep_task *task,
                               const struct hm_driver_options *options, struct hm_log *log);

#endif
