/* To the bottom of a sum of squares: Levenberg-Marquardt with geodesic acceleration.
 *
 *   (J^T J + lambda D) d = -J^T r              D the diagonal of J^T J
 *   (J^T J + lambda D) a = -J^T r''            r'' = (r(w + e d) - 2 r(w) + r(w - e d)) / e^2
 *   w := w + d + a / 2                         if |a| <= 3/8 |d| in the norm of D, and the sum of squares is less
 *
 * lambda falls to a fifth after a step and doubles until one is found. The valleys of a network's loss are long, narrow
 * and bent: the first line follows them where L-BFGS crawls, the second goes around the bends, which makes steps
 * several times longer. Costs a symmetric product (nresidual, nweight, nweight) per step: for some thousand weights.
 *
 * Shapes: weights, gradients (nweight), residuals (nresidual), normal matrix (nweight, nweight), its lower triangle.
 * Units: dimensionless. Errors: HM_OUT_OF_MEMORY, HM_STOPPED (the weights are then those before the step).
 * Owns: nothing. MPI: local.
 * Source: M. K. Transtrum and J. P. Sethna, arXiv 1201.5885 (2012); D. W. Marquardt, SIAM J. Appl. Math. 11, 431
 * (1963).
 */
#ifndef HM_PREDICTORS_LEVENBERG_H
#define HM_PREDICTORS_LEVENBERG_H

#include "io/status.h"

#include <stddef.h>

struct hm_squares {
    size_t nweight, nresidual;
    double *weights;
    /* At `weights`: r; J^T J, which may be interrupted; J^T v for any v (nresidual), replacing what is there. */
    void (*residuals)(void *self, double *residual);
    enum hm_status (*normal)(void *self, double *matrix);
    void (*pull)(void *self, const double *v, double *gradient);
    void *self;
};

/* At most so many steps: fewer when they no longer lead anywhere. */
enum hm_status hm_levenberg_run(const struct hm_squares *squares, int steps);

#endif
