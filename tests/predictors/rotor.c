#include "tests/predictors/rotor.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* HCl to a few digits; nothing depends on more. */
static const double MASS_H = 1837.15, MASS_CL = 63744.3;
static const double SPRING = 0.33160, LENGTH = 2.40855, DEPTH = 0.16972, RANGE = 0.98840;

static double slope(enum rotor_law law, double r)
{
    if (law == ROTOR_SPRING) return SPRING * (r - LENGTH);
    if (law == ROTOR_REST) return 0;
    const double decay = exp(-RANGE * (r - LENGTH));
    return 2 * DEPTH * RANGE * decay * (1 - decay);
}

static void force_of(enum rotor_law law, const double *x, double force[6])
{
    const double d[3] = {x[3] - x[0], x[4] - x[1], x[5] - x[2]};
    const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (size_t k = 0; k < 3; k++) {
        force[k] = slope(law, r) * d[k] / r; /* on the hydrogen */
        force[3 + k] = -force[k];
    }
}

static void exact_kick(struct rotor *rotor)
{
    double force[6];
    force_of(rotor->law, rotor->frame.x, force);
    for (size_t k = 0; k < 6; k++) rotor->kick[k] = rotor->timestep * force[k] / rotor->frame.mass[k / 3];
}

/* The cheaper Hamiltonian that is lent: the spring, whatever the law. */
static void spring_force(void *self, const double *x, double *force)
{
    (void)self;
    force_of(ROTOR_SPRING, x, force);
}

/* Vibration and rotation of a few hundred kelvin, in a direction that no axis shares. */
static void place(struct rotor *rotor)
{
    static const double axis[3] = {2.0 / 7, 3.0 / 7, 6.0 / 7}, across[3] = {6.0 / 7, 2.0 / 7, -3.0 / 7};
    const bool moves = rotor->law != ROTOR_REST;
    rotor->frame.number[0] = 1;
    rotor->frame.number[1] = 17;
    rotor->frame.mass[0] = MASS_H;
    rotor->frame.mass[1] = MASS_CL;
    for (size_t k = 0; k < 3; k++) {
        rotor->frame.x[3 + k] = 0.25;
        /* At rest, a distance whose mean over any number of steps is exact. */
        rotor->frame.x[k] = 0.25 + (moves ? (LENGTH + 0.06) * axis[k] : k == 0 ? 2.5 : 0);
        rotor->frame.v[k] = moves ? 4e-4 * axis[k] + 7e-4 * across[k] : 0;
        rotor->frame.v[3 + k] = -rotor->frame.v[k] * MASS_H / MASS_CL;
    }
}

static struct hm_config *parse(const char *sections)
{
    char text[1024];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "hamiltonian: {type: harmonic}\nintegrator: {timestep: 0.25 fs, steps: 1}\n%s\n",
             sections);
    HM_ASSERT_OK(hm_config_parse(text, "rotor.yaml", NULL, 0, &config));
    if (!config) printf("\n      %s ", hm_status_message());
    return config;
}

void rotor_create(struct rotor *rotor, const char *sections, enum rotor_law law, size_t length)
{
    *rotor = (struct rotor){.law = law};
    rotor->config = parse(sections);
    rotor->timestep = hm_config_real(rotor->config, "integrator.timestep");
    HM_ASSERT_OK(hm_frame_create(2, &rotor->frame));
    place(rotor);
    HM_ASSERT_OK(hm_representation_create(rotor->config, &rotor->frame, &rotor->representation));
    rotor->representation->cheap = (struct hm_cheap_force){spring_force, NULL};
    HM_ASSERT_OK(hm_window_create(rotor->representation, &rotor->frame, length, &rotor->window));
}

void rotor_destroy(struct rotor *rotor)
{
    hm_window_destroy(&rotor->window);
    hm_representation_destroy(&rotor->representation);
    hm_frame_release(&rotor->frame);
    hm_config_destroy(&rotor->config);
    free(rotor->rows);
    free(rotor->batch);
    *rotor = (struct rotor){0};
}

void rotor_open(struct rotor *rotor)
{
    hm_window_open(rotor->window);
    exact_kick(rotor);
}

void rotor_close(struct rotor *rotor, const double *kick, bool exact)
{
    hm_window_close(rotor->window, rotor->frame.v, kick, exact);
    for (size_t k = 0; k < 6; k++) {
        rotor->frame.v[k] += kick[k];
        rotor->frame.x[k] += rotor->timestep * rotor->frame.v[k];
    }
    rotor->step++;
}

static void reserve(struct rotor *rotor, size_t rows)
{
    if (rows <= rotor->row_capacity) return;
    const size_t bytes = rows * hm_row_size(rotor->window->nchannel) * sizeof(double);
    rotor->rows = realloc(rotor->rows, bytes);
    rotor->batch = realloc(rotor->batch, bytes);
    CU_ASSERT_TRUE_FATAL(rotor->rows && rotor->batch);
    rotor->row_capacity = rows;
}

void rotor_record(struct rotor *rotor, size_t steps)
{
    const size_t size = hm_row_size(rotor->window->nchannel);
    reserve(rotor, rotor->nrow + steps);
    for (size_t s = 0; s < steps; s++) {
        const int64_t step = rotor->step;
        rotor_open(rotor);
        rotor_close(rotor, rotor->kick, true);
        hm_window_rows(rotor->window, step, 1, step, &rotor->rows[rotor->nrow++ * size]);
        if (rotor->nrow > rotor->window->length) rotor->nlabel++;
    }
}

struct hm_batch rotor_batch(const struct rotor *rotor, size_t first, size_t count)
{
    const size_t size = hm_row_size(rotor->window->nchannel), context = rotor->window->length;
    CU_ASSERT_TRUE_FATAL(first + count <= rotor->nlabel);
    if (count == 0) return (struct hm_batch){.nchannel = rotor->window->nchannel};
    memcpy(rotor->batch, &rotor->rows[first * size], (context + count) * size * sizeof *rotor->batch);
    for (size_t k = 0; k < context; k++)
        if (hm_row_kind(&rotor->batch[k * size]) == HM_ROW_LABEL) rotor->batch[k * size + 1] = HM_ROW_EXACT;
    return (struct hm_batch){context + count, rotor->window->nchannel, rotor->batch, HM_NO_INTERRUPT};
}

double *rotor_row(const struct rotor *rotor, size_t label)
{
    CU_ASSERT_TRUE_FATAL(label < rotor->nlabel);
    return &rotor->rows[(label + rotor->window->length) * hm_row_size(rotor->window->nchannel)];
}

double *rotor_target(const struct rotor *rotor, size_t label)
{
    return rotor_row(rotor, label) + 2 + rotor->window->nchannel;
}

void rotor_member(const struct rotor *rotor, uint64_t seed, size_t member, struct hm_predictor *predictor)
{
    const struct hm_predictor_setup setup = {rotor->config, rotor->representation, seed, member, false};
    HM_ASSERT_OK(hm_predictor_create(&setup, predictor));
    CU_ASSERT_PTR_NOT_NULL_FATAL(predictor->ops);
}

void rotor_predictor(const struct rotor *rotor, struct hm_predictor *predictor)
{
    rotor_member(rotor, 1, 0, predictor);
}

struct hm_training_report rotor_train(const struct rotor *rotor, struct hm_predictor *predictor, size_t first,
                                      size_t count)
{
    struct hm_training_report report = {0};
    if (!hm_predictor_learns(predictor)) return report;
    const struct hm_batch batch = rotor_batch(rotor, first, count);
    HM_ASSERT_OK(predictor->ops->train(predictor->self, &batch, &report));
    return report;
}

size_t rotor_length(const char *sections)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    rotor_create(&rotor, sections, ROTOR_SPRING, 1);
    rotor_predictor(&rotor, &predictor);
    const size_t length = hm_predictor_history(&predictor);
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
    return length;
}

void rotor_prime(const struct rotor *rotor, struct hm_predictor *predictor)
{
    if (predictor->ops->prime) predictor->ops->prime(predictor->self, rotor->window);
}

/* Of one that takes strides: the displacement, from the open step's velocities as if they were on-step. */
static struct rotor_guess stride_of(const struct rotor *rotor, struct hm_predictor *predictor)
{
    struct rotor_guess guess = {0};
    struct hm_advance told;
    double x[6], v[6];
    memcpy(x, rotor->frame.x, sizeof x);
    memcpy(v, rotor->frame.v, sizeof v);
    predictor->ops->advance(predictor->self, true, x, v, &told);
    for (size_t k = 0; k < 6; k++) {
        guess.motion[k] = x[k] - rotor->frame.x[k];
        guess.kick[k] = v[k] - rotor->frame.v[k];
    }
    return guess;
}

struct rotor_guess rotor_predict(const struct rotor *rotor, struct hm_predictor *predictor)
{
    struct rotor_guess guess = {0};
    if (predictor->ops->advance) return stride_of(rotor, predictor);
    struct hm_prediction prediction = {.motion = guess.motion, .base = guess.base, .extremeness = NAN};
    predictor->ops->predict(predictor->self, rotor->window, &prediction);
    hm_representation_decode(rotor->representation, &rotor->frame, rotor->frame.v, guess.motion, guess.kick);
    guess.has_base = prediction.has_base;
    guess.extremeness = prediction.extremeness;
    return guess;
}

bool rotor_same_guess(const struct rotor_guess *a, const struct rotor_guess *b)
{
    return memcmp(a->motion, b->motion, sizeof a->motion) == 0 && memcmp(a->base, b->base, sizeof a->base) == 0 &&
           memcmp(a->kick, b->kick, sizeof a->kick) == 0 && a->has_base == b->has_base &&
           memcmp(&a->extremeness, &b->extremeness, sizeof a->extremeness) == 0;
}

/* One stride from here against exact steps, of the velocities. */
static double stride_error(struct rotor *rotor, struct hm_predictor *predictor)
{
    double x[6], v[6], before[6], difference = 0, size = 0;
    struct hm_advance told;
    const size_t stride = predictor->ops->stride(predictor->self);
    for (size_t s = 0; s <= stride; s++) {
        rotor_open(rotor);
        double on_step[6];
        for (size_t k = 0; k < 6; k++) on_step[k] = rotor->frame.v[k] + 0.5 * rotor->kick[k];
        if (s == 0) {
            memcpy(x, rotor->frame.x, sizeof x);
            memcpy(v, on_step, sizeof v);
            memcpy(before, on_step, sizeof v);
        }
        if (s == stride) {
            predictor->ops->advance(predictor->self, true, x, v, &told);
            for (size_t k = 0; k < 6; k++) {
                difference += (v[k] - on_step[k]) * (v[k] - on_step[k]);
                size += (before[k] - on_step[k]) * (before[k] - on_step[k]);
            }
        }
        rotor_close(rotor, rotor->kick, true);
    }
    return sqrt(difference / size);
}

double rotor_error(struct rotor *rotor, struct hm_predictor *predictor, size_t steps)
{
    double difference = 0, size = 0;
    if (predictor->ops->advance) return stride_error(rotor, predictor);
    for (size_t s = 0; s < steps; s++) {
        rotor_open(rotor);
        if (s == 0) rotor_prime(rotor, predictor);
        const struct rotor_guess guess = rotor_predict(rotor, predictor);
        for (size_t k = 0; k < 6; k++) {
            difference += (guess.kick[k] - rotor->kick[k]) * (guess.kick[k] - rotor->kick[k]);
            size += rotor->kick[k] * rotor->kick[k];
        }
        rotor_close(rotor, rotor->kick, true);
    }
    return sqrt(difference / size);
}
