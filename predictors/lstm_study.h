/* Training of one network on sequences, from the zero state through the steps it is primed with to a labelled one.
 *
 *   loss = mean over examples of (y - target)^2 at the last of prime + 1 steps
 *
 * Two ways, both in double whatever precision the network runs in, both by back-propagation truncated at the priming
 * steps:
 *   polish    Levenberg-Marquardt on some hundred examples at once, for networks whose Jacobian fits into memory;
 *             errors of 1e-5 in a few seconds, and errors that do no net work (lstm_polish.c, lstm_work.h)
 *   descent   Adam on batches of some thousand examples, for larger ones: errors of 1e-3 (lstm_descent.c)
 * Adam first and Levenberg-Marquardt after is worse than the latter from scratch: it begins in a worse valley.
 *
 * Examples begin in random states, so that the network forgets where it began. Noise on the motions keeps it from
 * leaning on its own past output. `restoring` > 0 teaches a network that sees a single energy to come back to it:
 * examples are also shown at amplitudes (1 + d), with targets that reduce d at this rate (per radian for a force law,
 * per step for a history alone). It is a learned thermostat of the amplitude: without it a network trained on one orbit
 * leaves it as often as not, with it a run started at another energy is drawn to the one that was learned. Of several
 * energies (restoring = 0) the network learns the flow.
 *
 * Shapes: inputs (count, nin); target, rate, label (count).
 * Units: dimensionless, of order one.
 * Errors: HM_OUT_OF_MEMORY; HM_STOPPED (interrupted: the weights are then worth nothing).
 * Owns: nothing of its arguments. MPI: local.
 * Source: Kingma and Ba, arXiv 1412.6980; Marquardt, J. SIAM 11, 431 (1963), in the dual form (as many unknowns as
 *   examples); stability from perturbed examples: Jaeger, "The echo state approach", GMD report 148 (2001).
 */
#ifndef HM_PREDICTORS_LSTM_STUDY_H
#define HM_PREDICTORS_LSTM_STUDY_H

#include "predictors/adam.h"
#include "predictors/lstm_network.h"

#include "io/interrupt.h"
#include "io/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Consecutive steps of one channel. */
struct hm_lstm_sequence {
    size_t count;
    size_t learn_from;          // labels before this step are context only; at least prime + 1
    size_t labels;              // from there on
    const double *inputs;       // (count, nin)
    const double *target;       // (count), where there is a label
    const double *rate;         // (count) of the coordinate, in units of its rms
    const unsigned char *label; // (count)
};

struct hm_lstm_problem {
    const struct hm_lstm_engine *engine; // that it runs in
    struct hm_lstm_shape shape;
    const struct hm_lstm_sequence *sequence; // (nsequence)
    size_t nsequence;
    size_t prime;          // steps from the zero state before a label
    bool motion;           // the first input is the motion done last
    bool odd;              // the network is run as (N(x) - N(-x)) / 2: no direction is special
    bool force_law;        // a distance is among the inputs: errors have a work to speak of
    double restoring;      // per radian; 0: not taught to come back
    bool polish;           // if it fits; else Adam
    struct hm_rng_key key; // of the choice of examples
    int64_t episode;
    bool from_scratch; // the weights are as drawn
    struct hm_interrupt interrupt;
};

/* Improves `weights` (doubles, hm_lstm_parameter_count). Loss before and after: rms over the examples. */
enum hm_status hm_lstm_study(const struct hm_lstm_problem *problem, struct hm_adam *adam, double *weights,
                             double *loss_before, double *loss_after);

/* Sum of squared errors over the labels of all sequences, each run from its first label to its end. */
enum hm_status hm_lstm_errors(const struct hm_lstm_problem *problem, const double *weights, double *squares);

/* ---- the parts of a study ---- */

/* Windows of `steps` = prime + 1 steps, the label at the last. */
struct hm_lstm_examples {
    size_t count, steps;
    double *x;      // (count, steps, nin)
    double *state;  // (count, 2 layers hidden) h and c to begin with
    double *target; // (count)
};

enum hm_status hm_lstm_examples_draw(const struct hm_lstm_problem *problem, size_t count,
                                     struct hm_lstm_examples *examples);
void hm_lstm_examples_release(struct hm_lstm_examples *examples);

/* `batch` of them from `first` on side by side, as the engine takes them: x (steps, batch, nin); their states. */
void hm_lstm_examples_place(const struct hm_lstm_problem *problem, const struct hm_lstm_examples *examples,
                            size_t first, size_t batch, double *x, double *state);

enum hm_status hm_lstm_descent(const struct hm_lstm_problem *problem, const struct hm_lstm_examples *examples,
                               size_t updates, struct hm_adam *adam, double *weights);
bool hm_lstm_polish_fits(const struct hm_lstm_shape *shape, size_t examples);
enum hm_status hm_lstm_polish(const struct hm_lstm_problem *problem, const struct hm_lstm_examples *examples,
                              size_t iterations, double *weights);
/* rms error over the examples. */
enum hm_status hm_lstm_examples_loss(const struct hm_lstm_problem *problem, const struct hm_lstm_examples *examples,
                                     const double *weights, double *loss);

#endif
