/* What the scheduler's tests share: jobs from a few lines of YAML, a predictor that is watched, and a plain leapfrog
 * that knows nothing of Hamlet. */
#ifndef HM_TESTS_SCHEDULER_FIXTURE_H
#define HM_TESTS_SCHEDULER_FIXTURE_H

#include "scheduler/simulation.h"

/* A rotating, vibrating molecule at 300 K; `extra` is further YAML. Asserts success. */
void fixture_job(const char *extra, struct hm_job *job);
/* The same of any YAML. */
void fixture_job_of(const char *text, struct hm_job *job);

/* One rank, everything inline; started. */
void fixture_simulation(const struct hm_job *job, struct hm_layout *layout, struct hm_simulation *simulation);

struct fixture {
    struct hm_job job;
    struct hm_layout layout;
    struct hm_simulation simulation;
};

/* A job of `extra` and its simulation on one rank; begin also starts it. */
void fixture_create(struct fixture *fixture, const char *extra);
void fixture_begin(struct fixture *fixture, const char *extra);
void fixture_begin_of(struct fixture *fixture, const char *text);
void fixture_end(struct fixture *fixture);

/* Stands before the driver's first predictor: counts what it is asked, and may change what it says. Stays where it is
 * until the fixture ends. */
struct fixture_spy {
    struct hm_predictor inner;
    struct hm_predictor_ops ops;
    size_t predicted, primed;
    size_t exact_behind; // of the window, when it was primed last
    double factor;       // times the motion predicted
};

void fixture_send_spy(struct hm_simulation *simulation, struct fixture_spy *spy);

/* Steps until state->step == `until`, and the lessons they asked for; returns the first status that is not HM_OK. */
enum hm_status fixture_advance(struct hm_simulation *simulation, int64_t until);

/* Plays every rank's role of a world; on the driver `play` gets the simulation, created, with its services on the other
 * ranks. Collective. */
typedef void fixture_play(struct hm_simulation *simulation, const struct hm_job *job);
void fixture_on_all_ranks(const char *extra, struct hm_interrupt interrupt, fixture_play *play);

/* U(x_n) + K(v_n) - dt^2/8 sum_i F_i^2 / m_i of the built-in harmonic HCl, written out; v is on-step. */
double fixture_shadow_energy(const struct hm_frame *frame, const double *x, const double *v, double dt);

/* Leapfrog of a harmonic diatomic, written out: x, v (2, 3) advance from (x_0, v_0) to (x_n, v_{n-1/2}). */
void fixture_plain_leapfrog(const struct hm_frame *start, double k, double r0, double dt, int64_t steps, double *x,
                            double *v);

/* True if positions, velocities, step, window and weights version agree to the bit. */
bool fixture_same_state(const struct hm_state *a, const struct hm_state *b);

#endif
