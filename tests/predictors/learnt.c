#include "tests/predictors/learnt.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

void dgels_(const char *trans, const int *m, const int *n, const int *nrhs, double *a, const int *lda, double *b,
            const int *ldb, double *work, const int *lwork, int *info, size_t trans_length);

static const struct hm_surrogate_model_ops *const ops = &hm_surrogate_neighbourhood;

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 4503599627370496.0 - 1;
}

double *reals(size_t count)
{
    double *array = calloc(count, sizeof *array);
    CU_ASSERT_PTR_NOT_NULL_FATAL(array);
    return array;
}

enum hm_status configure(const char *keys, struct hm_config **config)
{
    char text[256];
    snprintf(text, sizeof text,
             "hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 10}\npredictor: {%s}\n", keys);
    return hm_config_parse(text, "run.yaml", NULL, 0, config);
}

/* Weights are random: what holds for any potential of this form. */
void learn_nothing(struct learnt *learnt, const char *keys, size_t level)
{
    uint64_t state = 11;
    const size_t size = 3 * learnt->fluid.frame.natom;
    HM_ASSERT_OK(configure(keys, &learnt->config));
    CU_ASSERT_EQUAL_FATAL(ops->create(learnt->config, &learnt->fluid.frame, &learnt->model), HM_OK);
    for (size_t k = 0; k < FRAMES; k++) {
        learnt->x[k] = reals(size);
        memcpy(learnt->x[k], learnt->fluid.frame.x, size * sizeof(double));
        fluid_move(&learnt->fluid, 10);
    }
    CU_ASSERT_TRUE_FATAL(level < ops->levels(learnt->model));
    learnt->level = level;
    learnt->scales = reals(ops->scale_count(learnt->model));
    learnt->weights = reals(ops->count(learnt->model, level));
    ops->prepare(learnt->model, (const double *const *)learnt->x, FRAMES - 2, learnt->scales);
    for (size_t f = 0; f < ops->count(learnt->model, level); f++) learnt->weights[f] = uniform(&state);
    ops->use(learnt->model, learnt->scales, learnt->weights, level);
}

void forget(struct learnt *learnt)
{
    ops->destroy(&learnt->model);
    hm_config_destroy(&learnt->config);
    for (size_t k = 0; k < FRAMES; k++) free(learnt->x[k]);
    free(learnt->scales);
    free(learnt->weights);
    fluid_destroy(&learnt->fluid);
}

/* Regularised least squares on the forces of all frames but the last two. */
void fit(struct learnt *learnt, size_t level)
{
    const size_t size = 3 * learnt->fluid.frame.natom, count = ops->count(learnt->model, level),
                 rows = (FRAMES - 2) * size + count;
    const int m = (int)rows, n = (int)count, one = 1, lwork = 64 * (m + n);
    int info = -1;
    double *columns = reals(count * size), *design = reals(rows * count), *target = reals(rows),
           *work = reals((size_t)lwork);
    for (size_t k = 0; k < FRAMES - 2; k++) {
        ops->gradients(learnt->model, learnt->scales, learnt->x[k], level, columns);
        for (size_t f = 0; f < count; f++)
            for (size_t c = 0; c < size; c++) design[f * rows + k * size + c] = -columns[f * size + c];
        fluid_force(&learnt->fluid, learnt->x[k], &target[k * size]);
    }
    for (size_t f = 0; f < count; f++) design[f * rows + (FRAMES - 2) * size + f] = 1e-5;
    dgels_("N", &m, &n, &one, design, &m, target, &m, work, &lwork, &info, 1);
    CU_ASSERT_EQUAL(info, 0);
    memcpy(learnt->weights, target, count * sizeof *target);
    learnt->level = level;
    ops->use(learnt->model, learnt->scales, learnt->weights, level);
    free(columns);
    free(design);
    free(target);
    free(work);
}

/* The rms error of the force in the last two frames, relative to the rms force. */
double held_out_error(const struct learnt *learnt)
{
    const size_t size = 3 * learnt->fluid.frame.natom;
    double *exact = reals(size), *gradient = reals(size), error = 0, square = 0;
    for (size_t k = FRAMES - 2; k < FRAMES; k++) {
        fluid_force(&learnt->fluid, learnt->x[k], exact);
        ops->gradient(learnt->model, learnt->x[k], gradient);
        for (size_t c = 0; c < size; c++) {
            error += pow(gradient[c] + exact[c], 2);
            square += exact[c] * exact[c];
        }
    }
    free(exact);
    free(gradient);
    return sqrt(error / square);
}

double largest(const double *values, size_t count)
{
    double most = 0;
    for (size_t k = 0; k < count; k++) most = fmax(most, fabs(values[k]));
    return most;
}

double largest_difference(const double *a, const double *b, size_t count)
{
    double most = 0;
    for (size_t k = 0; k < count; k++) most = fmax(most, fabs(a[k] - b[k]));
    return most;
}
