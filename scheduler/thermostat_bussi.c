/* Stochastic velocity rescaling: the kinetic energy follows its own stochastic dynamics, whose stationary distribution
 * is canonical; the exact solution over a time step.
 *
 *   dK = (K_bar - K) dt / tau + 2 sqrt(K K_bar / f) dW / sqrt(tau),   K_bar = f T / 2,   f degrees of freedom
 *   K'/K = c + (1 - c) (K_bar / f K) sum_{i=1}^f R_i^2 + 2 R_1 sqrt(c (1 - c) K_bar / f K),   c = exp(-dt / tau)
 *   v' = alpha v,   alpha^2 = K'/K with the sign of R_1 + sqrt(c f K / (1 - c) K_bar)
 *
 * The sum of f - 1 squares is gamma-distributed, and drawn as such. Where the momentum of the whole is conserved, K and
 * v are relative to the centre of mass.
 * Source: Bussi, Donadio, Parrinello, J. Chem. Phys. 126, 014101 (2007), its appendix; gamma numbers by Marsaglia and
 * Tsang, ACM Trans. Math. Softw. 26, 363 (2000).
 */
#include "scheduler/thermostat.h"

#include <math.h>

/* Gamma-distributed with a whole `shape` of at least 1. Every attempt has a counter of its own in place of an atom. */
static double draw_gamma(const struct hm_bath *bath, double shape)
{
    const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (uint32_t attempt = 1;; attempt++) { /* 0 is of R_1; nineteen of twenty are taken */
        double normal[3], uniform[2];
        hm_rng_normal3(bath->key, bath->step, attempt, normal);
        hm_rng_uniform2(bath->key, bath->step, attempt, uniform);
        const double x = normal[0], cube = pow(1 + c * x, 3);
        if (cube > 0 && log(uniform[0]) < 0.5 * x * x + d - d * cube + d * log(cube)) return d * cube;
    }
}

/* Of `count` standard normals: half of them pair up in a gamma number, an odd one is drawn by itself. */
static double draw_squares(const struct hm_bath *bath, size_t count, double odd)
{
    double sum = count % 2 == 1 ? odd * odd : 0;
    if (count >= 2) sum += 2 * draw_gamma(bath, (double)(count / 2));
    return sum;
}

static double draw_factor(const struct hm_bath *bath, double kinetic, size_t dof)
{
    const double c = bath->decay, share = 0.5 * bath->temperature / kinetic; /* K_bar / f K */
    double r[3];
    hm_rng_normal3(bath->key, bath->step, 0, r);
    const double others = draw_squares(bath, dof - 1, r[1]);
    const double square = c + (1 - c) * share * (r[0] * r[0] + others) + 2 * r[0] * sqrt(c * (1 - c) * share);
    const double sign = r[0] * sqrt((1 - c) * share) + sqrt(c);
    return copysign(sqrt(fmax(square, 0)), sign);
}

static void apply(const struct hm_bath *bath, const struct hm_frame *frame, double *v)
{
    const size_t dof = hm_degrees_of_freedom(frame);
    double drift[3] = {0}, mass = 0;
    if (frame->at_rest > 0) {
        hm_linear_momentum(frame, v, drift);
        for (size_t i = 0; i < frame->natom; i++) mass += frame->mass[i];
        for (size_t k = 0; k < 3; k++) drift[k] /= mass;
    }
    const double whole = 0.5 * mass * (drift[0] * drift[0] + drift[1] * drift[1] + drift[2] * drift[2]);
    const double kinetic = hm_kinetic_energy(frame, v) - whole;
    if (dof == 0 || !(kinetic > 0)) return; /* there is nothing to rescale */
    const double factor = draw_factor(bath, kinetic, dof);
    for (size_t k = 0; k < 3 * frame->natom; k++) v[k] = drift[k % 3] + factor * (v[k] - drift[k % 3]);
}

const struct hm_thermostat_ops hm_thermostat_bussi = {
    .method = {"bussi", "all velocities are rescaled by one random factor"},
    .keeps_momentum = true,
    .apply = apply,
};
