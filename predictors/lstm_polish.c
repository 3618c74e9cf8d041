/* Levenberg-Marquardt on all examples at once, in the dual form. See lstm_study.h.
 *
 *   r = (y_m - target_m, kappa W_q),  J = dr/dw (R, N)         R = examples and sequences (lstm_work.h)
 *   w := w - J^T (J J^T + lambda)^{-1} r
 *
 * lambda falls while the steps succeed and rises until one does. The Jacobian costs a backward pass an example, the
 * rest is a symmetric product (R, R, N) and a Cholesky factorisation.
 */
#include "predictors/lstm_study.h"
#include "predictors/lstm_work.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* LAPACK, from OpenBLAS. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t length);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
             const int *ldb, int *info, size_t length);

enum { TRIES = 12, BALANCING = 8 /* iterations that look at the work, too */ };

static const double LARGEST_JACOBIAN = 512e6; /* bytes */
static const double KAPPA = 1000;             /* work counts more than error: it accumulates */
static const double FIRST_DAMPING = 1e-3;     /* of the mean diagonal of J J^T */

struct polish {
    const struct hm_lstm_problem *problem;
    const struct hm_lstm_examples *examples;
    const struct hm_lstm_engine *engine;
    struct hm_lstm_work work;
    size_t N, M, R;
    double *jacobian, *gram, *factor;  // (R, N), (R, R), (R, R)
    double *residual, *trial;          // (R)
    double *solution;                  // (R)
    double *before;                    // (N) weights before a step
    double *x, *y, *dy, *state, *tape; // of the batch (steps, M, ...); the first steps' worth also of one example
    double damping;
    double kappa;
};

static void release(struct polish *p)
{
    void *const owned[] = {p->jacobian, p->gram, p->factor, p->residual, p->trial, p->solution,
                           p->before,   p->x,    p->y,      p->dy,       p->state, p->tape};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    hm_lstm_work_release(&p->work);
}

static enum hm_status allocate(struct polish *p)
{
    HM_TRY(hm_lstm_work_start(p->problem, &p->work));
    const struct hm_lstm_shape *shape = &p->problem->shape;
    const size_t steps = p->examples->steps, M = p->M, real = sizeof(double);
    p->R = M + p->work.count;
    p->jacobian = calloc(p->R * p->N, real);
    p->gram = calloc(p->R * p->R, real);
    p->factor = calloc(p->R * p->R, real);
    p->residual = calloc(p->R, real);
    p->trial = calloc(p->R, real);
    p->solution = calloc(p->R, real);
    p->before = calloc(p->N, real);
    p->x = calloc(steps * M * shape->nin, real);
    p->y = calloc(steps * M, real);
    p->dy = calloc(steps, real);
    p->state = calloc(hm_lstm_state_count(shape, M), real);
    p->tape = calloc(hm_lstm_tape_count(shape, M, steps), real);
    if (p->jacobian && p->gram && p->factor && p->residual && p->trial && p->solution && p->before && p->x && p->y &&
        p->dy && p->state && p->tape)
        return HM_OK;
    release(p);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory to train on %zu examples", M);
}

/* Examples side by side, for the forward passes over all of them. */
static void transpose_examples(struct polish *p)
{
    const size_t nin = p->problem->shape.nin, steps = p->examples->steps;
    for (size_t e = 0; e < p->M; e++)
        for (size_t n = 0; n < steps; n++)
            memcpy(&p->x[(n * p->M + e) * nin], &p->examples->x[(e * steps + n) * nin], nin * sizeof *p->x);
}

static const double *initial_state(const struct polish *p, size_t example)
{
    return &p->examples->state[example * hm_lstm_state_count(&p->problem->shape, 1)];
}

static double residuals(struct polish *p, const double *weights, double *residual)
{
    const size_t steps = p->examples->steps;
    double squares = 0;
    for (size_t e = 0; e < p->M; e++) hm_lstm_state_place(&p->problem->shape, initial_state(p, e), e, p->M, p->state);
    p->engine->forward(&p->problem->shape, p->M, steps, weights, p->x, p->state, p->tape, p->y);
    for (size_t e = 0; e < p->M; e++) {
        residual[e] = p->y[(steps - 1) * p->M + e] - p->examples->target[e];
        squares += residual[e] * residual[e];
    }
    for (size_t q = 0; p->kappa > 0 && q < p->work.count; q++) {
        residual[p->M + q] = p->kappa * hm_lstm_work_measure(&p->work, q, weights, NULL);
        squares += residual[p->M + q] * residual[p->M + q];
    }
    return squares;
}

static enum hm_status jacobian(struct polish *p, const double *weights)
{
    const struct hm_lstm_shape *shape = &p->problem->shape;
    const size_t steps = p->examples->steps;
    for (size_t e = 0; e < p->M; e++) {
        HM_TRY(hm_interrupt_check(&p->problem->interrupt));
        memcpy(p->state, initial_state(p, e), hm_lstm_state_count(shape, 1) * sizeof *p->state);
        p->engine->forward(shape, 1, steps, weights, &p->examples->x[e * steps * shape->nin], p->state, p->tape, p->y);
        memset(p->dy, 0, steps * sizeof *p->dy);
        p->dy[steps - 1] = 1;
        p->engine->backward(shape, 1, steps, weights, p->dy, p->tape, &p->jacobian[e * p->N]);
    }
    for (size_t q = 0; p->kappa > 0 && q < p->work.count; q++) {
        hm_lstm_work_measure(&p->work, q, weights, &p->jacobian[(p->M + q) * p->N]);
        cblas_dscal((int)p->N, p->kappa, &p->jacobian[(p->M + q) * p->N], 1);
    }
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)p->R, (int)p->N, 1, p->jacobian, (int)p->N, 0, p->gram,
                (int)p->R);
    return HM_OK;
}

/* weights = before - J^T (J J^T + damping)^{-1} r; false if the matrix is not positive. */
static bool step(struct polish *p, double *weights)
{
    const int R = (int)p->R, one = 1;
    int info;
    memcpy(p->factor, p->gram, p->R * p->R * sizeof *p->factor);
    memcpy(p->solution, p->residual, p->R * sizeof *p->solution);
    for (size_t e = 0; e < p->R; e++) p->factor[e * p->R + e] += p->damping;
    /* The lower triangle of rows is the upper one of Fortran's columns. */
    dpotrf_("U", &R, p->factor, &R, &info, 1);
    if (info != 0) return false;
    dpotrs_("U", &R, &one, p->factor, &R, p->solution, &R, &info, 1);
    memcpy(weights, p->before, p->N * sizeof *weights);
    cblas_dgemv(CblasRowMajor, CblasTrans, R, (int)p->N, -1, p->jacobian, (int)p->N, p->solution, 1, 1, weights, 1);
    return true;
}

/* One iteration; false if no damping made it better, and the weights are as they were. */
static bool iterate(struct polish *p, double *weights, double *squares)
{
    memcpy(p->before, weights, p->N * sizeof *weights);
    for (int attempt = 0; attempt < TRIES; attempt++) {
        if (step(p, weights)) {
            const double now = residuals(p, weights, p->trial);
            if (now < *squares) {
                p->damping *= now < 0.5 * *squares ? 0.2 : 0.5;
                memcpy(p->residual, p->trial, p->R * sizeof *p->residual);
                *squares = now;
                return true;
            }
        }
        p->damping *= 5;
    }
    memcpy(weights, p->before, p->N * sizeof *weights);
    return false;
}

bool hm_lstm_polish_fits(const struct hm_lstm_shape *shape, size_t examples)
{
    return (double)(examples * hm_lstm_parameter_count(shape) * sizeof(double)) <= LARGEST_JACOBIAN;
}

static enum hm_status run(struct polish *p, size_t iterations, double *weights)
{
    double squares = residuals(p, weights, p->residual);
    for (size_t k = 0; k < iterations; k++) {
        HM_TRY(jacobian(p, weights));
        if (p->damping == 0) {
            for (size_t e = 0; e < p->M; e++) p->damping += p->gram[e * p->R + e];
            p->damping *= FIRST_DAMPING / (double)p->M;
        }
        if (!iterate(p, weights, &squares)) break;
    }
    return HM_OK;
}

enum hm_status hm_lstm_polish(const struct hm_lstm_problem *problem, const struct hm_lstm_examples *examples,
                              size_t iterations, double *weights)
{
    struct polish p = {
        .problem = problem,
        .examples = examples,
        .engine = hm_lstm_engine_get(HM_LSTM_DOUBLE),
        .N = hm_lstm_parameter_count(&problem->shape),
        .M = examples->count,
    };
    HM_TRY(allocate(&p));
    transpose_examples(&p);
    enum hm_status status = run(&p, iterations, weights);
    /* From the start the work would rule the search; now it is small and a few iterations take it away. */
    p.kappa = KAPPA;
    if (status == HM_OK && p.work.count > 0) status = run(&p, BALANCING, weights);
    release(&p);
    return status;
}

enum hm_status hm_lstm_examples_loss(const struct hm_lstm_problem *problem, const struct hm_lstm_examples *examples,
                                     const double *weights, double *loss)
{
    const struct hm_lstm_engine *engine = hm_lstm_engine_get(HM_LSTM_DOUBLE);
    const struct hm_lstm_shape *shape = &problem->shape;
    double *state = calloc(hm_lstm_state_count(shape, 1) + hm_lstm_scratch_count(shape, 1), sizeof *state);
    if (!state) return hm_fail(HM_OUT_OF_MEMORY, "no memory to judge a network");
    double *scratch = state + hm_lstm_state_count(shape, 1), squares = 0;
    for (size_t e = 0; e < examples->count; e++) {
        double y = 0;
        memcpy(state, &examples->state[e * hm_lstm_state_count(shape, 1)],
               hm_lstm_state_count(shape, 1) * sizeof *state);
        for (size_t n = 0; n < examples->steps; n++)
            engine->step(shape, 1, weights, &examples->x[(e * examples->steps + n) * shape->nin], state, scratch, &y);
        squares += (y - examples->target[e]) * (y - examples->target[e]);
    }
    free(state);
    *loss = sqrt(squares / (double)examples->count);
    return HM_OK;
}
