/* Injection bursts as policies that react to a run keep them: an injection that follows predicted steps is continued
 * until `length` consecutive steps are exact, for a single exact kick among predicted ones leaves a history that
 * contradicts itself.
 *
 *   exact      consecutive exact steps up to now; from 1 to length - 1 the burst goes on
 *   predicted  consecutive predicted steps up to now, so the coming step is number predicted + 1 since an exact one
 *
 * What counts is what was done, not why: a burst that a guard began is completed too, and guards within one are part of
 * it. A stretch that is already `length` exact steps long may end at any step. The exact steps before the policy's
 * activation are a complete burst: both counts begin at 0.
 *
 * Errors: load HM_BAD_INPUT. Owns: nothing. MPI: local.
 */
#ifndef HM_SCHEDULER_BURST_H
#define HM_SCHEDULER_BURST_H

#include "scheduler/policy.h"

struct hm_burst {
    size_t length; // of the latest evidence; 0 before
    int64_t exact, predicted;
};

static inline bool hm_burst_goes_on(const struct hm_burst *burst)
{
    return burst->exact > 0 && (uint64_t)burst->exact < burst->length;
}

/* Decides a step that continues a burst; false leaves it to the policy's rule. The length may change between two steps:
 * it is the predictor's, who may settle it late. */
static inline bool hm_burst_choose(struct hm_burst *burst, const struct hm_evidence *evidence,
                                   struct hm_decision *decision)
{
    burst->length = evidence->burst;
    if (!hm_burst_goes_on(burst)) return false;
    decision->action = HM_INJECT;
    decision->reason = HM_REASON_BURST;
    return true;
}

static inline void hm_burst_observe(struct hm_burst *burst, const struct hm_outcome *outcome)
{
    const bool exact = outcome->action == HM_INJECT;
    burst->exact = exact ? burst->exact + 1 : 0;
    burst->predicted = exact ? 0 : burst->predicted + 1;
}

static inline void hm_burst_save(const struct hm_burst *burst, struct hm_archive *archive)
{
    hm_archive_put_size(archive, burst->length);
    hm_archive_put_int(archive, burst->exact);
    hm_archive_put_int(archive, burst->predicted);
}

static inline enum hm_status hm_burst_load(struct hm_burst *burst, struct hm_archive *archive)
{
    struct hm_burst saved;
    HM_TRY(hm_archive_get_size(archive, &saved.length));
    HM_TRY(hm_archive_get_int(archive, &saved.exact));
    HM_TRY(hm_archive_get_int(archive, &saved.predicted));
    const int64_t fewer = saved.exact < saved.predicted ? saved.exact : saved.predicted;
    if (fewer != 0)
        return hm_fail(HM_BAD_INPUT, "the saved policy is damaged: %lld exact and %lld predicted steps up to now",
                       (long long)saved.exact, (long long)saved.predicted);
    *burst = saved;
    return HM_OK;
}

#endif
