#include "io/analysis/motions.h"

#include "io/connectivity.h"
#include "io/internals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Straighter than this (the sine) an angle bends in two directions. */
static const double STRAIGHT = 0.2;
/* Of a vector's squared length: less than this is left of one that depends on others. */
static const double DEPENDENT = 1e-10;
/* Multiplications that all frames together may take. */
static const double EFFORT = 5e9;

struct hm_motions {
    const struct hm_frame *frame;
    size_t nbond, nangle, nmolecule;
    const size_t (*bonds)[2]; /* borrowed */
    size_t (*angles)[3];
    size_t *molecule;   /* (natom) */
    size_t *place;      /* (natom) among the atoms of its molecule */
    size_t *size;       /* (natom) atoms of each molecule */
    double *root_mass;  /* (natom) sqrt(m); infinite if frozen */
    size_t every, seen; /* frames */
    /* Of the molecule at hand, `length` = 3 times its atoms. */
    size_t length, rank;
    double projected;  /* of |u|^2, on the basis so far */
    double *u;         /* (length) */
    double *candidate; /* (length) */
    double *basis;     /* (rank, length) */
    double sum[HM_MOTION_COUNT], weight[HM_MOTION_COUNT];
};

const char *hm_motion_name(enum hm_motion motion)
{
    static const char *const names[HM_MOTION_COUNT] = {"translation", "rotation", "stretch", "bend", "torsion"};
    return names[motion];
}

/* ---- life ---- */

enum hm_status hm_motions_angles(size_t nbond, const size_t (*bonds)[2], size_t (**angles)[3], size_t *nangle)
{
    size_t capacity = 16;
    *nangle = 0;
    *angles = malloc(capacity * sizeof **angles);
    for (size_t a = 0; *angles && a < nbond; a++)
        for (size_t b = a + 1; *angles && b < nbond; b++)
            for (size_t ends = 0; ends < 4; ends++) {
                const size_t i = ends / 2, j = ends % 2;
                if (bonds[a][i] != bonds[b][j] || bonds[a][1 - i] == bonds[b][1 - j]) continue;
                if (*nangle == capacity) {
                    size_t(*grown)[3] = realloc(*angles, (capacity *= 2) * sizeof **angles);
                    if (!grown) free(*angles);
                    *angles = grown;
                }
                if (!*angles) break;
                size_t *const angle = (*angles)[(*nangle)++];
                angle[0] = bonds[a][1 - i];
                angle[1] = bonds[a][i];
                angle[2] = bonds[b][1 - j];
            }
    return *angles ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "out of memory: the angles between %zu bonds", nbond);
}

/* Enough that a molecule of few atoms is looked at in every frame. */
static size_t choose_every(const struct hm_motions *s, size_t nframe)
{
    double effort = 0;
    for (size_t m = 0; m < s->nmolecule; m++) {
        const double length = 3 * (double)s->size[m];
        effort += 2 * length * length * (length + (double)s->nangle / (double)s->nmolecule);
    }
    const double every = ceil(effort * (double)nframe / EFFORT);
    return every > 1 ? (size_t)every : 1;
}

static bool allocate(struct hm_motions *s)
{
    const size_t n = s->frame->natom;
    s->molecule = calloc(n + 1, sizeof *s->molecule);
    s->place = calloc(n + 1, sizeof *s->place);
    s->size = calloc(n + 1, sizeof *s->size);
    s->root_mass = calloc(n + 1, sizeof *s->root_mass);
    s->u = calloc(3 * n + 1, sizeof *s->u);
    s->candidate = calloc(3 * n + 1, sizeof *s->candidate);
    s->basis = calloc(9 * n * n + 1, sizeof *s->basis);
    return s->molecule && s->place && s->size && s->root_mass && s->u && s->candidate && s->basis;
}

enum hm_status hm_motions_create(const struct hm_frame *topology, size_t nbond, const size_t (*bonds)[2], size_t nframe,
                                 struct hm_motions **motions)
{
    *motions = NULL;
    struct hm_motions *s = calloc(1, sizeof *s);
    if (!s) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: motions");
    s->frame = topology;
    s->nbond = nbond;
    s->bonds = bonds;
    enum hm_status status = hm_motions_angles(nbond, bonds, &s->angles, &s->nangle);
    if (status == HM_OK && !allocate(s))
        status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: motions of %zu atoms", topology->natom);
    if (status != HM_OK) {
        hm_motions_destroy(&s);
        return status;
    }
    s->nmolecule = hm_connectivity_molecules(topology->natom, bonds, nbond, s->molecule);
    for (size_t i = 0; i < topology->natom; i++) {
        s->place[i] = s->size[s->molecule[i]]++;
        s->root_mass[i] = hm_frame_holds(topology, i) ? INFINITY : sqrt(topology->mass[i]);
    }
    s->every = choose_every(s, nframe);
    *motions = s;
    return HM_OK;
}

void hm_motions_destroy(struct hm_motions **motions)
{
    struct hm_motions *s = *motions;
    if (!s) return;
    free(s->angles);
    free(s->molecule);
    free(s->place);
    free(s->size);
    free(s->root_mass);
    free(s->u);
    free(s->candidate);
    free(s->basis);
    free(s);
    *motions = NULL;
}

/* ---- the basis ---- */

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += a[k] * b[k];
    return sum;
}

/* The candidate joins the basis unless it depends on what is there, and leaves its place empty. */
static void take(struct hm_motions *s, enum hm_motion motion)
{
    double *const c = s->candidate;
    const double before = dot(c, c, s->length);
    for (int turn = 0; turn < 2; turn++) /* the second mends what rounding leaves of the first */
        for (size_t q = 0; q < s->rank; q++) {
            const double *vector = s->basis + q * s->length, along = dot(vector, c, s->length);
            for (size_t k = 0; k < s->length; k++) c[k] -= along * vector[k];
        }
    const double left = dot(c, c, s->length);
    if (left > DEPENDENT * before && isfinite(left) && s->rank < s->length) {
        double *const fresh = s->basis + s->rank++ * s->length;
        for (size_t k = 0; k < s->length; k++) fresh[k] = c[k] / sqrt(left);
        const double rate = dot(fresh, s->u, s->length);
        s->projected += rate * rate;
        s->sum[motion] += rate * rate;
        s->weight[motion]++;
    }
    memset(c, 0, s->length * sizeof *c);
}

/* A gradient by an atom's position, mass-weighted. */
static void put(struct hm_motions *s, size_t atom, const double gradient[3])
{
    for (size_t k = 0; k < 3; k++) s->candidate[3 * s->place[atom] + k] += gradient[k] / s->root_mass[atom];
}

static void take_rigid(struct hm_motions *s, size_t molecule, const double *x)
{
    const struct hm_frame *frame = s->frame;
    double centre[3] = {0}, mass = 0;
    for (size_t i = 0; i < frame->natom; i++) {
        if (s->molecule[i] != molecule) continue;
        mass += frame->mass[i];
        for (size_t k = 0; k < 3; k++) centre[k] += frame->mass[i] * x[3 * i + k];
    }
    for (size_t k = 0; k < 6; k++) {
        const size_t axis = k % 3, next = (axis + 1) % 3, last = (axis + 2) % 3;
        for (size_t i = 0; i < frame->natom; i++) {
            if (s->molecule[i] != molecule) continue;
            double *c = &s->candidate[3 * s->place[i]];
            if (k < 3) {
                c[axis] = s->root_mass[i];
                continue;
            }
            c[last] = s->root_mass[i] * (x[3 * i + next] - centre[next] / mass);
            c[next] = -s->root_mass[i] * (x[3 * i + last] - centre[last] / mass);
        }
        take(s, k < 3 ? HM_MOTION_TRANSLATION : HM_MOTION_ROTATION);
    }
}

/* Two directions across the line of the ends, in which the atoms of a straight angle bend. */
static void take_straight(struct hm_motions *s, const size_t atoms[3], const double *x)
{
    double line[3], arm[2][3], r[2], across[2][3] = {{0}};
    hm_minimum_image(s->frame, x + 3 * atoms[0], x + 3 * atoms[2], line);
    for (size_t e = 0; e < 2; e++) {
        hm_minimum_image(s->frame, x + 3 * atoms[1], x + 3 * atoms[2 * e], arm[e]);
        r[e] = sqrt(dot(arm[e], arm[e], 3));
    }
    size_t thin = 0; /* the axis farthest from the line */
    for (size_t k = 1; k < 3; k++)
        if (fabs(line[k]) < fabs(line[thin])) thin = k;
    across[0][(thin + 1) % 3] = -line[(thin + 2) % 3];
    across[0][(thin + 2) % 3] = line[(thin + 1) % 3];
    for (size_t k = 0; k < 3; k++)
        across[1][k] = line[(k + 1) % 3] * across[0][(k + 2) % 3] - line[(k + 2) % 3] * across[0][(k + 1) % 3];
    for (size_t d = 0; d < 2; d++) {
        double first[3], second[3], centre[3];
        for (size_t k = 0; k < 3; k++) {
            first[k] = across[d][k] / r[0];
            second[k] = across[d][k] / r[1];
            centre[k] = -first[k] - second[k];
        }
        put(s, atoms[0], first);
        put(s, atoms[1], centre);
        put(s, atoms[2], second);
        take(s, HM_MOTION_BEND);
    }
}

static void take_internal(struct hm_motions *s, size_t molecule, const double *x)
{
    for (size_t b = 0; b < s->nbond; b++) {
        double gradient[2][3];
        if (s->molecule[s->bonds[b][0]] != molecule) continue;
        hm_internal_distance(s->frame, x, s->bonds[b], gradient);
        for (size_t a = 0; a < 2; a++) put(s, s->bonds[b][a], gradient[a]);
        take(s, HM_MOTION_STRETCH);
    }
    for (size_t b = 0; b < s->nangle; b++) {
        double gradient[3][3];
        const size_t *atoms = s->angles[b];
        if (s->molecule[atoms[0]] != molecule) continue;
        if (sin(hm_internal_angle(s->frame, x, atoms, gradient)) < STRAIGHT) {
            take_straight(s, atoms, x);
            continue;
        }
        for (size_t a = 0; a < 3; a++) put(s, atoms[a], gradient[a]);
        take(s, HM_MOTION_BEND);
    }
}

/* ---- a frame ---- */

static void add_molecule(struct hm_motions *s, size_t molecule, const double *x, const double *v)
{
    const struct hm_frame *frame = s->frame;
    size_t moving = 0;
    s->length = 3 * s->size[molecule];
    s->rank = 0;
    s->projected = 0;
    memset(s->candidate, 0, s->length * sizeof *s->candidate);
    for (size_t i = 0; i < frame->natom; i++) {
        if (s->molecule[i] != molecule) continue;
        const bool held = hm_frame_holds(frame, i);
        for (size_t k = 0; k < 3; k++) s->u[3 * s->place[i] + k] = held ? 0 : s->root_mass[i] * v[3 * i + k];
        moving += !held;
    }
    if (3 * moving == s->length) take_rigid(s, molecule, x);
    take_internal(s, molecule, x);
    if (s->rank >= 3 * moving) return;
    s->sum[HM_MOTION_TORSION] += dot(s->u, s->u, s->length) - s->projected;
    s->weight[HM_MOTION_TORSION] += (double)(3 * moving - s->rank);
}

void hm_motions_add(struct hm_motions *s, const double *x, const double *v)
{
    double p[3], mass = 0;
    if (s->seen++ % s->every) return;
    for (size_t m = 0; m < s->nmolecule; m++) add_molecule(s, m, x, v);
    if (s->frame->at_rest == 0) return;
    hm_linear_momentum(s->frame, v, p);
    for (size_t i = 0; i < s->frame->natom; i++) mass += s->frame->mass[i];
    s->sum[HM_MOTION_TRANSLATION] -= dot(p, p, 3) / mass;
    s->weight[HM_MOTION_TRANSLATION] -= 3;
}

void hm_motions_read(const struct hm_motions *s, enum hm_motion motion, double *sum, double *weight)
{
    *sum = s->sum[motion];
    *weight = s->weight[motion];
}
