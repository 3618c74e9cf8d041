/* The polynomial model of the surrogate: its gradient is that of its energy everywhere, in the trained range, at its
 * edge and beyond; both are as invariant as they should be.
 */
#include "predictors/surrogate_model.h"
#include "tests/predictors/molecule.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40, ATOMS = 12, N = 3 * ATOMS };

static const struct hm_surrogate_model_ops *const model = &hm_surrogate_polynomial;
static const double TRAINED = 0.15; /* largest displacement of a component in what the model is shown */

/* A model that was shown some geometries, with weights of order one in use at its highest level. */
struct trained {
    struct molecule molecule;
    void *self;
    size_t natom, level, nterm;
    double *scales, *weights;
};

static void create(struct trained *t, const char *geometry, const char *keys, size_t leave_out)
{
    char sections[256];
    double x[SHOWN][N];
    const double *shown[SHOWN];
    snprintf(sections, sizeof sections, "predictor: {type: surrogate%s}\ntraining: {warmup_steps: 4000}", keys);
    *t = (struct trained){0};
    molecule_create(&t->molecule, geometry, sections);
    t->natom = t->molecule.frame.natom;
    CU_ASSERT_TRUE_FATAL(t->natom <= ATOMS);
    HM_ASSERT_OK(model->create(t->molecule.config, &t->molecule.frame, &t->self));
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->self);
    t->level = model->levels(t->self) - 1;
    t->level -= leave_out < t->level ? leave_out : t->level;
    t->nterm = model->count(t->self, t->level);
    t->scales = calloc(model->scale_count(t->self), sizeof *t->scales);
    t->weights = calloc(t->nterm, sizeof *t->weights);
    CU_ASSERT_TRUE_FATAL(t->scales && t->weights);
    for (size_t s = 0; s < SHOWN; s++) {
        molecule_shake(&t->molecule, s, TRAINED, x[s]);
        shown[s] = x[s];
    }
    model->prepare(t->self, shown, SHOWN, t->scales);
    for (size_t c = 0; c < t->nterm; c++) t->weights[c] = sin(1 + 2.7 * (double)c) / (1 + 0.1 * (double)c);
    model->use(t->self, t->scales, t->weights, t->level);
}

static void destroy(struct trained *t)
{
    model->destroy(&t->self);
    CU_ASSERT_PTR_NULL(t->self);
    free(t->scales);
    free(t->weights);
    molecule_destroy(&t->molecule);
}

static const struct {
    const char *geometry, *keys;
    size_t leave_out; /* levels above the one in use */
} models[] = {
    {MOLECULE_WATER, "", 2},
    {MOLECULE_WATER, ", basis: distances", 3},
    {MOLECULE_WATER, ", degree: 1", 0},
    {MOLECULE_AMMONIA, "", 0},
    {MOLECULE_METHANOL, ", degree: 3", 0},
    {MOLECULE_FORMALDEHYDE, "", 0},
    {MOLECULE_PEROXIDE, "", 0},
    {MOLECULE_ACETYLENE, "", 0},
    {MOLECULE_DIOXIDE, "", 3},
    {MOLECULE_PHOSPHORUS, ", degree: 4, basis: distances", 0},
    {"H 0 0 0 Cl 1.27 0 0", "", 0},
};

typedef void part(struct trained *trained);

static void for_each(part *run)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct trained trained;
        create(&trained, models[i].geometry, models[i].keys, models[i].leave_out);
        run(&trained);
        destroy(&trained);
    }
}

static double largest(size_t n, const double *values)
{
    double most = 0;
    for (size_t k = 0; k < n; k++) most = fmax(most, fabs(values[k]));
    return most;
}

static double difference(size_t n, const double *a, const double *b)
{
    double most = 0;
    for (size_t k = 0; k < n; k++) {
        if (!isfinite(a[k]) || !isfinite(b[k])) return INFINITY;
        most = fmax(most, fabs(a[k] - b[k]));
    }
    return most;
}

/* ---- gradients ---- */

/* By differences over so little that hardly any meets the edge, where the curvature jumps. */
static void check_gradient_at(struct trained *t, const double *at, double tolerance)
{
    static const double h = 1e-5;
    const size_t n = 3 * t->natom;
    double x[N], gradient[N], numeric[N] = {0};
    memcpy(x, at, n * sizeof *x);
    model->gradient(t->self, x, gradient);
    for (size_t k = 0; k < n; k++) {
        x[k] = at[k] + h;
        numeric[k] = model->energy(t->self, x);
        x[k] = at[k] - h;
        numeric[k] = (numeric[k] - model->energy(t->self, x)) / (2 * h);
        x[k] = at[k];
    }
    CU_ASSERT_TRUE(difference(n, gradient, numeric) <= tolerance * (1 + largest(n, gradient)));
}

static void gradients_inside(struct trained *t)
{
    double x[N], gradient[N];
    for (uint64_t draw = 100; draw < 105; draw++) {
        molecule_shake(&t->molecule, draw, 0.5 * TRAINED, x);
        CU_ASSERT_TRUE(model->gradient(t->self, x, gradient) < 1.25);
        check_gradient_at(t, x, 1e-7);
    }
}

/* Further and further; where no coordinate has left its range by chance, others will have. */
static void gradients_outside(struct trained *t)
{
    double x[N], gradient[N];
    size_t outside = 0;
    for (uint64_t draw = 100; draw < 112; draw++) {
        molecule_shake(&t->molecule, draw, (draw % 2 ? 3 : 8) * TRAINED, x);
        outside += model->gradient(t->self, x, gradient) > 1.25;
        check_gradient_at(t, x, 1e-6);
    }
    CU_ASSERT_TRUE(outside >= 4);
}

static void test_gradients_inside(void)
{
    for_each(gradients_inside);
}
static void test_gradients_outside(void)
{
    for_each(gradients_outside);
}

/* What is fitted and what is evaluated are one function. */
static void design_part(struct trained *t)
{
    const size_t n = 3 * t->natom;
    double x[N], gradient[N], sum[N] = {0};
    double *design = calloc(t->nterm * n, sizeof *design);
    CU_ASSERT_PTR_NOT_NULL_FATAL(design);
    molecule_shake(&t->molecule, 3, TRAINED, x); /* one of those shown */
    CU_ASSERT_TRUE(model->gradient(t->self, x, gradient) <= 1 + 1e-12);
    model->gradients(t->self, t->scales, x, t->level, design);
    for (size_t c = 0; c < t->nterm; c++)
        for (size_t k = 0; k < n; k++) sum[k] += t->weights[c] * design[c * n + k];
    CU_ASSERT_TRUE(largest(n, gradient) > 0);
    CU_ASSERT_TRUE(difference(n, sum, gradient) <= 1e-11 * (1 + largest(n, gradient)));
    free(design);
}

static void test_design(void)
{
    for_each(design_part);
}

/* ---- the edge ---- */

/* Between x, inside, and `far`, outside: energy and gradient on both sides of where the polynomial ends. */
static void check_edge(struct trained *t, const double *x, const double *far)
{
    const size_t n = 3 * t->natom;
    double inner[N], outer[N], at[N], gradient[N], other[N];
    memcpy(inner, x, n * sizeof *x);
    memcpy(outer, far, n * sizeof *x);
    for (int halving = 0; halving < 45; halving++) {
        for (size_t k = 0; k < n; k++) at[k] = 0.5 * (inner[k] + outer[k]);
        memcpy(model->gradient(t->self, at, gradient) > 1.25 ? outer : inner, at, n * sizeof *at);
    }
    CU_ASSERT_TRUE_FATAL(model->gradient(t->self, inner, gradient) <= 1.25);
    CU_ASSERT_TRUE_FATAL(model->gradient(t->self, outer, other) > 1.25);
    CU_ASSERT_TRUE(difference(n, gradient, other) <= 1e-8 * (1 + largest(n, gradient)));
    HM_ASSERT_NEAR(model->energy(t->self, inner), model->energy(t->self, outer), 1e-10);
}

static void edge_part(struct trained *t)
{
    double x[N], far[N];
    size_t tried = 0;
    for (uint64_t draw = 200; tried < 5 && draw < 220; draw++) {
        molecule_shake(&t->molecule, draw, 0.1 * TRAINED, x);
        molecule_shake(&t->molecule, draw + 100, 4 * TRAINED, far);
        double gradient[N];
        if (model->gradient(t->self, far, gradient) <= 1.25) continue;
        check_edge(t, x, far);
        tried++;
    }
    CU_ASSERT_EQUAL(tried, 5);
}

static void test_edge(void)
{
    for_each(edge_part);
}

/* A diatomic: the range is that of the bonds shown, the extremeness linear in the bond, the energy beyond a tangent. */
static void the_range_of_a_bond(void)
{
    struct trained t;
    double gradient[6], x[6] = {0}, energy[3], low = INFINITY, high = 0;
    create(&t, "H 0 0 0 Cl 1.27 0 0", "", 0);
    for (size_t s = 0; s < SHOWN; s++) {
        double shown[6];
        molecule_shake(&t.molecule, s, TRAINED, shown);
        const double d[3] = {shown[3] - shown[0], shown[4] - shown[1], shown[5] - shown[2]};
        const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        low = fmin(low, r);
        high = fmax(high, r);
    }
    const double middle = 0.5 * (low + high), half = 0.5 * (high - low);
    static const double distances[] = {-3, -1, -0.5, 0, 0.5, 1, 1.2, 4};
    for (size_t k = 0; k < sizeof distances / sizeof *distances; k++) {
        x[3] = middle + distances[k] * half;
        HM_ASSERT_NEAR(model->gradient(t.self, x, gradient), fabs(distances[k]), 1e-12);
    }
    for (size_t k = 0; k < 3; k++) {
        x[3] = middle + (2 + (double)k) * half;
        energy[k] = model->energy(t.self, x);
    }
    HM_ASSERT_NEAR(energy[2] - 2 * energy[1] + energy[0], 0, 1e-12);
    CU_ASSERT_TRUE(fabs(energy[1] - energy[0]) > 1e-3);

    /* A longer bond is shown: what was beyond the edge is inside. */
    x[3] = middle + 2 * half;
    CU_ASSERT_TRUE(model->gradient(t.self, x, gradient) > 1.25);
    model->widen(t.self, x, t.scales);
    HM_ASSERT_NEAR(model->gradient(t.self, x, gradient), 1, 1e-12);
    destroy(&t);
}

/* A tangent has no curvature: how far out there still is one. */
static double believed(struct trained *t)
{
    const double middle = 0.5 * (t->scales[2] + t->scales[3]), width = 0.5 * (t->scales[3] - t->scales[2]), h = 0.01;
    double x[6] = {0}, z = 1;
    for (; z < 100; z += 0.05) {
        double energy[3];
        for (int k = 0; k < 3; k++) {
            x[3] = t->scales[0] + t->scales[1] * (middle + (z + h * (double)k) * width);
            energy[k] = model->energy(t->self, x);
        }
        if (fabs(energy[2] - 2 * energy[1] + energy[0]) < 1e-9) break;
    }
    return z;
}

/* A better fit is believed farther out, a richer one less far: cosh(acosh(0.02 / e) / d), from 1.25 to 4. */
static void a_good_fit_is_believed_farther(void)
{
    struct trained t;
    create(&t, "H 0 0 0 Cl 1.27 0 0", "", 0);
    static const struct {
        size_t level;
        double error, reach;
    } fits[] = {{0, 1e-3, 3.24}, {0, 1e-6, 4}, {6, 1e-6, 2.01}, {6, 1e-3, 1.25}, {6, 0.5, 1.25}, {6, 0, 4}};
    for (size_t k = 0; k < sizeof fits / sizeof *fits; k++) {
        model->trust(t.self, t.scales, fits[k].level, fits[k].error);
        model->use(t.self, t.scales, t.weights, fits[k].level);
        HM_ASSERT_NEAR(believed(&t), fits[k].reach, 0.06);
    }
    destroy(&t);
}

/* ---- invariance ---- */

static void invariance_part(struct trained *t)
{
    const size_t n = 3 * t->natom;
    double x[N], moved[N], gradient[N], again[N], expected[N];
    for (int far = 0; far <= 1; far++) {
        molecule_shake(&t->molecule, 400, (far ? 4 : 0.5) * TRAINED, x);
        const double extremeness = model->gradient(t->self, x, gradient), energy = model->energy(t->self, x);
        const double scale = 1e-9 * (1 + largest(n, gradient));
        CU_ASSERT_TRUE(molecule_sum(t->natom, gradient) < scale);
        CU_ASSERT_TRUE(molecule_torque(t->natom, x, gradient) < 10 * scale);

        molecule_turn(t->natom, x, moved);
        HM_ASSERT_NEAR(model->gradient(t->self, moved, again), extremeness, 1e-7);
        HM_ASSERT_NEAR(model->energy(t->self, moved), energy, scale);
        for (size_t i = 0; i < t->natom; i++) molecule_rotate(&gradient[3 * i], &expected[3 * i]);
        CU_ASSERT_TRUE(difference(n, again, expected) < 10 * scale);

        molecule_mirror(t->natom, x, moved);
        model->gradient(t->self, moved, again);
        HM_ASSERT_NEAR(model->energy(t->self, moved), energy, scale);
        molecule_mirror(t->natom, gradient, expected);
        CU_ASSERT_TRUE(difference(n, again, expected) < 10 * scale);
    }
}

static void test_invariance(void)
{
    for_each(invariance_part);
}

/* Equal atoms change places; other atoms must not. */
static void check_exchange(struct trained *t, size_t a, size_t b, bool equal)
{
    const size_t n = 3 * t->natom;
    size_t permutation[ATOMS];
    double x[N], moved[N], gradient[N], again[N], expected[N];
    for (size_t i = 0; i < t->natom; i++) permutation[i] = i == a ? b : i == b ? a : i;
    molecule_shake(&t->molecule, 500, 0.7 * TRAINED, x);
    molecule_permute(t->natom, permutation, x, moved);
    model->gradient(t->self, x, gradient);
    model->gradient(t->self, moved, again);
    molecule_permute(t->natom, permutation, gradient, expected);
    CU_ASSERT_EQUAL(difference(n, again, expected) < 1e-10 * (1 + largest(n, gradient)), equal);
    CU_ASSERT_EQUAL(fabs(model->energy(t->self, x) - model->energy(t->self, moved)) < 1e-11, equal);
}

static void equal_atoms_are_equal(void)
{
    struct trained t;
    create(&t, MOLECULE_WATER, "", 0);
    check_exchange(&t, 1, 2, true);
    destroy(&t);
    create(&t, MOLECULE_METHANOL, ", degree: 3", 0);
    check_exchange(&t, 2, 4, true);
    check_exchange(&t, 4, 5, true);
    check_exchange(&t, 2, 3, false); /* of the methyl group and of the hydroxyl group */
    destroy(&t);
}

/* ---- scales and weights are all there is ---- */

static void copy_part(struct trained *t)
{
    const size_t n = 3 * t->natom, bytes = model->scale_count(t->self) * sizeof(double);
    void *self = NULL;
    double x[N], gradient[N], again[N], *scales = malloc(bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scales);
    HM_ASSERT_OK(model->create(t->molecule.config, &t->molecule.frame, &self));
    memcpy(scales, t->scales, bytes);
    model->use(self, scales, t->weights, t->level);
    for (uint64_t draw = 600; draw < 606; draw++) {
        molecule_shake(&t->molecule, draw, (draw % 2 ? 0.5 : 5) * TRAINED, x);
        const double here = model->gradient(t->self, x, gradient), there = model->gradient(self, x, again);
        CU_ASSERT_EQUAL(memcmp(gradient, again, n * sizeof *gradient), 0);
        CU_ASSERT_EQUAL(memcmp(&here, &there, sizeof here), 0);
        CU_ASSERT_EQUAL(model->energy(t->self, x), model->energy(self, x));
    }
    model->destroy(&self);
    free(scales);
}

static void test_copies(void)
{
    for_each(copy_part);
}

/* One level holds the ones below: weights that end with zeros are those of the lower level. */
static void a_level_holds_the_ones_below(void)
{
    struct trained t;
    double x[N], gradient[N], again[N];
    create(&t, MOLECULE_WATER, "", 0);
    const size_t plain = model->count(t.self, 1);
    for (size_t c = plain; c < t.nterm; c++) t.weights[c] = 0;
    molecule_shake(&t.molecule, 700, TRAINED, x);
    model->use(t.self, t.scales, t.weights, t.level);
    model->gradient(t.self, x, gradient);
    model->use(t.self, t.scales, t.weights, 1);
    model->gradient(t.self, x, again);
    CU_ASSERT_TRUE(difference(9, gradient, again) < 1e-13 * (1 + largest(9, gradient)));
    destroy(&t);
}

/* ---- what was shown does not vary ---- */

static void one_geometry_shown_again_and_again(void)
{
    struct trained t;
    double gradient[N], x[N];
    const double *shown[SHOWN];
    create(&t, MOLECULE_PEROXIDE, "", 0);
    for (size_t s = 0; s < SHOWN; s++) shown[s] = t.molecule.frame.x;
    model->prepare(t.self, shown, SHOWN, t.scales);
    model->use(t.self, t.scales, t.weights, t.level);
    CU_ASSERT_EQUAL(model->gradient(t.self, t.molecule.frame.x, gradient), 0);
    CU_ASSERT_TRUE(isfinite(largest(12, gradient)) && difference(12, gradient, gradient) == 0);
    molecule_shake(&t.molecule, 800, TRAINED, x);
    CU_ASSERT_TRUE(model->gradient(t.self, x, gradient) > 1e3); /* all else is far outside */
    CU_ASSERT_EQUAL(difference(12, gradient, gradient), 0);
    destroy(&t);
}

/* What is not a number stays so, and does not become a kick. */
static void a_geometry_that_is_not_finite(void)
{
    struct trained t;
    double gradient[N], x[N];
    create(&t, MOLECULE_WATER, "", 0);
    memcpy(x, t.molecule.frame.x, 9 * sizeof *x);
    x[4] = NAN;
    model->gradient(t.self, x, gradient);
    CU_ASSERT_TRUE(isnan(gradient[3]) && isnan(gradient[4]));
    destroy(&t);
}

static void a_degree_that_needs_more_data_is_refused_with_their_number(void)
{
    struct molecule m;
    void *self = NULL;
    molecule_create(&m, MOLECULE_WATER, "predictor: {type: surrogate, degree: 8}\ntraining: {warmup_steps: 71}");
    /* 2 x 94 terms; 3 equations a step, of which 1/8 are held out */
    CU_ASSERT_EQUAL(model->create(m.config, &m.frame, &self), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NULL(self);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "molecule.yaml:3:30: degree 8 has 94 terms and needs a warm-up of 72 "
                                                "steps; training.warmup_steps is 71");
    molecule_destroy(&m);
    molecule_create(&m, MOLECULE_WATER, "predictor: {type: surrogate, degree: 8}\ntraining: {warmup_steps: 72}");
    HM_ASSERT_OK(model->create(m.config, &m.frame, &self));
    model->destroy(&self);
    molecule_destroy(&m);
    /* An automatic degree needs the data of the lowest, and goes as high with any warm-up: weights fit another run. */
    molecule_create(&m, MOLECULE_WATER, "predictor: {type: surrogate}\ntraining: {warmup_steps: 4}");
    CU_ASSERT_EQUAL(model->create(m.config, &m.frame, &self), HM_BAD_CONFIG);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "molecule.yaml:3:1: degree 2 has 6 terms and needs a warm-up of 5 "
                                                "steps; training.warmup_steps is 4");
    molecule_destroy(&m);
    molecule_create(&m, MOLECULE_WATER, "predictor: {type: surrogate}\ntraining: {warmup_steps: 5}");
    HM_ASSERT_OK(model->create(m.config, &m.frame, &self));
    CU_ASSERT_EQUAL(model->levels(self), 7);
    CU_ASSERT_EQUAL(model->count(self, 6), 94);
    model->destroy(&self);
    molecule_destroy(&m);
    /* Weights that are loaded need no data. */
    molecule_create(&m, MOLECULE_WATER,
                    "predictor: {type: surrogate, degree: 8, weights: old.h5}\n"
                    "training: {warmup_steps: 10}");
    HM_ASSERT_OK(model->create(m.config, &m.frame, &self));
    model->destroy(&self);
    molecule_destroy(&m);
}

static const struct hm_test tests[] = {
    {"gradients in the trained range", test_gradients_inside},
    {"gradients outside", test_gradients_outside},
    {"columns times weights are the gradient", test_design},
    {"the edge is smooth", test_edge},
    {"the range of a bond", the_range_of_a_bond},
    {"a good fit is believed farther", a_good_fit_is_believed_farther},
    {"translation, rotation, mirror image", test_invariance},
    {"equal atoms are equal", equal_atoms_are_equal},
    {"scales and weights are all there is", test_copies},
    {"a level holds the ones below", a_level_holds_the_ones_below},
    {"one geometry shown again and again", one_geometry_shown_again_and_again},
    {"a geometry that is not finite", a_geometry_that_is_not_finite},
    {"a degree that needs more data is refused with their number",
     a_degree_that_needs_more_data_is_refused_with_their_number},
};
HM_TEST_MAIN("surrogate polynomial", tests)
