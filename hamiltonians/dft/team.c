#include "hamiltonians/dft/team.h"

#include <limits.h>
#include <mpi.h>

void hm_team_start(const void *communicator, struct hm_team *team)
{
    *team = (struct hm_team){.communicator = communicator, .rank = 0, .size = 1};
    if (!communicator) return;
    MPI_Comm_rank(*(const MPI_Comm *)communicator, &team->rank);
    MPI_Comm_size(*(const MPI_Comm *)communicator, &team->size);
}

/* To one rank and back: an all-reduce may add in another order on each. */
void hm_team_sum(const struct hm_team *team, double *values, size_t count)
{
    if (team->size == 1) return;
    const MPI_Comm communicator = *(const MPI_Comm *)team->communicator;
    while (count > 0) {
        const int n = count < INT_MAX ? (int)count : INT_MAX;
        MPI_Reduce(team->rank == 0 ? MPI_IN_PLACE : values, values, n, MPI_DOUBLE, MPI_SUM, 0, communicator);
        MPI_Bcast(values, n, MPI_DOUBLE, 0, communicator);
        values += n;
        count -= (size_t)n;
    }
}
