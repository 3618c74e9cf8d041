/* hamlet bench forces: molecular dynamics of a Lennard-Jones liquid near its triple point, rho* = 0.8442, T* about 0.7,
 * dt* = 0.005, cutoff 2.5 sigma, skin 0.3 sigma, neighbour lists included: what other programs are measured on. Argon's
 * parameters stand in for reduced units. With the Axilrod-Teller term, cutoff 2 sigma, the expensive exact force.
 *
 * Beside the time: the rate of arithmetic that the pairs within the cutoff need, as a share of what this core does in
 * dense matrix products (half the rate of SGEMM), and the bytes of positions, forces and lists that the kernel touches.
 * For up to some 1e4 atoms these stay in the second-level cache, and the arithmetic is the bound. */
#include "scheduler/cli/bench.h"

#include "hamiltonians/hamiltonian.h"
#include "io/log.h"
#include "io/neighbours.h"
#include "io/rng.h"
#include "io/units.h"
#include "predictors/lstm_speed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPEATS = HM_BENCH_REPEATS };

#define SIGMA (3.405 / HM_LENGTH_ANGSTROM)
#define EPSILON (119.8 / HM_TEMPERATURE_KELVIN)
#define MASS (39.948 / HM_MASS_AMU)
#define PAIRS "pairs: [{species: [Ar, Ar], epsilon: 119.8 kB K, sigma: 3.405 A}], cutoff: 8.5125 A, skin: 1.0215 A"

/* Of one pair: distance with its image 18, energy and slope 17, forces and their sums 17; the grids 8 more. */
#define FLOP_PAIR 60.0
/* A number in the list, a position read, a force read and written. */
#define BYTES_PAIR (4.0 + 32.0 + 64.0)

static const struct forces_case {
    const char *name, *more; // more of the section hamiltonian
    size_t edge;             // cubic cells of four atoms
    int steps;
} cases[] = {
    {"lennard_jones", "", 6, 1000},
    {"lennard_jones", "", 14, 60},
    {"axilrod_teller", ", axilrod_teller: {nu: 73.2e-84 erg cm^9, cutoff: 6.81 A}", 6, 60},
};

static enum hm_status make_liquid(size_t edge, struct hm_frame *frame)
{
    static const double corner[4][3] = {{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}};
    const double side = SIGMA * cbrt(4 / 0.8442);
    HM_TRY(hm_frame_create(4 * edge * edge * edge, frame));
    for (size_t k = 0; k < 3; k++) {
        frame->cell[4 * k] = side * (double)edge;
        frame->periodic[k] = true;
    }
    for (size_t i = 0; i < frame->natom; i++) {
        const size_t cell = i / 4, at[3] = {cell % edge, cell / edge % edge, cell / edge / edge};
        frame->number[i] = 18;
        frame->mass[i] = MASS;
        for (size_t k = 0; k < 3; k++) frame->x[3 * i + k] = side * ((double)at[k] + corner[i % 4][k]);
    }
    /* Half of it goes into the melting. */
    const struct hm_velocity_options velocities = {
        .temperature = 1.44 * EPSILON, .seed = 1, .remove_momentum = true, .scale_energy = 1};
    return hm_velocities_draw(frame, &velocities);
}

/* Leapfrog: what an exact run does, without its book-keeping. */
static enum hm_status move(struct hm_hamiltonian *hamiltonian, struct hm_frame *frame, struct hm_label *label,
                           int steps)
{
    const double dt = 0.005 * SIGMA * sqrt(MASS / EPSILON);
    for (int step = 0; step < steps; step++) {
        HM_TRY(hm_hamiltonian_evaluate(hamiltonian, frame, label));
        for (size_t k = 0; k < 3 * frame->natom; k++) {
            frame->v[k] += dt / MASS * label->force[k];
            frame->x[k] += dt * frame->v[k];
        }
    }
    return label->status == HM_LABEL_CONVERGED ? HM_OK : hm_fail(HM_DIVERGED, "bench forces: the liquid exploded");
}

static enum hm_status count_pairs(const struct hm_frame *frame, double *pairs)
{
    struct hm_neighbours *list = NULL;
    HM_TRY(hm_neighbours_create(frame, 2.5 * SIGMA, 0, HM_NEIGHBOURS_HALF, &list));
    const enum hm_status status = hm_neighbours_update(list, frame, frame->x);
    *pairs = (double)list->first[frame->natom];
    hm_neighbours_destroy(&list);
    return status;
}

static void report(const struct forces_case *c, size_t natom, const double seconds[REPEATS], double pairs, double peak,
                   bool json)
{
    char what[64];
    double each[REPEATS];
    for (size_t r = 0; r < REPEATS; r++) each[r] = 1e6 * seconds[r];
    snprintf(what, sizeof what, "%s %zu", c->name, natom);
    hm_bench_report("forces", what, "us/step", each, json); /* sorts: the median is in the middle */
    if (c->more[0]) return;
    const double median = 1e-6 * each[REPEATS / 2], rate = pairs * FLOP_PAIR / median;
    if (json)
        printf("{\"bench\": \"forces\", \"case\": \"%s\", \"atoms\": %zu, \"seconds_per_step\": %.4g, \"pairs\": %.0f, "
               "\"gflops\": %.3g, \"bound\": \"FLOP\", \"peak_gflops\": %.3g, \"fraction\": %.3g, "
               "\"gigabytes_per_second\": %.3g}\n",
               what, natom, median, pairs, 1e-9 * rate, 1e-9 * peak, rate / peak, 1e-9 * pairs * BYTES_PAIR / median);
    else
        printf(
            "       %.0f pairs, %.2f ns each; bound: arithmetic, %.1f of %.1f GFLOP/s (%.0f %%), %.1f GB/s in cache\n",
            pairs, 1e9 * median / pairs, 1e-9 * rate, 1e-9 * peak, 100 * rate / peak,
            1e-9 * pairs * BYTES_PAIR / median);
    fflush(stdout);
}

static enum hm_status run_case(const struct forces_case *c, double peak, bool json)
{
    char yaml[512];
    double seconds[REPEATS], pairs = 0;
    struct hm_config *config = NULL;
    struct hm_frame frame = {0};
    struct hm_hamiltonian hamiltonian = {0};
    struct hm_label label = {0};
    enum hm_status status;
    snprintf(yaml, sizeof yaml,
             "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: {type: lennard_jones, " PAIRS "%s}\n", c->more);
    HM_TRY(hm_config_parse(yaml, "bench forces", NULL, 0, &config));
    HM_TRY_GOTO(status, make_liquid(c->edge, &frame), out);
    HM_TRY_GOTO(status, hm_hamiltonian_create(config, &frame, NULL, &hamiltonian), out);
    label.force = calloc(3 * frame.natom, sizeof *label.force);
    if (!label.force) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", frame.natom);
        goto out;
    }
    HM_TRY_GOTO(status, move(&hamiltonian, &frame, &label, 300), out);
    for (size_t r = 0; r < REPEATS; r++) {
        const double started = hm_clock();
        HM_TRY_GOTO(status, move(&hamiltonian, &frame, &label, c->steps), out);
        seconds[r] = (hm_clock() - started) / c->steps;
    }
    HM_TRY_GOTO(status, count_pairs(&frame, &pairs), out);
    report(c, frame.natom, seconds, pairs, peak, json);
out:
    free(label.force);
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
    hm_config_destroy(&config);
    return status;
}

enum hm_status hm_bench_forces(bool json)
{
    double peak;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        HM_TRY(hm_lstm_time_limit(&peak)); /* single precision */
        HM_TRY(run_case(&cases[c], 0.5 * peak, json));
    }
    return HM_OK;
}
