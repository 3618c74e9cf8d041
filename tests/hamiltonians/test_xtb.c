/* xtb against numbers of the program xtb; warm starts, what fails, what is refused. */
#include "tests/hamiltonians/xtb_molecules.h"
#include "tests/test.h"

#include "hamiltonians/hamiltonian.h"
#include "hamiltonians/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct hm_xtb_molecule *const water = &hm_xtb_molecules[0];

struct subject {
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian;
    struct hm_label label;
    double force[3 * HM_XTB_MOST_ATOMS];
};

static void make_frame(const struct hm_xtb_molecule *reference, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(reference->natom, frame));
    for (size_t i = 0; i < reference->natom; i++) {
        frame->number[i] = reference->atom[i].number;
        frame->mass[i] = 1;
        memcpy(&frame->x[3 * i], reference->atom[i].x, sizeof reference->atom[i].x);
    }
}

static enum hm_status create_on(const struct hm_frame *frame, const char *keys, struct hm_hamiltonian *hamiltonian)
{
    char text[512];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: {type: xtb, %s}\n", keys);
    enum hm_status status = hm_config_parse(text, "run.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_hamiltonian_create(config, frame, NULL, hamiltonian);
    hm_config_destroy(&config);
    return status;
}

static void start(const struct hm_xtb_molecule *reference, const char *keys, struct subject *s)
{
    *s = (struct subject){.label = {.force = s->force}};
    make_frame(reference, &s->frame);
    const enum hm_status status = create_on(&s->frame, keys, &s->hamiltonian);
    if (status != HM_OK) {
        printf("\n      %s: %s ", reference->name, hm_status_message());
        abort();
    }
}

static void finish(struct subject *s)
{
    hm_hamiltonian_destroy(&s->hamiltonian);
    hm_frame_release(&s->frame);
}

static void ask(struct subject *s)
{
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&s->hamiltonian, &s->frame, &s->label));
}

/* The same molecule, shaken differently at each step. */
static void move(const struct hm_xtb_molecule *reference, int step, struct hm_frame *frame)
{
    for (size_t k = 0; k < 3 * frame->natom; k++)
        frame->x[k] = reference->atom[k / 3].x[k % 3] + 0.05 * sin(0.3 * step * (double)(1 + k % 5) + (double)k);
}

/* ---- against the program ---- */

static void test_program(void)
{
    for (size_t m = 0; m < HM_XTB_NMOLECULE; m++) {
        const struct hm_xtb_molecule *r = &hm_xtb_molecules[m];
        char keys[256];
        struct subject s;
        snprintf(keys, sizeof keys, "%s, accuracy: 0.001", r->keys);
        start(r, keys, &s);
        ask(&s);
        CU_ASSERT_EQUAL(s.label.status, HM_LABEL_CONVERGED);
        HM_ASSERT_NEAR(s.label.energy, r->energy, 1e-9);
        for (size_t k = 0; k < 3 * r->natom; k++) HM_ASSERT_NEAR(s.force[k], -r->atom[k / 3].gradient[k % 3], 1e-8);
        finish(&s);
    }
}

static double energy_beside(struct subject *s, size_t k, double step)
{
    const double here = s->frame.x[k];
    s->frame.x[k] = here + step;
    ask(s);
    s->frame.x[k] = here;
    return s->label.energy;
}

/* Forces of the default accuracy, from warm starts, against differences of energies. */
static void test_differences(void)
{
    const double h = 2e-3;
    for (size_t m = 0; m < HM_XTB_NMOLECULE; m++) {
        struct subject s;
        double force[3 * HM_XTB_MOST_ATOMS];
        start(&hm_xtb_molecules[m], hm_xtb_molecules[m].keys, &s);
        ask(&s);
        memcpy(force, s.force, sizeof force);
        for (size_t k = 0; k < 3 * s.frame.natom; k++) {
            const double near = (energy_beside(&s, k, h) - energy_beside(&s, k, -h)) / (2 * h);
            const double far = (energy_beside(&s, k, 2 * h) - energy_beside(&s, k, -2 * h)) / (4 * h);
            HM_ASSERT_NEAR(-force[k], (4 * near - far) / 3, 3e-7);
        }
        finish(&s);
    }
}

/* Of a neutral molecule the dipole turns with it and does not know the origin. The
 * program prints 2.2 Debye for water here. */
static void test_dipole(void)
{
    struct subject s;
    double before[3];
    start(water, water->keys, &s);
    ask(&s);
    memcpy(before, s.label.dipole, sizeof before);
    CU_ASSERT_TRUE(before[2] < -0.7 && before[2] > -1.1 && fabs(before[0]) < 0.1);
    for (size_t i = 0; i < s.frame.natom; i++) {
        double *x = &s.frame.x[3 * i], y = x[1];
        x[1] = x[2] + 3; /* (x, y, z) -> (x, z, -y), shifted */
        x[2] = -y;
    }
    ask(&s);
    HM_ASSERT_NEAR(s.label.dipole[0], before[0], 1e-6);
    HM_ASSERT_NEAR(s.label.dipole[1], before[2], 1e-6);
    HM_ASSERT_NEAR(s.label.dipole[2], -before[1], 1e-6);
    finish(&s);
}

/* ---- warm starts ---- */

static bool same_bits(const struct subject *a, const struct subject *b)
{
    return memcmp(&a->label.energy, &b->label.energy, sizeof(double)) == 0 &&
           memcmp(a->force, b->force, 3 * a->frame.natom * sizeof *a->force) == 0;
}

/* As the manual says of the default accuracy. */
static void test_warm_and_cold_starts_agree(void)
{
    const struct hm_xtb_molecule *ethanol = &hm_xtb_molecules[4];
    struct subject warm, cold;
    bool differ = false;
    CU_ASSERT_STRING_EQUAL(ethanol->name, "ethanol");
    start(ethanol, "warm_steps: 1000", &warm);
    start(ethanol, "warm_steps: 0", &cold);
    for (int step = 0; step < 50; step++) {
        move(ethanol, step, &warm.frame);
        move(ethanol, step, &cold.frame);
        ask(&warm);
        ask(&cold);
        HM_ASSERT_NEAR(warm.label.energy, cold.label.energy, 1e-11);
        for (size_t k = 0; k < 27; k++) HM_ASSERT_NEAR(warm.force[k], cold.force[k], 1e-7);
        differ = differ || !same_bits(&warm, &cold);
    }
    CU_ASSERT_TRUE(differ); /* otherwise nothing was warm */
    finish(&warm);
    finish(&cold);
}

/* Saved anywhere in a chain, at its start and at its end. */
static void test_resumed_bits(void)
{
    struct subject whole, resumed;
    start(water, "warm_steps: 4", &whole);
    for (int step = 0; step < 12; step++) {
        struct hm_archive archive = HM_ARCHIVE_EMPTY;
        hm_hamiltonian_save(&whole.hamiltonian, &archive);
        start(water, "warm_steps: 4", &resumed);
        HM_ASSERT_OK(hm_hamiltonian_load(&resumed.hamiltonian, &archive));
        move(water, step, &whole.frame);
        move(water, step, &resumed.frame);
        ask(&whole);
        ask(&resumed);
        CU_ASSERT_TRUE(same_bits(&whole, &resumed));
        hm_archive_release(&archive);
        finish(&resumed);
    }
    finish(&whole);
}

static void test_damaged_state_is_refused(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct subject s;
    start(water, "warm_steps: 4", &s);
    hm_archive_put_tag(&archive, "HAMILTON");
    hm_archive_put_tag(&archive, "XTB");
    hm_archive_put_size(&archive, 6);
    CU_ASSERT_EQUAL(hm_hamiltonian_load(&s.hamiltonian, &archive), HM_BAD_INPUT);
    hm_archive_clear(&archive);
    hm_archive_put_tag(&archive, "HAMILTON");
    hm_archive_put_tag(&archive, "XTB");
    hm_archive_put_size(&archive, 1);
    for (int k = 0; k < 9; k++) hm_archive_put_real(&archive, k == 5 ? (double)NAN : 2.0 * k);
    CU_ASSERT_EQUAL(hm_hamiltonian_load(&s.hamiltonian, &archive), HM_BAD_INPUT);
    hm_archive_release(&archive);
    ask(&s); /* and it still works */
    HM_ASSERT_NEAR(s.label.energy, water->energy, 1e-9);
    finish(&s);
}

static void test_reset_starts_from_atoms(void)
{
    struct subject used, fresh;
    start(water, "accuracy: 1", &used);
    start(water, "accuracy: 1", &fresh);
    move(water, 3, &used.frame);
    ask(&used);
    move(water, 0, &used.frame);
    move(water, 0, &fresh.frame);
    used.hamiltonian.ops->reset(used.hamiltonian.self);
    ask(&used);
    ask(&fresh);
    CU_ASSERT_TRUE(same_bits(&used, &fresh));
    finish(&used);
    finish(&fresh);
}

/* Two in a process, of different methods, charges and spins, do not see each other. */
static void test_side_by_side(void)
{
    const struct hm_xtb_molecule *cation = &hm_xtb_molecules[HM_XTB_NMOLECULE - 1];
    struct subject a, b, alone;
    start(water, water->keys, &alone);
    start(water, water->keys, &a);
    start(cation, "method: gfn1, charge: 2, multiplicity: 3", &b);
    for (int step = 0; step < 3; step++) {
        move(water, step, &alone.frame);
        ask(&alone);
    }
    for (int step = 0; step < 3; step++) {
        move(water, step, &a.frame);
        ask(&a);
        ask(&b);
    }
    CU_ASSERT_TRUE(same_bits(&alone, &a));
    finish(&a);
    finish(&b);
    finish(&alone);
}

/* ---- what fails ---- */

static void test_not_converged(void)
{
    struct subject s, good;
    start(water, "max_iterations: 2", &s);
    ask(&s);
    CU_ASSERT_EQUAL(s.label.status, HM_LABEL_NOT_CONVERGED);
    CU_ASSERT_EQUAL(s.label.iterations, 2);
    for (size_t k = 0; k < 9; k++) CU_ASSERT_EQUAL(s.force[k], 0);
    finish(&s);

    /* Two hydrogens on top of each other, then all is well again and no trace is left. */
    start(water, "charge: 0", &s);
    start(water, "charge: 0", &good);
    memcpy(&s.frame.x[6], &s.frame.x[3], 3 * sizeof *s.frame.x);
    for (int distance = 0; distance < 2; distance++) {
        s.frame.x[6] += 1e-5 * distance;
        ask(&s);
        CU_ASSERT_EQUAL(s.label.status, HM_LABEL_NOT_CONVERGED);
    }
    move(water, 0, &s.frame);
    move(water, 0, &good.frame);
    ask(&s);
    ask(&good);
    CU_ASSERT_EQUAL(s.label.status, HM_LABEL_CONVERGED);
    CU_ASSERT_TRUE(same_bits(&s, &good));
    finish(&s);
    finish(&good);
}

/* What is written to the two streams while `work` runs, in bytes. */
static long bytes_printed(void (*work)(void))
{
    FILE *file = tmpfile();
    fflush(NULL);
    const int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    work();
    fflush(NULL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    fseek(file, 0, SEEK_END);
    const long bytes = ftell(file);
    fclose(file);
    return bytes;
}

static void print_a_letter(void)
{
    printf("x");
}

static void test_nothing_is_printed(void)
{
    CU_ASSERT_EQUAL(bytes_printed(print_a_letter), 1);
    CU_ASSERT_EQUAL(bytes_printed(test_not_converged), 0);
    CU_ASSERT_EQUAL(bytes_printed(test_side_by_side), 0);
}

/* ---- threads ---- */

static void test_threads_are_given_back(void)
{
    struct hm_threads first, second, third;
    struct subject s;
    hm_threads_set(3, &first); /* as OMP_NUM_THREADS would */
    start(water, "threads: 2", &s);
    ask(&s);
    hm_threads_set(1, &second);
    CU_ASSERT_EQUAL(second.openmp, 3);
    hm_threads_restore(&second);
    hm_threads_set(1, &third);
    CU_ASSERT_EQUAL(third.openmp, 3);
    HM_ASSERT_NEAR(s.label.energy, water->energy, 1e-9);
    hm_threads_restore(&first);
    finish(&s);
}

/* ---- what is refused ---- */

static void test_refused(void)
{
    static const struct {
        const char *keys, *says;
        int number; // of the first atom
    } cases[] = {
        {"multiplicity: 2", "run.yaml:2:26: with charge 0 the number of electrons is even", 8},
        {"charge: 1", "the number of electrons is odd, which goes with multiplicity 2, 4, ..., not 1", 8},
        {"charge: 0", "the number of electrons is odd, which goes with multiplicity 2, 4, ..., not 1", 7},
        {"multiplicity: 0", "hamiltonian.multiplicity must be from 1", 8},
        {"method: gfn3", "hamiltonian.method must be gfn2 or gfn1; not 'gfn3'", 8},
        {"multiplicity: 1", "run.yaml:2:15: atom 0 is Fr: xtb knows the elements from H to Rn", 87},
        {"charge: 8", "with charge 8 there are 0 valence electrons", 8},
        {"charge: -20", "with charge -20 there are 28 valence electrons for 6 orbitals", 8},
        {"multiplicity: 11", "10 unpaired electrons of 8 valence electrons have no room in 6 orbitals", 8},
        {"multiplicity: 7", "6 unpaired electrons of 8 valence electrons have no room in 6 orbitals", 8},
        {"cutoff: 8 A", "'type: xtb' has no 'cutoff'", 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hm_frame frame;
        struct hm_hamiltonian hamiltonian = {0};
        make_frame(water, &frame);
        frame.number[0] = cases[i].number;
        const enum hm_status status = create_on(&frame, cases[i].keys, &hamiltonian);
        const bool says = strstr(hm_status_message(), cases[i].says) && !strchr(hm_status_message(), '\n');
        if (status != HM_BAD_CONFIG || !says) printf("\n      %s: %s ", cases[i].keys, hm_status_message());
        CU_ASSERT_EQUAL(status, HM_BAD_CONFIG);
        CU_ASSERT_TRUE(says);
        hm_hamiltonian_destroy(&hamiltonian);
        hm_frame_release(&frame);
    }
}

/* Of lanthanides three electrons count, however many there are. */
static void test_lanthanides(void)
{
    static const int lanthanides[] = {57, 58, 64, 71};
    for (size_t i = 0; i < sizeof lanthanides / sizeof *lanthanides; i++) {
        struct hm_frame frame;
        struct hm_hamiltonian hamiltonian = {0};
        HM_ASSERT_OK(hm_frame_create(2, &frame));
        frame.number[0] = lanthanides[i];
        frame.number[1] = 1;
        frame.x[3] = 4;
        HM_ASSERT_OK(create_on(&frame, "multiplicity: 1", &hamiltonian));
        hm_hamiltonian_destroy(&hamiltonian);
        CU_ASSERT_EQUAL(create_on(&frame, "multiplicity: 2", &hamiltonian), HM_BAD_CONFIG);
        HM_ASSERT_OK(create_on(&frame, "multiplicity: 3", &hamiltonian)); /* libxtb counts them alike */
        hm_hamiltonian_destroy(&hamiltonian);
        CU_ASSERT_EQUAL(create_on(&frame, "multiplicity: 7", &hamiltonian), HM_BAD_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "of 4 valence electrons"));
        hm_frame_release(&frame);
    }
}

static const struct hm_test tests[] = {
    {"energies and gradients of the program", test_program},
    {"forces are differences of energies", test_differences},
    {"dipole", test_dipole},
    {"warm and cold starts agree", test_warm_and_cold_starts_agree},
    {"a resumed chain has the same bits", test_resumed_bits},
    {"a damaged state is refused", test_damaged_state_is_refused},
    {"reset starts from atoms", test_reset_starts_from_atoms},
    {"side by side", test_side_by_side},
    {"what does not converge", test_not_converged},
    {"nothing is printed", test_nothing_is_printed},
    {"threads are given back", test_threads_are_given_back},
    {"refused", test_refused},
    {"lanthanides", test_lanthanides},
};

HM_TEST_MAIN("xtb", tests)
