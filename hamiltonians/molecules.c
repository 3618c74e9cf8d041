#include "hamiltonians/molecules.h"

#include "io/elements.h"
#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct entry {
    const char *name;
    int number1;
    double mass1_u;
    int number2;
    double mass2_u;
    double omega_cm, anharmonicity_cm, r_angstrom, d0_ev;
};

static const struct entry table[] = {
#define HM_MOLECULE(name, z1, m1, z2, m2, we, wexe, re, d0) {#name, z1, m1, z2, m2, we, wexe, re, d0},
#include "hamiltonians/molecules.def"
#undef HM_MOLECULE
};

bool hm_molecule_listed(size_t index, struct hm_molecule *molecule)
{
    if (index >= sizeof table / sizeof *table) return false;
    const struct entry *e = &table[index];
    const double m1 = e->mass1_u / HM_MASS_AMU, m2 = e->mass2_u / HM_MASS_AMU;
    const double omega = e->omega_cm * HM_ANGULAR_FREQUENCY_PER_CM;
    const double zero_point_cm = e->omega_cm / 2 - e->anharmonicity_cm / 4;
    const double de = e->d0_ev / HM_ENERGY_EV + zero_point_cm / HM_ENERGY_WAVENUMBER_CM;
    const double k = m1 * m2 / (m1 + m2) * omega * omega;
    *molecule = (struct hm_molecule){
        .name = e->name,
        .number = {e->number1, e->number2},
        .mass = {m1, m2},
        .omega = omega,
        .r0 = e->r_angstrom / HM_LENGTH_ANGSTROM,
        .k = k,
        .de = de,
        .a = sqrt(k / (2 * de)),
    };
    return true;
}

bool hm_molecule_find(const char *name, struct hm_molecule *molecule)
{
    for (size_t i = 0; hm_molecule_listed(i, molecule); i++)
        if (strcmp(molecule->name, name) == 0) return true;
    return false;
}

/* It may stand in a Hamiltonian that another wraps. */
static const char *molecule_key(const struct hm_config *config)
{
    static const char wrapped[] = "hamiltonian.hamiltonian.molecule";
    return hm_config_knows(config, wrapped) && hm_config_has(config, wrapped) ? wrapped : "hamiltonian.molecule";
}

bool hm_molecule_is_configured(const struct hm_config *config)
{
    return hm_config_has(config, molecule_key(config));
}

enum hm_status hm_molecule_configured(const struct hm_config *config, struct hm_molecule *molecule)
{
    const char *name = hm_config_text(config, molecule_key(config));
    if (hm_molecule_find(name, molecule)) return HM_OK;
    char names[256] = "";
    for (size_t i = 0; hm_molecule_listed(i, molecule); i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", molecule->name);
    }
    return hm_config_fault(config, molecule_key(config), "no built-in molecule '%s'; there are: %s", name, names);
}

enum hm_status hm_molecule_frame(const struct hm_config *config, struct hm_frame *frame)
{
    struct hm_molecule molecule;
    HM_TRY(hm_molecule_configured(config, &molecule));
    HM_TRY(hm_frame_create(2, frame));
    const double total = molecule.mass[0] + molecule.mass[1];
    for (size_t i = 0; i < 2; i++) {
        frame->number[i] = molecule.number[i];
        frame->mass[i] = molecule.mass[i];
    }
    frame->x[0] = -molecule.r0 * molecule.mass[1] / total;
    frame->x[3] = molecule.r0 * molecule.mass[0] / total;
    return HM_OK;
}

/* Gives atoms i and i + 1 their masses if they are the molecule, in either order. */
static bool apply_to_pair(const struct hm_molecule *molecule, struct hm_frame *frame, size_t i)
{
    if (i + 1 >= frame->natom) return false;
    for (size_t first = 0; first < 2; first++) {
        const size_t second = 1 - first;
        if (frame->number[i] != molecule->number[first] || frame->number[i + 1] != molecule->number[second]) continue;
        frame->mass[i] = molecule->mass[first];
        frame->mass[i + 1] = molecule->mass[second];
        return true;
    }
    return false;
}

enum hm_status hm_molecule_apply_masses(const struct hm_config *config, struct hm_frame *frame)
{
    if (!hm_molecule_is_configured(config)) return HM_OK;
    struct hm_molecule molecule;
    HM_TRY(hm_molecule_configured(config, &molecule));
    for (size_t i = 0; i < frame->natom; i += 2)
        if (!apply_to_pair(&molecule, frame, i))
            return hm_config_fault(config, molecule_key(config),
                                   "the geometry is not a sequence of %s molecules, two consecutive atoms each "
                                   "(atom %zu is %s); list the bonds instead",
                                   molecule.name, i, hm_element_symbol(frame->number[i]));
    return HM_OK;
}
