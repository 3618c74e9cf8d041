/* The inside of the surrogate, shared by surrogate.c (what it is), surrogate_learn.c (how it is fitted) and
 * surrogate_store.c (what it keeps for that).
 *
 * The fit is one of mass-weighted kicks: every component of every label is a row,
 *
 *   -(dt / sqrt(m_i)) dPhi_c/dx_ik   ~   sqrt(m_i) (kick_ik - base_ik)
 *
 * so that errors count as what they do to the energy, v . dF, where v ~ 1 / sqrt(m).
 *
 * Parameters (doubles):  struct hm_surrogate_header | scales of the model | weights (count of the highest level)
 *
 * A label, as it is kept:  x (natom, 3) | mass-weighted target (natom, 3) | sum of squares of the mass-weighted kick |
 * step
 *
 * MPI: local.
 */
#ifndef HM_PREDICTORS_SURROGATE_INTERNAL_H
#define HM_PREDICTORS_SURROGATE_INTERNAL_H

#include "predictors/least_squares.h"
#include "predictors/predictor.h"
#include "predictors/surrogate_model.h"

struct hm_surrogate_header {
    double fitted; // 1 if the rest means anything
    double level;
    double error; // on what was held out
    double ridge;
};

/* Labels one after another, as they are kept. */
struct hm_surrogate_labels {
    double *values; // (capacity, label_size)
    size_t count, capacity, next;
};

struct hm_surrogate {
    const struct hm_surrogate_model_ops *model;
    void *geometry; // the model's self
    struct hm_cheap_force base;
    bool on_base;
    size_t natom, levels, nweight, nscale;
    double timestep;
    size_t nfrozen;        // atoms that are held
    double *root_mass;     // (natom) sqrt(m); 0 of an atom that is held: it takes no kick and gives no row
    double *step_per_mass; // (natom) dt / m; 0 likewise
    double ridge[4];       // to choose from
    size_t nridge;

    double *parameters, *candidate; // (nparameter)
    size_t nparameter;
    double *gradient; // (natom, 3) scratch
    double *base_force;

    /* Only a copy that learns fills these. */
    bool prepared; // the model has its scales
    size_t label_size;
    uint64_t seen;                       // labels so far
    struct hm_surrogate_labels pending;  // before the first fit
    struct hm_surrogate_labels held_out; // a ring once it is full
    struct hm_least_squares fit;
    double *design;    // (nweight, natom, 3)
    double *block;     // (block_rows, nweight + 1) column-major
    size_t block_rows; // a multiple of 3 natom
};

static inline struct hm_surrogate_header *hm_surrogate_header(double *parameters)
{
    return (struct hm_surrogate_header *)(void *)parameters;
}

static inline double *hm_surrogate_scales(double *parameters)
{
    return parameters + sizeof(struct hm_surrogate_header) / sizeof(double);
}

static inline double *hm_surrogate_weights(const struct hm_surrogate *surrogate, double *parameters)
{
    return hm_surrogate_scales(parameters) + surrogate->nscale;
}

/* The parameters become those the model evaluates. */
void hm_surrogate_use(struct hm_surrogate *surrogate, double *parameters);

enum hm_status hm_surrogate_train(void *self, const struct hm_batch *batch, struct hm_training_report *report);
enum hm_status hm_surrogate_learning_begin(struct hm_surrogate *surrogate);
/* Room for one more; a ring of `most` when that many are there. */
enum hm_status hm_surrogate_next_label(struct hm_surrogate_labels *labels, size_t label_size, size_t most,
                                       double **label);
void hm_surrogate_learning_release(struct hm_surrogate *surrogate);
void hm_surrogate_learning_save(const struct hm_surrogate *surrogate, struct hm_archive *archive);
enum hm_status hm_surrogate_learning_load(struct hm_surrogate *surrogate, struct hm_archive *archive);

#endif
