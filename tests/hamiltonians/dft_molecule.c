#include "tests/hamiltonians/dft_molecule.h"

#include <stdio.h>
#include <string.h>

static enum hm_status make_basis(const char *keys, const char *key, const struct hm_frame *frame,
                                 struct hm_basis *basis)
{
    char text[512];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "hamiltonian: {type: dft, %s}\nintegrator: {timestep: 1 fs, steps: 1}\n", keys);
    enum hm_status status = hm_config_parse(text, "dft.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_basis_create(config, key, frame, basis);
    hm_config_destroy(&config);
    return status;
}

enum hm_status dft_molecule_make(const char *keys, size_t natom, const int *number, const double *x,
                                 struct dft_molecule *molecule)
{
    *molecule = (struct dft_molecule){0};
    HM_TRY(hm_frame_create(natom, &molecule->frame));
    memcpy(molecule->frame.number, number, natom * sizeof *number);
    memcpy(molecule->frame.x, x, 3 * natom * sizeof *x);
    const enum hm_status status = make_basis(keys, "hamiltonian.basis", &molecule->frame, &molecule->basis);
    if (status != HM_OK) hm_frame_release(&molecule->frame);
    return status;
}

void dft_molecule_release(struct dft_molecule *molecule)
{
    hm_basis_destroy(&molecule->basis);
    hm_frame_release(&molecule->frame);
}

enum hm_status dft_auxiliary_make(const char *keys, const struct hm_frame *frame, struct hm_basis *basis)
{
    return make_basis(keys, "hamiltonian.auxiliary", frame, basis);
}

void dft_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file) return;
    fputs(text, file);
    fclose(file);
}
