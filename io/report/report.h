/* `hamlet report`: what a run or a sweep has to show, on one page that needs nothing but itself.
 *
 * A report is built once, from a trajectory file or from the folder of a sweep, and written in one of three forms:
 *
 *   html   one file: data, style, scripts and drawings are in it, it asks no network for anything. Plots over time are
 *          drawn by dygraphs, the others by the page itself; both zoom. Every plot is there a second time as a still
 *          drawing, for paper and for readers without scripts.
 *   svg    a folder with a drawing of every plot
 *   csv    a folder with the numbers of every plot and table
 *
 * Long series are shown as the least, mean and largest value of equal stretches, so that no peak is lost.
 *
 * What cannot be shown (a reference of other atoms, a damaged table) is left out, and said on the page and in the
 * remarks; only a file of which nothing can be shown is refused.
 *
 * Errors: HM_BAD_INPUT (not a Hamlet trajectory, not the folder of a sweep), HM_EXISTS, HM_BAD_OUTPUT, HM_IO_ERROR,
 *   HM_OUT_OF_MEMORY.
 * Owns: all it shows; files are closed after create.
 * MPI: local.
 * Source: dygraphs, https://dygraphs.com (MIT).
 */
#ifndef HM_IO_REPORT_REPORT_H
#define HM_IO_REPORT_REPORT_H

#include "io/status.h"

#include <stddef.h>

enum hm_report_format { HM_REPORT_HTML, HM_REPORT_SVG, HM_REPORT_CSV, HM_REPORT_FORMATS };

extern const char *const hm_report_format_names[HM_REPORT_FORMATS];

struct hm_report;

/* `path`: a trajectory, or the folder of a sweep. `reference` NULL: none; of runs only. */
enum hm_status hm_report_create(const char *path, const char *reference, struct hm_report **report);
void hm_report_destroy(struct hm_report **report);

/* What was left out and why, one sentence each; NULL behind the last. */
const char *hm_report_remark(const struct hm_report *report, size_t index);

/* `output`: a file (html) or a folder, which is made if it is not there. A file is replaced at once or not at all.
 * Nothing but reports is ever replaced: HM_EXISTS where a file of another kind stands. */
enum hm_status hm_report_write(const struct hm_report *report, enum hm_report_format format, const char *output);

#endif
