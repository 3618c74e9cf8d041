/* Blocks of exact exchange: which pairs are in them, their sites and values (see exchange.c). */
#include "hamiltonians/dft/exchange_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- blocks ---- */

static enum hm_status make_block(struct hm_ket *ket, const struct hm_pair *pair)
{
    const size_t n = pair->a->nprimitive * pair->b->nprimitive, values = n * pair->expansion->nterm * HM_LANES;
    *ket = (struct hm_ket){.l = pair->l,
                           .nprimitive = n,
                           .rows = pair->a->count * pair->b->count,
                           .expansion = pair->expansion,
                           .site = hm_lanes_alloc(n * 4 * HM_LANES),
                           .value = hm_lanes_alloc(values),
                           .weight = hm_lanes_alloc(values),
                           .slope = hm_lanes_alloc(n * 3 * HM_LANES),
                           .bound = calloc(n, sizeof(double))};
    if (ket->site && ket->value && ket->weight && ket->slope && ket->bound) return HM_OK;
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for exact exchange: %zu products of Gaussians", n);
}

/* Which pairs are of one kind never changes; blocks have room for all of them. */
static enum hm_status make_blocks(struct hm_coulomb *coulomb)
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pairs *pairs = &coulomb->pairs;
    const size_t kinds = pairs->nkind * pairs->nkind;
    for (size_t kind = 0; kind < kinds; kind++) {
        size_t count = 0;
        exchange->first[kind] = exchange->nblock;
        for (size_t n = 0; n < pairs->npair; n++) {
            if (pairs->pair[n].expansion != &pairs->expansion[kind]) continue;
            if (count++ % HM_LANES == 0) HM_TRY(make_block(&exchange->ket[exchange->nblock++], &pairs->pair[n]));
        }
        exchange->count[kind] = count;
    }
    for (size_t i = 0; i < exchange->nblock; i++) {
        const struct hm_ket *ket = &exchange->ket[i];
        if (ket->nprimitive > exchange->max_primitive) exchange->max_primitive = ket->nprimitive;
        const size_t spread = ket->nprimitive * hm_hermite_count(ket->l);
        if (spread > exchange->max_spread) exchange->max_spread = spread;
    }
    return HM_OK;
}

static enum hm_status allocate(struct hm_coulomb *coulomb)
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pairs *pairs = &coulomb->pairs;
    const size_t row = pairs->max_row, order = hm_hermite_count(2 * pairs->max_l), n = exchange->max_primitive;
    size_t side = 1;
    for (size_t f = 0; f < pairs->nfamily; f++)
        if (pairs->family[f].count > side) side = pairs->family[f].count;
    exchange->integral = hm_lanes_alloc(row * row * HM_LANES);
    exchange->scratch =
        hm_lanes_alloc(2 * HM_KERNEL_SCRATCH + HM_LANES * (order * row + order * order + exchange->max_spread * row));
    exchange->lanes = hm_lanes_alloc(8 * side * side * HM_LANES);
    exchange->side = side;
    exchange->probe = calloc(n + 1, sizeof *exchange->probe);
    exchange->value = calloc(n * pairs->max_term + 1, sizeof(double));
    exchange->weight = hm_lanes_alloc(n * pairs->max_term * HM_LANES);
    exchange->slope = hm_lanes_alloc(3 * n * HM_LANES);
    exchange->largest = calloc(pairs->nfamily * pairs->nfamily + 1, sizeof(double));
    if (exchange->integral && exchange->scratch && exchange->lanes && exchange->probe && exchange->value &&
        exchange->weight && exchange->slope && exchange->largest)
        return HM_OK;
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for exact exchange");
}

enum hm_status hm_exchange_create(struct hm_coulomb *coulomb)
{
    struct hm_exchange *exchange = coulomb->exchange = calloc(1, sizeof *exchange);
    const size_t kinds = coulomb->pairs.nkind * coulomb->pairs.nkind,
                 room = coulomb->pairs.npair / HM_LANES + kinds + 1;
    if (!exchange) return hm_fail(HM_OUT_OF_MEMORY, "no memory for exact exchange");
    exchange->ket = calloc(room, sizeof *exchange->ket);
    exchange->pair = malloc(room * HM_LANES * sizeof *exchange->pair);
    exchange->first = calloc(kinds + 1, sizeof *exchange->first);
    exchange->count = calloc(kinds + 1, sizeof *exchange->count);
    exchange->bound = calloc(room, sizeof *exchange->bound);
    if (!exchange->ket || !exchange->pair || !exchange->first || !exchange->count || !exchange->bound)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for exact exchange");
    HM_TRY(make_blocks(coulomb));
    return allocate(coulomb);
}

void hm_exchange_destroy(struct hm_exchange **exchange)
{
    if (!*exchange) return;
    for (size_t i = 0; (*exchange)->ket && i < (*exchange)->nblock; i++) {
        free((*exchange)->ket[i].site);
        free((*exchange)->ket[i].value);
        free((*exchange)->ket[i].weight);
        free((*exchange)->ket[i].slope);
        free((*exchange)->ket[i].bound);
    }
    free((*exchange)->ket);
    free((*exchange)->pair);
    free((*exchange)->first);
    free((*exchange)->count);
    free((*exchange)->bound);
    free((*exchange)->integral);
    free((*exchange)->scratch);
    free((*exchange)->lanes);
    free((*exchange)->probe);
    free((*exchange)->value);
    free((*exchange)->weight);
    free((*exchange)->slope);
    free((*exchange)->largest);
    free((*exchange)->stored);
    free(*exchange);
    *exchange = NULL;
}

/* ---- a geometry ---- */

struct ranked {
    double bound;
    uint32_t pair;
};

static int by_bound(const void *one, const void *other)
{
    const struct ranked *a = one, *b = other;
    if (a->bound != b->bound) return a->bound < b->bound ? 1 : -1;
    return (a->pair > b->pair) - (a->pair < b->pair);
}

static void rank_pairs(struct hm_coulomb *coulomb, struct ranked *list)
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pairs *pairs = &coulomb->pairs;
    for (size_t i = 0; i < exchange->nblock * HM_LANES; i++) exchange->pair[i] = HM_NO_PAIR;
    for (size_t kind = 0; kind < pairs->nkind * pairs->nkind; kind++) {
        if (exchange->count[kind] == 0) continue;
        size_t count = 0;
        for (size_t n = 0; n < pairs->npair; n++)
            if (pairs->pair[n].expansion == &pairs->expansion[kind])
                list[count++] = (struct ranked){pairs->pair[n].bound, (uint32_t)n};
        qsort(list, count, sizeof *list, by_bound);
        for (size_t i = 0; i < count; i++) exchange->pair[exchange->first[kind] * HM_LANES + i] = list[i].pair;
    }
}

/* Sites and values of one pair, into its lane. */
static void fill_lane(const struct hm_coulomb *coulomb, const struct hm_pair *pair, struct hm_ket *ket, size_t lane)
{
    const size_t nterm = ket->expansion->nterm;
    for (size_t k = 0; k < ket->nprimitive; k++) {
        const size_t i = k / pair->b->nprimitive, j = k % pair->b->nprimitive;
        double *site = ket->site + k * 4 * HM_LANES + lane, *value = ket->value + k * nterm * HM_LANES + lane;
        const double a = pair->a->exponent[i], b = pair->b->exponent[j];
        site[0] = a + b;
        for (size_t d = 0; d < 3; d++)
            site[(d + 1) * HM_LANES] =
                (a * coulomb->x[3 * pair->a->atom + d] + b * coulomb->x[3 * pair->b->atom + d]) / (a + b);
        hm_pair_values(pair, i, j, coulomb->value);
        for (size_t n = 0; n < nterm; n++)
            value[n * HM_LANES] = hm_hermite_sign[ket->expansion->term[n].tuv] * coulomb->value[n];
        ket->bound[k] = fmax(ket->bound[k], hm_pair_bound(pair, a + b, coulomb->value));
    }
}

static void clear_block(struct hm_ket *ket)
{
    memset(ket->value, 0, ket->nprimitive * ket->expansion->nterm * HM_LANES * sizeof(double));
    memset(ket->bound, 0, ket->nprimitive * sizeof(double));
    for (size_t i = 0; i < ket->nprimitive * 4 * HM_LANES; i++) ket->site[i] = i / HM_LANES % 4 == 0 ? 1 : 0;
}

/* Doubles that this member's integrals take. */
static size_t count_integrals(const struct hm_coulomb *coulomb)
{
    const struct hm_exchange *exchange = coulomb->exchange;
    size_t sum = 0;
    for (size_t bra = 0; bra < exchange->nblock * HM_LANES; bra++) {
        const struct hm_pair *pair = hm_exchange_pair(coulomb, bra);
        if (!pair || !hm_team_mine(coulomb->team, bra)) continue;
        const size_t rows = pair->a->count * pair->b->count;
        for (size_t block = 0; block <= bra / HM_LANES; block++)
            if (pair->bound * exchange->bound[block] >= coulomb->options.threshold)
                sum += rows * exchange->ket[block].rows * HM_LANES;
    }
    return sum;
}

enum hm_status hm_exchange_place(struct hm_coulomb *coulomb)
{
    struct hm_exchange *exchange = coulomb->exchange;
    struct ranked *list = malloc((coulomb->pairs.npair + 1) * sizeof *list);
    if (!list) return hm_fail(HM_OUT_OF_MEMORY, "no memory to sort %zu pairs of shells", coulomb->pairs.npair);
    rank_pairs(coulomb, list);
    free(list);
    for (size_t block = 0; block < exchange->nblock; block++) {
        clear_block(&exchange->ket[block]);
        exchange->bound[block] = 0;
        for (size_t lane = 0; lane < HM_LANES; lane++) {
            const struct hm_pair *pair = hm_exchange_pair(coulomb, block * HM_LANES + lane);
            if (!pair) continue;
            fill_lane(coulomb, pair, &exchange->ket[block], lane);
            exchange->bound[block] = fmax(exchange->bound[block], pair->bound);
        }
    }
    const size_t count = count_integrals(coulomb);
    exchange->filled = false;
    const size_t taken = coulomb->fit && coulomb->fit->B ? coulomb->fit->nrow * coulomb->fit->auxiliary->nfunction : 0;
    const bool fits = count + taken <= coulomb->options.memory / sizeof(double);
    if (!fits || count > exchange->capacity) {
        free(exchange->stored);
        exchange->capacity = count + count / 16;
        exchange->stored = fits ? hm_lanes_alloc(exchange->capacity) : NULL;
        if (!exchange->stored) exchange->capacity = 0;
    }
    return HM_OK;
}
