/* Blocks of exact exchange, for its matrix and its gradient (see exchange.c). */
#ifndef HM_HAMILTONIANS_DFT_EXCHANGE_INTERNAL_H
#define HM_HAMILTONIANS_DFT_EXCHANGE_INTERNAL_H

#include "hamiltonians/dft/coulomb_internal.h"

#define HM_NO_PAIR UINT32_MAX

struct hm_exchange {
    size_t nblock, max_primitive, max_spread, side; // spread: primitives times components of a ket
    size_t *first, *count;                          // blocks and pairs by kind
    struct hm_ket *ket;                             // (nblock)
    uint32_t *pair;                                 // (nblock, 8)
    double *bound;                                  // (nblock), the largest of its pairs
    double *integral, *lanes, *scratch;             // one bra with one block; blocks of D and K
    struct hm_probe *probe;                         // (max_primitive), of a bra
    double *value, *weight, *slope;                 // of a bra
    double *largest;                                // (nfamily, nfamily), of the density
    double *stored;                                 // integrals in the order of their use, or NULL
    size_t capacity;
    bool filled;
};

/* NULL where a block is not full. */
static inline const struct hm_pair *hm_exchange_pair(const struct hm_coulomb *coulomb, size_t index)
{
    const uint32_t n = coulomb->exchange->pair[index];
    return n == HM_NO_PAIR ? NULL : &coulomb->pairs.pair[n];
}

void hm_exchange_bra(struct hm_coulomb *coulomb, size_t index, struct hm_bra *bra);
void hm_exchange_gather(struct hm_coulomb *coulomb, size_t index, size_t block, struct hm_quartet *q,
                        double f[HM_LANES]);
void hm_exchange_bounds(struct hm_coulomb *coulomb);
void hm_exchange_largest(const struct hm_coulomb *coulomb, size_t index, size_t block, double largest[4]);

#endif
