/* Policies: to predict or to inject.
 *
 * One family, one shape: a const table of operations behind a handle. A new policy is one file that defines
 * `const struct hm_policy_ops hm_policy_<name>` and one line in policies.def. A policy sees evidence and gives a
 * decision; it does no input, output or communication, so it can be tested as a table.
 *
 * The driver asks it only when there is a choice: warm-up steps, steps without a ready predictor, steps before
 * `activate_after_steps` and steps whose predicted kick is not finite or absurd are exact whatever the policy.
 *
 * Errors: create HM_BAD_CONFIG; choose cannot fail. load HM_BAD_INPUT.
 * Owns: its state; setup is borrowed for the call, the replay log for the policy's life.
 * MPI: local.
 */
#ifndef HM_SCHEDULER_POLICY_H
#define HM_SCHEDULER_POLICY_H

#include "predictors/committee.h"

#include "io/records.h"

/* What is known before step n is decided. */
struct hm_evidence {
    int64_t step;
    int64_t since_active; // n - warmup_steps - activate_after_steps, >= 0
    size_t burst;         // consecutive exact steps of one injection
    const struct hm_signals *signals;
    double residual_relative; // measured at the latest injection; NaN before the first
};

struct hm_decision {
    enum hm_action action;
    enum hm_reason reason;
    double signal, threshold; // what was compared; NaN without
    int draft_steps;          // HM_DRAFT only
};

/* What came of a step, known after it. */
struct hm_outcome {
    int64_t step;
    enum hm_action action;
    enum hm_reason reason;
    double residual_relative; // rms error over the rms kick; NaN unless injected with a prediction at hand
};

struct hm_policy_setup {
    const struct hm_config *config;
    const uint8_t *replay_action; // (replay_count) actions of a recorded log, from step 0; NULL without one
    size_t replay_count;
};

struct hm_policy_ops {
    struct hm_method method;
    enum hm_status (*create)(const struct hm_policy_setup *setup, void **self);
    void (*destroy)(void **self);
    void (*choose)(void *self, const struct hm_evidence *evidence, struct hm_decision *decision);

    /* Optional (NULL). Every step that follows the policy's activation is observed; true asks for a training episode.
     */
    bool (*observe)(void *self, const struct hm_outcome *outcome);
    void (*save)(const void *self, struct hm_archive *archive);
    enum hm_status (*load)(void *self, struct hm_archive *archive);
};

struct hm_policy {
    const struct hm_policy_ops *ops;
    void *self;
};

enum hm_status hm_policy_find(const struct hm_config *config, const struct hm_policy_ops **ops);
const struct hm_policy_ops *hm_policy_registered(size_t index);

enum hm_status hm_policy_create(const struct hm_policy_setup *setup, struct hm_policy *policy);
void hm_policy_destroy(struct hm_policy *policy);
void hm_policy_choose(struct hm_policy *policy, const struct hm_evidence *evidence, struct hm_decision *decision);
bool hm_policy_observe(struct hm_policy *policy, const struct hm_outcome *outcome);
void hm_policy_save(const struct hm_policy *policy, struct hm_archive *archive);
enum hm_status hm_policy_load(struct hm_policy *policy, struct hm_archive *archive);

/* create and destroy of a policy without state. */
enum hm_status hm_policy_create_stateless(const struct hm_policy_setup *setup, void **self);
void hm_policy_destroy_stateless(void **self);

#endif
