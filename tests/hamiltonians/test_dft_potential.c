/* The potential of point charges on Hermite Gaussians: every kernel against one charge at a time. */
#include "tests/test.h"

#include "hamiltonians/dft/hermite.h"
#include "hamiltonians/dft/potential.h"

#include <stdio.h>
#include <string.h>

enum { NCHARGE = 11, ROOM = 16 };

struct made {
    double x[ROOM], y[ROOM], z[ROOM], q[ROOM];
    struct hm_charges charges;
};

/* Some near to P, where the Boys function is interpolated, some far, one in it; the last five are not there. */
static void make(struct made *m, const double P[3], double p)
{
    for (size_t i = 0; i < ROOM; i++) {
        const double far = 0.9 * (double)i / sqrt(p); /* p r^2 = 0 ... 97, past the table's end at 36 */
        m->x[i] = P[0] + far * sin(1.3 * (double)i);
        m->y[i] = P[1] + far * cos(1.3 * (double)i) * 0.6;
        m->z[i] = P[2] - far * cos(1.3 * (double)i) * 0.8;
        m->q[i] = i < NCHARGE ? (double)i - 3.5 : 0;
    }
    m->charges = (struct hm_charges){ROOM / HM_CHARGE_LANES, m->x, m->y, m->z, m->q};
}

/* Sums and forces of scalar functions; the largest term of each, for relative errors. */
struct expected {
    double R[HM_POTENTIAL_COUNT], size[HM_POTENTIAL_COUNT];
    double force[3][ROOM], force_size[3][ROOM];
};

static void expect(int L, double p, const double P[3], double scale, const struct made *m, const double *h,
                   struct expected *e)
{
    double one[HM_POTENTIAL_COUNT];
    memset(e, 0, sizeof *e);
    for (size_t c = 0; c < NCHARGE; c++) {
        const double r[3] = {P[0] - m->x[c], P[1] - m->y[c], P[2] - m->z[c]};
        hm_hermite_coulomb(L + 1, p, r, scale * m->q[c], one);
        for (size_t i = 0; i < hm_hermite_count(L + 1); i++) {
            e->R[i] += one[i];
            e->size[i] = fmax(e->size[i], fabs(one[i]));
        }
        for (int n = 0, at = 0; n <= L; n++)
            for (int t = n; t >= 0; t--)
                for (int u = n - t; u >= 0; u--, at++)
                    for (int k = 0; k < 3; k++) {
                        const size_t above = hm_hermite_index(t + (k == 0), u + (k == 1), n - t - u + (k == 2));
                        e->force[k][c] += h[at] * one[above];
                        e->force_size[k][c] = fmax(e->force_size[k][c], fabs(h[at] * one[above]));
                    }
    }
}

static void check(const struct hm_potential_kernels *kernels, int L, double p)
{
    static const double P[3] = {0.4, -1.1, 2.3};
    const double scale = 0.37;
    struct made m;
    struct expected e;
    double h[HM_POTENTIAL_COUNT], R[HM_POTENTIAL_COUNT], raised[HM_POTENTIAL_COUNT], force[3][ROOM] = {{0}};
    double worst = 0;
    for (size_t i = 0; i < HM_POTENTIAL_COUNT; i++) h[i] = sin(0.7 * (double)i + 0.2);
    make(&m, P, p);
    expect(L, p, P, scale, &m, h, &e);
    kernels->potential(L, p, P, scale, &m.charges, R);
    kernels->forces(L, p, P, scale, &m.charges, h, raised, force[0]);
    /* Beyond the table the derivatives of a point charge's potential cancel: R_tuv to a part of its largest layer. */
    for (size_t i = 0; i < hm_hermite_count(L + 1); i++) {
        const double size = e.size[i] + 1e-2 * e.size[0] * pow(2 * p, 0.5 * L);
        worst = fmax(worst, fabs(raised[i] - e.R[i]) / size);
        if (i < hm_hermite_count(L)) worst = fmax(worst, fabs(R[i] - e.R[i]) / size);
    }
    for (size_t k = 0; k < 3; k++)
        for (size_t c = 0; c < ROOM; c++)
            worst = fmax(worst, c < NCHARGE ? fabs(force[k][c] - e.force[k][c]) / (e.force_size[k][c] + 1e-3)
                                            : fabs(force[k][c]));
    if (worst > 1e-12) printf("\n      %s, L = %d, p = %g: %g ", kernels->name, L, p, worst);
    CU_ASSERT_TRUE(worst <= 1e-12);
}

static void test_sums(void)
{
    static const double exponents[] = {0.05, 1.0, 40.0, 5000.0};
    const struct hm_potential_kernels *kernels;
    for (size_t k = 0; (kernels = hm_potential_kernels_available(k)); k++)
        for (int L = 0; L < HM_POTENTIAL_MAX_L; L++)
            for (size_t i = 0; i < 4; i++) check(kernels, L, exponents[i]);
}

/* Whatever the machine has, the bits are those of the portable kernel. */
static void test_bits(void)
{
    static const double P[3] = {0.1, 0.2, -0.7};
    const struct hm_potential_kernels *kernels;
    double h[HM_POTENTIAL_COUNT], R[2][HM_POTENTIAL_COUNT], force[2][3 * ROOM];
    struct made m;
    for (size_t i = 0; i < HM_POTENTIAL_COUNT; i++) h[i] = cos(0.3 * (double)i);
    make(&m, P, 0.8);
    for (int L = 0; L < HM_POTENTIAL_MAX_L; L++) {
        memset(R, 0, sizeof R);
        memset(force, 0, sizeof force);
        hm_potential_kernels_portable.forces(L, 0.8, P, 1.7, &m.charges, h, R[0], force[0]);
        for (size_t k = 0; (kernels = hm_potential_kernels_available(k)); k++) {
            memset(force[1], 0, sizeof force[1]);
            kernels->forces(L, 0.8, P, 1.7, &m.charges, h, R[1], force[1]);
            CU_ASSERT_EQUAL(memcmp(R[0], R[1], sizeof R[0]), 0);
            CU_ASSERT_EQUAL(memcmp(force[0], force[1], sizeof force[0]), 0);
        }
    }
}

int main(void)
{
    static const struct hm_test tests[] = {
        {"sums and forces against one charge at a time", test_sums},
        {"the same bits on any machine", test_bits},
    };
    return hm_test_main("potential of charges", tests, sizeof tests / sizeof *tests);
}
