#include "predictors/action_fit.h"

#include "predictors/action_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; /* pairs whose activations are in the cache together */

struct hm_action_fit {
    struct hm_action_map *map;
    struct hm_action_pairs pairs;
    size_t images;
    double *standing;              // (count, images, ninput) the invariants of the midpoints, standardised
    double *middle, *wanted, *out; // (6 natom)
    double *weight;                // (ninput)
    double *rows, *slope, *work;   // of a block: invariants; slopes, then directions; activations
    size_t *order;                 // (count)
};

static const double *row_of(const struct hm_action_fit *fit, size_t pair)
{
    return &fit->pairs.rows[pair * 12 * fit->map->natom];
}

/* The midpoint of a pair, and what the network has to say about its displacement. */
static void read_pair(const struct hm_action_fit *fit, size_t pair, double *middle, double *wanted)
{
    const struct hm_action_map *map = fit->map;
    const size_t n = 3 * map->natom;
    const double *from = row_of(fit, pair), *to = from + 2 * n;
    for (size_t k = 0; k < 2 * n; k++) {
        middle[k] = 0.5 * (from[k] + to[k]);
        wanted[k] = to[k] - from[k];
    }
    for (size_t k = 0; k < n; k++) wanted[k] -= map->free_time * middle[n + k] / map->mass[k / 3];
}

/* ---- scales ---- */

/* The sum over the numbers of a point of (m w dq^2 + dp^2 / m w) of displacements d = (dq, dp). */
static double square(const struct hm_action_map *map, double w, const double *d)
{
    const size_t n = 3 * map->natom;
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        const double m = map->mass[k / 3] * w;
        sum += m * d[k] * d[k] + d[n + k] * d[n + k] / m;
    }
    return sum;
}

void hm_action_fit_measure(struct hm_action_map *map, struct hm_action_pairs pairs, double stride)
{
    const size_t n = 3 * map->natom;
    double moved[2] = {0, 0}, forced = 0, all = 0;
    for (size_t pair = 0; pair < pairs.count; pair++) {
        const double *from = &pairs.rows[pair * 4 * n], *to = from + 2 * n;
        for (size_t k = 0; k < n; k++) {
            const double m = map->mass[k / 3], dq = to[k] - from[k], dp = to[n + k] - from[n + k];
            const double free = 0.5 * stride * (from[n + k] + to[n + k]) / m;
            moved[0] += m * dq * dq;
            moved[1] += dp * dp / m;
            all += m * (dq - free) * (dq - free);
        }
    }
    const double w = *map->frequency = sqrt(moved[1] / moved[0]);
    forced = (all * w + moved[1] / w) / (double)pairs.count;
    *map->rms = sqrt((moved[0] * w + moved[1] / w) / (double)(2 * n * pairs.count));
    *map->norm = forced;
}

/* The unit of S: what the network has to give, times the size of a momentum. */
static void measure_unit(struct hm_action_fit *fit)
{
    struct hm_action_map *map = fit->map;
    const size_t n = 3 * map->natom;
    double wanted = 0, momentum = 0;
    for (size_t pair = 0; pair < fit->pairs.count; pair++) {
        read_pair(fit, pair, fit->middle, fit->wanted);
        wanted += square(map, *map->frequency, fit->wanted);
        for (size_t k = 0; k < n; k++)
            momentum += fit->middle[n + k] * fit->middle[n + k] / (map->mass[k / 3] * *map->frequency);
    }
    *map->unit = sqrt(2 * wanted * momentum) / (double)fit->pairs.count;
}

/* Mean and spread of every invariant over the midpoints and their images. Whitening them altogether is worse: it blows
 * up what hardly varies, and the fit ends at several times the error. */
static void measure_invariants(struct hm_action_fit *fit)
{
    struct hm_action_map *map = fit->map;
    const size_t rows = fit->pairs.count * fit->images, f = map->ninput;
    for (size_t k = 0; k < f; k++) {
        double sum = 0, square = 0;
        for (size_t r = 0; r < rows; r++) sum += fit->standing[r * f + k];
        map->mean[k] = sum / (double)rows;
        for (size_t r = 0; r < rows; r++) square += pow(fit->standing[r * f + k] - map->mean[k], 2);
        map->inverse_spread[k] = square > 0 ? 1 / sqrt(square / (double)rows) : 0;
    }
}

/* How far out the pairs went, beyond what earlier ones did. */
static void standardise(struct hm_action_fit *fit)
{
    struct hm_action_map *map = fit->map;
    for (size_t r = 0; r < fit->pairs.count * fit->images; r++) {
        double *x = &fit->standing[r * map->ninput];
        hm_action_map_standardise(map, x);
        for (size_t k = 0; k < map->ninput; k++) map->reach[k] = fmax(map->reach[k], fabs(x[k]));
    }
}

static void look_at_all(struct hm_action_fit *fit)
{
    struct hm_action_map *map = fit->map;
    for (size_t pair = 0; pair < fit->pairs.count; pair++) {
        read_pair(fit, pair, fit->middle, fit->wanted);
        for (size_t g = 0; g < fit->images; g++) {
            hm_invariants_look(map->invariants, g, fit->middle, fit->middle + 3 * map->natom);
            hm_invariants_values(map->invariants, &fit->standing[(pair * fit->images + g) * map->ninput]);
        }
    }
}

enum hm_status hm_action_fit_create(struct hm_action_map *map, struct hm_action_pairs pairs, struct hm_action_fit **out)
{
    const size_t images = hm_invariants_images(map->invariants), rows = BLOCK * images, f = map->ninput;
    struct hm_action_fit *fit = calloc(1, sizeof *fit);
    if (!fit) goto fail;
    *fit = (struct hm_action_fit){.map = map, .pairs = pairs, .images = images};
    fit->standing = calloc(pairs.count * images * f + 1, sizeof *fit->standing);
    fit->middle =
        calloc(18 * map->natom + (2 * rows + 1) * f + rows * hm_action_network_work(map->network), sizeof(double));
    fit->order = calloc(pairs.count + 1, sizeof *fit->order);
    if (!fit->standing || !fit->middle || !fit->order) goto fail;
    fit->wanted = fit->middle + 6 * map->natom;
    fit->out = fit->wanted + 6 * map->natom;
    fit->weight = fit->out + 6 * map->natom;
    fit->rows = fit->weight + f;
    fit->slope = fit->rows + rows * f;
    fit->work = fit->slope + rows * f;
    for (size_t k = 0; k < pairs.count; k++) fit->order[k] = k;
    look_at_all(fit);
    if (*map->unit == 0) {
        measure_unit(fit);
        measure_invariants(fit);
    }
    standardise(fit);
    *out = fit;
    return HM_OK;
fail:
    hm_action_fit_destroy(&fit);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory to fit an action to %zu pairs", pairs.count);
}

void hm_action_fit_destroy(struct hm_action_fit **fit)
{
    if (*fit) {
        free((*fit)->standing);
        free((*fit)->middle);
        free((*fit)->order);
        free(*fit);
    }
    *fit = NULL;
}

/* ---- loss ---- */

/* The displacement the network gives to a pair, from the slopes of its images; the residual, weighted for the gradient,
 * replaces it in `out`. */
static double residual_of(struct hm_action_fit *fit, size_t pair, const double *slope)
{
    struct hm_action_map *map = fit->map;
    const size_t n = 3 * map->natom, f = map->ninput;
    const double share = *map->unit / (double)fit->images;
    double *dq = fit->out, *dp = fit->out + n, sum = 0;
    read_pair(fit, pair, fit->middle, fit->wanted);
    memset(fit->out, 0, 2 * n * sizeof *fit->out);
    for (size_t g = 0; g < fit->images; g++) {
        for (size_t k = 0; k < f; k++) fit->weight[k] = share * slope[g * f + k] * map->inverse_spread[k];
        hm_invariants_look(map->invariants, g, fit->middle, fit->middle + n);
        hm_invariants_gradient(map->invariants, fit->weight, dq, dp);
    }
    for (size_t k = 0; k < n; k++) {
        const double m = map->mass[k / 3] * *map->frequency;
        const double eq = dp[k] - fit->wanted[k], ep = -dq[k] - fit->wanted[n + k];
        sum += m * eq * eq + ep * ep / m;
        dp[k] = 2 * m * eq; /* d loss / d (dS/dp), and by q */
        dq[k] = -2 * ep / m;
    }
    return sum;
}

/* u = how the invariants of each image change along the residual: D_u N is what the loss's gradient is of. */
static void directions_of(struct hm_action_fit *fit, double scale, double *u)
{
    struct hm_action_map *map = fit->map;
    const size_t n = 3 * map->natom, f = map->ninput;
    for (size_t g = 0; g < fit->images; g++) {
        hm_invariants_look(map->invariants, g, fit->middle, fit->middle + n);
        hm_invariants_along(map->invariants, fit->out, fit->out + n, &u[g * f]);
        for (size_t k = 0; k < f; k++) u[g * f + k] *= scale * map->inverse_spread[k];
    }
}

static double block_loss(struct hm_action_fit *fit, const size_t *pairs, size_t count, double scale, double *gradient)
{
    struct hm_action_map *map = fit->map;
    const size_t row = fit->images * map->ninput;
    double *x = fit->rows, sum = 0;
    for (size_t b = 0; b < count; b++) memcpy(&x[b * row], &fit->standing[pairs[b] * row], row * sizeof *x);
    hm_action_network_slope(map->network, map->weights, count * fit->images, x, fit->slope, fit->work);
    for (size_t b = 0; b < count; b++) {
        sum += residual_of(fit, pairs[b], &fit->slope[b * row]);
        if (gradient) directions_of(fit, scale * *map->unit / (double)fit->images, &fit->slope[b * row]);
    }
    if (gradient)
        hm_action_network_teach(map->network, map->weights, count * fit->images, x, fit->slope, fit->work, gradient);
    return sum;
}

static double loss(struct hm_action_fit *fit, const size_t *pairs, size_t count, double *gradient)
{
    const double scale = 1 / (*fit->map->norm * (double)count);
    double sum = 0;
    if (gradient) memset(gradient, 0, hm_action_network_size(fit->map->network) * sizeof *gradient);
    for (size_t b = 0; b < count; b += BLOCK)
        sum += block_loss(fit, pairs + b, count - b < BLOCK ? count - b : BLOCK, scale, gradient);
    return sum * scale;
}

double hm_action_fit_error(struct hm_action_fit *fit, size_t first, size_t count, double *gradient)
{
    return sqrt(loss(fit, fit->order + first, count, gradient));
}

/* ---- descent ---- */

static double loss_of(void *self, const size_t *pairs, size_t count, double *gradient)
{
    return loss(self, pairs, count, gradient);
}

static void forward(const void *self, size_t count, const double *x, double *y, double *work)
{
    const struct hm_action_map *map = self;
    hm_action_network_slope(map->network, map->weights, count, x, y, work);
}

static void teach(const void *self, size_t count, const double *x, const double *u, double *work, double *gradient)
{
    const struct hm_action_map *map = self;
    hm_action_network_teach(map->network, map->weights, count, x, u, work, gradient);
}

static void teach_each(const void *self, size_t count, size_t each, const double *x, const double *u,
                       const double *work, double *room, double *rows)
{
    const struct hm_action_map *map = self;
    hm_action_network_teach_each(map->network, map->weights, count, each, x, u, work, room, rows);
}

/* In canonically scaled displacements, so that their squares are the loss: what each slope does, and what is wanted. */
static void describe(void *self, size_t number, size_t count, double *x, double *f, double *wanted)
{
    struct hm_action_fit *fit = self;
    const struct hm_action_map *map = fit->map;
    const size_t pair = number * fit->pairs.count / count, n = 3 * map->natom, width = map->ninput;
    const double norm = 1 / sqrt(*map->norm * (double)count), share = *map->unit / (double)fit->images;
    read_pair(fit, pair, fit->middle, fit->wanted);
    memcpy(x, &fit->standing[pair * fit->images * width], fit->images * width * sizeof *x);
    memset(fit->weight, 0, width * sizeof *fit->weight);
    for (size_t line = 0; line < fit->images * width; line++, f += 2 * n) {
        double *dq = fit->out, *dp = fit->out + n, *weight = &fit->weight[line % width];
        memset(fit->out, 0, 2 * n * sizeof *fit->out);
        *weight = share * map->inverse_spread[line % width];
        hm_invariants_look(map->invariants, line / width, fit->middle, fit->middle + n);
        hm_invariants_gradient(map->invariants, fit->weight, dq, dp);
        *weight = 0;
        for (size_t k = 0; k < n; k++) {
            const double s = sqrt(map->mass[k / 3] * *map->frequency);
            f[k] = norm * s * dp[k];
            f[n + k] = -norm * dq[k] / s;
        }
    }
    for (size_t k = 0; k < n; k++) {
        const double s = sqrt(map->mass[k / 3] * *map->frequency);
        wanted[k] = norm * s * fit->wanted[k];
        wanted[n + k] = norm * fit->wanted[n + k] / s;
    }
}

enum hm_status hm_action_fit_run(struct hm_action_fit *fit, const struct hm_effort *effort)
{
    struct hm_action_map *map = fit->map;
    const struct hm_action_learner learner = {
        .ninput = map->ninput,
        .width = map->ninput,
        .nweight = hm_action_network_size(map->network),
        .nwork = hm_action_network_work(map->network),
        .nroom = hm_action_network_room(map->network),
        .weights = map->weights,
        .forward = forward,
        .teach = teach,
        .teach_each = teach_each,
        .self = map,
    };
    const struct hm_action_rows_source source = {
        .available = fit->pairs.count,
        .images = fit->images,
        .dim = 6 * map->natom,
        .describe = describe,
        .self = fit,
    };
    const struct hm_descent descent = {
        .nweight = learner.nweight,
        .nexample = fit->pairs.count,
        .weights = map->weights,
        .order = fit->order,
        .loss = loss_of,
        .self = fit,
    };
    return hm_action_rows_fit(&learner, &source, &descent, effort);
}
