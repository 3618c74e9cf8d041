#include "tests/predictors/fluid.h"

#include "io/units.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#define SIGMA (3.405 / HM_LENGTH_ANGSTROM)
#define EPSILON 3.794e-4 // 119.8 K
#define CELL (5.78 / HM_LENGTH_ANGSTROM)
#define LARGER 1.07 // sigma of the other atoms of a mixture

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 4503599627370496.0 - 1;
}

void fluid_create(struct fluid *fluid, size_t cells, bool periodic, bool mixture, double nu)
{
    static const double place[4][3] = {{0, 0, 0}, {0.5, 0.5, 0}, {0.5, 0, 0.5}, {0, 0.5, 0.5}};
    const size_t n = 4 * cells * cells * cells;
    uint64_t state = 3;
    *fluid = (struct fluid){.nu = nu, .cutoff = periodic ? 0.5 * CELL * (double)cells : 1e3};
    CU_ASSERT_EQUAL_FATAL(hm_frame_create(n, &fluid->frame), HM_OK);
    fluid->force = calloc(3 * n, sizeof *fluid->force);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fluid->force);
    for (size_t i = 0; i < n; i++) {
        const size_t cell[3] = {i / 4 % cells, i / 4 / cells % cells, i / 4 / cells / cells};
        const bool other = mixture && i % 2 == 1;
        fluid->frame.number[i] = other ? 36 : 18;
        fluid->frame.mass[i] = (other ? 83.8 : 39.948) / HM_MASS_AMU;
        for (size_t k = 0; k < 3; k++) {
            fluid->frame.x[3 * i + k] = CELL * ((double)cell[k] + place[i % 4][k]) + 0.5 * uniform(&state);
            fluid->frame.v[3 * i + k] = 3e-4 * uniform(&state);
        }
    }
    for (size_t k = 0; k < 3; k++) {
        fluid->frame.periodic[k] = periodic;
        fluid->frame.cell[4 * k] = periodic ? CELL * (double)cells : 0;
    }
    fluid_move(fluid, periodic ? 150 : 40);
}

void fluid_destroy(struct fluid *fluid)
{
    hm_frame_release(&fluid->frame);
    free(fluid->force);
}

static void push(double *force, size_t i, size_t j, const double d[3], double factor)
{
    for (size_t k = 0; k < 3; k++) {
        force[3 * i + k] -= factor * d[k];
        force[3 * j + k] += factor * d[k];
    }
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* With a, b, c the squared sides: E = nu (8abc + 3 (b+c-a)(c+a-b)(a+b-c)) / (8 (abc)^(5/2)). */
static void add_triple(double nu, const double *x, const size_t atom[3], double *force)
{
    double d[3][3], s[3];
    for (size_t e = 0; e < 3; e++) {
        for (size_t k = 0; k < 3; k++) d[e][k] = x[3 * atom[(e + 1) % 3] + k] - x[3 * atom[e] + k];
        s[e] = dot(d[e], d[e]);
    }
    const double a = s[0], b = s[1], c = s[2], p = b + c - a, q = c + a - b, r = a + b - c;
    const double top = 8 * a * b * c + 3 * p * q * r, bottom = 8 * pow(a * b * c, 2.5);
    const double slope[3] = {8 * b * c + 3 * (-q * r + p * r + p * q), 8 * a * c + 3 * (q * r - p * r + p * q),
                             8 * a * b + 3 * (q * r + p * r - p * q)};
    for (size_t e = 0; e < 3; e++)
        push(force, atom[e], atom[(e + 1) % 3], d[e], -2 * nu * (slope[e] - 2.5 * top / s[e]) / bottom);
}

void fluid_force(const struct fluid *fluid, const double *x, double *force)
{
    const size_t n = fluid->frame.natom;
    memset(force, 0, 3 * n * sizeof *force);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            double d[3];
            hm_minimum_image(&fluid->frame, &x[3 * i], &x[3 * j], d);
            const double r2 = dot(d, d);
            const double sigma =
                SIGMA * 0.5 *
                ((fluid->frame.number[i] == 18 ? 1 : LARGER) + (fluid->frame.number[j] == 18 ? 1 : LARGER));
            const double s6 = pow(sigma * sigma / r2, 3);
            if (r2 < fluid->cutoff * fluid->cutoff) push(force, i, j, d, 24 * EPSILON * (2 * s6 * s6 - s6) / r2);
        }
    if (fluid->nu == 0) return;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            for (size_t k = j + 1; k < n; k++) add_triple(fluid->nu, x, (const size_t[3]){i, j, k}, force);
}

void fluid_move(struct fluid *fluid, size_t steps)
{
    const double dt = 10 / HM_TIME_FS;
    struct hm_frame *frame = &fluid->frame;
    for (size_t step = 0; step < steps; step++) {
        fluid_force(fluid, frame->x, fluid->force);
        for (size_t k = 0; k < 3 * frame->natom; k++) {
            frame->v[k] += dt * fluid->force[k] / frame->mass[k / 3];
            frame->x[k] += dt * frame->v[k];
        }
    }
}
