#include "scheduler/policy.h"

#include <math.h>
#include <string.h>

#define HM_POLICY(name) extern const struct hm_policy_ops hm_policy_##name;
#include "scheduler/policies.def"
#undef HM_POLICY

static const struct hm_policy_ops *const registry[] = {
#define HM_POLICY(name) &hm_policy_##name,
#include "scheduler/policies.def"
#undef HM_POLICY
};

static const struct hm_method *const methods[] = {
#define HM_POLICY(name) &hm_policy_##name.method,
#include "scheduler/policies.def"
#undef HM_POLICY
};

const struct hm_policy_ops *hm_policy_registered(size_t index)
{
    return index < sizeof registry / sizeof *registry ? registry[index] : NULL;
}

enum hm_status hm_policy_find(const struct hm_config *config, const struct hm_policy_ops **ops)
{
    size_t index;
    HM_TRY(hm_method_find(config, "policy.type", methods, sizeof methods / sizeof *methods, &index));
    *ops = registry[index];
    return HM_OK;
}

enum hm_status hm_policy_create(const struct hm_policy_setup *setup, struct hm_policy *policy)
{
    *policy = (struct hm_policy){0};
    const struct hm_policy_ops *ops;
    HM_TRY(hm_policy_find(setup->config, &ops));
    HM_TRY(ops->create(setup, &policy->self));
    policy->ops = ops;
    return HM_OK;
}

void hm_policy_destroy(struct hm_policy *policy)
{
    if (policy->ops) policy->ops->destroy(&policy->self);
    *policy = (struct hm_policy){0};
}

void hm_policy_choose(struct hm_policy *policy, const struct hm_evidence *evidence, struct hm_decision *decision)
{
    *decision = (struct hm_decision){.reason = HM_REASON_POLICY, .signal = NAN, .threshold = NAN};
    policy->ops->choose(policy->self, evidence, decision);
}

bool hm_policy_observe(struct hm_policy *policy, const struct hm_outcome *outcome)
{
    return policy->ops->observe && policy->ops->observe(policy->self, outcome);
}

void hm_policy_save(const struct hm_policy *policy, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "POLICY");
    hm_archive_put_text(archive, policy->ops->method.name);
    if (policy->ops->save) policy->ops->save(policy->self, archive);
}

enum hm_status hm_policy_load(struct hm_policy *policy, struct hm_archive *archive)
{
    const char *name;
    HM_TRY(hm_archive_expect_tag(archive, "POLICY"));
    HM_TRY(hm_archive_get_text(archive, &name));
    if (strcmp(name, policy->ops->method.name) != 0)
        return hm_fail(HM_BAD_INPUT, "the saved policy is '%s', this run's is '%s'", name, policy->ops->method.name);
    return policy->ops->load ? policy->ops->load(policy->self, archive) : HM_OK;
}

enum hm_status hm_policy_create_stateless(const struct hm_policy_setup *setup, void **self)
{
    (void)setup;
    *self = NULL;
    return HM_OK;
}

void hm_policy_destroy_stateless(void **self)
{
    *self = NULL;
}
