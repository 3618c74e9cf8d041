/* The learning copies of the committee members that study on one rank: labelled rows are collected once for all of
 * them and studied in episodes. They sit inline in the driver or on a predictor rank; either way the same code on the
 * same rows gives the same bits.
 *
 * Shapes: rows as predictors/window.h lays them out.
 * Errors: HM_OUT_OF_MEMORY; HM_BAD_INPUT (rows that are not finite, load).
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
};

struct hm_apprentice {
    struct hm_pupil *pupil; // (npupil)
    size_t npupil, nchannel;
    double *rows; // (count, hm_row_size)
    size_t count, capacity;
};

/* Members first, first + stride, ... below `committee`. `given` are weights to start from, or NULL. */
enum hm_status hm_apprentice_create(const struct hm_config *config, const struct hm_representation *representation,
                                    size_t first, size_t stride, const struct hm_weights *given,
                                    struct hm_apprentice *apprentice);
void hm_apprentice_destroy(struct hm_apprentice *apprentice);

enum hm_status hm_apprentice_learn(struct hm_apprentice *apprentice, const double *rows, size_t count);
/* One pupil's episode over the rows since the last; `history` settles `history: auto`. */
enum hm_status hm_apprentice_study(struct hm_apprentice *apprentice, size_t pupil, int64_t step, size_t history,
                                   struct hm_training_record *record);
/* When every pupil has studied: the rows are forgotten. */
void hm_apprentice_finish(struct hm_apprentice *apprentice);

void hm_apprentice_save(const struct hm_apprentice *apprentice, struct hm_archive *archive);
enum hm_status hm_apprentice_load(struct hm_apprentice *apprentice, struct hm_archive *archive);

#endif
