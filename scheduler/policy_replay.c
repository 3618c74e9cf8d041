/* The decisions of a recorded run again, step by step. */
#include "scheduler/policy.h"

#include <stdlib.h>

struct replay {
    const uint8_t *action; // borrowed, (count)
    size_t count;
};

static enum hm_status create(const struct hm_policy_setup *setup, void **self)
{
    if (!setup->replay_action)
        return hm_config_fault(setup->config, "policy",
                               "replay needs 'log: RUN.h5', the run whose decisions it repeats");
    const int64_t steps = hm_config_integer(setup->config, "integrator.steps");
    if (setup->replay_count < (size_t)steps)
        return hm_config_fault(setup->config, "policy.log", "the log holds %zu steps and this run has %lld",
                               setup->replay_count, (long long)steps);
    struct replay *replay = malloc(sizeof *replay);
    if (!replay) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the policy");
    *replay = (struct replay){setup->replay_action, setup->replay_count};
    *self = replay;
    return HM_OK;
}

static void destroy(void **self)
{
    free(*self);
    *self = NULL;
}

static void choose(void *self, const struct hm_evidence *evidence, struct hm_decision *decision)
{
    const struct replay *replay = self;
    decision->action = (enum hm_action)replay->action[evidence->step];
    decision->reason = HM_REASON_REPLAY;
}

const struct hm_policy_ops hm_policy_replay = {
    .method = {"replay", "the decisions of a recorded run"},
    .create = create,
    .destroy = destroy,
    .choose = choose,
};
