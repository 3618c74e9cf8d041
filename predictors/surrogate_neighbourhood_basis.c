#include "predictors/surrogate_neighbourhood_internal.h"

#include <math.h>

/* Beyond x = 1 a polynomial goes on along its tangent, T_k(1) = 1, T_k'(1) = k^2: growing, but not wildly. */
void hm_radial_functions(double low, double cutoff, double r, size_t count, double *g, double *dg)
{
    const double span = 1 / low - 1 / cutoff, x = 2 * (1 / r - 1 / cutoff) / span - 1, dx = -2 / (r * r * span);
    const double rest = 1 - r / cutoff, fall = rest * rest * rest, dfall = -3 * rest * rest / cutoff;
    const double inside = x < 1 ? x : 1;
    double t = 1, dt = 0, next = inside, dnext = 1;
    for (size_t k = 0; k < count; k++) {
        g[k] = (t + dt * (x - inside)) * fall;
        dg[k] = dt * dx * fall + (t + dt * (x - inside)) * dfall;
        const double after = 2 * inside * next - t, dafter = 2 * next + 2 * inside * dnext - dt;
        t = next, dt = dnext;
        next = after, dnext = dafter;
    }
}

/* norm^2 = (2 - [m = 0]) (l - m)! / (l + m)!: the addition theorem. */
void hm_harmonics_constants(int highest, double *norm, double *parity)
{
    for (int l = 0; l <= highest; l++)
        for (int m = 0; m <= l; m++) {
            double ratio = m ? 2 : 1;
            for (int k = l - m + 1; k <= l + m; k++) ratio /= k;
            norm[l * l + l + m] = norm[l * l + l - m] = sqrt(ratio);
            parity[l * l + l + m] = parity[l * l + l - m] = l % 2 ? -1 : 1;
        }
}
