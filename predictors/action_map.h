/* The map that a learned action generates: K steps at once, symplectic and reversible by construction.
 *
 *   q' = q + dS/dp,  p' = p - dS/dq      S at the midpoint ((q + q')/2, (p + p')/2)
 *   S(q, p) = h T(p) + unit mean over images of N(x),  x = (f - mean) / spread,   T = sum p^2 / 2m
 *
 * f are the invariants of action_invariants.h, N the network. Where another map brings the atoms to the midpoint from
 * both sides (a composed stride), h is 0 here: what is left for S is near the identity.
 *
 * The implicit equation is solved by fixed-point iteration with Anderson mixing of the last five, in canonically scaled
 * displacements sqrt(m w) dq, dp / sqrt(m w). Started near the right root it stays there.
 *
 * Shapes: q, p, gradients (natom, 3). Parameters: one arena of doubles,
 *   unit | frequency w | rms | norm | mean, 1 / spread, reach (ninput each) | weights of the network
 * rms is of the scaled displacements in training, norm the square of what forces did in them (action_fit.h), reach the
 * largest |x| there. Units: atomic units. Errors: HM_OUT_OF_MEMORY; no solution, or a midpoint beyond reach, is an
 * answer. Owns: its parameters and scratch; not shared between threads. MPI: local. Source: the action and its midpoint
 * rule: F. Bigi, J.-W. Spies and M. Ceriotti, arXiv 2508.01068 (2025); E. Hairer, C. Lubich and G. Wanner, Geometric
 * Numerical Integration (2006), VI.5; D. G. Anderson, J. ACM 12, 547 (1965).
 */
#ifndef HM_PREDICTORS_ACTION_MAP_H
#define HM_PREDICTORS_ACTION_MAP_H

#include "predictors/action_invariants.h"
#include "predictors/action_network.h"
#include "predictors/anderson.h"

struct hm_action_map {
    size_t natom, ninput;
    double free_time; // h of the kinetic part
    struct hm_invariants *invariants;
    struct hm_action_network network;
    size_t nparameter;
    double *parameters;                    // (nparameter), behind the pointers below
    double *unit, *frequency, *rms, *norm; // one number each
    double *mean, *inverse_spread, *reach; // (ninput)
    double *weights;
    double *mass;                  // (natom)
    double *scratch;               // one allocation behind the rest
    double *scale, *inverse_scale; // (natom) sqrt(m w), of the solution that is sought
    double *seen, *slope, *work;   // (images, ninput) x, dN/dx, where the gradient was asked for last
    double *packed;                // weights (hm_action_network_pack)
    double *middle, *gradient;     // (6 natom)
    double *displacement;          // (2, 6 natom): y and f
    struct hm_anderson mixer;
};

enum hm_status hm_action_map_create(const struct hm_frame *frame, double free_time, size_t nhidden,
                                    struct hm_action_map *map);
void hm_action_map_release(struct hm_action_map *map);

/* f to x, in place. */
void hm_action_map_standardise(const struct hm_action_map *map, double *value);

/* Without the network: S = h T, and of a composed stride its base alone. */
void hm_action_map_silence(struct hm_action_map *map);

/* (dS/dq, dS/dp) at (q, p). */
void hm_action_gradient(struct hm_action_map *map, const double *q, const double *p, double *dq, double *dp);

/* How a stride went. */
struct hm_action_solution {
    bool converged, outside;
    int iterations;
    double residual; // rms of what the last iteration moved, over the rms displacement in training
};

/* (q, p) to (q1, p1), which hold a first guess; `outside`: the midpoint is farther out than `margin` times the reach.
 */
struct hm_action_solution hm_action_map_solve(struct hm_action_map *map, const double *q, const double *p,
                                              double tolerance, int most_iterations, double margin, double *q1,
                                              double *p1);

#endif
