#include "hamiltonians/dft/scf.h"

#include "hamiltonians/dft/occupation.h"
#include "hamiltonians/dft/one_electron.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CYCLES = 5, /* in which the energy may rise: it is not that of orbitals yet */
    PATIENCE = 10,    /* cycles that may pass without a smaller residual */
    REST = 4,         /* the same where it is nearly small enough */
};

static const double level_of_left_out = 1e3; // Hartree: above every orbital
static const double rise = 0.05;             // of the energy, that calls for help after the first cycles
static const double nearly = 50;             // times the convergence asked for
static const double calm = 1e-2;             // residual below which DIIS is left alone

/* ---- making ---- */

enum hm_status hm_scf_create(const struct hm_scf_parts *parts, const struct hm_scf_options *options,
                             struct hm_scf **scf)
{
    struct hm_scf *q = *scf = calloc(1, sizeof *q);
    if (!q) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the self-consistent field");
    q->part = *parts;
    q->option = *options;
    const size_t n = q->n = parts->basis->nfunction, nn = n * n, spins = (size_t)parts->nspin;
    double *p = q->storage = calloc(8 * nn + 6 * spins * nn + 2 + 2 * spins * n, sizeof *p);
    const bool room = hm_matrix_work_create(n, &q->work);
    const enum hm_status status = hm_diis_create(spins * nn, &q->diis);
    if (!p || !room || status != HM_OK) {
        hm_scf_destroy(scf);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the matrices of %zu basis functions", n);
    }
    double **const square[] = {&q->S, &q->H, &q->X, &q->root, &q->left_out};
    for (size_t k = 0; k < sizeof square / sizeof *square; k++, p += nn) *square[k] = p;
    q->scratch = p;
    p += 3 * nn;
    double **const spin[] = {&q->D, &q->Dp, &q->Fp, &q->e, &q->C, &q->F};
    for (size_t k = 0; k < sizeof spin / sizeof *spin; k++, p += spins * nn) *spin[k] = p;
    q->eps = p + 2;
    q->f = q->eps + spins * n;
    return HM_OK;
}

void hm_scf_destroy(struct hm_scf **scf)
{
    struct hm_scf *q = *scf;
    if (q) {
        hm_diis_destroy(&q->diis);
        hm_matrix_work_destroy(&q->work);
        free(q->storage);
        free(q);
    }
    *scf = NULL;
}

/* ---- the geometry ---- */

/* S = sum_k s_k u_k u_k^T: its powers +-1/2 over what is kept, the projector on the rest. */
static bool orthogonalise(struct hm_scf *scf)
{
    const size_t n = scf->n;
    double *U = scf->scratch, *s = scf->eps, *g = scf->f;
    memcpy(U, scf->S, n * n * sizeof *U);
    if (!hm_matrix_is_finite(n * n, U) || !hm_matrix_eigen(U, s, &scf->work)) return false;
    scf->nkept = 0;
    for (size_t k = 0; k < n; k++) scf->nkept += s[k] >= scf->option.dependence;
    const size_t out = n - scf->nkept; /* the lowest */
    for (size_t k = 0; k < n; k++) g[k] = k < out ? 0 : 1 / sqrt(s[k]);
    hm_matrix_compose(U, g, scf->X, &scf->work);
    for (size_t k = out; k < n; k++) g[k] = sqrt(s[k]);
    hm_matrix_compose(U, g, scf->root, &scf->work);
    for (size_t k = 0; k < n; k++) g[k] = k < out;
    if (out > 0) hm_matrix_compose(U, g, scf->left_out, &scf->work);
    for (int i = 0; i < scf->part.nspin; i++)
        if (scf->part.electrons[i] > hm_scf_capacity(scf) * (double)scf->nkept) return false;
    return true;
}

enum hm_status hm_scf_place(struct hm_scf *scf, const double *x, bool *good)
{
    const struct hm_scf_parts *p = &scf->part;
    scf->x = x;
    hm_overlap_matrix(p->basis, x, p->team, scf->S);
    HM_TRY(hm_core_matrix(p->basis, x, p->number, p->team, scf->H));
    hm_team_sum(p->team, scf->S, 2 * scf->n * scf->n);
    scf->repulsion = hm_nuclear_repulsion(p->basis->natom, p->number, x, NULL);
    *good = orthogonalise(scf) && isfinite(scf->repulsion) && hm_matrix_is_finite(scf->n * scf->n, scf->H);
    if (!*good) return HM_OK;
    HM_TRY(hm_coulomb_place(p->coulomb, x));
    return hm_xc_place(p->xc, x);
}

/* ---- densities ---- */

void hm_scf_total(const struct hm_scf *scf, const double *D, double *sum)
{
    const size_t nn = scf->n * scf->n;
    memcpy(sum, D, nn * sizeof *sum);
    if (scf->part.nspin == 2) hm_matrix_add(nn, 1, D + nn, sum);
}

void hm_scf_weighted(struct hm_scf *scf, double *W)
{
    const size_t n = scf->n, nn = n * n;
    double *Wp = scf->scratch, *both = scf->scratch + nn, *g = scf->scratch + 2 * nn;
    memset(both, 0, nn * sizeof *both);
    for (size_t s = 0; s < (size_t)scf->part.nspin; s++) {
        for (size_t i = 0; i < n; i++) g[i] = scf->f[s * n + i] * scf->eps[s * n + i];
        hm_matrix_compose(scf->C + s * nn, g, Wp, &scf->work);
        hm_matrix_add(nn, 1, Wp, both);
    }
    hm_matrix_congruence(scf->X, both, W, &scf->work);
}

bool hm_scf_occupy(struct hm_scf *scf, int spin, double kT, double *A, double *Dp)
{
    const size_t n = scf->n, s = (size_t)spin;
    double *eps = scf->eps + s * n, *f = scf->f + s * n;
    if (scf->nkept < n) hm_matrix_add(n * n, level_of_left_out, scf->left_out, A);
    if (!hm_matrix_is_finite(n * n, A) || !hm_matrix_eigen(A, eps, &scf->work)) return false;
    memset(f, 0, n * sizeof *f);
    scf->entropy += hm_occupation_fill(scf->nkept, eps, scf->part.electrons[s], hm_scf_capacity(scf), kT, f);
    hm_matrix_compose(A, f, Dp, &scf->work);
    return true;
}

/* ---- cycles ---- */

struct course {
    int cycle, best_cycle;
    double residual, best, energy; // of the cycle before
    bool helped;                   // damping and level shift are on
};

static void to_functions(struct hm_scf *scf)
{
    const size_t nn = scf->n * scf->n;
    for (size_t s = 0; s < (size_t)scf->part.nspin; s++)
        hm_matrix_congruence(scf->X, scf->Dp + s * nn, scf->D + s * nn, &scf->work);
}

/* F' and e = F' D' - (F' D')^T. */
static double residual_of(struct hm_scf *scf)
{
    const size_t n = scf->n, nn = n * n;
    double *M = scf->scratch;
    for (size_t s = 0; s < (size_t)scf->part.nspin; s++) {
        double *Fp = scf->Fp + s * nn, *e = scf->e + s * nn;
        hm_matrix_congruence(scf->X, scf->F + s * nn, Fp, &scf->work);
        hm_matrix_multiply(n, Fp, scf->Dp + s * nn, M);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) e[i * n + j] = M[i * n + j] - M[j * n + i];
    }
    return hm_matrix_largest((size_t)scf->part.nspin * nn, scf->e);
}

/* A number that decides is the first member's on all of them, whatever their processors make of the last bits. */
static double agreed(const struct hm_scf *scf, double value)
{
    if (scf->part.team->rank != 0) value = 0;
    hm_team_sum(scf->part.team, &value, 1);
    return value;
}

/* Small enough; or nearly so and at rest: the hole of a degenerate radical turns at no cost but the grid's, so that its
 * place is never quite found, and does not matter. */
static bool is_done(const struct hm_scf *scf, const struct course *c)
{
    const double limit = scf->option.convergence;
    return c->residual <= limit ||
           (c->residual <= fmin(nearly * limit, 2 * c->best) && c->cycle - c->best_cycle >= REST);
}

/* Whether help is called for: the energy has risen, or nothing gets better. It ends when the residual is small. */
static void judge(struct hm_scf *scf, struct course *c)
{
    const bool rises = c->cycle > FIRST_CYCLES && scf->energy > c->energy + rise;
    const bool stalls = c->cycle - c->best_cycle >= PATIENCE;
    if (c->residual < 0.9 * c->best || stalls) {
        c->best = c->residual;
        c->best_cycle = c->cycle;
    }
    if (stalls) hm_diis_reset(&scf->diis);
    if (rises || stalls)
        c->helped = true;
    else if (c->residual < calm)
        c->helped = false;
    c->energy = scf->energy;
}

/* New orbitals; D' mixed with the old where that helps. Shifting by -lambda D' is lifting empty orbitals by lambda:
 * with fractions of occupations it would change them. */
static bool renew(struct hm_scf *scf, bool helped)
{
    const size_t nn = scf->n * scf->n;
    double *old = scf->scratch;
    const double keep = helped ? scf->option.damping : 0,
                 shift = helped && !(scf->option.kT > 0) ? scf->option.level_shift : 0;
    scf->entropy = 0;
    for (size_t s = 0; s < (size_t)scf->part.nspin; s++) {
        double *C = scf->C + s * nn, *Dp = scf->Dp + s * nn;
        memcpy(C, scf->Fp + s * nn, nn * sizeof *C);
        if (shift != 0) hm_matrix_add(nn, -shift / hm_scf_capacity(scf), Dp, C);
        if (keep != 0) memcpy(old, Dp, nn * sizeof *old);
        if (!hm_scf_occupy(scf, (int)s, scf->option.kT, C, Dp)) return false;
        if (keep == 0) continue;
        for (size_t k = 0; k < nn; k++) Dp[k] = keep * old[k] + (1 - keep) * Dp[k];
    }
    to_functions(scf);
    return true;
}

/* The last diagonalisation, and what the energy gains by it to first order. */
static bool finish(struct hm_scf *scf, struct hm_scf_outcome *outcome)
{
    const size_t count = (size_t)scf->part.nspin * scf->n * scf->n;
    const double before = hm_matrix_dot(count, scf->F, scf->D);
    hm_diis_extrapolate(&scf->diis, scf->Fp, scf->e);
    if (!renew(scf, false)) return false;
    outcome->energy = scf->energy + hm_matrix_dot(count, scf->F, scf->D) - before - scf->entropy;
    outcome->converged = isfinite(outcome->energy);
    return outcome->converged;
}

enum hm_status hm_scf_solve(struct hm_scf *scf, struct hm_scf_outcome *outcome)
{
    struct course c = {.best = INFINITY};
    *outcome = (struct hm_scf_outcome){.residual = INFINITY};
    hm_diis_begin(&scf->diis);
    to_functions(scf);
    for (c.cycle = 1; c.cycle <= scf->option.max_iterations; c.cycle++) {
        outcome->iterations = c.cycle;
        HM_TRY(hm_scf_fock(scf));
        c.residual = agreed(scf, residual_of(scf));
        if (!isfinite(scf->energy) || !hm_matrix_is_finite((size_t)scf->part.nspin * scf->n * scf->n, scf->Fp))
            return HM_OK;
        outcome->residual = c.residual;
        if (is_done(scf, &c)) {
            finish(scf, outcome);
            return HM_OK;
        }
        judge(scf, &c);
        hm_diis_extrapolate(&scf->diis, scf->Fp, scf->e);
        if (!renew(scf, c.helped)) return HM_OK;
    }
    return HM_OK;
}
