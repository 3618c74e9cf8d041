/* The trainer that replays the weights stored by a recorded run. See trainer.h.
 *
 * Owns: nothing of its arguments; `log` is open for reading and, like `version` (count), outlives the trainer.
 * MPI: local.
 */
#ifndef HM_SCHEDULER_TRAINER_REPLAY_H
#define HM_SCHEDULER_TRAINER_REPLAY_H

#include "scheduler/trainer.h"

#include "io/trajectory.h"

enum hm_status hm_trainer_create_replay(struct hm_trajectory *log, const int32_t *version, size_t count,
                                        struct hm_trainer *trainer);

#endif
