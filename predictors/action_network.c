#include "predictors/action_network.h"

#include "predictors/action_kernels.h"
#include "predictors/matrix.h"

#include "io/rng.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* In the arena of weights. */
struct places {
    size_t b1, w2, b2, w3, end;
};

static struct places places_of(struct hm_action_network n)
{
    struct places at;
    at.b1 = n.nhidden * n.ninput;
    at.w2 = at.b1 + n.nhidden;
    at.b2 = at.w2 + n.nhidden * n.nhidden;
    at.w3 = at.b2 + n.nhidden;
    at.end = at.w3 + n.nhidden;
    return at;
}

/* In the scratch, arrays (count, nhidden): activations, what the slope passed back, and what teaching passes forward
 * and back. */
enum { A1, A2, BACK1, BACK2, TANGENT1, TANGENT2, CURVE1, CURVE2, ARRAYS };
/* In the room, arrays (count, each, nhidden) likewise. */
enum { EACH_T1, EACH_V, EACH_T2, EACH_Z2, EACH_Z1, ROOMS };

size_t hm_action_network_size(struct hm_action_network network)
{
    return places_of(network).end;
}

size_t hm_action_network_work(struct hm_action_network network)
{
    return ARRAYS * network.nhidden;
}

size_t hm_action_network_room(struct hm_action_network network)
{
    return ROOMS * network.nhidden;
}

void hm_action_network_draw(struct hm_action_network network, uint64_t seed, size_t member, double *weights)
{
    const struct places at = places_of(network);
    const struct hm_rng_key key = {seed, (uint32_t)member, HM_RNG_TRAINING};
    for (size_t k = 0; k < at.end; k++) {
        double normal[3];
        hm_rng_normal3(key, 0, (uint32_t)k, normal);
        const double fan_in = k < at.b1 ? (double)network.ninput : (double)network.nhidden;
        const int is_bias = (k >= at.b1 && k < at.w2) || (k >= at.b2 && k < at.w3);
        weights[k] = is_bias ? 0 : normal[0] / sqrt(fan_in);
    }
}

static const struct hm_action_kernels *fastest(void)
{
    const struct hm_action_kernels *found[HM_ACTION_KERNELS];
    hm_action_kernels_find(found);
    return found[0];
}

/* ---- many rows ---- */

static void activate(size_t count, size_t h, const double *bias, double *a)
{
    for (size_t row = 0; row < count; row++)
        for (size_t k = 0; k < h; k++) a[row * h + k] += bias[k];
    fastest()->tanh(count * h, a);
}

/* T = w3 s2 of each row. */
static void begin_back(size_t count, size_t h, const double *w3, const double *a2, double *back2)
{
    for (size_t row = 0; row < count; row++)
        for (size_t k = 0; k < h; k++) back2[row * h + k] = w3[k] * (1 - a2[row * h + k] * a2[row * h + k]);
}

void hm_action_network_slope(struct hm_action_network n, const double *weights, size_t count, const double *x,
                             double *slope, double *work)
{
    const struct places at = places_of(n);
    const size_t h = n.nhidden, size = count * h;
    double *a1 = work + A1 * size, *a2 = work + A2 * size, *back1 = work + BACK1 * size, *back2 = work + BACK2 * size;
    double *through = work + TANGENT1 * size;
    const double *w1 = weights, *w2 = weights + at.w2;
    hm_matrix_multiply(CblasNoTrans, CblasTrans, count, h, n.ninput, x, w1, 0, a1);
    activate(count, h, weights + at.b1, a1);
    hm_matrix_multiply(CblasNoTrans, CblasTrans, count, h, h, a1, w2, 0, a2);
    activate(count, h, weights + at.b2, a2);
    begin_back(count, h, weights + at.w3, a2, back2);
    /* Left before it is multiplied by s1: teaching needs it so. */
    hm_matrix_multiply(CblasNoTrans, CblasNoTrans, count, h, h, back2, w2, 0, back1);
    for (size_t k = 0; k < size; k++) through[k] = back1[k] * (1 - a1[k] * a1[k]);
    hm_matrix_multiply(CblasNoTrans, CblasNoTrans, count, n.ninput, h, through, w1, 0, slope);
}

/* ---- few rows ---- */

/* W1^T | W2^T | W1 | W2 */
size_t hm_action_network_packed(struct hm_action_network n)
{
    return 2 * n.nhidden * (n.ninput + n.nhidden);
}

static void turn(size_t rows, size_t columns, const double *w, double *turned)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) turned[j * rows + i] = w[i * columns + j];
}

void hm_action_network_pack(struct hm_action_network n, const double *weights, double *packed)
{
    const size_t h = n.nhidden, first = h * n.ninput, second = h * h;
    const double *w1 = weights, *w2 = weights + places_of(n).w2;
    double *packed1 = packed + first + second, *packed2 = packed1 + first;
    if (memcmp(packed1, w1, first * sizeof *w1) == 0 && memcmp(packed2, w2, second * sizeof *w2) == 0) return;
    turn(h, n.ninput, w1, packed);
    turn(h, h, w2, packed + first);
    memcpy(packed1, w1, first * sizeof *w1);
    memcpy(packed2, w2, second * sizeof *w2);
}

void hm_action_network_slope_few(struct hm_action_network n, const double *weights, const double *packed, size_t count,
                                 const double *x, double *slope, double *work)
{
    const struct hm_action_kernels *by = fastest();
    const struct places at = places_of(n);
    const size_t h = n.nhidden, size = count * h;
    double *a1 = work + A1 * size, *a2 = work + A2 * size, *back1 = work + BACK1 * size, *back2 = work + BACK2 * size;
    const double *turned1 = packed, *turned2 = turned1 + h * n.ninput, *w1 = turned2 + h * h, *w2 = w1 + h * n.ninput;
    const struct hm_action_product products[] = {
        {count, h, n.ninput, x, n.ninput, 1, turned1, weights + at.b1, false, a1},
        {count, h, h, a1, h, 1, turned2, weights + at.b2, false, a2},
        {count, h, h, back2, h, 1, w2, NULL, false, back1},
        {count, n.ninput, h, back1, h, 1, w1, NULL, false, slope},
    };
    by->multiply(&products[0]);
    by->tanh(size, a1);
    by->multiply(&products[1]);
    by->tanh(size, a2);
    begin_back(count, h, weights + at.w3, a2, back2);
    by->multiply(&products[2]);
    for (size_t k = 0; k < size; k++) back1[k] *= 1 - a1[k] * a1[k];
    by->multiply(&products[3]);
}

/* ---- teaching ---- */

/* With t the tangents W u of the pre-activations, T = back2 and A = back1 from the slope:
 *   g_w3 = s2 t2,  z2 = -2 a2 w3 t2 s2,  g_W2 = T (s1 t1)^T + z2 a1^T,
 *   z1 = (W2^T z2 - 2 a1 A t1) s1,       g_W1 = (A s1) u^T + z1 x^T */
void hm_action_network_teach(struct hm_action_network n, const double *weights, size_t count, const double *x,
                             const double *u, double *work, double *gradient)
{
    const struct places at = places_of(n);
    const size_t h = n.nhidden, size = count * h;
    const double *a1 = work + A1 * size, *a2 = work + A2 * size;
    const double *back1 = work + BACK1 * size, *back2 = work + BACK2 * size;
    double *t1 = work + TANGENT1 * size, *t2 = work + TANGENT2 * size;
    double *z1 = work + CURVE1 * size, *z2 = work + CURVE2 * size;
    const double *w1 = weights, *w2 = weights + at.w2, *w3 = weights + at.w3;
    hm_matrix_multiply(CblasNoTrans, CblasTrans, count, h, n.ninput, u, w1, 0, t1);
    for (size_t k = 0; k < size; k++) z1[k] = (1 - a1[k] * a1[k]) * t1[k];
    hm_matrix_multiply(CblasNoTrans, CblasTrans, count, h, h, z1, w2, 0, t2);
    hm_matrix_multiply(CblasTrans, CblasNoTrans, h, h, count, back2, z1, 1, gradient + at.w2);
    for (size_t k = 0; k < size; k++) {
        const double s2 = 1 - a2[k] * a2[k];
        gradient[at.w3 + k % h] += s2 * t2[k];
        z2[k] = -2 * a2[k] * w3[k % h] * t2[k] * s2;
    }
    hm_matrix_multiply(CblasTrans, CblasNoTrans, h, h, count, z2, a1, 1, gradient + at.w2);
    hm_matrix_add_rows(count, h, z2, gradient + at.b2);
    hm_matrix_multiply(CblasNoTrans, CblasNoTrans, count, h, h, z2, w2, 0, z1);
    for (size_t k = 0; k < size; k++) {
        const double s1 = 1 - a1[k] * a1[k];
        z1[k] = (z1[k] - 2 * a1[k] * back1[k] * t1[k]) * s1;
        t1[k] = back1[k] * s1; /* the tangent has done its work */
    }
    hm_matrix_multiply(CblasTrans, CblasNoTrans, h, n.ninput, count, t1, u, 1, gradient);
    hm_matrix_multiply(CblasTrans, CblasNoTrans, h, n.ninput, count, z1, x, 1, gradient);
    hm_matrix_add_rows(count, h, z1, gradient + at.b1);
}

static double slope_at(double tanh)
{
    return 1 - tanh * tanh;
}

/* Where number i of (count, each, h) has its own in (count, h). */
static size_t place_in(size_t i, size_t each, size_t h)
{
    return i / (each * h) * h + i % h;
}

/* matrix (rows, columns) += a b^T + c d^T */
static void add_outer(size_t rows, size_t columns, const double *a, const double *b, const double *c, const double *d,
                      double *matrix)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) matrix[i * columns + j] += a[i] * b[j] + c[i] * d[j];
}

void hm_action_network_teach_each(struct hm_action_network n, const double *weights, size_t count, size_t each,
                                  const double *x, const double *u, const double *work, double *room, double *rows)
{
    const struct places at = places_of(n);
    const size_t h = n.nhidden, size = count * h, m = count * each, part = m * h;
    double *t1 = room + EACH_T1 * part, *v = room + EACH_V * part, *t2 = room + EACH_T2 * part;
    double *z2 = room + EACH_Z2 * part, *z1 = room + EACH_Z1 * part;
    const double *w1 = weights, *w2 = weights + at.w2, *w3 = weights + at.w3;
    hm_matrix_multiply(CblasNoTrans, CblasTrans, m, h, n.ninput, u, w1, 0, t1);
    for (size_t i = 0; i < part; i++) v[i] = t1[i] * slope_at(work[A1 * size + place_in(i, each, h)]);
    hm_matrix_multiply(CblasNoTrans, CblasTrans, m, h, h, v, w2, 0, t2);
    for (size_t i = 0; i < part; i++) {
        const double a2 = work[A2 * size + place_in(i, each, h)], s2 = slope_at(a2);
        z2[i] = -2 * a2 * w3[i % h] * t2[i] * s2;
        t2[i] *= s2;
    }
    hm_matrix_multiply(CblasNoTrans, CblasNoTrans, m, h, h, z2, w2, 0, z1);
    for (size_t i = 0; i < part; i++) {
        const size_t k = place_in(i, each, h);
        const double a1 = work[A1 * size + k], s1 = slope_at(a1);
        z1[i] = (z1[i] - 2 * a1 * work[BACK1 * size + k] * t1[i]) * s1;
        t1[i] = work[BACK1 * size + k] * s1; /* the tangent has done its work */
    }
    for (size_t r = 0; r < m; r++, rows += at.end) {
        const double *a1 = work + A1 * size + r / each * h, *back2 = work + BACK2 * size + r / each * h;
        add_outer(h, n.ninput, &t1[r * h], &u[r * n.ninput], &z1[r * h], &x[r / each * n.ninput], rows);
        add_outer(h, h, back2, &v[r * h], &z2[r * h], a1, rows + at.w2);
        cblas_daxpy((int)h, 1, &z1[r * h], 1, rows + at.b1, 1);
        cblas_daxpy((int)h, 1, &z2[r * h], 1, rows + at.b2, 1);
        cblas_daxpy((int)h, 1, &t2[r * h], 1, rows + at.w3, 1);
    }
}
