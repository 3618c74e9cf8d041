#include "hamiltonians/dft/coulomb_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum hm_status hm_exact_create(struct hm_coulomb *coulomb)
{
    coulomb->exact = calloc(1, sizeof *coulomb->exact);
    if (!coulomb->exact) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the Coulomb matrix");
    for (int l = 0; l <= HM_PAIR_MAX_L; l++) {
        coulomb->exact->charges[l].l = l;
        coulomb->exact->charges[l].ncomponent = hm_hermite_count(l);
    }
    return HM_OK;
}

void hm_exact_destroy(struct hm_exact **exact)
{
    if (!*exact) return;
    for (int l = 0; l <= HM_PAIR_MAX_L; l++) hm_charges_destroy(&(*exact)->charges[l]);
    free((*exact)->order);
    free((*exact)->slot);
    free(*exact);
    *exact = NULL;
}

/* ---- a geometry ---- */

struct ranked {
    double bound;
    uint32_t primitive;
};

static int by_bound(const void *one, const void *other)
{
    const struct ranked *a = one, *b = other;
    if (a->bound != b->bound) return a->bound < b->bound ? 1 : -1;
    return (a->primitive > b->primitive) - (a->primitive < b->primitive);
}

static enum hm_status reserve_order(struct hm_exact *exact, size_t count)
{
    if (count <= exact->order_capacity) return HM_OK;
    const size_t room = count + count / 8;
    free(exact->order);
    free(exact->slot);
    exact->order = malloc(room * sizeof *exact->order);
    exact->slot = malloc(room * sizeof *exact->slot);
    exact->order_capacity = exact->order && exact->slot ? room : 0;
    return exact->order_capacity ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu pairs of Gaussians", count);
}

static enum hm_status rank(struct hm_coulomb *coulomb, int l, size_t first)
{
    struct hm_exact *exact = coulomb->exact;
    const struct hm_pairs *pairs = &coulomb->pairs;
    struct ranked *list = malloc((pairs->nprimitive + 1) * sizeof *list);
    if (!list) return hm_fail(HM_OUT_OF_MEMORY, "no memory to sort %zu pairs of Gaussians", pairs->nprimitive);
    size_t n = 0;
    for (size_t i = 0; i < pairs->nprimitive; i++)
        if (pairs->pair[pairs->primitive[i].pair].l == l)
            list[n++] = (struct ranked){pairs->primitive[i].bound, (uint32_t)i};
    qsort(list, n, sizeof *list, by_bound);
    for (size_t i = 0; i < n; i++) {
        exact->order[first + i] = list[i].primitive;
        exact->slot[list[i].primitive] = (uint32_t)i;
    }
    free(list);
    exact->first[l] = first;
    exact->count[l] = n;
    return HM_OK;
}

static void fill_sites(const struct hm_pairs *pairs, struct hm_exact *exact, int l)
{
    struct hm_charges *charges = &exact->charges[l];
    const size_t lanes = charges->nblock * HM_LANES;
    memset(charges->density, 0, lanes * charges->ncomponent * sizeof(double));
    for (size_t i = 0; i < lanes; i++) {
        double *site = charges->site + i / HM_LANES * 4 * HM_LANES + i % HM_LANES;
        site[0] = 1;
        site[HM_LANES] = site[2 * HM_LANES] = site[3 * HM_LANES] = 0;
        if (i % HM_LANES == 0) charges->bound[i / HM_LANES * 2] = 0;
        if (i >= exact->count[l]) continue;
        const struct hm_primitive_pair *primitive = &pairs->primitive[exact->order[exact->first[l] + i]];
        site[0] = primitive->p;
        for (size_t k = 0; k < 3; k++) site[(k + 1) * HM_LANES] = primitive->P[k];
        if (i % HM_LANES == 0) charges->bound[i / HM_LANES * 2] = primitive->bound;
    }
}

enum hm_status hm_exact_place(struct hm_coulomb *coulomb)
{
    struct hm_exact *exact = coulomb->exact;
    size_t first = 0;
    HM_TRY(reserve_order(exact, coulomb->pairs.nprimitive));
    for (int l = 0; l <= 2 * coulomb->pairs.max_l; l++) {
        HM_TRY(rank(coulomb, l, first));
        first += exact->count[l];
        HM_TRY(
            hm_charges_reserve(&exact->charges[l], (exact->count[l] + HM_LANES - 1) / HM_LANES, &exact->capacity[l]));
        fill_sites(&coulomb->pairs, exact, l);
    }
    return HM_OK;
}

/* ---- densities and potentials ---- */

static void put(double *lanes, size_t slot, size_t ncomponent, const double *values)
{
    double *to = lanes + slot / HM_LANES * ncomponent * HM_LANES + slot % HM_LANES;
    for (size_t i = 0; i < ncomponent; i++) to[i * HM_LANES] = hm_hermite_sign[i] * values[i];
}

static void get(const double *lanes, size_t slot, size_t ncomponent, double *values)
{
    const double *from = lanes + slot / HM_LANES * ncomponent * HM_LANES + slot % HM_LANES;
    for (size_t i = 0; i < ncomponent; i++) values[i] = hm_hermite_sign[i] * from[i * HM_LANES];
}

static void fill_densities(struct hm_coulomb *coulomb)
{
    const struct hm_pairs *pairs = &coulomb->pairs;
    double density[HM_SUMS], norm[HM_SUMS];
    for (int l = 0; l <= 2 * pairs->max_l; l++)
        for (size_t block = 0; block < coulomb->exact->charges[l].nblock; block++)
            coulomb->exact->charges[l].bound[2 * block + 1] = 0;
    for (size_t n = 0; n < pairs->npair; n++) {
        const struct hm_pair *pair = &pairs->pair[n];
        struct hm_charges *charges = &coulomb->exact->charges[pair->l];
        hm_pair_rows(pairs, pair, coulomb->density, coulomb->rows);
        for (size_t i = pair->first; i < pair->first + pair->count; i++) {
            const struct hm_primitive_pair *primitive = &pairs->primitive[i];
            const size_t slot = coulomb->exact->slot[i];
            hm_pair_values(pair, primitive->i, primitive->j, coulomb->value);
            hm_pair_hermite(pair, coulomb->rows, coulomb->value, density);
            put(charges->density, slot, charges->ncomponent, density);
            hm_hermite_norms(pair->l, primitive->p, norm);
            double weight = 0;
            for (size_t t = 0; t < charges->ncomponent; t++) weight += fabs(density[t]) * norm[t];
            double *largest = charges->bound + slot / HM_LANES * 2 + 1;
            *largest = fmax(*largest, weight);
        }
    }
}

static void clear(struct hm_coulomb *coulomb)
{
    for (int l = 0; l <= 2 * coulomb->pairs.max_l; l++) {
        struct hm_charges *charges = &coulomb->exact->charges[l];
        memset(charges->potential, 0, charges->nblock * charges->ncomponent * HM_LANES * sizeof(double));
        memset(charges->slope, 0, charges->nblock * 3 * HM_LANES * sizeof(double));
    }
}

/* One distribution with those before it in its class, and with all classes below; half with itself. */
static void meet(struct hm_coulomb *coulomb, int l, size_t slot, unsigned what)
{
    struct hm_exact *exact = coulomb->exact;
    struct hm_charges *mine = &exact->charges[l];
    const struct hm_primitive_pair *primitive = &coulomb->pairs.primitive[exact->order[exact->first[l] + slot]];
    const size_t order = mine->ncomponent, block = slot / HM_LANES, lane = slot % HM_LANES;
    double density[HM_SUMS], potential[HM_SUMS] = {0};
    _Alignas(64) double share[HM_LANES] = {0};
    get(mine->density, slot, order, density);
    const struct hm_probe probe = {.l = l,
                                   .p = primitive->p,
                                   .P = {primitive->P[0], primitive->P[1], primitive->P[2]},
                                   .density = density,
                                   .potential = potential,
                                   .bound = primitive->bound,
                                   .weight = mine->bound[2 * block + 1]};
    for (size_t i = 0; i <= lane; i++) share[i] = i < lane ? 1 : 0.5;
    for (int below = 0; below < l; below++)
        coulomb->kernels->field(&probe, &exact->charges[below], 0, exact->charges[below].nblock,
                                coulomb->options.threshold, NULL, what, coulomb->scratch);
    coulomb->kernels->field(&probe, mine, 0, block, coulomb->options.threshold, NULL, what, coulomb->scratch);
    coulomb->kernels->field(&probe, mine, block, block + 1, coulomb->options.threshold, share, what, coulomb->scratch);
    double *to = mine->potential + block * order * HM_LANES + lane;
    for (size_t i = 0; i < order; i++) to[i * HM_LANES] += hm_hermite_sign[i] * potential[i];
    if (!(what & HM_FIELD_SLOPE)) return;
    const uint16_t *sum = hm_kernel_tables().sum;
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < order; i++)
            mine->slope[(block * 3 + k) * HM_LANES + lane] -= density[i] * potential[sum[i * HM_SUMS + 1 + k]];
}

static void meet_all(struct hm_coulomb *coulomb, unsigned what)
{
    clear(coulomb);
    fill_densities(coulomb);
    size_t item = 0;
    for (int l = 2 * coulomb->pairs.max_l; l >= 0; l--)
        for (size_t slot = coulomb->exact->count[l]; slot-- > 0;)
            if (hm_team_mine(coulomb->team, item++)) meet(coulomb, l, slot, what);
}

void hm_exact_matrix(struct hm_coulomb *coulomb)
{
    const struct hm_pairs *pairs = &coulomb->pairs;
    double potential[HM_SUMS];
    meet_all(coulomb, HM_FIELD_PROBE | HM_FIELD_CHARGES);
    for (size_t n = 0; n < pairs->npair; n++) {
        const struct hm_pair *pair = &pairs->pair[n];
        const struct hm_charges *charges = &coulomb->exact->charges[pair->l];
        memset(coulomb->rows, 0, pair->a->count * pair->b->count * sizeof(double));
        for (size_t i = pair->first; i < pair->first + pair->count; i++) {
            get(charges->potential, coulomb->exact->slot[i], charges->ncomponent, potential);
            hm_pair_values(pair, pairs->primitive[i].i, pairs->primitive[i].j, coulomb->value);
            hm_pair_gather(pair, potential, coulomb->value, coulomb->rows);
        }
        hm_pair_scatter(pairs, pair, coulomb->rows, coulomb->potential);
    }
}

void hm_exact_gradient(struct hm_coulomb *coulomb, double *gradient)
{
    const struct hm_pairs *pairs = &coulomb->pairs;
    double potential[HM_SUMS];
    meet_all(coulomb, HM_FIELD_PROBE | HM_FIELD_CHARGES | HM_FIELD_SLOPE);
    for (size_t n = 0; n < pairs->npair; n++) {
        const struct hm_pair *pair = &pairs->pair[n];
        const struct hm_charges *charges = &coulomb->exact->charges[pair->l];
        hm_pair_rows(pairs, pair, coulomb->density, coulomb->rows);
        for (size_t i = pair->first; i < pair->first + pair->count; i++) {
            const size_t slot = coulomb->exact->slot[i];
            const double *slope = charges->slope + slot / HM_LANES * 3 * HM_LANES + slot % HM_LANES;
            const double on_P[3] = {-slope[0], -slope[HM_LANES], -slope[2 * HM_LANES]};
            get(charges->potential, slot, charges->ncomponent, potential);
            hm_pair_pull(coulomb, &pairs->primitive[i], coulomb->rows, potential, on_P, gradient);
        }
    }
}
