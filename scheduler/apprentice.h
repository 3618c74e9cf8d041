/* The learning copies of the committee members that study on one rank: labelled rows are collected once for all of
 * them and studied in episodes. They sit inline in the driver or on a predictor rank; either way the same code on the
 * same rows gives the same bits.
 *
 * An episode is opened, and covers the rows that are there then; each pupil studies it in turn. A study that is
 * interrupted leaves everything as it was before that study, so an open episode is part of the state like anything else
 * and is gone on with later, here or after a restart.
 *
 * Saved, whoever the pupils are, so that another share of members among ranks can be loaded:
 *
 *   rows | episode | npupil | (member | studied | bytes | predictor) ...
 *
 * Shapes: rows as predictors/window.h lays them out.
 * Errors: HM_OUT_OF_MEMORY; HM_BAD_INPUT (rows that are not finite, load); HM_STOPPED (a study was interrupted).
 * Owns: its predictors and the rows since the last episode.
 * MPI: local.
 */
#ifndef HM_SCHEDULER_APPRENTICE_H
#define HM_SCHEDULER_APPRENTICE_H

#include "predictors/predictor.h"

#include "io/records.h"
#include "io/weights.h"

struct hm_pupil {
    struct hm_predictor predictor;
    size_t member; // of the committee
    bool studied;  // the open episode
};

struct hm_episode {
    bool open;
    int64_t step;   // after which it was asked for
    size_t history; // settles `history: auto`; 0 = as it is
    size_t rows;    // the first so many are its
};

struct hm_apprentice {
    struct hm_pupil *pupil; // (npupil)
    size_t npupil, nchannel;
    double *rows; // (count, hm_row_size)
    size_t count, capacity;
    struct hm_episode episode;
    struct hm_interrupt interrupt; // asked while a pupil studies
    struct hm_archive before;      // the pupil before its study
};

/* Members first, first + stride, ... below `committee`. `given` are weights to start from, or NULL. */
enum hm_status hm_apprentice_create(const struct hm_config *config, const struct hm_representation *representation,
                                    size_t first, size_t stride, const struct hm_weights *given,
                                    struct hm_apprentice *apprentice);
void hm_apprentice_destroy(struct hm_apprentice *apprentice);

enum hm_status hm_apprentice_learn(struct hm_apprentice *apprentice, const double *rows, size_t count);

/* An episode over the rows there are; none may be open. */
void hm_apprentice_open(struct hm_apprentice *apprentice, int64_t step, size_t history);
/* The next pupil's study of the open episode; the last one closes it, and its rows are forgotten. */
enum hm_status hm_apprentice_study(struct hm_apprentice *apprentice, const struct hm_pupil **pupil,
                                   struct hm_training_record *record);

void hm_apprentice_save(const struct hm_apprentice *apprentice, struct hm_archive *archive);
/* Takes what was saved of its own members, whoever else is there. */
enum hm_status hm_apprentice_load(struct hm_apprentice *apprentice, struct hm_archive *archive);

/* What apprentices with the same rows saved, as one that has all their pupils and `more` (nmore) rows after theirs. */
enum hm_status hm_apprentice_merge(struct hm_archive *saved, size_t count, const void *more, size_t nmore,
                                   struct hm_archive *archive);
/* Moves the cursor past a saved apprentice. */
enum hm_status hm_apprentice_skip(struct hm_archive *saved);
/* How many members first, first + stride, ... of a saved apprentice have still to study. The cursor stays. */
enum hm_status hm_apprentice_owed(const struct hm_archive *saved, size_t first, size_t stride, size_t *owed);

#endif
