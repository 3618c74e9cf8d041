#include "scheduler/dispatch.h"

#include "scheduler/dispatch_desk.h"
#include "scheduler/wait.h"

#include "io/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double LOOK_EVERY_SECONDS = 1e-3;
static const double FINISH_SECONDS = 0.25; // given to a call when the run is asked to stop

void hm_dispatch_destroy(struct hm_dispatch *dispatch)
{
    if (dispatch->ops) dispatch->ops->destroy(&dispatch->self);
    hm_desk_destroy(&dispatch->desk);
    *dispatch = (struct hm_dispatch){0};
}

/* ---- calls ---- */

static enum hm_status copy_frame(struct hm_request *request, const struct hm_frame *frame)
{
    if (request->frame.natom == 0) return hm_frame_copy(frame, &request->frame);
    memcpy(request->frame.x, frame->x, 3 * frame->natom * sizeof *frame->x);
    memcpy(request->frame.cell, frame->cell, sizeof frame->cell);
    return HM_OK;
}

static enum hm_status send_call(struct hm_dispatch *dispatch, struct hm_request *request)
{
    struct hm_desk *desk = dispatch->desk;
    bool sent = false;
    HM_TRY(dispatch->ops->send(dispatch->self, request->group, desk->calls, request->restart, &request->frame, &sent));
    if (!sent) return HM_OK;
    request->call = desk->calls++;
    desk->group[request->group].owed++;
    return HM_OK;
}

static enum hm_status begin_call(struct hm_dispatch *dispatch, struct hm_request *request)
{
    request->call = -1;
    request->answered = false;
    request->since = hm_clock();
    return send_call(dispatch, request);
}

static struct hm_request *find_call(struct hm_desk *desk, int64_t call)
{
    for (size_t r = 0; call >= 0 && r < desk->nrequest; r++)
        if (desk->request[r].ticket >= 0 && desk->request[r].call == call) return &desk->request[r];
    return NULL;
}

/* Into its request; an answer that nobody waits for any more is dropped. */
static void file_answer(struct hm_dispatch *dispatch, int group)
{
    struct hm_desk *desk = dispatch->desk;
    struct hm_request *request = find_call(desk, desk->answer.call);
    const double now = dispatch->groups > 0 ? hm_clock() : 0;
    if (request && !request->answered) {
        const struct hm_label label = request->label;
        request->label = desk->answer.label;
        desk->answer.label = label;
        request->status = desk->answer.status;
        request->answered = true;
        if (request->status != HM_OK)
            snprintf(request->text, sizeof request->text, "%s", desk->answer.text);
        else if (dispatch->groups > 0)
            hm_pace_add(&desk->pace, now - request->since);
    }
    for (size_t r = 0; r < desk->nrequest; r++) /* the group turns to the next */
        if (desk->request[r].group == group && !desk->request[r].answered) desk->request[r].since = now;
}

static enum hm_status receive_from(struct hm_dispatch *dispatch, int group)
{
    struct hm_desk *desk = dispatch->desk;
    struct hm_group *of = &desk->group[group];
    for (bool got = true; got && of->owed > 0;) {
        HM_TRY(dispatch->ops->receive(dispatch->self, group, &desk->answer, &got));
        if (!got) break;
        of->owed--;
        file_answer(dispatch, group);
    }
    if (of->owed == 0) of->aside = false; /* it was slow, not gone */
    return HM_OK;
}

static enum hm_status receive(struct hm_dispatch *dispatch, const struct hm_request *request)
{
    const struct hm_desk *desk = dispatch->desk;
    HM_TRY(receive_from(dispatch, request->group));
    for (int g = 0; g < desk->ngroup; g++)
        if (desk->group[g].aside) HM_TRY(receive_from(dispatch, g));
    return HM_OK;
}

/* ---- requests ---- */

enum hm_status hm_dispatch_submit(struct hm_dispatch *dispatch, const struct hm_frame *frame, int64_t *ticket)
{
    struct hm_desk *desk = dispatch->desk;
    struct hm_request *request = hm_desk_find(desk, -1);
    if (!request) return hm_fail(HM_INTERNAL, "more than %zu oracle requests are open", desk->nrequest);
    const int home = (int)(desk->tickets % desk->ngroup), group = hm_desk_next_group(desk, home);
    HM_TRY(copy_frame(request, frame));
    *ticket = desk->tickets++;
    request->ticket = *ticket;
    request->attempt = 0;
    request->restart = false;
    request->group = group < 0 ? home : group; /* nobody is left: it will say so in time */
    memset(request->faults, 0, sizeof request->faults);
    return begin_call(dispatch, request);
}

static bool is_finite(const struct hm_frame *frame)
{
    double sum = 0;
    for (size_t k = 0; k < 3 * frame->natom; k++) sum += 0 * frame->x[k]; /* 0 for a finite number, NaN otherwise */
    return sum == 0;
}

/* The next rung after a fault. */
static enum hm_status climb(struct hm_dispatch *dispatch, struct hm_request *request, enum hm_fault fault)
{
    const struct hm_dispatch_rules *rules = &dispatch->rules;
    struct hm_desk *desk = dispatch->desk;
    if (fault == HM_FAULT_NOT_FINITE && !is_finite(&request->frame)) /* whoever asks so gets no better answer */
        return hm_fail(HM_DIVERGED, "step %lld: a position is not finite", (long long)dispatch->step);
    HM_TRY(hm_request_log_fault(dispatch, request, fault));
    if (request->attempt >= rules->nrung) return hm_request_give_up(dispatch, request);
    request->restart = rules->rung[request->attempt] == HM_RUNG_RESTART;
    /* Another group for a retry, in case it is the group that is ill; its own, where its warm state is to go. */
    const int first = request->restart ? (int)(request->ticket % desk->ngroup) : request->group + 1;
    const int group = hm_desk_next_group(desk, first);
    if (group < 0) return hm_request_give_up(dispatch, request);
    request->group = group;
    request->attempt++;
    return begin_call(dispatch, request);
}

static bool is_late(struct hm_dispatch *dispatch, struct hm_request *request)
{
    if (dispatch->groups == 0) return false;
    const double deadline = hm_pace_deadline(&dispatch->desk->pace, &dispatch->rules);
    if (hm_clock() - request->since < deadline) return false;
    snprintf(request->text, sizeof request->text, "group %d gave no answer within %.3g s", request->group, deadline);
    dispatch->desk->group[request->group].aside = true;
    return true;
}

static void hand_over(struct hm_dispatch *dispatch, struct hm_request *request, struct hm_label *label, int *group)
{
    double *force = label->force;
    *label = request->label;
    label->force = force;
    memcpy(force, request->label.force, 3 * dispatch->desk->natom * sizeof *force);
    *group = dispatch->groups == 0 ? -1 : request->group;
    dispatch->calls++;
    dispatch->seconds_oracle += label->seconds;
}

/* As far as it goes without waiting. */
static enum hm_status advance(struct hm_dispatch *dispatch, struct hm_request *request, bool *done)
{
    for (;;) {
        enum hm_fault fault;
        if (request->call < 0) HM_TRY(send_call(dispatch, request));
        HM_TRY(receive(dispatch, request));
        if (request->answered)
            fault = hm_request_judge(request);
        else if (is_late(dispatch, request))
            fault = HM_FAULT_LATE;
        else
            return HM_OK;
        *done = fault == HM_FAULT_NONE;
        if (*done) return HM_OK;
        HM_TRY(climb(dispatch, request, fault));
    }
}

enum hm_status hm_dispatch_poll(struct hm_dispatch *dispatch, int64_t ticket, struct hm_label *label, int *group,
                                bool *done)
{
    struct hm_request *request = ticket < 0 ? NULL : hm_desk_find(dispatch->desk, ticket);
    *done = false;
    if (!request) return hm_fail(HM_INTERNAL, "oracle request %lld is not open", (long long)ticket);
    const enum hm_status status = advance(dispatch, request, done);
    if (*done) hand_over(dispatch, request, label, group);
    if (*done || status != HM_OK) request->ticket = -1;
    return status;
}

void hm_dispatch_cancel(struct hm_dispatch *dispatch, int64_t ticket)
{
    struct hm_request *request = ticket < 0 ? NULL : hm_desk_find(dispatch->desk, ticket);
    if (request) request->ticket = -1;
}

bool hm_dispatch_is_owed(const struct hm_dispatch *dispatch)
{
    const struct hm_desk *desk = dispatch->desk;
    for (int g = 0; desk && g < desk->ngroup; g++)
        if (desk->group[g].owed > 0) return true;
    return false;
}

/* ---- a blocking question ---- */

struct watch {
    double looked;   // clock
    double stopping; // clock, when it was first asked to stop; 0: not yet
};

/* HM_STOPPED when the run is to end and the label does not come soon. */
static enum hm_status look_around(struct hm_dispatch *dispatch, struct watch *watch)
{
    const double now = hm_clock();
    if (now - watch->looked < LOOK_EVERY_SECONDS) return HM_OK;
    watch->looked = now;
    const enum hm_status status = hm_interrupt_check(&dispatch->interrupt);
    if (status != HM_STOPPED) return status;
    if (watch->stopping == 0) watch->stopping = now;
    if (now - watch->stopping > FINISH_SECONDS) return status;
    hm_status_clear();
    return HM_OK;
}

static enum hm_status wait_for_label(struct hm_dispatch *dispatch, int64_t ticket, struct hm_label *label, int *group)
{
    struct hm_wait wait = HM_WAIT_START;
    struct watch watch = {.looked = hm_clock()};
    for (bool done = false;;) {
        HM_TRY(hm_dispatch_poll(dispatch, ticket, label, group, &done));
        if (done) return HM_OK;
        HM_TRY(look_around(dispatch, &watch));
        hm_wait_pause(&wait);
    }
}

/* Asked again, the question shall go to the same group. */
static void take_back(struct hm_dispatch *dispatch, int64_t ticket)
{
    hm_dispatch_cancel(dispatch, ticket);
    if (ticket >= 0 && dispatch->desk->tickets == ticket + 1) dispatch->desk->tickets = ticket;
}

enum hm_status hm_dispatch_ask(struct hm_dispatch *dispatch, const struct hm_frame *frame, struct hm_label *label,
                               int *group)
{
    const double started = hm_clock();
    int64_t ticket = -1;
    enum hm_status status = hm_dispatch_submit(dispatch, frame, &ticket);
    if (status == HM_OK) status = wait_for_label(dispatch, ticket, label, group);
    if (status != HM_OK) take_back(dispatch, ticket);
    const double seconds = hm_clock() - started;
    if (dispatch->groups == 0)
        dispatch->seconds_inline += seconds;
    else
        dispatch->seconds_blocked += seconds;
    return status;
}
