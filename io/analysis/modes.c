#include "io/analysis/modes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPENDENT 1e-6               /* shorter than this is not a direction of its own */
static const double MOST_WORK = 1e9; /* products */

struct covariance {
    const struct hm_frame *frame;
    size_t n; /* 3 natom */
    double *root_mass, *x0;
    double *x, *u;    /* (n) of a frame, turned */
    double *rigid;    /* (3, n) scratch */
    double *rigid_x0; /* (rank, n) rotations of x0 */
    size_t rank;
    double *c; /* (n, n) */
    size_t frames;
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

/* x or v relative to the centre of mass. */
static void centre(const struct covariance *s, const double *from, double *to)
{
    double mean[3] = {0}, mass = 0;
    for (size_t i = 0; i < s->frame->natom; i++) {
        mass += s->frame->mass[i];
        for (size_t k = 0; k < 3; k++) mean[k] += s->frame->mass[i] * from[3 * i + k];
    }
    for (size_t k = 0; k < s->n; k++) to[k] = from[k] - mean[k % 3] / mass;
}

/* Orthonormal mass-weighted rotations of a geometry; returns how many there are. */
static size_t rotations(const struct covariance *s, const double *x, double *rows)
{
    size_t rank = 0;
    const double size = sqrt(dot(x, x, s->n));
    for (size_t axis = 0; axis < 3; axis++) {
        double *row = rows + rank * s->n;
        memset(row, 0, s->n * sizeof *row);
        for (size_t i = 0; i < s->frame->natom; i++) {
            row[3 * i + (axis + 1) % 3] = -s->root_mass[i] * x[3 * i + (axis + 2) % 3];
            row[3 * i + (axis + 2) % 3] = s->root_mass[i] * x[3 * i + (axis + 1) % 3];
        }
        for (size_t twice = 0; twice < 2; twice++) /* once leaves rounding behind */
            for (size_t r = 0; r < rank; r++) {
                const double share = dot(row, rows + r * s->n, s->n);
                for (size_t k = 0; k < s->n; k++) row[k] -= share * rows[r * s->n + k];
            }
        const double length = sqrt(dot(row, row, s->n));
        if (length < DEPENDENT * size * s->root_mass[0]) continue;
        for (size_t k = 0; k < s->n; k++) row[k] /= length;
        rank++;
    }
    return rank;
}

static void take_out(const struct covariance *s, const double *rows, size_t rank)
{
    for (size_t r = 0; r < rank; r++) {
        const double share = dot(s->u, rows + r * s->n, s->n);
        for (size_t k = 0; k < s->n; k++) s->u[k] -= share * rows[r * s->n + k];
    }
}

/* The rotation that brings x onto x0: the quaternion of the least squares. */
static void best_rotation(const struct covariance *s, double turn[9])
{
    double m[16] = {0}, values[4], vectors[16];
    for (size_t i = 0; i < s->frame->natom; i++) {
        const double *a = s->x + 3 * i, *b = s->x0 + 3 * i, w = s->frame->mass[i];
        for (size_t j = 0; j < 3; j++) {
            const size_t k = (j + 1) % 3, l = (j + 2) % 3;
            m[0] += w * a[j] * b[j];
            m[5 * (j + 1)] += w * (a[j] * b[j] - a[k] * b[k] - a[l] * b[l]);
            m[j + 1] += w * (a[k] * b[l] - a[l] * b[k]);
            m[4 * (j + 1)] += w * (a[k] * b[l] - a[l] * b[k]);
            m[4 * (j + 1) + k + 1] += w * (a[j] * b[k] + a[k] * b[j]);
            m[4 * (k + 1) + j + 1] += w * (a[j] * b[k] + a[k] * b[j]);
        }
    }
    hm_symmetric_eigen(4, m, values, vectors);
    const double q = vectors[0], *v = vectors + 1;
    for (size_t j = 0; j < 3; j++) {
        const size_t k = (j + 1) % 3, l = (j + 2) % 3;
        turn[4 * j] = q * q + v[j] * v[j] - v[k] * v[k] - v[l] * v[l];
        turn[3 * j + k] = 2 * (v[j] * v[k] - q * v[l]);
        turn[3 * j + l] = 2 * (v[j] * v[l] + q * v[k]);
    }
}

static void apply(const struct covariance *s, const double turn[9], double *vectors)
{
    for (size_t i = 0; i < s->frame->natom; i++) {
        double *at = vectors + 3 * i;
        const double old[3] = {at[0], at[1], at[2]};
        for (size_t k = 0; k < 3; k++) at[k] = dot(turn + 3 * k, old, 3);
    }
}

static void add_frame(struct covariance *s, const double *x, const double *v)
{
    double turn[9];
    centre(s, x, s->x);
    centre(s, v, s->u);
    best_rotation(s, turn);
    apply(s, turn, s->x);
    apply(s, turn, s->u);
    for (size_t k = 0; k < s->n; k++) s->u[k] *= s->root_mass[k / 3];
    take_out(s, s->rigid, rotations(s, s->x, s->rigid));
    take_out(s, s->rigid_x0, s->rank);
    for (size_t a = 0; a < s->n; a++)
        for (size_t b = 0; b < s->n; b++) s->c[a * s->n + b] += s->u[a] * s->u[b];
    s->frames++;
}

static enum hm_status walk(const struct hm_run *run, struct covariance *s, bool has_geometry)
{
    const size_t every = 1 + (size_t)((double)run->info.nframe * (double)(s->n * s->n) / MOST_WORK);
    struct hm_frame_cursor cursor;
    struct hm_frame_view view;
    bool more;
    enum hm_status status;
    HM_TRY(hm_frame_cursor_create(run, &cursor));
    while ((status = hm_frame_cursor_sample(&cursor, every, &view, &more)) == HM_OK && more) {
        if (s->frames == 0 && !has_geometry) centre(s, view.x, s->x0);
        if (s->frames == 0) s->rank = rotations(s, s->x0, s->rigid_x0);
        add_frame(s, view.x, view.v);
    }
    hm_frame_cursor_release(&cursor);
    for (size_t k = 0; k < s->n * s->n && s->frames > 0; k++) s->c[k] /= (double)s->frames;
    return status;
}

/* Its own: eigenvectors; of others: what they have here. */
static void read_modes(struct covariance *s, const struct hm_modes *given, struct hm_modes *modes)
{
    modes->frames = s->frames;
    if (s->frames == 0) return;
    modes->count = given ? given->count : s->n - 3 - s->rank;
    memcpy(modes->geometry, s->x0, s->n * sizeof *s->x0);
    if (!given) {
        hm_symmetric_eigen(s->n, s->c, modes->kt, modes->vector);
        return;
    }
    memcpy(modes->vector, given->vector, given->count * s->n * sizeof *given->vector);
    for (size_t k = 0; k < modes->count; k++) {
        const double *e = modes->vector + k * s->n;
        modes->kt[k] = 0;
        for (size_t a = 0; a < s->n; a++) modes->kt[k] += e[a] * dot(s->c + a * s->n, e, s->n);
    }
}

static enum hm_status compute(const struct hm_run *run, const struct hm_modes *given, struct hm_modes *modes)
{
    const size_t n = 3 * run->frame.natom;
    struct covariance s = {.frame = &run->frame, .n = n};
    modes->natom = run->frame.natom;
    modes->geometry = calloc(n, sizeof *modes->geometry);
    modes->vector = calloc(n * n, sizeof *modes->vector);
    modes->kt = calloc(n, sizeof *modes->kt);
    double *const scratch = calloc(10 * n + n * n, sizeof *scratch);
    enum hm_status status = modes->geometry && modes->vector && modes->kt && scratch
                                ? HM_OK
                                : hm_fail(HM_OUT_OF_MEMORY, "out of memory: modes of %zu atoms", modes->natom);
    if (status == HM_OK) {
        s.root_mass = scratch;
        s.x0 = s.root_mass + n;
        s.x = s.x0 + n;
        s.u = s.x + n;
        s.rigid = s.u + n;
        s.rigid_x0 = s.rigid + 3 * n;
        s.c = s.rigid_x0 + 3 * n;
        for (size_t i = 0; i < modes->natom; i++) s.root_mass[i] = sqrt(run->frame.mass[i]);
        if (given) memcpy(s.x0, given->geometry, n * sizeof *s.x0);
        status = walk(run, &s, given != NULL);
    }
    if (status == HM_OK) read_modes(&s, given, modes);
    free(scratch);
    return status;
}

enum hm_status hm_modes_compute(const struct hm_run *run, const struct hm_modes *given, struct hm_modes *modes)
{
    *modes = (struct hm_modes){0};
    if (given && given->count > 0 && given->natom != run->frame.natom)
        return hm_fail(HM_BAD_INPUT, "modes of %zu atoms are not those of %zu", given->natom, run->frame.natom);
    if (run->info.periodic || run->frame.nfrozen > 0 || run->frame.natom < 2 || run->frame.natom > HM_MODES_ATOMS ||
        (given && given->count == 0))
        return HM_OK;
    const enum hm_status status = compute(run, given, modes);
    if (status != HM_OK) hm_modes_release(modes);
    return status;
}

void hm_modes_release(struct hm_modes *modes)
{
    free(modes->geometry);
    free(modes->vector);
    free(modes->kt);
    *modes = (struct hm_modes){0};
}
