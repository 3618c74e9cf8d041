/* The linear predictor on a rotating HCl: what it learns, what it refuses, how it goes on outside what it has seen. */
#include "predictors/linear_model.h"
#include "tests/predictors/rotor.h"
#include "tests/test.h"

#include <complex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCALE_DOUBLES = 6 };

static bool arena_is_zero(struct hm_predictor *predictor)
{
    size_t bytes;
    const unsigned char *arena = predictor->ops->parameters(predictor->self, &bytes);
    for (size_t k = 0; k < bytes; k++)
        if (arena[k] != 0) return false;
    return true;
}

/* A rotor with `steps` labels and a predictor that was trained on them in one episode. */
static void prepare(const char *sections, enum rotor_law law, size_t steps, struct rotor *rotor,
                    struct hm_predictor *predictor)
{
    rotor_create(rotor, sections, law, rotor_length(sections));
    rotor_record(rotor, steps + rotor->window->length);
    CU_ASSERT_EQUAL(rotor->nlabel, steps);
    rotor_predictor(rotor, predictor);
    CU_ASSERT_TRUE(rotor_train(rotor, predictor, 0, steps).accepted);
}

static double error_after_training(const char *sections, enum rotor_law law, size_t steps)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    prepare(sections, law, steps, &rotor, &predictor);
    const double error = rotor_error(&rotor, &predictor, 2000);
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
    return error;
}

static bool below(double value, double limit)
{
    if (!(value < limit)) printf("\n      %.3g is not below %.3g ", value, limit);
    return value < limit;
}

static struct hm_linear_scale first_scale(struct hm_predictor *predictor)
{
    size_t bytes;
    struct hm_linear_scale scale;
    CU_ASSERT_EQUAL(sizeof scale, SCALE_DOUBLES * sizeof(double));
    memcpy(&scale, predictor->ops->parameters(predictor->self, &bytes), sizeof scale);
    return scale;
}

/* ---- the features ---- */

static void test_features(void)
{
    struct hm_linear_shape shape = {.motion = true, .coordinate = true, .centred = true, .history = 2, .degree = 3};
    const struct hm_linear_scale scale = {10, 2, 5, 4, -1, 3}; /* z is trusted from -2 to 4 */
    const double past[2] = {14, 9};
    double features[6], ridge[6];
    hm_linear_shape_finish(&shape);
    CU_ASSERT_EQUAL(shape.nfeature, 6);
    const struct {
        double coordinate, expected[6];
    } cases[] = {{17, {2, -0.5, 3, 3 * 1.5, 3 * 2.25, 1}},
                 {29, {2, -0.5, 6, 4 * 2 + 2 * 2 * 2, 4 * 4 + 3 * 4 * 2, 1}}, /* z = 6: the tangents at 4 */
                 {-11, {2, -0.5, -4, 2 + 2 * 2, -2 - 3 * 2, 1}}};             /* z = -4: at -2 */
    for (size_t i = 0; i < 3; i++) {
        const struct hm_linear_inputs inputs = {past, 1, cases[i].coordinate};
        hm_linear_features(&shape, &scale, &inputs, features);
        for (size_t j = 0; j < 6; j++) HM_ASSERT_NEAR(features[j], cases[i].expected[j], 1e-14);
    }
    hm_linear_ridge(&shape, 0.5, ridge);
    CU_ASSERT_TRUE(ridge[0] == 0.5 && ridge[1] == 0.5 && ridge[2] > 0 && ridge[2] == ridge[4] && ridge[5] == 0);
}

/* ---- what it learns ---- */

static void test_force_laws(void)
{
    static const char *const both = "predictor: {type: linear}";
    static const char *const alone = "predictor: {type: linear, inputs: [coordinate]}";
    CU_ASSERT_TRUE(below(error_after_training(both, ROTOR_SPRING, 2000), 1e-12));
    CU_ASSERT_TRUE(below(error_after_training(alone, ROTOR_SPRING, 2000), 1e-12));
    CU_ASSERT_TRUE(below(error_after_training(both, ROTOR_MORSE, 2000), 1e-11));
    CU_ASSERT_TRUE(below(error_after_training(alone, ROTOR_MORSE, 2000), 1e-11));
}

/* A Morse bond is no spring: the degree is what it is learned by. */
static void test_degree(void)
{
    const double first =
        error_after_training("predictor: {type: linear, inputs: [coordinate], degree: 1}", ROTOR_MORSE, 2000);
    const double third =
        error_after_training("predictor: {type: linear, inputs: [coordinate], degree: 3}", ROTOR_MORSE, 2000);
    CU_ASSERT_TRUE(first > 1e-2 && below(first, 0.2));
    CU_ASSERT_TRUE(below(third, first / 50));
    CU_ASSERT_TRUE(below(
        error_after_training("predictor: {type: linear, inputs: [coordinate], degree: 1}", ROTOR_SPRING, 2000), 1e-10));
}

static void test_history_alone(void)
{
    static const char *const p12 = "predictor: {type: linear, inputs: [velocity], history: 12}";
    static const char *const p32 = "predictor: {type: linear, inputs: [velocity], history: 32}";
    static const char *const automatic = "predictor: {type: linear, inputs: [velocity]}";
    CU_ASSERT_TRUE(below(error_after_training(p12, ROTOR_SPRING, 2000), 1e-9));
    CU_ASSERT_TRUE(below(error_after_training(p32, ROTOR_SPRING, 2000), 1e-10));
    CU_ASSERT_TRUE(below(error_after_training(p32, ROTOR_MORSE, 2000), 1e-9));
    CU_ASSERT_EQUAL(rotor_length(automatic), 32);
    CU_ASSERT_EQUAL(rotor_length("predictor: {type: linear, inputs: [velocity], history: 5}"), 6); /* needs a middle */
    CU_ASSERT_EQUAL(rotor_length("predictor: {type: linear}"), 12);
    CU_ASSERT_EQUAL(rotor_length("predictor: {type: linear, inputs: [coordinate]}"), 0);
}

/* Predicting from predictions: no exact force for many periods. */
static double drift_of_free_run(const char *sections, size_t steps)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    double lowest = INFINITY, highest = 0;
    prepare(sections, ROTOR_SPRING, 2000, &rotor, &predictor);
    for (size_t s = 0; s < steps; s++) {
        const double *x = rotor.frame.x;
        const double r = hypot(hypot(x[3] - x[0], x[4] - x[1]), x[5] - x[2]);
        lowest = fmin(lowest, r);
        highest = fmax(highest, r);
        rotor_open(&rotor);
        const struct rotor_guess guess = rotor_predict(&rotor, &predictor);
        rotor_close(&rotor, guess.kick, false);
    }
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
    CU_ASSERT_TRUE(lowest > 2.2 && highest > 2.45); /* it still vibrates */
    return highest;
}

static void test_free_run(void)
{
    CU_ASSERT_TRUE(below(drift_of_free_run("predictor: {type: linear}", 10000), 2.5));
    CU_ASSERT_TRUE(below(drift_of_free_run("predictor: {type: linear, inputs: [velocity]}", 2000), 2.5));
}

static void test_reseed_steps(void)
{
    static const struct {
        const char *sections;
        size_t steps;
    } cases[] = {{"predictor: {type: linear}", 1},
                 {"predictor: {type: linear, inputs: [coordinate]}", 1},
                 {"predictor: {type: linear, inputs: [velocity], history: 12}", 13},
                 {"predictor: {type: linear, inputs: [velocity], representation: cartesian, history: 4}", 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rotor rotor;
        struct hm_predictor predictor;
        rotor_create(&rotor, cases[i].sections, ROTOR_SPRING, 1);
        rotor_predictor(&rotor, &predictor);
        CU_ASSERT_EQUAL(hm_predictor_reseed_steps(&predictor), cases[i].steps);
        hm_predictor_destroy(&predictor);
        rotor_destroy(&rotor);
    }
}

static void test_cartesian_coordinate_alone_is_refused(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    rotor_create(&rotor, "predictor:\n  type: linear\n  representation: cartesian\n  inputs: [coordinate]",
                 ROTOR_SPRING, 1);
    const struct hm_predictor_setup setup = {.config = rotor.config, .representation = rotor.representation};
    CU_ASSERT_EQUAL(hm_predictor_create(&setup, &predictor), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NULL(predictor.self);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "rotor.yaml:6:3: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "velocity"));
    rotor_destroy(&rotor);
}

/* ---- what it refuses ---- */

static void test_too_few_samples(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    rotor_create(&rotor, "predictor: {type: linear}", ROTOR_SPRING, 12);
    rotor_record(&rotor, 300);
    rotor_predictor(&rotor, &predictor);
    struct hm_training_report report = rotor_train(&rotor, &predictor, 0, 249);
    CU_ASSERT_FALSE(report.accepted);
    CU_ASSERT_EQUAL(report.samples, 249);
    CU_ASSERT_TRUE(isnan(report.held_out_before) && isnan(report.held_out_after));
    CU_ASSERT_TRUE(arena_is_zero(&predictor));
    report = rotor_train(&rotor, &predictor, 249, 1); /* what came before counts */
    CU_ASSERT_TRUE(report.accepted);
    CU_ASSERT_FALSE(arena_is_zero(&predictor));
    CU_ASSERT_EQUAL(report.samples, 250 - 250 / 8);
    CU_ASSERT_TRUE(isnan(report.held_out_before));
    CU_ASSERT_TRUE(below(report.held_out_after, 1e-10));
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

/* Five samples for each step of a long history. */
static void test_too_few_samples_for_the_history(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    rotor_create(&rotor, "predictor: {type: linear, inputs: [velocity], history: 64}", ROTOR_SPRING, 64);
    rotor_record(&rotor, 500);
    rotor_predictor(&rotor, &predictor);
    CU_ASSERT_FALSE(rotor_train(&rotor, &predictor, 0, 319).accepted);
    CU_ASSERT_TRUE(rotor_train(&rotor, &predictor, 319, 1).accepted);
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

/* More of the same does not improve a fit by a tenth; the arena stays as it was published. */
static void test_no_improvement_is_refused(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    size_t bytes;
    prepare("predictor: {type: linear, inputs: [coordinate], degree: 2}", ROTOR_MORSE, 2000, &rotor, &predictor);
    const void *arena = predictor.ops->parameters(predictor.self, &bytes);
    void *before = malloc(bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    memcpy(before, arena, bytes);
    rotor_record(&rotor, 2000);
    const struct hm_training_report report = rotor_train(&rotor, &predictor, 2000, 2000);
    CU_ASSERT_FALSE(report.accepted);
    CU_ASSERT_TRUE(report.held_out_before > 0 && report.held_out_after > 0.9 * report.held_out_before);
    CU_ASSERT_TRUE(report.samples == 3500);
    CU_ASSERT_EQUAL(memcmp(before, arena, bytes), 0);
    free(before);
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

/* A law of slope 1 learned from `first` samples, then `more` of slope 2; only two of the latter are held out. The fit
 * moves to (first + 2 more) / (first + more), which improves the error by the factor first / (first + more). */
static bool accepts_improvement(size_t first, size_t more, double *factor)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    prepare("predictor: {type: linear, inputs: [coordinate], degree: 1}\ntraining: {reservoir: 16}", ROTOR_SPRING,
            first, &rotor, &predictor);
    rotor_record(&rotor, more);
    for (size_t k = first; k < first + more; k++) *rotor_target(&rotor, k) *= 2;
    const struct hm_training_report report = rotor_train(&rotor, &predictor, first, more);
    *factor = report.held_out_after / report.held_out_before;
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
    return report.accepted;
}

static void test_needed_improvement_is_a_tenth(void)
{
    double factor;
    CU_ASSERT_FALSE(accepts_improvement(4400, 440, &factor));
    HM_ASSERT_NEAR(factor, 10.0 / 11, 5e-3);
    CU_ASSERT_TRUE(accepts_improvement(4400, 528, &factor));
    HM_ASSERT_NEAR(factor, 4400.0 / 4928, 5e-3);
}

/* Learned on a narrow stretch, then shown the rest: that fit is better by more than a tenth. */
static void test_improvement_is_accepted(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    rotor_create(&rotor, "predictor: {type: linear, inputs: [coordinate], degree: 3}", ROTOR_MORSE, 1);
    for (size_t k = 0; k < 3;
         k++) { /* hardly vibrating: from the middle of the bond, without what it was stretched by */
        rotor.frame.x[k] = rotor.frame.x[3 + k] + (rotor.frame.x[k] - rotor.frame.x[3 + k]) * 2.43 / 2.46855;
        rotor.frame.v[k] = rotor.frame.v[3 + k] = 0;
    }
    rotor_record(&rotor, 401);
    rotor_predictor(&rotor, &predictor);
    CU_ASSERT_TRUE(rotor_train(&rotor, &predictor, 0, 400).accepted);
    for (size_t k = 0; k < 3; k++)
        rotor.frame.x[k] = rotor.frame.x[3 + k] + (rotor.frame.x[k] - rotor.frame.x[3 + k]) * 1.08;
    rotor_record(&rotor, 1000);
    const struct hm_linear_scale narrow = first_scale(&predictor);
    const struct hm_training_report report = rotor_train(&rotor, &predictor, 400, 1000);
    CU_ASSERT_TRUE(report.accepted);
    CU_ASSERT_TRUE(first_scale(&predictor).z_high > 2 * narrow.z_high); /* the trusted range grew, the units did not */
    CU_ASSERT_EQUAL(first_scale(&predictor).coordinate_sigma, narrow.coordinate_sigma);
    CU_ASSERT_TRUE(report.held_out_after < 0.9 * report.held_out_before);
    CU_ASSERT_TRUE(below(rotor_error(&rotor, &predictor, 500), report.held_out_before / 2));
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

/* Every twentieth row is a prediction. It is never a label; what has it in its history is one only where the
 * coordinate is among the inputs. 140 of the first 400 rows are 13 to 19 steps behind a prediction, 70 of the next
 * 200; 380 and 190 are no predictions, and every eighth of these is held out. */
static void test_predicted_history_is_not_learned(void)
{
    static const char *const sections[2] = {"predictor: {type: linear, inputs: [velocity], history: 12}",
                                            "predictor: {type: linear}"};
    for (size_t i = 0; i < 2; i++) {
        struct rotor rotor;
        struct hm_predictor predictor;
        rotor_create(&rotor, sections[i], ROTOR_SPRING, 12);
        rotor_record(&rotor, 612);
        CU_ASSERT_EQUAL(rotor.nlabel, 600);
        for (size_t k = 0; k < rotor.nrow; k += 20)
            rotor.rows[k * hm_row_size(rotor.window->nchannel) + 1] = HM_ROW_PREDICTED;
        rotor_predictor(&rotor, &predictor);
        const struct hm_training_report report = rotor_train(&rotor, &predictor, 0, 400);
        CU_ASSERT_EQUAL(report.accepted, i == 1);
        CU_ASSERT_EQUAL(report.samples, i == 1 ? 380 - 380 / 8 : 140);
        CU_ASSERT_EQUAL(rotor_train(&rotor, &predictor, 400, 200).samples, i == 1 ? 570 - 570 / 8 : 140 + 70);
        hm_predictor_destroy(&predictor);
        rotor_destroy(&rotor);
    }
}

/* Rows after a gap in the step numbers have no history but their own. */
static void test_gap_begins_another_stretch(void)
{
    static const char *const sections[2] = {"predictor: {type: linear, inputs: [velocity], history: 12}",
                                            "predictor: {type: linear}"};
    static const double gaps[2] = {1, -300}; /* a missing step; an earlier stretch */
    for (size_t i = 0; i < 4; i++) {
        struct rotor rotor;
        struct hm_predictor predictor;
        rotor_create(&rotor, sections[i / 2], ROTOR_SPRING, 12);
        rotor_record(&rotor, 412);
        for (size_t k = 200; k < 412; k++) rotor.rows[k * hm_row_size(rotor.window->nchannel)] += gaps[i % 2];
        rotor_predictor(&rotor, &predictor);
        CU_ASSERT_EQUAL(rotor_train(&rotor, &predictor, 0, 400).samples, 388 - 388 / 8);
        hm_predictor_destroy(&predictor);
        rotor_destroy(&rotor);
    }
}

/* ---- held-out samples ---- */

/* 16 examples leave room for two held-out rows; the third replaces the first, and a saved ring goes on where it was. */
static void test_held_out_ring_wraps(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    prepare("predictor: {type: linear, inputs: [coordinate], degree: 3}\ntraining: {reservoir: 16}", ROTOR_MORSE, 2000,
            &rotor, &predictor);
    CU_ASSERT_TRUE(below(rotor_error(&rotor, &predictor, 500), 1e-2));
    rotor_record(&rotor, 16);
    /* The last two held-out samples (of 2016, every eighth) get targets 3 times as large: the error before must show
     * exactly them: |p - 3p| / |3p| = 2/3 for a predictor that is good elsewhere. */
    *rotor_target(&rotor, 2007) *= 3;
    *rotor_target(&rotor, 2015) *= 3;
    const struct hm_training_report report = rotor_train(&rotor, &predictor, 2000, 16);
    CU_ASSERT_EQUAL(report.samples, 2016 - 2016 / 8);
    HM_ASSERT_NEAR(report.held_out_before, 2.0 / 3, 1e-2);
    HM_ASSERT_NEAR(report.held_out_after, 2.0 / 3, 1e-2);
    CU_ASSERT_FALSE(report.accepted);
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

/* Each label with its history as a stretch of its own; every eighth has a foolish target. */
static void make_stretches(const struct rotor *rotor, size_t count, double *rows)
{
    const size_t history = rotor->window->length, nchannel = rotor->window->nchannel, size = hm_row_size(nchannel);
    for (size_t k = 0; k < count; k++, rows += (history + 1) * size) {
        memcpy(rows, &rotor->rows[k * size], (history + 1) * size * sizeof *rows);
        for (size_t back = 0; back < history; back++) rows[back * size + 1] = HM_ROW_EXACT;
        for (size_t c = 0; k % 8 == 7 && c < nchannel; c++) rows[history * size + 2 + nchannel + c] = 1;
    }
}

/* With six channels a ring of rows, every eighth, would never look at the even ones: whole samples are held out. */
static void test_every_channel_is_held_out(void)
{
    enum { LABELS = 400, HISTORY = 4 };
    static double rows[LABELS * (HISTORY + 1) * (2 + 2 * 6)];
    struct rotor rotor;
    struct hm_predictor predictor;
    struct hm_training_report report;
    rotor_create(&rotor, "predictor: {type: linear, inputs: [velocity], representation: cartesian, history: 4}",
                 ROTOR_SPRING, HISTORY);
    rotor_record(&rotor, LABELS + HISTORY);
    rotor_predictor(&rotor, &predictor);
    for (size_t channel = 0; channel < 6; channel++) CU_ASSERT_EQUAL(rotor.representation->group[channel], channel / 3);
    make_stretches(&rotor, LABELS, rows);
    const struct hm_batch batch = {LABELS * (HISTORY + 1), 6, rows, HM_NO_INTERRUPT};
    HM_ASSERT_OK(predictor.ops->train(predictor.self, &batch, &report));
    CU_ASSERT_EQUAL(report.samples, 350 * 6);
    CU_ASSERT_EQUAL(first_scale(&predictor).motion_mean, 0); /* no direction is special */
    CU_ASSERT_EQUAL(first_scale(&predictor).coordinate_mean, 0);
    HM_ASSERT_NEAR(report.held_out_after, 1, 1e-2);                 /* only foolish rows are judged ... */
    CU_ASSERT_TRUE(below(rotor_error(&rotor, &predictor, 100), 1)); /* ... and none is learned */
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

/* ---- outside what was seen ---- */

static double law_at(struct hm_predictor *predictor, struct hm_window *window, double coordinate)
{
    double motion[1];
    struct hm_prediction prediction = {.motion = motion, .extremeness = NAN};
    window->coordinate[window->end] = coordinate;
    predictor->ops->predict(predictor->self, window, &prediction);
    CU_ASSERT_TRUE(isfinite(prediction.extremeness));
    return motion[0];
}

static void test_tangent(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    size_t bytes;
    prepare("predictor: {type: linear, inputs: [coordinate]}", ROTOR_MORSE, 2000, &rotor, &predictor);
    const double *arena = predictor.ops->parameters(predictor.self, &bytes);
    CU_ASSERT_EQUAL(bytes, (SCALE_DOUBLES + 8 + 1) * sizeof(double));
    struct hm_linear_scale scale;
    memcpy(&scale, arena, sizeof scale);
    CU_ASSERT_TRUE(scale.z_low < -1 && scale.z_high > 1);
    rotor_open(&rotor);
    for (int end = 0; end < 2; end++) {
        const double width = scale.z_high - scale.z_low;
        const double z = end ? scale.z_high + 0.25 * width : scale.z_low - 0.25 * width;
        const double out = end ? scale.coordinate_sigma : -scale.coordinate_sigma;
        const double edge = scale.coordinate_mean + z * scale.coordinate_sigma, h = 1e-4;
        const double at = law_at(&predictor, rotor.window, edge);
        const double inside = (at - law_at(&predictor, rotor.window, edge - h * out)) / h;
        const double before =
            (law_at(&predictor, rotor.window, edge - h * out) - law_at(&predictor, rotor.window, edge - 2 * h * out)) /
            h;
        const double outside = (law_at(&predictor, rotor.window, edge + h * out) - at) / h;
        const double far = (law_at(&predictor, rotor.window, edge + 100 * out) - at) / 100;
        HM_ASSERT_NEAR(law_at(&predictor, rotor.window, edge + 1e-12 * out), at, 1e-10 * fabs(at)); /* continuous */
        CU_ASSERT_TRUE(inside != 0);
        HM_ASSERT_NEAR(outside, inside + (inside - before) / 2, 1e-6 * fabs(inside)); /* with a continuous slope */
        HM_ASSERT_NEAR(far, outside, 1e-8 * fabs(outside));                           /* and straight from there on */
        CU_ASSERT_TRUE(fabs(inside - before) > 1e-6 * fabs(inside));                  /* but not before */
    }
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

static void test_extremeness(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    prepare("predictor: {type: linear}", ROTOR_SPRING, 2000, &rotor, &predictor);
    const struct hm_linear_scale scale = first_scale(&predictor);
    rotor_open(&rotor);
    struct rotor_guess guess = rotor_predict(&rotor, &predictor);
    CU_ASSERT_FALSE(guess.has_base);
    CU_ASSERT_TRUE(guess.extremeness >= 0 && guess.extremeness < 2); /* of a sine: at most sqrt 2 deviations */
    rotor.frame.x[0] += 3;
    rotor_open(&rotor);
    guess = rotor_predict(&rotor, &predictor);
    const double z = (*hm_window_coordinate(rotor.window, 0) - scale.coordinate_mean) / scale.coordinate_sigma;
    CU_ASSERT_TRUE(guess.extremeness > 10);
    HM_ASSERT_NEAR(guess.extremeness, fabs(z), 1e-12 * fabs(z));
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

/* Nothing moves, every number is zero or constant: the prediction is rest, also a little off. */
static void test_molecule_at_rest(void)
{
    static const char *const sections[] = {
        "predictor: {type: linear}", "predictor: {type: linear, inputs: [coordinate]}",
        "predictor: {type: linear, inputs: [velocity]}", "predictor: {type: linear, representation: cartesian}",
        "predictor: {type: linear, representation: cartesian, inputs: [velocity]}"};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        for (int off = 0; off < 2; off++) {
            struct rotor rotor;
            struct hm_predictor predictor;
            prepare(sections[i], ROTOR_REST, 400, &rotor, &predictor);
            if (off) rotor.frame.x[0] += 1e-3;
            rotor_open(&rotor);
            const struct rotor_guess guess = rotor_predict(&rotor, &predictor);
            for (size_t k = 0; k < 6; k++) CU_ASSERT_TRUE(fabs(guess.kick[k]) <= 1e-20);
            hm_predictor_destroy(&predictor);
            rotor_destroy(&rotor);
        }
}

/* ---- the palindromic recursion ---- */

/* A fixed sequence of numbers between -1 and 1. */
static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 4503599627370496.0 - 1;
}

/* Whatever the weights: run forwards one step, read backwards, and the oldest motion is what comes next. */
static void test_law_is_the_same_backwards(void)
{
    static const size_t orders[] = {2, 4, 6, 12, 32};
    uint64_t state = 21;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        const size_t p = orders[i];
        struct hm_linear_shape shape = {.motion = true, .centred = true, .history = p};
        const struct hm_linear_scale scale = {0.3, 1.7, 0, 1, 0, 0};
        double past[33], weights[20], features[20];
        hm_linear_shape_finish(&shape);
        CU_ASSERT_EQUAL(shape.nfeature, p / 2 + 1);
        for (size_t j = 0; j < shape.nfeature; j++) weights[j] = uniform(&state);
        for (size_t k = 1; k <= p; k++) past[k] = uniform(&state); /* newest first, from 1 on */
        const struct hm_linear_inputs forward = {&past[1], 1, 0}, backward = {&past[p - 1], -1, 0};
        hm_linear_features(&shape, &scale, &forward, features);
        past[0] = hm_linear_motion(&shape, &scale, &forward, features, weights);
        HM_ASSERT_NEAR(hm_linear_target(&shape, &scale, &forward, past[0]),
                       (past[0] - 0.3) / 1.7 + (past[p] - 0.3) / 1.7, 1e-14);
        hm_linear_features(&shape, &scale, &backward, features);
        HM_ASSERT_NEAR(hm_linear_motion(&shape, &scale, &backward, features, weights), past[p], 1e-13);
    }
}

/* z^p - sum_b c_b z^(p-b), c_b = how u_n answers to u_{n-b}; all roots at once (Weierstrass, Durand, Kerner). */
static void find_roots(const struct hm_linear_shape *shape, const double *weights, double complex *root)
{
    const struct hm_linear_scale scale = {0, 1, 0, 1, 0, 0};
    const size_t p = shape->history;
    double coefficient[8], past[8] = {0}, features[8];
    for (size_t b = 0; b < p; b++) {
        const struct hm_linear_inputs inputs = {past, 1, 0};
        past[b] = 1;
        hm_linear_features(shape, &scale, &inputs, features);
        coefficient[b] = hm_linear_motion(shape, &scale, &inputs, features, weights);
        past[b] = 0;
    }
    for (size_t r = 0; r < p; r++) root[r] = cpow(0.4 + 0.9 * I, (double)r);
    for (int iteration = 0; iteration < 1000; iteration++)
        for (size_t r = 0; r < p; r++) {
            double complex value = 1, others = 1;
            for (size_t b = 0; b < p; b++) value = value * root[r] - coefficient[b];
            for (size_t s = 0; s < p; s++)
                if (s != r) others *= root[r] - root[s];
            root[r] -= value / others;
        }
}

static void test_roots_come_in_reciprocal_pairs(void)
{
    uint64_t state = 22;
    for (int trial = 0; trial < 20; trial++) {
        struct hm_linear_shape shape = {.motion = true, .history = 8};
        double weights[4];
        double complex root[8], product = 1;
        hm_linear_shape_finish(&shape);
        CU_ASSERT_EQUAL(shape.nfeature, 4);
        for (size_t j = 0; j < 4; j++) weights[j] = 2 * uniform(&state);
        find_roots(&shape, weights, root);
        for (size_t r = 0; r < 8; r++) {
            double nearest = INFINITY;
            for (size_t s = 0; s < 8; s++) nearest = fmin(nearest, cabs(root[r] * root[s] - 1));
            CU_ASSERT_TRUE(nearest <= 1e-8);
            product *= root[r];
        }
        CU_ASSERT_TRUE(cabs(product - 1) <= 1e-8);
    }
}

/* AR(2) of a harmonic motion: u_n = 2 cos(w dt) u_{n-1} - u_{n-2}, known in closed form for leapfrog at rest in
 * rotation. */
static void test_two_steps_of_history_are_the_frequency(void)
{
    struct rotor rotor;
    struct hm_predictor predictor;
    size_t bytes;
    rotor_create(&rotor, "predictor: {type: linear, inputs: [velocity], history: 2}", ROTOR_SPRING, 2);
    for (size_t k = 0; k < 3; k++) { /* along the bond only */
        const double d = rotor.frame.x[k] - rotor.frame.x[3 + k];
        rotor.frame.v[k] = 1e-4 * d;
        rotor.frame.v[3 + k] = -rotor.frame.v[k] * rotor.frame.mass[0] / rotor.frame.mass[1];
    }
    rotor_record(&rotor, 1002);
    rotor_predictor(&rotor, &predictor);
    CU_ASSERT_TRUE(rotor_train(&rotor, &predictor, 0, 1000).accepted);
    const double *arena = predictor.ops->parameters(predictor.self, &bytes);
    CU_ASSERT_EQUAL(bytes, (SCALE_DOUBLES + 2) * sizeof(double));
    const double mu = 1837.15 * 63744.3 / (1837.15 + 63744.3);
    HM_ASSERT_NEAR(arena[SCALE_DOUBLES], 2 - rotor.timestep * rotor.timestep * 0.33160 / mu, 1e-9);
    HM_ASSERT_NEAR(arena[SCALE_DOUBLES + 1], 0, 1e-3); /* the mean of a whole number of periods it is not */
    CU_ASSERT_TRUE(below(rotor_error(&rotor, &predictor, 500), 1e-9));
    hm_predictor_destroy(&predictor);
    rotor_destroy(&rotor);
}

static const struct hm_test tests[] = {
    {"features", test_features},
    {"force laws", test_force_laws},
    {"degree", test_degree},
    {"history alone", test_history_alone},
    {"free run", test_free_run},
    {"reseed_steps", test_reseed_steps},
    {"cartesian coordinate alone is refused", test_cartesian_coordinate_alone_is_refused},
    {"too few samples", test_too_few_samples},
    {"too few samples for the history", test_too_few_samples_for_the_history},
    {"no improvement is refused", test_no_improvement_is_refused},
    {"the improvement needed is a tenth", test_needed_improvement_is_a_tenth},
    {"improvement is accepted", test_improvement_is_accepted},
    {"predicted history is not learned", test_predicted_history_is_not_learned},
    {"a gap begins another stretch", test_gap_begins_another_stretch},
    {"the held-out ring wraps", test_held_out_ring_wraps},
    {"every channel is held out", test_every_channel_is_held_out},
    {"tangent outside the trained range", test_tangent},
    {"extremeness", test_extremeness},
    {"a molecule at rest", test_molecule_at_rest},
    {"the law is the same backwards", test_law_is_the_same_backwards},
    {"roots come in reciprocal pairs", test_roots_come_in_reciprocal_pairs},
    {"two steps of history are the frequency", test_two_steps_of_history_are_the_frequency},
};

HM_TEST_MAIN("linear predictor", tests)
