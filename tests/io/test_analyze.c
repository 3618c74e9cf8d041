/* The analysis of files written with known content: drifts, counts, accuracies, motion. */
#include "tests/test.h"

#include "tests/io/json.h"
#include "tests/io/made_runs.h"

#include <stdlib.h>
#include <string.h>

/* ---- a vibrating diatomic whose energy climbs ---- */

static void test_energy_and_motion(void)
{
    const struct recipe recipe = diatomic_recipe();
    make_run("diatomic", &recipe);
    struct hm_analysis *a = analyze_run("diatomic", NULL);
    const double mean = diatomic_mean_kinetic(&recipe), energy_slope = recipe.energy_slope,
                 length = (double)(recipe.steps - recipe.warmup);
    ASSERT_VALUE(a, "steps", 100000, 0);
    ASSERT_VALUE(a, "natoms", 2, 0);
    ASSERT_VALUE(a, "timestep_fs", 0.5, 1e-12);
    ASSERT_VALUE(a, "energy_drift_relative", energy_slope * length / mean, 2e-4 * energy_slope * length / mean);
    /* 20 blocks: the outer ones lie 19/40 of the run from its middle. */
    ASSERT_VALUE(a, "energy_max_block_deviation_relative", energy_slope * length * 19 / 40 / mean,
                 2e-4 * energy_slope * length / mean);
    const double per_ps = energy_slope / (0.5e-3);
    ASSERT_VALUE(a, "energy_drift_meV_per_atom_per_ps", per_ps * 27211.386245988 / 2, 1e-6 * per_ps * 13606);
    ASSERT_VALUE(a, "mean_temperature_K", 2.0 / 3 * mean * 315775.02480407, 1e-4 * mean * 315775);
    ASSERT_VALUE(a, "momentum_drift_relative", 0, 1e-12);
    ASSERT_VALUE(a, "angular_momentum_drift_relative", 0, 1e-12);
    const double period_steps = 1 / (recipe.wavenumber_cm * 2.99792458e10 * 0.5e-15);
    ASSERT_VALUE(a, "vacf_first_inflection_steps", period_steps / 4, 0.05);
    char *json = json_of(a);
    CU_ASSERT_TRUE(is_json(json));
    HM_ASSERT_NEAR(strtod(json_value(json, "vibrational_peaks_cm1") + 1, NULL), recipe.wavenumber_cm, 0.1);
    CU_ASSERT_TRUE(json_starts(json, "bonds", "[{\"atoms\": [0, 1], \"mean_angstrom\": 1.27"));
    HM_ASSERT_NEAR(strtod(json_value(json, "mean_angstrom"), NULL), diatomic_bond_length * HM_LENGTH_ANGSTROM, 1e-4);
    HM_ASSERT_NEAR(strtod(json_value(json, "std_angstrom"), NULL), diatomic_amplitude / sqrt(2) * HM_LENGTH_ANGSTROM,
                   1e-4);
    CU_ASSERT_TRUE(json_starts(json, "equipartition", "null")); /* two atoms */
    CU_ASSERT_TRUE(json_starts(json, "status", "\"finished\""));
    CU_ASSERT_TRUE(json_starts(json, "diverged_at_step", "null"));
    CU_ASSERT_TRUE(json_starts(json, "position_divergence", "null"));
    free(json);
    hm_analysis_destroy(&a);
    CU_ASSERT_PTR_NULL(a);
}

/* With a thermostat the drift is that of the energy less the heat; what was heated up has not drifted. */
static void test_conserved_energy(void)
{
    struct recipe recipe = diatomic_recipe();
    const double drift = recipe.energy_slope * (double)(recipe.steps - recipe.warmup) / diatomic_mean_kinetic(&recipe);
    recipe.correlations = false;
    for (int part = 1; part <= 2; part++) {
        recipe.heat_slope = part == 1 ? recipe.energy_slope : 0.4 * recipe.energy_slope;
        make_run("heated", &recipe);
        struct hm_analysis *a = analyze_run("heated", NULL);
        const double rest = part == 1 ? 0 : 0.6 * drift;
        ASSERT_VALUE(a, "energy_drift_relative", rest, 1e-3 * drift);
        ASSERT_VALUE(a, "energy_max_block_deviation_relative", rest * 19 / 40, 1e-3 * drift);
        ASSERT_VALUE(a, "momentum_drift_relative", 0, 1e-12);
        ASSERT_NULL(a, "angular_momentum_drift_relative");
        char *json = json_of(a);
        CU_ASSERT_TRUE(is_json(json));
        CU_ASSERT_TRUE(json_starts(json, "energy_drift_of", "\"conserved_energy\""));
        /* The molecule vibrates and does nothing else: three times its share of 3 degrees of freedom. */
        HM_ASSERT_NEAR(strtod(json_value(json, "stretch"), NULL), 3, 1e-6);
        HM_ASSERT_NEAR(strtod(json_value(json, "rotation"), NULL), 0, 1e-6);
        CU_ASSERT_EQUAL(*json_value(json, "translation"), '\0');
        free(json);
        hm_analysis_destroy(&a);
    }
}

/* The second atom of the diatomic would be held: momentum and angular momentum are not conserved then, and its motion,
 * were there any, is none of the temperature's. */
static void test_frozen_atoms(void)
{
    struct recipe recipe = diatomic_recipe();
    recipe.correlations = false;
    recipe.steps = 20000;
    recipe.frozen = 1;
    make_run("held", &recipe);
    struct hm_analysis *a = analyze_run("held", NULL);
    ASSERT_NULL(a, "momentum_drift_relative");
    ASSERT_NULL(a, "angular_momentum_drift_relative");
    ASSERT_VALUE(a, "mean_temperature_K", 2.0 / 3 * diatomic_mean_kinetic(&recipe) * 315775.02480407,
                 0.02 * diatomic_mean_kinetic(&recipe) * 315775);
    char *json = json_of(a);
    CU_ASSERT_TRUE(json_starts(json, "energy_drift_of", "\"total_energy\""));
    free(json);
    hm_analysis_destroy(&a);
}

static void vibrate_rarely_known(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    vibrate(recipe, step, x, v, potential);
    if (step % 700 != 0) *potential = NAN;
}

static void vibrate_hardly_known(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    vibrate(recipe, step, x, v, potential);
    if (step > 12000) *potential = NAN;
}

/* Energies known only at injections: the others are left out, and too few make no drift. */
static void test_unknown_energies(void)
{
    struct recipe recipe = diatomic_recipe();
    const double drift = recipe.energy_slope * (double)(recipe.steps - recipe.warmup) / diatomic_mean_kinetic(&recipe);
    recipe.correlations = false;
    recipe.move = vibrate_rarely_known;
    make_run("rarely", &recipe);
    struct hm_analysis *a = analyze_run("rarely", NULL);
    ASSERT_VALUE(a, "energy_drift_relative", drift, 1e-3 * drift);
    hm_analysis_destroy(&a);
    recipe.move = vibrate_hardly_known;
    make_run("hardly", &recipe);
    a = analyze_run("hardly", NULL);
    ASSERT_NULL(a, "energy_drift_relative");
    ASSERT_NULL(a, "energy_max_block_deviation_relative");
    ASSERT_NULL(a, "energy_drift_meV_per_atom_per_ps");
    CU_ASSERT_TRUE(hm_analysis_value(a, "mean_temperature_K") > 0);
    hm_analysis_destroy(&a);
}

/* ---- which spectrum the peaks come from ---- */

/* Two atoms that swing on their own at 1000 and 3000 cm^-1 with the same speed; the second is 30 times heavier. */
static void swing(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    memset(x, 0, 6 * sizeof *x);
    memset(v, 0, 6 * sizeof *v);
    for (size_t i = 0; i < 2; i++) {
        const double w = (i == 0 ? 1000 : 3000) * HM_ANGULAR_FREQUENCY_PER_CM;
        const double phase = w * recipe->timestep * (double)step;
        x[3 * i] = 5.0 * (double)i + 1e-4 / w * sin(phase);
        v[3 * i] = 1e-4 * cos(phase);
    }
    *potential = 0;
}

static double nth_peak(const char *json, int n, bool *there)
{
    const char *at = json_value(json, "vibrational_peaks_cm1");
    for (; n > 0 && *at && *at != ']'; at++) n -= *at == ',';
    *there = n == 0 && *at != '\0';
    return strtod(at + (*at == '['), NULL);
}

/* A right angle at atom 1 whose one bond stretches at 1000 cm^-1 while the other swings sideways at 3000 cm^-1. */
static void stretch_and_bend(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    memset(x, 0, 9 * sizeof *x);
    memset(v, 0, 9 * sizeof *v);
    x[0] = x[7] = 2.0;
    for (size_t i = 0; i < 3; i += 2) {
        const double w = (i == 0 ? 1000 : 3000) * HM_ANGULAR_FREQUENCY_PER_CM;
        const double phase = w * recipe->timestep * (double)step;
        x[3 * i] += 1e-4 / w * sin(phase);
        v[3 * i] = 1e-4 * cos(phase);
    }
    *potential = 0;
}

static void test_bends_have_peaks(void)
{
    static const int number[3] = {1, 8, 1};
    static const double mass[3] = {2000, 30000, 2000};
    static const size_t bonds[2][2] = {{0, 1}, {2, 1}};
    struct recipe recipe = diatomic_recipe();
    recipe.natom = 3;
    recipe.number = number;
    recipe.mass = mass;
    recipe.bonds = bonds;
    recipe.steps = 40000;
    recipe.move = stretch_and_bend;
    for (recipe.nbond = 1; recipe.nbond <= 2; recipe.nbond++) {
        bool there;
        make_run("bend", &recipe);
        struct hm_analysis *a = analyze_run("bend", NULL);
        char *json = json_of(a);
        /* A bond on its own is taken for a diatomic; two at one atom make an angle, which neither of them feels. */
        const double first = nth_peak(json, 0, &there), second = nth_peak(json, 1, &there);
        CU_ASSERT_EQUAL(there, recipe.nbond == 2);
        HM_ASSERT_NEAR(recipe.nbond == 2 ? first + second : first, recipe.nbond == 2 ? 4000 : 1000, 0.2);
        free(json);
        hm_analysis_destroy(&a);
    }
}

static void test_where_peaks_come_from(void)
{
    const double mass[2] = {2000, 60000};
    bool there;
    struct recipe recipe = diatomic_recipe();
    recipe.mass = mass;
    recipe.steps = 40000;
    recipe.move = swing;
    recipe.nbond = 0;
    make_run("swing", &recipe);
    struct hm_analysis *a = analyze_run("swing", NULL);
    char *json = json_of(a);
    /* By kinetic energy the light atom has 1/31 of the spectrum: less than is shown. */
    HM_ASSERT_NEAR(nth_peak(json, 0, &there), 3000, 0.1);
    nth_peak(json, 1, &there);
    CU_ASSERT_FALSE(there);
    free(json);
    hm_analysis_destroy(&a);
    /* The length of the bond feels both alike. */
    recipe.nbond = 1;
    make_run("swing_bond", &recipe);
    a = analyze_run("swing_bond", NULL);
    json = json_of(a);
    HM_ASSERT_NEAR(nth_peak(json, 0, &there) + nth_peak(json, 1, &there), 4000, 0.2);
    CU_ASSERT_TRUE(there);
    nth_peak(json, 2, &there);
    CU_ASSERT_FALSE(there);
    free(json);
    hm_analysis_destroy(&a);
}

/* ---- logs ---- */

static void log_injection(struct hm_trajectory *t, int64_t step, double seconds, bool predicted, double error)
{
    const struct hm_injection_record record = {
        .step = step,
        .residual = predicted ? error : NAN,
        .residual_relative = predicted ? error / 40 : NAN,
        .velocity_mae = predicted ? error : NAN,
        .velocity_mean = predicted ? 200 : NAN,
        .kick_mae = predicted ? error : NAN,
        .kick_mean = predicted ? 25 : NAN,
        .energy = NAN,
        .seconds = seconds,
    };
    HM_ASSERT_OK(hm_trajectory_log_injection(t, &record));
}

/* 100 exact steps, then every tenth of 1000 (and at step 107 one that was rolled back). The warm-up's errors are large
 * and must not count; single injections are slow (cold). */
static void write_logs(struct hm_trajectory *t)
{
    for (int64_t step = 0; step < 1100; step++) {
        const bool exact = step < 100 || step % 10 == 0;
        struct hm_decision_record decision = {
            .step = step, .action = exact ? HM_INJECT : HM_PREDICT, .committed = 1, .signal = NAN, .threshold = NAN};
        HM_ASSERT_OK(hm_trajectory_log_decision(t, &decision));
        decision.action = HM_INJECT;
        decision.committed = 0;
        if (step == 107) HM_ASSERT_OK(hm_trajectory_log_decision(t, &decision));
        /* Errors 0.3 and 0.4 in turn: mean 0.35, mean square 0.125. */
        if (exact)
            log_injection(t, step, step < 100 ? 2e-3 : 0.5, step >= 50, step < 100 ? 9.0 : step % 20 ? 0.3 : 0.4);
    }
    for (int i = 0; i < 5; i++) {
        const struct hm_training_record record = {.step = 100 + i, .version = i, .accepted = i % 2 == 0};
        HM_ASSERT_OK(hm_trajectory_log_training(t, &record));
    }
    static const enum hm_fault faults[] = {HM_FAULT_LATE, HM_FAULT_FAILED, HM_FAULT_NOT_FINITE, HM_FAULT_FAILED};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct hm_fault_record record = {.step = 100, .fault = (int32_t)faults[i]};
        HM_ASSERT_OK(hm_trajectory_log_fault(t, &record));
    }
    const char *const names[6] = {"wall", "predict", "oracle", "train", "wait", "write"};
    const double seconds[6] = {1.1, 0.1, 0.2, 0.3, 0.15, 0.05};
    for (size_t i = 0; i < 6; i++) HM_ASSERT_OK(hm_trajectory_log_timing(t, names[i], seconds[i]));
}

static void test_logs(void)
{
    struct recipe recipe = diatomic_recipe();
    recipe.steps = 1100;
    recipe.warmup = 100;
    recipe.logs = write_logs;
    make_run("logs", &recipe);
    struct hm_analysis *a = analyze_run("logs", NULL);
    ASSERT_VALUE(a, "injections", 100, 0);
    ASSERT_VALUE(a, "injection_fraction", 0.1, 1e-15);
    ASSERT_VALUE(a, "exact_fraction", 200.0 / 1100, 1e-15);
    ASSERT_VALUE(a, "longest_prediction_run", 9, 0);
    ASSERT_VALUE(a, "rollbacks", 1, 0);
    ASSERT_NULL(a, "accepted_per_round");
    ASSERT_VALUE(a, "oracle_calls", 200, 0);
    ASSERT_VALUE(a, "velocity_mae_angstrom_per_ps", 0.35, 1e-12);
    ASSERT_VALUE(a, "velocity_accuracy_percent", 100 * (1 - 0.35 / 200), 1e-10);
    ASSERT_VALUE(a, "kick_accuracy_percent", 100 * (1 - 0.35 / 25), 1e-10);
    ASSERT_VALUE(a, "residual_rms_relative", sqrt(0.125) / 40, 1e-12);
    ASSERT_VALUE(a, "training_episodes", 5, 0);
    ASSERT_VALUE(a, "training_accepted", 3, 0);
    ASSERT_VALUE(a, "oracle_faults", 4, 0);
    ASSERT_VALUE(a, "oracle_faults_failed", 2, 0);
    ASSERT_VALUE(a, "oracle_faults_late", 1, 0);
    ASSERT_VALUE(a, "oracle_faults_not_converged", 0, 0);
    ASSERT_VALUE(a, "oracle_faults_not_finite", 1, 0);
    ASSERT_VALUE(a, "wall_seconds", 1.1, 1e-12);
    ASSERT_VALUE(a, "seconds_predict", 0.1, 1e-12);
    ASSERT_VALUE(a, "seconds_oracle", 0.2, 1e-12);
    ASSERT_VALUE(a, "seconds_train", 0.3, 1e-12);
    ASSERT_VALUE(a, "seconds_wait", 0.15, 1e-12);
    ASSERT_VALUE(a, "seconds_write", 0.05, 1e-12);
    ASSERT_VALUE(a, "speedup_vs_exact", 2e-3 * 1100 / 1.1, 1e-9); /* the median call is a warm one */
    ASSERT_NULL(a, "energy_drift_exact_band");
    hm_analysis_destroy(&a);
}

/* ---- killed, diverged, short ---- */

static void test_killed_run(void)
{
    struct recipe recipe = diatomic_recipe();
    recipe.correlations = false;
    recipe.status = NULL;
    recipe.stride = 1;
    recipe.steps = 20000;
    make_run("killed", &recipe);
    struct hm_analysis *a = analyze_run("killed", NULL);
    char *json = json_of(a);
    CU_ASSERT_TRUE(is_json(json));
    CU_ASSERT_TRUE(json_starts(json, "status", "\"running\""));
    ASSERT_VALUE(a, "steps", 20000, 0);
    ASSERT_NULL(a, "wall_seconds");
    ASSERT_NULL(a, "speedup_vs_exact");
    ASSERT_NULL(a, "injections");
    ASSERT_NULL(a, "kick_accuracy_percent");
    /* The curves come from the frames. */
    ASSERT_VALUE(a, "vacf_first_inflection_steps", 1 / (recipe.wavenumber_cm * 2.99792458e10 * 0.5e-15) / 4, 0.05);
    HM_ASSERT_NEAR(strtod(json_value(json, "vibrational_peaks_cm1") + 1, NULL), recipe.wavenumber_cm, 0.2);
    free(json);
    hm_analysis_destroy(&a);

    recipe.stride = 10;
    make_run("sparse", &recipe);
    a = analyze_run("sparse", NULL);
    json = json_of(a);
    CU_ASSERT_TRUE(json_starts(json, "vibrational_peaks_cm1", "null"));
    CU_ASSERT_TRUE(json_starts(json, "vacf_first_inflection_steps", "null"));
    CU_ASSERT_TRUE(json_starts(json, "wall_seconds", "null"));
    free(json);
    hm_analysis_destroy(&a);
}

static void test_diverged_and_short_runs(void)
{
    struct recipe recipe = diatomic_recipe();
    recipe.steps = 777;
    recipe.status = "diverged";
    make_run("diverged", &recipe);
    struct hm_analysis *a = analyze_run("diverged", NULL);
    ASSERT_VALUE(a, "diverged_at_step", 777, 0);
    /* All of it is warm-up: everything is exact, means are over all frames. */
    ASSERT_VALUE(a, "mean_temperature_K", 2.0 / 3 * diatomic_mean_kinetic(&recipe) * 315775.02480407,
                 0.02 * diatomic_mean_kinetic(&recipe) * 315775);
    hm_analysis_destroy(&a);
    recipe.steps = 1;
    make_run("one", &recipe);
    a = analyze_run("one", NULL);
    ASSERT_NULL(a, "energy_drift_relative");
    char *json = json_of(a);
    CU_ASSERT_TRUE(is_json(json));
    free(json);
    hm_analysis_destroy(&a);
    recipe.steps = 0;
    make_run("none", &recipe);
    a = analyze_run("none", NULL);
    ASSERT_NULL(a, "mean_temperature_K");
    json = json_of(a);
    CU_ASSERT_TRUE(is_json(json));
    CU_ASSERT_TRUE(json_starts(json, "bonds", "[{\"atoms\": [0, 1], \"mean_angstrom\": null"));
    free(json);
    hm_analysis_destroy(&a);
    CU_ASSERT_NOT_EQUAL(hm_analysis_create(made_run_path("absent"), NULL, &a), HM_OK);
    CU_ASSERT_PTR_NULL(a);
}

/* ---- conservation ---- */

/* A rigid rotor that turns 10 % faster from half the run on, while the centre of mass starts to move. */
static void spin_up(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    (void)recipe;
    const double spin = 1e-5 * (step < 500 ? 1.0 : 1.1), angle = 0.01 * (double)step, push = step < 500 ? 0 : 1e-6;
    memset(x, 0, 6 * sizeof *x);
    memset(v, 0, 6 * sizeof *v);
    for (size_t i = 0; i < 2; i++) {
        const double r = i == 0 ? 1.2 : -1.2;
        x[3 * i] = 7 + r * cos(angle);
        x[3 * i + 1] = r * sin(angle);
        v[3 * i] = -spin * r * sin(angle);
        v[3 * i + 1] = spin * r * cos(angle);
        v[3 * i + 2] = push;
    }
    *potential = 0;
}

static void test_conservation(void)
{
    const int number[2] = {8, 8};
    const double mass[2] = {29000, 29000};
    struct recipe recipe = {.natom = 2,
                            .number = number,
                            .mass = mass,
                            .timestep = 0.5 * FS,
                            .steps = 1000,
                            .stride = 1,
                            .move = spin_up,
                            .status = "finished"};
    make_run("rotor", &recipe);
    struct hm_analysis *a = analyze_run("rotor", NULL);
    const double before = 1.2e-5, after = hypot(1.1 * 1.2e-5, 1e-6); /* |v| of either atom */
    ASSERT_VALUE(a, "momentum_drift_relative", 2e-6 / (before + after), 1e-9);
    ASSERT_VALUE(a, "angular_momentum_drift_relative", 0.1 / 1.05, 1e-9); /* about the moving centre */
    hm_analysis_destroy(&a);
    recipe.box = 40;
    make_run("rotor_box", &recipe);
    a = analyze_run("rotor_box", NULL);
    ASSERT_VALUE(a, "momentum_drift_relative", 2e-6 / (before + after), 1e-9);
    ASSERT_NULL(a, "angular_momentum_drift_relative");
    hm_analysis_destroy(&a);
}

/* ---- printing ---- */

static void test_every_promised_field_is_there(void)
{
    static const char *const names[] = {"steps",
                                        "natoms",
                                        "timestep_fs",
                                        "injections",
                                        "injection_fraction",
                                        "exact_fraction",
                                        "longest_prediction_run",
                                        "energy_drift_relative",
                                        "energy_max_block_deviation_relative",
                                        "energy_drift_exact_band",
                                        "energy_drift_meV_per_atom_per_ps",
                                        "momentum_drift_relative",
                                        "angular_momentum_drift_relative",
                                        "mean_temperature_K",
                                        "equipartition",
                                        "energy_drift_of",
                                        "kick_accuracy_percent",
                                        "velocity_accuracy_percent",
                                        "velocity_mae_angstrom_per_ps",
                                        "residual_rms_relative",
                                        "bonds",
                                        "vacf_first_inflection_steps",
                                        "vibrational_peaks_cm1",
                                        "wall_seconds",
                                        "seconds_predict",
                                        "seconds_oracle",
                                        "seconds_train",
                                        "seconds_wait",
                                        "seconds_write",
                                        "oracle_calls",
                                        "speedup_vs_exact",
                                        "rollbacks",
                                        "strides",
                                        "stride_fs",
                                        "stride_fraction",
                                        "rounds",
                                        "rounds_refused",
                                        "iterations_per_stride",
                                        "stride_failure_fraction",
                                        "round_energy_drift_kT",
                                        "reversibility_max",
                                        "accepted_per_round",
                                        "diverged_at_step",
                                        "training_episodes",
                                        "training_accepted",
                                        "status",
                                        "position_divergence",
                                        "kinetic_divergence",
                                        "potential_divergence",
                                        "energy_shift_relative",
                                        "vacf_rmse",
                                        "vdos_overlap"};
    struct recipe recipe = diatomic_recipe();
    recipe.steps = 2000;
    make_run("fields", &recipe);
    struct hm_analysis *a = analyze_run("fields", NULL);
    char *json = json_of(a), *text = printed(a, hm_analysis_print_text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT_NOT_EQUAL(*json_value(json, names[i]), '\0');
        if (*json_value(json, names[i]) == '\0') fprintf(stderr, "missing: %s\n", names[i]);
    }
    CU_ASSERT_TRUE(isnan(hm_analysis_value(a, "no_such_field")));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "mean temperature"));
    CU_ASSERT_PTR_NULL(strstr(text, "nan"));
    CU_ASSERT_PTR_NULL(strstr(text, "Against the reference")); /* of which nothing is known */
    CU_ASSERT_PTR_NULL(strstr(text, "diverged"));
    free(json);
    free(text);
    hm_analysis_destroy(&a);
}

static const struct hm_test tests[] = {
    {"energy drift and motion", test_energy_and_motion},
    {"conserved energy", test_conserved_energy},
    {"frozen atoms", test_frozen_atoms},
    {"unknown energies", test_unknown_energies},
    {"where peaks come from", test_where_peaks_come_from},
    {"bends have peaks", test_bends_have_peaks},
    {"logs", test_logs},
    {"killed run", test_killed_run},
    {"diverged and short runs", test_diverged_and_short_runs},
    {"conservation", test_conservation},
    {"every promised field is there", test_every_promised_field_is_there},
};

int main(void)
{
    made_runs_start();
    return hm_test_main("analyze", tests, sizeof tests / sizeof *tests);
}
