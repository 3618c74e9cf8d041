/* The ranks of an oracle group share two-electron integrals: their sums are what one rank computes. */
#include "tests/hamiltonians/dft_integrals.h"
#include "tests/mpi_test.h"

#include <stdlib.h>
#include <string.h>

static const struct hm_team alone = {.size = 1};

/* J, K and both gradients, in one array; the sum over the team. */
static void compute(const char *auxiliary, size_t memory, const struct hm_team *team, double **values, size_t *count)
{
    struct dft_integrals s;
    const struct hm_coulomb_options options = {.exchange = true, .threshold = 1e-12, .memory = memory};
    *values = NULL;
    *count = 0;
    if (!dft_start("basis: 6-31G*", auxiliary, dft_made_number, dft_made_place, options, team, &s)) return;
    const size_t square = s.n * s.n;
    *count = 2 * square + 3 * DFT_ATOMS;
    *values = calloc(*count, sizeof **values);
    HM_ASSERT_OK(hm_coulomb_matrix(s.coulomb, s.D, *values));
    HM_ASSERT_OK(hm_exchange_matrix(s.coulomb, s.D, *values + square));
    HM_ASSERT_OK(hm_coulomb_gradient(s.coulomb, s.D, *values + 2 * square));
    HM_ASSERT_OK(hm_exchange_gradient(s.coulomb, 0.25, s.D, *values + 2 * square));
    hm_team_sum(team, *values, *count);
    dft_stop(&s);
}

static void compare(const char *auxiliary, size_t memory)
{
    const MPI_Comm world = MPI_COMM_WORLD;
    struct hm_team team;
    double *mine, *ours;
    size_t n, count;
    hm_team_start(&world, &team);
    compute(auxiliary, memory, &alone, &mine, &n);
    compute(auxiliary, memory, &team, &ours, &count);
    CU_ASSERT_EQUAL(n, count);
    CU_ASSERT_TRUE(n > 0 && dft_largest_difference(n, mine, ours) < 1e-10);
    free(mine);
    free(ours);
}

static void test_exact(void)
{
    compare(NULL, 0);
    compare(NULL, DFT_STORE);
}

static void test_fit(void)
{
    compare("auxiliary: auto", 0);
    compare("auxiliary: auto", DFT_STORE);
}

static const struct hm_test tests[] = {
    {"exact integrals", test_exact},
    {"density fitting", test_fit},
};
HM_MPI_TEST_MAIN("dft.coulomb", tests)
