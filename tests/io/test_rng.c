#include "io/rng.h"
#include "io/units.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

/* Random123 1.09, tests/kat_vectors, philox4x32 with 10 rounds. */
static void philox_gives_the_published_numbers(void)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];
        hm_philox4x32(vectors[i].counter, vectors[i].key, out);
        CU_ASSERT_EQUAL(memcmp(out, vectors[i].out, sizeof out), 0);
    }
}

static void every_part_of_the_key_counts(void)
{
    const struct hm_rng_key base = {5, 6, HM_RNG_TEST};
    struct hm_rng_key keys[] = {base, base, base, base};
    keys[0].seed = 5 + (UINT64_C(1) << 32);
    keys[1].replica = 7;
    keys[2].purpose = HM_RNG_TRAINING;
    keys[3].seed = 6;
    double u[2], other[2], again[2], n[3];
    hm_rng_uniform2(base, 8, 9, u);
    hm_rng_uniform2(base, 8, 9, again);
    CU_ASSERT_EQUAL(memcmp(u, again, sizeof u), 0);
    for (size_t i = 0; i < 4; i++) {
        hm_rng_uniform2(keys[i], 8, 9, other);
        CU_ASSERT_NOT_EQUAL(u[0], other[0]);
    }
    hm_rng_uniform2(base, 8, 10, other);
    CU_ASSERT_NOT_EQUAL(u[0], other[0]);
    hm_rng_uniform2(base, 9, 9, other);
    CU_ASSERT_NOT_EQUAL(u[0], other[0]);
    hm_rng_uniform2(base, 8 + (UINT64_C(1) << 32), 9, other);
    CU_ASSERT_NOT_EQUAL(u[0], other[0]);
    /* Normals are not made of the uniforms of the same place. */
    hm_rng_normal3(base, 8, 9, n);
    CU_ASSERT_TRUE(fabs(n[0] - sqrt(-2.0 * log(u[0])) * cos(2.0 * acos(-1.0) * u[1])) > 1e-12);
}

/* Pearson's chi-square of counts that should be equal, in standard deviations from its mean. */
static double chi_square_sigmas(const unsigned *counts, size_t bins, double expected)
{
    double sum = 0.0;
    for (size_t i = 0; i < bins; i++) sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    const double freedom = (double)bins - 1.0;
    return (sum - freedom) / sqrt(2.0 * freedom);
}

static void uniforms_are_uniform(void)
{
    enum { DRAWS = 200000, BINS = 64 };
    static unsigned counts[BINS], pairs[BINS];
    const struct hm_rng_key key = {2024, 1, HM_RNG_TEST};
    double mean = 0.0, product = 0.0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        double u[2];
        hm_rng_uniform2(key, i / 100, i % 100, u);
        CU_ASSERT_TRUE_FATAL(u[0] > 0.0 && u[0] < 1.0 && u[1] > 0.0 && u[1] < 1.0);
        counts[(size_t)(u[0] * BINS)]++;
        counts[(size_t)(u[1] * BINS)]++;
        pairs[(size_t)(u[0] * 8) * 8 + (size_t)(u[1] * 8)]++;
        mean += u[0] + u[1];
        product += (u[0] - 0.5) * (u[1] - 0.5);
    }
    CU_ASSERT_TRUE(fabs(mean / (2.0 * DRAWS) - 0.5) < 4.0 * sqrt(1.0 / 12.0 / (2.0 * DRAWS)));
    CU_ASSERT_TRUE(fabs(product / DRAWS) < 4.0 / 12.0 / sqrt(DRAWS));
    CU_ASSERT_TRUE(fabs(chi_square_sigmas(counts, BINS, 2.0 * DRAWS / BINS)) < 4.0);
    CU_ASSERT_TRUE(fabs(chi_square_sigmas(pairs, BINS, (double)DRAWS / BINS)) < 4.0);
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* Largest distance to the normal distribution, times sqrt(n): above 1.95 in 1 of 1000 samples. */
static double kolmogorov(double *sample, size_t count)
{
    double largest = 0.0;
    qsort(sample, count, sizeof *sample, ascending);
    for (size_t i = 0; i < count; i++) {
        const double expected = 0.5 * erfc(-sample[i] / sqrt(2.0));
        largest = fmax(largest, fmax(expected - (double)i / (double)count, (double)(i + 1) / (double)count - expected));
    }
    return largest * sqrt((double)count);
}

static void normals_are_normal(void)
{
    enum { DRAWS = 100000 };
    static double component[3][DRAWS];
    const struct hm_rng_key key = {99, 0, HM_RNG_THERMOSTAT};
    double moments[3][4] = {{0}}, mixed[3] = {0};
    for (uint32_t i = 0; i < DRAWS; i++) {
        double n[3];
        hm_rng_normal3(key, i, 3, n);
        for (int k = 0; k < 3; k++) {
            component[k][i] = n[k];
            for (int m = 0; m < 4; m++) moments[k][m] += pow(n[k], m + 1) / DRAWS;
            mixed[k] += n[k] * n[(k + 1) % 3] / DRAWS;
        }
    }
    /* Variances of the sample moments of a standard normal: 1, 2, 15, 96 over n. */
    const double sigma = 1.0 / sqrt(DRAWS);
    for (int k = 0; k < 3; k++) {
        CU_ASSERT_TRUE(fabs(moments[k][0]) < 4.0 * sigma);
        CU_ASSERT_TRUE(fabs(moments[k][1] - 1.0) < 4.0 * sqrt(2.0) * sigma);
        CU_ASSERT_TRUE(fabs(moments[k][2]) < 4.0 * sqrt(15.0) * sigma);
        CU_ASSERT_TRUE(fabs(moments[k][3] - 3.0) < 4.0 * sqrt(96.0) * sigma);
        CU_ASSERT_TRUE(fabs(mixed[k]) < 4.0 * sigma);
        CU_ASSERT_TRUE(kolmogorov(component[k], DRAWS) < 1.95);
    }
}

/* ---- velocities ---- */

static void make_frame(size_t natom, bool linear, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    for (size_t i = 0; i < natom; i++) {
        frame->number[i] = 6;
        frame->mass[i] = 2000.0 * (1.0 + (double)(i % 5));
        for (size_t k = 0; k < 3; k++)
            frame->x[3 * i + k] = linear ? (double)(i * (k + 1)) * 1.7 : 3.0 * sin(7.0 * (double)(3 * i + k)) + 50.0;
    }
}

static void centre_velocities(const struct hm_frame *frame, double l[3])
{
    double total = 0.0, centre[3] = {0}, p[3], about[3];
    for (size_t i = 0; i < frame->natom; i++) {
        total += frame->mass[i];
        for (size_t k = 0; k < 3; k++) centre[k] += frame->mass[i] * frame->x[3 * i + k];
    }
    hm_linear_momentum(frame, frame->v, p);
    hm_angular_momentum(frame, frame->x, frame->v, l);
    for (int k = 0; k < 3; k++) centre[k] /= total;
    for (int k = 0; k < 3; k++) about[k] = centre[(k + 1) % 3] * p[(k + 2) % 3] - centre[(k + 2) % 3] * p[(k + 1) % 3];
    for (int k = 0; k < 3; k++) l[k] -= about[k];
}

static double momentum_scale(const struct hm_frame *frame)
{
    double sum = 0.0;
    for (size_t i = 0; i < 3 * frame->natom; i++) sum += frame->mass[i / 3] * fabs(frame->v[i]);
    return sum;
}

static void draws_are_exact(void)
{
    const double temperature = 300.0 / HM_TEMPERATURE_KELVIN;
    static const struct {
        size_t natom;
        bool linear, momentum, angular;
        double freedom;
    } cases[] = {
        {10, false, false, false, 30}, {10, false, true, false, 27}, {10, false, true, true, 24},
        {10, false, false, true, 27},  {3, true, true, true, 4},     {2, true, true, true, 1},
        {2, true, true, false, 3},     {1, false, false, false, 3},  {3, false, true, true, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hm_frame frame;
        make_frame(cases[i].natom, cases[i].linear, &frame);
        const struct hm_velocity_options options = {temperature, 7 + i, 0, cases[i].momentum, cases[i].angular, 1.5};
        HM_ASSERT_OK(hm_velocities_draw(&frame, &options));
        CU_ASSERT_TRUE(frame.has_velocities);
        const double expected = 0.5 * cases[i].freedom * temperature * 1.5;
        HM_ASSERT_NEAR(hm_kinetic_energy(&frame, frame.v) / expected, 1.0, 1e-13);
        double p[3], l[3];
        hm_linear_momentum(&frame, frame.v, p);
        centre_velocities(&frame, l);
        const double scale = momentum_scale(&frame);
        for (int k = 0; k < 3; k++) {
            if (cases[i].momentum) HM_ASSERT_NEAR(p[k] / scale, 0.0, 1e-14);
            if (cases[i].angular) HM_ASSERT_NEAR(l[k] / scale, 0.0, 1e-11);
            if (!cases[i].momentum) CU_ASSERT_TRUE(fabs(p[k] / scale) > 1e-6);
        }
        hm_frame_release(&frame);
    }
}

/* New velocities against each other, of the same energy; the motion of the whole stays. */
static void redraws_keep_what_is_conserved(void)
{
    static const size_t natoms[] = {2, 3, 10};
    for (size_t c = 0; c < 3; c++) {
        struct hm_frame frame;
        make_frame(natoms[c], natoms[c] < 10, &frame);
        const struct hm_velocity_options options = {300.0 / HM_TEMPERATURE_KELVIN, 11, 0, false, false, 1.0};
        HM_ASSERT_OK(hm_velocities_draw(&frame, &options));
        double before[30], p[2][3], l[2][3];
        const double kinetic = hm_kinetic_energy(&frame, frame.v), scale = momentum_scale(&frame);
        memcpy(before, frame.v, 3 * natoms[c] * sizeof *before);
        hm_linear_momentum(&frame, frame.v, p[0]);
        centre_velocities(&frame, l[0]);
        HM_ASSERT_OK(hm_velocities_redraw(&frame, 11, 1));
        hm_linear_momentum(&frame, frame.v, p[1]);
        centre_velocities(&frame, l[1]);
        HM_ASSERT_NEAR(hm_kinetic_energy(&frame, frame.v) / kinetic, 1.0, 1e-13);
        double moved = 0.0;
        for (size_t k = 0; k < 3 * natoms[c]; k++) moved = fmax(moved, fabs(frame.v[k] - before[k]));
        /* Of two atoms nothing but the speed along the bond is free, so that it stays or turns round. */
        if (natoms[c] > 2) CU_ASSERT_TRUE(moved * scale > 0.1 * kinetic);
        for (int k = 0; k < 3; k++) {
            HM_ASSERT_NEAR(p[1][k] / scale, p[0][k] / scale, 1e-13);
            HM_ASSERT_NEAR(l[1][k] / scale, l[0][k] / scale, 1e-11);
        }
        hm_frame_release(&frame);
    }
}

static void impossible_draws_are_refused(void)
{
    struct hm_frame frame;
    struct hm_velocity_options options = {1e-3, 1, 0, true, false, 1.0};
    make_frame(1, false, &frame);
    CU_ASSERT_EQUAL(hm_velocities_draw(&frame, &options), HM_BAD_INPUT);
    hm_frame_release(&frame);
    make_frame(4, false, &frame);
    options.temperature = NAN;
    CU_ASSERT_EQUAL(hm_velocities_draw(&frame, &options), HM_BAD_INPUT);
    options.temperature = -1.0;
    CU_ASSERT_EQUAL(hm_velocities_draw(&frame, &options), HM_BAD_INPUT);
    options.temperature = 1e-3;
    options.scale_energy = -1.0;
    CU_ASSERT_EQUAL(hm_velocities_draw(&frame, &options), HM_BAD_INPUT);
    options.scale_energy = 1.0;
    options.remove_angular_momentum = true;
    frame.periodic[0] = true;
    frame.cell[0] = 40.0;
    CU_ASSERT_EQUAL(hm_velocities_draw(&frame, &options), HM_BAD_INPUT);
    options.remove_angular_momentum = false;
    options.temperature = 0.0;
    HM_ASSERT_OK(hm_velocities_draw(&frame, &options));
    for (size_t i = 0; i < 12; i++) CU_ASSERT_EQUAL(frame.v[i], 0.0);
    hm_frame_release(&frame);
}

/* They stay at rest, the others share the energy, and their momentum is not taken away. */
static void frozen_atoms_are_not_drawn(void)
{
    struct hm_frame frame;
    struct hm_velocity_options options = {1e-3, 1, 0, true, false, 1.0};
    double p[3];
    make_frame(4, false, &frame);
    hm_frame_freeze(&frame, 1);
    HM_ASSERT_OK(hm_velocities_draw(&frame, &options));
    for (size_t k = 3; k < 6; k++) CU_ASSERT_EQUAL(frame.v[k], 0.0);
    HM_ASSERT_NEAR(hm_kinetic_energy(&frame, frame.v) / (4.5 * 1e-3), 1.0, 1e-13);
    hm_linear_momentum(&frame, frame.v, p);
    CU_ASSERT_TRUE(fabs(p[0]) > 1e-3 * momentum_scale(&frame));
    options.remove_angular_momentum = true;
    CU_ASSERT_EQUAL(hm_velocities_draw(&frame, &options), HM_BAD_INPUT);
    options.remove_angular_momentum = false;
    for (size_t i = 0; i < 4; i++) hm_frame_freeze(&frame, i);
    CU_ASSERT_EQUAL(hm_velocities_draw(&frame, &options), HM_BAD_INPUT);
    hm_frame_release(&frame);
}

static void seeds_and_replicas_differ(void)
{
    struct hm_frame a, b;
    struct hm_velocity_options options = {1e-3, 1, 0, true, false, 1.0};
    make_frame(4, false, &a);
    make_frame(4, false, &b);
    HM_ASSERT_OK(hm_velocities_draw(&a, &options));
    HM_ASSERT_OK(hm_velocities_draw(&b, &options));
    CU_ASSERT_EQUAL(memcmp(a.v, b.v, 96), 0);
    options.seed = 2;
    HM_ASSERT_OK(hm_velocities_draw(&b, &options));
    CU_ASSERT_NOT_EQUAL(memcmp(a.v, b.v, 96), 0);
    options.seed = 1;
    options.replica = 1;
    HM_ASSERT_OK(hm_velocities_draw(&b, &options));
    CU_ASSERT_NOT_EQUAL(memcmp(a.v, b.v, 96), 0);
    hm_frame_release(&a);
    hm_frame_release(&b);
}

/* Many atoms: the rescaling changes little, so components follow the normal law and masses share the energy. */
static void velocities_follow_maxwell(void)
{
    enum { ATOMS = 20000 };
    const double temperature = 300.0 / HM_TEMPERATURE_KELVIN;
    const struct hm_velocity_options options = {temperature, 5, 0, true, false, 1.0};
    struct hm_frame frame;
    make_frame(ATOMS, false, &frame);
    HM_ASSERT_OK(hm_velocities_draw(&frame, &options));
    double *sample = malloc(3 * ATOMS * sizeof *sample), by_mass[5] = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(sample);
    for (size_t i = 0; i < 3 * ATOMS; i++) {
        sample[i] = frame.v[i] * sqrt(frame.mass[i / 3] / temperature);
        by_mass[i / 3 % 5] += sample[i] * sample[i] / (3.0 * ATOMS / 5.0);
    }
    CU_ASSERT_TRUE(kolmogorov(sample, 3 * ATOMS) < 1.95);
    for (int m = 0; m < 5; m++) HM_ASSERT_NEAR(by_mass[m], 1.0, 4.0 * sqrt(2.0 / (3.0 * ATOMS / 5.0)));
    free(sample);
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"philox gives the published numbers", philox_gives_the_published_numbers},
    {"every part of the key counts", every_part_of_the_key_counts},
    {"uniforms are uniform", uniforms_are_uniform},
    {"normals are normal", normals_are_normal},
    {"velocities have the energy and momenta asked for", draws_are_exact},
    {"redrawn velocities keep energy and momenta", redraws_keep_what_is_conserved},
    {"impossible velocities are refused", impossible_draws_are_refused},
    {"frozen atoms are not drawn", frozen_atoms_are_not_drawn},
    {"seeds and replicas differ", seeds_and_replicas_differ},
    {"velocities follow Maxwell's law", velocities_follow_maxwell},
};
HM_TEST_MAIN("rng", tests)
