#include "predictors/action_direct.h"

#include "predictors/action_rows.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SCALES = 3 }; /* frequency, rms, norm */
enum { BLOCK = 64 }; /* pairs whose activations are in the cache together */

enum hm_status hm_action_direct_create(const struct hm_frame *frame, double stride, size_t nhidden,
                                       struct hm_action_direct *d)
{
    const size_t n = frame->natom;
    *d = (struct hm_action_direct){.natom = n, .stride = stride};
    HM_TRY(hm_invariants_create(frame, HM_INVARIANTS_WHOLE, &d->invariants));
    d->nbond = hm_invariants_bonds(d->invariants);
    const size_t f = d->ninput = hm_invariants_count(d->invariants) + hm_invariants_odd_count(d->invariants);
    d->network = (struct hm_direct_network){f, nhidden, 4 * d->nbond * d->nbond};
    const size_t rows = BLOCK * hm_invariants_images(d->invariants), work = hm_direct_network_work(d->network);
    d->nweight = hm_direct_network_size(d->network);
    d->nparameter = SCALES + 3 * f + d->nweight;
    d->parameters = calloc(d->nparameter, sizeof *d->parameters);
    d->scratch = calloc(13 * n + 6 * d->nbond + rows * (f + d->network.noutput + work), sizeof *d->scratch);
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
    d->c = d->x + rows * f;
    d->work = d->c + rows * d->network.noutput;
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

static void see(struct hm_action_direct *d, size_t image, const double *q, const double *p, double *x)
{
    const size_t even = hm_invariants_count(d->invariants);
    hm_invariants_look(d->invariants, image, q, p);
    hm_invariants_values(d->invariants, x);
    hm_invariants_odd(d->invariants, x + even);
    for (size_t k = 0; k < d->ninput; k++) x[k] = (x[k] - d->mean[k]) * d->inverse_spread[k];
}

static void infer(struct hm_action_direct *d, size_t count)
{
    hm_direct_network_infer(d->network, d->weights, count, d->x, d->c, d->work);
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

/* moved += of the image looked at, its share of dq and dp / m by the coefficients, beyond free flight. */
static void move(struct hm_action_direct *d, double share, const double *coefficients)
{
    const size_t m = d->nbond;
    for (size_t a = 0; a < m; a++)
        for (size_t c = 0; c < 3; c++) {
            double dr = 0, dw = 0;
            for (size_t b = 0; b < m; b++) {
                const double *k = &coefficients[4 * (a * m + b)];
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
    for (size_t k = 0; k < hm_invariants_images(d->invariants) * d->ninput; k++)
        if (!(fabs(d->x[k]) <= margin * d->reach[k % d->ninput])) return true;
    return false;
}

/* The displacement of a point by the coefficients of its images. */
static void displace(struct hm_action_direct *d, const double *q, const double *p, const double *coefficients)
{
    const size_t images = hm_invariants_images(d->invariants);
    memset(d->moved, 0, 6 * d->natom * sizeof *d->moved);
    for (size_t g = 0; g < images; g++) {
        hm_invariants_look(d->invariants, g, q, p);
        move(d, 1 / (double)images, &coefficients[g * d->network.noutput]);
    }
}

bool hm_action_direct_stride(struct hm_action_direct *d, double margin, double *q, double *p)
{
    const size_t n = d->natom;
    const size_t images = hm_invariants_images(d->invariants);
    for (size_t g = 0; g < images; g++) see(d, g, q, p, &d->x[g * d->ninput]);
    infer(d, images);
    displace(d, q, p, d->c);
    for (size_t k = 0; k < 3 * n; k++) {
        q[k] += d->moved[k] + d->stride * p[k] / d->mass[k / 3];
        p[k] += d->mass[k / 3] * d->moved[3 * n + k];
    }
    return is_outside(d, margin);
}

/* ---- loss ---- */

/* What a pair says of the displacement beyond free flight: dq and dp / m. */
static void read_pair(const struct hm_action_direct *d, const double *row, double *wanted)
{
    const size_t n = 3 * d->natom;
    for (size_t k = 0; k < n; k++) {
        wanted[k] = row[2 * n + k] - row[k] - d->stride * row[n + k] / d->mass[k / 3];
        wanted[n + k] = (row[3 * n + k] - row[n + k]) / d->mass[k / 3];
    }
}

/* The squared residual of a pair, canonically scaled as the action's; what it changes by is left in `pushed`. */
static double residual_of(struct hm_action_direct *d, const double *row, const double *coefficients)
{
    const size_t n = 3 * d->natom;
    double sum = 0;
    displace(d, row, row + n, coefficients);
    read_pair(d, row, d->pushed);
    for (size_t k = 0; k < n; k++) {
        const double m = d->mass[k / 3], w = d->parameters[0];
        const double eq = d->moved[k] - d->pushed[k], ev = d->moved[n + k] - d->pushed[n + k];
        sum += m * w * eq * eq + m * ev * ev / w;
        d->pushed[k] = 2 * m * w * eq;
        d->pushed[n + k] = 2 * m * ev / w;
    }
    return sum;
}

/* The same by the coefficients of the image looked at, times scale. */
static void push_back(struct hm_action_direct *d, double scale, double *by_c)
{
    const size_t m = d->nbond;
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
}

static const double *row_of(const struct hm_action_direct *d, struct hm_action_pairs pairs, const size_t *order,
                            size_t k)
{
    return &pairs.rows[12 * d->natom * (order ? order[k] : k)];
}

static double block_loss(struct hm_action_direct *d, struct hm_action_pairs pairs, const size_t *order, size_t first,
                         size_t count, double scale, double *gradient)
{
    const size_t n = 3 * d->natom, images = hm_invariants_images(d->invariants), noutput = d->network.noutput;
    double sum = 0;
    for (size_t b = 0; b < count; b++) {
        const double *row = row_of(d, pairs, order, first + b);
        for (size_t g = 0; g < images; g++) see(d, g, row, row + n, &d->x[(b * images + g) * d->ninput]);
    }
    infer(d, count * images);
    for (size_t b = 0; b < count; b++) {
        const double *row = row_of(d, pairs, order, first + b);
        double *c = &d->c[b * images * noutput];
        sum += residual_of(d, row, c);
        for (size_t g = 0; gradient && g < images; g++) {
            hm_invariants_look(d->invariants, g, row, row + n);
            push_back(d, scale / (double)images, &c[g * noutput]);
        }
    }
    if (gradient) hm_direct_network_teach(d->network, d->weights, count * images, d->x, d->c, d->work, gradient);
    return sum;
}

double hm_action_direct_loss(struct hm_action_direct *d, struct hm_action_pairs pairs, const size_t *order,
                             size_t count, double *gradient)
{
    const double scale = 1 / (d->parameters[2] * (double)count);
    double sum = 0;
    if (gradient) memset(gradient, 0, d->nweight * sizeof *gradient);
    for (size_t first = 0; first < count; first += BLOCK)
        sum += block_loss(d, pairs, order, first, count - first < BLOCK ? count - first : BLOCK, scale, gradient);
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
            see(d, r % images, row, row + n, d->x);
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
    hm_direct_network_draw(d->network, seed, d->weights);
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

/* As action_fit.c does. */

static void forward(const void *self, size_t count, const double *x, double *y, double *work)
{
    const struct hm_action_direct *d = self;
    hm_direct_network_infer(d->network, d->weights, count, x, y, work);
}

static void teach(const void *self, size_t count, const double *x, const double *u, double *work, double *gradient)
{
    const struct hm_action_direct *d = self;
    hm_direct_network_teach(d->network, d->weights, count, x, u, work, gradient);
}

static void teach_each(const void *self, size_t count, size_t each, const double *x, const double *u,
                       const double *work, double *room, double *rows)
{
    const struct hm_action_direct *d = self;
    hm_direct_network_teach_each(d->network, d->weights, count, each, x, u, work, room, rows);
}

/* Displacements (dq, dp / m), canonically scaled so that their squares over all pairs are the loss. */
static void scale_canonically(const struct hm_action_direct *d, size_t count, double *displacement)
{
    const size_t n = 3 * d->natom;
    const double norm = 1 / sqrt(d->parameters[2] * (double)count), w = d->parameters[0];
    for (size_t k = 0; k < n; k++) {
        displacement[k] *= norm * sqrt(d->mass[k / 3] * w);
        displacement[n + k] *= norm * sqrt(d->mass[k / 3] / w);
    }
}

static void describe(void *self, size_t number, size_t count, double *x, double *f, double *wanted)
{
    const struct fitting *fitting = self;
    struct hm_action_direct *d = fitting->direct;
    const size_t n = 3 * d->natom, images = hm_invariants_images(d->invariants);
    const double *row = row_of(d, fitting->pairs, NULL, number * fitting->pairs.count / count);
    memset(d->c, 0, d->network.noutput * sizeof *d->c);
    for (size_t g = 0; g < images; g++) {
        see(d, g, row, row + n, &x[g * d->ninput]);
        for (size_t k = 0; k < d->network.noutput; k++, f += 2 * n) {
            memset(d->moved, 0, 2 * n * sizeof *d->moved);
            d->c[k] = 1;
            move(d, 1 / (double)images, d->c);
            d->c[k] = 0;
            memcpy(f, d->moved, 2 * n * sizeof *f);
            scale_canonically(d, count, f);
        }
    }
    read_pair(d, row, wanted);
    scale_canonically(d, count, wanted);
}

enum hm_status hm_action_direct_fit(struct hm_action_direct *d, struct hm_action_pairs pairs,
                                    const struct hm_effort *effort)
{
    struct fitting fitting = {d, pairs};
    size_t *order = calloc(pairs.count + 1, sizeof *order);
    if (!order) return hm_fail(HM_OUT_OF_MEMORY, "no memory to fit displacements to %zu pairs", pairs.count);
    for (size_t k = 0; k < pairs.count; k++) order[k] = k;
    const struct hm_action_learner learner = {
        .ninput = d->ninput,
        .width = d->network.noutput,
        .nweight = d->nweight,
        .nwork = hm_direct_network_work(d->network),
        .nroom = hm_direct_network_room(d->network),
        .weights = d->weights,
        .forward = forward,
        .teach = teach,
        .teach_each = teach_each,
        .self = d,
    };
    const struct hm_action_rows_source source = {
        .available = pairs.count,
        .images = hm_invariants_images(d->invariants),
        .dim = 6 * d->natom,
        .describe = describe,
        .self = &fitting,
    };
    const struct hm_descent descent = {
        .nweight = d->nweight,
        .nexample = pairs.count,
        .weights = d->weights,
        .order = order,
        .loss = loss_of,
        .self = &fitting,
    };
    const enum hm_status status = hm_action_rows_fit(&learner, &source, &descent, effort);
    free(order);
    return status;
}
