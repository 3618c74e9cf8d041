#include "io/frame.h"

#include "io/elements.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLOSEST_ANGSTROM 0.1
#define CLOSEST (CLOSEST_ANGSTROM / HM_LENGTH_ANGSTROM)
/* Of the product of the lengths: flatter cells than this are taken for a mistake. */
#define SINGULAR 1e-3

enum { BYTES_PER_ATOM = 7 * sizeof(double) + 4 * sizeof(int) + sizeof(bool) };

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const double a[3], const double b[3], double c[3])
{
    c[0] = a[1] * b[2] - a[2] * b[1];
    c[1] = a[2] * b[0] - a[0] * b[2];
    c[2] = a[0] * b[1] - a[1] * b[0];
}

static bool all_finite(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

/* ---- life ---- */

enum hm_status hm_frame_create(size_t natom, struct hm_frame *frame)
{
    /* One block: mass, x, v (doubles), then number, image (ints), then frozen. */
    const size_t per_atom = BYTES_PER_ATOM;
    *frame = (struct hm_frame){.natom = natom, .at_rest = natom > 1 ? 3 : 0};
    if (natom > SIZE_MAX / per_atom) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu atoms", natom);
    frame->storage = calloc(natom ? natom : 1, per_atom);
    if (!frame->storage) {
        frame->natom = 0;
        return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu atoms", natom);
    }
    frame->mass = frame->storage;
    frame->x = frame->mass + natom;
    frame->v = frame->x + 3 * natom;
    frame->number = (int *)(frame->v + 3 * natom);
    frame->image = frame->number + natom;
    frame->frozen = (bool *)(frame->image + 3 * natom);
    return HM_OK;
}

enum hm_status hm_frame_copy(const struct hm_frame *from, struct hm_frame *to)
{
    const size_t n = from->natom;
    HM_TRY(hm_frame_create(n, to));
    memcpy(to->mass, from->mass, n * sizeof *to->mass);
    memcpy(to->x, from->x, 3 * n * sizeof *to->x);
    memcpy(to->v, from->v, 3 * n * sizeof *to->v);
    memcpy(to->number, from->number, n * sizeof *to->number);
    memcpy(to->image, from->image, 3 * n * sizeof *to->image);
    if (from->nfrozen > 0) memcpy(to->frozen, from->frozen, n * sizeof *to->frozen);
    memcpy(to->cell, from->cell, sizeof to->cell);
    memcpy(to->periodic, from->periodic, sizeof to->periodic);
    to->has_velocities = from->has_velocities;
    to->nfrozen = from->nfrozen;
    to->at_rest = from->at_rest;
    return HM_OK;
}

void hm_frame_release(struct hm_frame *frame)
{
    free(frame->storage);
    *frame = (struct hm_frame){0};
}

void hm_frame_freeze(struct hm_frame *frame, size_t atom)
{
    if (!frame->frozen[atom]) frame->nfrozen++;
    frame->frozen[atom] = true;
    frame->at_rest = 0;
    for (size_t k = 0; k < 3; k++) frame->v[3 * atom + k] = 0.0;
}

/* ---- the cell ---- */

bool hm_frame_is_periodic(const struct hm_frame *frame)
{
    return frame->periodic[0] || frame->periodic[1] || frame->periodic[2];
}

double hm_frame_volume(const struct hm_frame *frame)
{
    if (!frame->periodic[0] || !frame->periodic[1] || !frame->periodic[2]) return 0.0;
    double normal[3];
    cross(frame->cell, frame->cell + 3, normal);
    return fabs(dot(normal, frame->cell + 6));
}

/* Dual vectors of the periodic lattice vectors within their span: dual_i . a_j = delta_ij; zero where not periodic. */
static void cell_duals(const struct hm_frame *frame, double dual[3][3])
{
    memset(dual, 0, 9 * sizeof(double));
    int axes[3], count = 0;
    for (int i = 0; i < 3; i++)
        if (frame->periodic[i]) axes[count++] = i;
    if (count == 1) {
        const double *a = frame->cell + 3 * axes[0];
        for (int k = 0; k < 3; k++) dual[axes[0]][k] = a[k] / dot(a, a);
        return;
    }
    if (count == 0) return;
    const double *a = frame->cell + 3 * axes[0], *b = frame->cell + 3 * axes[1];
    double normal[3];
    cross(a, b, normal);
    const double *c = count == 3 ? frame->cell + 3 * axes[2] : normal;
    const double scale = 1.0 / dot(normal, c);
    cross(b, c, dual[axes[0]]);
    cross(c, a, dual[axes[1]]);
    for (int k = 0; k < 3; k++) {
        dual[axes[0]][k] *= scale;
        dual[axes[1]][k] *= scale;
        if (count == 3) dual[axes[2]][k] = normal[k] * scale;
    }
}

bool hm_frame_is_orthogonal(const struct hm_frame *frame)
{
    const double *c = frame->cell;
    return c[1] == 0.0 && c[2] == 0.0 && c[3] == 0.0 && c[5] == 0.0 && c[6] == 0.0 && c[7] == 0.0;
}

double hm_frame_narrowest(const struct hm_frame *frame)
{
    double dual[3][3], narrowest = INFINITY;
    cell_duals(frame, dual);
    for (int i = 0; i < 3; i++)
        if (frame->periodic[i]) narrowest = fmin(narrowest, 1.0 / sqrt(dot(dual[i], dual[i])));
    return narrowest;
}

/* Among all images: with d = sum_i f_i a_i along the periodic directions, an image n differs from the plane of the
 * other vectors by |f_i - n_i| / |dual_i|, so that only n_i within |d| |dual_i| of f_i can be nearer than d.
 * Exact for any cell; a single candidate for near neighbours. */
static void nearest_skewed(const struct hm_frame *frame, double d[3])
{
    double dual[3][3], fraction[3], along[3] = {0.0, 0.0, 0.0}, best[3];
    int low[3], high[3];
    cell_duals(frame, dual);
    for (int i = 0; i < 3; i++) {
        if (!frame->periodic[i]) continue;
        const double whole = rint(dot(dual[i], d));
        for (int k = 0; k < 3; k++) d[k] -= whole * frame->cell[3 * i + k];
    }
    for (int i = 0; i < 3; i++) {
        fraction[i] = dot(dual[i], d);
        if (!(fabs(fraction[i]) <= 1.0)) return; /* not finite, or too far away for a nearest image to mean anything */
        for (int k = 0; k < 3; k++) along[k] += frame->periodic[i] ? fraction[i] * frame->cell[3 * i + k] : 0.0;
    }
    memcpy(best, along, sizeof best);
    for (int i = 0; i < 3; i++) {
        const double reach = sqrt(dot(along, along) * dot(dual[i], dual[i]));
        low[i] = (int)ceil(fraction[i] - reach);
        high[i] = (int)floor(fraction[i] + reach);
    }
    for (int i = low[0]; i <= high[0]; i++)
        for (int j = low[1]; j <= high[1]; j++)
            for (int l = low[2]; l <= high[2]; l++) {
                double image[3];
                for (int k = 0; k < 3; k++)
                    image[k] = along[k] - i * frame->cell[k] - j * frame->cell[3 + k] - l * frame->cell[6 + k];
                if (dot(image, image) < dot(best, best)) memcpy(best, image, sizeof image);
            }
    for (int k = 0; k < 3; k++) d[k] += best[k] - along[k];
}

void hm_minimum_image(const struct hm_frame *frame, const double *xi, const double *xj, double d[3])
{
    for (int k = 0; k < 3; k++) d[k] = xj[k] - xi[k];
    if (!hm_frame_is_periodic(frame)) return;
    if (!hm_frame_is_orthogonal(frame)) {
        nearest_skewed(frame, d);
        return;
    }
    for (int k = 0; k < 3; k++)
        if (frame->periodic[k]) d[k] -= frame->cell[4 * k] * rint(d[k] / frame->cell[4 * k]);
}

/* ---- check ---- */

static enum hm_status check_cell(const struct hm_frame *frame, const char *name)
{
    if (!all_finite(frame->cell, 9)) return hm_fail(HM_BAD_INPUT, "%s: the cell is not finite", name);
    /* The volume spanned by the periodic vectors against that of a box of the same edges. */
    double lengths = 1.0;
    const double *span[3];
    int count = 0;
    for (int i = 0; i < 3; i++) {
        if (!frame->periodic[i]) continue;
        const double *a = frame->cell + 3 * i;
        lengths *= sqrt(dot(a, a));
        span[count++] = a;
    }
    double measure = lengths, normal[3];
    if (count >= 2) {
        cross(span[0], span[1], normal);
        measure = count == 3 ? fabs(dot(normal, span[2])) : sqrt(dot(normal, normal));
    }
    if (count > 0 && (!isfinite(lengths) || !(measure > SINGULAR * lengths)))
        return hm_fail(HM_BAD_INPUT, "%s: the cell has no volume along its periodic directions", name);
    return HM_OK;
}

static enum hm_status check_atoms(const struct hm_frame *frame, const char *name)
{
    for (size_t i = 0; i < frame->natom; i++) {
        const char *symbol = hm_element_symbol(frame->number[i]);
        if (!all_finite(frame->x + 3 * i, 3))
            return hm_fail(HM_BAD_INPUT, "%s: the position of atom %zu (%s) is not finite", name, i, symbol);
        if (!all_finite(frame->v + 3 * i, 3))
            return hm_fail(HM_BAD_INPUT, "%s: the velocity of atom %zu (%s) is not finite", name, i, symbol);
        if (!(frame->mass[i] > 0.0) || !isfinite(frame->mass[i]))
            return hm_fail(HM_BAD_INPUT, "%s: the mass of atom %zu (%s) is %g u; it must be positive", name, i, symbol,
                           frame->mass[i] * HM_MASS_AMU);
    }
    return HM_OK;
}

struct place {
    double s;
    size_t atom;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    if (a->s != b->s) return a->s < b->s ? -1 : 1;
    return a->atom < b->atom ? -1 : a->atom > b->atom;
}

static enum hm_status check_pair(const struct hm_frame *frame, size_t i, size_t j, const char *name)
{
    double d[3];
    hm_minimum_image(frame, frame->x + 3 * i, frame->x + 3 * j, d);
    const double r = sqrt(dot(d, d));
    if (r >= CLOSEST) return HM_OK;
    const size_t first = i < j ? i : j, second = i < j ? j : i;
    return hm_fail(HM_BAD_INPUT, "%s: atoms %zu (%s) and %zu (%s) are %.3g Angstrom apart; at least %g is needed", name,
                   first, hm_element_symbol(frame->number[first]), second, hm_element_symbol(frame->number[second]),
                   r * HM_LENGTH_ANGSTROM, CLOSEST_ANGSTROM);
}

/* Sorted along one direction (around it, where periodic), only near neighbours in the list can be close. */
static enum hm_status check_distances(const struct hm_frame *frame, const char *name)
{
    const size_t n = frame->natom;
    const bool around = frame->periodic[0];
    double dual[3][3];
    cell_duals(frame, dual);
    if (!around) dual[0][0] = 1.0;
    const double window = CLOSEST * sqrt(dot(dual[0], dual[0])) * (1.0 + 1e-9);
    struct place *places = malloc((n ? n : 1) * sizeof *places);
    if (!places) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu atoms", n);
    for (size_t i = 0; i < n; i++) {
        const double s = dot(dual[0], frame->x + 3 * i);
        places[i] = (struct place){around ? s - floor(s) : s, i};
    }
    qsort(places, n, sizeof *places, compare_places);
    enum hm_status status = HM_OK;
    for (size_t i = 0; i < n && status == HM_OK; i++)
        for (size_t step = 1; step < n && status == HM_OK; step++) {
            const size_t j = i + step;
            if (j >= n && !around) break;
            const double gap = j < n ? places[j].s - places[i].s : places[j - n].s + 1.0 - places[i].s;
            if (gap > window) break;
            status = check_pair(frame, places[i].atom, places[j % n].atom, name);
        }
    free(places);
    return status;
}

enum hm_status hm_frame_check(const struct hm_frame *frame, const char *name)
{
    if (frame->natom == 0) return hm_fail(HM_BAD_INPUT, "%s: there are no atoms", name);
    HM_TRY(check_cell(frame, name));
    HM_TRY(check_atoms(frame, name));
    return check_distances(frame, name);
}

/* ---- observables ---- */

double hm_kinetic_energy(const struct hm_frame *frame, const double *v)
{
    double twice = 0.0;
    for (size_t i = 0; i < frame->natom; i++) twice += frame->mass[i] * dot(v + 3 * i, v + 3 * i);
    return 0.5 * twice;
}

void hm_linear_momentum(const struct hm_frame *frame, const double *v, double p[3])
{
    p[0] = p[1] = p[2] = 0.0;
    for (size_t i = 0; i < frame->natom; i++)
        for (int k = 0; k < 3; k++) p[k] += frame->mass[i] * v[3 * i + (size_t)k];
}

void hm_angular_momentum(const struct hm_frame *frame, const double *x, const double *v, double l[3])
{
    l[0] = l[1] = l[2] = 0.0;
    for (size_t i = 0; i < frame->natom; i++) {
        double turn[3];
        cross(x + 3 * i, v + 3 * i, turn);
        for (int k = 0; k < 3; k++) l[k] += frame->mass[i] * turn[k];
    }
}

size_t hm_degrees_of_freedom(const struct hm_frame *frame)
{
    return 3 * (frame->natom - frame->nfrozen) - frame->at_rest;
}

/* ---- save and load ---- */

void hm_frame_save(const struct hm_frame *frame, struct hm_archive *archive)
{
    const size_t n = frame->natom;
    const unsigned char flags[4] = {frame->periodic[0], frame->periodic[1], frame->periodic[2], frame->has_velocities};
    hm_archive_put_tag(archive, "frame");
    hm_archive_put_size(archive, n);
    hm_archive_put(archive, frame->number, n * sizeof *frame->number);
    hm_archive_put_reals(archive, frame->mass, n);
    hm_archive_put_reals(archive, frame->x, 3 * n);
    hm_archive_put_reals(archive, frame->v, 3 * n);
    hm_archive_put(archive, frame->image, 3 * n * sizeof *frame->image);
    hm_archive_put_reals(archive, frame->cell, 9);
    hm_archive_put(archive, flags, sizeof flags);
    for (size_t i = 0; i < n; i++) hm_archive_put(archive, &(unsigned char){hm_frame_holds(frame, i)}, 1);
    hm_archive_put_size(archive, frame->at_rest);
}

static enum hm_status load_arrays(struct hm_frame *frame, struct hm_archive *archive)
{
    const size_t n = frame->natom;
    unsigned char flags[4];
    HM_TRY(hm_archive_get(archive, frame->number, n * sizeof *frame->number));
    HM_TRY(hm_archive_get_reals(archive, frame->mass, n));
    HM_TRY(hm_archive_get_reals(archive, frame->x, 3 * n));
    HM_TRY(hm_archive_get_reals(archive, frame->v, 3 * n));
    HM_TRY(hm_archive_get(archive, frame->image, 3 * n * sizeof *frame->image));
    HM_TRY(hm_archive_get_reals(archive, frame->cell, 9));
    HM_TRY(hm_archive_get(archive, flags, sizeof flags));
    for (int k = 0; k < 3; k++) frame->periodic[k] = flags[k] != 0;
    frame->has_velocities = flags[3] != 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char held;
        HM_TRY(hm_archive_get(archive, &held, 1));
        frame->frozen[i] = held != 0;
        frame->nfrozen += frame->frozen[i];
    }
    HM_TRY(hm_archive_get_size(archive, &frame->at_rest));
    if (frame->at_rest > 3 * (n - frame->nfrozen))
        return hm_fail(HM_BAD_INPUT, "stored state is damaged: %zu motions at rest of %zu atoms", frame->at_rest, n);
    return HM_OK;
}

enum hm_status hm_frame_load(struct hm_frame *frame, struct hm_archive *archive)
{
    size_t n;
    *frame = (struct hm_frame){0};
    HM_TRY(hm_archive_expect_tag(archive, "frame"));
    HM_TRY(hm_archive_get_size(archive, &n));
    /* A damaged count must not become a huge allocation. */
    if (n > (archive->size - archive->cursor) / BYTES_PER_ATOM)
        return hm_fail(HM_BAD_INPUT, "stored state is damaged: a frame of %zu atoms in %zu bytes", n,
                       archive->size - archive->cursor);
    HM_TRY(hm_frame_create(n, frame));
    const enum hm_status status = load_arrays(frame, archive);
    if (status != HM_OK) hm_frame_release(frame);
    return status;
}
