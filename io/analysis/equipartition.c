/* Kinetic temperature of species, bond stretches and angle bends.
 *
 * For a Maxwell distribution without net momentum each of these averages is exactly kT, whatever the potential:
 *   species   sum_i m_i |v_i - V|^2 / sum_i 3 (1 - m_i / M)
 *   stretch   mu_ij ((v_j - v_i) . r_ij / |r_ij|)^2
 *   bend      thetadot^2 / sum_i |dtheta/dx_i|^2 / m_i
 * Source: Wilson, Decius, Cross, Molecular Vibrations (1955), ch. 4 (s vectors and the G matrix).
 */
#include "io/analysis/analysis_internal.h"

#include "io/elements.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Straighter than this an angle has no plane to bend in. */
#define LEAST_SINE 1e-6

struct group {
    char name[HM_GROUP_NAME];
    double sum, weight;
};

struct angle {
    size_t end[2], centre, group;
};

struct hm_equipartition {
    const struct hm_run *run;
    size_t ngroup, nangle, capacity;
    struct group *groups;
    size_t *atom_group;   /* (natom) */
    size_t *bond_group;   /* (nbond) */
    struct angle *angles; /* (nangle) */
    double mass;
};

static enum hm_status find_group(struct hm_equipartition *e, const char *name, size_t *index)
{
    for (*index = 0; *index < e->ngroup; ++*index)
        if (strcmp(e->groups[*index].name, name) == 0) return HM_OK;
    if (e->ngroup == e->capacity) {
        const size_t capacity = e->capacity ? 2 * e->capacity : 8;
        struct group *groups = realloc(e->groups, capacity * sizeof *groups);
        if (!groups) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu groups", capacity);
        e->groups = groups;
        e->capacity = capacity;
    }
    e->groups[e->ngroup] = (struct group){.sum = 0};
    snprintf(e->groups[e->ngroup++].name, HM_GROUP_NAME, "%s", name);
    return HM_OK;
}

static const char *symbol(const struct hm_equipartition *e, size_t atom)
{
    return hm_element_symbol(e->run->frame.number[atom]);
}

/* The two ends of a name in a fixed order, so that H-O and O-H are one group. */
static void sort_ends(const struct hm_equipartition *e, size_t end[2])
{
    if (strcmp(symbol(e, end[0]), symbol(e, end[1])) <= 0) return;
    const size_t swap = end[0];
    end[0] = end[1];
    end[1] = swap;
}

static enum hm_status name_species_and_bonds(struct hm_equipartition *e)
{
    const struct hm_run *run = e->run;
    for (size_t i = 0; i < run->frame.natom; i++) {
        HM_TRY(find_group(e, symbol(e, i), &e->atom_group[i]));
        e->mass += run->frame.mass[i];
    }
    for (size_t b = 0; b < run->nbond; b++) {
        char name[HM_GROUP_NAME];
        size_t end[2] = {run->bonds[b][0], run->bonds[b][1]};
        sort_ends(e, end);
        snprintf(name, sizeof name, "stretch %s-%s", symbol(e, end[0]), symbol(e, end[1]));
        HM_TRY(find_group(e, name, &e->bond_group[b]));
    }
    return HM_OK;
}

/* The atom that two bonds share, if they share one. */
static bool shared_atom(const size_t a[2], const size_t b[2], struct angle *angle)
{
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++) {
            if (a[i] != b[j] || a[1 - i] == b[1 - j]) continue;
            *angle = (struct angle){.end = {a[1 - i], b[1 - j]}, .centre = a[i]};
            return true;
        }
    return false;
}

static enum hm_status add_angle(struct hm_equipartition *e, struct angle *angle, size_t *capacity)
{
    char name[HM_GROUP_NAME];
    if (e->nangle == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 16;
        struct angle *angles = realloc(e->angles, *capacity * sizeof *angles);
        if (!angles) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu angles", *capacity);
        e->angles = angles;
    }
    sort_ends(e, angle->end);
    snprintf(name, sizeof name, "bend %s-%s-%s", symbol(e, angle->end[0]), symbol(e, angle->centre),
             symbol(e, angle->end[1]));
    HM_TRY(find_group(e, name, &angle->group));
    e->angles[e->nangle++] = *angle;
    return HM_OK;
}

/* All pairs of bonds: followed bonds are few (those of molecules). */
static enum hm_status name_angles(struct hm_equipartition *e)
{
    const struct hm_run *run = e->run;
    size_t capacity = 0;
    for (size_t a = 0; a < run->nbond; a++)
        for (size_t b = a + 1; b < run->nbond; b++) {
            struct angle angle;
            if (shared_atom(run->bonds[a], run->bonds[b], &angle)) HM_TRY(add_angle(e, &angle, &capacity));
        }
    return HM_OK;
}

enum hm_status hm_equipartition_create(const struct hm_run *run, struct hm_equipartition **equipartition)
{
    enum hm_status status;
    *equipartition = NULL;
    struct hm_equipartition *e = calloc(1, sizeof *e);
    if (!e) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: equipartition");
    e->run = run;
    e->atom_group = calloc(run->frame.natom + 1, sizeof *e->atom_group);
    e->bond_group = calloc(run->nbond + 1, sizeof *e->bond_group);
    if (!e->atom_group || !e->bond_group) {
        status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: equipartition of %zu atoms", run->frame.natom);
        goto failed;
    }
    HM_TRY_GOTO(status, name_species_and_bonds(e), failed);
    HM_TRY_GOTO(status, name_angles(e), failed);
    *equipartition = e;
    return HM_OK;
failed:
    hm_equipartition_destroy(&e);
    return status;
}

void hm_equipartition_destroy(struct hm_equipartition **equipartition)
{
    struct hm_equipartition *e = *equipartition;
    if (!e) return;
    free(e->groups);
    free(e->atom_group);
    free(e->bond_group);
    free(e->angles);
    free(e);
    *equipartition = NULL;
}

/* ---- a frame ---- */

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void add_sample(struct group *group, double sum, double weight)
{
    group->sum += sum;
    group->weight += weight;
}

static void add_species(struct hm_equipartition *e, const double *v)
{
    const struct hm_frame *frame = &e->run->frame;
    double p[3];
    hm_linear_momentum(frame, v, p);
    for (size_t i = 0; i < frame->natom; i++) {
        double relative[3];
        for (size_t k = 0; k < 3; k++) relative[k] = v[3 * i + k] - p[k] / e->mass;
        add_sample(&e->groups[e->atom_group[i]], frame->mass[i] * dot(relative, relative),
                   3 * (1 - frame->mass[i] / e->mass));
    }
}

static void add_stretch(struct hm_equipartition *e, size_t b, const double *x, const double *v)
{
    const struct hm_frame *frame = &e->run->frame;
    const size_t i = e->run->bonds[b][0], j = e->run->bonds[b][1];
    double d[3], relative[3];
    hm_minimum_image(frame, x + 3 * i, x + 3 * j, d);
    for (size_t k = 0; k < 3; k++) relative[k] = v[3 * j + k] - v[3 * i + k];
    const double along = dot(relative, d), reduced = 1 / (1 / frame->mass[i] + 1 / frame->mass[j]);
    if (dot(d, d) > 0) add_sample(&e->groups[e->bond_group[b]], reduced * along * along / dot(d, d), 1);
}

/* dtheta/dx of the ends is (cos e1 - e2) / (r1 sin) and alike; the sine drops out of the ratio. */
static void add_bend(struct hm_equipartition *e, const struct angle *angle, const double *x, const double *v)
{
    const struct hm_frame *frame = &e->run->frame;
    double arm[2][3], r[2], s[3][3];
    for (size_t a = 0; a < 2; a++) {
        hm_minimum_image(frame, x + 3 * angle->centre, x + 3 * angle->end[a], arm[a]);
        r[a] = sqrt(dot(arm[a], arm[a]));
        if (!(r[a] > 0)) return;
        for (size_t k = 0; k < 3; k++) arm[a][k] /= r[a];
    }
    const double cosine = dot(arm[0], arm[1]);
    if (!(1 - cosine * cosine > LEAST_SINE * LEAST_SINE)) return;
    for (size_t k = 0; k < 3; k++) {
        s[0][k] = (cosine * arm[0][k] - arm[1][k]) / r[0];
        s[1][k] = (cosine * arm[1][k] - arm[0][k]) / r[1];
        s[2][k] = -s[0][k] - s[1][k];
    }
    const size_t atom[3] = {angle->end[0], angle->end[1], angle->centre};
    double rate = 0, inverse_mass = 0;
    for (size_t a = 0; a < 3; a++) {
        rate += dot(s[a], v + 3 * atom[a]);
        inverse_mass += dot(s[a], s[a]) / frame->mass[atom[a]];
    }
    add_sample(&e->groups[angle->group], rate * rate / inverse_mass, 1);
}

void hm_equipartition_add(struct hm_equipartition *e, const double *x, const double *v)
{
    add_species(e, v);
    for (size_t b = 0; b < e->run->nbond; b++) add_stretch(e, b, x, v);
    for (size_t a = 0; a < e->nangle; a++) add_bend(e, &e->angles[a], x, v);
}

size_t hm_equipartition_groups(const struct hm_equipartition *e)
{
    return e->ngroup;
}

void hm_equipartition_read(const struct hm_equipartition *e, struct hm_group_temperature *groups)
{
    for (size_t g = 0; g < e->ngroup; g++) {
        memcpy(groups[g].name, e->groups[g].name, HM_GROUP_NAME);
        groups[g].kt = e->groups[g].weight > 0 ? e->groups[g].sum / e->groups[g].weight : NAN;
    }
}
