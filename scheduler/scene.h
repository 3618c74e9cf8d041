/* What the predictors of a run see: the representation of the system and, where the configuration describes one, the
 * cheaper Hamiltonian whose force is lent to them. Wherever predictors are created, driver or predictor rank, a scene
 * is what they are created in.
 *
 * Units: atomic units. Errors: HM_BAD_CONFIG, HM_OUT_OF_MEMORY.
 * Owns: the representation and the Hamiltonian. Does not move: the representation points in. MPI: local.
 */
#ifndef HM_SCHEDULER_SCENE_H
#define HM_SCHEDULER_SCENE_H

#include "hamiltonians/hamiltonian.h"
#include "predictors/representation.h"

struct hm_scene {
    struct hm_representation *representation;
    struct hm_config *view; // in which predictor.hamiltonian is the Hamiltonian
    struct hm_hamiltonian cheaper;
    struct hm_frame at; // where it is asked
};

enum hm_status hm_scene_create(const struct hm_config *config, const struct hm_frame *frame, struct hm_scene *scene);
void hm_scene_release(struct hm_scene *scene);

#endif
