/* The fastest period against textbook frequencies: a diatomic, the normal modes of XY2 by Wilson's F and G matrices,
 * equal springs between all pairs of a cluster, atoms that are held. */
#include "hamiltonians/molecules.h"
#include "io/units.h"
#include "scheduler/period.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* Of a job at rest where its geometry says. */
static double period_of(const char *yaml, int64_t *calls)
{
    struct hm_job job;
    struct hm_hamiltonian hamiltonian;
    struct hm_dispatch oracle;
    double period = NAN;
    char text[2048];
    snprintf(text, sizeof text, "%sintegrator: {timestep: 0.5 fs, steps: 10}\n", yaml);
    fixture_job_of(text, &job);
    HM_ASSERT_OK(hm_hamiltonian_create(job.config, &job.frame, NULL, &hamiltonian));
    HM_ASSERT_OK(hm_dispatch_create_inline(&hamiltonian, job.frame.natom, &oracle));
    HM_ASSERT_OK(hm_fastest_period(&oracle, &job.frame, &period));
    if (calls) *calls = oracle.calls;
    hm_dispatch_destroy(&oracle);
    hm_hamiltonian_destroy(&hamiltonian);
    hm_job_release(&job);
    return period;
}

#define AT_REST "initial_velocities: {temperature: 0 K}"

static void test_diatomic(void)
{
    struct hm_molecule hcl;
    int64_t calls = 0;
    CU_ASSERT_TRUE_FATAL(hm_molecule_find("HCl", &hcl));
    const double mass = hcl.mass[0] * hcl.mass[1] / (hcl.mass[0] + hcl.mass[1]);
    const double expected = 2 * PI / sqrt(hcl.k / mass);
    const double period = period_of("system: {" AT_REST "}\nhamiltonian: {type: harmonic, molecule: HCl}\n", &calls);
    HM_ASSERT_NEAR(period / expected, 1, 1e-5);
    CU_ASSERT_TRUE(calls > 0 && calls <= 80);
    /* Held at one end, the other vibrates alone. */
    const double light = fmin(hcl.mass[0], hcl.mass[1]), heavy = fmax(hcl.mass[0], hcl.mass[1]);
    const double one =
        period_of("system: {frozen: [0], " AT_REST "}\nhamiltonian: {type: harmonic, molecule: HCl}\n", NULL);
    const double other =
        period_of("system: {frozen: [1], " AT_REST "}\nhamiltonian: {type: harmonic, molecule: HCl}\n", NULL);
    HM_ASSERT_NEAR(fmin(one, other) / (2 * PI / sqrt(hcl.k / light)), 1, 1e-5);
    HM_ASSERT_NEAR(fmax(one, other) / (2 * PI / sqrt(hcl.k / heavy)), 1, 1e-5);
}

#define WATER                                                               \
    "hamiltonian:\n  type: valence\n  bonds:\n"                             \
    "    - {atoms: [0, 1], form: harmonic, k: 8.45 mdyn/A, r0: 0.9572 A}\n" \
    "    - {atoms: [0, 2], form: harmonic, k: 8.45 mdyn/A, r0: 0.9572 A}\n" \
    "  angles:\n    - {atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: 104.5 deg}\n"

static const char water[] = "3\nProperties=species:S:1:pos:R:3:masses:R:1\nO 0 0 0 15.999\n"
                            "H 0.756848060 0 0.586014380 1.008\nH -0.756848060 0 0.586014380 1.008\n";

/* The antisymmetric stretch stands alone in its symmetry: lambda = k (1/mH + (1 - cos theta) / mO). The symmetric one
 * is only 5 % below in lambda, so that 40 iterations end between the two: at most 1 % above the true period.
 * Wilson, Decius and Cross, Molecular Vibrations (1955), sections 4-1 and 8-2. */
static void test_water(void)
{
    const double k = 845; /* N/m: 8.45 mdyn/A */
    const double dalton = 1.66053906660e-27, theta = 104.5 * PI / 180;
    const double lambda = k * (1 / (1.008 * dalton) + (1 - cos(theta)) / (15.999 * dalton));
    const double expected_fs = 2 * PI / sqrt(lambda) * 1e15;
    write_file("water.xyz", water);
    const double period_fs = HM_TIME_FS * period_of("system: {geometry: water.xyz, " AT_REST "}\n" WATER, NULL);
    CU_ASSERT_TRUE(period_fs > expected_fs * (1 - 1e-4));
    CU_ASSERT_TRUE(period_fs < expected_fs * 1.01);
}

/* Four atoms at the distance where each pair's energy is least: N equal springs on every atom's breathing motion,
 * omega^2 = N k / m, k = 72 eps / (2^(1/3) sigma^2). */
static void test_cluster(void)
{
    char geometry[512];
    const double sigma = 3.4, r = sigma * pow(2, 1.0 / 6), side = r / sqrt(8.0);
    snprintf(geometry, sizeof geometry,
             "4\nProperties=species:S:1:pos:R:3:masses:R:1\nAr %.12f %.12f %.12f 39.95\nAr %.12f %.12f %.12f 39.95\n"
             "Ar %.12f %.12f %.12f 39.95\nAr %.12f %.12f %.12f 39.95\n",
             side, side, side, side, -side, -side, -side, side, -side, -side, -side, side);
    write_file("cluster.xyz", geometry);
    const double epsilon = 0.0103 * 1.602176634e-19, dalton = 1.66053906660e-27;
    const double k = 72 * epsilon / (pow(2, 1.0 / 3) * sigma * sigma * 1e-20);
    const double expected_fs = 2 * PI / sqrt(4 * k / (39.95 * dalton)) * 1e15;
    const double period_fs = HM_TIME_FS * period_of("system: {geometry: cluster.xyz, " AT_REST "}\n"
                                                    "hamiltonian: {type: lennard_jones, pairs: [{species: [Ar, Ar], "
                                                    "epsilon: 0.0103 eV, sigma: 3.4 A}]}\n",
                                                    NULL);
    HM_ASSERT_NEAR(period_fs / expected_fs, 1, 2e-3);
}

static void test_frequency(void)
{
    HM_ASSERT_NEAR(hm_period_frequency(40, 1), 0.1, 1e-15);
    CU_ASSERT_EQUAL(hm_period_frequency(4, 1), 1);
    CU_ASSERT_EQUAL(hm_period_frequency(1, 1), 1); /* more than every step cannot be */
    CU_ASSERT_EQUAL(hm_period_frequency(INFINITY, 1), 0);
}

static const struct hm_test tests[] = {
    {"a diatomic, free and held", test_diatomic},
    {"the antisymmetric stretch of water", test_water},
    {"the breathing of a cluster", test_cluster},
    {"the lowest frequency", test_frequency},
};

HM_TEST_MAIN("the fastest period", tests)
