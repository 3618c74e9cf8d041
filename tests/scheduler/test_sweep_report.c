/* The closing table of a sweep, written out by hand. */
#include "scheduler/sweep/report.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 7 };

static struct hm_sweep_row row_of(size_t run, const char *status, double drift, double block)
{
    struct hm_sweep_row row = {.run = run};
    snprintf(row.status, sizeof row.status, "%s", status);
    for (size_t f = 0; f < HM_SWEEP_FIELDS; f++) row.value[f] = NAN;
    row.value[HM_SWEEP_energy_drift_relative] = drift;
    row.value[HM_SWEEP_energy_max_block_deviation_relative] = block;
    row.value[HM_SWEEP_timestep_fs] = 0.25;
    return row;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void test_table(void)
{
    static const char expected[] =
        "deviation of the energy, over the mean kinetic energy: median and worst of the seeds\n"
        "kind            frequency  runs   median    worst  failed  timestep, fs\n"
        "run             0.1           3  2.0e-06  3.0e-06       -          0.25\n"
        "run             0.2           2  4.0e-06  4.0e-06       1          0.25\n"
        "longest_stable  -             1        -        -       -          0.25\n";
    struct hm_sweep_file file;
    struct hm_sweep_plan plan;
    char *text = NULL;
    size_t size = 0;
    write_file("base.yaml", "system: {initial_velocities: {temperature: 300 K}}\n"
                            "hamiltonian: {type: harmonic, molecule: HCl}\n"
                            "integrator: {timestep: 0.25 fs, steps: 3000}\n"
                            "training: {warmup_steps: 400}\n");
    write_file("sweep.yaml", "base: base.yaml\nfolder: out\nbaselines: [longest_stable]\n"
                             "axes: {policy.frequency: [0.1, 0.2], training.seed: {count: 3}}\n");
    HM_ASSERT_OK(hm_sweep_file_load("sweep.yaml", &file));
    HM_ASSERT_OK(hm_sweep_plan_make(&file, 1, &plan));
    CU_ASSERT_EQUAL_FATAL(plan.count, RUNS);
    const struct hm_sweep_row rows[RUNS] = {
        row_of(1, "finished", -3e-6, 1e-6), row_of(2, "finished", 1e-7, 1e-6), row_of(3, "finished", 1e-6, 2e-6),
        row_of(4, "diverged", 1e-1, 2e-1),  row_of(5, "finished", 1e-7, 4e-6), {0}, /* not yet */
        row_of(7, "finished", NAN, 1e-6),
    };
    FILE *out = open_memstream(&text, &size);
    HM_ASSERT_OK(hm_sweep_report_table(&plan, rows, out));
    fclose(out);
    if (strcmp(text, expected) != 0) printf("\n%s", text);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    hm_sweep_plan_release(&plan);
    hm_sweep_file_release(&file);
}

/* What impulses cost is no choice of the user's: it stands in the table. */
static void test_respa_column(void)
{
    static const char expected[] =
        "deviation of the energy, over the mean kinetic energy: median and worst of the seeds\n"
        "kind   frequency  runs   median    worst  failed   exact\n"
        "run    0.01          1  2.0e-06  2.0e-06       -    0.01\n"
        "run    0.001         1  3.0e-06  3.0e-06       -    0.01\n"
        "respa  -             1  4.0e-06  4.0e-06       -  0.0909\n";
    struct hm_sweep_file file;
    struct hm_sweep_plan plan;
    char *text = NULL;
    size_t size = 0;
    write_file("base.yaml", "system: {initial_velocities: {temperature: 300 K}}\n"
                            "hamiltonian: {type: harmonic, molecule: HCl}\n"
                            "integrator: {timestep: 0.25 fs, steps: 3000}\npredictor: {type: hamiltonian, hamiltonian: "
                            "{type: harmonic, bonds: [{atoms: [0, 1], k: 450 N/m, r0: 1.28 A}]}}\n");
    write_file("sweep.yaml", "base: base.yaml\nfolder: out\nbaselines: [respa]\n"
                             "axes: {policy.frequency: [0.01, 0.001]}\n");
    HM_ASSERT_OK(hm_sweep_file_load("sweep.yaml", &file));
    HM_ASSERT_OK(hm_sweep_plan_make(&file, 1, &plan));
    CU_ASSERT_EQUAL_FATAL(plan.count, 3);
    struct hm_sweep_row rows[3] = {row_of(1, "finished", 0, 2e-6), row_of(2, "finished", 0, 3e-6),
                                   row_of(3, "finished", 0, 4e-6)};
    rows[0].value[HM_SWEEP_injection_fraction] = rows[1].value[HM_SWEEP_injection_fraction] = 0.01;
    rows[2].value[HM_SWEEP_injection_fraction] = 1.0 / 11;
    FILE *out = open_memstream(&text, &size);
    HM_ASSERT_OK(hm_sweep_report_table(&plan, rows, out));
    fclose(out);
    if (strcmp(text, expected) != 0) printf("\n%s", text);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    hm_sweep_plan_release(&plan);
    hm_sweep_file_release(&file);
}

static const struct hm_test tests[] = {
    {"the closing table", test_table},
    {"what impulses cost", test_respa_column},
};

HM_TEST_MAIN("reports of sweeps", tests)
