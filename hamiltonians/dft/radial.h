/* Radial rules: int_0^inf f(r) r^2 dr ~ sum_i w_i f(r_i).
 *
 *   Treutler and Ahlrichs, M4:  r = xi / ln 2 (1 + x)^0.6 ln(2 / (1 - x))
 *   Becke:                      r = R (1 + x) / (1 - x)
 *   x_i = cos(i pi / (n + 1)),  Chebyshev points of the second kind
 *
 * Shapes: r, w (n), from the outermost point inwards. Units: bohr. Errors: none. Owns: nothing. MPI: local.
 * Source: O. Treutler and R. Ahlrichs, J. Chem. Phys. 102, 346 (1995), with their xi for H to Kr (1 beyond);
 * A. D. Becke, J. Chem. Phys. 88, 2547 (1988); radii of J. C. Slater, J. Chem. Phys. 41, 3199 (1964).
 */
#ifndef HM_HAMILTONIANS_DFT_RADIAL_H
#define HM_HAMILTONIANS_DFT_RADIAL_H

#include <stddef.h>

void hm_radial_treutler(int number, size_t n, double *r, double *w);
void hm_radial_becke(double radius, size_t n, double *r, double *w);

/* Slater's atomic radius (hydrogen: 0.35 Angstrom; those of noble gases are interpolated). */
double hm_radial_slater_radius(int number);

#endif
