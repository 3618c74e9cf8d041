/* Levenberg-Marquardt on all examples at once, in the dual form. See lstm_study.h.
 *
 *   r = (y_m - target_m, kappa W_q),  J = dr/dw (R, N)         R = examples and sequences (lstm_work.h)
 *   w := w - J^T (J J^T + lambda)^{-1} r
 *
 * lambda falls while the steps succeed and rises until one does. The Jacobian costs a forward and a backward pass of
 * all examples and an outer product of each, the rest is a symmetric product (R, R, N) and a Cholesky factorisation.
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

enum { SIDE_BY_SIDE = 24 /* examples, so that their tape stays in the cache */ };
enum { TRIES = 12 /* dampings */ };
enum { BALANCING = 8 /* iterations that look at the work, too */ };

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
    double *packed;                    // weights
    double *x, *y, *dy, *state, *tape; // of SIDE_BY_SIDE examples
    double damping;
    double kappa;
};

static void release(struct polish *p)
{
    void *const owned[] = {p->jacobian, p->gram, p->factor, p->residual, p->trial, p->solution, p->before,
                           p->packed,   p->x,    p->y,      p->dy,       p->state, p->tape};
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
    p->packed = hm_lstm_memory(hm_lstm_packed_count(shape), real);
    p->x = calloc(steps * SIDE_BY_SIDE * shape->nin, real);
    p->y = calloc(steps * SIDE_BY_SIDE, real);
    p->dy = calloc(steps * SIDE_BY_SIDE, real);
    p->state = hm_lstm_memory(hm_lstm_state_count(shape, SIDE_BY_SIDE), real);
    p->tape = hm_lstm_memory(hm_lstm_tape_count(shape, SIDE_BY_SIDE, steps), real);
    if (p->jacobian && p->gram && p->factor && p->residual && p->trial && p->solution && p->before && p->packed &&
        p->x && p->y && p->dy && p->state && p->tape)
        return HM_OK;
    release(p);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory to train on %zu examples", M);
}

/* Forward through the next examples from `first` on, as many as go side by side. y holds their outputs. */
static enum hm_status run_examples(struct polish *p, size_t first, size_t *count)
{
    const struct hm_lstm_shape *shape = &p->problem->shape;
    const size_t batch = p->M - first < SIDE_BY_SIDE ? p->M - first : SIDE_BY_SIDE;
    HM_TRY(hm_interrupt_check(&p->problem->interrupt));
    hm_lstm_examples_place(p->problem, p->examples, first, batch, p->x, p->state);
    p->engine->forward(shape, batch, p->examples->steps, p->packed, p->x, p->state, p->tape, p->y);
    *count = batch;
    return HM_OK;
}

static enum hm_status residuals(struct polish *p, const double *weights, double *residual, double *squares)
{
    *squares = 0;
    p->engine->pack(&p->problem->shape, weights, p->packed);
    for (size_t first = 0, batch; first < p->M; first += batch) {
        HM_TRY(run_examples(p, first, &batch));
        for (size_t b = 0; b < batch; b++) {
            const double y = p->y[(p->examples->steps - 1) * batch + b];
            residual[first + b] = y - p->examples->target[first + b];
            *squares += residual[first + b] * residual[first + b];
        }
    }
    for (size_t q = 0; p->kappa > 0 && q < p->work.count; q++) {
        residual[p->M + q] = p->kappa * hm_lstm_work_measure(&p->work, q, weights, NULL);
        *squares += residual[p->M + q] * residual[p->M + q];
    }
    return HM_OK;
}

static enum hm_status jacobian(struct polish *p, const double *weights)
{
    const struct hm_lstm_shape *shape = &p->problem->shape;
    const size_t steps = p->examples->steps;
    p->engine->pack(shape, weights, p->packed);
    for (size_t first = 0, batch; first < p->M; first += batch) {
        HM_TRY(run_examples(p, first, &batch));
        memset(p->dy, 0, steps * batch * sizeof *p->dy);
        for (size_t b = 0; b < batch; b++) p->dy[(steps - 1) * batch + b] = 1;
        p->engine->backward_each(shape, batch, steps, p->packed, p->dy, p->tape, &p->jacobian[first * p->N]);
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

/* One iteration; not better if no damping made it so, and the weights are as they were. */
static enum hm_status iterate(struct polish *p, double *weights, double *squares, bool *better)
{
    *better = false;
    memcpy(p->before, weights, p->N * sizeof *weights);
    for (int attempt = 0; attempt < TRIES; attempt++) {
        if (step(p, weights)) {
            double now;
            HM_TRY(residuals(p, weights, p->trial, &now));
            if (now < *squares) {
                p->damping *= now < 0.5 * *squares ? 0.2 : 0.5;
                memcpy(p->residual, p->trial, p->R * sizeof *p->residual);
                *squares = now;
                *better = true;
                return HM_OK;
            }
        }
        p->damping *= 5;
    }
    memcpy(weights, p->before, p->N * sizeof *weights);
    return HM_OK;
}

bool hm_lstm_polish_fits(const struct hm_lstm_shape *shape, size_t examples)
{
    return (double)(examples * hm_lstm_parameter_count(shape) * sizeof(double)) <= LARGEST_JACOBIAN;
}

static enum hm_status run(struct polish *p, size_t iterations, double *weights)
{
    double squares;
    bool better = true;
    HM_TRY(residuals(p, weights, p->residual, &squares));
    for (size_t k = 0; k < iterations && better; k++) {
        HM_TRY(jacobian(p, weights));
        if (p->damping == 0) {
            for (size_t e = 0; e < p->M; e++) p->damping += p->gram[e * p->R + e];
            p->damping *= FIRST_DAMPING / (double)p->M;
        }
        HM_TRY(iterate(p, weights, &squares, &better));
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
    const size_t steps = examples->steps, most = SIDE_BY_SIDE;
    double *packed = hm_lstm_memory(hm_lstm_packed_count(shape), sizeof *packed);
    double *state = hm_lstm_memory(hm_lstm_state_count(shape, most), sizeof *state);
    double *scratch = hm_lstm_memory(hm_lstm_scratch_count(shape, most), sizeof *scratch);
    double *x = calloc(steps * most * shape->nin, sizeof *x), y[SIDE_BY_SIDE] = {0}, squares = 0;
    enum hm_status status = HM_OK;
    if (packed && state && scratch && x)
        engine->pack(shape, weights, packed);
    else
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory to judge a network");
    for (size_t first = 0, batch; status == HM_OK && first < examples->count; first += batch) {
        status = hm_interrupt_check(&problem->interrupt);
        batch = examples->count - first < most ? examples->count - first : most;
        hm_lstm_examples_place(problem, examples, first, batch, x, state);
        for (size_t n = 0; n < steps; n++)
            engine->step(shape, batch, packed, &x[n * batch * shape->nin], state, scratch, y);
        for (size_t b = 0; b < batch; b++)
            squares += (y[b] - examples->target[first + b]) * (y[b] - examples->target[first + b]);
    }
    free(packed);
    free(state);
    free(scratch);
    free(x);
    *loss = sqrt(squares / (double)examples->count);
    return status;
}
