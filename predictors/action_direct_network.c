#include "predictors/action_direct_network.h"

#include "predictors/action_kernels.h"
#include "predictors/matrix.h"

#include "io/rng.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* In the arena of weights. */
struct places {
    size_t b1, w2, b2, w3, b3, end;
};

static struct places places_of(struct hm_direct_network n)
{
    struct places at;
    at.b1 = n.nhidden * n.ninput;
    at.w2 = at.b1 + n.nhidden;
    at.b2 = at.w2 + n.nhidden * n.nhidden;
    at.w3 = at.b2 + n.nhidden;
    at.b3 = at.w3 + n.noutput * n.nhidden;
    at.end = at.b3 + n.noutput;
    return at;
}

/* In the scratch, arrays (count, nhidden): activations, and what is passed back to them; in the room the latter alone,
 * for each direction. */
enum { A1, A2, BACK1, BACK2, ARRAYS };
enum { EACH_BACK1, EACH_BACK2, ROOMS };

size_t hm_direct_network_size(struct hm_direct_network network)
{
    return places_of(network).end;
}

size_t hm_direct_network_work(struct hm_direct_network network)
{
    return ARRAYS * network.nhidden;
}

size_t hm_direct_network_room(struct hm_direct_network network)
{
    return ROOMS * network.nhidden;
}

void hm_direct_network_draw(struct hm_direct_network n, uint64_t seed, double *weights)
{
    const struct places at = places_of(n);
    const struct hm_rng_key key = {seed, 2, HM_RNG_TRAINING};
    memset(weights, 0, at.end * sizeof *weights);
    for (size_t k = 0; k < at.b3; k++) {
        double normal[3];
        if ((k >= at.b1 && k < at.w2) || (k >= at.b2 && k < at.w3)) continue;
        hm_rng_normal3(key, 0, (uint32_t)k, normal);
        weights[k] = (k < at.w3 ? 1 : 0.1) * normal[0] / sqrt((double)(k < at.b1 ? n.ninput : n.nhidden));
    }
}

static void add_bias(size_t count, size_t n, const double *bias, double *rows)
{
    for (size_t row = 0; row < count; row++)
        for (size_t k = 0; k < n; k++) rows[row * n + k] += bias[k];
}

static void activate(size_t size, double *a)
{
    const struct hm_action_kernels *found[HM_ACTION_KERNELS];
    hm_action_kernels_find(found);
    found[0]->tanh(size, a);
}

void hm_direct_network_infer(struct hm_direct_network n, const double *weights, size_t count, const double *x,
                             double *y, double *work)
{
    const struct places at = places_of(n);
    const size_t h = n.nhidden;
    double *a1 = work + A1 * count * h, *a2 = work + A2 * count * h;
    hm_matrix_multiply(CblasNoTrans, CblasTrans, count, h, n.ninput, x, weights, 0, a1);
    add_bias(count, h, weights + at.b1, a1);
    activate(count * h, a1);
    hm_matrix_multiply(CblasNoTrans, CblasTrans, count, h, h, a1, weights + at.w2, 0, a2);
    add_bias(count, h, weights + at.b2, a2);
    activate(count * h, a2);
    hm_matrix_multiply(CblasNoTrans, CblasTrans, count, n.noutput, h, a2, weights + at.w3, 0, y);
    add_bias(count, n.noutput, weights + at.b3, y);
}

/* What `each` directions of every row pass back to the pre-activations. */
static void pass_back(struct hm_direct_network n, const double *weights, size_t count, size_t each, const double *u,
                      const double *a1, const double *a2, double *back1, double *back2)
{
    const struct places at = places_of(n);
    const size_t h = n.nhidden, rows = count * each;
    hm_matrix_multiply(CblasNoTrans, CblasNoTrans, rows, h, n.noutput, u, weights + at.w3, 0, back2);
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < h; k++) back2[r * h + k] *= 1 - a2[r / each * h + k] * a2[r / each * h + k];
    hm_matrix_multiply(CblasNoTrans, CblasNoTrans, rows, h, h, back2, weights + at.w2, 0, back1);
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < h; k++) back1[r * h + k] *= 1 - a1[r / each * h + k] * a1[r / each * h + k];
}

void hm_direct_network_teach(struct hm_direct_network n, const double *weights, size_t count, const double *x,
                             const double *u, double *work, double *gradient)
{
    const struct places at = places_of(n);
    const size_t h = n.nhidden, size = count * h;
    const double *a1 = work + A1 * size, *a2 = work + A2 * size;
    double *back1 = work + BACK1 * size, *back2 = work + BACK2 * size;
    pass_back(n, weights, count, 1, u, a1, a2, back1, back2);
    hm_matrix_multiply(CblasTrans, CblasNoTrans, h, n.ninput, count, back1, x, 1, gradient);
    hm_matrix_multiply(CblasTrans, CblasNoTrans, h, h, count, back2, a1, 1, gradient + at.w2);
    hm_matrix_multiply(CblasTrans, CblasNoTrans, n.noutput, h, count, u, a2, 1, gradient + at.w3);
    hm_matrix_add_rows(count, h, back1, gradient + at.b1);
    hm_matrix_add_rows(count, h, back2, gradient + at.b2);
    hm_matrix_add_rows(count, n.noutput, u, gradient + at.b3);
}

/* matrix (rows, columns) += a b^T */
static void add_outer(size_t rows, size_t columns, const double *a, const double *b, double *matrix)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) matrix[i * columns + j] += a[i] * b[j];
}

void hm_direct_network_teach_each(struct hm_direct_network n, const double *weights, size_t count, size_t each,
                                  const double *x, const double *u, const double *work, double *room, double *rows)
{
    const struct places at = places_of(n);
    const size_t h = n.nhidden, f = n.ninput, o = n.noutput, part = count * each * h;
    double *back1 = room + EACH_BACK1 * part, *back2 = room + EACH_BACK2 * part;
    pass_back(n, weights, count, each, u, work + A1 * count * h, work + A2 * count * h, back1, back2);
    for (size_t r = 0; r < count * each; r++, rows += at.end) {
        const double *a1 = work + (A1 * count + r / each) * h, *a2 = work + (A2 * count + r / each) * h;
        add_outer(h, f, &back1[r * h], &x[r / each * f], rows);
        add_outer(h, h, &back2[r * h], a1, rows + at.w2);
        add_outer(o, h, &u[r * o], a2, rows + at.w3);
        cblas_daxpy((int)h, 1, &back1[r * h], 1, rows + at.b1, 1);
        cblas_daxpy((int)h, 1, &back2[r * h], 1, rows + at.b2, 1);
        cblas_daxpy((int)o, 1, &u[r * o], 1, rows + at.b3, 1);
    }
}
