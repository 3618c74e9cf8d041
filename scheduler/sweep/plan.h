/* The plan of a sweep: every run, checked before any of them starts.
 *
 * The combinations of the axes come first, the last axis fastest, then the baselines of each kind. Two runs with the
 * same configuration are one: the later is left out. An axis means nothing to a baseline that stands for several of its
 * values.
 *
 * What identifies a plan is one line for every run: its number, kind, axes and a fingerprint of its configuration and
 * its atoms. The trajectory's name and comments are no part of it.
 *
 * Errors: HM_BAD_CONFIG: every fault of every run, each once, with the runs that have it; what reading files reports.
 * Owns: all but the file, which outlives it.
 * MPI: local.
 */
#ifndef HM_SCHEDULER_SWEEP_PLAN_H
#define HM_SCHEDULER_SWEEP_PLAN_H

#include "io/sweep_file.h"
#include "io/sweep_table.h"

struct hm_sweep_run {
    enum hm_sweep_kind kind;
    const char **axis; /* (naxis) values as people see them; NULL: means nothing here */
    char *yaml;        /* the whole configuration */
    uint64_t fingerprint;
};

/* Faults and notes that several runs share. */
struct hm_sweep_remark {
    char *text;
    size_t runs, first; /* how many have it, and the first combination that does */
};

struct hm_sweep_remarks {
    struct hm_sweep_remark *of;
    size_t count;
};

struct hm_sweep_plan {
    const struct hm_sweep_file *file;
    struct hm_sweep_run *run; /* (count) */
    size_t count, capacity;
    size_t of_kind[HM_SWEEP_KINDS];
    size_t repeats[HM_SWEEP_KINDS]; /* combinations whose baseline is a run of another kind */
    struct hm_sweep_remarks notes;  /* baselines that some runs do not have */
    struct hm_sweep_columns columns;
};

/* `ranks` of the world; 0: not known yet. */
enum hm_status hm_sweep_plan_make(const struct hm_sweep_file *file, int ranks, struct hm_sweep_plan *plan);
void hm_sweep_plan_release(struct hm_sweep_plan *plan);

/* "policy.frequency" as "frequency", unless another axis ends in the same word. */
const char *hm_sweep_plan_axis_name(const struct hm_sweep_file *file, size_t axis);
/* "frequency 0.01, molecule HCl"; run counts from 1. */
void hm_sweep_plan_describe(const struct hm_sweep_plan *plan, size_t run, char *text, size_t size);

/* The identifying line of a run, without its end. */
void hm_sweep_plan_line(const struct hm_sweep_plan *plan, size_t run, char *text, size_t size);

/* The name of a run's file without its ending: "0012", as wide as the last run's. */
void hm_sweep_plan_stem(const struct hm_sweep_plan *plan, size_t run, char text[32]);

#endif
