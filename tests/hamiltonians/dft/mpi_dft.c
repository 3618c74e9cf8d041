/* A group of ranks that shares an evaluation of dft: the numbers of one rank, the same on every member; what does not
 * converge ends alike on all of them. */
#include "tests/hamiltonians/dft/reference.h"
#include "tests/mpi_test.h"

#include <stdio.h>
#include <string.h>

static MPI_Comm world = MPI_COMM_WORLD;
static const struct hm_oracle_group together = {0, 1, &world, {NULL, NULL}};

static void shake(int step, struct hm_frame *frame)
{
    for (size_t k = 0; k < 3 * frame->natom; k++)
        frame->x[k] = hm_dft_water[k] + 0.03 * sin(0.2 * step * (double)(1 + k % 3) + (double)k);
}

static void compare(const struct hm_dft_subject *shared, const struct hm_dft_subject *alone)
{
    const size_t n = 3 * alone->frame.natom;
    CU_ASSERT_EQUAL(shared->label.status, HM_LABEL_CONVERGED);
    CU_ASSERT_EQUAL(shared->label.iterations, alone->label.iterations);
    HM_ASSERT_NEAR(shared->label.energy, alone->label.energy, 1e-10);
    for (size_t k = 0; k < n; k++) HM_ASSERT_NEAR(shared->force[k], alone->force[k], 1e-10);
    for (size_t k = 0; k < 3; k++) HM_ASSERT_NEAR(shared->label.dipole[k], alone->label.dipole[k], 1e-9);
}

static void check_same_on_all(const struct hm_dft_subject *s)
{
    double first[10];
    memcpy(first, s->force, 9 * sizeof *first);
    first[9] = s->label.energy;
    MPI_Bcast(first, 10, MPI_DOUBLE, 0, world);
    CU_ASSERT_EQUAL(memcmp(first, s->force, 3 * s->frame.natom * sizeof *first), 0);
    CU_ASSERT_EQUAL(memcmp(&first[9], &s->label.energy, sizeof *first), 0);
}

static void test_shared_work(void)
{
    static const struct {
        const char *keys;
        size_t natom;
    } cases[] = {
        {"functional: pbe, basis: sto-3g, grid: coarse, coulomb: exact", 3},
        {"functional: b3lyp, basis: 6-31g*, grid: coarse, coulomb: ri", 3},
        {"functional: pbe, basis: 6-31g*, grid: coarse, coulomb: ri, multiplicity: 2", 2},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct hm_dft_subject shared, alone;
        char keys[256];
        snprintf(keys, sizeof keys, "%s, convergence: 1e-8 Eh", cases[c].keys);
        hm_dft_start(cases[c].natom, hm_dft_water_numbers, hm_dft_water, keys, &together, &shared);
        hm_dft_start(cases[c].natom, hm_dft_water_numbers, hm_dft_water, keys, NULL, &alone);
        for (int step = 0; step < 3; step++) {
            shake(step, &shared.frame);
            shake(step, &alone.frame);
            hm_dft_ask(&shared);
            hm_dft_ask(&alone);
            compare(&shared, &alone);
            check_same_on_all(&shared);
        }
        hm_dft_finish(&shared);
        hm_dft_finish(&alone);
    }
}

static void test_not_converged_together(void)
{
    struct hm_dft_subject s;
    hm_dft_start(3, hm_dft_water_numbers, hm_dft_water,
                 "functional: pbe, basis: sto-3g, grid: coarse, coulomb: exact, max_iterations: 2", &together, &s);
    for (int again = 0; again < 2; again++) {
        hm_dft_ask(&s);
        CU_ASSERT_EQUAL(s.label.status, HM_LABEL_NOT_CONVERGED);
        hm_hamiltonian_reset(&s.hamiltonian);
    }
    memcpy(&s.frame.x[6], &s.frame.x[3], 3 * sizeof *s.frame.x);
    hm_dft_ask(&s);
    CU_ASSERT_EQUAL(s.label.status, HM_LABEL_NOT_CONVERGED);
    hm_dft_finish(&s);
}

/* The first member's warm state is given to all of another group, as a resumed run does. */
static void test_warm_state_is_the_leaders(void)
{
    static const char keys[] = "functional: pbe, basis: sto-3g, grid: coarse, coulomb: exact";
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_dft_subject whole, resumed;
    int rank;
    MPI_Comm_rank(world, &rank);
    hm_dft_start(3, hm_dft_water_numbers, hm_dft_water, keys, &together, &whole);
    hm_dft_start(3, hm_dft_water_numbers, hm_dft_water, keys, &together, &resumed);
    for (int step = 0; step < 4; step++) {
        shake(step, &whole.frame);
        hm_dft_ask(&whole);
    }
    hm_hamiltonian_save(&whole.hamiltonian, &archive);
    MPI_Bcast(archive.bytes, (int)archive.size, MPI_BYTE, 0, world);
    HM_ASSERT_OK(hm_hamiltonian_load(&resumed.hamiltonian, &archive));
    shake(4, &whole.frame);
    shake(4, &resumed.frame);
    hm_dft_ask(&whole);
    hm_dft_ask(&resumed);
    CU_ASSERT_EQUAL(memcmp(whole.force, resumed.force, sizeof whole.force), 0);
    CU_ASSERT_EQUAL(memcmp(&whole.label.energy, &resumed.label.energy, sizeof(double)), 0);
    hm_archive_release(&archive);
    hm_dft_finish(&whole);
    hm_dft_finish(&resumed);
}

static const struct hm_test tests[] = {
    {"shared work gives the numbers of one rank", test_shared_work},
    {"what does not converge", test_not_converged_together},
    {"the leader's warm state", test_warm_state_is_the_leaders},
};

HM_MPI_TEST_MAIN("dft of several ranks", tests)
