/* Bonds of geometries whose bonds are known, and the molecules they make. */
#include "io/connectivity.h"
#include "io/units.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

/* A water and, far from it, a hydrogen chloride; Angstrom. */
static void make_two_molecules(struct hm_frame *frame)
{
    static const int number[] = {8, 1, 17, 1, 1};
    static const double x[] = {0, 0, 0, 0.757, 0.587, 0, 6, 0, 0, -0.757, 0.587, 0, 6, 1.27, 0};
    HM_ASSERT_OK(hm_frame_create(5, frame));
    memcpy(frame->number, number, sizeof number);
    for (size_t k = 0; k < 15; k++) frame->x[k] = x[k] / HM_LENGTH_ANGSTROM;
}

static void test_bonds_and_molecules(void)
{
    struct hm_frame frame;
    size_t(*bonds)[2], nbond, molecule[5];
    make_two_molecules(&frame);
    HM_ASSERT_OK(hm_connectivity_find(&frame, &bonds, &nbond));
    static const size_t expected[3][2] = {{0, 1}, {0, 3}, {2, 4}}, members[5] = {0, 0, 1, 0, 1};
    CU_ASSERT_EQUAL_FATAL(nbond, 3);
    CU_ASSERT_EQUAL(memcmp(bonds, expected, sizeof expected), 0);
    CU_ASSERT_EQUAL(hm_connectivity_molecules(5, (const size_t(*)[2])bonds, nbond, molecule), 2);
    CU_ASSERT_EQUAL(memcmp(molecule, members, sizeof members), 0);
    free(bonds);
    hm_frame_release(&frame);
}

static void test_bonds_reach_through_the_box(void)
{
    struct hm_frame frame;
    size_t(*bonds)[2], nbond;
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    frame.number[0] = frame.number[1] = 7;
    frame.x[3] = 8.9 / HM_LENGTH_ANGSTROM;
    HM_ASSERT_OK(hm_connectivity_find(&frame, &bonds, &nbond));
    CU_ASSERT_EQUAL(nbond, 0);
    free(bonds);
    frame.periodic[0] = true;
    frame.cell[0] = 10 / HM_LENGTH_ANGSTROM;
    HM_ASSERT_OK(hm_connectivity_find(&frame, &bonds, &nbond));
    CU_ASSERT_EQUAL(nbond, 1);
    free(bonds);
    hm_frame_release(&frame);
}

static void test_crowded_atoms_make_a_longer_list(void)
{
    enum { N = 12 };
    struct hm_frame frame;
    size_t(*bonds)[2], nbond, molecule[N];
    HM_ASSERT_OK(hm_frame_create(N, &frame));
    for (size_t i = 0; i < N; i++) {
        frame.number[i] = 55; /* caesium: all within reach of each other */
        frame.x[3 * i] = (double)i * 0.3;
    }
    HM_ASSERT_OK(hm_connectivity_find(&frame, &bonds, &nbond));
    CU_ASSERT_EQUAL(nbond, N * (N - 1) / 2);
    CU_ASSERT_EQUAL(hm_connectivity_molecules(N, (const size_t(*)[2])bonds, nbond, molecule), 1);
    free(bonds);
    hm_frame_release(&frame);
    CU_ASSERT_EQUAL(hm_covalent_radius(0), 0);
    CU_ASSERT_EQUAL(hm_covalent_radius(118), 0);
}

static const struct hm_test tests[] = {
    {"bonds and molecules", test_bonds_and_molecules},
    {"bonds reach through the box", test_bonds_reach_through_the_box},
    {"crowded atoms make a longer list", test_crowded_atoms_make_a_longer_list},
};
HM_TEST_MAIN("connectivity", tests)
