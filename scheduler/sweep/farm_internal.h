/* What rank 0 and the other leaders say to each other, as farm.h draws it. MPI: point-to-point on the sweep. */
#ifndef HM_SCHEDULER_SWEEP_FARM_INTERNAL_H
#define HM_SCHEDULER_SWEEP_FARM_INTERNAL_H

#include "scheduler/sweep/execute.h"

void hm_sweep_put_task(struct hm_archive *archive, const struct hm_sweep_task *task);
/* The texts point into the archive. */
enum hm_status hm_sweep_get_task(struct hm_archive *archive, struct hm_sweep_task *task);

void hm_sweep_put_outcome(struct hm_archive *archive, const struct hm_sweep_outcome *outcome);
enum hm_status hm_sweep_get_outcome(struct hm_archive *archive, struct hm_sweep_outcome *outcome);

#endif
