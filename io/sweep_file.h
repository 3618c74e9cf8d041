/* The file of a sweep: which configurations one base configuration and some axes make.
 *
 *   base: run.yaml              relative to this file
 *   folder: out                 relative to the current folder; made by the sweep
 *   combine: grid               every combination, the last axis fastest (default); or zip: the first values
 *                               together, the second values together, ...
 *   axes:                       of any key of the configuration, an item of a list or a whole section too
 *     policy.frequency: [0.001, 0.01]
 *     predictor: [{type: linear}, {type: zero}]
 *     system.initial_velocities.seed + training.seed: {from: 1, count: 10}
 *                               keys that take the same value together; a range counts from `from` (default 1) by
 *                               `step` (default 1)
 *   baselines: [exact, stretched, longest_stable, linear, respa]
 *                               scheduler/sweep/baselines.h
 *   ranks_per_run: 1
 *
 * Axes are applied in their order, each as `--set key=value` would be.
 *
 * Errors: HM_BAD_CONFIG with every fault, file:line:column: message; HM_OUT_OF_MEMORY.
 * Owns: all that it shows, until hm_sweep_file_release.
 * MPI: local.
 */
#ifndef HM_IO_SWEEP_FILE_H
#define HM_IO_SWEEP_FILE_H

#include "io/config.h"

enum hm_sweep_kind {
    HM_SWEEP_RUN, /* of the axes themselves; the others are baselines */
    HM_SWEEP_EXACT,
    HM_SWEEP_STRETCHED,
    HM_SWEEP_LONGEST_STABLE,
    HM_SWEEP_LINEAR,
    HM_SWEEP_RESPA,
    HM_SWEEP_KINDS
};

extern const char *const hm_sweep_kind_names[HM_SWEEP_KINDS];
/* "exact, stretched, ... or respa", for messages. */
extern const char hm_sweep_baselines[];
/* HM_SWEEP_KINDS when there is no such baseline. */
enum hm_sweep_kind hm_sweep_baseline_find(const char *name);

struct hm_sweep_value {
    const char *text;                        /* as people see it: of a single value, its text without quotes */
    double number;                           /* NaN: it is none */
    const struct hm_config_setting *setting; /* (nkey) */
};

struct hm_sweep_axis {
    const char *name;             /* the keys, joined by " + " */
    const char *const *key;       /* (nkey) */
    struct hm_sweep_value *value; /* (count) */
    size_t nkey, count;
    bool numeric; /* all values are numbers */
    bool seeds;   /* all keys are seeds: what a table takes medians over */
};

struct hm_sweep_file {
    const char *path, *base, *folder;
    char *base_text, *text; /* both files as they were read */
    size_t base_size, size;
    bool zip;
    const struct hm_sweep_axis *axis; /* (naxis) */
    size_t naxis;
    size_t combinations;
    bool baseline[HM_SWEEP_KINDS];
    const char *baseline_place[HM_SWEEP_KINDS]; /* "sweep.yaml:9:14" */
    int ranks_per_run;
    struct hm_config *document; /* what the texts hang on */
};

enum hm_status hm_sweep_file_load(const char *path, struct hm_sweep_file *file);
void hm_sweep_file_release(struct hm_sweep_file *file);

/* A fault found later, at the value of a top-level key or at the top; returns HM_BAD_CONFIG. */
enum hm_status hm_sweep_file_fault(const struct hm_sweep_file *file, const char *key, const char *format, ...)
    HM_PRINTF(3, 4);

#endif
