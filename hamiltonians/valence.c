/* Valence force field of molecules: see valence.h for the energy.
 * Source: the functional form of AMBER, CHARMM and OPLS-AA, e.g. Jorgensen, Maxwell and Tirado-Rives, J. Am. Chem. Soc.
 *   118, 11225 (1996); harmonic energies carry a factor 1/2 that they leave out. */
#include "hamiltonians/valence.h"

#include "hamiltonians/terms.h"
#include "io/internals.h"

#include <math.h>
#include <stdlib.h>

static void destroy(void **self)
{
    struct hm_valence *valence = *self;
    if (valence) {
        void *bonds = valence->bonds;
        hm_bonds_destroy(&bonds);
        free(valence->angle);
        free(valence->dihedral);
        free(valence->pairs.pair);
        free(valence->charge);
        free(valence);
    }
    *self = NULL;
}

static enum hm_status read_charges(const struct hm_config *config, const struct hm_frame *frame, double **charge)
{
    const size_t count = hm_config_length(config, "hamiltonian.charges");
    if (count == 0) return HM_OK;
    if (count != frame->natom)
        return hm_config_fault(config, "hamiltonian.charges", "%zu charge%s for %zu atoms: each atom needs one", count,
                               count == 1 ? "" : "s", frame->natom);
    *charge = calloc(count, sizeof **charge);
    if (!*charge) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu charges", count);
    for (size_t i = 0; i < count; i++) {
        char key[64];
        snprintf(key, sizeof key, "hamiltonian.charges[%zu]", i);
        (*charge)[i] = hm_config_real(config, key);
    }
    return HM_OK;
}

static enum hm_status read_all(const struct hm_config *config, const struct hm_frame *frame, struct hm_valence *valence)
{
    HM_TRY(hm_bonds_read(config, frame, NULL, &valence->bonds));
    HM_TRY(hm_valence_read(config, frame, valence));
    HM_TRY(read_charges(config, frame, &valence->charge));
    HM_TRY(hm_valence_pairs_read(config, frame, valence->bonds, valence->charge, &valence->pairs));
    if (valence->bonds->count + valence->nangle + valence->ndihedral + valence->pairs.count == 0)
        return hm_config_fault(config, "hamiltonian",
                               "valence needs bonds, angles, dihedrals, charges or pairs that act on some atoms");
    return HM_OK;
}

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self)
{
    (void)group;
    struct hm_valence *valence = *self = calloc(1, sizeof *valence);
    if (!valence) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a force field");
    const enum hm_status status = read_all(config, frame, valence);
    if (status != HM_OK) destroy(self);
    return status;
}

static void add_angles(const struct hm_valence *valence, const struct hm_frame *frame, struct hm_label *label)
{
    for (size_t i = 0; i < valence->nangle; i++) {
        const struct hm_angle *angle = &valence->angle[i];
        double gradient[3][3];
        const double opening = hm_internal_angle(frame, frame->x, angle->atoms, gradient) - angle->theta0;
        label->energy += 0.5 * angle->k * opening * opening;
        hm_term_add(frame, angle->atoms, 3, (const double(*)[3])gradient, angle->k * opening, label);
    }
}

/* Entries on the same four atoms share their angle and one addition to the forces. */
static void add_dihedrals(const struct hm_valence *valence, const struct hm_frame *frame, struct hm_label *label)
{
    double gradient[4][3], phi = 0, slope = 0;
    for (size_t i = 0; i < valence->ndihedral; i++) {
        const struct hm_dihedral *dihedral = &valence->dihedral[i];
        if (!dihedral->again) {
            phi = hm_internal_dihedral(frame, frame->x, dihedral->atoms, gradient);
            slope = 0;
        }
        const double turn = dihedral->n * phi - dihedral->phase;
        label->energy += dihedral->k * (1 + cos(turn));
        slope -= dihedral->k * dihedral->n * sin(turn);
        if (i + 1 == valence->ndihedral || !valence->dihedral[i + 1].again)
            hm_term_add(frame, dihedral->atoms, 4, (const double(*)[3])gradient, slope, label);
    }
}

static enum hm_status evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    const struct hm_valence *valence = self;
    hm_terms_begin(frame, label);
    hm_bonds_add(valence->bonds, frame, label);
    add_angles(valence, frame, label);
    add_dihedrals(valence, frame, label);
    hm_valence_pairs_add(&valence->pairs, frame, label);
    if (!valence->charge) return HM_OK;
    for (size_t k = 0; k < 3; k++) {
        label->dipole[k] = 0;
        for (size_t i = 0; i < frame->natom; i++) label->dipole[k] += valence->charge[i] * frame->x[3 * i + k];
    }
    return HM_OK;
}

static const size_t (*bonds(const void *self, size_t *nbond))[2]
{
    const struct hm_valence *valence = self;
    const size_t(*list)[2] = hm_bonds_list(valence->bonds, nbond);
    return *nbond > 0 ? list : NULL;
}

static const char *const keys[] = {"bonds", "angles", "dihedrals", "charges", "pairs", "scale_14", NULL};

const struct hm_hamiltonian_ops hm_hamiltonian_valence = {
    .method = {"valence", "molecules: bonds, angles, dihedrals, Lennard-Jones and Coulomb pairs"},
    .keys = keys,
    .analytic = true,
    .create = create,
    .evaluate = evaluate,
    .destroy = destroy,
    .bonds = bonds,
};
