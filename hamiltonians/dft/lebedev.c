#include "hamiltonians/dft/lebedev.h"

#include <assert.h>
#include <math.h>

enum orbit_kind { RULE, VERTEX, EDGE, FACE, PAIR, PLANE, GENERAL };

/* The table, a line each: a rule (points, degree), then its orbits. */
struct line {
    enum orbit_kind kind;
    size_t points;
    int degree;
    double p, q, weight;
};

static const struct line lines[] = {
#define HM_RULE(points, degree) {RULE, points, degree, 0.0, 0.0, 0.0},
#define HM_ORBIT(kind, p, q, weight) {kind, 0, 0, p, q, weight},
#include "hamiltonians/dft/lebedev.def"
#undef HM_RULE
#undef HM_ORBIT
};

enum { LINES = sizeof lines / sizeof *lines };

size_t hm_lebedev_offered(size_t index, int *degree)
{
    for (size_t i = 0; i < LINES; i++)
        if (lines[i].kind == RULE && index-- == 0) {
            if (degree) *degree = lines[i].degree;
            return lines[i].points;
        }
    return 0;
}

static void corner(const struct line *orbit, double at[3])
{
    const double p = orbit->p, q = orbit->q;
    at[0] = at[1] = at[2] = 0.0;
    switch (orbit->kind) {
    case RULE:
        break;
    case VERTEX:
        at[2] = 1.0;
        break;
    case EDGE:
        at[1] = at[2] = sqrt(0.5);
        break;
    case FACE:
        at[0] = at[1] = at[2] = sqrt(1.0 / 3.0);
        break;
    case PAIR:
        at[0] = at[1] = p;
        at[2] = sqrt(1.0 - 2.0 * p * p);
        break;
    case PLANE:
        at[0] = p;
        at[1] = sqrt(1.0 - p * p);
        break;
    case GENERAL:
        at[0] = p;
        at[1] = q;
        at[2] = sqrt(1.0 - p * p - q * q);
        break;
    }
}

/* All different images under the octahedral group: the orders of the coordinates that differ, and the signs of those
 * that are not zero. */
static size_t add_orbit(const double at[3], double weight, double *r, double *w)
{
    static const int order[6][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {1, 0, 2}, {0, 2, 1}, {2, 1, 0}};
    size_t count = 0;
    for (int o = 0; o < 6; o++) {
        const double image[3] = {at[order[o][0]], at[order[o][1]], at[order[o][2]]};
        int known = 0;
        for (int earlier = 0; earlier < o && !known; earlier++)
            known = image[0] == at[order[earlier][0]] && image[1] == at[order[earlier][1]] &&
                    image[2] == at[order[earlier][2]];
        for (int signs = 0; signs < 8 && !known; signs++) {
            int minus_zero = 0;
            for (int k = 0; k < 3; k++) minus_zero |= (signs >> k & 1) && image[k] == 0.0;
            if (minus_zero) continue;
            for (int k = 0; k < 3; k++) r[3 * count + (size_t)k] = signs >> k & 1 ? -image[k] : image[k];
            w[count++] = weight;
        }
    }
    return count;
}

void hm_lebedev_rule(size_t points, double *r, double *w)
{
    size_t i = 0, count = 0;
    while (i < LINES && lines[i].points != points) i++;
    assert(i < LINES);
    for (i++; i < LINES && lines[i].kind != RULE; i++) {
        double at[3];
        corner(&lines[i], at);
        count += add_orbit(at, lines[i].weight, r + 3 * count, w + count);
    }
    assert(count == points);
}
