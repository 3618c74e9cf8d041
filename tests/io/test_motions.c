/* Kinetic energy by kind of motion: how many there are of each, what pure motions are, and the canonical mean. */
#include "io/analysis/motions.h"
#include "io/rng.h"
#include "tests/test.h"

#include <string.h>

enum { MOST = 8 };

struct molecule {
    const char *name;
    size_t natom, nbond;
    int number[MOST];
    double mass[MOST];
    double x[MOST][3];
    size_t bonds[MOST][2];
    double expected[HM_MOTION_COUNT]; /* dimensions, of an isolated molecule whose momentum is not conserved */
};

#define H 1837.0
#define C 21874.0
#define O 29156.0

static const struct molecule molecules[] = {
    {"atom", 1, 0, {8}, {O}, {{0.3, 0, 1}}, {{0}}, {3, 0, 0, 0, 0}},
    {"diatomic", 2, 1, {1, 8}, {H, O}, {{0, 0, 0}, {1, 1, 0.5}}, {{0, 1}}, {3, 2, 1, 0, 0}},
    {"water",
     3,
     2,
     {8, 1, 1},
     {O, H, H},
     {{0, 0, 0}, {1.8, 0.1, 0}, {-0.5, 1.7, 0.2}},
     {{0, 1}, {2, 0}},
     {3, 3, 2, 1, 0}},
    {"carbon dioxide",
     3,
     2,
     {6, 8, 8},
     {C, O, O},
     {{0, 0, 0}, {0, 0, 2.2}, {0, 0, -2.2}},
     {{0, 1}, {0, 2}},
     {3, 2, 2, 2, 0}},
    {"acetylene",
     4,
     3,
     {6, 6, 1, 1},
     {C, C, H, H},
     {{0, 0, 0}, {2.3, 0, 0}, {-2, 0, 0}, {4.3, 0, 0}},
     {{0, 1}, {0, 2}, {1, 3}},
     {3, 2, 3, 4, 0}},
    {"hydrogen peroxide",
     4,
     3,
     {8, 8, 1, 1},
     {O, O, H, H},
     {{0, 0, 0}, {2.75, 0, 0}, {-0.3, 1.8, 0}, {3.05, -0.7, 1.7}},
     {{0, 1}, {0, 2}, {1, 3}},
     {3, 3, 3, 2, 1}},
    {"ring of three",
     3,
     3,
     {6, 6, 6},
     {C, C, C},
     {{0, 0, 0}, {2.8, 0, 0}, {1.4, 2.4, 0.1}},
     {{0, 1}, {1, 2}, {2, 0}},
     {3, 3, 3, 0, 0}},
    {"water and an atom",
     4,
     2,
     {8, 1, 1, 8},
     {O, H, H, O},
     {{0, 0, 0}, {1.8, 0.1, 0}, {-0.5, 1.7, 0.2}, {9, 9, 9}},
     {{0, 1}, {0, 2}},
     {6, 3, 2, 1, 0}},
};

enum { MOLECULES = sizeof molecules / sizeof *molecules };

static void make(const struct molecule *m, bool conserved, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(m->natom, frame));
    memcpy(frame->number, m->number, m->natom * sizeof *m->number);
    memcpy(frame->mass, m->mass, m->natom * sizeof *m->mass);
    memcpy(frame->x, m->x, 3 * m->natom * sizeof(double));
    frame->at_rest = conserved ? 3 : 0;
}

static const double KT = 1e-3;

static void draw(const struct hm_frame *frame, uint64_t step, double *v)
{
    const struct hm_rng_key key = {3, 0, HM_RNG_TEST};
    for (size_t i = 0; i < frame->natom; i++) {
        double xi[3];
        hm_rng_normal3(key, step, (uint32_t)i, xi);
        for (size_t k = 0; k < 3; k++) v[3 * i + k] = hm_frame_holds(frame, i) ? 0 : sqrt(KT / frame->mass[i]) * xi[k];
    }
}

/* Every dimension belongs to one motion, every bit of energy too, and the mean of each is kT. */
static void test_dimensions_and_canonical_mean(void)
{
    enum { DRAWS = 4000 };
    for (size_t i = 0; i < MOLECULES; i++) {
        const struct molecule *m = &molecules[i];
        struct hm_frame frame;
        struct hm_motions *motions;
        double v[3 * MOST], twice_kinetic = 0, all = 0;
        make(m, false, &frame);
        HM_ASSERT_OK(hm_motions_create(&frame, m->nbond, m->bonds, DRAWS, &motions));
        for (uint64_t step = 0; step < DRAWS; step++) {
            draw(&frame, step, v);
            hm_motions_add(motions, frame.x, v);
            twice_kinetic += 2 * hm_kinetic_energy(&frame, v);
        }
        for (size_t g = 0; g < HM_MOTION_COUNT; g++) {
            double sum, weight;
            hm_motions_read(motions, (enum hm_motion)g, &sum, &weight);
            CU_ASSERT_EQUAL(weight, DRAWS * m->expected[g]);
            if (weight != DRAWS * m->expected[g])
                printf("\n%s: %g of %s\n", m->name, weight, hm_motion_name((enum hm_motion)g));
            if (weight > 0) HM_ASSERT_NEAR(sum / weight / KT, 1, 5 * sqrt(2 / weight));
            all += sum;
        }
        HM_ASSERT_NEAR(all / twice_kinetic, 1, 1e-12);
        hm_motions_destroy(&motions);
        CU_ASSERT_PTR_NULL(motions);
        hm_frame_release(&frame);
    }
}

static double energy_of(const struct molecule *m, bool conserved, const double *v, enum hm_motion motion,
                        double *weight)
{
    struct hm_frame frame;
    struct hm_motions *motions;
    double sum;
    make(m, conserved, &frame);
    HM_ASSERT_OK(hm_motions_create(&frame, m->nbond, m->bonds, 1, &motions));
    hm_motions_add(motions, frame.x, v);
    hm_motions_read(motions, motion, &sum, weight);
    hm_motions_destroy(&motions);
    hm_frame_release(&frame);
    return sum;
}

/* Moved and turned as a whole, a molecule does nothing else; and where momentum is conserved, its own is no heat. */
static void test_rigid_motion(void)
{
    const struct molecule *m = &molecules[5];
    const double drift[3] = {1e-3, -2e-3, 5e-4}, spin[3] = {2e-4, 3e-4, -1e-4};
    double v[3 * MOST], weight, translation = 0;
    for (size_t i = 0; i < m->natom; i++)
        for (size_t k = 0; k < 3; k++) {
            const size_t a = (k + 1) % 3, b = (k + 2) % 3;
            v[3 * i + k] = drift[k] + spin[a] * m->x[i][b] - spin[b] * m->x[i][a];
        }
    for (enum hm_motion g = HM_MOTION_STRETCH; g < HM_MOTION_COUNT; g++)
        HM_ASSERT_NEAR(energy_of(m, false, v, g, &weight), 0, 1e-15);
    CU_ASSERT_TRUE(energy_of(m, false, v, HM_MOTION_ROTATION, &weight) > 1e-4);
    for (size_t i = 0; i < m->natom; i++)
        for (size_t k = 0; k < 3; k++) v[3 * i + k] = drift[k];
    for (size_t i = 0; i < m->natom; i++)
        for (size_t k = 0; k < 3; k++) translation += m->mass[i] * drift[k] * drift[k];
    HM_ASSERT_NEAR(energy_of(m, false, v, HM_MOTION_TRANSLATION, &weight) / translation, 1, 1e-12);
    HM_ASSERT_NEAR(energy_of(m, true, v, HM_MOTION_TRANSLATION, &weight), 0, 1e-12 * translation);
    CU_ASSERT_EQUAL(weight, 0);
    HM_ASSERT_NEAR(energy_of(m, false, v, HM_MOTION_ROTATION, &weight), 0, 1e-12 * translation);
}

/* The ends of hydrogen peroxide turn about its axis: no bond and no angle changes. A bond that grows stretches. */
static void test_internal_motion(void)
{
    const struct molecule *m = &molecules[5];
    double v[3 * MOST] = {0}, weight;
    for (size_t e = 2; e < 4; e++) {
        const double rate = e == 2 ? 1e-3 : -1e-3;
        v[3 * e + 1] = -rate * m->x[e][2];
        v[3 * e + 2] = rate * m->x[e][1];
    }
    CU_ASSERT_TRUE(energy_of(m, false, v, HM_MOTION_TORSION, &weight) > 1e-3);
    HM_ASSERT_NEAR(energy_of(m, false, v, HM_MOTION_STRETCH, &weight), 0, 1e-12);
    HM_ASSERT_NEAR(energy_of(m, false, v, HM_MOTION_BEND, &weight), 0, 1e-12);

    const struct molecule *diatomic = &molecules[1]; /* mu rdot^2 */
    const double along[3] = {2.0 / 3, 2.0 / 3, 1.0 / 3}, mu = H * O / (H + O);
    memset(v, 0, sizeof v);
    for (size_t k = 0; k < 3; k++) v[3 + k] = 1e-3 * along[k];
    HM_ASSERT_NEAR(energy_of(diatomic, false, v, HM_MOTION_STRETCH, &weight) / (mu * 1e-6), 1, 1e-12);
    HM_ASSERT_NEAR(energy_of(diatomic, false, v, HM_MOTION_ROTATION, &weight), 0, 1e-12);
}

/* A held oxygen leaves water its two stretches, its bend, and three ways to turn that are no rotation of the whole. */
static void test_frozen_atom(void)
{
    enum { DRAWS = 4000 };
    const struct molecule *m = &molecules[2];
    static const double expected[HM_MOTION_COUNT] = {0, 0, 2, 1, 3};
    struct hm_frame frame;
    struct hm_motions *motions;
    double v[9];
    make(m, false, &frame);
    hm_frame_freeze(&frame, 0);
    HM_ASSERT_OK(hm_motions_create(&frame, m->nbond, m->bonds, DRAWS, &motions));
    for (uint64_t step = 0; step < DRAWS; step++) {
        draw(&frame, step, v);
        hm_motions_add(motions, frame.x, v);
    }
    for (size_t g = 0; g < HM_MOTION_COUNT; g++) {
        double sum, weight;
        hm_motions_read(motions, (enum hm_motion)g, &sum, &weight);
        CU_ASSERT_EQUAL(weight, DRAWS * expected[g]);
        if (weight > 0) HM_ASSERT_NEAR(sum / weight / KT, 1, 5 * sqrt(2 / weight));
    }
    hm_motions_destroy(&motions);
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"dimensions and canonical mean", test_dimensions_and_canonical_mean},
    {"rigid motion", test_rigid_motion},
    {"internal motion", test_internal_motion},
    {"a frozen atom", test_frozen_atom},
};

HM_TEST_MAIN("motions", tests)
