#include "tests/mpi_test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool world_is_complete(int rank, int size)
{
    const char *expected = getenv("HAMLET_TEST_RANKS");
    if (expected && strtol(expected, NULL, 10) == size) return true;
    if (rank == 0)
        fprintf(stderr,
                "%d ranks in this world, HAMLET_TEST_RANKS=%s: set it, or use the launcher of this MPI library\n", size,
                expected ? expected : "(unset)");
    return false;
}

static bool register_tests(const char *suite, const struct hm_test *tests, size_t count)
{
    if (CU_initialize_registry() != CUE_SUCCESS) return false;
    CU_pSuite handle = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; handle && i < count; i++)
        if (!CU_add_test(handle, tests[i].name, tests[i].run)) return false;
    return handle != NULL;
}

/* The summary comes from rank 0 alone; what fails elsewhere is named here. */
static void print_failures(int rank)
{
    for (CU_pFailureRecord failure = CU_get_failure_list(); failure; failure = failure->pNext)
        fprintf(stderr, "rank %d: %s: %s:%u: %s\n", rank, failure->pTest ? failure->pTest->pName : "(suite)",
                failure->strFileName ? failure->strFileName : "?", failure->uiLineNumber,
                failure->strCondition ? failure->strCondition : "?");
}

int hm_mpi_test_main(int *argc, char ***argv, const char *suite, const struct hm_test *tests, size_t count)
{
    if (MPI_Init(argc, argv) != MPI_SUCCESS) return 1;
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    /* Failed assertions, and ranks that asserted nothing: a rank that tested nothing has not passed. */
    unsigned mine[2] = {0, 1}, all[2];
    if (!world_is_complete(rank, size) || !register_tests(suite, tests, count)) {
        mine[0] = 1;
    } else {
        CU_basic_set_mode(rank == 0 ? CU_BRM_VERBOSE : CU_BRM_SILENT);
        CU_basic_run_tests();
        if (rank != 0) print_failures(rank);
        mine[0] = CU_get_number_of_failures();
        mine[1] = CU_get_number_of_asserts() == 0;
    }
    CU_cleanup_registry();

    MPI_Allreduce(mine, all, 2, MPI_UNSIGNED, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0) printf("%s on %d ranks: %u failures, %u ranks without assertions\n", suite, size, all[0], all[1]);
    fflush(stdout); /* mpirun ends the others as soon as one rank leaves with a failure */
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return all[0] == 0 && all[1] == 0 ? 0 : 1;
}
