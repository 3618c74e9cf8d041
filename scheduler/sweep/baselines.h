/* Baselines: the runs beside a run, or beside those of a sweep, that say what it is worth.
 *
 *   exact           every step injected: the reference, and the floor of every estimator
 *   stretched       plain leapfrog at dt/f over the same time: as many exact forces as `policy.frequency: f` injects
 *   longest_stable  plain leapfrog at the longest step whose deviation stays below 1e-3 (scheduler/sweep/search.h)
 *   linear          the run itself with the linear predictor, which keeps what it understands of the predictor's keys:
 *                   of impulses along pairs up to four atoms, of cartesian velocities beyond (where it diverges)
 *   respa           r-RESPA: the run's own force (a surrogate, a cheaper Hamiltonian, or that of them on which a
 * network stands) with impulses, at the run's own frequency where the fastest period allows it, otherwise as rarely as
 * that allows (scheduler/period.h)
 *
 * A baseline of a run is that run's own configuration with further settings; exact, stretched and longest_stable keep
 * of training only `warmup_steps`, so that the same time is analysed. A stretched run has n = f x steps steps, and as
 * many of them warm-up, and between two frames, as come nearest to the same times (at least one between frames).
 *
 * Runs that differ in what means nothing to the baseline (seeds of training, say) have the same one.
 *
 * Errors: HM_BAD_INPUT: the run has no such baseline, and why; HM_OUT_OF_MEMORY; of respa those of the oracle.
 * Owns: its texts. MPI: local.
 */
#ifndef HM_SCHEDULER_SWEEP_BASELINES_H
#define HM_SCHEDULER_SWEEP_BASELINES_H

#include "scheduler/job.h"

#include "io/sweep_file.h"

enum { HM_BASELINE_SETTINGS = 12 };

struct hm_baseline {
    char *text[HM_BASELINE_SETTINGS]; /* "key=value" */
    size_t count;
    char summary[192]; /* in a few words, for people */
};

/* Of a run that was checked. Release it also after a failure. */
enum hm_status hm_baseline_derive(const struct hm_job *run, enum hm_sweep_kind kind, struct hm_baseline *baseline);
void hm_baseline_release(struct hm_baseline *baseline);

/* Whether a key of the configuration means nothing to this baseline. */
bool hm_baseline_ignores(enum hm_sweep_kind kind, const char *key);

/* Adds what makes `steps` steps of the simulated time of `run`. */
enum hm_status hm_baseline_rescale(const struct hm_config *run, int64_t steps, struct hm_baseline *baseline);

#endif
