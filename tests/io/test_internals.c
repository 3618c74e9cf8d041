#include "io/internals.h"
#include "io/rng.h"
#include "tests/test.h"

#include <stdint.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const struct hm_rng_key key = {5, 0, HM_RNG_TEST};
static const struct hm_frame alone = {.natom = 4};

enum { NATOM = 4 };

/* Any of the three coordinates, by the number of its atoms. */
static double coordinate(size_t natoms, const struct hm_frame *box, const double *x, const size_t atoms[],
                         double (*gradient)[3])
{
    if (natoms == 2) return hm_internal_distance(box, x, atoms, gradient);
    if (natoms == 3) return hm_internal_angle(box, x, atoms, gradient);
    return hm_internal_dihedral(box, x, atoms, gradient);
}

static void random_atoms(uint64_t draw, double x[3 * NATOM])
{
    for (uint32_t i = 0; i < NATOM; i++) {
        hm_rng_normal3(key, draw, i, x + 3 * i);
        for (size_t k = 0; k < 3; k++) x[3 * i + k] = 1.5 * x[3 * i + k] + (k == 0 ? 2.0 * i : 0.0);
    }
}

static double around(double angle)
{
    return angle - 2 * pi * rint(angle / (2 * pi));
}

/* ---- values by hand ---- */

static void distances_and_angles_by_hand(void)
{
    const double x[12] = {1, 2, 3, 4, 6, 3, 4, 6, 8, 7, 10, 3};
    double g[3][3];
    HM_ASSERT_NEAR(hm_internal_distance(&alone, x, (const size_t[]){0, 1}, g), 5.0, 1e-15);
    const double towards[3] = {0.6, 0.8, 0.0};
    for (int k = 0; k < 3; k++) {
        HM_ASSERT_NEAR(g[1][k], towards[k], 1e-15);
        HM_ASSERT_NEAR(g[0][k], -towards[k], 1e-15);
    }
    HM_ASSERT_NEAR(hm_internal_angle(&alone, x, (const size_t[]){0, 1, 2}, g), pi / 2, 1e-15);
    /* A right angle opens as the end moves away from the other one, by 1/r. */
    HM_ASSERT_NEAR(g[0][2], -1.0 / 5, 1e-15);
    HM_ASSERT_NEAR(g[2][0], 0.6 / 5, 1e-15);
    HM_ASSERT_NEAR(g[2][1], 0.8 / 5, 1e-15);
    HM_ASSERT_NEAR(hm_internal_angle(&alone, x, (const size_t[]){0, 1, 3}, NULL), pi, 1e-15);
    HM_ASSERT_NEAR(hm_internal_angle(&alone, x, (const size_t[]){1, 0, 3}, NULL), 0.0, 1e-15);
    HM_ASSERT_NEAR(hm_internal_angle(&alone, x, (const size_t[]){0, 2, 3}, NULL), acos(0.0), 1e-15);
}

/* The arc cosine would lose half of the digits here. */
static void angles_are_accurate_where_they_are_nearly_straight(void)
{
    for (double small = 1e-3; small > 1e-12; small *= 0.1) {
        const double x[9] = {-1, 0, 0, 0, 0, 0, cos(small), sin(small), 0};
        HM_ASSERT_NEAR(pi - hm_internal_angle(&alone, x, (const size_t[]){0, 1, 2}, NULL), small, 1e-15);
        const double folded[9] = {1, 0, 0, 0, 0, 0, cos(small), sin(small), 0};
        HM_ASSERT_NEAR(hm_internal_angle(&alone, folded, (const size_t[]){0, 1, 2}, NULL), small, 1e-12 * small);
    }
}

/* Looking along +z from j to k with i up at +y, the right hand is at z x y = -x: clockwise turns from +y to -x. */
static void dihedrals_turn_clockwise(void)
{
    for (int degree = -179; degree <= 180; degree++) {
        const double phi = degree * pi / 180;
        const double x[12] = {0, 1.1, -0.3, 0, 0, 0, 0, 0, 1.5, -0.9 * sin(phi), 0.9 * cos(phi), 1.9};
        double backwards[4][3];
        HM_ASSERT_NEAR(around(hm_internal_dihedral(&alone, x, (const size_t[]){0, 1, 2, 3}, NULL) - phi), 0.0, 1e-14);
        HM_ASSERT_NEAR(around(hm_internal_dihedral(&alone, x, (const size_t[]){3, 2, 1, 0}, backwards) - phi), 0.0,
                       1e-14);
    }
}

static void cis_is_zero_and_trans_is_pi(void)
{
    const double cis[12] = {0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1};
    const double trans[12] = {0, 1, 0, 0, 0, 0, 0, 0, 1, 0, -1, 1};
    const size_t forth[] = {0, 1, 2, 3}, back[] = {3, 2, 1, 0};
    CU_ASSERT_EQUAL(hm_internal_dihedral(&alone, cis, forth, NULL), 0.0);
    CU_ASSERT_EQUAL(hm_internal_dihedral(&alone, trans, forth, NULL), pi);
    CU_ASSERT_EQUAL(hm_internal_dihedral(&alone, trans, back, NULL), pi);
    /* Never -pi, whichever way a zero or a rounding error points. */
    for (int side = -1; side <= 1; side++) {
        double x[12];
        memcpy(x, trans, sizeof x);
        x[9] = side * 1e-300;
        const double phi = hm_internal_dihedral(&alone, x, forth, NULL);
        CU_ASSERT_TRUE(phi == pi);
    }
}

/* Geometry of hydrogen peroxide as published (Koput, J. Mol. Spectrosc. 115, 438 (1986)): built from its internal
 * coordinates by placing one atom after the other, and measured. */
static void peroxide_comes_back(void)
{
    const double oh = 0.967, oo = 1.4556, bend = 102.32 * pi / 180, twist = 113.70 * pi / 180;
    const double x[12] = {oh * sin(bend),
                          0,
                          oh * cos(bend),
                          0,
                          0,
                          0,
                          0,
                          0,
                          oo,
                          oh * sin(bend) * cos(twist),
                          oh * sin(bend) * sin(twist),
                          oo - oh * cos(bend)};
    HM_ASSERT_NEAR(hm_internal_distance(&alone, x, (const size_t[]){0, 1}, NULL), oh, 1e-15);
    HM_ASSERT_NEAR(hm_internal_angle(&alone, x, (const size_t[]){0, 1, 2}, NULL), bend, 1e-15);
    HM_ASSERT_NEAR(hm_internal_angle(&alone, x, (const size_t[]){3, 2, 1}, NULL), bend, 1e-15);
    HM_ASSERT_NEAR(hm_internal_dihedral(&alone, x, (const size_t[]){0, 1, 2, 3}, NULL), twist, 1e-15);
}

/* ---- gradients ---- */

/* (-f(2h) + 8 f(h) - 8 f(-h) + f(-2h)) / 12 h, of a value that may go round the circle. */
static double difference(size_t natoms, const struct hm_frame *box, double *x, const size_t atoms[], size_t component)
{
    static const double step[4] = {-2, -1, 1, 2}, weight[4] = {1, -8, 8, -1};
    const double h = 2e-4, here = x[component], start = coordinate(natoms, box, x, atoms, NULL);
    double sum = 0;
    for (int s = 0; s < 4; s++) {
        x[component] = here + step[s] * h;
        const double change = coordinate(natoms, box, x, atoms, NULL) - start;
        sum += weight[s] * (natoms == 4 ? around(change) : change);
    }
    x[component] = here;
    return sum / (12 * h);
}

/* False where atoms are nearly in a line: the difference formula is at its end. */
static bool check_gradient(size_t natoms, const struct hm_frame *box, double *x, const size_t atoms[])
{
    double g[4][3], size = 0;
    const double value = coordinate(natoms, box, x, atoms, g);
    for (size_t a = 0; a < natoms; a++)
        for (size_t k = 0; k < 3; k++) size = fmax(size, fabs(g[a][k]));
    if (size > 3 || (natoms == 3 && sin(value) < 0.05)) return false;
    for (size_t a = 0; a < natoms; a++)
        for (size_t k = 0; k < 3; k++)
            HM_ASSERT_NEAR(g[a][k], difference(natoms, box, x, atoms, 3 * atoms[a] + k), 1e-9);
    return true;
}

static void gradients_agree_with_differences(void)
{
    static const size_t order[4] = {2, 0, 3, 1};
    size_t checked = 0;
    for (uint64_t draw = 0; draw < 200; draw++)
        for (size_t natoms = 2; natoms <= 4; natoms++) {
            double x[12];
            random_atoms(draw, x);
            checked += check_gradient(natoms, &alone, x, order);
        }
    CU_ASSERT_TRUE(checked > 550);
}

static void nothing_pushes_or_turns_the_whole(void)
{
    static const size_t order[4] = {1, 2, 0, 3};
    for (uint64_t draw = 0; draw < 200; draw++)
        for (size_t natoms = 2; natoms <= 4; natoms++) {
            double x[12], g[4][3], sum[3] = {0}, torque[3] = {0}, size = 0;
            random_atoms(draw, x);
            coordinate(natoms, &alone, x, order, g);
            for (size_t a = 0; a < natoms; a++)
                for (size_t k = 0; k < 3; k++) {
                    const size_t p = (k + 1) % 3, q = (k + 2) % 3;
                    sum[k] += g[a][k];
                    torque[k] += x[3 * order[a] + p] * g[a][q] - x[3 * order[a] + q] * g[a][p];
                    size = fmax(size, fabs(g[a][k]));
                }
            for (int k = 0; k < 3; k++) {
                HM_ASSERT_NEAR(sum[k], 0.0, 4e-15 * size);
                HM_ASSERT_NEAR(torque[k], 0.0, 1e-13 * size);
            }
        }
}

static void straight_molecules_have_finite_gradients(void)
{
    const double x[12] = {0, 0, 0, 0, 0, 1, 0, 0, 2.5, 0, 1, 3};
    double g[4][3];
    memset(g, 0x7f, sizeof g);
    HM_ASSERT_NEAR(hm_internal_angle(&alone, x, (const size_t[]){0, 1, 2}, g), pi, 1e-15);
    for (int a = 0; a < 3; a++)
        for (int k = 0; k < 3; k++) CU_ASSERT_EQUAL(g[a][k], 0.0);
    memset(g, 0x7f, sizeof g);
    CU_ASSERT_TRUE(isfinite(hm_internal_dihedral(&alone, x, (const size_t[]){0, 1, 2, 3}, g)));
    for (int a = 0; a < 4; a++)
        for (int k = 0; k < 3; k++) CU_ASSERT_EQUAL(g[a][k], 0.0);
    /* Next to it the gradient of an angle is still 1/r long. */
    const double bent[9] = {0, 0, 0, 0, 1e-9, 1, 0, 0, 2.5};
    hm_internal_angle(&alone, bent, (const size_t[]){0, 1, 2}, g);
    HM_ASSERT_NEAR(sqrt(g[0][0] * g[0][0] + g[0][1] * g[0][1] + g[0][2] * g[0][2]), 1.0, 1e-12);
}

/* ---- symmetry, and boxes ---- */

static void turning_and_mirroring(void)
{
    const double c = cos(0.8), s = sin(0.8);
    static const size_t order[4] = {0, 1, 2, 3};
    for (uint64_t draw = 0; draw < 50; draw++)
        for (size_t natoms = 2; natoms <= 4; natoms++) {
            double x[12], turned[12], mirrored[12];
            random_atoms(draw, x);
            for (size_t i = 0; i < NATOM; i++) {
                const double *p = x + 3 * i;
                turned[3 * i] = c * p[0] - s * p[1] + 7;
                turned[3 * i + 1] = p[2] - 3;
                turned[3 * i + 2] = -(s * p[0] + c * p[1]) + 1;
                for (size_t k = 0; k < 3; k++) mirrored[3 * i + k] = k == 1 ? -p[k] : p[k];
            }
            const double here = coordinate(natoms, &alone, x, order, NULL);
            HM_ASSERT_NEAR(coordinate(natoms, &alone, turned, order, NULL), here, 2e-14);
            HM_ASSERT_NEAR(coordinate(natoms, &alone, mirrored, order, NULL), natoms == 4 ? -here : here, 2e-14);
        }
}

/* A molecule cut by the faces of its cell, each atom in an image of its own, is the molecule. */
static void molecules_may_cross_the_box(void)
{
    static const double cells[][9] = {{30, 0, 0, 0, 31, 0, 0, 0, 32}, {30, 0, 0, 9, 28, 0, -8, 7, 33}};
    static const size_t order[4] = {3, 0, 1, 2};
    for (size_t c = 0; c < 2; c++)
        for (uint64_t draw = 0; draw < 50; draw++)
            for (size_t natoms = 2; natoms <= 4; natoms++) {
                struct hm_frame box = {.natom = NATOM, .periodic = {true, true, true}};
                double x[12], cut[12], free_gradient[4][3], gradient[4][3];
                memcpy(box.cell, cells[c], sizeof box.cell);
                random_atoms(draw, x);
                for (size_t i = 0; i < NATOM; i++)
                    for (size_t k = 0; k < 3; k++)
                        cut[3 * i + k] = x[3 * i + k] + box.cell[3 * (i % 3) + k] - 2 * box.cell[3 * (draw % 3) + k] +
                                         (double)i * box.cell[k];
                const double here = coordinate(natoms, &alone, x, order, free_gradient);
                HM_ASSERT_NEAR(coordinate(natoms, &box, cut, order, gradient), here, 1e-12);
                for (size_t a = 0; a < natoms; a++)
                    for (int k = 0; k < 3; k++)
                        HM_ASSERT_NEAR(gradient[a][k], free_gradient[a][k], 1e-11 + 1e-11 * fabs(gradient[a][k]));
                /* Without the box the pieces are far apart. */
                CU_ASSERT_TRUE(hm_internal_distance(&alone, cut, (const size_t[]){0, 2}, NULL) > 25);
            }
}

static const struct hm_test tests[] = {
    {"distances and angles by hand", distances_and_angles_by_hand},
    {"angles near 0 and pi keep their digits", angles_are_accurate_where_they_are_nearly_straight},
    {"dihedrals turn clockwise seen from j to k", dihedrals_turn_clockwise},
    {"cis is zero, trans is pi", cis_is_zero_and_trans_is_pi},
    {"hydrogen peroxide comes back", peroxide_comes_back},
    {"gradients agree with differences", gradients_agree_with_differences},
    {"no net push, no net turn", nothing_pushes_or_turns_the_whole},
    {"straight molecules have finite gradients", straight_molecules_have_finite_gradients},
    {"turned and mirrored molecules", turning_and_mirroring},
    {"molecules that cross the box", molecules_may_cross_the_box},
};
HM_TEST_MAIN("internals", tests)
