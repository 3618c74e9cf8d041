/* Running a plan on the ranks there are: first come, first served.
 *
 *   from a leader   READY  -                                          it can take a run
 *                   ROW    run | status | seconds | remark | word | reason | fields
 *   to a leader     RUN    run | kind | configuration | its name | trajectory
 *                   HALT   -                                          stop at the next step, leave a checkpoint
 *                   STOP   status | message                           the sweep has ended so
 *
 * Rank 0 leads a team itself and answers the others between two steps of its own run. A leader asks for the next run
 * when one begins, so that it rarely waits; while there are fewer runs than teams left, only those that are idle get
 * one. Searches, which take several runs' time, go first.
 *
 * A run that fails is a row, and the sweep goes on. A signal on a rank that leads a run ends it: every team leaves a
 * checkpoint.
 *
 * Errors: HM_STOPPED; HM_IO_ERROR, HM_BAD_OUTPUT (the folder), HM_BAD_INPUT (its journal), HM_MPI_ERROR,
 *   HM_OUT_OF_MEMORY; the same on every rank.
 * Owns: nothing of its arguments.
 * MPI: collective over the team's sweep.
 */
#ifndef HM_SCHEDULER_SWEEP_FARM_H
#define HM_SCHEDULER_SWEEP_FARM_H

#include "scheduler/sweep/plan.h"
#include "scheduler/sweep/team.h"

#include "io/log.h"

/* Rank 0: all the rest of the plan; rows (plan->count) get what the journal holds and what ends now. */
enum hm_status hm_sweep_farm_lead(const struct hm_sweep_team *team, const struct hm_sweep_plan *plan,
                                  const struct hm_driver_options *options, struct hm_log *log,
                                  struct hm_sweep_row *rows);

/* Every other rank. */
enum hm_status hm_sweep_farm_serve(const struct hm_sweep_team *team, const struct hm_driver_options *options);

/* Rank 0, instead of hm_sweep_farm_lead: the sweep ends before it began. */
enum hm_status hm_sweep_farm_call_off(const struct hm_sweep_team *team, enum hm_status status);

#endif
