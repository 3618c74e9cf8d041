#include "hamiltonians/dft/coulomb_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One of order 0, three of order 1, six of order 2 ... */
const double hm_hermite_sign[HM_SUMS] = {
    1,                                                                                                             //
    -1, -1, -1,                                                                                                    //
    1,  1,  1,  1,  1,  1,                                                                                         //
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,                                                                        //
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,                                                     //
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,                            //
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1, //
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1,
};

void hm_charges_destroy(struct hm_charges *charges)
{
    free(charges->site);
    free(charges->density);
    free(charges->potential);
    free(charges->slope);
    free(charges->bound);
    charges->site = charges->density = charges->potential = charges->slope = charges->bound = NULL;
}

enum hm_status hm_charges_reserve(struct hm_charges *charges, size_t nblock, size_t *capacity)
{
    charges->nblock = nblock;
    if (nblock <= *capacity && charges->site) return HM_OK;
    const size_t room = nblock + nblock / 8 + 1, lanes = room * HM_LANES;
    hm_charges_destroy(charges);
    charges->site = hm_lanes_alloc(4 * lanes);
    charges->density = hm_lanes_alloc(charges->ncomponent * lanes);
    charges->potential = hm_lanes_alloc(charges->ncomponent * lanes);
    charges->slope = hm_lanes_alloc(3 * lanes);
    charges->bound = hm_lanes_alloc(2 * room);
    *capacity = room;
    if (charges->site && charges->density && charges->potential && charges->slope && charges->bound) return HM_OK;
    hm_charges_destroy(charges);
    *capacity = 0;
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu charge distributions", lanes);
}

void hm_pair_hermite(const struct hm_pair *pair, const double *rows, const double *value, double *density)
{
    memset(density, 0, hm_hermite_count(pair->l) * sizeof *density);
    const struct hm_term *term = pair->expansion->term;
    for (size_t n = 0; n < pair->expansion->nterm; n++) density[term[n].tuv] += rows[term[n].row] * value[n];
}

void hm_pair_gather(const struct hm_pair *pair, const double *potential, const double *value, double *rows)
{
    const struct hm_term *term = pair->expansion->term;
    for (size_t n = 0; n < pair->expansion->nterm; n++) rows[term[n].row] += potential[term[n].tuv] * value[n];
}

void hm_pair_scatter(const struct hm_pairs *pairs, const struct hm_pair *pair, const double *rows, double *inner)
{
    const size_t width = pairs->ninner, a = pair->a->first, b = pair->b->first, nb = pair->b->count;
    for (size_t i = 0; i < pair->a->count; i++)
        for (size_t j = 0; j < nb; j++) {
            if (pair->a == pair->b) {
                inner[(a + i) * width + b + j] += 0.5 * (rows[i * nb + j] + rows[j * nb + i]);
                continue;
            }
            inner[(a + i) * width + b + j] += rows[i * nb + j];
            inner[(b + j) * width + a + i] += rows[i * nb + j];
        }
}

void hm_pair_pull(const struct hm_coulomb *coulomb, const struct hm_primitive_pair *primitive, const double *rows,
                  const double *potential, const double on_P[3], double *gradient)
{
    const struct hm_pair *pair = &coulomb->pairs.pair[primitive->pair];
    const size_t nterm = pair->expansion->nterm;
    const double a = pair->a->exponent[primitive->i] / primitive->p;
    double *on_A = gradient + 3 * pair->a->atom, *on_B = gradient + 3 * pair->b->atom;
    const bool apart = pair->a->atom != pair->b->atom;
    if (apart) hm_pair_slopes(pair, primitive->i, primitive->j, coulomb->slope);
    for (size_t k = 0; k < 3; k++) {
        double through_AB = 0;
        for (size_t n = 0; apart && n < nterm; n++)
            through_AB += rows[pair->expansion->term[n].row] * coulomb->slope[k * nterm + n] *
                          potential[pair->expansion->term[n].tuv];
        on_A[k] += a * on_P[k] + through_AB;
        on_B[k] += (1 - a) * on_P[k] - through_AB;
    }
}
