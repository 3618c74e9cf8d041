#include "hamiltonians/valence.h"

#include "hamiltonians/terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double real_at(const struct hm_config *config, const char *item, const char *name)
{
    char key[96];
    snprintf(key, sizeof key, "%s.%s", item, name);
    return hm_config_real(config, key);
}

static enum hm_status read_angles(const struct hm_config *config, const struct hm_frame *frame, size_t count,
                                  struct hm_angle *angle)
{
    for (size_t i = 0; i < count; i++) {
        char item[64];
        snprintf(item, sizeof item, "hamiltonian.angles[%zu]", i);
        HM_TRY(hm_term_atoms(config, frame, item, "an angle", 3, angle[i].atoms));
        for (size_t other = 0; other < i; other++)
            if (hm_term_same(angle[other].atoms, angle[i].atoms, 3))
                return hm_config_fault(config, item, "the angle of atoms %zu, %zu and %zu is listed twice",
                                       angle[i].atoms[0], angle[i].atoms[1], angle[i].atoms[2]);
        angle[i].k = real_at(config, item, "k");
        angle[i].theta0 = real_at(config, item, "theta0");
    }
    return HM_OK;
}

static enum hm_status read_dihedrals(const struct hm_config *config, const struct hm_frame *frame, size_t count,
                                     struct hm_dihedral *dihedral)
{
    for (size_t i = 0; i < count; i++) {
        char item[64];
        snprintf(item, sizeof item, "hamiltonian.dihedrals[%zu]", i);
        HM_TRY(hm_term_atoms(config, frame, item, "a dihedral", 4, dihedral[i].atoms));
        dihedral[i].k = real_at(config, item, "k");
        dihedral[i].phase = real_at(config, item, "phase");
        char key[96];
        snprintf(key, sizeof key, "%s.n", item);
        dihedral[i].n = (double)hm_config_integer(config, key);
        /* In the order of the entry before, so that its gradient is ours. */
        dihedral[i].again = i > 0 && hm_term_same(dihedral[i - 1].atoms, dihedral[i].atoms, 4);
        if (dihedral[i].again) memcpy(dihedral[i].atoms, dihedral[i - 1].atoms, sizeof dihedral[i].atoms);
    }
    return HM_OK;
}

enum hm_status hm_valence_read(const struct hm_config *config, const struct hm_frame *frame, struct hm_valence *valence)
{
    const size_t nangle = hm_config_length(config, "hamiltonian.angles");
    const size_t ndihedral = hm_config_length(config, "hamiltonian.dihedrals");
    valence->angle = calloc(nangle + 1, sizeof *valence->angle);
    valence->dihedral = calloc(ndihedral + 1, sizeof *valence->dihedral);
    if (!valence->angle || !valence->dihedral)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu angles and %zu dihedrals", nangle, ndihedral);
    valence->nangle = nangle;
    valence->ndihedral = ndihedral;
    HM_TRY(read_angles(config, frame, nangle, valence->angle));
    return read_dihedrals(config, frame, ndihedral, valence->dihedral);
}
