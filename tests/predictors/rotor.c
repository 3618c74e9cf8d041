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

static void exact_kick(struct rotor *rotor)
{
    const double *x = rotor->frame.x;
    const double d[3] = {x[3] - x[0], x[4] - x[1], x[5] - x[2]};
    const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (size_t k = 0; k < 3; k++) {
        const double force = slope(rotor->law, r) * d[k] / r; /* on the hydrogen */
        rotor->kick[k] = rotor->timestep * force / MASS_H;
        rotor->kick[3 + k] = -rotor->timestep * force / MASS_CL;
    }
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
    HM_ASSERT_OK(hm_window_create(rotor->representation, &rotor->frame, length, &rotor->window));
}

void rotor_destroy(struct rotor *rotor)
{
    hm_window_destroy(&rotor->window);
    hm_representation_destroy(&rotor->representation);
    hm_frame_release(&rotor->frame);
    hm_config_destroy(&rotor->config);
    free(rotor->samples);
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

size_t rotor_sample_size(const struct rotor *rotor)
{
    return hm_sample_size(rotor->window->length, rotor->window->nchannel);
}

void rotor_record(struct rotor *rotor, size_t steps)
{
    const size_t size = rotor_sample_size(rotor), wanted = rotor->nsample + steps;
    if (wanted > rotor->sample_capacity) {
        double *grown = realloc(rotor->samples, wanted * size * sizeof *grown);
        CU_ASSERT_PTR_NOT_NULL_FATAL(grown);
        rotor->samples = grown;
        rotor->sample_capacity = wanted;
    }
    for (size_t s = 0; s < steps; s++) {
        rotor_open(rotor);
        if (rotor->window->filled == rotor->window->length)
            hm_window_sample(rotor->window, rotor->step, rotor->frame.v, rotor->kick,
                             &rotor->samples[rotor->nsample++ * size]);
        rotor_close(rotor, rotor->kick, true);
    }
}

struct hm_batch rotor_batch(const struct rotor *rotor, size_t first, size_t count)
{
    CU_ASSERT_TRUE(first + count <= rotor->nsample);
    return (struct hm_batch){count, rotor->window->length, rotor->window->nchannel,
                             count ? &rotor->samples[first * rotor_sample_size(rotor)] : NULL};
}

void rotor_predictor(const struct rotor *rotor, struct hm_predictor *predictor)
{
    const struct hm_predictor_setup setup = {
        .config = rotor->config, .representation = rotor->representation, .seed = 1};
    HM_ASSERT_OK(hm_predictor_create(&setup, predictor));
    CU_ASSERT_PTR_NOT_NULL_FATAL(predictor->ops);
}

size_t rotor_length(const char *sections)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    rotor_create(&rotor, sections, ROTOR_SPRING, 1);
    rotor_predictor(&rotor, &predictor);
    const size_t length = predictor.ops->history(predictor.self);
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
    return length;
}

double rotor_error(struct rotor *rotor, struct hm_predictor *predictor, size_t steps)
{
    double difference = 0, size = 0, motion[6], kick[6];
    struct hm_signals signals;
    for (size_t s = 0; s < steps; s++) {
        rotor_open(rotor);
        hm_predictor_kick(predictor, rotor->window, motion, kick, &signals);
        for (size_t k = 0; k < 6; k++) {
            difference += (kick[k] - rotor->kick[k]) * (kick[k] - rotor->kick[k]);
            size += rotor->kick[k] * rotor->kick[k];
        }
        rotor_close(rotor, rotor->kick, true);
    }
    return sqrt(difference / size);
}
