/* A suite that goes wrong as PLANT says, to see that the runner of MPI tests notices. */
#include "tests/mpi_test.h"

#include <stdlib.h>
#include <string.h>

static void *volatile lost;

static void planted(void)
{
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const char *plant = getenv("PLANT");
    const int last = rank == size - 1;
    if (strcmp(plant, "leak") == 0 && last) {
        lost = malloc(1000);
        lost = NULL;
    }
    if (strcmp(plant, "silence") == 0 && last) return;
    CU_ASSERT_FALSE(strcmp(plant, "failure") == 0 && last);
}

static const struct hm_test tests[] = {{"planted", planted}};

HM_MPI_TEST_MAIN("planted", tests)
