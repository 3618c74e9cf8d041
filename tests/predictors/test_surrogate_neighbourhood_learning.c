/* The surrogate of neighbourhoods: what it learns, what it does beyond that, and what it refuses. */
#include "tests/predictors/learnt.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static const struct hm_surrogate_model_ops *const ops = &hm_surrogate_neighbourhood;

/* ---- learning ---- */

/* Both cut off at the same distance, one sharply: that the error is not zero is due to this. */
static void test_lennard_jones(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 3, true, false, 0);
    learn_nothing(&learnt, "cutoff: 8.66 A", 1);
    fit(&learnt, 0);
    const double few = held_out_error(&learnt);
    fit(&learnt, 1);
    const double many = held_out_error(&learnt);
    CU_ASSERT_TRUE(few < 2e-3);
    CU_ASSERT_TRUE(many < 1.2e-3);
    forget(&learnt);
}

static void test_mixture(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 3, true, true, 0);
    learn_nothing(&learnt, "cutoff: 8.66 A, angular: none", 1);
    CU_ASSERT_EQUAL(ops->levels(learnt.model), 2);
    fit(&learnt, 1);
    CU_ASSERT_TRUE(held_out_error(&learnt) < 2e-3);
    forget(&learnt);
}

/* Without a box all pairs are seen, however far. */
static void test_droplet(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 2, false, false, 0);
    learn_nothing(&learnt, "cutoff: auto", 1);
    fit(&learnt, 1);
    CU_ASSERT_TRUE(held_out_error(&learnt) < 1e-4);
    forget(&learnt);
}

/* Three-body forces of argon, C9 = 518 hartree bohr^9, seven times larger to stand out of the truncation. */
static void test_three_body_forces(void)
{
    double error[4];
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 2, false, false, 3600);
    learn_nothing(&learnt, "cutoff: 11 A, radial: 12", 3);
    for (size_t level = 1; level < 4; level++) {
        fit(&learnt, level);
        error[level] = held_out_error(&learnt);
    }
    CU_ASSERT_TRUE(error[1] > 5 * error[2]);
    CU_ASSERT_TRUE(error[2] > error[3]);
    CU_ASSERT_TRUE(error[3] < 1e-2);
    forget(&learnt);
}

/* ---- what travels ---- */

static void test_scales_and_weights_are_all(void)
{
    struct learnt learnt = {0};
    void *copy = NULL;
    fluid_create(&learnt.fluid, 3, true, true, 0);
    learn_nothing(&learnt, "cutoff: 6 A", 3);
    const size_t size = 3 * learnt.fluid.frame.natom;
    double *scales = reals(ops->scale_count(learnt.model)), *first = reals(size), *second = reals(size);
    memcpy(scales, learnt.scales, ops->scale_count(learnt.model) * sizeof *scales);
    HM_ASSERT_OK(ops->create(learnt.config, &learnt.fluid.frame, &copy));
    ops->use(copy, scales, learnt.weights, 3);
    /* One has been everywhere, so that its lists are older; the other sees only the last. */
    double extremeness[2] = {0, 0};
    for (size_t k = 0; k < FRAMES; k++) extremeness[0] = ops->gradient(learnt.model, learnt.x[k], first);
    extremeness[1] = ops->gradient(copy, learnt.x[FRAMES - 1], second);
    CU_ASSERT_EQUAL(memcmp(first, second, size * sizeof *first), 0);
    CU_ASSERT_EQUAL(extremeness[0], extremeness[1]);
    CU_ASSERT_EQUAL(ops->energy(learnt.model, learnt.x[3]), ops->energy(copy, learnt.x[3]));
    ops->destroy(&copy);
    free(scales);
    free(first);
    free(second);
    forget(&learnt);
}

/* ---- beyond ---- */

/* Two atoms of a droplet on each other: the energy rises all the way, and force and energy stay finite. */
static void test_core_repels(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 2, false, false, 0);
    learn_nothing(&learnt, "angular: none", 1);
    fit(&learnt, 1);
    const size_t size = 3 * learnt.fluid.frame.natom;
    double *x = reals(size), *gradient = reals(size), d[3], r = 0, before = -INFINITY;
    memcpy(x, learnt.x[0], size * sizeof *x);
    for (size_t k = 0; k < 3; k++) d[k] = x[3 + k] - x[k];
    for (size_t k = 0; k < 3; k++) r += d[k] * d[k];
    for (double part = 5.5 / sqrt(r); part > 0.001; part *= 0.98) {
        for (size_t k = 0; k < 3; k++) x[3 + k] = x[k] + part * d[k];
        const double energy = ops->energy(learnt.model, x);
        ops->gradient(learnt.model, x, gradient);
        CU_ASSERT_TRUE(isfinite(energy) && energy > before);
        CU_ASSERT_TRUE(isfinite(largest(gradient, size)));
        before = energy;
    }
    free(x);
    free(gradient);
    forget(&learnt);
}

static void test_extremeness(void)
{
    struct learnt learnt = {0};
    fluid_create(&learnt.fluid, 2, true, false, 0);
    learn_nothing(&learnt, "cutoff: auto", 3);
    const size_t size = 3 * learnt.fluid.frame.natom, nscale = ops->scale_count(learnt.model);
    double *x = reals(size), *gradient = reals(size), *wider = reals(nscale), most = 0;
    for (size_t k = 0; k < FRAMES - 2; k++) {
        const double e = ops->gradient(learnt.model, learnt.x[k], gradient);
        CU_ASSERT_TRUE(e >= 0 && e <= 1 + 1e-12);
        most = fmax(most, e);
    }
    HM_ASSERT_NEAR(most, 1, 1e-12);
    memcpy(x, learnt.x[0], size * sizeof *x);
    for (size_t k = 0; k < 3; k++) x[3 + k] = x[k] + 0.3 * (x[3 + k] - x[k]);
    CU_ASSERT_TRUE(ops->gradient(learnt.model, x, gradient) > 1.5);
    memcpy(wider, learnt.scales, nscale * sizeof *wider);
    ops->widen(learnt.model, x, wider);
    ops->use(learnt.model, wider, learnt.weights, 3);
    HM_ASSERT_NEAR(ops->gradient(learnt.model, x, gradient), 1, 1e-12);
    ops->widen(learnt.model, learnt.x[0], wider); /* known by now */
    ops->use(learnt.model, wider, learnt.weights, 3);
    HM_ASSERT_NEAR(ops->gradient(learnt.model, x, gradient), 1, 1e-12);
    free(x);
    free(gradient);
    free(wider);
    forget(&learnt);
}

static void test_positions_that_are_not_finite(void)
{
    for (size_t cells = 2; cells < 4; cells++) {
        struct learnt learnt = {0};
        fluid_create(&learnt.fluid, cells, true, false, 0);
        learn_nothing(&learnt, "cutoff: 5 A", 3);
        const size_t size = 3 * learnt.fluid.frame.natom;
        double *x = reals(size), *gradient = reals(size), *again = reals(size);
        ops->gradient(learnt.model, learnt.x[0], gradient);
        memcpy(x, learnt.x[0], size * sizeof *x);
        x[7] = NAN;
        ops->gradient(learnt.model, x, again);
        CU_ASSERT_FALSE(isfinite(again[7]));
        x[7] = INFINITY;
        ops->gradient(learnt.model, x, again);
        CU_ASSERT_FALSE(isfinite(again[7]));
        CU_ASSERT_FALSE(isfinite(ops->energy(learnt.model, x)));
        ops->gradient(learnt.model, learnt.x[0], again);
        CU_ASSERT_EQUAL(memcmp(gradient, again, size * sizeof *gradient), 0);
        free(x);
        free(gradient);
        free(again);
        forget(&learnt);
    }
}

/* ---- what is refused ---- */

static void refuse(const struct hm_frame *frame, const char *keys, const char *message)
{
    struct hm_config *config = NULL;
    void *model = NULL;
    HM_ASSERT_OK(configure(keys, &config));
    CU_ASSERT_EQUAL(ops->create(config, frame, &model), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NULL(model);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), message);
    hm_config_destroy(&config);
}

static void test_refusals(void)
{
    struct hm_frame frame;
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    frame.x[3] = 5;
    for (size_t k = 0; k < 3; k++) {
        frame.periodic[k] = true;
        frame.cell[4 * k] = 20;
    }
    refuse(&frame, "cutoff: 6 A",
           "run.yaml:3:13: predictor.cutoff: the box is 10.58 A wide, less than twice the cutoff of 6 A");
    refuse(&frame, "cutoff: 2 A",
           "run.yaml:3:13: predictor.cutoff: 2 A is less than the distance of nearest neighbours, 2.646 A");
    frame.cell[4] = 9;
    refuse(&frame, "radial: 4",
           "run.yaml:3:1: the box is 4.763 A wide, less than twice the distance of nearest neighbours (2.646 A): too "
           "small for a surrogate of neighbourhoods");
    frame.natom = 1;
    refuse(&frame, "radial: 4", "run.yaml:3:1: a surrogate of neighbourhoods needs at least two atoms");
    frame.natom = 2;
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"Lennard-Jones", test_lennard_jones},
    {"a mixture", test_mixture},
    {"a droplet", test_droplet},
    {"three-body forces", test_three_body_forces},
    {"scales and weights are all", test_scales_and_weights_are_all},
    {"the core repels", test_core_repels},
    {"extremeness", test_extremeness},
    {"positions that are not finite", test_positions_that_are_not_finite},
    {"refusals", test_refusals},
};

HM_TEST_MAIN("surrogate of neighbourhoods, learning", tests)
