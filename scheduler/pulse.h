/* The driver's sign of life: once a second, where the run stands goes into its side file (io/live.h).
 *
 * A file that cannot be written is no reason to stop a run: it is tried again a minute later.
 *
 * Units: seconds of wall time. Errors: none. Owns: nothing but the file. MPI: driver only.
 */
#ifndef HM_SCHEDULER_PULSE_H
#define HM_SCHEDULER_PULSE_H

#include "scheduler/job.h"
#include "scheduler/state.h"

struct hm_pulse {
    char path[4096]; // "": there is none
    double next;     // hm_clock of the next beat
    int64_t steps, warmup_steps;
    double timestep;
};

void hm_pulse_start(struct hm_pulse *pulse, const struct hm_job *job);
/* Cheap until a second has gone by since the last one; `wall` of the run so far, `now` by hm_clock. */
void hm_pulse_beat(struct hm_pulse *pulse, const struct hm_state *state, double wall, double now);
/* The run has come to an end, whatever it was: the file goes. */
void hm_pulse_end(struct hm_pulse *pulse);

#endif
