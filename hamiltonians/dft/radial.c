#include "hamiltonians/dft/radial.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* By atomic number; those of He and Ne, Ar, Kr are of the row's end. */
static const double treutler_xi[] = {0.0, 0.8, 0.9, 1.8, 1.4, 1.3, 1.1, 0.9, 0.9, 0.9, 0.9, 1.4, 1.3,
                                     1.3, 1.2, 1.1, 1.0, 1.0, 1.0, 1.5, 1.4, 1.3, 1.2, 1.2, 1.2, 1.2,
                                     1.2, 1.2, 1.1, 1.1, 1.1, 1.1, 1.0, 0.9, 0.9, 0.9, 0.9};
/* Angstrom */
static const double slater[] = {0.0,  0.35, 0.30, 1.45, 1.05, 0.85, 0.70, 0.65, 0.60, 0.50, 0.45, 1.80, 1.50,
                                1.25, 1.10, 1.00, 1.00, 1.00, 0.95, 2.20, 1.80, 1.60, 1.40, 1.35, 1.40, 1.40,
                                1.40, 1.35, 1.35, 1.35, 1.35, 1.30, 1.25, 1.15, 1.15, 1.15, 1.10};

double hm_radial_slater_radius(int number)
{
    const int known = (int)(sizeof slater / sizeof *slater);
    return (number < known ? slater[number] : 1.5) / 0.529177210903;
}

/* The weight that takes int_-1^1 g(x) dx at Chebyshev points of the second kind; 1 - x^2 is sin^2. */
static double chebyshev_weight(size_t i, size_t n)
{
    const double step = pi / (double)(n + 1);
    return step * sin((double)i * step);
}

void hm_radial_treutler(int number, size_t n, double *r, double *w)
{
    const int known = (int)(sizeof treutler_xi / sizeof *treutler_xi);
    const double scale = (number < known ? treutler_xi[number] : 1.0) / log(2.0);
    for (size_t i = 1; i <= n; i++) {
        const double half = 0.5 * (double)i * pi / (double)(n + 1);
        const double below = 2.0 * sin(half) * sin(half), above = 2.0 * cos(half) * cos(half); /* 1 - x, 1 + x */
        const double power = pow(above, 0.6), logarithm = log(2.0 / below);
        const double slope = scale * power * (0.6 / above * logarithm + 1.0 / below);
        r[i - 1] = scale * power * logarithm;
        w[i - 1] = chebyshev_weight(i, n) * slope * r[i - 1] * r[i - 1];
    }
}

void hm_radial_becke(double radius, size_t n, double *r, double *w)
{
    for (size_t i = 1; i <= n; i++) {
        const double half = 0.5 * (double)i * pi / (double)(n + 1);
        const double below = 2.0 * sin(half) * sin(half), above = 2.0 * cos(half) * cos(half);
        r[i - 1] = radius * above / below;
        w[i - 1] = chebyshev_weight(i, n) * 2.0 * radius / (below * below) * r[i - 1] * r[i - 1];
    }
}
