/* Real solid harmonics of Cartesian components.
 *
 * With all components of a shell normalised as (l, 0, 0) is, the norm of a harmonic is 1 if it is the solid harmonic
 * r^l C_lm in Racah's normalisation, whose coefficients are these.
 */
#include "hamiltonians/dft/basis.h"

#define SQRT3 1.7320508075688772
#define SQRT3_4 0.86602540378443865
#define SQRT5_8 0.79056941504209483
#define SQRT5_16 0.55901699437494742
#define SQRT15 3.8729833462074169
#define SQRT15_4 1.9364916731037085
#define SQRT3_8 0.61237243569579452
#define SQRT6 2.4494897427831781
#define SQRT35_2 4.183300132670378
#define SQRT35_64 0.73950997288745202
#define SQRT35_4 2.9580398915498081
#define SQRT45_8 2.3717082451262845
#define SQRT5_4 1.1180339887498949
#define SQRT10 3.1622776601683795

static const double s[1] = {1};

/* x y z */
static const double p[3][3] = {
    {0, 1, 0},
    {0, 0, 1},
    {1, 0, 0},
};

/* xx xy xz yy yz zz */
static const double d[5][6] = {
    {0, SQRT3, 0, 0, 0, 0},          // xy
    {0, 0, 0, 0, SQRT3, 0},          // yz
    {-0.5, 0, 0, -0.5, 0, 1},        // zz - (xx + yy) / 2
    {0, 0, SQRT3, 0, 0, 0},          // xz
    {SQRT3_4, 0, 0, -SQRT3_4, 0, 0}, // xx - yy
};

/* xxx xxy xxz xyy xyz xzz yyy yyz yzz zzz */
static const double f[7][10] = {
    {0, 3 * SQRT5_8, 0, 0, 0, 0, -SQRT5_8, 0, 0, 0},  {0, 0, 0, 0, SQRT15, 0, 0, 0, 0, 0},
    {0, -SQRT3_8, 0, 0, 0, 0, -SQRT3_8, 0, SQRT6, 0}, {0, 0, -1.5, 0, 0, 0, 0, -1.5, 0, 1},
    {-SQRT3_8, 0, 0, -SQRT3_8, 0, SQRT6, 0, 0, 0, 0}, {0, 0, SQRT15_4, 0, 0, 0, 0, -SQRT15_4, 0, 0},
    {SQRT5_8, 0, 0, -3 * SQRT5_8, 0, 0, 0, 0, 0, 0},
};

/* xxxx xxxy xxxz xxyy xxyz xxzz xyyy xyyz xyzz xzzz yyyy yyyz yyzz yzzz zzzz */
static const double g[9][15] = {
    {0, SQRT35_4, 0, 0, 0, 0, -SQRT35_4, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 1.5 * SQRT35_2, 0, 0, 0, 0, 0, 0, -0.5 * SQRT35_2, 0, 0, 0},
    {0, -SQRT5_4, 0, 0, 0, 0, -SQRT5_4, 0, 6 * SQRT5_4, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, -SQRT45_8, 0, 0, 0, 0, 0, 0, -SQRT45_8, 0, SQRT10, 0},
    {0.375, 0, 0, 0.75, 0, -3, 0, 0, 0, 0, 0.375, 0, -3, 0, 1},
    {0, 0, -SQRT45_8, 0, 0, 0, 0, -SQRT45_8, 0, SQRT10, 0, 0, 0, 0, 0},
    {-SQRT5_16, 0, 0, 0, 0, 6 * SQRT5_16, 0, 0, 0, 0, SQRT5_16, 0, -6 * SQRT5_16, 0, 0},
    {0, 0, 0.5 * SQRT35_2, 0, 0, 0, 0, -1.5 * SQRT35_2, 0, 0, 0, 0, 0, 0, 0},
    {SQRT35_64, 0, 0, -6 * SQRT35_64, 0, 0, 0, 0, 0, 0, SQRT35_64, 0, 0, 0, 0},
};

const double *hm_shell_spherical(int l)
{
    static const double *const table[HM_AUXILIARY_MAX_L + 1] = {s, p[0], d[0], f[0], g[0]};
    return table[l];
}
