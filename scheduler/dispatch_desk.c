#include "scheduler/dispatch_desk.h"

#include "io/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double DEADLINE_FACTOR = 10, LEAST_DEADLINE = 10, FIRST_DEADLINE = 1800;
enum { CALLS_TO_LEARN_FROM = 5, LEARN_EVERY = 32 };

/* ---- the desk ---- */

enum hm_status hm_desk_create(int ngroup, size_t natom, size_t nrequest, struct hm_desk **desk)
{
    struct hm_desk *d = *desk = calloc(1, sizeof *d);
    if (!d) return hm_fail(HM_OUT_OF_MEMORY, "no memory for oracle requests");
    d->ngroup = ngroup;
    d->natom = natom;
    d->nrequest = nrequest;
    d->request = calloc(nrequest, sizeof *d->request);
    d->group = calloc((size_t)ngroup, sizeof *d->group);
    d->force = calloc((nrequest + 1) * 3 * natom, sizeof *d->force);
    if (!d->request || !d->group || !d->force) {
        hm_desk_destroy(desk);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for oracle requests of %zu atoms", natom);
    }
    for (size_t r = 0; r < nrequest; r++) {
        d->request[r].ticket = -1;
        d->request[r].label.force = d->force + r * 3 * natom;
    }
    d->answer.label.force = d->force + nrequest * 3 * natom;
    return HM_OK;
}

void hm_desk_destroy(struct hm_desk **desk)
{
    struct hm_desk *d = *desk;
    if (!d) return;
    for (size_t r = 0; d->request && r < d->nrequest; r++) hm_frame_release(&d->request[r].frame);
    hm_archive_release(&d->unwritten);
    free(d->request);
    free(d->group);
    free(d->force);
    free(d);
    *desk = NULL;
}

struct hm_request *hm_desk_find(struct hm_desk *desk, int64_t ticket)
{
    for (size_t r = 0; r < desk->nrequest; r++)
        if (desk->request[r].ticket == ticket) return &desk->request[r];
    return NULL;
}

int hm_desk_next_group(const struct hm_desk *desk, int group)
{
    for (int k = 0; k < desk->ngroup; k++) {
        const int next = (group + k) % desk->ngroup;
        if (!desk->group[next].aside) return next;
    }
    return -1;
}

/* ---- deadlines ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void hm_pace_add(struct hm_pace *pace, double seconds)
{
    double sorted[HM_PACE_CALLS];
    pace->seconds[pace->count++ % HM_PACE_CALLS] = seconds;
    if (pace->count > LEARN_EVERY && pace->count % LEARN_EVERY != 0) return;
    const size_t count = pace->count < HM_PACE_CALLS ? pace->count : HM_PACE_CALLS;
    memcpy(sorted, pace->seconds, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    pace->quantile = sorted[(size_t)(0.95 * (double)(count - 1) + 0.5)];
}

double hm_pace_deadline(const struct hm_pace *pace, const struct hm_dispatch_rules *rules)
{
    if (rules->deadline > 0) return rules->deadline;
    const double learned = pace->count < CALLS_TO_LEARN_FROM ? FIRST_DEADLINE : DEADLINE_FACTOR * pace->quantile;
    return fmax(fmax(LEAST_DEADLINE, rules->patience), learned);
}

/* ---- faults ---- */

enum hm_fault hm_request_judge(struct hm_request *request)
{
    if (request->status != HM_OK) return HM_FAULT_FAILED;
    switch (request->label.status) {
    case HM_LABEL_NOT_CONVERGED:
        snprintf(request->text, sizeof request->text, "it did not converge in %d iterations",
                 request->label.iterations);
        return HM_FAULT_NOT_CONVERGED;
    case HM_LABEL_NOT_FINITE:
        snprintf(request->text, sizeof request->text, "its energy or force is not finite");
        return HM_FAULT_NOT_FINITE;
    case HM_LABEL_CONVERGED:
        break;
    }
    return HM_FAULT_NONE;
}

enum hm_status hm_request_log_fault(struct hm_dispatch *dispatch, struct hm_request *request, enum hm_fault fault)
{
    struct hm_desk *desk = dispatch->desk;
    const bool label = fault == HM_FAULT_NOT_CONVERGED || fault == HM_FAULT_NOT_FINITE;
    const struct hm_fault_record record = {
        .step = dispatch->step,
        .request = request->ticket,
        .seconds = label ? request->label.seconds : hm_clock() - request->since,
        .oracle_group = dispatch->groups == 0 ? -1 : request->group,
        .attempt = (int32_t)request->attempt,
        .iterations = label ? request->label.iterations : 0,
        .fault = (int32_t)fault,
    };
    dispatch->faults[fault]++;
    request->faults[fault]++;
    if (desk->log.write) return desk->log.write(desk->log.self, &record);
    hm_archive_put(&desk->unwritten, &record, sizeof record);
    return desk->unwritten.status;
}

enum hm_status hm_dispatch_log_faults(struct hm_dispatch *dispatch, struct hm_fault_log log)
{
    struct hm_desk *desk = dispatch->desk;
    struct hm_fault_record record;
    desk->log = log;
    while (desk->unwritten.cursor < desk->unwritten.size) {
        HM_TRY(hm_archive_get(&desk->unwritten, &record, sizeof record));
        HM_TRY(log.write(log.self, &record));
    }
    hm_archive_clear(&desk->unwritten);
    return HM_OK;
}

enum hm_status hm_request_give_up(struct hm_dispatch *dispatch, const struct hm_request *request)
{
    const size_t calls = request->attempt + 1;
    const int64_t not_finite = request->faults[HM_FAULT_NOT_FINITE];
    const bool physics = dispatch->rules.analytic && (size_t)not_finite == calls;
    const bool none_left = hm_desk_next_group(dispatch->desk, 0) < 0;
    char kinds[160];
    dispatch->no_place = (size_t)(not_finite + request->faults[HM_FAULT_NOT_CONVERGED]) == calls;
    if (physics)
        return hm_fail(HM_DIVERGED, "step %lld: the oracle's energy or force is not finite (asked %zu time%s)",
                       (long long)dispatch->step, calls, calls == 1 ? "" : "s");
    hm_faults_list(request->faults, sizeof kinds, kinds);
    return hm_fail(HM_ORACLE_FAILED, "step %lld: no force after %zu call%s of the oracle (%s); the last: %s%s",
                   (long long)dispatch->step, calls, calls == 1 ? "" : "s", kinds, request->text,
                   none_left ? "; no oracle is left" : "");
}
