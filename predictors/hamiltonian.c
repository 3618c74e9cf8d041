/* A cheaper Hamiltonian as the predictor: the force is there at every step, and only the difference to the exact one is
 * injected. With `injection: {form: impulse}` this is r-RESPA.
 *
 *   kick = dt F_cheap / m
 *
 * Source: Tuckerman, Berne and Martyna, J. Chem. Phys. 97, 1990 (1992).
 */
#include "predictors/predictor.h"

#include <stdlib.h>

struct hamiltonian {
    struct hm_cheap_force cheap;
    size_t natom;
    double timestep;
    const double *inverse_mass; // (natom) the representation's
};

static enum hm_status create(const struct hm_predictor_setup *setup, void **self)
{
    if (!setup->representation->cheap.evaluate)
        return hm_config_fault(setup->config, "predictor.type",
                               "hamiltonian needs the cheaper one: 'predictor: {hamiltonian: {type: ...}}'");
    struct hamiltonian *h = malloc(sizeof *h);
    if (!h) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the predictor");
    *h = (struct hamiltonian){
        .cheap = setup->representation->cheap,
        .natom = setup->representation->natom,
        .timestep = hm_config_real(setup->config, "integrator.timestep"),
        .inverse_mass = setup->representation->inverse_mass,
    };
    *self = h;
    return HM_OK;
}

static void destroy(void **self)
{
    free(*self);
    *self = NULL;
}

static void predict(void *self, const struct hm_window *window, struct hm_prediction *prediction)
{
    const struct hamiltonian *h = self;
    h->cheap.evaluate(h->cheap.self, window->frame->x, prediction->motion);
    for (size_t k = 0; k < 3 * h->natom; k++) prediction->motion[k] *= h->timestep * h->inverse_mass[k / 3];
}

const struct hm_predictor_ops hm_predictor_hamiltonian = {
    .method = {"hamiltonian", "the force of a cheaper Hamiltonian (predictor.hamiltonian)"},
    .sees = HM_SEES_ATOMS,
    .create = create,
    .destroy = destroy,
    .predict = predict,
};
