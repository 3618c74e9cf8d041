#include "predictors/action_direct.h"

#include "io/rng.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SCALES = 3 }; /* frequency, rms, norm */

struct places {
    size_t b1, w2, b2, w3, b3, end;
};

static struct places places_of(const struct hm_action_direct *d)
{
    struct places at;
    at.b1 = d->nhidden * d->ninput;
    at.w2 = at.b1 + d->nhidden;
    at.b2 = at.w2 + d->nhidden * d->nhidden;
    at.w3 = at.b2 + d->nhidden;
    at.b3 = at.w3 + d->noutput * d->nhidden;
    at.end = at.b3 + d->noutput;
    return at;
}

enum hm_status hm_action_direct_create(const struct hm_frame *frame, double stride, size_t nhidden,
                                       struct hm_action_direct *d)
{
    const size_t n = frame->natom, h = nhidden;
    *d = (struct hm_action_direct){.natom = n, .nhidden = h, .stride = stride};
    HM_TRY(hm_invariants_create(frame, HM_INVARIANTS_WHOLE, &d->invariants));
    d->nbond = hm_invariants_bonds(d->invariants);
    const size_t f = d->ninput = hm_invariants_count(d->invariants) + hm_invariants_odd_count(d->invariants);
    d->noutput = 4 * d->nbond * d->nbond;
    d->nweight = places_of(d).end;
    d->nparameter = SCALES + 3 * f + d->nweight;
    d->parameters = calloc(d->nparameter, sizeof *d->parameters);
    d->scratch = calloc(13 * n + 6 * d->nbond + f + 2 * h + d->noutput + 2 * h, sizeof *d->scratch);
    if (!d->parameters || !d->scratch) {
        hm_action_direct_release(d);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for displacements of %zu atoms", n);
    }
    d->mean = d->parameters + SCALES;
    d->inverse_spread = d->mean + f;
    d->reach = d->inverse_spread + f;
    d->weights = d->reach + f;
    d->mass = d->scratch;
    memcpy(d->mass, frame->mass, n * sizeof *d->mass);
    d->moved = d->mass + n;
    d->pushed = d->moved + 6 * n;
    d->bond = d->pushed + 6 * n;
    d->x = d->bond + 6 * d->nbond;
    d->a1 = d->x + f;
    d->a2 = d->a1 + h;
    d->c = d->a2 + h;
    d->back = d->c + d->noutput;
    return HM_OK;
}

void hm_action_direct_release(struct hm_action_direct *d)
{
    hm_invariants_destroy(&d->invariants);
    free(d->parameters);
    free(d->scratch);
    *d = (struct hm_action_direct){0};
}

/* ---- a point ---- */

static void see(struct hm_action_direct *d, size_t image, const double *q, const double *p)
{
    const size_t even = hm_invariants_count(d->invariants);
    hm_invariants_look(d->invariants, image, q, p);
    hm_invariants_values(d->invariants, d->x);
    hm_invariants_odd(d->invariants, d->x + even);
    for (size_t k = 0; k < d->ninput; k++) d->x[k] = (d->x[k] - d->mean[k]) * d->inverse_spread[k];
}

/* y = W x + b, (rows, columns). */
static void transform(size_t rows, size_t columns, const double *w, const double *x, const double *b, double *y)
{
    memcpy(y, b, rows * sizeof *y);
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)rows, (int)columns, 1, w, (int)columns, x, 1, 1, y, 1);
}

static void infer(struct hm_action_direct *d)
{
    const struct places at = places_of(d);
    const double *w = d->weights;
    transform(d->nhidden, d->ninput, w, d->x, w + at.b1, d->a1);
    for (size_t k = 0; k < d->nhidden; k++) d->a1[k] = tanh(d->a1[k]);
    transform(d->nhidden, d->nhidden, w + at.w2, d->a1, w + at.b2, d->a2);
    for (size_t k = 0; k < d->nhidden; k++) d->a2[k] = tanh(d->a2[k]);
    transform(d->noutput, d->nhidden, w + at.w3, d->a2, w + at.b3, d->c);
}

/* The vectors that a row of coefficients multiplies, of bond b: r and h w for dr, r / h and w for dw. */
static double part_of(const struct hm_action_direct *d, size_t which, size_t b, size_t c)
{
    const double *r, *w;
    hm_invariants_vectors(d->invariants, &r, &w);
    switch (which) {
    case 0:
        return r[3 * b + c];
    case 1:
        return d->stride * w[3 * b + c];
    case 2:
        return r[3 * b + c] / d->stride;
    default:
        return w[3 * b + c];
    }
}

/* moved += this image's share of dq and dp / m. */
static void move(struct hm_action_direct *d, double share)
{
    const size_t m = d->nbond;
    for (size_t a = 0; a < m; a++)
        for (size_t c = 0; c < 3; c++) {
            double dr = part_of(d, 1, a, c), dw = 0;
            for (size_t b = 0; b < m; b++) {
                const double *k = &d->c[4 * (a * m + b)];
                dr += k[0] * part_of(d, 0, b, c) + k[1] * part_of(d, 1, b, c);
                dw += k[2] * part_of(d, 2, b, c) + k[3] * part_of(d, 3, b, c);
            }
            d->bond[3 * a + c] = share * dr;
            d->bond[3 * (m + a) + c] = share * dw;
        }
    hm_invariants_to_atoms(d->invariants, d->bond, d->moved);
    hm_invariants_to_atoms(d->invariants, d->bond + 3 * m, d->moved + 3 * d->natom);
}

static bool is_outside(const struct hm_action_direct *d, double margin)
{
    for (size_t k = 0; k < d->ninput; k++)
        if (!(fabs(d->x[k]) <= margin * d->reach[k])) return true;
    return false;
}

static bool displace(struct hm_action_direct *d, double margin, const double *q, const double *p)
{
    const size_t images = hm_invariants_images(d->invariants);
    bool outside = false;
    memset(d->moved, 0, 6 * d->natom * sizeof *d->moved);
    for (size_t g = 0; g < images; g++) {
        see(d, g, q, p);
        outside = outside || is_outside(d, margin);
        infer(d);
        move(d, 1 / (double)images);
    }
    return outside;
}

bool hm_action_direct_stride(struct hm_action_direct *d, double margin, double *q, double *p)
{
    const size_t n = d->natom;
    double velocity[3] = {0, 0, 0}, mass = 0;
    const bool outside = displace(d, margin, q, p);
    for (size_t i = 0; i < n; i++) {
        mass += d->mass[i];
        for (size_t c = 0; c < 3; c++) velocity[c] += p[3 * i + c];
    }
    for (size_t k = 0; k < 3 * n; k++) {
        q[k] += d->moved[k] + d->stride * velocity[k % 3] / mass;
        p[k] += d->mass[k / 3] * d->moved[3 * n + k];
    }
    return outside;
}

/* ---- loss ---- */

/* The residual of a pair, canonically scaled as the action's; what its square changes by is left in `pushed`. */
static double residual_of(struct hm_action_direct *d, const double *row)
{
    const size_t n = 3 * d->natom;
    double sum = 0, velocity[3] = {0, 0, 0}, mass = 0;
    displace(d, INFINITY, row, row + n);
    for (size_t i = 0; i < d->natom; i++) {
        mass += d->mass[i];
        for (size_t c = 0; c < 3; c++) velocity[c] += row[n + 3 * i + c];
    }
    for (size_t k = 0; k < n; k++) {
        const double m = d->mass[k / 3], w = d->parameters[0];
        const double eq = d->moved[k] + d->stride * velocity[k % 3] / mass - (row[2 * n + k] - row[k]);
        const double ev = d->moved[n + k] - (row[3 * n + k] - row[n + k]) / m;
        sum += m * w * eq * eq + m * ev * ev / w;
        d->pushed[k] = 2 * m * w * eq;
        d->pushed[n + k] = 2 * m * ev / w;
    }
    return sum;
}

/* gradient += scale times that by the weights, of the image that was inferred last. */
static void push_back(struct hm_action_direct *d, double scale, double *gradient)
{
    const struct places at = places_of(d);
    const size_t m = d->nbond, h = d->nhidden;
    double *by_c = d->c, *by_2 = d->back, *by_1 = d->back + h;
    hm_invariants_to_bonds(d->invariants, d->pushed, d->bond);
    hm_invariants_to_bonds(d->invariants, d->pushed + 3 * d->natom, d->bond + 3 * m);
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b < m; b++)
            for (size_t which = 0; which < 4; which++) {
                const double *by = &d->bond[3 * (which < 2 ? a : m + a)];
                double sum = 0;
                for (size_t c = 0; c < 3; c++) sum += by[c] * part_of(d, which, b, c);
                by_c[4 * (a * m + b) + which] = scale * sum;
            }
    cblas_dger(CblasRowMajor, (int)d->noutput, (int)h, 1, by_c, 1, d->a2, 1, gradient + at.w3, (int)h);
    cblas_daxpy((int)d->noutput, 1, by_c, 1, gradient + at.b3, 1);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)d->noutput, (int)h, 1, d->weights + at.w3, (int)h, by_c, 1, 0, by_2, 1);
    for (size_t k = 0; k < h; k++) by_2[k] *= 1 - d->a2[k] * d->a2[k];
    cblas_dger(CblasRowMajor, (int)h, (int)h, 1, by_2, 1, d->a1, 1, gradient + at.w2, (int)h);
    cblas_daxpy((int)h, 1, by_2, 1, gradient + at.b2, 1);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)h, (int)h, 1, d->weights + at.w2, (int)h, by_2, 1, 0, by_1, 1);
    for (size_t k = 0; k < h; k++) by_1[k] *= 1 - d->a1[k] * d->a1[k];
    cblas_dger(CblasRowMajor, (int)h, (int)d->ninput, 1, by_1, 1, d->x, 1, gradient, (int)d->ninput);
    cblas_daxpy((int)h, 1, by_1, 1, gradient + at.b1, 1);
}

double hm_action_direct_loss(struct hm_action_direct *d, struct hm_action_pairs pairs, const size_t *order,
                             size_t count, double *gradient)
{
    const size_t n = 3 * d->natom, images = hm_invariants_images(d->invariants);
    const double scale = 1 / (d->parameters[2] * (double)count);
    double sum = 0;
    if (gradient) memset(gradient, 0, d->nweight * sizeof *gradient);
    for (size_t k = 0; k < count; k++) {
        const double *row = &pairs.rows[4 * n * (order ? order[k] : k)];
        sum += residual_of(d, row);
        for (size_t g = images; gradient && g-- > 0;) { /* the last one is still there */
            if (g + 1 < images) {
                see(d, g, row, row + n);
                infer(d);
            }
            push_back(d, scale / (double)images, gradient);
        }
    }
    return sum * scale;
}

double hm_action_direct_error(struct hm_action_direct *d, struct hm_action_pairs pairs)
{
    return sqrt(hm_action_direct_loss(d, pairs, NULL, pairs.count, NULL));
}

/* ---- the fit ---- */

static void measure_features(struct hm_action_direct *d, struct hm_action_pairs pairs, double *square)
{
    const size_t n = 3 * d->natom, images = hm_invariants_images(d->invariants);
    const double share = 1 / (double)(pairs.count * images);
    for (size_t k = 0; k < d->ninput; k++) d->inverse_spread[k] = 1;
    for (int pass = 0; pass < 3; pass++) {
        for (size_t r = 0; r < pairs.count * images; r++) {
            const double *row = &pairs.rows[4 * n * (r / images)];
            see(d, r % images, row, row + n);
            for (size_t k = 0; k < d->ninput; k++) {
                if (pass == 0) square[k] += share * d->x[k];
                if (pass == 1) square[k] += share * d->x[k] * d->x[k];
                if (pass == 2) d->reach[k] = fmax(d->reach[k], fabs(d->x[k]));
            }
        }
        for (size_t k = 0; k < d->ninput; k++) {
            if (pass == 0) d->mean[k] = square[k];
            if (pass == 1) d->inverse_spread[k] = square[k] > 0 ? 1 / sqrt(square[k]) : 0;
            square[k] = 0;
        }
    }
}

static void draw(struct hm_action_direct *d, uint64_t seed)
{
    const struct places at = places_of(d);
    const struct hm_rng_key key = {seed, 2, HM_RNG_TRAINING};
    memset(d->weights, 0, d->nweight * sizeof *d->weights);
    for (size_t k = 0; k < at.b3; k++) {
        double normal[3];
        if ((k >= at.b1 && k < at.w2) || (k >= at.b2 && k < at.w3)) continue;
        hm_rng_normal3(key, 0, (uint32_t)k, normal);
        d->weights[k] = (k < at.w3 ? 1 : 0.1) * normal[0] / sqrt((double)(k < at.b1 ? d->ninput : d->nhidden));
    }
}

enum hm_status hm_action_direct_begin(struct hm_action_direct *d, struct hm_action_pairs pairs, uint64_t seed)
{
    struct hm_action_map scales = {
        .natom = d->natom,
        .mass = d->mass,
        .frequency = d->parameters,
        .rms = d->parameters + 1,
        .norm = d->parameters + 2,
    };
    double *square = calloc(d->ninput, sizeof *square);
    if (!square) return hm_fail(HM_OUT_OF_MEMORY, "no memory to fit displacements to %zu pairs", pairs.count);
    memset(d->parameters, 0, d->nparameter * sizeof *d->parameters);
    hm_action_fit_measure(&scales, pairs, d->stride);
    measure_features(d, pairs, square);
    draw(d, seed);
    free(square);
    return HM_OK;
}

struct fitting {
    struct hm_action_direct *direct;
    struct hm_action_pairs pairs;
};

static double loss_of(void *self, const size_t *examples, size_t count, double *gradient)
{
    struct fitting *f = self;
    return hm_action_direct_loss(f->direct, f->pairs, examples, count, gradient);
}

enum hm_status hm_action_direct_fit(struct hm_action_direct *d, struct hm_action_pairs pairs,
                                    const struct hm_effort *effort)
{
    struct fitting fitting = {d, pairs};
    size_t *order = calloc(pairs.count + 1, sizeof *order);
    if (!order) return hm_fail(HM_OUT_OF_MEMORY, "no memory to fit displacements to %zu pairs", pairs.count);
    for (size_t k = 0; k < pairs.count; k++) order[k] = k;
    const struct hm_descent descent = {
        .nweight = d->nweight,
        .nexample = pairs.count,
        .weights = d->weights,
        .order = order,
        .loss = loss_of,
        .self = &fitting,
    };
    const enum hm_status status = hm_descent_run(&descent, effort);
    free(order);
    return status;
}
