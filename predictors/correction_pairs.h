/* Pairs of atoms and what a network sees of them: the geometry under the correction.
 *
 * Every pair within the cutoff (in a molecule, every pair) belongs to a group, by the species of its atoms and, in a
 * molecule, by how many bonds lie between them; pairs of a group share a network. Its inputs are smooth functions of
 * distances alone:
 *
 *   r_ij                                   and for every species t that other atoms have
 *   A = sum_k f(r_ik), B = sum_k f(r_jk)   over atoms k != i, j of t; A + B and (A - B)^2 if i and j are alike
 *   f(r) = exp(-r / range) fade(r),        fade(r) = (1 - (r / cutoff)^2)^2, or 1 without a cutoff
 *
 * An energy E of these inputs pulls along the axes of pairs, so that P and L are conserved whatever E is:
 *
 *   s_q = -sum_p sum_k dE/dinput_pk dinput_pk/dr_q,   kick_i = sum_q +- s_q (x_i - x_j) / (r_q m_i)
 *
 * `impulses` is this map from slopes dE/dinput to impulses s, linear; `carry_back` its transpose.
 *
 * Shapes: x (natom, 3); input (steps, count, most_inputs); slope (count, most_inputs); impulse (count).
 * Units: bohr; the rest is the caller's.
 * Errors: HM_OUT_OF_MEMORY, HM_BAD_CONFIG (a cutoff beyond half the box). Positions that are not finite give numbers
 *   that are not finite.
 * Owns: its arrays; `open` allocates only where a neighbour list grows. A scene borrows its kinds.
 * MPI: local.
 */
#ifndef HM_PREDICTORS_CORRECTION_PAIRS_H
#define HM_PREDICTORS_CORRECTION_PAIRS_H

#include "io/config.h"
#include "io/neighbours.h"

enum hm_pair_input_kind { HM_PAIR_DISTANCE, HM_PAIR_FIRST, HM_PAIR_SECOND, HM_PAIR_SUM, HM_PAIR_DIFFERENCE };

struct hm_pair_input {
    enum hm_pair_input_kind kind;
    size_t species; // of the neighbours
};

struct hm_pair_group {
    size_t species[2];
    size_t bonds; // between the two, at most 3; 0 where that is not known
    size_t ninput;
    struct hm_pair_input *input; // (ninput), the distance first
};

/* What pairs there can be. */
struct hm_pair_kinds {
    const struct hm_frame *box; // cell and periodicity
    double cutoff;              // INFINITY: every pair
    size_t natom, nspecies, ngroup, most_inputs;
    size_t *species;      // (natom)
    unsigned char *bonds; // (natom, natom) between two atoms; NULL without a molecule
    size_t *group_of;     // (nspecies, nspecies, 4)
    struct hm_pair_group *group;
};

/* The pairs of one geometry, sorted by group. */
struct hm_pair_scene {
    const struct hm_pair_kinds *kinds;
    struct hm_neighbours *neighbours; // NULL: every pair
    size_t steps;                     // geometries that are looked at, the newest first
    size_t count, capacity;
    size_t *first;              // (ngroup + 1) where a group begins
    uint32_t (*atom)[2];        // (capacity, 2) in the order of the group's species
    double *distance, *f_slope; // (capacity) of the newest geometry; f_slope = df/dr
    double *fade, *fade_slope;  // (capacity)
    double *direction;          // (capacity, 3)
    double *input;              // (steps, capacity, most_inputs)
    double *sum, *scratch;      // (natom, nspecies)
    double *slope;              // (capacity, most_inputs) for whoever has an energy
    double *impulse;            // (capacity)
};

enum hm_status hm_pair_kinds_create(const struct hm_config *config, const struct hm_frame *box,
                                    struct hm_pair_kinds **kinds);
void hm_pair_kinds_destroy(struct hm_pair_kinds **kinds);

enum hm_status hm_pair_scene_create(const struct hm_pair_kinds *kinds, size_t steps, struct hm_pair_scene *scene);
void hm_pair_scene_release(struct hm_pair_scene *scene);

/* Pairs and inputs of the geometries x[0] (now), x[1] (a step ago), ... */
enum hm_status hm_pair_scene_open(struct hm_pair_scene *scene, const double *const *x);

/* Input k of pair p, `back` steps ago. */
static inline double hm_pair_scene_input(const struct hm_pair_scene *scene, size_t back, size_t p, size_t k)
{
    return scene->input[(back * scene->capacity + p) * scene->kinds->most_inputs + k];
}

void hm_pair_scene_impulses(const struct hm_pair_scene *scene, const double *slope, double *impulse);
/* dL/dslope of dL/dimpulse. */
void hm_pair_scene_carry_back(const struct hm_pair_scene *scene, const double *by_impulse, double *by_slope);

/* kick (natom, 3) += of the impulses. */
void hm_pair_scene_kick(const struct hm_pair_scene *scene, const double *impulse, const double *inverse_mass,
                        double *kick);

#endif
