#include "predictors/representation.h"

#include "predictors/predictor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Relative to the trace of B^T M^-1 B: below rounding for a well-posed shape, decisive for a degenerate one. */
static const double PAIR_RIDGE = 1e-14;

static void list_pairs(struct hm_representation *r)
{
    size_t c = 0;
    for (size_t i = 0; i < r->natom; i++)
        for (size_t j = i + 1; j < r->natom; j++, c++) {
            r->pair[c][0] = i;
            r->pair[c][1] = j;
            r->group[c] = c;
        }
    r->ngroup = r->nchannel;
}

static void list_components(struct hm_representation *r, const struct hm_frame *frame)
{
    r->ngroup = 0;
    for (size_t i = 0; i < r->natom; i++) {
        size_t like = 0; /* the first atom of the same kind */
        while (frame->number[like] != frame->number[i] || frame->mass[like] != frame->mass[i] ||
               hm_frame_holds(frame, like) != hm_frame_holds(frame, i))
            like++;
        const size_t group = like == i ? r->ngroup++ : r->group[3 * like];
        for (size_t k = 0; k < 3; k++) r->group[3 * i + k] = group;
    }
}

/* A method that knows the geometry sees atoms; of the others the user has the choice. */
static enum hm_status choose_kind(const struct hm_config *config, size_t natom, enum hm_representation_kind *kind)
{
    static const char key[] = "predictor.representation";
    const struct hm_predictor_ops *ops;
    HM_TRY(hm_predictor_find(config, &ops));
    if (hm_config_has(config, key) && ops->sees == HM_SEES_ATOMS)
        return hm_config_fault(config, key,
                               "the %s predictor knows the geometry and needs no representation: remove it",
                               ops->method.name);
    *kind = hm_config_is(config, key, "pair") ? HM_REPRESENTATION_PAIR : HM_REPRESENTATION_CARTESIAN;
    if (ops->sees != HM_SEES_CHANNELS && !hm_config_has(config, key)) *kind = HM_REPRESENTATION_ATOMS;
    if (*kind == HM_REPRESENTATION_PAIR && (natom < 2 || natom > HM_PAIR_MAX_ATOMS))
        return hm_config_fault(
            config, key,
            "pair impulses need 2 to %d atoms and there are %zu (beyond %d they are not unique): "
            "use a predictor that knows the geometry, 'type: surrogate', or 'representation: cartesian'",
            HM_PAIR_MAX_ATOMS, natom, HM_PAIR_MAX_ATOMS);
    return HM_OK;
}

static bool allocate(struct hm_representation *r)
{
    const bool pair = r->kind == HM_REPRESENTATION_PAIR;
    r->group = calloc(r->nchannel, sizeof *r->group);
    r->inverse_mass = calloc(r->natom, sizeof *r->inverse_mass);
    if (!r->group || !r->inverse_mass) return false;
    if (!pair) return true;
    r->pair = calloc(r->nchannel, sizeof *r->pair);
    r->direction = calloc(3 * r->nchannel, sizeof *r->direction);
    r->gram = calloc(r->nchannel * r->nchannel, sizeof *r->gram);
    return r->pair && r->direction && r->gram;
}

enum hm_status hm_representation_create(const struct hm_config *config, const struct hm_frame *frame,
                                        struct hm_representation **representation)
{
    *representation = NULL;
    const size_t n = frame->natom;
    enum hm_representation_kind kind;
    HM_TRY(choose_kind(config, n, &kind));

    struct hm_representation *r = calloc(1, sizeof *r);
    if (!r) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the representation");
    r->kind = kind;
    r->natom = n;
    r->nchannel = kind == HM_REPRESENTATION_PAIR ? n * (n - 1) / 2 : 3 * n;
    enum hm_status status = hm_frame_copy(frame, &r->start);
    if (status == HM_OK && !allocate(r))
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for a representation of %zu atoms", n);
    if (status != HM_OK) {
        hm_representation_destroy(&r);
        return status;
    }
    /* What is held in place is infinitely heavy. */
    for (size_t i = 0; i < n; i++) r->inverse_mass[i] = hm_frame_holds(frame, i) ? 0 : 1 / frame->mass[i];
    if (kind == HM_REPRESENTATION_PAIR)
        list_pairs(r);
    else
        list_components(r, frame);
    *representation = r;
    return HM_OK;
}

void hm_representation_destroy(struct hm_representation **representation)
{
    struct hm_representation *r = *representation;
    if (r) {
        free(r->group);
        free(r->pair);
        free(r->direction);
        free(r->gram);
        free(r->inverse_mass);
        hm_frame_release(&r->start);
        free(r);
    }
    *representation = NULL;
}

/* Unit vectors x_i - x_j over their length; the lengths go to `distance` unless NULL. */
static void pair_directions(struct hm_representation *r, const struct hm_frame *frame, double *distance)
{
    for (size_t c = 0; c < r->nchannel; c++) {
        double d[3];
        hm_minimum_image(frame, &frame->x[3 * r->pair[c][1]], &frame->x[3 * r->pair[c][0]], d);
        const double length = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        for (size_t k = 0; k < 3; k++) r->direction[3 * c + k] = d[k] / length;
        if (distance) distance[c] = length;
    }
}

/* (B^T M^-1 B)_cd: the pairs' directions dotted at the atoms they share, signed by the end they share. */
static double gram_element(const struct hm_representation *r, size_t c, size_t d)
{
    double weight = 0;
    for (size_t p = 0; p < 2; p++)
        for (size_t q = 0; q < 2; q++)
            if (r->pair[c][p] == r->pair[d][q]) weight += (p == q ? 1.0 : -1.0) * r->inverse_mass[r->pair[c][p]];
    if (weight == 0) return 0;
    const double *u = &r->direction[3 * c], *w = &r->direction[3 * d];
    return weight * (u[0] * w[0] + u[1] * w[1] + u[2] * w[2]);
}

/* Cholesky solve of the n x n system in place; n is 1 to 6, below any library's call overhead. */
static void solve_positive(double *a, size_t n, double *b)
{
    for (size_t j = 0; j < n; j++) {
        for (size_t i = j; i < n; i++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
        b[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k];
        b[i] /= a[i * n + i];
    }
}

static void encode_pairs(struct hm_representation *r, const struct hm_frame *frame, const double *kick, double *motion)
{
    const size_t n = r->nchannel;
    pair_directions(r, frame, NULL);
    double trace = 0;
    for (size_t c = 0; c < n; c++) {
        const double *ki = &kick[3 * r->pair[c][0]], *kj = &kick[3 * r->pair[c][1]], *u = &r->direction[3 * c];
        motion[c] = u[0] * (ki[0] - kj[0]) + u[1] * (ki[1] - kj[1]) + u[2] * (ki[2] - kj[2]);
        for (size_t d = 0; d < n; d++) r->gram[c * n + d] = gram_element(r, c, d);
        trace += r->gram[c * n + c];
    }
    if (n > 1) /* a single pair is never degenerate */
        for (size_t c = 0; c < n; c++) r->gram[c * n + c] += PAIR_RIDGE * trace;
    solve_positive(r->gram, n, motion);
}

static void decode_pairs(struct hm_representation *r, const struct hm_frame *frame, const double *motion, double *kick)
{
    pair_directions(r, frame, NULL);
    memset(kick, 0, 3 * r->natom * sizeof *kick);
    for (size_t c = 0; c < r->nchannel; c++) {
        const size_t i = r->pair[c][0], j = r->pair[c][1];
        for (size_t k = 0; k < 3; k++) {
            const double impulse = motion[c] * r->direction[3 * c + k];
            kick[3 * i + k] += impulse * r->inverse_mass[i];
            kick[3 * j + k] -= impulse * r->inverse_mass[j];
        }
    }
}

/* Nothing outside pushes the molecule, unless an atom of it is held: what a prediction adds to its momentum is error.
 */
static void remove_momentum(const struct hm_representation *r, double *kick)
{
    double momentum[3] = {0}, total = 0;
    for (size_t i = 0; i < r->natom; i++) {
        if (r->inverse_mass[i] == 0) return;
        total += 1 / r->inverse_mass[i];
        for (size_t k = 0; k < 3; k++) momentum[k] += kick[3 * i + k] / r->inverse_mass[i];
    }
    for (size_t c = 0; c < r->nchannel; c++) kick[c] -= momentum[c % 3] / total;
}

static void centred_positions(const struct hm_representation *r, const struct hm_frame *frame, double *coordinate)
{
    double centre[3] = {0}, total = 0;
    for (size_t i = 0; i < r->natom; i++) {
        total += frame->mass[i];
        for (size_t k = 0; k < 3; k++) centre[k] += frame->mass[i] * frame->x[3 * i + k];
    }
    for (size_t c = 0; c < r->nchannel; c++) coordinate[c] = frame->x[c] - centre[c % 3] / total;
}

void hm_representation_coordinates(struct hm_representation *representation, const struct hm_frame *frame,
                                   double *coordinate)
{
    switch (representation->kind) {
    case HM_REPRESENTATION_PAIR:
        pair_directions(representation, frame, coordinate);
        return;
    case HM_REPRESENTATION_CARTESIAN:
        centred_positions(representation, frame, coordinate);
        return;
    case HM_REPRESENTATION_ATOMS:
        memcpy(coordinate, frame->x, representation->nchannel * sizeof *coordinate);
        return;
    }
}

void hm_representation_encode(struct hm_representation *representation, const struct hm_frame *frame,
                              const double *v_before, const double *kick, double *motion)
{
    switch (representation->kind) {
    case HM_REPRESENTATION_PAIR:
        encode_pairs(representation, frame, kick, motion);
        return;
    case HM_REPRESENTATION_CARTESIAN:
        for (size_t c = 0; c < representation->nchannel; c++) motion[c] = v_before[c] + kick[c];
        return;
    case HM_REPRESENTATION_ATOMS:
        memcpy(motion, kick, representation->nchannel * sizeof *motion);
        return;
    }
}

void hm_representation_decode(struct hm_representation *representation, const struct hm_frame *frame,
                              const double *v_before, const double *motion, double *kick)
{
    switch (representation->kind) {
    case HM_REPRESENTATION_PAIR:
        decode_pairs(representation, frame, motion, kick);
        return;
    case HM_REPRESENTATION_CARTESIAN:
        for (size_t c = 0; c < representation->nchannel; c++) kick[c] = motion[c] - v_before[c];
        remove_momentum(representation, kick);
        return;
    case HM_REPRESENTATION_ATOMS: /* conserving is the predictor's business: it knows what is outside */
        memcpy(kick, motion, representation->nchannel * sizeof *kick);
        return;
    }
}

void hm_representation_vibration(struct hm_representation *representation, const struct hm_frame *frame,
                                 const double *v, double *motion, double *vibration)
{
    if (representation->kind == HM_REPRESENTATION_PAIR) {
        encode_pairs(representation, frame, v, motion);
        decode_pairs(representation, frame, motion, vibration);
        return;
    }
    memcpy(vibration, v, representation->nchannel * sizeof *v);
    remove_momentum(representation, vibration);
}
