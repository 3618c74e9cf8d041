/* What a sweep file makes: combinations, baselines, and every fault with its place. */
#include "scheduler/sweep/baselines.h"
#include "scheduler/sweep/plan.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char base[] = "system: {initial_velocities: {temperature: 300 K}}\n"
                           "hamiltonian: {type: harmonic, molecule: HCl}\n"
                           "integrator: {timestep: 0.25 fs, steps: 3000}\n"
                           "training: {warmup_steps: 400}\n";

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

struct sweep {
    struct hm_sweep_file file;
    struct hm_sweep_plan plan;
};

static enum hm_status make(const char *base_text, const char *axes, struct sweep *sweep)
{
    char text[4096];
    snprintf(text, sizeof text, "base: base.yaml\nfolder: out\n%s", axes);
    write_file("base.yaml", base_text);
    write_file("sweep.yaml", text);
    *sweep = (struct sweep){0};
    HM_TRY(hm_sweep_file_load("sweep.yaml", &sweep->file));
    return hm_sweep_plan_make(&sweep->file, 1, &sweep->plan);
}

static void release(struct sweep *sweep)
{
    hm_sweep_plan_release(&sweep->plan);
    hm_sweep_file_release(&sweep->file);
}

static void expect_runs(const char *base_text, const char *axes, const char *const *runs, size_t count)
{
    struct sweep sweep;
    HM_ASSERT_OK(make(base_text, axes, &sweep));
    CU_ASSERT_EQUAL(sweep.plan.count, count);
    for (size_t i = 0; i < count && i < sweep.plan.count; i++) {
        char described[512], line[1024];
        hm_sweep_plan_describe(&sweep.plan, i + 1, described, sizeof described);
        snprintf(line, sizeof line, "%s: %s", hm_sweep_kind_names[sweep.plan.run[i].kind], described);
        if (strcmp(line, runs[i]) != 0) printf("\n  run %zu is '%s', not '%s'", i + 1, line, runs[i]);
        CU_ASSERT_STRING_EQUAL(line, runs[i]);
    }
    release(&sweep);
}

#define EXPECT_RUNS(base_text, axes, ...)                                               \
    do {                                                                                \
        static const char *const expected[] = {__VA_ARGS__};                            \
        expect_runs((base_text), (axes), expected, sizeof expected / sizeof *expected); \
    } while (0)

static void test_combinations(void)
{
    EXPECT_RUNS(base,
                "axes: {policy.frequency: [0.1, 0.2], system.initial_velocities.seed + training.seed: {count: 2}}\n",
                "run: frequency 0.1, seed 1", "run: frequency 0.1, seed 2", "run: frequency 0.2, seed 1",
                "run: frequency 0.2, seed 2");
    EXPECT_RUNS(base,
                "combine: zip\naxes: {policy.frequency: [0.1, 0.2], training.seed: {from: 7, count: 2, step: -3}}\n",
                "run: frequency 0.1, seed 7", "run: frequency 0.2, seed 4");
    EXPECT_RUNS(base,
                "axes:\n  predictor: [{type: linear, inputs: [velocity], history: 12}, {type: zero}]\n"
                "  system.initial_velocities.remove[0]: [momentum]\n",
                "run: predictor {type: linear, inputs: [velocity], history: 12}, "
                "remove[0] momentum",
                "run: predictor {type: zero}, remove[0] momentum");
    EXPECT_RUNS(base, "axes: {training.seed: [1, 2], system.initial_velocities.seed: [3]}\n",
                "run: training.seed 1, system.initial_velocities.seed 3",
                "run: training.seed 2, system.initial_velocities.seed 3");
}

/* A base may lack what every run sets. */
static void test_base_that_is_not_whole(void)
{
    EXPECT_RUNS("system: {initial_velocities: {temperature: 300 K}}\nhamiltonian: {type: harmonic}\n",
                "axes: {hamiltonian.molecule: [CO], integrator: [{timestep: 1 fs, steps: 5000}]}\n",
                "run: molecule CO, integrator {timestep: 1 fs, steps: 5000}");
}

static void test_values_reach_the_configuration(void)
{
    struct sweep sweep;
    struct hm_config *config;
    HM_ASSERT_OK(
        make(base, "axes: {system.initial_velocities.seed + training.seed: [5], predictor: [{type: zero}]}\n", &sweep));
    HM_ASSERT_OK(hm_config_parse(sweep.plan.run[0].yaml, "run", NULL, 0, &config));
    CU_ASSERT_EQUAL(hm_config_integer(config, "system.initial_velocities.seed"), 5);
    CU_ASSERT_EQUAL(hm_config_integer(config, "training.seed"), 5);
    CU_ASSERT_EQUAL(hm_config_integer(config, "training.warmup_steps"), 400);
    CU_ASSERT_STRING_EQUAL(hm_config_text(config, "predictor.type"), "zero");
    hm_config_destroy(&config);
    release(&sweep);
}

static void test_identity(void)
{
    struct sweep one, other;
    char line[1024], commented[sizeof base + 64];
    HM_ASSERT_OK(make(base, "axes: {training.seed: [1, 2]}\n", &one));
    CU_ASSERT_NOT_EQUAL(one.plan.run[0].fingerprint, one.plan.run[1].fingerprint);
    hm_sweep_plan_line(&one.plan, 2, line, sizeof line);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "run: training.seed = 2;"));
    CU_ASSERT_EQUAL(strncmp(line, "0002 ", 5), 0);
    /* Comments and the name of the trajectory are no part of a run. */
    snprintf(commented, sizeof commented, "# again\n%soutput: {trajectory: x.h5}\n", base);
    const uint64_t plain = one.plan.run[0].fingerprint;
    release(&one);
    snprintf(line, sizeof line, "%soutput: {trajectory: y.h5}\n", base);
    HM_ASSERT_OK(make(line, "axes: {training.seed: [1, 2]}\n", &one));
    HM_ASSERT_OK(make(commented, "axes: {training.seed: [1, 2]}\n", &other));
    CU_ASSERT_EQUAL(one.plan.run[0].fingerprint, other.plan.run[0].fingerprint);
    CU_ASSERT_NOT_EQUAL(plain, 0);
    release(&one);
    release(&other);
}

static void test_baselines_collapse(void)
{
    EXPECT_RUNS(base,
                "axes: {policy.frequency: [0.1, 0.2], predictor.type: [linear, zero],\n"
                "       system.initial_velocities.seed + training.seed: [1, 2]}\nbaselines: [exact, linear]\n",
                "run: frequency 0.1, type linear, seed 1", "run: frequency 0.1, type linear, seed 2",
                "run: frequency 0.1, type zero, seed 1", "run: frequency 0.1, type zero, seed 2",
                "run: frequency 0.2, type linear, seed 1", "run: frequency 0.2, type linear, seed 2",
                "run: frequency 0.2, type zero, seed 1", "run: frequency 0.2, type zero, seed 2", "exact: seed 1",
                "exact: seed 2", "linear: frequency 0.1, seed 1", "linear: frequency 0.1, seed 2",
                "linear: frequency 0.2, seed 1", "linear: frequency 0.2, seed 2");
    /* What is analysed begins after the warm-up: it matters to exact runs, too. */
    EXPECT_RUNS(base, "axes: {training.warmup_steps: [300, 600], training.seed: [1, 2]}\nbaselines: [longest_stable]\n",
                "run: warmup_steps 300, seed 1", "run: warmup_steps 300, seed 2", "run: warmup_steps 600, seed 1",
                "run: warmup_steps 600, seed 2", "longest_stable: warmup_steps 300",
                "longest_stable: warmup_steps 600");
}

static void test_stretched(void)
{
    struct sweep sweep;
    struct hm_config *config;
    HM_ASSERT_OK(make(
        base, "axes: {policy.frequency: [0.1, 0, 1], policy.jitter: [0]}\nbaselines: [exact, stretched]\n", &sweep));
    CU_ASSERT_EQUAL(sweep.plan.of_kind[HM_SWEEP_EXACT], 1);
    CU_ASSERT_EQUAL(sweep.plan.of_kind[HM_SWEEP_STRETCHED], 1); /* of 1 it is the exact run, of 0 there is none */
    CU_ASSERT_EQUAL(sweep.plan.repeats[HM_SWEEP_STRETCHED], 1);
    CU_ASSERT_EQUAL(sweep.plan.notes.count, 1);
    HM_ASSERT_OK(hm_config_parse(sweep.plan.run[4].yaml, "run", NULL, 0, &config));
    CU_ASSERT_STRING_EQUAL(hm_config_text(config, "policy.type"), "always");
    CU_ASSERT_EQUAL(hm_config_integer(config, "integrator.steps"), 300);
    CU_ASSERT_EQUAL(hm_config_integer(config, "training.warmup_steps"), 40);
    CU_ASSERT_EQUAL(hm_config_integer(config, "output.stride"), 1);
    HM_ASSERT_NEAR(hm_config_real(config, "integrator.timestep") * HM_TIME_FS, 2.5, 1e-12);
    hm_config_destroy(&config);
    release(&sweep);
    HM_ASSERT_OK(make(base, "axes: {policy: [{type: residual}, {type: always}]}\nbaselines: [stretched]\n", &sweep));
    CU_ASSERT_EQUAL(sweep.plan.count, 2);
    CU_ASSERT_EQUAL(sweep.plan.notes.count, 2);
    release(&sweep);
}

/* Keys of another predictor are dropped; what does not fit at all is left out and said. */
static void test_linear(void)
{
    struct sweep sweep;
    struct hm_config *config;
    HM_ASSERT_OK(make(base,
                      "axes: {predictor: [{type: lstm, hidden: 4, history: 20, inputs: [velocity], max_kick: 7}]}\n"
                      "baselines: [linear]\n",
                      &sweep));
    CU_ASSERT_EQUAL_FATAL(sweep.plan.count, 2);
    HM_ASSERT_OK(hm_config_parse(sweep.plan.run[1].yaml, "run", NULL, 0, &config));
    CU_ASSERT_STRING_EQUAL(hm_config_text(config, "predictor.type"), "linear");
    CU_ASSERT_FALSE(hm_config_has(config, "predictor.history"));
    CU_ASSERT_FALSE(hm_config_has(config, "predictor.hidden"));
    CU_ASSERT_FALSE(hm_config_lists(config, "predictor.inputs", "coordinate"));
    CU_ASSERT_EQUAL(hm_config_real(config, "predictor.max_kick"), 7);
    hm_config_destroy(&config);
    release(&sweep);
    HM_ASSERT_OK(make(base,
                      "axes: {predictor: [{type: lstm, hidden: 4, committee: 2}],\n"
                      "       policy: [{type: threshold, signal: committee, above: 0.1}]}\nbaselines: [linear]\n",
                      &sweep));
    CU_ASSERT_EQUAL(sweep.plan.count, 1);
    CU_ASSERT_EQUAL_FATAL(sweep.plan.notes.count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(sweep.plan.notes.of[0].text, "no linear baseline: "));
    release(&sweep);
}

/* ---- baselines of one run ---- */

static void write_cluster(const char *path, size_t natom)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "%zu\n\n", natom);
    for (size_t i = 0; i < natom; i++) fprintf(file, "Ar %g %g %g\n", 4.0 * (double)i, 0.3 * (double)(i * i), 0.0);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* The configuration of a baseline; NULL with the status where there is none. */
static struct hm_config *baseline_of(const char *text, enum hm_sweep_kind kind, enum hm_status *status)
{
    struct hm_config *config = NULL;
    struct hm_job job;
    struct hm_baseline baseline;
    const char *settings[HM_BASELINE_SETTINGS];
    CU_ASSERT_EQUAL_FATAL(hm_config_parse(text, "run.yaml", NULL, 0, &config), HM_OK);
    CU_ASSERT_EQUAL_FATAL(hm_job_from_config(config, &job), HM_OK);
    config = NULL;
    *status = hm_baseline_derive(&job, kind, &baseline);
    for (size_t i = 0; i < baseline.count; i++) settings[i] = baseline.text[i];
    if (*status == HM_OK) {
        CU_ASSERT_NOT_EQUAL(strlen(baseline.summary), 0);
        HM_ASSERT_OK(hm_config_parse(hm_config_yaml(job.config), "run.yaml", settings, baseline.count, &config));
    }
    hm_baseline_release(&baseline);
    hm_job_release(&job);
    return config;
}

#define HCL                                                                                              \
    "system: {initial_velocities: {temperature: 300 K}}\nhamiltonian: {type: harmonic, molecule: HCl}\n" \
    "integrator: {timestep: 0.25 fs, steps: 3000}\n"
#define CHEAPER "hamiltonian: {type: harmonic, bonds: [{atoms: [0, 1], k: 450 N/m, r0: 1.28 A}]}"

/* The force of the run with impulses: as often as the run asks for exact steps, or as its fastest period does. */
static void test_respa_of_a_run(void)
{
    static const struct {
        const char *extra, *type;
        double frequency;
    } cases[] = {
        {"predictor: {type: hamiltonian, " CHEAPER "}\npolicy: {frequency: 0.2}\n", "hamiltonian", 0.2},
        {"predictor: {type: hamiltonian, " CHEAPER "}\npolicy: {frequency: 0.01, jitter: 0.2}\n", "hamiltonian", 0},
        {"predictor: {type: hamiltonian, " CHEAPER "}\npolicy: {frequency: 0}\n", "hamiltonian", 0},
        {"predictor: {type: hamiltonian, " CHEAPER "}\npolicy: {type: residual}\ninjection: {burst: 3}\n",
         "hamiltonian", 0},
        {"predictor: {type: lstm, hidden: 4, base: {type: hamiltonian}, " CHEAPER "}\n", "hamiltonian", 0},
        {"predictor: {type: surrogate, degree: 3, base: {type: hamiltonian}, " CHEAPER "}\n", "surrogate", 0},
        {"predictor: {type: lstm, hidden: 4, degree: 3, base: {type: surrogate}}\n", "surrogate", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        enum hm_status status;
        snprintf(text, sizeof text, HCL "%s", cases[i].extra);
        struct hm_config *config = baseline_of(text, HM_SWEEP_RESPA, &status);
        CU_ASSERT_PTR_NOT_NULL_FATAL(config);
        CU_ASSERT_STRING_EQUAL(hm_config_text(config, "predictor.type"), cases[i].type);
        CU_ASSERT_STRING_EQUAL(hm_config_text(config, "injection.form"), "impulse");
        CU_ASSERT_STRING_EQUAL(hm_config_text(config, "policy.type"), "periodic");
        CU_ASSERT_FALSE(hm_config_has(config, "injection.burst") || hm_config_has(config, "policy.jitter") ||
                        hm_config_has(config, "predictor.hidden"));
        const double frequency = hm_config_real(config, "policy.frequency"); /* 11.15 fs / 4 are 11 steps */
        HM_ASSERT_NEAR(frequency, cases[i].frequency > 0 ? cases[i].frequency : 1.0 / 11, 1e-9);
        CU_ASSERT_TRUE(frequency >= (cases[i].frequency > 0 ? cases[i].frequency : 1.0 / 11));
        if (strstr(cases[i].extra, "k: 450"))
            CU_ASSERT_STRING_EQUAL(hm_config_text(config, "predictor.hamiltonian.bonds[0].k"), "450 N/m");
        if (strstr(cases[i].extra, "degree")) CU_ASSERT_EQUAL(hm_config_integer(config, "predictor.degree"), 3);
        hm_config_destroy(&config);
    }
}

static void test_no_respa_without_a_force(void)
{
    static const char *const predictors[] = {"{type: linear}", "{type: zero}", "{type: lstm, base: {type: linear}}"};
    for (size_t i = 0; i < 3; i++) {
        char text[1024];
        enum hm_status status;
        snprintf(text, sizeof text, HCL "predictor: %s\n", predictors[i]);
        CU_ASSERT_PTR_NULL(baseline_of(text, HM_SWEEP_RESPA, &status));
        CU_ASSERT_EQUAL(status, HM_BAD_INPUT);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "is no force that could act between impulses"));
    }
}

/* What knew the geometry is replaced by what knows a history: of pairs where they are unique. */
static void test_linear_of_a_force(void)
{
    for (size_t natom = 4; natom <= 5; natom++) {
        char text[1024];
        enum hm_status status;
        struct hm_config *config;
        write_cluster("cluster.xyz", natom);
        static const char run[] =
            "system: {geometry: cluster.xyz, initial_velocities: {temperature: 20 K}}\nintegrator: {timestep: 2 fs, "
            "steps: 3000}\nhamiltonian: {type: lennard_jones, pairs: [{species: [Ar, Ar], epsilon: 0.0103 eV, sigma: "
            "3.4 "
            "A}]}\npredictor: {type: surrogate, degree: 2, basis: distances, max_kick: 7}\n"
            "injection: {form: impulse, burst: 1}\n";
        config = baseline_of(run, HM_SWEEP_LINEAR, &status);
        CU_ASSERT_PTR_NOT_NULL_FATAL(config);
        CU_ASSERT_STRING_EQUAL(hm_config_text(config, "predictor.type"), "linear");
        CU_ASSERT_STRING_EQUAL(hm_config_text(config, "predictor.representation"), natom == 4 ? "pair" : "cartesian");
        CU_ASSERT_TRUE(hm_config_lists(config, "predictor.inputs", "velocity"));
        CU_ASSERT_FALSE(hm_config_has(config, "predictor.degree") || hm_config_has(config, "predictor.basis"));
        CU_ASSERT_EQUAL(hm_config_real(config, "predictor.max_kick"), 7);
        CU_ASSERT_STRING_EQUAL(hm_config_text(config, "injection.form"), "kick");
        CU_ASSERT_STRING_EQUAL(hm_config_text(config, "injection.burst"), "auto");
        struct hm_job job;
        HM_ASSERT_OK(hm_job_from_config(config, &job));
        HM_ASSERT_OK(hm_job_check(&job));
        hm_job_release(&job);
        snprintf(text, sizeof text, "%sthermostat: {type: bussi, temperature: 20 K}\n", run);
        config = baseline_of(text, HM_SWEEP_LINEAR, &status);
        CU_ASSERT_EQUAL(status, natom == 4 ? HM_OK : HM_BAD_INPUT);
        hm_config_destroy(&config);
    }
}

/* Frequencies that are too low all come to the lowest there is; the others keep their own. */
static void test_respa_collapses(void)
{
    struct sweep sweep;
    EXPECT_RUNS(HCL "predictor: {type: hamiltonian, " CHEAPER "}\n",
                "axes: {policy.frequency: [0.5, 0.01, 0.001], injection.burst: [1]}\nbaselines: [respa]\n",
                "run: frequency 0.5, burst 1", "run: frequency 0.01, burst 1", "run: frequency 0.001, burst 1",
                "respa: frequency 0.5", "respa: ");
    HM_ASSERT_OK(make(base, "axes: {policy.frequency: [0.5, 0.01]}\nbaselines: [respa]\n", &sweep));
    CU_ASSERT_EQUAL(sweep.plan.count, 2);
    CU_ASSERT_EQUAL_FATAL(sweep.plan.notes.count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(sweep.plan.notes.of[0].text, "no respa baseline: the linear predictor is no force"));
    release(&sweep);
}

static void expect_faults(const char *base_text, const char *axes, const char *const *faults, size_t count)
{
    struct sweep sweep;
    char message[16384];
    CU_ASSERT_EQUAL(make(base_text, axes, &sweep), HM_BAD_CONFIG);
    snprintf(message, sizeof message, "%s", hm_status_message());
    size_t lines = 1;
    for (const char *c = message; *c; c++) lines += *c == '\n';
    CU_ASSERT_EQUAL(lines, count);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(message, faults[i])) printf("\n  nothing like '%s' in '%s'", faults[i], message);
        CU_ASSERT_PTR_NOT_NULL(strstr(message, faults[i]));
    }
    release(&sweep);
}

#define EXPECT_FAULTS(base_text, axes, ...)                                               \
    do {                                                                                  \
        static const char *const expected[] = {__VA_ARGS__};                              \
        expect_faults((base_text), (axes), expected, sizeof expected / sizeof *expected); \
    } while (0)

static void test_faults_of_the_file(void)
{
    EXPECT_FAULTS(base,
                  "axes:\n  policy.frequncy: [1]\n  training.seed: []\n  predictor.history: 3\n"
                  "  training.reservoir: {from: 1, cuont: 3}\n  output.stride: {from: 1}\ncombine: grd\nranks: 1\n",
                  "sweep.yaml:4:3: the axis 'policy.frequncy' is no key of a configuration; did you mean "
                  "'policy.frequency'?",
                  "sweep.yaml:5:18: the axis 'training.seed' is empty",
                  "sweep.yaml:6:22: the axis 'predictor.history' must be a list",
                  "sweep.yaml:7:33: unknown key 'cuont'", "sweep.yaml:8:18: a range needs its count",
                  "sweep.yaml:9:10: combine must be grid or zip", "sweep.yaml:10:1: unknown key 'ranks'");
    EXPECT_FAULTS(base, "axes: {training.seed: [1, 2, 1], training.mode: [~]}\n", "lists '1' twice",
                  "sweep.yaml:3:50: the axis 'training.mode' has an item without a value");
    EXPECT_FAULTS(base, "axes: {training.seed: [1], training: [{mode: off}]}\n",
                  "would replace what the axis 'training.seed' above has set");
    EXPECT_FAULTS(base, "axes: {training.seed + training.seed: [1]}\n", "two axes set 'training.seed'");
    EXPECT_FAULTS(base, "folder: again\naxes: {training.seed: [1]}\n", "sweep.yaml:3:1: duplicate key 'folder'");
    EXPECT_FAULTS(base,
                  "axes: {training.seed: {count: 1000}, output.stride: {count: 1000},\n"
                  "       training.reservoir: {count: 1000}}\n",
                  "more than 1000000 runs");
    EXPECT_FAULTS(base, "axes: {training.seed: [1]}\nranks_per_run: 2\n", "2 ranks for each run, but the sweep has 1");
    EXPECT_FAULTS(base, "axes: &a {training.seed: [1]}\n", "anchors");
}

/* Each fault once, with the place of the value that is wrong, or the runs that have it. */
static void test_faults_of_runs(void)
{
    EXPECT_FAULTS(base, "axes:\n  policy.frequency: [0.1, 3]\n  system.initial_velocities.seed: {count: 4}\n",
                  "sweep.yaml:4:27: policy.frequency must be from 0 to 1; not 3");
    EXPECT_FAULTS("hamiltonian: {type: harmonic, molecule: HCl}\nintegrator: {timestep: 1, steps: 10}\nx: 1\n",
                  "axes: {training.seed: {count: 4}}\n", "base.yaml:2:24: ", "base.yaml:3:1: unknown key 'x'");
    EXPECT_FAULTS(
        "system: {initial_velocities: {temperature: 300 K}}\nhamiltonian: {type: harmonic, molecule: HCl}\n"
        "integrator: {timestep: 0.25 fs, steps: 3000}\npredictor: {history: 100}\n",
        "axes: {training.warmup_steps: [50, 400], training.seed: [1, 2]}\n",
        "does not fit into the warm-up of 50 it is to be learned from: raise training.warmup_steps or shorten it "
        "(2 of 4 runs; the first: warmup_steps 50, seed 1)");
}

static const struct hm_test tests[] = {
    {"combinations", test_combinations},
    {"a base that is not whole", test_base_that_is_not_whole},
    {"values reach the configuration", test_values_reach_the_configuration},
    {"what identifies a run", test_identity},
    {"baselines collapse what means nothing to them", test_baselines_collapse},
    {"stretched", test_stretched},
    {"linear", test_linear},
    {"respa of a run", test_respa_of_a_run},
    {"no respa without a force", test_no_respa_without_a_force},
    {"linear of a force", test_linear_of_a_force},
    {"respa collapses", test_respa_collapses},
    {"faults of the file", test_faults_of_the_file},
    {"faults of runs", test_faults_of_runs},
};

HM_TEST_MAIN("plans of sweeps", tests)
