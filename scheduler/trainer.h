/* Training as the driver sees it: rows go in, lessons (accepted or refused parameters) come out, one committee member
 * at a time.
 *
 * One interface, three implementations: inline (the driver studies itself), remote (predictor ranks study), replay
 * (parameters stored by a recorded run come back at the step at which they came then).
 *
 * Shapes: rows as predictors/window.h lays them out.
 * An episode under way is part of what is saved, whether the driver or other ranks study; it can be loaded by another
 * number of ranks.
 *
 * Errors: HM_OUT_OF_MEMORY, HM_MPI_ERROR, HM_BAD_INPUT (replay file, load), HM_STOPPED (interrupted).
 * Owns: rows and messages in flight; a lesson's parameters are borrowed until the next call.
 * MPI: local to the driver (point-to-point with the predictor ranks).
 */
#ifndef HM_SCHEDULER_TRAINER_H
#define HM_SCHEDULER_TRAINER_H

#include "scheduler/lessons.h"

struct hm_trainer_ops {
    enum hm_status (*teach)(void *self, const double *rows, size_t count);
    /* An episode for every member; nothing while one is under way. `history` settles `history: auto`. */
    enum hm_status (*request)(void *self, int64_t step, size_t history);
    /* After step `step`, the next lesson if there is one, members in their order. With `wait`, those of the episode
     * under way are waited for, unless that is interrupted (HM_STOPPED): the episode then goes on at the next poll. */
    enum hm_status (*poll)(void *self, int64_t step, bool wait, struct hm_lesson *lesson, bool *got);
    /* Optional: other ranks study, and to save would make them begin again. */
    bool (*busy)(const void *self);
    enum hm_status (*save)(void *self, struct hm_archive *archive);
    enum hm_status (*load)(void *self, struct hm_archive *archive);
    void (*destroy)(void **self);
};

struct hm_trainer {
    const struct hm_trainer_ops *ops; // NULL: nothing learns
    void *self;
    bool remote;
    double seconds_train;   // study time the trainers report
    double seconds_blocked; // time the driver stood still for a predictor rank
    double seconds_inline;  // time the driver spent studying itself
};

/* The apprentice is borrowed. */
enum hm_status hm_trainer_create_inline(struct hm_apprentice *apprentice, struct hm_trainer *trainer);

void hm_trainer_destroy(struct hm_trainer *trainer);
enum hm_status hm_trainer_teach(struct hm_trainer *trainer, const double *rows, size_t count);
enum hm_status hm_trainer_request(struct hm_trainer *trainer, int64_t step, size_t history);
enum hm_status hm_trainer_poll(struct hm_trainer *trainer, int64_t step, bool wait, struct hm_lesson *lesson,
                               bool *got);
bool hm_trainer_busy(const struct hm_trainer *trainer);
enum hm_status hm_trainer_save(struct hm_trainer *trainer, struct hm_archive *archive);
enum hm_status hm_trainer_load(struct hm_trainer *trainer, struct hm_archive *archive);

#endif
