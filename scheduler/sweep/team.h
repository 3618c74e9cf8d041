/* The ranks of a sweep, divided into teams that run one configuration at a time.
 *
 *   team 0: ranks 0 .. R-1 | team 1: ranks R .. 2R-1 | ... | what is left over waits for the end
 *
 * The first rank of a team leads: it is told what to run and drives. The others follow it into every run and wait
 * politely in between.
 *
 * Errors: HM_MPI_ERROR, HM_OUT_OF_MEMORY; those of hm_run.
 * Owns: its communicators.
 * MPI: create and release are collective over the world; run over the team, where followers are in
 * hm_sweep_team_follow.
 */
#ifndef HM_SCHEDULER_SWEEP_TEAM_H
#define HM_SCHEDULER_SWEEP_TEAM_H

#include "scheduler/roles.h"

struct hm_sweep_team {
    MPI_Comm sweep;   // all ranks, for what teams and rank 0 say to each other
    MPI_Comm ranks;   // of this team, for hm_run
    MPI_Comm control; // of this team, for what the leader says in between
    int rank, size;   // in the sweep
    int teams, ranks_per_team;
    int number; // of this team; `teams` for what is left over
    bool leads; // the first of a team
    int followers;
};

enum hm_status hm_sweep_team_create(MPI_Comm world, int ranks_per_team, struct hm_sweep_team *team);
void hm_sweep_team_release(struct hm_sweep_team *team);

static inline int hm_sweep_team_leader(const struct hm_sweep_team *team, int number)
{
    return number * team->ranks_per_team;
}

/* The leader's: one run of the whole team. */
enum hm_status hm_sweep_team_run(const struct hm_sweep_team *team, struct hm_job *job,
                                 const struct hm_driver_options *options);

/* The followers': every run of the leader until it says stop; returns how the sweep ended. */
enum hm_status hm_sweep_team_follow(const struct hm_sweep_team *team);
/* The leader's: ends the followers' part. `status` with the current message is how the sweep ended. */
enum hm_status hm_sweep_team_dismiss(const struct hm_sweep_team *team, enum hm_status status);

/* How a sweep ended, in a STOP message. */
void hm_sweep_put_end(struct hm_archive *archive, enum hm_status status);
enum hm_status hm_sweep_get_end(struct hm_archive *archive);

#endif
