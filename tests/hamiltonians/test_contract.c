/* What every registered Hamiltonian must satisfy, on a chain of four atoms in free space and in a skewed periodic cell.
 *
 * A method without an entry in `entries` fails the suite. Its tolerances are relative to the largest force (times the
 * size of the molecule for the virial and the torque); analytic methods have those of rounding and of the difference
 * formula. What is integrated on a grid that does not turn with the atoms has a small true torque.
 */
#include "tests/test.h"

#include "hamiltonians/hamiltonian.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NATOM = 4 };

struct entry {
    const char *name;
    const char *config; // of the `hamiltonian` key; @0 ... @3 stand for the four atoms' indices
    double difference;  // of forces and virial from energy differences
    double rounding;    // of symmetries that hold exactly but for rounding, or for the self-consistency
    double turning;     // of rotations and the torque
    bool isolated;      // refuses cells
};

static const struct entry entries[] = {
    {"dft",
     "{type: dft, functional: pbe, basis: sto-3g, coulomb: exact, grid: [30, 110], charge: 1, convergence: 1e-9 Eh}",
     1e-6, 1e-7, 1e-3, true},
    {"flaky", /* when nothing goes wrong */
     "{type: flaky, hamiltonian: {type: harmonic, bonds: [{atoms: [@0, @1], k: 516 N/m, r0: 0.90 A}, "
     "{atoms: [@2, @1], k: 770 N/m, r0: 1.05 A}]}}",
     1e-11, 1e-14, 1e-14, false},
    {"harmonic",
     "{type: harmonic, bonds: [{atoms: [@0, @1], k: 516 N/m, r0: 0.90 A}, {atoms: [@2, @1], k: 770 N/m, r0: 1.05 A}]}",
     1e-11, 1e-14, 1e-14, false},
    {"lennard_jones", /* forces are multiples of 5e-13 epsilon / sigma; the steep wall is hard on differences */
     "{type: lennard_jones, pairs: [{species: [H, H], epsilon: 0.02 Eh, sigma: 1.5 bohr}, {species: [O, O], epsilon: "
     "0.03 "
     "Eh, sigma: 1.7 bohr}, {species: [F, F], epsilon: 0.05 Eh, sigma: 1.8 bohr}, {species: [Li, Li], epsilon: 0.02 "
     "Eh, sigma: 2 bohr}, {species: [H, O], epsilon: 0.04 Eh, "
     "sigma: 1.6 bohr}], mixing: lorentz_berthelot, cutoff: 3.4 bohr, skin: 0.3 bohr, shift: force}",
     1e-7, 1e-12, 1e-12, false},
    {"morse",
     "{type: morse, bonds: [{atoms: [@0, @1], De: 4.62 eV, a: 1.87 1/A, r0: 0.90 A}, "
     "{atoms: [@2, @1], De: 0.2 Eh, a: 1.2 1/bohr, r0: 1.05 A}]}",
     1e-11, 1e-14, 1e-14, false},
    {"valence",
     "{type: valence, bonds: [{atoms: [@0, @1], form: harmonic, k: 5.16 mdyn/A, r0: 0.90 A}, "
     "{atoms: [@2, @1], form: morse, De: 0.2 Eh, a: 1.2 1/bohr, r0: 1.05 A}], "
     "angles: [{atoms: [@0, @1, @2], k: 4.0 eV/rad2, theta0: 104.5 deg}, "
     "{atoms: [@3, @2, @1], k: 0.1 Eh/rad2, theta0: 90 deg}], "
     "dihedrals: [{atoms: [@0, @1, @2, @3], k: 0.1 eV, n: 3}, {atoms: [@3, @2, @1, @0], k: -0.03 Eh, n: 1, phase: 25 "
     "deg}]}",
     1e-10, 2e-14, 2e-14, false},
    {"xtb", "{type: xtb, charge: 1, accuracy: 0.0001}", 1e-6, 1e-8, 1e-8, true},
};

/* What another program says is not ours to hold to a contract; test_ipi.c has the server. */
static bool is_served_by_others(const char *name)
{
    return strcmp(name, "ipi") == 0;
}

static const struct entry *entry_of(const char *name)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (strcmp(entries[i].name, name) == 0) return &entries[i];
    return NULL;
}

/* An assertion that says which method broke it. */
static void check(bool holds, const struct entry *entry, const char *what)
{
    if (!holds) printf("\n      %s: %s ", entry->name, what);
    CU_ASSERT_TRUE(holds);
}

/* ---- the system ---- */

static const int numbers[NATOM] = {1, 8, 9, 3};
static const double masses[NATOM] = {1837.4, 29156.9, 34631.9, 12652.7};
static const double positions[NATOM][3] = {
    {1.71, 0.32, -0.23}, {0.10, -0.13, 0.05}, {-0.64, 1.57, 0.49}, {0.31, 2.35, 2.02}};
/* Only the atoms' own images are farther away than the bonded neighbours. */
static const double skewed_cell[9] = {8.0, 0.0, 0.0, 1.5, 7.5, 0.0, -1.0, 2.0, 9.0};

/* Atom a of the system gets index label[a]. */
static void make_frame(const size_t label[NATOM], bool periodic, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(NATOM, frame));
    for (size_t a = 0; a < NATOM; a++) {
        const size_t i = label[a];
        frame->number[i] = numbers[a];
        frame->mass[i] = masses[a];
        memcpy(&frame->x[3 * i], positions[a], sizeof positions[a]);
    }
    if (!periodic) return;
    memcpy(frame->cell, skewed_cell, sizeof skewed_cell);
    for (int k = 0; k < 3; k++) frame->periodic[k] = true;
    /* Atom 0 goes out through one face and its bond crosses the boundary. */
    for (size_t k = 0; k < 3; k++) frame->x[3 * label[0] + k] -= skewed_cell[k] + skewed_cell[6 + k];
}

static const size_t identity[NATOM] = {0, 1, 2, 3};
static const size_t relabelled[NATOM] = {2, 0, 3, 1};

static void write_config(const struct entry *entry, const size_t label[NATOM], char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: ");
    for (const char *c = entry->config; *c; c++) {
        if (*c == '@')
            used += (size_t)snprintf(text + used, size - used, "%zu", label[*++c - '0']);
        else
            used += (size_t)snprintf(text + used, size - used, "%c", *c);
    }
}

/* The configuration is not needed after create. */
static bool make_hamiltonian(const struct entry *entry, const size_t label[NATOM], const struct hm_frame *frame,
                             struct hm_hamiltonian *hamiltonian)
{
    char text[2048];
    struct hm_config *config = NULL;
    write_config(entry, label, text, sizeof text);
    enum hm_status status = hm_config_parse(text, "contract.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_hamiltonian_create(config, frame, NULL, hamiltonian);
    hm_config_destroy(&config);
    if (status != HM_OK) printf("\n      %s: %s ", entry->name, hm_status_message());
    CU_ASSERT_EQUAL(status, HM_OK);
    return status == HM_OK;
}

struct answer {
    struct hm_label label;
    double force[3 * NATOM];
};

static void ask(struct hm_hamiltonian *hamiltonian, const struct hm_frame *frame, struct answer *answer)
{
    memset(answer, 0x5a, sizeof *answer); /* nothing may be left as it was */
    answer->label.force = answer->force;
    HM_ASSERT_OK(hm_hamiltonian_evaluate(hamiltonian, frame, &answer->label));
}

static double energy_at(struct hm_hamiltonian *hamiltonian, const struct hm_frame *frame)
{
    struct answer answer;
    ask(hamiltonian, frame, &answer);
    CU_ASSERT_EQUAL(answer.label.status, HM_LABEL_CONVERGED);
    return answer.label.energy;
}

static double largest(const double *values, size_t count)
{
    double result = 0;
    for (size_t k = 0; k < count; k++) result = fmax(result, fabs(values[k]));
    return result;
}

static bool near(const double *actual, const double *expected, size_t count, double tolerance)
{
    for (size_t k = 0; k < count; k++)
        if (!(fabs(actual[k] - expected[k]) <= tolerance)) return false;
    return true;
}

static bool same_bits(const struct answer *a, const struct answer *b)
{
    return memcmp(&a->label.energy, &b->label.energy, sizeof(double)) == 0 &&
           memcmp(a->force, b->force, sizeof a->force) == 0 &&
           memcmp(a->label.virial, b->label.virial, sizeof a->label.virial) == 0;
}

/* ---- the contract ---- */

typedef void contract(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame);

/* Runs a part of the contract for every registered method that has an entry. */
static void for_each(bool periodic, contract *part)
{
    const struct hm_hamiltonian_ops *ops;
    for (size_t i = 0; (ops = hm_hamiltonian_registered(i)); i++) {
        const struct entry *entry = entry_of(ops->method.name);
        struct hm_hamiltonian hamiltonian;
        struct hm_frame frame;
        if (!entry) continue; /* test_every_method_has_an_entry says so */
        if (periodic && entry->isolated) continue;
        make_frame(identity, periodic, &frame);
        if (make_hamiltonian(entry, identity, &frame, &hamiltonian)) {
            CU_ASSERT_PTR_EQUAL(hamiltonian.ops, ops);
            part(entry, &hamiltonian, &frame);
            hm_hamiltonian_destroy(&hamiltonian);
            CU_ASSERT_PTR_NULL(hamiltonian.self);
        }
        hm_frame_release(&frame);
    }
}

static void test_every_method_has_an_entry(void)
{
    size_t count = 0, served = 0;
    for (const struct hm_hamiltonian_ops *ops; (ops = hm_hamiltonian_registered(count)); count++) {
        const bool known = entry_of(ops->method.name) || is_served_by_others(ops->method.name);
        if (!known) printf("\n      no contract entry for '%s' ", ops->method.name);
        CU_ASSERT_TRUE(known);
        served += is_served_by_others(ops->method.name);
        CU_ASSERT_TRUE(ops->method.summary && ops->method.summary[0]);
        CU_ASSERT_TRUE(ops->create && ops->evaluate && ops->destroy && ops->keys);
        CU_ASSERT_EQUAL(ops->save == NULL, ops->load == NULL);
        for (size_t other = 0; other < count; other++)
            CU_ASSERT_STRING_NOT_EQUAL(hm_hamiltonian_registered(other)->method.name, ops->method.name);
    }
    CU_ASSERT_EQUAL(count, served + sizeof entries / sizeof *entries);
}

static void test_unknown_method_is_refused_with_the_names(void)
{
    const struct hm_hamiltonian_ops *ops = NULL;
    struct hm_config *config = NULL;
    HM_ASSERT_OK(hm_config_parse("integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: {type: harmonical}\n",
                                 "run.yaml", NULL, 0, &config));
    CU_ASSERT_EQUAL(hm_hamiltonian_find(config, &ops), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "run.yaml:2:15: "));
    for (size_t i = 0; (ops = hm_hamiltonian_registered(i)); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), ops->method.name));
    hm_config_destroy(&config);
}

static void test_isolated_methods_refuse_a_cell(void)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        char text[2048];
        struct hm_config *config = NULL;
        struct hm_hamiltonian hamiltonian;
        struct hm_frame frame;
        if (!entries[i].isolated) continue;
        make_frame(identity, true, &frame);
        write_config(&entries[i], identity, text, sizeof text);
        HM_ASSERT_OK(hm_config_parse(text, "contract.yaml", NULL, 0, &config));
        check(hm_hamiltonian_create(config, &frame, NULL, &hamiltonian) == HM_BAD_CONFIG, &entries[i], "no cell");
        check(strstr(hm_status_message(), "contract.yaml:2:") && strstr(hm_status_message(), "periodic"), &entries[i],
              "says why it takes no cell");
        hm_config_destroy(&config);
        hm_frame_release(&frame);
    }
}

/* (-f(2h) + 8 f(h) - 8 f(-h) + f(-2h)) / 12 h */
static const double step_of[4] = {-2, -1, 1, 2}, weight_of[4] = {1, -8, 8, -1};

static void forces_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    const double h = 1e-3;
    double numerical[3 * NATOM] = {0};
    struct answer answer;
    ask(hamiltonian, frame, &answer);
    const double size = largest(answer.force, 3 * NATOM);
    check(size > 1e-2, entry, "the test geometry is not at rest");
    for (size_t k = 0; k < 3 * NATOM; k++) {
        const double here = frame->x[k];
        for (size_t p = 0; p < 4; p++) {
            frame->x[k] = here + step_of[p] * h;
            numerical[k] -= weight_of[p] * energy_at(hamiltonian, frame) / (12 * h);
        }
        frame->x[k] = here;
    }
    check(near(answer.force, numerical, 3 * NATOM, entry->difference * size), entry, "F = -dE/dx");
    check(answer.label.status == HM_LABEL_CONVERGED && answer.label.seconds >= 0 &&
              (answer.label.iterations >= 1 ||
               (!hamiltonian->ops->analytic && answer.label.iterations == HM_ITERATIONS_UNKNOWN)),
          entry, "status, iterations and seconds");
    for (int k = 0; k < 3; k++)
        check(!hamiltonian->ops->analytic || isnan(answer.label.dipole[k]), entry, "unknown dipole");
}

/* x -> (1 + e) x for atoms and cell alike. */
static void strain(const struct hm_frame *from, size_t p, size_t q, double e, struct hm_frame *to)
{
    for (size_t i = 0; i < NATOM; i++) to->x[3 * i + p] = from->x[3 * i + p] + e * from->x[3 * i + q];
    for (size_t i = 0; i < 3; i++) to->cell[3 * i + p] = from->cell[3 * i + p] + e * from->cell[3 * i + q];
}

static void virial_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    const double e = 5e-4;
    double numerical[9] = {0};
    struct answer answer;
    struct hm_frame strained;
    ask(hamiltonian, frame, &answer);
    for (size_t p = 0; p < 3; p++)
        for (size_t q = 0; q < 3; q++)
            for (size_t s = 0; s < 4; s++) {
                HM_ASSERT_OK(hm_frame_copy(frame, &strained));
                strain(frame, p, q, step_of[s] * e, &strained);
                numerical[3 * q + p] -= weight_of[s] * energy_at(hamiltonian, &strained) / (12 * e);
                hm_frame_release(&strained);
            }
    const double size = largest(answer.label.virial, 9);
    check(size > 1e-2, entry, "the virial of the test geometry is not zero");
    check(near(answer.label.virial, numerical, 9, 10 * entry->difference * size), entry, "virial = -dE/dstrain");
    for (size_t p = 0; p < 3; p++)
        for (size_t q = 0; q < p; q++)
            check(fabs(answer.label.virial[3 * p + q] - answer.label.virial[3 * q + p]) <= entry->turning * size, entry,
                  "symmetric virial");
}

/* In free space the virial is sum x F^T itself, and the internal forces exert neither force nor torque. */
static void balance_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    struct answer answer;
    double sum[3] = {0}, dyad[9] = {0};
    ask(hamiltonian, frame, &answer);
    for (size_t i = 0; i < NATOM; i++)
        for (size_t p = 0; p < 3; p++) {
            sum[p] += answer.force[3 * i + p];
            for (size_t q = 0; q < 3; q++) dyad[3 * p + q] += frame->x[3 * i + p] * answer.force[3 * i + q];
        }
    const double size = largest(answer.force, 3 * NATOM);
    const double torque[3] = {dyad[5] - dyad[7], dyad[6] - dyad[2], dyad[1] - dyad[3]};
    check(largest(sum, 3) <= entry->rounding * size, entry, "zero net force");
    check(largest(torque, 3) <= 4 * entry->turning * size, entry, "zero net torque");
    check(near(answer.label.virial, dyad, 9, 4 * entry->rounding * size), entry, "virial = sum x F^T");
}

static void periodic_balance_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    struct answer answer;
    double sum[3] = {0};
    ask(hamiltonian, frame, &answer);
    for (size_t k = 0; k < 3 * NATOM; k++) sum[k % 3] += answer.force[k];
    check(largest(sum, 3) <= entry->rounding * largest(answer.force, 3 * NATOM), entry, "zero net force in a cell");
}

/* Rows of an orthogonal matrix with determinant 1 (Euler angles). */
static void make_rotation(double r[9])
{
    const double a = 0.7, b = 1.9, c = -2.3;
    const double z1[9] = {cos(a), -sin(a), 0, sin(a), cos(a), 0, 0, 0, 1};
    const double x[9] = {1, 0, 0, 0, cos(b), -sin(b), 0, sin(b), cos(b)};
    const double z2[9] = {cos(c), -sin(c), 0, sin(c), cos(c), 0, 0, 0, 1};
    double zx[9] = {0};
    memset(r, 0, 9 * sizeof *r);
    for (size_t i = 0; i < 9; i++)
        for (size_t k = 0; k < 3; k++) zx[i] += z1[3 * (i / 3) + k] * x[3 * k + i % 3];
    for (size_t i = 0; i < 9; i++)
        for (size_t k = 0; k < 3; k++) r[i] += zx[3 * (i / 3) + k] * z2[3 * k + i % 3];
}

static void rotate(const double r[9], const double *from, size_t count, double *to)
{
    for (size_t i = 0; i < count; i++)
        for (size_t p = 0; p < 3; p++) {
            to[3 * i + p] = 0;
            for (size_t q = 0; q < 3; q++) to[3 * i + p] += r[3 * p + q] * from[3 * i + q];
        }
}

static void rotation_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    struct answer before, after;
    struct hm_frame turned;
    double r[9], force[3 * NATOM], half[9], virial[9] = {0};
    make_rotation(r);
    HM_ASSERT_OK(hm_frame_copy(frame, &turned));
    rotate(r, frame->x, NATOM, turned.x);
    rotate(r, frame->cell, 3, turned.cell);
    ask(hamiltonian, frame, &before);
    ask(hamiltonian, &turned, &after);
    hm_frame_release(&turned);
    rotate(r, before.force, NATOM, force);
    rotate(r, before.label.virial, 3, half); /* rows are vectors: W R^T */
    for (size_t i = 0; i < 9; i++)
        for (size_t k = 0; k < 3; k++) virial[i] += r[3 * (i / 3) + k] * half[3 * k + i % 3];
    const double size = largest(before.force, 3 * NATOM);
    check(fabs(after.label.energy - before.label.energy) <= 10 * entry->turning * size, entry, "E of a turned frame");
    check(near(after.force, force, 3 * NATOM, 10 * entry->turning * size), entry, "F turns with the frame");
    check(near(after.label.virial, virial, 9, 20 * entry->turning * size), entry, "the virial turns with the frame");
}

static void translation_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    static const double shift[3] = {3.1, -7.7, 11.3};
    struct answer before, after;
    ask(hamiltonian, frame, &before);
    const double size = largest(before.force, 3 * NATOM);
    for (size_t k = 0; k < 3 * NATOM; k++) frame->x[k] += shift[k % 3];
    ask(hamiltonian, frame, &after);
    check(fabs(after.label.energy - before.label.energy) <= 10 * entry->rounding * size, entry, "E of a shifted frame");
    check(near(after.force, before.force, 3 * NATOM, 10 * entry->rounding * size), entry, "F of a shifted frame");
    check(near(after.label.virial, before.label.virial, 9, 20 * entry->rounding * size), entry,
          "virial of a shifted frame");
}

/* Each atom may be replaced by any of its images. */
static void images_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    struct answer before, after;
    ask(hamiltonian, frame, &before);
    const double size = largest(before.force, 3 * NATOM);
    for (size_t i = 0; i < NATOM; i++)
        for (size_t k = 0; k < 3; k++)
            frame->x[3 * i + k] += skewed_cell[3 * (i % 3) + k] - 2 * skewed_cell[3 * ((i + 1) % 3) + k];
    ask(hamiltonian, frame, &after);
    check(fabs(after.label.energy - before.label.energy) <= 20 * entry->rounding * size, entry, "E of other images");
    check(near(after.force, before.force, 3 * NATOM, 20 * entry->rounding * size), entry, "F of other images");
    check(near(after.label.virial, before.label.virial, 9, 40 * entry->rounding * size), entry,
          "virial of other images");
}

static void permutation_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    struct answer before, after;
    struct hm_hamiltonian other;
    struct hm_frame renamed;
    make_frame(relabelled, hm_frame_is_periodic(frame), &renamed);
    if (make_hamiltonian(entry, relabelled, &renamed, &other)) {
        ask(hamiltonian, frame, &before);
        ask(&other, &renamed, &after);
        const double size = largest(before.force, 3 * NATOM);
        check(fabs(after.label.energy - before.label.energy) <= entry->rounding * size, entry, "E of renamed atoms");
        for (size_t a = 0; a < NATOM; a++)
            check(near(&after.force[3 * relabelled[a]], &before.force[3 * a], 3, entry->rounding * size), entry,
                  "F follows the atoms' names");
        hm_hamiltonian_destroy(&other);
    }
    hm_frame_release(&renamed);
}

/* Numbers that are none are data in the label, and leave no trace in the next evaluation. */
static void not_finite_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    const double broken[3] = {NAN, INFINITY, -INFINITY};
    struct answer before, after;
    ask(hamiltonian, frame, &before);
    for (size_t k = 0; k < 3 * NATOM; k++)
        for (size_t b = 0; b < 3; b++) {
            struct answer answer;
            const double here = frame->x[k];
            frame->x[k] = broken[b];
            ask(hamiltonian, frame, &answer);
            check(answer.label.status == HM_LABEL_NOT_FINITE, entry, "a position that is not finite is seen");
            frame->x[k] = here;
        }
    ask(hamiltonian, frame, &after);
    check(after.label.status == HM_LABEL_CONVERGED, entry, "the next label is finite again");
    check(!hamiltonian->ops->analytic || same_bits(&before, &after), entry, "no trace of what was not finite");
}

static void move_on(struct hm_frame *frame)
{
    for (size_t k = 0; k < 3 * NATOM; k++) frame->x[k] += 0.01 * (double)(k % 4);
}

static void determinism_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    struct answer first, second;
    struct hm_hamiltonian twin;
    if (!make_hamiltonian(entry, identity, frame, &twin)) return;
    for (int step = 0; step < 3; step++) { /* the same past gives the same bits */
        ask(hamiltonian, frame, &first);
        ask(&twin, frame, &second);
        check(same_bits(&first, &second), entry, "two instances agree to the bit");
        move_on(frame);
    }
    ask(hamiltonian, frame, &first);
    ask(hamiltonian, frame, &second);
    check(!hamiltonian->ops->analytic || same_bits(&first, &second), entry, "an analytic method repeats its bits");
    hm_hamiltonian_destroy(&twin);
}

static void save_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_hamiltonian twin;
    struct answer kept, restored;
    if (!make_hamiltonian(entry, identity, frame, &twin)) return;
    ask(hamiltonian, frame, &kept); /* a past for the warm state */
    hm_hamiltonian_save(hamiltonian, &archive);
    HM_ASSERT_OK(archive.status);
    hm_archive_put_int(&archive, 4711);
    HM_ASSERT_OK(hm_hamiltonian_load(&twin, &archive));
    int64_t next = 0;
    HM_ASSERT_OK(hm_archive_get_int(&archive, &next));
    check(next == 4711, entry, "load reads all that save wrote");
    move_on(frame);
    ask(hamiltonian, frame, &kept);
    ask(&twin, frame, &restored);
    check(same_bits(&kept, &restored), entry, "save and load round trip");

    hm_archive_clear(&archive);
    hm_archive_put_tag(&archive, "OTHER");
    CU_ASSERT_EQUAL(hm_hamiltonian_load(&twin, &archive), HM_BAD_INPUT);
    hm_archive_release(&archive);
    hm_hamiltonian_destroy(&twin);
}

static void bonds_part(const struct entry *entry, struct hm_hamiltonian *hamiltonian, struct hm_frame *frame)
{
    size_t count = 99;
    const size_t(*bonds)[2] = hm_hamiltonian_bonds(hamiltonian, &count);
    check((bonds == NULL) == (count == 0), entry, "a list of bonds, or none");
    for (size_t b = 0; b < count; b++)
        check(bonds[b][0] < frame->natom && bonds[b][1] < frame->natom && bonds[b][0] != bonds[b][1], entry,
              "bonds of atoms");
    if (strstr(entry->config, "bonds"))
        check(count == 2 && bonds[1][0] == 2 && bonds[1][1] == 1, entry, "the bonds as given");
}

static void test_forces(void)
{
    for_each(false, forces_part);
}
static void test_forces_in_a_cell(void)
{
    for_each(true, forces_part);
}
static void test_virial(void)
{
    for_each(false, virial_part);
}
static void test_virial_in_a_cell(void)
{
    for_each(true, virial_part);
}
static void test_balance(void)
{
    for_each(false, balance_part);
}
static void test_balance_in_a_cell(void)
{
    for_each(true, periodic_balance_part);
}
static void test_rotation(void)
{
    for_each(false, rotation_part);
}
static void test_rotation_in_a_cell(void)
{
    for_each(true, rotation_part);
}
static void test_translation(void)
{
    for_each(false, translation_part);
}
static void test_translation_in_a_cell(void)
{
    for_each(true, translation_part);
}
static void test_images(void)
{
    for_each(true, images_part);
}
static void test_permutation(void)
{
    for_each(false, permutation_part);
}
static void test_permutation_in_a_cell(void)
{
    for_each(true, permutation_part);
}
static void test_not_finite(void)
{
    for_each(false, not_finite_part);
}
static void test_not_finite_in_a_cell(void)
{
    for_each(true, not_finite_part);
}
static void test_determinism(void)
{
    for_each(false, determinism_part);
}
static void test_save_and_load(void)
{
    for_each(false, save_part);
}
static void test_bonds(void)
{
    for_each(false, bonds_part);
}

static const struct hm_test tests[] = {
    {"every registered method has an entry here", test_every_method_has_an_entry},
    {"an unknown method is refused with the names there are", test_unknown_method_is_refused_with_the_names},
    {"methods for isolated molecules refuse a cell", test_isolated_methods_refuse_a_cell},
    {"forces are -dE/dx", test_forces},
    {"forces are -dE/dx in a cell", test_forces_in_a_cell},
    {"the virial is -dE/dstrain", test_virial},
    {"the virial is -dE/dstrain in a cell", test_virial_in_a_cell},
    {"no net force, no torque, virial = sum x F^T", test_balance},
    {"no net force in a cell", test_balance_in_a_cell},
    {"rotation", test_rotation},
    {"rotation of a cell", test_rotation_in_a_cell},
    {"translation", test_translation},
    {"translation in a cell", test_translation_in_a_cell},
    {"images of atoms", test_images},
    {"permutation", test_permutation},
    {"permutation in a cell", test_permutation_in_a_cell},
    {"positions that are not finite", test_not_finite},
    {"positions that are not finite, in a cell", test_not_finite_in_a_cell},
    {"determinism", test_determinism},
    {"save and load", test_save_and_load},
    {"bonds", test_bonds},
};

HM_TEST_MAIN("hamiltonian contract", tests)
