/* The correction: pairs and their inputs, forces that are gradients, networks that are used only where they help. */
#include "predictors/correction_internal.h"
#include "tests/predictors/rotor.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

/* ---- pairs ---- */

struct cluster {
    const char *name;
    size_t natom;
    int number[8];
    double x[24];
    double cell; // 0: none
    size_t ngroup, most_inputs;
};

static const struct cluster clusters[] = {
    {"water", 3, {8, 1, 1}, {0, 0, 0, 1.8, 0.1, 0, -0.5, 1.7, 0.2}, 0, 2, 3},
    {"ammonia", 4, {7, 1, 1, 1}, {0.1, 0, 0, 1.9, 0.1, 0.3, -0.9, 1.7, 0.2, -0.8, -1.5, 0.4}, 0, 2, 5},
    {"hydrogen peroxide",
     4,
     {1, 8, 8, 1},
     {-0.4, 1.7, 0.2, 0, 0, 0, 2.7, 0.1, -0.1, 3.2, -1.0, 1.5},
     0,
     /* O-H over one and two bonds, H-H, O-O */ 4,
     5},
    {"a mixture in a box",
     6,
     {18, 18, 10, 18, 10, 10},
     {0, 0, 0, 7, 1, 0, 1, 6, 5, 15, 15, 2, 9, 9, 9, 3, 2, 12},
     18,
     3,
     5},
};

static void place(const struct cluster *cluster, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(cluster->natom, frame));
    memcpy(frame->x, cluster->x, 3 * cluster->natom * sizeof *frame->x);
    for (size_t i = 0; i < cluster->natom; i++) {
        frame->number[i] = cluster->number[i];
        frame->mass[i] = 1;
    }
    for (size_t k = 0; k < 3; k++) {
        frame->cell[4 * k] = cluster->cell;
        frame->periodic[k] = cluster->cell > 0;
    }
}

static struct hm_config *parse(const char *sections)
{
    char text[2048];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "hamiltonian: {type: harmonic}\nintegrator: {timestep: 0.5 fs, steps: 1}\n%s\n",
             sections);
    HM_ASSERT_OK(hm_config_parse(text, "run.yaml", NULL, 0, &config));
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

/* A made-up energy of the inputs, fading with its pair, and its slopes by them. */
static double energy_of(const struct hm_pair_scene *scene, double *slope)
{
    const struct hm_pair_kinds *kinds = scene->kinds;
    double energy = 0;
    for (size_t g = 0; g < kinds->ngroup; g++)
        for (size_t p = scene->first[g]; p < scene->first[g + 1]; p++) {
            double of = 0;
            for (size_t k = 0; k < kinds->group[g].ninput; k++) {
                const double in = hm_pair_scene_input(scene, 0, p, k), weight = 0.3 + 0.2 * (double)(g + k);
                of += weight * sin(in + (double)k);
                slope[p * kinds->most_inputs + k] = scene->fade[p] * weight * cos(in + (double)k);
            }
            slope[p * kinds->most_inputs] += scene->fade_slope[p] * of;
            energy += scene->fade[p] * of;
        }
    return energy;
}

static double energy_at(struct hm_pair_scene *scene, const double *x)
{
    const double *const geometry[] = {x};
    HM_ASSERT_OK(hm_pair_scene_open(scene, geometry));
    return energy_of(scene, scene->slope);
}

static void test_impulses_are_the_gradient(void)
{
    static const double ONES[8] = {1, 1, 1, 1, 1, 1, 1, 1}, STEP = 1e-4;
    for (size_t c = 0; c < sizeof clusters / sizeof *clusters; c++) {
        struct hm_frame frame;
        struct hm_pair_kinds *kinds;
        struct hm_pair_scene scene;
        struct hm_config *config = parse("");
        double kick[24] = {0}, x[24];
        place(&clusters[c], &frame);
        HM_ASSERT_OK(hm_pair_kinds_create(config, &frame, &kinds));
        HM_ASSERT_OK(hm_pair_scene_create(kinds, 1, &scene));
        CU_ASSERT_EQUAL(kinds->ngroup, clusters[c].ngroup);
        CU_ASSERT_EQUAL(kinds->most_inputs, clusters[c].most_inputs);
        energy_at(&scene, frame.x);
        hm_pair_scene_impulses(&scene, scene.slope, scene.impulse);
        hm_pair_scene_kick(&scene, scene.impulse, ONES, kick);
        for (size_t k = 0; k < 3 * frame.natom; k++) {
            memcpy(x, frame.x, sizeof(double) * 3 * frame.natom);
            x[k] += STEP;
            const double ahead = energy_at(&scene, x);
            x[k] -= 2 * STEP;
            const double force = -(ahead - energy_at(&scene, x)) / (2 * STEP);
            if (!(fabs(force - kick[k]) < 1e-7)) printf("\n      %s: %g, not %g ", clusters[c].name, kick[k], force);
            CU_ASSERT_TRUE(fabs(force - kick[k]) < 1e-7);
        }
        hm_pair_scene_release(&scene);
        hm_pair_kinds_destroy(&kinds);
        hm_frame_release(&frame);
        hm_config_destroy(&config);
    }
}

/* Some numbers between -1 and 1. */
static double draw(size_t k)
{
    double u[2];
    hm_rng_uniform2((struct hm_rng_key){.seed = 3, .purpose = HM_RNG_TEST}, k, 0, u);
    return 2 * u[0] - 1;
}

struct stage {
    struct hm_frame frame;
    struct hm_config *config;
    struct hm_pair_kinds *kinds;
    struct hm_pair_scene scene;
};

static void stage_open(struct stage *stage, const struct cluster *cluster)
{
    place(cluster, &stage->frame);
    const double *const geometry[] = {stage->frame.x};
    stage->config = parse("");
    HM_ASSERT_OK(hm_pair_kinds_create(stage->config, &stage->frame, &stage->kinds));
    HM_ASSERT_OK(hm_pair_scene_create(stage->kinds, 1, &stage->scene));
    HM_ASSERT_OK(hm_pair_scene_open(&stage->scene, geometry));
}

static void stage_close(struct stage *stage)
{
    hm_pair_scene_release(&stage->scene);
    hm_pair_kinds_destroy(&stage->kinds);
    hm_frame_release(&stage->frame);
    hm_config_destroy(&stage->config);
}

static void test_impulses_conserve(void)
{
    for (size_t c = 0; c < sizeof clusters / sizeof *clusters; c++) {
        struct stage stage;
        double inverse_mass[8], mass[8], kick[24] = {0}, p[3] = {0}, l[3] = {0};
        stage_open(&stage, &clusters[c]);
        const size_t n = stage.frame.natom;
        for (size_t q = 0; q < stage.scene.count; q++) stage.scene.impulse[q] = draw(q);
        for (size_t i = 0; i < n; i++) {
            mass[i] = 2 + draw(i);
            inverse_mass[i] = 1 / mass[i];
        }
        hm_pair_scene_kick(&stage.scene, stage.scene.impulse, inverse_mass, kick);
        for (size_t i = 0; i < n; i++) {
            const double *x = &stage.frame.x[3 * i], *v = &kick[3 * i];
            for (size_t k = 0; k < 3; k++) {
                p[k] += mass[i] * v[k];
                l[k] += mass[i] * (x[(k + 1) % 3] * v[(k + 2) % 3] - x[(k + 2) % 3] * v[(k + 1) % 3]);
            }
        }
        for (size_t k = 0; k < 3; k++) {
            CU_ASSERT_TRUE(fabs(p[k]) < 1e-13);
            CU_ASSERT_TRUE(clusters[c].cell > 0 || fabs(l[k]) < 1e-12); /* in a box, of images */
        }
        CU_ASSERT_TRUE(fabs(kick[0]) > 1e-3);
        stage_close(&stage);
    }
}

/* <a, J b> = <J^T a, b>: what training relies on. */
static void test_carry_back_is_the_transpose(void)
{
    for (size_t c = 0; c < sizeof clusters / sizeof *clusters; c++) {
        struct stage stage;
        stage_open(&stage, &clusters[c]);
        struct hm_pair_scene *scene = &stage.scene;
        const size_t most = stage.kinds->most_inputs;
        double *by = calloc(scene->count, sizeof *by), *back = calloc(scene->count * most, sizeof *back);
        double left = 0, right = 0;
        CU_ASSERT_TRUE_FATAL(by && back);
        for (size_t q = 0; q < scene->count; q++) by[q] = draw(1000 + q);
        for (size_t k = 0; k < scene->count * most; k++) scene->slope[k] = draw(k);
        hm_pair_scene_impulses(scene, scene->slope, scene->impulse);
        hm_pair_scene_carry_back(scene, by, back);
        for (size_t q = 0; q < scene->count; q++) left += by[q] * scene->impulse[q];
        for (size_t g = 0; g < stage.kinds->ngroup; g++)
            for (size_t q = scene->first[g]; q < scene->first[g + 1]; q++)
                for (size_t k = 0; k < stage.kinds->group[g].ninput; k++)
                    right += back[q * most + k] * scene->slope[q * most + k];
        CU_ASSERT_TRUE(fabs(left) > 1e-3 && fabs(left - right) < 1e-13 * (1 + fabs(left)));
        free(by);
        free(back);
        stage_close(&stage);
    }
}

/* ---- the predictor ---- */

#define ON_SPRING "predictor: {type: lstm, hidden: 12, base: {type: hamiltonian}}\n"

enum { LABELS = 600 };

struct school {
    struct rotor rotor;
    struct hm_predictor predictor;
    struct hm_training_report report;
};

static void school_create(struct school *s, const char *sections, enum rotor_law law)
{
    rotor_create(&s->rotor, sections, law, rotor_length(sections));
    rotor_record(&s->rotor, LABELS + s->rotor.window->length);
    rotor_predictor(&s->rotor, &s->predictor);
    s->report = rotor_train(&s->rotor, &s->predictor, 0, LABELS);
}

static void school_destroy(struct school *s)
{
    hm_predictor_destroy(&s->predictor);
    rotor_destroy(&s->rotor);
}

static bool is_on(const struct school *s)
{
    return hm_correction_header(s->predictor.self)->on == 1;
}

/* What is said with the hydrogen at this distance along x, at rest. */
static struct rotor_guess guess_at(struct school *s, double distance)
{
    for (size_t k = 0; k < 3; k++) s->rotor.frame.x[k] = s->rotor.frame.x[3 + k] + (k == 0 ? distance : 0);
    rotor_open(&s->rotor);
    return rotor_predict(&s->rotor, &s->predictor);
}

static void test_learns_what_the_base_leaves(void)
{
    struct school s;
    school_create(&s, ON_SPRING, ROTOR_MORSE);
    CU_ASSERT_TRUE(s.report.accepted && is_on(&s));
    CU_ASSERT_TRUE(s.report.held_out_before > 0.05); /* the spring alone */
    CU_ASSERT_TRUE(s.report.held_out_after < 1e-4);
    CU_ASSERT_TRUE(s.report.loss_before > 0.05 && s.report.loss_after < 1e-4);
    CU_ASSERT_EQUAL(s.report.samples, LABELS);
    CU_ASSERT_TRUE(rotor_error(&s.rotor, &s.predictor, 200) < 1e-4);
    const struct rotor_guess guess = rotor_predict(&s.rotor, &s.predictor);
    CU_ASSERT_TRUE(guess.has_base && guess.extremeness < 1.2);
    CU_ASSERT_TRUE(guess.base[0] != guess.motion[0]);
    CU_ASSERT_EQUAL(hm_predictor_reseed_steps(&s.predictor), 1);
    school_destroy(&s);
}

/* A base that is exact: the network is off, and the base is what is said, to the bit. */
static void test_stays_off_on_an_exact_base(void)
{
    struct school s;
    school_create(&s, ON_SPRING, ROTOR_SPRING);
    CU_ASSERT_TRUE(s.report.accepted && !is_on(&s)); /* accepted: the base may speak */
    const struct rotor_guess guess = guess_at(&s, 2.45);
    CU_ASSERT_EQUAL(memcmp(guess.motion, guess.base, sizeof guess.base), 0);
    school_destroy(&s);
}

/* Too little to learn from: the base speaks alone until there is more. */
static void test_needs_labels(void)
{
    struct school s;
    struct hm_predictor fresh;
    school_create(&s, ON_SPRING, ROTOR_MORSE);
    rotor_predictor(&s.rotor, &fresh);
    struct hm_training_report report = rotor_train(&s.rotor, &fresh, 0, 40);
    CU_ASSERT_TRUE(report.accepted && hm_correction_header(fresh.self)->on == 0);
    report = rotor_train(&s.rotor, &fresh, 40, 10);
    CU_ASSERT_FALSE(report.accepted);
    report = rotor_train(&s.rotor, &fresh, 50, 200);
    CU_ASSERT_TRUE(report.accepted && hm_correction_header(fresh.self)->on == 1);
    /* And what new labels do not contradict is left alone. */
    report = rotor_train(&s.rotor, &fresh, 250, 100);
    CU_ASSERT_FALSE(report.accepted);
    hm_predictor_destroy(&fresh);
    school_destroy(&s);
}

/* Far outside the trained range nothing is added, on the way there never more than the bound. */
static void test_dies_out_outside(void)
{
    struct school s;
    school_create(&s, ON_SPRING, ROTOR_MORSE);
    const struct hm_correction *c = s.predictor.self;
    const double spread = hm_correction_scale(c, 0)->spread, middle = hm_correction_middle(c, 0)[0];
    const double half = hm_correction_middle(c, 0)[1];
    double largest = 0;
    CU_ASSERT_TRUE(spread > 0 && half > 0);
    for (double z = -9; z <= 9; z += 0.125) {
        const struct rotor_guess guess = guess_at(&s, middle + z * half);
        const double impulse = fabs(guess.motion[0] - guess.base[0]) * s.rotor.frame.mass[0];
        CU_ASSERT_TRUE(fabs(guess.extremeness - fabs(z)) < 1e-9);
        CU_ASSERT_TRUE(impulse <= 8 * spread);
        if (fabs(z) >= 7) CU_ASSERT_TRUE(impulse == 0);
        if (fabs(z) <= 1) largest = fmax(largest, impulse);
    }
    CU_ASSERT_TRUE(largest > spread);
    school_destroy(&s);
}

static bool at_once(void *self)
{
    (void)self;
    return true;
}

static void test_interrupted(void)
{
    struct school s;
    struct hm_predictor fresh;
    struct hm_training_report report;
    school_create(&s, ON_SPRING, ROTOR_MORSE);
    rotor_predictor(&s.rotor, &fresh);
    struct hm_batch batch = rotor_batch(&s.rotor, 0, LABELS);
    batch.interrupt = (struct hm_interrupt){at_once, NULL};
    CU_ASSERT_EQUAL(fresh.ops->train(fresh.self, &batch, &report), HM_STOPPED);
    hm_predictor_destroy(&fresh);
    school_destroy(&s);
}

/* A base that is refitted: it and the network are published together, and never worse than the base alone. */
static void test_base_that_learns(void)
{
    struct school s;
    school_create(&s, "predictor: {type: lstm, hidden: 12, base: {type: surrogate}, degree: 2}\n", ROTOR_MORSE);
    CU_ASSERT_TRUE(s.report.accepted && is_on(&s) && s.report.terms == 2 && isfinite(s.report.condition));
    CU_ASSERT_TRUE(s.report.held_out_after < 0.01 * s.report.held_out_before);
    const struct rotor_guess guess = guess_at(&s, 2.45);
    CU_ASSERT_TRUE(guess.has_base && guess.extremeness < 1.2);
    school_destroy(&s);
    school_create(&s, "predictor: {type: lstm, base: {type: surrogate}}\n", ROTOR_MORSE);
    CU_ASSERT_TRUE(s.report.accepted);
    CU_ASSERT_TRUE(s.report.held_out_after < 1e-6 || isnan(s.report.held_out_after));
    school_destroy(&s);
}

static void test_faults(void)
{
    static const struct {
        const char *sections, *says;
    } rows[] = {
        {"predictor: {type: lstm, base: {type: hamiltonian}}", "predictor: {hamiltonian:"},
        {"predictor: {type: lstm, base: {type: surrogate}, inputs: [coordinate]}", "remove it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage stage;
        struct hm_representation *representation;
        struct hm_predictor predictor;
        stage_open(&stage, &clusters[0]);
        struct hm_config *config = parse(rows[i].sections);
        HM_ASSERT_OK(hm_representation_create(config, &stage.frame, &representation));
        const struct hm_predictor_setup setup = {.config = config, .representation = representation};
        CU_ASSERT_EQUAL(hm_predictor_create(&setup, &predictor), HM_BAD_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "run.yaml:3:"));
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), rows[i].says));
        hm_representation_destroy(&representation);
        hm_config_destroy(&config);
        stage_close(&stage);
    }
}

static const struct hm_test tests[] = {
    {"impulses are the gradient of an energy of the inputs", test_impulses_are_the_gradient},
    {"impulses conserve momentum and angular momentum", test_impulses_conserve},
    {"carrying back is the transpose", test_carry_back_is_the_transpose},
    {"it learns what the base leaves", test_learns_what_the_base_leaves},
    {"it stays off on an exact base", test_stays_off_on_an_exact_base},
    {"without labels the base speaks alone", test_needs_labels},
    {"it dies out outside the trained range", test_dies_out_outside},
    {"a study can be interrupted", test_interrupted},
    {"a base that learns", test_base_that_learns},
    {"faults", test_faults},
};

HM_TEST_MAIN("correction", tests)
