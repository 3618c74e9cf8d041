/* The committee: the driver's predictors, one or several members of the same method that differ by their seeds.
 *
 *   prediction  the mean of the members' kicks
 *   committee   rms over components of the members' sample standard deviation, over the rms exact kick; NaN for one
 *   base_difference  rms of kick - (kick of the base, or of the simpler companion), over the rms exact kick
 *   extremeness      the largest standardised distance of a coordinate from the training data (members share it)
 *
 * Members differ only where the method draws random numbers; a method without a seed is a committee of one.
 *
 * Shapes: kick (natom, 3).
 * Units: atomic units; signals are dimensionless.
 * Errors: HM_BAD_CONFIG, HM_OUT_OF_MEMORY, HM_BAD_INPUT (parameters of another size).
 * Owns: its members and scratch. MPI: local.
 * Source: query by committee, Seung, Opper and Sompolinsky, COLT (1992); for interatomic potentials Schran, Brezina and
 * Marsalek, J. Chem. Phys. 153, 104105 (2020).
 */
#ifndef HM_PREDICTORS_COMMITTEE_H
#define HM_PREDICTORS_COMMITTEE_H

#include "predictors/predictor.h"

/* rms over components of the difference of two kicks: the measure of errors and signals. */
double hm_kick_difference(const double *a, const double *b, size_t count);

/* What is known about a prediction beside itself, for policies; NaN where there is no such signal. */
struct hm_signals {
    double committee, base_difference, extremeness;
    bool outside; // what a member knows
};

struct hm_committee {
    size_t count;
    struct hm_predictor *member;  // (count)
    bool *taught;                 // (count) has adopted parameters
    double *scratch;              // behind the arrays below
    double *motion, *base;        // (count, nchannel)
    struct hm_prediction *said;   // (count) of the members, into the two above
    double *kick, *mean, *spread; // (natom, 3)
};

/* How many members the configuration asks for, checked against the method. */
enum hm_status hm_committee_size(const struct hm_config *config, size_t *count);
/* One member, as the driver and the ranks that train it create it alike. */
enum hm_status hm_committee_member_create(const struct hm_config *config,
                                          const struct hm_representation *representation, size_t member,
                                          struct hm_predictor *predictor);
enum hm_status hm_committee_create(const struct hm_config *config, const struct hm_representation *representation,
                                   struct hm_committee *committee);
void hm_committee_destroy(struct hm_committee *committee);

static inline bool hm_committee_learns(const struct hm_committee *committee)
{
    return hm_predictor_learns(&committee->member[0]);
}
/* Every member can speak: it has parameters, or needs none. */
bool hm_committee_ready(const struct hm_committee *committee);

size_t hm_committee_history(const struct hm_committee *committee);
size_t hm_committee_reseed_steps(const struct hm_committee *committee);
/* The consecutive exact steps of an injection: reseed_steps, or a whole new history after velocities were rescaled. */
size_t hm_committee_burst(const struct hm_committee *committee, bool rescaled);
/* Settles `history: auto`; nothing for a method that has settled it itself. */
void hm_committee_look_back(struct hm_committee *committee, size_t steps);

enum hm_status hm_committee_adopt(struct hm_committee *committee, size_t member, const void *parameters, size_t bytes);
/* Steps that its member takes at once; 1 of one that predicts kicks. */
int64_t hm_committee_stride(const struct hm_committee *committee);
void hm_committee_prime(struct hm_committee *committee, const struct hm_window *window);
/* The kick for the open window; `kick_rms` is the scale of the signals. */
void hm_committee_kick(struct hm_committee *committee, const struct hm_window *window, double kick_rms, double *kick,
                       struct hm_signals *signals);

void hm_committee_save(const struct hm_committee *committee, struct hm_archive *archive);
enum hm_status hm_committee_load(struct hm_committee *committee, struct hm_archive *archive);

#endif
