#include "predictors/action_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64 }; /* bytes of the cache */

/* One block of whole lines, the weights first. */
static bool allocate_scratch(struct hm_action_map *map)
{
    const size_t n = map->natom, f = map->ninput, rows = hm_invariants_images(map->invariants);
    const size_t packed = hm_action_network_packed(map->network), work = rows * hm_action_network_work(map->network);
    const size_t bytes = (packed + work + 2 * rows * f + 3 * n + 4 * 6 * n) * sizeof *map->scratch;
    const size_t rounded = (bytes + LINE - 1) / LINE * LINE;
    map->scratch = aligned_alloc(LINE, rounded);
    if (!map->scratch) return false;
    memset(map->scratch, 0, rounded);
    map->packed = map->scratch;
    map->work = map->packed + packed;
    map->seen = map->work + work;
    map->slope = map->seen + rows * f;
    map->mass = map->slope + rows * f;
    map->scale = map->mass + n;
    map->inverse_scale = map->scale + n;
    map->middle = map->inverse_scale + n;
    map->gradient = map->middle + 6 * n;
    map->displacement = map->gradient + 6 * n; /* and what the iteration moves, behind it */
    return true;
}

enum hm_status hm_action_map_create(const struct hm_frame *frame, double free_time, size_t nhidden,
                                    struct hm_action_map *map)
{
    const size_t n = frame->natom;
    *map = (struct hm_action_map){.natom = n, .free_time = free_time};
    HM_TRY(hm_invariants_create(frame, HM_INVARIANTS_WINDOWS, &map->invariants));
    const size_t f = map->ninput = hm_invariants_count(map->invariants);
    map->network = (struct hm_action_network){f, nhidden};
    map->nparameter = 4 + 3 * f + hm_action_network_size(map->network);
    map->parameters = calloc(map->nparameter, sizeof *map->parameters);
    if (!map->parameters || !allocate_scratch(map)) {
        hm_action_map_release(map);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for a learned action of %zu atoms", n);
    }
    double **const one[] = {&map->unit, &map->frequency, &map->rms, &map->norm};
    for (size_t k = 0; k < 4; k++) *one[k] = &map->parameters[k];
    map->mean = map->parameters + 4;
    map->inverse_spread = map->mean + f;
    map->reach = map->inverse_spread + f;
    map->weights = map->reach + f;
    memcpy(map->mass, frame->mass, n * sizeof *map->mass);
    const enum hm_status status = hm_anderson_create(6 * n, &map->mixer);
    if (status != HM_OK) hm_action_map_release(map);
    return status;
}

void hm_action_map_release(struct hm_action_map *map)
{
    hm_invariants_destroy(&map->invariants);
    hm_anderson_release(&map->mixer);
    free(map->parameters);
    free(map->scratch);
    *map = (struct hm_action_map){0};
}

void hm_action_map_silence(struct hm_action_map *map)
{
    const size_t last = map->network.nhidden; /* the weights that add the hidden units up */
    memset(map->weights + hm_action_network_size(map->network) - last, 0, last * sizeof *map->weights);
}

void hm_action_map_standardise(const struct hm_action_map *map, double *value)
{
    for (size_t k = 0; k < map->ninput; k++) value[k] = (value[k] - map->mean[k]) * map->inverse_spread[k];
}

/* All images pass through the network together. */
static void add_network(struct hm_action_map *map, const double *q, const double *p, double *dq, double *dp)
{
    const size_t f = map->ninput, images = hm_invariants_images(map->invariants);
    const double share = *map->unit / (double)images;
    for (size_t g = 0; g < images; g++) {
        hm_invariants_look(map->invariants, g, q, p);
        hm_invariants_values(map->invariants, &map->seen[g * f]);
        hm_action_map_standardise(map, &map->seen[g * f]);
    }
    hm_action_network_slope_few(map->network, map->weights, map->packed, images, map->seen, map->slope, map->work);
    for (size_t g = images; g-- > 0;) {
        double *slope = &map->slope[g * f];
        if (g + 1 < images) hm_invariants_look(map->invariants, g, q, p); /* the last one is still there */
        for (size_t k = 0; k < f; k++) slope[k] *= share * map->inverse_spread[k];
        hm_invariants_gradient(map->invariants, slope, dq, dp);
    }
}

static void gradient_of(struct hm_action_map *map, const double *q, const double *p, double *dq, double *dp)
{
    const size_t n = 3 * map->natom;
    memset(dq, 0, n * sizeof *dq);
    for (size_t k = 0; k < n; k++) dp[k] = map->free_time * p[k] / map->mass[k / 3];
    add_network(map, q, p, dq, dp);
}

void hm_action_gradient(struct hm_action_map *map, const double *q, const double *p, double *dq, double *dp)
{
    hm_action_network_pack(map->network, map->weights, map->packed);
    gradient_of(map, q, p, dq, dp);
}

/* ---- the implicit equation ---- */

/* What does not change while it is solved. */
static void prepare(struct hm_action_map *map)
{
    hm_action_network_pack(map->network, map->weights, map->packed);
    hm_anderson_restart(&map->mixer);
    for (size_t i = 0; i < map->natom; i++) {
        map->scale[i] = sqrt(map->mass[i] * *map->frequency);
        map->inverse_scale[i] = 1 / map->scale[i];
    }
}

/* Scaled displacements y = (sqrt(m w) dq, dp / sqrt(m w)) and back. */
static void scale(const struct hm_action_map *map, const double *dq, const double *dp, double *y)
{
    const size_t n = 3 * map->natom;
    for (size_t k = 0; k < n; k++) {
        y[k] = dq[k] * map->scale[k / 3];
        y[n + k] = dp[k] * map->inverse_scale[k / 3];
    }
}

static void displace(const struct hm_action_map *map, const double *q, const double *p, double share, const double *y,
                     double *q1, double *p1)
{
    const size_t n = 3 * map->natom;
    for (size_t k = 0; k < n; k++) {
        q1[k] = q[k] + share * y[k] * map->inverse_scale[k / 3];
        p1[k] = p[k] + share * y[n + k] * map->scale[k / 3];
    }
}

/* f = F(y) - y, what an iteration would move. */
static double move(struct hm_action_map *map, const double *q, const double *p, const double *y, double *f)
{
    const size_t n = 3 * map->natom;
    double *dq = map->gradient, *dp = map->gradient + n, sum = 0;
    displace(map, q, p, 0.5, y, map->middle, map->middle + n);
    gradient_of(map, map->middle, map->middle + n, dq, dp);
    for (size_t k = 0; k < n; k++) dq[k] = -dq[k];
    scale(map, dp, dq, f); /* what the gradient by p moves is q */
    for (size_t k = 0; k < 2 * n; k++) {
        f[k] -= y[k];
        sum += f[k] * f[k];
    }
    return sqrt(sum / (double)(2 * n)) / *map->rms;
}

/* Where the last iteration looked. */
static bool is_outside(const struct hm_action_map *map, double margin)
{
    const size_t f = map->ninput;
    for (size_t k = 0; k < f * hm_invariants_images(map->invariants); k++)
        if (!(fabs(map->seen[k]) <= margin * map->reach[k % f])) return true;
    return false;
}

struct hm_action_solution hm_action_map_solve(struct hm_action_map *map, const double *q, const double *p,
                                              double tolerance, int most_iterations, double margin, double *q1,
                                              double *p1)
{
    struct hm_action_solution told = {.residual = INFINITY};
    const size_t n = 3 * map->natom;
    double *y = map->displacement, *f = map->displacement + 2 * n;
    for (size_t k = 0; k < n; k++) {
        map->middle[k] = q1[k] - q[k];
        map->middle[n + k] = p1[k] - p[k];
    }
    prepare(map);
    scale(map, map->middle, map->middle + n, y);
    while (!told.converged && told.iterations < most_iterations && !(told.residual != told.residual)) {
        told.residual = move(map, q, p, y, f);
        told.iterations++;
        told.converged = told.residual <= tolerance;
        /* Also when it has converged: closer once more at no cost. After the plain step F(y) in its place, what is left
         * of the error points one way stride after stride, and the energy drifts three times as far. */
        hm_anderson_step(&map->mixer, f, y);
    }
    told.outside = is_outside(map, margin);
    displace(map, q, p, 1, y, q1, p1);
    return told;
}
