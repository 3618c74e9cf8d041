/* The potential of point charges on Hermite Gaussians, eight charges at a time.
 *
 *   R_tuv = sum_C q_C d^t/dPx^t d^u/dPy^u d^v/dPz^v F_0(p |P - C|^2)
 *
 * One source (potential.inc) compiled for several instruction sets, which give the same bits.
 *
 * Shapes: R (t + u + v <= L) in the order of hm_hermite_index; charges in blocks of HM_CHARGE_LANES, the rest of the
 * last one filled up with zero charges. Units: bohr. Errors: none. Owns: nothing. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_POTENTIAL_H
#define HM_HAMILTONIANS_DFT_POTENTIAL_H

#include <stddef.h>

enum {
    HM_CHARGE_LANES = 8,
    HM_POTENTIAL_MAX_L = 7, // two f shells and a derivative
    HM_POTENTIAL_COUNT = (HM_POTENTIAL_MAX_L + 1) * (HM_POTENTIAL_MAX_L + 2) * (HM_POTENTIAL_MAX_L + 3) / 6
};

struct hm_charges {
    size_t nblock;
    const double *x, *y, *z, *q; // (nblock, HM_CHARGE_LANES)
};

struct hm_potential_kernels {
    const char *name;
    /* R of all charges, times scale. */
    void (*potential)(int L, double p, const double P[3], double scale, const struct hm_charges *charges, double *R);
    /* With R up to L + 1 as above, and force (3, nblock, HM_CHARGE_LANES) += sum_tuv h_tuv d/dP of each charge's R. */
    void (*forces)(int L, double p, const double P[3], double scale, const struct hm_charges *charges, const double *h,
                   double *R, double *force);
};

/* The i-th that this machine can use, the fastest first; NULL past the end. */
const struct hm_potential_kernels *hm_potential_kernels_available(size_t index);

extern const struct hm_potential_kernels hm_potential_kernels_portable;
extern const struct hm_potential_kernels hm_potential_kernels_avx2, hm_potential_kernels_avx512;

#endif
