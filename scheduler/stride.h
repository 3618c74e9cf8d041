/* Strides: many steps at once by a learned action, in rounds between exact segments.
 *
 *   round     up to `gate_every` strides from a point whose exact energy is known; the exact energy where they end
 *             decides whether they count. |E - E_ref| > gate x mean kinetic energy: none of them has happened.
 *   segment   `segment_steps` exact leapfrog steps, after a round that was taken back or a stride that has no solution
 *             or leads outside: they are learned from
 *
 *   to a round    v_n = v_{n-1/2} + dt F_n / 2m, one force; state->on_step says that frame.v is v_n
 *   to a segment  v_{n-1/2} = v_n - dt F_n / 2m, with the force of its first step (step.c)
 *
 * At worst every round is taken back: then segment_steps steps take segment_steps + 2 forces, those at the end of the
 * round and, twice, where it began. Shorter rounds after one that was taken back do not help: the energy of a
 * symplectic map goes to and fro, and where a short round ends it is still near the gate (of 160000 steps of water
 * under a bad map 60 % were then exact, else 30 %). What helps is what segments teach: 2 %, with an episode whenever
 * they have added a sixteenth to all exact steps (teach.c).
 *
 * The energy accumulates errors and is compared with that of the first round: gates on single strides never see a slow
 * creep. A round is committed as a whole within one call, so that a checkpoint never falls into one. From its end the
 * last stride is also taken back in time: how far from its start that leads is the residual of reversibility.
 *
 * Shapes: arrays (natom, 3). Units: atomic units.
 * Errors: HM_BAD_CONFIG; those of the oracle; HM_DIVERGED as hm_step. Owns: its scratch. MPI: driver only.
 * Source: F. Bigi, J.-W. Spies and M. Ceriotti, arXiv 2508.01068 (2025).
 */
#ifndef HM_SCHEDULER_STRIDE_H
#define HM_SCHEDULER_STRIDE_H

#include "io/records.h"
#include "predictors/committee.h"
#include "scheduler/dispatch.h"

struct hm_propagator;
struct hm_state;

struct hm_strides {
    int64_t stride; // steps of one; 0: the predictor takes none
    int64_t gate_every, segment_steps;
    double gate;
    bool rescale_energy; // at the gate: what goes with a map that is not symplectic
    double *scratch;     // (gate_every + 2, 6 natom): the points of a round, and one to go back from
};

/* Reads the keys, and refuses what does not go with strides; nothing but stride = 0 for another predictor. */
enum hm_status hm_strides_create(const struct hm_config *config, const struct hm_committee *committee, size_t natom,
                                 struct hm_strides *strides);
/* What the fastest vibration T of the system as it starts says of a stride h (period.h): HM_BAD_CONFIG for a pure one
 * beyond w h = 2, and a word of caution (else empty) where n h is within 3 % of m T for n <= 3: a resonance. */
enum hm_status hm_strides_check(const struct hm_config *config, const struct hm_strides *strides,
                                struct hm_dispatch *oracle, const struct hm_frame *frame, size_t size, char *caution);
void hm_strides_release(struct hm_strides *strides);

/* The next thing to do is a round, `steps` being the length of the run. Strides begin at multiples of their length, so
 * that frames and correlations are of evenly spaced steps. */
bool hm_stride_is_due(const struct hm_propagator *propagator, const struct hm_state *state, int64_t steps);
enum hm_status hm_stride_round(struct hm_propagator *propagator, struct hm_state *state, int64_t steps);

/* The first exact step after a round: from v_n back to v_{n-1/2}. */
void hm_stride_leave(struct hm_propagator *propagator, struct hm_state *state);

#endif
