/* What a checkpoint keeps of the oracles:
 *
 *   "DISPATCH" | requests so far | count | bytes, warm state   for each group that answers
 */
#include "scheduler/dispatch_desk.h"
#include "scheduler/wait.h"

#include "io/log.h"

#include <stdlib.h>

static enum hm_status fetch(struct hm_dispatch *dispatch, struct hm_archive *warm, size_t *count)
{
    struct hm_desk *desk = dispatch->desk;
    const double patience = hm_pace_deadline(&desk->pace, &dispatch->rules);
    *count = 0;
    /* What comes before its state a group owed somebody who has gone. */
    for (int g = 0; g < desk->ngroup; g++) {
        bool got;
        if (desk->group[g].aside) continue;
        HM_TRY(dispatch->ops->save(dispatch->self, g, patience, &warm[*count], &got));
        desk->group[g].aside = !got;
        desk->group[g].owed = got ? 0 : desk->group[g].owed + 1;
        *count += got;
    }
    if (*count > 0) return HM_OK;
    return hm_fail(HM_ORACLE_FAILED, "no oracle answers any more: their state cannot be saved");
}

static void put(const struct hm_desk *desk, size_t count, const struct hm_archive *warm, struct hm_archive *archive)
{
    hm_archive_put_int(archive, desk->tickets);
    hm_archive_put_size(archive, count);
    for (size_t g = 0; g < count; g++) {
        if (warm[g].status != HM_OK) archive->status = warm[g].status;
        hm_archive_put_size(archive, warm[g].size);
        hm_archive_put(archive, warm[g].bytes, warm[g].size);
    }
}

enum hm_status hm_dispatch_save(struct hm_dispatch *dispatch, struct hm_archive *archive)
{
    const size_t groups = (size_t)dispatch->desk->ngroup;
    size_t count;
    struct hm_archive *warm = calloc(groups, sizeof *warm);
    if (!warm) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the oracles' state");
    hm_archive_put_tag(archive, "DISPATCH");
    const enum hm_status status = fetch(dispatch, warm, &count);
    if (status == HM_OK) put(dispatch->desk, count, warm, archive);
    for (size_t g = 0; g < groups; g++) hm_archive_release(&warm[g]);
    free(warm);
    return status == HM_OK ? archive->status : status;
}

static enum hm_status get(struct hm_archive *archive, int64_t *tickets, size_t count, struct hm_archive *warm)
{
    size_t saved, bytes;
    HM_TRY(hm_archive_get_int(archive, tickets));
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

enum hm_status hm_dispatch_load(struct hm_dispatch *dispatch, struct hm_archive *archive)
{
    struct hm_desk *desk = dispatch->desk;
    const size_t groups = (size_t)desk->ngroup;
    struct hm_archive *warm = calloc(groups, sizeof *warm);
    if (!warm) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the oracles' state");
    enum hm_status status = hm_archive_expect_tag(archive, "DISPATCH");
    if (status == HM_OK) status = get(archive, &desk->tickets, groups, warm);
    for (size_t g = 0; status == HM_OK && g < groups; g++)
        status = dispatch->ops->load(dispatch->self, (int)g, &warm[g]);
    free(warm);
    return status;
}
