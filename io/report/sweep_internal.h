/* Inside the report of a sweep: runs that differ in nothing but their seeds are one group.
 *
 * Owns: groups live in the memory of the report. MPI: local.
 */
#ifndef HM_IO_REPORT_SWEEP_INTERNAL_H
#define HM_IO_REPORT_SWEEP_INTERNAL_H

#include "io/report/report_internal.h"
#include "io/sweep_index.h"

/* What only some sweeps know: growth of errors in studies, strides. */
enum { HM_AXES = 32, HM_SWEEP_SPECIAL = 7 };

struct hm_sweep_special {
    enum hm_sweep_field field;
    const char *heading;
};

extern const struct hm_sweep_special hm_sweep_special[HM_SWEEP_SPECIAL];

/* Over the runs of a group that finished; NaN where none knows. */
struct hm_spread {
    double median, low, high;
    size_t known;
};

struct hm_sweep_group {
    const char *kind;
    const char *const *axis; /* of the first run */
    size_t runs, finished, diverged;
    struct hm_spread deviation, residual;
    struct hm_spread forces;       /* exact forces for every step of the run that this one stands for */
    struct hm_spread calls_per_ps; /* exact forces asked for in a picosecond */
    struct hm_spread wall_per_ps;  /* seconds */
    struct hm_spread special[HM_SWEEP_SPECIAL];
};

struct hm_sweep_view {
    const struct hm_sweep_index *index;
    size_t ngroup;
    struct hm_sweep_group *group;
    size_t nshown; /* axes that are no seeds and have several values */
    size_t shown[HM_AXES];
};

enum hm_status hm_sweep_view_make(struct hm_report *report, const struct hm_sweep_index *index,
                                  struct hm_sweep_view *view);
/* "frequency 0.01, molecule HCl" of the axes in `mask` (bit: index of `shown`); "" of none. */
const char *hm_sweep_view_name(struct hm_report *report, const struct hm_sweep_view *view,
                               const struct hm_sweep_group *group, unsigned mask);
/* The last word of an axis: "frequency" of "policy.frequency". */
const char *hm_sweep_axis_word(const char *name);
/* Whether two groups agree in the axes of the mask; an empty value agrees with every other if `loose`. */
bool hm_sweep_groups_agree(const struct hm_sweep_view *view, const struct hm_sweep_group *a,
                           const struct hm_sweep_group *b, unsigned mask, bool loose);

/* Whether a run is one of the group. */
bool hm_sweep_group_has(const struct hm_sweep_view *view, const struct hm_sweep_group *group,
                        const struct hm_sweep_index_row *row);

enum hm_status hm_report_sweep_study(struct hm_report *report, const char *folder, const struct hm_sweep_view *view);
void hm_report_sweep_errors(struct hm_report *report, struct hm_report_section *section,
                            const struct hm_sweep_view *view);
void hm_report_sweep_costs(struct hm_report *report, struct hm_report_section *section,
                           const struct hm_sweep_view *view);
void hm_report_sweep_maps(struct hm_report *report, struct hm_report_section *section,
                          const struct hm_sweep_view *view);

#endif
