/* Kohn-Sham density functional theory of isolated molecules in Gaussian functions: hamiltonians/dft/.
 *
 *   E = the energy of the self-consistent density (scf.h), the free energy where electrons are smeared
 *   virial = sum over atoms of x F^T
 *
 * The grid of exchange and correlation stays in the laboratory frame while the molecule turns: its net force vanishes,
 * its torque is the true derivative of an energy that depends a little on the orientation.
 *
 * Warm start: the density is put together from those of the last evaluations by where the overlap says the geometry
 * lies among them (extrapolation.h), and the first cycles know how residuals answered before (diis.h). These are the
 * warm state that is saved. A start from nothing superposes atoms.
 *
 * An evaluation that does not converge is a label with that status, energy and forces zero; what comes next starts from
 * atoms.
 *
 * Units: atomic units. Errors: HM_BAD_CONFIG, HM_OUT_OF_MEMORY, HM_ORACLE_FAILED (an auxiliary basis that is linearly
 * dependent). MPI: shell pairs and batches of points are shared among the ranks of the group; every rank has the whole
 * label.
 */
#include "hamiltonians/dft/extrapolation.h"
#include "hamiltonians/dft/gradient.h"
#include "hamiltonians/dft/guess.h"
#include "hamiltonians/hamiltonian.h"
#include "hamiltonians/threads.h"

#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double integral_threshold = 1e-11, overlap_dependence = 1e-7;

struct dft {
    size_t natom;
    int *number; // (natom)
    double *x;   // (natom, 3)
    double *scratch;
    struct hm_basis basis, auxiliary;
    struct hm_team team;
    struct hm_coulomb *coulomb;
    struct hm_xc *xc;
    struct hm_scf *scf;
    struct hm_guess guess;
    struct hm_extrapolation past;
};

/* ---- what is asked for ---- */

static enum hm_status check_frame(const struct hm_config *config, const struct hm_frame *frame)
{
    if (!hm_frame_is_periodic(frame)) return HM_OK;
    return hm_config_fault(config, "hamiltonian.type",
                           "dft computes isolated molecules, and the geometry is periodic: take its cell away "
                           "(pbc=\"F F F\")");
}

/* electrons: of each spin. */
static enum hm_status count_electrons(const struct hm_config *config, const struct hm_frame *frame, double electrons[2])
{
    const int64_t charge = hm_config_integer(config, "hamiltonian.charge");
    const int64_t multiplicity = hm_config_integer(config, "hamiltonian.multiplicity"), unpaired = multiplicity - 1;
    int64_t count = -charge;
    for (size_t i = 0; i < frame->natom; i++) count += frame->number[i];
    if (count < 1)
        return hm_config_fault(config, "hamiltonian.charge", "with charge %lld there are %lld electrons",
                               (long long)charge, (long long)count);
    if ((count - unpaired) % 2 != 0)
        return hm_config_fault(config, "hamiltonian.multiplicity",
                               "with charge %lld the number of electrons is %s, which goes with multiplicity %s, not "
                               "%lld",
                               (long long)charge, count % 2 ? "odd" : "even", count % 2 ? "2, 4, ..." : "1, 3, ...",
                               (long long)multiplicity);
    if (unpaired > count)
        return hm_config_fault(config, "hamiltonian.multiplicity", "%lld unpaired electrons of %lld",
                               (long long)unpaired, (long long)count);
    electrons[0] = (double)((count + unpaired) / 2);
    electrons[1] = (double)((count - unpaired) / 2);
    return HM_OK;
}

static enum hm_status check_room(const struct hm_config *config, const struct hm_basis *basis, double most)
{
    if (most <= (double)basis->nfunction) return HM_OK;
    return hm_config_fault(config, "hamiltonian.basis", "%.0f electrons of one spin have no room in %zu functions",
                           most, basis->nfunction);
}

static struct hm_scf_options read_options(const struct hm_config *config)
{
    const bool smeared = !hm_config_is(config, "hamiltonian.smearing", "off");
    return (struct hm_scf_options){.convergence = hm_config_real(config, "hamiltonian.convergence"),
                                   .max_iterations = (int)hm_config_integer(config, "hamiltonian.max_iterations"),
                                   .damping = hm_config_real(config, "hamiltonian.damping"),
                                   .level_shift = hm_config_real(config, "hamiltonian.level_shift"),
                                   .kT = smeared ? hm_config_real(config, "hamiltonian.smearing") : 0,
                                   .dependence = overlap_dependence};
}

/* ---- making ---- */

static void destroy(void **self)
{
    struct dft *q = *self;
    if (q) {
        hm_extrapolation_destroy(&q->past);
        hm_guess_destroy(&q->guess);
        hm_scf_destroy(&q->scf);
        hm_coulomb_destroy(&q->coulomb);
        hm_xc_destroy(&q->xc);
        hm_basis_destroy(&q->auxiliary);
        hm_basis_destroy(&q->basis);
        free(q->number);
        free(q->x);
        free(q->scratch);
        free(q);
    }
    *self = NULL;
}

static enum hm_status create_integrals(const struct hm_config *config, const struct hm_frame *frame, int nspin,
                                       struct dft *q)
{
    const bool fitted = hm_config_is(config, "hamiltonian.coulomb", "ri");
    if (fitted) HM_TRY(hm_basis_create(config, "hamiltonian.auxiliary", frame, &q->auxiliary));
    HM_TRY(hm_xc_create(config, frame, &q->basis, nspin, &q->team, &q->xc));
    const struct hm_coulomb_options options = {.auxiliary = fitted ? &q->auxiliary : NULL,
                                               .exchange = hm_xc_exchange_fraction(q->xc) != 0,
                                               .threshold = integral_threshold,
                                               .memory = (size_t)(1e6 * hm_config_real(config, "hamiltonian.memory"))};
    return hm_coulomb_create(&q->basis, &options, &q->team, &q->coulomb);
}

static enum hm_status create_field(const struct hm_config *config, const struct hm_frame *frame,
                                   const double electrons[2], int nspin, struct dft *q)
{
    const double exchange = hm_xc_exchange_fraction(q->xc);
    const struct hm_scf_options options = read_options(config);
    const struct hm_scf_parts parts = {
        .basis = &q->basis,
        .number = q->number,
        .team = &q->team,
        .coulomb = q->coulomb,
        .xc = q->xc,
        .exchange = exchange,
        .nspin = nspin,
        .electrons = {nspin == 1 ? electrons[0] + electrons[1] : electrons[0], nspin == 1 ? 0 : electrons[1]}};
    HM_TRY(hm_scf_create(&parts, &options, &q->scf));
    HM_TRY(hm_guess_create(config, frame, &q->basis, exchange, &q->guess));
    return hm_extrapolation_create(q->basis.nfunction, nspin,
                                   (size_t)hm_config_integer(config, "hamiltonian.extrapolation"), &q->past);
}

static enum hm_status create_parts(const struct hm_config *config, const struct hm_frame *frame, struct dft *q)
{
    double electrons[2] = {0, 0};
    HM_TRY(check_frame(config, frame));
    HM_TRY(count_electrons(config, frame, electrons));
    const int nspin = electrons[0] == electrons[1] ? 1 : 2;
    HM_TRY(hm_basis_create(config, "hamiltonian.basis", frame, &q->basis));
    HM_TRY(check_room(config, &q->basis, electrons[0]));
    q->number = calloc(q->natom, sizeof *q->number);
    q->x = calloc(3 * q->natom, sizeof *q->x);
    q->scratch = calloc(hm_scf_gradient_scratch(&q->basis), sizeof *q->scratch);
    if (!q->number || !q->x || !q->scratch)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for dft and %zu atoms", q->natom);
    memcpy(q->number, frame->number, q->natom * sizeof *q->number);
    HM_TRY(create_integrals(config, frame, nspin, q));
    return create_field(config, frame, electrons, nspin, q);
}

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self)
{
    struct hm_threads outside;
    struct dft *q = calloc(1, sizeof *q);
    if (!q) return hm_fail(HM_OUT_OF_MEMORY, "no memory for dft");
    q->natom = frame->natom;
    hm_team_start(group ? group->communicator : NULL, &q->team);
    hm_threads_set(1, &outside);
    *self = q;
    const enum hm_status status = create_parts(config, frame, q);
    hm_threads_restore(&outside);
    if (status != HM_OK) destroy(self);
    return status;
}

/* ---- an evaluation ---- */

/* Occupied orbitals are those of D' with the largest eigenvalues; a smeared density is left as it is. */
static bool purify(struct hm_scf *scf)
{
    const size_t nn = scf->n * scf->n;
    if (scf->option.kT > 0) return true;
    for (size_t s = 0; s < (size_t)scf->part.nspin; s++) {
        double *C = scf->C + s * nn, *Dp = scf->Dp + s * nn;
        for (size_t k = 0; k < nn; k++) C[k] = -Dp[k];
        if (!hm_scf_occupy(scf, (int)s, 0, C, Dp)) return false;
    }
    return true;
}

static bool start(struct dft *q)
{
    return hm_extrapolation_predict(&q->past, q->scf->S, q->scf->Dp) ? purify(q->scf)
                                                                     : hm_guess_apply(&q->guess, q->scf);
}

static enum hm_status solve(struct dft *q, struct hm_scf_outcome *outcome)
{
    bool good;
    HM_TRY(hm_scf_place(q->scf, q->x, &good));
    if (!good || !start(q)) return HM_OK;
    return hm_scf_solve(q->scf, outcome);
}

static enum hm_status fill_label(struct dft *q, const struct hm_scf_outcome *outcome, struct hm_label *label)
{
    label->energy = outcome->energy;
    HM_TRY(hm_scf_gradient(q->scf, q->scratch, label->force, label->dipole));
    for (size_t k = 0; k < 3 * q->natom; k++) label->force[k] = -label->force[k];
    for (size_t i = 0; i < q->natom; i++)
        for (size_t p = 0; p < 9; p++) label->virial[p] += q->x[3 * i + p / 3] * label->force[3 * i + p % 3];
    return HM_OK;
}

/* What comes next starts from atoms. */
static void forget(struct dft *q)
{
    hm_extrapolation_reset(&q->past);
    hm_diis_reset(&q->scf->diis);
}

/* Of several members the first one's density, so that they all start from the same bits, and a resumed group too. */
static void remember(struct dft *q)
{
    const size_t count = (size_t)q->scf->part.nspin * q->scf->n * q->scf->n;
    if (q->team.rank != 0) memset(q->scf->Dp, 0, count * sizeof *q->scf->Dp);
    hm_team_sum(&q->team, q->scf->Dp, count);
    hm_extrapolation_add(&q->past, q->scf->S, q->scf->Dp);
}

static enum hm_status evaluate_alone(struct dft *q, struct hm_label *label)
{
    struct hm_scf_outcome outcome = {.converged = false};
    HM_TRY(solve(q, &outcome));
    label->iterations = outcome.iterations;
    if (!outcome.converged) {
        label->status = HM_LABEL_NOT_CONVERGED;
        forget(q);
        return HM_OK;
    }
    remember(q);
    return fill_label(q, &outcome, label);
}

static enum hm_status evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    struct dft *q = self;
    struct hm_threads outside;
    label->energy = 0;
    memset(label->force, 0, 3 * q->natom * sizeof *label->force);
    memset(label->virial, 0, sizeof label->virial);
    if (!hm_matrix_is_finite(3 * q->natom, frame->x)) return HM_OK; /* the caller sees to it */
    memcpy(q->x, frame->x, 3 * q->natom * sizeof *q->x);
    hm_threads_set(1, &outside);
    const enum hm_status status = evaluate_alone(q, label);
    hm_threads_restore(&outside);
    return status;
}

static void reset(void *self)
{
    forget(self);
}

static void save(const void *self, struct hm_archive *archive)
{
    const struct dft *q = self;
    hm_extrapolation_save(&q->past, archive);
    hm_diis_save(&q->scf->diis, archive);
}

static enum hm_status load(void *self, struct hm_archive *archive)
{
    struct dft *q = self;
    HM_TRY(hm_extrapolation_load(&q->past, archive));
    return hm_diis_load(&q->scf->diis, archive);
}

static const char *const keys[] = {"functional",     "basis",   "functions",    "auxiliary",   "coulomb",
                                   "grid",           "charge",  "multiplicity", "convergence", "guess",
                                   "max_iterations", "damping", "level_shift",  "smearing",    "memory",
                                   "extrapolation",  NULL};

const struct hm_hamiltonian_ops hm_hamiltonian_dft = {
    .method = {"dft", "Kohn-Sham density functional theory of isolated molecules in Gaussian functions (libxc)"},
    .keys = keys,
    .analytic = false,
    .create = create,
    .evaluate = evaluate,
    .destroy = destroy,
    .save = save,
    .load = load,
    .reset = reset,
};
