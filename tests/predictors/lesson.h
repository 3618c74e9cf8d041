/* What one LSTM learns from in its tests: a rotating HCl in any representation, normalised here.
 *
 * Shapes: inputs (steps, nin); target, rate (steps), of each channel.
 * Owns: everything in the struct; lesson_create asserts, lesson_destroy releases.
 */
#ifndef HM_TESTS_PREDICTORS_LESSON_H
#define HM_TESTS_PREDICTORS_LESSON_H

#include "predictors/lstm_study.h"
#include "tests/predictors/rotor.h"

enum { LESSON_PRIME = 12, LESSON_CHANNELS = 3 };

struct lesson {
    struct rotor rotor;
    struct hm_lstm_sequence sequence[LESSON_CHANNELS];
    double *inputs[LESSON_CHANNELS], *target[LESSON_CHANNELS], *rate[LESSON_CHANNELS];
    unsigned char *label; // every step is one; of all channels
    struct hm_lstm_problem problem;
    size_t nweight;
    double *weights;
};

enum lesson_kind {
    LESSON_PAIR, // velocity and coordinate
    LESSON_PAIR_VELOCITY,
    LESSON_PAIR_COORDINATE,
    LESSON_CARTESIAN_VELOCITY,
    LESSON_CARTESIAN, // velocity and coordinate
    LESSON_KINDS
};

/* The pair, or the hydrogen's three components; weights as drawn, restoring 0.05. */
void lesson_create(struct lesson *lesson, enum lesson_kind kind, size_t layers, size_t hidden, size_t steps);
void lesson_destroy(struct lesson *lesson);

/* Zeros; asserts. */
double *lesson_doubles(size_t count);

#endif
