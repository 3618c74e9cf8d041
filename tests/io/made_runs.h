/* Trajectory files with known content, made from a formula.
 *
 * Files go to a folder of their own, removed at the end of the test. A failure to write fails the test.
 *
 * Units: atomic units where the name does not say otherwise.
 * MPI: local.
 */
#ifndef HM_TESTS_IO_MADE_RUNS_H
#define HM_TESTS_IO_MADE_RUNS_H

#include "io/analysis/analyze.h"
#include "io/trajectory.h"
#include "io/units.h"

#define PI 3.14159265358979323846
#define FS (1.0 / HM_TIME_FS)

struct recipe;

/* State of the made-up system at one step. */
typedef void motion(const struct recipe *recipe, int64_t step, double *x, double *v, double *potential);

struct recipe {
    size_t natom, nbond; /* at most 3 atoms */
    const int *number;
    const double *mass;
    const size_t (*bonds)[2];
    double box; /* 0: not periodic */
    double timestep;
    int64_t steps, warmup, stride;
    motion *move;
    bool correlations;
    const char *status; /* NULL: the run was killed */
    bool exact;         /* log that every step was injected */
    void (*logs)(struct hm_trajectory *trajectory);
    /* The diatomic's vibration, and what sets one run apart from another. */
    double wavenumber_cm, energy_slope, kinetic_scale, shift_angstrom_per_step, potential_shift;
    double boost; /* velocity of the whole along x */
    bool bend_frozen;
    double heat_slope; /* of a thermostat, a step; 0: there is none */
    size_t frozen;     /* the last so many atoms are held */
};

/* A diatomic on the x axis, centre of mass at rest: r = r0 + A cos(wt); the total energy climbs by energy_slope a step.
 */
struct recipe diatomic_recipe(void);
extern const double diatomic_bond_length, diatomic_amplitude;
double diatomic_mean_kinetic(const struct recipe *recipe);
motion vibrate;

/* Room for the files; every test program calls it first. */
void made_runs_start(void);
const char *made_run_path(const char *name);
void make_run(const char *name, const struct recipe *recipe);

/* Analysis of made runs by name; the program ends if there is none. `reference` NULL: none. */
struct hm_analysis *analyze_run(const char *name, const char *reference);
/* What a printer writes; the caller frees it. */
char *printed(const struct hm_analysis *analysis, void (*print)(const struct hm_analysis *, FILE *));
char *json_of(const struct hm_analysis *analysis);

#define ASSERT_NULL(a, name) CU_ASSERT_TRUE(isnan(hm_analysis_value(a, name)))
#define ASSERT_VALUE(a, name, expected, tolerance) HM_ASSERT_NEAR(hm_analysis_value(a, name), expected, tolerance)

#endif
