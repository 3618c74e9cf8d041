/* Lessons that wait to be taken: one place for each member of the committee, handed out in the order of the members.
 *
 * A lesson as it is sent and saved:   member | training record | bytes | parameters
 *
 * Errors: HM_OUT_OF_MEMORY; HM_BAD_INPUT (cut short).
 * Owns: the lessons' bytes. MPI: local.
 */
#ifndef HM_SCHEDULER_LESSONS_H
#define HM_SCHEDULER_LESSONS_H

#include "scheduler/apprentice.h"

struct hm_lesson {
    bool episode; // an episode ended: the record is for the log (its version is filled in by who counts them)
    struct hm_training_record record;
    size_t member;
    const void *parameters; // NULL unless new ones are to be used from the next step on
    size_t bytes;
};

struct hm_lessons {
    size_t members;
    struct hm_archive *of; // (members) empty, or a lesson
    size_t taken;          // the member whose lesson was taken last; its bytes are still there
};

enum hm_status hm_lessons_create(size_t members, struct hm_lessons *lessons);
void hm_lessons_release(struct hm_lessons *lessons);

/* What a pupil's study came to: its parameters if they were accepted. */
void hm_lesson_put(const struct hm_pupil *pupil, const struct hm_training_record *record, struct hm_archive *archive);
/* The rest of the archive, from its cursor, is a lesson. */
enum hm_status hm_lessons_add(struct hm_lessons *lessons, struct hm_archive *archive);
/* The lesson of the lowest member; borrowed until the next call. */
enum hm_status hm_lessons_take(struct hm_lessons *lessons, struct hm_lesson *lesson, bool *got);

void hm_lessons_save(const struct hm_lessons *lessons, struct hm_archive *archive);
enum hm_status hm_lessons_load(struct hm_lessons *lessons, struct hm_archive *archive);

#endif
