#include "io/analysis/blocks.h"

#include "io/analysis/statistics.h"

#include <math.h>
#include <stdlib.h>

enum { LONGEST_BLOCK = 10000, FEWEST_BLOCKS = 3, BLOCKS_OF_SHORT_RUN = 20 };

void hm_blocks_start(struct hm_blocks *blocks, int64_t first_step, int64_t end_step)
{
    const int64_t length = end_step > first_step ? end_step - first_step : 0;
    const int64_t part = length / BLOCKS_OF_SHORT_RUN;
    *blocks = (struct hm_blocks){
        .first_step = first_step,
        .length = length,
        .size = part < LONGEST_BLOCK ? part : LONGEST_BLOCK,
        .origin = NAN,
        .lowest = INFINITY,
        .highest = -INFINITY,
    };
}

enum hm_status hm_blocks_keep(struct hm_blocks *b)
{
    const size_t most = b->size > 0 ? (size_t)(b->length / b->size) : 0;
    b->steps = calloc(2 * most + 1, sizeof *b->steps);
    if (!b->steps) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: means of %zu blocks", most);
    b->means = b->steps + most;
    return HM_OK;
}

void hm_blocks_release(struct hm_blocks *b)
{
    free(b->steps);
    b->steps = b->means = NULL;
}

static void close_block(struct hm_blocks *b)
{
    if (b->count == 0) return;
    const double step = b->step_sum / (double)b->count, value = b->value_sum / (double)b->count;
    const double from_step = step - b->mean_step, from_mean = value - b->mean;
    if (b->steps) {
        b->steps[b->nblock] = step;
        b->means[b->nblock] = value;
    }
    b->nblock++;
    b->mean_step += from_step / (double)b->nblock;
    b->mean += from_mean / (double)b->nblock;
    b->step_square += from_step * (step - b->mean_step);
    b->product += from_step * (value - b->mean);
    b->lowest = fmin(b->lowest, value);
    b->highest = fmax(b->highest, value);
    b->count = 0;
    b->value_sum = b->step_sum = 0;
}

void hm_blocks_add(struct hm_blocks *b, int64_t step, double value)
{
    const int64_t since = step - b->first_step;
    if (b->size == 0 || since < 0 || !isfinite(value)) return;
    const int64_t index = since / b->size;
    if ((index + 1) * b->size > b->length || index < b->current) return; /* steps go back only in a damaged file */
    if (index != b->current) close_block(b);
    b->current = index;
    if (isnan(b->origin)) b->origin = value;
    b->value_sum += value - b->origin;
    b->step_sum += (double)since;
    b->count++;
}

struct hm_drift hm_blocks_finish(struct hm_blocks *b)
{
    close_block(b);
    struct hm_drift drift = {b->nblock, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (b->nblock < FEWEST_BLOCKS) return drift;
    drift.slope = b->product / b->step_square;
    drift.drift = drift.slope * (double)b->length;
    drift.deviation = fmax(b->highest - b->mean, b->mean - b->lowest);
    drift.mean = b->origin + b->mean;
    return drift;
}

enum hm_status hm_blocks_estimate(struct hm_blocks *b, struct hm_drift *drift)
{
    struct hm_line line;
    struct hm_mean mean;
    *drift = hm_blocks_finish(b);
    if (b->nblock < FEWEST_BLOCKS || !b->steps) return HM_OK;
    HM_TRY(hm_line_through(b->steps, b->means, b->nblock, &line));
    HM_TRY(hm_mean_of(b->means, b->nblock, &mean));
    drift->slope_error = line.error;
    drift->drift_error = line.error * (double)b->length;
    drift->mean_error = mean.error;
    return HM_OK;
}
