/* The ranks of one oracle group, which share the work of an evaluation.
 *
 * Every member holds the same matrices. Work items (shell pairs, batches of points) are numbered alike on all members;
 * each computes its own and leaves the rest zero, and a sum over the team is the whole.
 *
 * Errors: none. Owns: nothing; the communicator is the group's. MPI: hm_team_sum is collective, its result has the same
 * bits on every member. The rest is local.
 */
#ifndef HM_HAMILTONIANS_DFT_TEAM_H
#define HM_HAMILTONIANS_DFT_TEAM_H

#include <stdbool.h>
#include <stddef.h>

struct hm_team {
    const void *communicator; // a pointer to an MPI_Comm; NULL: one rank
    int rank, size;
};

static inline bool hm_team_mine(const struct hm_team *team, size_t item)
{
    return team->size == 1 || item % (size_t)team->size == (size_t)team->rank;
}

void hm_team_start(const void *communicator, struct hm_team *team);
void hm_team_sum(const struct hm_team *team, double *values, size_t count);

#endif
