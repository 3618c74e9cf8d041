/* One run of a sweep, from its configuration to its row.
 *
 * A run whose file is finished already is only analysed; one that was interrupted goes on from its checkpoint; one
 * without a usable checkpoint is started over. Every end but a stop is a row: a run that diverged or failed has its
 * reason in it, and what could be analysed.
 *
 * Errors: none of its own; HM_STOPPED says there is no row yet.
 * Owns: the outcome its row. MPI: as hm_sweep_team_run.
 */
#ifndef HM_SCHEDULER_SWEEP_EXECUTE_H
#define HM_SCHEDULER_SWEEP_EXECUTE_H

#include "scheduler/sweep/team.h"

#include "io/sweep_file.h"
#include "io/sweep_table.h"

struct hm_sweep_task {
    size_t run;
    enum hm_sweep_kind kind;
    const char *yaml, *name; // the configuration, and the file whose folder its paths are relative to
    const char *trajectory;
};

struct hm_sweep_outcome {
    enum hm_status status; // HM_OK: there is a row; HM_STOPPED
    struct hm_sweep_row row;
    char remark[512]; // for people; "" if there is nothing to say
    double seconds;
};

void hm_sweep_execute(const struct hm_sweep_team *team, const struct hm_sweep_task *task,
                      const struct hm_driver_options *options, struct hm_sweep_outcome *outcome);

/* The task's configuration with further settings and another trajectory, as a job. */
enum hm_status hm_sweep_task_job(const struct hm_sweep_task *task, const char *trajectory, const char *const *settings,
                                 size_t nsetting, struct hm_job *job);
/* "output.trajectory='out/0007.h5'", quoted as YAML has it. */
void hm_sweep_trajectory_setting(const char *trajectory, size_t size, char *setting);
/* A file beside a trajectory: "out/0007.h5" and "probe" to "out/0007.probe.h5". */
enum hm_status hm_sweep_name_beside(const char *trajectory, const char *word, size_t size, char *path);
/* Removes a trajectory and its checkpoints. */
void hm_sweep_remove_files(const char *trajectory);
/* The fields of a row from a trajectory. */
enum hm_status hm_sweep_analyze(const char *trajectory, struct hm_sweep_row *row);

#endif
