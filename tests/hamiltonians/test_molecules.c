/* The built-in molecules against numbers that were not used to write the table, and what is refused in `hamiltonian`.
 */
#include "tests/test.h"

#include "hamiltonians/hamiltonian.h"
#include "hamiltonians/molecules.h"

#include "io/units.h"

#include <stdio.h>
#include <string.h>

#define NEWTON_PER_METRE (HM_ENERGY_J / (HM_LENGTH_ANGSTROM * HM_LENGTH_ANGSTROM * 1e-20))

static bool within(double actual, double expected, double relative)
{
    const bool holds = fabs(actual - expected) <= relative * fabs(expected);
    if (!holds) printf("\n      %.8g instead of %.8g ", actual, expected);
    return holds;
}

static double reduced_mass(const struct hm_molecule *molecule)
{
    return molecule->mass[0] * molecule->mass[1] / (molecule->mass[0] + molecule->mass[1]);
}

/* ---- the table ---- */

struct constant {
    const char *molecule;
    double value;
};

/* B_e of Huber and Herzberg in cm^-1, for the isotopologues of the table. HI is listed there as B_0 6.4263650; alpha_e
 * / 2 (0.1689 / 2) brings it to the equilibrium. NO is missing: its listed constant is an effective one of a single
 * spin component and does not belong to r_e. */
static const struct constant rotational[] = {
    {"H2", 60.8530},  {"HF", 20.9557}, {"HCl", 10.59341}, {"HBr", 8.464884}, {"HI", 6.5108},     {"LiH", 7.5131},
    {"N2", 1.998241}, {"O2", 1.44563}, {"F2", 0.89019},   {"Cl2", 0.24399},  {"CO", 1.93128087},
};

/* B = hbar^2 / (2 mu r^2) as a wavenumber ties the masses to r_e. */
static void test_rotational_constants(void)
{
    size_t count = 0;
    for (struct hm_molecule m; hm_molecule_listed(count, &m);) count++;
    CU_ASSERT_EQUAL(count, sizeof rotational / sizeof *rotational + 1); /* and NO */
    for (size_t i = 0; i < sizeof rotational / sizeof *rotational; i++) {
        struct hm_molecule m;
        CU_ASSERT_TRUE(hm_molecule_find(rotational[i].molecule, &m));
        const double b = HM_ENERGY_WAVENUMBER_CM / (2 * reduced_mass(&m) * m.r0 * m.r0);
        CU_ASSERT_TRUE(within(b, rotational[i].value, 1e-3));
    }
}

static void test_harmonic_frequency(void)
{
    static const struct constant wavenumbers[] = {{"H2", 4401.21}, {"HCl", 2990.946}, {"CO", 2169.81358},
                                                  {"Cl2", 559.7},  {"N2", 2358.57},   {"HI", 2309.01},
                                                  {"NO", 1904.20}, {"LiH", 1405.65}};
    for (size_t i = 0; i < sizeof wavenumbers / sizeof *wavenumbers; i++) {
        struct hm_molecule m;
        CU_ASSERT_TRUE(hm_molecule_find(wavenumbers[i].molecule, &m));
        CU_ASSERT_TRUE(within(sqrt(m.k / reduced_mass(&m)) * HM_ENERGY_WAVENUMBER_CM, wavenumbers[i].value, 5e-5));
    }
    for (size_t i = 0; i < sizeof rotational / sizeof *rotational; i++) {
        struct hm_molecule m;
        CU_ASSERT_TRUE(hm_molecule_listed(i, &m));
        CU_ASSERT_TRUE(within(sqrt(m.k / reduced_mass(&m)), m.omega, 1e-14));
    }
}

/* Textbook force constants (HCl, CO, N2, H2: Herzberg, Spectra of Diatomic Molecules). */
static void test_force_constants(void)
{
    static const struct constant newton_per_metre[] = {{"HCl", 516.3}, {"CO", 1902}, {"N2", 2294}, {"H2", 575}};
    for (size_t i = 0; i < sizeof newton_per_metre / sizeof *newton_per_metre; i++) {
        struct hm_molecule m;
        CU_ASSERT_TRUE(hm_molecule_find(newton_per_metre[i].molecule, &m));
        CU_ASSERT_TRUE(within(m.k * NEWTON_PER_METRE, newton_per_metre[i].value, 3e-3));
    }
}

/* Depths from the bottom of the well, in eV. The zero-point energy makes a few per cent of them, its anharmonic part a
 * thousandth of hydrogen's. */
static void test_well_depths(void)
{
    static const struct constant depths_ev[] = {
        {"H2", 4.7477}, {"HCl", 4.618}, {"CO", 11.226}, {"N2", 9.905}, {"HF", 6.122}};
    for (size_t i = 0; i < sizeof depths_ev / sizeof *depths_ev; i++) {
        struct hm_molecule m;
        CU_ASSERT_TRUE(hm_molecule_find(depths_ev[i].molecule, &m));
        CU_ASSERT_TRUE(within(m.de * HM_ENERGY_EV, depths_ev[i].value, 5e-4));
    }
    for (size_t i = 0; i < sizeof rotational / sizeof *rotational; i++) {
        struct hm_molecule m;
        CU_ASSERT_TRUE(hm_molecule_listed(i, &m));
        CU_ASSERT_TRUE(within(2 * m.de * m.a * m.a, m.k, 1e-14)); /* the curvature of the Morse well */
    }
}

static void test_unknown_molecule(void)
{
    struct hm_molecule m;
    CU_ASSERT_FALSE(hm_molecule_find("hcl", &m));
    CU_ASSERT_FALSE(hm_molecule_find("H", &m));
    CU_ASSERT_FALSE(hm_molecule_listed(sizeof rotational / sizeof *rotational + 1, &m));
}

/* ---- frames ---- */

static struct hm_config *parse(const char *hamiltonian)
{
    char text[512];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian:\n%s", hamiltonian);
    HM_ASSERT_OK(hm_config_parse(text, "run.yaml", NULL, 0, &config));
    return config;
}

static void test_frame_of_a_molecule(void)
{
    struct hm_config *config = parse("  type: morse\n  molecule: HCl\n");
    struct hm_hamiltonian hamiltonian;
    struct hm_frame frame = {0};
    double force[6], moment[3] = {0};
    struct hm_label label = {.force = force};
    HM_ASSERT_OK(hm_molecule_frame(config, &frame));
    HM_ASSERT_OK(hm_frame_check(&frame, "HCl"));
    CU_ASSERT_EQUAL(frame.natom, 2);
    CU_ASSERT_EQUAL(frame.number[0], 1);
    CU_ASSERT_EQUAL(frame.number[1], 17);
    HM_ASSERT_NEAR(frame.mass[0] * HM_MASS_AMU, 1.00782503, 1e-8);
    HM_ASSERT_NEAR(frame.mass[1] * HM_MASS_AMU, 34.96885268, 1e-8);
    HM_ASSERT_NEAR((frame.x[3] - frame.x[0]) * HM_LENGTH_ANGSTROM, 1.274552, 1e-6);
    for (size_t k = 0; k < 3; k++) moment[k] = frame.mass[0] * frame.x[k] + frame.mass[1] * frame.x[3 + k];
    for (size_t k = 0; k < 3; k++) HM_ASSERT_NEAR(moment[k], 0, 1e-11);
    HM_ASSERT_OK(hm_hamiltonian_create(config, &frame, NULL, &hamiltonian));
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
    for (size_t k = 0; k < 6; k++) HM_ASSERT_NEAR(force[k], 0, 1e-14); /* the equilibrium */
    HM_ASSERT_NEAR(label.energy, 0, 1e-28);
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
    hm_config_destroy(&config);
}

/* Three HCl, the middle one written chlorine first; masses are those of the standard weights before. */
static void make_sequence(struct hm_frame *frame)
{
    static const int numbers[6] = {1, 17, 17, 1, 1, 17};
    HM_ASSERT_OK(hm_frame_create(6, frame));
    for (size_t i = 0; i < 6; i++) {
        frame->number[i] = numbers[i];
        frame->mass[i] = numbers[i] == 1 ? 1837.36 : 64626;
        frame->x[3 * i] = i % 2 ? 2.6 : 0;
        frame->x[3 * i + 1] = 10 * (double)(i / 2);
    }
}

static void test_masses_in_both_orders(void)
{
    static const char *const types[] = {"  type: harmonic\n  molecule: HCl\n", "  type: morse\n  molecule: HCl\n"};
    struct hm_molecule hcl;
    CU_ASSERT_TRUE(hm_molecule_find("HCl", &hcl));
    for (size_t t = 0; t < 2; t++) {
        struct hm_config *config = parse(types[t]);
        struct hm_frame frame = {0};
        struct hm_hamiltonian hamiltonian;
        double force[18];
        struct hm_label label = {.force = force};
        make_sequence(&frame);
        HM_ASSERT_OK(hm_molecule_apply_masses(config, &frame));
        for (size_t i = 0; i < 6; i++) CU_ASSERT_EQUAL(frame.mass[i], frame.number[i] == 1 ? hcl.mass[0] : hcl.mass[1]);

        /* And each pair is a molecule of its own. */
        HM_ASSERT_OK(hm_hamiltonian_create(config, &frame, NULL, &hamiltonian));
        HM_ASSERT_OK(hm_hamiltonian_evaluate(&hamiltonian, &frame, &label));
        const double stretch = 2.6 - hcl.r0, decay = exp(-hcl.a * stretch);
        const double slope = t == 0 ? hcl.k * stretch : 2 * hcl.de * hcl.a * decay * (1 - decay);
        const double energy = t == 0 ? 0.5 * hcl.k * stretch * stretch : hcl.de * (1 - decay) * (1 - decay);
        CU_ASSERT_TRUE(within(label.energy, 3 * energy, 1e-13));
        for (size_t i = 0; i < 6; i++) CU_ASSERT_TRUE(within(force[3 * i], i % 2 ? -slope : slope, 1e-13));
        hm_hamiltonian_destroy(&hamiltonian);
        hm_frame_release(&frame);
        hm_config_destroy(&config);
    }
}

static void test_masses_without_a_molecule(void)
{
    struct hm_config *config = parse("  type: harmonic\n  bonds: [{atoms: [0, 1], k: 1 N/m, r0: 1 A}]\n");
    struct hm_frame frame = {0};
    make_sequence(&frame);
    HM_ASSERT_OK(hm_molecule_apply_masses(config, &frame));
    for (size_t i = 0; i < 6; i++) CU_ASSERT_EQUAL(frame.mass[i], frame.number[i] == 1 ? 1837.36 : 64626);
    hm_frame_release(&frame);
    hm_config_destroy(&config);
}

static void expect_message(const char *part)
{
    const bool holds = strstr(hm_status_message(), part) != NULL;
    if (!holds) printf("\n      no '%s' in: %s ", part, hm_status_message());
    CU_ASSERT_TRUE(holds);
}

/* The fourth line is the molecule's. */
static void test_masses_of_another_geometry(void)
{
    struct hm_config *config = parse("  type: harmonic\n  molecule: HCl\n");
    struct hm_frame frame = {0};
    make_sequence(&frame);
    frame.number[4] = 35;
    CU_ASSERT_EQUAL(hm_molecule_apply_masses(config, &frame), HM_BAD_CONFIG);
    expect_message("run.yaml:4:3: ");
    expect_message("HCl");
    expect_message("atom 4 is Br");
    expect_message("list the bonds");
    frame.number[4] = 17; /* two chlorines */
    CU_ASSERT_EQUAL(hm_molecule_apply_masses(config, &frame), HM_BAD_CONFIG);
    hm_frame_release(&frame);
    HM_ASSERT_OK(hm_frame_create(3, &frame)); /* half a molecule too many */
    frame.number[0] = frame.number[2] = 1;
    frame.number[1] = 17;
    CU_ASSERT_EQUAL(hm_molecule_apply_masses(config, &frame), HM_BAD_CONFIG);
    expect_message("atom 2 is H");
    hm_frame_release(&frame);
    hm_config_destroy(&config);
}

static void test_molecule_that_is_not_built_in(void)
{
    struct hm_config *config = parse("  type: harmonic\n  molecule: HCL\n");
    struct hm_frame frame = {0};
    CU_ASSERT_EQUAL(hm_molecule_frame(config, &frame), HM_BAD_CONFIG);
    expect_message("run.yaml:4:3: ");
    expect_message("'HCL'");
    struct hm_molecule m;
    for (size_t i = 0; hm_molecule_listed(i, &m); i++) expect_message(m.name);
    CU_ASSERT_PTR_NULL(frame.storage);
    hm_config_destroy(&config);
}

/* ---- faults of hamiltonian.bonds ---- */

struct fault {
    const char *hamiltonian;
    const char *place; // file:line:column: of the message
    const char *says[2];
};

static const struct fault faults[] = {
    {"  type: harmonic\n  bonds:\n    - {atoms: [0, 1], k: 1 N/m, r0: 1 A}\n    - {atoms: [1, 2], k: 1 N/m, r0: 1 A}\n",
     "run.yaml:6:19: ",
     {"atom 2 does not exist", "0 to 1"}},
    {"  type: harmonic\n  bonds:\n    - {atoms: [7, 1], k: 1 N/m, r0: 1 A}\n", "run.yaml:5:16: ", {"atom 7", "0 to 1"}},
    {"  type: harmonic\n  bonds:\n    - {atoms: [1, 1], k: 1 N/m, r0: 1 A}\n",
     "run.yaml:5:",
     {"two different atoms", ""}},
    {"  type: harmonic\n  bonds:\n    - {atoms: [0, 1], r0: 1 A}\n", "run.yaml:5:7: ", {"harmonic", "needs 'k'"}},
    {"  type: harmonic\n  bonds:\n    - {atoms: [0, 1], k: 1 N/m}\n", "run.yaml:5:7: ", {"harmonic", "needs 'r0'"}},
    {"  type: morse\n  bonds:\n    - {atoms: [0, 1], De: 4 eV, r0: 1 A}\n", "run.yaml:5:7: ", {"morse", "needs 'a'"}},
    {"  type: morse\n  bonds:\n    - {atoms: [0, 1], a: 2 1/A, r0: 1 A}\n", "run.yaml:5:7: ", {"morse", "needs 'De'"}},
    {"  type: harmonic\n  bonds:\n    - {atoms: [0, 1], k: 1 N/m, r0: 1 A, De: 4 eV}\n",
     "run.yaml:5:42: ",
     {"harmonic", "no 'De'"}},
    {"  type: morse\n  bonds:\n    - {atoms: [0, 1], De: 4 eV, a: 2 1/A, r0: 1 A, k: 1 N/m}\n",
     "run.yaml:5:52: ",
     {"morse", "no 'k'"}},
    {"  type: harmonic\n  molecule: HCl\n  bonds:\n    - {atoms: [0, 1], k: 1 N/m, r0: 1 A}\n",
     "run.yaml:5:3: ",
     {"'molecule'", "'bonds'"}},
    {"  type: morse\n", "run.yaml:2:1: ", {"morse", "bonds"}},
};

static void test_faults(void)
{
    struct hm_frame frame = {0};
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    frame.number[0] = 1;
    frame.number[1] = 17;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct hm_config *config = parse(faults[i].hamiltonian);
        struct hm_hamiltonian hamiltonian;
        CU_ASSERT_EQUAL(hm_hamiltonian_create(config, &frame, NULL, &hamiltonian), HM_BAD_CONFIG);
        CU_ASSERT_PTR_NULL(hamiltonian.self);
        CU_ASSERT_PTR_NULL(hamiltonian.ops);
        expect_message(faults[i].place);
        for (size_t s = 0; s < 2; s++) expect_message(faults[i].says[s]);
        hm_config_destroy(&config);
    }
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"rotational constants", test_rotational_constants},
    {"harmonic frequencies", test_harmonic_frequency},
    {"force constants", test_force_constants},
    {"well depths", test_well_depths},
    {"unknown molecules", test_unknown_molecule},
    {"the frame of a molecule", test_frame_of_a_molecule},
    {"isotope masses in both orders", test_masses_in_both_orders},
    {"no molecule, no new masses", test_masses_without_a_molecule},
    {"isotope masses for another geometry", test_masses_of_another_geometry},
    {"a molecule that is not built in", test_molecule_that_is_not_built_in},
    {"faults of bonds", test_faults},
};

HM_TEST_MAIN("built-in molecules", tests)
