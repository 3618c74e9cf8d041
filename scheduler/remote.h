/* The driver's side of the oracle and predictor ranks: dispatch.h and trainer.h over messages.
 *
 * Errors: HM_OUT_OF_MEMORY, HM_MPI_ERROR, and whatever a remote rank reports.
 * Owns: boxes with messages in flight. The layout is borrowed.
 * MPI: local to the driver (point-to-point).
 */
#ifndef HM_SCHEDULER_REMOTE_H
#define HM_SCHEDULER_REMOTE_H

#include "scheduler/dispatch.h"
#include "scheduler/layout.h"
#include "scheduler/trainer.h"

enum hm_status hm_dispatch_create_remote(const struct hm_layout *layout, size_t natom, struct hm_dispatch *dispatch);

/* `members` of the committee in all; `row_size` in doubles; at most `most_rows` wait to be sent; `interrupt` is
 * asked while lessons are waited for. */
enum hm_status hm_trainer_create_remote(const struct hm_layout *layout, size_t members, size_t row_size,
                                        size_t most_rows, struct hm_interrupt interrupt, struct hm_trainer *trainer);

#endif
