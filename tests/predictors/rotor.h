/* A rotating, vibrating HCl under an exact leapfrog, and the window and samples that predictors see of it.
 *
 * The forces are written out here, so that predictors are tested without the room that computes them.
 *
 * Units: atomic units. Owns: everything in the struct; rotor_create asserts, rotor_destroy releases.
 */
#ifndef HM_TESTS_PREDICTORS_ROTOR_H
#define HM_TESTS_PREDICTORS_ROTOR_H

#include "predictors/predictor.h"

enum rotor_law { ROTOR_SPRING, ROTOR_MORSE, ROTOR_REST /* no force, not moving at all */ };

struct rotor {
    struct hm_config *config;
    struct hm_frame frame; // x_n, v_{n-1/2}
    struct hm_representation *representation;
    struct hm_window *window;
    enum rotor_law law;
    double timestep;
    int64_t step;
    double kick[6];  // exact, of the open step
    double *samples; // (nsample, hm_sample_size)
    size_t nsample, sample_capacity;
};

/* `sections` is YAML besides system, hamiltonian and integrator; `length` is the window's, 0 = 1. */
void rotor_create(struct rotor *rotor, const char *sections, enum rotor_law law, size_t length);
void rotor_destroy(struct rotor *rotor);

/* c_n and the exact kick; then a kick of any kind and the drift. `exact` is what the window is told. */
void rotor_open(struct rotor *rotor);
void rotor_close(struct rotor *rotor, const double *kick, bool exact);
/* Exact steps; complete windows become samples. */
void rotor_record(struct rotor *rotor, size_t steps);

/* The samples first .. first+count-1. */
struct hm_batch rotor_batch(const struct rotor *rotor, size_t first, size_t count);
size_t rotor_sample_size(const struct rotor *rotor);

/* A predictor of the rotor's configuration, and the length of window that it needs. */
void rotor_predictor(const struct rotor *rotor, struct hm_predictor *predictor);
size_t rotor_length(const char *sections);

/* rms over the next `steps` exact steps of |predicted - exact kick|, relative to the rms kick. */
double rotor_error(struct rotor *rotor, struct hm_predictor *predictor, size_t steps);

#endif
