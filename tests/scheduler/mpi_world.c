/* The ranks see each other: what the other tests on several ranks rest on. */
#include "tests/mpi_test.h"

static void every_rank_is_counted(void)
{
    int rank, size, sum = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CU_ASSERT_EQUAL(sum, size * (size - 1) / 2);
}

static const struct hm_test tests[] = {{"every rank is counted", every_rank_is_counted}};

HM_MPI_TEST_MAIN("world", tests)
