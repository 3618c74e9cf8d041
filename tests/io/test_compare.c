/* Equipartition, and a run against a reference, on files written with known content. */
#include "tests/test.h"

#include "tests/io/json.h"
#include "tests/io/made_runs.h"

#include <stdlib.h>
#include <string.h>

/* ---- equipartition ---- */

static const int water[3] = {8, 1, 1};
static const double water_mass[3] = {29156.9, 1837.2, 1837.2};
static const size_t water_bonds[2][2] = {{0, 1}, {2, 0}};

/* Standard normal from a counter: sum of twelve uniform numbers is close enough in its variance, which is exact. */
static double normal(uint64_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        uint64_t z = (*state += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        sum += (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
    }
    return sum;
}

static double bend_angle(const double *x)
{
    double a[3], b[3], ab = 0, aa = 0, bb = 0;
    for (size_t k = 0; k < 3; k++) {
        a[k] = x[3 + k] - x[k];
        b[k] = x[6 + k] - x[k];
        ab += a[k] * b[k];
        aa += a[k] * a[k];
        bb += b[k] * b[k];
    }
    return acos(ab / sqrt(aa * bb));
}

/* Maxwell velocities at kT = 1e-3 on changing geometries, net momentum removed; on demand nothing bends. */
static void draw(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    const double place[9] = {0, 0, 0, 1.8, 0.1, 0, -0.5, 1.7, 0.2};
    double p[3] = {0}, gradient[9], rate = 0, inverse_mass = 0;
    uint64_t state = 1000003u * (uint64_t)step + 11;
    for (size_t k = 0; k < 9; k++) {
        x[k] = place[k] + 0.05 * normal(&state);
        v[k] = sqrt(1e-3 / water_mass[k / 3]) * normal(&state);
        p[k % 3] += water_mass[k / 3] * v[k];
    }
    for (size_t k = 0; k < 9; k++) v[k] -= p[k % 3] / (water_mass[0] + water_mass[1] + water_mass[2]);
    for (size_t k = 0; k < 9; k += 3) v[k] += recipe->boost;
    *potential = NAN;
    if (!recipe->bend_frozen) return;
    for (size_t k = 0; k < 9; k++) {
        const double at = x[k], h = 1e-5;
        x[k] = at + h;
        gradient[k] = bend_angle(x);
        x[k] = at - h;
        gradient[k] = (gradient[k] - bend_angle(x)) / (2 * h);
        x[k] = at;
        rate += gradient[k] * v[k];
        inverse_mass += gradient[k] * gradient[k] / water_mass[k / 3];
    }
    for (size_t k = 0; k < 9; k++) v[k] -= gradient[k] / water_mass[k / 3] * rate / inverse_mass;
}

static void test_equipartition(void)
{
    struct recipe recipe = {.natom = 3,
                            .nbond = 2,
                            .number = water,
                            .mass = water_mass,
                            .bonds = water_bonds,
                            .timestep = 0.5 * FS,
                            .steps = 20000,
                            .stride = 1,
                            .move = draw,
                            .status = "finished"};
    const char *const groups[4] = {"O", "H", "stretch H-O", "bend H-O-H"};
    make_run("maxwell", &recipe);
    struct hm_analysis *a = analyze_run("maxwell", NULL);
    ASSERT_VALUE(a, "mean_temperature_K", 315.775, 4);
    char *json = json_of(a);
    CU_ASSERT_TRUE(is_json(json));
    /* Relative standard error of a mean of n squares of normal numbers: sqrt(2 / n). */
    for (size_t g = 0; g < 4; g++) HM_ASSERT_NEAR(strtod(json_value(json, groups[g]), NULL), 1, 5 * sqrt(2.0 / 20000));
    free(json);
    hm_analysis_destroy(&a);
    /* A moving centre of mass is no heat. */
    recipe.boost = 2e-3;
    make_run("boosted", &recipe);
    a = analyze_run("boosted", "maxwell");
    CU_ASSERT_TRUE(hm_analysis_value(a, "mean_temperature_K") > 1000);
    json = json_of(a);
    for (size_t g = 0; g < 4; g++) HM_ASSERT_NEAR(strtod(json_value(json, groups[g]), NULL), 1, 1e-9);
    free(json);
    hm_analysis_destroy(&a);
    recipe.boost = 0;
    recipe.bend_frozen = true;
    make_run("frozen", &recipe);
    a = analyze_run("frozen", "maxwell");
    json = json_of(a);
    CU_ASSERT_TRUE(strtod(json_value(json, "bend H-O-H"), NULL) < 1e-8);
    CU_ASSERT_TRUE(strtod(json_value(json, "stretch H-O"), NULL) > 0.9);
    free(json);
    hm_analysis_destroy(&a);
}

/* ---- against a reference ---- */

static void count_points(const char *json, size_t *count, int64_t *last_step, double *last_rms)
{
    *count = 0;
    const char *at = json_value(json, "position_divergence");
    int64_t before = 0;
    while ((at = strstr(at, "{\"step\": ")) != NULL) {
        *last_step = strtoll(at + 9, NULL, 10);
        *last_rms = strtod(json_value(at, "rms_angstrom"), NULL);
        /* Every atom is displaced by the same length: sqrt(3) times the shift along each axis. */
        HM_ASSERT_NEAR(*last_rms, sqrt(3.0) * 1e-5 * (double)*last_step, 1e-9);
        CU_ASSERT_TRUE(*last_step > before);
        before = *last_step;
        ++*count;
        at++;
    }
}

static void test_reference(void)
{
    struct recipe recipe = diatomic_recipe();
    const double mean = diatomic_mean_kinetic(&recipe);
    const double drift = recipe.energy_slope * (double)(recipe.steps - recipe.warmup) / mean;
    recipe.exact = true;
    make_run("reference", &recipe);
    /* An equal run. */
    struct hm_analysis *a = analyze_run("reference", "reference");
    ASSERT_VALUE(a, "kinetic_divergence", 0, 0);
    ASSERT_VALUE(a, "potential_divergence", 0, 0);
    ASSERT_VALUE(a, "vacf_rmse", 0, 0);
    ASSERT_VALUE(a, "vdos_overlap", 1, 1e-12);
    ASSERT_VALUE(a, "energy_drift_exact_band", drift, 1e-3 * drift);
    hm_analysis_destroy(&a);

    /* Moved away steadily, 1 % too hot, higher in potential energy, written at another stride, not exact. */
    recipe.exact = false;
    recipe.stride = 25;
    recipe.shift_angstrom_per_step = 1e-5;
    recipe.kinetic_scale = 1.01;
    recipe.potential_shift = 1e-4;
    make_run("moved", &recipe);
    a = analyze_run("moved", "reference");
    /* K = 2 <K> sin^2: rms of 0.01 K is 0.01 <K> sqrt(3/2); U differs by the shift less the same. */
    ASSERT_VALUE(a, "kinetic_divergence", 0.01 * sqrt(1.5), 1e-5);
    const double shift = 1e-4 / mean;
    ASSERT_VALUE(a, "energy_shift_relative", shift, 1e-3 * shift);
    ASSERT_VALUE(a, "potential_divergence", sqrt(shift * shift - 2 * shift * 0.01 + 1.5e-4), 1e-4);
    ASSERT_VALUE(a, "vdos_overlap", 1, 1e-6); /* spectra are normalised */
    char *json = json_of(a);
    CU_ASSERT_TRUE(is_json(json));
    size_t count;
    int64_t last_step = 0;
    double last_rms = 0;
    count_points(json, &count, &last_step, &last_rms);
    CU_ASSERT_TRUE(count >= 15 && count <= 22);
    CU_ASSERT_EQUAL(last_step, 99950); /* the last step in both */
    free(json);
    hm_analysis_destroy(&a);
    a = analyze_run("reference", "moved");
    ASSERT_NULL(a, "energy_drift_exact_band"); /* not an exact reference */
    hm_analysis_destroy(&a);
}

/* A line 100 cm^-1 away overlaps with nothing; one 3 cm^-1 away is the same at this resolution. */
static void test_spectra_of_two_runs(void)
{
    struct recipe recipe = diatomic_recipe();
    recipe.steps = 30000;
    make_run("line", &recipe);
    recipe.wavenumber_cm += 100;
    make_run("far", &recipe);
    recipe.wavenumber_cm -= 97;
    make_run("near", &recipe);
    struct hm_analysis *far = analyze_run("far", "line"), *near = analyze_run("near", "line");
    CU_ASSERT_TRUE(fabs(hm_analysis_value(far, "vdos_overlap")) < 0.02);
    CU_ASSERT_TRUE(hm_analysis_value(near, "vdos_overlap") > 0.95 && hm_analysis_value(near, "vdos_overlap") < 0.9999);
    CU_ASSERT_TRUE(hm_analysis_value(far, "vacf_rmse") > 0.5);
    CU_ASSERT_TRUE(hm_analysis_value(near, "vacf_rmse") < hm_analysis_value(far, "vacf_rmse"));
    hm_analysis_destroy(&far);
    hm_analysis_destroy(&near);
}

static void test_refuses_other_atoms(void)
{
    struct hm_analysis *a;
    struct recipe recipe = diatomic_recipe();
    const struct recipe other = {.natom = 3,
                                 .number = water,
                                 .mass = water_mass,
                                 .timestep = 0.5 * FS,
                                 .steps = 100,
                                 .stride = 1,
                                 .move = draw,
                                 .status = "finished"};
    recipe.steps = 100;
    make_run("two", &recipe);
    make_run("three", &other);
    CU_ASSERT_EQUAL(hm_analysis_create(made_run_path("two"), made_run_path("three"), &a), HM_BAD_INPUT);
    CU_ASSERT_PTR_NULL(a);
}

static const struct hm_test tests[] = {
    {"equipartition", test_equipartition},
    {"against a reference", test_reference},
    {"spectra of two runs", test_spectra_of_two_runs},
    {"other atoms are refused", test_refuses_other_atoms},
};

int main(void)
{
    made_runs_start();
    return hm_test_main("compare", tests, sizeof tests / sizeof *tests);
}
