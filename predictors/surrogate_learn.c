/* How the surrogate is fitted: labels to rows, rows to a triangular factor, the level and the ridge by what was held
 * out.
 */
#include "predictors/surrogate_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HELD_OUT_EVERY = 8,
    FEWEST_LABELS = 8,
    LONG_BATCH = 64,
    LONG_STRETCH = 32, /* labels; of so many in a row the last are held out: neighbours in time are nearly the same */
    HELD_OUT_BYTES = 64 << 20,
    ENOUGH_EQUATIONS = 16, /* per term, of labels that came in a row: more of them say nothing new */
    PLENTY_EQUATIONS = 24, /* per term, of labels that came apart: each is of another geometry */
    FEWEST_LEARNED = 24    /* of them in any case: short distances are rare, and fit and trusted range depend on them */
};

/* New weights are a change of Hamiltonian: they must be worth it. */
static const double NEEDED_IMPROVEMENT = 0.9;
/* A richer level, likewise. */
static const double NEEDED_BY_LEVEL = 0.95;
/* Where the run has left what is known, weights that know more may be a little worse. */
static const double BEARABLE_LOSS = 1.2;
/* Better is no use to the dynamics; plainer terms and a stronger ridge carry farther out of the trained range. */
static const double GOOD_ENOUGH = 1e-6;
/* Labels are learned if they are worse than the fit in use was, by this: the others say nothing new. */
static const double SURPRISE = 1.5;
static const double EQUATIONS_PER_TERM = 2;

/* ---- labels ---- */

static const double *label_target(const struct hm_surrogate *s, const double *label)
{
    return label + 3 * s->natom;
}

static double label_square(const struct hm_surrogate *s, const double *label)
{
    return label[6 * s->natom];
}

static double label_step(const struct hm_surrogate *s, size_t pending)
{
    return s->pending.values[pending * s->label_size + 6 * s->natom + 1];
}

static void make_label(struct hm_surrogate *s, const double *row, double *label)
{
    const size_t n = 3 * s->natom;
    const double *x = hm_row_coordinate(row), *kick = hm_row_motion(row, n);
    double *target = label + n, *square = label + 2 * n;
    memcpy(label, x, n * sizeof *label);
    *square = 0;
    label[2 * n + 1] = row[0];
    memset(s->base_force, 0, n * sizeof *s->base_force);
    if (s->on_base) s->base.evaluate(s->base.self, x, s->base_force);
    for (size_t k = 0; k < n; k++) {
        const double root_mass = s->root_mass[k / 3], weighted = root_mass * kick[k];
        target[k] = root_mass > 0 ? weighted - s->timestep / root_mass * s->base_force[k] : 0;
        *square += weighted * weighted;
    }
}

/* Nothing is learned where the base could not be computed; a step that is not finite itself should not have come. */
static enum hm_status check_label(const struct hm_surrogate *s, const double *row, const double *label, bool *good)
{
    double sum = 0;
    for (size_t k = 2; k < hm_row_size(3 * s->natom); k++) sum += row[k] * 0; /* 0 for a finite number, NaN otherwise */
    if (sum != 0) return hm_fail(HM_BAD_INPUT, "step %.0f: what is to be learned is not finite", row[0]);
    for (size_t k = 0; k < s->label_size; k++) sum += label[k] * 0;
    *good = sum == 0;
    return HM_OK;
}

/* The rows of one label in the block of `rows` rows, from row `first` on. */
static void fill_rows(struct hm_surrogate *s, const double *label, size_t first, size_t rows)
{
    const size_t n = 3 * s->natom;
    s->model->gradients(s->geometry, hm_surrogate_scales(s->candidate), label, s->levels - 1, s->design);
    for (size_t c = 0; c < s->nweight; c++)
        for (size_t k = 0; k < n; k++) {
            const double root_mass = s->root_mass[k / 3];
            s->block[c * rows + first + k] = root_mass > 0 ? -s->timestep / root_mass * s->design[c * n + k] : 0;
        }
    memcpy(&s->block[s->nweight * rows + first], label_target(s, label), n * sizeof *s->block);
}

static enum hm_status learn_labels(struct hm_surrogate *s, const double *const *label, size_t count,
                                   const struct hm_interrupt *interrupt)
{
    const size_t n = 3 * s->natom, most = s->block_rows / n;
    for (size_t first = 0; first < count; first += most) {
        const size_t here = count - first < most ? count - first : most;
        HM_TRY(hm_interrupt_check(interrupt));
        for (size_t i = 0; i < here; i++) fill_rows(s, label[first + i], i * n, here * n);
        hm_least_squares_add(&s->fit, here * n, s->block);
    }
    return HM_OK;
}

static enum hm_status hold_out(struct hm_surrogate *s, const double *label)
{
    const size_t bytes = s->label_size * sizeof *label, fit = HELD_OUT_BYTES / bytes;
    double *kept;
    HM_TRY(hm_surrogate_next_label(&s->held_out, s->label_size, fit > 16 ? fit : 16, &kept));
    memcpy(kept, label, bytes);
    return HM_OK;
}

/* Which of `count` labels that came together are held out: of a long stretch of consecutive steps the last. */
static bool is_held_out(const struct hm_surrogate *s, size_t index, size_t count)
{
    size_t first = index, end = index + 1;
    while (first > 0 && label_step(s, first) == label_step(s, first - 1) + 1) first--;
    while (end < count && label_step(s, end) == label_step(s, end - 1) + 1) end++;
    if (count >= LONG_BATCH && end - first >= LONG_STRETCH) return index >= end - (end - first) / HELD_OUT_EVERY;
    return (s->seen + index) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1;
}

/* Rigid motions feel no force, and atoms that are held say nothing, so that many rows of a label are empty. */
static double equations(const struct hm_surrogate *s, double rows)
{
    const double n = 3 * (double)s->natom, internal = n > 6 ? n - 6 : 1;
    return rows * fmin(internal, 3 * (double)(s->natom - s->nfrozen)) / n;
}

/* One of so many labels that came in a row is learned. */
static size_t thinning(const struct hm_surrogate *s, size_t count)
{
    if (count < LONG_BATCH) return 1;
    const double given = equations(s, 3 * (double)(s->natom * count));
    const size_t every = (size_t)(given / (ENOUGH_EQUATIONS * (double)s->nweight)), most = count / FEWEST_LEARNED;
    return every <= 1 || most <= 1 ? 1 : every < most ? every : most;
}

/* Of labels that came together those to learn from; returns how many. */
static size_t choose_labels(const struct hm_surrogate *s, size_t count, const double **learned)
{
    const size_t every = thinning(s, count);
    size_t nlearned = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_held_out(s, i, count) && i % every == 0) learned[nlearned++] = &s->pending.values[i * s->label_size];
    return nlearned;
}

/* Takes over labels that came together; if they are dull some are held out all the same. Only geometries that are
 * learned widen the range that counts as known: in another a distance may be shorter than any that the weights were
 * fitted to. */
static enum hm_status take_labels(struct hm_surrogate *s, bool dull, const struct hm_interrupt *interrupt)
{
    const size_t count = s->pending.count;
    const double **learned = calloc(count, sizeof *learned);
    enum hm_status status = learned ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu labels", count);
    for (size_t i = 0; status == HM_OK && i < count; i++)
        if (is_held_out(s, i, count)) status = hold_out(s, &s->pending.values[i * s->label_size]);
    if (status == HM_OK && !dull) {
        const size_t nlearned = choose_labels(s, count, learned);
        for (size_t i = 0; i < nlearned; i++)
            s->model->widen(s->geometry, learned[i], hm_surrogate_scales(s->candidate));
        status = learn_labels(s, learned, nlearned, interrupt);
    }
    s->seen += count;
    s->pending.count = 0;
    free(learned);
    return status;
}

static enum hm_status prepare_model(struct hm_surrogate *s)
{
    const size_t count = s->pending.count;
    const double **x = calloc(count, sizeof *x);
    if (!x) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu labels", count);
    const size_t nlearned = choose_labels(s, count, x);
    s->model->prepare(s->geometry, x, nlearned, hm_surrogate_scales(s->candidate));
    free(x);
    s->prepared = true;
    return HM_OK;
}

static enum hm_status collect(struct hm_surrogate *s, const struct hm_batch *batch)
{
    const size_t size = hm_row_size(batch->nchannel);
    for (size_t r = 0; r < batch->count; r++) {
        const double *row = &batch->rows[r * size];
        double *label;
        if (hm_row_kind(row) != HM_ROW_LABEL) continue;
        HM_TRY(hm_surrogate_next_label(&s->pending, s->label_size, SIZE_MAX, &label));
        bool good = false;
        make_label(s, row, label);
        HM_TRY(check_label(s, row, label, &good));
        s->pending.count -= !good;
    }
    return HM_OK;
}

/* ---- fitting ---- */

/* rms error over rms kick of labels, both mass-weighted. */
static double error_on(struct hm_surrogate *s, const struct hm_surrogate_labels *labels, double *parameters)
{
    double error = 0, size = 0;
    hm_surrogate_use(s, parameters);
    for (size_t i = 0; i < labels->count; i++) {
        const double *label = &labels->values[i * s->label_size], *target = label_target(s, label);
        s->model->gradient(s->geometry, label, s->gradient);
        for (size_t k = 0; k < 3 * s->natom; k++) {
            if (s->root_mass[k / 3] == 0) continue;
            const double miss = -s->timestep / s->root_mass[k / 3] * s->gradient[k] - target[k];
            error += miss * miss;
        }
        size += label_square(s, label);
    }
    return size > 0 ? sqrt(error / size) : error > 0 ? INFINITY : 0;
}

struct choice {
    size_t level;
    double ridge, error, condition;
    bool at_hand; // the candidate is its solution
};

static void solve(struct hm_surrogate *s, struct choice *choice)
{
    const size_t count = s->model->count(s->geometry, choice->level);
    double *weights = hm_surrogate_weights(s, s->candidate);
    memset(weights, 0, s->nweight * sizeof *weights);
    hm_least_squares_solve(&s->fit, count, choice->ridge, weights, &choice->condition);
    *hm_surrogate_header(s->candidate) = (struct hm_surrogate_header){1, (double)choice->level, 0, choice->ridge};
    if (s->model->trust) s->model->trust(s->geometry, hm_surrogate_scales(s->candidate), choice->level, INFINITY);
    choice->error = error_on(s, &s->held_out, s->candidate);
    hm_surrogate_header(s->candidate)->error = choice->error;
    if (s->model->trust) s->model->trust(s->geometry, hm_surrogate_scales(s->candidate), choice->level, choice->error);
}

static void try_choice(struct hm_surrogate *s, struct choice choice, double needed, struct choice *best)
{
    solve(s, &choice);
    choice.at_hand = true;
    best->at_hand = false;
    if (choice.error < needed * best->error) *best = choice;
}

/* Every level from `first` on that the data can carry, the plain ones first: what costs more must say more. */
static struct choice choose_level(struct hm_surrogate *s, size_t first, size_t last, double ridge)
{
    struct choice best = {.error = INFINITY};
    for (size_t level = first; level < last; level++) {
        const double terms = (double)s->model->count(s->geometry, level);
        if (level > first && equations(s, s->fit.rows) < EQUATIONS_PER_TERM * terms) break;
        try_choice(s, (struct choice){.level = level, .ridge = ridge}, NEEDED_BY_LEVEL, &best);
        if (best.error < GOOD_ENOUGH) break;
    }
    return best;
}

static void choose_ridge(struct hm_surrogate *s, struct choice *best)
{
    const double tried = best->ridge;
    const size_t level = best->level;
    for (size_t r = 0; r < s->nridge; r++) {
        const double needed = s->ridge[r] > best->ridge ? fmax(1, GOOD_ENOUGH / best->error) : 1;
        if (s->ridge[r] == tried) continue;
        try_choice(s, (struct choice){.level = level, .ridge = s->ridge[r]}, needed, best);
    }
}

/* The first time all levels, then all ridges for the best of them; later the level in use and the next with the ridge
 * in use, and others only if that is worse than what is there: a solution costs as much as some exact forces. */
static struct choice choose(struct hm_surrogate *s, bool fitted, double before)
{
    const struct hm_surrogate_header *now = hm_surrogate_header(s->parameters);
    const size_t first = fitted ? (size_t)now->level : 0;
    const size_t last = fitted && first + 2 < s->levels ? first + 2 : s->levels;
    struct choice best = choose_level(s, first, last, fitted ? now->ridge : s->ridge[0]);
    if (!fitted || !(best.error < before)) choose_ridge(s, &best);
    return best;
}

/* Do the labels that came say what the fit in use knows already? */
static bool are_dull(struct hm_surrogate *s)
{
    const struct hm_surrogate_header *header = hm_surrogate_header(s->parameters);
    if (header->fitted != 1 || s->pending.count >= LONG_BATCH) return false;
    const double terms = (double)s->model->count(s->geometry, (size_t)header->level);
    if (header->error > GOOD_ENOUGH && equations(s, s->fit.rows) < PLENTY_EQUATIONS * terms) return false;
    return error_on(s, &s->pending, s->parameters) < SURPRISE * fmax(header->error, GOOD_ENOUGH);
}

/* Are there labels beyond what the fit in use is believed? */
static bool any_outside(struct hm_surrogate *s)
{
    if (hm_surrogate_header(s->parameters)->fitted != 1 || !s->model->outside) return false;
    hm_surrogate_use(s, s->parameters);
    for (size_t i = 0; i < s->pending.count; i++) {
        s->model->gradient(s->geometry, &s->pending.values[i * s->label_size], s->gradient);
        if (s->model->outside(s->geometry)) return true;
    }
    return false;
}

static void fit(struct hm_surrogate *s, bool beyond, struct hm_training_report *report)
{
    const bool fitted = hm_surrogate_header(s->parameters)->fitted == 1;
    report->held_out_before = fitted ? error_on(s, &s->held_out, s->parameters) : NAN;
    struct choice best = choose(s, fitted, report->held_out_before);
    if (!isfinite(best.error)) return;
    if (!best.at_hand) solve(s, &best);
    report->held_out_after = best.error;
    report->condition = best.condition;
    report->terms = s->model->count(s->geometry, best.level);
    const double needed = beyond ? BEARABLE_LOSS : NEEDED_IMPROVEMENT;
    report->accepted = fitted ? best.error < needed * report->held_out_before : best.error < 1;
    if (report->accepted) memcpy(s->parameters, s->candidate, s->nparameter * sizeof *s->parameters);
}

enum hm_status hm_surrogate_train(void *self, const struct hm_batch *batch, struct hm_training_report *report)
{
    struct hm_surrogate *s = self;
    *report = (struct hm_training_report){false, NAN, NAN, NAN, NAN, 0, NAN, 0};
    HM_TRY(hm_surrogate_learning_begin(s));
    HM_TRY(collect(s, batch));
    report->samples = (double)(s->seen + s->pending.count);
    if (!s->prepared && s->pending.count < FEWEST_LABELS) return HM_OK;
    if (!s->prepared) HM_TRY(prepare_model(s));
    const bool beyond = any_outside(s), dull = !beyond && are_dull(s);
    HM_TRY(take_labels(s, dull, &batch->interrupt));
    if (!dull && s->held_out.count > 0) fit(s, beyond, report);
    hm_surrogate_use(s, s->parameters);
    return HM_OK;
}
