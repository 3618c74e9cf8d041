/* Thermostats: a heat bath in the middle of the drift.
 *
 *   v_{n+1/2} = v_{n-1/2} + kick_n,   x += dt/2 v,   v -> v' over a whole dt,   x += dt/2 v'     ("middle" scheme)
 *
 * The kick, predicted or exact, is all that a force has to do with it. v' is what step n + 1 starts from. The heat that
 * the bath puts in is the change of the energy that the steps conserve, which is H only up to dt^2: seen from the
 * middle of a drift, H - dt^2/24 v.H''.v + f(x). With b_n = v' - v and H'' from the difference of two kicks,
 *
 *   heat_n = sum_i m_i (v'^2 - v^2)/2 + sum_i m_i b_n . (kick_{n+1} - kick_n) / 12,
 *   H_n - sum_{k < n} heat_k is conserved, but for the oscillation that leapfrog has without a bath.
 *
 * Without the second term, a part of order dt^2 of all the heat that flows through the molecule would add up.
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
/* Over one time step, at frozen atoms nothing. Returns the change of the kinetic energy; bath_kick (natom, 3) = v' - v.
 */
double hm_thermostat_apply(const struct hm_thermostat *thermostat, const struct hm_frame *frame, int64_t step,
                           double *v, double *bath_kick);
/* The part of the heat that a kick makes known: that of the step before, and of the next one, with a minus. */
double hm_thermostat_heat_at_kick(const struct hm_frame *frame, const double *bath_kick, const double *kick);

#endif
