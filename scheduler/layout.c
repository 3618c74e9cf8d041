#include "scheduler/layout.h"

static enum hm_status plan_asked(const struct hm_config *config, size_t learners, int size, struct hm_layout *layout)
{
    layout->npredictor = (int)hm_config_integer(config, "ranks.predictors");
    layout->ngroup = (int)hm_config_integer(config, "ranks.oracles");
    layout->group_size = (int)hm_config_integer(config, "ranks.oracle_size");
    if (layout->npredictor > 1 && (size_t)layout->npredictor > learners)
        return hm_config_fault(config, "ranks.predictors",
                               "%d predictor ranks asked for, but %zu member%s of the committee to train",
                               layout->npredictor, learners, learners == 1 ? "" : "s");
    const int needed = 1 + layout->npredictor + layout->ngroup * layout->group_size;
    if (needed != size)
        return hm_config_fault(config, "ranks",
                               "asks for %d ranks (1 driver, %d predictors, %d oracles of %d), given %d: "
                               "start with 'hamlet run -n %d', or use 'ranks: auto'",
                               needed, layout->npredictor, layout->ngroup, layout->group_size, size, needed);
    return HM_OK;
}

static void plan_auto(size_t learners, int size, struct hm_layout *layout)
{
    const int workers = size - 1;
    layout->npredictor = learners < (size_t)workers ? (int)learners : workers;
    layout->ngroup = size - 1 - layout->npredictor;
    layout->group_size = 1;
}

enum hm_status hm_layout_plan(const struct hm_config *config, size_t learners, int size, struct hm_layout *layout)
{
    *layout = (struct hm_layout){.world = MPI_COMM_NULL, .group_comm = MPI_COMM_NULL, .size = size, .group = -1};
    if (!hm_config_is(config, "ranks", "auto")) return plan_asked(config, learners, size, layout);
    plan_auto(learners, size, layout);
    return HM_OK;
}

enum hm_status hm_layout_create(const struct hm_config *config, size_t learners, MPI_Comm world,
                                struct hm_layout *layout)
{
    int size, rank;
    MPI_Comm_size(world, &size);
    MPI_Comm_rank(world, &rank);
    HM_TRY(hm_layout_plan(config, learners, size, layout)); /* the same answer on every rank */
    layout->world = world;
    layout->rank = rank;
    const int first_oracle = 1 + layout->npredictor;
    if (rank == 0)
        layout->role = HM_ROLE_DRIVER;
    else if (rank < first_oracle)
        layout->role = HM_ROLE_PREDICTOR;
    else {
        layout->role = HM_ROLE_ORACLE;
        layout->group = (rank - first_oracle) / layout->group_size;
    }
    MPI_Comm_split(world, layout->group >= 0 ? layout->group : MPI_UNDEFINED, rank, &layout->group_comm);
    return HM_OK;
}

void hm_layout_release(struct hm_layout *layout)
{
    if (layout->group_comm != MPI_COMM_NULL) MPI_Comm_free(&layout->group_comm);
}
