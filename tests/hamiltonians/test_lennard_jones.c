/* lennard_jones against other programs' numbers and textbook values; the same bits whatever happened before; faults.
 *
 * The reference numbers are LAMMPS's (29 Sep 2021, Update 2), for the crystal made here and in
 * tests/interop/test_lammps_lj.py, which prints them with --print and repeats the comparison where LAMMPS is installed.
 */
#include "hamiltonians/lennard_jones.h"
#include "io/rng.h"
#include "io/units.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EDGE = 3, NATOM = 4 * EDGE * EDGE * EDGE };

#define ANGSTROM (1 / HM_LENGTH_ANGSTROM)
#define LENGTH (18 * ANGSTROM)
#define ARGON "{species: [Ar, Ar], epsilon: 119.8 kB K, sigma: 3.405 A}"
#define KRYPTON "{species: [Kr, Kr], epsilon: 167 kB K, sigma: 3.633 A}"
#define THREE "nu: 73.2e-84 erg cm^9, cutoff: 6.5 A"

static const double epsilon = 119.8 / HM_TEMPERATURE_KELVIN, sigma = 3.405 * ANGSTROM;

static void make_crystal(bool mixed, struct hm_frame *frame)
{
    static const double corner[4][3] = {{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}};
    HM_ASSERT_OK(hm_frame_create(NATOM, frame));
    for (size_t i = 0; i < NATOM; i++) {
        const size_t cell = i / 4, at[3] = {cell % EDGE, cell / EDGE % EDGE, cell / EDGE / EDGE};
        frame->number[i] = mixed && i % 3 == 0 ? 36 : 18;
        frame->mass[i] = 40 / HM_MASS_AMU;
        for (size_t k = 0; k < 3; k++)
            frame->x[3 * i + k] = LENGTH / EDGE * ((double)at[k] + corner[i % 4][k]) +
                                  0.4 * ANGSTROM * sin(1.3 * (double)(3 * i + k + 1));
    }
    for (size_t k = 0; k < 3; k++) {
        frame->cell[4 * k] = LENGTH;
        frame->periodic[k] = true;
    }
}

static enum hm_status create(const char *section, const struct hm_frame *frame, struct hm_hamiltonian *hamiltonian)
{
    char text[1024];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: {type: lennard_jones, %s}",
             section);
    enum hm_status status = hm_config_parse(text, "lj.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_hamiltonian_create(config, frame, NULL, hamiltonian);
    hm_config_destroy(&config);
    return status;
}

static double force[3 * NATOM], other_force[3 * NATOM];

static struct hm_label ask(struct hm_hamiltonian *hamiltonian, const struct hm_frame *frame, double *forces)
{
    struct hm_label label = {.force = forces};
    HM_ASSERT_OK(hm_hamiltonian_evaluate(hamiltonian, frame, &label));
    return label;
}

static struct hm_label ask_once(const char *section, const struct hm_frame *frame)
{
    struct hm_hamiltonian hamiltonian = {0};
    struct hm_label label = {.energy = NAN};
    const enum hm_status status = create(section, frame, &hamiltonian);
    if (status != HM_OK) printf("\n      %s ", hm_status_message());
    HM_ASSERT_OK(status);
    if (status == HM_OK) label = ask(&hamiltonian, frame, force);
    hm_hamiltonian_destroy(&hamiltonian);
    return label;
}

/* ---- other programs ---- */

static const struct reference {
    const char *section;
    bool mixed;
    double energy, force[3], virial[2]; // of the crystal, on atom 50, xx and xy
} references[] = {
    {"pairs: [" ARGON "], cutoff: 8.5 A, shift: energy", /* lj/cut, pair_modify shift yes */
     false,
     -0.197844287755348,
     {-0.0001054587515262, -4.410773569231e-05, 0.0001211360117165},
     {-0.192936036919, 0.00512217389347}},
    {"pairs: [" ARGON "], cutoff: 6 A, shift: none", /* lj/cut */
     false,
     -0.185495411967931,
     {-0.0001007933957726, -2.942625633957e-05, 0.0001194358856424},
     {-0.136570812282, 0.00558788345803}},
    {"pairs: [" ARGON "], cutoff: 8.5 A, shift: force", /* lj/sf/dipole/sf, no dipoles */
     false,
     -0.179533585695492,
     {-0.0001020657753257, -4.247086313723e-05, 0.0001186187584982},
     {-0.17296396539, 0.00501023253527}},
    {"pairs: [" ARGON "], cutoff: 8.5 A, shift: energy, axilrod_teller: {" THREE ", taper: 0 A}", /* lj/cut with atm */
     false,
     -0.191285440455837,
     {-8.920128177623e-05, -5.041068571144e-05, 0.0001245145480492},
     {-0.173124332891, 0.00518042913322}},
    {"pairs: [" ARGON ", " KRYPTON "], mixing: lorentz_berthelot, cutoff: 8.5 A, shift: energy", /* mix arithmetic */
     true,
     -0.233266678326857,
     {-7.709859307815e-05, -0.0001944997836822, 0.0002360693248916},
     {-0.157151962679, -0.000329083338854}},
};

static void energies_and_forces_are_those_of_lammps(void)
{
    for (size_t r = 0; r < sizeof references / sizeof *references; r++) {
        const struct reference *expected = &references[r];
        struct hm_frame frame;
        make_crystal(expected->mixed, &frame);
        const struct hm_label label = ask_once(expected->section, &frame);
        HM_ASSERT_NEAR(label.energy, expected->energy, 1e-12);
        for (size_t k = 0; k < 3; k++) HM_ASSERT_NEAR(force[3 * 50 + k], expected->force[k], 1e-15);
        HM_ASSERT_NEAR(label.virial[0], expected->virial[0], 1e-11); /* by way of a pressure in bar */
        HM_ASSERT_NEAR(label.virial[1], expected->virial[1], 1e-11);
        HM_ASSERT_NEAR(label.virial[3], expected->virial[1], 1e-11);
        hm_frame_release(&frame);
    }
}

/* ---- by hand ---- */

static void make_free(size_t natom, const double (*x)[3], struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    for (size_t i = 0; i < natom; i++) {
        frame->number[i] = 18;
        frame->mass[i] = 1;
        memcpy(frame->x + 3 * i, x[i], sizeof x[i]);
    }
}

static void a_dimer_and_triangles_have_textbook_energies(void)
{
    struct hm_frame frame;
    const double r = sigma * pow(2, 1.0 / 6), far = 3 * sigma;
    const double dimer[2][3] = {{1, 2, 3}, {1, 2 + r, 3}}, line[3][3] = {{0, 0, 0}, {far, 0, 0}, {2 * far, 0, 0}};
    const double equilateral[3][3] = {{0, 0, 0}, {far, 0, 0}, {0.5 * far, sqrt(0.75) * far, 0}};
    const char *bare = "pairs: [" ARGON "]";
    const char *three = "pairs: [{species: [Ar, Ar], epsilon: 0 eV, sigma: 3.405 A}], "
                        "axilrod_teller: {nu: 516 Eh bohr^9, cutoff: 30 A, taper: 1 A}";
    make_free(2, dimer, &frame);
    HM_ASSERT_NEAR(ask_once(bare, &frame).energy, -epsilon, 1e-15 * epsilon * 10);
    CU_ASSERT_TRUE(fabs(force[1]) < 1e-12 * epsilon / sigma);
    hm_frame_release(&frame);
    make_free(3, line, &frame);
    HM_ASSERT_NEAR(ask_once(three, &frame).energy / (516 / pow(far, 9)), -0.25, 1e-13);
    hm_frame_release(&frame);
    make_free(3, equilateral, &frame);
    HM_ASSERT_NEAR(ask_once(three, &frame).energy / (516 / pow(far, 9)), 11.0 / 8, 1e-13);
    HM_ASSERT_NEAR(force[0] / (516 / pow(far, 10)), -9 * (11.0 / 8) * sqrt(3) / 3 * cos(acos(-1) / 6), 1e-11);
    hm_frame_release(&frame);
}

/* Triangles, pairs and tapers: dE along a displacement of all atoms, and along a strain. */
static void forces_and_virial_are_derivatives(void)
{
    static const char *const sections[] = {
        "pairs: [" ARGON "], cutoff: 8.5 A, shift: force, axilrod_teller: {" THREE ", taper: 0.7 A}",
        "pairs: [" ARGON "], cutoff: 8.5 A, shift: force, axilrod_teller: {" THREE ", taper: 6.5 A}",
        "pairs: [" ARGON ", " KRYPTON "], mixing: lorentz_berthelot, cutoff: 7 A, shift: force",
    };
    static const double where[4] = {-2, -1, 1, 2}, weight[4] = {1, -8, 8, -1}; /* / 12 h */
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++)
        for (int kind = 0; kind < 2; kind++) {
            struct hm_frame frame, moved;
            struct hm_hamiltonian hamiltonian = {0};
            make_crystal(s == 2, &frame);
            make_crystal(s == 2, &moved);
            HM_ASSERT_OK(create(sections[s], &frame, &hamiltonian));
            const double strain[9] = {0.3, 0.1, -0.2, 0.1, -0.4, 0.25, -0.2, 0.25, 0.5}, h = kind ? 2e-4 : 2e-3;
            const struct hm_label label = ask(&hamiltonian, &frame, force);
            double numerical = 0, analytic = 0, direction[3 * NATOM];
            for (size_t i = 0; i < NATOM; i++)
                hm_rng_normal3((struct hm_rng_key){5, 0, HM_RNG_TEST}, s, (uint32_t)i, direction + 3 * i);
            for (size_t k = 0; k < 3 * NATOM && !kind; k++) analytic -= force[k] * direction[k];
            for (size_t k = 0; k < 9 && kind; k++) analytic -= label.virial[k] * strain[k];
            for (int p = 0; p < 4; p++) {
                for (size_t k = 0; k < 3 * NATOM && !kind; k++) moved.x[k] = frame.x[k] + where[p] * h * direction[k];
                for (size_t row = 0; row < NATOM + 3 && kind; row++) {
                    const double *from = row < NATOM ? frame.x + 3 * row : frame.cell + 3 * (row - NATOM);
                    double *to = row < NATOM ? moved.x + 3 * row : moved.cell + 3 * (row - NATOM);
                    for (size_t a = 0; a < 3; a++) {
                        to[a] = from[a];
                        for (size_t b = 0; b < 3; b++) to[a] += where[p] * h * strain[3 * a + b] * from[b];
                    }
                }
                numerical += weight[p] * ask(&hamiltonian, &moved, other_force).energy / (12 * h);
            }
            CU_ASSERT_TRUE(fabs(analytic) > 1e-4);
            HM_ASSERT_NEAR(numerical, analytic, 1e-8);
            hm_hamiltonian_destroy(&hamiltonian);
            hm_frame_release(&frame);
            hm_frame_release(&moved);
        }
}

/* The same lattice of boxes, described by other vectors. */
static void a_skewed_cell_is_the_same_box(void)
{
    for (int mixed = 0; mixed < 2; mixed++) {
        struct hm_frame frame;
        const char *section = mixed ? "pairs: [" ARGON ", " KRYPTON "], mixing: lorentz_berthelot, cutoff: 6 A"
                                    : "pairs: [" ARGON
                                      "], cutoff: 6 A, axilrod_teller: {nu: 516 Eh bohr^9, cutoff: 5.5 A}";
        make_crystal(mixed, &frame);
        const struct hm_label straight = ask_once(section, &frame);
        memcpy(other_force, force, sizeof force);
        for (size_t k = 0; k < 3; k++) frame.cell[3 + k] += frame.cell[k];
        const struct hm_label skewed = ask_once(section, &frame);
        HM_ASSERT_NEAR(skewed.energy, straight.energy, 1e-13);
        for (size_t k = 0; k < 9; k++) HM_ASSERT_NEAR(skewed.virial[k], straight.virial[k], 1e-13);
        for (size_t k = 0; k < 3 * NATOM; k++) HM_ASSERT_NEAR(force[k], other_force[k], 1e-16);
        hm_frame_release(&frame);
    }
}

/* ---- bits ---- */

static bool same_bits(const struct hm_label *a, const struct hm_label *b)
{
    return memcmp(&a->energy, &b->energy, sizeof a->energy) == 0 &&
           memcmp(a->virial, b->virial, sizeof a->virial) == 0 &&
           memcmp(a->force, b->force, 3 * NATOM * sizeof *a->force) == 0;
}

/* A walk: the lists of the first instance are made now and then; a second instance starts afresh at every step. */
static void nothing_depends_on_the_past_or_the_instructions(void)
{
    static const char *const sections[] = {
        "pairs: [" ARGON "], cutoff: 8.5 A, axilrod_teller: {" THREE "}",
        "pairs: [" ARGON ", " KRYPTON "], mixing: lorentz_berthelot, cutoff: 7 A, shift: energy, skin: 2 A",
    };
    for (size_t s = 0; s < 2; s++) {
        struct hm_frame frame;
        struct hm_hamiltonian walker = {0};
        make_crystal(s == 1, &frame);
        HM_ASSERT_OK(create(sections[s], &frame, &walker));
        for (uint64_t step = 0; step < 30; step++) {
            const struct hm_label with_past = ask(&walker, &frame, force);
            const struct hm_lj_kernels *kernels;
            for (size_t k = 0; (kernels = hm_lj_kernels_available(k)); k++) {
                struct hm_hamiltonian fresh = {0};
                HM_ASSERT_OK(create(sections[s], &frame, &fresh));
                hm_lj_kernels_choose(fresh.self, kernels);
                const struct hm_label without = ask(&fresh, &frame, other_force);
                const bool same = same_bits(&with_past, &without);
                if (!same) printf("\n      step %d, %s: ", (int)step, kernels->instructions);
                CU_ASSERT_TRUE(same);
                hm_hamiltonian_destroy(&fresh);
            }
            double net[3] = {0};
            for (size_t k = 0; k < 3 * NATOM; k++) net[k % 3] += force[k];
            CU_ASSERT_TRUE(net[0] == 0 && net[1] == 0 && net[2] == 0);
            for (size_t i = 0; i < NATOM; i++) {
                double kick[3];
                hm_rng_normal3((struct hm_rng_key){9, 0, HM_RNG_TEST}, step, (uint32_t)i, kick);
                for (size_t k = 0; k < 3; k++) frame.x[3 * i + k] += 0.02 * ANGSTROM * kick[k] + 0.1;
            }
        }
        hm_hamiltonian_destroy(&walker);
        hm_frame_release(&frame);
    }
}

/* ---- faults ---- */

static const struct {
    const char *section, *says;
    bool mixed;
} faults[] = {
    {"cutoff: 8 A", "lennard_jones needs 'pairs: ", false},
    {"pairs: [" ARGON "]", "lennard_jones in a periodic cell needs 'cutoff: ...', at most 9 A here", false},
    {"pairs: [" ARGON "], cutoff: 9.1 A", "9.1 A is more than half the box: the geometry's cell is 18 A wide", false},
    {"pairs: [" ARGON "], cutoff: 8 A, axilrod_teller: {nu: 516 Eh bohr^9, cutoff: 9.5 A}",
     "9.5 A is more than half the box", false},
    {"pairs: [" ARGON "], cutoff: 8 A, axilrod_teller: {" THREE ", taper: 7 A}", "longer than the cutoff, 6.5 A",
     false},
    {"pairs: [" ARGON ", " KRYPTON "], mixing: lorentz_berthelot, cutoff: 8 A, axilrod_teller: {" THREE "}",
     "one nu is for one species, and the geometry has 2", true},
    {"pairs: [" ARGON "], cutoff: 8 A", "no pair for species Kr and Kr: add {species: [Kr, Kr]", true},
    {"pairs: [" ARGON ", " KRYPTON "], cutoff: 8 A",
     "no pair for species Kr and Ar: add {species: [Kr, Ar], epsilon: ..., "
     "sigma: ...}, or say 'mixing: lorentz_berthelot'",
     true},
    {"pairs: [" ARGON ", " ARGON "], cutoff: 8 A", "have an entry before", false},
    {"pairs: [{species: [Ar, Xy], epsilon: 1 eV, sigma: 3 A}], cutoff: 8 A", "'Xy' is not an element", false},
    {"pairs: [{atoms: [0, 1], epsilon: 1 eV, sigma: 3 A}], cutoff: 8 A", "not of single atoms", false},
    {"pairs: [{epsilon: 1 eV, sigma: 3 A}], cutoff: 8 A", "needs 'species'", false},
    {"pairs: [{species: [Ar, Ar], epsilon: 119.8 K, sigma: 3 A}], cutoff: 8 A", "this is a temperature", false},
    {"pairs: [" ARGON "], cutoff: 8 A, bonds: [{atoms: [0, 1], k: 1 N/m, r0: 1 A}]", "has no 'bonds'", false},
};

static void bad_input_is_refused_in_a_line(void)
{
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++) {
        struct hm_frame frame;
        struct hm_hamiltonian hamiltonian = {0};
        make_crystal(faults[f].mixed, &frame);
        CU_ASSERT_EQUAL(create(faults[f].section, &frame, &hamiltonian), HM_BAD_CONFIG);
        const char *message = hm_status_message();
        const bool said = strstr(message, faults[f].says) && strstr(message, "lj.yaml:2:") && !strchr(message, '\n');
        if (!said) printf("\n      %s\n      instead of: %s ", message, faults[f].says);
        CU_ASSERT_TRUE(said);
        CU_ASSERT_PTR_NULL(hamiltonian.self);
        hm_frame_release(&frame);
    }
}

static const struct hm_test tests[] = {
    {"energies, forces and virials are those of LAMMPS", energies_and_forces_are_those_of_lammps},
    {"a dimer and triangles have textbook energies", a_dimer_and_triangles_have_textbook_energies},
    {"forces and virial are derivatives", forces_and_virial_are_derivatives},
    {"a skewed cell is the same box", a_skewed_cell_is_the_same_box},
    {"nothing depends on the past or the instructions", nothing_depends_on_the_past_or_the_instructions},
    {"bad input is refused in a line", bad_input_is_refused_in_a_line},
};

HM_TEST_MAIN("lennard_jones", tests)
