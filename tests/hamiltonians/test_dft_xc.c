/* Exchange and correlation against numbers of other programs, and its derivatives against differences. */
#include "tests/hamiltonians/dft_xc.h"
#include "tests/test.h"

#include "hamiltonians/dft/functional.h"
#include "hamiltonians/dft/one_electron.h"
#include "hamiltonians/dft/xc_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hm_team alone = {.size = 1};

static bool make(const char *keys, int nspin, struct xc_subject *s)
{
    const enum hm_status status = xc_subject_make(keys, nspin, &alone, s);
    if (status != HM_OK) printf("\n      %s: %s ", keys, hm_status_message());
    CU_ASSERT_EQUAL(status, HM_OK);
    return status == HM_OK;
}

static bool within(const char *what, double actual, double expected, double tolerance)
{
    const bool holds = fabs(actual - expected) <= tolerance;
    if (!holds) printf("\n      %s: %.12g instead of %.12g ", what, actual, expected);
    return holds;
}

/* ---- energies ---- */

/* The made-up densities of dft_xc.h: functions and grid (150 radial, 974 angular points, not pruned, Becke's cells with
 * Treutler's radii) by Psi4 1.3.2, density matrices and sums by numpy 1.24, functionals by libxc 5.2.3 called from
 * Python. 6-31G* with Cartesian d. Of two spins, and of their sum as a closed shell. */
static const struct {
    const char *name;
    double two_spins, closed;
} references[] = {
    {"pbe", -8.98027749120592, -8.833469634493346},
    {"svwn", -9.057357512797056, -8.919331849982159},
    {"blyp", -8.929887198975043, -8.785632332730046},
    {"b3lyp", -7.323868914009665, -7.21565575995664},
};
static const double electrons_up = 9.905156428395788, electrons_down = 5.066666666666667;

static void energies_are_those_of_another_program(void)
{
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        for (int nspin = 1; nspin <= 2; nspin++) {
            struct xc_subject s;
            char keys[96];
            double energy = NAN, electrons = NAN;
            snprintf(keys, sizeof keys, "functional: %s, grid: [99, 590]", references[i].name);
            if (!make(keys, nspin, &s)) return;
            CU_ASSERT_EQUAL(s.nfunction, XC_WATER_FUNCTIONS);
            HM_ASSERT_OK(hm_xc_matrix(s.xc, s.D, &energy, &electrons, s.V));
            CU_ASSERT_TRUE(within(keys, energy, nspin == 1 ? references[i].closed : references[i].two_spins, 1e-6));
            CU_ASSERT_TRUE(within("electrons", electrons, electrons_up + electrons_down, 1e-6));
            xc_subject_release(&s);
        }
}

/* Spherical d shells, which Psi4 orders otherwise: electrons against the overlap matrix. */
static void electrons_are_those_of_the_overlap_matrix(void)
{
    static const char *const bases[] = {"basis: def2-svp", "basis: 6-31g*", "basis: sto-3g"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        struct xc_subject s;
        char keys[96];
        double energy, electrons = NAN, expected = 0.0;
        snprintf(keys, sizeof keys, "functional: svwn, grid: [75, 302], %s", bases[i]);
        if (!make(keys, 1, &s)) return;
        double *S = calloc(s.nfunction * s.nfunction, sizeof *S);
        hm_overlap_matrix(&s.molecule.basis, xc_water_place, &alone, S);
        for (size_t ab = 0; ab < s.nfunction * s.nfunction; ab++) expected += S[ab] * s.D[ab];
        HM_ASSERT_OK(hm_xc_matrix(s.xc, s.D, &energy, &electrons, s.V));
        CU_ASSERT_TRUE(within(keys, electrons, expected, 2e-5));
        free(S);
        xc_subject_release(&s);
    }
}

static void equal_spins_are_a_closed_shell(void)
{
    struct xc_subject closed, open;
    if (!make("functional: b3lyp, grid: coarse", 1, &closed) || !make("functional: b3lyp, grid: coarse", 2, &open))
        return;
    const size_t n = closed.nfunction * closed.nfunction;
    for (size_t ab = 0; ab < n; ab++) open.D[ab] = open.D[n + ab] = 0.5 * closed.D[ab];
    CU_ASSERT_TRUE(within("energy", xc_energy(&open), xc_energy(&closed), 1e-10));
    for (size_t ab = 0; ab < n; ab++) {
        HM_ASSERT_NEAR(open.V[ab], closed.V[ab], 1e-9);
        HM_ASSERT_NEAR(open.V[n + ab], closed.V[ab], 1e-9);
    }
    double gradient[2][9] = {0};
    HM_ASSERT_OK(hm_xc_gradient(closed.xc, closed.D, gradient[0]));
    HM_ASSERT_OK(hm_xc_gradient(open.xc, open.D, gradient[1]));
    for (size_t k = 0; k < 9; k++) HM_ASSERT_NEAR(gradient[0][k], gradient[1][k], 1e-9);
    xc_subject_release(&closed);
    xc_subject_release(&open);
}

/* ---- derivatives ---- */

static const char *const families[] = {"functional: svwn, grid: coarse", "functional: pbe, grid: coarse",
                                       "functional: b3lyp, grid: coarse", "functional: blyp, grid: coarse"};

static void the_matrix_is_the_derivative_by_the_density(void)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (int nspin = 1; nspin <= 2; nspin++) {
            struct xc_subject s;
            if (!make(families[i], nspin, &s)) return;
            const size_t n = s.nfunction, matrix = n * n;
            double slope = 0.0, energy[2];
            (void)xc_energy(&s);
            for (size_t a = 0; a < s.nspin * matrix; a++)
                slope += s.V[a] * sin((double)(a / matrix + 1) * (double)(a % matrix / n + 1) * (double)(a % n + 1));
            for (int side = 0; side < 2; side++) {
                const double step = side ? -2e-4 : 1e-4;
                for (size_t a = 0; a < s.nspin * matrix; a++)
                    s.D[a] += step * sin((double)(a / matrix + 1) * (double)(a % matrix / n + 1) * (double)(a % n + 1));
                energy[side] = xc_energy(&s);
            }
            CU_ASSERT_TRUE(within(families[i], slope, (energy[0] - energy[1]) / 2e-4, 1e-7));
            xc_subject_release(&s);
        }
}

/* The largest difference of the gradient from differences of the energy. */
static double gradient_error(struct xc_subject *s, double gradient[9])
{
    double worst = 0.0, x[9];
    memcpy(x, xc_water_place, sizeof x);
    for (size_t k = 0; k < 9; k++) {
        double energy[2];
        for (int side = 0; side < 2; side++) {
            x[k] = xc_water_place[k] + (side ? -2e-4 : 2e-4);
            HM_ASSERT_OK(hm_xc_place(s->xc, x));
            energy[side] = xc_energy(s);
        }
        x[k] = xc_water_place[k];
        const double error = fabs(gradient[k] - (energy[0] - energy[1]) / 4e-4);
        if (!(error <= worst)) worst = error;
    }
    return worst;
}

static void the_gradient_is_the_derivative_by_places(void)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (int nspin = 1; nspin <= 2; nspin++) {
            struct xc_subject s;
            double gradient[9] = {0}, net[3] = {0};
            if (!make(families[i], nspin, &s)) return;
            HM_ASSERT_OK(hm_xc_gradient(s.xc, s.D, gradient));
            const double error = gradient_error(&s, gradient);
            CU_ASSERT_TRUE(error < 2e-7);
            if (!(error < 2e-7)) printf("\n      %s, %d spins: %g ", families[i], nspin, error);
            for (size_t k = 0; k < 9; k++) net[k % 3] += gradient[k];
            for (size_t k = 0; k < 3; k++) HM_ASSERT_NEAR(net[k], 0.0, 1e-12);
            xc_subject_release(&s);
        }
}

/* The same, weights held where they are: wrong by far more than anyone would accept. */
static void without_derivatives_of_weights_the_gradient_is_wrong(void)
{
    struct xc_subject s;
    double gradient[9] = {0};
    if (!make("functional: pbe, grid: medium", 1, &s)) return;
    s.xc->rigid_weights = true;
    HM_ASSERT_OK(hm_xc_gradient(s.xc, s.D, gradient));
    CU_ASSERT_TRUE(gradient_error(&s, gradient) > 1e-5);
    xc_subject_release(&s);
}

/* Spherical d functions have derivatives, too. */
static void spherical_shells_have_a_gradient(void)
{
    struct xc_subject s;
    double gradient[9] = {0};
    if (!make("functional: pbe, grid: coarse, basis: def2-svp", 1, &s)) return;
    HM_ASSERT_OK(hm_xc_gradient(s.xc, s.D, gradient));
    CU_ASSERT_TRUE(gradient_error(&s, gradient) < 2e-7);
    xc_subject_release(&s);
}

/* ---- ways of computing ---- */

static void values_that_were_not_stored_are_computed_again(void)
{
    struct xc_subject s;
    if (!make("functional: pbe, grid: coarse", 1, &s)) return;
    const double energy = xc_energy(&s), element = s.V[3];
    for (size_t b = 0; b < s.xc->nbatch; b += 2) s.xc->batch[b].values = NULL;
    CU_ASSERT_EQUAL(xc_energy(&s), energy);
    CU_ASSERT_EQUAL(s.V[3], element);
    xc_subject_release(&s);
}

/* The energy hardly depends on how the molecule is turned against the grid. */
static void a_turned_molecule_has_the_same_energy(void)
{
    struct xc_subject s;
    double least = HUGE_VAL, largest = -HUGE_VAL;
    if (!make("functional: pbe, grid: medium, basis: sto-3g", 1, &s)) return;
    for (int turn = 0; turn < 12; turn++) {
        double x[9];
        const double a = 0.5 * turn, c = cos(a), d = sin(a);
        for (size_t atom = 0; atom < 3; atom++) {
            const double *p = xc_water_place + 3 * atom, y = c * p[1] - d * p[2], z = d * p[1] + c * p[2];
            x[3 * atom] = c * p[0] - d * y;
            x[3 * atom + 1] = d * p[0] + c * y;
            x[3 * atom + 2] = z;
        }
        /* s functions only, so that the density turns with the atoms */
        for (size_t ab = 0; ab < s.nfunction * s.nfunction; ab++) s.D[ab] = ab % (s.nfunction + 1) == 0 ? 0.5 : 0.0;
        HM_ASSERT_OK(hm_xc_place(s.xc, x));
        const double energy = xc_energy(&s);
        if (energy < least) least = energy;
        if (energy > largest) largest = energy;
    }
    CU_ASSERT_TRUE(largest - least < 2e-5);
    CU_ASSERT_TRUE(largest > least); /* or the grid would turn as well */
    xc_subject_release(&s);
}

/* ---- where there is nothing ---- */

static void no_density_gives_nothing(void)
{
    struct xc_subject s;
    for (int nspin = 1; nspin <= 2; nspin++)
        for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
            double gradient[9] = {0};
            if (!make(families[i], nspin, &s)) return;
            memset(s.D, 0, s.nspin * s.nfunction * s.nfunction * sizeof *s.D);
            CU_ASSERT_EQUAL(xc_energy(&s), 0.0);
            HM_ASSERT_OK(hm_xc_gradient(s.xc, s.D, gradient));
            for (size_t k = 0; k < 9; k++) CU_ASSERT_EQUAL(gradient[k], 0.0);
            /* one electron of one spin */
            s.D[0] = 1.0;
            CU_ASSERT_TRUE(isfinite(xc_energy(&s)));
            for (size_t ab = 0; ab < s.nspin * s.nfunction * s.nfunction; ab++) CU_ASSERT_TRUE(isfinite(s.V[ab]));
            xc_subject_release(&s);
        }
}

static void functionals_are_finite_at_any_density(void)
{
    static const double densities[] = {0.0, 1e-300, 1e-20, 1.1e-12, 1e-9, 1e-3, 1.0, 1e4, -1e-18},
                        slopes[] = {0.0, 1e-300, 1e-24, 1e-12, 1e-3, 1.0, 1e8, -1e-20};
    enum { N = 9, M = 8 };
    static const char *const names[] = {"pbe", "blyp", "b3lyp", "pbe0", "svwn", "gga_x_pw91+gga_c_pw91"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[128];
        struct hm_config *config = NULL;
        struct hm_functional *functional = NULL;
        double n[2 * N * M], sigma[3 * N * M], e[N * M], vn[2 * N * M], vsigma[3 * N * M];
        snprintf(text, sizeof text,
                 "hamiltonian: {type: dft, functional: %s}\nintegrator: {timestep: 1 fs, steps: 1}\n", names[i]);
        HM_ASSERT_OK(hm_config_parse(text, "xc.yaml", NULL, 0, &config));
        HM_ASSERT_OK(hm_functional_create(config, 2, &functional));
        for (size_t other = 0; other < N; other++) {
            for (size_t p = 0; p < N * M; p++) {
                n[2 * p] = densities[p / M];
                n[2 * p + 1] = densities[other];
                for (size_t k = 0; k < 3; k++) sigma[3 * p + k] = slopes[(p + k * other) % M];
            }
            hm_functional_evaluate(functional, N * M, n, sigma, e, vn, vsigma);
            for (size_t p = 0; p < N * M; p++) {
                CU_ASSERT_TRUE(isfinite(e[p]) && isfinite(vn[2 * p]) && isfinite(vn[2 * p + 1]));
                for (size_t k = 0; k < 3 && hm_functional_has_gradient(functional); k++)
                    CU_ASSERT_TRUE(isfinite(vsigma[3 * p + k]));
            }
        }
        hm_functional_destroy(&functional);
        hm_config_destroy(&config);
    }
}

/* Slopes of exchange and correlation nearly cancel, on purpose. */
static bool near(double actual, double exchange, double correlation)
{
    return fabs(actual - exchange - correlation) <= 1e-11 * (fabs(exchange) + fabs(correlation));
}

/* One functional at these densities, which are left alone. */
static void evaluate(const char *name, size_t points, const double *n, const double *sigma, double *result)
{
    char text[128];
    struct hm_config *config = NULL;
    struct hm_functional *functional = NULL;
    double copy[2][HM_FUNCTIONAL_MAX_POINTS];
    snprintf(text, sizeof text, "hamiltonian: {type: dft, functional: %s}\nintegrator: {timestep: 1 fs, steps: 1}\n",
             name);
    memcpy(copy[0], n, points * sizeof *n);
    memcpy(copy[1], sigma, points * sizeof *sigma);
    HM_ASSERT_OK(hm_config_parse(text, "xc.yaml", NULL, 0, &config));
    HM_ASSERT_OK(hm_functional_create(config, 1, &functional));
    hm_functional_evaluate(functional, points, copy[0], copy[1], result, result + points, result + 2 * points);
    hm_functional_destroy(&functional);
    hm_config_destroy(&config);
}

/* Our own PBE against libxc's halves, over all densities and gradients of atoms, on every instruction set of this
 * machine. */
static void pbe_is_that_of_libxc(void)
{
    enum { N = 20, M = 25, POINTS = N * M };
    static double n[POINTS], sigma[POINTS], own[3 * POINTS], x[3 * POINTS], c[3 * POINTS];
    const struct hm_point_kernels *kernels;
    for (size_t p = 0; p < POINTS; p++) {
        n[p] = 1.7e-9 * pow(10.0, 0.67 * (double)(p / M));
        const double s = 1e-3 * pow(2.0, 0.7 * (double)(p % M)); /* |grad n| / n^(4/3) */
        sigma[p] = s * s * pow(n[p], 8.0 / 3.0);
    }
    evaluate("gga_x_pbe", POINTS, n, sigma, x);
    evaluate("gga_c_pbe", POINTS, n, sigma, c);
    for (size_t index = 0; (kernels = hm_point_kernels_available(index)) != NULL; index++) {
        kernels->pbe(POINTS, HM_FUNCTIONAL_LEAST_DENSITY, n, sigma, own, own + POINTS, own + 2 * POINTS);
        for (size_t i = 0; i < 3 * POINTS; i++) {
            CU_ASSERT_TRUE(near(own[i], x[i], c[i]));
            if (!near(own[i], x[i], c[i]))
                printf("\n      %s, n %g, sigma %g: %.15g, not %.15g ", kernels->name, n[i % POINTS], sigma[i % POINTS],
                       own[i], x[i] + c[i]);
        }
    }
}

/* ---- names ---- */

static void functionals_are_found_by_name(void)
{
    static const struct {
        const char *name;
        double exchange;
    } known[] = {{"PBE", 0.0},  {"b3lyp", 0.2}, {"pbe0", 0.25},           {"GGA_X_PBE + gga_c_pbe", 0.0},
                 {"svwn", 0.0}, {"lda_x", 0.0}, {"hyb_gga_xc_b3lyp", 0.2}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct xc_subject s;
        char keys[96];
        snprintf(keys, sizeof keys, "functional: %s, grid: [2, 6], basis: sto-3g", known[i].name);
        if (!make(keys, 1, &s)) return;
        HM_ASSERT_NEAR(hm_xc_exchange_fraction(s.xc), known[i].exchange, 1e-15);
        xc_subject_release(&s);
    }
}

static void what_is_not_offered_is_refused(void)
{
    static const char *const faults[][2] = {
        {"pbf", "did you mean 'pbe'?"},
        {"gga_x_pbee+gga_c_pbe", "did you mean 'gga_x_pbe'?"},
        {"b2plyp", "there is no functional 'b2plyp'"},
        {"mgga_x_tpss", "is a meta-GGA"},
        {"hyb_mgga_xc_tpssh", "is a meta-GGA"},
        {"hyb_gga_xc_hse06", "is range-separated"},
        {"hyb_gga_xc_wb97x_d", "is range-separated"},
        {"gga_xc_vv10", "VV10"},
        {"gga_k_tfvw", "kinetic energy"},
        {"lda_c_2d_amgb", "three dimensions"},
        {"gga_x_lb", "no energy"},
        {"pbe+", "there is no functional ''"},
        {"lda_x+lda_x+lda_x+lda_x+lda_x", "at most 4"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct xc_subject s;
        char keys[96];
        snprintf(keys, sizeof keys, "functional: %s, grid: [2, 6], basis: sto-3g", faults[i][0]);
        CU_ASSERT_EQUAL(xc_subject_make(keys, 1, &alone, &s), HM_BAD_CONFIG);
        const bool told = strstr(hm_status_message(), faults[i][1]) && strstr(hm_status_message(), "dft.yaml:1:");
        CU_ASSERT_TRUE(told);
        if (!told) printf("\n      %s ", hm_status_message());
    }
}

static const struct hm_test tests[] = {
    {"energies are those of another program", energies_are_those_of_another_program},
    {"electrons are those of the overlap matrix", electrons_are_those_of_the_overlap_matrix},
    {"equal spins are a closed shell", equal_spins_are_a_closed_shell},
    {"the matrix is the derivative by the density", the_matrix_is_the_derivative_by_the_density},
    {"the gradient is the derivative by places", the_gradient_is_the_derivative_by_places},
    {"without derivatives of weights the gradient is wrong", without_derivatives_of_weights_the_gradient_is_wrong},
    {"spherical shells have a gradient", spherical_shells_have_a_gradient},
    {"values that were not stored are computed again", values_that_were_not_stored_are_computed_again},
    {"a turned molecule has the same energy", a_turned_molecule_has_the_same_energy},
    {"no density gives nothing", no_density_gives_nothing},
    {"functionals are finite at any density", functionals_are_finite_at_any_density},
    {"PBE is that of libxc", pbe_is_that_of_libxc},
    {"functionals are found by name", functionals_are_found_by_name},
    {"what is not offered is refused", what_is_not_offered_is_refused},
};

HM_TEST_MAIN("dft exchange and correlation", tests)
