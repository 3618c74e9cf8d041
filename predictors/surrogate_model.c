#include "predictors/surrogate_model.h"

#include "io/connectivity.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ATOMS_OF_A_MOLECULE = 12 };

static enum hm_status is_molecule(const struct hm_frame *frame, bool *is)
{
    size_t(*bonds)[2], nbond;
    *is = false;
    if (frame->natom < 2 || frame->natom > MOST_ATOMS_OF_A_MOLECULE) return HM_OK;
    HM_TRY(hm_connectivity_find(frame, &bonds, &nbond));
    size_t *molecule = calloc(frame->natom, sizeof *molecule);
    if (molecule) *is = hm_connectivity_molecules(frame->natom, (const size_t(*)[2])bonds, nbond, molecule) == 1;
    free(bonds);
    free(molecule);
    return molecule ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", frame->natom);
}

enum hm_status hm_surrogate_model_find(const struct hm_config *config, const struct hm_frame *frame,
                                       const struct hm_surrogate_model_ops **ops)
{
    bool molecule = true;
    if (hm_config_is(config, "predictor.basis", "auto"))
        HM_TRY(is_molecule(frame, &molecule));
    else
        molecule = !hm_config_is(config, "predictor.basis", "neighbourhood");
    *ops = molecule ? &hm_surrogate_polynomial : &hm_surrogate_neighbourhood;
    return HM_OK;
}
