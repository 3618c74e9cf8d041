/* Rotors of molecules a chemist would name them for, and what a turn changes and what it leaves. */
#include "io/rotors.h"

#include "io/elements.h"
#include "io/internals.h"
#include "io/units.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Angstrom, as ase.build.molecule of ASE 3.22 gives them. */
#define WATER "O 0 0 0 H 0.9572 0 0 H -0.24 0.9266 0"
#define METHANOL                                                                                                  \
    "C -0.04713 0.6644 0 O -0.04713 -0.7586 0 H -1.093 0.9698 0 H 0.8785 -1.048 0 H 0.4371 1.08 0.8918 H 0.4371 " \
    "1.08 -0.8918"
#define ETHANOL                                                                                                  \
    "C 1.168 -0.4004 0 C 0 0.5595 0 O -1.19 -0.2277 0 H -1.947 0.3815 0 H 0.04256 1.208 0.8869 H 0.04256 1.208 " \
    "-0.8869 H 2.116 0.1448 0 H 1.129 -1.037 0.8859 H 1.129 -1.037 -0.8859"
#define PEROXIDE "O 0 0.7341 -0.05275 O 0 -0.7341 -0.05275 H 0.8395 0.8808 0.422 H -0.8395 -0.8808 0.422"
#define BENZENE                                                                                                     \
    "C 0 1.395 0 C 1.208 0.6976 0 C 1.208 -0.6976 0 C 0 -1.395 0 C -1.208 -0.6976 0 C -1.208 0.6976 0 H 0 2.482 0 " \
    "H 2.15 1.241 0 H 2.15 -1.241 0 H 0 -2.482 0 H -2.15 -1.241 0 H -2.15 1.241 0"

#define ETHENE "C 0 0 0.6669 C 0 0 -0.6669 H 0 0.9229 1.2387 H 0 -0.9229 1.2387 H 0 0.9229 -1.2387 H 0 -0.9229 -1.2387"
/* All trans, 1.53 and 1.09 Angstrom. */
#define BUTANE                                                                                                        \
    "C 0 0 0 C 1.25 0.88 0 C 2.5 0 0 C 3.75 0.88 0 H -0.89 0.63 0 H 0 -0.63 0.89 H 0 -0.63 -0.89 H 1.25 1.51 0.89 H " \
    "1.25 1.51 -0.89 H 2.5 -0.63 0.89 H 2.5 -0.63 -0.89 H 3.75 1.51 0.89 H 3.75 1.51 -0.89 H 4.64 0.25 0"

enum { MOST_ATOMS = 16 };

static void read_frame(const char *text, struct hm_frame *frame)
{
    int number[MOST_ATOMS], length;
    double x[3 * MOST_ATOMS];
    char symbol[4];
    size_t n = 0;
    while (sscanf(text, "%3s %lf %lf %lf%n", symbol, &x[3 * n], &x[3 * n + 1], &x[3 * n + 2], &length) == 4) {
        text += length;
        number[n++] = hm_element_number(symbol);
    }
    HM_ASSERT_OK(hm_frame_create(n, frame));
    memcpy(frame->number, number, n * sizeof *number);
    for (size_t k = 0; k < 3 * n; k++) frame->x[k] = x[k] / HM_LENGTH_ANGSTROM;
}

static struct hm_rotors find(const char *geometry, struct hm_frame *frame)
{
    struct hm_rotors rotors;
    read_frame(geometry, frame);
    HM_ASSERT_OK(hm_rotors_find(frame, &rotors));
    CU_ASSERT_EQUAL(rotors.natom, frame->natom);
    return rotors;
}

static size_t count(const char *geometry)
{
    struct hm_frame frame;
    struct hm_rotors rotors = find(geometry, &frame);
    const size_t found = rotors.count;
    hm_rotors_release(&rotors);
    hm_frame_release(&frame);
    return found;
}

static void test_which_bonds_turn(void)
{
    CU_ASSERT_EQUAL(count(WATER), 0);
    CU_ASSERT_EQUAL(count(METHANOL), 0); /* a methyl group turns into itself */
    CU_ASSERT_EQUAL(count(ETHANOL), 1);
    CU_ASSERT_EQUAL(count(PEROXIDE), 1);
    CU_ASSERT_EQUAL(count(BENZENE), 0); /* rings */
    CU_ASSERT_EQUAL(count(ETHENE), 0);  /* a double bond */
    CU_ASSERT_EQUAL(count(BUTANE), 1);  /* the one in the middle */
}

/* The lighter side turns, by the angle that was asked for, and nothing else changes. */
static void test_turn(void)
{
    static const size_t dihedral[4] = {3, 2, 1, 0};
    struct hm_frame frame;
    struct hm_rotors rotors = find(ETHANOL, &frame);
    double before[27], gradient[4][3];
    CU_ASSERT_EQUAL_FATAL(rotors.count, 1);
    CU_ASSERT_EQUAL(rotors.axis[0][0], 1);
    CU_ASSERT_EQUAL(rotors.axis[0][1], 2);
    for (size_t i = 0; i < 9; i++) CU_ASSERT_EQUAL(rotors.turns[i], i == 2 || i == 3);
    memcpy(before, frame.x, sizeof before);
    const double start = hm_internal_dihedral(&frame, frame.x, dihedral, gradient);
    for (int k = 1; k < 12; k++) {
        const double angle = 0.5 * k;
        memcpy(frame.x, before, sizeof before);
        hm_rotor_turn(&rotors, 0, angle, &frame);
        const double now = hm_internal_dihedral(&frame, frame.x, dihedral, gradient);
        HM_ASSERT_NEAR(fabs(remainder(now - start, 2 * acos(-1.0))), fabs(remainder(angle, 2 * acos(-1.0))), 1e-12);
        for (size_t i = 0; i < 9; i++)
            if (i != 3) CU_ASSERT_EQUAL(memcmp(&frame.x[3 * i], &before[3 * i], 3 * sizeof *before), 0);
        static const size_t bond[2] = {2, 3};
        double slope[2][3];
        HM_ASSERT_NEAR(hm_internal_distance(&frame, frame.x, bond, slope),
                       hm_internal_distance(&frame, before, bond, slope), 1e-13);
    }
    hm_rotors_release(&rotors);
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"which bonds turn", test_which_bonds_turn},
    {"a turn", test_turn},
};

HM_TEST_MAIN("rotors", tests)
