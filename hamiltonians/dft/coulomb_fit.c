#include "hamiltonians/dft/coulomb_internal.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* LAPACK, as Fortran calls it: its C interface is a package of its own. */
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
extern void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
                    const int *ldb, int *info);

/* ---- a geometry ---- */

static void place_groups(struct hm_fit *fit, const double *x)
{
    double norm[HM_SUMS], value[128];
    for (size_t g = 0; g < fit->ngroup; g++) {
        struct hm_fit_group *group = &fit->group[g];
        const struct hm_charges *charges = &group->charges;
        for (size_t i = 0; i < charges->nblock * HM_LANES; i++) {
            double *site = charges->site + i / HM_LANES * 4 * HM_LANES + i % HM_LANES;
            const struct hm_shell *shell = i < group->nprimitive ? group->shell[i] : NULL;
            site[0] = shell ? shell->exponent[group->index[i]] : 1;
            for (size_t k = 0; k < 3; k++) site[(k + 1) * HM_LANES] = shell ? x[3 * shell->atom + k] : 0;
            double *bound = charges->bound + i / HM_LANES * 2;
            if (i % HM_LANES == 0) bound[0] = bound[1] = 0;
            if (!shell) continue;
            hm_hermite_norms(charges->l, site[0], norm);
            hm_fit_values(group, i, value);
            for (size_t m = 0; m < group->solid.count; m++) {
                double sum = 0;
                for (size_t s = group->solid.first[m]; s < group->solid.first[m + 1]; s++)
                    sum += fabs(value[s]) * norm[group->solid.term[s].tuv];
                bound[0] = fmax(bound[0], sum);
            }
        }
    }
}

/* Sums the primitives of each function: from a row of lanes to a row of functions, added to. */
static void contract(const struct hm_fit *fit, const double *from, double *to)
{
    for (size_t g = 0; g < fit->ngroup; g++) {
        const struct hm_fit_group *group = &fit->group[g];
        for (size_t i = 0; i < group->nprimitive; i++) {
            const double *in = from + group->offset + i / HM_LANES * group->solid.count * HM_LANES + i % HM_LANES;
            double *out = to + group->shell[i]->first;
            for (size_t m = 0; m < group->solid.count; m++) out[m] += group->factor[i] * in[m * HM_LANES];
        }
    }
}

static void integrals(struct hm_coulomb *coulomb, const struct hm_probe *probe, const struct hm_expansion *expansion,
                      const double *value, double threshold)
{
    struct hm_fit *fit = coulomb->fit;
    for (size_t g = 0; g < fit->ngroup; g++) {
        const struct hm_fit_group *group = &fit->group[g];
        for (size_t block = 0; block < group->charges.nblock; block++) {
            if (probe->bound * group->charges.bound[2 * block] < threshold) continue;
            coulomb->kernels->integrals(probe, expansion, value, &group->charges, block, &group->solid,
                                        fit->work + group->offset + block * group->solid.count * HM_LANES, fit->width,
                                        coulomb->scratch);
        }
    }
}

static struct hm_probe probe_of(const struct hm_fit_group *group, size_t i)
{
    const double *site = group->charges.site + i / HM_LANES * 4 * HM_LANES + i % HM_LANES;
    return (struct hm_probe){
        .l = group->charges.l, .p = site[0], .P = {site[HM_LANES], site[2 * HM_LANES], site[3 * HM_LANES]}};
}

static enum hm_status place_metric(struct hm_coulomb *coulomb)
{
    struct hm_fit *fit = coulomb->fit;
    const size_t n = fit->auxiliary->nfunction;
    double value[128];
    size_t item = 0;
    memset(fit->metric, 0, n * n * sizeof(double));
    for (size_t g = 0; g < fit->ngroup; g++) {
        const struct hm_fit_group *group = &fit->group[g];
        for (size_t i = 0; i < group->nprimitive; i++) {
            if (!hm_team_mine(coulomb->team, item++)) continue;
            const struct hm_probe probe = probe_of(group, i);
            hm_fit_values(group, i, value);
            memset(fit->work, 0, group->solid.count * fit->width * sizeof(double));
            integrals(coulomb, &probe, &group->expansion, value, 0);
            for (size_t m = 0; m < group->solid.count; m++)
                contract(fit, fit->work + m * fit->width, fit->metric + (group->shell[i]->first + m) * n);
        }
    }
    hm_team_sum(coulomb->team, fit->metric, n * n);
    const int order = (int)n;
    int info = 0;
    dpotrf_("U", &order, fit->metric, &order, &info);
    if (info == 0) return HM_OK;
    return hm_fail(HM_ORACLE_FAILED, "the auxiliary basis is linearly dependent (function %d of %d): take another one",
                   info, order);
}

/* ---- stored integrals ---- */

static bool stored(const struct hm_coulomb *coulomb, size_t n)
{
    return coulomb->pairs.pair[n].count > 0 && hm_team_mine(coulomb->team, n);
}

static size_t rows_of(const struct hm_pair *pair)
{
    return pair->a->count * pair->b->count;
}

static void store_pair(struct hm_coulomb *coulomb, const struct hm_pair *pair, double *B)
{
    struct hm_fit *fit = coulomb->fit;
    const size_t nrow = rows_of(pair), n = fit->auxiliary->nfunction;
    memset(fit->work, 0, nrow * fit->width * sizeof(double));
    for (size_t i = pair->first; i < pair->first + pair->count; i++) {
        const struct hm_primitive_pair *primitive = &coulomb->pairs.primitive[i];
        const struct hm_probe probe = {.l = pair->l,
                                       .p = primitive->p,
                                       .P = {primitive->P[0], primitive->P[1], primitive->P[2]},
                                       .bound = primitive->bound};
        hm_pair_values(pair, primitive->i, primitive->j, coulomb->value);
        integrals(coulomb, &probe, pair->expansion, coulomb->value, coulomb->options.threshold);
    }
    memset(B, 0, nrow * n * sizeof *B);
    for (size_t row = 0; row < nrow; row++) contract(fit, fit->work + row * fit->width, B + row * n);
}

/* Without room for them, nothing is stored and B stays NULL. */
static void place_integrals(struct hm_coulomb *coulomb)
{
    struct hm_fit *fit = coulomb->fit;
    const size_t n = fit->auxiliary->nfunction;
    fit->nrow = 0;
    for (size_t i = 0; i < coulomb->pairs.npair; i++)
        if (stored(coulomb, i)) fit->nrow += rows_of(&coulomb->pairs.pair[i]);
    const size_t room = coulomb->options.memory / sizeof(double) / (n + 1);
    if (fit->nrow > room || fit->nrow > fit->capacity) { /* what happened before must not decide: it changes bits */
        free(fit->B);
        fit->capacity = fit->nrow + fit->nrow / 16 + 1;
        fit->B = fit->nrow <= room ? malloc(fit->capacity * n * sizeof(double)) : NULL;
        if (!fit->B) fit->capacity = 0;
    }
    double *B = fit->B;
    for (size_t i = 0; i < coulomb->pairs.npair && B; i++) {
        if (!stored(coulomb, i)) continue;
        store_pair(coulomb, &coulomb->pairs.pair[i], B);
        B += rows_of(&coulomb->pairs.pair[i]) * n;
    }
}

enum hm_status hm_fit_place(struct hm_coulomb *coulomb)
{
    place_groups(coulomb->fit, coulomb->x);
    HM_TRY(place_metric(coulomb));
    place_integrals(coulomb);
    return HM_OK;
}

/* ---- densities ---- */

static void list_rows(struct hm_coulomb *coulomb)
{
    double *rows = coulomb->fit->rows;
    for (size_t n = 0; n < coulomb->pairs.npair; n++) {
        if (!stored(coulomb, n)) continue;
        hm_pair_rows(&coulomb->pairs, &coulomb->pairs.pair[n], coulomb->density, rows);
        rows += rows_of(&coulomb->pairs.pair[n]);
    }
}

static void with_each_pair(struct hm_coulomb *coulomb, const struct hm_pair *pair, unsigned what, double *gradient);

/* (P|ab) D_ab from the potentials that the density makes at the auxiliary functions. */
static void moments_of_potentials(struct hm_fit *fit)
{
    double value[128];
    for (size_t g = 0; g < fit->ngroup; g++) {
        const struct hm_fit_group *group = &fit->group[g];
        const struct hm_charges *charges = &group->charges;
        for (size_t i = 0; i < group->nprimitive; i++) {
            hm_fit_values(group, i, value);
            const double *from = charges->potential + i / HM_LANES * charges->ncomponent * HM_LANES + i % HM_LANES;
            for (size_t s = 0; s < group->expansion.nterm; s++) {
                const struct hm_term *term = &group->expansion.term[s];
                fit->moment[group->shell[i]->first + term->row] +=
                    value[s] * hm_hermite_sign[term->tuv] * from[(term->tuv - charges->skip) * HM_LANES];
            }
        }
    }
}

void hm_fit_density(struct hm_coulomb *coulomb)
{
    struct hm_fit *fit = coulomb->fit;
    const int n = (int)fit->auxiliary->nfunction, one = 1;
    int info = 0;
    memset(fit->moment, 0, fit->auxiliary->nfunction * sizeof(double));
    if (fit->B) {
        list_rows(coulomb);
        cblas_dgemv(CblasRowMajor, CblasTrans, (int)fit->nrow, n, 1, fit->B, n, fit->rows, 1, 0, fit->moment, 1);
    } else {
        for (size_t g = 0; g < fit->ngroup; g++) {
            const struct hm_charges *charges = &fit->group[g].charges;
            memset(charges->potential, 0, charges->nblock * charges->ncomponent * HM_LANES * sizeof(double));
        }
        for (size_t i = 0; i < coulomb->pairs.npair; i++)
            if (stored(coulomb, i)) with_each_pair(coulomb, &coulomb->pairs.pair[i], HM_FIELD_CHARGES, NULL);
        moments_of_potentials(fit);
    }
    hm_team_sum(coulomb->team, fit->moment, fit->auxiliary->nfunction);
    memcpy(fit->fitted, fit->moment, fit->auxiliary->nfunction * sizeof(double));
    dpotrs_("U", &n, &one, fit->metric, &n, fit->fitted, &n, &info);
}

void hm_fit_charges(struct hm_coulomb *coulomb)
{
    const struct hm_fit *fit = coulomb->fit;
    double value[128], norm[HM_SUMS];
    for (size_t g = 0; g < fit->ngroup; g++) {
        const struct hm_fit_group *group = &fit->group[g];
        const struct hm_charges *charges = &group->charges;
        memset(charges->density, 0, charges->nblock * charges->ncomponent * HM_LANES * sizeof(double));
        memset(charges->slope, 0, charges->nblock * 3 * HM_LANES * sizeof(double));
        for (size_t i = 0; i < group->nprimitive; i++) {
            double *to = charges->density + i / HM_LANES * charges->ncomponent * HM_LANES + i % HM_LANES, weight = 0;
            hm_fit_values(group, i, value);
            for (size_t s = 0; s < group->expansion.nterm; s++) {
                const struct hm_term *term = &group->expansion.term[s];
                to[(term->tuv - charges->skip) * HM_LANES] +=
                    hm_hermite_sign[term->tuv] * value[s] * fit->fitted[group->shell[i]->first + term->row];
            }
            hm_hermite_norms(charges->l, group->shell[i]->exponent[group->index[i]], norm);
            for (size_t t = 0; t < charges->ncomponent; t++) weight += fabs(to[t * HM_LANES]) * norm[charges->skip + t];
            double *bound = charges->bound + i / HM_LANES * 2 + 1;
            *bound = i % HM_LANES == 0 ? weight : fmax(*bound, weight);
        }
    }
}

/* ---- through Hermite Gaussians ---- */

/* One pair and all auxiliary functions: whose potential `what` says; the potential at the pair goes to its rows, or
 * with slopes to the gradient. */
static void with_each_pair(struct hm_coulomb *coulomb, const struct hm_pair *pair, unsigned what, double *gradient)
{
    const struct hm_fit *fit = coulomb->fit;
    const uint16_t *sum = hm_kernel_tables().sum;
    double density[HM_SUMS], potential[HM_SUMS], norm[HM_SUMS];
    const size_t order = hm_hermite_count(pair->l);
    if (what & ~(unsigned)HM_FIELD_PROBE) hm_pair_rows(&coulomb->pairs, pair, coulomb->density, coulomb->rows);
    for (size_t i = pair->first; i < pair->first + pair->count; i++) {
        const struct hm_primitive_pair *primitive = &coulomb->pairs.primitive[i];
        struct hm_probe probe = {.l = pair->l,
                                 .p = primitive->p,
                                 .P = {primitive->P[0], primitive->P[1], primitive->P[2]},
                                 .density = density,
                                 .potential = potential,
                                 .bound = what == HM_FIELD_PROBE ? primitive->bound : 0};
        hm_pair_values(pair, primitive->i, primitive->j, coulomb->value);
        if (what != HM_FIELD_PROBE) {
            hm_pair_hermite(pair, coulomb->rows, coulomb->value, density);
            hm_hermite_norms(pair->l, primitive->p, norm);
            for (size_t t = 0; t < order; t++) probe.weight += fabs(density[t]) * norm[t];
            if (gradient) probe.bound = probe.weight;
        }
        memset(potential, 0, sizeof potential);
        for (size_t g = 0; g < fit->ngroup; g++)
            coulomb->kernels->field(&probe, &fit->group[g].charges, 0, fit->group[g].charges.nblock,
                                    coulomb->options.threshold, NULL, what, coulomb->scratch);
        if (what == HM_FIELD_PROBE) hm_pair_gather(pair, potential, coulomb->value, coulomb->rows);
        if (!gradient) continue;
        double on_P[3] = {0};
        for (size_t k = 0; k < 3; k++)
            for (size_t t = 0; t < order; t++) on_P[k] += density[t] * potential[sum[t * HM_SUMS + 1 + k]];
        hm_pair_pull(coulomb, primitive, coulomb->rows, potential, on_P, gradient);
    }
}

void hm_fit_matrix(struct hm_coulomb *coulomb)
{
    struct hm_fit *fit = coulomb->fit;
    const int n = (int)fit->auxiliary->nfunction;
    hm_fit_density(coulomb);
    if (fit->B)
        cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)fit->nrow, n, 1, fit->B, n, fit->fitted, 1, 0, fit->rows, 1);
    else
        hm_fit_charges(coulomb);
    const double *rows = fit->rows;
    for (size_t i = 0; i < coulomb->pairs.npair; i++) {
        const struct hm_pair *pair = &coulomb->pairs.pair[i];
        if (!stored(coulomb, i)) continue;
        if (!fit->B) {
            memset(coulomb->rows, 0, rows_of(pair) * sizeof(double));
            with_each_pair(coulomb, pair, HM_FIELD_PROBE, NULL);
        }
        hm_pair_scatter(&coulomb->pairs, pair, fit->B ? rows : coulomb->rows, coulomb->potential);
        rows += rows_of(pair);
    }
}

/* -1/2 c_P (P|Q)^x c_Q: both sides move, each once. */
static void metric_gradient(struct hm_coulomb *coulomb, double *gradient)
{
    const struct hm_fit *fit = coulomb->fit;
    const uint16_t *sum = hm_kernel_tables().sum;
    double density[HM_SUMS], potential[HM_SUMS];
    size_t item = 0;
    for (size_t g = 0; g < fit->ngroup; g++) {
        const struct hm_fit_group *group = &fit->group[g];
        const struct hm_charges *charges = &group->charges;
        for (size_t i = 0; i < group->nprimitive; i++) {
            if (!hm_team_mine(coulomb->team, item++)) continue;
            struct hm_probe probe = probe_of(group, i);
            const double *from = charges->density + i / HM_LANES * charges->ncomponent * HM_LANES + i % HM_LANES;
            memset(density, 0, sizeof density);
            memset(potential, 0, sizeof potential);
            for (size_t t = 0; t < charges->ncomponent; t++)
                density[charges->skip + t] = hm_hermite_sign[charges->skip + t] * from[t * HM_LANES];
            probe.density = density;
            probe.potential = potential;
            probe.weight = probe.bound = HUGE_VAL;
            for (size_t h = 0; h < fit->ngroup; h++)
                coulomb->kernels->field(&probe, &fit->group[h].charges, 0, fit->group[h].charges.nblock, 0, NULL,
                                        HM_FIELD_PROBE | HM_FIELD_SLOPE, coulomb->scratch);
            for (size_t k = 0; k < 3; k++)
                for (size_t t = 0; t < hm_hermite_count(charges->l); t++)
                    gradient[3 * group->shell[i]->atom + k] -= density[t] * potential[sum[t * HM_SUMS + 1 + k]];
        }
    }
}

void hm_fit_gradient(struct hm_coulomb *coulomb, double *gradient)
{
    const struct hm_fit *fit = coulomb->fit;
    hm_fit_density(coulomb);
    hm_fit_charges(coulomb);
    for (size_t i = 0; i < coulomb->pairs.npair; i++)
        if (stored(coulomb, i))
            with_each_pair(coulomb, &coulomb->pairs.pair[i], HM_FIELD_PROBE | HM_FIELD_SLOPE, gradient);
    for (size_t g = 0; g < fit->ngroup; g++) {
        const struct hm_fit_group *group = &fit->group[g];
        for (size_t i = 0; i < group->nprimitive; i++)
            for (size_t k = 0; k < 3; k++)
                gradient[3 * group->shell[i]->atom + k] -=
                    group->charges.slope[(i / HM_LANES * 3 + k) * HM_LANES + i % HM_LANES];
    }
    metric_gradient(coulomb, gradient); /* adds to slopes, which have been read */
}
