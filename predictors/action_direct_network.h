/* The network of the direct counterpart: displacements' coefficients of many numbers.
 *
 *   a1 = tanh(W1 x + b1),  a2 = tanh(W2 a1 + b2),  y = W3 a2 + b3
 *
 * Shapes: x (count, ninput), y and u (count, noutput); weights and gradient (hm_direct_network_size) in the order
 *   W1 (nhidden, ninput) | b1 | W2 (nhidden, nhidden) | b2 | W3 (noutput, nhidden) | b3;
 *   work (count * hm_direct_network_work), room (count * each * hm_direct_network_room).
 * Units: dimensionless. Errors: none. Owns: nothing. MPI: local.
 */
#ifndef HM_PREDICTORS_ACTION_DIRECT_NETWORK_H
#define HM_PREDICTORS_ACTION_DIRECT_NETWORK_H

#include <stddef.h>
#include <stdint.h>

struct hm_direct_network {
    size_t ninput, nhidden, noutput;
};

size_t hm_direct_network_size(struct hm_direct_network network);
size_t hm_direct_network_work(struct hm_direct_network network);
size_t hm_direct_network_room(struct hm_direct_network network);

/* Weights of a size that leaves tanh in its linear part, and small outputs. */
void hm_direct_network_draw(struct hm_direct_network network, uint64_t seed, double *weights);

/* y of every row of x; leaves in `work` what teaching needs. */
void hm_direct_network_infer(struct hm_direct_network network, const double *weights, size_t count, const double *x,
                             double *y, double *work);
/* gradient += d/dweights sum over rows of u . y, after hm_direct_network_infer of the same rows. */
void hm_direct_network_teach(struct hm_direct_network network, const double *weights, size_t count, const double *x,
                             const double *u, double *work, double *gradient);
/* The same one by one, for `each` directions u (count, each, noutput) of every row: rows (count, each, size) +=
 * gradients. */
void hm_direct_network_teach_each(struct hm_direct_network network, const double *weights, size_t count, size_t each,
                                  const double *x, const double *u, const double *work, double *room, double *rows);

#endif
