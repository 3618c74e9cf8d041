/* Rules of quadrature against exact integrals: Lebedev's, radial ones, and those of a molecule together. */
#include "tests/hamiltonians/dft_molecule.h"
#include "tests/test.h"

#include "hamiltonians/dft/cells.h"
#include "hamiltonians/dft/grid.h"
#include "hamiltonians/dft/lebedev.h"
#include "hamiltonians/dft/radial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* ---- Lebedev ---- */

static double double_factorial(int n)
{
    double product = 1.0;
    for (; n > 1; n -= 2) product *= n;
    return product;
}

/* The mean of x^i y^j z^k over the sphere. */
static double exact_mean(int i, int j, int k)
{
    if (i % 2 || j % 2 || k % 2) return 0.0;
    return double_factorial(i - 1) * double_factorial(j - 1) * double_factorial(k - 1) /
           double_factorial(i + j + k + 1);
}

/* The largest error of all monomials of this degree. */
static double worst_monomial(size_t points, const double *r, const double *w, int degree)
{
    double worst = 0.0;
    for (int i = 0; i <= degree; i++)
        for (int j = 0; i + j <= degree; j++) {
            const int k = degree - i - j;
            const double exact = exact_mean(i, j, k);
            double sum = 0.0;
            for (size_t p = 0; p < points; p++)
                sum += w[p] * pow(r[3 * p], i) * pow(r[3 * p + 1], j) * pow(r[3 * p + 2], k);
            if (fabs(sum - exact) > worst) worst = fabs(sum - exact);
        }
    return worst;
}

static void lebedev_rules_integrate_monomials_up_to_their_degree(void)
{
    static double r[3 * HM_LEBEDEV_MAX_POINTS], w[HM_LEBEDEV_MAX_POINTS];
    int degree = 0;
    size_t points, rules = 0;
    for (; (points = hm_lebedev_offered(rules, &degree)) > 0; rules++) {
        hm_lebedev_rule(points, r, w);
        for (size_t p = 0; p < points; p++) {
            CU_ASSERT_TRUE(w[p] > 0.0);
            HM_ASSERT_NEAR(r[3 * p] * r[3 * p] + r[3 * p + 1] * r[3 * p + 1] + r[3 * p + 2] * r[3 * p + 2], 1.0, 4e-16);
        }
        /* All degrees of small rules; of large ones the lowest and the highest, even and odd. */
        for (int l = 0; l <= degree; l += degree > 20 && l == 6 ? degree - 9 : 1)
            CU_ASSERT_TRUE(worst_monomial(points, r, w, l) < 1e-14);
    }
    CU_ASSERT_EQUAL(rules, 16);
}

/* Mean of the Legendre polynomial P_l(r.u), which is zero but for l = 0. A monomial of high degree is mostly made of
 * low harmonics; this has none of them. */
static double mean_legendre(size_t points, const double *r, const double *w, int l)
{
    static const double u[3] = {0.2672612419124244, 0.5345224838248488, 0.8017837257372732};
    double sum = 0.0;
    for (size_t p = 0; p < points; p++) {
        const double t = r[3 * p] * u[0] + r[3 * p + 1] * u[1] + r[3 * p + 2] * u[2];
        double before = 0.0, value = 1.0;
        for (int k = 0; k < l; k++) {
            const double next = ((2 * k + 1) * t * value - k * before) / (k + 1);
            before = value;
            value = next;
        }
        sum += w[p] * value;
    }
    return sum;
}

static void lebedev_rules_integrate_harmonics_up_to_their_degree_and_no_further(void)
{
    static double r[3 * HM_LEBEDEV_MAX_POINTS], w[HM_LEBEDEV_MAX_POINTS];
    int degree = 0;
    size_t points;
    for (size_t rule = 0; (points = hm_lebedev_offered(rule, &degree)) > 0; rule++) {
        hm_lebedev_rule(points, r, w);
        for (int l = 1; l <= degree; l++) HM_ASSERT_NEAR(mean_legendre(points, r, w, l), 0.0, 2e-14);
        CU_ASSERT_TRUE(fabs(mean_legendre(points, r, w, degree + 1)) > 1e-3);
    }
}

/* ---- radial ---- */

/* int exp(-a r^2) r^2 dr = sqrt(pi / a^3) / 4, from core exponents to diffuse ones. */
static void radial_rules_integrate_gaussians(void)
{
    static const double exponents[] = {0.1, 1.0, 10.0, 100.0, 1000.0};
    double r[200], w[200];
    for (int rule = 0; rule < 3; rule++) {
        const size_t n = 99;
        if (rule < 2)
            hm_radial_treutler(rule == 0 ? 1 : 8, n, r, w);
        else
            hm_radial_becke(0.5 * hm_radial_slater_radius(8), n, r, w);
        for (size_t e = 0; e < sizeof exponents / sizeof *exponents; e++) {
            const double a = exponents[e], exact = 0.25 * sqrt(pi / (a * a * a));
            double sum = 0.0;
            for (size_t i = 0; i < n; i++) sum += w[i] * exp(-a * r[i] * r[i]);
            CU_ASSERT_TRUE(fabs(sum / exact - 1.0) < 1e-8);
            if (fabs(sum / exact - 1.0) >= 1e-8)
                printf("\n      rule %d, exponent %g: %g ", rule, a, sum / exact - 1.0);
        }
        for (size_t i = 1; i < n; i++) CU_ASSERT_TRUE(r[i] < r[i - 1]);
    }
}

/* ---- a molecule ---- */

static const int number[3] = {8, 1, 17};
static const double place[9] = {0.1, -0.2, 0.3, 0.0, 1.43, -0.89, -2.9, 0.4, 1.7};

static enum hm_status make_grid(const char *keys, const struct hm_frame *frame, struct hm_grid *grid)
{
    char text[256];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "hamiltonian: {type: dft, %s}\nintegrator: {timestep: 1 fs, steps: 1}\n", keys);
    enum hm_status status = hm_config_parse(text, "grid.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_grid_create(config, frame, grid);
    hm_config_destroy(&config);
    return status;
}

static void make_frame(struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(3, frame));
    memcpy(frame->number, number, sizeof number);
    memcpy(frame->x, place, sizeof place);
}

/* Sum over the molecule's grid of exp(-a |r - X|^2), X each atom in turn and one place between them. */
static double integrate(const struct hm_grid *grid, struct hm_cells *cells, const double at[3], double exponent)
{
    double sum = 0.0;
    for (size_t atom = 0; atom < grid->natom; atom++) {
        const struct hm_atomic_grid *one = hm_grid_atom(grid, atom);
        for (size_t first = 0; first < one->count; first += HM_POINT_LANES) {
            double x[3][HM_POINT_LANES], share[HM_POINT_LANES];
            for (size_t k = 0; k < 3; k++)
                for (size_t l = 0; l < HM_POINT_LANES; l++) {
                    const size_t p = first + l < one->count ? first + l : one->count - 1;
                    x[k][l] = one->d[k * one->count + p] + place[3 * atom + k];
                }
            const double *const point[3] = {x[0], x[1], x[2]};
            hm_cells_weigh(cells, atom, HM_POINT_LANES, point, share);
            for (size_t l = 0; l < HM_POINT_LANES && first + l < one->count; l++) {
                double square = 0.0;
                for (size_t k = 0; k < 3; k++) square += (x[k][l] - at[k]) * (x[k][l] - at[k]);
                sum += one->w[first + l] * share[l] * exp(-exponent * square);
            }
        }
    }
    return sum;
}

static void grids_integrate_gaussians_in_a_molecule(void)
{
    static const struct {
        const char *keys;
        double error; /* relative */
    } grids[] = {{"grid: coarse", 4e-4}, {"grid: medium", 4e-5}, {"grid: fine", 4e-6}, {"grid: [99, 590]", 1e-7}};
    static const double middle[3] = {-0.9, 0.5, 0.4};
    struct hm_frame frame;
    struct hm_cells cells;
    make_frame(&frame);
    HM_ASSERT_OK(hm_cells_create(3, hm_point_kernels_available(0), &cells));
    hm_cells_place(&cells, place);
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
        struct hm_grid grid;
        double worst = 0.0;
        HM_ASSERT_OK(make_grid(grids[g].keys, &frame, &grid));
        for (int i = 0; i < 8; i++) {
            const double a = i % 2 ? 0.8 : 0.3, exact = pow(pi / a, 1.5);
            const double error = integrate(&grid, &cells, i < 6 ? place + 3 * (i / 2) : middle, a) / exact - 1.0;
            if (fabs(error) > worst) worst = fabs(error);
        }
        CU_ASSERT_TRUE(worst < grids[g].error);
        if (worst >= grids[g].error) printf("\n      %s: %g ", grids[g].keys, worst);
        hm_grid_destroy(&grid);
    }
    hm_cells_destroy(&cells);
    hm_frame_release(&frame);
}

/* Points are those asked for, whatever the order they come in. */
static void a_pair_means_a_grid_that_is_not_pruned(void)
{
    struct hm_frame frame;
    struct hm_grid grid;
    make_frame(&frame);
    HM_ASSERT_OK(make_grid("grid: [20, 110]", &frame, &grid));
    CU_ASSERT_EQUAL(grid.nelement, 3);
    for (size_t atom = 0; atom < 3; atom++) CU_ASSERT_EQUAL(hm_grid_atom(&grid, atom)->count, 20 * 110);
    hm_grid_destroy(&grid);
    hm_frame_release(&frame);
}

static void what_is_not_offered_is_refused(void)
{
    static const char *const faults[][2] = {{"grid: [99, 591]", "no rule of 591 angular points"},
                                            {"grid: [1, 590]", "from 2 to 1000"},
                                            {"grid: [99]", "exactly 2 whole numbers"},
                                            {"grid: ultrafine", "coarse, medium or fine"}};
    struct hm_frame frame;
    struct hm_grid grid;
    make_frame(&frame);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        CU_ASSERT_EQUAL(make_grid(faults[i][0], &frame, &grid), HM_BAD_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), faults[i][1]));
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "grid.yaml:1:"));
    }
    hm_frame_release(&frame);
}

/* ---- kernels ---- */

static void every_kernel_knows_the_exponential(void)
{
    const struct hm_point_kernels *kernels;
    size_t index = 0;
    double square[64], e[64];
    for (; (kernels = hm_point_kernels_available(index)) != NULL; index++)
        for (int run = 0; run < 40; run++) {
            for (int p = 0; p < 64; p++) square[p] = 0.28 * (p + 64 * run) + 1e-3 * p * p;
            kernels->exponential(64, 0.9, square, e);
            for (int p = 0; p < 64; p++) {
                const double exact = exp(-0.9 * square[p]);
                CU_ASSERT_TRUE(fabs(e[p] - exact) <= 3e-13 * exact + 1e-300);
            }
        }
    CU_ASSERT_TRUE(index >= 1);
}

static void weights_of_all_atoms_add_up_to_one(void)
{
    const struct hm_point_kernels *kernels;
    double x[3][16], share[16], sum[16] = {0.0};
    for (int p = 0; p < 16; p++)
        for (int k = 0; k < 3; k++) x[k][p] = 2.0 * sin(1.7 * p + 2.3 * k);
    const double *const point[3] = {x[0], x[1], x[2]};
    for (size_t index = 0; (kernels = hm_point_kernels_available(index)) != NULL; index++) {
        struct hm_cells cells;
        HM_ASSERT_OK(hm_cells_create(3, kernels, &cells));
        hm_cells_place(&cells, place);
        memset(sum, 0, sizeof sum);
        for (size_t atom = 0; atom < 3; atom++) {
            hm_cells_weigh(&cells, atom, 16, point, share);
            for (int p = 0; p < 16; p++) sum[p] += share[p];
        }
        for (int p = 0; p < 16; p++) HM_ASSERT_NEAR(sum[p], 1.0, 1e-12);
        hm_cells_destroy(&cells);
    }
}

static const struct hm_test tests[] = {
    {"Lebedev rules integrate monomials up to their degree", lebedev_rules_integrate_monomials_up_to_their_degree},
    {"Lebedev rules integrate harmonics up to their degree and no further",
     lebedev_rules_integrate_harmonics_up_to_their_degree_and_no_further},
    {"radial rules integrate Gaussians", radial_rules_integrate_gaussians},
    {"grids integrate Gaussians in a molecule", grids_integrate_gaussians_in_a_molecule},
    {"a pair means a grid that is not pruned", a_pair_means_a_grid_that_is_not_pruned},
    {"what is not offered is refused", what_is_not_offered_is_refused},
    {"every kernel knows the exponential", every_kernel_knows_the_exponential},
    {"weights of all atoms add up to one", weights_of_all_atoms_add_up_to_one},
};

HM_TEST_MAIN("dft grid", tests)
