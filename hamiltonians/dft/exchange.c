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
#include <string.h>

/* ---- bra and kets ---- */

void hm_exchange_bra(struct hm_coulomb *coulomb, size_t index, struct hm_bra *bra)
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pair *pair = hm_exchange_pair(coulomb, index);
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

/* Between a lane and what belongs to two families in a matrix. */
static void load_lane(const struct hm_family *row, const struct hm_family *column, size_t width, const double *matrix,
                      double *lane)
{
    for (size_t i = 0; i < row->count; i++)
        for (size_t j = 0; j < column->count; j++, lane += HM_LANES)
            *lane = matrix[(row->first + i) * width + column->first + j];
}

static void add_lane(const struct hm_family *row, const struct hm_family *column, size_t width, double factor,
                     const double *lane, double *matrix)
{
    for (size_t i = 0; i < row->count; i++)
        for (size_t j = 0; j < column->count; j++, lane += HM_LANES)
            matrix[(row->first + i) * width + column->first + j] += factor * *lane;
}

/* f of the kets of a block; 0 where there is none, or where the pair comes after the bra. */
static double share(const struct hm_coulomb *coulomb, size_t bra, size_t ket)
{
    const struct hm_pair *ab = hm_exchange_pair(coulomb, bra), *cd = hm_exchange_pair(coulomb, ket);
    if (!cd || ket > bra) return 0;
    return (ab->a == ab->b ? 0.5 : 1) * (cd->a == cd->b ? 0.5 : 1) * (bra == ket ? 0.5 : 1);
}

void hm_exchange_gather(struct hm_coulomb *coulomb, size_t index, size_t block, struct hm_quartet *q,
                        double f[HM_LANES])
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pair *bra = hm_exchange_pair(coulomb, index), *first = hm_exchange_pair(coulomb, block * HM_LANES);
    const size_t room = exchange->side * exchange->side * HM_LANES, width = coulomb->pairs.ninner;
    double *part[8];
    for (size_t i = 0; i < 8; i++) part[i] = exchange->lanes + i * room;
    *q = (struct hm_quartet){bra->a->count, bra->b->count, first->a->count, first->b->count, part[0], part[1],
                             part[2],       part[3],       part[4],         part[5],         part[6], part[7]};
    for (size_t lane = 0; lane < HM_LANES; lane++) {
        const struct hm_pair *ket = hm_exchange_pair(coulomb, block * HM_LANES + lane);
        f[lane] = share(coulomb, index, block * HM_LANES + lane);
        if (!ket) ket = first;
        load_lane(bra->a, ket->a, width, coulomb->density, q->D_ac + lane);
        load_lane(bra->a, ket->b, width, coulomb->density, q->D_ad + lane);
        load_lane(bra->b, ket->a, width, coulomb->density, q->D_bc + lane);
        load_lane(bra->b, ket->b, width, coulomb->density, q->D_bd + lane);
    }
}

static void scatter(struct hm_coulomb *coulomb, size_t index, size_t block, const struct hm_quartet *q,
                    const double f[HM_LANES])
{
    const struct hm_pair *bra = hm_exchange_pair(coulomb, index);
    const size_t width = coulomb->pairs.ninner;
    for (size_t lane = 0; lane < HM_LANES; lane++) {
        const struct hm_pair *ket = hm_exchange_pair(coulomb, block * HM_LANES + lane);
        if (f[lane] == 0) continue;
        add_lane(bra->a, ket->a, width, f[lane], q->K_ac + lane, coulomb->potential);
        add_lane(bra->a, ket->b, width, f[lane], q->K_ad + lane, coulomb->potential);
        add_lane(bra->b, ket->a, width, f[lane], q->K_bc + lane, coulomb->potential);
        add_lane(bra->b, ket->b, width, f[lane], q->K_bd + lane, coulomb->potential);
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
    const struct hm_pair *bra = hm_exchange_pair(coulomb, index);
    const double *from_a = coulomb->exchange->largest + (size_t)(bra->a - pairs->family) * pairs->nfamily;
    const double *from_b = coulomb->exchange->largest + (size_t)(bra->b - pairs->family) * pairs->nfamily;
    for (size_t i = 0; i < 4; i++) largest[i] = 0;
    for (size_t lane = 0; lane < HM_LANES; lane++) {
        const struct hm_pair *ket = hm_exchange_pair(coulomb, block * HM_LANES + lane);
        if (!ket) break;
        const size_t c = (size_t)(ket->a - pairs->family), d = (size_t)(ket->b - pairs->family);
        largest[0] = fmax(largest[0], from_a[c]);
        largest[1] = fmax(largest[1], from_a[d]);
        largest[2] = fmax(largest[2], from_b[c]);
        largest[3] = fmax(largest[3], from_b[d]);
    }
}

/* ---- the matrix ---- */

static void exchange_block(struct hm_coulomb *coulomb, size_t index, size_t block, const double *integrals)
{
    struct hm_quartet quartet;
    double f[HM_LANES];
    hm_exchange_gather(coulomb, index, block, &quartet, f);
    const size_t lanes = HM_LANES * sizeof(double);
    memset(quartet.K_ac, 0, quartet.na * quartet.nc * lanes);
    memset(quartet.K_ad, 0, quartet.na * quartet.nd * lanes);
    memset(quartet.K_bc, 0, quartet.nb * quartet.nc * lanes);
    memset(quartet.K_bd, 0, quartet.nb * quartet.nd * lanes);
    coulomb->kernels->digest(&quartet, integrals);
    scatter(coulomb, index, block, &quartet, f);
}

static void exchange_bra(struct hm_coulomb *coulomb, size_t index, double **stored)
{
    struct hm_exchange *exchange = coulomb->exchange;
    const struct hm_pair *pair = hm_exchange_pair(coulomb, index);
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
        if (!small) exchange_block(coulomb, index, block, integrals);
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
        if (hm_exchange_pair(coulomb, index) && hm_team_mine(coulomb->team, index))
            exchange_bra(coulomb, index, &stored);
    exchange->filled = exchange->stored != NULL;
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j <= i; j++) {
            const double sum = coulomb->potential[i * width + j] + coulomb->potential[j * width + i];
            coulomb->potential[i * width + j] = coulomb->potential[j * width + i] = sum;
        }
    hm_pairs_matrix(pairs, coulomb->potential, K);
    return HM_OK;
}
