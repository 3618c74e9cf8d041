#include "hamiltonians/bonds.h"

#include "hamiltonians/molecules.h"
#include "hamiltonians/terms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const hm_bonds_keys[] = {"molecule", "bonds", NULL};

static enum hm_status allocate(size_t count, struct hm_bonds **bonds)
{
    struct hm_bonds *b = calloc(1, sizeof *b);
    if (b) {
        b->count = count;
        b->atoms = calloc(count + 1, sizeof *b->atoms); /* an empty list is a list */
        b->bond = calloc(count + 1, sizeof *b->bond);
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
                                    const struct hm_bond_form *form, struct hm_bonds **bonds)
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
        (*bonds)->bond[b] = (struct hm_bond){form->energy, molecule.r0, molecule.k, molecule.de, molecule.a};
    }
    return HM_OK;
}

static bool listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

/* The form a bond says, or the one that all have. */
static enum hm_status read_form(const struct hm_config *config, const char *item, const struct hm_bond_form **form)
{
    static const struct hm_bond_form *const forms[] = {&hm_bond_form_harmonic, &hm_bond_form_morse};
    const struct hm_bond_form *const all = *form;
    char key[96];
    snprintf(key, sizeof key, "%s.form", item);
    const char *name = hm_config_text(config, key);
    if (!name && !all) return hm_config_fault(config, item, "a bond needs 'form: harmonic' or 'form: morse'");
    for (size_t f = 0; name && f < sizeof forms / sizeof *forms; f++)
        if (strcmp(forms[f]->name, name) == 0) *form = forms[f];
    if (all && *form != all)
        return hm_config_fault(config, key, "'type: %s' has %s bonds only; 'type: valence' takes both forms", all->name,
                               all->name);
    return HM_OK;
}

static enum hm_status read_bond(const struct hm_config *config, const char *item, const struct hm_bond_form *form,
                                struct hm_bond *bond)
{
    const struct {
        const char *name;
        double *value;
    } parameters[] = {{"r0", &bond->r0}, {"k", &bond->k}, {"De", &bond->de}, {"a", &bond->a}};
    HM_TRY(read_form(config, item, &form));
    bond->energy = form->energy;
    for (size_t p = 0; p < sizeof parameters / sizeof *parameters; p++) {
        char key[96];
        snprintf(key, sizeof key, "%s.%s", item, parameters[p].name);
        const bool given = hm_config_has(config, key), needed = listed(form->needs, parameters[p].name);
        if (needed && !given)
            return hm_config_fault(config, item, "a %s bond needs '%s'", form->name, parameters[p].name);
        if (given && !needed)
            return hm_config_fault(config, key, "a %s bond has no '%s'", form->name, parameters[p].name);
        if (given) *parameters[p].value = hm_config_real(config, key);
    }
    return HM_OK;
}

static enum hm_status read_list(const struct hm_config *config, const struct hm_frame *frame,
                                const struct hm_bond_form *form, struct hm_bonds *bonds)
{
    for (size_t b = 0; b < bonds->count; b++) {
        char item[64];
        snprintf(item, sizeof item, "hamiltonian.bonds[%zu]", b);
        HM_TRY(hm_term_atoms(config, frame, item, "a bond", 2, bonds->atoms[b]));
        for (size_t other = 0; other < b; other++)
            if (hm_term_same(bonds->atoms[other], bonds->atoms[b], 2))
                return hm_config_fault(config, item, "the bond of atoms %zu and %zu is listed twice",
                                       bonds->atoms[b][0], bonds->atoms[b][1]);
        HM_TRY(read_bond(config, item, form, &bonds->bond[b]));
    }
    return HM_OK;
}

enum hm_status hm_bonds_read(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_bond_form *form, struct hm_bonds **bonds)
{
    *bonds = NULL;
    HM_TRY(allocate(hm_config_length(config, "hamiltonian.bonds"), bonds));
    const enum hm_status status = read_list(config, frame, form, *bonds);
    void *self = *bonds;
    if (status == HM_OK) return HM_OK;
    hm_bonds_destroy(&self);
    *bonds = NULL;
    return status;
}

enum hm_status hm_bonds_create(const struct hm_config *config, const struct hm_frame *frame,
                               const struct hm_bond_form *form, void **self)
{
    const bool molecule = hm_config_has(config, "hamiltonian.molecule");
    const bool list = hm_config_length(config, "hamiltonian.bonds") > 0;
    *self = NULL;
    if (molecule && list)
        return hm_config_fault(config, "hamiltonian.bonds", "give either 'molecule' or 'bonds', not both");
    if (!molecule && !list)
        return hm_config_fault(config, "hamiltonian", "%s needs 'molecule: HCl' or a list of 'bonds'", form->name);
    struct hm_bonds *bonds = NULL;
    const enum hm_status status =
        molecule ? from_molecule(config, frame, form, &bonds) : hm_bonds_read(config, frame, form, &bonds);
    *self = bonds;
    return status;
}

void hm_bonds_add(const struct hm_bonds *bonds, const struct hm_frame *frame, struct hm_label *label)
{
    for (size_t b = 0; b < bonds->count; b++) {
        const size_t i = bonds->atoms[b][0], j = bonds->atoms[b][1];
        double d[3], slope;
        hm_minimum_image(frame, &frame->x[3 * i], &frame->x[3 * j], d);
        const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        label->energy += bonds->bond[b].energy(&bonds->bond[b], r, &slope);
        for (int p = 0; p < 3; p++) {
            const double force = -slope * d[p] / r; /* on atom j */
            label->force[3 * j + (size_t)p] += force;
            label->force[3 * i + (size_t)p] -= force;
            for (int q = 0; q < 3; q++) label->virial[3 * p + q] += force * d[q];
        }
    }
}

enum hm_status hm_bonds_evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    hm_terms_begin(frame, label);
    hm_bonds_add(self, frame, label);
    return HM_OK;
}
