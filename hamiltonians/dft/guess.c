#include "hamiltonians/dft/guess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- atoms ---- */

/* At 6000 K and more the open shell is filled evenly, and the cycles of an atom converge without care. */
static const struct hm_scf_options atomic_options = {
    .convergence = 1e-5, .max_iterations = 60, .damping = 0.5, .level_shift = 0, .kT = 0.02, .dependence = 1e-7};

struct atom {
    struct hm_frame frame;
    struct hm_basis basis;
    struct hm_team team;
    struct hm_coulomb *coulomb;
    struct hm_xc *xc;
    struct hm_scf *scf;
};

static void release_atom(struct atom *a)
{
    hm_scf_destroy(&a->scf);
    hm_coulomb_destroy(&a->coulomb);
    hm_xc_destroy(&a->xc);
    hm_basis_destroy(&a->basis);
    hm_frame_release(&a->frame);
}

static enum hm_status create_atom(const struct hm_config *config, int number, double exchange, struct atom *a)
{
    const struct hm_coulomb_options options = {.exchange = exchange != 0, .threshold = 1e-11, .memory = 1u << 26};
    HM_TRY(hm_frame_create(1, &a->frame));
    a->frame.number[0] = number;
    a->frame.mass[0] = 1;
    hm_team_start(NULL, &a->team);
    HM_TRY(hm_basis_create(config, "hamiltonian.basis", &a->frame, &a->basis));
    HM_TRY(hm_coulomb_create(&a->basis, &options, &a->team, &a->coulomb));
    HM_TRY(hm_xc_create(config, &a->frame, &a->basis, 1, &a->team, &a->xc));
    const struct hm_scf_parts parts = {&a->basis, a->frame.number, &a->team, a->coulomb,
                                       a->xc,     exchange,        1,        {number, 0}};
    return hm_scf_create(&parts, &atomic_options, &a->scf);
}

static bool apply_core(struct hm_scf *scf)
{
    const size_t nn = scf->n * scf->n;
    scf->entropy = 0;
    for (size_t s = 0; s < (size_t)scf->part.nspin; s++) {
        double *C = scf->C + s * nn;
        hm_matrix_congruence(scf->X, scf->H, C, &scf->work);
        if (!hm_scf_occupy(scf, (int)s, scf->option.kT, C, scf->Dp + s * nn)) return false;
    }
    return true;
}

/* A density that has not quite converged is a guess, too. */
static enum hm_status solve_atom(const struct hm_config *config, double exchange, struct hm_guess_atom *result)
{
    struct atom a = {0};
    struct hm_scf_outcome outcome;
    bool good = false;
    enum hm_status status;
    HM_TRY_GOTO(status, create_atom(config, result->number, exchange, &a), done);
    HM_TRY_GOTO(status, hm_scf_place(a.scf, a.frame.x, &good), done);
    const size_t nn = a.scf->n * a.scf->n;
    result->n = a.scf->n;
    result->D = calloc(nn, sizeof *result->D);
    if (!result->D) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the density of an atom");
        goto done;
    }
    if (!good || !apply_core(a.scf)) goto done;
    HM_TRY_GOTO(status, hm_scf_solve(a.scf, &outcome), done);
    if (hm_matrix_is_finite(nn, a.scf->D)) memcpy(result->D, a.scf->D, nn * sizeof *result->D);
done:
    release_atom(&a);
    return status;
}

/* ---- molecules ---- */

static size_t element_of(const struct hm_guess *guess, int number)
{
    size_t k = 0;
    while (k < guess->nelement && guess->atom[k].number != number) k++;
    return k;
}

enum hm_status hm_guess_create(const struct hm_config *config, const struct hm_frame *frame,
                               const struct hm_basis *basis, double exchange, struct hm_guess *guess)
{
    const size_t natom = frame->natom;
    enum hm_status status = HM_OK;
    *guess = (struct hm_guess){.core = hm_config_is(config, "hamiltonian.guess", "core"), .natom = natom};
    if (guess->core) return HM_OK;
    guess->element = calloc(natom, sizeof *guess->element);
    guess->first = calloc(natom, sizeof *guess->first);
    guess->atom = calloc(natom, sizeof *guess->atom);
    if (!guess->element || !guess->first || !guess->atom)
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the densities of %zu atoms", natom);
    for (size_t i = 0; status == HM_OK && i < natom; i++) {
        const size_t k = guess->element[i] = element_of(guess, frame->number[i]);
        if (k < guess->nelement) continue;
        guess->nelement++;
        guess->atom[k].number = frame->number[i];
        status = solve_atom(config, exchange, &guess->atom[k]);
    }
    if (status != HM_OK) {
        hm_guess_destroy(guess);
        return status;
    }
    for (size_t s = basis->nshell; s-- > 0;) guess->first[basis->shell[s].atom] = basis->shell[s].first;
    return HM_OK;
}

void hm_guess_destroy(struct hm_guess *guess)
{
    for (size_t k = 0; k < guess->nelement; k++) free(guess->atom[k].D);
    free(guess->atom);
    free(guess->element);
    free(guess->first);
    *guess = (struct hm_guess){0};
}

static void superpose(const struct hm_guess *guess, size_t n, double *D)
{
    memset(D, 0, n * n * sizeof *D);
    for (size_t i = 0; i < guess->natom; i++) {
        const struct hm_guess_atom *atom = &guess->atom[guess->element[i]];
        double *block = D + guess->first[i] * n + guess->first[i];
        for (size_t a = 0; a < atom->n; a++) memcpy(block + a * n, atom->D + a * atom->n, atom->n * sizeof *D);
    }
}

bool hm_guess_apply(const struct hm_guess *guess, struct hm_scf *scf)
{
    const size_t n = scf->n, nn = n * n;
    double *D = scf->scratch, *Dp = scf->scratch + nn, trace = 0;
    if (guess->core) return apply_core(scf);
    superpose(guess, n, D);
    hm_matrix_congruence(scf->root, D, Dp, &scf->work);
    for (size_t i = 0; i < n; i++) trace += Dp[i * n + i];
    if (!(trace > 0) || !isfinite(trace)) return apply_core(scf);
    for (size_t s = 0; s < (size_t)scf->part.nspin; s++) {
        memset(scf->Dp + s * nn, 0, nn * sizeof *Dp);
        hm_matrix_add(nn, scf->part.electrons[s] / trace, Dp, scf->Dp + s * nn);
    }
    return true;
}
