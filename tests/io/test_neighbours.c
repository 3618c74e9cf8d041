/* Neighbour lists against all pairs by hm_minimum_image: every pair within the cutoff is there, once or twice as it
 * should be, and none beyond cutoff + skin that was not nearer when the list was made. */
#include "io/neighbours.h"
#include "io/rng.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hm_rng_key key = {23, 0, HM_RNG_TEST};

/* Random atoms; unwrapped, up to `boxes` cells away from home. */
static void make_frame(size_t natom, const double cell[9], int periodic, double boxes, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    for (int k = 0; k < 3; k++) frame->periodic[k] = (periodic >> k & 1) != 0;
    for (size_t k = 0; k < 9; k++) frame->cell[k] = frame->periodic[k / 3] ? cell[k] : 0.0;
    for (size_t i = 0; i < natom; i++) {
        double u[2], w[2];
        hm_rng_uniform2(key, 1, (uint32_t)i, u);
        hm_rng_uniform2(key, 2, (uint32_t)i, w);
        for (size_t k = 0; k < 3; k++)
            frame->x[3 * i + k] = u[0] * cell[k] + u[1] * cell[3 + k] + w[0] * cell[6 + k] - 3.3;
        for (size_t d = 0; d < 3; d++)
            for (size_t k = 0; k < 3; k++)
                frame->x[3 * i + k] += rint((w[1] - 0.5) * boxes * (double)(d + 1)) * frame->cell[3 * d + k];
    }
}

static double distance(const struct hm_frame *frame, size_t i, size_t j)
{
    double d[3];
    hm_minimum_image(frame, frame->x + 3 * i, frame->x + 3 * j, d);
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

/* How often each pair is listed, (natom, natom). */
static unsigned char *count_pairs(const struct hm_neighbours *list, size_t natom)
{
    unsigned char *listed = calloc(natom * natom, 1);
    for (size_t i = 0; i < natom; i++) {
        CU_ASSERT_TRUE(list->first[i] <= list->first[i + 1]);
        for (size_t n = list->first[i]; n < list->first[i + 1]; n++) listed[i * natom + list->list[n]]++;
    }
    return listed;
}

/* True where all is as it should be. `made_now`: nothing has moved since. */
static bool agrees(const struct hm_neighbours *list, const struct hm_frame *frame, bool made_now)
{
    const size_t natom = frame->natom;
    unsigned char *listed = count_pairs(list, natom);
    bool good = true;
    for (size_t i = 0; i < natom; i++) {
        good = good && listed[i * natom + i] == 0;
        for (size_t j = i + 1; j < natom; j++) {
            const double r = distance(frame, i, j);
            const int here = listed[i * natom + j], there = listed[j * natom + i];
            const double farthest = list->cutoff + list->skin * (made_now ? 1 : 2);
            const bool once = list->kind == HM_NEIGHBOURS_HALF ? here + there == 1 : here == 1 && there == 1;
            good = good && (once || (here == 0 && there == 0));
            if (r <= list->cutoff) good = good && once;
            if (r > farthest * (1 + 1e-8)) good = good && here == 0;
            if (made_now && fabs(r - list->cutoff - list->skin) > 1e-6)
                good = good && once == (r < list->cutoff + list->skin);
        }
    }
    free(listed);
    return good;
}

struct shape {
    const char *name;
    double cell[9];
    double cutoff, skin;
    size_t natom;
};

static const struct shape shapes[] = {
    {"many cells", {31, 0, 0, 0, 27, 0, 0, 0, 40}, 3.0, 0.4, 400},
    {"cells a cutoff wide", {31, 0, 0, 0, 27, 0, 0, 0, 40}, 7.0, 1.0, 200},
    {"too small for cells", {31, 0, 0, 0, 27, 0, 0, 0, 40}, 13.0, 0.4, 100},
    {"cells along one direction", {60, 0, 0, 0, 9, 0, 0, 0, 10}, 4.0, 0.4, 150},
    {"left-handed", {-31, 0, 0, 0, 27, 0, 0, 0, 40}, 4.0, 0.4, 150},
    {"hexagonal", {20, 0, 0, -10, 17.3, 0, 0, 0, 25}, 5.0, 0.5, 120},
    {"triclinic", {24, 1, -2, 3, 22, 1, -2, 3, 27}, 6.0, 0.5, 120},
    {"a few atoms", {31, 0, 0, 0, 27, 0, 0, 0, 40}, 5.0, 0.5, 3},
    {"one atom", {31, 0, 0, 0, 27, 0, 0, 0, 40}, 5.0, 0.5, 1},
};

static void lists_hold_the_pairs(void)
{
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int periodic = 0; periodic < 8; periodic++)
            for (int full = 0; full < 2; full++) {
                struct hm_frame frame;
                struct hm_neighbours *list = NULL;
                make_frame(shapes[s].natom, shapes[s].cell, periodic, s % 2 ? 50 : 0, &frame);
                HM_ASSERT_OK(hm_neighbours_create(&frame, shapes[s].cutoff, shapes[s].skin,
                                                  full ? HM_NEIGHBOURS_FULL : HM_NEIGHBOURS_HALF, &list));
                HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
                const bool good = agrees(list, &frame, true);
                if (!good) printf("\n      %s, periodic %d, %s ", shapes[s].name, periodic, full ? "full" : "half");
                CU_ASSERT_TRUE(good);
                hm_neighbours_destroy(&list);
                CU_ASSERT_PTR_NULL(list);
                hm_frame_release(&frame);
            }
}

/* Small steps and now and then a long one, of one atom; the list is made again neither always nor never. */
static void lists_last_through_moves(void)
{
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes - 1; s++) {
        struct hm_frame frame;
        struct hm_neighbours *list = NULL;
        const int steps = 60;
        int made = 0;
        make_frame(shapes[s].natom, shapes[s].cell, s % 3 ? 7 : 3, 4, &frame);
        HM_ASSERT_OK(hm_neighbours_create(&frame, shapes[s].cutoff, shapes[s].skin, HM_NEIGHBOURS_HALF, &list));
        for (int step = 0; step < steps; step++) {
            const int64_t before = list->builds;
            HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
            made += list->builds > before;
            CU_ASSERT_TRUE(agrees(list, &frame, list->builds > before));
            for (size_t i = 0; i < frame.natom; i++) {
                double kick[3];
                hm_rng_normal3(key, 10 + (uint64_t)step, (uint32_t)i, kick);
                for (size_t k = 0; k < 3; k++) frame.x[3 * i + k] += 0.02 * shapes[s].skin * kick[k];
            }
            if (step % 20 == 19) frame.x[3 * (frame.natom / 2) + 1] += 100;
        }
        CU_ASSERT_TRUE(made >= 3 && made < steps / 2);
        hm_neighbours_destroy(&list);
        hm_frame_release(&frame);
    }
}

/* Two atoms, the second approaching: listed before it is within the cutoff, at whatever pace. */
static void an_approaching_atom_is_never_missed(void)
{
    static const double cell[9] = {30, 0, 0, 0, 30, 0, 0, 0, 30};
    for (int pace = 1; pace < 200; pace++) {
        struct hm_frame frame;
        struct hm_neighbours *list = NULL;
        make_frame(2, cell, 7, 0, &frame);
        memset(frame.x, 0, 6 * sizeof *frame.x);
        frame.x[3] = 12;
        HM_ASSERT_OK(hm_neighbours_create(&frame, 5, 1, HM_NEIGHBOURS_HALF, &list));
        for (; frame.x[3] > 1; frame.x[3] -= 0.01 * pace, frame.x[0] += 0.01 * pace) {
            HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
            CU_ASSERT_TRUE(agrees(list, &frame, false));
        }
        hm_neighbours_destroy(&list);
        hm_frame_release(&frame);
    }
}

static void three_neighbours_have_one_that_sees_both(void)
{
    struct hm_frame frame;
    struct hm_neighbours *list = NULL;
    const struct shape *shape = &shapes[1]; /* three cells along a direction, around which one could go in circles */
    size_t triples = 0;
    make_frame(shape->natom, shape->cell, 7, 9, &frame);
    HM_ASSERT_OK(hm_neighbours_create(&frame, shape->cutoff, shape->skin, HM_NEIGHBOURS_HALF, &list));
    HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
    unsigned char *listed = count_pairs(list, frame.natom);
    for (size_t i = 0; i < frame.natom; i++)
        for (size_t j = 0; j < frame.natom; j++)
            for (size_t k = 0; k < frame.natom; k++) {
                const unsigned char *l = listed;
                const size_t n = frame.natom;
                if (!l[i * n + j] || !l[j * n + k]) continue;
                triples++;
                CU_ASSERT_FALSE(l[k * n + i]); /* no circles */
            }
    CU_ASSERT_TRUE(triples > 100);
    free(listed);
    hm_neighbours_destroy(&list);
    hm_frame_release(&frame);
}

static void the_skin_stays_within_half_the_box(void)
{
    static const double cell[9] = {20, 0, 0, 0, 24, 0, 0, 0, 30}, skewed[9] = {20, 0, 0, 10, 17, 0, 0, 0, 30};
    struct hm_frame frame;
    struct hm_neighbours *list = NULL;
    make_frame(50, cell, 7, 0, &frame);
    HM_ASSERT_NEAR(hm_frame_narrowest(&frame), 20, 1e-12);
    HM_ASSERT_OK(hm_neighbours_create(&frame, 9.5, 2, HM_NEIGHBOURS_HALF, &list));
    HM_ASSERT_NEAR(list->skin, 0.5, 1e-12);
    hm_neighbours_destroy(&list);
    CU_ASSERT_EQUAL(hm_neighbours_create(&frame, 10.01, 2, HM_NEIGHBOURS_HALF, &list), HM_BAD_INPUT);
    CU_ASSERT_PTR_NULL(list);
    HM_ASSERT_OK(hm_neighbours_create(&frame, 10, 2, HM_NEIGHBOURS_HALF, &list)); /* no skin at all */
    HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
    CU_ASSERT_TRUE(agrees(list, &frame, true));
    frame.x[0] += 1e-9;
    HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
    CU_ASSERT_EQUAL(list->builds, 2);
    hm_neighbours_destroy(&list);
    hm_frame_release(&frame);

    make_frame(50, skewed, 7, 0, &frame); /* the distance between its faces counts, not the edges of 19.7 */
    HM_ASSERT_NEAR(hm_frame_narrowest(&frame), 17, 1e-12);
    CU_ASSERT_EQUAL(hm_neighbours_create(&frame, 9, 2, HM_NEIGHBOURS_HALF, &list), HM_BAD_INPUT);
    hm_frame_release(&frame);
    make_frame(50, cell, 2, 0, &frame);
    HM_ASSERT_NEAR(hm_frame_narrowest(&frame), 24, 1e-12);
    hm_frame_release(&frame);
    make_frame(50, cell, 0, 0, &frame);
    CU_ASSERT_TRUE(isinf(hm_frame_narrowest(&frame)));
    hm_frame_release(&frame);
}

/* No cutoff: all pairs of free atoms, also of atoms in a plane, and never again. */
static void an_infinite_cutoff_lists_all_pairs_for_ever(void)
{
    struct hm_frame frame;
    struct hm_neighbours *list = NULL;
    make_frame(40, shapes[0].cell, 0, 0, &frame);
    for (size_t i = 0; i < frame.natom; i++) frame.x[3 * i + 1] = 2;
    HM_ASSERT_OK(hm_neighbours_create(&frame, INFINITY, INFINITY, HM_NEIGHBOURS_HALF, &list));
    HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
    CU_ASSERT_EQUAL(list->first[frame.natom], 40 * 39 / 2);
    frame.x[17] += 1e6;
    HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
    CU_ASSERT_EQUAL(list->builds, 1);
    hm_neighbours_destroy(&list);
    hm_frame_release(&frame);
}

static void a_changed_cell_makes_a_new_list(void)
{
    static const double cell[9] = {20, 0, 0, 0, 24, 0, 0, 0, 30};
    struct hm_frame frame;
    struct hm_neighbours *list = NULL;
    make_frame(60, cell, 7, 0, &frame);
    HM_ASSERT_OK(hm_neighbours_create(&frame, 6, 1, HM_NEIGHBOURS_FULL, &list));
    HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
    HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
    CU_ASSERT_EQUAL(list->builds, 1);
    frame.cell[1] = 2; /* sheared */
    HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
    CU_ASSERT_EQUAL(list->builds, 2);
    CU_ASSERT_TRUE(agrees(list, &frame, true));
    frame.cell[1] = 0;
    frame.cell[0] = 11;
    CU_ASSERT_EQUAL(hm_neighbours_update(list, &frame, frame.x), HM_BAD_INPUT);
    hm_neighbours_destroy(&list);
    hm_frame_release(&frame);
}

static void broken_positions_break_nothing(void)
{
    static const double broken[] = {NAN, INFINITY, -INFINITY, 1e300, -1e25};
    for (int periodic = 0; periodic < 8; periodic++) {
        struct hm_frame frame;
        struct hm_neighbours *list = NULL;
        make_frame(shapes[0].natom, shapes[0].cell, periodic, 0, &frame);
        HM_ASSERT_OK(hm_neighbours_create(&frame, 3, 0.4, HM_NEIGHBOURS_HALF, &list));
        for (size_t b = 0; b < sizeof broken / sizeof *broken; b++) {
            const double here = frame.x[4 + b];
            frame.x[4 + b] = broken[b];
            HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
            for (size_t n = 0; n < list->first[frame.natom]; n++) CU_ASSERT_TRUE(list->list[n] < frame.natom);
            frame.x[4 + b] = here;
            HM_ASSERT_OK(hm_neighbours_update(list, &frame, frame.x));
            CU_ASSERT_TRUE(agrees(list, &frame, true));
        }
        hm_neighbours_destroy(&list);
        hm_frame_release(&frame);
    }
}

static const struct hm_test tests[] = {
    {"lists hold the pairs, in every kind of box", lists_hold_the_pairs},
    {"lists last through moves", lists_last_through_moves},
    {"an approaching atom is never missed", an_approaching_atom_is_never_missed},
    {"of three neighbours, one sees both others", three_neighbours_have_one_that_sees_both},
    {"the skin stays within half the box", the_skin_stays_within_half_the_box},
    {"an infinite cutoff lists all pairs, for ever", an_infinite_cutoff_lists_all_pairs_for_ever},
    {"a changed cell makes a new list", a_changed_cell_makes_a_new_list},
    {"broken positions break nothing", broken_positions_break_nothing},
};

HM_TEST_MAIN("neighbour lists", tests)
