/* Drift of a fluctuating quantity from means over consecutive blocks of steps, in constant memory.
 *
 *   block      min(1e4, length / 20) steps; block b covers first_step + b block <= step < first_step + (b + 1) block.
 *              An incomplete last block is left out, so are values that are not finite and blocks without values.
 *   slope      least squares of the block means on the mean step of their values
 *   drift      slope * length
 *   deviation  largest |block mean - mean of the block means|
 *   errors     standard errors of slope, drift and mean from the scatter of the block means, which knows of what is
 * left of their correlation (io/analysis/statistics.h); NaN unless the means are kept
 *
 * Instantaneous energies of Verlet oscillate by (omega dt)^2 / 4 of the vibrational energy; block means do not.
 *
 * Units: those of the value; slope per step.
 * Errors: HM_OUT_OF_MEMORY of what is kept; fewer than 3 blocks give NaN.
 * Owns: what is kept, until release; without hm_blocks_keep nothing.
 * MPI: local.
 */
#ifndef HM_IO_ANALYSIS_BLOCKS_H
#define HM_IO_ANALYSIS_BLOCKS_H

#include "io/status.h"

#include <stddef.h>
#include <stdint.h>

struct hm_blocks {
    int64_t first_step, length, size; /* steps */
    int64_t current;                  /* index of the open block */
    size_t count;                     /* values in the open block */
    double origin;                    /* first value: sums are of small differences */
    double value_sum, step_sum;       /* of the open block, from origin and from first_step */
    size_t nblock;                    /* closed blocks */
    double mean_step, mean;           /* of the closed blocks (Welford) */
    double step_square, product;      /* centred sums */
    double lowest, highest;
    double *steps, *means; /* kept, of the closed blocks; NULL: none */
};

struct hm_drift {
    size_t nblock;
    double slope, drift, deviation, mean;
    double slope_error, drift_error, mean_error;
};

/* Values will come from steps first_step <= step < end_step; others are ignored. */
void hm_blocks_start(struct hm_blocks *blocks, int64_t first_step, int64_t end_step);
/* Keeps the means of blocks for errors: memory of a number for each 1e4 steps. Before the first value. */
enum hm_status hm_blocks_keep(struct hm_blocks *blocks);
void hm_blocks_release(struct hm_blocks *blocks);
/* In order of steps. */
void hm_blocks_add(struct hm_blocks *blocks, int64_t step, double value);
/* Closes the last block. */
struct hm_drift hm_blocks_finish(struct hm_blocks *blocks);
/* The same with errors. */
enum hm_status hm_blocks_estimate(struct hm_blocks *blocks, struct hm_drift *drift);

#endif
