/* Thermostats: a heat bath in the middle of the drift.
 *
 *   v_{n+1/2} = v_{n-1/2} + kick_n,   x += dt/2 v,   v -> v' over a whole dt,   x += dt/2 v'     ("middle" scheme)
 *
 * The kick, predicted or exact, is all that a force has to do with it. v' is what step n + 1 starts from. The change of
 * the kinetic energy is the heat that the bath has put in:
 *
 *   E_n - sum_{k < n} heat_k   is conserved: to rounding of the exact flow, by leapfrog but for a random walk of order
 * dt^2
 *
 * One family, one shape: a const table of operations. A new thermostat is one file that defines
 * `const struct hm_thermostat_ops hm_thermostat_<name>` and one line in thermostats.def. Random numbers are a function
 * of (seed, replica, step, atom): there is no state but the heat, which is the caller's.
 *
 * Shapes: v (natom, 3).
 * Units: atomic units (k_B = 1).
 * Errors: create and check HM_BAD_CONFIG.
 * Owns: nothing. MPI: driver only.
 * Source: Z. Zhang, X. Liu, K. Yan, M. E. Tuckerman, J. Liu, J. Phys. Chem. A 123, 6056 (2019).
 */
#ifndef HM_SCHEDULER_THERMOSTAT_H
#define HM_SCHEDULER_THERMOSTAT_H

#include "io/method.h"
#include "io/rng.h"

/* What a thermostat is asked at one step. */
struct hm_bath {
    double temperature;
    double decay; // exp(-dt / time constant)
    struct hm_rng_key key;
    uint64_t step;
};

struct hm_thermostat_ops {
    struct hm_method method;
    bool keeps_momentum; // of the whole; then that of the frame stays what it is
    void (*apply)(const struct hm_bath *bath, const struct hm_frame *frame, double *v);
};

struct hm_thermostat {
    const struct hm_thermostat_ops *ops; // NULL: there is none
    double temperature[2];               // at the beginning and at the end of the run
    double steps;                        // of the run
    double decay;
    struct hm_rng_key key;
};

const struct hm_thermostat_ops *hm_thermostat_registered(size_t index);

/* What `thermostat` describes; ops NULL if nothing. */
enum hm_status hm_thermostat_create(const struct hm_config *config, struct hm_thermostat *thermostat);
/* Which motions of the whole the bath leaves at rest, noted in the frame, whose velocities are those of the start. */
void hm_thermostat_count(const struct hm_thermostat *thermostat, struct hm_frame *frame);
/* Of the middle of step n. */
double hm_thermostat_temperature(const struct hm_thermostat *thermostat, int64_t step);
/* Over one time step, at frozen atoms nothing; returns the heat. */
double hm_thermostat_apply(const struct hm_thermostat *thermostat, const struct hm_frame *frame, int64_t step,
                           double *v);

#endif
