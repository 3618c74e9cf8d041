/* How errors accumulate: the branches of a study (/hamlet/study, drawn in io/records.h), and the law by which they
 * grow.
 *
 * A branch of pure prediction leaves the run beside an exact one from the same state. After n unforced steps they are
 * d_b(n) apart, in positions (rms over atoms), kinetic, potential or total energy; d(n) is the rms over branches. Laws:
 *
 *   power        d = a n^p         p = 1/2 random kicks to a vibration (3/2 to a free atom), 1 a phase that runs
 *                                  away, 2 a constant error of the force
 *   exponential  d = a exp(c n)    one error that the dynamics itself blows up (Lyapunov), or a feedback of predictions
 *
 *   bounded      p < 0.2: less than a factor of 1.6 in a decade of steps
 *
 * The first two are straight lines for log d, against log n or n: least squares over the sampled n from 1 up to where d
 * saturates (positions: a tenth of the shortest distance between atoms; energies: a third of the standard deviation of
 * the kinetic energy) or a branch ends. Normal errors of log d with two parameters each: AIC_exp - AIC_power = N
 * log(S_exp / S_power), S the sums of squared residuals. Intervals are percentiles (2.5, 97.5) of 400 bootstrap
 * samples: runs (seeds) are drawn with replacement, and of each its branches.
 *
 * `baseline` is the same for exact branches of which only the first kick was predicted: what the dynamics makes of one
 * error. What the prediction adds is the difference.
 *
 * Shapes: curve arrays (points). Units: Angstrom, kJ/mol; steps.
 * Errors: HM_BAD_INPUT, HM_IO_ERROR, HM_OUT_OF_MEMORY. Owns: its arrays; release empties it. MPI: local.
 * Source: Akaike, IEEE Trans. Autom. Control 19, 716 (1974); Efron, Tibshirani, An Introduction to the Bootstrap
 * (1993).
 */
#ifndef HM_IO_ANALYSIS_GROWTH_H
#define HM_IO_ANALYSIS_GROWTH_H

#include "io/analysis/run.h"

enum hm_divergence {
    HM_DIVERGENCE_POSITION,
    HM_DIVERGENCE_KINETIC,
    HM_DIVERGENCE_POTENTIAL,
    HM_DIVERGENCE_TOTAL,
    HM_DIVERGENCE_COUNT
};

const char *hm_divergence_name(enum hm_divergence which); /* "position" */
const char *hm_divergence_unit(enum hm_divergence which); /* "Angstrom" */

enum hm_law { HM_LAW_UNKNOWN, HM_LAW_BOUNDED, HM_LAW_POWER, HM_LAW_EXPONENTIAL };

const char *hm_law_name(enum hm_law law); /* "unknown", "bounded", "power", "exponential" */

struct hm_interval {
    double value, low, high; /* 95 % */
};

struct hm_growth {
    size_t points;                    /* fitted; fewer than 5: nothing is known */
    enum hm_law law;                  /* bounded, or the one with the lower AIC */
    struct hm_interval exponent;      /* p of the power */
    struct hm_interval rate_per_step; /* c of the exponential */
    struct hm_interval rate_per_ps;
    struct hm_interval one_step;        /* a of the law, times exp(c) if that is exponential: d(1) */
    double aic_difference;              /* AIC of the exponential less that of the power */
    double support;                     /* share of bootstrap samples that choose the same law */
    double saturation;                  /* d beyond which nothing is fitted */
    struct hm_interval saturated_after; /* steps, where d first exceeds it; NaN: not within the branches */
};

struct hm_divergence_curve {
    double *rms;        /* (points) over the branches that have come so far */
    double *low, *high; /* 95 % */
    struct hm_growth growth;
};

/* points 0: no run has a study. */
struct hm_study_curves {
    size_t nrun, nbranch, points;
    size_t ended;         /* branches that left physics before their last step */
    int64_t branch_steps; /* the longest */
    int64_t oracle_calls; /* of all branches */
    double timestep_fs;
    int64_t *unforced; /* (points) steps */
    size_t *alive;     /* (points) branches that have come so far */
    struct hm_divergence_curve predicted[HM_DIVERGENCE_COUNT];
    struct hm_divergence_curve baseline[HM_DIVERGENCE_COUNT]; /* arrays of NaN where there is none */
    bool has_baseline;
};

/* The branches of all these runs together: seeds of one study. */
enum hm_status hm_study_curves_create(const struct hm_run *runs, size_t nrun, struct hm_study_curves *curves);
void hm_study_curves_release(struct hm_study_curves *curves);

#endif
