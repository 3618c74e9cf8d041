#include "scheduler/lessons.h"

#include <stdlib.h>

static const size_t NOBODY = (size_t)-1;

enum hm_status hm_lessons_create(size_t members, struct hm_lessons *lessons)
{
    *lessons = (struct hm_lessons){members, calloc(members, sizeof *lessons->of), NOBODY};
    return lessons->of ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for the lessons of %zu members", members);
}

void hm_lessons_release(struct hm_lessons *lessons)
{
    for (size_t m = 0; lessons->of && m < lessons->members; m++) hm_archive_release(&lessons->of[m]);
    free(lessons->of);
    *lessons = (struct hm_lessons){0};
}

void hm_lesson_put(const struct hm_pupil *pupil, const struct hm_training_record *record, struct hm_archive *archive)
{
    size_t bytes = 0;
    const void *parameters = pupil->predictor.ops->parameters(pupil->predictor.self, &bytes);
    hm_archive_put_size(archive, pupil->member);
    hm_archive_put(archive, record, sizeof *record);
    hm_archive_put_size(archive, record->accepted ? bytes : 0);
    if (record->accepted) hm_archive_put(archive, parameters, bytes);
}

enum hm_status hm_lessons_add(struct hm_lessons *lessons, struct hm_archive *archive)
{
    const size_t start = archive->cursor;
    size_t member;
    HM_TRY(hm_archive_get_size(archive, &member));
    if (member >= lessons->members) return hm_fail(HM_BAD_INPUT, "a lesson of member %zu, whom nobody knows", member);
    if (member == lessons->taken) lessons->taken = NOBODY;
    hm_archive_clear(&lessons->of[member]);
    hm_archive_put(&lessons->of[member], archive->bytes + start, archive->size - start);
    archive->cursor = archive->size;
    return lessons->of[member].status;
}

static enum hm_status read_lesson(struct hm_archive *archive, struct hm_lesson *lesson)
{
    HM_TRY(hm_archive_get_size(archive, &lesson->member));
    HM_TRY(hm_archive_get(archive, &lesson->record, sizeof lesson->record));
    HM_TRY(hm_archive_get_size(archive, &lesson->bytes));
    if (lesson->bytes != archive->size - archive->cursor) return hm_fail(HM_BAD_INPUT, "a lesson is cut short");
    lesson->episode = true;
    if (lesson->bytes > 0) lesson->parameters = archive->bytes + archive->cursor;
    return HM_OK;
}

enum hm_status hm_lessons_take(struct hm_lessons *lessons, struct hm_lesson *lesson, bool *got)
{
    if (lessons->taken != NOBODY) hm_archive_clear(&lessons->of[lessons->taken]);
    lessons->taken = NOBODY;
    *got = false;
    for (size_t m = 0; m < lessons->members && !*got; m++) {
        if (lessons->of[m].size == 0) continue;
        *got = true;
        lessons->taken = m;
    }
    return *got ? read_lesson(&lessons->of[lessons->taken], lesson) : HM_OK;
}

static void clear(struct hm_lessons *lessons)
{
    for (size_t m = 0; m < lessons->members; m++) hm_archive_clear(&lessons->of[m]);
    lessons->taken = NOBODY;
}

void hm_lessons_save(const struct hm_lessons *lessons, struct hm_archive *archive)
{
    hm_archive_put_size(archive, lessons->members);
    for (size_t m = 0; m < lessons->members; m++) {
        const struct hm_archive *lesson = &lessons->of[m];
        const size_t bytes = m == lessons->taken ? 0 : lesson->size;
        hm_archive_put_size(archive, bytes);
        if (bytes > 0) hm_archive_put(archive, lesson->bytes, bytes);
    }
}

enum hm_status hm_lessons_load(struct hm_lessons *lessons, struct hm_archive *archive)
{
    size_t members, bytes;
    clear(lessons);
    HM_TRY(hm_archive_get_size(archive, &members));
    if (members != lessons->members)
        return hm_fail(HM_BAD_INPUT, "the saved committee has %zu members, this one %zu", members, lessons->members);
    for (size_t m = 0; m < members; m++) {
        HM_TRY(hm_archive_get_size(archive, &bytes));
        if (bytes > archive->size - archive->cursor) return hm_fail(HM_BAD_INPUT, "a saved lesson is cut short");
        hm_archive_put(&lessons->of[m], archive->bytes + archive->cursor, bytes);
        archive->cursor += bytes;
        HM_TRY(lessons->of[m].status);
    }
    return HM_OK;
}
