/* The last part of the fit of an action: gradients of single residuals, and how far it leads. */
#include "predictors/action_direct.h"
#include "tests/predictors/molecule.h"
#include "tests/test.h"

#include "io/rng.h"

#include <stdlib.h>
#include <string.h>

enum { HIDDEN = 6, PAIRS = 300, N = 9 };

static double draw(uint64_t step, uint32_t k)
{
    const struct hm_rng_key key = {4, 0, HM_RNG_TEST};
    double normal[3];
    hm_rng_normal3(key, step, k, normal);
    return normal[0];
}

/* One by one, and with any weights all at once. */
static void test_one_by_one(void)
{
    enum { INPUTS = 5, COUNT = 3, EACH = 4 };
    const struct hm_action_network network = {INPUTS, HIDDEN};
    const size_t size = hm_action_network_size(network);
    double x[COUNT * INPUTS], u[COUNT * EACH * INPUTS], v[COUNT * EACH], sum[COUNT * INPUTS] = {0}, worst = 0;
    double *weights = calloc(3 * size + COUNT * EACH * size, sizeof *weights), *together = weights + size;
    double *added = together + size, *rows = added + size;
    double *work = calloc(COUNT * hm_action_network_work(network) + COUNT * INPUTS, sizeof *work);
    double *room = calloc(COUNT * EACH * hm_action_network_room(network), sizeof *room);
    hm_action_network_draw(network, 1, 0, weights);
    for (uint32_t k = 0; k < COUNT * INPUTS; k++) x[k] = draw(0, k);
    for (uint32_t k = 0; k < COUNT * EACH * INPUTS; k++) u[k] = draw(1, k);
    for (uint32_t k = 0; k < COUNT * EACH; k++) v[k] = draw(2, k);
    for (size_t k = 0; k < size; k++) weights[k] += 0.1 * draw(3, (uint32_t)k); /* biases, too */
    double *slope = work + COUNT * hm_action_network_work(network);
    hm_action_network_slope(network, weights, COUNT, x, slope, work);
    hm_action_network_teach_each(network, weights, COUNT, EACH, x, u, work, room, rows);
    for (size_t r = 0; r < COUNT * EACH; r++) {
        for (size_t k = 0; k < INPUTS; k++) sum[r / EACH * INPUTS + k] += v[r] * u[r * INPUTS + k];
        for (size_t k = 0; k < size; k++) added[k] += v[r] * rows[r * size + k];
    }
    hm_action_network_teach(network, weights, COUNT, x, sum, work, together);
    for (size_t k = 0; k < size; k++) worst = fmax(worst, fabs(added[k] - together[k]));
    CU_ASSERT_TRUE(together[0] != 0 && worst <= 1e-13);
    free(weights);
    free(work);
    free(room);
}

static void make_map(const struct molecule *m, uint64_t seed, struct hm_action_map *map)
{
    HM_ASSERT_OK(hm_action_map_create(&m->frame, 60, HIDDEN, map));
    hm_action_network_draw(map->network, seed, 0, map->weights);
}

/* Pairs that another map made, whose weights there is a way to. */
static void make_pairs(const struct molecule *m, double *rows)
{
    struct hm_action_map truth;
    make_map(m, 17, &truth);
    *truth.unit = 1;
    *truth.frequency = 0.01;
    *truth.rms = 1;
    for (size_t pair = 0; pair < PAIRS; pair++) {
        double *q = &rows[4 * N * pair], *p = q + N;
        molecule_shake(m, 10 + pair, 0.05, q);
        for (size_t k = 0; k < N; k++) p[k] = sqrt(0.002 * m->frame.mass[k / 3]) * draw(10 + pair, (uint32_t)k);
        if (pair == 0) {
            hm_invariants_look(truth.invariants, 0, q, p);
            hm_invariants_values(truth.invariants, truth.mean);
            for (size_t k = 0; k < truth.ninput; k++) truth.inverse_spread[k] = 0.5 / (fabs(truth.mean[k]) + 1e-4);
        }
        memcpy(q + 2 * N, q, 2 * N * sizeof *q);
        CU_ASSERT_TRUE(hm_action_map_solve(&truth, q, p, 1e-12, 200, 1, q + 2 * N, q + 3 * N).converged);
    }
    hm_action_map_release(&truth);
}

static double error_after(const struct molecule *m, const double *rows, const struct hm_effort *effort)
{
    const struct hm_action_pairs learned = {PAIRS - 50, rows}, kept = {50, rows + (PAIRS - 50) * 4 * N};
    struct hm_action_map map;
    struct hm_action_fit *fit, *other;
    make_map(m, 3, &map);
    hm_action_fit_measure(&map, learned, 60);
    HM_ASSERT_OK(hm_action_fit_create(&map, learned, &fit));
    HM_ASSERT_OK(hm_action_fit_create(&map, kept, &other));
    HM_ASSERT_OK(hm_action_fit_run(fit, effort));
    const double error = hm_action_fit_error(other, 0, kept.count, NULL);
    hm_action_fit_destroy(&fit);
    hm_action_fit_destroy(&other);
    hm_action_map_release(&map);
    return error;
}

static void test_refined(void)
{
    struct molecule molecule;
    struct hm_effort effort = {20, 16, 3e-3, 100, 0, 1, HM_NO_INTERRUPT};
    double *rows = calloc(PAIRS * 4 * N, sizeof *rows);
    molecule_create(&molecule, MOLECULE_WATER, "");
    make_pairs(&molecule, rows);
    const double before = error_after(&molecule, rows, &effort);
    effort.refine = 60;
    const double after = error_after(&molecule, rows, &effort);
    CU_ASSERT_TRUE(after < 0.02 * before);
    molecule_destroy(&molecule);
    free(rows);
}

/* Left to itself, L-BFGS has more to do where nothing follows. */
static void test_polish(void)
{
    struct molecule molecule;
    struct hm_effort effort = {2, 16, 3e-3, HM_POLISH_AUTO, 0, 1, HM_NO_INTERRUPT};
    double *rows = calloc(PAIRS * 4 * N, sizeof *rows);
    molecule_create(&molecule, MOLECULE_WATER, "");
    make_pairs(&molecule, rows);
    const double alone = error_after(&molecule, rows, &effort);
    effort.polish = 1000;
    CU_ASSERT_EQUAL(alone, error_after(&molecule, rows, &effort));
    effort.polish = 200;
    CU_ASSERT_NOT_EQUAL(alone, error_after(&molecule, rows, &effort));
    molecule_destroy(&molecule);
    free(rows);
}

static double direct_error_after(const struct molecule *m, const double *rows, const struct hm_effort *effort)
{
    const struct hm_action_pairs learned = {PAIRS - 50, rows}, kept = {50, rows + (PAIRS - 50) * 4 * N};
    struct hm_action_direct direct;
    HM_ASSERT_OK(hm_action_direct_create(&m->frame, 60, HIDDEN, &direct));
    HM_ASSERT_OK(hm_action_direct_begin(&direct, learned, 3));
    HM_ASSERT_OK(hm_action_direct_fit(&direct, learned, effort));
    const double error = hm_action_direct_error(&direct, kept);
    hm_action_direct_release(&direct);
    return error;
}

static void test_direct_refined(void)
{
    struct molecule molecule;
    struct hm_effort effort = {20, 16, 3e-3, 100, 0, 1, HM_NO_INTERRUPT};
    double *rows = calloc(PAIRS * 4 * N, sizeof *rows);
    molecule_create(&molecule, MOLECULE_WATER, "");
    make_pairs(&molecule, rows);
    const double before = direct_error_after(&molecule, rows, &effort);
    effort.refine = 30;
    const double after = direct_error_after(&molecule, rows, &effort);
    CU_ASSERT_TRUE(after < 0.05 * before);
    molecule_destroy(&molecule);
    free(rows);
}

static const struct hm_test tests[] = {
    {"gradients one by one are those of a sum", test_one_by_one},
    {"what is left is a small part, on pairs kept out", test_refined},
    {"how long L-BFGS goes on", test_polish},
    {"displacements, likewise", test_direct_refined},
};

HM_TEST_MAIN("predictors/action_rows", tests)
