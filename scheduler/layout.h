/* Who does what: the world's ranks divided into the driver, the predictor ranks and the oracle groups.
 *
 *   rank 0 | predictor ranks 1 .. P | oracle group 0 | oracle group 1 | ...        (a group is `oracle_size` ranks)
 *
 *   ranks: auto    1 rank: everything inline; 2: driver with inline oracle + predictor; more: one rank per learning
 *                  committee member, the surplus to oracles. Nothing learns: all surplus to oracles.
 *   ranks: {...}   exactly as asked for; 0 predictors or 0 oracles = inline.
 *
 * Errors: HM_BAD_CONFIG when the ranks given do not fit those asked for.
 * Owns: the group communicator. `world` is borrowed.
 * MPI: hm_layout_plan is local; hm_layout_create is collective.
 */
#ifndef HM_SCHEDULER_LAYOUT_H
#define HM_SCHEDULER_LAYOUT_H

#include "io/config.h"

#include <mpi.h>
#include <stdbool.h>

enum hm_role { HM_ROLE_DRIVER, HM_ROLE_PREDICTOR, HM_ROLE_ORACLE };

struct hm_layout {
    MPI_Comm world;
    int rank, size;
    enum hm_role role;
    int npredictor; // predictor ranks; 0 = the driver trains
    int ngroup;     // oracle groups; 0 = the driver evaluates
    int group_size;
    int group;           // of this rank; -1 elsewhere
    MPI_Comm group_comm; // MPI_COMM_NULL elsewhere
};

/* How many ranks of each kind `size` ranks become when `learners` members of a committee train; no communication. */
enum hm_status hm_layout_plan(const struct hm_config *config, size_t learners, int size, struct hm_layout *layout);
enum hm_status hm_layout_create(const struct hm_config *config, size_t learners, MPI_Comm world,
                                struct hm_layout *layout);
void hm_layout_release(struct hm_layout *layout);

static inline int hm_layout_predictor_rank(int predictor)
{
    return 1 + predictor;
}

static inline int hm_layout_group_leader(const struct hm_layout *layout, int group)
{
    return 1 + layout->npredictor + group * layout->group_size;
}

#endif
