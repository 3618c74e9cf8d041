/* Kinetic temperature of species, of kinds of bonds and angles, and of the motions of molecules.
 *
 * For a Maxwell distribution each of these averages is exactly kT, whatever the potential:
 *   species   sum_i m_i |v_i - V|^2 / sum_i 3 (1 - m_i / M); with V = 0 and M infinite where momentum is not conserved
 *   stretch   rdot^2 / sum_i |dr/dx_i|^2 / m_i
 *   bend      thetadot^2 / sum_i |dtheta/dx_i|^2 / m_i
 *   motions   io/analysis/motions.h
 * Source: Wilson, Decius, Cross, Molecular Vibrations (1955), ch. 4 (s vectors and the G matrix).
 */
#include "io/analysis/analysis_internal.h"

#include "io/analysis/motions.h"
#include "io/elements.h"
#include "io/internals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Straighter than this an angle has no plane to bend in. */
#define LEAST_SINE 1e-6

/* In a larger system, or a periodic one, only species are told apart. */
enum { MOLECULE_ATOMS = 64 };

struct group {
    char name[HM_GROUP_NAME];
    double sum, weight;
};

/* A bond or an angle, whose rate belongs to a group. */
struct coordinate {
    size_t natom, atoms[3], group;
};

struct hm_equipartition {
    const struct hm_run *run;
    size_t ngroup, ncoordinate, capacity;
    struct group *groups;
    size_t *atom_group;             /* (natom) */
    struct coordinate *coordinates; /* (ncoordinate) */
    size_t (*bonds)[2];             /* those followed, or found */
    struct hm_motions *motions;     /* NULL: species only */
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

static enum hm_status name_species(struct hm_equipartition *e)
{
    for (size_t i = 0; i < e->run->frame.natom; i++) {
        HM_TRY(find_group(e, symbol(e, i), &e->atom_group[i]));
        e->mass += e->run->frame.mass[i];
    }
    return HM_OK;
}

/* Its name has the two ends in a fixed order, so that H-O and O-H are one group. */
static enum hm_status add_coordinate(struct hm_equipartition *e, const size_t *atoms, size_t natom)
{
    char name[HM_GROUP_NAME];
    struct coordinate *c = &e->coordinates[e->ncoordinate++];
    c->natom = natom;
    memcpy(c->atoms, atoms, natom * sizeof *atoms);
    const char *first = symbol(e, atoms[0]), *last = symbol(e, atoms[natom - 1]);
    if (strcmp(first, last) > 0) {
        const char *swap = first;
        first = last;
        last = swap;
    }
    if (natom == 2)
        snprintf(name, sizeof name, "stretch %s-%s", first, last);
    else
        snprintf(name, sizeof name, "bend %s-%s-%s", first, symbol(e, atoms[1]), last);
    return find_group(e, name, &c->group);
}

static enum hm_status name_coordinates(struct hm_equipartition *e, size_t nbond)
{
    size_t(*angles)[3], nangle;
    HM_TRY(hm_motions_angles(nbond, (const size_t(*)[2])e->bonds, &angles, &nangle));
    enum hm_status status = HM_OK;
    e->coordinates = calloc(nbond + nangle + 1, sizeof *e->coordinates);
    if (!e->coordinates) status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu angles", nangle);
    for (size_t b = 0; status == HM_OK && b < nbond; b++) status = add_coordinate(e, e->bonds[b], 2);
    for (size_t a = 0; status == HM_OK && a < nangle; a++) status = add_coordinate(e, angles[a], 3);
    free(angles);
    return status;
}

static enum hm_status name_motions(struct hm_equipartition *e)
{
    const struct hm_run *run = e->run;
    size_t nbond;
    if (run->info.periodic || run->frame.natom > MOLECULE_ATOMS) return HM_OK;
    HM_TRY(hm_run_bonds(run, &e->bonds, &nbond));
    HM_TRY(name_coordinates(e, nbond));
    return hm_motions_create(&run->frame, nbond, (const size_t(*)[2])e->bonds, run->info.nframe, &e->motions);
}

enum hm_status hm_equipartition_create(const struct hm_run *run, struct hm_equipartition **equipartition)
{
    enum hm_status status;
    *equipartition = NULL;
    struct hm_equipartition *e = calloc(1, sizeof *e);
    if (!e) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: equipartition");
    e->run = run;
    e->atom_group = calloc(run->frame.natom + 1, sizeof *e->atom_group);
    if (!e->atom_group) {
        status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: equipartition of %zu atoms", run->frame.natom);
        goto failed;
    }
    HM_TRY_GOTO(status, name_species(e), failed);
    HM_TRY_GOTO(status, name_motions(e), failed);
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
    hm_motions_destroy(&e->motions);
    free(e->groups);
    free(e->atom_group);
    free(e->coordinates);
    free(e->bonds);
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
    const bool conserved = frame->at_rest > 0;
    double p[3] = {0};
    if (conserved) hm_linear_momentum(frame, v, p);
    for (size_t i = 0; i < frame->natom; i++) {
        double relative[3];
        if (hm_frame_holds(frame, i)) continue;
        for (size_t k = 0; k < 3; k++) relative[k] = v[3 * i + k] - p[k] / e->mass;
        add_sample(&e->groups[e->atom_group[i]], frame->mass[i] * dot(relative, relative),
                   conserved ? 3 * (1 - frame->mass[i] / e->mass) : 3);
    }
}

static void add_rate(struct hm_equipartition *e, const struct coordinate *c, const double *x, const double *v)
{
    const struct hm_frame *frame = &e->run->frame;
    double gradient[3][3], rate = 0, inverse_mass = 0;
    if (c->natom == 2)
        hm_internal_distance(frame, x, c->atoms, gradient);
    else if (!(sin(hm_internal_angle(frame, x, c->atoms, gradient)) > LEAST_SINE))
        return;
    for (size_t a = 0; a < c->natom; a++) {
        if (hm_frame_holds(frame, c->atoms[a])) continue;
        rate += dot(gradient[a], v + 3 * c->atoms[a]);
        inverse_mass += dot(gradient[a], gradient[a]) / frame->mass[c->atoms[a]];
    }
    if (inverse_mass > 0) add_sample(&e->groups[c->group], rate * rate / inverse_mass, 1);
}

void hm_equipartition_add(struct hm_equipartition *e, const double *x, const double *v)
{
    add_species(e, v);
    for (size_t c = 0; c < e->ncoordinate; c++) add_rate(e, &e->coordinates[c], x, v);
    if (e->motions) hm_motions_add(e->motions, x, v);
}

size_t hm_equipartition_groups(const struct hm_equipartition *e)
{
    return e->ngroup + (e->motions ? HM_MOTION_COUNT : 0);
}

/* A group that was never seen is none. */
size_t hm_equipartition_read(const struct hm_equipartition *e, struct hm_group_temperature *groups)
{
    size_t count = 0;
    for (size_t g = 0; g < hm_equipartition_groups(e); g++) {
        const enum hm_motion motion = g < e->ngroup ? 0 : (enum hm_motion)(g - e->ngroup);
        double sum, weight;
        if (g < e->ngroup) {
            sum = e->groups[g].sum;
            weight = e->groups[g].weight;
        } else {
            hm_motions_read(e->motions, motion, &sum, &weight);
        }
        if (!(weight > 0)) continue;
        groups[count].kt = sum / weight;
        snprintf(groups[count++].name, HM_GROUP_NAME, "%s", g < e->ngroup ? e->groups[g].name : hm_motion_name(motion));
    }
    return count;
}
