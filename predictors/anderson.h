/* Anderson mixing: fixed-point iteration that learns from its own last steps.
 *
 *   y* = F(y*),  f = F(y) - y
 *   y := y + f - sum_j gamma_j (dy_j + df_j),   gamma = argmin | f - sum_j gamma_j df_j |
 *
 * dy_j, df_j: how y and f changed in the last few iterations. With none behind it is the plain iteration.
 *
 * Shapes: y, f (n). Units: y's components should be comparable, as the least squares weigh them alike.
 * Errors: HM_OUT_OF_MEMORY. Owns: its scratch; a step allocates nothing. MPI: local.
 * Source: D. G. Anderson, J. ACM 12, 547 (1965); H. F. Walker and P. Ni, SIAM J. Numer. Anal. 49, 1715 (2011).
 */
#ifndef HM_PREDICTORS_ANDERSON_H
#define HM_PREDICTORS_ANDERSON_H

#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { HM_ANDERSON_DEPTH = 5 };

struct hm_anderson {
    size_t n;
    size_t count, newest; // differences kept, and the place of the last in the rings
    bool begun;           // y_before and f_before are there
    double *storage;
    double *y_before, *f_before, *left;                    // (n)
    double *dy[HM_ANDERSON_DEPTH], *df[HM_ANDERSON_DEPTH]; // rings of (n)
    double *basis;                                         // (depth, n)
};

enum hm_status hm_anderson_create(size_t n, struct hm_anderson *mixer);
void hm_anderson_release(struct hm_anderson *mixer);

/* Forgets the past: another equation. */
void hm_anderson_restart(struct hm_anderson *mixer);
/* From y with f = F(y) - y to the next y. */
void hm_anderson_step(struct hm_anderson *mixer, const double *f, double *y);

#endif
