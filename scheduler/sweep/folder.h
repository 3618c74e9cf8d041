/* The folder of a sweep.
 *
 *   plan.txt              what the sweep is, a line for every run (scheduler/sweep/plan.h)
 *   sweep.yaml base.yaml  the files it was made from, for people
 *   0001.h5 ...           a trajectory for every run; 0001.chk while it is under way
 *   index.csv index.h5    the table (io/sweep_table.h)
 *
 * A folder belongs to one plan: another one is refused, and so is a folder with anything else in it. While a sweep
 * works in a folder its ranks hold a lock on it.
 *
 * Errors: HM_EXISTS (another sweep, or something else), HM_BAD_OUTPUT, HM_IO_ERROR; nothing is touched then.
 * Owns: its lock. MPI: local; rank 0 only, but for hm_sweep_folder_join.
 */
#ifndef HM_SCHEDULER_SWEEP_FOLDER_H
#define HM_SCHEDULER_SWEEP_FOLDER_H

#include "scheduler/sweep/plan.h"

struct hm_sweep_folder {
    const char *path;
    int lock;
};

/* Whether open() would take it, without touching anything. */
enum hm_status hm_sweep_folder_check(const struct hm_sweep_plan *plan);
enum hm_status hm_sweep_folder_open(const struct hm_sweep_plan *plan, struct hm_sweep_folder *folder);
void hm_sweep_folder_close(struct hm_sweep_folder *folder);

/* For the other ranks that work in it: a descriptor to close when they are done, or -1. A folder of which a rank that
 * was left behind by a kill is not done yet is not taken. */
int hm_sweep_folder_join(const char *trajectory);

/* "out/0001.h5"; HM_BAD_OUTPUT when that is too long. */
enum hm_status hm_sweep_folder_file(const struct hm_sweep_plan *plan, size_t run, const char *ending, size_t size,
                                    char *path);

#endif
