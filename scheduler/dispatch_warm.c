/* What a checkpoint keeps of the oracles:
 *
 *   "DISPATCH" | requests so far | groups | bytes, warm state   for each; no bytes: it has not been asked yet
 */
#include "scheduler/dispatch_desk.h"

#include <stdlib.h>

enum hm_status hm_dispatch_save(struct hm_dispatch *dispatch, struct hm_archive *archive)
{
    const struct hm_desk *desk = dispatch->desk;
    struct hm_archive warm = HM_ARCHIVE_EMPTY;
    enum hm_status status = HM_OK;
    hm_archive_put_tag(archive, "DISPATCH");
    hm_archive_put_int(archive, desk->tickets);
    hm_archive_put_size(archive, (size_t)desk->ngroup);
    for (int g = 0; status == HM_OK && g < desk->ngroup; g++) {
        hm_archive_clear(&warm);
        status = dispatch->ops->save(dispatch->self, g, &warm);
        hm_archive_put_size(archive, warm.size);
        hm_archive_put(archive, warm.bytes, warm.size);
    }
    hm_archive_release(&warm);
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
        if (warm[g].size > 0) status = dispatch->ops->load(dispatch->self, (int)g, &warm[g]);
    free(warm);
    return status;
}
