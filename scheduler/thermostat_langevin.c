/* Langevin dynamics: the exact solution of dv = -v dt / tau + noise over a time step, for every atom by itself.
 *
 *   v' = c v + sqrt((1 - c^2) T / m) xi,   c = exp(-dt / tau),   xi three standard normals of (seed, replica, step,
 * atom)
 *
 * In the middle of the drift the positions of a harmonic oscillator have exactly the canonical distribution, at any
 * time step that is stable; so have the velocities half-way between two kicks. The on-step velocities of leapfrog are
 * colder by (omega dt)^2 / 4. Source: Ornstein and Uhlenbeck, Phys. Rev. 36, 823 (1930); Leimkuhler and Matthews, Appl.
 * Math. Res. Express 2013, 34.
 */
#include "scheduler/thermostat.h"

#include <math.h>

static void apply(const struct hm_bath *bath, const struct hm_frame *frame, double *v)
{
    const double c = bath->decay, spread = (1 - c * c) * bath->temperature;
    for (size_t i = 0; i < frame->natom; i++) {
        double xi[3];
        if (hm_frame_holds(frame, i)) continue;
        hm_rng_normal3(bath->key, bath->step, (uint32_t)i, xi);
        const double width = sqrt(spread / frame->mass[i]);
        for (size_t k = 0; k < 3; k++) v[3 * i + k] = c * v[3 * i + k] + width * xi[k];
    }
}

const struct hm_thermostat_ops hm_thermostat_langevin = {
    .method = {"langevin", "friction and noise on every atom"},
    .apply = apply,
};
