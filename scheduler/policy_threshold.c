/* Injection where a signal of the prediction exceeds its bound.
 *
 *   inject at n   if  s_i(n) > bound_i  for any bounded signal i,
 *                 or  n - (last exact step) >= max_interval
 *
 * No signal sees every error (inside the training data they all hardly correlate with it), hence several at once and an
 * injection after a long quiet. A signal that is not a number counts as above its bound: unknown is not trusted.
 *
 * The signal of a decision is the one with the largest s_i / bound_i, exceeded or not, so that the log tells how close
 * it was. */
#include "scheduler/burst.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMMITTEE, BASE_DIFFERENCE, EXTREMENESS, SIGNALS };

static const struct {
    const char *name, *bound_key;
} signal_table[SIGNALS] = {
    [COMMITTEE] = {"committee", "policy.bounds.committee"},
    [BASE_DIFFERENCE] = {"base_difference", "policy.bounds.base_difference"},
    [EXTREMENESS] = {"extremeness", "policy.bounds.extremeness"},
};

struct threshold {
    double bound[SIGNALS]; // 0: none
    int64_t max_interval;
    struct hm_burst burst;
};

static enum hm_status read_one(const struct hm_config *config, double bound[SIGNALS])
{
    const bool has_signal = hm_config_has(config, "policy.signal"), has_above = hm_config_has(config, "policy.above");
    if (!has_signal && !has_above)
        return hm_config_fault(
            config, "policy",
            "threshold needs 'signal' and 'above', or 'bounds: {extremeness: 3}' with one or several "
            "of committee, base_difference, extremeness");
    if (!has_above)
        return hm_config_fault(config, "policy.signal",
                               "'signal' needs 'above', the value beyond which it makes a step exact");
    if (!has_signal)
        return hm_config_fault(
            config, "policy.above",
            "'above' needs 'signal', what is compared with it: committee, base_difference or extremeness");
    for (size_t i = 0; i < SIGNALS; i++)
        if (hm_config_is(config, "policy.signal", signal_table[i].name))
            bound[i] = hm_config_real(config, "policy.above");
    return HM_OK;
}

static enum hm_status read_several(const struct hm_config *config, double bound[SIGNALS])
{
    bool any = false;
    if (hm_config_has(config, "policy.signal") || hm_config_has(config, "policy.above"))
        return hm_config_fault(config, "policy.bounds", "write either 'signal' and 'above', or 'bounds', not both");
    for (size_t i = 0; i < SIGNALS; i++) {
        if (!hm_config_has(config, signal_table[i].bound_key)) continue;
        bound[i] = hm_config_real(config, signal_table[i].bound_key);
        any = true;
    }
    if (!any)
        return hm_config_fault(config, "policy.bounds",
                               "no bound in 'bounds': name one or several of committee, base_difference, extremeness");
    return HM_OK;
}

/* A signal that never comes would make every step exact without a word. */
static enum hm_status check_signals(const struct hm_config *config, const double bound[SIGNALS], bool several)
{
    const struct hm_predictor_ops *predictor;
    HM_TRY(hm_predictor_find(config, &predictor));
    const bool given[SIGNALS] = {true, predictor->gives_base, predictor->gives_extremeness};
    for (size_t i = 0; i < SIGNALS; i++)
        if (bound[i] > 0 && !given[i])
            return hm_config_fault(config, several ? signal_table[i].bound_key : "policy.signal",
                                   "the %s predictor gives no signal '%s'", predictor->method.name,
                                   signal_table[i].name);
    return HM_OK;
}

static enum hm_status read_bounds(const struct hm_config *config, double bound[SIGNALS])
{
    const bool several = hm_config_has(config, "policy.bounds");
    HM_TRY(several ? read_several(config, bound) : read_one(config, bound));
    if (bound[COMMITTEE] > 0 && hm_config_integer(config, "predictor.committee") < 2)
        return hm_config_fault(config, several ? signal_table[COMMITTEE].bound_key : "policy.signal",
                               "the committee signal is the spread of several members: set predictor.committee to 2 "
                               "or more");
    return check_signals(config, bound, several);
}

static enum hm_status create(const struct hm_policy_setup *setup, void **self)
{
    double bound[SIGNALS] = {0};
    HM_TRY(read_bounds(setup->config, bound));
    struct threshold *threshold = calloc(1, sizeof *threshold);
    if (!threshold) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the policy");
    memcpy(threshold->bound, bound, sizeof bound);
    threshold->max_interval = hm_config_integer(setup->config, "policy.max_interval");
    *self = threshold;
    return HM_OK;
}

static void destroy(void **self)
{
    free(*self);
    *self = NULL;
}

/* Whether any bound is exceeded; the signal worth recording goes into the decision. */
static bool compare(const struct threshold *threshold, const struct hm_signals *signals, struct hm_decision *decision)
{
    const double value[SIGNALS] = {signals->committee, signals->base_difference, signals->extremeness};
    double largest = -INFINITY;
    bool exceeded = false;
    for (size_t i = 0; i < SIGNALS; i++) {
        const double bound = threshold->bound[i], ratio = isnan(value[i]) ? INFINITY : value[i] / bound;
        if (bound == 0) continue;
        exceeded = exceeded || !(value[i] <= bound);
        if (ratio <= largest) continue;
        largest = ratio;
        decision->signal = value[i];
        decision->threshold = bound;
    }
    return exceeded;
}

static void choose(void *self, const struct hm_evidence *evidence, struct hm_decision *decision)
{
    struct threshold *threshold = self;
    const bool exceeded = compare(threshold, evidence->signals, decision);
    if (hm_burst_choose(&threshold->burst, evidence, decision)) return;
    if (exceeded || threshold->burst.predicted >= threshold->max_interval - 1) decision->action = HM_INJECT;
}

static bool observe(void *self, const struct hm_outcome *outcome)
{
    struct threshold *threshold = self;
    hm_burst_observe(&threshold->burst, outcome);
    return false;
}

static void save(const void *self, struct hm_archive *archive)
{
    const struct threshold *threshold = self;
    hm_burst_save(&threshold->burst, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct threshold *threshold = self;
    return hm_burst_load(&threshold->burst, archive);
}

const struct hm_policy_ops hm_policy_threshold = {
    .method = {"threshold", "injections where a signal of the prediction exceeds its bound"},
    .create = create,
    .destroy = destroy,
    .choose = choose,
    .observe = observe,
    .save = save,
    .load = load,
};
