/* The direct counterpart of the learned action: the same features and data, and nothing that makes it symplectic.
 *
 *   bond a of a tree, over a stride h:   dr_a = h w_a + sum_b (c r_b + c h w_b),  dw_a = sum_b (c r_b / h + c w_b)
 *   c by a network (action_direct_network.h) of x = (f - mean) / spread
 *
 * f are the invariants of the point where the stride begins, with those that are odd in p: rotations and exchanges of
 * equal atoms (a mean over the images) are respected, P is conserved, time has a direction. To compare with.
 *
 * Shapes: q, p (natom, 3). Parameters: one arena of doubles,
 *   frequency w | rms | norm | mean, 1 / spread, reach (ninput each) | weights of the network
 * Units: atomic units. Errors: HM_OUT_OF_MEMORY, HM_STOPPED. Owns: its parameters and scratch; not shared between
 * threads. MPI: local.
 */
#ifndef HM_PREDICTORS_ACTION_DIRECT_H
#define HM_PREDICTORS_ACTION_DIRECT_H

#include "predictors/action_direct_network.h"
#include "predictors/action_fit.h"

struct hm_action_direct {
    size_t natom, nbond, ninput;
    struct hm_direct_network network;
    double stride;
    struct hm_invariants *invariants;
    size_t nparameter, nweight;
    double *parameters;
    double *mean, *inverse_spread, *reach; // (ninput)
    double *weights;
    double *mass;         // (natom)
    double *scratch;      // one allocation behind the rest
    double *moved;        // (6 natom) dq, dp / m
    double *pushed;       // (6 natom) the loss by them
    double *bond;         // (2 nbond, 3)
    double *x, *c, *work; // of a block of points: features, coefficients, activations
};

enum hm_status hm_action_direct_create(const struct hm_frame *frame, double stride, size_t nhidden,
                                       struct hm_action_direct *direct);
void hm_action_direct_release(struct hm_action_direct *direct);

/* (q, p) to the end of the stride, in place; true if it began farther out than `margin` times the reach. */
bool hm_action_direct_stride(struct hm_action_direct *direct, double margin, double *q, double *p);

/* Scales and drawn weights; then sqrt(loss), with the norm of the action's; and the fit. */
enum hm_status hm_action_direct_begin(struct hm_action_direct *direct, struct hm_action_pairs pairs, uint64_t seed);
double hm_action_direct_error(struct hm_action_direct *direct, struct hm_action_pairs pairs);
enum hm_status hm_action_direct_fit(struct hm_action_direct *direct, struct hm_action_pairs pairs,
                                    const struct hm_effort *effort);

/* The mean loss over these pairs and, unless NULL, its gradient by the weights. */
double hm_action_direct_loss(struct hm_action_direct *direct, struct hm_action_pairs pairs, const size_t *order,
                             size_t count, double *gradient);

#endif
