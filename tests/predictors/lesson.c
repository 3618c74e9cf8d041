#include "tests/predictors/lesson.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static const struct setting {
    bool pair, motion, coordinate;
} settings[LESSON_KINDS] = {
    [LESSON_PAIR] = {true, true, true},
    [LESSON_PAIR_VELOCITY] = {true, true, false},
    [LESSON_PAIR_COORDINATE] = {true, false, true},
    [LESSON_CARTESIAN_VELOCITY] = {false, true, false},
    [LESSON_CARTESIAN] = {false, true, true},
};

double *lesson_doubles(size_t count)
{
    double *values = calloc(count, sizeof *values);
    CU_ASSERT_PTR_NOT_NULL_FATAL(values);
    return values;
}

static double value(const struct lesson *l, size_t channel, size_t row, bool motion)
{
    const size_t nchannel = l->rotor.window->nchannel;
    const double *of = &l->rotor.rows[row * hm_row_size(nchannel)];
    return motion ? hm_row_motion(of, nchannel)[channel] : hm_row_coordinate(of)[channel];
}

struct scale {
    double mean, sigma;
};

static struct scale measure(const struct lesson *l, size_t channel, bool motion)
{
    const double n = (double)l->rotor.nrow;
    double sum = 0, squares = 0;
    for (size_t k = 0; k < l->rotor.nrow; k++) sum += value(l, channel, k, motion) / n;
    for (size_t k = 0; k < l->rotor.nrow; k++) squares += pow(value(l, channel, k, motion) - sum, 2) / n;
    return (struct scale){sum, sqrt(squares)};
}

/* x_n = (u_{n-1}, c_n), target u_n, each less its mean over its deviation; the rate of c, central. */
static void fill_sequence(struct lesson *l, const struct setting *setting, size_t channel)
{
    const struct scale u = measure(l, channel, true), c = measure(l, channel, false);
    const size_t count = l->rotor.nrow, nin = l->problem.shape.nin;
    double squares = 0;
    l->inputs[channel] = lesson_doubles(count * nin);
    l->target[channel] = lesson_doubles(count);
    l->rate[channel] = lesson_doubles(count);
    for (size_t n = 1; n < count; n++) {
        double *x = &l->inputs[channel][n * nin];
        if (setting->motion) *x++ = (value(l, channel, n - 1, true) - u.mean) / u.sigma;
        if (setting->coordinate) *x = (value(l, channel, n, false) - c.mean) / c.sigma;
        l->target[channel][n] = (value(l, channel, n, true) - u.mean) / u.sigma;
        if (n + 1 < count) l->rate[channel][n] = value(l, channel, n + 1, false) - value(l, channel, n - 1, false);
        squares += l->rate[channel][n] * l->rate[channel][n];
    }
    for (size_t n = 0; n < count; n++) l->rate[channel][n] /= sqrt(squares / (double)count);
    l->sequence[channel] = (struct hm_lstm_sequence){
        .count = count,
        .learn_from = LESSON_PRIME + 1,
        .labels = count - LESSON_PRIME - 1,
        .inputs = l->inputs[channel],
        .target = l->target[channel],
        .rate = l->rate[channel],
        .label = l->label,
    };
}

void lesson_create(struct lesson *l, enum lesson_kind kind, size_t layers, size_t hidden, size_t steps)
{
    const struct setting *setting = &settings[kind];
    *l = (struct lesson){0};
    rotor_create(&l->rotor, setting->pair ? "" : "predictor: {representation: cartesian}", ROTOR_SPRING, 1);
    rotor_record(&l->rotor, steps);
    l->label = malloc(steps);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l->label);
    memset(l->label, 1, steps);
    l->problem = (struct hm_lstm_problem){
        .engine = hm_lstm_engine_get(HM_LSTM_DOUBLE),
        .shape = {.nin = (size_t)setting->motion + setting->coordinate, .nout = 1, .layers = layers, .hidden = hidden},
        .sequence = l->sequence,
        .nsequence = setting->pair ? 1 : 3,
        .prime = LESSON_PRIME,
        .motion = setting->motion,
        .odd = !setting->pair && !setting->coordinate,
        .force_law = setting->pair && setting->coordinate,
        .restoring = 0.05,
        .polish = true,
        .key = {.seed = 5, .purpose = HM_RNG_TEST},
        .from_scratch = true,
    };
    for (size_t c = 0; c < l->problem.nsequence; c++) fill_sequence(l, setting, c);
    l->nweight = hm_lstm_parameter_count(&l->problem.shape);
    l->weights = lesson_doubles(l->nweight);
    hm_lstm_parameters_draw(&l->problem.shape, l->problem.key, l->weights);
}

void lesson_destroy(struct lesson *l)
{
    for (size_t c = 0; c < LESSON_CHANNELS; c++) {
        free(l->inputs[c]);
        free(l->target[c]);
        free(l->rate[c]);
    }
    free(l->label);
    free(l->weights);
    rotor_destroy(&l->rotor);
}
