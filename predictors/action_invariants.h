/* What the learned action sees of a point of phase space: numbers that neither a rotation, nor a translation, nor time
 * reversal changes.
 *
 *   r_a = q_j - q_i,  w_a = p_j / m_j - p_i / m_i      along the bonds a = (i, j) of a spanning tree
 *   r_a . r_b,   w_a . w_b,   (r_a . w_b) (r_c . w_d)
 *
 * Up to four atoms all of them, beyond only of bonds that share an atom: their number then grows as the molecule does.
 * All are even in p. A function of them conserves P and L wherever it generates motion.
 *
 * Images of the point under a permutation of equal atoms (same species, mass and bonds) have invariants of their own;
 * a mean over the images is a function that no exchange changes.
 *
 * An unbranched chain or ring of more than six atoms has windows in their place: every path of five bonded atoms, in
 * both directions, with all r_a . r_b and w_a . w_b of its bonds, hence its torsion and distances up to 1-5, and of
 * every site the mass and how many bonds it has. The mean over the windows of one function is a sum of like parts, as
 * an action is whose time is too short for sound to get far; each pair of points teaches it as many times as there are
 * windows. What acts between atoms farther apart is for the field around a composed stride to bring.
 *
 * Shapes: q, p, and directions and gradients beside them (natom, 3); values (count).
 * Units: bohr, atomic units of velocity. Errors: HM_OUT_OF_MEMORY.
 * Owns: its lists and scratch; not shared between threads. MPI: local.
 */
#ifndef HM_PREDICTORS_ACTION_INVARIANTS_H
#define HM_PREDICTORS_ACTION_INVARIANTS_H

#include "io/frame.h"

struct hm_invariants;

/* HM_INVARIANTS_WHOLE: never in windows, for what asks about atoms and bonds altogether. */
enum hm_invariants_reach { HM_INVARIANTS_WINDOWS, HM_INVARIANTS_WHOLE };

enum hm_status hm_invariants_create(const struct hm_frame *frame, enum hm_invariants_reach reach,
                                    struct hm_invariants **invariants);
void hm_invariants_destroy(struct hm_invariants **invariants);

size_t hm_invariants_count(const struct hm_invariants *invariants);
size_t hm_invariants_images(const struct hm_invariants *invariants);

/* Whether the images are windows. */
bool hm_invariants_in_windows(const struct hm_invariants *invariants);

/* Looks at image `image` of (q, p): what follows is of this point. */
void hm_invariants_look(struct hm_invariants *invariants, size_t image, const double *q, const double *p);
void hm_invariants_values(const struct hm_invariants *invariants, double *value);
/* How the values change along (dq, dp): rate = (d value / d(q, p)) (dq, dp). */
void hm_invariants_along(struct hm_invariants *invariants, const double *dq, const double *dp, double *rate);
/* gradient_q, gradient_p += sum_k weight_k d value_k / d(q, p) */
void hm_invariants_gradient(struct hm_invariants *invariants, const double *weight, double *gradient_q,
                            double *gradient_p);

/* For a network that gives displacements (action_direct.h): what is odd in p, r_a . w_b of the same pairs of bonds, and
 * the bonds themselves, r and w (bonds, 3) of the image. */
size_t hm_invariants_odd_count(const struct hm_invariants *invariants);
void hm_invariants_odd(const struct hm_invariants *invariants, double *value);
size_t hm_invariants_bonds(const struct hm_invariants *invariants);
void hm_invariants_vectors(const struct hm_invariants *invariants, const double **r, const double **w);
/* Changes (bonds, 3) of bonds of the image to those of atoms (natom, 3) whose centre of mass stays, added to `atom`;
 * and its transpose: a gradient by the atoms to one by the bonds. */
void hm_invariants_to_atoms(struct hm_invariants *invariants, const double *bond, double *atom);
void hm_invariants_to_bonds(struct hm_invariants *invariants, const double *atom, double *bond);

#endif
