/* Models of the surrogate: potentials that are linear in their parameters.
 *
 *   E(x) = sum_c w_c Phi_c(x),   F = -dE/dx,   kick = dt F / m
 *
 * One family, one shape, one file per model (surrogate_<name>.c). A model knows geometry and nothing of learning: which
 * functions there are, their gradients, and how far a geometry is from those it was shown. The functions are ordered by
 * level (the degree of a polynomial, the richness of a basis): those of level l are the first count(l), so that one
 * triangular factor of a least-squares problem holds the fits of all levels.
 *
 *   prepare   once, from the first geometries: scales and ranges, put into `scales`
 *   widen     further geometries that the weights are fitted to stretch the trained range; held-out ones must not
 *   use       the weights of a level become those `gradient` evaluates
 *
 * `scales` is an array of scale_count doubles that belongs to the caller and travels with the weights: a copy of the
 * model that has only seen these two behaves as the one that was prepared.
 *
 * Phi_c is invariant under translation and rotation of the whole, so that P and L are conserved; with it under the
 * exchange of equal atoms. Outside the trained range a model goes on without blowing up.
 *
 * Shapes: x, gradient (natom, 3); gradients (count, natom, 3); weights (count).
 * Units: atomic units; Phi_c dimensionless or of order one, so that the weights are energies.
 * Errors: create HM_BAD_CONFIG, HM_OUT_OF_MEMORY. The rest cannot fail: a geometry that is not finite gives a gradient
 *   that is not finite.
 * Owns: the handle owns its scratch; `gradient` allocates only where a neighbour list grows.
 * MPI: local.
 */
#ifndef HM_PREDICTORS_SURROGATE_MODEL_H
#define HM_PREDICTORS_SURROGATE_MODEL_H

#include "io/config.h"
#include "io/frame.h"

struct hm_surrogate_model_ops {
    const char *name;

    /* `frame` is the system as it starts: species, masses, cell, and the geometry that bonds are read from. */
    enum hm_status (*create)(const struct hm_config *config, const struct hm_frame *frame, void **self);
    void (*destroy)(void **self);

    size_t (*levels)(const void *self);              // at least 1
    size_t (*count)(const void *self, size_t level); // functions up to level 0 ... levels - 1, growing
    size_t (*scale_count)(const void *self);         // doubles
    void (*describe)(const void *self, size_t level, char *text, size_t size); // "degree 4, 34 terms"

    void (*prepare)(void *self, const double *const *x, size_t nx, double *scales);
    void (*widen)(void *self, const double *x, double *scales);

    /* Optional: how far out of the trained range a fit with this held-out error is to be believed, put into `scales`.
     */
    void (*trust)(void *self, double *scales, size_t level, double error);

    /* dPhi_c/dx of the functions of a level. */
    void (*gradients)(void *self, const double *scales, const double *x, size_t level, double *gradients);

    /* The weights are borrowed until the next `use`. */
    void (*use)(void *self, const double *scales, const double *weights, size_t level);
    /* dE/dx with them; returns how far x is outside the trained range: 0 at its middle, 1 at its edge. */
    double (*gradient)(void *self, const double *x, double *gradient);
    /* Optional: whether x of the latest `gradient` is beyond what the fit is to be believed. */
    bool (*outside)(const void *self);
    /* E with them, up to a constant; for tests and for what wants an energy. */
    double (*energy)(void *self, const double *x);
};

/* Polynomials in internal coordinates or inverse distances, for molecules. */
extern const struct hm_surrogate_model_ops hm_surrogate_polynomial;
/* Functions of distances within a cutoff per pair of species, and of angles: for many atoms. */
extern const struct hm_surrogate_model_ops hm_surrogate_neighbourhood;

/* The model that predictor.basis asks for; auto: polynomial for a single molecule of at most 12 atoms. */
enum hm_status hm_surrogate_model_find(const struct hm_config *config, const struct hm_frame *frame,
                                       const struct hm_surrogate_model_ops **ops);

#endif
