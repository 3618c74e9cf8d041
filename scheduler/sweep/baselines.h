/* Baselines: the runs beside a sweep that say what its runs are worth.
 *
 *   exact           every step injected: the reference, and the floor of every estimator
 *   stretched       plain leapfrog at dt/f over the same time: as many exact forces as `policy.frequency: f` injects
 *   longest_stable  plain leapfrog at the longest step whose deviation stays below 1e-3 (scheduler/sweep/search.h)
 *   linear          the run itself with the linear predictor, which keeps what it understands of the predictor's keys
 *
 * A baseline of a run is that run's own configuration with further settings; exact, stretched and longest_stable keep
 * of training only `warmup_steps`, so that the same time is analysed. A stretched run has n = f x steps steps, and as
 * many of them warm-up, and between two frames, as come nearest to the same times (at least one between frames).
 *
 * Runs that differ in what means nothing to the baseline (seeds of training, say) have the same one.
 *
 * Errors: HM_BAD_INPUT: the run has no such baseline, and why. Owns: nothing. MPI: local.
 */
#ifndef HM_SCHEDULER_SWEEP_BASELINES_H
#define HM_SCHEDULER_SWEEP_BASELINES_H

#include "io/sweep_file.h"

enum { HM_BASELINE_SETTINGS = 12, HM_BASELINE_TEXT = 384 };

struct hm_baseline {
    char text[HM_BASELINE_SETTINGS][HM_BASELINE_TEXT]; /* "key=value" */
    size_t count;
};

enum hm_status hm_baseline_derive(const struct hm_config *run, enum hm_sweep_kind kind, struct hm_baseline *baseline);

/* Whether a key of the configuration means nothing to this baseline. */
bool hm_baseline_ignores(enum hm_sweep_kind kind, const char *key);

/* The simulated time of `run` in `steps` steps. */
void hm_baseline_rescale(const struct hm_config *run, int64_t steps, struct hm_baseline *baseline);

#endif
