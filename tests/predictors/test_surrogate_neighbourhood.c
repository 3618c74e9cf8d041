/* The surrogate of neighbourhoods on a fluid and a droplet: its gradient, its functions and their symmetries. */
#include "predictors/surrogate_neighbourhood_internal.h"
#include "tests/predictors/learnt.h"
#include "tests/test.h"

#include "io/units.h"

#include <stdlib.h>
#include <string.h>

static const struct hm_surrogate_model_ops *const ops = &hm_surrogate_neighbourhood;

/* ---- the gradient ---- */

static void check_gradient(struct learnt *learnt)
{
    const size_t natom = learnt->fluid.frame.natom, size = 3 * natom;
    double *x = reals(size), *gradient = reals(size);
    memcpy(x, learnt->x[FRAMES - 1], size * sizeof *x);
    ops->gradient(learnt->model, x, gradient);
    const double scale = largest(gradient, size), step = 1e-3;
    for (size_t c = 0; c < size; c += 7) {
        const double at = x[c];
        double side[4];
        for (int k = 0; k < 4; k++) {
            x[c] = at + step * (k < 2 ? k - 2 : k - 1);
            side[k] = ops->energy(learnt->model, x);
        }
        x[c] = at;
        const double slope = (8 * (side[2] - side[1]) - (side[3] - side[0])) / (12 * step);
        HM_ASSERT_NEAR(slope, gradient[c], 1e-7 * scale);
    }
    double net[3] = {0, 0, 0};
    for (size_t c = 0; c < size; c++) net[c % 3] += gradient[c];
    for (size_t k = 0; k < 3; k++) HM_ASSERT_NEAR(net[k], 0, 1e-12 * scale * sqrt((double)natom));
    free(x);
    free(gradient);
}

static void test_gradient_is_that_of_the_energy(void)
{
    for (int mixture = 0; mixture < 2; mixture++)
        for (int periodic = 0; periodic < 2; periodic++)
            for (size_t level = 0; level < 4; level++) {
                struct learnt learnt = {0};
                fluid_create(&learnt.fluid, 2, periodic, mixture, 0);
                learn_nothing(&learnt, level == 3 && mixture ? "angular: 4" : "radial: 12", level);
                check_gradient(&learnt);
                forget(&learnt);
            }
}

static void test_columns_add_up_to_the_gradient(void)
{
    for (size_t level = 0; level < 4; level++) {
        struct learnt learnt = {0};
        fluid_create(&learnt.fluid, 2, true, true, 0);
        learn_nothing(&learnt, "radial: 10", level);
        const size_t size = 3 * learnt.fluid.frame.natom, count = ops->count(learnt.model, level);
        double *columns = reals(count * size), *sum = reals(size), *gradient = reals(size);
        ops->gradients(learnt.model, learnt.scales, learnt.x[2], level, columns);
        ops->gradient(learnt.model, learnt.x[2], gradient);
        for (size_t f = 0; f < count; f++)
            for (size_t c = 0; c < size; c++) sum[c] += learnt.weights[f] * columns[f * size + c];
        CU_ASSERT_TRUE(largest_difference(sum, gradient, size) < 3e-6 * largest(gradient, size));
        free(columns);
        free(sum);
        free(gradient);
        forget(&learnt);
    }
}

/* The columns of a lower level are the first of a higher one. */
static void test_levels_grow(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 2, true, true, 0);
    learn_nothing(&learnt, "radial: 11", 0);
    const size_t size = 3 * learnt.fluid.frame.natom, all = ops->count(learnt.model, 3);
    double *few = reals(all * size), *many = reals(all * size);
    ops->gradients(learnt.model, learnt.scales, learnt.x[0], 3, many);
    /* three pairs of species; two centres, l + 1, pairs of 2 x 2 and of 2 x 3 channels */
    static const size_t expected[4] = {3 * 6, 3 * 11, 3 * 11 + 2 * 3 * 10, 3 * 11 + 2 * 4 * 21};
    for (size_t level = 0; level < 4; level++) {
        CU_ASSERT_EQUAL(ops->count(learnt.model, level), expected[level]);
        ops->gradients(learnt.model, learnt.scales, learnt.x[0], level, few);
        CU_ASSERT_TRUE(largest_difference(few, many, expected[level] * size) < 1e-12 * largest(many, all * size));
    }
    free(few);
    free(many);
    forget(&learnt);
}

/* ---- symmetries ---- */

static void rotate(const double *from, size_t natom, double *to)
{
    /* 1/3 (2 -1 2; 2 2 -1; -1 2 2): a turn by 60 degrees about the diagonal */
    for (size_t i = 0; i < natom; i++) {
        const double *a = &from[3 * i];
        to[3 * i] = (2 * a[0] - a[1] + 2 * a[2]) / 3;
        to[3 * i + 1] = (2 * a[0] + 2 * a[1] - a[2]) / 3;
        to[3 * i + 2] = (-a[0] + 2 * a[1] + 2 * a[2]) / 3;
    }
}

static void test_rotation(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 2, false, true, 0);
    learn_nothing(&learnt, "angular: 5", 3);
    const size_t natom = learnt.fluid.frame.natom;
    double *turned = reals(3 * natom), *gradient = reals(3 * natom), *expected = reals(3 * natom),
           *found = reals(3 * natom);
    rotate(learnt.x[0], natom, turned);
    const double energy = ops->energy(learnt.model, learnt.x[0]);
    HM_ASSERT_NEAR(ops->energy(learnt.model, turned), energy, 1e-11 * fabs(energy));
    ops->gradient(learnt.model, learnt.x[0], gradient);
    rotate(gradient, natom, expected);
    ops->gradient(learnt.model, turned, found);
    CU_ASSERT_TRUE(largest_difference(found, expected, 3 * natom) < 1e-11 * largest(found, 3 * natom));
    free(turned);
    free(gradient);
    free(expected);
    free(found);
    forget(&learnt);
}

static void test_translation_and_exchange(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 2, true, true, 0);
    learn_nothing(&learnt, "radial: 12", 3);
    const size_t size = 3 * learnt.fluid.frame.natom;
    double *x = reals(size);
    const double energy = ops->energy(learnt.model, learnt.x[0]), length = learnt.fluid.frame.cell[0];
    for (size_t c = 0; c < size; c++) x[c] = learnt.x[0][c] + 0.37 * length;
    HM_ASSERT_NEAR(ops->energy(learnt.model, x), energy, 1e-11 * fabs(energy));
    x[4] += 2 * length; /* an atom, by lattice vectors */
    x[9] -= length;
    HM_ASSERT_NEAR(ops->energy(learnt.model, x), energy, 1e-11 * fabs(energy));
    for (size_t k = 0; k < 3; k++) { /* 2 and 6 are the same, 2 and 7 are not */
        const double other = x[18 + k];
        x[18 + k] = x[6 + k];
        x[6 + k] = other;
    }
    HM_ASSERT_NEAR(ops->energy(learnt.model, x), energy, 1e-11 * fabs(energy));
    for (size_t k = 0; k < 3; k++) {
        const double other = x[21 + k];
        x[21 + k] = x[6 + k];
        x[6 + k] = other;
    }
    CU_ASSERT_TRUE(fabs(ops->energy(learnt.model, x) - energy) > 1e-3 * fabs(energy));
    free(x);
    forget(&learnt);
}

/* ---- boxes ---- */

/* Three times as wide: a box large enough for lists, in which every atom has the same neighbours. */
static void test_lists_see_what_all_pairs_see(void)
{
    struct learnt small = {0}, large = {0};
    fluid_create(&small.fluid, 2, true, true, 0);
    learn_nothing(&small, "cutoff: 5.2 A", 3);
    const size_t natom = small.fluid.frame.natom, copies = 27;
    struct hm_frame frame;
    HM_ASSERT_OK(hm_frame_create(copies * natom, &frame));
    for (size_t a = 0; a < copies * natom; a++) {
        const size_t shift[3] = {a / natom % 3, a / natom / 3 % 3, a / natom / 9}, i = a % natom;
        frame.number[a] = small.fluid.frame.number[i];
        frame.mass[a] = small.fluid.frame.mass[i];
        for (size_t k = 0; k < 3; k++)
            frame.x[3 * a + k] = small.x[0][3 * i + k] + (double)shift[k] * small.fluid.frame.cell[0];
    }
    for (size_t k = 0; k < 3; k++) {
        frame.periodic[k] = true;
        frame.cell[4 * k] = 3 * small.fluid.frame.cell[0];
    }
    HM_ASSERT_OK(ops->create(small.config, &frame, &large.model));
    ops->use(large.model, small.scales, small.weights, 3);
    double *gradient = reals(3 * copies * natom), *expected = reals(3 * natom);
    const double extremeness = ops->gradient(small.model, small.x[0], expected);
    HM_ASSERT_NEAR(ops->gradient(large.model, frame.x, gradient), extremeness, 1e-10);
    const double energy = ops->energy(small.model, small.x[0]);
    HM_ASSERT_NEAR(ops->energy(large.model, frame.x), (double)copies * energy, 1e-10 * fabs(energy));
    for (size_t copy = 0; copy < copies; copy++)
        CU_ASSERT_TRUE(largest_difference(&gradient[3 * copy * natom], expected, 3 * natom) <
                       1e-10 * largest(expected, 3 * natom));
    ops->destroy(&large.model);
    hm_frame_release(&frame);
    free(gradient);
    free(expected);
    forget(&small);
}

/* The same lattice by other vectors. */
static void test_skewed_box(void)
{
    struct learnt learnt = {0};
    void *skewed = NULL;
    fluid_create(&learnt.fluid, 2, true, true, 0);
    learn_nothing(&learnt, "cutoff: 4 A", 3);
    const size_t size = 3 * learnt.fluid.frame.natom;
    double *gradient = reals(size), *expected = reals(size);
    learnt.fluid.frame.cell[3] = learnt.fluid.frame.cell[0];
    HM_ASSERT_OK(ops->create(learnt.config, &learnt.fluid.frame, &skewed));
    ops->use(skewed, learnt.scales, learnt.weights, 3);
    ops->gradient(learnt.model, learnt.x[0], expected);
    ops->gradient(skewed, learnt.x[0], gradient);
    CU_ASSERT_TRUE(largest_difference(gradient, expected, size) < 1e-11 * largest(expected, size));
    ops->destroy(&skewed);
    free(gradient);
    free(expected);
    forget(&learnt);
}

static void test_instruction_sets_agree(void)
{
#if defined __x86_64__
    if (!__builtin_cpu_supports("avx2")) return;
    for (size_t level = 2; level < 4; level++) {
        struct learnt learnt = {0};
        fluid_create(&learnt.fluid, 3, true, true, 0);
        learn_nothing(&learnt, "angular: 4", level);
        struct hm_neighbourhood *model = learnt.model;
        const size_t size = 3 * learnt.fluid.frame.natom;
        double *portable = reals(size), *fast = reals(size);
        model->kernels = &hm_angular_kernels_portable;
        ops->gradient(model, learnt.x[0], portable);
        model->kernels = &hm_angular_kernels_avx2;
        ops->gradient(model, learnt.x[0], fast);
        CU_ASSERT_EQUAL(memcmp(portable, fast, size * sizeof *fast), 0);
        free(portable);
        free(fast);
        forget(&learnt);
    }
#endif
}

/* ---- against sums over triples ---- */

static double legendre(int l, double c)
{
    double before = 0, now = 1;
    for (int k = 0; k < l; k++) {
        const double next = ((2 * k + 1) * c * now - k * before) / (k + 1);
        before = now;
        now = next;
    }
    return now;
}

/* sum_i sum_jk g(r_ij) g(r_ik) P_l(cos jik), g the lowest radial function, (1 - r/S)^3. */
static double over_triples(const double *x, size_t natom, double cutoff, int l)
{
    double sum = 0;
    for (size_t i = 0; i < natom; i++)
        for (size_t j = 0; j < natom; j++)
            for (size_t k = 0; k < natom; k++) {
                double square[2] = {0, 0}, product = 0;
                for (size_t c = 0; c < 3; c++) {
                    const double a = x[3 * j + c] - x[3 * i + c], b = x[3 * k + c] - x[3 * i + c];
                    square[0] += a * a;
                    square[1] += b * b;
                    product += a * b;
                }
                const double rj = sqrt(square[0]), rk = sqrt(square[1]);
                if (j == i || k == i || rj >= cutoff || rk >= cutoff) continue;
                sum += pow((1 - rj / cutoff) * (1 - rk / cutoff), 3) * legendre(l, product / (rj * rk));
            }
    return sum;
}

/* A single function of the angular part; its scale is not known here, but it is the same for two geometries. */
static void test_angular_functions_are_sums_over_triples(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 2, false, false, 0);
    learn_nothing(&learnt, "radial: 4, angular: 6, cutoff: 9 A", 3);
    const size_t natom = learnt.fluid.frame.natom;
    const double cutoff = 0.7 * 9 / HM_LENGTH_ANGSTROM;
    for (int l = 0; l <= 6; l++) {
        /* After 4 pair functions level 2 has three for each l <= 2, then level 3 adds three to these and has six. */
        const size_t function = l <= 2 ? 4 + 3 * (size_t)l : 4 + 9 + 9 + 6 * (size_t)(l - 3);
        memset(learnt.weights, 0, ops->count(learnt.model, 3) * sizeof *learnt.weights);
        learnt.weights[function] = 1;
        ops->use(learnt.model, learnt.scales, learnt.weights, 3);
        const double ratio = over_triples(learnt.x[0], natom, cutoff, l) / over_triples(learnt.x[7], natom, cutoff, l);
        HM_ASSERT_NEAR(ops->energy(learnt.model, learnt.x[0]) / ops->energy(learnt.model, learnt.x[7]), ratio,
                       1e-10 * fabs(ratio));
        CU_ASSERT_TRUE(fabs(ratio - 1) > 1e-6);
    }
    forget(&learnt);
}

static const struct hm_test tests[] = {
    {"gradient of the energy", test_gradient_is_that_of_the_energy},
    {"columns add up to the gradient", test_columns_add_up_to_the_gradient},
    {"levels grow", test_levels_grow},
    {"rotation", test_rotation},
    {"translation, lattice and exchange", test_translation_and_exchange},
    {"lists and all pairs", test_lists_see_what_all_pairs_see},
    {"skewed box", test_skewed_box},
    {"instruction sets agree", test_instruction_sets_agree},
    {"angular functions are sums over triples", test_angular_functions_are_sums_over_triples},
};

HM_TEST_MAIN("surrogate of neighbourhoods", tests)
