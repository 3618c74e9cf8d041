#include "scheduler/dispatch.h"

#include "scheduler/wait.h"

#include "io/log.h"

void hm_dispatch_destroy(struct hm_dispatch *dispatch)
{
    if (dispatch->ops) dispatch->ops->destroy(&dispatch->self);
    *dispatch = (struct hm_dispatch){0};
}

enum hm_status hm_dispatch_submit(struct hm_dispatch *dispatch, const struct hm_frame *frame, int64_t *ticket)
{
    return dispatch->ops->submit(dispatch->self, frame, ticket);
}

enum hm_status hm_dispatch_poll(struct hm_dispatch *dispatch, int64_t ticket, struct hm_label *label, int *group,
                                bool *done)
{
    HM_TRY(dispatch->ops->poll(dispatch->self, ticket, label, group, done));
    if (*done) {
        dispatch->calls++;
        dispatch->seconds_oracle += label->seconds;
    }
    return HM_OK;
}

void hm_dispatch_cancel(struct hm_dispatch *dispatch, int64_t ticket)
{
    dispatch->ops->cancel(dispatch->self, ticket);
}

enum hm_status hm_dispatch_ask(struct hm_dispatch *dispatch, const struct hm_frame *frame, struct hm_label *label,
                               int *group)
{
    const double started = hm_clock();
    struct hm_wait wait = HM_WAIT_START;
    int64_t ticket;
    bool done = false;
    HM_TRY(hm_dispatch_submit(dispatch, frame, &ticket));
    for (;;) {
        HM_TRY(hm_dispatch_poll(dispatch, ticket, label, group, &done));
        if (done) break;
        hm_wait_pause(&wait);
    }
    const double seconds = hm_clock() - started;
    if (dispatch->groups == 0)
        dispatch->seconds_inline += seconds;
    else
        dispatch->seconds_blocked += seconds;
    return HM_OK;
}

enum hm_status hm_dispatch_save(struct hm_dispatch *dispatch, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "DISPATCH");
    return dispatch->ops->save(dispatch->self, archive);
}

enum hm_status hm_dispatch_load(struct hm_dispatch *dispatch, struct hm_archive *archive)
{
    HM_TRY(hm_archive_expect_tag(archive, "DISPATCH"));
    return dispatch->ops->load(dispatch->self, archive);
}

void hm_dispatch_put_warm(struct hm_archive *archive, int64_t requests, size_t count, const struct hm_archive *warm)
{
    hm_archive_put_int(archive, requests);
    hm_archive_put_size(archive, count);
    for (size_t g = 0; g < count; g++) {
        if (warm[g].status != HM_OK) archive->status = warm[g].status;
        hm_archive_put_size(archive, warm[g].size);
        hm_archive_put(archive, warm[g].bytes, warm[g].size);
    }
}

enum hm_status hm_dispatch_get_warm(struct hm_archive *archive, int64_t *requests, size_t count,
                                    struct hm_archive *warm)
{
    size_t saved, bytes;
    HM_TRY(hm_archive_get_int(archive, requests));
    HM_TRY(hm_archive_get_size(archive, &saved));
    if (saved == 0) return hm_fail(HM_BAD_INPUT, "the saved state knows of no oracle");
    for (size_t g = 0; g < saved; g++) {
        HM_TRY(hm_archive_get_size(archive, &bytes));
        if (bytes > archive->size - archive->cursor)
            return hm_fail(HM_BAD_INPUT, "the saved oracle state is cut short");
        if (g < count) warm[g] = hm_archive_view(archive->bytes + archive->cursor, bytes);
        archive->cursor += bytes;
    }
    for (size_t g = saved; g < count; g++) warm[g] = warm[g % saved];
    return HM_OK;
}
