/* Exchange-correlation functionals, by libxc: local, with gradients, and global hybrids of both. PBE of a
 * closed shell has vector loops of its own (point_pbe.inc), ten times as fast.
 *
 *   e(r) = sum_parts n eps(n_up, n_down, sigma_uu, sigma_ud, sigma_dd),   sigma_st = grad n_s . grad n_t
 *
 * Shapes: as libxc: of one spin n (points), sigma (points); of two (points, 2) and (points, 3); derivatives likewise.
 * Where the density is below HM_FUNCTIONAL_LEAST_DENSITY, all results are zero; no result is ever not a number.
 * Units: atomic units; e is energy per volume. Errors: HM_BAD_CONFIG (unknown, or of a kind not offered, with what is
 * near), HM_OUT_OF_MEMORY. Owns: libxc's handles. MPI: local.
 * Source: S. Lehtola, C. Steigemann, M. J. T. Oliveira and M. A. L. Marques, SoftwareX 7, 1 (2018).
 */
#ifndef HM_HAMILTONIANS_DFT_FUNCTIONAL_H
#define HM_HAMILTONIANS_DFT_FUNCTIONAL_H

#include "io/config.h"

struct hm_functional;

#define HM_FUNCTIONAL_LEAST_DENSITY 1e-12

/* As hamiltonian.functional says, for one spin or two. */
enum hm_status hm_functional_create(const struct hm_config *config, int nspin, struct hm_functional **functional);
void hm_functional_destroy(struct hm_functional **functional);

bool hm_functional_has_gradient(const struct hm_functional *functional);
double hm_functional_exchange_fraction(const struct hm_functional *functional);

/* At most HM_FUNCTIONAL_MAX_POINTS at a time. n and sigma are changed where they are too small. sigma and vsigma are
 * not looked at by a local functional. */
enum { HM_FUNCTIONAL_MAX_POINTS = 512 };
void hm_functional_evaluate(struct hm_functional *functional, size_t points, double *n, double *sigma, double *e,
                            double *vn, double *vsigma);

#endif
