/* dft against itself: forces and differences of energies, the fitted and the exact Coulomb energy, warm and cold
 * starts, what fails and what is refused. */
#include "tests/hamiltonians/dft/reference.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const small = "functional: pbe, basis: sto-3g, grid: coarse, coulomb: exact";

static void start_water(const char *keys, struct hm_dft_subject *s)
{
    hm_dft_start(3, hm_dft_water_numbers, hm_dft_water, keys, NULL, s);
}

/* The same molecule, a little farther along a vibration. */
static void move(int step, struct hm_frame *frame)
{
    for (size_t k = 0; k < 3 * frame->natom; k++)
        frame->x[k] = hm_dft_water[k % 9] + 0.04 * sin(0.15 * step * (double)(1 + k % 3) + (double)k);
}

static bool same_bits(const struct hm_dft_subject *a, const struct hm_dft_subject *b)
{
    return memcmp(&a->label.energy, &b->label.energy, sizeof(double)) == 0 &&
           memcmp(a->force, b->force, 3 * a->frame.natom * sizeof *a->force) == 0;
}

/* ---- against its own energy ---- */

static double energy_beside(struct hm_dft_subject *s, size_t k, double step)
{
    const double here = s->frame.x[k];
    s->frame.x[k] = here + step;
    hm_dft_ask(s);
    s->frame.x[k] = here;
    CU_ASSERT_EQUAL(s->label.status, HM_LABEL_CONVERGED);
    return s->label.energy;
}

static const char *const variants[] = {
    "functional: svwn, basis: 6-31g*, coulomb: exact",
    "functional: pbe, basis: 6-31g*, coulomb: ri",
    "functional: b3lyp, basis: def2-svp, coulomb: ri",
    "functional: svwn, basis: 6-31g*, coulomb: ri, charge: 1, multiplicity: 2",
    "functional: pbe, basis: def2-svp, coulomb: exact, charge: 1, multiplicity: 2",
    "functional: b3lyp, basis: 6-31g*, coulomb: ri, multiplicity: 3",
    "functional: pbe, basis: 6-31g*, coulomb: ri, smearing: 20000 K",
};

/* Forces of the default grid and convergence. */
static void test_differences(void)
{
    const double h = 4e-3;
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        struct hm_dft_subject s;
        double force[9], worst = 0, net[3] = {0};
        start_water(variants[v], &s);
        hm_dft_ask(&s);
        memcpy(force, s.force, sizeof force);
        for (size_t k = 0; k < 9; k++) net[k % 3] += force[k];
        for (size_t k = 0; k < 9; k += 2) {
            const double near = (energy_beside(&s, k, h) - energy_beside(&s, k, -h)) / (2 * h);
            const double far = (energy_beside(&s, k, 2 * h) - energy_beside(&s, k, -2 * h)) / (4 * h);
            worst = fmax(worst, fabs(force[k] + (4 * near - far) / 3));
        }
        const double pull = fmax(fabs(net[0]), fmax(fabs(net[1]), fabs(net[2])));
        if (worst > 2e-6 || pull > 1e-6 || getenv("HAMLET_TEST_VERBOSE"))
            printf("\n      %s: forces off by %.2e, net force %.2e, %d cycles ", variants[v], worst, pull,
                   s.label.iterations);
        CU_ASSERT_TRUE(worst <= 2e-6);
        CU_ASSERT_TRUE(pull <= 1e-6);
        hm_dft_finish(&s);
    }
}

static void test_fitted_and_exact(void)
{
    struct hm_dft_subject fitted, exact;
    start_water("functional: pbe, basis: def2-svp, coulomb: ri", &fitted);
    start_water("functional: pbe, basis: def2-svp, coulomb: exact", &exact);
    hm_dft_ask(&fitted);
    hm_dft_ask(&exact);
    HM_ASSERT_NEAR(fitted.label.energy, exact.label.energy, 1e-4);
    CU_ASSERT_TRUE(fitted.label.energy != exact.label.energy);
    for (size_t k = 0; k < 9; k++) HM_ASSERT_NEAR(fitted.force[k], exact.force[k], 1e-4);
    hm_dft_finish(&fitted);
    hm_dft_finish(&exact);
}

/* -dE/dx of a molecule in a field is not at hand: the dipole of a neutral molecule knows no origin and turns with it.
 */
static void test_dipole_and_virial(void)
{
    struct hm_dft_subject s;
    double before[3];
    start_water(small, &s);
    hm_dft_ask(&s);
    memcpy(before, s.label.dipole, sizeof before);
    CU_ASSERT_TRUE(before[2] < -0.4 && before[2] > -1.1 && fabs(before[0]) < 0.1);
    for (size_t p = 0; p < 9; p++) {
        double sum = 0;
        for (size_t i = 0; i < 3; i++) sum += s.frame.x[3 * i + p / 3] * s.force[3 * i + p % 3];
        HM_ASSERT_NEAR(s.label.virial[p], sum, 1e-13);
    }
    for (size_t i = 0; i < 3; i++) {
        double *x = &s.frame.x[3 * i], y = x[1];
        x[1] = x[2] + 3; /* (x, y, z) -> (x, z, -y), shifted */
        x[2] = -y;
    }
    hm_dft_ask(&s);
    HM_ASSERT_NEAR(s.label.dipole[0], before[0], 1e-3);
    HM_ASSERT_NEAR(s.label.dipole[1], before[2], 1e-3);
    HM_ASSERT_NEAR(s.label.dipole[2], -before[1], 1e-3);
    hm_dft_finish(&s);
}

/* Smearing much smaller than the gap changes nothing; the entropy of a hot one lowers the free energy. */
static void test_smearing(void)
{
    struct hm_dft_subject off, cold, hot;
    char keys[256];
    start_water(small, &off);
    snprintf(keys, sizeof keys, "%s, smearing: 300 K", small);
    start_water(keys, &cold);
    snprintf(keys, sizeof keys, "%s, smearing: 30000 K", small);
    start_water(keys, &hot);
    hm_dft_ask(&off);
    hm_dft_ask(&cold);
    hm_dft_ask(&hot);
    HM_ASSERT_NEAR(cold.label.energy, off.label.energy, 1e-10);
    CU_ASSERT_TRUE(hot.label.energy < off.label.energy - 1e-3);
    hm_dft_finish(&off);
    hm_dft_finish(&cold);
    hm_dft_finish(&hot);
}

static void test_guesses_meet(void)
{
    struct hm_dft_subject atoms, core;
    char keys[256];
    snprintf(keys, sizeof keys, "%s, convergence: 1e-8 Eh", small);
    start_water(keys, &atoms);
    snprintf(keys, sizeof keys, "%s, convergence: 1e-8 Eh, guess: core", small);
    start_water(keys, &core);
    hm_dft_ask(&atoms);
    hm_dft_ask(&core);
    HM_ASSERT_NEAR(core.label.energy, atoms.label.energy, 1e-9);
    CU_ASSERT_TRUE(atoms.label.iterations < core.label.iterations);
    hm_dft_finish(&atoms);
    hm_dft_finish(&core);
}

/* ---- warm starts ---- */

static void test_warm_and_cold_starts_agree(void)
{
    struct hm_dft_subject warm, cold;
    char keys[256];
    start_water(small, &warm);
    snprintf(keys, sizeof keys, "%s, extrapolation: 0", small);
    start_water(keys, &cold);
    for (int step = 0; step < 30; step++) {
        move(step, &warm.frame);
        move(step, &cold.frame);
        hm_dft_ask(&warm);
        hm_dft_ask(&cold);
        HM_ASSERT_NEAR(warm.label.energy, cold.label.energy, 1e-9);
        for (size_t k = 0; k < 9; k++) HM_ASSERT_NEAR(warm.force[k], cold.force[k], 2e-6);
        if (step > 12) CU_ASSERT_TRUE(warm.label.iterations < cold.label.iterations);
    }
    hm_dft_finish(&warm);
    hm_dft_finish(&cold);
}

static void test_resumed_bits(void)
{
    struct hm_dft_subject whole, resumed;
    char keys[256];
    snprintf(keys, sizeof keys, "%s, extrapolation: 4", small);
    start_water(keys, &whole);
    for (int step = 0; step < 12; step++) {
        struct hm_archive archive = HM_ARCHIVE_EMPTY;
        hm_hamiltonian_save(&whole.hamiltonian, &archive);
        start_water(keys, &resumed);
        HM_ASSERT_OK(hm_hamiltonian_load(&resumed.hamiltonian, &archive));
        move(step, &whole.frame);
        move(step, &resumed.frame);
        hm_dft_ask(&whole);
        hm_dft_ask(&resumed);
        CU_ASSERT_TRUE(same_bits(&whole, &resumed));
        hm_archive_release(&archive);
        hm_dft_finish(&resumed);
    }
    hm_dft_finish(&whole);
}

static void test_reset_starts_from_atoms(void)
{
    struct hm_dft_subject used, fresh;
    start_water(small, &used);
    start_water(small, &fresh);
    move(3, &used.frame);
    hm_dft_ask(&used);
    move(0, &used.frame);
    move(0, &fresh.frame);
    hm_hamiltonian_reset(&used.hamiltonian);
    hm_dft_ask(&used);
    hm_dft_ask(&fresh);
    CU_ASSERT_TRUE(same_bits(&used, &fresh));
    hm_dft_finish(&used);
    hm_dft_finish(&fresh);
}

static void test_damaged_state_is_refused(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_dft_subject s;
    start_water(small, &s);
    hm_archive_put_tag(&archive, "HAMILTON");
    hm_archive_put_tag(&archive, "DENSITY");
    hm_archive_put_size(&archive, 999);
    CU_ASSERT_EQUAL(hm_hamiltonian_load(&s.hamiltonian, &archive), HM_BAD_INPUT);
    hm_archive_release(&archive);
    hm_dft_finish(&s);
}

/* ---- what fails ---- */

static void test_not_converged(void)
{
    static const int nitrogen[2] = {7, 7};
    static const double apart[6] = {0, 0, 0, 0, 0, 5.67};
    struct hm_dft_subject s;
    hm_dft_start(2, nitrogen, apart, "functional: pbe, basis: sto-3g, coulomb: exact, max_iterations: 2", NULL, &s);
    hm_dft_ask(&s);
    CU_ASSERT_EQUAL(s.label.status, HM_LABEL_NOT_CONVERGED);
    CU_ASSERT_EQUAL(s.label.iterations, 2);
    CU_ASSERT_EQUAL(s.label.energy, 0);
    for (size_t k = 0; k < 6; k++) CU_ASSERT_EQUAL(s.force[k], 0);
    hm_dft_finish(&s);
}

/* Two hydrogens on top of each other, nearly so and far away; then all is well again and no trace is left. */
static void test_atoms_in_each_other(void)
{
    static const double distances[] = {0, 1e-9, 1e-5, 1e-2, 1e5};
    struct hm_dft_subject s, good;
    start_water(small, &s);
    start_water(small, &good);
    for (size_t d = 0; d < sizeof distances / sizeof *distances; d++) {
        hm_dft_ask(&s);
        memcpy(&s.frame.x[6], &s.frame.x[3], 3 * sizeof *s.frame.x);
        s.frame.x[6] += distances[d];
        hm_dft_ask(&s);
        const bool finite = isfinite(s.label.energy) && isfinite(s.force[0]) && isfinite(s.force[6]);
        CU_ASSERT_TRUE(finite || s.label.status != HM_LABEL_CONVERGED);
        if (d == 0) CU_ASSERT_TRUE(s.label.status != HM_LABEL_CONVERGED);
        move(0, &s.frame);
    }
    hm_hamiltonian_reset(&s.hamiltonian);
    move(0, &good.frame);
    hm_dft_ask(&s);
    hm_dft_ask(&good);
    CU_ASSERT_EQUAL(s.label.status, HM_LABEL_CONVERGED);
    CU_ASSERT_TRUE(same_bits(&s, &good));
    hm_dft_finish(&s);
    hm_dft_finish(&good);
}

static void test_refused(void)
{
    static const struct {
        const char *keys, *says;
    } cases[] = {
        {"functional: pbe, basis: sto-3g, multiplicity: 2",
         "run.yaml:2:58: with charge 0 the number of electrons is even"},
        {"functional: pbe, basis: sto-3g, charge: 1", "is odd, which goes with multiplicity 2, 4, ..., not 1"},
        {"functional: pbe, basis: sto-3g, charge: 10", "with charge 10 there are 0 electrons"},
        {"functional: pbe, basis: sto-3g, multiplicity: 13", "12 unpaired electrons of 10"},
        {"functional: pbe, basis: sto-3g, charge: -6", "8 electrons of one spin have no room in 7 functions"},
        {"functional: pbd, basis: sto-3g", "pbd"},
        {"functional: pbe, basis: sto-4g", "sto-4g"},
        {"functional: pbe, basis: sto-3g, coulomb: fast", "hamiltonian.coulomb must be ri or exact; not 'fast'"},
        {"functional: pbe, basis: sto-3g, cutoff: 8 A", "'type: dft' has no 'cutoff'"},
        {"functional: pbe, basis: sto-3g, convergence: 1e-6", "needs a unit of energy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hm_frame frame;
        struct hm_hamiltonian hamiltonian = {0};
        hm_dft_frame(3, hm_dft_water_numbers, hm_dft_water, &frame);
        const enum hm_status status = hm_dft_create(&frame, cases[i].keys, NULL, &hamiltonian);
        const bool says = strstr(hm_status_message(), cases[i].says) && !strchr(hm_status_message(), '\n');
        if (status != HM_BAD_CONFIG || !says) printf("\n      %s: %s ", cases[i].keys, hm_status_message());
        CU_ASSERT_EQUAL(status, HM_BAD_CONFIG);
        CU_ASSERT_TRUE(says);
        hm_hamiltonian_destroy(&hamiltonian);
        hm_frame_release(&frame);
    }
}

static const struct hm_test tests[] = {
    {"forces are differences of energies", test_differences},
    {"the fitted and the exact Coulomb energy", test_fitted_and_exact},
    {"dipole and virial", test_dipole_and_virial},
    {"smearing", test_smearing},
    {"guesses lead to the same", test_guesses_meet},
    {"warm and cold starts agree", test_warm_and_cold_starts_agree},
    {"a resumed past has the same bits", test_resumed_bits},
    {"reset starts from atoms", test_reset_starts_from_atoms},
    {"a damaged state is refused", test_damaged_state_is_refused},
    {"what does not converge", test_not_converged},
    {"atoms in each other", test_atoms_in_each_other},
    {"refused", test_refused},
};

HM_TEST_MAIN("dft", tests)
