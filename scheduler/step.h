/* One step of Hamlet: to predict or to inject.
 *
 *   kick_n  =  predicted by the committee, or dt F_n / m with F_n from an oracle
 *             or predicted + M (dt F_n / m - predicted), M steps since the last exact force: an impulse
 *   v_{n+1/2} = v_{n-1/2} + kick_n,   x_{n+1} = x_n + dt v_{n+1/2}      (a thermostat acts half-way: thermostat.h)
 *
 * One decision replaces exactly one force evaluation. The propagator is the set of services a trajectory uses and the
 * rules it follows; everything that changes is in hm_state and in the services' own save and load.
 *
 * Shapes: arrays (natom, 3).
 * Units: atomic units.
 * Errors: HM_DIVERGED (non-finite force, an atom too fast or too hot: step and reason), HM_ORACLE_FAILED, and what the
 *   services report.
 * Owns: the propagator owns its scratch; services are borrowed. hm_step itself allocates nothing; a
 *   trainer that collects rows grows its buffer now and then.
 * MPI: called by the driver only; services may talk to other ranks.
 */
#ifndef HM_SCHEDULER_STEP_H
#define HM_SCHEDULER_STEP_H

#include "predictors/committee.h"
#include "scheduler/dispatch.h"
#include "scheduler/policy.h"
#include "scheduler/state.h"
#include "scheduler/stride.h"
#include "scheduler/thermostat.h"
#include "scheduler/trainer.h"

/* What happened in step n; arrays are valid only while it is observed. */
struct hm_step {
    int64_t step;
    struct hm_decision decision;
    int32_t weights_version;
    bool predicted;               // a prediction was at hand, used or not
    bool episode_asked;           // the policy wants training
    const double *x;              // x_n
    const double *v;              // on-step v_n
    const double *v_before;       // v_{n-1/2}
    const double *kick;           // the kick applied
    const double *kick_exact;     // NULL unless injected
    const double *kick_predicted; // NULL unless predicted
    const struct hm_label *label; // NULL unless injected
    int oracle_group;             // -1 inline or none
    double restored;              // energy given back before the kick; 0 = none
    double heat;                  // that the thermostat had put in before x_n
    struct hm_signals signals;
};

/* Who watches; any may be NULL. `step` is called once per step, `lesson` for every lesson that was taken, with the
 * record's version filled in, before the first step that may use it. */
struct hm_observer {
    enum hm_status (*step)(void *self, const struct hm_state *state, const struct hm_step *step);
    enum hm_status (*round)(void *self, const struct hm_state *state, const struct hm_round_record *round);
    enum hm_status (*lesson)(void *self, const struct hm_state *state, const struct hm_lesson *lesson);
    void *self;
};

struct hm_schedule {
    double timestep;
    int64_t warmup_steps;             // exact, whatever the policy says
    int64_t activate_steps;           // further exact steps before the policy decides
    int64_t episode_every_injections; // 0: teach.c decides
    int64_t episode_min_injections;
    bool wait_for_training; // synchronous: the bits do not depend on how long training takes
    bool restore_energy;
    double restore_fraction; // of the missing energy, at each injection
    bool impulse;            // an injection makes up for the error of all steps since the one before
    size_t burst;            // consecutive exact steps of an injection; 0 = what the committee needs
};

struct hm_limits {
    double displacement;  // farthest an atom may move in a step
    double temperature;   // highest instantaneous kinetic temperature
    double energy_change; // of the energy at injections, over the mean kinetic energy
    double kick;          // a prediction this many times larger than any exact kick is absurd
};

struct hm_propagator {
    struct hm_dispatch *oracle;
    struct hm_committee *committee;
    struct hm_policy *policy;
    struct hm_trainer *trainer;     // ops NULL: nothing learns
    const struct hm_weights *given; // to start from; NULL: none
    struct hm_observer observer;
    struct hm_interrupt interrupt; // asked in segments
    struct hm_schedule schedule;
    struct hm_limits limits;
    struct hm_thermostat thermostat; // ops NULL: none
    struct hm_strides strides;       // stride 0: none
    double seconds_predict;

    double *scratch; // one allocation behind the arrays below
    double *kick_exact, *kick_predicted, *kick_impulse, *v_before, *v_on, *vibration, *force; // (natom, 3)
    double *motion;                                                                           // (nchannel)
    double *rows; // (window length, hm_row_size)
    struct hm_label label;
};

/* Fill in services and rules first; `state` gives the shapes. */
enum hm_status hm_propagator_prepare(struct hm_propagator *propagator, const struct hm_state *state);
void hm_propagator_release(struct hm_propagator *propagator);

/* Turns v_0 into v_{-1/2} with the exact F_0, and takes the weights to start from. Once, before step 0. */
enum hm_status hm_propagator_start(struct hm_propagator *propagator, struct hm_state *state);
/* HM_STOPPED, HM_ORACLE_FAILED: the state is one to be saved and gone on from, before the step or at its question to
 * the oracle (state->pending). Called again, it tries again. */
enum hm_status hm_step(struct hm_propagator *propagator, struct hm_state *state);
/* x_n to x_{n+1} with v_{n+1/2}, through the bath if there is one; then x_spare is x_n, and *heat what the bath had put
 * in before. `slope` is the latest kick as the heat sees it. HM_DIVERGED where an atom is beyond the limits. */
enum hm_status hm_propagator_drift(const struct hm_propagator *propagator, struct hm_state *state, const double *slope,
                                   double *heat);
/* After the last step: lessons it asked for. */
enum hm_status hm_propagator_finish(struct hm_propagator *propagator, struct hm_state *state);

/* The exact label and kick of the frame, in propagator->label and ->kick_exact. */
enum hm_status hm_propagator_ask(struct hm_propagator *propagator, const struct hm_frame *frame, int64_t step,
                                 int *group);
/* What leapfrog conserves, to order dt^2, of the on-step kinetic energy and the latest label: E - sum m kick^2 / 8. */
double hm_propagator_shadow_energy(const struct hm_propagator *propagator, const struct hm_frame *frame,
                                   double kinetic);
/* The consecutive exact steps of an injection. */
size_t hm_propagator_burst(const struct hm_propagator *propagator);

/* The state of the run to bits: hm_state and the services. */
enum hm_status hm_propagator_save(struct hm_propagator *propagator, const struct hm_state *state,
                                  struct hm_archive *archive);
enum hm_status hm_propagator_load(struct hm_propagator *propagator, struct hm_state *state, struct hm_archive *archive);

#endif
