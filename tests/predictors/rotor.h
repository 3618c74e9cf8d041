/* A rotating, vibrating HCl under an exact leapfrog, and the window and rows that predictors see of it.
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
    double kick[6]; // exact, of the open step
    double *rows;   // (nrow, hm_row_size), labels
    double *batch;  // the same size: what rotor_batch hands out
    size_t nrow, row_capacity;
    size_t nlabel; // rows with a whole window behind them; label k is row k + window->length
};

/* `sections` is YAML besides system, hamiltonian and integrator; `length` is the window's, 0 = 1. */
void rotor_create(struct rotor *rotor, const char *sections, enum rotor_law law, size_t length);
void rotor_destroy(struct rotor *rotor);

/* c_n and the exact kick; then a kick of any kind and the drift. `exact` is what the window is told. */
void rotor_open(struct rotor *rotor);
void rotor_close(struct rotor *rotor, const double *kick, bool exact);
/* Exact steps; each becomes a row. */
void rotor_record(struct rotor *rotor, size_t steps);

/* Labels first .. first+count-1, and before them a window of context; valid until the next call. */
struct hm_batch rotor_batch(const struct rotor *rotor, size_t first, size_t count);
/* Row of a label, and its motion. */
double *rotor_row(const struct rotor *rotor, size_t label);
double *rotor_target(const struct rotor *rotor, size_t label);

/* A predictor of the rotor's configuration, and the length of window that it needs. */
void rotor_predictor(const struct rotor *rotor, struct hm_predictor *predictor);
void rotor_member(const struct rotor *rotor, uint64_t seed, size_t member, struct hm_predictor *predictor);
size_t rotor_length(const char *sections);

/* An episode over rotor_batch(first, count); an empty report from a predictor that does not learn. */
struct hm_training_report rotor_train(const struct rotor *rotor, struct hm_predictor *predictor, size_t first,
                                      size_t count);

/* What a predictor says of the open step; unused elements are zero. */
struct rotor_guess {
    double motion[6], base[6], kick[6], extremeness;
    bool has_base;
};

void rotor_prime(const struct rotor *rotor, struct hm_predictor *predictor);
struct rotor_guess rotor_predict(const struct rotor *rotor, struct hm_predictor *predictor);
bool rotor_same_guess(const struct rotor_guess *a, const struct rotor_guess *b);

/* rms over the next `steps` exact steps of |predicted - exact kick|, relative to the rms kick; primed at the first.
 * Of one that takes strides: of one from here, of the velocities. */
double rotor_error(struct rotor *rotor, struct hm_predictor *predictor, size_t steps);

#endif
