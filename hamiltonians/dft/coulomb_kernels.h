/* Repulsion of Hermite Gaussians, eight at a time: one "probe" against blocks of eight charge distributions.
 *
 *   [tuv|t'u'v'] = (-1)^(t'+u'+v') R_{t+t', u+u', v+v'}(pq / (p+q), P - Q) / sqrt(p+q)
 *
 * (the rest of the prefactor is part of the densities, see coulomb_pairs.h). One source, compiled for several
 * instruction sets; which one runs depends on the machine alone. Sums of products may be fused: bits depend on the CPU
 * type.
 *
 * Shapes: a block's numbers are (component, 8), aligned to 64 bytes. Units: bohr. Errors: none. Owns: nothing; scratch
 * of HM_KERNEL_SCRATCH doubles comes from the caller. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_COULOMB_KERNELS_H
#define HM_HAMILTONIANS_DFT_COULOMB_KERNELS_H

#include "hamiltonians/dft/coulomb_pairs.h"

enum { HM_LANES = 8, HM_KERNEL_SCRATCH = 8 * 1024 };

/* Distributions of one order; lanes that are not used have exponent 1 and no density. */
struct hm_charges {
    int l;
    size_t nblock, skip, ncomponent; // components before `skip` are zero and not stored
    double *site;                    // (nblock, 4, 8): exponent, x, y, z
    double *density;                 // (nblock, ncomponent, 8), times (-1)^(t+u+v)
    double *potential;               // (nblock, ncomponent, 8), to be multiplied by (-1)^(t+u+v)
    double *slope;                   // (nblock, 3, 8): minus the derivative of the energy with respect to the place
    double *bound;                   // (nblock, 2): the largest bounds of a product, of a density
};

struct hm_probe {
    int l;
    double p, P[3];
    const double *density;
    double *potential;    // (count of t + u + v <= l, or l + 1 with HM_FIELD_SLOPE), added to
    double bound, weight; // of products, of the density
};

enum { HM_FIELD_PROBE = 1, HM_FIELD_CHARGES = 2, HM_FIELD_SLOPE = 4 }; // whose potential; slope of charges

/* Functions of one centre in Hermite Gaussians of exponent q: coefficient (2q)^power, the rest is their factor. */
struct hm_solid_term {
    uint16_t tuv, power;
    double coefficient; // times (-1)^(t+u+v)
};
struct hm_solid {
    size_t count;               // functions
    size_t first[HM_LANES * 2]; // terms of function m: first[m] ... first[m + 1] - 1
    struct hm_solid_term term[128];
};

/* A pair with all its primitive pairs, whose `density` are their values (nterm). */
struct hm_bra {
    int l;
    size_t nprimitive, rows;
    const struct hm_expansion *expansion;
    const struct hm_probe *probe;
    double *weight, *slope; // (nprimitive, nterm, 8): dE/dvalue; (nprimitive, 3, 8): dE/dP; lanes are to be summed
};

/* Eight pairs of one kind: sites and values of all their primitive pairs. */
struct hm_ket {
    int l;
    size_t nprimitive, rows;
    const struct hm_expansion *expansion;
    double *site;   // (nprimitive, 4, 8)
    double *value;  // (nprimitive, nterm, 8), times (-1)^(t+u+v)
    double *weight; // as value: dE/dvalue, to be multiplied by (-1)^(t+u+v)
    double *slope;  // (nprimitive, 3, 8): dE/dP
    double *bound;  // (nprimitive), the largest of the lanes
};

/* Blocks of the density and the exchange matrix that belong to a bra (a, b) and the kets (c, d), in lanes. */
struct hm_quartet {
    size_t na, nb, nc, nd;
    double *D_ac, *D_ad, *D_bc, *D_bd, *K_ac, *K_ad, *K_bc, *K_bd;
};

struct hm_coulomb_kernels {
    const char *name;
    /* Blocks from ... to - 1; those below the threshold are left out. mask (8) multiplies, unless NULL. */
    void (*field)(const struct hm_probe *probe, const struct hm_charges *charges, size_t from, size_t to,
                  double threshold, const double *mask, unsigned what, double *scratch);
    /* out[row * stride + 8 m + lane] += sum_tuv value^row_tuv [tuv|m] for one block. */
    void (*integrals)(const struct hm_probe *probe, const struct hm_expansion *expansion, const double *value,
                      const struct hm_charges *charges, size_t block, const struct hm_solid *solid, double *out,
                      size_t stride, double *scratch);
    /* out (bra rows, ket rows, 8) = the integrals of a pair with eight others. */
    void (*quartets)(const struct hm_bra *bra, const struct hm_ket *ket, double threshold, double *out,
                     double *scratch);
    /* K += what these integrals give: K_ac += (ab|cd) D_bd and so on. */
    void (*digest)(const struct hm_quartet *quartet, const double *integrals);
    /* Of the energy sum gamma_{ab,cd} (ab|cd): weights and slopes of bra and kets. */
    void (*slopes)(const struct hm_bra *bra, const struct hm_ket *ket, const double *gamma, double threshold,
                   double *scratch);
};

/* The fastest that runs here. */
const struct hm_coulomb_kernels *hm_coulomb_kernels_choose(void);

extern const struct hm_coulomb_kernels hm_coulomb_kernels_portable, hm_coulomb_kernels_avx2, hm_coulomb_kernels_avx512;

/* Tables of the kernels. F_{L+k}(x_i) / k!, k = 0 ... 6, and exp(-x_i) in one line of the cache. */
struct hm_kernel_tables {
    const double (*boys)[HM_BOYS_POINTS][HM_LANES]; // [L][i]
    const uint16_t *sum; // (HM_SUMS, HM_SUMS): place of the sum of two (t, u, v), each of t + u + v <= 7
};
enum { HM_SUMS = 120 };
struct hm_kernel_tables hm_kernel_tables(void);

/* Memory for vectors. */
double *hm_lanes_alloc(size_t count);

#endif
