#include "predictors/action_speed.h"

#include "predictors/action_internal.h"
#include "predictors/action_kernels.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STRIDES = 100, LIMIT_ORDER = 512, LIMIT_REPEATS = 5 };

static const double LEAST = 0.02; /* seconds of a measurement */

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A point to start from, and one to move. */
struct bench {
    struct hm_predictor *predictor;
    struct hm_action *action;
    const double *x, *v;
    double *q, *p;
    long strides, iterations, failures;
};

static void restart(struct bench *b)
{
    const size_t n = 3 * b->action->natom;
    memcpy(b->q, b->x, n * sizeof *b->q);
    memcpy(b->p, b->v, n * sizeof *b->p);
}

static void stride(struct bench *b, long k)
{
    struct hm_advance told;
    if (k % STRIDES == 0) restart(b);
    b->predictor->ops->advance(b->predictor->self, k % STRIDES == 0, b->q, b->p, &told);
    b->strides++;
    b->iterations += told.iterations;
    b->failures += !told.converged || told.outside;
}

static void gradient(struct bench *b, long k)
{
    const size_t n = 3 * b->action->natom;
    (void)k;
    hm_action_gradient(&b->action->map, b->x, b->p, b->q, b->q + n);
}

/* Of what the gradient saw last. */
static void network(struct bench *b, long k)
{
    struct hm_action_map *map = &b->action->map;
    (void)k;
    hm_action_network_slope_few(map->network, map->weights, map->packed, hm_invariants_images(map->invariants),
                                map->seen, map->slope, map->work);
}

static void flow(struct bench *b, long k)
{
    const struct hm_action *a = b->action;
    (void)k;
    restart(b);
    for (size_t i = 0; i < 3 * a->natom; i++) b->p[i] *= a->map.mass[i / 3];
    hm_action_base_flow(&b->action->base, (double)a->stride * a->timestep, b->q, b->p);
}

/* Seconds of one of many. */
static double time_of(struct bench *b, void (*what)(struct bench *, long))
{
    for (long count = STRIDES;; count *= 2) {
        const double started = processor_seconds();
        for (long k = 0; k < count; k++) what(b, k);
        const double seconds = processor_seconds() - started;
        if (seconds >= LEAST) return seconds / (double)count;
    }
}

/* DGEMM; the fastest of some. */
static enum hm_status find_limit(double *rate)
{
    enum { N = LIMIT_ORDER };
    double *a = calloc(3 * (size_t)N * N, sizeof *a), fastest = INFINITY;
    if (!a) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a product of matrices");
    for (size_t k = 0; k < 2 * (size_t)N * N; k++) a[k] = 1e-3 * (double)(k % 97);
    for (int r = 0; r < LIMIT_REPEATS; r++) {
        const double started = processor_seconds();
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1, a, N, a + N * N, N, 0, a + 2 * N * N, N);
        fastest = fmin(fastest, processor_seconds() - started);
    }
    free(a);
    *rate = 2.0 * N * N * N / fastest;
    return HM_OK;
}

enum hm_status hm_action_measure(struct hm_predictor *predictor, const double *x, const double *v,
                                 struct hm_action_speed *speed)
{
    struct hm_action *a = predictor->self;
    const size_t n = 3 * a->natom, h = a->map.network.nhidden, images = hm_invariants_images(a->map.invariants);
    double *scratch = calloc(3 * n, sizeof *scratch);
    if (!scratch) return hm_fail(HM_OUT_OF_MEMORY, "no memory to measure strides of %zu atoms", a->natom);
    struct bench b = {.predictor = predictor, .action = a, .x = x, .v = v, .q = scratch, .p = scratch + 2 * n};
    *speed = (struct hm_action_speed){
        .operations = (double)(images * 4 * h * (a->map.ninput + h)),
        .images = images,
    };
    enum hm_status status = find_limit(&speed->limit);
    if (status == HM_OK) {
        speed->stride = time_of(&b, stride);
        speed->iterations = (double)b.iterations / (double)b.strides;
        speed->failures = (double)b.failures / (double)b.strides;
        restart(&b);
        for (size_t i = 0; i < n; i++) b.p[i] *= a->map.mass[i / 3];
        speed->gradient = time_of(&b, gradient);
        speed->network = time_of(&b, network);
        if (a->base.predictor.ops) speed->flow = time_of(&b, flow);
    }
    free(scratch);
    return status;
}

const char *hm_action_instructions(void)
{
    const struct hm_action_kernels *found[HM_ACTION_KERNELS];
    hm_action_kernels_find(found);
    return found[0]->instructions;
}
