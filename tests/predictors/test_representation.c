/* Channels and back: kicks survive the round trip, pair impulses conserve, degenerate shapes stay harmless. */
#include "predictors/representation.h"

#include "tests/test.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ATOMS_MAX = 4, PAIRS_MAX = 6 };

/* A fixed sequence of numbers between -1 and 1. */
static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 4503599627370496.0 - 1;
}

static double length(const double d[3])
{
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

static double largest(const double *values, size_t count)
{
    double result = 0;
    for (size_t k = 0; k < count; k++) result = fmax(result, fabs(values[k]));
    return result;
}

static double largest_difference(const double *a, const double *b, size_t count)
{
    double result = 0;
    for (size_t k = 0; k < count; k++) {
        const double difference = fabs(a[k] - b[k]);
        if (!(difference <= result)) result = difference; /* a NaN is kept */
    }
    return result;
}

static struct hm_representation *create(const char *kind, const struct hm_frame *frame, enum hm_status expected)
{
    char text[256];
    struct hm_config *config = NULL;
    struct hm_representation *representation = NULL;
    snprintf(text, sizeof text,
             "hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\npredictor: {representation: %s}\n",
             kind);
    HM_ASSERT_OK(hm_config_parse(text, "run.yaml", NULL, 0, &config));
    CU_ASSERT_EQUAL(hm_representation_create(config, frame, &representation), expected);
    hm_config_destroy(&config);
    return representation;
}

/* Masses from hydrogen to chlorine; positions of a well-posed shape: no atom near the line or the plane of the others.
 */
static void make_shape(size_t natom, uint64_t *state, struct hm_frame *frame)
{
    static const double corner[ATOMS_MAX][3] = {{0, 0, 0}, {2.1, 0.2, -0.1}, {0.3, 2.4, 0.2}, {-0.2, 0.4, 2.2}};
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    for (size_t i = 0; i < natom; i++) {
        frame->number[i] = (int)i + 1;
        frame->mass[i] = 32000 + 30000 * uniform(state);
        for (size_t k = 0; k < 3; k++) {
            frame->x[3 * i + k] = 5 + corner[i][k] + 0.3 * uniform(state);
            frame->v[3 * i + k] = 1e-3 * uniform(state);
        }
    }
}

/* m_i dv_i = sum_j s_ij (x_i - x_j) / r_ij, pairs in the order i < j, written out once more. */
static void kick_of_impulses(const struct hm_frame *frame, const double *impulse, double *kick)
{
    memset(kick, 0, 3 * frame->natom * sizeof *kick);
    for (size_t i = 0, c = 0; i < frame->natom; i++)
        for (size_t j = i + 1; j < frame->natom; j++, c++) {
            double d[3];
            for (size_t k = 0; k < 3; k++) d[k] = frame->x[3 * i + k] - frame->x[3 * j + k];
            const double r = length(d);
            for (size_t k = 0; k < 3; k++) {
                kick[3 * i + k] += impulse[c] * d[k] / r / frame->mass[i];
                kick[3 * j + k] -= impulse[c] * d[k] / r / frame->mass[j];
            }
        }
}

static void test_pair_channels(void)
{
    static const size_t pairs[PAIRS_MAX][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
    uint64_t state = 1;
    struct hm_frame frame;
    double coordinate[PAIRS_MAX];
    make_shape(4, &state, &frame);
    struct hm_representation *r = create("pair", &frame, HM_OK);
    CU_ASSERT_EQUAL(r->nchannel, 6);
    CU_ASSERT_EQUAL(r->ngroup, 6);
    hm_representation_coordinates(r, &frame, coordinate);
    for (size_t c = 0; c < 6; c++) {
        double d[3];
        CU_ASSERT_TRUE(r->pair[c][0] == pairs[c][0] && r->pair[c][1] == pairs[c][1] && r->group[c] == c);
        for (size_t k = 0; k < 3; k++) d[k] = frame.x[3 * pairs[c][0] + k] - frame.x[3 * pairs[c][1] + k];
        HM_ASSERT_NEAR(coordinate[c], length(d), 1e-15);
    }
    hm_representation_destroy(&r);
    CU_ASSERT_PTR_NULL(r);
    hm_frame_release(&frame);
}

static void test_pair_round_trip(void)
{
    uint64_t state = 2;
    for (size_t natom = 2; natom <= 4; natom++)
        for (int trial = 0; trial < 100; trial++) {
            const size_t npair = natom * (natom - 1) / 2;
            double impulse[PAIRS_MAX], motion[PAIRS_MAX], kick[3 * ATOMS_MAX], again[3 * ATOMS_MAX];
            struct hm_frame frame;
            make_shape(natom, &state, &frame);
            struct hm_representation *r = create("pair", &frame, HM_OK);
            for (size_t c = 0; c < npair; c++) impulse[c] = uniform(&state);
            kick_of_impulses(&frame, impulse, kick);
            hm_representation_decode(r, &frame, frame.v, impulse, again);
            CU_ASSERT_TRUE(largest_difference(again, kick, 3 * natom) <= 1e-15 * largest(kick, 3 * natom));
            hm_representation_encode(r, &frame, frame.v, kick, motion);
            hm_representation_decode(r, &frame, frame.v, motion, again);
            CU_ASSERT_TRUE(largest_difference(again, kick, 3 * natom) <= 1e-12 * largest(kick, 3 * natom));
            CU_ASSERT_TRUE(largest_difference(motion, impulse, npair) <= (natom == 2 ? 1e-15 : 1e-10)); /* unique */
            hm_representation_destroy(&r);
            hm_frame_release(&frame);
        }
}

/* Impulses of any size leave P and L as they are: rounding of sums of a few terms. */
static void test_pair_kicks_conserve(void)
{
    uint64_t state = 3;
    for (size_t natom = 2; natom <= 4; natom++)
        for (int trial = 0; trial < 100; trial++) {
            double motion[PAIRS_MAX], kick[3 * ATOMS_MAX], p[3], l[3], sum_p = 0, sum_l = 0;
            struct hm_frame frame;
            make_shape(natom, &state, &frame);
            for (size_t c = 0; c < PAIRS_MAX; c++) motion[c] = 10 * uniform(&state);
            struct hm_representation *r = create("pair", &frame, HM_OK);
            hm_representation_decode(r, &frame, frame.v, motion, kick);
            hm_linear_momentum(&frame, kick, p);
            hm_angular_momentum(&frame, frame.x, kick, l);
            for (size_t i = 0; i < natom; i++) {
                sum_p += frame.mass[i] * length(&kick[3 * i]);
                sum_l += frame.mass[i] * length(&kick[3 * i]) * length(&frame.x[3 * i]);
            }
            CU_ASSERT_TRUE(length(p) <= 1e-15 * sum_p);
            CU_ASSERT_TRUE(length(l) <= 1e-15 * sum_l);
            hm_representation_destroy(&r);
            hm_frame_release(&frame);
        }
}

/* Scalars see neither where the frame is nor how it is turned. */
static void test_pair_motion_is_a_scalar(void)
{
    const double c = cos(0.8), s = sin(0.8);
    double motion[PAIRS_MAX], turned_motion[PAIRS_MAX], kick[12], turned_kick[12];
    uint64_t state = 4;
    struct hm_frame frame, turned;
    make_shape(4, &state, &frame);
    HM_ASSERT_OK(hm_frame_copy(&frame, &turned));
    for (size_t k = 0; k < 12; k++) kick[k] = uniform(&state); /* not even one of impulses */
    for (size_t i = 0; i < 4; i++) {
        const double *x = &frame.x[3 * i], *v = &kick[3 * i];
        const double to_x[3] = {c * x[0] - s * x[2] - 40, x[1] + 9, s * x[0] + c * x[2]};
        const double to_v[3] = {c * v[0] - s * v[2], v[1], s * v[0] + c * v[2]};
        memcpy(&turned.x[3 * i], to_x, sizeof to_x);
        memcpy(&turned_kick[3 * i], to_v, sizeof to_v);
    }
    struct hm_representation *r = create("pair", &frame, HM_OK);
    hm_representation_encode(r, &frame, frame.v, kick, motion);
    hm_representation_encode(r, &turned, turned.v, turned_kick, turned_motion);
    CU_ASSERT_TRUE(largest_difference(motion, turned_motion, 6) <= 1e-10 * largest(motion, 6));
    hm_representation_destroy(&r);
    hm_frame_release(&frame);
    hm_frame_release(&turned);
}

static void test_pair_across_a_boundary(void)
{
    const double impulse[1] = {0.7};
    double coordinate[1], motion[1], kick[6];
    struct hm_frame frame;
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    frame.mass[0] = 1837;
    frame.mass[1] = 63744;
    for (size_t k = 0; k < 3; k++) {
        frame.periodic[k] = true;
        frame.cell[4 * k] = 10;
    }
    frame.x[0] = 9.5;
    frame.x[3] = 10.0 * 3 + 2.0; /* its image at 12 is the neighbour */
    struct hm_representation *r = create("pair", &frame, HM_OK);
    hm_representation_coordinates(r, &frame, coordinate);
    HM_ASSERT_NEAR(coordinate[0], 2.5, 1e-14);
    hm_representation_decode(r, &frame, frame.v, impulse, kick);
    HM_ASSERT_NEAR(kick[0] * 1837, -0.7, 1e-14); /* away from the image */
    HM_ASSERT_NEAR(kick[3] * 63744, 0.7, 1e-14);
    hm_representation_encode(r, &frame, frame.v, kick, motion);
    HM_ASSERT_NEAR(motion[0], 0.7, 1e-15);
    hm_representation_destroy(&r);
    hm_frame_release(&frame);
}

/* ---- degenerate shapes ---- */

/* A kick that impulses can give comes back, by impulses that are no larger than needed. */
static void check_degenerate(const struct hm_frame *frame, uint64_t *state, double tolerance)
{
    const size_t n = frame->natom, npair = n * (n - 1) / 2;
    double impulse[PAIRS_MAX], motion[PAIRS_MAX], kick[3 * ATOMS_MAX], again[3 * ATOMS_MAX];
    struct hm_representation *r = create("pair", frame, HM_OK);
    for (int trial = 0; trial < 20; trial++) {
        double given = 0, found = 0;
        for (size_t c = 0; c < npair; c++) impulse[c] = uniform(state);
        kick_of_impulses(frame, impulse, kick);
        hm_representation_encode(r, frame, frame->v, kick, motion);
        hm_representation_decode(r, frame, frame->v, motion, again);
        for (size_t c = 0; c < npair; c++) {
            CU_ASSERT_TRUE(isfinite(motion[c]));
            given += impulse[c] * impulse[c];
            found += motion[c] * motion[c];
        }
        CU_ASSERT_TRUE(largest_difference(again, kick, 3 * n) <= tolerance * largest(kick, 3 * n));
        CU_ASSERT_TRUE(found <= 1.1 * given);
    }
    /* Any other kick is projected to something finite. */
    for (size_t k = 0; k < 3 * n; k++) kick[k] = uniform(state);
    hm_representation_encode(r, frame, frame->v, kick, motion);
    for (size_t c = 0; c < npair; c++) CU_ASSERT_TRUE(isfinite(motion[c]));
    hm_representation_destroy(&r);
}

static void make_degenerate(size_t natom, const double shape[][2], const double u[3], const double w[3],
                            double out_of_plane, struct hm_frame *frame)
{
    static const double masses[ATOMS_MAX] = {1837, 29157, 63744, 21874};
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    const double normal[3] = {u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]};
    for (size_t i = 0; i < natom; i++) {
        frame->mass[i] = masses[i];
        for (size_t k = 0; k < 3; k++)
            frame->x[3 * i + k] = 1 + shape[i][0] * u[k] + shape[i][1] * w[k] + (i == 1 ? out_of_plane * normal[k] : 0);
    }
}

static const double axes[2][2][3] = {{{1, 0, 0}, {0, 1, 0}},
                                     {{2.0 / 7, 3.0 / 7, 6.0 / 7}, {6.0 / 7, 2.0 / 7, -3.0 / 7}}};
static const double line[4][2] = {{-2.2, 0}, {0, 0}, {1.9, 0}, {4.1, 0}};
static const double square[4][2] = {{0, 0}, {2, 0}, {2, 2}, {0, 2}};
static const double kite[4][2] = {{0, 0}, {1.7, 0.4}, {2.9, 2.1}, {-0.3, 2.5}};

static void test_degenerate_shapes(void)
{
    uint64_t state = 6;
    for (size_t a = 0; a < 2; a++) {
        struct hm_frame frame;
        const double *u = axes[a][0], *w = axes[a][1];
        make_degenerate(3, line, u, w, 0, &frame);
        check_degenerate(&frame, &state, 1e-10);
        hm_frame_release(&frame);
        make_degenerate(4, line, u, w, 0, &frame);
        check_degenerate(&frame, &state, 1e-10);
        hm_frame_release(&frame);
        make_degenerate(4, square, u, w, 0, &frame);
        check_degenerate(&frame, &state, 1e-10);
        hm_frame_release(&frame);
        make_degenerate(4, kite, u, w, 0, &frame);
        check_degenerate(&frame, &state, 1e-10);
        hm_frame_release(&frame);
    }
}

/* On the way to a degenerate shape the ridge takes over without a jump. It is worst where the smallest singular value
 * is its square root, 1e-7 in units of the light atom's: the heavy atoms' kicks are off by a few 1e-6 there. */
static void test_nearly_degenerate_shapes(void)
{
    uint64_t state = 7;
    for (double off = 0.3; off > 1e-14; off /= 2) {
        const double tolerance = off > 1e-2 ? 1e-10 : 5e-6;
        struct hm_frame frame;
        make_degenerate(3, line, axes[1][0], axes[1][1], off, &frame);
        check_degenerate(&frame, &state, tolerance);
        hm_frame_release(&frame);
        make_degenerate(4, kite, axes[1][0], axes[1][1], off, &frame);
        check_degenerate(&frame, &state, tolerance);
        hm_frame_release(&frame);
    }
}

static void test_pair_sizes(void)
{
    struct hm_frame frame;
    for (size_t natom = 1; natom <= 5; natom += 4) {
        HM_ASSERT_OK(hm_frame_create(natom, &frame));
        for (size_t i = 0; i < natom; i++) frame.mass[i] = 1837;
        struct hm_representation *r = create("pair", &frame, HM_BAD_CONFIG);
        CU_ASSERT_PTR_NULL(r);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "run.yaml:3:13: "));
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), natom == 1 ? "there are 1" : "there are 5"));
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "cartesian"));
        r = create("cartesian", &frame, HM_OK);
        hm_representation_destroy(&r);
        hm_frame_release(&frame);
    }
}

/* ---- cartesian ---- */

/* v_i -= sum_j m_j v_j / sum_j m_j */
static void remove_momentum(const struct hm_frame *frame, double *v)
{
    double p[3], total = 0;
    hm_linear_momentum(frame, v, p);
    for (size_t i = 0; i < frame->natom; i++) total += frame->mass[i];
    for (size_t c = 0; c < 3 * frame->natom; c++) v[c] -= p[c % 3] / total;
}

static void test_cartesian(void)
{
    static const int numbers[5] = {8, 1, 1, 8, 1};
    static const double masses[5] = {29157, 1837, 1837, 29157, 3671}; /* the last is deuterium */
    static const size_t groups[5] = {0, 1, 1, 0, 2};
    double kick[15], motion[15], again[15], coordinate[15], shifted[15], centre[3] = {0};
    uint64_t state = 8;
    struct hm_frame frame;
    HM_ASSERT_OK(hm_frame_create(5, &frame));
    for (size_t k = 0; k < 15; k++) {
        frame.number[k / 3] = numbers[k / 3];
        frame.mass[k / 3] = masses[k / 3];
        frame.x[k] = 3 * uniform(&state);
        frame.v[k] = 1e-3 * uniform(&state);
        kick[k] = 1e-4 * uniform(&state);
    }
    remove_momentum(&frame, kick);
    struct hm_representation *r = create("cartesian", &frame, HM_OK);
    CU_ASSERT_EQUAL(r->nchannel, 15);
    CU_ASSERT_EQUAL(r->ngroup, 3);
    for (size_t c = 0; c < 15; c++) CU_ASSERT_EQUAL(r->group[c], groups[c / 3]);

    hm_representation_encode(r, &frame, frame.v, kick, motion);
    hm_representation_decode(r, &frame, frame.v, motion, again);
    for (size_t c = 0; c < 15; c++) CU_ASSERT_EQUAL(motion[c], frame.v[c] + kick[c]); /* v_{n+1/2} */
    CU_ASSERT_TRUE(largest_difference(again, kick, 15) <= 3e-19);

    hm_representation_coordinates(r, &frame, coordinate);
    for (size_t c = 0; c < 15; c++) centre[c % 3] += masses[c / 3] * coordinate[c];
    CU_ASSERT_TRUE(largest(centre, 3) <= 1e-10);
    for (size_t c = 0; c < 15; c++)
        HM_ASSERT_NEAR(coordinate[c] - coordinate[c % 3], frame.x[c] - frame.x[c % 3], 1e-14);
    for (size_t c = 0; c < 15; c++) frame.x[c] += 7.0 * (double)(c % 3);
    hm_representation_coordinates(r, &frame, shifted);
    CU_ASSERT_TRUE(largest_difference(shifted, coordinate, 15) <= 1e-14);
    hm_representation_destroy(&r);
    hm_frame_release(&frame);
}

/* A prediction of velocities that would push the molecule as a whole does not. */
static void test_cartesian_kicks_conserve_momentum(void)
{
    uint64_t state = 9;
    for (int trial = 0; trial < 100; trial++) {
        double motion[12], kick[12], expected[12], p[3], sum = 0;
        struct hm_frame frame;
        make_shape(4, &state, &frame);
        struct hm_representation *r = create("cartesian", &frame, HM_OK);
        for (size_t c = 0; c < 12; c++) {
            motion[c] = uniform(&state);
            expected[c] = motion[c] - frame.v[c];
        }
        remove_momentum(&frame, expected);
        hm_representation_decode(r, &frame, frame.v, motion, kick);
        CU_ASSERT_TRUE(largest_difference(kick, expected, 12) <= 1e-15);
        hm_linear_momentum(&frame, kick, p);
        for (size_t i = 0; i < 4; i++) sum += frame.mass[i] * length(&kick[3 * i]);
        CU_ASSERT_TRUE(length(p) <= 1e-15 * sum);
        hm_representation_destroy(&r);
        hm_frame_release(&frame);
    }
}

/* ---- the vibrational part ---- */

static double kinetic(const struct hm_frame *frame, const double *a, const double *b)
{
    double sum = 0;
    for (size_t c = 0; c < 3 * frame->natom; c++) sum += 0.5 * frame->mass[c / 3] * a[c] * b[c];
    return sum;
}

/* Of a diatomic: the relative velocity along the bond, shared so that momentum is zero. */
static void test_vibration_of_a_diatomic(void)
{
    uint64_t state = 10;
    double motion[1], vibration[6];
    struct hm_frame frame;
    make_shape(2, &state, &frame);
    struct hm_representation *r = create("pair", &frame, HM_OK);
    const double *x = frame.x, *v = frame.v;
    double d[3], along = 0;
    for (size_t k = 0; k < 3; k++) d[k] = x[k] - x[3 + k];
    const double l = length(d), reduced = 1 / (1 / frame.mass[0] + 1 / frame.mass[1]);
    for (size_t k = 0; k < 3; k++) along += (v[k] - v[3 + k]) * d[k] / l;
    hm_representation_vibration(r, &frame, v, motion, vibration);
    for (size_t k = 0; k < 3; k++) {
        HM_ASSERT_NEAR(vibration[k], reduced / frame.mass[0] * along * d[k] / l, 1e-18);
        HM_ASSERT_NEAR(vibration[3 + k], -reduced / frame.mass[1] * along * d[k] / l, 1e-18);
    }
    hm_representation_destroy(&r);
    hm_frame_release(&frame);
}

/* A projection: without momentum and (pair) angular momentum, orthogonal to what it leaves, and its own projection. */
static void check_vibration(const char *kind, size_t natom, uint64_t *state)
{
    double motion[12], vibration[12], rest[12], twice[12], p[3], l[3];
    struct hm_frame frame;
    make_shape(natom, state, &frame);
    struct hm_representation *r = create(kind, &frame, HM_OK);
    hm_representation_vibration(r, &frame, frame.v, motion, vibration);
    hm_representation_vibration(r, &frame, vibration, motion, twice);
    for (size_t c = 0; c < 3 * natom; c++) rest[c] = frame.v[c] - vibration[c];
    const double size = largest(frame.v, 3 * natom), energy = kinetic(&frame, frame.v, frame.v);
    CU_ASSERT_TRUE(largest(vibration, 3 * natom) > 0.01 * size && largest(rest, 3 * natom) > 0.01 * size);
    CU_ASSERT_TRUE(largest_difference(twice, vibration, 3 * natom) <= 1e-12 * size);
    CU_ASSERT_TRUE(fabs(kinetic(&frame, vibration, rest)) <= 1e-12 * energy);
    hm_linear_momentum(&frame, vibration, p);
    CU_ASSERT_TRUE(length(p) <= 1e-14 * sqrt(energy * frame.mass[0]));
    hm_angular_momentum(&frame, frame.x, vibration, l);
    if (r->kind == HM_REPRESENTATION_PAIR) CU_ASSERT_TRUE(length(l) <= 1e-13 * sqrt(energy * frame.mass[0]));
    hm_representation_destroy(&r);
    hm_frame_release(&frame);
}

static void test_vibration(void)
{
    uint64_t state = 11;
    for (int trial = 0; trial < 50; trial++)
        for (size_t natom = 2; natom <= 4; natom++) {
            check_vibration("pair", natom, &state);
            check_vibration("cartesian", natom, &state);
        }
}

static const struct hm_test tests[] = {
    {"pair channels", test_pair_channels},
    {"pair round trip", test_pair_round_trip},
    {"pair kicks conserve P and L", test_pair_kicks_conserve},
    {"pair motion is a scalar", test_pair_motion_is_a_scalar},
    {"pair across a boundary", test_pair_across_a_boundary},
    {"degenerate shapes", test_degenerate_shapes},
    {"nearly degenerate shapes", test_nearly_degenerate_shapes},
    {"pair with too few or too many atoms", test_pair_sizes},
    {"cartesian", test_cartesian},
    {"cartesian kicks conserve momentum", test_cartesian_kicks_conserve_momentum},
    {"vibration of a diatomic", test_vibration_of_a_diatomic},
    {"vibration", test_vibration},
};

HM_TEST_MAIN("representations", tests)
