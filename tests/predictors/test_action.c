/* The learned action: what holds whatever its weights are, its gradients against differences, and that it learns.
 *
 * Weights are drawn, not fitted, where only the structure of the map counts.
 */
#include "predictors/action_direct.h"
#include "tests/predictors/molecule.h"
#include "tests/test.h"

#include "io/rng.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 3 * 10, HIDDEN = 12, PAIRS = 40 };

static double draw(uint64_t step, uint32_t k)
{
    const struct hm_rng_key key = {3, 0, HM_RNG_TEST};
    double normal[3];
    hm_rng_normal3(key, step, k, normal);
    return normal[0];
}

/* A shaken molecule with thermal momenta. */
static void place(const struct molecule *m, uint64_t number, double *q, double *p)
{
    molecule_shake(m, number, 0.05, q);
    for (size_t k = 0; k < 3 * m->frame.natom; k++)
        p[k] = sqrt(0.002 * m->frame.mass[k / 3]) * draw(number, (uint32_t)k);
}

/* A map with scales of its own and drawn weights, of a stride of 60 atomic units (1.5 fs). */
static void make_map(const struct molecule *m, double unit, struct hm_action_map *map)
{
    double q[MOST], p[MOST];
    HM_ASSERT_OK(hm_action_map_create(&m->frame, 60, HIDDEN, map));
    hm_action_network_draw(map->network, 5, 0, map->weights);
    *map->unit = unit;
    *map->frequency = 0.01;
    *map->rms = 1;
    place(m, 0, q, p);
    hm_invariants_look(map->invariants, 0, q, p);
    hm_invariants_values(map->invariants, map->mean);
    for (size_t k = 0; k < map->ninput; k++) {
        map->inverse_spread[k] = 0.5 / (fabs(map->mean[k]) + 1e-4);
        map->reach[k] = 1e9;
    }
}

static double action_of(struct hm_action_map *map, const double *q, const double *p)
{
    /* By its definition, without the network's own slope. */
    const size_t d = map->ninput, h = map->network.nhidden, images = hm_invariants_images(map->invariants);
    const double *w1 = map->weights, *b1 = w1 + h * d, *w2 = b1 + h, *b2 = w2 + h * h, *w3 = b2 + h;
    double s = 0, *x = calloc(d, sizeof *x), a1[HIDDEN];
    for (size_t k = 0; k < 3 * map->natom; k++) s += map->free_time * p[k] * p[k] / (2 * map->mass[k / 3]);
    for (size_t g = 0; g < images; g++) {
        hm_invariants_look(map->invariants, g, q, p);
        hm_invariants_values(map->invariants, x);
        for (size_t i = 0; i < h; i++) {
            a1[i] = b1[i];
            for (size_t k = 0; k < d; k++) a1[i] += w1[i * d + k] * (x[k] - map->mean[k]) * map->inverse_spread[k];
            a1[i] = tanh(a1[i]);
        }
        for (size_t i = 0; i < h; i++) {
            double a2 = b2[i];
            for (size_t k = 0; k < h; k++) a2 += w2[i * h + k] * a1[k];
            s += *map->unit / (double)images * w3[i] * tanh(a2);
        }
    }
    free(x);
    return s;
}

/* Sulphur, S8: a ring, and a chain of seven carbons with an oxygen at its end. */
#define RING                                                                                                          \
    "S 2.3 0 0.5 S 1.63 1.63 -0.5 S 0 2.3 0.5 S -1.63 1.63 -0.5 S -2.3 0 0.5 S -1.63 -1.63 -0.5 S 0 -2.3 0.5 S 1.63 " \
    "-1.63 -0.5"
#define CHAIN "O 0.1 0 0 C 1.22 0.8 0 C 2.44 0 0.1 C 3.66 0.8 0.2 C 4.88 0.1 0.1 C 6.1 0.8 0 C 7.32 0 -0.3 C 8.54 0.8 0"

static const char *const geometries[] = {MOLECULE_WATER, MOLECULE_AMMONIA, MOLECULE_METHANOL, MOLECULE_PEROXIDE, RING,
                                         CHAIN};
enum { GEOMETRIES = sizeof geometries / sizeof *geometries };

static void test_gradient_of_the_action(void)
{
    for (size_t m = 0; m < GEOMETRIES; m++) {
        struct molecule molecule;
        struct hm_action_map map;
        double z[2 * MOST], gradient[2 * MOST], worst = 0, largest = 0;
        molecule_create(&molecule, geometries[m], "predictor: {type: surrogate}");
        make_map(&molecule, 1, &map);
        const size_t n = 3 * molecule.frame.natom;
        place(&molecule, 1, z, z + n);
        hm_action_gradient(&map, z, z + n, gradient, gradient + n);
        for (size_t k = 0; k < 2 * n; k++) {
            const double at = z[k], d = k < n ? 1e-4 : 1e-4 * (1 + fabs(at));
            z[k] = at + d;
            const double up = action_of(&map, z, z + n);
            z[k] = at - d;
            const double down = action_of(&map, z, z + n);
            z[k] = at;
            const double scale = k < n ? 1 : molecule.frame.mass[(k - n) / 3] * 0.01; /* canonically */
            worst = fmax(worst, scale * fabs((up - down) / (2 * d) - gradient[k]));
            largest = fmax(largest, scale * fabs(gradient[k]));
        }
        CU_ASSERT_TRUE(worst <= 1e-7 * largest);
        hm_action_map_release(&map);
        molecule_destroy(&molecule);
    }
}

/* Few rows and many go different ways. */
static void test_slopes_of_many(void)
{
    enum { INPUTS = 13, ROWS = 50 };
    const struct hm_action_network network = {INPUTS, HIDDEN};
    double x[ROWS * INPUTS], one[INPUTS], many[ROWS * INPUTS], worst = 0;
    double *weights = calloc(hm_action_network_size(network), sizeof *weights);
    double *work = calloc(ROWS * hm_action_network_work(network), sizeof *work);
    double *packed = calloc(hm_action_network_packed(network), sizeof *packed);
    for (uint64_t seed = 7; seed <= 8; seed++) { /* the latest count */
        hm_action_network_draw(network, seed, 0, weights);
        hm_action_network_pack(network, weights, packed);
    }
    for (uint32_t k = 0; k < ROWS * INPUTS; k++) x[k] = draw(77, k);
    hm_action_network_slope(network, weights, ROWS, x, many, work);
    for (size_t row = 0; row < ROWS; row++) {
        hm_action_network_slope_few(network, weights, packed, 1, &x[row * INPUTS], one, work);
        for (size_t k = 0; k < INPUTS; k++) worst = fmax(worst, fabs(one[k] - many[row * INPUTS + k]));
    }
    CU_ASSERT_TRUE(fabs(many[0]) > 1e-3 && worst <= 1e-14);
    free(weights);
    free(work);
    free(packed);
}

static void test_invariance(void)
{
    struct molecule molecule;
    struct hm_action_map map;
    double q[MOST], p[MOST], moved[MOST], turned[MOST];
    static const size_t exchanged[] = {0, 2, 1};
    molecule_create(&molecule, MOLECULE_WATER, "");
    make_map(&molecule, 1, &map);
    map.free_time = 0; /* the kinetic energy of the centre of mass is no invariant of the network's */
    place(&molecule, 2, q, p);
    const double s = action_of(&map, q, p);
    CU_ASSERT_EQUAL(hm_invariants_images(map.invariants), 2);
    molecule_turn(3, q, moved);
    for (size_t i = 0; i < 3; i++) molecule_rotate(&p[3 * i], &turned[3 * i]);
    HM_ASSERT_NEAR(action_of(&map, moved, turned), s, 1e-12 * fabs(s));
    molecule_permute(3, exchanged, q, moved);
    molecule_permute(3, exchanged, p, turned);
    HM_ASSERT_NEAR(action_of(&map, moved, turned), s, 1e-13 * fabs(s));
    for (size_t k = 0; k < 9; k++) turned[k] = -p[k];
    CU_ASSERT_EQUAL(action_of(&map, q, turned), s);
    for (size_t k = 0; k < 9; k++) turned[k] = p[k] + 0.3 * molecule.frame.mass[k / 3]; /* a boost */
    HM_ASSERT_NEAR(action_of(&map, q, turned), s, 1e-11 * fabs(s));
    hm_action_map_release(&map);
    molecule_destroy(&molecule);
}

/* Windows are for chains and rings; what has branches is seen as a whole, and so is what is small. */
static void test_windows(void)
{
    static const struct {
        const char *geometry;
        size_t images;
        bool windows;
    } expected[] = {{CHAIN, 8, true}, {RING, 16, true}, {MOLECULE_ETHANOL, 12, false}, {MOLECULE_METHANOL, 6, false}};
    for (size_t m = 0; m < sizeof expected / sizeof *expected; m++) {
        struct molecule molecule;
        struct hm_invariants *invariants;
        molecule_create(&molecule, expected[m].geometry, "predictor: {type: surrogate}");
        HM_ASSERT_OK(hm_invariants_create(&molecule.frame, HM_INVARIANTS_WINDOWS, &invariants));
        CU_ASSERT_EQUAL(hm_invariants_images(invariants), expected[m].images);
        CU_ASSERT_EQUAL(hm_invariants_in_windows(invariants), expected[m].windows);
        hm_invariants_destroy(&invariants);
        molecule_destroy(&molecule);
    }
}

static void stride(struct hm_action_map *map, double tolerance, double *z)
{
    const size_t n = 3 * map->natom;
    double next[2 * MOST];
    memcpy(next, z, 2 * n * sizeof *z);
    const struct hm_action_solution told = hm_action_map_solve(map, z, z + n, tolerance, 200, 1, next, next + n);
    CU_ASSERT_TRUE(told.converged && !told.outside);
    memcpy(z, next, 2 * n * sizeof *z);
}

static double largest_difference(size_t n, const double *a, const double *b)
{
    double most = 0;
    for (size_t k = 0; k < n; k++) most = fmax(most, fabs(a[k] - b[k]));
    return most;
}

static void test_reversible(void)
{
    for (size_t m = 0; m < GEOMETRIES; m++) {
        struct molecule molecule;
        struct hm_action_map map;
        double z[2 * MOST], start[2 * MOST];
        molecule_create(&molecule, geometries[m], "predictor: {type: surrogate}");
        make_map(&molecule, 1, &map);
        const size_t n = 3 * molecule.frame.natom;
        place(&molecule, 3, z, z + n);
        memcpy(start, z, 2 * n * sizeof *z);
        stride(&map, 1e-12, z);
        CU_ASSERT_TRUE(largest_difference(n, z, start) > 1e-3);
        for (size_t k = n; k < 2 * n; k++) z[k] = -z[k];
        stride(&map, 1e-12, z);
        for (size_t k = n; k < 2 * n; k++) z[k] = -z[k];
        CU_ASSERT_TRUE(largest_difference(2 * n, z, start) <= 1e-10);
        hm_action_map_release(&map);
        molecule_destroy(&molecule);
    }
}

/* M^T J M = J for the Jacobian of a stride, by central differences of fourth order in canonically scaled coordinates.
 */
static void test_symplectic(void)
{
    enum { N = 9 };
    static const double weight[] = {8, -8, -1, 1}, place_of[] = {1, -1, 2, -2};
    struct molecule molecule;
    struct hm_action_map map;
    double z[2 * N], jacobian[2 * N][2 * N] = {{0}}, worst = 0;
    molecule_create(&molecule, MOLECULE_WATER, "");
    make_map(&molecule, 1, &map);
    place(&molecule, 4, z, z + N);
    double scale[2 * N];
    for (size_t k = 0; k < N; k++) {
        scale[k] = 1 / sqrt(molecule.frame.mass[k / 3] * *map.frequency);
        scale[N + k] = 1 / scale[k];
    }
    for (size_t j = 0; j < 2 * N; j++)
        for (int s = 0; s < 4; s++) {
            const double d = 1e-2;
            double moved[2 * N];
            memcpy(moved, z, sizeof moved);
            moved[j] += place_of[s] * d * scale[j];
            stride(&map, 1e-14, moved);
            for (size_t i = 0; i < 2 * N; i++) jacobian[i][j] += weight[s] * moved[i] / scale[i] / (12 * d);
        }
    for (size_t i = 0; i < 2 * N; i++)
        for (size_t j = 0; j < 2 * N; j++) {
            double sum = i + N == j ? -1 : j + N == i ? 1 : 0;
            for (size_t k = 0; k < N; k++)
                sum += jacobian[k][i] * jacobian[N + k][j] - jacobian[N + k][i] * jacobian[k][j];
            worst = fmax(worst, fabs(sum));
        }
    CU_ASSERT_TRUE(worst <= 1e-8);
    hm_action_map_release(&map);
    molecule_destroy(&molecule);
}

static void momenta(const struct molecule *m, const double *z, double P[3], double L[3])
{
    const double *q = z, *p = z + 3 * m->frame.natom;
    for (int c = 0; c < 3; c++) P[c] = L[c] = 0;
    for (size_t i = 0; i < m->frame.natom; i++)
        for (size_t c = 0; c < 3; c++) {
            const size_t a = (c + 1) % 3, b = (c + 2) % 3;
            P[c] += p[3 * i + c];
            L[c] += q[3 * i + a] * p[3 * i + b] - q[3 * i + b] * p[3 * i + a];
        }
}

static void conserve_momenta(const char *geometry)
{
    struct molecule molecule;
    struct hm_action_map map;
    double z[2 * MOST], P0[3], L0[3], P1[3], L1[3];
    molecule_create(&molecule, geometry, "predictor: {type: surrogate}");
    make_map(&molecule, 0.1, &map);
    place(&molecule, 5, z, z + 3 * molecule.frame.natom);
    momenta(&molecule, z, P0, L0);
    for (int s = 0; s < 1000; s++) stride(&map, 1e-12, z);
    momenta(&molecule, z, P1, L1);
    CU_ASSERT_TRUE(largest_difference(3, P0, P1) <= 1e-9);
    CU_ASSERT_TRUE(largest_difference(3, L0, L1) <= 1e-8 * (1 + fabs(L0[0]) + fabs(L0[1]) + fabs(L0[2])));
    hm_action_map_release(&map);
    molecule_destroy(&molecule);
}

static void test_momenta_are_conserved(void)
{
    conserve_momenta(MOLECULE_WATER);
    conserve_momenta(CHAIN);
}

/* Pairs made by a map of other weights: something that can be learned. */
static struct hm_action_pairs make_pairs(const struct molecule *m, double *rows)
{
    struct hm_action_map truth;
    const size_t n = 3 * m->frame.natom;
    make_map(m, 1, &truth);
    hm_action_network_draw(truth.network, 17, 0, truth.weights);
    for (size_t k = 0; k < PAIRS; k++) {
        double *row = &rows[4 * n * k];
        place(m, 10 + k, row, row + n);
        memcpy(row + 2 * n, row, 2 * n * sizeof *row);
        stride(&truth, 1e-12, row + 2 * n);
    }
    hm_action_map_release(&truth);
    return (struct hm_action_pairs){PAIRS, rows};
}

static void test_gradient_of_the_loss(void)
{
    struct molecule molecule;
    struct hm_action_map map;
    struct hm_action_fit *fit;
    double rows[PAIRS * 36], worst = 0, largest = 0;
    molecule_create(&molecule, MOLECULE_WATER, "");
    make_map(&molecule, 0, &map);
    memset(map.mean, 0, map.ninput * sizeof *map.mean);
    const struct hm_action_pairs pairs = make_pairs(&molecule, rows);
    hm_action_fit_measure(&map, pairs, 60);
    HM_ASSERT_OK(hm_action_fit_create(&map, pairs, &fit));
    const size_t size = hm_action_network_size(map.network);
    double *gradient = calloc(size, sizeof *gradient);
    hm_action_fit_error(fit, 0, PAIRS, gradient);
    for (size_t k = 0; k < size; k += 7) {
        const double at = map.weights[k], d = 1e-5;
        map.weights[k] = at + d;
        const double up = pow(hm_action_fit_error(fit, 0, PAIRS, NULL), 2);
        map.weights[k] = at - d;
        const double down = pow(hm_action_fit_error(fit, 0, PAIRS, NULL), 2);
        map.weights[k] = at;
        worst = fmax(worst, fabs((up - down) / (2 * d) - gradient[k]));
        largest = fmax(largest, fabs(gradient[k]));
    }
    CU_ASSERT_TRUE(largest > 0 && worst <= 1e-6 * largest);
    free(gradient);
    hm_action_fit_destroy(&fit);
    hm_action_map_release(&map);
    molecule_destroy(&molecule);
}

static void test_descent(void)
{
    struct molecule molecule;
    struct hm_action_map map;
    struct hm_action_fit *fit;
    double rows[PAIRS * 36];
    molecule_create(&molecule, MOLECULE_WATER, "");
    make_map(&molecule, 0, &map);
    memset(map.mean, 0, map.ninput * sizeof *map.mean);
    const struct hm_action_pairs pairs = make_pairs(&molecule, rows);
    const struct hm_effort effort = {50, 16, 3e-3, 200, 0, 1, HM_NO_INTERRUPT};
    hm_action_fit_measure(&map, pairs, 60);
    HM_ASSERT_OK(hm_action_fit_create(&map, pairs, &fit));
    const double before = hm_action_fit_error(fit, 0, PAIRS, NULL);
    HM_ASSERT_OK(hm_action_fit_run(fit, &effort));
    CU_ASSERT_TRUE(hm_action_fit_error(fit, 0, PAIRS, NULL) < 0.05 * before);
    hm_action_fit_destroy(&fit);
    hm_action_map_release(&map);
    molecule_destroy(&molecule);
}

/* ---- the direct counterpart ---- */

static void begin_direct(const struct molecule *m, const double *rows, struct hm_action_direct *direct)
{
    HM_ASSERT_OK(hm_action_direct_create(&m->frame, 60, HIDDEN, direct));
    HM_ASSERT_OK(hm_action_direct_begin(direct, (struct hm_action_pairs){PAIRS, rows}, 3));
}

/* Turned, exchanged and boosted points are moved the same way; the centre of mass goes straight on. */
static void test_direct_symmetry(void)
{
    struct molecule molecule;
    struct hm_action_direct direct;
    double rows[PAIRS * 36], z[18], moved[18], expected[18], P0[3], L0[3], P1[3], L1[3];
    static const size_t exchanged[] = {0, 2, 1};
    molecule_create(&molecule, MOLECULE_WATER, "");
    make_pairs(&molecule, rows);
    begin_direct(&molecule, rows, &direct);
    place(&molecule, 6, z, z + 9);
    for (size_t i = 0; i < 3; i++) {
        molecule_rotate(&z[3 * i], &moved[3 * i]);
        molecule_rotate(&z[9 + 3 * i], &moved[9 + 3 * i]);
    }
    double swapped[18];
    molecule_permute(3, exchanged, z, swapped);
    molecule_permute(3, exchanged, z + 9, swapped + 9);
    momenta(&molecule, z, P0, L0);
    hm_action_direct_stride(&direct, 10, z, z + 9);
    momenta(&molecule, z, P1, L1);
    CU_ASSERT_TRUE(largest_difference(3, P0, P1) <= 1e-11);
    hm_action_direct_stride(&direct, 10, moved, moved + 9);
    for (size_t i = 0; i < 6; i++) molecule_rotate(&z[3 * i], &expected[3 * i]);
    CU_ASSERT_TRUE(largest_difference(18, moved, expected) <= 1e-10);
    hm_action_direct_stride(&direct, 10, swapped, swapped + 9);
    molecule_permute(3, exchanged, z, expected);
    molecule_permute(3, exchanged, z + 9, expected + 9);
    CU_ASSERT_TRUE(largest_difference(18, swapped, expected) <= 1e-10);
    hm_action_direct_release(&direct);
    molecule_destroy(&molecule);
}

static void test_direct_gradient_and_descent(void)
{
    struct molecule molecule;
    struct hm_action_direct direct;
    double rows[PAIRS * 36], worst = 0, largest = 0;
    molecule_create(&molecule, MOLECULE_WATER, "");
    const struct hm_action_pairs pairs = make_pairs(&molecule, rows);
    begin_direct(&molecule, rows, &direct);
    double *gradient = calloc(direct.nweight, sizeof *gradient);
    hm_action_direct_loss(&direct, pairs, NULL, PAIRS, gradient);
    for (size_t k = 0; k < direct.nweight; k += 5) {
        const double at = direct.weights[k], d = 1e-5;
        direct.weights[k] = at + d;
        const double up = hm_action_direct_loss(&direct, pairs, NULL, PAIRS, NULL);
        direct.weights[k] = at - d;
        const double down = hm_action_direct_loss(&direct, pairs, NULL, PAIRS, NULL);
        direct.weights[k] = at;
        worst = fmax(worst, fabs((up - down) / (2 * d) - gradient[k]));
        largest = fmax(largest, fabs(gradient[k]));
    }
    CU_ASSERT_TRUE(largest > 0 && worst <= 1e-6 * largest);
    const struct hm_effort effort = {20, 16, 3e-3, 200, 0, 1, HM_NO_INTERRUPT};
    const double before = hm_action_direct_error(&direct, pairs);
    HM_ASSERT_OK(hm_action_direct_fit(&direct, pairs, &effort));
    CU_ASSERT_TRUE(hm_action_direct_error(&direct, pairs) < 0.1 * before);
    free(gradient);
    hm_action_direct_release(&direct);
    molecule_destroy(&molecule);
}

static const struct hm_test tests[] = {
    {"the gradient of the action is that of its definition", test_gradient_of_the_action},
    {"few slopes at once and many are the same", test_slopes_of_many},
    {"no rotation, shift, exchange or reversal changes it", test_invariance},
    {"chains and rings are seen in windows", test_windows},
    {"a stride there and back", test_reversible},
    {"a stride is symplectic", test_symplectic},
    {"momentum and angular momentum stay", test_momenta_are_conserved},
    {"the gradient of the loss", test_gradient_of_the_loss},
    {"what another action did can be learned", test_descent},
    {"displacements turn and change places with the atoms", test_direct_symmetry},
    {"the gradient of displacements, and that they can be learned", test_direct_gradient_and_descent},
};

HM_TEST_MAIN("predictors/action", tests)
