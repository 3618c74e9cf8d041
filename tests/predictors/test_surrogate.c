/* What the surrogate learns, from labels at random geometries of molecules whose laws are written out here. */
#include "io/internals.h"
#include "predictors/predictor.h"
#include "tests/predictors/molecule.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATOMS = 6, N = 3 * ATOMS, LABELS = 200, MOST = 1200 };

/* ---- laws ---- */

enum form { END, SPRING, MORSE, BEND, STRAIGHT, TORSION, UMBRELLA };

/* SPRING k (r - q)^2 / 2, MORSE k (1 - exp(-(r - q)))^2, BEND k (theta - q)^2 / 2, STRAIGHT k (1 + cos theta), TORSION
 * k (1 - cos 2 phi), UMBRELLA k (pi - |phi|)^2 / 2; Hartree atomic units. */
struct term {
    enum form form;
    size_t atoms[4];
    double k, q;
};

static const struct term water[] = {
    {SPRING, {0, 1}, 0.5, 1.81}, {SPRING, {0, 2}, 0.5, 1.81}, {BEND, {1, 0, 2}, 0.15, 1.82}, {0}};
static const struct term water_morse[] = {
    {MORSE, {0, 1}, 0.17, 1.81}, {MORSE, {0, 2}, 0.17, 1.81}, {BEND, {1, 0, 2}, 0.15, 1.82}, {0}};
static const struct term morse_bonds[] = {{MORSE, {0, 1}, 0.17, 1.81}, {MORSE, {0, 2}, 0.17, 1.81}, {0}};
static const struct term peroxide[] = {{SPRING, {0, 1}, 0.3, 2.75},
                                       {SPRING, {0, 2}, 0.5, 1.83},
                                       {SPRING, {1, 3}, 0.5, 1.83},
                                       {BEND, {1, 0, 2}, 0.1, 1.75},
                                       {BEND, {0, 1, 3}, 0.1, 1.75},
                                       {TORSION, {2, 0, 1, 3}, 0.002, 0},
                                       {0}};
static const struct term formaldehyde[] = {{SPRING, {0, 1}, 0.8, 2.28},       {SPRING, {1, 2}, 0.3, 2.09},
                                           {SPRING, {1, 3}, 0.3, 2.09},       {BEND, {0, 1, 2}, 0.1, 2.1},
                                           {BEND, {0, 1, 3}, 0.1, 2.1},       {BEND, {2, 1, 3}, 0.1, 2.0},
                                           {UMBRELLA, {2, 1, 0, 3}, 0.03, 0}, {0}};
/* The distance of the hydrogens tells cis from trans. */
static const struct term acetylene[] = {{SPRING, {0, 1}, 0.8, 2.28},
                                        {SPRING, {1, 2}, 0.3, 2.0},
                                        {SPRING, {0, 3}, 0.3, 2.0},
                                        {STRAIGHT, {0, 1, 2}, 0.1, 0},
                                        {STRAIGHT, {1, 0, 3}, 0.1, 0},
                                        {SPRING, {2, 3}, 0.05, 6.3},
                                        {0}};
static const struct term dioxide[] = {
    {SPRING, {0, 1}, 0.8, 2.2}, {SPRING, {0, 2}, 0.8, 2.2}, {STRAIGHT, {1, 0, 2}, 0.1, 0}, {0}};
static const struct term cyanide[] = {
    {MORSE, {0, 1}, 0.3, 2.2}, {MORSE, {0, 2}, 0.2, 2.0}, {STRAIGHT, {1, 0, 2}, 0.1, 0}, {0}};

/* dE/dq of a term and q's gradient. */
static double slope(const struct term *t, const struct hm_frame *box, const double *x, double gradient[4][3],
                    size_t *natom)
{
    double q;
    switch (t->form) {
    case SPRING:
    case MORSE:
        *natom = 2;
        q = hm_internal_distance(box, x, t->atoms, gradient);
        return t->form == SPRING ? t->k * (q - t->q) : 2 * t->k * (1 - exp(t->q - q)) * exp(t->q - q);
    case BEND:
    case STRAIGHT:
        *natom = 3;
        q = hm_internal_angle(box, x, t->atoms, gradient);
        return t->form == BEND ? t->k * (q - t->q) : -t->k * sin(q);
    default:
        *natom = 4;
        q = hm_internal_dihedral(box, x, t->atoms, gradient);
        return t->form == TORSION ? 2 * t->k * sin(2 * q) : t->k * (q > 0 ? q - acos(-1) : q + acos(-1));
    }
}

static void force_of(const struct term *law, const struct hm_frame *box, const double *x, double *force)
{
    memset(force, 0, 3 * box->natom * sizeof *force);
    for (const struct term *t = law; t->form != END; t++) {
        double gradient[4][3];
        size_t natom;
        const double s = slope(t, box, x, gradient, &natom);
        for (size_t a = 0; a < natom; a++)
            for (size_t k = 0; k < 3; k++) force[3 * t->atoms[a] + k] -= s * gradient[a][k];
    }
}

/* ---- a predictor and its labels ---- */

struct lent {
    const struct term *law;
    const struct hm_frame *box;
    size_t asked, fails_every; // 0: never
};

struct pupil {
    struct molecule molecule;
    struct lent lent;
    struct hm_predictor predictor;
    size_t natom;
    double timestep;
    double *rows;
    uint64_t drawn; // geometries so far
};

static void lend(void *self, const double *x, double *force)
{
    struct lent *lent = self;
    force_of(lent->law, lent->box, x, force);
    if (lent->fails_every > 0 && ++lent->asked % lent->fails_every == 0) force[0] = NAN;
}

static void create_predictor(const struct pupil *p, struct hm_predictor *predictor)
{
    const struct hm_predictor_setup setup = {p->molecule.config, p->molecule.representation, 1, 0, false};
    HM_ASSERT_OK(hm_predictor_create(&setup, predictor));
    CU_ASSERT_PTR_NOT_NULL_FATAL(predictor->self);
}

/* `base` is the law of the cheaper Hamiltonian, or NULL; `frozen` atoms are the first ones. */
static void create_with(struct pupil *p, const char *geometry, const char *keys, const struct term *base, size_t frozen)
{
    char sections[256];
    *p = (struct pupil){0};
    snprintf(sections, sizeof sections, "predictor: {type: surrogate%s}\ntraining: {warmup_steps: 1000}", keys);
    molecule_create(&p->molecule, geometry, sections);
    p->natom = p->molecule.frame.natom;
    CU_ASSERT_TRUE_FATAL(p->natom <= ATOMS);
    for (size_t i = 0; i < frozen; i++) {
        hm_frame_freeze(&p->molecule.frame, i);
        hm_frame_freeze(&p->molecule.representation->start, i);
    }
    p->lent = (struct lent){.law = base, .box = &p->molecule.frame};
    if (base) p->molecule.representation->cheap = (struct hm_cheap_force){lend, &p->lent};
    p->timestep = hm_config_real(p->molecule.config, "integrator.timestep");
    p->rows = calloc(MOST * hm_row_size(3 * p->natom), sizeof *p->rows);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->rows);
    create_predictor(p, &p->predictor);
}

static void create(struct pupil *p, const char *geometry, const char *keys)
{
    create_with(p, geometry, keys, NULL, 0);
}

static void destroy(struct pupil *p)
{
    hm_predictor_destroy(&p->predictor);
    free(p->rows);
    molecule_destroy(&p->molecule);
}

static void exact_kick(const struct pupil *p, const struct term *law, const double *x, double *kick)
{
    const struct hm_frame *frame = &p->molecule.frame;
    force_of(law, frame, x, kick);
    for (size_t k = 0; k < 3 * p->natom; k++)
        kick[k] = hm_frame_holds(frame, k / 3) ? 0 : kick[k] * p->timestep / frame->mass[k / 3];
}

/* `count` labels at new geometries; frozen atoms stay. */
static struct hm_batch draw(struct pupil *p, const struct term *law, double amplitude, size_t count)
{
    const size_t n = 3 * p->natom, size = hm_row_size(n);
    CU_ASSERT_TRUE_FATAL(count <= MOST);
    for (size_t r = 0; r < count; r++) {
        double *row = &p->rows[r * size], *x = row + 2;
        row[0] = (double)p->drawn;
        row[1] = HM_ROW_LABEL;
        molecule_shake(&p->molecule, p->drawn++, amplitude, x);
        for (size_t k = 0; k < 3 * p->molecule.frame.nfrozen; k++) x[k] = p->molecule.frame.x[k];
        exact_kick(p, law, x, row + 2 + n);
    }
    return (struct hm_batch){count, n, p->rows, HM_NO_INTERRUPT};
}

static struct hm_training_report train(struct pupil *p, const struct hm_batch *batch)
{
    struct hm_training_report report = {0};
    HM_ASSERT_OK(p->predictor.ops->train(p->predictor.self, batch, &report));
    return report;
}

static struct hm_training_report learn(struct pupil *p, const struct term *law, double amplitude, size_t count)
{
    const struct hm_batch batch = draw(p, law, amplitude, count);
    return train(p, &batch);
}

/* The predicted kick at x. */
static struct hm_prediction predict(struct pupil *p, const double *x, double *motion, double *base)
{
    struct hm_frame at = p->molecule.frame;
    const struct hm_window window = {.frame = &at};
    struct hm_prediction prediction = {.motion = motion, .base = base, .extremeness = NAN};
    at.x = (double *)x;
    p->predictor.ops->predict(p->predictor.self, &window, &prediction);
    return prediction;
}

/* rms error over rms kick at geometries that were not learned. */
static double error_of(struct pupil *p, const struct term *law, double amplitude)
{
    const size_t n = 3 * p->natom;
    double x[N], motion[N], base[N], kick[N], error = 0, size = 0;
    for (uint64_t d = 0; d < 50; d++) {
        molecule_shake(&p->molecule, 1000000 + d, amplitude, x);
        for (size_t k = 0; k < 3 * p->molecule.frame.nfrozen; k++) x[k] = p->molecule.frame.x[k];
        predict(p, x, motion, base);
        exact_kick(p, law, x, kick);
        for (size_t k = 0; k < n; k++) {
            error += (motion[k] - kick[k]) * (motion[k] - kick[k]);
            size += kick[k] * kick[k];
        }
    }
    return sqrt(error / size);
}

static bool same_parameters(const struct hm_predictor *a, const struct hm_predictor *b)
{
    size_t bytes, other;
    const void *pa = a->ops->parameters(a->self, &bytes), *pb = b->ops->parameters(b->self, &other);
    return bytes == other && memcmp(pa, pb, bytes) == 0;
}

/* ---- what is learned ---- */

static void a_law_in_the_span_is_recovered(void)
{
    static const struct {
        const char *geometry, *keys;
        const struct term *law;
        size_t terms;
    } cases[] = {
        {MOLECULE_WATER, ", ridge: 0", water, 6},
        {MOLECULE_WATER, ", ridge: 0, degree: 4", water, 21},
        {MOLECULE_PEROXIDE, ", ridge: 0", peroxide, 0},
        {MOLECULE_DIOXIDE, ", ridge: 0", dioxide, 6},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct pupil p;
        create(&p, cases[c].geometry, cases[c].keys);
        const struct hm_training_report report = learn(&p, cases[c].law, 0.1, LABELS);
        CU_ASSERT_TRUE(report.accepted && report.held_out_after < 1e-10);
        CU_ASSERT_EQUAL(report.samples, LABELS);
        CU_ASSERT_TRUE(report.condition >= 1 && isfinite(report.condition));
        if (cases[c].terms) CU_ASSERT_EQUAL(report.terms, cases[c].terms);
        CU_ASSERT_TRUE(error_of(&p, cases[c].law, 0.08) < 1e-10);
        destroy(&p);
    }
}

/* With a ridge to choose it is as good as is of use, with the plain terms. */
static void the_degree_is_as_high_as_the_law_asks(void)
{
    struct pupil p;
    create(&p, MOLECULE_WATER, "");
    struct hm_training_report report = learn(&p, water, 0.1, LABELS);
    CU_ASSERT_TRUE(report.accepted && report.held_out_after < 1e-6);
    CU_ASSERT_EQUAL(report.terms, 6);
    destroy(&p);

    create(&p, MOLECULE_WATER, "");
    report = learn(&p, water_morse, 0.2, 1000);
    CU_ASSERT_TRUE(report.accepted && report.held_out_after < 1e-4);
    CU_ASSERT_TRUE(report.terms >= 33); /* degree 5 */
    CU_ASSERT_TRUE(error_of(&p, water_morse, 0.15) < 1e-4);
    destroy(&p);

    /* What few data can carry: 2 equations a term, 3 a label, 7 of 8 labels. */
    create(&p, MOLECULE_WATER, "");
    report = learn(&p, water_morse, 0.2, 16);
    CU_ASSERT_TRUE(report.accepted);
    CU_ASSERT_TRUE(report.terms <= 21);
    destroy(&p);
}

static void straight_and_planar_molecules_are_learned(void)
{
    static const struct {
        const char *geometry;
        const struct term *law;
        size_t terms; // at most: as good as is of use, and with coordinates that fit the law
    } cases[] = {{MOLECULE_CYANIDE, cyanide, 100},
                 {MOLECULE_ACETYLENE, acetylene, 200},
                 {MOLECULE_FORMALDEHYDE, formaldehyde, 50}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct pupil p;
        create(&p, cases[c].geometry, "");
        const struct hm_training_report report = learn(&p, cases[c].law, 0.1, 1000);
        const double error = error_of(&p, cases[c].law, 0.08);
        if (!(error < 2e-6)) printf("\n      %s: %g, %zu terms ", cases[c].geometry, error, report.terms);
        CU_ASSERT_TRUE(report.accepted && error < 2e-6);
        CU_ASSERT_TRUE(report.terms <= cases[c].terms);
        destroy(&p);
    }
}

static void kicks_conserve_momentum_and_angular_momentum(void)
{
    struct pupil p;
    double x[N], motion[N], base[N];
    create(&p, MOLECULE_FORMALDEHYDE, "");
    learn(&p, formaldehyde, 0.1, 50); /* hardly anything: what is learned does not matter */
    molecule_shake(&p.molecule, 7, 0.3, x);
    predict(&p, x, motion, base);
    double largest = 0;
    for (size_t k = 0; k < 3 * p.natom; k++) {
        motion[k] *= p.molecule.frame.mass[k / 3];
        largest = fmax(largest, fabs(motion[k]));
    }
    CU_ASSERT_TRUE(largest > 0);
    CU_ASSERT_TRUE(molecule_sum(p.natom, motion) < 1e-12 * largest);
    CU_ASSERT_TRUE(molecule_torque(p.natom, x, motion) < 1e-11 * largest);
    destroy(&p);
}

/* ---- episodes ---- */

static void few_labels_wait_for_more(void)
{
    struct pupil p;
    double x[N], motion[N], base[N];
    create(&p, MOLECULE_WATER, "");
    struct hm_training_report report = learn(&p, water, 0.1, 3);
    CU_ASSERT_TRUE(!report.accepted && report.samples == 3 && isnan(report.held_out_after));
    report = learn(&p, water, 0.1, 4);
    CU_ASSERT_TRUE(!report.accepted && report.samples == 7);
    molecule_shake(&p.molecule, 7, 0.1, x);
    const struct hm_prediction nothing = predict(&p, x, motion, base);
    CU_ASSERT_TRUE(isnan(motion[0]) && isnan(motion[8]) && isnan(nothing.extremeness));
    report = learn(&p, water, 0.1, 1);
    CU_ASSERT_TRUE(report.accepted && report.samples == 8);
    CU_ASSERT_TRUE(error_of(&p, water, 0.05) < 1e-4);
    destroy(&p);
}

/* What is known is not learned again; what is new is; weights that are no better are not taken. */
static void weights_change_only_for_the_better(void)
{
    struct pupil p;
    struct hm_predictor before;
    size_t bytes;
    create(&p, MOLECULE_WATER, "");
    create_predictor(&p, &before);
    double last = learn(&p, water_morse, 0.1, LABELS).held_out_after;
    size_t accepted = 0, refused = 0;
    for (size_t episode = 0; episode < 12; episode++) {
        before.ops->adopt(before.self, p.predictor.ops->parameters(p.predictor.self, &bytes));
        const struct hm_training_report report = learn(&p, water_morse, episode < 6 ? 0.1 : 0.25, 50);
        CU_ASSERT_NOT_EQUAL(report.accepted, same_parameters(&p.predictor, &before));
        if (report.accepted) CU_ASSERT_TRUE(report.held_out_after < report.held_out_before);
        accepted += report.accepted;
        refused += !report.accepted;
        if (report.accepted) last = report.held_out_after;
    }
    CU_ASSERT_TRUE(refused > 0);
    CU_ASSERT_TRUE(accepted > 0); /* the amplitude grew */
    CU_ASSERT_TRUE(last < 1e-2);
    CU_ASSERT_TRUE(error_of(&p, water_morse, 0.2) < 1e-2);
    hm_predictor_destroy(&before);
    destroy(&p);
}

/* A stretched bond that never was is outside, and one that was is not: also where the labels out there are predicted
 * well, for then the range that is known grows without better weights. */
static void what_lies_beyond_the_trained_range_is_said_and_learned(void)
{
    struct pupil p;
    double motion[3 * ATOMS], base[3 * ATOMS], x[3 * ATOMS];
    create(&p, MOLECULE_WATER, ", degree: 2");
    CU_ASSERT_TRUE(learn(&p, water_morse, 0.05, LABELS).accepted);
    memcpy(x, p.molecule.frame.x, 9 * sizeof *x);
    CU_ASSERT_FALSE(predict(&p, x, motion, base).outside);
    for (size_t k = 3; k < 6; k++) x[k] += 0.2 * (x[k] - x[k - 3]);
    CU_ASSERT_TRUE(predict(&p, x, motion, base).outside);
    CU_ASSERT_TRUE(learn(&p, water_morse, 0.2, 60).accepted);
    CU_ASSERT_FALSE(predict(&p, x, motion, base).outside);
    destroy(&p);
}

/* Long episodes are always fitted; a potential that can do no better is not exchanged for another of its kind. */
static void weights_that_are_no_better_are_not_taken(void)
{
    struct pupil p;
    create(&p, MOLECULE_WATER, ", degree: 2");
    CU_ASSERT_TRUE(learn(&p, water_morse, 0.15, LABELS).accepted);
    for (size_t episode = 0; episode < 5; episode++) { /* of labels that are well within what it knows */
        const struct hm_training_report report = learn(&p, water_morse, 0.13, 100);
        CU_ASSERT_TRUE(report.held_out_before > 1e-3 && report.held_out_after > 1e-3);
        CU_ASSERT_TRUE(report.held_out_after > 0.9 * report.held_out_before);
        CU_ASSERT_FALSE(report.accepted);
    }
    destroy(&p);
}

static bool at_third(void *self)
{
    size_t *asked = self;
    return ++*asked == 3;
}

static void interrupted_training_goes_on_from_what_was_saved(void)
{
    struct pupil p;
    struct hm_predictor other;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_training_report report;
    size_t asked = 0;
    create(&p, MOLECULE_WATER, "");
    create_predictor(&p, &other);
    for (size_t episode = 0; episode < 3; episode++) {
        struct hm_batch batch = draw(&p, water_morse, 0.1 + 0.05 * (double)episode, 600);
        hm_archive_clear(&archive);
        hm_predictor_save(&other, &archive);
        asked = 0;
        batch.interrupt = (struct hm_interrupt){at_third, &asked};
        CU_ASSERT_EQUAL(other.ops->train(other.self, &batch, &report), HM_STOPPED);
        HM_ASSERT_OK(hm_predictor_load(&other, &archive));
        batch.interrupt = HM_NO_INTERRUPT;
        HM_ASSERT_OK(other.ops->train(other.self, &batch, &report));
        train(&p, &batch);
        CU_ASSERT_TRUE(same_parameters(&p.predictor, &other));
    }
    hm_archive_release(&archive);
    hm_predictor_destroy(&other);
    destroy(&p);
}

/* ---- a base ---- */

static void a_base_leaves_less_to_learn(void)
{
    struct pupil alone, on_base;
    double x[N], motion[N], base[N], cheap[N];
    create(&alone, MOLECULE_WATER, ", degree: 2");
    create_with(&on_base, MOLECULE_WATER, ", degree: 2, ridge: 0, base: {type: hamiltonian}", morse_bonds, 0);
    const double without = learn(&alone, water_morse, 0.2, LABELS).held_out_after;
    const struct hm_training_report with = learn(&on_base, water_morse, 0.2, LABELS);
    CU_ASSERT_TRUE(without > 1e-2);
    CU_ASSERT_TRUE(with.accepted && with.held_out_after < 1e-10); /* what is left is the bend: degree 2 */
    CU_ASSERT_TRUE(error_of(&on_base, water_morse, 0.15) < 1e-10);

    molecule_shake(&alone.molecule, 3, 0.1, x);
    CU_ASSERT_FALSE(predict(&alone, x, motion, base).has_base);
    CU_ASSERT_TRUE(predict(&on_base, x, motion, base).has_base);
    exact_kick(&on_base, morse_bonds, x, cheap);
    for (size_t k = 0; k < 9; k++) HM_ASSERT_NEAR(base[k], cheap[k], 1e-18);
    destroy(&alone);
    destroy(&on_base);
}

/* A base that fails now and then: those labels are left out, those predictions are not finite. */
static void a_base_that_fails_is_not_learned_from(void)
{
    struct pupil p;
    double motion[N], base[N];
    create_with(&p, MOLECULE_WATER, ", degree: 2, ridge: 0, base: {type: hamiltonian}", morse_bonds, 0);
    p.lent.fails_every = 5;
    const struct hm_training_report report = learn(&p, water_morse, 0.2, LABELS);
    CU_ASSERT_TRUE(report.accepted && report.held_out_after < 1e-10);
    CU_ASSERT_EQUAL(report.samples, LABELS - LABELS / 5);
    p.lent.fails_every = 1;
    predict(&p, p.molecule.frame.x, motion, base);
    CU_ASSERT_TRUE(isnan(motion[0]));
    destroy(&p);
}

static void a_base_must_be_lent(void)
{
    struct molecule m;
    struct hm_predictor predictor;
    molecule_create(&m, MOLECULE_WATER, "predictor: {type: surrogate, base: {type: hamiltonian}}");
    const struct hm_predictor_setup setup = {m.config, m.representation, 1, 0, false};
    CU_ASSERT_EQUAL(hm_predictor_create(&setup, &predictor), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "molecule.yaml:3:37: hamiltonian needs the cheaper one"));
    molecule_destroy(&m);
    molecule_create(&m, MOLECULE_WATER, "predictor: {type: surrogate, base: {type: linear}}");
    const struct hm_predictor_setup other = {m.config, m.representation, 1, 0, false};
    CU_ASSERT_EQUAL(hm_predictor_create(&other, &predictor), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "molecule.yaml:3:37: a surrogate corrects"));
    molecule_destroy(&m);
}

/* ---- atoms that are held, atoms at rest, numbers that are none ---- */

/* The oxygen is held: its kick is zero whatever the force on it, and that says nothing of the potential. */
static void frozen_atoms_neither_move_nor_teach(void)
{
    for (int on_base = 0; on_base <= 1; on_base++) {
        struct pupil p;
        double x[N], motion[N], base[N];
        create_with(&p, MOLECULE_WATER, on_base ? ", ridge: 0, base: {type: hamiltonian}" : ", ridge: 0",
                    on_base ? morse_bonds : NULL, 1);
        const struct hm_training_report report = learn(&p, on_base ? water_morse : water, 0.1, LABELS);
        CU_ASSERT_TRUE(report.accepted && report.held_out_after < 1e-10);
        CU_ASSERT_EQUAL(report.terms, 6);
        CU_ASSERT_TRUE(error_of(&p, on_base ? water_morse : water, 0.08) < 1e-10);
        molecule_shake(&p.molecule, 5, 0.1, x);
        predict(&p, x, motion, base);
        for (size_t k = 0; k < 3; k++) CU_ASSERT_EQUAL(motion[k], 0);
        for (size_t k = 0; on_base && k < 3; k++) CU_ASSERT_EQUAL(base[k], 0);
        CU_ASSERT_TRUE(fabs(motion[3]) > 0);
        destroy(&p);
    }
}

/* All steps are one geometry without a force, exactly or but for rounding. */
static void at_rest_there_is_nothing_to_learn(void)
{
    for (int noise = 0; noise <= 1; noise++) {
        struct pupil p;
        double motion[N], base[N];
        create(&p, MOLECULE_PEROXIDE, "");
        for (size_t episode = 0; episode < 3; episode++) {
            struct hm_batch batch = draw(&p, peroxide, noise ? 1e-15 : 0, 100);
            for (size_t r = 0; r < batch.count; r++) {
                double *kick = &p.rows[r * hm_row_size(12) + 14];
                for (size_t k = 0; k < 12; k++) kick[k] *= noise ? 1e-13 : 0;
            }
            const struct hm_training_report report = train(&p, &batch);
            CU_ASSERT_FALSE(isnan(report.held_out_after) && report.accepted);
        }
        predict(&p, p.molecule.frame.x, motion, base);
        for (size_t k = 0; k < 12; k++) CU_ASSERT_TRUE(fabs(motion[k]) < 1e-12);
        CU_ASSERT_TRUE(noise || motion[0] == 0);
        destroy(&p);
    }
}

static void labels_that_are_not_finite_are_refused(void)
{
    struct pupil p;
    struct hm_training_report report;
    create(&p, MOLECULE_WATER, "");
    const struct hm_batch batch = draw(&p, water, 0.1, 20);
    p.rows[13 * hm_row_size(9) + 15] = INFINITY;
    CU_ASSERT_EQUAL(p.predictor.ops->train(p.predictor.self, &batch, &report), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "step 13"));
    destroy(&p);
}

/* Parameters of a file may be anything: what comes of them is not taken for a kick. */
static void parameters_without_a_fit_give_no_kick(void)
{
    static const double headers[] = {0, NAN, 1, 1}, levels[] = {0, 0, -1, 1e300};
    struct pupil p;
    double motion[N], base[N];
    size_t bytes;
    create(&p, MOLECULE_WATER, "");
    p.predictor.ops->parameters(p.predictor.self, &bytes);
    double *damaged = calloc(1, bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(damaged);
    for (size_t k = 0; k < sizeof headers / sizeof *headers; k++) {
        damaged[0] = headers[k];
        damaged[1] = levels[k];
        p.predictor.ops->adopt(p.predictor.self, damaged);
        predict(&p, p.molecule.frame.x, motion, base);
        CU_ASSERT_TRUE(isnan(motion[0]) && isnan(motion[8]));
    }
    free(damaged);
    destroy(&p);
}

static const struct hm_test tests[] = {
    {"a law in the span is recovered", a_law_in_the_span_is_recovered},
    {"the degree is as high as the law asks", the_degree_is_as_high_as_the_law_asks},
    {"straight and planar molecules are learned", straight_and_planar_molecules_are_learned},
    {"kicks conserve momentum and angular momentum", kicks_conserve_momentum_and_angular_momentum},
    {"few labels wait for more", few_labels_wait_for_more},
    {"weights change only for the better", weights_change_only_for_the_better},
    {"what lies beyond the trained range is said and learned", what_lies_beyond_the_trained_range_is_said_and_learned},
    {"weights that are no better are not taken", weights_that_are_no_better_are_not_taken},
    {"interrupted training goes on from what was saved", interrupted_training_goes_on_from_what_was_saved},
    {"a base leaves less to learn", a_base_leaves_less_to_learn},
    {"a base that fails is not learned from", a_base_that_fails_is_not_learned_from},
    {"a base must be lent", a_base_must_be_lent},
    {"frozen atoms neither move nor teach", frozen_atoms_neither_move_nor_teach},
    {"at rest there is nothing to learn", at_rest_there_is_nothing_to_learn},
    {"labels that are not finite are refused", labels_that_are_not_finite_are_refused},
    {"parameters without a fit give no kick", parameters_without_a_fit_give_no_kick},
};
HM_TEST_MAIN("surrogate", tests)
