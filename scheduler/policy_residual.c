/* Injections as often as the error measured at them demands.
 *
 *   e > target    interval := max(min, floor(interval / 2)), and an episode of training is asked for
 *   else          interval := min(max, ceil(1.1 interval))
 *
 * with e the residual of the prediction at an injection, relative to the rms kick, and the interval the steps from the
 * last exact step of a burst to the next injection. It begins at `min`: a predictor that has shown nothing yet is
 * checked soon, and 50 good injections (10 000 steps) take it from 5 to 1000.
 *
 * Only the first exact step of a burst measures what predictions come to when left alone; the steps after it see a
 * history in the middle of its repair. A kick refused as absurd is above any target; one refused as not finite measures
 * nothing. */
#include "scheduler/burst.h"

#include <math.h>
#include <stdlib.h>

struct residual {
    double target;
    int64_t min, max;
    int64_t interval;
    double latest; // the error the interval was last set by; NaN before
    struct hm_burst burst;
};

static enum hm_status create(const struct hm_policy_setup *setup, void **self)
{
    const struct hm_config *config = setup->config;
    const int64_t min = hm_config_integer(config, "policy.interval.min");
    const int64_t max = hm_config_integer(config, "policy.interval.max");
    if (min > max)
        return hm_config_fault(config, "policy.interval", "interval.min is %lld steps, more than interval.max, %lld",
                               (long long)min, (long long)max);
    struct residual *residual = malloc(sizeof *residual);
    if (!residual) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the policy");
    *residual = (struct residual){
        .target = hm_config_real(config, "policy.target"),
        .min = min,
        .max = max,
        .interval = min,
        .latest = NAN,
    };
    *self = residual;
    return HM_OK;
}

static void destroy(void **self)
{
    free(*self);
    *self = NULL;
}

static void choose(void *self, const struct hm_evidence *evidence, struct hm_decision *decision)
{
    struct residual *residual = self;
    decision->signal = residual->latest;
    decision->threshold = residual->target;
    if (hm_burst_choose(&residual->burst, evidence, decision)) return;
    if (residual->burst.predicted >= residual->interval - 1) decision->action = HM_INJECT;
}

static void halve(struct residual *residual)
{
    const int64_t half = residual->interval / 2;
    residual->interval = half > residual->min ? half : residual->min;
}

/* In whole numbers: 1.1 * 10 is a little more than 11, and its ceiling would be 12. */
static void lengthen(struct residual *residual)
{
    const int64_t tenth = residual->interval / 10 + (residual->interval % 10 != 0);
    residual->interval = tenth < residual->max - residual->interval ? residual->interval + tenth : residual->max;
}

static bool observe(void *self, const struct hm_outcome *outcome)
{
    struct residual *residual = self;
    const double error = outcome->residual_relative; /* NaN for a predicted step */
    const bool absurd = outcome->reason == HM_REASON_ABSURD && !hm_burst_goes_on(&residual->burst);
    const bool measured = outcome->reason == HM_REASON_POLICY && !isnan(error);
    hm_burst_observe(&residual->burst, outcome);
    if (!absurd && !measured) return false;
    const bool above = absurd || error > residual->target;
    residual->latest = error;
    if (above)
        halve(residual);
    else
        lengthen(residual);
    return above;
}

static void save(const void *self, struct hm_archive *archive)
{
    const struct residual *residual = self;
    hm_archive_put_int(archive, residual->interval);
    hm_archive_put_real(archive, residual->latest);
    hm_burst_save(&residual->burst, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct residual *residual = self;
    int64_t interval;
    double latest;
    HM_TRY(hm_archive_get_int(archive, &interval));
    HM_TRY(hm_archive_get_real(archive, &latest));
    if (interval < residual->min || interval > residual->max)
        return hm_fail(HM_BAD_INPUT, "the saved policy injects every %lld steps, this run's every %lld to %lld",
                       (long long)interval, (long long)residual->min, (long long)residual->max);
    if (latest < 0) return hm_fail(HM_BAD_INPUT, "the saved policy is damaged: a residual of %g", latest);
    HM_TRY(hm_burst_load(&residual->burst, archive));
    residual->interval = interval;
    residual->latest = latest;
    return HM_OK;
}

const struct hm_policy_ops hm_policy_residual = {
    .method = {"residual", "injections as often as the error measured at them demands"},
    .create = create,
    .destroy = destroy,
    .choose = choose,
    .observe = observe,
    .save = save,
    .load = load,
};
