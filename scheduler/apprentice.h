/* The learning copy of one committee member: collects labelled windows, studies them in episodes, and keeps the version
 * of its accepted parameters. It sits inline in the driver or alone on a predictor rank; either way the same code on
 * the same samples gives the same bits.
 *
 * Shapes: samples as predictors/window.h lays them out.
 * Errors: HM_OUT_OF_MEMORY, HM_BAD_INPUT (load).
 * Owns: its predictor and the samples since the last episode.
 * MPI: local.
 */
#ifndef HM_SCHEDULER_APPRENTICE_H
#define HM_SCHEDULER_APPRENTICE_H

#include "predictors/predictor.h"

#include "io/records.h"

struct hm_apprentice {
    struct hm_predictor predictor;
    size_t length, nchannel;
    double *samples; // (count, hm_sample_size)
    size_t count, capacity;
    int32_t version; // of the latest accepted parameters; 0 = none
};

enum hm_status hm_apprentice_create(const struct hm_config *config, const struct hm_representation *representation,
                                    struct hm_apprentice *apprentice);
void hm_apprentice_destroy(struct hm_apprentice *apprentice);

enum hm_status hm_apprentice_learn(struct hm_apprentice *apprentice, const double *samples, size_t count);
/* One episode over what was learned since the last; the record says whether the parameters are new. */
enum hm_status hm_apprentice_study(struct hm_apprentice *apprentice, int64_t step, struct hm_training_record *record);

void hm_apprentice_save(const struct hm_apprentice *apprentice, struct hm_archive *archive);
enum hm_status hm_apprentice_load(struct hm_apprentice *apprentice, struct hm_archive *archive);

#endif
