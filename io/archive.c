#include "io/archive.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_BYTES = 8, FIRST_CAPACITY = 256 };

struct hm_archive hm_archive_view(const void *bytes, size_t size)
{
    /* Only read through: a put on a view is refused below. */
    return (struct hm_archive){.bytes = (unsigned char *)(uintptr_t)bytes, .size = size};
}

static bool is_view(const struct hm_archive *archive)
{
    return archive->bytes && archive->capacity == 0;
}

void hm_archive_clear(struct hm_archive *archive)
{
    assert(!is_view(archive));
    archive->size = 0;
    archive->cursor = 0;
    archive->status = HM_OK;
}

void hm_archive_release(struct hm_archive *archive)
{
    if (!is_view(archive)) free(archive->bytes);
    *archive = (struct hm_archive)HM_ARCHIVE_EMPTY;
}

/* Doubles, so that n puts cost O(n). */
static enum hm_status reserve(struct hm_archive *archive, size_t size)
{
    if (is_view(archive)) return hm_fail(HM_INTERNAL, "a borrowed archive cannot be written to");
    if (size <= archive->capacity) return HM_OK;
    size_t capacity = archive->capacity ? archive->capacity : FIRST_CAPACITY;
    while (capacity < size) capacity = capacity > SIZE_MAX / 2 ? size : 2 * capacity;
    unsigned char *bytes = realloc(archive->bytes, capacity);
    if (!bytes) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: an archive needs %zu bytes", size);
    archive->bytes = bytes;
    archive->capacity = capacity;
    return HM_OK;
}

enum hm_status hm_archive_resize(struct hm_archive *archive, size_t size)
{
    HM_TRY(reserve(archive, size));
    archive->size = size;
    archive->cursor = 0;
    archive->status = HM_OK;
    return HM_OK;
}

/* ---- put ---- */

void hm_archive_put(struct hm_archive *archive, const void *data, size_t size)
{
    if (archive->status != HM_OK || size == 0) return;
    if (size > SIZE_MAX - archive->size) {
        archive->status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: an archive cannot grow by %zu bytes", size);
        return;
    }
    archive->status = reserve(archive, archive->size + size);
    if (archive->status != HM_OK) return;
    memcpy(archive->bytes + archive->size, data, size);
    archive->size += size;
}

void hm_archive_put_size(struct hm_archive *archive, size_t value)
{
    const uint64_t wide = value;
    hm_archive_put(archive, &wide, sizeof wide);
}

void hm_archive_put_int(struct hm_archive *archive, int64_t value)
{
    hm_archive_put(archive, &value, sizeof value);
}

void hm_archive_put_real(struct hm_archive *archive, double value)
{
    hm_archive_put(archive, &value, sizeof value);
}

void hm_archive_put_reals(struct hm_archive *archive, const double *values, size_t count)
{
    hm_archive_put(archive, values, count * sizeof *values);
}

void hm_archive_put_text(struct hm_archive *archive, const char *text)
{
    const size_t length = strlen(text);
    hm_archive_put_size(archive, length);
    hm_archive_put(archive, text, length + 1); /* with the zero, so that a reader can point at it */
}

static void pack_tag(const char *tag, char packed[TAG_BYTES])
{
    const size_t length = strlen(tag);
    assert(length <= TAG_BYTES);
    memset(packed, 0, TAG_BYTES);
    memcpy(packed, tag, length < TAG_BYTES ? length : TAG_BYTES);
}

void hm_archive_put_tag(struct hm_archive *archive, const char *tag)
{
    char packed[TAG_BYTES];
    pack_tag(tag, packed);
    hm_archive_put(archive, packed, sizeof packed);
}

/* ---- get ---- */

static enum hm_status need(const struct hm_archive *archive, size_t size)
{
    HM_TRY(archive->status);
    if (size > archive->size - archive->cursor)
        return hm_fail(HM_BAD_INPUT, "stored state ends early: %zu bytes wanted at byte %zu of %zu", size,
                       archive->cursor, archive->size);
    return HM_OK;
}

enum hm_status hm_archive_get(struct hm_archive *archive, void *data, size_t size)
{
    HM_TRY(need(archive, size));
    if (size > 0) memcpy(data, archive->bytes + archive->cursor, size);
    archive->cursor += size;
    return HM_OK;
}

enum hm_status hm_archive_get_size(struct hm_archive *archive, size_t *value)
{
    uint64_t wide;
    HM_TRY(hm_archive_get(archive, &wide, sizeof wide));
    if (wide > SIZE_MAX) return hm_fail(HM_BAD_INPUT, "stored state holds a count this machine cannot hold");
    *value = (size_t)wide;
    return HM_OK;
}

enum hm_status hm_archive_get_int(struct hm_archive *archive, int64_t *value)
{
    return hm_archive_get(archive, value, sizeof *value);
}

enum hm_status hm_archive_get_real(struct hm_archive *archive, double *value)
{
    return hm_archive_get(archive, value, sizeof *value);
}

enum hm_status hm_archive_get_reals(struct hm_archive *archive, double *values, size_t count)
{
    if (count > SIZE_MAX / sizeof *values)
        return hm_fail(HM_BAD_INPUT, "stored state ends early: %zu numbers wanted at byte %zu of %zu", count,
                       archive->cursor, archive->size);
    return hm_archive_get(archive, values, count * sizeof *values);
}

enum hm_status hm_archive_get_text(struct hm_archive *archive, const char **text)
{
    size_t length;
    HM_TRY(hm_archive_get_size(archive, &length));
    if (length == SIZE_MAX) length--; /* keeps length + 1 from wrapping; too long either way */
    HM_TRY(need(archive, length + 1));
    const char *start = (const char *)archive->bytes + archive->cursor;
    if (memchr(start, '\0', length + 1) != start + length)
        return hm_fail(HM_BAD_INPUT, "stored state is damaged: no text at byte %zu of %zu", archive->cursor,
                       archive->size);
    *text = start;
    archive->cursor += length + 1;
    return HM_OK;
}

enum hm_status hm_archive_expect_tag(struct hm_archive *archive, const char *tag)
{
    char packed[TAG_BYTES], found[TAG_BYTES];
    const size_t place = archive->cursor;
    pack_tag(tag, packed);
    HM_TRY(hm_archive_get(archive, found, sizeof found));
    if (memcmp(packed, found, sizeof found) == 0) return HM_OK;
    for (size_t i = 0; i < sizeof found; i++)
        if (found[i] != '\0' && (found[i] < ' ' || found[i] > '~')) found[i] = '?';
    return hm_fail(HM_BAD_INPUT, "stored state does not fit: '%s' expected at byte %zu of %zu, found '%.8s'", tag,
                   place, archive->size, found);
}
