/* Tests that run on several ranks: HM_MPI_TEST_MAIN in place of HM_TEST_MAIN.
 *
 * Every rank runs the same CUnit tests in the same order; a test may communicate over MPI_COMM_WORLD. Avoid the _FATAL
 * assertions around collectives: a rank that leaves a test early leaves the others waiting.
 *
 * The world size must equal the environment variable HAMLET_TEST_RANKS: a launcher of another MPI starts N worlds of
 * one rank each, and every one of them would pass.
 */
#ifndef HM_TESTS_MPI_TEST_H
#define HM_TESTS_MPI_TEST_H

#include "tests/test.h"

#include <mpi.h>

/* Initializes MPI, runs the suite, adds up the failures of all ranks and prints one closing line. Returns 0 only if
 * every rank made assertions and all of them held. MPI: collective over the world. */
int hm_mpi_test_main(int *argc, char ***argv, const char *suite, const struct hm_test *tests, size_t count);

#define HM_MPI_TEST_MAIN(suite, tests)                                                        \
    int main(int argc, char **argv)                                                           \
    {                                                                                         \
        return hm_mpi_test_main(&argc, &argv, suite, tests, sizeof(tests) / sizeof *(tests)); \
    }

#endif
