/* Predictors: everything that proposes the next kick without a force.
 *
 * One family, one shape: a const table of operations behind a handle. A new predictor is one file that defines
 * `const struct hm_predictor_ops hm_predictor_<name>` and one line in predictors.def.
 *
 *   kick = dv_n = v_{n+1/2} - v_{n-1/2}; a method that outputs velocities subtracts inside.
 *
 * Two copies of a predictor live in a run: the driver's, which only predicts, and the trainer's, which only learns;
 * what connects them are the parameters, published after each accepted episode and adopted by the other copy.
 *
 * Shapes: motion, base (nchannel); kick (natom, 3); rows as window.h lays them out.
 * Units: atomic units.
 * Errors: create HM_BAD_CONFIG; train HM_OUT_OF_MEMORY, HM_BAD_INPUT (data that are not finite); load HM_BAD_INPUT.
 *   predict cannot fail: a motion that is not finite is the caller's to refuse.
 * Owns: the handle owns its parameters and scratch; predict allocates nothing. MPI: local.
 */
#ifndef HM_PREDICTORS_PREDICTOR_H
#define HM_PREDICTORS_PREDICTOR_H

#include "predictors/window.h"

#include "io/interrupt.h"
#include "io/method.h"

/* What a predictor says of the coming kick. The arrays are the caller's. */
struct hm_prediction {
    double *motion;     // u_n
    double *base;       // what its base, or a simpler companion, says instead; filled only if has_base
    bool has_base;      // false before predict
    bool outside;       // beyond what it knows: not to be believed; false before predict
    double extremeness; // largest standardised distance of a coordinate from the training data; NaN unknown
};

/* How a stride went. */
struct hm_advance {
    bool converged, outside; // outside: farther out than the strides it was taught
    int iterations;
    double residual; // of the implicit equation, relative to the displacement of a stride
};

/* Rows of one or several stretches of trajectory, in the order of their steps within each. */
struct hm_batch {
    size_t count, nchannel;
    const double *rows; // (count, hm_row_size(nchannel))
    struct hm_interrupt interrupt;
};

/* What an episode came to. Errors are rms over the labels, relative to the rms target; NaN = unknown. */
struct hm_training_report {
    bool accepted;                          // the parameters are new
    double loss_before, loss_after;         // on the training labels
    double held_out_before, held_out_after; // on labels kept out; NaN without a candidate
    double samples;                         // training labels behind the fit
    double condition;                       // of a least-squares fit, its ridge included; NaN elsewhere
    size_t terms;                           // coefficients of a linear model in use; 0 elsewhere
};

struct hm_predictor_setup {
    const struct hm_config *config;
    const struct hm_representation *representation;
    uint64_t seed;
    size_t member; // of the committee
    bool as_base;  // under another: the section predictor.base is that one's
};

struct hm_predictor;

/* Whether a method sees the channels the user chose, the atoms themselves, or whatever it is given. */
enum hm_sees { HM_SEES_CHANNELS, HM_SEES_ATOMS, HM_SEES_EITHER };

struct hm_predictor_ops {
    struct hm_method method;
    enum hm_sees sees;
    bool members_differ;    // by seed and number: a committee of them says something
    bool gives_base;        // prediction.base, sooner or later
    bool gives_extremeness; // prediction.extremeness

    /* Optional: which table of this method the configuration asks for, where it comes in several forms. */
    const struct hm_predictor_ops *(*variant)(const struct hm_config *config);

    enum hm_status (*create)(const struct hm_predictor_setup *setup, void **self);
    void (*destroy)(void **self);

    /* Optional: steps of history it needs behind it (a recurrent one is primed with them; NULL: none), and how many
     * consecutive exact steps make its inputs consistent again after predicted ones (NULL: 1, a single injection does
     * not disturb it). */
    size_t (*history)(const void *self);
    size_t (*reseed_steps)(const void *self);
    /* Optional: settles `history: auto` for a method that leaves it to what the warm-up shows. Until then history() is
     * the longest it could come to. */
    void (*look_back)(void *self, size_t steps);

    /* Optional (both, and predict NULL): a map over `stride` steps at once, from on-step positions and velocities
     * (natom, 3) in place. `jumped`: the point may not be where the last stride ended. */
    size_t (*stride)(const void *self);
    void (*advance)(void *self, bool jumped, double *x, double *v, struct hm_advance *told);

    /* The motion u_n of the coming kick, from an open window that holds at least history() steps. Called only with
     * parameters, if it learns; one with recurrent state is called at every step once primed. */
    void (*predict)(void *self, const struct hm_window *window, struct hm_prediction *prediction);
    /* Optional: the same of all members of a committee at once, to the same bits. */
    void (*predict_all)(const struct hm_predictor *members, size_t count, const struct hm_window *window,
                        struct hm_prediction *predictions);

    /* Optional (all NULL for a predictor that learns nothing). `train` takes the rows that came since the last episode;
     * it keeps what it needs of them. HM_STOPPED when it was interrupted: then it must be loaded before anything else.
     * `parameters` is what to publish, the same size on every copy; `adopt` puts them
     * into use. `describe` names their form ("2 x 32 hidden, ..."): parameters of another form are refused. */
    enum hm_status (*train)(void *self, const struct hm_batch *batch, struct hm_training_report *report);
    const void *(*parameters)(const void *self, size_t *bytes);
    void (*adopt)(void *self, const void *parameters);
    void (*describe)(const void *self, char *text, size_t size);

    /* Optional: rebuild recurrent state from the open window (after new parameters, and where the window jumped). */
    void (*prime)(void *self, const struct hm_window *window);

    /* Optional: everything besides the parameters that changes (reservoir, optimiser moments, recurrent state). */
    void (*save)(const void *self, struct hm_archive *archive);
    enum hm_status (*load)(void *self, struct hm_archive *archive);
};

struct hm_predictor {
    const struct hm_predictor_ops *ops;
    void *self;
};

enum hm_status hm_predictor_find(const struct hm_config *config, const struct hm_predictor_ops **ops);
const struct hm_predictor_ops *hm_predictor_registered(size_t index);

enum hm_status hm_predictor_create(const struct hm_predictor_setup *setup, struct hm_predictor *predictor);
void hm_predictor_destroy(struct hm_predictor *predictor);

static inline bool hm_predictor_learns(const struct hm_predictor *predictor)
{
    return predictor->ops->train != NULL;
}

static inline size_t hm_predictor_history(const struct hm_predictor *predictor)
{
    return predictor->ops->history ? predictor->ops->history(predictor->self) : 0;
}

static inline size_t hm_predictor_reseed_steps(const struct hm_predictor *predictor)
{
    return predictor->ops->reseed_steps ? predictor->ops->reseed_steps(predictor->self) : 1;
}

/* Published parameters into use; of another size: HM_BAD_INPUT. */
enum hm_status hm_predictor_adopt(struct hm_predictor *predictor, const void *parameters, size_t bytes);

/* Parameters and state, tagged with the method's name so that another method's bytes are refused. */
void hm_predictor_save(const struct hm_predictor *predictor, struct hm_archive *archive);
enum hm_status hm_predictor_load(struct hm_predictor *predictor, struct hm_archive *archive);

#endif
