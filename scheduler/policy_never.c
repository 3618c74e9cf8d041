/* No injection after the warm-up: what the predictor does on its own. */
#include "scheduler/policy.h"

static void choose(void *self, const struct hm_evidence *evidence, struct hm_decision *decision)
{
    (void)self;
    (void)evidence;
    decision->action = HM_PREDICT;
}

const struct hm_policy_ops hm_policy_never = {
    .method = {"never", "no injection after the warm-up"},
    .create = hm_policy_create_stateless,
    .destroy = hm_policy_destroy_stateless,
    .choose = choose,
};
