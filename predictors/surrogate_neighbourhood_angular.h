/* What one bond contributes to the densities: radial functions and real spherical harmonics.
 *
 *   Y_lm(u) = norm_lm D_l^m(u_z) Re or Im (u_x + i u_y)^m,   D_l^m = d^m P_l / dz^m,   Im at -m
 *
 * Shapes: (l + 1)^2 harmonics. MPI: local.
 * Source: Varshalovich, Moskalev and Khersonskii, Quantum Theory of Angular Momentum (1988), 5.1 and 5.17.
 */
#ifndef HM_PREDICTORS_SURROGATE_NEIGHBOURHOOD_ANGULAR_H
#define HM_PREDICTORS_SURROGATE_NEIGHBOURHOOD_ANGULAR_H

#include "predictors/surrogate_neighbourhood_internal.h"

/* d = r u */
static inline double hm_bond_direction(const struct hm_neighbourhood_bond *bond, double u[3])
{
    const double r = sqrt(bond->d[0] * bond->d[0] + bond->d[1] * bond->d[1] + bond->d[2] * bond->d[2]);
    for (size_t c = 0; c < 3; c++) u[c] = bond->d[c] / r;
    return r;
}

/* g_n(r) and dg_n/dr, n < count <= HM_ANGULAR_RADIAL. */
static inline void hm_angular_radial(double low, double cutoff, double r, size_t count, double *g, double *dg)
{
    const double dx = -2 / (cutoff - low), x = 1 + dx * (r - low);
    const double rest = 1 - r / cutoff, fall = rest * rest * rest, dfall = -3 * rest * rest / cutoff;
    const double t[HM_ANGULAR_RADIAL] = {1, x, 2 * x * x - 1}, dt[HM_ANGULAR_RADIAL] = {0, dx, 4 * x * dx};
    for (size_t n = 0; n < count; n++) {
        g[n] = t[n] * fall;
        dg[n] = dt[n] * fall + t[n] * dfall;
    }
}

/* d[l][m] for m <= l + 1 (zero at l + 1), by columns. */
static inline void hm_legendre_derivatives(int highest, double z, double d[][HM_ANGULAR_HIGHEST + 2])
{
    double diagonal = 1;
    for (int m = 0; m <= highest; m++) {
        d[m][m] = diagonal;
        d[m][m + 1] = 0;
        if (m < highest) d[m + 1][m] = (2 * m + 1) * z * diagonal;
        for (int l = m + 1; l < highest; l++)
            d[l + 1][m] = ((2 * l + 1) * z * d[l][m] - (l + m) * d[l - 1][m]) * (1.0 / (l - m + 1));
        diagonal *= 2 * m + 1;
    }
}

/* Y_lm(u) and the derivatives with respect to the components of u, taken as independent. */
static inline void hm_harmonics(int highest, const double *norm, const double u[3], double *value, double *sx,
                                double *sy, double *sz)
{
    double d[HM_ANGULAR_HIGHEST + 1][HM_ANGULAR_HIGHEST + 2];
    double re = 1, im = 0, re_before = 0, im_before = 0; /* (u_x + i u_y)^m and ^(m - 1) */
    hm_legendre_derivatives(highest, u[2], d);
    for (int m = 0; m <= highest; m++) {
        for (int l = m; l <= highest; l++) {
            const int plus = l * l + l + m, minus = l * l + l - m;
            const double part = norm[plus] * d[l][m], higher = norm[plus] * d[l][m + 1];
            if (m > 0) {
                value[minus] = part * im;
                sx[minus] = part * m * im_before;
                sy[minus] = part * m * re_before;
                sz[minus] = higher * im;
            }
            value[plus] = part * re;
            sx[plus] = part * m * re_before;
            sy[plus] = -part * m * im_before;
            sz[plus] = higher * re;
        }
        re_before = re;
        im_before = im;
        re = u[0] * re_before - u[1] * im_before;
        im = u[0] * im_before + u[1] * re_before;
    }
}

#endif
