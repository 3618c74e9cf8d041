#include "scheduler/scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Predictors have no way to fail: a force that could not be computed is not finite, and the driver then injects. */
static void evaluate(void *self, const double *x, double *force)
{
    struct hm_scene *scene = self;
    struct hm_label label = {.force = force};
    const size_t n = 3 * scene->at.natom;
    memcpy(scene->at.x, x, n * sizeof *x);
    const enum hm_status status = hm_hamiltonian_evaluate(&scene->cheaper, &scene->at, &label);
    if (status == HM_OK && label.status == HM_LABEL_CONVERGED) return;
    hm_status_clear();
    for (size_t k = 0; k < n; k++) force[k] = NAN;
}

static enum hm_status create_cheaper(const struct hm_config *config, const struct hm_frame *frame,
                                     struct hm_scene *scene)
{
    HM_TRY(hm_config_view(config, "predictor.", &scene->view));
    HM_TRY(hm_hamiltonian_create(scene->view, frame, NULL, &scene->cheaper));
    HM_TRY(hm_frame_copy(frame, &scene->at));
    scene->representation->cheap = (struct hm_cheap_force){evaluate, scene};
    return HM_OK;
}

enum hm_status hm_scene_create(const struct hm_config *config, const struct hm_frame *frame, struct hm_scene *scene)
{
    *scene = (struct hm_scene){0};
    enum hm_status status = hm_representation_create(config, frame, &scene->representation);
    if (status == HM_OK && hm_config_has(config, "predictor.hamiltonian"))
        status = create_cheaper(config, frame, scene);
    if (status != HM_OK) hm_scene_release(scene);
    return status;
}

void hm_scene_release(struct hm_scene *scene)
{
    hm_hamiltonian_destroy(&scene->cheaper);
    hm_config_destroy(&scene->view);
    hm_frame_release(&scene->at);
    hm_representation_destroy(&scene->representation);
}
