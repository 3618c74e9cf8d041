/* How far down a smooth loss one can get: Adam over batches, then L-BFGS over all examples to the end.
 *
 * Shapes: weights (nweight), order (nexample). Units: dimensionless.
 * Errors: HM_OUT_OF_MEMORY, HM_STOPPED (interrupted: the weights are then between two states).
 * Owns: nothing. MPI: local.
 * Source: J. Nocedal, Math. Comp. 35, 773 (1980), by liblbfgs (N. Okazaki); Adam: adam.h.
 */
#ifndef HM_PREDICTORS_DESCENT_H
#define HM_PREDICTORS_DESCENT_H

#include "io/interrupt.h"

#include <stddef.h>
#include <stdint.h>

enum { HM_POLISH_AUTO = -1 };

struct hm_effort {
    int epochs;    // of Adam
    size_t batch;  // examples of a step of it
    double rate;   // its first step; falls along half a cosine
    int polish;    // iterations of L-BFGS, or HM_POLISH_AUTO: as many as who refines thinks fit (action_rows.h)
    int refine;    // of Levenberg-Marquardt, after it
    uint64_t seed; // order of batches
    struct hm_interrupt interrupt;
};

struct hm_descent {
    size_t nweight, nexample;
    double *weights;
    size_t *order; // of the examples; shuffled
    /* The mean loss of these examples at `weights`; its gradient replaces what is there, unless NULL. */
    double (*loss)(void *self, const size_t *examples, size_t count, double *gradient);
    void *self;
};

enum hm_status hm_descent_run(const struct hm_descent *descent, const struct hm_effort *effort);

#endif
