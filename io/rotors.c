#include "io/rotors.h"

#include "io/connectivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bonds shorter than this times the sum of the covalent radii, which are those of single bonds, are double ones. */
static const double SINGLE = 0.95;
enum { FEWEST_OF_A_TOP = 3 };

struct graph {
    const struct hm_frame *frame;
    size_t (*bonds)[2], nbond;
};

static size_t count_neighbours(const struct graph *g, size_t atom)
{
    size_t count = 0;
    for (size_t b = 0; b < g->nbond; b++) count += g->bonds[b][0] == atom || g->bonds[b][1] == atom;
    return count;
}

/* The atoms that hang on `end` without its bond to `other`: how many; 0 if `other` is one of them. */
static size_t find_side(const struct graph *g, size_t end, size_t other, unsigned char *side)
{
    size_t count = 1;
    memset(side, 0, g->frame->natom);
    side[end] = 1;
    for (bool grows = true; grows;) {
        grows = false;
        for (size_t b = 0; b < g->nbond; b++) {
            const size_t i = g->bonds[b][0], j = g->bonds[b][1];
            if ((i == end && j == other) || (i == other && j == end) || side[i] == side[j]) continue;
            side[i] = side[j] = 1;
            count++;
            grows = true;
        }
    }
    return side[other] ? 0 : count;
}

/* Do only equal single atoms hang on `end`, enough of them that a turn changes nothing? */
static bool is_top(const struct graph *g, size_t end, size_t other)
{
    size_t count = 0;
    int number = 0;
    for (size_t b = 0; b < g->nbond; b++) {
        const size_t i = g->bonds[b][0], j = g->bonds[b][1];
        if (i != end && j != end) continue;
        const size_t atom = i == end ? j : i;
        if (atom == other) continue;
        if (count_neighbours(g, atom) > 1 || (count > 0 && g->frame->number[atom] != number)) return false;
        number = g->frame->number[atom];
        count++;
    }
    return count >= FEWEST_OF_A_TOP;
}

static bool is_single(const struct hm_frame *f, size_t i, size_t j)
{
    double d[3];
    hm_minimum_image(f, f->x + 3 * i, f->x + 3 * j, d);
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) >
           SINGLE * (hm_covalent_radius(f->number[i]) + hm_covalent_radius(f->number[j]));
}

static void add_if_turns(const struct graph *g, const size_t bond[2], struct hm_rotors *r)
{
    const size_t n = g->frame->natom, i = bond[0], j = bond[1];
    unsigned char *side = &r->turns[r->count * n];
    if (count_neighbours(g, i) < 2 || count_neighbours(g, j) < 2 || !is_single(g->frame, i, j)) return;
    if (is_top(g, i, j) || is_top(g, j, i)) return;
    const size_t at_i = find_side(g, i, j, side), at_j = find_side(g, j, i, side);
    if (at_j == 0) return;
    if (at_i < at_j) find_side(g, i, j, side);
    r->axis[r->count][0] = at_i < at_j ? j : i;
    r->axis[r->count++][1] = at_i < at_j ? i : j;
}

enum hm_status hm_rotors_find(const struct hm_frame *frame, struct hm_rotors *rotors)
{
    struct graph g = {.frame = frame};
    HM_TRY(hm_connectivity_find(frame, &g.bonds, &g.nbond));
    *rotors = (struct hm_rotors){.natom = frame->natom};
    rotors->axis = calloc(g.nbond + 1, sizeof *rotors->axis);
    rotors->turns = calloc((g.nbond + 1) * frame->natom, sizeof *rotors->turns);
    const bool good = rotors->axis && rotors->turns;
    for (size_t b = 0; good && b < g.nbond; b++) add_if_turns(&g, g.bonds[b], rotors);
    free(g.bonds);
    if (good) return HM_OK;
    hm_rotors_release(rotors);
    return hm_fail(HM_OUT_OF_MEMORY, "no memory for the rotors of %zu atoms", frame->natom);
}

void hm_rotors_release(struct hm_rotors *rotors)
{
    free(rotors->axis);
    free(rotors->turns);
    *rotors = (struct hm_rotors){0};
}

/* Rodrigues: d cos a + (u x d) sin a + u (u . d) (1 - cos a), d from the end of the axis that turns. */
void hm_rotor_turn(const struct hm_rotors *rotors, size_t rotor, double angle, struct hm_frame *frame)
{
    const size_t *axis = rotors->axis[rotor];
    const double *pivot = &frame->x[3 * axis[1]], c = cos(angle), s = sin(angle);
    double u[3], d[3];
    hm_minimum_image(frame, &frame->x[3 * axis[0]], pivot, u);
    const double length = sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
    for (size_t k = 0; k < 3; k++) u[k] /= length;
    for (size_t i = 0; i < frame->natom; i++) {
        if (!rotors->turns[rotor * rotors->natom + i] || i == axis[1]) continue;
        hm_minimum_image(frame, pivot, &frame->x[3 * i], d);
        const double along = u[0] * d[0] + u[1] * d[1] + u[2] * d[2];
        for (size_t k = 0; k < 3; k++) {
            const double across = u[(k + 1) % 3] * d[(k + 2) % 3] - u[(k + 2) % 3] * d[(k + 1) % 3];
            frame->x[3 * i + k] = pivot[k] + d[k] * c + across * s + u[k] * along * (1 - c);
        }
    }
}
