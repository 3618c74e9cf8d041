/* How fast a learned action is on this core, and how fast it could be: what `hamlet bench action` prints.
 *
 *   stride     from a point and on from where that leads, again and again from the start
 *   flow       what the field of the base does in it: the first guess of a pure stride, both halves around a composed
 *              one; 0 without
 *   gradient   (dS/dq, dS/dp) at the point, all images (or windows) of it: one per iteration
 *   network    what the network does in it, whose operations are the products there and back, 2 for a multiply-add;
 *              tanh counts nothing
 *   limit      DGEMM of 512 x 512 x 512: the multiply-adds this core does when nothing else holds it up
 *
 * Units: seconds of the thread's processor time, operations. Errors: HM_OUT_OF_MEMORY. Owns: nothing. MPI: local.
 */
#ifndef HM_PREDICTORS_ACTION_SPEED_H
#define HM_PREDICTORS_ACTION_SPEED_H

#include "predictors/predictor.h"

struct hm_action_speed {
    double stride, flow, gradient, network;
    double iterations; // of a stride
    double failures;   // strides without a solution, or outside, of all
    double operations; // of the network, all images
    double limit;      // operations per second
    size_t images;
};

/* Of a predictor of type `action`, not direct, that has learned; x, v (natom, 3). */
enum hm_status hm_action_measure(struct hm_predictor *predictor, const double *x, const double *v,
                                 struct hm_action_speed *speed);
/* Those the network is computed with. */
const char *hm_action_instructions(void);

#endif
