/* Ranks that share the grid of a molecule find what one finds alone. */
#include "tests/hamiltonians/dft_xc.h"
#include "tests/mpi_test.h"

#include <string.h>

enum { MATRIX = XC_WATER_FUNCTIONS * XC_WATER_FUNCTIONS };

struct result {
    double energy, electrons, V[2 * MATRIX], gradient[9], points;
};

static void compute(const struct hm_team *team, struct result *result)
{
    struct xc_subject s;
    *result = (struct result){0};
    HM_ASSERT_OK(xc_subject_make("functional: pbe, grid: medium", 2, team, &s));
    HM_ASSERT_OK(hm_xc_matrix(s.xc, s.D, &result->energy, &result->electrons, result->V));
    HM_ASSERT_OK(hm_xc_gradient(s.xc, s.D, result->gradient));
    result->points = (double)hm_xc_points(s.xc);
    xc_subject_release(&s);
}

static void a_team_finds_what_one_finds_alone(void)
{
    static struct result alone, shared;
    const struct hm_team single = {.size = 1};
    const MPI_Comm world = MPI_COMM_WORLD;
    struct hm_team team;
    hm_team_start(&world, &team);
    compute(&single, &alone);
    compute(&team, &shared);
    if (team.size > 1) CU_ASSERT_TRUE(shared.points < 0.75 * alone.points);
    hm_team_sum(&team, &shared.energy, sizeof shared / sizeof(double));
    CU_ASSERT_EQUAL(shared.points, alone.points);
    HM_ASSERT_NEAR(shared.energy, alone.energy, 1e-12);
    HM_ASSERT_NEAR(shared.electrons, alone.electrons, 1e-12);
    for (size_t i = 0; i < 2 * MATRIX; i++) HM_ASSERT_NEAR(shared.V[i], alone.V[i], 1e-12);
    for (size_t i = 0; i < 9; i++) HM_ASSERT_NEAR(shared.gradient[i], alone.gradient[i], 1e-12);
}

static const struct hm_test tests[] = {{"a team finds what one finds alone", a_team_finds_what_one_finds_alone}};

HM_MPI_TEST_MAIN("dft exchange and correlation", tests)
