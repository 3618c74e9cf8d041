/* Extended tight binding, by libxtb: GFN2-xTB and GFN1-xTB of isolated molecules.
 *
 *   E = the electronic free energy at `electronic_temperature` (Fermi smearing), so that F = -dE/dx holds for it
 *   virial = sum over atoms of x F^T (libxtb gives none without a cell)
 *
 * Warm start: an evaluation starts from the charges of the one before. libxtb has no way to store charges, so they live
 * in short chains: after `warm_steps` evaluations the next one starts from atoms again. The positions of a chain are
 * the warm state that is saved, and loading repeats their evaluations: a run that is resumed has the bits of one that
 * was not. A start from atoms takes about a tenth longer than a warm one.
 *
 * An evaluation that does not converge is a label with that status, energy and forces zero; what comes next starts from
 * atoms. How many cycles a converged one took libxtb does not tell.
 *
 * Known of libxtb 6.5.1: for two atoms with a coordinate in common, to about 1e-8 bohr, its gradient leaves out terms
 * (5e-6 Hartree/bohr in a shaken benzene molecule). Atoms that move do not stay there.
 *
 * Units: atomic units, in libxtb as here.
 * Errors: HM_BAD_CONFIG, HM_ORACLE_FAILED (libxtb could not be set up), HM_OUT_OF_MEMORY.
 * MPI: local; the group's other ranks do the same.
 * Source: C. Bannwarth, S. Ehlert and S. Grimme, J. Chem. Theory Comput. 15, 1652 (2019) (GFN2); S. Grimme, C.
 * Bannwarth and P. Shushkov, J. Chem. Theory Comput. 13, 1989 (2017) (GFN1).
 */
#include "hamiltonians/hamiltonian.h"
#include "hamiltonians/threads.h"

#include "io/elements.h"
#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xtb.h>

enum { LAST_ELEMENT = 86, FIRST_LANTHANIDE = 57, LAST_LANTHANIDE = 71, LANTHANIDE_ELECTRONS = 3 };

struct xtb {
    xtb_TEnvironment environment;
    xtb_TMolecule molecule;
    xtb_TCalculator calculator;
    xtb_TResults results; // of the last evaluation, the charges among them
    size_t natom;
    int threads, max_iterations;
    size_t warm_steps, nchain;
    double *chain; // (warm_steps + 1, natom, 3) positions since the last start from atoms
};

/* ---- libxtb ---- */

/* Whether a call went well; its messages are cleared, the last of them (what it was that failed) kept if asked for. */
static bool went_well(struct xtb *q, char *reason, int size)
{
    char text[1024] = "";
    const int length = sizeof text;
    if (xtb_checkEnvironment(q->environment) == 0) return true;
    xtb_getError(q->environment, text, &length);
    text[sizeof text - 1] = '\0';
    const char *line = strrchr(text, '\n');
    if (reason) snprintf(reason, (size_t)size, "%s", line ? line + 1 : text);
    return false;
}

/* What comes next starts from atoms. */
static void forget(struct xtb *q)
{
    if (q->results) xtb_delResults(&q->results);
    q->results = xtb_newResults();
    q->nchain = 0;
}

static bool compute(struct xtb *q, const double *x, char *reason, int size)
{
    struct hm_threads outside;
    hm_threads_set(q->threads, &outside);
    xtb_updateMolecule(q->environment, q->molecule, x, NULL);
    bool good = went_well(q, reason, size);
    if (good) {
        xtb_singlepoint(q->environment, q->molecule, q->calculator, q->results);
        good = went_well(q, reason, size);
    }
    hm_threads_restore(&outside);
    return good;
}

/* One more link of the chain, or the first of the next. */
static bool advance(struct xtb *q, const double *x)
{
    if (q->nchain > q->warm_steps) forget(q);
    if (!compute(q, x, NULL, 0)) {
        forget(q);
        return false;
    }
    memcpy(&q->chain[3 * q->natom * q->nchain++], x, 3 * q->natom * sizeof *x);
    return true;
}

static enum hm_status load_calculator(const struct hm_config *config, const struct hm_frame *frame, double charge,
                                      int unpaired, struct xtb *q)
{
    const int natom = (int)frame->natom;
    char reason[256];
    if (q->calculator) xtb_delCalculator(&q->calculator);
    if (q->molecule) xtb_delMolecule(&q->molecule);
    q->molecule = xtb_newMolecule(q->environment, &natom, frame->number, frame->x, &charge, &unpaired, NULL, NULL);
    q->calculator = xtb_newCalculator();
    if (hm_config_is(config, "hamiltonian.method", "gfn1"))
        xtb_loadGFN1xTB(q->environment, q->molecule, q->calculator, NULL);
    else
        xtb_loadGFN2xTB(q->environment, q->molecule, q->calculator, NULL);
    xtb_setAccuracy(q->environment, q->calculator, hm_config_real(config, "hamiltonian.accuracy"));
    xtb_setMaxIter(q->environment, q->calculator, q->max_iterations);
    xtb_setElectronicTemp(q->environment, q->calculator,
                          hm_config_real(config, "hamiltonian.electronic_temperature") * HM_TEMPERATURE_KELVIN);
    if (!went_well(q, reason, sizeof reason))
        return hm_config_fault(config, "hamiltonian.type", "libxtb refuses the molecule: %s", reason);
    forget(q);
    return HM_OK;
}

/* ---- what is asked for ---- */

static enum hm_status check_frame(const struct hm_config *config, const struct hm_frame *frame)
{
    static const char key[] = "hamiltonian.type";
    if (hm_frame_is_periodic(frame))
        return hm_config_fault(config, key,
                               "xtb computes isolated molecules, and the geometry is periodic: "
                               "take its cell away (pbc=\"F F F\")");
    for (size_t i = 0; i < frame->natom; i++)
        if (frame->number[i] < 1 || frame->number[i] > LAST_ELEMENT)
            return hm_config_fault(config, key, "atom %zu is %s: xtb knows the elements from H to Rn", i,
                                   hm_element_symbol(frame->number[i]));
    return HM_OK;
}

/* The parity of the electrons that are treated: of lanthanides three, the others and all of 4f are in the core. */
static bool has_odd_electrons(const struct hm_frame *frame, int64_t charge)
{
    int64_t electrons = -charge;
    for (size_t i = 0; i < frame->natom; i++) {
        const int z = frame->number[i];
        electrons += z >= FIRST_LANTHANIDE && z <= LAST_LANTHANIDE ? LANTHANIDE_ELECTRONS : z;
    }
    return electrons % 2 != 0;
}

static enum hm_status check_parity(const struct hm_config *config, const struct hm_frame *frame)
{
    const int64_t charge = hm_config_integer(config, "hamiltonian.charge");
    const int64_t multiplicity = hm_config_integer(config, "hamiltonian.multiplicity");
    const bool odd = has_odd_electrons(frame, charge);
    if (odd == (multiplicity % 2 == 0)) return HM_OK;
    return hm_config_fault(config, "hamiltonian.multiplicity",
                           "with charge %lld the number of electrons is %s, which goes with multiplicity %s, not %lld",
                           (long long)charge, odd ? "odd" : "even", odd ? "2, 4, ..." : "1, 3, ...",
                           (long long)multiplicity);
}

/* Numbers of orbitals and of electrons as libxtb counts them, from the neutral molecule of low spin, which always has
 * room for its own; what has not makes libxtb leave the process, so that it must not see it. */
static enum hm_status count_electrons(const struct hm_config *config, const struct hm_frame *frame, struct xtb *q,
                                      int *norbital, int64_t *electrons)
{
    char reason[256] = "";
    HM_TRY(load_calculator(config, frame, 0, has_odd_electrons(frame, 0), q));
    compute(q, frame->x, reason, sizeof reason);
    *norbital = 0;
    xtb_getNao(q->environment, q->results, norbital);
    double *occupation = *norbital > 0 ? calloc((size_t)*norbital, sizeof *occupation) : NULL;
    if (!occupation || !went_well(q, reason, sizeof reason)) {
        free(occupation);
        return hm_config_fault(config, "hamiltonian.type", "libxtb cannot compute the molecule: %s", reason);
    }
    double sum = 0;
    xtb_getOrbitalOccupations(q->environment, q->results, occupation);
    for (int k = 0; k < *norbital; k++) sum += occupation[k];
    free(occupation);
    *electrons = llround(sum);
    return HM_OK;
}

static enum hm_status check_room(const struct hm_config *config, const struct hm_frame *frame, struct xtb *q)
{
    const int64_t charge = hm_config_integer(config, "hamiltonian.charge");
    const int64_t unpaired = hm_config_integer(config, "hamiltonian.multiplicity") - 1;
    int norbital;
    int64_t electrons;
    if (charge == 0 && unpaired <= 1) return HM_OK;
    HM_TRY(count_electrons(config, frame, q, &norbital, &electrons));
    electrons -= charge;
    if (electrons < 1 || electrons > 2 * (int64_t)norbital)
        return hm_config_fault(config, "hamiltonian.charge",
                               "with charge %lld there are %lld valence electrons for %d orbitals", (long long)charge,
                               (long long)electrons, norbital);
    if (unpaired > electrons || unpaired > 2 * (int64_t)norbital - electrons)
        return hm_config_fault(config, "hamiltonian.multiplicity",
                               "%lld unpaired electrons of %lld valence electrons have no room in %d orbitals",
                               (long long)unpaired, (long long)electrons, norbital);
    return HM_OK;
}

/* ---- the Hamiltonian ---- */

static void destroy(void **self)
{
    struct xtb *q = *self;
    if (q) {
        if (q->results) xtb_delResults(&q->results);
        if (q->calculator) xtb_delCalculator(&q->calculator);
        if (q->molecule) xtb_delMolecule(&q->molecule);
        if (q->environment) xtb_delEnvironment(&q->environment);
        free(q->chain);
        free(q);
    }
    *self = NULL;
}

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self)
{
    (void)group;
    HM_TRY(check_frame(config, frame));
    HM_TRY(check_parity(config, frame));
    struct xtb *q = calloc(1, sizeof *q);
    if (!q) return hm_fail(HM_OUT_OF_MEMORY, "no memory for xtb");
    void *owner = q;
    enum hm_status status;
    q->natom = frame->natom;
    q->threads = (int)hm_config_integer(config, "hamiltonian.threads");
    q->max_iterations = (int)hm_config_integer(config, "hamiltonian.max_iterations");
    q->warm_steps = (size_t)hm_config_integer(config, "hamiltonian.warm_steps");
    q->chain = calloc((q->warm_steps + 1) * 3 * q->natom, sizeof *q->chain);
    q->environment = xtb_newEnvironment();
    if (!q->chain || !q->environment) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for xtb and %zu atoms", q->natom);
        goto fail;
    }
    xtb_setVerbosity(q->environment, XTB_VERBOSITY_MUTED);
    HM_TRY_GOTO(status, check_room(config, frame, q), fail);
    HM_TRY_GOTO(status,
                load_calculator(config, frame, (double)hm_config_integer(config, "hamiltonian.charge"),
                                (int)hm_config_integer(config, "hamiltonian.multiplicity") - 1, q),
                fail);
    *self = q;
    return HM_OK;
fail:
    destroy(&owner);
    return status;
}

static bool all_finite(const double *x, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += 0 * x[k];
    return sum == 0;
}

static enum hm_status evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    struct xtb *q = self;
    const size_t n = 3 * q->natom;
    label->energy = 0;
    label->iterations = HM_ITERATIONS_UNKNOWN;
    memset(label->force, 0, n * sizeof *label->force);
    memset(label->virial, 0, sizeof label->virial);
    if (!all_finite(frame->x, n)) return HM_OK; /* the caller sees to it; libxtb must not */
    if (!advance(q, frame->x)) {
        label->status = HM_LABEL_NOT_CONVERGED;
        label->iterations = q->max_iterations;
        return HM_OK;
    }
    xtb_getEnergy(q->environment, q->results, &label->energy);
    xtb_getGradient(q->environment, q->results, label->force);
    xtb_getDipole(q->environment, q->results, label->dipole);
    if (!went_well(q, NULL, 0)) return hm_fail(HM_ORACLE_FAILED, "libxtb keeps the results of an evaluation to itself");
    for (size_t k = 0; k < n; k++) label->force[k] = -label->force[k];
    for (size_t i = 0; i < q->natom; i++)
        for (size_t p = 0; p < 9; p++) label->virial[p] += frame->x[3 * i + p / 3] * label->force[3 * i + p % 3];
    return HM_OK;
}

static void reset(void *self)
{
    forget(self);
}

static void save(const void *self, struct hm_archive *archive)
{
    const struct xtb *q = self;
    hm_archive_put_tag(archive, "XTB");
    hm_archive_put_size(archive, q->nchain);
    hm_archive_put_reals(archive, q->chain, 3 * q->natom * q->nchain);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct xtb *q = self;
    size_t nchain;
    HM_TRY(hm_archive_expect_tag(archive, "XTB"));
    HM_TRY(hm_archive_get_size(archive, &nchain));
    if (nchain > q->warm_steps + 1)
        return hm_fail(HM_BAD_INPUT, "the saved state of xtb is damaged: %zu warm steps", nchain);
    HM_TRY(hm_archive_get_reals(archive, q->chain, 3 * q->natom * nchain));
    forget(q);
    while (q->nchain < nchain) {
        const double *x = &q->chain[3 * q->natom * q->nchain];
        if (!all_finite(x, 3 * q->natom) || !compute(q, x, NULL, 0))
            return hm_fail(HM_BAD_INPUT, "the saved state of xtb cannot be repeated: step %zu of it", q->nchain);
        q->nchain++;
    }
    return HM_OK;
}

static const char *const keys[] = {"method",   "charge",         "multiplicity", "electronic_temperature",
                                   "accuracy", "max_iterations", "threads",      "warm_steps",
                                   NULL};

const struct hm_hamiltonian_ops hm_hamiltonian_xtb = {
    .method = {"xtb", "tight binding of isolated molecules, GFN2-xTB or GFN1-xTB (libxtb)"},
    .keys = keys,
    .analytic = false,
    .create = create,
    .evaluate = evaluate,
    .destroy = destroy,
    .save = save,
    .load = load,
    .reset = reset,
};
