#include "scheduler/period.h"

#include "io/rng.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ITERATIONS = 40, FEWEST_ITERATIONS = 6 };
static const double NUDGE = 1e-3; /* bohr, of the atom that moves most */
static const double SETTLED = 1e-3;
static const double IMPULSES_PER_PERIOD = 4;
static const double PI = 3.14159265358979323846;

struct probe {
    struct hm_dispatch *oracle;
    const struct hm_frame *frame;
    struct hm_frame at;
    double *force, *direction, *product; // (natom, 3)
};

static enum hm_status force_at(struct probe *p, double nudge, double *force)
{
    struct hm_label label = {.force = force};
    int group;
    for (size_t k = 0; k < 3 * p->at.natom; k++)
        p->at.x[k] = p->frame->x[k] + nudge * p->direction[k] / sqrt(p->frame->mass[k / 3]);
    return hm_dispatch_ask(p->oracle, &p->at, &label, &group);
}

/* product = M^{-1/2} H M^{-1/2} direction. */
static enum hm_status multiply(struct probe *p)
{
    const size_t n = 3 * p->at.natom;
    double farthest = 0;
    for (size_t k = 0; k < n; k++) farthest = fmax(farthest, fabs(p->direction[k]) / sqrt(p->frame->mass[k / 3]));
    const double nudge = NUDGE / farthest;
    HM_TRY(force_at(p, -nudge, p->product));
    HM_TRY(force_at(p, nudge, p->force));
    for (size_t k = 0; k < n; k++) {
        const double change = p->product[k] - p->force[k];
        p->product[k] = hm_frame_holds(p->frame, k / 3) ? 0 : change / (2 * nudge * sqrt(p->frame->mass[k / 3]));
    }
    return HM_OK;
}

static double norm(const double *values, size_t count)
{
    double squares = 0;
    for (size_t k = 0; k < count; k++) squares += values[k] * values[k];
    return sqrt(squares);
}

static void draw_direction(struct probe *p)
{
    const struct hm_rng_key key = {.seed = 1, .purpose = HM_RNG_VELOCITIES};
    for (size_t i = 0; i < p->at.natom; i++) {
        hm_rng_normal3(key, 0, (uint32_t)i, &p->direction[3 * i]);
        for (size_t k = 0; k < 3 && hm_frame_holds(p->frame, i); k++) p->direction[3 * i + k] = 0;
    }
}

/* The Rayleigh quotient settles long before the direction does. */
static enum hm_status largest_eigenvalue(struct probe *p, double *eigenvalue)
{
    const size_t n = 3 * p->at.natom;
    double before = 0;
    *eigenvalue = 0;
    draw_direction(p);
    for (int iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
        const double length = norm(p->direction, n);
        if (!(length > 0)) return HM_OK;
        for (size_t k = 0; k < n; k++) p->direction[k] /= length;
        HM_TRY(multiply(p));
        before = *eigenvalue;
        *eigenvalue = 0;
        for (size_t k = 0; k < n; k++) *eigenvalue += p->direction[k] * p->product[k];
        if (iteration >= FEWEST_ITERATIONS && fabs(*eigenvalue - before) < SETTLED * fabs(before)) return HM_OK;
        memcpy(p->direction, p->product, n * sizeof *p->direction);
    }
    return HM_OK;
}

enum hm_status hm_fastest_period(struct hm_dispatch *oracle, const struct hm_frame *frame, double *period)
{
    const size_t n = 3 * frame->natom;
    struct probe p = {.oracle = oracle, .frame = frame};
    double eigenvalue, *scratch = calloc(3 * n, sizeof *scratch);
    if (!scratch) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a vibration of %zu atoms", frame->natom);
    p.force = scratch;
    p.direction = p.force + n;
    p.product = p.direction + n;
    enum hm_status status = hm_frame_copy(frame, &p.at);
    if (status == HM_OK) status = largest_eigenvalue(&p, &eigenvalue);
    if (status == HM_OK) *period = eigenvalue > 0 ? 2 * PI / sqrt(eigenvalue) : INFINITY;
    hm_frame_release(&p.at);
    free(scratch);
    return status;
}

double hm_period_frequency(double period, double timestep)
{
    return fmin(1, IMPULSES_PER_PERIOD * timestep / period);
}

enum hm_status hm_period_check(const struct hm_config *config, struct hm_dispatch *oracle, const struct hm_frame *frame)
{
    const double dt = hm_config_real(config, "integrator.timestep");
    const double frequency = hm_config_real(config, "policy.frequency");
    double period;
    if (!hm_config_is(config, "injection.form", "impulse")) return HM_OK;
    HM_TRY(hm_fastest_period(oracle, frame, &period));
    const double needed = hm_period_frequency(period, dt);
    if (frequency >= needed * (1 - 1e-9)) return HM_OK;
    return hm_config_fault(config, "injection.form",
                           "an impulse every %.3g fs resonates with the fastest vibration, whose period is %.3g fs; a "
                           "quarter of it is the most: raise policy.frequency to %.3g or use 'form: kick'",
                           dt / frequency * HM_TIME_FS, period * HM_TIME_FS, needed);
}
