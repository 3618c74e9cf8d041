/* The valence Hamiltonian term by term, with energies worked out by hand, and what it refuses. */
#include "tests/test.h"

#include "hamiltonians/hamiltonian.h"

#include <stdio.h>
#include <string.h>

enum { NATOM = 5 };

struct answer {
    struct hm_label label;
    double force[3 * NATOM];
};

static void ask(struct hm_hamiltonian *hamiltonian, const struct hm_frame *frame, struct answer *answer)
{
    memset(answer, 0x5a, sizeof *answer);
    answer->label.force = answer->force;
    HM_ASSERT_OK(hm_hamiltonian_evaluate(hamiltonian, frame, &answer->label));
    CU_ASSERT_EQUAL(answer->label.status, HM_LABEL_CONVERGED);
}

/* ---- by hand ---- */

#define HEAD "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: "

static enum hm_status make(const char *hamiltonian, const struct hm_frame *frame, struct hm_hamiltonian *made)
{
    char text[2048];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, HEAD "%s\n", hamiltonian);
    *made = (struct hm_hamiltonian){0};
    enum hm_status status = hm_config_parse(text, "run.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_hamiltonian_create(config, frame, NULL, made);
    hm_config_destroy(&config);
    return status;
}

/* Atoms on a bent line, 2 bohr apart: 0-1-2-3-4 bonded, so that 0-3 and 1-4 are three bonds apart, 0-4 four. */
static void bent_line(struct hm_frame *frame)
{
    static const double x[15] = {0, 0, 0, 2, 0, 0, 2, 2, 0, 4, 2, 0, 4, 4, 0};
    static const int number[5] = {1, 6, 6, 8, 1};
    HM_ASSERT_OK(hm_frame_create(5, frame));
    memcpy(frame->x, x, sizeof x);
    memcpy(frame->number, number, sizeof number);
    for (size_t i = 0; i < 5; i++) frame->mass[i] = 1000;
}

#define BONDS                                                               \
    "bonds: [{atoms: [0, 1], form: harmonic, k: 1 Eh/bohr^2, r0: 2 bohr}, " \
    "{atoms: [1, 2], form: harmonic, k: 1 Eh/bohr^2, r0: 2 bohr}, "         \
    "{atoms: [2, 3], form: morse, De: 1 Eh, a: 1 1/bohr, r0: 2 bohr}, "     \
    "{atoms: [4, 3], form: harmonic, k: 1 Eh/bohr^2, r0: 2 bohr}]"

static void check_energy(const char *hamiltonian, double expected)
{
    struct hm_frame frame;
    struct hm_hamiltonian made;
    bent_line(&frame);
    const enum hm_status status = make(hamiltonian, &frame, &made);
    if (status != HM_OK) printf("\n      %s ", hm_status_message());
    CU_ASSERT_EQUAL(status, HM_OK);
    if (status == HM_OK) {
        struct answer answer;
        ask(&made, &frame, &answer);
        const double energy = answer.label.energy;
        if (!(fabs(energy - expected) <= 1e-13)) printf("\n      %.15g instead of %.15g ", energy, expected);
        HM_ASSERT_NEAR(energy, expected, 1e-13);
    }
    hm_hamiltonian_destroy(&made);
    hm_frame_release(&frame);
}

static void test_energies_by_hand(void)
{
    const double pi = 3.14159265358979323846;
    check_energy("{type: valence, " BONDS "}", 0.0);
    /* The halves are there. */
    check_energy("{type: valence, bonds: [{atoms: [0, 1], form: harmonic, k: 3 Eh/bohr^2, r0: 1 bohr}]}", 1.5);
    check_energy("{type: valence, bonds: [{atoms: [0, 1], form: morse, De: 3 Eh, a: 2 1/bohr, r0: 1 bohr}]}",
                 3 * (1 - exp(-2)) * (1 - exp(-2)));
    check_energy("{type: valence, angles: [{atoms: [0, 1, 2], k: 3 Eh/rad2, theta0: 60 deg}]}", 1.5 * pi * pi / 36);
    /* 0-1-2-3 is trans, phi = 180 deg: an OPLS threefold torsion is at its minimum, onefold too. */
    check_energy("{type: valence, dihedrals: [{atoms: [0, 1, 2, 3], k: 2 Eh, n: 3}]}", 0.0);
    check_energy("{type: valence, dihedrals: [{atoms: [0, 1, 2, 3], k: 2 Eh, n: 2}]}", 4.0);
    check_energy("{type: valence, dihedrals: [{atoms: [0, 1, 2, 3], k: 2 Eh, n: 2, phase: 180 deg}, "
                 "{atoms: [3, 2, 1, 0], k: 3 Eh, n: 1, phase: 90 deg}]}",
                 3.0);
}

static void test_pairs_by_hand(void)
{
    const double r03 = sqrt(20.0), r14 = sqrt(20.0), r04 = sqrt(32.0);
    /* Neighbours by one and two bonds do not see each other; 1-4 by half. */
    check_energy("{type: valence, " BONDS ", charges: [1 e, 2 e, 3 e, 4 e, 5 e], scale_14: {coulomb: 0.5}}",
                 0.5 * (4 / r03 + 10 / r14) + 5 / r04);
    /* Atoms without a bond between them see each other in full. */
    check_energy("{type: valence, charges: [1 e, 2 e, 0 e, 0 e, 0 e]}", 1.0);
    const double sixth = pow(3.0, 6), u04 = 4 * 0.1 * (sixth * sixth / pow(32, 6) - sixth / pow(32, 3));
    const double u03 = 4 * 0.2 * (sixth * sixth / pow(20, 6) - sixth / pow(20, 3));
    check_energy("{type: valence, " BONDS ", pairs: [{species: [H, H], epsilon: 0.1 Eh, sigma: 3 bohr}]}", u04);
    check_energy(
        "{type: valence, " BONDS ", pairs: [{species: [O, H], epsilon: 0.2 Eh, sigma: 3 bohr}, "
        "{species: [C, O], epsilon: 0.3 Eh, sigma: 3 bohr}, {species: [H, H], epsilon: 0.1 Eh, sigma: 3 bohr}], "
        "scale_14: {lennard_jones: 0.25}}",
        0.25 * u03 + u04);
    /* An entry for two atoms goes before one for their species, wherever it stands. */
    check_energy(
        "{type: valence, " BONDS ", pairs: [{atoms: [4, 0], epsilon: 0 eV, sigma: 1 A}, "
        "{species: [H, O], epsilon: 0.2 Eh, sigma: 3 bohr}, {species: [H, H], epsilon: 0.1 Eh, sigma: 3 bohr}], "
        "scale_14: {lennard_jones: 1}}",
        u03);
}

static void test_dipole_and_bonds(void)
{
    struct hm_frame frame;
    struct hm_hamiltonian made;
    struct answer answer;
    size_t count = 7;
    bent_line(&frame);
    HM_ASSERT_OK(make("{type: valence, charges: [1 e, -2 e, 0 e, 0.5 e, 0 e]}", &frame, &made));
    ask(&made, &frame, &answer);
    const double dipole[3] = {-2, 1, 0};
    for (int k = 0; k < 3; k++) HM_ASSERT_NEAR(answer.label.dipole[k], dipole[k], 1e-15);
    CU_ASSERT_PTR_NULL(hm_hamiltonian_bonds(&made, &count));
    CU_ASSERT_EQUAL(count, 0);
    hm_hamiltonian_destroy(&made);

    HM_ASSERT_OK(make("{type: valence, " BONDS "}", &frame, &made));
    ask(&made, &frame, &answer);
    CU_ASSERT_TRUE(isnan(answer.label.dipole[0]) && isnan(answer.label.dipole[1]) && isnan(answer.label.dipole[2]));
    const size_t(*bonds)[2] = hm_hamiltonian_bonds(&made, &count);
    CU_ASSERT_EQUAL(count, 4);
    CU_ASSERT_TRUE(bonds && bonds[3][0] == 4 && bonds[3][1] == 3);
    hm_hamiltonian_destroy(&made);
    hm_frame_release(&frame);
}

/* Straight angles are no reason to stop: the force of a bent-on-purpose angle on a linear molecule is zero by symmetry.
 */
static void test_straight_molecules_stay_finite(void)
{
    struct hm_frame frame;
    struct hm_hamiltonian made;
    struct answer answer;
    bent_line(&frame);
    for (size_t i = 0; i < 5; i++) {
        frame.x[3 * i] = 2 * (double)i;
        frame.x[3 * i + 1] = 0;
    }
    HM_ASSERT_OK(make("{type: valence, " BONDS ", angles: [{atoms: [0, 1, 2], k: 3 Eh/rad2, theta0: 60 deg}], "
                      "dihedrals: [{atoms: [0, 1, 2, 3], k: 2 Eh, n: 3}]}",
                      &frame, &made));
    ask(&made, &frame, &answer);
    for (size_t k = 0; k < 15; k++) CU_ASSERT_EQUAL(answer.force[k], 0.0);
    hm_hamiltonian_destroy(&made);
    hm_frame_release(&frame);
}

/* ---- what is refused ---- */

struct fault {
    const char *hamiltonian;
    const char *message; /* all of it after "run.yaml:2:" and the column */
};

static const struct fault faults[] = {
    {"{type: valence}", "valence needs bonds, angles, dihedrals, charges or pairs that act on some atoms"},
    {"{type: valence, bonds: [{atoms: [0, 1], k: 5 mdyn/A, r0: 1 A}]}",
     "a bond needs 'form: harmonic' or 'form: morse'"},
    {"{type: valence, bonds: [{atoms: [0, 1], form: harmonic, r0: 1 A}]}", "a harmonic bond needs 'k'"},
    {"{type: valence, bonds: [{atoms: [0, 1], form: harmonic, k: 5 mdyn/A}]}", "a harmonic bond needs 'r0'"},
    {"{type: valence, bonds: [{atoms: [0, 1], form: morse, a: 2 1/A, r0: 1 A}]}", "a morse bond needs 'De'"},
    {"{type: valence, bonds: [{atoms: [0, 1], form: morse, De: 4 eV, r0: 1 A}]}", "a morse bond needs 'a'"},
    {"{type: valence, bonds: [{atoms: [0, 1], form: morse, De: 4 eV, a: 2 1/A, r0: 1 A, k: 5 mdyn/A}]}",
     "a morse bond has no 'k'"},
    {"{type: valence, bonds: [{atoms: [0, 5], form: harmonic, k: 5 mdyn/A, r0: 1 A}]}",
     "atom 5 does not exist: the geometry has atoms 0 to 4"},
    {"{type: valence, bonds: [{atoms: [3, 3], form: harmonic, k: 5 mdyn/A, r0: 1 A}]}",
     "a bond joins two different atoms, and atom 3 is listed twice"},
    {"{type: valence, bonds: [{atoms: [0, 1], form: harmonic, k: 5 mdyn/A, r0: 1 A}, "
     "{atoms: [1, 0], form: morse, De: 4 eV, a: 2 1/A, r0: 1 A}]}",
     "the bond of atoms 1 and 0 is listed twice"},
    {"{type: harmonic, bonds: [{atoms: [0, 1], form: morse, De: 4 eV, a: 2 1/A, r0: 1 A}]}",
     "'type: harmonic' has harmonic bonds only; 'type: valence' takes both forms"},
    {"{type: morse, charges: [1 e, 0 e, 0 e, 0 e, 0 e], bonds: [{atoms: [0, 1], De: 4 eV, a: 2 1/A, r0: 1 A}]}",
     "'type: morse' has no 'charges'"},
    {"{type: valence, molecule: HCl}", "'type: valence' has no 'molecule'"},
    {"{type: valence, angles: [{atoms: [1, 0, 1], k: 4 eV/rad2, theta0: 104.5 deg}]}",
     "an angle joins three different atoms, and atom 1 is listed twice"},
    {"{type: valence, angles: [{atoms: [1, 0, 9], k: 4 eV/rad2, theta0: 104.5 deg}]}",
     "atom 9 does not exist: the geometry has atoms 0 to 4"},
    {"{type: valence, angles: [{atoms: [1, 0, 2], k: 4 eV, theta0: 104.5 deg}]}",
     "hamiltonian.angles[0].k needs a unit of angular force constant, e.g. 4 eV/rad^2; not '4 eV': this is an energy"},
    {"{type: valence, angles: [{atoms: [1, 0, 2], k: 4 eV/rad2, theta0: 190 deg}]}",
     "hamiltonian.angles[0].theta0 must be from 0 to 180 deg; not 190 deg"},
    {"{type: valence, angles: [{atoms: [1, 0, 2], k: 4 eV/rad2}]}",
     "missing required key 'hamiltonian.angles[0].theta0': a number with a unit of angle, e.g. 104.5 deg"},
    {"{type: valence, angles: [{atoms: [1, 0, 2], k: 4 eV/rad2, theta0: 90 deg}, {atoms: [2, 0, 1], k: 4 eV/rad2, "
     "theta0: "
     "90 deg}]}",
     "the angle of atoms 2, 0 and 1 is listed twice"},
    {"{type: valence, dihedrals: [{atoms: [0, 1, 2, 0], k: 1 eV, n: 3}]}",
     "a dihedral joins four different atoms, and atom 0 is listed twice"},
    {"{type: valence, dihedrals: [{atoms: [0, 1, 2], k: 1 eV, n: 3}]}",
     "hamiltonian.dihedrals[0].atoms has 3 items; it must be a list of exactly 4 whole numbers, e.g. [0, 1, 2, 3]"},
    {"{type: valence, dihedrals: [{atoms: [0, 1, 2, 3], k: 1 eV, n: 0}]}",
     "hamiltonian.dihedrals[0].n must be from 1 to 12; not 0"},
    {"{type: valence, charges: [1 e, 2 e, 3 e]}", "3 charges for 5 atoms: each atom needs one"},
    {"{type: valence, charges: [1, 2 e, 3 e, 4 e, 5 e]}", "hamiltonian.charges[0] needs a unit of charge, e.g. 1 e"},
    {"{type: valence, pairs: [{species: [H, N], epsilon: 1 eV, sigma: 3 A}]}", "the geometry has no atom of species N"},
    {"{type: valence, pairs: [{species: [H, Q], epsilon: 1 eV, sigma: 3 A}]}", "'Q' is not the symbol of an element"},
    {"{type: valence, pairs: [{epsilon: 1 eV, sigma: 3 A}]}",
     "a pair is given either by its 'species' or by its 'atoms'"},
    {"{type: valence, pairs: [{species: [H, H], atoms: [0, 4], epsilon: 1 eV, sigma: 3 A}]}",
     "a pair is given either by its 'species' or by its 'atoms'"},
    {"{type: valence, pairs: [{species: [H, C], epsilon: 1 eV, sigma: 3 A}, {species: [C, H], epsilon: 1 eV, sigma: 3 "
     "A}]}",
     "this pair was given before, as hamiltonian.pairs[0]"},
    {"{type: valence, " BONDS ", pairs: [{atoms: [2, 0], epsilon: 1 eV, sigma: 3 A}]}",
     "atoms 0 and 2 are two bonds apart; only atoms at least three bonds apart are pairs"},
    {"{type: valence, " BONDS ", pairs: [{species: [H, O], epsilon: 1 eV, sigma: 3 A}]}",
     "atoms 0 and 3 are three bonds apart: 'hamiltonian.scale_14.lennard_jones' must say which fraction of their "
     "Lennard-Jones energy counts (OPLS 0.5, AMBER 0.5, CHARMM 1)"},
    {"{type: valence, " BONDS ", charges: [1 e, 1 e, 1 e, 1 e, 1 e], scale_14: {lennard_jones: 0.5}}",
     "atoms 0 and 3 are three bonds apart: 'hamiltonian.scale_14.coulomb' must say which fraction of their Coulomb "
     "energy "
     "counts (OPLS 0.5, AMBER 0.8333, CHARMM 1)"},
};

static void check_fault(const struct fault *fault, const struct hm_frame *frame)
{
    struct hm_hamiltonian made;
    CU_ASSERT_EQUAL(make(fault->hamiltonian, frame, &made), HM_BAD_CONFIG);
    const char *said = hm_status_message();
    const char *space = strchr(said, ' ');
    const bool right = strncmp(said, "run.yaml:2:", 11) == 0 && space && strcmp(space + 1, fault->message) == 0;
    if (!right) printf("\n      %s\n      %s\n      %s ", fault->hamiltonian, said, fault->message);
    CU_ASSERT_TRUE(right);
    hm_hamiltonian_destroy(&made);
}

static void test_faults(void)
{
    struct hm_frame frame;
    bent_line(&frame);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) check_fault(&faults[i], &frame);
    hm_frame_release(&frame);
}

static void test_long_ranges_do_not_repeat(void)
{
    static const struct fault periodic[] = {
        {"{type: valence, charges: [1 e, 0 e, 0 e, 0 e, -1 e]}",
         "valence sums charges without cutoff, for an isolated molecule only; the geometry is periodic (pbc)"},
        {"{type: valence, pairs: [{species: [H, H], epsilon: 1 eV, sigma: 3 A}]}",
         "valence sums pairs without cutoff, for an isolated molecule only; the geometry is periodic (pbc)"},
    };
    struct hm_frame frame;
    struct hm_hamiltonian made;
    bent_line(&frame);
    frame.cell[4] = 30;
    frame.periodic[1] = true;
    for (size_t i = 0; i < 2; i++) check_fault(&periodic[i], &frame);
    HM_ASSERT_OK(make("{type: valence, " BONDS "}", &frame, &made));
    hm_hamiltonian_destroy(&made);
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"energies by hand", test_energies_by_hand},
    {"pairs and exclusions by hand", test_pairs_by_hand},
    {"dipole and bonds", test_dipole_and_bonds},
    {"straight molecules", test_straight_molecules_stay_finite},
    {"faults", test_faults},
    {"no long-range terms in a periodic cell", test_long_ranges_do_not_repeat},
};

HM_TEST_MAIN("valence", tests)
