#include "hamiltonians/dft/orbitals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points are taken in runs that leave the scratch in the nearest cache. */
enum { RUN = 128, MOST_CARTESIAN = 10 };

static double magnitude(const struct hm_shell *shell, double r)
{
    double sum = 0.0;
    for (size_t i = 0; i < shell->nprimitive; i++)
        sum += fabs(shell->coefficient[i]) * exp(-shell->exponent[i] * r * r);
    return sum * pow(r, shell->l);
}

/* The largest r where the shell is as large as `least`, by bisection; beyond the maximum it only falls. */
static double find_reach(const struct hm_shell *shell, double least)
{
    double smallest = HUGE_VAL;
    for (size_t i = 0; i < shell->nprimitive; i++)
        if (shell->exponent[i] < smallest) smallest = shell->exponent[i];
    double low = sqrt((double)shell->l / (2.0 * smallest)), high = low + 1.0;
    if (magnitude(shell, low) < least) return low;
    while (magnitude(shell, high) > least) high *= 2.0;
    for (int i = 0; i < 50; i++) {
        const double middle = 0.5 * (low + high);
        if (magnitude(shell, middle) > least)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static bool same_exponents(const struct hm_shell *a, const struct hm_shell *b)
{
    return a->atom == b->atom && a->nprimitive == b->nprimitive &&
           memcmp(a->exponent, b->exponent, a->nprimitive * sizeof *a->exponent) == 0;
}

enum hm_status hm_orbitals_create(const struct hm_basis *basis, const struct hm_point_kernels *kernels,
                                  struct hm_orbitals *orbitals)
{
    struct hm_orbitals *o = orbitals;
    size_t most_primitives = 1;
    *o = (struct hm_orbitals){.basis = basis, .kernels = kernels};
    for (size_t s = 0; s < basis->nshell; s++)
        if (basis->shell[s].nprimitive > most_primitives) most_primitives = basis->shell[s].nprimitive;
    const size_t power = 3 * (HM_POINT_MAX_POWER + 1), rows = power + 4 + most_primitives + 10 * MOST_CARTESIAN;
    o->reach = calloc(basis->nshell, sizeof *o->reach);
    o->atom_reach = calloc(basis->natom, sizeof *o->atom_reach);
    o->family = calloc(basis->nshell, sizeof *o->family);
    o->scratch = aligned_alloc(64, rows * RUN * sizeof *o->scratch);
    if (!o->reach || !o->atom_reach || !o->family || !o->scratch) {
        hm_orbitals_destroy(o);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu basis functions at points", basis->nfunction);
    }
    o->power = o->scratch;
    o->square = o->power + power * RUN;
    o->radial = o->square + RUN;
    o->exponential = o->radial + 3 * RUN;
    o->cartesian = o->exponential + most_primitives * RUN;
    for (size_t s = 0; s < basis->nshell; s++) {
        const struct hm_shell *shell = &basis->shell[s];
        const double dense = find_reach(shell, HM_ORBITALS_LEAST_DENSE);
        o->reach[s] = find_reach(shell, HM_ORBITALS_LEAST);
        if (dense > o->atom_reach[shell->atom]) o->atom_reach[shell->atom] = dense;
        o->family[s] = s;
        if (s > 0 && same_exponents(shell, shell - 1)) o->family[s] = o->family[s - 1];
    }
    return HM_OK;
}

void hm_orbitals_destroy(struct hm_orbitals *orbitals)
{
    free(orbitals->reach);
    free(orbitals->atom_reach);
    free(orbitals->family);
    free(orbitals->scratch);
    *orbitals = (struct hm_orbitals){0};
}

size_t hm_orbitals_choose(struct hm_orbitals *orbitals, const double *x, size_t n, const double *const point[3],
                          size_t *shell)
{
    const struct hm_basis *basis = orbitals->basis;
    size_t count = 0, known = basis->natom;
    double distance = 0.0;
    for (size_t s = 0; s < basis->nshell; s++) {
        const size_t atom = basis->shell[s].atom;
        if (atom != known) {
            double least = HUGE_VAL;
            for (size_t from = 0; from < n; from += RUN) {
                const double *const at[3] = {point[0] + from, point[1] + from, point[2] + from};
                const size_t run = n - from < RUN ? n - from : RUN;
                const double here =
                    orbitals->kernels->separate(run, at, x + 3 * atom, orbitals->power, orbitals->square);
                if (here < least) least = here;
            }
            distance = sqrt(least);
            known = atom;
        }
        if (distance < orbitals->reach[s]) shell[count++] = s;
    }
    return count;
}

/* Real solid harmonics from Cartesian components, for every derivative alike. */
static void to_spherical(int l, size_t n, size_t derivatives, const double *cartesian, double *values, size_t stride,
                         size_t block)
{
    const size_t from = hm_cartesian_count(l), to = (size_t)(2 * l + 1);
    const double *matrix = hm_shell_spherical(l);
    for (size_t d = 0; d < derivatives; d++)
        for (size_t m = 0; m < to; m++) {
            double *value = values + d * block + m * stride;
            memset(value, 0, n * sizeof *value);
            for (size_t c = 0; c < from; c++) {
                const double factor = matrix[m * from + c], *component = cartesian + (d * from + c) * n;
                if (factor == 0.0) continue;
                for (size_t p = 0; p < n; p++) value[p] += factor * component[p];
            }
        }
}

/* One shell at one run of points; value (of the derivatives, each a block) goes to rows `stride` long. */
static void evaluate_shell(struct hm_orbitals *o, const struct hm_shell *shell, size_t n, int order, double *values,
                           size_t stride, size_t block)
{
    const size_t derivatives = hm_orbitals_derivatives(order), count = hm_cartesian_count(shell->l);
    o->kernels->radial(n, shell->nprimitive, shell->exponent, shell->coefficient, o->exponential, order, o->radial);
    size_t c = 0;
    for (int i = shell->l; i >= 0; i--)
        for (int j = shell->l - i; j >= 0; j--, c++) {
            const int powers[3] = {i, j, shell->l - i - j};
            if (shell->spherical && shell->l > 0)
                o->kernels->component(n, powers, o->power, o->radial, order, o->cartesian + c * n, count * n);
            else
                o->kernels->component(n, powers, o->power, o->radial, order, values + c * stride, block);
        }
    if (shell->spherical && shell->l > 0) to_spherical(shell->l, n, derivatives, o->cartesian, values, stride, block);
}

static void evaluate_run(struct hm_orbitals *o, const double *x, size_t nshell, const size_t *shell, size_t n,
                         const double *const point[3], int order, double *values, size_t stride, size_t block)
{
    const struct hm_basis *basis = o->basis;
    size_t atom = basis->natom, family = basis->nshell, row = 0;
    double d[3 * RUN];
    for (size_t i = 0; i < nshell; i++) {
        const struct hm_shell *s = &basis->shell[shell[i]];
        if (s->atom != atom) {
            o->kernels->separate(n, point, x + 3 * s->atom, d, o->square);
            o->kernels->powers(n, basis->max_l + order, d, o->power);
            atom = s->atom;
        }
        if (o->family[shell[i]] != family) {
            for (size_t k = 0; k < s->nprimitive; k++)
                o->kernels->exponential(n, s->exponent[k], o->square, o->exponential + k * n);
            family = o->family[shell[i]];
        }
        evaluate_shell(o, s, n, order, values + row * stride, stride, block);
        row += s->count;
    }
}

void hm_orbitals_evaluate(struct hm_orbitals *orbitals, const double *x, size_t nshell, const size_t *shell, size_t n,
                          const double *const point[3], int order, double *values)
{
    size_t rows = 0;
    for (size_t i = 0; i < nshell; i++) rows += orbitals->basis->shell[shell[i]].count;
    for (size_t from = 0; from < n; from += RUN) {
        const double *const at[3] = {point[0] + from, point[1] + from, point[2] + from};
        const size_t run = n - from < RUN ? n - from : RUN;
        evaluate_run(orbitals, x, nshell, shell, run, at, order, values + from, n, rows * n);
    }
}
