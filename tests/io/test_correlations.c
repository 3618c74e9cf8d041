/* Correlations against direct sums, analytic oscillators and white noise; state to bits; the curve readers. */
#include "tests/test.h"

#include "io/analysis/correlations.h"
#include "io/units.h"

#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

/* Uniform in [-1, 1); splitmix64. */
static double noise(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) / 4503599627370496.0 - 1.0;
}

static void make_frame(size_t natom, const int *number, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    for (size_t i = 0; i < natom; i++) {
        frame->number[i] = number[i];
        frame->mass[i] = 1800.0 * number[i];
    }
}

/* ---- against the definition ---- */

enum { ATOMS = 3, BLOCK = 64, STEPS = 150, SERIES = 3 * ATOMS + 2 };

static const int atoms[ATOMS] = {8, 1, 1};
static const size_t bonds[2][2] = {{0, 1}, {2, 0}};
static const size_t series_group[SERIES] = {0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2};

/* A periodic box that the second bond crosses. */
static void make_water_box(struct hm_frame *frame)
{
    make_frame(ATOMS, atoms, frame);
    for (size_t k = 0; k < 3; k++) {
        frame->cell[4 * k] = 10.0;
        frame->periodic[k] = true;
    }
}

static void make_step(size_t n, double *x, double *v)
{
    uint64_t seed = 17 + n;
    const double place[9] = {0.2, 0.1, 0.3, 1.9, 0.4, 0.2, 9.0, 8.7, 0.1};
    for (size_t k = 0; k < 9; k++) {
        x[k] = place[k] + 0.2 * noise(&seed);
        v[k] = 1e-3 * noise(&seed) + 5e-4 * sin(0.3 * (double)n + (double)k);
    }
}

static void push_steps(struct hm_correlations *c, const struct hm_frame *frame, size_t first, size_t end)
{
    double x[9], v[9];
    for (size_t n = first; n < end; n++) {
        make_step(n, x, v);
        hm_correlations_push(c, frame, x, v);
    }
}

static double own_bond_rate(const double *x, const double *v, const size_t bond[2])
{
    double r = 0, s = 0;
    for (size_t k = 0; k < 3; k++) {
        double d = x[3 * bond[1] + k] - x[3 * bond[0] + k];
        if (d > 5) d -= 10;
        if (d < -5) d += 10;
        r += d * d;
        s += d * (v[3 * bond[1] + k] - v[3 * bond[0] + k]);
    }
    return s / sqrt(r);
}

/* C(k) straight from the definition: blocks of BLOCK steps, the last one unfinished. */
static double direct(double (*u)[SERIES], size_t group, size_t lag)
{
    double sum = 0, pairs = 0;
    for (size_t start = 0; start < STEPS; start += BLOCK) {
        const size_t end = start + BLOCK < STEPS ? start + BLOCK : STEPS;
        for (size_t n = start; n + lag < end; n++)
            for (size_t s = 0; s < SERIES; s++) {
                if (series_group[s] != group) continue;
                sum += u[n][s] * u[n + lag][s];
                pairs += 1;
            }
    }
    return pairs > 0 ? sum / pairs : 0;
}

static void test_against_direct_sums(void)
{
    struct hm_frame frame;
    struct hm_correlations *c;
    static double u[STEPS][SERIES];
    make_water_box(&frame);
    HM_ASSERT_OK(hm_correlations_create(&frame, 2, bonds, 10.0, STEPS, BLOCK, &c));
    for (size_t n = 0; n < STEPS; n++) {
        double x[9];
        make_step(n, x, u[n]);
        for (size_t b = 0; b < 2; b++) u[n][9 + b] = own_bond_rate(x, u[n], bonds[b]);
    }
    push_steps(c, &frame, 0, STEPS);
    CU_ASSERT_EQUAL(hm_correlations_groups(c), 3);
    CU_ASSERT_EQUAL(hm_correlations_lags(c), BLOCK);
    CU_ASSERT_EQUAL(hm_correlations_steps(c), STEPS);
    CU_ASSERT_EQUAL(hm_correlations_group_number(c, 0), 8);
    CU_ASSERT_EQUAL(hm_correlations_group_number(c, 1), 1);
    CU_ASSERT_EQUAL(hm_correlations_group_number(c, 2), 0);
    for (size_t g = 0; g < 3; g++) {
        double vacf[BLOCK + 4], mean_square;
        HM_ASSERT_OK(hm_correlations_vacf(c, g, BLOCK + 4, vacf, &mean_square));
        const double c0 = direct(u, g, 0);
        HM_ASSERT_NEAR(mean_square / c0, 1.0, 1e-14);
        CU_ASSERT_EQUAL(vacf[0], 1.0);
        for (size_t k = 1; k < BLOCK; k++)
            HM_ASSERT_NEAR(vacf[k], direct(u, g, k) / c0, 1e-14 * BLOCK / (double)(BLOCK - k));
        for (size_t k = BLOCK; k < BLOCK + 4; k++) CU_ASSERT_EQUAL(vacf[k], 0.0);
    }
    hm_correlations_destroy(&c);
    CU_ASSERT_PTR_NULL(c);
    hm_frame_release(&frame);
}

/* The spectrum is the windowed cosine transform of the VACF, with unit area. */
static void test_spectrum_definition(void)
{
    struct hm_frame frame;
    struct hm_correlations *c;
    double vacf[BLOCK], spectrum[BLOCK + 1], spacing;
    for (size_t steps = 40; steps <= STEPS; steps += STEPS - 40) { /* first block unfinished, then not */
        make_water_box(&frame);
        HM_ASSERT_OK(hm_correlations_create(&frame, 2, bonds, 10.0, STEPS, BLOCK, &c));
        push_steps(c, &frame, 0, steps);
        HM_ASSERT_OK(hm_correlations_vacf(c, 1, BLOCK, vacf, NULL));
        HM_ASSERT_OK(hm_correlations_spectrum(c, 1, spectrum, &spacing));
        /* 1 / (2 block dt c), from the speed of light in cm/s and dt in s. */
        HM_ASSERT_NEAR(spacing * (2 * BLOCK * 10.0 * 2.4188843265857e-17 * 2.99792458e10), 1.0, 1e-9);
        const double span = steps < BLOCK ? (double)steps : BLOCK;
        double area = 0.5 * (spectrum[0] + spectrum[BLOCK]);
        for (size_t j = 0; j <= BLOCK; j++) {
            double sum = 1;
            for (size_t k = 1; (double)k < span; k++)
                sum += (1 + cos(PI * (double)k / span)) * vacf[k] * cos(PI * (double)(j * k) / BLOCK);
            HM_ASSERT_NEAR(spectrum[j] * BLOCK * spacing, sum, 1e-12);
            if (j > 0 && j < BLOCK) area += spectrum[j];
        }
        HM_ASSERT_NEAR(area * spacing, 1.0, 1e-12);
        hm_correlations_destroy(&c);
        hm_frame_release(&frame);
    }
}

/* ---- oscillators ---- */

/* Leapfrog of one harmonic diatomic along x, turned about z by `turn` radians a step. */
static struct hm_correlations *follow_oscillator(double wavenumber, double dt, double turn, size_t steps, size_t block)
{
    const int pair[2] = {1, 17};
    const size_t bond[1][2] = {{0, 1}};
    const double w = wavenumber * HM_ANGULAR_FREQUENCY_PER_CM;
    struct hm_frame frame;
    struct hm_correlations *c;
    make_frame(2, pair, &frame);
    HM_ASSERT_OK(hm_correlations_create(&frame, 1, bond, dt, (int64_t)steps, block, &c));
    double q = 0.1, p = 0; /* stretch and its rate half a step earlier */
    for (size_t n = 0; n < steps; n++) {
        const double angle = turn * (double)n, before = p;
        p -= dt * w * w * q;
        const double rate = 0.5 * (before + p), r = 2.4 + q;
        const double along[2] = {cos(angle), sin(angle)}, across[2] = {-sin(angle), cos(angle)};
        double x[6] = {0}, v[6] = {0};
        for (size_t k = 0; k < 2; k++) {
            x[3 + k] = r * along[k];
            v[3 + k] = rate * along[k] + turn / dt * 2.4 * across[k];
        }
        hm_correlations_push(c, &frame, x, v);
        q += dt * p;
    }
    hm_frame_release(&frame);
    return c;
}

static double leapfrog_wavenumber(double wavenumber, double dt)
{
    return 2.0 / dt * asin(0.5 * dt * wavenumber * HM_ANGULAR_FREQUENCY_PER_CM) / HM_ANGULAR_FREQUENCY_PER_CM;
}

static void test_oscillator_peak(void)
{
    const double wavenumbers[3] = {1203.4, 2988.7, 4401.2}, dt = 0.25 / HM_TIME_FS;
    for (size_t i = 0; i < 3; i++) {
        struct hm_correlations *c = follow_oscillator(wavenumbers[i], dt, 0.0, 80000, 0);
        const size_t lags = hm_correlations_lags(c);
        CU_ASSERT_EQUAL(lags, 65536);
        double *spectrum = calloc(lags + 1, sizeof *spectrum), spacing, peaks[4], vacf[200];
        HM_ASSERT_OK(hm_correlations_spectrum(c, 2, spectrum, &spacing));
        CU_ASSERT_EQUAL(hm_spectrum_peaks(spectrum, lags + 1, spacing, 50, 0.05, peaks, 4), 1);
        HM_ASSERT_NEAR(peaks[0], leapfrog_wavenumber(wavenumbers[i], dt), 0.1);
        /* A cosine bends the other way after a quarter of its period. */
        const double period = 2 * PI / (leapfrog_wavenumber(wavenumbers[i], dt) * HM_ANGULAR_FREQUENCY_PER_CM * dt);
        HM_ASSERT_OK(hm_correlations_vacf(c, 2, 200, vacf, NULL));
        HM_ASSERT_NEAR(hm_first_inflection(vacf, 200), period / 4, 0.02);
        free(spectrum);
        hm_correlations_destroy(&c);
    }
}

/* Rotation splits the lines of the velocity components, not those of the bond. */
static void test_bond_is_not_split(void)
{
    const double dt = 0.5 / HM_TIME_FS, turn = 0.02, spin = turn / dt / HM_ANGULAR_FREQUENCY_PER_CM;
    struct hm_correlations *c = follow_oscillator(2000, dt, turn, 40000, 16384);
    double *spectrum = calloc(16385, sizeof *spectrum), spacing, peaks[8];
    const double line = leapfrog_wavenumber(2000, dt);
    HM_ASSERT_OK(hm_correlations_spectrum(c, 2, spectrum, &spacing));
    CU_ASSERT_EQUAL(hm_spectrum_peaks(spectrum, 16385, spacing, 50, 0.05, peaks, 8), 1);
    HM_ASSERT_NEAR(peaks[0], line, 0.1);
    HM_ASSERT_OK(hm_correlations_spectrum(c, 1, spectrum, &spacing));
    const size_t found = hm_spectrum_peaks(spectrum, 16385, spacing, line - 3 * spin, 0.05, peaks, 8);
    CU_ASSERT_EQUAL(found, 2);
    if (found == 2) {
        HM_ASSERT_NEAR(fmax(peaks[0], peaks[1]), line + spin, 0.1);
        HM_ASSERT_NEAR(fmin(peaks[0], peaks[1]), line - spin, 0.1);
    }
    free(spectrum);
    hm_correlations_destroy(&c);
}

/* ---- white noise ---- */

static void test_white_noise(void)
{
    const int one[1] = {18};
    const size_t steps = 64 * 1024, block = 256;
    struct hm_frame frame;
    struct hm_correlations *c;
    uint64_t seed = 5;
    double vacf[256], spectrum[257], spacing, mean_square, x[3] = {0}, v[3];
    make_frame(1, one, &frame);
    HM_ASSERT_OK(hm_correlations_create(&frame, 0, NULL, 20.0, (int64_t)steps, block, &c));
    for (size_t n = 0; n < steps; n++) {
        for (size_t k = 0; k < 3; k++) v[k] = noise(&seed);
        hm_correlations_push(c, &frame, x, v);
    }
    CU_ASSERT_EQUAL(hm_correlations_groups(c), 1);
    HM_ASSERT_OK(hm_correlations_vacf(c, 0, block, vacf, &mean_square));
    HM_ASSERT_OK(hm_correlations_spectrum(c, 0, spectrum, &spacing));
    HM_ASSERT_NEAR(mean_square, 1.0 / 3, 0.01);
    /* Five standard errors of a mean of 3 * 256 * (256 - k) uncorrelated products. */
    for (size_t k = 1; k < block; k++) HM_ASSERT_NEAR(vacf[k], 0, 5 / sqrt(768.0 * (double)(block - k)));
    for (size_t k = 0; k <= block; k++) HM_ASSERT_NEAR(spectrum[k] * spacing * (double)block, 1.0, 0.25);
    hm_correlations_destroy(&c);
    hm_frame_release(&frame);
}

/* ---- state ---- */

static void test_restored_continues_to_the_bit(void)
{
    struct hm_frame frame;
    struct hm_correlations *whole, *half, *other;
    struct hm_archive saved = HM_ARCHIVE_EMPTY, end_whole = HM_ARCHIVE_EMPTY, end_other = HM_ARCHIVE_EMPTY;
    double a[BLOCK], b[BLOCK];
    make_water_box(&frame);
    HM_ASSERT_OK(hm_correlations_create(&frame, 2, bonds, 10.0, STEPS, BLOCK, &whole));
    HM_ASSERT_OK(hm_correlations_create(&frame, 2, bonds, 10.0, STEPS, BLOCK, &half));
    HM_ASSERT_OK(hm_correlations_create(&frame, 2, bonds, 10.0, STEPS, BLOCK, &other));
    push_steps(whole, &frame, 0, STEPS);
    push_steps(half, &frame, 0, 100);
    push_steps(other, &frame, 70, 77); /* what was there before is forgotten */
    hm_correlations_save(half, &saved);
    CU_ASSERT_EQUAL(saved.status, HM_OK);
    HM_ASSERT_OK(hm_correlations_load(other, &saved));
    push_steps(other, &frame, 100, STEPS);
    HM_ASSERT_OK(hm_correlations_vacf(whole, 1, BLOCK, a, NULL));
    HM_ASSERT_OK(hm_correlations_vacf(other, 1, BLOCK, b, NULL));
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
    hm_correlations_save(whole, &end_whole);
    hm_correlations_save(other, &end_other);
    CU_ASSERT_EQUAL(end_whole.size, end_other.size);
    CU_ASSERT_EQUAL(memcmp(end_whole.bytes, end_other.bytes, end_whole.size), 0);
    hm_archive_release(&saved);
    hm_archive_release(&end_whole);
    hm_archive_release(&end_other);
    hm_correlations_destroy(&whole);
    hm_correlations_destroy(&half);
    hm_correlations_destroy(&other);
    hm_frame_release(&frame);
}

static void test_reading_changes_nothing(void)
{
    struct hm_frame frame;
    struct hm_correlations *c;
    struct hm_archive before = HM_ARCHIVE_EMPTY, after = HM_ARCHIVE_EMPTY;
    double spectrum[BLOCK + 1], spacing;
    make_water_box(&frame);
    HM_ASSERT_OK(hm_correlations_create(&frame, 2, bonds, 10.0, STEPS, BLOCK, &c));
    push_steps(c, &frame, 0, 100);
    hm_correlations_save(c, &before);
    HM_ASSERT_OK(hm_correlations_spectrum(c, 0, spectrum, &spacing));
    hm_correlations_save(c, &after);
    CU_ASSERT_EQUAL(before.size, after.size);
    CU_ASSERT_EQUAL(memcmp(before.bytes, after.bytes, before.size), 0);
    hm_archive_release(&before);
    hm_archive_release(&after);
    hm_correlations_destroy(&c);
    hm_frame_release(&frame);
}

static void test_refusals(void)
{
    struct hm_frame frame;
    struct hm_correlations *c, *wider;
    struct hm_archive saved = HM_ARCHIVE_EMPTY;
    double value;
    const size_t bad[1][2] = {{0, 3}};
    make_water_box(&frame);
    CU_ASSERT_EQUAL(hm_correlations_create(&frame, 0, NULL, 10.0, 0, 100, &c), HM_BAD_USAGE);
    CU_ASSERT_PTR_NULL(c);
    CU_ASSERT_EQUAL(hm_correlations_create(&frame, 1, bad, 10.0, 0, 64, &c), HM_BAD_USAGE);
    CU_ASSERT_EQUAL(hm_correlations_create(&frame, 0, NULL, 0.0, 0, 64, &c), HM_BAD_USAGE);
    HM_ASSERT_OK(hm_correlations_create(&frame, 0, NULL, 10.0, 0, 64, &c));
    HM_ASSERT_OK(hm_correlations_create(&frame, 2, bonds, 10.0, 0, 64, &wider));
    CU_ASSERT_EQUAL(hm_correlations_vacf(c, 2, 1, &value, NULL), HM_BAD_USAGE);
    hm_correlations_save(c, &saved);
    CU_ASSERT_EQUAL(hm_correlations_load(wider, &saved), HM_BAD_INPUT);
    saved.cursor = 0;
    saved.size -= 1;
    CU_ASSERT_EQUAL(hm_correlations_load(c, &saved), HM_BAD_INPUT);
    hm_archive_release(&saved);
    hm_correlations_destroy(&c);
    hm_correlations_destroy(&wider);
    hm_frame_release(&frame);
}

static void expect_block(size_t natom, int64_t steps, size_t block)
{
    struct hm_frame frame;
    struct hm_correlations *c;
    HM_ASSERT_OK(hm_frame_create(natom, &frame));
    for (size_t i = 0; i < natom; i++) frame.number[i] = 1;
    HM_ASSERT_OK(hm_correlations_create(&frame, 0, NULL, 10.0, steps, 0, &c));
    CU_ASSERT_EQUAL(hm_correlations_lags(c), block);
    hm_correlations_destroy(&c);
    hm_frame_release(&frame);
}

static void test_default_block(void)
{
    expect_block(2, 0, 65536);
    expect_block(2, 1000000, 65536);
    expect_block(2, 1000, 1024);
    expect_block(2, 1024, 1024);
    expect_block(2, 1025, 2048);
    expect_block(2, 3, 16);
    expect_block(42, 0, 65536); /* 126 series: just within 64 MiB */
    expect_block(43, 0, 32768);
    expect_block(1000, 0, 2048);
}

/* ---- curve readers ---- */

static void test_inflection_of_known_curves(void)
{
    double cosine[100], line[10], gauss[100];
    for (size_t k = 0; k < 100; k++) {
        cosine[k] = cos(2 * PI * (double)k / 41.3);
        gauss[k] = exp(-(double)(k * k) / (2 * 17.0 * 17.0));
    }
    for (size_t k = 0; k < 10; k++) line[k] = 3.0 - (double)k;
    HM_ASSERT_NEAR(hm_first_inflection(cosine, 100), 41.3 / 4, 0.01);
    HM_ASSERT_NEAR(hm_first_inflection(gauss, 100), 17.0, 0.05);
    CU_ASSERT_TRUE(isnan(hm_first_inflection(line, 10)));
    CU_ASSERT_TRUE(isnan(hm_first_inflection(cosine, 8)));
    CU_ASSERT_TRUE(isnan(hm_first_inflection(cosine, 0)));
}

static void test_peaks_of_known_curve(void)
{
    enum { COUNT = 500 };
    double curve[COUNT], peaks[3];
    const double centre[4] = {30.3, 200.4, 350.7, 440.2}, height[4] = {9.0, 1.0, 3.0, 2.0};
    for (size_t k = 0; k < COUNT; k++) {
        curve[k] = 0;
        for (size_t p = 0; p < 4; p++) curve[k] += height[p] * exp(-0.5 * pow(((double)k - centre[p]) / 3, 2));
    }
    CU_ASSERT_EQUAL(hm_spectrum_peaks(curve, COUNT, 2.0, 100, 0.5, peaks, 3), 2); /* the strongest is skipped */
    HM_ASSERT_NEAR(peaks[0], 2 * 350.7, 1e-6);
    HM_ASSERT_NEAR(peaks[1], 2 * 440.2, 1e-6);
    CU_ASSERT_EQUAL(hm_spectrum_peaks(curve, COUNT, 2.0, 0, 0.05, peaks, 3), 3); /* cut at the capacity */
    HM_ASSERT_NEAR(peaks[0], 2 * 30.3, 1e-6);
    HM_ASSERT_NEAR(peaks[2], 2 * 440.2, 1e-6);
    const double flat[5] = {1, 1, 1, 1, 1};
    CU_ASSERT_EQUAL(hm_spectrum_peaks(flat, 5, 1.0, 0, 0.1, peaks, 3), 0);
    CU_ASSERT_EQUAL(hm_spectrum_peaks(flat, 0, 1.0, 0, 0.1, peaks, 3), 0);
}

static const struct hm_test tests[] = {
    {"VACF against direct sums", test_against_direct_sums},
    {"spectrum is the windowed transform", test_spectrum_definition},
    {"oscillator: peak and inflection", test_oscillator_peak},
    {"rotation does not split the bond's line", test_bond_is_not_split},
    {"white noise is flat", test_white_noise},
    {"restored continues to the bit", test_restored_continues_to_the_bit},
    {"reading changes nothing", test_reading_changes_nothing},
    {"refusals", test_refusals},
    {"default block", test_default_block},
    {"inflection of known curves", test_inflection_of_known_curves},
    {"peaks of a known curve", test_peaks_of_known_curve},
};

HM_TEST_MAIN("correlations", tests)
