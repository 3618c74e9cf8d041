/* The kernels of the action's network on every instruction set this machine has: tanh within its stated bound of the
 * library's in long double, products beside plain loops, and the same bits from all. */
#include "predictors/action_kernels.h"
#include "tests/test.h"

#include "io/rng.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 20001, MOST = 40 };

static double uniform(uint64_t stream, size_t i)
{
    const struct hm_rng_key key = {.seed = 11, .purpose = HM_RNG_TEST};
    double u[2];
    hm_rng_uniform2(key, stream, (uint32_t)i, u);
    return u[0];
}

/* Both signs, from 1e-12 to where tanh is 1. */
static double argument(size_t i)
{
    return (i % 2 ? 1 : -1) * pow(10, -12 + 14 * uniform(1, i));
}

static void test_tanh(void)
{
    const struct hm_action_kernels *kernels[HM_ACTION_KERNELS];
    const size_t count = hm_action_kernels_find(kernels);
    double *first = calloc(MANY, sizeof *first), *a = calloc(MANY, sizeof *a);
    for (size_t k = 0; k < count; k++) {
        double worst = 0;
        for (size_t i = 0; i < MANY; i++) a[i] = argument(i);
        kernels[k]->tanh(MANY, a);
        for (size_t i = 0; i < MANY; i++) {
            const long double exact = tanhl((long double)argument(i));
            worst = fmax(worst, (double)fabsl(((long double)a[i] - exact) / exact));
        }
        CU_ASSERT_TRUE(worst <= 4 * DBL_EPSILON);
        if (k == 0) memcpy(first, a, MANY * sizeof *a);
        CU_ASSERT_EQUAL(memcmp(first, a, MANY * sizeof *a), 0);
        double odd[] = {0, -0.0, INFINITY, -INFINITY, NAN};
        kernels[k]->tanh(5, odd);
        CU_ASSERT_TRUE(odd[0] == 0 && odd[1] == 0 && odd[2] == 1 && odd[3] == -1 && isnan(odd[4]));
    }
    free(first);
    free(a);
}

struct matrices {
    double a[MOST * MOST], b[MOST * MOST], c[MOST * MOST], bias[MOST];
};

/* How the trial-th product begins: with 0, with a bias, with what was there. */
static struct hm_action_product pose(size_t trial, struct matrices *m)
{
    struct hm_action_product p = {.a = m->a, .b = m->b, .c = m->c};
    p.m = 1 + (size_t)(uniform(trial, 0) * MOST);
    p.n = 1 + (size_t)(uniform(trial, 1) * MOST);
    p.k = 1 + (size_t)(uniform(trial, 2) * MOST);
    const bool transposed = uniform(trial, 3) < 0.5;
    p.a_row = transposed ? 1 : p.k;
    p.a_column = transposed ? p.m : 1;
    if (trial % 3 == 1) p.bias = m->bias;
    p.add = trial % 3 == 2;
    for (size_t i = 0; i < MOST * MOST; i++) {
        m->a[i] = uniform(1000 + trial, i) - 0.5;
        m->b[i] = uniform(2000 + trial, i) - 0.5;
        m->c[i] = uniform(3000 + trial, i) - 0.5;
    }
    for (size_t i = 0; i < MOST; i++) m->bias[i] = uniform(4000 + trial, i);
    return p;
}

static void multiply_plainly(const struct hm_action_product *p)
{
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j++) {
            double sum = p->add ? p->c[i * p->n + j] : p->bias ? p->bias[j] : 0;
            for (size_t l = 0; l < p->k; l++) {
                const double product = p->a[i * p->a_row + l * p->a_column] * p->b[l * p->n + j];
                sum += product;
            }
            p->c[i * p->n + j] = sum;
        }
}

/* To the last bit, and nothing beyond the result is touched. */
static void test_products(void)
{
    const struct hm_action_kernels *kernels[HM_ACTION_KERNELS];
    const size_t count = hm_action_kernels_find(kernels);
    static struct matrices plain, vector;
    for (size_t trial = 0; trial < 200; trial++)
        for (size_t k = 0; k < count; k++) {
            const struct hm_action_product expected = pose(trial, &plain), p = pose(trial, &vector);
            multiply_plainly(&expected);
            kernels[k]->multiply(&p);
            CU_ASSERT_EQUAL(memcmp(plain.c, vector.c, sizeof plain.c), 0);
        }
}

static const struct hm_test tests[] = {
    {"tanh is within its bound, and the same on all", test_tanh},
    {"products are those of plain loops", test_products},
};

HM_TEST_MAIN("predictors/action_kernels", tests)
