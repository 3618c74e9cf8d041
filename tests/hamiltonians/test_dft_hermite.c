/* Hermite Gaussians: the Boys function against mpmath 1.2.1, expansions against the products they stand for, Coulomb
 * integrals against differences of one another. */
#include "hamiltonians/dft/hermite.h"
#include "tests/test.h"

#include <stdio.h>

/* mp.dps = 40; hyp1f1(m + 1/2, m + 3/2, -x) / (2 m + 1), m = 0, 2 ... 14. */
static const struct {
    double x, F[8];
} boys[] = {
    {0,
     {1.0, 0.2, 0.11111111111111111, 0.076923076923076923, 0.058823529411764706, 0.047619047619047619, 0.04,
      0.034482758620689655}},
    {1e-12,
     {0.99999999999966667, 0.19999999999985714, 0.1111111111110202, 0.076923076923010256, 0.058823529411712074,
      0.047619047619004141, 0.039999999999962963, 0.034482758620657397}},
    {0.01,
     {0.9966766429033635, 0.19857696900746478, 0.11020585526922126, 0.076259342680756114, 0.058299587344931013,
      0.047186258851853437, 0.039631348403819069, 0.034161688376378682}},
    {0.03125,
     {0.98968026736701083, 0.19558950841055655, 0.10830742535658168, 0.074868200199624979, 0.057201824496187574,
      0.046279696199011198, 0.038859267001147938, 0.03348934625189614}},
    {0.5,
     {0.8556243918921488, 0.14075053682591272, 0.07402351120587764, 0.04995969283028526, 0.037649546503490997,
      0.030190326374923702, 0.025191805984945877, 0.021610567884730964}},
    {1.7,
     {0.63539069040215286, 0.063754110490394189, 0.028675191783335316, 0.018010487905780042, 0.013033589883805425,
      0.010184999453970258, 0.0083485900757300752, 0.0070691323455594635}},
    {5.03,
     {0.39455031285217402, 0.010851926932492039, 0.0026507489289279659, 0.0012323355428868667, 0.00075533714181095749,
      0.0005331436986903966, 0.00040843733824794226, 0.00032970055979048823}},
    {12.34,
     {0.25228246566645123, 0.0012423630984557622, 7.1160716679822005e-5, 1.1309876219024773e-5, 3.3358834049561545e-6,
      1.4553644725920813e-6, 8.1172496045378675e-7, 5.2848890031829729e-7}},
    {20.97,
     {0.19352885422520586, 0.00033007307687425794, 6.5677990445108973e-6, 3.6963285699800172e-7, 4.095247743501516e-8,
      7.493068555485643e-9, 2.0287010764092718e-9, 7.4788760236576438e-10}},
    {31.415,
     {0.15811621465107978, 0.00012016100276593836, 1.0653626541424767e-6, 2.6717667264808572e-8, 1.3197719124103728e-9,
      1.0798548649128718e-10, 1.3211804969414348e-11, 2.2585637430129616e-12}},
    {35.99,
     {0.14772500636246918, 8.5536522001571317e-5, 5.7782449333477995e-7, 1.1040975774410179e-8, 4.1554530476304141e-10,
      2.5905808350517159e-11, 2.4150149417601732e-12, 3.1462536487532804e-13}},
    {36,
     {0.14770448757545967, 8.547713401357284e-5, 5.7710256374551025e-7, 1.1021055901148433e-8, 4.1456517757409255e-10,
      2.5830349392124641e-11, 2.406642885981735e-12, 3.1336052946791121e-13}},
    {36.01,
     {0.14768397733616403, 8.5417803735839921e-5, 5.7638173626217615e-7, 1.100117748442597e-8, 4.1358763342208843e-10,
      2.5755131098281855e-11, 2.3983021663015251e-12, 3.1210112785192381e-13}},
    {40,
     {0.14012478040994822, 6.5683490817163172e-5, 3.5920659040630334e-7, 5.5564769452870986e-9, 1.6929890686365478e-10,
      8.5443041400583471e-12, 6.4482788469807709e-13, 6.8009119937077612e-14}},
    {55.5,
     {0.11895931346226525, 2.8965014234785793e-5, 8.228029366264936e-8, 6.6112726829009711e-10, 1.0463421582385264e-11,
      2.7430283021754223e-13, 1.0753044963474334e-14, 5.8910034495872081e-16}},
    {80,
     {0.099083182440150275, 1.161131044220511e-5, 1.5874838495202299e-8, 6.1390976993165142e-11, 4.6762658256512511e-13,
      5.9001322722084144e-15, 1.1131890185455719e-16, 2.9351663574932073e-18}},
    {200,
     {0.062665706865775013, 1.1749820037332815e-6, 2.5702731331665532e-10, 1.5903565011468048e-13,
      1.9382469857726684e-16, 3.9128361025285743e-19, 1.1811873984508134e-21, 4.9831343372143689e-24}},
    {1000,
     {0.028024956081989643, 2.1018717061492233e-8, 1.8391377428805704e-13, 4.5518659136294116e-18,
      2.2190346328943382e-22, 1.7918704660621781e-26, 2.16368358777008e-30, 3.65121605436201e-34}},
    {123456.7,
     {0.0025222469679993792, 1.2411364888369068e-13, 7.1252198431687516e-23, 1.1570287321893293e-31,
      3.700747340137562e-40, 1.9606615789302459e-48, 1.5533182676317252e-56, 1.7197879556154813e-64}},
};

static void test_boys(void)
{
    double F[HM_HERMITE_MAX_L + 1], worst = 0;
    for (size_t i = 0; i < sizeof boys / sizeof *boys; i++)
        for (int M = 0; M <= HM_HERMITE_MAX_L; M++) { /* the table is entered at every M */
            hm_boys(M, boys[i].x, F);
            for (int m = 0; m <= M; m += 2) worst = fmax(worst, fabs(F[m] / boys[i].F[m / 2] - 1));
        }
    if (worst > 1e-14) printf("\n      worst relative error %.1e ", worst);
    CU_ASSERT_TRUE(worst <= 1e-13);
}

/* dF_m/dx = -F_{m+1}, at points between those of the table and across its end. */
static void test_boys_slope(void)
{
    double low[HM_HERMITE_MAX_L + 1], high[HM_HERMITE_MAX_L + 1], at[HM_HERMITE_MAX_L + 1];
    const double h = 1e-4;
    for (double x = h; x < 50; x += 0.137) {
        hm_boys(HM_HERMITE_MAX_L, x - h, low);
        hm_boys(HM_HERMITE_MAX_L, x + h, high);
        hm_boys(HM_HERMITE_MAX_L, x, at);
        for (int m = 0; m < HM_HERMITE_MAX_L; m++)
            HM_ASSERT_NEAR((low[m] - high[m]) / (2 * h), at[m + 1], 1e-8 * at[m + 1] + 1e-14 / h * at[m]);
    }
}

/* d^t/dP^t exp(-p (x - P)^2) = h_t exp(-p (x - P)^2), h_{t+1} = 2p ((x - P) h_t - t h_{t-1}). */
static double expanded(int tmax, const double *E, double p, double y)
{
    double sum = 0, before = 0, h = 1;
    for (int t = 0; t <= tmax; t++) {
        sum += E[t] * h;
        const double next = 2 * p * (y * h - t * before);
        before = h;
        h = next;
    }
    return sum * exp(-p * y * y);
}

static void test_expansion(void)
{
    enum { LA = 5, LB = 4 };
    double E[(LA + 1) * (LB + 1) * (LA + LB + 1)];
    const double a = 0.7, b = 1.9, A = 0.3, B = -0.4, p = a + b, P = (a * A + b * B) / p;
    hm_hermite_expand(LA, LB, a, b, A - B, E);
    for (int i = 0; i <= LA; i++)
        for (int j = 0; j <= LB; j++)
            for (double x = -1.5; x < 1.6; x += 0.5) {
                const double *row = E + (i * (LB + 1) + j) * (LA + LB + 1);
                const double product =
                    pow(x - A, i) * pow(x - B, j) * exp(-a * (x - A) * (x - A) - b * (x - B) * (x - B));
                HM_ASSERT_NEAR(expanded(i + j, row, p, x - P), product, 1e-13);
                for (int t = i + j + 1; t <= LA + LB; t++) CU_ASSERT_EQUAL(row[t], 0);
            }
}

static void test_expansion_slope(void)
{
    enum { LA = 4, LB = 4, SIZE = (LA + 1) * (LB + 1) * (LA + LB + 1) };
    double low[SIZE], high[SIZE], E[SIZE], S[SIZE];
    const double a = 0.7, b = 1.9, AB = 0.6, h = 1e-4;
    hm_hermite_expand(LA, LB, a, b, AB, E);
    hm_hermite_expand(LA, LB, a, b, AB - h, low);
    hm_hermite_expand(LA, LB, a, b, AB + h, high);
    hm_hermite_expand_slope(LA, LB, a, b, AB, E, S);
    for (size_t i = 0; i < SIZE; i++) HM_ASSERT_NEAR((high[i] - low[i]) / (2 * h), S[i], 1e-7);
}

static void test_order(void)
{
    size_t place = 0;
    for (int n = 0; n <= HM_HERMITE_MAX_L; n++) {
        CU_ASSERT_EQUAL(hm_hermite_count(n - 1), place);
        for (int t = n; t >= 0; t--)
            for (int u = n - t; u >= 0; u--) CU_ASSERT_EQUAL(hm_hermite_index(t, u, n - t - u), place++);
    }
}

static void compare_slopes(double alpha, const double r[3])
{
    enum { L = HM_HERMITE_MAX_L };
    static double low[L * L * L], high[L * L * L], at[L * L * L];
    const double h = 1e-4 / sqrt(alpha);
    hm_hermite_coulomb(L, alpha, r, 0.8, at);
    for (int k = 0; k < 3; k++) {
        double moved[3] = {r[0], r[1], r[2]};
        moved[k] = r[k] - h;
        hm_hermite_coulomb(L, alpha, moved, 0.8, low);
        moved[k] = r[k] + h;
        hm_hermite_coulomb(L, alpha, moved, 0.8, high);
        for (int n = 0; n < L; n++)
            for (int t = n; t >= 0; t--)
                for (int u = n - t; u >= 0; u--) {
                    const int v = n - t - u;
                    const size_t here = hm_hermite_index(t, u, v);
                    const size_t next = hm_hermite_index(t + (k == 0), u + (k == 1), v + (k == 2));
                    const double scale = pow(alpha, 0.5 * (n + 1)) * tgamma(0.5 * (n + 3)) * pow(2, n);
                    HM_ASSERT_NEAR((high[here] - low[here]) / (2 * h), at[next], 1e-6 * scale);
                }
    }
}

static void test_coulomb(void)
{
    const double points[][3] = {{0, 0, 0}, {0.3, -0.5, 0.7}, {1.2, 2.3, -0.4}, {3, -2, 5}, {-0.01, 0, 4}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        double r[3] = {points[i][0], points[i][1], points[i][2]}, R[1], F[1];
        hm_hermite_coulomb(0, 0.6, r, 2.5, R);
        hm_boys(0, 0.6 * (r[0] * r[0] + r[1] * r[1] + r[2] * r[2]), F);
        HM_ASSERT_NEAR(R[0], 2.5 * F[0], 1e-15);
        compare_slopes(0.6, r);
        compare_slopes(17.0, r);
    }
}

static const struct hm_test tests[] = {
    {"Boys function against mpmath", test_boys},
    {"derivatives of the Boys function", test_boys_slope},
    {"a product of Gaussians is the sum of its Hermite Gaussians", test_expansion},
    {"derivatives of expansions", test_expansion_slope},
    {"order of Hermite Gaussians", test_order},
    {"Coulomb integrals are derivatives of one another", test_coulomb},
};
HM_TEST_MAIN("dft.hermite", tests)
