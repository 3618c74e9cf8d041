/* The fit of an action, whose last part takes residuals one by one: what a network says of the images of a pair of
 * points is linear in the displacement, so that a pair is a small matrix.
 *
 *   r = V (sum over images F_g y_g - wanted),  y_g = what the network gives for x_g     u_g = V F_g
 *
 * V are the directions that the F_g can reach, an orthonormal basis: without those of the whole molecule's motion and
 * rotation, and out of plane of a molecule that stays in it, there are fewer than half of 6 natom. What they do not
 * reach is the same for all weights and left out.
 *
 * Shapes: dim = 6 natom; per pair x (images, ninput), F (images, width, dim), wanted (dim); rows are of `each`
 * directions of each pair. Units: dimensionless. Errors: HM_OUT_OF_MEMORY, HM_STOPPED. Owns: its arrays. MPI: local.
 */
#ifndef HM_PREDICTORS_ACTION_ROWS_H
#define HM_PREDICTORS_ACTION_ROWS_H

#include "predictors/descent.h"

#include <stddef.h>

/* A network from ninput numbers to width, of rows of x. Where a forward pass is asked for, it left its traces before.
 */
struct hm_action_learner {
    size_t ninput, width, nweight, nwork; // doubles of traces per row
    size_t nroom;                         // doubles of scratch per row of teach_each
    double *weights;
    void (*forward)(const void *self, size_t count, const double *x, double *y, double *work);
    /* gradient += d/dweights sum over rows of u . y */
    void (*teach)(const void *self, size_t count, const double *x, const double *u, double *work, double *gradient);
    /* rows (count, each, nweight) += of u (count, each, width), one by one */
    void (*teach_each)(const void *self, size_t count, size_t each, const double *x, const double *u,
                       const double *work, double *room, double *rows);
    const void *self;
};

/* The `available` pairs, of which every so many are taken: number `number` of `count`, with f and wanted scaled so that
 * the squares over all of those are the loss. */
struct hm_action_rows_source {
    size_t available, images, dim;
    void (*describe)(void *self, size_t number, size_t count, double *x, double *f, double *wanted);
    void *self;
};

/* Adam and L-BFGS on all pairs, then Levenberg-Marquardt (levenberg.h) on as many as determine the weights several
 * times over and memory allows; not if those are too few, or the weights too many: L-BFGS then has more to do
 * (effort->polish HM_POLISH_AUTO). */
enum hm_status hm_action_rows_fit(const struct hm_action_learner *learner, const struct hm_action_rows_source *source,
                                  const struct hm_descent *descent, const struct hm_effort *effort);

#endif
