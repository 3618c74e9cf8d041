#include "tests/io/made_runs.h"

#include "tests/test.h"

#include "io/analysis/correlations.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/hamlet_runs_XXXXXX";

enum { MOST_RUNS = 32 };

static char run_paths[MOST_RUNS][sizeof folder + 32];
static size_t run_count;

static void remove_folder(void)
{
    for (size_t i = 0; i < run_count; i++) unlink(run_paths[i]);
    rmdir(folder);
}

void made_runs_start(void)
{
    if (!mkdtemp(folder)) exit(1);
    atexit(remove_folder);
}

const char *made_run_path(const char *name)
{
    char path[sizeof run_paths[0]];
    snprintf(path, sizeof path, "%s/%.20s.h5", folder, name);
    for (size_t i = 0; i < run_count; i++)
        if (strcmp(run_paths[i], path) == 0) return run_paths[i];
    if (run_count == MOST_RUNS) exit(1);
    memcpy(run_paths[run_count], path, sizeof path);
    return run_paths[run_count++];
}

/* ---- a vibrating diatomic ---- */

static const int hcl[2] = {1, 17};
static const double hcl_mass[2] = {1837.0, 63744.0};
static const size_t hcl_bond[1][2] = {{0, 1}};
static const double energy_at_start = -76.4;
const double diatomic_bond_length = 2.4, diatomic_amplitude = 0.1;

void vibrate(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential)
{
    const double w = recipe->wavenumber_cm * HM_ANGULAR_FREQUENCY_PER_CM, phase = w * recipe->timestep * (double)step;
    const double r = diatomic_bond_length + diatomic_amplitude * cos(phase);
    const double rate = -diatomic_amplitude * w * sin(phase) * sqrt(recipe->kinetic_scale);
    const double total = hcl_mass[0] + hcl_mass[1], mu = hcl_mass[0] * hcl_mass[1] / total;
    memset(x, 0, 6 * sizeof *x);
    memset(v, 0, 6 * sizeof *v);
    for (size_t k = 0; k < 6; k++) x[k] = recipe->shift_angstrom_per_step * (double)step / HM_LENGTH_ANGSTROM;
    x[0] -= r * hcl_mass[1] / total;
    x[3] += r * hcl_mass[0] / total;
    v[0] = -rate * hcl_mass[1] / total;
    v[3] = rate * hcl_mass[0] / total;
    *potential =
        energy_at_start + recipe->potential_shift + recipe->energy_slope * (double)step - 0.5 * mu * rate * rate;
}

struct recipe diatomic_recipe(void)
{
    return (struct recipe){
        .natom = 2,
        .nbond = 1,
        .number = hcl,
        .mass = hcl_mass,
        .bonds = hcl_bond,
        .timestep = 0.5 * FS,
        .steps = 100000,
        .warmup = 4000,
        .stride = 10,
        .move = vibrate,
        .correlations = true,
        .status = "finished",
        .wavenumber_cm = 2990.0,
        .energy_slope = 3e-10,
        .kinetic_scale = 1.0,
    };
}

double diatomic_mean_kinetic(const struct recipe *recipe)
{
    const double w = recipe->wavenumber_cm * HM_ANGULAR_FREQUENCY_PER_CM;
    const double mu = hcl_mass[0] * hcl_mass[1] / (hcl_mass[0] + hcl_mass[1]);
    return 0.25 * mu * diatomic_amplitude * diatomic_amplitude * w * w;
}

/* ---- making files ---- */

static void make_frame(const struct recipe *r, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(r->natom, frame));
    for (size_t i = 0; i < r->natom; i++) {
        frame->number[i] = r->number[i];
        frame->mass[i] = r->mass[i];
        if (i >= r->natom - r->frozen) hm_frame_freeze(frame, i);
    }
    for (size_t k = 0; k < 3 && r->box > 0; k++) {
        frame->cell[4 * k] = r->box;
        frame->periodic[k] = true;
    }
}

static void write_steps(const struct recipe *r, const struct hm_frame *frame, struct hm_correlations *correlations,
                        struct hm_trajectory *trajectory)
{
    double x[9], v[9], potential;
    for (int64_t step = 0; step < r->steps; step++) {
        if (!r->correlations && !r->exact && step % r->stride != 0) continue;
        r->move(r, step, x, v, &potential);
        if (r->correlations) hm_correlations_push(correlations, frame, x, v);
        const struct hm_decision_record decision = {.step = step, .action = HM_INJECT, .committed = 1};
        if (r->exact) HM_ASSERT_OK(hm_trajectory_log_decision(trajectory, &decision));
        if (step % r->stride != 0) continue;
        const struct hm_trajectory_frame out = {
            .step = step,
            .x = x,
            .v = v,
            .image = frame->image,
            .potential_energy = potential,
            .heat = r->heat_slope * (double)step,
        };
        if (hm_trajectory_append(trajectory, &out) != HM_OK) CU_FAIL("append");
    }
}

void make_run(const char *name, const struct recipe *r)
{
    struct hm_frame frame;
    struct hm_trajectory *trajectory;
    struct hm_correlations *correlations;
    make_frame(r, &frame);
    const struct hm_trajectory_setup setup = {
        .frame = &frame,
        .config_yaml = "made: up\n",
        .timestep = r->timestep,
        .steps = r->steps,
        .warmup_steps = r->warmup,
        .stride = r->stride,
        .nbond = r->nbond,
        .bonds = r->bonds,
        .thermostatted = r->heat_slope != 0,
        .overwrite = true,
    };
    if (hm_trajectory_create(made_run_path(name), &setup, &trajectory) != HM_OK) {
        CU_FAIL("no file");
        fprintf(stderr, "%s\n", hm_status_message());
        exit(1);
    }
    HM_ASSERT_OK(hm_correlations_create(&frame, r->nbond, r->bonds, r->timestep, r->steps, 0, &correlations));
    write_steps(r, &frame, correlations, trajectory);
    if (r->correlations) HM_ASSERT_OK(hm_correlations_write(correlations, trajectory));
    if (r->logs) r->logs(trajectory);
    if (r->status) HM_ASSERT_OK(hm_trajectory_set_status(trajectory, r->status, r->steps));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    hm_correlations_destroy(&correlations);
    hm_frame_release(&frame);
}

struct hm_analysis *analyze_run(const char *name, const char *reference)
{
    struct hm_analysis *a = NULL;
    const enum hm_status status =
        hm_analysis_create(made_run_path(name), reference ? made_run_path(reference) : NULL, &a);
    CU_ASSERT_EQUAL(status, HM_OK);
    if (status != HM_OK) {
        fprintf(stderr, "%s\n", hm_status_message());
        exit(1);
    }
    return a;
}

char *printed(const struct hm_analysis *a, void (*print)(const struct hm_analysis *, FILE *))
{
    FILE *file = tmpfile();
    print(a, file);
    const size_t size = (size_t)ftell(file);
    char *text = calloc(1, size + 1);
    rewind(file);
    CU_ASSERT_EQUAL(fread(text, 1, size, file), size);
    fclose(file);
    return text;
}

char *json_of(const struct hm_analysis *a)
{
    return printed(a, hm_analysis_print_json);
}
