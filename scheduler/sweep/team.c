#include "scheduler/sweep/team.h"

enum hm_status hm_sweep_team_create(MPI_Comm world, int ranks_per_team, struct hm_sweep_team *team)
{
    *team = (struct hm_sweep_team){.ranks_per_team = ranks_per_team};
    MPI_Comm_dup(world, &team->sweep);
    MPI_Comm_rank(team->sweep, &team->rank);
    MPI_Comm_size(team->sweep, &team->size);
    team->teams = team->size / ranks_per_team;
    team->number = team->rank / ranks_per_team;
    if (team->teams == 0) return hm_fail(HM_INTERNAL, "a team of %d from %d ranks", ranks_per_team, team->size);
    const bool left_over = team->number >= team->teams;
    if (left_over) team->number = team->teams;
    team->leads = !left_over && team->rank % ranks_per_team == 0;
    team->followers = team->leads ? ranks_per_team - 1 : 0;
    MPI_Comm_split(team->sweep, team->number, team->rank, &team->ranks);
    MPI_Comm_dup(team->ranks, &team->control);
    return HM_OK;
}

void hm_sweep_team_release(struct hm_sweep_team *team)
{
    MPI_Comm_free(&team->control);
    MPI_Comm_free(&team->ranks);
    MPI_Comm_free(&team->sweep);
}

/* The same to every follower. */
static enum hm_status tell(const struct hm_sweep_team *team, enum hm_message kind, enum hm_status end)
{
    enum hm_status status = HM_OK;
    for (int follower = 1; follower <= team->followers && status == HM_OK; follower++) {
        struct hm_outbox outbox = HM_OUTBOX_EMPTY;
        struct hm_archive *archive = hm_outbox_open(&outbox);
        if (kind == HM_MESSAGE_STOP) hm_sweep_put_end(archive, end);
        status = hm_outbox_send(&outbox, team->control, follower, kind);
        hm_outbox_release(&outbox);
    }
    return status;
}

enum hm_status hm_sweep_team_run(const struct hm_sweep_team *team, struct hm_job *job,
                                 const struct hm_driver_options *options)
{
    HM_TRY(tell(team, HM_MESSAGE_RUN, HM_OK));
    return hm_run(team->ranks, job, options);
}

enum hm_status hm_sweep_team_dismiss(const struct hm_sweep_team *team, enum hm_status status)
{
    return tell(team, HM_MESSAGE_STOP, status);
}

enum hm_status hm_sweep_team_follow(const struct hm_sweep_team *team)
{
    static const char *const nothing[1][2] = {{NULL, NULL}};
    const struct hm_driver_options options = {.quiet = true, .provenance = nothing};
    struct hm_inbox inbox = {0};
    enum hm_status status;
    /* What is left over belongs to no team: rank 0 itself tells it the end. */
    const MPI_Comm from = team->number < team->teams ? team->control : team->sweep;
    while ((status = hm_inbox_receive(&inbox, from, 0)) == HM_OK && inbox.kind == HM_MESSAGE_RUN) {
        struct hm_job job = {0};
        hm_run(team->ranks, &job, &options); /* how it ended is the leader's business */
        hm_job_release(&job);
    }
    if (status == HM_OK) status = hm_inbox_check(&inbox, HM_MESSAGE_STOP);
    if (status == HM_OK) status = hm_sweep_get_end(&inbox.archive);
    hm_inbox_release(&inbox);
    return status;
}

void hm_sweep_put_end(struct hm_archive *archive, enum hm_status status)
{
    hm_archive_put_int(archive, (int64_t)status);
    hm_archive_put_text(archive, status == HM_OK ? "" : hm_status_message());
}

enum hm_status hm_sweep_get_end(struct hm_archive *archive)
{
    int64_t code;
    const char *text;
    HM_TRY(hm_archive_get_int(archive, &code));
    HM_TRY(hm_archive_get_text(archive, &text));
    return code == (int64_t)HM_OK ? HM_OK : hm_fail((enum hm_status)code, "%s", text);
}
