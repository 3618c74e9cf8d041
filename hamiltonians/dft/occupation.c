#include "hamiltonians/dft/occupation.h"

#include <math.h>

static void fill_lowest(size_t n, double electrons, double capacity, double *f)
{
    for (size_t i = 0; i < n; i++) {
        f[i] = fmin(fmax(electrons, 0), capacity);
        electrons -= f[i];
    }
}

/* Probability that a level is filled; 0 and 1 far from mu, without overflow. */
static double probability(double eps, double mu, double kT)
{
    const double y = (eps - mu) / kT;
    return y > 0 ? exp(-y) / (1 + exp(-y)) : 1 / (1 + exp(y));
}

static double electrons_at(double mu, size_t n, const double *eps, double capacity, double kT)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += capacity * probability(eps[i], mu, kT);
    return sum;
}

static double find_mu(size_t n, const double *eps, double electrons, double capacity, double kT)
{
    double low = eps[0] - 100 * kT, high = eps[n - 1] + 100 * kT;
    while (high - low > 1e-15 * (fabs(low) + fabs(high))) {
        const double middle = low + 0.5 * (high - low);
        if (middle <= low || middle >= high) break;
        if (electrons_at(middle, n, eps, capacity, kT) < electrons)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

double hm_occupation_fill(size_t n, const double *eps, double electrons, double capacity, double kT, double *f)
{
    double entropy = 0;
    if (!(kT > 0) || electrons <= 0 || electrons >= capacity * (double)n) {
        fill_lowest(n, electrons, capacity, f);
        return 0;
    }
    const double mu = find_mu(n, eps, electrons, capacity, kT);
    for (size_t i = 0; i < n; i++) {
        const double p = probability(eps[i], mu, kT), q = probability(mu, eps[i], kT); /* 1 - p */
        f[i] = capacity * p;
        if (p > 0 && q > 0) entropy -= p * log(p) + q * log(q);
    }
    return kT * capacity * entropy;
}
