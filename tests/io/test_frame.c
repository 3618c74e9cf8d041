#include "io/frame.h"
#include "io/rng.h"
#include "io/units.h"
#include "tests/test.h"

#include <stdint.h>
#include <string.h>

static const struct hm_rng_key key = {11, 0, HM_RNG_TEST};

/* A frame of random atoms in a random cell. */
static void make_frame(size_t natom, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    for (size_t i = 0; i < natom; i++) {
        double u[2];
        frame->number[i] = 1 + (int)(i % 8);
        hm_rng_uniform2(key, 1, (uint32_t)i, u);
        frame->mass[i] = 1000.0 + 2000.0 * u[0];
        hm_rng_normal3(key, 2, (uint32_t)i, frame->x + 3 * i);
        hm_rng_normal3(key, 3, (uint32_t)i, frame->v + 3 * i);
        for (size_t k = 0; k < 3; k++) {
            frame->x[3 * i + k] *= 10.0;
            frame->image[3 * i + k] = (int)i - (int)k;
        }
    }
    frame->has_velocities = true;
}

static double length(const double d[3])
{
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

/* The shortest of (2 reach + 1)^3 images. */
static double brute_force(const struct hm_frame *frame, const double *xi, const double *xj, int reach)
{
    double best = INFINITY;
    for (int a = -reach; a <= reach; a++)
        for (int b = -reach; b <= reach; b++)
            for (int c = -reach; c <= reach; c++) {
                if ((a && !frame->periodic[0]) || (b && !frame->periodic[1]) || (c && !frame->periodic[2])) continue;
                double d[3];
                for (int k = 0; k < 3; k++)
                    d[k] = xj[k] - xi[k] + a * frame->cell[k] + b * frame->cell[3 + k] + c * frame->cell[6 + k];
                best = fmin(best, length(d));
            }
    return best;
}

static void nearest_image_is_the_nearest(void)
{
    static const double cells[][9] = {
        {7, 0, 0, 0, 9, 0, 0, 0, 11},     /* orthogonal */
        {9, 0, 0, 4.5, 7.8, 0, 0, 0, 12}, /* hexagonal */
        {10, 0, 0, 9, 3, 0, 8, 2, 4},     /* strongly skewed */
        {6, 1, -2, 3, 8, 1, -2, 2, 7},    /* nothing special */
        {0, 0, 5, 6, 0, 0, 0, 7, 0},      /* permuted axes */
        {-7, 0, 0, 0, 9, 0, 0, 0, 11},    /* left-handed */
    };
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++)
        for (int mask = 0; mask < 8; mask++) {
            struct hm_frame frame;
            make_frame(20, &frame);
            memcpy(frame.cell, cells[c], sizeof frame.cell);
            for (int k = 0; k < 3; k++) frame.periodic[k] = (mask >> k & 1) != 0;
            for (int k = 0; k < 9; k++)
                if (!frame.periodic[k / 3]) frame.cell[k] = 0.0;
            for (size_t i = 1; i < 20; i++) {
                double d[3], back[3];
                hm_minimum_image(&frame, frame.x, frame.x + 3 * i, d);
                hm_minimum_image(&frame, frame.x + 3 * i, frame.x, back);
                HM_ASSERT_NEAR(length(d), brute_force(&frame, frame.x, frame.x + 3 * i, 14), 1e-10);
                HM_ASSERT_NEAR(length(d), length(back), 1e-10);
            }
            hm_frame_release(&frame);
        }
}

static void far_and_broken_positions_end(void)
{
    struct hm_frame frame;
    const double skewed[9] = {10, 0, 0, 9, 3, 0, 8, 2, 4};
    const double far[][3] = {{1e300, 0, 0}, {NAN, 0, 0}, {1e25, -1e25, 3}, {INFINITY, 1, 1}};
    make_frame(2, &frame);
    memcpy(frame.cell, skewed, sizeof skewed);
    for (int k = 0; k < 3; k++) frame.periodic[k] = true;
    /* No endless search, no undefined conversion; a broken position stays visibly broken. */
    for (size_t i = 0; i < 4; i++) {
        double d[3] = {0};
        hm_minimum_image(&frame, frame.x, far[i], d);
        if (i == 1 || i == 3) CU_ASSERT_FALSE(isfinite(length(d)));
    }
    double near[3], d[3];
    for (int k = 0; k < 3; k++) near[k] = frame.x[k] + 1e6 * frame.cell[k] + 0.25;
    hm_minimum_image(&frame, frame.x, near, d);
    for (int k = 0; k < 3; k++) HM_ASSERT_NEAR(d[k], 0.25, 1e-8);
    hm_frame_release(&frame);
}

static void check_finds(struct hm_frame *frame, const char *words)
{
    CU_ASSERT_EQUAL(hm_frame_check(frame, "geometry.xyz"), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "geometry.xyz"));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
}

static void faults_are_named(void)
{
    struct hm_frame frame;
    make_frame(50, &frame);
    HM_ASSERT_OK(hm_frame_check(&frame, "geometry.xyz"));
    double saved = frame.x[3 * 7 + 1];
    frame.x[3 * 7 + 1] = NAN;
    check_finds(&frame, "position of atom 7 (O)");
    frame.x[3 * 7 + 1] = saved;
    saved = frame.v[3 * 8 + 2];
    frame.v[3 * 8 + 2] = INFINITY;
    check_finds(&frame, "velocity of atom 8 (H)");
    frame.v[3 * 8 + 2] = saved;
    saved = frame.mass[9];
    frame.mass[9] = -saved;
    check_finds(&frame, "mass of atom 9 (He)");
    frame.mass[9] = 0.0;
    check_finds(&frame, "mass of atom 9");
    frame.mass[9] = saved;
    for (size_t k = 0; k < 3; k++) frame.x[3 * 40 + k] = frame.x[3 * 3 + k] + 0.05;
    check_finds(&frame, "atoms 3 (Be) and 40 (H)");
    frame.x[3 * 40] += 1.0;
    HM_ASSERT_OK(hm_frame_check(&frame, "geometry.xyz"));
    hm_frame_release(&frame);
    struct hm_frame none;
    HM_ASSERT_OK(hm_frame_create(0, &none));
    check_finds(&none, "no atoms");
    hm_frame_release(&none);
}

static void close_atoms_are_found_across_the_boundary(void)
{
    for (size_t axis = 0; axis < 3; axis++) {
        struct hm_frame frame;
        HM_ASSERT_OK(hm_frame_create(3, &frame));
        for (size_t i = 0; i < 3; i++) {
            frame.number[i] = 1;
            frame.mass[i] = 1837.0;
            for (size_t k = 0; k < 3; k++) frame.x[3 * i + k] = 4.0 * (double)(i % 2);
        }
        for (size_t k = 0; k < 3; k++) {
            frame.cell[4 * k] = 8.0;
            frame.periodic[k] = true;
            frame.x[k] = frame.x[6 + k] = 1.0;
        }
        frame.x[axis] = 0.02;
        frame.x[6 + axis] = 8.0 - 0.02 + 16.0;
        check_finds(&frame, "atoms 0 (H) and 2 (H)");
        frame.periodic[axis] = false;
        frame.cell[4 * axis] = 0.0;
        HM_ASSERT_OK(hm_frame_check(&frame, "geometry.xyz"));
        hm_frame_release(&frame);
    }
}

static void flat_cells_are_refused(void)
{
    static const double flat[][9] = {{0, 0, 0, 0, 5, 0, 0, 0, 5},
                                     {5, 0, 0, 5, 0, 0, 0, 0, 5},
                                     {5, 0, 0, 0, 5, 0, 5, 5, 0},
                                     {NAN, 0, 0, 0, 5, 0, 0, 0, 5}};
    for (size_t i = 0; i < 4; i++) {
        struct hm_frame frame;
        make_frame(2, &frame);
        memcpy(frame.cell, flat[i], sizeof frame.cell);
        for (int k = 0; k < 3; k++) frame.periodic[k] = true;
        check_finds(&frame, "cell");
        hm_frame_release(&frame);
    }
}

static void volumes_and_sums(void)
{
    struct hm_frame frame;
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    const double cell[9] = {2, 0, 0, 1, 3, 0, 5, 6, -4};
    memcpy(frame.cell, cell, sizeof cell);
    CU_ASSERT_EQUAL(hm_frame_volume(&frame), 0.0);
    CU_ASSERT_FALSE(hm_frame_is_periodic(&frame));
    frame.periodic[1] = true;
    CU_ASSERT_TRUE(hm_frame_is_periodic(&frame));
    CU_ASSERT_EQUAL(hm_frame_volume(&frame), 0.0);
    frame.periodic[0] = frame.periodic[2] = true;
    HM_ASSERT_NEAR(hm_frame_volume(&frame), 24.0, 1e-12);
    frame.mass[0] = 2.0;
    frame.mass[1] = 3.0;
    const double x[6] = {1, 0, 0, 0, 2, 0}, v[6] = {0, 1, 0, 0, 0, 2};
    double p[3], l[3];
    HM_ASSERT_NEAR(hm_kinetic_energy(&frame, v), 7.0, 1e-14);
    hm_linear_momentum(&frame, v, p);
    CU_ASSERT_TRUE(p[0] == 0.0 && p[1] == 2.0 && p[2] == 6.0);
    hm_angular_momentum(&frame, x, v, l);
    CU_ASSERT_TRUE(l[0] == 12.0 && l[1] == 0.0 && l[2] == 2.0);
    CU_ASSERT_EQUAL(hm_degrees_of_freedom(&frame), 3);
    hm_frame_release(&frame);
    CU_ASSERT_PTR_NULL(frame.x);
    make_frame(1, &frame);
    CU_ASSERT_EQUAL(hm_degrees_of_freedom(&frame), 3);
    hm_frame_release(&frame);
}

/* What holds an atom takes up momentum: three for every other atom, and none of the whole at rest. */
static void frozen_atoms_rest(void)
{
    struct hm_frame frame;
    make_frame(5, &frame);
    CU_ASSERT_EQUAL(hm_degrees_of_freedom(&frame), 12);
    for (size_t k = 0; k < 15; k++) frame.v[k] = 1.0;
    for (int twice = 0; twice < 2; twice++) hm_frame_freeze(&frame, 3);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(hm_frame_holds(&frame, i), i == 3);
        CU_ASSERT_EQUAL(frame.v[3 * i + 2], i == 3 ? 0.0 : 1.0);
    }
    CU_ASSERT_EQUAL(hm_degrees_of_freedom(&frame), 12);
    hm_frame_freeze(&frame, 0);
    CU_ASSERT_EQUAL(hm_degrees_of_freedom(&frame), 9);
    hm_frame_release(&frame);
}

static bool same(const struct hm_frame *a, const struct hm_frame *b)
{
    const size_t n = a->natom;
    return n == b->natom && !memcmp(a->x, b->x, 24 * n) && !memcmp(a->v, b->v, 24 * n) &&
           !memcmp(a->mass, b->mass, 8 * n) && !memcmp(a->number, b->number, n * sizeof(int)) &&
           !memcmp(a->image, b->image, 3 * n * sizeof(int)) && !memcmp(a->cell, b->cell, sizeof a->cell) &&
           !memcmp(a->periodic, b->periodic, sizeof a->periodic) && a->has_velocities == b->has_velocities &&
           !memcmp(a->frozen, b->frozen, n * sizeof(bool)) && a->nfrozen == b->nfrozen && a->at_rest == b->at_rest;
}

static void copies_and_archives_are_equal(void)
{
    struct hm_frame frame, copy, loaded;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    make_frame(9, &frame);
    frame.cell[4] = 3.5;
    frame.periodic[1] = true;
    hm_frame_freeze(&frame, 2);
    hm_frame_freeze(&frame, 8);
    frame.at_rest = 1;
    HM_ASSERT_OK(hm_frame_copy(&frame, &copy));
    CU_ASSERT_TRUE(same(&frame, &copy));
    hm_frame_save(&frame, &archive);
    HM_ASSERT_OK(archive.status);
    HM_ASSERT_OK(hm_frame_load(&loaded, &archive));
    CU_ASSERT_TRUE(same(&frame, &loaded));
    CU_ASSERT_EQUAL(archive.cursor, archive.size);
    loaded.x[4] += 1e-15 + fabs(loaded.x[4]) * 1e-15;
    CU_ASSERT_FALSE(same(&frame, &loaded));
    hm_frame_release(&loaded);
    for (size_t size = 0; size < archive.size; size++) {
        struct hm_archive part = hm_archive_view(archive.bytes, size);
        CU_ASSERT_EQUAL(hm_frame_load(&loaded, &part), HM_BAD_INPUT);
        CU_ASSERT_PTR_NULL(loaded.storage);
    }
    const uint64_t absurd = UINT64_MAX / 3;
    memcpy(archive.bytes + 8, &absurd, sizeof absurd);
    archive.cursor = 0;
    CU_ASSERT_EQUAL(hm_frame_load(&loaded, &archive), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(hm_frame_create(SIZE_MAX / 2, &loaded), HM_OUT_OF_MEMORY);
    hm_archive_release(&archive);
    hm_frame_release(&copy);
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"the nearest image is the nearest of all", nearest_image_is_the_nearest},
    {"far and broken positions", far_and_broken_positions_end},
    {"faults name the atom", faults_are_named},
    {"close atoms across the boundary", close_atoms_are_found_across_the_boundary},
    {"flat cells are refused", flat_cells_are_refused},
    {"volumes and sums", volumes_and_sums},
    {"frozen atoms rest", frozen_atoms_rest},
    {"copy, save and load", copies_and_archives_are_equal},
};
HM_TEST_MAIN("frame", tests)
