/* The gradient of exact exchange.
 *
 *   E = 1/2 sum D_ab K_ab = sum over quartets gamma_abcd (ab|cd),   gamma = 2 f (D_ac D_bd + D_ad D_bc)
 *
 * The kernel gives dE/dP and dE/dvalue of each primitive pair; values depend on A - B.
 */
#include "hamiltonians/dft/exchange_internal.h"

#include <math.h>
#include <string.h>

static void make_gamma(const struct hm_quartet *q, const double f[HM_LANES], double scale, double *gamma)
{
    for (size_t a = 0; a < q->na; a++)
        for (size_t b = 0; b < q->nb; b++)
            for (size_t c = 0; c < q->nc; c++)
                for (size_t d = 0; d < q->nd; d++, gamma += HM_LANES) {
                    const double *ac = q->D_ac + (a * q->nc + c) * HM_LANES, *bd = q->D_bd + (b * q->nd + d) * HM_LANES;
                    const double *ad = q->D_ad + (a * q->nd + d) * HM_LANES, *bc = q->D_bc + (b * q->nc + c) * HM_LANES;
                    for (size_t l = 0; l < HM_LANES; l++) gamma[l] = 2 * scale * f[l] * (ac[l] * bd[l] + ad[l] * bc[l]);
                }
}

static double sum_lanes(const double *lanes)
{
    double sum = 0;
    for (size_t i = 0; i < HM_LANES; i++) sum += lanes[i];
    return sum;
}

static void slopes_of_bra(struct hm_coulomb *coulomb, size_t index, double scale)
{
    struct hm_exchange *exchange = coulomb->exchange;
    struct hm_ket *own = &exchange->ket[index / HM_LANES];
    const double threshold = 0.1 * coulomb->options.threshold;
    const double size = coulomb->pairs.pair[exchange->pair[index]].bound;
    const size_t nterm = own->expansion->nterm, lane = index % HM_LANES;
    struct hm_bra bra;
    struct hm_quartet quartet;
    double f[HM_LANES], largest[4];
    hm_exchange_bra(coulomb, index, &bra);
    memset(bra.weight, 0, bra.nprimitive * nterm * HM_LANES * sizeof(double));
    memset(bra.slope, 0, bra.nprimitive * 3 * HM_LANES * sizeof(double));
    for (size_t block = 0; block <= index / HM_LANES; block++) {
        const double bound = size * exchange->bound[block];
        if (bound < threshold) continue;
        hm_exchange_largest(coulomb, index, block, largest);
        const double weight = largest[0] * largest[3] + largest[1] * largest[2];
        if (bound * weight < threshold) continue;
        hm_exchange_gather(coulomb, index, block, &quartet, f);
        make_gamma(&quartet, f, scale, exchange->integral);
        coulomb->kernels->slopes(&bra, &exchange->ket[block], exchange->integral, 0.1 * threshold / weight,
                                 exchange->scratch);
    }
    for (size_t i = 0; i < bra.nprimitive * nterm; i++)
        own->weight[i * HM_LANES + lane] +=
            hm_hermite_sign[own->expansion->term[i % nterm].tuv] * sum_lanes(bra.weight + i * HM_LANES);
    for (size_t i = 0; i < bra.nprimitive * 3; i++)
        own->slope[i * HM_LANES + lane] += sum_lanes(bra.slope + i * HM_LANES);
}

/* P = (a A + b B) / p, and the values through A - B. */
static void pull_pair(struct hm_coulomb *coulomb, const struct hm_pair *pair, const struct hm_ket *ket, size_t lane,
                      double *gradient)
{
    const size_t nterm = ket->expansion->nterm;
    const bool apart = pair->a->atom != pair->b->atom;
    for (size_t k = 0; k < ket->nprimitive; k++) {
        const size_t i = k / pair->b->nprimitive, j = k % pair->b->nprimitive;
        const double a = pair->a->exponent[i] / (pair->a->exponent[i] + pair->b->exponent[j]);
        const double *weight = ket->weight + k * nterm * HM_LANES + lane;
        if (apart) hm_pair_slopes(pair, i, j, coulomb->slope);
        for (size_t d = 0; d < 3; d++) {
            const double on_P = ket->slope[(3 * k + d) * HM_LANES + lane];
            double through_AB = 0;
            for (size_t n = 0; apart && n < nterm; n++)
                through_AB +=
                    hm_hermite_sign[ket->expansion->term[n].tuv] * weight[n * HM_LANES] * coulomb->slope[d * nterm + n];
            gradient[3 * pair->a->atom + d] += a * on_P + through_AB;
            gradient[3 * pair->b->atom + d] += (1 - a) * on_P - through_AB;
        }
    }
}

enum hm_status hm_exchange_gradient(struct hm_coulomb *coulomb, double scale, const double *D, double *gradient)
{
    struct hm_exchange *exchange = coulomb->exchange;
    hm_pairs_density(&coulomb->pairs, D, coulomb->density);
    hm_exchange_bounds(coulomb);
    for (size_t block = 0; block < exchange->nblock; block++) {
        const struct hm_ket *ket = &exchange->ket[block];
        memset(ket->weight, 0, ket->nprimitive * ket->expansion->nterm * HM_LANES * sizeof(double));
        memset(ket->slope, 0, ket->nprimitive * 3 * HM_LANES * sizeof(double));
    }
    for (size_t index = 0; index < exchange->nblock * HM_LANES; index++)
        if (exchange->pair[index] != HM_NO_PAIR && hm_team_mine(coulomb->team, index))
            slopes_of_bra(coulomb, index, scale);
    for (size_t index = 0; index < exchange->nblock * HM_LANES; index++)
        if (exchange->pair[index] != HM_NO_PAIR)
            pull_pair(coulomb, &coulomb->pairs.pair[exchange->pair[index]], &exchange->ket[index / HM_LANES],
                      index % HM_LANES, gradient);
    return HM_OK;
}
