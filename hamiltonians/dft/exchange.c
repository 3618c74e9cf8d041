/* Exact exchange: all quartets of shells, eight kets at a time, each once.
 *
 * Pairs are sorted by kind, and with the largest bounds first; eight of a kind are a block. A bra meets the blocks up
 * to its own. With f = 1/2 for each of a = b, c = d, ab = cd (families):
 *
 *   K_ac += f (ab|cd) D_bd   K_ad += f (ab|cd) D_bc   K_bc += f (ab|cd) D_ad   K_bd += f (ab|cd) D_ac,
 *   and in the end K + K^T
 *
 * Where the memory allows, the integrals of a geometry are stored as they come and read again in the same order.
 */
#include "hamiltonians/dft/exchange_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- blocks ---- */

static const struct hm_pair *pair_of(const struct hm_coulomb *coulomb, size_t index)
{
    const uint32_t n = coulomb->exchange->pair[index];
    return n == HM_NO_PAIR ? NULL : &coulomb->pairs.pair[n];
}

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
    exchange->weight = calloc(n * pairs->max_term + 1, sizeof(double));
    exchange->slope = calloc(3 * n + 1, sizeof(double));
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
        const struct hm_pair *pair = pair_of(coulomb, bra);
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
            const struct hm_pair *pair = pair_of(coulomb, block * HM_LANES + lane);
            if (!pair) continue;
            fill_lane(coulomb, pair, &exchange->ket[block], lane);
            exchange->bound[block] = fmax(exchange->bound[block], pair->bound);
        }
    }
    const size_t count = count_integrals(coulomb);
    exchange->filled = false;
    if (count > exchange->capacity) {
        free(exchange->stored);
        exchange->capacity = count + count / 16;
        exchange->stored = exchange->capacity <= coulomb->options.memory / sizeof(double)
                               ? aligned_alloc(64, (exchange->capacity / HM_LANES + 1) * HM_LANES * sizeof(double))
                               : NULL;
        if (!exchange->stored) exchange->capacity = 0;
    }
    return HM_OK;
}

/* ---- bra and kets ---- */

void hm_exchange_bra(struct hm_coulomb *coulomb, size_t index, struct hm_bra *bra)
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pair *pair = pair_of(coulomb, index);
    const size_t nterm = pair->expansion->nterm, lane = index % HM_LANES;
    const struct hm_ket *own = &exchange->ket[index / HM_LANES];
    *bra = (struct hm_bra){.l = pair->l,
                           .nprimitive = own->nprimitive,
                           .rows = own->rows,
                           .expansion = pair->expansion,
                           .probe = exchange->probe,
                           .weight = exchange->weight,
                           .slope = exchange->slope};
    for (size_t k = 0; k < own->nprimitive; k++) {
        const double *site = own->site + k * 4 * HM_LANES + lane;
        double *value = exchange->value + k * nterm;
        for (size_t n = 0; n < nterm; n++)
            value[n] = hm_hermite_sign[pair->expansion->term[n].tuv] * own->value[(k * nterm + n) * HM_LANES + lane];
        exchange->probe[k] = (struct hm_probe){.l = pair->l,
                                               .p = site[0],
                                               .P = {site[HM_LANES], site[2 * HM_LANES], site[3 * HM_LANES]},
                                               .density = value,
                                               .bound = hm_pair_bound(pair, site[0], value)};
    }
}

static void move_block(const struct hm_exchange *exchange, const struct hm_family *row, const struct hm_family *column,
                       size_t width, double factor, double *matrix, double *lanes)
{
    (void)exchange;
    for (size_t i = 0; i < row->count; i++)
        for (size_t j = 0; j < column->count; j++) {
            double *at = matrix + (row->first + i) * width + column->first + j;
            double *lane = lanes + (i * column->count + j) * HM_LANES;
            if (factor == 0)
                *lane = *at;
            else
                *at += factor * *lane;
        }
}

/* f of the kets of a block; 0 where there is none, or where the pair comes after the bra. */
static double share(const struct hm_coulomb *coulomb, size_t bra, size_t ket)
{
    const struct hm_pair *ab = pair_of(coulomb, bra), *cd = pair_of(coulomb, ket);
    if (!cd || ket > bra) return 0;
    return (ab->a == ab->b ? 0.5 : 1) * (cd->a == cd->b ? 0.5 : 1) * (bra == ket ? 0.5 : 1);
}

void hm_exchange_gather(struct hm_coulomb *coulomb, size_t index, size_t block, struct hm_quartet *q,
                        double f[HM_LANES])
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pair *bra = pair_of(coulomb, index), *first = pair_of(coulomb, block * HM_LANES);
    const size_t room = exchange->side * exchange->side * HM_LANES, width = coulomb->pairs.ninner;
    double *part[8];
    for (size_t i = 0; i < 8; i++) part[i] = exchange->lanes + i * room;
    *q = (struct hm_quartet){bra->a->count, bra->b->count, first->a->count, first->b->count, part[0], part[1],
                             part[2],       part[3],       part[4],         part[5],         part[6], part[7]};
    memset(part[4], 0, 4 * room * sizeof(double));
    for (size_t lane = 0; lane < HM_LANES; lane++) {
        const struct hm_pair *ket = pair_of(coulomb, block * HM_LANES + lane);
        f[lane] = share(coulomb, index, block * HM_LANES + lane);
        if (!ket) ket = first;
        move_block(exchange, bra->a, ket->a, width, 0, coulomb->density, q->D_ac + lane);
        move_block(exchange, bra->a, ket->b, width, 0, coulomb->density, q->D_ad + lane);
        move_block(exchange, bra->b, ket->a, width, 0, coulomb->density, q->D_bc + lane);
        move_block(exchange, bra->b, ket->b, width, 0, coulomb->density, q->D_bd + lane);
    }
}

static void scatter(struct hm_coulomb *coulomb, size_t index, size_t block, const struct hm_quartet *q,
                    const double f[HM_LANES])
{
    const struct hm_pair *bra = pair_of(coulomb, index);
    const size_t width = coulomb->pairs.ninner;
    for (size_t lane = 0; lane < HM_LANES; lane++) {
        const struct hm_pair *ket = pair_of(coulomb, block * HM_LANES + lane);
        if (f[lane] == 0) continue;
        move_block(coulomb->exchange, bra->a, ket->a, width, f[lane], coulomb->potential, q->K_ac + lane);
        move_block(coulomb->exchange, bra->a, ket->b, width, f[lane], coulomb->potential, q->K_ad + lane);
        move_block(coulomb->exchange, bra->b, ket->a, width, f[lane], coulomb->potential, q->K_bc + lane);
        move_block(coulomb->exchange, bra->b, ket->b, width, f[lane], coulomb->potential, q->K_bd + lane);
    }
}

/* ---- screening with the density ---- */

void hm_exchange_bounds(struct hm_coulomb *coulomb)
{
    const struct hm_pairs *pairs = &coulomb->pairs;
    for (size_t i = 0; i < pairs->nfamily; i++)
        for (size_t j = 0; j < pairs->nfamily; j++) {
            const struct hm_family *a = &pairs->family[i], *b = &pairs->family[j];
            double largest = 0;
            for (size_t k = 0; k < a->count; k++)
                for (size_t l = 0; l < b->count; l++)
                    largest = fmax(largest, fabs(coulomb->density[(a->first + k) * pairs->ninner + b->first + l]));
            coulomb->exchange->largest[i * pairs->nfamily + j] = largest;
        }
}

/* The largest elements of the density that meet a bra and the kets of a block: between a and c, d, and b and c, d. */
void hm_exchange_largest(const struct hm_coulomb *coulomb, size_t index, size_t block, double largest[4])
{
    const struct hm_pairs *pairs = &coulomb->pairs;
    const struct hm_pair *bra = pair_of(coulomb, index);
    const double *from_a = coulomb->exchange->largest + (size_t)(bra->a - pairs->family) * pairs->nfamily;
    const double *from_b = coulomb->exchange->largest + (size_t)(bra->b - pairs->family) * pairs->nfamily;
    for (size_t i = 0; i < 4; i++) largest[i] = 0;
    for (size_t lane = 0; lane < HM_LANES; lane++) {
        const struct hm_pair *ket = pair_of(coulomb, block * HM_LANES + lane);
        if (!ket) break;
        const size_t c = (size_t)(ket->a - pairs->family), d = (size_t)(ket->b - pairs->family);
        largest[0] = fmax(largest[0], from_a[c]);
        largest[1] = fmax(largest[1], from_a[d]);
        largest[2] = fmax(largest[2], from_b[c]);
        largest[3] = fmax(largest[3], from_b[d]);
    }
}

/* ---- the matrix ---- */

static void exchange_block(struct hm_coulomb *coulomb, size_t index, size_t block, const struct hm_bra *bra,
                           const double *integrals)
{
    struct hm_quartet quartet;
    double f[HM_LANES];
    (void)bra;
    hm_exchange_gather(coulomb, index, block, &quartet, f);
    coulomb->kernels->digest(&quartet, integrals);
    scatter(coulomb, index, block, &quartet, f);
}

static void exchange_bra(struct hm_coulomb *coulomb, size_t index, double **stored)
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pair *pair = pair_of(coulomb, index);
    const double threshold = coulomb->options.threshold;
    struct hm_bra bra;
    if (!exchange->filled) hm_exchange_bra(coulomb, index, &bra);
    for (size_t block = 0; block <= index / HM_LANES; block++) {
        const struct hm_ket *ket = &exchange->ket[block];
        const double bound = pair->bound * exchange->bound[block];
        if (bound < threshold) continue;
        double *integrals = *stored ? *stored : exchange->integral, largest[4];
        if (*stored) *stored += pair->a->count * pair->b->count * ket->rows * HM_LANES;
        hm_exchange_largest(coulomb, index, block, largest);
        const bool small = bound * fmax(fmax(largest[0], largest[1]), fmax(largest[2], largest[3])) < threshold;
        if (!exchange->filled && (*stored || !small))
            coulomb->kernels->quartets(&bra, ket, 0.01 * threshold, integrals, exchange->scratch);
        if (!small) exchange_block(coulomb, index, block, &bra, integrals);
    }
}

enum hm_status hm_exchange_matrix(struct hm_coulomb *coulomb, const double *D, double *K)
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pairs *pairs = &coulomb->pairs;
    const size_t width = pairs->ninner;
    double *stored = exchange->stored;
    hm_pairs_density(pairs, D, coulomb->density);
    hm_exchange_bounds(coulomb);
    memset(coulomb->potential, 0, width * width * sizeof(double));
    for (size_t index = 0; index < exchange->nblock * HM_LANES; index++)
        if (pair_of(coulomb, index) && hm_team_mine(coulomb->team, index)) exchange_bra(coulomb, index, &stored);
    exchange->filled = exchange->stored != NULL;
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j <= i; j++) {
            const double sum = coulomb->potential[i * width + j] + coulomb->potential[j * width + i];
            coulomb->potential[i * width + j] = coulomb->potential[j * width + i] = sum;
        }
    hm_pairs_matrix(pairs, coulomb->potential, K);
    return HM_OK;
}
