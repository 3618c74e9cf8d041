/* What a run says of itself: what it will do, at its beginning, and what came of it, at its end.
 *
 * Errors: none. Owns: nothing. MPI: local to the driver.
 */
#ifndef HM_SCHEDULER_DRIVER_LOG_H
#define HM_SCHEDULER_DRIVER_LOG_H

#include "scheduler/simulation.h"

#include "io/log.h"

void hm_driver_log_header(struct hm_log *log, const struct hm_job *job, const struct hm_simulation *simulation,
                          const struct hm_layout *layout);
void hm_driver_log_summary(struct hm_log *log, const struct hm_job *job, const struct hm_simulation *simulation);

#endif
