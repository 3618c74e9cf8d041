/* The network of the learned action: a scalar of many numbers, whose slope is what moves the atoms.
 *
 *   a1 = tanh(W1 x + b1),  a2 = tanh(W2 a1 + b2),  N = w3 . a2
 *
 * What is fitted is the slope dN/dx, so that training asks for the gradient by the weights of a directional derivative
 * D_u N = u . dN/dx: forward over reverse. In double: strides are repeated 1e5 times.
 *
 * Shapes: x, u, slope (ninput) or rows of them (count, ninput); weights and gradient (hm_action_network_size) in the
 *   order W1 (nhidden, ninput) | b1 | W2 (nhidden, nhidden) | b2 | w3; work (count * hm_action_network_work).
 * Training has many rows, which the library multiplies; a stride has a few at a time, for which kernels of its own
 * (action_kernels.h) are faster and give the same bits on every machine.
 *
 * Units: dimensionless. Errors: none. Owns: nothing. MPI: local.
 * Source: forward over reverse: B. A. Pearlmutter, Neural Computation 6, 147 (1994).
 */
#ifndef HM_PREDICTORS_ACTION_NETWORK_H
#define HM_PREDICTORS_ACTION_NETWORK_H

#include <stddef.h>
#include <stdint.h>

struct hm_action_network {
    size_t ninput, nhidden;
};

size_t hm_action_network_size(struct hm_action_network network);
/* Doubles of scratch for each row. */
size_t hm_action_network_work(struct hm_action_network network);
size_t hm_action_network_room(struct hm_action_network network);

/* Weights drawn from a seed and the member of a committee, of a size that leaves tanh in its linear part. */
void hm_action_network_draw(struct hm_action_network network, uint64_t seed, size_t member, double *weights);

/* dN/dx of every row; leaves in `work` what hm_action_network_teach needs. */
void hm_action_network_slope(struct hm_action_network network, const double *weights, size_t count, const double *x,
                             double *slope, double *work);
/* The same of few rows, with W1 and W2 packed for it: in rows, and in columns. Where packed begins at a multiple of 64
 * bytes, so do they if nhidden is a multiple of 8: vectors then lie in one line of the cache. */
void hm_action_network_slope_few(struct hm_action_network network, const double *weights, const double *packed,
                                 size_t count, const double *x, double *slope, double *work);
size_t hm_action_network_packed(struct hm_action_network network);
/* Into what began as zeros. Looks first whether these are the weights that are there. */
void hm_action_network_pack(struct hm_action_network network, const double *weights, double *packed);

/* gradient += d/dweights sum over rows of u . dN/dx, after hm_action_network_slope of the same rows. */
void hm_action_network_teach(struct hm_action_network network, const double *weights, size_t count, const double *x,
                             const double *u, double *work, double *gradient);
/* The same one by one, for `each` directions u (count, each, ninput) of every row: rows (count, each, size) +=
 * gradients, with room for count * each * hm_action_network_room numbers. `work` stays as it is. */
void hm_action_network_teach_each(struct hm_action_network network, const double *weights, size_t count, size_t each,
                                  const double *x, const double *u, const double *work, double *room, double *rows);

#endif
