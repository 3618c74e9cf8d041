/* Adam: gradient descent with a step of its own for every parameter.
 *
 *   g' = g min(1, clip / |g|)
 *   m := b1 m + (1 - b1) g',  v := b2 v + (1 - b2) g'^2
 *   w := w - rate (m / (1 - b1^k)) / (sqrt(v / (1 - b2^k)) + epsilon)      at the k-th step
 *
 * Parameters and moments are double, whatever the precision the network computes in: late in a training the steps are
 * smaller than what float resolves.
 *
 * Shapes: parameters, gradient, m, v (count). Units: dimensionless.
 * Errors: none. Owns: nothing; m and v are the caller's and start at zero. MPI: local.
 * Source: Kingma and Ba, arXiv 1412.6980, algorithm 1; clipping by the global norm: Pascanu, Mikolov, Bengio, arXiv
 * 1211.5063.
 */
#ifndef HM_PREDICTORS_ADAM_H
#define HM_PREDICTORS_ADAM_H

#include <stddef.h>

struct hm_adam {
    size_t count;
    double beta1, beta2, epsilon;
    double clip; // largest |g|; INFINITY = any
    double *m, *v;
    size_t steps; // k
};

/* The usual constants. Forgets nothing: zero m, v and steps for a fresh start. */
void hm_adam_default(struct hm_adam *adam);
void hm_adam_step(struct hm_adam *adam, double rate, const double *gradient, double *parameters);

#endif
