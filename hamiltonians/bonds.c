#include "hamiltonians/bonds.h"

#include "hamiltonians/molecules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum hm_status allocate(size_t count, struct hm_bonds **bonds)
{
    struct hm_bonds *b = calloc(1, sizeof *b);
    if (b) {
        b->count = count;
        b->atoms = calloc(count, sizeof *b->atoms);
        b->bond = calloc(count, sizeof *b->bond);
    }
    if (!b || !b->atoms || !b->bond) {
        void *self = b;
        hm_bonds_destroy(&self);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu bonds", count);
    }
    *bonds = b;
    return HM_OK;
}

void hm_bonds_destroy(void **self)
{
    struct hm_bonds *bonds = *self;
    if (bonds) {
        free(bonds->atoms);
        free(bonds->bond);
        free(bonds);
    }
    *self = NULL;
}

const size_t (*hm_bonds_list(const void *self, size_t *nbond))[2]
{
    const struct hm_bonds *bonds = self;
    *nbond = bonds->count;
    return (const size_t(*)[2])bonds->atoms;
}

/* A frame that is a sequence of the molecule (checked where the masses are applied). */
static enum hm_status from_molecule(const struct hm_config *config, const struct hm_frame *frame,
                                    struct hm_bonds **bonds)
{
    struct hm_molecule molecule;
    HM_TRY(hm_molecule_configured(config, &molecule));
    if (frame->natom % 2 != 0)
        return hm_config_fault(config, "hamiltonian.molecule", "%zu atoms are not a sequence of %s molecules",
                               frame->natom, molecule.name);
    HM_TRY(allocate(frame->natom / 2, bonds));
    for (size_t b = 0; b < frame->natom / 2; b++) {
        (*bonds)->atoms[b][0] = 2 * b;
        (*bonds)->atoms[b][1] = 2 * b + 1;
        (*bonds)->bond[b] = (struct hm_bond){.r0 = molecule.r0, .k = molecule.k, .de = molecule.de, .a = molecule.a};
    }
    return HM_OK;
}

static bool listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

static enum hm_status read_bond(const struct hm_config *config, const struct hm_frame *frame, size_t index,
                                const char *const *needs, size_t atoms[2], struct hm_bond *bond)
{
    const struct {
        const char *name;
        double *value;
    } parameters[] = {{"r0", &bond->r0}, {"k", &bond->k}, {"De", &bond->de}, {"a", &bond->a}};
    char item[64], key[96];
    snprintf(item, sizeof item, "hamiltonian.bonds[%zu]", index);

    for (size_t end = 0; end < 2; end++) {
        snprintf(key, sizeof key, "%s.atoms[%zu]", item, end);
        atoms[end] = (size_t)hm_config_integer(config, key);
        if (atoms[end] >= frame->natom)
            return hm_config_fault(config, key, "atom %zu does not exist: the geometry has atoms 0 to %zu", atoms[end],
                                   frame->natom - 1);
    }
    if (atoms[0] == atoms[1]) return hm_config_fault(config, key, "a bond joins two different atoms");

    for (size_t p = 0; p < sizeof parameters / sizeof *parameters; p++) {
        snprintf(key, sizeof key, "%s.%s", item, parameters[p].name);
        const bool given = hm_config_has(config, key), needed = listed(needs, parameters[p].name);
        if (needed && !given)
            return hm_config_fault(config, item, "a %s bond needs '%s'", hm_config_text(config, "hamiltonian.type"),
                                   parameters[p].name);
        if (given && !needed)
            return hm_config_fault(config, key, "a %s bond has no '%s'", hm_config_text(config, "hamiltonian.type"),
                                   parameters[p].name);
        if (given) *parameters[p].value = hm_config_real(config, key);
    }
    return HM_OK;
}

static enum hm_status from_list(const struct hm_config *config, const struct hm_frame *frame, const char *const *needs,
                                struct hm_bonds **bonds)
{
    const size_t count = hm_config_length(config, "hamiltonian.bonds");
    if (count == 0)
        return hm_config_fault(config, "hamiltonian", "%s needs 'molecule: HCl' or a list of 'bonds'",
                               hm_config_text(config, "hamiltonian.type"));
    HM_TRY(allocate(count, bonds));
    for (size_t b = 0; b < count; b++)
        HM_TRY(read_bond(config, frame, b, needs, (*bonds)->atoms[b], &(*bonds)->bond[b]));
    return HM_OK;
}

enum hm_status hm_bonds_create(const struct hm_config *config, const struct hm_frame *frame, const char *const *needs,
                               hm_bond_energy *energy, void **self)
{
    const bool molecule = hm_config_has(config, "hamiltonian.molecule");
    if (molecule && hm_config_length(config, "hamiltonian.bonds") > 0)
        return hm_config_fault(config, "hamiltonian.bonds", "give either 'molecule' or 'bonds', not both");
    struct hm_bonds *bonds = NULL;
    const enum hm_status status =
        molecule ? from_molecule(config, frame, &bonds) : from_list(config, frame, needs, &bonds);
    *self = bonds;
    if (status != HM_OK)
        hm_bonds_destroy(self);
    else
        bonds->energy = energy;
    return status;
}

enum hm_status hm_bonds_evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    const struct hm_bonds *bonds = self;
    label->energy = 0;
    memset(label->force, 0, 3 * frame->natom * sizeof *label->force);
    memset(label->virial, 0, sizeof label->virial);
    for (size_t b = 0; b < bonds->count; b++) {
        const size_t i = bonds->atoms[b][0], j = bonds->atoms[b][1];
        double d[3], slope;
        hm_minimum_image(frame, &frame->x[3 * i], &frame->x[3 * j], d);
        const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        label->energy += bonds->energy(&bonds->bond[b], r, &slope);
        for (int p = 0; p < 3; p++) {
            const double force = -slope * d[p] / r; /* on atom j */
            label->force[3 * j + (size_t)p] += force;
            label->force[3 * i + (size_t)p] -= force;
            for (int q = 0; q < 3; q++) label->virial[3 * p + q] += force * d[q];
        }
    }
    return HM_OK;
}
