#include "hamiltonians/molecules.h"
#include "scheduler/apprentice.h"
#include "scheduler/stretch_rows.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include "io/units.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES = 600, HISTORY = 12, COORDINATE = 2, MOTION = 3, ROW = 4 };

/* A run of the fixture's own leapfrog, as a file would hold it. */
struct recorded {
    struct hm_job job;
    struct hm_representation *representation;
    struct hm_stretch stretch;
    double timestep;
};

static struct hm_molecule hcl;

static void record(struct recorded *r)
{
    CU_ASSERT_TRUE(hm_molecule_find("HCl", &hcl));
    static char name[] = "made.h5";
    fixture_job("integrator: {timestep: 0.25 fs, steps: 100}\n", &r->job);
    HM_ASSERT_OK(hm_representation_create(r->job.config, &r->job.frame, &r->representation));
    r->timestep = hm_config_real(r->job.config, "integrator.timestep");
    r->stretch = (struct hm_stretch){.path = name,
                                     .natom = 2,
                                     .nframe = FRAMES,
                                     .length = 1 / HM_LENGTH_ANGSTROM,
                                     .x = calloc(FRAMES, 6 * sizeof(double)),
                                     .time = calloc(FRAMES, sizeof(double)),
                                     .exact = malloc(FRAMES)};
    for (size_t n = 0; n < FRAMES; n++) {
        double v[6];
        fixture_plain_leapfrog(&r->job.frame, hcl.k, hcl.r0, r->timestep, (int64_t)n, &r->stretch.x[6 * n], v);
        r->stretch.time[n] = (double)n * r->timestep;
        r->stretch.exact[n] = true;
    }
}

static void forget(struct recorded *r)
{
    free(r->stretch.x);
    free(r->stretch.time);
    free(r->stretch.exact);
    hm_representation_destroy(&r->representation);
    hm_job_release(&r->job);
}

static enum hm_status make(struct recorded *r, struct hm_stretch_rows *rows)
{
    return hm_stretch_rows_make(&r->stretch, &r->job.frame, r->representation, r->timestep, HISTORY, rows);
}

static void expect(enum hm_status status, const char *words)
{
    CU_ASSERT_EQUAL(status, HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
    CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
}

static void round_to(struct recorded *r, double angstrom)
{
    const double grid = angstrom / HM_LENGTH_ANGSTROM;
    for (size_t k = 0; k < FRAMES * 6; k++) r->stretch.x[k] = grid * rint(r->stretch.x[k] / grid);
}

/* ---- tests ---- */

/* The impulse that pushes the atoms apart is -k (r - r0) dt, whatever the rows were made from. */
static void rows_are_the_force_law(void)
{
    struct recorded r;
    struct hm_stretch_rows rows;
    record(&r);
    HM_ASSERT_OK(make(&r, &rows));
    CU_ASSERT_EQUAL(rows.count, FRAMES - 2);
    CU_ASSERT_EQUAL(rows.labels, FRAMES - 2);
    CU_ASSERT_EQUAL(rows.noise, 0);
    CU_ASSERT_TRUE(rows.unbalanced < 1e-9);
    double largest = 0;
    for (size_t n = 0; n < rows.count; n++) {
        const double *row = &rows.rows[n * ROW], *x = &r.stretch.x[6 * (n + 1)];
        const double length = hypot(hypot(x[3] - x[0], x[4] - x[1]), x[5] - x[2]);
        const double impulse = -hcl.k * (length - hcl.r0) * r.timestep;
        largest = fmax(largest, fabs(impulse));
        CU_ASSERT_EQUAL(row[0], (double)(n + 1));
        HM_ASSERT_NEAR(row[COORDINATE], length, 1e-13);
        HM_ASSERT_NEAR(row[MOTION], impulse, 1e-11);
    }
    CU_ASSERT_TRUE(largest > 0.01);
    hm_stretch_rows_release(&rows);
    forget(&r);
}

/* A quarter of the vibration, 2990.9 cm-1: 11.15 fs, 44.6 steps. */
static void the_memory_is_a_quarter_of_a_vibration(void)
{
    struct recorded r;
    struct hm_stretch_rows rows;
    record(&r);
    HM_ASSERT_OK(hm_stretch_rows_make(&r.stretch, &r.job.frame, r.representation, r.timestep, 400, &rows));
    CU_ASSERT_TRUE(rows.memory >= 9 && rows.memory <= 14);
    hm_stretch_rows_release(&rows);
    forget(&r);
}

static void an_apprentice_learns_from_them(void)
{
    struct recorded r;
    struct hm_stretch_rows rows;
    struct hm_apprentice apprentice;
    const struct hm_pupil *pupil;
    struct hm_training_record result;
    record(&r);
    HM_ASSERT_OK(make(&r, &rows));
    HM_ASSERT_OK(hm_apprentice_create(r.job.config, r.representation, 0, 1, NULL, &apprentice));
    HM_ASSERT_OK(hm_apprentice_learn(&apprentice, rows.rows, rows.count));
    hm_apprentice_open(&apprentice, 0, rows.memory);
    HM_ASSERT_OK(hm_apprentice_study(&apprentice, &pupil, &result));
    CU_ASSERT_TRUE(result.accepted && result.held_out_after < 1e-10);
    hm_apprentice_destroy(&apprentice);
    hm_stretch_rows_release(&rows);
    forget(&r);
}

/* Wrapped into a box that the molecule wanders out of, frames give the same rows. */
static void wrapped_positions_make_the_same_rows(void)
{
    struct recorded r;
    struct hm_stretch_rows free_rows, rows;
    const double box = 8.0;
    size_t wrapped = 0;
    record(&r);
    for (size_t k = 0; k < FRAMES * 6; k++) r.stretch.x[k] += 1e-2 * (double)(k / 6);
    HM_ASSERT_OK(make(&r, &free_rows));
    for (size_t k = 0; k < 3; k++) {
        r.job.frame.periodic[k] = r.stretch.periodic[k] = true;
        r.job.frame.cell[4 * k] = r.stretch.cell[4 * k] = box;
    }
    for (size_t k = 0; k < FRAMES * 6; k++) {
        wrapped += floor(r.stretch.x[k] / box) != 0;
        r.stretch.x[k] -= box * floor(r.stretch.x[k] / box);
    }
    CU_ASSERT_TRUE(wrapped > 100);
    HM_ASSERT_OK(make(&r, &rows));
    for (size_t k = 0; k < rows.count * ROW; k++) HM_ASSERT_NEAR(rows.rows[k], free_rows.rows[k], 1e-10);
    hm_stretch_rows_release(&free_rows);
    hm_stretch_rows_release(&rows);
    forget(&r);
}

/* The noise it states, against what rounding does to the impulses (of the relative motion: one channel of the six). */
static void noise_is_what_rounding_does(void)
{
    for (int decimals = 6; decimals <= 9; decimals++) {
        struct recorded r;
        struct hm_stretch_rows sharp, rounded;
        record(&r);
        HM_ASSERT_OK(make(&r, &sharp));
        round_to(&r, pow(10, -decimals));
        HM_ASSERT_OK(make(&r, &rounded));
        double errors = 0, motions = 0;
        for (size_t n = 0; n < sharp.count; n++) {
            errors += pow(rounded.rows[n * ROW + MOTION] - sharp.rows[n * ROW + MOTION], 2);
            motions += pow(sharp.rows[n * ROW + MOTION], 2);
        }
        const double measured = sqrt(errors / motions);
        CU_ASSERT_TRUE(rounded.noise > 0.5 * measured && rounded.noise < 2 * measured);
        CU_ASSERT_TRUE(rounded.unbalanced < 1e-3); /* rounding is not taken for a wrong mass */
        hm_stretch_rows_release(&sharp);
        hm_stretch_rows_release(&rounded);
        forget(&r);
    }
}

static void coarse_positions_are_refused(void)
{
    struct recorded r;
    struct hm_stretch_rows rows = {.count = 1};
    record(&r);
    round_to(&r, 1e-4);
    expect(make(&r, &rows), "positions have 4 decimals: kicks from them are noise to");
    CU_ASSERT_TRUE(rows.rows == NULL && rows.count == 0);
    for (size_t k = 0; k < FRAMES * 6; k++)
        r.stretch.x[k] = (double)(float)(1e4 + r.stretch.x[k] * HM_LENGTH_ANGSTROM) / HM_LENGTH_ANGSTROM;
    expect(make(&r, &rows), "positions have single precision: kicks from them are noise to");
    forget(&r);
}

/* Under a second mass of (1 + e) m the kicks' momenta p and -(1 + e) p leave e p: over both, e / sqrt(1 + (1 + e)^2).
 */
static void wrong_masses_show(void)
{
    struct recorded r;
    struct hm_stretch_rows rows;
    record(&r);
    r.job.frame.mass[1] *= 1.01;
    HM_ASSERT_OK(make(&r, &rows));
    HM_ASSERT_NEAR(rows.unbalanced, 0.01 / sqrt(1 + 1.01 * 1.01), 1e-6);
    hm_stretch_rows_release(&rows);
    forget(&r);
}

static void predicted_kicks_are_no_labels(void)
{
    struct recorded r;
    struct hm_stretch_rows rows;
    record(&r);
    for (size_t n = 100; n < 200; n++) r.stretch.exact[n] = false;
    HM_ASSERT_OK(make(&r, &rows));
    CU_ASSERT_EQUAL(rows.labels, FRAMES - 2 - 100);
    for (size_t n = 0; n < rows.count; n++) {
        const bool predicted = n + 1 >= 100 && n + 1 < 200;
        CU_ASSERT_EQUAL(hm_row_kind(&rows.rows[n * ROW]), predicted ? HM_ROW_PREDICTED : HM_ROW_LABEL);
    }
    hm_stretch_rows_release(&rows);
    memset(r.stretch.exact, 0, FRAMES);
    expect(make(&r, &rows), "every kick in it was itself predicted");
    forget(&r);
}

static void too_little_is_refused(void)
{
    struct recorded r;
    struct hm_stretch_rows rows;
    record(&r);
    r.stretch.nframe = HISTORY + 3;
    HM_ASSERT_OK(make(&r, &rows));
    CU_ASSERT_EQUAL(rows.count, HISTORY + 1);
    hm_stretch_rows_release(&rows);
    r.stretch.nframe = HISTORY + 2;
    expect(make(&r, &rows), "has 14 frames and a first label needs 15");
    r.stretch.nframe = FRAMES;
    for (size_t n = 1; n < FRAMES; n++) memcpy(&r.stretch.x[6 * n], r.stretch.x, 6 * sizeof(double));
    expect(make(&r, &rows), "every kick is zero");
    r.stretch.time[5] += r.timestep;
    expect(make(&r, &rows), "a gap");
    r.job.frame.number[0] = 9;
    r.stretch.number = (int[]){1, 17};
    expect(make(&r, &rows), "atom 0 is H");
    forget(&r);
}

static const struct hm_test tests[] = {
    {"rows are the force law", rows_are_the_force_law},
    {"the memory is a quarter of a vibration", the_memory_is_a_quarter_of_a_vibration},
    {"an apprentice learns from them", an_apprentice_learns_from_them},
    {"wrapped positions make the same rows", wrapped_positions_make_the_same_rows},
    {"noise is what rounding does", noise_is_what_rounding_does},
    {"coarse positions are refused", coarse_positions_are_refused},
    {"wrong masses show", wrong_masses_show},
    {"predicted kicks are no labels", predicted_kicks_are_no_labels},
    {"too little is refused", too_little_is_refused},
};
HM_TEST_MAIN("stretch rows", tests)
